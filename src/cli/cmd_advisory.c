/* accord advisory log, list, show: what a vendor says of the flaws of its products. Knows the options, and which
 * revision comes next; what an advisory is, src/advisory/ knows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advisory/source.h"
#include "base/file.h"
#include "case/words.h"
#include "cli/advisory_check.h"
#include "cli/advisory_log.h"
#include "cli/case_call.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/say.h"
#include "core/text.h"

#define TABLE_SIZE_MAX (64U << 20)
#define PATH_SIZE 512

const struct accord_option accord_options_advisory_log[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "key",
     .value = "KEY",
     .help = "the vendor's receipt key, or as many release keys as must sign",
     .rule = ACCORD_OPTION_SOME},
    {.name = "change", .value = "TEXT", .help = "what this revision changes; needed from the second on"},
    {.name = "output", .value = "FILE", .help = "where the proof goes; otherwise ID.tlog-proof", .letter = 'o'},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

const struct accord_option accord_options_advisory_list[] = {
    {.name = "vendor", .value = "NAME", .help = "this vendor's alone"},
    {.name = "trust", .value = "TRUST", .help = "a trust file: its charter, and none of whom it distrusts"},
    {.name = NULL}};

const struct accord_option accord_options_advisory_show[] = {
    {.name = "accord",
     .value = "LOG",
     .help = "the accord's directory, or its log's URL",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "trust", .value = "TRUST", .help = "a trust file: its charter, and none of whom it distrusts"},
    {.name = NULL}};

/* Logging */

struct logging {
    const struct accord_call *call;
    struct accord_buffer source, text;
    struct accord_bytes vendor, id;
    struct accord_board *board;
    struct accord_advisory_head head;
    struct accord_advisory_claim claim;
};

static enum accord_status begin(void *context, const struct accord_chain *chain, struct accord_reader *reader,
                                uint64_t size, struct accord_error *error)
{
    struct logging *logging = context;
    const struct accord_board_filter filter = {.vendor = logging->vendor};
    (void)chain, (void)reader, (void)size;
    return accord_board_new(&logging->board, logging->call->crypto, &filter, error);
}

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct logging *logging = context;
    return accord_board_see(logging->board, chain, index, entry, error);
}

/* The revision that comes next, and what it needs. */
static enum accord_status next_revision(struct logging *logging, struct accord_error *error)
{
    const char *change = accord_call_value(logging->call, "change");
    const struct accord_board_advisory *before = accord_board_find(logging->board, logging->vendor, logging->id);
    logging->head.revision = before == NULL ? 1 : before->revision_count + 1;
    if (before == NULL) {
        return ACCORD_OK;
    }
    memcpy(logging->head.previous, before->revisions[before->revision_count - 1].digest, ACCORD_HASH_SIZE);
    logging->head.change = accord_bytes_of(change == NULL ? "" : change);
    if (logging->head.change.size > 0) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_MISSING_FIELD, 0);
    accord_error_what(error, ACCORD_LITERAL("change"));
    accord_error_expected(error, ACCORD_LITERAL("--change TEXT: this advisory is in the log already, what changes?"));
    return ACCORD_MISSING_FIELD;
}

static bool release_of(void *context, struct accord_bytes vendor, struct accord_bytes product,
                       struct accord_bytes version, uint8_t digest[ACCORD_HASH_SIZE])
{
    uint64_t index;
    return accord_board_release_named(context, vendor, product, version, digest, &index);
}

static enum accord_status make(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error)
{
    struct logging *logging = context;
    (void)roster;
    enum accord_status status = next_revision(logging, error);
    logging->head.release = release_of;
    logging->head.context = logging->board;
    if (status == ACCORD_OK) {
        status = accord_advisory_source(accord_buffer_bytes(&logging->source), &logging->head, &logging->text, error);
    }
    if (status == ACCORD_OK) {
        accord_put(text, accord_buffer_bytes(&logging->text));
    }
    return status;
}

static enum accord_status judge(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error)
{
    struct logging *logging = context;
    enum accord_status status = accord_advisory_parse(&logging->claim, entry, error);
    if (status == ACCORD_OK) {
        status = accord_advisory_check(&logging->claim, logging->board, error);
    }
    return status == ACCORD_OK ? accord_advisory_verify(&logging->claim, roster, NULL, logging->call->crypto, error)
                               : status;
}

