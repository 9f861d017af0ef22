/* Judgements as words and as JSON. It knows how things are said, and judges nothing. */
#include "cli/judgement_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/report.h"
#include "cli/say.h"
#include "core/text.h"

#define DAY 86400

/* "3 days", "1 hour", "40 seconds" */
static const char *duration(uint64_t seconds, char text[48])
{
    static const struct {
        uint64_t size;
        const char *name;
    } units[] = {{DAY, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t unit = 0;
    while (unit < 3 &&
           (seconds < units[unit].size || (seconds % units[unit].size != 0 && seconds < 10 * units[unit].size))) {
        unit++;
    }
    uint64_t count = seconds / units[unit].size;
    snprintf(text, 48, "%" PRIu64 " %s%s", count, units[unit].name, count == 1 ? "" : "s");
    return text;
}

static const char *outcome_words(enum accord_outcome_kind outcome)
{
    static const char *const words[] = {[ACCORD_ATTEST_NO_OUTCOME] = "",
                                        [ACCORD_ATTEST_PASS] = ", passed",
                                        [ACCORD_ATTEST_FAIL] = ", FAILED",
                                        [ACCORD_ATTEST_MATCH] = ", the same bytes",
                                        [ACCORD_ATTEST_MISMATCH] = ", OTHER BYTES"};
    return words[outcome];
}

/* The picture */

static const char *explanation(enum accord_stage stage)
{
    static const char *const texts[ACCORD_STAGE_COUNT] = {
        [ACCORD_STAGE_DESIGN] = "says what was to be built, in bytes that cannot be changed since",
        [ACCORD_STAGE_SOURCE] =
            "names the source by its digest: whoever has it can look; not that it is free of faults",
        [ACCORD_STAGE_BUILD] = "says that these files came of that source, by these commands; a rebuilder can try it",
        [ACCORD_STAGE_TEST] = "says that these files were tested; not that the tests were good",
        [ACCORD_STAGE_DISTRIBUTION] = "says where these files are given out",
        [ACCORD_STAGE_USE] = "says where these files run"};
    return texts[stage];
}

static void say_things(const struct accord_attest_claim *claim, const char *bar, struct accord_buffer *text)
{
    struct accord_attest_thing thing;
    size_t cursor = 0, count = 0;
    while (accord_attest_next_material(claim, &cursor, &thing)) {
        if (count++ == 0) {
            accord_tell(text, "  %s  from %.*s", bar, ACCORD_TEXT(thing.label));
        }
    }
    if (count > 1) {
        accord_tell(text, " and %zu more", count - 1);
    }
    if (count > 0) {
        accord_tell(text, "\n");
    }
    cursor = 0;
    count = 0;
    while (accord_attest_next_subject(claim, &cursor, &thing)) {
        if (count++ == 0) {
            accord_tell(text, "  %s  made %.*s", bar, ACCORD_TEXT(thing.label));
        }
    }
    if (count > 1) {
        accord_tell(text, " and %zu more", count - 1);
    }
    accord_tell(text, "\n");
}

static void say_attestation(const struct accord_attestation *attestation, bool last, bool explain,
                            struct accord_buffer *text)
{
    const struct accord_attest_claim *claim = &attestation->claim;
    char time[32];
    accord_time_print(attestation->exhibit->place.seen_at, time);
    accord_tell(text, "  %s %-12.*s by %.*s (%.*s)%s, %s, entry %" PRIu64 "\n", last ? "`-" : "|-",
                ACCORD_TEXT(accord_stage_name(claim->stage)), ACCORD_TEXT(claim->by),
                ACCORD_TEXT(attestation->jurisdiction), outcome_words(claim->outcome), time,
                attestation->exhibit->place.index);
    say_things(claim, last ? "  " : "| ", text);
    if (explain) {
        accord_tell(text, "  %s  (%s)\n", last ? "  " : "| ", explanation(claim->stage));
    }
}

/* In the order in which a product passes them. */
static void say_stages(const struct accord_judgement *judgement, bool explain, struct accord_buffer *text)
{
    size_t told = 0, all = judgement->attestation_count + judgement->rebuild_count;
    for (int stage = 0; stage < ACCORD_STAGE_COUNT; stage++) {
        for (size_t i = 0; i < judgement->attestation_count; i++) {
            if ((int)judgement->attestations[i].claim.stage == stage) {
                say_attestation(&judgement->attestations[i], ++told == all, explain, text);
            }
        }
        for (size_t i = 0; stage == ACCORD_STAGE_BUILD && i < judgement->rebuild_count; i++) {
            say_attestation(&judgement->rebuilds[i], ++told == all, explain, text);
        }
    }
    if (judgement->absent_count > 0) {
        accord_tell(text, "  not looked at: %zu attestations that it names; their proofs are not here\n",
                    judgement->absent_count);
    }
}

static void say_policy(const struct accord_judgement *judgement, bool explain, struct accord_buffer *text)
{
    const struct accord_demands *demands = &judgement->demands;
    char time[48];
    if (judgement->policy_count == 0) {
        if (explain) {
            accord_tell(text, "  policy: none is known of this product: nothing but the release itself was demanded\n");
        }
        return;
    }
    accord_tell(text, "  policy %zu demands:", judgement->policy_count);
    for (int stage = 0; stage < ACCORD_STAGE_COUNT; stage++) {
        if (demands->require[stage].required) {
            accord_tell(text, " %.*s,", ACCORD_TEXT(accord_stage_name((enum accord_stage)stage)));
        }
    }
    if (demands->threshold > 0) {
        accord_tell(text, " %u %s,", demands->threshold, demands->threshold == 1 ? "key" : "keys");
    }
    if (demands->rebuilders > 0) {
        accord_tell(text, " %u rebuilders in %u jurisdictions (there are %zu in %zu),", demands->rebuilders,
                    demands->rebuilder_jurisdictions, judgement->rebuild_count, judgement->rebuilder_jurisdictions);
    }
    if (demands->public_for > 0) {
        accord_tell(text, " public for %s,", duration(demands->public_for, time));
    }
    if (demands->mirrors > 0) {
        accord_tell(text, " %u mirrors in %u jurisdictions (there are %u in %u),", demands->mirrors,
                    demands->mirror_jurisdictions, judgement->mirrors, judgement->mirror_jurisdictions);
    }
    if (demands->max_age > 0) {
        accord_tell(text, " known as current within %s,", duration(demands->max_age, time));
    }
    accord_tell(text, " notice of %s\n", duration(demands->notice, time));
    if (judgement->emergency) {
        accord_tell(text,
                    "  EMERGENCY: enough keys signed to do without public-for and mirrors, as its policy allows\n");
    }
}

static void say_current(const struct accord_judgement *judgement, bool explain, struct accord_buffer *text)
{
    char time[32];
    if (judgement->current_exhibit == NULL) {
        if (explain) {
            accord_tell(text, "  current: nothing is known of newer releases; --current brings what its vendor says\n");
        }
        return;
    }
    accord_time_print(judgement->current_at.seen_at, time);
    accord_tell(text, "  current as of %s: newest is sequence %" PRIu64 ", fit for use from %" PRIu64 " on\n", time,
                judgement->channel.newest, judgement->channel.lowest);
}

/* Labels and names are whatever somebody signed. */
static void calm_lines(struct accord_buffer *text, size_t start)
{
    struct accord_bytes rest = {text->data + start, text->size - start}, line;
    while (accord_cut_line(&rest, &line)) {
        accord_text_calm((char *)text->data + (line.data - text->data), line.size);
    }
}

void accord_judgement_print(const struct accord_question *question, const struct accord_judgement *judgement,
                            bool explain, struct accord_buffer *text)
{
    size_t start = text->size;
    (void)question;
    say_stages(judgement, explain, text);
    say_policy(judgement, explain, text);
    say_current(judgement, explain, text);
    calm_lines(text, start);
}

/* For programs */

static json_t *attestation_json(const struct accord_attestation *attestation)
{
    static const char *const outcomes[] = {[ACCORD_ATTEST_NO_OUTCOME] = NULL,
                                           [ACCORD_ATTEST_PASS] = "pass",
                                           [ACCORD_ATTEST_FAIL] = "fail",
                                           [ACCORD_ATTEST_MATCH] = "match",
                                           [ACCORD_ATTEST_MISMATCH] = "mismatch"};
    const struct accord_attest_claim *claim = &attestation->claim;
    const char *outcome = outcomes[claim->outcome];
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "stage", accord_json_text(accord_stage_name(claim->stage)),
                     "by", accord_json_text(claim->by), "jurisdiction", accord_json_text(attestation->jurisdiction),
                     "digest", accord_json_digest(attestation->exhibit->digest), "index",
                     accord_json_number(attestation->exhibit->place.index), "seen_at",
                     accord_json_number(attestation->exhibit->place.seen_at), "outcome",
                     outcome == NULL ? json_null() : json_string(outcome));
}

static json_t *attestations_json(const struct accord_attestation *attestations, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, attestation_json(&attestations[i]));
    }
    return list;
}

