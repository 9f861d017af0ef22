/* Which of a product's policies count: all of them are there, each follows from the one before, and what is loosened
 * holds only after its notice. */
#include <string.h>

#include "core/text.h"
#include "release/judge_inner.h"

/* Has it this number? The fourth line of its head says so; whether the rest is a policy is asked of the few that have
 * it.
 */
static bool has_number(struct accord_bytes entry, uint64_t number)
{
    struct accord_bytes line = {NULL, 0};
    uint64_t found;
    for (int i = 0; i < 4; i++)
        if (!accord_cut_line(&entry, &line))
            return false;
    return accord_cut_prefix(&line, ACCORD_LITERAL("number ")) && accord_decimal_read(line, &found) && found == number;
}

/* The policy of a number that follows from the one before it. Of two that do, the one that was logged first. One that
 * does not is passed over where another one does, so that a vendor whose keys were stolen can go on from before that;
 * where none does, it is refused. */
static enum accord_status find_number(const struct accord_judging *judging, uint64_t number)
{
    struct accord_judgement *judgement = judging->judgement;
    const struct accord_product_policy_claim *previous = number == 1 ? NULL : &judgement->policies[number - 2];
    struct accord_product_policy_claim claim;
    const struct accord_exhibit *exhibit, *found = NULL;
    struct accord_error why = {.status = ACCORD_OK};
    size_t cursor = 0;
    while ((exhibit = accord_judge_next(judging, ACCORD_EXHIBIT_POLICY, &cursor)) != NULL) {
        if (!has_number(exhibit->entry, number))
            continue;
        enum accord_status status = accord_product_policy_parse(&claim, exhibit->entry, judging->error);
        if (status != ACCORD_OK)
            return status;
        if (!accord_bytes_equal(claim.vendor, judging->release->vendor) ||
            !accord_bytes_equal(claim.product, judging->release->product) || claim.number != number)
            continue;
        status =
            accord_product_policy_verify(&claim, previous, judging->roster, &exhibit->place, judging->crypto, &why);
        if (status == ACCORD_OK && (found == NULL || accord_judge_before(&exhibit->place, &found->place))) {
            found = exhibit;
            judgement->policies[number - 1] = claim;
        }
    }
    judgement->policy_exhibits[number - 1] = found;
    if (found != NULL || why.status == ACCORD_OK)
        return ACCORD_OK;
    if (judging->error != NULL)
        *judging->error = why;
    return why.status;
}

static enum accord_status collect(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    while (judgement->policy_count < ACCORD_PRODUCT_POLICIES_MAX) {
        enum accord_status status = find_number(judging, judgement->policy_count + 1);
        if (status != ACCORD_OK || judgement->policy_exhibits[judgement->policy_count] == NULL)
            return status;
        judgement->policy_count++;
    }
    return ACCORD_OK;
}

/* Somebody knows a policy: is it there, and the same? */
static enum accord_status check_known(const struct accord_judging *judging, uint64_t number,
                                      const uint8_t digest[ACCORD_HASH_SIZE], struct accord_bytes who)
{
    const struct accord_judgement *judgement = judging->judgement;
    if (number == 0)
        return ACCORD_OK;
    if (number > judgement->policy_count)
        return accord_judge_refuse_numbers(judging, ACCORD_POLICY, who, number, judgement->policy_count);
    if (memcmp(judgement->policy_exhibits[number - 1]->digest, digest, ACCORD_HASH_SIZE) == 0)
        return ACCORD_OK;
    return accord_judge_refuse(judging, ACCORD_POLICY, who, ACCORD_LITERAL("the policy that it names"),
                               ACCORD_LITERAL("another one of its number"));
}

/* Was the policy there when the release was logged? Between logs, whoever brings the proofs could bring a late one of
 * the policy: what counts is when its vendor says that it was made. */
static bool was_there(const struct accord_judging *judging, size_t i)
{
    const struct accord_place *release = &judging->exhibit->place;
    const struct accord_place *policy = &judging->judgement->policy_exhibits[i]->place;
    return accord_bytes_equal(policy->origin, release->origin)
               ? policy->index < release->index
               : judging->judgement->policies[i].time <= release->seen_at;
}

