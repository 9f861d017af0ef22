/* Where a log is kept, as a port: what the sequencer and the tree writer ask of storage. store_dir.c keeps it in a
 * directory. The calls are those that an object store with conditional writes can answer too (DESIGN.md, section 7):
 *
 *   batch_stage     puts a batch into the staging area        an object under its own digest
 *   batch_commit_*  THE COMMIT POINT: the head moves          compare-and-swap of the private head object
 *   write, settle   immutable tiles and bundles, then all     put if absent; nothing to do
 *                   of them durable
 *   head_move       the staging area is empty again           compare-and-swap of the head
 *   checkpoint_move the public checkpoint moves forward       compare-and-swap of the checkpoint
 *
 * in this order: nothing is written to the tree before its batch is committed, nothing is signed before its tiles are
 * settled. All calls come from one thread at a time. Between the beginning and the end of a commit the next batch may
 * be staged, and tiles of batches before it written; everything else waits for its end. settle and checkpoint_move take
 * long and are jobs: one is begun at a time, and until it has ended everything else goes on. */
#ifndef ACCORD_LOG_STORE_H
#define ACCORD_LOG_STORE_H

#include "accord/merkle.h"
#include "accord/tile.h"
#include "base/buffer.h"
#include "base/fs.h"
#include "log/log.h"

/* Entries that were staged together: uint16-length-prefixed, one after another. root is that of the tree after them,
 * which is also their checksum: only these entries, in this place, lead to it. */
struct accord_batch {
    uint64_t first, count;
    struct accord_bytes entries;
    uint8_t root[ACCORD_HASH_SIZE];
};

struct accord_store {
    void *context;

    /* Public objects. read appends the whole object to *out, whose maximum bounds it (ACCORD_NOT_FOUND). write makes or
     * remakes one, not durable until a settle that was begun after it has ended; where a reader may look at its name
     * already, with visible, it appears whole or not at all. remove_partials takes away every partial form of a tile;
     * failing is no harm. */
    enum accord_status (*read)(void *context, const char *name, struct accord_buffer *out, struct accord_error *error);
    enum accord_status (*write)(void *context, const struct accord_tile *tile, struct accord_bytes bytes, bool visible,
                                struct accord_error *error);
    void (*settle_begin)(void *context);
    void (*remove_partials)(void *context, const struct accord_tile *tile);
    enum accord_status (*checkpoint_move_begin)(void *context, struct accord_bytes checkpoint,
                                                struct accord_error *error);
    /* False where the job that was begun is not over, and wait is false. Else how it went. job_wake: called from
     * another thread when it is over. */
    bool (*job_end)(void *context, bool wait, enum accord_status *status, struct accord_error *error);
    void (*job_wake)(void *context, void (*wake)(void *context), void *wake_context);

    /* The private head: the tree whose tiles are settled, and the batches committed since. */
    enum accord_status (*head_read)(void *context, struct accord_frontier *base, struct accord_error *error);
    enum accord_status (*head_move)(void *context, const struct accord_frontier *base, struct accord_error *error);

    /* Recovery: batch_next reads the next batch that was staged, *found false where none is left; its bytes live until
     * the next call. batch_keep says that it is sound. batch_end, once, drops all that was not kept and makes sure that
     * what was kept is durable (which is left out where moves says that head_move is the next call on the head);
     * ACCORD_LOG_CORRUPT where what is to be dropped is more than one unfinished batch. */
    enum accord_status (*batch_next)(void *context, struct accord_batch *batch, bool *found,
                                     struct accord_error *error);
    void (*batch_keep)(void *context);
    enum accord_status (*batch_end)(void *context, bool moves, struct accord_error *error);

    /* Where batch_stage or batch_commit_begin fails the batch is gone, and a commit that was under way has ended. One
     * commit is begun at a time; behind says that the caller has other things to do until it ends. batch_commit_wait
     * ends the commit that was begun last, and says how it went: where it fails the batch may be found by a later
     * recovery, and every later call on the head is refused. */
    enum accord_status (*batch_stage)(void *context, uint64_t first, uint64_t count, struct accord_bytes entries,
                                      struct accord_error *error);
    enum accord_status (*batch_commit_begin)(void *context, const uint8_t root[ACCORD_HASH_SIZE], bool behind,
                                             struct accord_error *error);
    enum accord_status (*batch_commit_wait)(void *context, struct accord_error *error);
    /* Can it still be written to, and if not, why not? */
    enum accord_log_health (*health)(void *context);
    /* How many bytes of committed batches the staging area holds. */
    uint64_t (*batch_bytes)(void *context);
};

/* A directory, laid out as C2SP tlog-tiles says. read is all that works until accord_store_dir_lock has returned. */
ACCORD_MUST_USE enum accord_status accord_store_dir_open(struct accord_store *store, const struct accord_fs *fs,
                                                         const struct accord_crypto *crypto, const char *dir,
                                                         struct accord_error *error);
void accord_store_dir_sync(struct accord_store *store, enum accord_log_syncing mode);
/* Locks it for writing: waits, or ACCORD_LOCKED where wait is false. ACCORD_NOT_FOUND where it holds no log. */
ACCORD_MUST_USE enum accord_status accord_store_dir_lock(struct accord_store *store, bool wait,
                                                         struct accord_error *error);
/* Makes a new log in it, locked: directories, head, checkpoint. ACCORD_EXISTS where there is a checkpoint. */
ACCORD_MUST_USE enum accord_status accord_store_dir_create(struct accord_store *store, struct accord_bytes checkpoint,
                                                           struct accord_error *error);
void accord_store_dir_close(struct accord_store *store);

#endif
