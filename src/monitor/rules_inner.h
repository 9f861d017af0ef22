/* What the files of the rules share. */
#ifndef ACCORD_MONITOR_RULES_INNER_H
#define ACCORD_MONITOR_RULES_INNER_H

#include "follow/chain.h"
#include "monitor/rules.h"
#include "monitor/statements.h"

struct accord_rules {
    struct accord_rules_options options;
    struct accord_chain *chain; /* what was met in the log */
    bool carries;
    /* Where a roster is in force that is newer than the trust file's: a trust file that holds it, ready for use. */
    struct accord_verifier *newer;
    struct accord_buffer trust, policy_text;
    bool has_newer;
    /* Where a roster is known to come into force that was not met yet: by it the newest checkpoint is judged. */
    struct accord_verifier *ahead;
    struct accord_buffer ahead_trust, ahead_policy_text;
    bool has_ahead;
    /* What is due, and the quorum's time under which entries are judged now. */
    struct accord_dues dues;
    uint64_t time;
};

/* What was found in one entry; code is ACCORD_FINDING_COUNT where nothing was. */
struct accord_assessment {
    enum accord_finding_code code;
    enum accord_status status; /* of its signatures or its form; error says more where it is not ACCORD_OK */
    struct accord_error error;
    struct accord_bytes kind, subject;
    bool by_key; /* the subject is who signed it, whatever it says */
    bool learns; /* what is due follows from it */
};

struct accord_rules_glass {
    struct accord_assessment found;
    struct accord_release_claim release;
    struct accord_said said;
};

/* The roster by which entries are judged here. */
static inline const struct accord_roster_claim *accord_rules_in_force(const struct accord_rules *rules)
{
    return rules->carries && rules->chain->has_roster ? accord_chain_roster(rules->chain)
                                                      : &rules->options.verifier->roster;
}

/* Judges a charter or a roster: takes it where it is the next link. *told says that *finding was filled. */
ACCORD_MUST_USE enum accord_status accord_rules_link(struct accord_rules *rules,
                                                     const struct accord_checkpoint_claim *checkpoint, uint64_t index,
                                                     struct accord_bytes entry, struct accord_finding *finding,
                                                     bool *told, bool *changed, struct accord_error *error);

#endif
