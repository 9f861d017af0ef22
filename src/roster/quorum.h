/* Who stands behind a checkpoint, by jurisdiction. Inside this room only. */
#ifndef ACCORD_ROSTER_QUORUM_H
#define ACCORD_ROSTER_QUORUM_H

#include "accord/roster.h"

/* The member's witness key, or NULL. */
const struct accord_roster_key *accord_roster_witness(const struct accord_roster_claim *roster, size_t member);
/* Is the member the first of its jurisdiction, and has that jurisdiction the witnesses that the quorum asks of one?
 * So a walk through the members meets each jurisdiction that can vouch once, in order of first appearance. */
bool accord_roster_jurisdiction_begins(const struct accord_roster_claim *roster, size_t member);

#endif
