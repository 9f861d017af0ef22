/* Is this release fit for use? Knows the order in which that is asked, so that the refusal is the one that tells most,
 * and what is to be remembered; each question has its own file. */
#include "accord/judge.h"

#include <string.h>

#include "release/judge_inner.h"

bool accord_judge_before(const struct accord_place *a, const struct accord_place *b)
{
    return accord_bytes_equal(a->origin, b->origin) ? a->index < b->index : a->seen_at < b->seen_at;
}

const struct accord_exhibit *accord_judge_next(const struct accord_judging *judging, enum accord_exhibit_kind kind,
                                               size_t *cursor)
{
    const struct accord_dossier *dossier = judging->question->dossier;
    while (*cursor < dossier->count) {
        const struct accord_exhibit *exhibit = &dossier->exhibits[(*cursor)++];
        if (exhibit->kind == kind)
            return exhibit;
    }
    return NULL;
}

enum accord_status accord_judge_refuse(const struct accord_judging *judging, enum accord_status status,
                                       struct accord_bytes what, struct accord_bytes expected,
                                       struct accord_bytes found)
{
    accord_fail(judging->error, status, 0);
    accord_error_what(judging->error, what);
    accord_error_expected(judging->error, expected);
    accord_error_found(judging->error, found);
    return status;
}

enum accord_status accord_judge_refuse_numbers(const struct accord_judging *judging, enum accord_status status,
                                               struct accord_bytes what, uint64_t expected, uint64_t found)
{
    accord_fail(judging->error, status, 0);
    accord_error_what(judging->error, what);
    accord_error_expected_number(judging->error, expected);
    accord_error_found_number(judging->error, found);
    return status;
}

static enum accord_status check_trust(const struct accord_judging *judging)
{
    const struct accord_remembered *remembered = judging->question->remembered;
    if (remembered == NULL || judging->roster->number >= remembered->roster_number)
        return ACCORD_OK;
    return accord_judge_refuse_numbers(judging, ACCORD_TRUST, ACCORD_LITERAL("the roster of the trust file"),
                                       remembered->roster_number, judging->roster->number);
}

/* A stolen key could release the highest sequence that there is: whoever took it would never take another one, had its
 * vendor no way to say that it does not count. Then `current` says from which sequence on a release is fit. */
static bool is_taken_back(const struct accord_judging *judging, uint64_t sequence)
{
    const struct accord_judgement *judgement = judging->judgement;
    uint64_t withdrawn;
    size_t cursor = 0;
    while (judgement->current_exhibit != NULL &&
           accord_current_next_withdrawn(&judgement->current, &cursor, &withdrawn))
        if (withdrawn == sequence)
            return true;
    return false;
}

static enum accord_status check_rollback(const struct accord_judging *judging)
{
    const struct accord_remembered *remembered = judging->question->remembered;
    if (remembered == NULL || !remembered->released || judging->release->sequence >= remembered->sequence ||
        is_taken_back(judging, remembered->sequence))
        return ACCORD_OK;
    return accord_judge_refuse_numbers(judging, ACCORD_ROLLBACK, judging->release->product, remembered->sequence,
                                       judging->release->sequence);
}

/* What to remember: nothing of it goes back but a sequence that its vendor took back, and no time comes from this
 * machine's clock. */
static void remember(const struct accord_judging *judging)
{
    struct accord_judgement *judgement = judging->judgement;
    struct accord_remembered *next = &judgement->next;
    if (judging->question->remembered != NULL)
        *next = *judging->question->remembered;
    next->goes_back = next->released && judging->release->sequence < next->sequence;
    next->goes_back_from = next->sequence;
    next->released = true;
    next->sequence = judging->release->sequence;
    next->roster_number = judging->roster->number;
    next->time = judgement->time;
    if (judgement->policy_count > 0) {
        next->policy_number = judgement->policy_count;
        memcpy(next->policy, judgement->policy_exhibits[judgement->policy_count - 1]->digest, ACCORD_HASH_SIZE);
    }
    if (judgement->current_exhibit != NULL)
        next->current = judgement->current_at;
}

/* The release is in the dossier like everything else: what other proofs say of its log counts for it, too. */
static const struct accord_exhibit *find_release(const struct accord_question *question)
{
    const struct accord_dossier *dossier = question->dossier;
    for (size_t i = 0; i < dossier->count; i++) {
        const struct accord_exhibit *exhibit = &dossier->exhibits[i];
        if (exhibit->place.index == question->verdict->index &&
            accord_bytes_equal(exhibit->place.origin, question->verdict->log) &&
            accord_bytes_equal(exhibit->entry, question->verdict->release->statement.note.whole))
            return exhibit;
    }
    return NULL;
}

enum accord_status accord_judge(const struct accord_question *question, struct accord_judgement *judgement,
                                struct accord_error *error)
{
    static enum accord_status (*const questions[])(const struct accord_judging *) = {
        check_trust,           accord_judge_current,   check_rollback,
        accord_judge_policies, accord_judge_stages,    accord_judge_rebuilders,
        accord_judge_public,   accord_judge_withdrawn, accord_judge_fresh};
    uint64_t work = 0;
    memset(judgement, 0, sizeof *judgement);
    struct accord_judging judging = {.question = question,
                                     .release = question->verdict->release,
                                     .exhibit = find_release(question),
                                     .roster = &question->dossier->verifier->roster,
                                     .crypto = question->dossier->verifier->crypto,
                                     .judgement = judgement,
                                     .work = &work,
                                     .error = error};
    if (judging.exhibit == NULL || !question->verdict->verified)
        return accord_judge_refuse(&judging, ACCORD_NO_ENTRY, ACCORD_LITERAL("the release's own proof"),
                                   ACCORD_LITERAL("it among what is judged"), ACCORD_LITERAL("nothing"));
    judgement->time = question->dossier->time;
    if (question->remembered != NULL && question->remembered->time > judgement->time)
        judgement->time = question->remembered->time;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < sizeof questions / sizeof questions[0]; i++)
        status = questions[i](&judging);
    if (status == ACCORD_OK)
        remember(&judging);
    judgement->fit = status == ACCORD_OK;
    return status;
}
