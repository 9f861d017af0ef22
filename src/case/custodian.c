/* What a custodian does, decided. It knows the docket's judgement and its own share; it has no clock, and logs nothing.
 */
#include "case/custodian.h"

#include <string.h>

#include "age/age.h"
#include "case/sharing.h"
#include "core/text.h"
#include "crypto/backend.h"

static bool find_place(const struct accord_report_claim *claim, struct accord_bytes member, size_t *place)
{
    for (size_t i = 0; i < claim->custodian_count; i++) {
        if (accord_bytes_equal(claim->custodians[i].domain, member)) {
            *place = i;
            return true;
        }
    }
    return false;
}

/* Due is what the witnesses' clock says is due: a case that is withdrawn opens never, a valid extension has moved the
 * time at which it does, and a request alone has not. */
enum accord_custodian_duty accord_custodian_duty(const struct accord_docket_case *found, struct accord_bytes member,
                                                 uint64_t now, size_t *place)
{
    const struct accord_case *state = &found->state;
    struct accord_case_standing standing;
    if (found->claim.custody == 0 || !find_place(&found->claim, member, place) || state->withdrawn != 0 ||
        state->disclosed != 0 || ((state->shared | state->complained) >> *place & 1) != 0) {
        return ACCORD_DUTY_NONE;
    }
    accord_case_stand(state, now, &standing);
    return standing.disclosable ? ACCORD_DUTY_RELEASE : ACCORD_DUTY_CHECK;
}

/* What came out of a sealed share: its bytes, and how many there were. */
struct plain {
    uint8_t bytes[ACCORD_SHARING_PLAIN_SIZE];
    size_t size;
};

static enum accord_status take(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct plain *plain = context;
    (void)error;
    for (size_t i = 0; i < bytes.size; i++, plain->size++) {
        if (plain->size < sizeof plain->bytes) {
            plain->bytes[plain->size] = bytes.data[i];
        }
    }
    return ACCORD_OK;
}

/* The key of a sealed share is told where it proves a wrong one, and the share where it is due. Of what was made for
 * another report, or for none, neither is ever told: it may be another reporter's, copied from the log. */
static void judge(struct accord_custodian_share *share, const struct accord_report_claim *claim, size_t place,
                  const struct plain *plain)
{
    if (plain->size != sizeof plain->bytes ||
        !accord_sharing_is_for((struct accord_bytes){plain->bytes, sizeof plain->bytes}, claim->key.text)) {
        share->verdict = ACCORD_SHARE_FOREIGN;
        accord_wipe(share->file_key, sizeof share->file_key);
    } else if (accord_sharing_check(claim->coefficients, claim->custody, (unsigned)place + 1, plain->bytes)) {
        share->verdict = ACCORD_SHARE_RIGHT;
        memcpy(share->scalar, plain->bytes, sizeof share->scalar);
    } else {
        share->verdict = ACCORD_SHARE_WRONG;
    }
}

void accord_custodian_open(struct accord_custodian_share *share, const struct accord_report_claim *claim, size_t place,
                           const uint8_t (*secrets)[32], size_t secret_count)
{
    struct accord_bytes text = claim->custodians[place].share_base64;
    uint8_t sealed[ACCORD_SHARE_SEALED_MAX];
    size_t size;
    struct plain plain = {.size = 0};
    struct accord_age_opener *opener = NULL;
    const struct accord_age_opening opening = {
        .secrets = secrets, .secret_count = secret_count, .sink = {&plain, take}};
    memset(share, 0, sizeof *share);
    if (secret_count == 0 || !accord_base64_size(text, &size) || size > sizeof sealed ||
        !accord_base64_read(text, sealed, size) || accord_age_opener_new(&opener, &opening, NULL) != ACCORD_OK) {
        return;
    }
    if (accord_age_opener_write(opener, (struct accord_bytes){sealed, size}, NULL) == ACCORD_OK &&
        accord_age_opener_end(opener, NULL) == ACCORD_OK && accord_age_opener_file_key(opener, share->file_key)) {
        judge(share, claim, place, &plain);
    }
    accord_age_opener_free(opener);
    accord_wipe(&plain, sizeof plain);
}
