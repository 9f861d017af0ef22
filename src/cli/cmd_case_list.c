/* accord case list: every report in a log, and where each stands. Counts nobody's reports for a rank: anybody can log
 * junk. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/case_log.h"
#include "cli/case_words.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "core/text.h"

#define TABLE_SIZE_MAX (256U << 20)

const struct accord_option accord_options_case_list[] = {
    {.name = "vendor",
     .value = "NAME",
     .help = "this vendor's alone, and blinded ones that are not shown to be another's"},
    {.name = "overdue", .help = "those alone of which a fix is overdue"},
    {.name = "trust", .value = "TRUST", .help = "a trust file: its charter, and none of whom it distrusts"},
    {.name = NULL}};

static bool wanted(const struct accord_call *call, const struct accord_docket_case *found, uint64_t now)
{
    struct accord_case_standing standing;
    accord_case_stand(&found->state, now, &standing);
    return !accord_call_flag(call, "overdue") || standing.overdue;
}

static void row(struct accord_buffer *table, const struct accord_docket_case *found, uint64_t now, int width)
{
    struct accord_case_standing standing;
    char name[17], reported[32], opens[32], flags[128];
    accord_case_stand(&found->state, now, &standing);
    accord_case_short(found->id, name);
    accord_case_hour(found->state.time, reported);
    accord_case_hour(standing.opens, opens);
    accord_case_flags(found, &standing, flags);
    accord_tell(table, "%s  %-*.*s  %-9.*s  %-20s  %-20s  %s\n", name, width, ACCORD_TEXT(accord_case_vendor(found)),
                ACCORD_TEXT(standing.state), reported, opens, flags);
}

static int tell(const struct accord_call *call, const struct accord_case_log *log)
{
    uint64_t now = accord_docket_now(log->docket);
    size_t all = accord_docket_count(log->docket), shown = 0;
    int width = 6;
    struct accord_buffer table;
    json_t *list = json_array();
    accord_buffer_init(&table, TABLE_SIZE_MAX);
    for (size_t i = 0; i < all; i++) {
        int size = (int)accord_case_vendor(accord_docket_case(log->docket, i)).size;
        width = size > width ? size : width;
    }
    accord_tell(&table, "%-16s  %-*s  %-9s  %-20s  %-20s  %s\n", "case", width, "vendor", "state", "reported", "opens",
                "to be noticed");
    for (size_t i = 0; i < all; i++) {
        const struct accord_docket_case *found = accord_docket_case(log->docket, i);
        if (wanted(call, found, now)) {
            shown++;
            row(&table, found, now, width);
            (void)json_array_append_new(list, accord_case_json(found, now, false));
        }
    }
    char hour[32];
    accord_case_hour(now, hour);
    if (shown > 0) {
        accord_print(call, accord_buffer_bytes(&table));
    }
    accord_note(call, "%zu of %zu cases, as of %s", shown, all, hour);
    accord_case_tell_left_out(call, log->docket);
    accord_buffer_free(&table);
    return accord_answer(call, json_pack("{s:o, s:o, s:o}", "now", accord_json_number(now), "cases", list, "left_out",
                                         accord_json_number(accord_docket_left_out(log->docket))));
}

int accord_run_case_list(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_case_log log;
    const char *vendor = accord_call_value(call, "vendor");
    const struct accord_docket_filter filter = {.vendor = accord_bytes_of(vendor == NULL ? "" : vendor)};
    error.status =
        accord_case_log_open(&log, call, call->operands[0], accord_call_value(call, "trust"), &filter, &error);
    int result = error.status == ACCORD_OK ? tell(call, &log) : accord_refuse(call, call->operands[0], &error);
    accord_case_log_free(&log);
    return result;
}
