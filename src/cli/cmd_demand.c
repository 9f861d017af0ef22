/* accord demand: what legal demands a member received, or that it received none. Knows how the options become lines; it
 * takes the numbers as they are given, since nobody else can know them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/demand.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/say.h"
#include "core/text.h"

#define PATH_SIZE 512
#define DAY 86400

const struct accord_option accord_options_demand[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "member", .value = "NAME", .help = "the member who says so", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "from", .value = "DATE", .help = "the first day; otherwise the one after the last statement's"},
    {.name = "to", .value = "DATE", .help = "the last day", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "next", .value = "DATE", .help = "by when the next statement comes", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "count",
     .value = "JJ:KIND:LEAST[-MOST]",
     .help = "how many demands of a kind, by whose law; any:KIND:0 says that none was received",
     .rule = ACCORD_OPTION_SOME},
    {.name = "key", .value = "KEY", .help = "a release key of the member", .rule = ACCORD_OPTION_SOME},
    {.name = "output", .value = "FILE", .help = "where the proof goes; otherwise NAME.demand", .letter = 'o'},
    ACCORD_ENTER_PASSPHRASE,
    ACCORD_ENTER_TIMEOUT,
    {.name = NULL}};

struct demanding {
    const struct accord_call *call;
    struct accord_demand_draft draft;
    struct accord_demand_count counts[ACCORD_DEMAND_COUNTS_MAX];
    bool has_last;
    int32_t last_to; /* of the statement in the log that speaks of the latest days: an old one may be logged again */
};

/* Options */

static int read_day(const struct accord_call *call, const char *option, int32_t *day)
{
    const char *text = accord_call_value(call, option);
    return accord_date_read(accord_bytes_of(text), day)
               ? 0
               : accord_usage(call, "--%s %s: expected a day of the calendar, like 2018-04-17", option, text);
}

/* LEAST or LEAST-MOST */
static bool read_range(struct accord_bytes text, struct accord_demand_count *count)
{
    struct accord_bytes most = text, least;
    if (!accord_cut(&most, '-', &least)) {
        least = most;
    }
    return accord_decimal_read(least, &count->least) && accord_decimal_read(most, &count->most) &&
           count->least <= count->most;
}

/* A kind may hold colons of its own: the numbers follow the last. */
static bool read_count(struct accord_bytes text, struct accord_demand_count *count)
{
    struct accord_bytes rest = text, piece;
    if (!accord_cut(&rest, ':', &count->jurisdiction)) {
        return false;
    }
    count->kind = (struct accord_bytes){rest.data, 0};
    while (accord_cut(&rest, ':', &piece)) {
        count->kind.size = (size_t)(piece.data + piece.size - count->kind.data);
    }
    return count->kind.size > 0 && read_range(rest, count);
}

/* Of days to come nobody can say what was received. */
static bool is_to_come(const struct accord_call *call, int32_t day)
{
    return day > (int64_t)(call->clock->now(call->clock->context) / DAY);
}

static int read_options(struct demanding *demanding)
{
    const struct accord_call *call = demanding->call;
    struct accord_demand_draft *draft = &demanding->draft;
    const char *text;
    size_t cursor = 0;
    draft->member = accord_bytes_of(accord_call_value(call, "member"));
    draft->counts = demanding->counts;
    int result = accord_call_value(call, "from") == NULL ? 0 : read_day(call, "from", &draft->from);
    if (result == 0) {
        result = read_day(call, "to", &draft->to);
    }
    if (result == 0) {
        result = read_day(call, "next", &draft->next);
    }
    if (result == 0 && is_to_come(call, draft->to)) {
        return accord_usage(call, "--to %s: of days to come nobody can say what was received",
                            accord_call_value(call, "to"));
    }
    while (result == 0 && accord_call_next(call, "count", &cursor, &text)) {
        if (draft->count_count == ACCORD_DEMAND_COUNTS_MAX) {
            return accord_usage(call, "--count may be given %d times", ACCORD_DEMAND_COUNTS_MAX);
        }
        if (!read_count(accord_bytes_of(text), &demanding->counts[draft->count_count++])) {
            return accord_usage(call, "--count %s: expected JJ:KIND:LEAST or JJ:KIND:LEAST-MOST, like US:content:0-249",
                                text);
        }
    }
    return result;
}

/* The log */

static enum accord_status see(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error)
{
    struct demanding *demanding = context;
    struct accord_bytes rest = entry;
    struct accord_demand_claim claim;
    struct accord_signers signers;
    (void)index, (void)error;
    if (chain->has_roster && accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/demand\n")) &&
        accord_demand_parse(&claim, entry, NULL) == ACCORD_OK &&
        accord_bytes_equal(claim.member, demanding->draft.member) && !is_to_come(demanding->call, claim.to) &&
        accord_roster_signed(accord_chain_roster(chain), &claim.statement.note, claim.member, NULL,
                             demanding->call->crypto, &signers, NULL) == ACCORD_OK) {
        demanding->last_to = demanding->has_last && demanding->last_to > claim.to ? demanding->last_to : claim.to;
        demanding->has_last = true;
    }
    return ACCORD_OK;
}

