/* Following a log: each tree it shows must grow out of the one before, and each entry must be in the tree. Whether the
 * tree's checkpoint is signed, and by whom, is the caller's to ask before. */
#ifndef ACCORD_FOLLOW_FOLLOWER_H
#define ACCORD_FOLLOW_FOLLOWER_H

#include "log/reader.h"

/* How far a follower is. The zero value has seen nothing. */
struct accord_position {
    uint64_t next;                  /* the first entry that was not read */
    uint64_t size;                  /* of the last tree that was accepted */
    uint8_t root[ACCORD_HASH_SIZE]; /* means something where size is not 0 */
};

/* Takes a new tree: ACCORD_ROLLBACK where it is smaller than the last one, ACCORD_CONSISTENCY where it does not grow
 * out of it. The reader reads at its size from here on. */
ACCORD_MUST_USE enum accord_status accord_follow_tree(struct accord_position *position, struct accord_reader *reader,
                                                      const struct accord_crypto *crypto,
                                                      const struct accord_checkpoint_claim *tree,
                                                      struct accord_error *error);
/* Reads the entries of the next bundle, from position->next on and within the accepted tree, proves them all to be in
 * it (ACCORD_INCLUSION), and only then calls each for them, in order, until it fails. *position moves past those for
 * which each returned ACCORD_OK. */
ACCORD_MUST_USE enum accord_status
accord_follow_bundle(struct accord_position *position, struct accord_reader *reader, const struct accord_crypto *crypto,
                     enum accord_status (*each)(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                                                struct accord_bytes entry, struct accord_error *error),
                     void *context, struct accord_error *error);

#define ACCORD_POSITION_SIZE_MAX 1024
/* The position as a file: a line `accord follow 1`, then `origin`, `next`, `size` and `root` lines. */
void accord_position_print(struct accord_out *out, struct accord_bytes origin, const struct accord_position *position);
/* ACCORD_STATE where it is none, or another log's: origin.data may be NULL, then any will do. */
ACCORD_MUST_USE enum accord_status accord_position_parse(struct accord_position *position, struct accord_bytes origin,
                                                         struct accord_bytes text, struct accord_error *error);

#endif
