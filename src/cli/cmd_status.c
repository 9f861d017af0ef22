/* accord status: how each signatory stands. Knows where the log, the day and the page come from and go to; what counts
 * is status/'s. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
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

static void print_heads(const struct accord_call *call, const struct accord_column *columns, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        print(call, c + 1 == count ? "%s" : "%-*s  ", c + 1 == count ? 0 : columns[c].width, columns[c].head);
    }
    print(call, "\n");
}

static void print_members(const struct telling *telling)
{
    char text[ACCORD_CELL_SIZE];
    bool late;
    for (size_t i = 0; i < accord_standings_roster(telling->standings)->member_count; i++) {
        for (enum accord_member_column c = 0; c < ACCORD_MEMBER_COLUMN_COUNT; c++) {
            accord_member_cell(telling->standings, i, c, text, &late);
            print(telling->call, c + 1 == ACCORD_MEMBER_COLUMN_COUNT ? "%.0s%s\n" : "%-*s  ",
                  accord_member_columns[c].width, text);
        }
    }
}

static int tell(struct telling *telling);
