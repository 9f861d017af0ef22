/* accord member admit, sign: the next roster, put together from what candidates and members ask for, and signed by
 * member after member, each on a machine of its own. What a change does to the roster's lines stands in
 * roster/draft.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/member_files.h"
#include "cli/say.h"
#include "core/text.h"
#include "roster/draft.h"

#define WORDS_SIZE (4 * ACCORD_ENTRY_SIZE_MAX)

const struct accord_option accord_options_member_admit[] = {
    {.name = "accord",
     .value = "LOG",
     .help = "the accord's directory, or its log's URL",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "remove", .value = "DOMAIN", .help = "a member that is in no more", .rule = ACCORD_OPTION_REPEATED},
    {.name = "revoke",
     .value = "VKEY@INDEX[@TIME]",
     .help = "a key that counts only below this index of the log, elsewhere before this time",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "open-log", .value = "VKEY[=URL]", .help = "a log more", .rule = ACCORD_OPTION_REPEATED},
    {.name = "close-log",
     .value = "ORIGIN[=LOG]",
     .help = "a log that is closed with its newest tree, read from LOG; from the accord's otherwise",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "quorum", .value = "J/K", .help = "a quorum is K witnesses in each of J jurisdictions"},
    {.name = "admit", .value = "N", .help = "how many members must sign the roster after the next"},
    {.name = "key", .value = "KEY", .help = "a release key of a member that agrees", .rule = ACCORD_OPTION_REPEATED},
    {.name = "passphrase-file", .value = "F", .help = "the passphrase of the keys"},
    {.name = "output", .letter = 'o', .value = "NEXT", .help = "where to write it", .rule = ACCORD_OPTION_REQUIRED},
    {.name = NULL}};

const struct accord_option accord_options_member_sign[] = {
    {.name = "accord",
     .value = "LOG",
     .help = "the accord's directory, or its log's URL",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key",
     .value = "KEY",
     .help = "a key to sign with; without one it is only shown",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "passphrase-file", .value = "F", .help = "the passphrase of the keys"},
    {.name = "output", .letter = 'o', .value = "OUT", .help = "where to write; over FILE otherwise"},
    {.name = NULL}};

/* A next roster: as it is assembled, and as it stands in a file. */
struct next {
    const struct accord_call *call;
    struct accord_member_log log;
    struct accord_draft draft;
    struct accord_roster_claim *drafted, *claim;
    struct accord_member_file file;
    /* The files that it borrows from. */
    struct accord_member_file *sources;
    struct accord_apply_claim *applications;
    uint8_t (*origins)[ACCORD_ORIGIN_SIZE_MAX];
    const char *subject; /* the file that is at fault */
};

static enum accord_status wrong(const char *option, const char *value, struct accord_error *error)
{
    accord_fail(error, ACCORD_USAGE, 0);
    accord_error_what(error, accord_bytes_of(option));
    accord_error_found(error, accord_bytes_of(value));
    return ACCORD_USAGE;
}

static enum accord_status check_charter(const struct next *next, const uint8_t charter[ACCORD_HASH_SIZE],
                                        struct accord_error *error)
{
    if (memcmp(charter, next->log.chain->digest, ACCORD_HASH_SIZE) == 0) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_CHAIN, 0);
    accord_error_what(error, ACCORD_LITERAL("charter"));
    accord_error_expected(error, ACCORD_LITERAL("this accord's"));
    return ACCORD_CHAIN;
}

/* Whether its own keys of today speak for a change of its keys: where they were lost, the others must know another way.
 */
static void tell_speaker(const struct next *next, const struct accord_apply_claim *apply)
{
    const struct accord_roster_claim *roster = accord_chain_roster(next->log.chain);
    struct accord_signers signers;
    if (accord_roster_member(roster, apply->member.domain) == SIZE_MAX) {
        return;
    }
    if (accord_roster_signed(roster, &apply->statement.note, apply->member.domain, NULL, next->call->crypto, &signers,
                             NULL) != ACCORD_OK) {
        accord_note(next->call,
                    "%.*s: this change of keys is NOT signed by its present release keys: make sure that it is its own",
                    ACCORD_TEXT(apply->member.domain));
    }
}

