/* The cosigner (C2SP tlog-witness): a state machine, (request, last seen, now) gives (answer, what to remember). Pure:
 * the shell (cosigner.h) keeps the memory and signs. */
#ifndef ACCORD_WITNESS_WITNESS_H
#define ACCORD_WITNESS_WITNESS_H

#include "accord/checkpoint.h"
#include "accord/merkle.h"

/* An add-checkpoint request; nothing has been verified. */
struct accord_add_checkpoint {
    uint64_t old_size;
    struct accord_merkle_proof proof;
    struct accord_bytes checkpoint_bytes;
    struct accord_checkpoint_claim checkpoint;
};

ACCORD_MUST_USE enum accord_status accord_add_checkpoint_parse(struct accord_add_checkpoint *request,
                                                               struct accord_bytes body, struct accord_error *error);
void accord_add_checkpoint_print(struct accord_out *out, uint64_t old_size, const struct accord_merkle_proof *proof,
                                 struct accord_bytes checkpoint);

/* What a witness remembers of one log. The zero value: never seen. */
struct accord_witness_seen {
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
    bool cosigned; /* it has cosigned a checkpoint of this log */
};

/* The answer, with HTTP's numbers (tlog-witness): 200, 400, 403, 404, 409, 422. */
struct accord_witness_verdict {
    int http_status;
    uint64_t seen_size;              /* for 409 */
    struct accord_witness_seen next; /* for 200: what must be durable before the cosignature leaves */
    struct accord_error error;       /* for all others */
};

/* The judgement has two parts, in the order of the specification. keys: the vkeys that this witness trusts for the
 * request's origin (none: 404).
 *
 * The request alone: who signed, and whether its sizes can be. Takes most of the time, needs no memory, so it may be
 * done on any thread before its turn. False where *verdict is final. verified, which may be NULL, has room for
 * key_count: of each key the first line that verified, name.data NULL where there is none. */
ACCORD_MUST_USE bool accord_witness_judge_request(const struct accord_add_checkpoint *request,
                                                  const struct accord_vkey *keys, size_t key_count,
                                                  const struct accord_crypto *crypto, struct accord_signature *verified,
                                                  struct accord_witness_verdict *verdict);
/* The request against what was seen: only after the first part has returned true. */
void accord_witness_judge_tree(const struct accord_add_checkpoint *request, const struct accord_witness_seen *seen,
                               const struct accord_crypto *crypto, struct accord_witness_verdict *verdict);
/* Both. */
void accord_witness_judge(const struct accord_add_checkpoint *request, const struct accord_vkey *keys, size_t key_count,
                          const struct accord_witness_seen *seen, const struct accord_crypto *crypto,
                          struct accord_witness_verdict *verdict);

/* A sign-subtree request; nothing has been verified. */
struct accord_sign_subtree {
    struct accord_subtree subtree; /* its origin is the checkpoint's */
    struct accord_merkle_proof proof;
    struct accord_checkpoint_claim checkpoint;
};

ACCORD_MUST_USE enum accord_status accord_sign_subtree_parse(struct accord_sign_subtree *request,
                                                             struct accord_bytes body, struct accord_error *error);
/* known: is the origin that of a log which the witness knows? witnesses: its own keys. 200, or 400, 404, 403, 422 in
 * this order: what the request says, of which log, whether we said so, whether it follows. */
void accord_witness_judge_subtree(const struct accord_sign_subtree *request, bool known,
                                  const struct accord_vkey *const *witnesses, size_t witness_count,
                                  const struct accord_crypto *crypto, struct accord_witness_verdict *verdict);

#endif
