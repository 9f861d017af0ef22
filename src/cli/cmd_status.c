/* accord status: how each signatory stands. Knows where the log, the day and the page come from and go to; what counts
 * is status/'s. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/case_log.h"
#include "cli/case_words.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "core/text.h"
#include "monitor/sweep.h"
#include "status/cells.h"
#include "status/page.h"

#define DAY 86400
#define PAGE_SIZE_MAX (64U << 20)

const struct accord_option accord_options_status[] = {
    {.name = "at", .value = "DATE", .help = "judge what is due at the end of this day, not when a quorum last vouched"},
    {.name = "trust", .value = "TRUST", .help = "a trust file: its charter, and none of whom it distrusts"},
    {.name = "html", .value = "FILE", .help = "write it as one page, too; - is standard output"},
    {.name = NULL}};

struct telling {
    const struct accord_call *call;
    const struct accord_standings *standings;
    struct accord_progress progress;
};

static void progress(void *context, uint64_t done, uint64_t size)
{
    struct telling *telling = context;
    accord_progress_step(&telling->progress, done, size);
}

/* For a person */

__attribute__((format(printf, 2, 3))) static void print(const struct accord_call *call, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t kept = size < 0 ? 0 : (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
    accord_print(call, (struct accord_bytes){(const uint8_t *)text, kept});
}

/* One of the three tables. */
struct table {
    const struct telling *telling;
    const char *const *heads;
    size_t columns, rows;
    void (*cell)(const struct accord_standings *standings, size_t row, size_t column, char text[ACCORD_CELL_SIZE]);
};

static void member_cell(const struct accord_standings *standings, size_t row, size_t column,
                        char text[ACCORD_CELL_SIZE])
{
    bool late;
    accord_member_cell(standings, row, (enum accord_member_column)column, text, &late);
}

static void product_cell(const struct accord_standings *standings, size_t row, size_t column,
                         char text[ACCORD_CELL_SIZE])
{
    bool late;
    accord_product_cell(standings, row, (enum accord_product_column)column, text, &late);
}

static void case_cell(const struct accord_standings *standings, size_t row, size_t column, char text[ACCORD_CELL_SIZE])
{
    bool late;
    accord_case_cell(standings, row, (enum accord_case_column)column, text, &late);
}

/* As wide as what is widest in it; the last one as each line wants it. */
static int width_of(const struct table *table, size_t column)
{
    char text[ACCORD_CELL_SIZE];
    size_t width = strlen(table->heads[column]);
    for (size_t row = 0; row < table->rows && column + 1 < table->columns; row++) {
        table->cell(table->telling->standings, row, column, text);
        width = strlen(text) > width ? strlen(text) : width;
    }
    return column + 1 < table->columns ? (int)width : 0;
}

static void print_tabular(const struct table *table)
{
    char text[ACCORD_CELL_SIZE];
    int widths[16];
    for (size_t c = 0; c < table->columns; c++) {
        widths[c] = width_of(table, c);
        print(table->telling->call, "%-*s%s", widths[c], table->heads[c], c + 1 == table->columns ? "\n" : "  ");
    }
    for (size_t row = 0; row < table->rows; row++) {
        for (size_t c = 0; c < table->columns; c++) {
            table->cell(table->telling->standings, row, c, text);
            print(table->telling->call, "%-*s%s", widths[c], text, c + 1 == table->columns ? "\n" : "  ");
        }
    }
}

_Static_assert(ACCORD_MEMBER_COLUMN_COUNT <= 16 && ACCORD_PRODUCT_COLUMN_COUNT <= 16, "each column has a width");

static void print_tables(const struct telling *telling)
{
    const struct table members = {telling, accord_member_columns, ACCORD_MEMBER_COLUMN_COUNT,
                                  accord_standings_roster(telling->standings)->member_count, member_cell};
    const struct table products = {telling, accord_product_columns, ACCORD_PRODUCT_COLUMN_COUNT,
                                   telling->standings->product_count, product_cell};
    const struct table cases = {telling, accord_case_columns, ACCORD_CASE_COLUMN_COUNT,
                                accord_case_rows(telling->standings), case_cell};
    print_tabular(&members);
    if (products.rows > 0) {
        print(telling->call, "\n");
        print_tabular(&products);
    }
    if (cases.rows > 0) {
        print(telling->call, "\n");
        print_tabular(&cases);
        accord_case_tell_left_out(telling->call, telling->standings->cases);
    }
}

static void print_said(const struct telling *telling)
{
    bool begun = false;
    for (size_t i = 0; i < accord_standings_roster(telling->standings)->member_count; i++) {
        const struct accord_standing *standing = &telling->standings->members[i];
        struct accord_demand_count count;
        char words[2 * ACCORD_CELL_SIZE], from[16], to[16];
        size_t cursor = 0;
        if (standing->demands == 0) {
            continue;
        }
        print(telling->call, "%s", begun ? "" : "\nSaid and signed; no machine can check it:\n");
        begun = true;
        accord_day_words(standing->demand_claim.from, from);
        accord_day_words(standing->demand_claim.to, to);
        print(telling->call, "  %.*s, legal demands from %s to %s (entry %" PRIu64 "):\n",
              ACCORD_TEXT(standing->demand_claim.member), from, to, standing->demand_index);
        while (accord_demand_next_count(&standing->demand_claim, &cursor, &count)) {
            accord_demand_words(&count, words);
            print(telling->call, "    %s\n", words);
        }
    }
}

static void print_table(const struct telling *telling)
{
    const struct accord_standings *standings = telling->standings;
    const struct accord_roster_claim *roster = accord_standings_roster(standings);
    char time[32];
    accord_time_print(standings->quorum_time, time);
    print(telling->call, "%.*s, roster %" PRIu64 " with %zu members, as a quorum vouched for it at %s\n",
          ACCORD_TEXT(standings->chain->charter.name), roster->number, roster->member_count, time);
    print(telling->call, "%" PRIu64 " entries of %.*s, %" PRIu64 " statements that count\n", standings->checkpoint.size,
          ACCORD_TEXT(standings->checkpoint.origin), standings->counted);
    if (standings->now != standings->quorum_time) {
        accord_time_print(standings->now, time);
        print(telling->call, "what is due is judged for %s\n", time);
    }
    print(telling->call, "\n");
    print_tables(telling);
    print_said(telling);
}

/* For a program */

static json_t *json_of_stages(const struct accord_standing *standing)
{
    json_t *stages = json_object();
    for (unsigned i = 0; i < ACCORD_STAGE_COUNT; i++) {
        struct accord_bytes name = accord_stage_name((enum accord_stage)i);
        char key[16];
        (void)snprintf(key, sizeof key, "%.*s", ACCORD_TEXT(name));
        if (i != ACCORD_STAGE_USE) { /* none that a release can be asked for */
            (void)json_object_set_new(stages, key, accord_json_number(standing->staged[i]));
        }
    }
    return stages;
}

static json_t *json_of_product(const struct accord_standing_product *product)
{
    json_t *newest = product->releases == 0 ? json_null()
                                            : json_pack("{s:s, s:o, s:o}", "version", product->version, "sequence",
                                                        accord_json_number(product->sequence), "index",
                                                        accord_json_number(product->release_index));
    json_t *policy = product->policy_number == 0
                         ? json_null()
                         : json_pack("{s:o, s:o, s:o}", "number", accord_json_number(product->policy_number), "index",
                                     accord_json_number(product->policy_index), "max_age_seconds",
                                     accord_json_number(product->max_age));
    json_t *current = json_pack("{s:o, s:o, s:b}", "statements", accord_json_number(product->currents), "distinct",
                                accord_json_number(product->distinct_currents), "overdue", product->current_overdue);
    if (current != NULL && product->currents > 0) {
        (void)json_object_set_new(current, "index", accord_json_number(product->current_index));
        (void)json_object_set_new(current, "not_after", accord_json_number(product->current_not_after));
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "product", product->name, "releases",
                     accord_json_number(product->releases), "newest", newest, "policy", policy, "current", current,
                     "withdrawals", accord_json_number(product->withdrawals));
}

static json_t *json_of_demand(const struct accord_standing *standing)
{
    struct accord_demand_count count;
    char from[16], to[16], next[16];
    size_t cursor = 0;
    json_t *said = json_array();
    if (standing->demands == 0) {
        json_decref(said);
        return json_null();
    }
    accord_day_words(standing->demand_claim.from, from);
    accord_day_words(standing->demand_claim.to, to);
    accord_day_words(standing->demand_claim.next, next);
    while (accord_demand_next_count(&standing->demand_claim, &cursor, &count)) {
        (void)json_array_append_new(
            said, json_pack("{s:o, s:o, s:o, s:o}", "jurisdiction", accord_json_text(count.jurisdiction), "kind",
                            accord_json_text(count.kind), "least", accord_json_number(count.least), "most",
                            accord_json_number(count.most)));
    }
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:b, s:o}", "statements", accord_json_number(standing->demands),
                     "index", accord_json_number(standing->demand_index), "from", from, "to", to, "next", next,
                     "overdue", standing->demand_overdue, "said_unverified", said);
}

