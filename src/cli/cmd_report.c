/* accord report: a flaw, sealed to its vendor, with a clock that everybody sees. It knows the order: everything that
 * can be refused is refused before anything is sealed, and everything is kept before anything is sent. */
#include "cli/cmd_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/case_call.h"
#include "cli/case_mail.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/log_source.h"
#include "cli/report_draft.h"
#include "cli/report_seal.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

#define VENDORS_MAX 32
#define TIMEOUT_SECONDS 60
#define TIMEOUT_MAX_SECONDS 86400

const struct accord_option accord_options_report[] = {
    {.name = "accord", .value = "LOG", .help = "the accord's directory, or its log's URL"},
    {.name = "to",
     .value = "VENDOR",
     .help = "the member whose product it is; several get a report each, which nobody can tie to another",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "product", .value = "P", .help = "the product: only its vendor reads it"},
    {.name = "affected",
     .value = "DIGEST|VERSION",
     .help = "what is affected: only its vendor reads it",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "title", .value = "T", .help = "what it is about, in a line; otherwise the first FILE's name"},
    {.name = "severity", .value = "VECTOR", .help = "a CVSS vector"},
    {.name = "contact", .value = "C", .help = "where the vendor can reach you, if you want that"},
    {.name = "opens", .value = "DATE|DURATION", .help = "when the embargo should end; otherwise as the charter says"},
    {.name = "custodians", .value = "K/N", .help = "K of N members can open it when its time has come"},
    {.name = "custodian",
     .value = "DOMAIN",
     .help = "one of the N; otherwise they are of as many jurisdictions as there are",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "blinded", .help = "hide the vendor's name, too"},
    {.name = "introduce", .value = "KEY", .help = "a key of a member that introduces it, where the log asks for that"},
    {.name = "trust", .value = "TRUST", .help = "a trust file: whose accord this has to be"},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = "dry-run", .help = "say what everybody would see, and send nothing"},
    {.name = "resume", .value = "CASE", .help = "go on with the report of this case file, where it was cut off"},
    {.name = "output", .letter = 'o', .value = "NAME", .help = "NAME.accord-case and NAME.age; otherwise report"},
    {.name = NULL}};

struct reporting {
    const struct accord_call *call;
    struct accord_case_log log;
    const struct accord_roster_claim *roster;
    struct accord_enter enter;
    char location[ACCORD_PATH_SIZE]; /* of the log; a directory's from the root on */
    const char *introduce[1];
    char introducer[256];
    uint64_t opens, limit;
    unsigned work;
    struct accord_buffer passphrase_memory;
    struct accord_bytes passphrase;
    struct accord_cover *files;
    size_t count;
    struct accord_report_draft *drafts[VENDORS_MAX];
};

/* Options */

static void waiting(void *context)
{
    accord_note(context, "waiting until the log publishes it with its quorum ...");
}

int accord_report_enter_call(const struct accord_call *call, struct accord_enter *enter)
{
    const char *timeout = accord_call_value(call, "timeout");
    uint64_t seconds = TIMEOUT_SECONDS;
    if (timeout != NULL &&
        (!accord_decimal_read(accord_bytes_of(timeout), &seconds) || seconds == 0 || seconds > TIMEOUT_MAX_SECONDS)) {
        return accord_usage(call, "--timeout is a number of seconds, from 1 to %d", TIMEOUT_MAX_SECONDS);
    }
    *enter = (struct accord_enter){.fs = call->fs,
                                   .crypto = call->crypto,
                                   .clock = call->clock,
                                   .network = call->network,
                                   .timeout_ms = seconds * 1000,
                                   .waiting = waiting,
                                   .waiting_context = (void *)(uintptr_t)call,
                                   .passphrase_file = accord_call_value(call, "passphrase-file")};
    return 0;
}

/* A directory by its whole path: the case file may be used from anywhere. */
static int take_location(struct reporting *reporting)
{
    const char *given = accord_call_value(reporting->call, "accord");
    char *whole = accord_location_is_url(given) ? NULL : realpath(given, NULL);
    int size = snprintf(reporting->location, sizeof reporting->location, "%s", whole == NULL ? given : whole);
    free(whole);
    reporting->enter.location = reporting->location;
    return size >= 0 && (size_t)size < sizeof reporting->location
               ? 0
               : accord_refuse_status(reporting->call, given, ACCORD_TOO_LARGE, NULL);
}

