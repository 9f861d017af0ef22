/* A custodian's word in a case. It knows that a share must be due by whatever docket it is logged under; whether the
 * log is the one that was seen before, the look has asked. */
#include "cli/custodian_say.h"

#include <string.h>

#include "cli/case_log.h"

struct saying {
    struct accord_bytes member;
    const struct accord_custodian_share *share;
};

static enum accord_status fill(void *context, const struct accord_docket *docket,
                               const struct accord_docket_case *found, struct accord_answer_claim *answer,
                               struct accord_error *error)
{
    const struct saying *saying = context;
    bool is_share = saying->share->verdict == ACCORD_SHARE_RIGHT;
    size_t place = 0;
    enum accord_custodian_duty duty = accord_custodian_duty(found, saying->member, accord_docket_now(docket), &place);
    if (duty == ACCORD_DUTY_NONE || (is_share && duty != ACCORD_DUTY_RELEASE)) {
        accord_fail(error, ACCORD_NOT_DUE, 0);
        accord_error_what(error, ACCORD_LITERAL("the case, as the log has it now"));
        return ACCORD_NOT_DUE;
    }
    /* The witnesses' time, which counts in any case: a share that a machine whose clock is off had dated would be
     * passed over, and few more of this custodian would be looked at. */
    answer->moment.time = accord_docket_now(docket);
    answer->kind = is_share ? ACCORD_ANSWER_SHARE : ACCORD_ANSWER_COMPLAINT;
    memcpy(is_share ? answer->value : answer->file_key, is_share ? saying->share->scalar : saying->share->file_key,
           is_share ? sizeof answer->value : sizeof answer->file_key);
    return ACCORD_OK;
}

enum accord_status accord_custodian_say(const struct accord_call *call, struct accord_enter *enter,
                                        struct accord_bytes member, const struct accord_docket_case *found,
                                        const struct accord_custodian_share *share, struct accord_entered *entered,
                                        struct accord_error *error)
{
    char name[7 + 2 * ACCORD_HASH_SIZE + 1] = {0};
    struct accord_out out = {(uint8_t *)name, sizeof name - 1, 0, false};
    struct saying saying = {member, share};
    accord_digest_print(&out, found->id);
    const struct accord_case_saying what = {
        .call = call, .enter = enter, .name = name, .by = member, .context = &saying, .fill = fill};
    return accord_case_say(&what, entered, error);
}
