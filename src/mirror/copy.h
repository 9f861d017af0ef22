/* A copy of one log in a directory, laid out as C2SP tlog-tiles says, so that any web server can give it out: bundles
 * come in as they are authenticated, tiles of hashes are made of them, and the checkpoint moves when all below it is
 * durable. `.accord/` in it is the copy's own: a lock, and nothing secret. What is in the directory is the state: a
 * copy that was killed anywhere goes on from what it finds. */
#ifndef ACCORD_MIRROR_COPY_H
#define ACCORD_MIRROR_COPY_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"
#include "base/buffer.h"
#include "base/fs.h"

struct accord_copy; /* an open copy, for one thread at a time, locked against other processes */

/* Makes the directory where there is none. ACCORD_LOCKED where another process has it; ACCORD_STATE where it holds
 * something else: a log that is written to here, or a checkpoint of another origin (origin.data NULL: any will do);
 * ACCORD_LOG_CORRUPT where its tiles do not lead to its checkpoint. */
ACCORD_MUST_USE enum accord_status accord_copy_open(struct accord_copy **copy, const struct accord_fs *fs,
                                                    const struct accord_crypto *crypto, const char *dir,
                                                    struct accord_bytes origin, struct accord_error *error);
void accord_copy_close(struct accord_copy *copy);

/* The tree of the checkpoint that it publishes (0: none yet), and the first entry that it does not hold durably or
 * pending (tlog-mirror: the next entry). */
uint64_t accord_copy_size(const struct accord_copy *copy);
uint64_t accord_copy_next(const struct accord_copy *copy);
/* Does it publish a checkpoint? */
bool accord_copy_published(const struct accord_copy *copy);
/* The published checkpoint's bytes, appended; ACCORD_NOT_FOUND where there is none. */
ACCORD_MUST_USE enum accord_status accord_copy_checkpoint(struct accord_copy *copy, struct accord_buffer *note,
                                                          struct accord_error *error);
/* What it takes of memory, about. */
size_t accord_copy_held(const struct accord_copy *copy);
/* A write failed: every later call that writes is refused, and opening it again mends that. */
bool accord_copy_broken(const struct accord_copy *copy);
/* It was a sync that failed: then nobody knows which of the bytes that were written lately, here or elsewhere on this
 * file system, are on the disk, though they can be read. Opening it again drops what is not below the published tree,
 * so that it is written again. accord_copy_doubt says that it was another's sync; accord_copy_settle syncs what was
 * put, as a commit and accord_copy_close do. */
ACCORD_MUST_USE enum accord_status accord_copy_settle(struct accord_copy *copy, struct accord_error *error);
bool accord_copy_doubtful(const struct accord_copy *copy);
void accord_copy_doubt(struct accord_copy *copy);

/* Entries [first, first + count), count at most 256 - first % 256: those of one bundle, or a part of it, each behind
 * its length. first is not above accord_copy_next.
 *
 * The hash of the subtree [first rounded down to 256, first + count): of them, and of the entries before them that are
 * held. For the caller to verify (accord_subtree_verify) before it puts them. */
ACCORD_MUST_USE enum accord_status accord_copy_subtree(struct accord_copy *copy, uint64_t first,
                                                       struct accord_bytes entries, uint64_t count,
                                                       uint8_t hash[ACCORD_HASH_SIZE], struct accord_error *error);
/* Takes entries that the caller has proven to be in a tree which it will commit to, or one that grows out of it. What
 * is held already is skipped. Not durable yet. Here there may be more than one bundle's: up to
 * ACCORD_COPY_PUT_COUNT_MAX entries and ACCORD_BUNDLE_SIZE_MAX bytes, which two threads hash. ACCORD_MALFORMED where
 * they are not count whole entries; ACCORD_WRONG_INDEX where first is above accord_copy_next. */
#define ACCORD_COPY_PUT_COUNT_MAX 131072
ACCORD_MUST_USE enum accord_status accord_copy_put(struct accord_copy *copy, uint64_t first,
                                                   struct accord_bytes entries, uint64_t count,
                                                   struct accord_error *error);
/* Both, for those who have hashed the leaves elsewhere (accord_copy_hash): leaves are the count hashes. */
ACCORD_MUST_USE enum accord_status accord_copy_subtree_hashed(struct accord_copy *copy, uint64_t first,
                                                              const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count,
                                                              uint8_t hash[ACCORD_HASH_SIZE],
                                                              struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_copy_put_hashed(struct accord_copy *copy, uint64_t first,
                                                          struct accord_bytes entries,
                                                          const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count,
                                                          struct accord_error *error);
/* The leaf hashes of count entries; false where the bytes are not as many whole entries. */
ACCORD_MUST_USE bool accord_copy_hash(const struct accord_crypto *crypto, struct accord_bytes entries, uint64_t count,
                                      uint8_t (*leaves)[ACCORD_HASH_SIZE]);
/* Writes the tiles of the tree of this size, of which all entries are held, makes everything below it durable, and
 * compares: ACCORD_CONSISTENCY where its root is another one. Then what was held beyond the published tree is held no
 * more, since nobody knows which of it belongs to another tree. The checkpoint stays as it is. */
ACCORD_MUST_USE enum accord_status accord_copy_commit(struct accord_copy *copy, uint64_t size,
                                                      const uint8_t root[ACCORD_HASH_SIZE], struct accord_error *error);
/* Replaces the published checkpoint, durably: of the tree that was committed last (ACCORD_CONSISTENCY where it is
 * another one), not below the one before (ACCORD_ROLLBACK). The caller has verified it. */
ACCORD_MUST_USE enum accord_status accord_copy_publish(struct accord_copy *copy, struct accord_bytes checkpoint,
                                                       struct accord_error *error);
/* Reading what it holds: tiles of the tree of a size that was committed, for proofs. */
struct accord_reader;
ACCORD_MUST_USE enum accord_status accord_copy_reader(struct accord_copy *copy, struct accord_reader **reader,
                                                      struct accord_error *error);

#endif
