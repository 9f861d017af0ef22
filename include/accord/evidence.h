/* Evidence (docs/protocol.md, "Evidence"): two signed checkpoints of one log that cannot both be true, in one small
 * file. Whoever signed both, the log or a witness, has broken its word; the file shows it to anybody who has that key.
 */
#ifndef ACCORD_EVIDENCE_H
#define ACCORD_EVIDENCE_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"

#define ACCORD_EVIDENCE_SIZE_MAX (2 * ACCORD_NOTE_SIZE_MAX + 8192)

/* What evidence says; nothing has been verified. Borrows from the bytes that were parsed. */
struct accord_evidence_claim {
    struct accord_bytes notes[2];                 /* verbatim */
    struct accord_checkpoint_claim checkpoint[2]; /* the first one's size is not above the second's */
    /* Where the sizes differ: the root of the second tree's beginning, of the first one's size, and the consistency
     * proof from it to the second root. */
    bool grown;
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_merkle_proof proof;
};

ACCORD_MUST_USE ACCORD_API enum accord_status
accord_evidence_parse(struct accord_evidence_claim *evidence, struct accord_bytes bytes, struct accord_error *error);
/* Prints it; root and proof may be NULL where the sizes are the same. */
ACCORD_API void accord_evidence_print(struct accord_out *out, struct accord_bytes first, struct accord_bytes second,
                                      const uint8_t root[ACCORD_HASH_SIZE], const struct accord_merkle_proof *proof);
/* Do the two views contradict each other, whoever signed them? ACCORD_WRONG_KEY where they speak of two logs,
 * ACCORD_CONSISTENCY where the proof does not lead to the second root, ACCORD_EVIDENCE where they agree. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_evidence_verify(const struct accord_evidence_claim *evidence,
                                                                     const struct accord_crypto *crypto,
                                                                     struct accord_error *error);
/* Has this key, a log's or a witness's, signed both? Means something only of evidence that verifies. */
ACCORD_MUST_USE ACCORD_API bool accord_evidence_convicts(const struct accord_evidence_claim *evidence,
                                                         const struct accord_vkey *vkey,
                                                         const struct accord_crypto *crypto);

#endif
