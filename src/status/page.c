/* Laying the standings out as HTML. Knows tags and escaping; the words are cells.c's. */
#include "status/page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "status/cells.h"

struct page {
    struct accord_buffer *out;
    enum accord_status status;
};

static void put(struct page *page, const char *text)
{
    if (page->status == ACCORD_OK) {
        page->status = accord_buffer_append(page->out, (struct accord_bytes){(const uint8_t *)text, strlen(text)});
    }
}

__attribute__((format(printf, 2, 3))) static void print(struct page *page, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put(page, text);
}

/* What is not of this page: no byte of it is a tag, an entity or the end of an attribute. */
static void escape(struct page *page, struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'') {
            print(page, "&#%u;", c);
        } else if (page->status == ACCORD_OK) {
            page->status = accord_buffer_append(page->out, (struct accord_bytes){&c, 1});
        }
    }
}

static void escape_text(struct page *page, const char *text)
{
    escape(page, (struct accord_bytes){(const uint8_t *)text, strlen(text)});
}

static void put_cell(struct page *page, const char *text, bool late, bool head)
{
    put(page, head ? "<th>" : late ? "<td class=\"late\">" : "<td>");
    escape_text(page, text);
    put(page, head ? "</th>" : "</td>");
}

static void put_head(struct page *page, const struct accord_standings *standings)
{
    char time[32];
    struct accord_bytes name = standings->chain->charter.name;
    put(page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    escape(page, name);
    put(page,
        ": standings</title>\n<style>\nbody{font:15px/1.4 system-ui,sans-serif;margin:2em "
        "auto;max-width:85em;padding:0 "
        "1em;color:#222;background:#fff}\ntable{border-collapse:collapse;margin:1em 0;display:block;overflow-x:auto}\n"
        "th,td{text-align:left;padding:.25em .7em;border-bottom:1px solid #ddd;vertical-align:top}\n"
        "th{background:#f3f3f3}\n.late{color:#a00;font-weight:bold}\ncode{word-break:break-all}\n"
        "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th{background:#282828}"
        "th,td{border-color:#444}.late{color:#f77}}\n</style>\n</head>\n<body>\n<h1>");
    escape(page, name);
    accord_time_print(standings->quorum_time, time);
    print(page,
          "</h1>\n<p>As a quorum of its members' witnesses vouched for the log at %s: entries 0 to %" PRIu64
          " of <code>",
          time, standings->checkpoint.size - 1);
    escape(page, standings->checkpoint.origin);
    print(page, "</code>, roster %" PRIu64 " with %zu members, %" PRIu64 " statements that count.",
          accord_standings_roster(standings)->number, accord_standings_roster(standings)->member_count,
          standings->counted);
    if (standings->now != standings->quorum_time) {
        accord_time_print(standings->now, time);
        print(page, " What is due is judged for %s.", time);
    }
    put(page, "</p>\n<p>All of this is computed from the log and the accord's rules alone: "
              "<code>accord status</code> makes the same page anywhere.</p>\n");
}

static void put_members(struct page *page, const struct accord_standings *standings)
{
    char text[ACCORD_CELL_SIZE];
    bool late;
    put(page, "<h2>Members</h2>\n<table>\n<tr>");
    for (size_t c = 0; c < ACCORD_MEMBER_COLUMN_COUNT; c++) {
        put_cell(page, accord_member_columns[c], false, true);
    }
    put(page, "</tr>\n");
    for (size_t i = 0; i < accord_standings_roster(standings)->member_count; i++) {
        put(page, "<tr>");
        for (enum accord_member_column c = 0; c < ACCORD_MEMBER_COLUMN_COUNT; c++) {
            accord_member_cell(standings, i, c, text, &late);
            put_cell(page, text, late, false);
        }
        put(page, "</tr>\n");
    }
    put(page, "</table>\n");
}

static void put_products(struct page *page, const struct accord_standings *standings)
{
    char text[ACCORD_CELL_SIZE];
    bool late;
    if (standings->product_count == 0) {
        return;
    }
    put(page, "<h2>Products</h2>\n<table>\n<tr>");
    for (size_t c = 0; c < ACCORD_PRODUCT_COLUMN_COUNT; c++) {
        put_cell(page, accord_product_columns[c], false, true);
    }
    put(page, "</tr>\n");
    for (size_t i = 0; i < standings->product_count; i++) {
        put(page, "<tr>");
        for (enum accord_product_column c = 0; c < ACCORD_PRODUCT_COLUMN_COUNT; c++) {
            accord_product_cell(standings, i, c, text, &late);
            put_cell(page, text, late, false);
        }
        put(page, "</tr>\n");
    }
    put(page, "</table>\n");
}

static void put_cases(struct page *page, const struct accord_standings *standings)
{
    char text[ACCORD_CELL_SIZE];
    bool late;
    size_t rows = accord_case_rows(standings);
    if (rows == 0) {
        put(page, standings->cases == NULL ? "<p>There are more reports in this log than are shown.</p>\n" : "");
        return;
    }
    put(page, "<h2>Reports</h2>\n<p>Anybody can log a report: one without a receipt is unverified, and how many a "
              "member got says nothing.</p>\n<table>\n<tr>");
    for (size_t c = 0; c < ACCORD_CASE_COLUMN_COUNT; c++) {
        put_cell(page, accord_case_columns[c], false, true);
    }
    put(page, "</tr>\n");
    for (size_t i = 0; i < rows; i++) {
        put(page, "<tr>");
        for (enum accord_case_column c = 0; c < ACCORD_CASE_COLUMN_COUNT; c++) {
            accord_case_cell(standings, i, c, text, &late);
            put_cell(page, text, late, false);
        }
        put(page, "</tr>\n");
    }
    put(page, "</table>\n");
}

static void put_demand(struct page *page, const struct accord_standings *standings, size_t member)
{
    const struct accord_demand_claim *demand = &standings->members[member].demand_claim;
    struct accord_demand_count count;
    char words[2 * ACCORD_CELL_SIZE], from[16], to[16];
    size_t cursor = 0;
    accord_day_words(demand->from, from);
    accord_day_words(demand->to, to);
    put(page, "<tr><td>");
    escape(page, demand->member);
    print(page, "</td><td>%s to %s</td><td>entry %" PRIu64 "</td><td>", from, to,
          standings->members[member].demand_index);
    for (bool first = true; accord_demand_next_count(demand, &cursor, &count); first = false) {
        accord_demand_words(&count, words);
        put(page, first ? "" : "<br>");
        escape_text(page, words);
    }
    put(page, "</td></tr>\n");
}

static void put_said(struct page *page, const struct accord_standings *standings)
{
    put(page,
        "<h2>Said and signed; no machine can check it</h2>\n<p>That these statements were made, by whom and by when, "
        "is "
        "in the log. Whether they are true, nobody can compute. The same goes for what attestations, rebuilds and "
        "withdrawals say, which are counted above as what they are: statements.</p>\n"
        "<table>\n<tr><th>member</th><th>days</th><th>in the log</th><th>legal demands received</th></tr>\n");
    for (size_t i = 0; i < accord_standings_roster(standings)->member_count; i++) {
        if (standings->members[i].demands > 0) {
            put_demand(page, standings, i);
        }
    }
    put(page, "</table>\n");
}

enum accord_status accord_standings_page(const struct accord_standings *standings, struct accord_buffer *out,
                                         struct accord_error *error)
{
    struct page page = {out, ACCORD_OK};
    put_head(&page, standings);
    put_members(&page, standings);
    put_products(&page, standings);
    put_cases(&page, standings);
    put_said(&page, standings);
    put(&page, "</body>\n</html>\n");
    return page.status == ACCORD_OK ? ACCORD_OK : accord_fail(error, page.status, 0);
}
