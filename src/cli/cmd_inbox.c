/* accord inbox: the vendor's side of reports. It fetches, opens, and holds what it finds against the log; whether a
 * flaw is one, people decide. What it shows was written by a stranger, and is shown as text and nothing else. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/accord_dir.h"
#include "cli/case_log.h"
#include "cli/case_opening.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/plain.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

#define DIRECTORY_MODE 0700

const struct accord_option accord_options_inbox[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "key",
     .value = "REPORTKEY",
     .help = "a report key of the vendor; those that it had before, too",
     .rule = ACCORD_OPTION_SOME},
    {.name = "vendor", .value = "NAME", .help = "whose inbox it is, where the roster has none of the keys any more"},
    {.name = "trust", .value = "TRUST", .help = "a trust file: its charter, and none of whom it distrusts"},
    ACCORD_ENTER_PASSPHRASE,
    {.name = "output", .letter = 'o', .value = "DIR", .help = "extract each report into a directory of its own there"},
    {.name = NULL}};

struct inbox {
    const struct accord_call *call;
    const char *location, *directory;
    struct accord_case_log log;
    uint8_t (*secrets)[32];
    size_t secret_count;
    struct accord_bytes vendor;
    json_t *reports;
    size_t opened, unopened, foreign, absent; /* absent: blinded ones that the mailbox has not */
    bool refused;                             /* one that names this vendor does not open */
};

/* Whose keys are they? */
static int find_vendor(struct inbox *inbox)
{
    const struct accord_roster_claim *roster = accord_chain_roster(inbox->log.chain);
    const char *given = accord_call_value(inbox->call, "vendor");
    for (size_t i = 0; given == NULL && i < inbox->secret_count; i++) {
        uint8_t recipient[32];
        char text[63];
        accord_age_recipient_of(inbox->secrets[i], recipient);
        accord_age_recipient_print(recipient, text);
        for (size_t j = 0; j < roster->key_count; j++) {
            const struct accord_roster_key *key = &roster->keys[j];
            if (key->role == ACCORD_ROLE_REPORT && accord_bytes_equal(key->text, accord_bytes_of(text))) {
                inbox->vendor = roster->members[key->member].domain;
            }
        }
    }
    inbox->vendor = given == NULL ? inbox->vendor : accord_bytes_of(given);
    return inbox->vendor.size > 0
               ? 0
               : accord_refuse_words(inbox->call, ACCORD_NOT_A_MEMBER,
                                     "none of these keys is a report key of a member now: say whose they were with "
                                     "--vendor");
}

/* One report */

static void tell_text(const struct inbox *inbox, const char *what, struct accord_bytes text)
{
    char shown[ACCORD_PLAIN_SIZE];
    if (text.size > 0) {
        accord_note(inbox->call, "  %-12s %s", what, accord_plain(text, shown));
    }
}

static void tell_times(const struct inbox *inbox, const struct accord_docket_case *found)
{
    const struct accord_call *call = inbox->call;
    struct accord_case_standing standing;
    char when[32];
    accord_case_stand(&found->state, accord_docket_now(inbox->log.docket), &standing);
    accord_case_hour(found->state.time, when);
    accord_note(call, "  %-12s %s", "reported", when);
    accord_case_hour(standing.opens, when);
    accord_note(call, "  %-12s %s%s", "opens", when, standing.disclosable ? " (it is open)" : "");
    accord_case_hour(found->state.received, when);
    accord_note(call, "  %-12s %s", "receipt", found->state.received == 0 ? "none yet: accord case receipt" : when);
}

static void tell_report(const struct inbox *inbox, const struct accord_docket_case *found,
                        const struct accord_case_opening *opening, const char *directory)
{
    const struct accord_cover *cover = opening->cover;
    char name[17];
    accord_case_short(found->id, name);
    accord_note(inbox->call, "case %s, entry %" PRIu64 "%s", name, found->index,
                found->claim.vendor.size == 0 ? ", blinded: your receipt says whose it is" : "");
    tell_text(inbox, "title", cover->title);
    tell_text(inbox, "product", cover->product);
    for (size_t i = 0; i < cover->affected_count; i++) {
        tell_text(inbox, i == 0 ? "affected" : "", cover->affected[i]);
    }
    tell_text(inbox, "severity", cover->severity);
    tell_text(inbox, "contact", cover->contact);
    for (size_t i = 0; i < cover->file_count; i++) {
        tell_text(inbox, i == 0 ? "files" : "", cover->files[i].name);
    }
    tell_times(inbox, found);
    if (directory != NULL) {
        accord_note(inbox->call, "  %-12s %s", "extracted to", directory);
    }
}