static int check_usage(const struct accord_call *call)
{
    const char *first, *other;
    size_t cursor = 0;
    if (accord_call_value(call, "accord") == NULL) {
        return accord_usage(call, "--accord is missing");
    }
    if (accord_call_count(call, "to") == 0 || accord_call_count(call, "to") > VENDORS_MAX) {
        return accord_usage(call, "--to VENDOR says whom it goes to: 1 to %d of them", VENDORS_MAX);
    }
    if (call->operand_count == 0 || call->operand_count > ACCORD_COVER_FILES_MAX) {
        return accord_usage(call, "it needs 1 to %d files", ACCORD_COVER_FILES_MAX);
    }
    while (accord_call_next(call, "to", &cursor, &first)) {
        for (size_t next = cursor; accord_call_next(call, "to", &next, &other);) {
            if (strcmp(first, other) == 0) {
                return accord_usage(call, "--to %s: each vendor once", first);
            }
        }
    }
    return 0;
}

static int take_opens(struct reporting *reporting)
{
    const struct accord_call *call = reporting->call;
    const char *text = accord_call_value(call, "opens");
    uint64_t now = call->clock->now(call->clock->context);
    const struct accord_embargo_rule *rule = &reporting->log.chain->charter.embargo;
    reporting->opens = now + (uint64_t)rule->days * ACCORD_CASE_DAY;
    if (text != NULL && (!accord_case_when(text, now, &reporting->opens) || reporting->opens <= now)) {
        return accord_usage(call, "--opens %s: expected a day to come, like 2027-02-28, or a duration, like 60d", text);
    }
    if (reporting->opens > now + (uint64_t)rule->latest * ACCORD_CASE_DAY) {
        accord_note(call, "note: this accord's charter opens every report after at most %u days", rule->latest);
    }
    return 0;
}

/* Who introduces it is in the name of the key. */
static enum accord_status take_introducer(struct reporting *reporting, struct accord_error *error)
{
    const struct accord_call *call = reporting->call;
    struct accord_signer *signer;
    reporting->introduce[0] = accord_call_value(call, "introduce");
    if (reporting->introduce[0] == NULL) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_signer_open(&signer, call->fs, reporting->introduce[0],
                                                   accord_call_value(call, "passphrase-file"), error);
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_bytes domain = accord_signer_vkey(signer)->name, rest = domain;
    if (!accord_cut(&rest, '/', &domain)) {
        domain = rest;
    }
    (void)snprintf(reporting->introducer, sizeof reporting->introducer, "%.*s", ACCORD_TEXT(domain));
    accord_signer_free(signer);
    return ACCORD_OK;
}

static enum accord_status take_passphrase(struct reporting *reporting, struct accord_error *error)
{
    const char *path = accord_call_value(reporting->call, "passphrase-file");
    return path == NULL ? ACCORD_OK
                        : accord_passphrase_read(reporting->call->fs, path, &reporting->passphrase_memory,
                                                 &reporting->passphrase, error);
}

/* Drafts */

/* An empty case file is one that was cut off while it was made: nothing had been sent. */
static void remove_empty(const struct accord_call *call, const char *path)
{
    int handle = call->fs->open(call->fs->context, path, ACCORD_OPEN_READ, 0);
    bool empty = handle >= 0 && call->fs->size(call->fs->context, handle) == 0;
    if (handle >= 0) {
        (void)call->fs->close(call->fs->context, handle);
    }
    if (empty) {
        (void)call->fs->unlink(call->fs->context, path);
    }
}

