/* Which entries a log has already: leaf hash to first index. An aid, not the truth: everything in it is derived from
 * the log's tiles of level 0, and each answer is compared with them, so what is lost or damaged here can make an entry
 * be appended twice, never be answered with a wrong index. Memory is bounded whatever the log's size.
 *
 * On the disk (DIR/.accord/dedup/) it is sorted runs, each over a range of indexes, about 6 bytes an entry; the newest
 * entries are in memory. Runs are written and merged on a thread of its own (on accord_fs_real; elsewhere inline). */
#ifndef ACCORD_LOG_DEDUP_H
#define ACCORD_LOG_DEDUP_H

#include "accord/merkle.h"
#include "base/fs.h"

struct accord_dedup; /* for one thread at a time */

/* Where the leaf hashes of the log's entries come from: accord_log_leaf, and for those that were added and are not in
 * the log yet, whoever has them: the index itself keeps no hashes. */
struct accord_leaf_source {
    void *context;
    enum accord_status (*leaf)(void *context, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE],
                               struct accord_error *error);
};

/* dir is the log's directory; size is that of the log: what was written about entries from there on is dropped. What is
 * damaged or unfinished is removed, and its range not covered. */
ACCORD_MUST_USE enum accord_status accord_dedup_open(struct accord_dedup **dedup, const struct accord_fs *fs,
                                                     const char *dir, uint64_t size, struct accord_leaf_source source,
                                                     struct accord_error *error);
/* Writes what is in memory and committed as a run, so that the next start has nothing to catch up; then frees. */
void accord_dedup_close(struct accord_dedup *dedup);

/* Every entry below this index is known. */
uint64_t accord_dedup_covered(const struct accord_dedup *dedup);
/* Learns that the entries from covered on have these leaf hashes; they may not be committed yet. Those that do not fit
 * in memory, since the disk does not take what was there before, are left out: covered says how far it got. */
void accord_dedup_add(struct accord_dedup *dedup, const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t count);
/* The entries below size are committed: they may be written to the disk. Starts to write where there is enough. */
void accord_dedup_commit(struct accord_dedup *dedup, uint64_t size);
/* Unlearns the entries from size on, which were added and never committed. */
void accord_dedup_cut(struct accord_dedup *dedup, uint64_t size);
/* Reads up to so many entries from the source that are in the log of this size and not covered: at a start after a
 * crash, or after the disk was full. A failure is the source's. */
ACCORD_MUST_USE enum accord_status accord_dedup_catch_up(struct accord_dedup *dedup, uint64_t size, uint64_t count,
                                                         struct accord_error *error);

/* The first index of an entry with this leaf hash. *found false where there is none among those covered. A failure (of
 * the disk, of the source) means not known. */
ACCORD_MUST_USE enum accord_status accord_dedup_find(struct accord_dedup *dedup, const uint8_t hash[ACCORD_HASH_SIZE],
                                                     uint64_t *index, bool *found, struct accord_error *error);
/* Bytes on the disk, for the operator. */
uint64_t accord_dedup_bytes(const struct accord_dedup *dedup);

#endif