static json_t *json_of_witness(const struct accord_standing *standing)
{
    return standing->has_witness
               ? json_pack("{s:b, s:o, s:o}", "cosigned_newest", standing->cosigned, "last_seen",
                           standing->last_seen == 0 ? json_null() : accord_json_number(standing->last_seen),
                           "enactments", accord_json_number(standing->enactments))
               : json_null();
}

static json_t *json_of_member(const struct accord_standings *standings, size_t place)
{
    const struct accord_member *member = &accord_standings_roster(standings)->members[place];
    const struct accord_standing *standing = &standings->members[place];
    json_t *products = json_array();
    for (size_t i = 0; i < standing->product_count; i++) {
        (void)json_array_append_new(products, json_of_product(&standings->products[standing->first_product + i]));
    }
    json_t *rebuilds = json_pack("{s:o, s:o, s:o, s:o}", "for_others_match", accord_json_number(standing->rebuilt),
                                 "for_others_mismatch", accord_json_number(standing->rebuilt_otherwise),
                                 "by_others_match", accord_json_number(standing->was_rebuilt), "by_others_mismatch",
                                 accord_json_number(standing->was_rebuilt_otherwise));
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "member", accord_json_text(member->domain), "title",
                  accord_json_text(member->title), "jurisdiction", accord_json_text(member->jurisdiction), "witness",
                  json_of_witness(standing), "mirror",
                  standing->has_mirror ? json_pack("{s:b}", "cosigned_newest", standing->mirrored) : json_null(),
                  "releases", accord_json_number(standing->releases), "releases_attested", json_of_stages(standing),
                  "rebuilds", rebuilds, "products", products);
    if (object != NULL) {
        (void)json_object_set_new(object, "attestations", accord_json_number(standing->attested));
        (void)json_object_set_new(object, "attestations_for_others", accord_json_number(standing->attested_for_others));
        (void)json_object_set_new(object, "policies", accord_json_number(standing->policies));
        (void)json_object_set_new(object, "withdrawals", accord_json_number(standing->withdrawals));
        (void)json_object_set_new(object, "current_statements", accord_json_number(standing->currents));
        (void)json_object_set_new(object, "reports_received", accord_json_number(standing->reports_received));
        (void)json_object_set_new(object, "reports_fixed", accord_json_number(standing->reports_fixed));
        (void)json_object_set_new(object, "reports_overdue", accord_json_number(standing->reports_overdue));
        (void)json_object_set_new(object, "demand", json_of_demand(standing));
    }
    return object;
}

