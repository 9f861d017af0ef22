/* Statements about who is in. Knows who may make each kind, and how many of those that anybody may make a log takes;
 * what members do with an application is not for a log to know. */
#include "serve/admission_member.h"

#include <stdlib.h>
#include <string.h>

struct judging {
    struct accord_admission_bounds *bounds;
    const struct accord_chain *chain;
    const struct accord_statement_claim *statement;
    uint64_t now_us;
    struct accord_error *error;
};

static enum accord_status check_charter(const struct judging *judging, const uint8_t charter[ACCORD_HASH_SIZE])
{
    if (memcmp(charter, judging->chain->digest, ACCORD_HASH_SIZE) == 0)
        return ACCORD_OK;
    accord_fail(judging->error, ACCORD_CHAIN, 0);
    accord_error_what(judging->error, ACCORD_LITERAL("charter"));
    accord_error_expected(judging->error, ACCORD_LITERAL("that of this log's accord"));
    return ACCORD_CHAIN;
}

/* Time gives back what was taken, one in each interval. */
static enum accord_status take_application(const struct judging *judging)
{
    struct accord_admission_bounds *bounds = judging->bounds;
    uint64_t back = (judging->now_us - bounds->since_us) / ACCORD_APPLICATION_INTERVAL_US;
    if (bounds->applications == 0 || back >= bounds->applications) {
        bounds->applications = 0;
        bounds->since_us = judging->now_us;
    } else {
        bounds->applications -= (unsigned)back;
        bounds->since_us += back * ACCORD_APPLICATION_INTERVAL_US;
    }
    if (bounds->applications < ACCORD_APPLICATIONS_MAX) {
        bounds->applications++;
        return ACCORD_OK;
    }
    accord_fail(judging->error, ACCORD_NOT_A_MEMBER, 0);
    accord_error_what(judging->error, judging->bounds->apply.member.domain);
    accord_error_expected(judging->error, ACCORD_LITERAL("one application in ten minutes: come again later"));
    return ACCORD_NOT_A_MEMBER;
}

/* A member that changes its keys signs with those it has, too; whoever cannot is one of the others. */
static enum accord_status judge_apply(const struct judging *judging)
{
    struct accord_apply_claim *apply = &judging->bounds->apply;
    struct accord_signers signers;
    const struct accord_crypto *crypto = judging->chain->crypto;
    enum accord_status status = accord_apply_parse(apply, judging->statement->note.whole, crypto, judging->error);
    if (status == ACCORD_OK)
        status = check_charter(judging, apply->charter);
    if (status == ACCORD_OK)
        status = accord_apply_verify(apply, crypto, judging->error);
    if (status != ACCORD_OK)
        return status;
    bool member = accord_roster_signed(accord_chain_roster(judging->chain), &judging->statement->note,
                                       apply->member.domain, NULL, crypto, &signers, NULL) == ACCORD_OK;
    return member ? ACCORD_OK : take_application(judging);
}

static enum accord_status judge_leave(const struct judging *judging)
{
    struct accord_leave_claim leave;
    struct accord_signers signers;
    enum accord_status status = accord_leave_parse(&leave, judging->statement->note.whole, judging->error);
    if (status == ACCORD_OK)
        status = check_charter(judging, leave.charter);
    return status == ACCORD_OK
               ? accord_roster_signed(accord_chain_roster(judging->chain), &judging->statement->note, leave.member,
                                      NULL, judging->chain->crypto, &signers, judging->error)
               : status;
}

/* Does it hold, by the roster before the newest? */
static enum accord_status verify_enactment(const struct judging *judging, const struct accord_enact_claim *enact)
{
    const struct accord_chain *chain = judging->chain;
    const struct accord_roster_claim *earlier = accord_chain_earlier(chain);
    struct accord_buffer text;
    struct accord_policy *policy = malloc(sizeof *policy);
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = policy == NULL ? accord_fail(judging->error, ACCORD_NO_MEMORY, 0)
                                               : accord_chain_policy(earlier, &text, judging->error);
    if (status == ACCORD_OK)
        status = accord_policy_parse(policy, accord_buffer_bytes(&text), chain->crypto, judging->error);
    if (status == ACCORD_OK)
        status = accord_enact_verify(enact, earlier, policy, accord_chain_roster(chain)->statement.note.whole,
                                     chain->crypto, NULL, judging->error);
    accord_buffer_free(&text);
    free(policy);
    return status;
}

static enum accord_status judge_enact(const struct judging *judging)
{
    struct accord_admission_bounds *bounds = judging->bounds;
    uint64_t newest = accord_chain_roster(judging->chain)->number;
    struct accord_enact_claim enact;
    enum accord_status status = accord_enact_parse(&enact, judging->statement->note.whole, judging->error);
    if (status == ACCORD_OK)
        status = check_charter(judging, enact.charter);
    if (status != ACCORD_OK)
        return status;
    if (enact.number != newest) {
        accord_fail(judging->error, ACCORD_CHAIN, 0);
        accord_error_what(judging->error, ACCORD_LITERAL("number"));
        accord_error_expected_number(judging->error, newest);
        accord_error_found_number(judging->error, enact.number);
        return ACCORD_CHAIN;
    }
    unsigned before = bounds->enacted_roster == newest ? bounds->enactments : 0;
    if (before == ACCORD_ENACTMENTS_MAX) {
        accord_fail(judging->error, ACCORD_EXISTS, 0);
        accord_error_what(judging->error, ACCORD_LITERAL("the enactment of the newest roster"));
        return ACCORD_EXISTS;
    }
    status = verify_enactment(judging, &enact);
    if (status == ACCORD_OK) {
        bounds->enacted_roster = newest;
        bounds->enactments = before + 1;
    }
    return status;
}

enum accord_status accord_admission_member(struct accord_admission_bounds *bounds, const struct accord_chain *chain,
                                           const struct accord_statement_claim *statement, uint64_t now_us, bool *known,
                                           struct accord_error *error)
{
    static const struct {
        const char *kind;
        enum accord_status (*judge)(const struct judging *judging);
    } kinds[] = {{"apply", judge_apply}, {"leave", judge_leave}, {"enact", judge_enact}};
    const struct judging judging = {bounds, chain, statement, now_us, error};
    *known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct accord_bytes kind = {(const uint8_t *)kinds[i].kind, strlen(kinds[i].kind)};
        *known = accord_bytes_equal(statement->kind, kind);
        if (*known)
            return kinds[i].judge(&judging);
    }
    return ACCORD_OK;
}
