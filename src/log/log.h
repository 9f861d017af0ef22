/* A log as a directory: the sequencer. DIR is the tlog-tiles layout as a web server would serve it (`checkpoint`,
 * `tile/...`) and `.accord/`, the log's own state (lock, journal), which holds nothing secret.
 *
 * An append is acknowledged when its entries and their indexes are durable in the journal; tiles and bundles are
 * written after it; a checkpoint is signed only over what is durable. See docs/operating.md. */
#ifndef ACCORD_LOG_LOG_H
#define ACCORD_LOG_LOG_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"
#include "base/buffer.h"
#include "base/fs.h"

struct accord_log; /* an open log, locked against other writers */

/* Makes an empty log: directories, state. checkpoint is the signed checkpoint of the empty tree. ACCORD_EXISTS where
 * dir holds a log already. */
ACCORD_MUST_USE enum accord_status accord_log_create(const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                     const char *dir, struct accord_bytes checkpoint,
                                                     struct accord_error *error);
/* Opens for writing: waits for the lock (or ACCORD_LOCKED where wait is false), recovers from the journal. */
ACCORD_MUST_USE enum accord_status accord_log_open(struct accord_log **log, const struct accord_fs *fs,
                                                   const struct accord_crypto *crypto, const char *dir, bool wait,
                                                   struct accord_error *error);
/* What was put and not flushed was not acknowledged: it is in the log or not once that is opened again. */
void accord_log_close(struct accord_log *log);

/* When the sync of a batch that was put is done: on a thread, while the caller goes on (as it is on accord_fs_real); by
 * the caller as soon as it can be (on any other file system); by the caller as late as it may be. The last two are for
 * file systems of tests, whose calls must come in one order. To be called before anything is put. */
enum accord_log_syncing { ACCORD_LOG_SYNC_BEHIND, ACCORD_LOG_SYNC_FIRST, ACCORD_LOG_SYNC_LAST };
void accord_log_sync(struct accord_log *log, enum accord_log_syncing mode);
/* The journal is emptied once it holds more bytes of batches than this. For tests, which fill no 128 MiB. */
void accord_log_journal_max(struct accord_log *log, uint64_t bytes);

/* What one append takes at most. */
#define ACCORD_LOG_APPEND_SIZE_MAX 8388608
#define ACCORD_LOG_APPEND_COUNT_MAX 131072

/* Appends entries: uint16-length-prefixed, one after another, each of 1 to 65,535 bytes (ACCORD_MALFORMED where one is
 * empty or cut short, or where there is none; ACCORD_TOO_LARGE past the two maxima). All of them or none: when it
 * returns ACCORD_OK they are durable at *first .. *first + *count - 1.
 *
 * On failure they were not acknowledged, and this log holds none of them. Whether they are in it once it is opened
 * again depends: not where they were malformed or too large, nor where writing them failed and a later append is
 * accepted. But where making them durable failed (a dying disk, or a full one at the wrong moment), nobody knows what
 * the disk holds: every later append is refused, and opening the log again finds either all of them or none. */
ACCORD_MUST_USE enum accord_status accord_log_append(struct accord_log *log, struct accord_bytes entries,
                                                     uint64_t *first, uint64_t *count, struct accord_error *error);

/* An append in two parts, for those who append batch after batch: put takes a batch as accord_log_append does, and
 * while it is made durable the caller prepares the next one. The entries are borrowed until the next put or flush
 * returns.
 *
 * Acknowledged is what lies below accord_log_size, and nothing else: once a put has returned ACCORD_OK all that was put
 * before it, once a flush has all that was put. Where put fails, its own entries were not acknowledged and what is said
 * of a failing accord_log_append holds of them; those put before it were either acknowledged, which accord_log_size
 * tells, or the failure is theirs: then every later put is refused, and opening the log again finds either all or none
 * of that one batch and nothing of what came after it. Where flush fails, that is what has happened. Every other call
 * that writes flushes first. */
