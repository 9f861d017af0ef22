/* accord report --resume: a report that was cut off. What is done already the log and its mailbox know; the case file
 * has the rest. It makes no second case: the entry is the one that was kept, and another one only where that is too old
 * to count and was never logged. */
#include "cli/cmd_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/become_net.h"
#include "cli/case_call.h"
#include "cli/case_mail.h"
#include "cli/log_source.h"
#include "cli/say.h"

#define SUFFIX ".accord-case"
/* An entry that was made so long ago is made again: past a day it would not count. */
#define OLD_SECONDS 43200

struct resuming {
    const struct accord_call *call;
    struct accord_case_reporter reporter;
    struct accord_enter enter;
    char location[ACCORD_PATH_SIZE];
    struct accord_report_claim *claim;
    struct accord_buffer passphrase_memory;
    struct accord_report_sending sending;
    struct accord_entered entered;
    const char *introduce[1];
    bool wants_tick;
};

static enum accord_status prepare(struct resuming *resuming, const char *path, struct accord_error *error)
{
    struct accord_report_sending *sending = &resuming->sending;
    const struct accord_call *call = resuming->call;
    const char *passphrase = accord_call_value(call, "passphrase-file");
    char name[ACCORD_PATH_SIZE];
    size_t size = strlen(path);
    bool suffixed = size > sizeof SUFFIX - 1 && strcmp(path + size - (sizeof SUFFIX - 1), SUFFIX) == 0;
    (void)snprintf(name, sizeof name, "%.*s", (int)(suffixed ? size - (sizeof SUFFIX - 1) : size), path);
    enum accord_status status = accord_report_paths(sending, name, error);
    (void)snprintf(sending->case_path, sizeof sending->case_path, "%s", path);
    if (status == ACCORD_OK && passphrase != NULL) {
        status =
            accord_passphrase_read(call->fs, passphrase, &resuming->passphrase_memory, &sending->passphrase, error);
    }
    if (status == ACCORD_OK) {
        status = accord_report_parse(resuming->claim, resuming->reporter.file.entry, call->crypto, error);
    }
    (void)snprintf(resuming->location, sizeof resuming->location, "%.*s", ACCORD_TEXT(resuming->reporter.file.log));
    resuming->enter.location = resuming->location;
    resuming->introduce[0] = accord_call_value(call, "introduce");
    sending->call = call;
    sending->enter = &resuming->enter;
    sending->introduce = resuming->introduce[0] == NULL ? NULL : resuming->introduce;
    sending->file = &resuming->reporter.file;
    sending->signer = resuming->reporter.signer;
    sending->claim = resuming->claim;
    return status;
}

/* Cut off between the case file and the name of what was sealed. */
static void name_sealed(const struct resuming *resuming)
{
    const struct accord_fs *fs = resuming->call->fs;
    const struct accord_report_sending *sending = &resuming->sending;
    if (fs->exists(fs->context, sending->sealed_path) == 0) {
        (void)fs->rename(fs->context, sending->part_path, sending->sealed_path);
    }
}

/* Is it in the log, published? Then its time is known. */
static enum accord_status look(struct resuming *resuming, bool *found, struct accord_error *error)
{
    struct accord_report_sending *sending = &resuming->sending;
    struct accord_case_log log;
    struct accord_case_standing standing;
    accord_hash(resuming->call->crypto, sending->file->entry, sending->id);
    const struct accord_docket_filter filter = {.id = sending->id};
    enum accord_status status = accord_case_log_open(&log, resuming->call, resuming->location,
                                                     accord_call_value(resuming->call, "trust"), &filter, error);
    *found = status == ACCORD_OK && accord_docket_count(log.docket) > 0;
    if (*found) {
        const struct accord_docket_case *one = accord_docket_case(log.docket, 0);
        accord_case_stand(&one->state, accord_docket_now(log.docket), &standing);
        sending->index = one->index;
        sending->time = one->state.time;
        sending->opens = standing.opens;
        sending->silent = one->state.time + (uint64_t)one->state.rule.receipt * ACCORD_CASE_DAY;
        resuming->wants_tick = accord_docket_wants_tick(log.docket);
    }
    if (status == ACCORD_OK) {
        resuming->entered.checkpoint.size = 0;
        status = accord_buffer_append(&resuming->entered.checkpoint, accord_buffer_bytes(&log.now.checkpoint));
    }
    accord_case_log_free(&log);
    return status;
}