static enum accord_status name_files(const struct reporting *reporting, struct accord_report_draft *draft,
                                     struct accord_error *error)
{
    const struct accord_call *call = reporting->call;
    const char *output = accord_call_value(call, "output");
    char name[ACCORD_PATH_SIZE];
    output = output == NULL ? "report" : output;
    int size = reporting->count == 1
                   ? snprintf(name, sizeof name, "%s", output)
                   : snprintf(name, sizeof name, "%s.%.*s", output, ACCORD_TEXT(draft->member->domain));
    enum accord_status status = size < 0 || (size_t)size >= sizeof name
                                    ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                                    : accord_report_paths(&draft->sending, name, error);
    if (status == ACCORD_OK && !accord_call_flag(call, "dry-run")) {
        remove_empty(call, draft->sending.case_path);
    }
    const char *const taken[] = {draft->sending.case_path, draft->sending.sealed_path};
    for (size_t i = 0; status == ACCORD_OK && i < sizeof taken / sizeof taken[0]; i++) {
        if (call->fs->exists(call->fs->context, taken[i]) != 0) {
            status = accord_fail(error, ACCORD_EXISTS, 0);
            accord_error_what(error, accord_bytes_of(taken[i]));
            accord_error_expected(error, ACCORD_LITERAL("another name with -o, or --resume to go on with it"));
        }
    }
    return status;
}

static void prepare_sending(struct reporting *reporting, struct accord_report_draft *draft)
{
    struct accord_report_sending *sending = &draft->sending;
    sending->call = reporting->call;
    sending->enter = &reporting->enter;
    sending->introduce = reporting->introduce[0] == NULL ? NULL : reporting->introduce;
    sending->passphrase = reporting->passphrase;
    sending->file = &draft->file;
    sending->signer = draft->signer;
    sending->claim = &draft->claim;
    sending->work = reporting->introduce[0] == NULL ? reporting->work : 0;
    draft->file.log = accord_bytes_of(reporting->location);
}

static enum accord_status make_drafts(struct reporting *reporting, const struct accord_report_custody *custody,
                                      struct accord_error *error)
{
    const char *vendor;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(reporting->call, "to", &cursor, &vendor)) {
        struct accord_report_draft **draft = &reporting->drafts[reporting->count++];
        status =
            accord_report_draft_new(draft, reporting->call, reporting->roster, accord_bytes_of(vendor), custody, error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < reporting->count; i++) {
        status = name_files(reporting, reporting->drafts[i], error);
        prepare_sending(reporting, reporting->drafts[i]);
    }
    return status;
}

static enum accord_status make_covers(struct reporting *reporting, struct accord_error *error)
{
    struct accord_bytes keys[VENDORS_MAX];
    uint8_t group[ACCORD_HASH_SIZE];
    for (size_t i = 0; i < reporting->count; i++) {
        keys[i] = reporting->drafts[i]->cover.key;
    }
    accord_cover_group(reporting->call->crypto, keys, reporting->count, group);
    reporting->files = calloc(1, sizeof *reporting->files);
    enum accord_status status = reporting->files == NULL
                                    ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                                    : accord_report_files(reporting->call, reporting->files, error);
    for (size_t i = 0; status == ACCORD_OK && i < reporting->count; i++) {
        struct accord_report_draft *draft = reporting->drafts[i];
        status = accord_report_draft_cover(draft, reporting->files, reporting->count > 1 ? group : NULL, error);
        if (status == ACCORD_OK && accord_report_draft_size(draft) > reporting->limit) {
            status = accord_fail(error, ACCORD_TOO_LARGE, 0);
            accord_error_what(error, ACCORD_LITERAL("the sealed report"));
            accord_error_expected_number(error, reporting->limit);
            accord_error_found_number(error, accord_report_draft_size(draft));
        }
    }
    return status;
}

/* Telling */

static void tell_custody(const struct accord_call *call, const struct accord_report_draft *draft)
{
    for (size_t i = 0; i < draft->custody.count; i++) {
        const struct accord_member *member = &draft->roster->members[draft->custody.members[i]];
        accord_note(call, "  %-12s %.*s (%.*s)", i == 0 ? "custodians" : "", ACCORD_TEXT(member->domain),
                    ACCORD_TEXT(member->jurisdiction));
    }
    if (draft->custody.k > 0) {
        accord_note(call,
                    "               any %u of them together can open it, at any time: they are asked to when it opens",
                    draft->custody.k);
    }
}

