/* A log as a directory: the sequencer. DIR is the tlog-tiles layout as a web server would serve it (`checkpoint`, `tile/...`)
 * and `.accord/`, the log's own state (lock, journal), which holds nothing secret.
 *
 * An append is acknowledged when its entries and their indexes are durable in the journal; tiles and bundles are written
 * behind it; a checkpoint is signed only over what is durable. See docs/operating.md. */
#ifndef ACCORD_LOG_LOG_H
#define ACCORD_LOG_LOG_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"
#include "base/buffer.h"
#include "base/fs.h"

struct accord_log; /* an open log, locked against other writers */

/* Makes an empty log: directories, state. checkpoint is the signed checkpoint of the empty tree. ACCORD_EXISTS where dir
 * holds a log already. */
ACCORD_MUST_USE enum accord_status accord_log_create(const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                     const char *dir, struct accord_bytes checkpoint,
                                                     struct accord_error *error);
/* Opens for writing: waits for the lock (or ACCORD_LOCKED where wait is false), recovers from the journal. */
ACCORD_MUST_USE enum accord_status accord_log_open(struct accord_log **log, const struct accord_fs *fs,
                                                   const struct accord_crypto *crypto, const char *dir, bool wait,
                                                   struct accord_error *error);
void accord_log_close(struct accord_log *log);

/* Appends entries: uint16-length-prefixed, one after another (ACCORD_MALFORMED where cut short). When it returns
 * ACCORD_OK they are durable at *first .. *first + *count - 1. On failure none of them will ever be in the log. */
ACCORD_MUST_USE enum accord_status accord_log_append(struct accord_log *log, struct accord_bytes entries,
                                                     uint64_t *first, uint64_t *count, struct accord_error *error);

/* The tree of all that was appended. */
uint64_t accord_log_size(const struct accord_log *log);
void accord_log_root(const struct accord_log *log, uint8_t root[ACCORD_HASH_SIZE]);
/* The checkpoint as it is published now; borrowed until the next call on the log. */
struct accord_bytes accord_log_checkpoint(const struct accord_log *log);

/* Writes, durably, every tile and bundle that a reader of the present tree needs. Only then may its checkpoint be
 * signed. */
ACCORD_MUST_USE enum accord_status accord_log_integrate(struct accord_log *log, struct accord_error *error);
/* Publishes a signed checkpoint of the present tree, atomically. Refuses one of another size or root, and one before
 * accord_log_integrate. */
ACCORD_MUST_USE enum accord_status accord_log_publish(struct accord_log *log, struct accord_bytes checkpoint,
                                                      struct accord_error *error);

#endif
