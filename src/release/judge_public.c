/* Is the release public, for as long and in as many places as its policy asks; has it been taken back; and is what is
 * known of it new enough? */
#include <string.h>

#include "core/text.h"
#include "release/judge_inner.h"

/* Public */

/* A mirror that holds a tree of this log which is larger than the entry's index holds the entry. */
static const uint64_t *mirrors_of(const struct accord_judging *judging, const struct accord_exhibit *exhibit)
{
    static const uint64_t none[ACCORD_MEMBERS_MAX / 64] = {0};
    if (exhibit == judging->exhibit)
        return exhibit->mirrors;
    return accord_bytes_equal(exhibit->place.origin, judging->exhibit->place.origin) &&
                   exhibit->tree_size > judging->exhibit->place.index
               ? exhibit->newest_mirrors
               : none;
}

static void count_mirrors(const struct accord_judging *judging)
{
    const struct accord_dossier *dossier = judging->question->dossier;
    struct accord_judgement *judgement = judging->judgement;
    uint64_t mirrors[ACCORD_MEMBERS_MAX / 64] = {0};
    for (size_t i = 0; i < dossier->count; i++) {
        const uint64_t *held = mirrors_of(judging, &dossier->exhibits[i]);
        for (size_t word = 0; word < ACCORD_MEMBERS_MAX / 64; word++)
            mirrors[word] |= held[word];
    }
    for (size_t i = 0; i < judging->roster->member_count; i++) {
        bool other = true;
        if (!(mirrors[i / 64] >> i % 64 & 1))
            continue;
        for (size_t j = 0; j < i; j++)
            other &= !(mirrors[j / 64] >> j % 64 & 1) || !accord_bytes_equal(judging->roster->members[j].jurisdiction,
                                                                             judging->roster->members[i].jurisdiction);
        judgement->mirrors++;
        judgement->mirror_jurisdictions += other;
    }
}

static enum accord_status check_mirrors(const struct accord_judging *judging)
{
    const struct accord_judgement *judgement = judging->judgement;
    if (judgement->mirrors < judgement->demands.mirrors)
        return accord_judge_refuse_numbers(judging, ACCORD_NOT_PUBLIC, ACCORD_LITERAL("mirrors that hold it"),
                                           judgement->demands.mirrors, judgement->mirrors);
    if (judgement->mirror_jurisdictions < judgement->demands.mirror_jurisdictions)
        return accord_judge_refuse_numbers(judging, ACCORD_NOT_PUBLIC, ACCORD_LITERAL("jurisdictions of mirrors"),
                                           judgement->demands.mirror_jurisdictions, judgement->mirror_jurisdictions);
    return ACCORD_OK;
}

enum accord_status accord_judge_public(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    const struct accord_demands *demands = &judgement->demands;
    uint64_t since = judging->exhibit->place.seen_at;
    uint64_t age = judgement->time > since ? judgement->time - since : 0;
    judgement->public_since = since;
    count_mirrors(judging);
    if (age >= demands->public_for && judgement->mirrors >= demands->mirrors &&
        judgement->mirror_jurisdictions >= demands->mirror_jurisdictions)
        return ACCORD_OK;
    judgement->emergency = demands->emergency > 0 && judging->question->verdict->signed_count >= demands->emergency;
    if (judgement->emergency)
        return ACCORD_OK;
    if (age < demands->public_for)
        return accord_judge_refuse_numbers(
            judging, ACCORD_NOT_PUBLIC, ACCORD_LITERAL("seconds that a quorum has seen it"), demands->public_for, age);
    return check_mirrors(judging);
}

/* Taken back */

static enum accord_status refuse_withdrawn(const struct accord_judging *judging,
                                           const struct accord_withdraw_claim *withdraw)
{
    uint8_t text[95];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, withdraw->reason);
    if (withdraw->text.size > 0) {
        accord_put(&out, ACCORD_LITERAL(": "));
        accord_put(&out, withdraw->text);
    }
    accord_judge_refuse(judging, ACCORD_WITHDRAWN, judging->release->version, ACCORD_LITERAL("another release"),
                        (struct accord_bytes){text, out.size});
    if (withdraw->has_replacement) {
        out.size = 0;
        accord_put(&out, ACCORD_LITERAL("sequence "));
        accord_put_decimal(&out, withdraw->replaced_by);
        accord_error_expected(judging->error, accord_out_bytes(&out));
    }
    return ACCORD_WITHDRAWN;
}