static enum accord_status enter(struct resuming *resuming, struct accord_error *error)
{
    const struct accord_call *call = resuming->call;
    struct accord_report_sending *sending = &resuming->sending;
    uint64_t now = call->clock->now(call->clock->context), made = resuming->claim->moment.time, limit;
    bool old = now > made && now - made > OLD_SECONDS;
    if (old && resuming->claim->introduced.size > 0 && resuming->introduce[0] == NULL) {
        accord_fail(error, ACCORD_USAGE, 0);
        accord_error_expected(error, ACCORD_LITERAL("--introduce KEY once more, since the entry is made again"));
        return ACCORD_USAGE;
    }
    enum accord_status status = ACCORD_OK;
    if (old && resuming->claim->introduced.size == 0) {
        status = accord_case_mail_terms(call, resuming->location, &limit, &sending->work, error);
    }
    resuming->entered.checkpoint.size = 0;
    resuming->wants_tick = true;
    return status == ACCORD_OK
               ? accord_report_enter(sending, old ? ACCORD_REPORT_AGAIN : ACCORD_REPORT_SAME, &resuming->entered, error)
               : status;
}

/* In the log it is, but nobody published it: a tick does, and a second one covers it. */
static enum accord_status publish(struct resuming *resuming, struct accord_error *error)
{
    bool found = false;
    enum accord_status status = look(resuming, &found, error);
    if (status == ACCORD_OK && !found) {
        status = accord_report_tick(&resuming->sending, &resuming->entered, error);
    }
    if (status == ACCORD_OK) {
        status = look(resuming, &found, error);
    }
    return status == ACCORD_OK && !found ? accord_fail(error, ACCORD_QUORUM, 0) : status;
}

static enum accord_status resume(struct resuming *resuming, struct accord_error *error)
{
    bool found = false;
    name_sealed(resuming);
    enum accord_status status = look(resuming, &found, error);
    if (status == ACCORD_OK && !found) {
        status = enter(resuming, error);
        if (status == ACCORD_DUPLICATE && resuming->sending.in_log) {
            status = publish(resuming, error);
        }
    }
    if (status == ACCORD_OK) {
        status = accord_report_upload(&resuming->sending, error);
    }
    return status == ACCORD_OK && resuming->wants_tick
               ? accord_report_tick(&resuming->sending, &resuming->entered, error)
               : status;
}

static int run(struct resuming *resuming, const char *path)
{
    const struct accord_call *call = resuming->call;
    struct accord_error error = {0};
    int result = accord_report_enter_call(call, &resuming->enter);
    if (result != 0) {
        return result;
    }
    error.status = accord_case_reporter_open(&resuming->reporter, call, path, &error);
    if (error.status == ACCORD_OK) {
        error.status = prepare(resuming, path, &error);
    }
    if (error.status == ACCORD_OK && accord_location_is_url(resuming->location) && call->network == NULL) {
        return accord_become_net(call);
    }
    if (error.status == ACCORD_OK) {
        error.status = resume(resuming, &error);
    }
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, path, &error);
    }
    accord_report_tell(&resuming->sending);
    return accord_answer(call, json_pack("{s:[o]}", "cases", accord_report_json(&resuming->sending)));
}

int accord_report_resume(const struct accord_call *call, const char *path)
{
    struct resuming *resuming = calloc(1, sizeof *resuming);
    struct accord_report_claim *claim = calloc(1, sizeof *claim);
    if (resuming == NULL || claim == NULL) {
        free(resuming);
        free(claim);
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    resuming->call = call;
    resuming->claim = claim;
    accord_entered_init(&resuming->entered);
    int result = run(resuming, path);
    accord_case_reporter_free(&resuming->reporter);
    accord_entered_free(&resuming->entered);
    accord_buffer_wipe(&resuming->passphrase_memory);
    free(claim);
    free(resuming);
    return result;
}
