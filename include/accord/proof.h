/* Offline proofs (C2SP tlog-proof). */
#ifndef ACCORD_PROOF_H
#define ACCORD_PROOF_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"

/* What a proof says; nothing has been verified. Borrows from the bytes that were parsed. */
struct accord_proof_claim {
    bool has_extra;
    struct accord_bytes extra_base64; /* canonical base64, checked */
    uint64_t index;
    struct accord_merkle_proof inclusion;
    struct accord_bytes checkpoint_bytes; /* verbatim */
    struct accord_checkpoint_claim checkpoint;
};

ACCORD_MUST_USE ACCORD_API enum accord_status accord_proof_parse(struct accord_proof_claim *proof,
                                                                 struct accord_bytes bytes, struct accord_error *error);
/* Decodes the extra line into out. ACCORD_NO_ENTRY without one; ACCORD_TOO_LARGE where it does not fit. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_proof_extra(const struct accord_proof_claim *proof,
                                                                 struct accord_out *out, struct accord_error *error);
/* Prints a proof. extra.data NULL: no extra line. checkpoint is copied verbatim. */
ACCORD_API void accord_proof_print(struct accord_out *out, struct accord_bytes extra, uint64_t index,
                                   const struct accord_merkle_proof *inclusion, struct accord_bytes checkpoint);
/* Binds an entry to a verified checkpoint. The checkpoint must be the one that the proof carries: verify that first
 * (accord_policy_verify), once for however many proofs share its bytes. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_proof_verify(const struct accord_proof_claim *proof, const struct accord_checkpoint *checkpoint,
                    struct accord_bytes entry, const struct accord_crypto *crypto, struct accord_error *error);

#endif
