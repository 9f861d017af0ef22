/* How a finding reaches somebody. It knows words, JSON and the environment of a command; it refuses to put anything
 * that a log holds into a command line. */
#include "cli/monitor_tell.h"

#include "base/report.h"
#include "cli/monitor_exec.h"
#include "cli/say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"code":"release","severity":"alert","log":...,"time":...,"sentence":...} with index and leaf where it is about an
 * entry, subject and evidence where there are any; more, where it stands for so many. */
static json_t *finding_json(const struct accord_monitor_telling *telling, const struct accord_finding *finding,
                            uint64_t more)
{
    const struct accord_clock *clock = telling->call->clock;
    json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:s}", "code", accord_finding_name(finding->code), "severity",
                             accord_severity_name(finding->severity), "log", telling->log, "time",
                             accord_json_number(clock->now(clock->context)), "sentence", finding->sentence);
    if (json == NULL) {
        return NULL;
    }
    int result = 0;
    if (finding->has_index) {
        result |= json_object_set_new(json, "index", accord_json_number(finding->index));
        result |= json_object_set_new(json, "leaf", accord_json_digest(finding->leaf));
    }
    if (more > 0) {
        result |= json_object_set_new(json, "more", accord_json_number(more));
    }
    if (finding->subject[0] != '\0') {
        result |= json_object_set_new(json, "subject", json_string(finding->subject));
    }
    if (finding->evidence != NULL) {
        result |= json_object_set_new(json, "evidence", accord_json_text(accord_bytes_of(finding->evidence)));
    }
    if (result != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

/* What could not be written has not been told. */
static enum accord_status tell_person(const struct accord_call *call, const struct accord_finding *finding,
                                      struct accord_error *error)
{
    char index[32] = "";
    clearerr(stderr);
    errno = 0;
    if (finding->has_index) {
        snprintf(index, sizeof index, " entry %" PRIu64, finding->index);
    }
    accord_note(call, "%s %s%s: %s%s%s", accord_severity_name(finding->severity), accord_finding_name(finding->code),
                index, finding->sentence, finding->evidence == NULL ? "" : "; kept as ",
                finding->evidence == NULL ? "" : finding->evidence);
    if (fflush(stderr) == 0 && ferror(stderr) == 0) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, ACCORD_LITERAL("standard error"));
    accord_error_found(error, accord_bytes_of(strerror(errno)));
    return ACCORD_IO;
}