static json_t *json_of(const struct accord_standings *standings)
{
    const struct accord_roster_claim *roster = accord_standings_roster(standings);
    uint8_t root[64];
    struct accord_out out = {root, sizeof root, 0, false};
    json_t *members = json_array();
    for (size_t i = 0; i < roster->member_count; i++) {
        (void)json_array_append_new(members, json_of_member(standings, i));
    }
    accord_put_base64(&out, (struct accord_bytes){standings->checkpoint.root, ACCORD_HASH_SIZE});
    json_t *cases = standings->cases == NULL ? json_null() : json_array();
    for (size_t i = 0; i < accord_case_rows(standings); i++) {
        (void)json_array_append_new(cases,
                                    accord_case_json(accord_docket_case(standings->cases, i), standings->now, false));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     accord_json_text(standings->chain->charter.name), "charter",
                     accord_json_digest(standings->chain->digest), "origin",
                     accord_json_text(standings->checkpoint.origin), "size",
                     accord_json_number(standings->checkpoint.size), "root", accord_json_text(accord_out_bytes(&out)),
                     "quorum_time", accord_json_number(standings->quorum_time), "judged_at",
                     accord_json_number(standings->now), "roster", accord_json_number(roster->number), "enactments",
                     accord_json_number(standings->enactments), "statements", accord_json_number(standings->counted),
                     "passed_over", accord_json_number(standings->passed_over), "members", members, "cases", cases);
}