static int tell(const struct logging *logging, const struct accord_entered *entered)
{
    const struct accord_call *call = logging->call;
    struct accord_error error = {0};
    char path[PATH_SIZE];
    const char *output = accord_call_value(call, "output");
    snprintf(path, sizeof path, "%.*s.tlog-proof", ACCORD_TEXT(logging->id));
    output = output == NULL ? path : output;
    accord_note(call, "%.*s, revision %" PRIu64 ": entry %" PRIu64 " of the log; cosigned by %zu witnesses",
                ACCORD_TEXT(logging->id), logging->head.revision, entered->index, entered->witness_count);
    error.status = accord_output(call, output, accord_buffer_bytes(&entered->proof), &error);
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, output, &error);
    }
    if (strcmp(output, "-") != 0) {
        accord_note(call, "  wrote %s", output);
    }
    return accord_answer(call, json_pack("{s:o, s:o, s:o, s:o}", "id", accord_json_text(logging->id), "revision",
                                         accord_json_number(logging->head.revision), "index",
                                         accord_json_number(entered->index), "proof",
                                         accord_json_text(accord_bytes_of(output))));
}

static int enter(struct logging *logging)
{
    const struct accord_call *call = logging->call;
    const struct accord_enter_plan plan = {
        .context = logging, .begin = begin, .see = see, .make = make, .judge = judge};
    struct accord_error error = {0}, late = {0};
    struct accord_enter given;
    struct accord_entered entered;
    int result = accord_enter_call(call, &given);
    if (result != 0) {
        return result;
    }
    accord_entered_init(&entered);
    error.status = accord_enter_log(&given, &plan, &entered, &error);
    if (error.status == ACCORD_OK && accord_case_tick(&given, &entered, &late) != ACCORD_OK &&
        late.status != ACCORD_EXISTS && late.status != ACCORD_REFUSED) {
        accord_note(call,
                    "note: the checkpoint under it could not be logged, too (%s): its date is that of the next "
                    "one that an entry of this log carries",
                    late.what);
    }
    result = error.status == ACCORD_OK ? tell(logging, &entered) : accord_enter_refuse(call, &entered, &error);
    accord_entered_free(&entered);
    accord_enter_call_free(&given);
    return result;
}

int accord_run_advisory_log(struct accord_call *call)
{
    struct logging *logging = calloc(1, sizeof *logging);
    struct accord_error error = {0};
    if (logging == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    logging->call = call;
    accord_buffer_init(&logging->source, ACCORD_ADVISORY_SOURCE_MAX);
    accord_buffer_init(&logging->text, ACCORD_ADVISORY_SOURCE_MAX);
    error.status = accord_file_read(call->fs, call->operands[0], &logging->source, &error);
    accord_advisory_source_names(accord_buffer_bytes(&logging->source), &logging->vendor, &logging->id);
    int result = error.status == ACCORD_OK ? enter(logging) : accord_refuse(call, call->operands[0], &error);
    accord_board_free(logging->board);
    accord_buffer_free(&logging->source);
    accord_buffer_free(&logging->text);
    free(logging);
    return result;
}

/* Listing */

static json_t *revisions_json(const struct accord_advisory_view *view)
{
    json_t *list = json_array();
    for (size_t i = 0; i < view->revision_count; i++) {
        const struct accord_view_revision *revision = &view->revisions[i];
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o}", "revision", accord_json_number(revision->number), "index",
                            accord_json_number(revision->index), "time", accord_json_number(revision->time), "change",
                            accord_json_text(revision->change)));
    }
    return list;
}

/* The vulnerabilities of an advisory, with a comma between. */
static void vulnerabilities(const struct accord_advisory_claim *claim, struct accord_buffer *text)
{
    struct accord_advisory_item item;
    size_t cursor = 0, count = 0;
    while (accord_advisory_next(claim, &cursor, &item)) {
        if (item.kind == ACCORD_ADVISORY_VULNERABILITY) {
            accord_tell(text, "%s%.*s", count++ == 0 ? "" : ", ", ACCORD_TEXT(item.word));
        }
    }
}

static json_t *json_of(const struct accord_advisory_view *view)
{
    const struct accord_advisory_claim *claim = view->advisory;
    struct accord_advisory_item item;
    size_t cursor = 0;
    json_t *list = json_array();
    while (accord_advisory_next(claim, &cursor, &item)) {
        if (item.kind == ACCORD_ADVISORY_VULNERABILITY) {
            (void)json_array_append_new(list, accord_json_text(item.word));
        }
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "vendor", accord_json_text(claim->vendor), "id",
                     accord_json_text(claim->id), "state", accord_json_text(accord_advisory_state_name(claim->state)),
                     "title", accord_json_text(claim->title), "vulnerabilities", list, "revisions",
                     revisions_json(view));
}

