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
 * entry, subject and evidence where there are any. */
static json_t *finding_json(const struct accord_monitor_telling *telling, const struct accord_finding *finding)
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
                                      const struct accord_finding *finding, const char *json,
                                      struct accord_error *error)
{
    char index[32] = "";
    if (finding->has_index) {
        snprintf(index, sizeof index, "%" PRIu64, finding->index);
    }
    const struct accord_exec_variable variables[] = {
        {"ACCORD_FINDING_CODE", accord_finding_name(finding->code)},
        {"ACCORD_FINDING_SEVERITY", accord_severity_name(finding->severity)},
        {"ACCORD_FINDING_INDEX", index},
        {"ACCORD_FINDING_SUBJECT", finding->subject},
        {"ACCORD_FINDING_SENTENCE", finding->sentence},
        {"ACCORD_FINDING_EVIDENCE", finding->evidence == NULL ? "" : finding->evidence},
        {"ACCORD_FINDING_LOG", telling->log},
    };
    size_t count = sizeof variables / sizeof variables[0], size = strlen(json);
    char *line = malloc(size + 2);
    if (line == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    snprintf(line, size + 2, "%s\n", json);
    enum accord_status status = accord_monitor_exec(telling->command, accord_bytes_of(line), variables, count, error);
    free(line);
    return status;
}

enum accord_status accord_monitor_take(void *context, const struct accord_finding *finding, struct accord_error *error)
{
    struct accord_monitor_telling *telling = context;
    json_t *json = finding_json(telling, finding);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
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
        status = run_command(telling, finding, text, error);
    }
    free(text);
    return status;
}

enum accord_status accord_monitor_settle(void *context, struct accord_error *error)
{
    struct accord_monitor_telling *telling = context;
    return accord_lines_flush(&telling->lines, error);
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
