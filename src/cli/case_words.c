/* Cases in words. It knows how things are called; where a case stands it is told by the state machine. */
#include "cli/case_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "case/words.h"
#include "cli/case_log.h"
#include "cli/plain.h"
#include "cli/say.h"
#include "core/text.h"

/* For a person */

static void tell_time(struct accord_buffer *text, const char *what, uint64_t time)
{
    char hour[32];
    accord_case_hour(time, hour);
    accord_tell(text, "  %-12s %s\n", what, hour);
}

static void tell_digest(struct accord_buffer *text, const char *what, const uint8_t digest[ACCORD_HASH_SIZE])
{
    uint8_t bytes[80];
    struct accord_out out = {bytes, sizeof bytes, 0, false};
    accord_digest_print(&out, digest);
    accord_tell(text, "  %-12s %.*s\n", what, ACCORD_TEXT(accord_out_bytes(&out)));
}

static void tell_report(struct accord_buffer *text, const struct accord_docket_case *found)
{
    const struct accord_report_claim *claim = &found->claim;
    tell_digest(text, "case", found->id);
    accord_tell(text, "  %-12s %.*s\n", "vendor", ACCORD_TEXT(accord_case_vendor(found)));
    accord_tell(text, "  %-12s entry %" PRIu64 "\n", "report", found->index);
    tell_time(text, "reported", found->state.time);
    tell_digest(text, "sealed", claim->sealed);
    accord_tell(text, "  %-12s %" PRIu64 " bytes\n", "size", claim->sealed_size);
    if (claim->introduced.size > 0) {
        accord_tell(text, "  %-12s %.*s\n", "introduced by", ACCORD_TEXT(claim->introduced));
    }
    for (size_t i = 0; i < claim->custodian_count; i++) {
        accord_tell(text, "  %-12s %.*s%s\n", i == 0 ? "custodians" : "", ACCORD_TEXT(claim->custodians[i].domain),
                    (found->state.shared >> i & 1) != 0       ? ": share published"
                    : (found->state.complained >> i & 1) != 0 ? ": was given a wrong share"
                                                              : "");
    }
    if (claim->custody > 0) {
        accord_tell(text, "  %-12s any %u of %zu open it\n", "", claim->custody, claim->custodian_count);
    }
}

static void tell_answer(struct accord_buffer *text, const struct accord_docket_answer *answer)
{
    char hour[32], until[32], shown[ACCORD_PLAIN_SIZE];
    accord_case_hour(answer->event.time, hour);
    accord_case_hour(answer->event.until, until);
    accord_tell(text, "  %-21s %.*s by %.*s, entry %" PRIu64 "%s%s%s%.*s%s%s%s%s\n", hour,
                ACCORD_TEXT(accord_answer_name(answer->event.kind)), ACCORD_TEXT(answer->by), answer->event.index,
                answer->event.until > 0 ? ", until " : "", answer->event.until > 0 ? until : "",
                answer->word.size > 0 ? ": " : "", ACCORD_TEXT(answer->word), answer->text.size > 0 ? ": " : "",
                accord_plain(answer->text, shown), answer->counts == ACCORD_OK ? "" : " - passed over: ",
                answer->counts == ACCORD_OK ? "" : accord_status_rule(answer->counts));
}

void accord_case_tell(struct accord_buffer *text, const struct accord_docket_case *found, uint64_t now)
{
    struct accord_case_standing standing;
    char flags[128];
    accord_case_stand(&found->state, now, &standing);
    tell_report(text, found);
    accord_case_flags(found, &standing, flags);
    accord_tell(text, "  %-12s %.*s; %s\n", "state", ACCORD_TEXT(standing.state), flags);
    tell_time(text, standing.disclosable ? "opened" : "opens", standing.opens);
    tell_time(text, "fix due", standing.due);
    if (found->answer_count > 0) {
        accord_tell(text, "answers:\n");
    }
    for (size_t i = 0; i < found->answer_count; i++) {
        tell_answer(text, &found->answers[i]);
    }
    tell_time(text, "as of", now);
}

/* For a program */

static json_t *time_json(uint64_t time)
{
    return time == 0 || time == UINT64_MAX ? json_null() : accord_json_number(time);
}

static json_t *answer_json(const struct accord_docket_answer *answer)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s}", "answer",
                     accord_json_text(accord_answer_name(answer->event.kind)), "by", accord_json_text(answer->by),
                     "index", accord_json_number(answer->event.index), "digest",
                     accord_json_digest(answer->event.digest), "time", time_json(answer->event.time), "until",
                     time_json(answer->event.until), "word", accord_json_text(answer->word), "text",
                     accord_json_text(answer->text), "counts", answer->counts == ACCORD_OK, "rule",
                     accord_status_rule(answer->counts));
}

static json_t *custody_json(const struct accord_docket_case *found)
{
    json_t *list = json_array();
    if (found->claim.custody == 0) {
        json_decref(list);
        return json_null();
    }
    for (size_t i = 0; i < found->claim.custodian_count; i++) {
        (void)json_array_append_new(
            list, json_pack("{s:o, s:b, s:b}", "member", accord_json_text(found->claim.custodians[i].domain), "share",
                            (int)(found->state.shared >> i & 1), "complaint", (int)(found->state.complained >> i & 1)));
    }
    return json_pack("{s:i, s:o}", "needed", (int)found->claim.custody, "custodians", list);
}

json_t *accord_case_json(const struct accord_docket_case *found, uint64_t now, bool answers)
{
    const struct accord_case *state = &found->state;
    struct accord_case_standing standing;
    accord_case_stand(state, now, &standing);
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "case", accord_json_digest(found->id),
        "vendor", found->vendor.size > 0 ? accord_json_text(found->vendor) : json_null(), "index",
        accord_json_number(found->index), "state", accord_json_text(standing.state), "unverified", state->received == 0,
        "silent", standing.silent, "overdue", standing.overdue, "disclosable", standing.disclosable, "reported",
        time_json(state->time), "opens", time_json(standing.opens), "due", time_json(standing.due), "sealed",
        accord_json_digest(found->claim.sealed), "sealed_size", accord_json_number(found->claim.sealed_size), "custody",
        custody_json(found));
    const struct {
        const char *name;
        uint64_t time;
    } times[] = {{"received", state->received},   {"triaged", state->triaged},     {"fix", state->fixed},
                 {"published", state->published}, {"exploited", state->exploited}, {"extended", state->extended},
                 {"regulator", state->regulator}, {"refused", state->refused},     {"unreadable", state->unreadable},
                 {"need_info", state->need_info}, {"withdrawn", state->withdrawn}, {"disclosed", state->disclosed}};
    for (size_t i = 0; object != NULL && i < sizeof times / sizeof times[0]; i++) {
        (void)json_object_set_new(object, times[i].name, time_json(times[i].time));
    }
    json_t *list = answers ? json_array() : NULL;
    for (size_t i = 0; answers && i < found->answer_count; i++) {
        (void)json_array_append_new(list, answer_json(&found->answers[i]));
    }
    if (object != NULL && list != NULL) {
        (void)json_object_set_new(object, "answers", list);
    }
    return object;
}