static json_t *policy_json(const struct accord_judgement *judgement)
{
    const struct accord_demands *demands = &judgement->demands;
    if (judgement->policy_count == 0) {
        return json_null();
    }
    json_t *stages = json_array();
    for (int stage = 0; stage < ACCORD_STAGE_COUNT; stage++) {
        if (demands->require[stage].required) {
            json_array_append_new(stages, accord_json_text(accord_stage_name((enum accord_stage)stage)));
        }
    }
    return json_pack("{s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:i, s:i, s:o, s:o, s:b}", "number",
                     accord_json_number(judgement->policy_count), "digest",
                     accord_json_digest(judgement->policy_exhibits[judgement->policy_count - 1]->digest), "stages",
                     stages, "threshold", (int)demands->threshold, "rebuilders", (int)demands->rebuilders,
                     "rebuilder_jurisdictions", (int)demands->rebuilder_jurisdictions, "public_for",
                     accord_json_number(demands->public_for), "mirrors", (int)demands->mirrors, "mirror_jurisdictions",
                     (int)demands->mirror_jurisdictions, "max_age", accord_json_number(demands->max_age), "notice",
                     accord_json_number(demands->notice), "emergency", judgement->emergency);
}

static json_t *current_json(const struct accord_judgement *judgement)
{
    if (judgement->current_exhibit == NULL) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "as_of", accord_json_number(judgement->current_at.seen_at), "index",
                     accord_json_number(judgement->current_exhibit->place.index), "newest",
                     accord_json_number(judgement->channel.newest), "lowest",
                     accord_json_number(judgement->channel.lowest));
}

json_t *accord_judgement_json(const struct accord_question *question, const struct accord_judgement *judgement)
{
    (void)question;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i}", "time", accord_json_number(judgement->time),
                     "attestations", attestations_json(judgement->attestations, judgement->attestation_count),
                     "rebuilds", attestations_json(judgement->rebuilds, judgement->rebuild_count),
                     "attestations_absent", accord_json_number(judgement->absent_count), "policy",
                     policy_json(judgement), "current", current_json(judgement), "mirrors", (int)judgement->mirrors,
                     "mirror_jurisdictions", (int)judgement->mirror_jurisdictions);
}