static enum accord_status take_application(struct next *next, size_t i, struct accord_error *error)
{
    struct accord_apply_claim *apply = &next->applications[i];
    enum accord_status status =
        accord_apply_parse(apply, accord_buffer_bytes(&next->sources[i].whole), next->call->crypto, error);
    if (status == ACCORD_OK) {
        status = check_charter(next, apply->charter, error);
    }
    if (status == ACCORD_OK) {
        status = accord_apply_verify(apply, next->call->crypto, error);
    }
    if (status == ACCORD_OK) {
        tell_speaker(next, apply);
        status = accord_draft_apply(&next->draft, apply, error);
    }
    return status;
}

static enum accord_status take_departure(struct next *next, size_t i, struct accord_error *error)
{
    struct accord_leave_claim leave;
    struct accord_signers signers;
    enum accord_status status = accord_leave_parse(&leave, accord_buffer_bytes(&next->sources[i].whole), error);
    if (status == ACCORD_OK) {
        status = check_charter(next, leave.charter, error);
    }
    if (status == ACCORD_OK) {
        status = accord_roster_signed(accord_chain_roster(next->log.chain), &leave.statement.note, leave.member, NULL,
                                      next->call->crypto, &signers, error);
    }
    return status == ACCORD_OK ? accord_draft_remove(&next->draft, leave.member, error) : status;
}

static enum accord_status take_files(struct next *next, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < next->call->operand_count; i++) {
        next->subject = next->call->operands[i];
        status = accord_member_file_read(&next->sources[i], next->call, next->subject, error);
        if (status != ACCORD_OK) {
            return status;
        }
        if (accord_bytes_equal(next->sources[i].kind, ACCORD_LITERAL("apply"))) {
            status = take_application(next, i, error);
        } else if (accord_bytes_equal(next->sources[i].kind, ACCORD_LITERAL("leave"))) {
            status = take_departure(next, i, error);
        } else {
            status = accord_fail(error, ACCORD_UNKNOWN_KIND, 1);
            accord_error_expected(error, ACCORD_LITERAL("apply or leave"));
            accord_error_found(error, next->sources[i].kind);
        }
    }
    next->subject = status == ACCORD_OK ? NULL : next->subject;
    return status;
}

/* --open-log VKEY[=URL] */
static enum accord_status open_logs(struct next *next, struct accord_error *error)
{
    const char *argument;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(next->call, "open-log", &cursor, &argument)) {
        const char *url = strstr(argument, "=http");
        struct accord_bytes text = accord_bytes_of(argument);
        struct accord_vkey vkey;
        text.size = url == NULL ? text.size : (size_t)(url - argument);
        status = accord_vkey_parse(&vkey, text, next->call->crypto, error);
        if (status == ACCORD_OK) {
            status = accord_draft_open_log(
                &next->draft, &vkey, url == NULL ? (struct accord_bytes){NULL, 0} : accord_bytes_of(url + 1), error);
        }
    }
    return status;
}

/* --close-log ORIGIN[=LOG] */
static enum accord_status close_logs(struct next *next, struct accord_error *error)
{
    const char *argument;
    size_t cursor = 0, count = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(next->call, "close-log", &cursor, &argument)) {
        const char *location = strchr(argument, '=');
        struct accord_bytes origin = accord_bytes_of(argument);
        struct accord_checkpoint last;
        uint64_t time;
        origin.size = location == NULL ? origin.size : (size_t)(location - argument);
        status = accord_member_last(next->call, accord_chain_roster(next->log.chain),
                                    location == NULL ? accord_call_value(next->call, "accord") : location + 1, &last,
                                    &time, next->origins[count++], error);
        if (status == ACCORD_OK && !accord_bytes_equal(last.origin, origin)) {
            accord_fail(error, ACCORD_WRONG_KEY, 0);
            accord_error_expected(error, origin);
            accord_error_found(error, last.origin);
            return ACCORD_WRONG_KEY;
        }
        if (status == ACCORD_OK) {
            status = accord_draft_close_log(&next->draft, &last, time, error);
        }
    }
    return status;
}