/* The number of the newest policy that was there before the release. */
static size_t count_before(const struct accord_judging *judging)
{
    size_t count = judging->judgement->policy_count;
    while (count > 0 && !was_there(judging, count - 1))
        count--;
    return count;
}

/* The first count policies that are in force: the last of them, and each whose notice is not over since its successor
 * became public. */
static uint64_t in_force(const struct accord_judgement *judgement, size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        uint64_t since = last ? 0 : judgement->policy_exhibits[i + 1]->place.seen_at;
        bool in_notice = judgement->time < since || judgement->time - since < judgement->policies[i].demands.notice;
        if (last || in_notice)
            bits |= UINT64_C(1) << i;
    }
    return bits;
}

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static void tighten_making(struct accord_demands *all, const struct accord_demands *one)
{
    all->threshold = larger(all->threshold, one->threshold);
    all->rebuilders = larger(all->rebuilders, one->rebuilders);
    all->rebuilder_jurisdictions = larger(all->rebuilder_jurisdictions, one->rebuilder_jurisdictions);
    for (int stage = 0; stage < ACCORD_STAGE_COUNT; stage++)
        all->require[stage].required |= one->require[stage].required;
}

static void tighten_showing(struct accord_demands *all, const struct accord_demands *one)
{
    all->notice = one->notice > all->notice ? one->notice : all->notice;
    all->public_for = one->public_for > all->public_for ? one->public_for : all->public_for;
    all->mirrors = larger(all->mirrors, one->mirrors);
    all->mirror_jurisdictions = larger(all->mirror_jurisdictions, one->mirror_jurisdictions);
    if (one->max_age > 0 && (all->max_age == 0 || one->max_age < all->max_age))
        all->max_age = one->max_age;
}

static void tighten(struct accord_judgement *judgement)
{
    struct accord_demands *all = &judgement->demands;
    bool first = true;
    for (size_t i = 0; i < judgement->policy_count; i++) {
        const struct accord_demands *one = &judgement->policies[i].demands;
        if (judgement->making >> i & 1)
            tighten_making(all, one);
        if (judgement->showing >> i & 1)
            tighten_showing(all, one);
        if ((judgement->making | judgement->showing) >> i & 1) {
            all->emergency =
                first || (all->emergency > 0 && one->emergency > 0) ? larger(all->emergency, one->emergency) : 0;
            first = false;
        }
    }
}

enum accord_status accord_judge_policies(const struct accord_judging *judging)
{
    static const uint8_t none[ACCORD_HASH_SIZE] = {0};
    struct accord_judgement *judgement = judging->judgement;
    const struct accord_release_claim *release = judging->release;
    const struct accord_remembered *remembered = judging->question->remembered;
    enum accord_status status = collect(judging);
    if (status == ACCORD_OK)
        status = check_known(judging, release->policy_number, release->policy, ACCORD_LITERAL("the release's policy"));
    if (status == ACCORD_OK && judgement->current_exhibit != NULL)
        status = check_known(judging, judgement->current.policy_number, judgement->current.policy,
                             ACCORD_LITERAL("the policy of `current`"));
    if (status == ACCORD_OK && remembered != NULL)
        status =
            check_known(judging, remembered->policy_number, remembered->policy_number > 0 ? remembered->policy : none,
                        ACCORD_LITERAL("the policy that was seen before"));
    if (status != ACCORD_OK)
        return status;
    size_t before = count_before(judging);
    if (release->policy_number < before)
        return accord_judge_refuse_numbers(judging, ACCORD_POLICY,
                                           ACCORD_LITERAL("the policy that the release was made under"), before,
                                           release->policy_number);
    before = (size_t)release->policy_number;
    judgement->making = in_force(judgement, before);
    judgement->showing = in_force(judgement, judgement->policy_count);
    tighten(judgement);
    if (judging->question->verdict->signed_count >= judgement->demands.threshold)
        return ACCORD_OK;
    return accord_judge_refuse_numbers(judging, ACCORD_THRESHOLD, release->vendor, judgement->demands.threshold,
                                       judging->question->verdict->signed_count);
}
