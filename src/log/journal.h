/* The journal of a log in a directory: one file that says which tree is settled in tiles, and holds the batches that
 * were committed since.
 *
 *   header   "accord journal 1" | base size, uint64 | one hash for each bit set in it, lowest first (struct
 *            accord_frontier) | SHA-256 of all this
 *   record   "batch  1" | first index, uint64 | count, uint64 | size of the entries, uint64 | entries | root after them
 *
 * Numbers are big-endian. A record is committed once it is durable. Its root is its checksum: it is that of the tree
 * after these entries, so a torn, a garbled or a stale record does not lead to it. At most one record at a time is not
 * yet durable, so at most the last one can be torn: while it is being synced the entries of the next one, where they
 * are many, are written in their place, but its header is not, so that nothing behind a torn record looks like one. */
#ifndef ACCORD_LOG_JOURNAL_H
#define ACCORD_LOG_JOURNAL_H

#include "log/store.h"
#include "log/worker.h"

#define ACCORD_JOURNAL_PATH_SIZE 4096
#define ACCORD_JOURNAL_RECORD_HEADER_SIZE 32

struct accord_journal {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    char path[ACCORD_JOURNAL_PATH_SIZE];
    int handle;       /* -1 where closed */
    uint64_t start;   /* of the first record */
    uint64_t end;     /* of the last record that is part of the log */
    uint64_t begun;   /* of the record whose commit was begun: end where none is under way */
    uint64_t next;    /* recovery: where the record that was read last ends; while staging: the batch's end */
    bool broken;      /* what is on the disk is not known any more */
    int failed;       /* negative errno of the sync that failed, 0 while none has */
    bool sync_failed; /* any sync has: for good */
    bool behind;      /* the commit that is under way is the worker's */
    struct accord_worker *worker;
    uint8_t header[ACCORD_JOURNAL_RECORD_HEADER_SIZE]; /* of the batch that was staged */
    bool gathered;                                     /* that batch is in record, and not in the file yet */
    struct accord_buffer record;                       /* recovery: the record that was read last */
    struct accord_batch batch;                         /* recovery: its parts */
};

/* False where memory ran out. */
bool accord_journal_init(struct accord_journal *journal, const struct accord_fs *fs,
                         const struct accord_crypto *crypto);
void accord_journal_close(struct accord_journal *journal);
/* Writes a new journal over the one at journal->path, atomically and durably, and opens it. */
ACCORD_MUST_USE enum accord_status
accord_journal_restart(struct accord_journal *journal, const struct accord_frontier *base, struct accord_error *error);
/* Opens the one at journal->path and reads its header. */
ACCORD_MUST_USE enum accord_status accord_journal_open(struct accord_journal *journal, struct accord_frontier *base,
                                                       struct accord_error *error);
/* The rest is as store.h says. */
ACCORD_MUST_USE enum accord_status accord_journal_next(struct accord_journal *journal, struct accord_batch *batch,
                                                       bool *found, struct accord_error *error);
void accord_journal_keep(struct accord_journal *journal);
ACCORD_MUST_USE enum accord_status accord_journal_recovered(struct accord_journal *journal, bool moves,
                                                            struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_journal_stage(struct accord_journal *journal, uint64_t first, uint64_t count,
                                                        struct accord_bytes entries, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_journal_commit_begin(struct accord_journal *journal,
                                                               const uint8_t root[ACCORD_HASH_SIZE], bool behind,
                                                               struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_journal_commit_wait(struct accord_journal *journal,
                                                              struct accord_error *error);

#endif