static json_t *files_json(const struct accord_cover *cover)
{
    json_t *files = json_array();
    for (size_t i = 0; i < cover->file_count; i++) {
        (void)json_array_append_new(files, json_pack("{s:o, s:o}", "name", accord_json_text(cover->files[i].name),
                                                     "size", accord_json_number(cover->files[i].size)));
    }
    return files;
}

static json_t *case_json(const struct inbox *inbox, const struct accord_docket_case *found, bool opened)
{
    struct accord_case_standing standing;
    accord_case_stand(&found->state, accord_docket_now(inbox->log.docket), &standing);
    return json_pack("{s:o, s:o, s:b, s:b, s:b, s:o, s:o}", "case", accord_json_digest(found->id), "index",
                     accord_json_number(found->index), "opened", opened, "blinded", found->claim.vendor.size == 0,
                     "received", found->state.received != 0, "time", accord_json_number(found->state.time), "opens",
                     accord_json_number(standing.opens));
}

static void add_report(struct inbox *inbox, const struct accord_docket_case *found,
                       const struct accord_case_opening *opening, const char *directory)
{
    const struct accord_cover *cover = opening->cover;
    json_t *report = case_json(inbox, found, true), *affected = json_array();
    for (size_t i = 0; i < cover->affected_count; i++) {
        (void)json_array_append_new(affected, accord_json_text(cover->affected[i]));
    }
    (void)json_object_set_new(report, "title", accord_json_text(cover->title));
    (void)json_object_set_new(report, "product", accord_json_text(cover->product));
    (void)json_object_set_new(report, "severity", accord_json_text(cover->severity));
    (void)json_object_set_new(report, "contact", accord_json_text(cover->contact));
    (void)json_object_set_new(report, "affected", affected);
    (void)json_object_set_new(report, "files", files_json(cover));
    (void)json_object_set_new(report, "parcel", accord_json_digest(opening->parcel));
    if (directory != NULL) {
        (void)json_object_set_new(report, "directory", accord_json_text(accord_bytes_of(directory)));
    }
    (void)json_array_append_new(inbox->reports, report);
}

/* Why it is not there to be read. */
static void add_refusal(struct inbox *inbox, const struct accord_docket_case *found, const struct accord_error *error)
{
    static const struct {
        const char *rule, *sentence;
    } said[] = {
#define SAID(name, rule, status, sentence) {rule, sentence},
        ACCORD_ERROR_LIST(SAID)
#undef SAID
    };
    char name[17], what[ACCORD_PLAIN_SIZE], there[ACCORD_PLAIN_SIZE];
    json_t *report = case_json(inbox, found, false);
    accord_case_short(found->id, name);
    accord_note(inbox->call, "case %s, entry %" PRIu64 ": does not open: %s", name, found->index,
                said[error->status].sentence);
    accord_note(inbox->call, "  %s%s%s%s%s", accord_plain(accord_bytes_of(error->what), what),
                error->expected[0] != '\0' ? ": expected " : "", error->expected,
                error->found[0] != '\0' ? ", found " : "", accord_plain(accord_bytes_of(error->found), there));
    (void)json_object_set_new(report, "rule", json_string(said[error->status].rule));
    (void)json_object_set_new(report, "what", accord_json_text(accord_bytes_of(error->what)));
    (void)json_object_set_new(report, "found", accord_json_text(accord_bytes_of(error->found)));
    (void)json_array_append_new(inbox->reports, report);
    inbox->unopened++;
}

/* Anybody can log a report in this vendor's name, and a blinded one in nobody's: what the vendor has answered already,
 * and what names nobody, is no reason to raise an alarm. */
static void take_refusal(struct inbox *inbox, const struct accord_docket_case *found, const struct accord_error *error)
{
    bool blinded = found->vendor.size == 0;
    if (blinded && error->status == ACCORD_WRONG_KEY) {
        inbox->foreign++;
        return;
    }
    if (blinded && error->status == ACCORD_NOT_FOUND) {
        inbox->absent++;
        return;
    }
    add_refusal(inbox, found, error);
    inbox->refused |= !blinded && found->state.refused == 0 && found->state.unreadable == 0;
}

/* The directory of a case below --output; NULL where nothing is to be extracted, or it was before. */
static const char *directory_of(const struct inbox *inbox, const struct accord_docket_case *found,
                                char path[ACCORD_PATH_SIZE])
{
    char name[17];
    if (inbox->directory == NULL) {
        return NULL;
    }
    accord_case_short(found->id, name);
    int size = snprintf(path, ACCORD_PATH_SIZE, "%s/%s", inbox->directory, name);
    bool there = size > 0 && size < ACCORD_PATH_SIZE && inbox->call->fs->exists(inbox->call->fs->context, path) == 0;
    return there ? path : NULL;
}

