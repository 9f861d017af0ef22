/* Checkpoints (C2SP tlog-checkpoint). */
#ifndef ACCORD_CHECKPOINT_H
#define ACCORD_CHECKPOINT_H

#include "accord/note.h"

/* What a checkpoint says; nothing has been verified. Borrows from the bytes that were parsed. */
struct accord_checkpoint_claim {
    struct accord_note_claim note;
    struct accord_bytes origin;
    struct accord_bytes extensions; /* lines after the third, each with its newline */
    uint64_t size;                  /* leaves */
    uint8_t root[ACCORD_HASH_SIZE];
};

/* Parses a signed checkpoint. Origins of more than ACCORD_ORIGIN_SIZE_MAX bytes, texts of more than
 * ACCORD_CHECKPOINT_TEXT_SIZE_MAX and sizes above 2^63 - 1 are refused. A tree of size 0 must have the root of the
 * empty tree: that is for the caller to check where it matters (accord_merkle_empty_root). */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_checkpoint_parse(struct accord_checkpoint_claim *checkpoint,
                                                                      struct accord_bytes bytes,
                                                                      struct accord_error *error);
/* The same for a checkpoint's text alone, without signatures (checkpoint->note is cleared but for its text). */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_checkpoint_text_parse(struct accord_checkpoint_claim *checkpoint,
                                                                           struct accord_bytes text,
                                                                           struct accord_error *error);
/* Prints the three lines of a checkpoint's text. */
ACCORD_API void accord_checkpoint_print(struct accord_out *out, struct accord_bytes origin, uint64_t size,
                                        const uint8_t root[ACCORD_HASH_SIZE]);

/* A checkpoint that is true as far as a policy can tell: only accord_policy_verify makes one (policy.h). */
struct accord_checkpoint {
    bool verified; /* the zero value is "not verified" */
    struct accord_bytes origin;
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
};

#endif