/* --revoke VKEY@INDEX[@TIME]. What was signed below an index that is not the tree's end, and when, nobody has vouched
 * for: without a time the key counts for nothing in other logs. */
static enum accord_status revoke(struct next *next, const char *argument, struct accord_error *error)
{
    const char *plus = strrchr(argument, '+'), *at = plus == NULL ? NULL : strchr(plus, '@');
    uint64_t index, time = 0;
    if (at == NULL) {
        return wrong("revoke", argument, error);
    }
    struct accord_bytes rest = accord_bytes_of(at + 1), number = rest;
    bool timed = accord_cut(&rest, '@', &number);
    if (!accord_decimal_read(number, &index) || (timed && !accord_decimal_read(rest, &time))) {
        return wrong("revoke", argument, error);
    }
    if (!timed && index >= next->draft.now.index) {
        time = next->draft.now.seen_at;
    }
    const struct accord_bytes vkey = {(const uint8_t *)argument, (size_t)(at - argument)};
    return accord_draft_revoke(&next->draft, vkey, index, time, error);
}

static enum accord_status take_numbers(struct next *next, struct accord_error *error)
{
    const char *quorum = accord_call_value(next->call, "quorum"), *admit = accord_call_value(next->call, "admit");
    uint64_t number, other;
    if (quorum != NULL) {
        struct accord_bytes witnesses = accord_bytes_of(quorum), jurisdictions;
        if (!accord_cut(&witnesses, '/', &jurisdictions) || !accord_decimal_read(jurisdictions, &number) ||
            !accord_decimal_read(witnesses, &other) || number > ACCORD_MEMBERS_MAX || other > ACCORD_MEMBERS_MAX) {
            return wrong("quorum", quorum, error);
        }
        next->drafted->quorum_jurisdictions = (unsigned)number;
        next->drafted->quorum_witnesses = (unsigned)other;
    }
    if (admit != NULL) {
        if (!accord_decimal_read(accord_bytes_of(admit), &number) || number > ACCORD_MEMBERS_MAX) {
            return wrong("admit", admit, error);
        }
        next->drafted->admit = (unsigned)number;
    }
    return ACCORD_OK;
}

static enum accord_status take_options(struct next *next, struct accord_error *error)
{
    const char *argument;
    size_t cursor = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(next->call, "remove", &cursor, &argument)) {
        status = accord_draft_remove(&next->draft, accord_bytes_of(argument), error);
    }
    cursor = 0;
    while (status == ACCORD_OK && accord_call_next(next->call, "revoke", &cursor, &argument)) {
        status = revoke(next, argument, error);
    }
    if (status == ACCORD_OK) {
        status = open_logs(next, error);
    }
    if (status == ACCORD_OK) {
        status = close_logs(next, error);
    }
    return status == ACCORD_OK ? take_numbers(next, error) : status;
}