static void row(struct accord_buffer *table, const struct accord_advisory_view *view)
{
    const struct accord_view_revision *newest = &view->revisions[view->revision_count - 1];
    const struct accord_advisory_claim *claim = view->advisory;
    char hour[32];
    accord_case_hour(newest->time, hour);
    accord_tell(table, "%.*s/%.*s  revision %" PRIu64 ", %.*s, %s\n  %.*s\n  ", ACCORD_TEXT(claim->vendor),
                ACCORD_TEXT(claim->id), newest->number, ACCORD_TEXT(accord_advisory_state_name(claim->state)), hour,
                ACCORD_TEXT(claim->title));
    vulnerabilities(claim, table);
    accord_tell(table, "\n");
}

static enum accord_status list_all(struct accord_advisory_log *advisories, struct accord_buffer *table, json_t *list,
                                   struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < accord_board_count(advisories->board); i++) {
        struct accord_advisory_sight sight;
        status = accord_advisory_see(&sight, advisories, accord_board_advisory(advisories->board, i), error);
        if (status == ACCORD_OK) {
            row(table, &sight.view);
            (void)json_array_append_new(list, json_of(&sight.view));
        }
        accord_advisory_sight_free(&sight);
    }
    return status;
}

int accord_run_advisory_list(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_advisory_log advisories;
    struct accord_buffer table;
    const char *vendor = accord_call_value(call, "vendor");
    const struct accord_board_filter filter = {.vendor = accord_bytes_of(vendor == NULL ? "" : vendor)};
    json_t *list = json_array();
    accord_buffer_init(&table, TABLE_SIZE_MAX);
    error.status = accord_advisory_log_open(&advisories, call, call->operands[0], accord_call_value(call, "trust"),
                                            &filter, &error);
    if (error.status == ACCORD_OK) {
        error.status = list_all(&advisories, &table, list, &error);
    }
    int result = 0;
    if (error.status != ACCORD_OK) {
        json_decref(list);
        result = accord_refuse(call, call->operands[0], &error);
    } else {
        accord_print(call, accord_buffer_bytes(&table));
        accord_note(call, "%zu advisories", accord_board_count(advisories.board));
        result = accord_answer(call, json_pack("{s:o}", "advisories", list));
    }
    accord_buffer_free(&table);
    accord_advisory_log_free(&advisories);
    return result;
}

/* Showing: the source again, with its history. */

static int show(const struct accord_call *call, const struct accord_advisory_view *view)
{
    struct accord_error error = {0};
    struct accord_buffer source;
    accord_buffer_init(&source, ACCORD_ADVISORY_SOURCE_MAX);
    for (size_t i = 0; i < view->revision_count; i++) {
        const struct accord_view_revision *revision = &view->revisions[i];
        char hour[32];
        accord_case_hour(revision->time, hour);
        accord_note(call, "revision %" PRIu64 ", entry %" PRIu64 ", %s%s%.*s", revision->number, revision->index, hour,
                    revision->change.size > 0 ? ": " : "", ACCORD_TEXT(revision->change));
    }
    for (size_t i = 0; i < view->release_count; i++) {
        const struct accord_view_release *release = &view->releases[i];
        char hour[32];
        accord_case_hour(release->time, hour);
        accord_note(call, "release %.*s %.*s, entry %" PRIu64 ", %s", ACCORD_TEXT(release->claim.product),
                    ACCORD_TEXT(release->claim.version), release->index, hour);
    }
    error.status = accord_advisory_unsource(view->advisory, &source, &error);
    json_t *object = error.status == ACCORD_OK ? json_of(view) : NULL;
    if (object != NULL) {
        (void)json_object_set_new(object, "source", accord_json_text(accord_buffer_bytes(&source)));
        accord_print(call, accord_buffer_bytes(&source));
    }
    accord_buffer_free(&source);
    return error.status == ACCORD_OK ? accord_answer(call, object) : accord_refuse(call, call->operands[0], &error);
}

int accord_run_advisory_show(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_advisory_log advisories;
    struct accord_advisory_sight sight = {.claim = NULL};
    const struct accord_board_advisory *found;
    const struct accord_board_filter filter = {.vendor = {NULL, 0}};
    error.status = accord_advisory_log_open(&advisories, call, accord_call_value(call, "accord"),
                                            accord_call_value(call, "trust"), &filter, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_advisory_find(advisories.board, call->operands[0], &found, &error);
    }
    if (error.status == ACCORD_OK) {
        error.status = accord_advisory_see(&sight, &advisories, found, &error);
    }
    int result = error.status == ACCORD_OK ? show(call, &sight.view) : accord_refuse(call, call->operands[0], &error);
    accord_advisory_sight_free(&sight);
    accord_advisory_log_free(&advisories);
    return result;
}
