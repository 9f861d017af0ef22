/* Gathering cosignatures (C2SP tlog-witness, add-checkpoint) from a policy's witnesses. The judgement is a state
 * machine without I/O, (state, event, now) gives what to do next, so a test can play any witness and any clock;
 * accord_gather is the shell round it that speaks HTTP.
 *
 * A witness is asked with the size that it last saw, as far as is known; on 409 it is asked again, once, from the size
 * that it answered. One that fails, times out, answers with nonsense or with a signature that does not verify is left
 * alone for a while that doubles (1 s to 5 minutes), whoever waits for it: nobody. Witnesses without a URL are skipped.
 */
#ifndef ACCORD_NET_GATHER_H
#define ACCORD_NET_GATHER_H

#include "accord/merkle.h"
#include "accord/policy.h"
#include "net/client.h"

struct accord_gatherer; /* what is remembered of each witness between rounds */

/* Outcomes, for metrics and log lines. */
enum accord_witness_outcome {
    ACCORD_WITNESS_COSIGNED,
    ACCORD_WITNESS_CAUGHT_UP, /* it answered 409, and is asked again */
    ACCORD_WITNESS_REFUSED,   /* 4xx */
    ACCORD_WITNESS_FAILED,    /* no answer, 5xx, or an answer that does not follow the specification */
    ACCORD_WITNESS_OUTCOMES
};

struct accord_gather_observer {
    void *context;
    void (*outcome)(void *context, size_t witness, enum accord_witness_outcome outcome, uint64_t elapsed_ms,
                    const struct accord_error *error); /* by place in the policy; error NULL where all is well */
};

/* The policy is borrowed until it is freed. Memory of witnesses with the same vkey and URL is taken over from old,
 * which may be NULL, and is freed unless this fails. ACCORD_MALFORMED where a witness's URL is not http or https. */
ACCORD_MUST_USE enum accord_status accord_gatherer_new(struct accord_gatherer **gatherer,
                                                       const struct accord_policy *policy,
                                                       const struct accord_crypto *crypto, struct accord_gatherer *old,
                                                       struct accord_error *error);
void accord_gatherer_free(struct accord_gatherer *gatherer);

/* What one round asks for. */
struct accord_gather_round {
    struct accord_bytes checkpoint;   /* signed by the log, nothing else */
    struct accord_hash_source hashes; /* of the tree, for consistency proofs */
    uint64_t timeout_ms;              /* for the round */
    uint64_t linger_ms; /* once the quorum holds: how long to wait for the others that are not backed off */
};

/* One round: asks all that are not backed off, at once. Appends to *checkpoint the signed checkpoint with the
 * cosignatures that came, in the policy's order. ACCORD_OK where the quorum holds; ACCORD_QUORUM where it did not
 * within the time
 * (*checkpoint has what came); other statuses where the round could not be. stop, which may be NULL, is asked now and
 * then whether to give up. */
ACCORD_MUST_USE enum accord_status accord_gather(struct accord_gatherer *gatherer, struct accord_client *client,
                                                 const struct accord_gather_round *round,
                                                 const struct accord_gather_observer *observer,
                                                 bool (*stop)(void *context), void *stop_context,
                                                 struct accord_buffer *checkpoint, struct accord_error *error);

#endif
