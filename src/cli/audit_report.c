/* An audit's answers as a table and as JSON. Knows how much of each a person reads; what they mean, audit/ has
 * decided. */
#include "cli/audit_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "cli/plain.h"

#define TABLE_MAX ((size_t)256 << 20)
#define REFUSED_MAX 1000 /* that are named; all are counted */

void accord_audit_report_init(struct accord_audit_report *report, const struct accord_call *call)
{
    *report = (struct accord_audit_report){.call = call};
    accord_buffer_init(&report->table, TABLE_MAX);
    if (call->json) {
        report->components = json_array();
        report->refused = json_array();
    }
}

void accord_audit_report_free(struct accord_audit_report *report)
{
    accord_buffer_free(&report->table);
    json_decref(report->components);
    json_decref(report->refused);
}

void accord_audit_report_refused(struct accord_audit_report *report, const char *place, const struct accord_error *why)
{
    char sentence[512];
    accord_error_sentence(why, NULL, sentence, sizeof sentence);
    if (!report->call->json) {
        char shown[ACCORD_PLAIN_SIZE];
        accord_note(report->call, "%s: refused: %s", accord_plain(accord_bytes_of(place), shown), sentence);
    } else if (json_array_size(report->refused) < REFUSED_MAX) {
        (void)json_array_append_new(report->refused,
                                    json_pack("{s:o, s:s, s:s}", "document", accord_json_text(accord_bytes_of(place)),
                                              "rule", accord_status_rule(why->status), "sentence", sentence));
    }
}

/* For a program */

static void set_text(json_t *object, const char *name, struct accord_bytes text)
{
    if (text.size > 0) {
        (void)json_object_set_new(object, name, accord_json_text(text));
    }
}

static const char *found_by(enum accord_claim_names names)
{
    return names == ACCORD_CLAIM_SHA256 ? "sha256"
           : names == ACCORD_CLAIM_PURL ? "purl"
           : names == ACCORD_CLAIM_CPE  ? "cpe"
                                        : "name";
}

static json_t *json_of_finding(const struct accord_audit_finding *finding)
{
    json_t *object = json_pack("{s:s, s:s}", "answer", accord_audit_answer_word(finding->answer), "found_by",
                               found_by(finding->names));
    const struct {
        const char *name;
        struct accord_bytes text;
    } texts[] = {{"id", finding->id},          {"document", finding->document},
                 {"title", finding->title},    {"severity", finding->severity},
                 {"url", finding->url},        {"aliases", finding->aliases},
                 {"range", finding->range},    {"fixed", finding->fixed},
                 {"remedy", finding->remedy},  {"justification", finding->justification},
                 {"source", finding->source},  {"conflicting", finding->conflicting},
                 {"vendor", finding->vendor},  {"product", finding->product},
                 {"version", finding->version}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        set_text(object, texts[i].name, texts[i].text);
    }
    if (finding->reason != ACCORD_AUDIT_REASON_NONE) {
        (void)json_object_set_new(object, "reason", json_string(accord_audit_reason_word(finding->reason)));
    }
    if (finding->answer == ACCORD_AUDIT_OLDER || finding->answer == ACCORD_AUDIT_WITHDRAWN) {
        (void)json_object_set_new(object, "sequence", accord_json_number(finding->sequence));
        (void)json_object_set_new(object, "newest", accord_json_number(finding->newest));
        (void)json_object_set_new(object, "entry", accord_json_number(finding->entry));
    }
    return object;
}

static json_t *json_of_component(const char *document, const struct accord_component *component,
                                 const struct accord_match *match)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < match->count; i++) {
        (void)json_array_append_new(findings, json_of_finding(&match->findings[i]));
    }
    json_t *object = json_pack("{s:o, s:o, s:o}", "in", accord_json_text(accord_bytes_of(document)), "name",
                               accord_json_text(component->name), "findings", findings);
    set_text(object, "version", match->version);
    set_text(object, "purl", component->purl);
    set_text(object, "cpe", component->cpe);
    if (match->blind != ACCORD_AUDIT_REASON_NONE) {
        (void)json_object_set_new(object, "blind", json_string(accord_audit_reason_word(match->blind)));
    }
    return object;
}

/* For a person */

static const char *paint(enum accord_audit_answer answer)
{
    if (isatty(STDOUT_FILENO) != 1) {
        return "";
    }
    return answer == ACCORD_AUDIT_AFFECTED       ? "\033[1;31m"
           : answer <= ACCORD_AUDIT_WITHDRAWN    ? "\033[33m"
           : answer >= ACCORD_AUDIT_NOT_AFFECTED ? "\033[32m"
                                                 : "\033[36m";
}

