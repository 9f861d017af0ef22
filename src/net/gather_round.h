/* The judgement of gathering cosignatures (C2SP tlog-witness, add-checkpoint, the log's side): whom to ask, with which
 * size, what an answer means, when a round is over. No I/O, no clock, no allocation: events come in with their time,
 * what to do is asked for. Times are milliseconds of a clock that goes forward; a jump of it does no more than ask a
 * witness early.
 *
 * Witnesses of a policy with one URL are one endpoint: it is asked once, by the first of them, and its answer is looked
 * through for the lines of all.
 */
#ifndef ACCORD_NET_GATHER_ROUND_H
#define ACCORD_NET_GATHER_ROUND_H

#include "accord/policy.h"
#include "net/gather.h"

#define ACCORD_GATHER_BACKOFF_MIN_MS 1000
#define ACCORD_GATHER_BACKOFF_MAX_MS 300000
/* The longest where the quorum cannot be had without those that are left alone. */
#define ACCORD_GATHER_BACKOFF_NEEDED_MS 10000

enum accord_gather_phase {
    ACCORD_GATHER_LEFT_OUT, /* no URL, or left alone in this round */
    ACCORD_GATHER_TO_ASK,
    ACCORD_GATHER_ASKED,
    ACCORD_GATHER_DONE
};

struct accord_gather_witness {
    /* Kept between rounds; of the first witness of an endpoint. */
    uint64_t seen;       /* the size that it last saw, as far as is known */
    uint64_t backoff_ms; /* 0: it answered well */
    uint64_t failed_ms;  /* when it was that it last did not */
    /* Of the round. */
    enum accord_gather_phase phase;
    bool caught_up; /* it answered 409, and is asked again */
    uint64_t old_size;
    struct accord_bytes
        line; /* its cosignature with the newline, borrowed from its answer; empty where there is none */
};

struct accord_gather_state {
    const struct accord_policy *policy;
    const struct accord_crypto *crypto;
    const struct accord_gather_observer *observer; /* NULL: nobody */
    size_t first[ACCORD_POLICY_WITNESSES_MAX];     /* of the witnesses with the same URL */
    struct accord_gather_witness witnesses[ACCORD_POLICY_WITNESSES_MAX];
    /* The round. */
    struct accord_bytes text; /* of the checkpoint; borrowed */
    uint64_t size;
    uint64_t begun_ms, timeout_ms, linger_ms;
    bool held;        /* the quorum */
    uint64_t held_ms; /* since when */
    bool cosigned[ACCORD_POLICY_WITNESSES_MAX];
};

/* What an endpoint answered. */
struct accord_gather_answer {
    enum accord_status status; /* other than ACCORD_OK: none came, and error says why */
    const struct accord_error *error;
    unsigned http_status;
    struct accord_bytes body; /* borrowed until the round is over */
    uint64_t retry_after;     /* seconds */
    uint64_t elapsed_ms;
};

/* The policy is borrowed. What old, which may be NULL, knows of witnesses with the same vkey and URL is taken over. */
void accord_gather_init(struct accord_gather_state *state, const struct accord_policy *policy,
                        const struct accord_crypto *crypto, const struct accord_gather_state *old);
/* Begins a round about the checkpoint with this text. */
void accord_gather_begin(struct accord_gather_state *state, const struct accord_gather_observer *observer,
                         const struct accord_checkpoint_claim *checkpoint, uint64_t timeout_ms, uint64_t linger_ms,
                         uint64_t now_ms);
/* Next to be asked: sets *witness and the size that the request begins from; false where there is none now. */
bool accord_gather_ask(struct accord_gather_state *state, size_t *witness, uint64_t *old_size);
/* What witness, which was asked, answered. */
void accord_gather_answered(struct accord_gather_state *state, size_t witness,
                            const struct accord_gather_answer *answer, uint64_t now_ms);
/* Is the round over? *wait_ms is how long it can go on without an event. */
bool accord_gather_over(const struct accord_gather_state *state, uint64_t now_ms, uint64_t *wait_ms);

#endif