static enum accord_status run_command(const struct accord_monitor_telling *telling,
                                      const struct accord_finding *finding, uint64_t more, const char *json,
                                      struct accord_error *error)
{
    char index[32] = "", count[32] = "";
    if (finding->has_index) {
        snprintf(index, sizeof index, "%" PRIu64, finding->index);
    }
    if (more > 0) {
        snprintf(count, sizeof count, "%" PRIu64, more);
    }
    const struct accord_exec_variable variables[] = {
        {"ACCORD_FINDING_CODE", accord_finding_name(finding->code)},
        {"ACCORD_FINDING_SEVERITY", accord_severity_name(finding->severity)},
        {"ACCORD_FINDING_INDEX", index},
        {"ACCORD_FINDING_SUBJECT", finding->subject},
        {"ACCORD_FINDING_SENTENCE", finding->sentence},
        {"ACCORD_FINDING_EVIDENCE", finding->evidence == NULL ? "" : finding->evidence},
        {"ACCORD_FINDING_LOG", telling->log},
        {"ACCORD_FINDING_MORE", count},
    };
    size_t variable_count = sizeof variables / sizeof variables[0], size = strlen(json);
    char *line = malloc(size + 2);
    if (line == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    snprintf(line, size + 2, "%s\n", json);
    enum accord_status status =
        accord_monitor_exec(telling->command, accord_bytes_of(line), variables, variable_count, error);
    free(line);
    return status;
}

static char *finding_text(const struct accord_monitor_telling *telling, const struct accord_finding *finding,
                          uint64_t more)
{
    json_t *json = finding_json(telling, finding, more);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
    return text;
}

void accord_monitor_begin(struct accord_monitor_telling *telling)
{
    memset(telling->tallies, 0, sizeof telling->tallies);
}

/* Anybody may log what is a finding, as often as the log takes it: nobody's mailbox or pager is to drown in it. */
static enum accord_status command(struct accord_monitor_telling *telling, const struct accord_finding *finding,
                                  const char *json, struct accord_error *error)
{
    struct accord_monitor_tally *tally = &telling->tallies[finding->code][finding->severity];
    if (tally->commands < ACCORD_MONITOR_COMMANDS_MAX) {
        tally->commands++;
        return run_command(telling, finding, 0, json, error);
    }
    if (finding->has_index) {
        tally->first = tally->has_index ? tally->first : finding->index;
        tally->last = finding->index;
        tally->has_index = true;
    }
    tally->more++;
    return ACCORD_OK;
}

/* One command for all that none was run for. */
static enum accord_status command_more(struct accord_monitor_telling *telling, enum accord_finding_code code,
                                       enum accord_severity severity, struct accord_error *error)
{
    struct accord_monitor_tally *tally = &telling->tallies[code][severity];
    struct accord_finding finding;
    accord_finding_begin(&finding, code, (struct accord_bytes){NULL, 0});
    finding.severity = severity;
    accord_finding_say(&finding, ": %" PRIu64 " more", tally->more);
    if (tally->has_index) {
        accord_finding_say(&finding, ", entries %" PRIu64 " to %" PRIu64, tally->first, tally->last);
    }
    accord_finding_say(&finding, ": the monitor's own output has each of them");
    char *text = finding_text(telling, &finding, tally->more);
    if (text == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = run_command(telling, &finding, tally->more, text, error);
    free(text);
    if (status == ACCORD_OK) {
        tally->more = 0;
        tally->has_index = false;
    }
    return status;
}

enum accord_status accord_monitor_take(void *context, const struct accord_finding *finding, struct accord_error *error)
{
    struct accord_monitor_telling *telling = context;
    char *text = finding_text(telling, finding, 0);
    if (text == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = ACCORD_OK;
    if (telling->call->json) {
        status = accord_lines_put(&telling->lines, accord_bytes_of(text), error);
    } else {
        status = tell_person(telling->call, finding, error);
    }
    if (status == ACCORD_OK && telling->command != NULL) {
        status = command(telling, finding, text, error);
    }
    free(text);
    return status;
}

enum accord_status accord_monitor_settle(void *context, struct accord_error *error)
{
    struct accord_monitor_telling *telling = context;
    enum accord_status status = accord_lines_flush(&telling->lines, error);
    for (enum accord_finding_code code = 0; code < ACCORD_FINDING_COUNT; code++) {
        for (enum accord_severity severity = 0; severity <= ACCORD_SEVERITY_ALERT; severity++) {
            if (status == ACCORD_OK && telling->tallies[code][severity].more > 0) {
                status = command_more(telling, code, severity, error);
            }
        }
    }
    return status;
}

int accord_monitor_refuse(struct accord_monitor_telling *telling, const char *subject, const struct accord_error *error)
{
    char sentence[1024];
    if (!telling->call->json) {
        return accord_refuse(telling->call, subject, error);
    }
    accord_error_sentence(error, subject, sentence, sizeof sentence);
    json_t *json = json_pack("{s:b, s:s, s:o}", "ok", 0, "rule", accord_status_rule(error->status), "sentence",
                             accord_json_text(accord_bytes_of(sentence)));
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
    /* Who cannot be told anything is told by the exit status. */
    if (text != NULL && accord_lines_put(&telling->lines, accord_bytes_of(text), NULL) == ACCORD_OK) {
        (void)!accord_lines_flush(&telling->lines, NULL);
    }
    free(text);
    return accord_status_exit(error->status);
}