static enum accord_status make(void *context, const struct accord_roster_claim *roster, struct accord_out *text,
                               struct accord_error *error)
{
    struct demanding *demanding = context;
    (void)roster;
    if (accord_call_value(demanding->call, "from") == NULL) {
        if (!demanding->has_last) {
            accord_fail(error, ACCORD_NOT_FOUND, 0);
            accord_error_what(error, ACCORD_LITERAL("an earlier statement of this member"));
            accord_error_expected(error, ACCORD_LITERAL("--from in the first one"));
            return ACCORD_NOT_FOUND;
        }
        demanding->draft.from = demanding->last_to + 1;
    }
    accord_demand_print(text, &demanding->draft);
    return ACCORD_OK;
}

/* A name with a newline in it would add lines. */
static bool says_what_was_meant(const struct accord_demand_claim *claim, const struct accord_demand_draft *draft)
{
    struct accord_demand_count count;
    size_t cursor = 0;
    bool same = accord_bytes_equal(claim->member, draft->member) && claim->count_count == draft->count_count;
    for (size_t i = 0; same && i < draft->count_count; i++) {
        same = accord_demand_next_count(claim, &cursor, &count) &&
               accord_bytes_equal(count.jurisdiction, draft->counts[i].jurisdiction) &&
               accord_bytes_equal(count.kind, draft->counts[i].kind);
    }
    return same;
}

static enum accord_status judge(void *context, const struct accord_roster_claim *roster, struct accord_bytes entry,
                                struct accord_error *error)
{
    struct demanding *demanding = context;
    struct accord_demand_claim claim;
    struct accord_signers signers;
    enum accord_status status = accord_demand_parse(&claim, entry, error);
    if (status == ACCORD_OK && !says_what_was_meant(&claim, &demanding->draft)) {
        status = accord_fail(error, ACCORD_MALFORMED, 0);
        accord_error_what(error, ACCORD_LITERAL("member or count"));
    }
    return status == ACCORD_OK ? accord_roster_signed(roster, &claim.statement.note, claim.member, NULL,
                                                      demanding->call->crypto, &signers, error)
                               : status;
}

/* Telling */

/* Days that no statement speaks of are what a reader looks for. */
static void warn_of_a_gap(const struct demanding *demanding)
{
    uint8_t text[32];
    struct accord_out out = {text, sizeof text, 0, false};
    if (!demanding->has_last || demanding->draft.from == demanding->last_to + 1) {
        return;
    }
    accord_date_print(&out, demanding->last_to);
    accord_note(demanding->call,
                demanding->draft.from > demanding->last_to
                    ? "note: the last statement ends on %.*s: no statement speaks of the days between"
                    : "note: the last statement ends on %.*s: this one speaks again of days that it spoke of",
                ACCORD_TEXT(accord_out_bytes(&out)));
}

static int tell(const struct demanding *demanding, const struct accord_entered *entered)
{
    const struct accord_call *call = demanding->call;
    struct accord_error error = {0};
    char path[PATH_SIZE];
    const char *output = accord_call_value(call, "output");
    snprintf(path, sizeof path, "%s.demand", accord_call_value(call, "member"));
    output = output == NULL ? path : output;
    accord_note(call, "%.*s", ACCORD_TEXT(accord_enter_text(accord_buffer_bytes(&entered->entry))));
    accord_note(call, "logged as entry %" PRIu64 "; cosigned by %zu witnesses", entered->index, entered->witness_count);
    warn_of_a_gap(demanding);
    error.status = accord_output(call, output, accord_buffer_bytes(&entered->proof), &error);
    if (error.status != ACCORD_OK) {
        return accord_refuse(call, output, &error);
    }
    if (strcmp(output, "-") != 0) {
        accord_note(call, "  wrote %s", output);
    }
    return accord_answer(call, json_pack("{s:o, s:o}", "index", accord_json_number(entered->index), "proof",
                                         accord_json_text(accord_bytes_of(output))));
}

static int run(struct demanding *demanding)
{
    struct accord_error error = {0};
    struct accord_enter enter;
    struct accord_entered entered;
    const struct accord_enter_plan plan = {.context = demanding, .see = see, .make = make, .judge = judge};
    int result = read_options(demanding);
    if (result == 0) {
        result = accord_enter_call(demanding->call, &enter);
    }
    if (result != 0) {
        return result;
    }
    accord_entered_init(&entered);
    error.status = accord_enter_log(&enter, &plan, &entered, &error);
    result =
        error.status == ACCORD_OK ? tell(demanding, &entered) : accord_enter_refuse(demanding->call, &entered, &error);
    accord_entered_free(&entered);
    accord_enter_call_free(&enter);
    return result;
}

int accord_run_demand(struct accord_call *call)
{
    struct demanding *demanding = calloc(1, sizeof *demanding);
    if (demanding == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    demanding->call = call;
    int result = run(demanding);
    free(demanding);
    return result;
}
