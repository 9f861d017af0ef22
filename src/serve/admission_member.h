/* Statements about who is in: applications, departures, enactments. Anybody may make some of them, so there are bounds.
 */
#ifndef ACCORD_SERVE_ADMISSION_MEMBER_H
#define ACCORD_SERVE_ADMISSION_MEMBER_H

#include "accord/apply.h"
#include "follow/chain.h"

/* So many applications of others than members are taken at once, and one more in each interval. */
#define ACCORD_APPLICATIONS_MAX 32
#define ACCORD_APPLICATION_INTERVAL_US (UINT64_C(600) * 1000000)
/* So many enactments of one roster: somebody may be interrupted, but each can be signed by anybody anew. */
#define ACCORD_ENACTMENTS_MAX 4

/* What was taken since the start. The zero value has taken nothing. */
struct accord_admission_bounds {
    unsigned applications;           /* taken, less what time gave back */
    uint64_t since_us;               /* as of when that holds */
    uint64_t enacted_roster;         /* the number of the roster last enacted, */
    unsigned enactments;             /* and how often it was */
    struct accord_apply_claim apply; /* room to judge in: too large for a stack */
};

/* *known is false where the kind is not one of apply, leave, enact; nothing is judged then. now_us: of
 * accord_monotonic_us. The refusals of accord_apply_verify, accord_roster_signed and accord_enact_verify; ACCORD_CHAIN
 * for another accord's; ACCORD_NOT_A_MEMBER and ACCORD_EXISTS where a bound is reached. */
ACCORD_MUST_USE enum accord_status accord_admission_member(struct accord_admission_bounds *bounds,
                                                           const struct accord_chain *chain,
                                                           const struct accord_statement_claim *statement,
                                                           uint64_t now_us, bool *known, struct accord_error *error);

#endif