static int write_page(const struct accord_call *call, const struct accord_standings *standings, const char *path)
{
    struct accord_error error = {0};
    struct accord_buffer page;
    accord_buffer_init(&page, PAGE_SIZE_MAX);
    error.status = accord_standings_page(standings, &page, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_output(call, path, accord_buffer_bytes(&page), &error);
    }
    accord_buffer_free(&page);
    return error.status == ACCORD_OK ? 0 : accord_refuse(call, path, &error);
}

static int tell(const struct telling *telling)
{
    const char *html = accord_call_value(telling->call, "html");
    int result = html == NULL ? 0 : write_page(telling->call, telling->standings, html);
    if (result != 0) {
        return result;
    }
    bool taken = html != NULL && strcmp(html, "-") == 0;
    if (!telling->call->json && !taken) {
        print_table(telling);
    }
    return accord_answer(telling->call, json_of(telling->standings));
}

/* Running */

static int read_at(const struct accord_call *call, struct accord_standings_options *options)
{
    const char *text = accord_call_value(call, "at");
    int32_t day;
    if (text == NULL) {
        return 0;
    }
    if (!accord_date_read(accord_bytes_of(text), &day) || day < 0) {
        return accord_usage(call, "--at %s: expected a day of the calendar, like 2026-11-23", text);
    }
    options->has_at = true;
    options->at = ((uint64_t)day + 1) * DAY - 1;
    return 0;
}

static unsigned threads(const struct accord_call *call)
{
    long cores = accord_location_is_url(call->operands[0]) ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > ACCORD_SWEEP_THREADS_MAX ? ACCORD_SWEEP_THREADS_MAX : (unsigned)cores;
}

static enum accord_status compute(struct telling *telling, struct accord_standings_options *options,
                                  struct accord_standings **standings, struct accord_error *error)
{
    const struct accord_call *call = telling->call;
    struct accord_reader *reader = NULL;
    enum accord_status status =
        accord_log_source_open(&reader, call->fs, call->crypto, call->network, call->operands[0], error);
    if (status == ACCORD_OK) {
        status = accord_standings_new(standings, reader, options, error);
    }
    accord_progress_end(&telling->progress);
    accord_reader_close(reader);
    return status;
}

int accord_run_status(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_buffer bytes;
    struct accord_trust_claim trust;
    struct accord_standings *standings = NULL;
    struct telling telling = {.call = call, .progress = {.doing = "read", .of = "entries"}};
    struct accord_standings_options options = {
        .crypto = call->crypto, .threads = threads(call), .progress = progress, .context = &telling};
    const char *path = accord_call_value(call, "trust");
    int result = read_at(call, &options);
    if (result != 0) {
        return result;
    }
    accord_buffer_init(&bytes, ACCORD_TRUST_SIZE_MAX);
    if (path != NULL) {
        error.status = accord_file_read(call->fs, path, &bytes, &error);
        if (error.status == ACCORD_OK) {
            error.status = accord_trust_parse(&trust, accord_buffer_bytes(&bytes), &error);
        }
        options.trust = &trust;
    }
    if (error.status != ACCORD_OK) {
        result = accord_refuse(call, path, &error);
    } else {
        error.status = compute(&telling, &options, &standings, &error);
        telling.standings = standings;
        result = error.status == ACCORD_OK ? tell(&telling) : accord_refuse(call, call->operands[0], &error);
    }
    accord_standings_free(standings);
    accord_buffer_free(&bytes);
    return result;
}