ACCORD_MUST_USE enum accord_status accord_log_put(struct accord_log *log, struct accord_bytes entries,
                                                  struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_log_flush(struct accord_log *log, struct accord_error *error);
/* Cuts from *rest what one append takes: as many whole entries as fit both maxima and size bytes, but at least one
 * where there is one. Empty where *rest does not begin with a whole entry. For those who append more than fits. */
struct accord_bytes accord_log_cut(struct accord_bytes *rest, size_t size);

/* The leaf hashes of entries that are to be put, in order, computed on all processors: for those who look at them
 * before. Refuses what accord_log_put refuses. hashes has room for capacity of them (ACCORD_TOO_LARGE past it). */
ACCORD_MUST_USE enum accord_status accord_log_hash(struct accord_log *log, struct accord_bytes entries,
                                                   uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t capacity,
                                                   uint64_t *count, struct accord_error *error);
/* accord_log_put for those who know more: the leaf hashes (count of them, borrowed as the entries are; NULL: they are
 * computed), and, with soon, that the next call is accord_log_flush. Then the sync is done by that call, which costs
 * less than having it done behind the caller's back. */
ACCORD_MUST_USE enum accord_status accord_log_put_hashed(struct accord_log *log, struct accord_bytes entries,
                                                         const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t count,
                                                         bool soon, struct accord_error *error);
/* The leaf hash of an entry below accord_log_size, from the edge or from its tile of level 0. The last few tiles are
 * kept, so reading on is cheap. */
ACCORD_MUST_USE enum accord_status accord_log_leaf(struct accord_log *log, uint64_t index,
                                                   uint8_t hash[ACCORD_HASH_SIZE], struct accord_error *error);

/* The tree of all that was acknowledged. */
uint64_t accord_log_size(const struct accord_log *log);
void accord_log_root(const struct accord_log *log, uint8_t root[ACCORD_HASH_SIZE]);
/* The checkpoint as it is published now; borrowed until the next call on the log. */
struct accord_bytes accord_log_checkpoint(const struct accord_log *log);

/* Why the log takes no more entries: not at all, since a write or a sync failed in a way that opening it again mends (a
 * disk that was full: close it and open it), or for good, since a sync failed: then nobody knows what the disk holds,
 * and a process that goes on as if it did would retry and hope. */
enum accord_log_health { ACCORD_LOG_SOUND, ACCORD_LOG_TO_REOPEN, ACCORD_LOG_SYNC_FAILED };
enum accord_log_health accord_log_health(const struct accord_log *log);

/* Sealing and publishing for those who go on appending meanwhile: what takes long runs on a thread of the log's own (on
 * accord_fs_real; elsewhere as accord_log_sync says), one such job at a time. begin flushes what was put, and starts;
 * end says with *done whether the job is over, waiting for that where wait is true, and how it went. To begin while a
 * job is under way is the caller's mistake, to end where there is none too. Between them every other call works.
 *
 * seal: every tile and bundle that a reader of the present tree needs becomes durable. Once it ended well, that tree is
 * the sealed one (accord_log_sealed), and its checkpoint may be signed, whatever was appended since. A tree of the size
 * that is sealed already takes no time. The journal stays, unless it has grown large.
 * publish: a signed checkpoint of the sealed tree becomes the published one, atomically. Refuses one of another size or
 * root, and one that is smaller than what is published. */
ACCORD_MUST_USE enum accord_status accord_log_seal_begin(struct accord_log *log, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_log_seal_end(struct accord_log *log, bool wait, bool *done,
                                                       struct accord_error *error);
uint64_t accord_log_sealed(const struct accord_log *log, uint8_t root[ACCORD_HASH_SIZE]);
ACCORD_MUST_USE enum accord_status accord_log_publish_begin(struct accord_log *log, struct accord_bytes checkpoint,
                                                            struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_log_publish_end(struct accord_log *log, bool wait, bool *done,
                                                          struct accord_error *error);
/* From here on wake is called, from the log's thread, whenever a job that was begun can be ended. NULL: no more. */
void accord_log_wake(struct accord_log *log, void (*wake)(void *context), void *context);

/* Writes, durably, every tile and bundle that a reader of the present tree needs, and empties the journal. Only then
 * may its checkpoint be signed. The present tree is then the sealed one. */
ACCORD_MUST_USE enum accord_status accord_log_integrate(struct accord_log *log, struct accord_error *error);
/* Publishes a signed checkpoint of the sealed tree, atomically: accord_log_publish_begin and its end. */
ACCORD_MUST_USE enum accord_status accord_log_publish(struct accord_log *log, struct accord_bytes checkpoint,
                                                      struct accord_error *error);

#endif