/* Prints the draft into a file, and has the parser look at it. */
static enum accord_status print(struct next *next, struct accord_error *error)
{
    uint8_t *memory = malloc(ACCORD_ENTRY_SIZE_MAX);
    if (memory == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {memory, ACCORD_ENTRY_SIZE_MAX, 0, false};
    accord_roster_print(&out, next->drafted);
    enum accord_status status = out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                                         : accord_member_file_begin(&next->file, accord_out_bytes(&out), error);
    free(memory);
    return status == ACCORD_OK
               ? accord_roster_parse(next->claim, accord_buffer_bytes(&next->file.whole), next->call->crypto, error)
               : status;
}

static enum accord_status assemble(struct next *next, struct accord_error *error)
{
    const struct accord_call *call = next->call;
    enum accord_status status =
        accord_member_log_open(&next->log, call, accord_call_value(call, "accord"), true, error);
    if (status != ACCORD_OK) {
        return status;
    }
    next->draft.roster = next->drafted;
    next->draft.now = (struct accord_place){next->log.last.origin, next->log.last.size, next->log.time};
    accord_draft_begin(&next->draft, accord_chain_roster(next->log.chain), call->crypto);
    status = take_files(next, error);
    if (status == ACCORD_OK) {
        status = take_options(next, error);
    }
    return status == ACCORD_OK ? print(next, error) : status;
}

/* Says what changes, line by line; *changes gets the same for a program. */
static enum accord_status tell_changes(const struct next *next, json_t *changes, struct accord_error *error)
{
    uint8_t *memory = malloc(WORDS_SIZE);
    if (memory == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_out out = {memory, WORDS_SIZE, 0, false};
    accord_roster_changes(&out, accord_chain_roster(next->log.chain), next->claim);
    struct accord_bytes rest = accord_out_bytes(&out), line;
    accord_note(next->call, "roster %" PRIu64 ", after roster %" PRIu64 ":", next->claim->number,
                accord_chain_roster(next->log.chain)->number);
    while (accord_cut_line(&rest, &line)) {
        accord_note(next->call, "  %.*s", ACCORD_TEXT(line));
        (void)json_array_append_new(changes, accord_json_text(line));
    }
    bool full = out.full;
    free(memory);
    return full ? accord_fail(error, ACCORD_NO_SPACE, 0) : ACCORD_OK;
}

/* Which members have signed, and how many must. */
static json_t *tell_signers(const struct next *next)
{
    const struct accord_roster_claim *roster = accord_chain_roster(next->log.chain);
    json_t *list = json_array();
    for (size_t i = 0; i < roster->member_count; i++) {
        struct accord_signers signers;
        const struct accord_member *member = &roster->members[i];
        if (accord_roster_signers(roster, &next->claim->statement.note, member->domain, NULL, next->call->crypto,
                                  &signers, NULL) == ACCORD_OK &&
            signers.release >= member->release_threshold) {
            (void)json_array_append_new(list, accord_json_text(member->domain));
        }
    }
    accord_note(next->call, "signed by %zu members of the %u that must", json_array_size(list), roster->admit);
    return list;
}

static int answer(const struct next *next, json_t *changes)
{
    json_t *signers = tell_signers(next);
    return accord_answer(next->call,
                         json_pack("{s:o, s:O, s:o, s:I}", "number", accord_json_number(next->claim->number), "changes",
                                   changes, "signed", signers, "admit",
                                   (json_int_t)accord_chain_roster(next->log.chain)->admit));
}

static struct next *next_new(const struct accord_call *call)
{
    struct next *next = calloc(1, sizeof *next);
    if (next == NULL) {
        return NULL;
    }
    next->call = call;
    next->drafted = malloc(sizeof *next->drafted);
    next->claim = malloc(sizeof *next->claim);
    next->sources = calloc(call->operand_count + 1, sizeof *next->sources);
    next->applications = calloc(call->operand_count + 1, sizeof *next->applications);
    next->origins = calloc(accord_call_count(call, "key") + call->arguments.given_count + 1, sizeof *next->origins);
    return next;
}

static bool next_is_whole(const struct next *next)
{
    return next != NULL && next->drafted != NULL && next->claim != NULL && next->sources != NULL &&
           next->applications != NULL && next->origins != NULL;
}

static void next_free(struct next *next)
{
    if (next == NULL) {
        return;
    }
    for (size_t i = 0; next->sources != NULL && i < next->call->operand_count; i++) {
        accord_member_file_free(&next->sources[i]);
    }
    accord_member_file_free(&next->file);
    accord_member_log_free(&next->log);
    free(next->sources);
    free(next->applications);
    free(next->origins);
    free(next->drafted);
    free(next->claim);
    free(next);
}

/* Signs what has been shown, and has it parsed with its signatures. */
static enum accord_status sign(struct next *next, struct accord_error *error)
{
    size_t added;
    enum accord_status status = accord_member_file_sign(&next->file, next->call, &added, error);
    return status == ACCORD_OK
               ? accord_roster_parse(next->claim, accord_buffer_bytes(&next->file.whole), next->call->crypto, error)
               : status;
}

static int finish(const struct next *next, enum accord_status status, json_t *changes, struct accord_error *error)
{
    error->status = status;
    int result = status == ACCORD_OK ? answer(next, changes)
                 : status == ACCORD_USAGE
                     ? accord_usage(next->call, "--%s %s: that is no value for it", error->what, error->found)
                     : accord_refuse(next->call, next->subject, error);
    json_decref(changes);
    return result;
}

int accord_run_member_admit(struct accord_call *call)
{
    struct accord_error error = {0};
    struct next *next = next_new(call);
    if (!next_is_whole(next)) {
        next_free(next);
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    json_t *changes = json_array();
    enum accord_status status = assemble(next, &error);
    if (status == ACCORD_OK) {
        status = tell_changes(next, changes, &error);
    }
    if (status == ACCORD_OK) {
        status = sign(next, &error);
    }
    if (status == ACCORD_OK) {
        status = accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&next->file.bytes), &error);
    }
    int result = finish(next, status, changes, &error);
    next_free(next);
    return result;
}

/* sign */

/* Does it follow, but for the signatures that are not there yet? */
static enum accord_status check_follows(const struct next *next, struct accord_error *error)
{
    enum accord_status status =
        accord_roster_verify_next(accord_chain_roster(next->log.chain), next->claim, next->call->crypto, error);
    return status == ACCORD_THRESHOLD ? ACCORD_OK : status;
}

static enum accord_status show_and_sign(struct next *next, json_t *changes, struct accord_error *error)
{
    const struct accord_call *call = next->call;
    enum accord_status status =
        accord_member_log_open(&next->log, call, accord_call_value(call, "accord"), false, error);
    if (status == ACCORD_OK) {
        status = accord_roster_parse(next->claim, accord_buffer_bytes(&next->file.whole), call->crypto, error);
    }
    if (status == ACCORD_OK) {
        status = check_follows(next, error);
    }
    if (status == ACCORD_OK) {
        status = tell_changes(next, changes, error);
    }
    return status == ACCORD_OK ? sign(next, error) : status;
}

static enum accord_status write_signed(const struct next *next, struct accord_error *error)
{
    const char *output = accord_call_value(next->call, "output");
    if (output == NULL && accord_call_count(next->call, "key") == 0) {
        return ACCORD_OK;
    }
    return accord_output(next->call, output == NULL ? next->file.path : output, accord_buffer_bytes(&next->file.bytes),
                         error);
}

/* An application or a departure: what it says, its file says in words. */
static int sign_other(struct next *next)
{
    struct accord_error error = {0};
    size_t added = 0;
    accord_note(next->call, "%.*s", ACCORD_TEXT(next->file.text));
    error.status = accord_member_file_sign(&next->file, next->call, &added, &error);
    if (error.status == ACCORD_OK) {
        error.status = write_signed(next, &error);
    }
    if (error.status != ACCORD_OK) {
        return accord_refuse(next->call, next->file.path, &error);
    }
    accord_note(next->call, "%zu signatures added", added);
    return accord_answer(next->call, json_pack("{s:I}", "added", (json_int_t)added));
}

int accord_run_member_sign(struct accord_call *call)
{
    struct accord_error error = {0};
    struct next *next = next_new(call);
    if (!next_is_whole(next)) {
        next_free(next);
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    int result;
    json_t *changes = json_array();
    next->subject = call->operands[0];
    enum accord_status status = accord_member_file_read(&next->file, call, call->operands[0], &error);
    if (status == ACCORD_OK && !accord_bytes_equal(next->file.kind, ACCORD_LITERAL("roster"))) {
        json_decref(changes);
        result = sign_other(next);
    } else {
        if (status == ACCORD_OK) {
            status = show_and_sign(next, changes, &error);
        }
        if (status == ACCORD_OK) {
            status = write_signed(next, &error);
        }
        result = finish(next, status, changes, &error);
    }
    next_free(next);
    return result;
}