/* What the entry will show: said before it is sent, since nothing takes it back. */
static void tell_shown(const struct reporting *reporting)
{
    const struct accord_call *call = reporting->call;
    const struct accord_member *vendor;
    char opens[32];
    accord_case_hour(reporting->opens, opens);
    accord_note(call, "everybody will see, from now on and for ever:");
    for (size_t i = 0; i < reporting->count; i++) {
        const struct accord_report_draft *draft = reporting->drafts[i];
        vendor = draft->member;
        if (accord_call_flag(call, "blinded")) {
            accord_note(call, "  vendor       hidden, until %.*s or you name it", ACCORD_TEXT(vendor->domain));
        } else {
            accord_note(call, "  vendor       %.*s", ACCORD_TEXT(vendor->domain));
        }
        accord_note(call, "  size         %" PRIu64 " bytes, which is a size class; sealed to %zu key%s",
                    accord_report_draft_size(draft), draft->cover.recipient_count,
                    draft->cover.recipient_count == 1 ? "" : "s");
        tell_custody(call, draft);
    }
    accord_note(call, "  time         now, and that it should open on %s", opens);
    if (reporting->introduce[0] != NULL) {
        accord_note(call, "  introduced   by %s", reporting->introducer);
    }
    accord_note(call, "nobody but the vendor will see, until it opens: what it says, its title and product, its files' "
                      "names and number, your contact");
    if (accord_location_is_url(reporting->location)) {
        accord_note(call, "the log's host will see the network address that you send it from");
    }
}

void accord_report_tell(const struct accord_report_sending *sending)
{
    const struct accord_call *call = sending->call;
    char name[17], silent[32], opens[32];
    accord_case_short(sending->id, name);
    accord_case_hour(sending->silent, silent);
    accord_case_hour(sending->opens, opens);
    accord_note(call, "reported to %.*s: case %s, entry %" PRIu64 " of the log", ACCORD_TEXT(sending->file->vendor),
                name, sending->index);
    accord_note(call, "  without a receipt until %s its vendor is silent, and it opens earlier", silent);
    accord_note(call, "  it opens on %s", opens);
    accord_note(call, "  keep %s: without it you cannot speak in this case, or open it", sending->case_path);
}

json_t *accord_report_json(const struct accord_report_sending *sending)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "case", accord_json_digest(sending->id), "vendor",
                     accord_json_text(sending->file->vendor), "index", accord_json_number(sending->index), "silent",
                     accord_json_number(sending->silent), "opens", accord_json_number(sending->opens), "file",
                     accord_json_text(accord_bytes_of(sending->case_path)), "sealed",
                     accord_json_text(accord_bytes_of(sending->sealed_path)));
}

static json_t *dry_json(const struct reporting *reporting)
{
    json_t *reports = json_array();
    for (size_t i = 0; i < reporting->count; i++) {
        const struct accord_report_draft *draft = reporting->drafts[i];
        json_t *custodians = json_array();
        for (size_t j = 0; j < draft->custody.count; j++) {
            (void)json_array_append_new(custodians,
                                        accord_json_text(reporting->roster->members[draft->custody.members[j]].domain));
        }
        (void)json_array_append_new(reports, json_pack("{s:o, s:b, s:o, s:o, s:o}", "vendor",
                                                       accord_json_text(draft->member->domain), "blinded",
                                                       accord_call_flag(reporting->call, "blinded"), "sealed_size",
                                                       accord_json_number(accord_report_draft_size(draft)), "opens",
                                                       accord_json_number(reporting->opens), "custodians", custodians));
    }
    return json_pack("{s:o, s:b}", "reports", reports, "dry_run", true);
}

/* Sending */

static int refuse_sending(const struct accord_report_draft *draft, struct accord_error *error)
{
    const struct accord_call *call = draft->call;
    bool kept = call->fs->exists(call->fs->context, draft->sending.case_path) == 1;
    int result = accord_refuse(call, NULL, error);
    if (!kept) {
        (void)call->fs->unlink(call->fs->context, draft->sending.part_path);
    } else {
        accord_note(call, "  to go on: accord report --resume %s", draft->sending.case_path);
    }
    return result;
}

