/* Words of cases: names, hours, what is to be noticed. Knows no layout. */
#include "case/words.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/text.h"

#define SHORT_DIGITS 16

void accord_case_short(const uint8_t id[ACCORD_HASH_SIZE], char text[17])
{
    struct accord_out out = {(uint8_t *)text, SHORT_DIGITS, 0, false};
    accord_put_hex(&out, (struct accord_bytes){id, SHORT_DIGITS / 2});
    text[SHORT_DIGITS] = '\0';
}

void accord_case_hour(uint64_t time, char text[32])
{
    if (time == 0 || time == UINT64_MAX) {
        (void)snprintf(text, 32, "%s", time == 0 ? "-" : "never");
        return;
    }
    accord_time_print(time - time % 3600, text);
    memmove(text + 16, text + 19, 5); /* without the seconds */
}

struct accord_bytes accord_case_vendor(const struct accord_docket_case *found)
{
    return found->vendor.size > 0 ? found->vendor : ACCORD_LITERAL("(blinded)");
}

void accord_case_flags(const struct accord_docket_case *found, const struct accord_case_standing *standing,
                       char text[128])
{
    const struct accord_case *state = &found->state;
    const struct {
        bool is;
        const char *word;
    } flags[] = {{state->received == 0, "unverified"}, {standing->silent, "silent"},
                 {standing->overdue, "overdue"},       {standing->disclosable && state->disclosed == 0, "disclosable"},
                 {state->exploited != 0, "exploited"}, {state->extended != 0, "extended"},
                 {state->refused != 0, "refused"},     {state->unreadable != 0, "unreadable"},
                 {state->opened_early, "opened early"}};
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (flags[i].is) {
            at += (size_t)snprintf(text + at, 128 - at, "%s%s", at == 0 ? "" : ", ", flags[i].word);
        }
    }
    if (at == 0) {
        (void)snprintf(text, 128, "-");
    }
}