static void take_case(struct inbox *inbox, const struct accord_docket_case *found)
{
    const struct accord_case_keys keys = {
        .secrets = (const uint8_t(*)[32])inbox->secrets, .secret_count = inbox->secret_count, .may_be_anothers = true};
    struct accord_case_opening opening;
    struct accord_error error = {0};
    char path[ACCORD_PATH_SIZE];
    const char *directory = directory_of(inbox, found, path);
    error.status = accord_case_open(&opening, inbox->call, inbox->location, found, &keys, NULL, directory, &error);
    if (error.status == ACCORD_OK) {
        inbox->opened++;
        tell_report(inbox, found, &opening, directory);
        add_report(inbox, found, &opening, directory);
    } else {
        take_refusal(inbox, found, &error);
    }
    accord_case_opening_free(&opening);
}

/* All of them */

static int take_all(struct inbox *inbox)
{
    const struct accord_call *call = inbox->call;
    int made = inbox->directory == NULL ? 0 : call->fs->make_dir(call->fs->context, inbox->directory, DIRECTORY_MODE);
    if (made < 0 && call->fs->exists(call->fs->context, inbox->directory) != 2) {
        struct accord_error error = {0};
        error.status = accord_file_error(&error, made, inbox->directory);
        return accord_refuse(call, NULL, &error);
    }
    inbox->reports = json_array();
    for (size_t i = 0; i < accord_docket_count(inbox->log.docket); i++) {
        const struct accord_docket_case *found = accord_docket_case(inbox->log.docket, i);
        if (found->vendor.size == 0 || accord_bytes_equal(found->vendor, inbox->vendor)) {
            take_case(inbox, found);
        }
    }
    accord_case_tell_left_out(call, inbox->log.docket);
    accord_note(call, "reports to %.*s: %zu open, %zu do not", ACCORD_TEXT(inbox->vendor), inbox->opened,
                inbox->unopened);
    if (inbox->foreign + inbox->absent > 0) {
        accord_note(call, "blinded: %zu are not for these keys, %zu the mailbox has not", inbox->foreign,
                    inbox->absent);
    }
    return accord_answer_with(call,
                              json_pack("{s:o, s:o, s:I, s:I, s:o}", "vendor", accord_json_text(inbox->vendor),
                                        "reports", inbox->reports, "foreign", (json_int_t)inbox->foreign, "absent",
                                        (json_int_t)inbox->absent, "left_out",
                                        accord_json_number(accord_docket_left_out(inbox->log.docket))),
                              inbox->refused || accord_docket_left_out(inbox->log.docket) > 0 ? 1 : 0);
}

/* Whose inbox it is the roster says, and which cases are looked at follows from that: so the log is read for the first
 * before it is read for the second. */
static int with_log(struct inbox *inbox)
{
    static const uint8_t none[ACCORD_HASH_SIZE];
    const char *trust = accord_call_value(inbox->call, "trust");
    struct accord_docket_filter filter = {.id = none};
    struct accord_error error = {0};
    char vendor[256];
    error.status = accord_case_log_open(&inbox->log, inbox->call, inbox->location, trust, &filter, &error);
    int result = error.status == ACCORD_OK ? find_vendor(inbox) : accord_refuse(inbox->call, inbox->location, &error);
    (void)snprintf(vendor, sizeof vendor, "%.*s", ACCORD_TEXT(inbox->vendor));
    accord_case_log_free(&inbox->log);
    if (result != 0) {
        return result;
    }
    inbox->vendor = accord_bytes_of(vendor);
    filter = (struct accord_docket_filter){.vendor = inbox->vendor};
    error.status = accord_case_log_open(&inbox->log, inbox->call, inbox->location, trust, &filter, &error);
    result = error.status == ACCORD_OK ? take_all(inbox) : accord_refuse(inbox->call, inbox->location, &error);
    accord_case_log_free(&inbox->log);
    return result;
}

int accord_run_inbox(struct accord_call *call)
{
    struct inbox *inbox = calloc(1, sizeof *inbox);
    struct accord_error error = {0};
    if (inbox == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    inbox->call = call;
    inbox->location = accord_call_value(call, "accord");
    inbox->directory = accord_call_value(call, "output");
    error.status = accord_case_secrets(call, "key", &inbox->secrets, &inbox->secret_count, &error);
    int result = error.status == ACCORD_OK ? with_log(inbox) : accord_refuse(call, NULL, &error);
    accord_case_secrets_free(inbox->secrets, inbox->secret_count);
    free(inbox);
    return result;
}