static int send_one(const struct reporting *reporting, struct accord_report_draft *draft)
{
    struct accord_error error = {0};
    error.status = accord_report_draft_seal(draft, reporting->opens, accord_bytes_of(reporting->introducer), &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_report_enter(&draft->sending, ACCORD_REPORT_FRESH, &draft->entered, &error);
    }
    if (error.status == ACCORD_OK) {
        error.status = accord_report_upload(&draft->sending, &error);
    }
    if (error.status == ACCORD_OK) {
        error.status = accord_report_tick(&draft->sending, &draft->entered, &error);
    }
    return error.status == ACCORD_OK ? 0 : refuse_sending(draft, &error);
}

static int send_all(struct reporting *reporting)
{
    json_t *cases = json_array();
    int result = 0;
    for (size_t i = 0; result == 0 && i < reporting->count; i++) {
        result = send_one(reporting, reporting->drafts[i]);
        if (result == 0) {
            accord_report_tell(&reporting->drafts[i]->sending);
            (void)json_array_append_new(cases, accord_report_json(&reporting->drafts[i]->sending));
        }
    }
    if (result != 0) {
        json_decref(cases);
        return result;
    }
    return accord_answer(reporting->call, json_pack("{s:o}", "cases", cases));
}

/* All that needs the log's roster, and can still be refused. */
static enum accord_status prepare(struct reporting *reporting, const struct accord_report_custody *custody,
                                  struct accord_error *error)
{
    enum accord_status status = take_introducer(reporting, error);
    if (status == ACCORD_OK) {
        status = take_passphrase(reporting, error);
    }
    if (status == ACCORD_OK) {
        status =
            accord_case_mail_terms(reporting->call, reporting->location, &reporting->limit, &reporting->work, error);
    }
    if (status == ACCORD_OK) {
        status = make_drafts(reporting, custody, error);
    }
    return status == ACCORD_OK ? make_covers(reporting, error) : status;
}

static int report(struct reporting *reporting)
{
    const struct accord_call *call = reporting->call;
    struct accord_report_custody *custody = calloc(1, sizeof *custody);
    struct accord_error error = {0};
    int result = custody == NULL ? accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL)
                                 : accord_report_custodians(call, reporting->roster, custody);
    if (result == 0) {
        result = take_opens(reporting);
    }
    if (result == 0) {
        error.status = prepare(reporting, custody, &error);
        result = error.status == ACCORD_OK ? 0 : accord_refuse(call, NULL, &error);
    }
    free(custody);
    if (result != 0) {
        return result;
    }
    if (accord_call_value(call, "trust") == NULL) {
        accord_note(call, "note: without --trust, whose accord this is, and whose keys, is the log's own word");
    }
    tell_shown(reporting);
    return accord_call_flag(call, "dry-run") ? accord_answer(call, dry_json(reporting)) : send_all(reporting);
}

/* Whose keys these are: the log's chain of rosters, to its newest. */
static int with_log(struct reporting *reporting)
{
    static const uint8_t none[ACCORD_HASH_SIZE];
    const struct accord_docket_filter filter = {.id = none};
    const struct accord_call *call = reporting->call;
    struct accord_error error = {0};
    error.status = accord_case_log_open(&reporting->log, call, reporting->location, accord_call_value(call, "trust"),
                                        &filter, &error);
    if (error.status == ACCORD_OK) {
        reporting->roster = accord_chain_roster(reporting->log.chain);
    }
    int result = error.status == ACCORD_OK ? report(reporting) : accord_refuse(call, reporting->location, &error);
    for (size_t i = 0; i < reporting->count; i++) {
        accord_report_draft_free(reporting->drafts[i]);
    }
    accord_case_log_free(&reporting->log);
    return result;
}

int accord_run_report(struct accord_call *call)
{
    const char *resumed = accord_call_value(call, "resume");
    if (resumed != NULL) {
        return accord_report_resume(call, resumed);
    }
    int result = check_usage(call);
    if (result != 0) {
        return result;
    }
    struct reporting *reporting = calloc(1, sizeof *reporting);
    if (reporting == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    reporting->call = call;
    result = accord_report_enter_call(call, &reporting->enter);
    if (result == 0) {
        result = take_location(reporting);
    }
    if (result == 0) {
        result = with_log(reporting);
    }
    accord_buffer_wipe(&reporting->passphrase_memory);
    free(reporting->files);
    free(reporting);
    return result;
}
