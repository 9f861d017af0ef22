/* The judge's parts, in the order in which they are asked. Each refuses, or fills its part of the judgement. */
#ifndef ACCORD_RELEASE_JUDGE_INNER_H
#define ACCORD_RELEASE_JUDGE_INNER_H

#include "accord/judge.h"

/* About a second. A release of 700 artifacts with all stages takes a tenth of it. */
#define ACCORD_JUDGE_WORK_MAX (UINT64_C(1) << 23)

struct accord_judging {
    const struct accord_question *question;
    const struct accord_release_claim *release;
    const struct accord_exhibit *exhibit; /* the release's own */
    const struct accord_roster_claim *roster;
    const struct accord_crypto *crypto;
    struct accord_judgement *judgement;
    uint64_t *work; /* how many subjects were looked at: at most ACCORD_JUDGE_WORK_MAX */
    struct accord_error *error;
};

/* Is a before b: in one log by index, between logs by quorum time? */
bool accord_judge_before(const struct accord_place *a, const struct accord_place *b);
/* The next exhibit of a kind; NULL after the last. *cursor starts at 0. */
const struct accord_exhibit *accord_judge_next(const struct accord_judging *judging, enum accord_exhibit_kind kind,
                                               size_t *cursor);
/* A refusal with its words. */
enum accord_status accord_judge_refuse(const struct accord_judging *judging, enum accord_status status,
                                       struct accord_bytes what, struct accord_bytes expected,
                                       struct accord_bytes found);
enum accord_status accord_judge_refuse_numbers(const struct accord_judging *judging, enum accord_status status,
                                               struct accord_bytes what, uint64_t expected, uint64_t found);

/* judge_current.c: the newest `current`, and what was remembered of it. */
ACCORD_MUST_USE enum accord_status accord_judge_current(const struct accord_judging *judging);
/* judge_policies.c: all policies of the product, which of them count, and the threshold that they ask for. */
ACCORD_MUST_USE enum accord_status accord_judge_policies(const struct accord_judging *judging);
/* judge_stages.c: attestations, their connections, rebuilders. */
ACCORD_MUST_USE enum accord_status accord_judge_stages(const struct accord_judging *judging);
ACCORD_MUST_USE enum accord_status accord_judge_rebuilders(const struct accord_judging *judging);
/* judge_public.c: seen by enough for long enough; not taken back, not too old. */
ACCORD_MUST_USE enum accord_status accord_judge_public(const struct accord_judging *judging);
ACCORD_MUST_USE enum accord_status accord_judge_withdrawn(const struct accord_judging *judging);
ACCORD_MUST_USE enum accord_status accord_judge_fresh(const struct accord_judging *judging);

#endif