static void row(struct accord_audit_report *report, const struct accord_component *component,
                const struct accord_match *match, const struct accord_audit_finding *finding)
{
    char name[ACCORD_PLAIN_SIZE], version[ACCORD_PLAIN_SIZE], text[ACCORD_PLAIN_SIZE];
    const char *colour = paint(finding->answer);
    accord_tell(&report->table, "%s%-13s%s  %s %s", colour, accord_audit_answer_word(finding->answer),
                *colour == '\0' ? "" : "\033[0m", accord_plain(component->name, name),
                accord_plain(match->version, version));
    if (finding->id.size > 0) {
        accord_tell(&report->table, "  %s", accord_plain(finding->id, text));
    }
    if (finding->fixed.size > 0) {
        accord_tell(&report->table, "  fixed in %s", accord_plain(finding->fixed, text));
    }
    if (finding->answer == ACCORD_AUDIT_OLDER) {
        accord_tell(&report->table, "  release %" PRIu64 ", the newest is %" PRIu64, finding->sequence,
                    finding->newest);
    }
    if (finding->reason != ACCORD_AUDIT_REASON_NONE) {
        accord_tell(&report->table, "  (%s)", accord_audit_reason_sentence(finding->reason));
    }
    if (finding->justification.size > 0) {
        accord_tell(&report->table, "  (%s)", accord_plain(finding->justification, text));
    }
    if (finding->conflict) {
        accord_tell(&report->table, "  [%s says otherwise]", accord_plain(finding->conflicting, text));
    }
    accord_tell(&report->table, "\n");
}

enum accord_status accord_audit_report_add(struct accord_audit_report *report, const struct accord_component *component,
                                           const struct accord_match *match, struct accord_error *error)
{
    report->component_count++;
    report->blind[match->blind]++;
    report->clear += match->count == 0 && match->blind == ACCORD_AUDIT_REASON_NONE ? 1 : 0;
    for (size_t i = 0; i < match->count; i++) {
        const struct accord_audit_finding *finding = &match->findings[i];
        report->answers[finding->answer]++;
        report->unknown[finding->reason] += finding->answer == ACCORD_AUDIT_UNKNOWN ? 1 : 0;
        if (!report->call->json) {
            row(report, component, match, finding);
        }
    }
    bool said = match->count > 0 || match->blind != ACCORD_AUDIT_REASON_NONE;
    if (report->call->json && said &&
        json_array_append_new(report->components, json_of_component(report->document, component, match)) != 0) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    return ACCORD_OK;
}

/* All of it */

static int tell_json(struct accord_audit_report *report, int exit_status)
{
    json_t *counts = json_object(), *unknown = json_object(), *blind = json_object();
    for (enum accord_audit_answer answer = ACCORD_AUDIT_AFFECTED; answer < ACCORD_AUDIT_COUNT; answer++) {
        (void)json_object_set_new(counts, accord_audit_answer_word(answer),
                                  accord_json_number(report->answers[answer]));
    }
    for (enum accord_audit_reason reason = ACCORD_AUDIT_REASON_NO_VERSION; reason < ACCORD_AUDIT_REASON_COUNT;
         reason++) {
        (void)json_object_set_new(unknown, accord_audit_reason_word(reason),
                                  accord_json_number(report->unknown[reason]));
        (void)json_object_set_new(blind, accord_audit_reason_word(reason), accord_json_number(report->blind[reason]));
    }
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:O, s:O}", "components_seen",
                  accord_json_number(report->component_count), "components_clear", accord_json_number(report->clear),
                  "answers", counts, "unknown", unknown, "blind", blind, "vulnerabilities",
                  accord_json_number(report->vulnerabilities), "documents_read", accord_json_number(report->tally.read),
                  "documents_refused", accord_json_number(report->tally.refused), "bytes_read",
                  accord_json_number(report->tally.bytes), "source_packages_unknown", report->binary_lists > 0,
                  "components", report->components, "refused", report->refused);
    return accord_answer_with(report->call, object, exit_status);
}

int accord_audit_report_tell(struct accord_audit_report *report, int exit_status)
{
    const struct accord_call *call = report->call;
    if (call->json) {
        return tell_json(report, exit_status);
    }
    accord_print(call, accord_buffer_bytes(&report->table));
    accord_note(call,
                "%" PRIu64 " components against %" PRIu64 " vulnerabilities (%" PRIu64 " documents, %" PRIu64
                " refused): %" PRIu64 " named by none",
                report->component_count, report->vulnerabilities, report->tally.read, report->tally.refused,
                report->clear);
    for (enum accord_audit_answer answer = ACCORD_AUDIT_AFFECTED; answer < ACCORD_AUDIT_COUNT; answer++) {
        if (report->answers[answer] > 0) {
            accord_note(call, "%8" PRIu64 " %s", report->answers[answer], accord_audit_answer_word(answer));
        }
    }
    for (enum accord_audit_reason reason = ACCORD_AUDIT_REASON_NO_VERSION; reason < ACCORD_AUDIT_REASON_COUNT;
         reason++) {
        if (report->unknown[reason] > 0) {
            accord_note(call, "%8" PRIu64 " of the unknown: %s", report->unknown[reason],
                        accord_audit_reason_sentence(reason));
        }
        if (report->blind[reason] > 0) {
            accord_note(call, "%8" PRIu64 " components of which little can be said: %s", report->blind[reason],
                        accord_audit_reason_sentence(reason));
        }
    }
    if (report->binary_lists > 0) {
        accord_note(call,
                    "A package list names binary packages: advisories for their source packages were not matched");
    }
    return exit_status;
}
