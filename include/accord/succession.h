/* Following a chain of rosters offline, from one file (docs/protocol.md, "Bundles"). Pure functions of bytes. */
#ifndef ACCORD_SUCCESSION_H
#define ACCORD_SUCCESSION_H

#include "accord/bundle.h"
#include "accord/roster.h"

#define ACCORD_SUCCESSION_POLICY_SIZE 262144

/* A trust file that is led from its roster to the newest. About 1.3 MiB: on the heap. */
struct accord_succession {
    struct accord_trust_claim trust; /* what takes the trust file's place; accord_trust_print prints it */
    uint64_t from, to;               /* numbers of the roster that was known, and of the newest */
    const struct accord_crypto *crypto;
    unsigned current; /* of the two below */
    struct accord_roster_claim roster[2];
    uint8_t entry[2][ACCORD_ENTRY_SIZE_MAX];
    uint64_t numbers[ACCORD_BUNDLE_PARTS_MAX]; /* of the roster in each part; 0 where it holds something else */
    struct accord_policy policy;
    uint8_t policy_text[ACCORD_SUCCESSION_POLICY_SIZE];
};

/* Takes from a bundle the roster that follows from the trust file's, proven under a checkpoint that this one accepts,
 * less whom the trust file distrusts; then the one that follows from that, and so on. Parts that hold something else,
 * or rosters of another charter, are passed over. The succession borrows from trust, and must not move while it is
 * used.
 *
 * ACCORD_CHAIN where a roster is missing between two, where two different ones of one number follow (signed by as many
 * as must), where the bundle has nothing but another roster of the number that is known, and where it has none.
 * ACCORD_ROLLBACK where all that it has are older. What a roster lacks: the refusals of accord_roster_verify_next,
 * accord_roster_verify_checkpoint and accord_proof_verify. What is damaged: those of accord_proof_bundle_check,
 * accord_proof_parse and accord_roster_parse, whose `what` names the part. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_succession_follow(struct accord_succession *succession, struct accord_bytes trust, struct accord_bytes bundle,
                         const struct accord_crypto *crypto, struct accord_error *error);

#endif
