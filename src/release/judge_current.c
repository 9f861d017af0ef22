/* What the vendor says is so now: the newest of its statements, and whether this verifier has seen a newer one. */
#include <string.h>

#include "release/judge_inner.h"

static bool is_ours(const struct accord_judging *judging, const struct accord_current_claim *current)
{
    return accord_bytes_equal(current->vendor, judging->release->vendor) &&
           accord_bytes_equal(current->product, judging->release->product);
}

/* Where a statement is, and as of when it speaks. Anybody can prove an old one again under a new checkpoint, so it is
 * as old as its vendor says; but what says a time to come is no newer than its proof. */
static struct accord_place place_of(const struct accord_exhibit *exhibit, const struct accord_current_claim *claim)
{
    struct accord_place place = exhibit->place;
    place.seen_at = claim->time < exhibit->not_before ? claim->time : exhibit->not_before;
    return place;
}

/* A dossier is brought by anybody, so a statement that is not its vendor's is refused, not passed over: whoever brought
 * it meant something by it. */
static enum accord_status find_newest(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    struct accord_current_claim claim;
    const struct accord_exhibit *exhibit;
    size_t cursor = 0;
    while ((exhibit = accord_judge_next(judging, ACCORD_EXHIBIT_CURRENT, &cursor)) != NULL) {
        enum accord_status status = accord_current_parse(&claim, exhibit->entry, judging->error);
        if (status == ACCORD_OK && !is_ours(judging, &claim))
            continue;
        if (status == ACCORD_OK)
            status = accord_current_verify(&claim, judging->roster, &exhibit->place, judging->crypto, judging->error);
        if (status != ACCORD_OK)
            return status;
        const struct accord_place place = place_of(exhibit, &claim);
        if (judgement->current_exhibit == NULL || accord_judge_before(&judgement->current_at, &place)) {
            judgement->current_exhibit = exhibit;
            judgement->current = claim;
            judgement->current_at = place;
        }
    }
    return ACCORD_OK;
}

static enum accord_status check_remembered(const struct accord_judging *judging)
{
    const struct accord_remembered *remembered = judging->question->remembered;
    if (remembered == NULL || remembered->current.origin.size == 0 ||
        !accord_judge_before(&judging->judgement->current_at, &remembered->current))
        return ACCORD_OK;
    return accord_judge_refuse_numbers(judging, ACCORD_ROLLBACK, ACCORD_LITERAL("the index of `current`"),
                                       remembered->current.index, judging->judgement->current_exhibit->place.index);
}

/* A vendor that knows a newer roster than this verifier: whoever was removed since may be trusted here. */
static enum accord_status check_roster(const struct accord_judging *judging)
{
    const struct accord_current_claim *current = &judging->judgement->current;
    const struct accord_verifier *verifier = judging->question->dossier->verifier;
    if (current->roster_number > judging->roster->number) {
        accord_judge_refuse_numbers(judging, ACCORD_TRUST, ACCORD_LITERAL("the roster of the trust file"),
                                    current->roster_number, judging->roster->number);
        return ACCORD_TRUST;
    }
    if (current->roster_number < judging->roster->number ||
        memcmp(current->roster, verifier->roster_digest, ACCORD_HASH_SIZE) == 0)
        return ACCORD_OK;
    return accord_judge_refuse(judging, ACCORD_CHAIN, ACCORD_LITERAL("roster"),
                               ACCORD_LITERAL("the roster of the trust file"),
                               ACCORD_LITERAL("another one with its number, says `current`"));
}

enum accord_status accord_judge_current(const struct accord_judging *judging)
{
    enum accord_status status = find_newest(judging);
    if (status != ACCORD_OK)
        return status;
    if (judging->judgement->current_exhibit == NULL)
        return !judging->question->needs_current
                   ? ACCORD_OK
                   : accord_judge_refuse(judging, ACCORD_STALE, judging->release->product,
                                         ACCORD_LITERAL("a `current` statement of this product: --current"),
                                         ACCORD_LITERAL("none"));
    status = check_remembered(judging);
    return status == ACCORD_OK ? check_roster(judging) : status;
}