static bool withdraws(const struct accord_judging *judging, const struct accord_withdraw_claim *withdraw)
{
    uint64_t sequence;
    size_t cursor = 0;
    if (!accord_bytes_equal(withdraw->vendor, judging->release->vendor) ||
        !accord_bytes_equal(withdraw->product, judging->release->product))
        return false;
    while (accord_withdraw_next_sequence(withdraw, &cursor, &sequence))
        if (sequence == judging->release->sequence)
            return true;
    return false;
}

enum accord_status accord_judge_withdrawn(const struct accord_judging *judging)
{
    const struct accord_judgement *judgement = judging->judgement;
    const struct accord_exhibit *exhibit;
    struct accord_withdraw_claim withdraw;
    struct accord_signers signers;
    uint64_t sequence;
    size_t cursor = 0;
    while ((exhibit = accord_judge_next(judging, ACCORD_EXHIBIT_WITHDRAW, &cursor)) != NULL)
        if (accord_withdraw_parse(&withdraw, exhibit->entry, NULL) == ACCORD_OK && withdraws(judging, &withdraw) &&
            accord_roster_signed(judging->roster, &withdraw.statement.note, withdraw.vendor, &exhibit->place,
                                 judging->crypto, &signers, NULL) == ACCORD_OK)
            return refuse_withdrawn(judging, &withdraw);
    cursor = 0;
    while (judgement->current_exhibit != NULL && accord_current_next_withdrawn(&judgement->current, &cursor, &sequence))
        if (sequence == judging->release->sequence)
            return accord_judge_refuse(judging, ACCORD_WITHDRAWN, judging->release->version,
                                       ACCORD_LITERAL("a release that `current` does not take back"),
                                       ACCORD_LITERAL("it is withdrawn"));
    return ACCORD_OK;
}

/* Fit and fresh */

/* The channel that was asked for; where none was, the lowest of what any channel asks. */
static bool find_channel(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    struct accord_bytes name = judging->question->channel;
    struct accord_channel channel;
    size_t cursor = 0;
    bool found = false;
    while (accord_current_next_channel(&judgement->current, &cursor, &channel)) {
        if (name.size > 0 && !accord_bytes_equal(name, channel.name))
            continue;
        if (!found || channel.lowest < judgement->channel.lowest)
            judgement->channel.lowest = channel.lowest;
        if (!found || channel.newest > judgement->channel.newest)
            judgement->channel.newest = channel.newest;
        if (!found)
            judgement->channel.name = channel.name;
        found = true;
    }
    return found;
}

static enum accord_status check_age(const struct accord_judging *judging)
{
    const struct accord_judgement *judgement = judging->judgement;
    uint64_t max_age = judgement->demands.max_age, clock = judging->question->clock;
    uint64_t now = clock > judgement->time ? clock : judgement->time;
    if (max_age == 0)
        return ACCORD_OK;
    if (judgement->current_exhibit == NULL)
        return accord_judge_refuse(judging, ACCORD_STALE, judging->release->product,
                                   ACCORD_LITERAL("a `current` statement of the product: --current"),
                                   ACCORD_LITERAL("none"));
    uint64_t age = now - judgement->current_at.seen_at; /* which is no later than the judge's time */
    return age <= max_age ? ACCORD_OK
                          : accord_judge_refuse_numbers(
                                judging, ACCORD_STALE, ACCORD_LITERAL("the age of `current` in seconds"), max_age, age);
}

enum accord_status accord_judge_fresh(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    if (judgement->current_exhibit == NULL)
        return judging->question->channel.size == 0
                   ? check_age(judging)
                   : accord_judge_refuse(judging, ACCORD_STALE, judging->question->channel,
                                         ACCORD_LITERAL("a `current` statement, which knows channels"),
                                         ACCORD_LITERAL("none"));
    if (!find_channel(judging))
        return accord_judge_refuse(judging, ACCORD_UNKNOWN_NAME, judging->question->channel,
                                   ACCORD_LITERAL("a channel of `current`"), ACCORD_LITERAL("another one"));
    if (judging->release->sequence < judgement->channel.lowest)
        return accord_judge_refuse_numbers(judging, ACCORD_SUPERSEDED, ACCORD_LITERAL("sequence"),
                                           judgement->channel.lowest, judging->release->sequence);
    return check_age(judging);
}
