/* The chain in a log, each link of it judged: what pinning and making a chain of rosters have in common. Inside this
 * room only. */
#ifndef ACCORD_FOLLOW_WALK_H
#define ACCORD_FOLLOW_WALK_H

#include "accord/apply.h"
#include "follow/chain.h"

/* What shows that a roster is in a log under the quorum of the one before it: all but the entry of a tlog-proof. */
struct accord_walk_proof {
    uint64_t index;
    const struct accord_merkle_proof *inclusion;
    struct accord_bytes checkpoint;
};

struct accord_walk {
    const struct accord_crypto *crypto;
    struct accord_reader *reader;
    const struct accord_trust_claim *kept; /* whom it distrusts does not count; may be NULL */
    struct accord_chain *chain;
    const struct accord_checkpoint_claim *newest; /* the log's newest checkpoint, unverified */
    /* Called for each roster that counts, when it does, with the chain at it or at most one link further. May be NULL.
     */
    enum accord_status (*take)(void *context, struct accord_bytes roster, const struct accord_walk_proof *proof,
                               struct accord_error *error);
    void *context;
    /* The walk's own: */
    bool waiting;            /* for an enactment: the newest checkpoint has not the quorum that the last roster needs */
    bool enacted;            /* the last roster was taken for an enactment */
    struct accord_error why; /* what the newest checkpoint lacks */
};

/* Whether a refusal leaves hope for an enactment; what the machine could not do leaves none. */
bool accord_walk_may_be_enacted(enum accord_status status);
/* Is the newest checkpoint one that this roster's policy accepts, less whom kept distrusts? */
ACCORD_MUST_USE enum accord_status accord_walk_accepts(const struct accord_walk *walk,
                                                       const struct accord_roster_claim *roster,
                                                       struct accord_error *error);
/* Does this enactment, an entry's bytes, hold by earlier for the entry next? *proof, where it does, borrows from
 * *memory, which the caller frees in any case. */
struct accord_walk_enactment {
    struct accord_enact_claim claim;
    struct accord_proof_claim proof;
    uint8_t bytes[ACCORD_ENACT_PROOF_SIZE_MAX];
};
ACCORD_MUST_USE enum accord_status
accord_walk_enacts(const struct accord_walk *walk, const struct accord_roster_claim *earlier, struct accord_bytes next,
                   struct accord_bytes entry, struct accord_walk_enactment *enactment, struct accord_error *error);
bool accord_walk_is_enactment(struct accord_bytes entry);
/* Reads the whole log below the newest checkpoint's size: the charter, roster 1, and each roster that follows from the
 * one before it, all of which must be in the newest tree and have the quorum that they need. ACCORD_CHAIN where there
 * is no roster, and the refusals of accord_roster_verify_checkpoint and accord_inclusion_verify. */
ACCORD_MUST_USE enum accord_status accord_walk_log(struct accord_walk *walk, struct accord_error *error);

#endif
