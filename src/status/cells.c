/* What a standing's numbers are called. Knows words and no layout. */
#include "status/cells.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "case/words.h"

#define COLUMN(name, head) head,
const char *const accord_member_columns[] = {ACCORD_MEMBER_COLUMNS(COLUMN)};
const char *const accord_product_columns[] = {ACCORD_PRODUCT_COLUMNS(COLUMN)};
const char *const accord_case_columns[] = {ACCORD_CASE_COLUMNS(COLUMN)};

#define DAY 86400

static void put_bytes(char text[ACCORD_CELL_SIZE], struct accord_bytes bytes)
{
    (void)snprintf(text, ACCORD_CELL_SIZE, "%.*s",
                   (int)(bytes.size < ACCORD_CELL_SIZE ? bytes.size : ACCORD_CELL_SIZE - 1), (const char *)bytes.data);
}

static void put_count(char text[ACCORD_CELL_SIZE], uint64_t count)
{
    if (count > 0) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "%" PRIu64, count);
    }
}

void accord_day_words(int32_t day, char text[16])
{
    struct accord_out out = {(uint8_t *)text, 15, 0, false};
    accord_date_print(&out, day);
    text[out.size] = '\0';
}

/* What comes first is how many were the same. */
static void put_rebuilds(char text[ACCORD_CELL_SIZE], uint64_t same, uint64_t other, bool *late)
{
    put_count(text, same);
    if (other > 0) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "%" PRIu64 ", and %" PRIu64 " DIFFER", same, other);
        *late = true;
    }
}

static void put_witness(const struct accord_standing *standing, char text[ACCORD_CELL_SIZE], bool *late)
{
    char time[32];
    if (!standing->has_witness) {
        return;
    }
    *late = !standing->cosigned;
    if (standing->cosigned) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "cosigns%s", standing->mirrored ? ", mirrors" : "");
    } else if (standing->last_seen > 0) {
        accord_time_print(standing->last_seen, time);
        (void)snprintf(text, ACCORD_CELL_SIZE, "SILENT since %.10s", time);
    } else {
        (void)snprintf(text, ACCORD_CELL_SIZE, "SILENT, never seen");
    }
}

static void put_stages(const struct accord_standing *standing, char text[ACCORD_CELL_SIZE])
{
    size_t size = 0;
    for (unsigned i = 0; i < ACCORD_STAGE_COUNT; i++) {
        struct accord_bytes name = accord_stage_name((enum accord_stage)i);
        if (standing->staged[i] > 0 && size < ACCORD_CELL_SIZE - 40) {
            size += (size_t)snprintf(text + size, ACCORD_CELL_SIZE - size, "%s%.*s %" PRIu64, size == 0 ? "" : ", ",
                                     (int)name.size, (const char *)name.data, standing->staged[i]);
        }
    }
}

static void put_current(const struct accord_standings *standings, const struct accord_standing *standing,
                        char text[ACCORD_CELL_SIZE], bool *late)
{
    size_t some = 0, overdue = 0;
    for (size_t i = 0; i < standing->product_count; i++) {
        const struct accord_standing_product *product = &standings->products[standing->first_product + i];
        some += product->currents > 0;
        overdue += product->current_overdue;
    }
    *late = overdue > 0;
    if (overdue > 0) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "OVERDUE of %zu", overdue);
    } else if (some > 0) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "of %zu product%s", some, some == 1 ? "" : "s");
    }
}

static void put_demand(const struct accord_standing *standing, char text[ACCORD_CELL_SIZE], bool *late)
{
    char day[16];
    if (standing->demands > 0) {
        accord_day_words(standing->demand_claim.next, day);
        *late = standing->demand_overdue;
        (void)snprintf(text, ACCORD_CELL_SIZE, "%s %s", standing->demand_overdue ? "OVERDUE since" : "next by", day);
    }
}

/* Those alone that it says it has: how many it got, nobody knows. */
static void put_reports(const struct accord_standing *standing, char text[ACCORD_CELL_SIZE], bool *late)
{
    if (standing->reports_received == 0) {
        return;
    }
    int size = snprintf(text, ACCORD_CELL_SIZE, "%" PRIu64 " received, %" PRIu64 " fixed", standing->reports_received,
                        standing->reports_fixed);
    *late = standing->reports_overdue > 0;
    if (*late) {
        (void)snprintf(text + size, ACCORD_CELL_SIZE - (size_t)size, ", %" PRIu64 " OVERDUE",
                       standing->reports_overdue);
    }
}

void accord_member_cell(const struct accord_standings *standings, size_t member, enum accord_member_column column,
                        char text[ACCORD_CELL_SIZE], bool *late)
{
    const struct accord_roster_claim *roster = accord_standings_roster(standings);
    const struct accord_standing *standing = &standings->members[member];
    (void)snprintf(text, ACCORD_CELL_SIZE, "-");
    *late = false;
    switch (column) {
    case ACCORD_COLUMN_MEMBER:
        put_bytes(text, roster->members[member].domain);
        break;
    case ACCORD_COLUMN_WHERE:
        put_bytes(text, roster->members[member].jurisdiction);
        break;
    case ACCORD_COLUMN_WITNESS:
        put_witness(standing, text, late);
        break;
    case ACCORD_COLUMN_RELEASES:
        put_count(text, standing->releases);
        break;
    case ACCORD_COLUMN_REBUILDS:
        put_rebuilds(text, standing->rebuilt, standing->rebuilt_otherwise, late);
        break;
    case ACCORD_COLUMN_REBUILT:
        put_rebuilds(text, standing->was_rebuilt, standing->was_rebuilt_otherwise, late);
        break;
    case ACCORD_COLUMN_POLICIES:
        put_count(text, standing->policies);
        break;
    case ACCORD_COLUMN_WITHDRAWN:
        put_count(text, standing->withdrawals);
        break;
    case ACCORD_COLUMN_CURRENT:
        put_current(standings, standing, text, late);
        break;
    case ACCORD_COLUMN_REPORTS:
        put_reports(standing, text, late);
        break;
    case ACCORD_COLUMN_DEMAND:
        put_demand(standing, text, late);
        break;
    case ACCORD_COLUMN_ATTESTED:
        put_stages(standing, text);
        break;
    case ACCORD_MEMBER_COLUMN_COUNT:
        break;
    }
}

static void put_age(char text[ACCORD_CELL_SIZE], uint64_t seconds)
{
    if (seconds > 0 && seconds % DAY == 0) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "%" PRIu64 " day%s", seconds / DAY, seconds == DAY ? "" : "s");
    } else if (seconds > 0) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "%" PRIu64 " s", seconds);
    }
}

static void put_statements(const struct accord_standing_product *product, char text[ACCORD_CELL_SIZE], bool *late)
{
    char time[32];
    *late = product->current_overdue;
    if (product->currents > 0) {
        accord_time_print(product->current_not_after, time);
        (void)snprintf(text, ACCORD_CELL_SIZE, "%s%" PRIu64 ", the last by %s",
                       product->current_overdue ? "OVERDUE: " : "", product->currents, time);
    } else if (product->current_overdue) {
        (void)snprintf(text, ACCORD_CELL_SIZE, "OVERDUE: none");
    }
}

void accord_product_cell(const struct accord_standings *standings, size_t place, enum accord_product_column column,
                         char text[ACCORD_CELL_SIZE], bool *late)
{
    const struct accord_standing_product *product = &standings->products[place];
    (void)snprintf(text, ACCORD_CELL_SIZE, "-");
    *late = false;
    switch (column) {
    case ACCORD_COLUMN_OF:
        put_bytes(text, accord_standings_roster(standings)->members[product->member].domain);
        break;
    case ACCORD_COLUMN_PRODUCT:
        (void)snprintf(text, ACCORD_CELL_SIZE, "%s", product->name);
        break;
    case ACCORD_COLUMN_COUNT:
        put_count(text, product->releases);
        break;
    case ACCORD_COLUMN_NEWEST:
        if (product->releases > 0) {
            (void)snprintf(text, ACCORD_CELL_SIZE, "%s (%" PRIu64 ")", product->version, product->sequence);
        }
        break;
    case ACCORD_COLUMN_POLICY:
        put_count(text, product->policy_number);
        break;
    case ACCORD_COLUMN_MAX_AGE:
        put_age(text, product->max_age);
        break;
    case ACCORD_COLUMN_STATEMENTS:
        put_statements(product, text, late);
        break;
    case ACCORD_PRODUCT_COLUMN_COUNT:
        break;
    }
}

void accord_demand_words(const struct accord_demand_count *count, char text[2 * ACCORD_CELL_SIZE])
{
    char range[64];
    bool any = accord_bytes_equal(count->jurisdiction, ACCORD_LITERAL("any"));
    if (count->least == count->most) {
        (void)snprintf(range, sizeof range, "%" PRIu64, count->least);
    } else {
        (void)snprintf(range, sizeof range, "%" PRIu64 " to %" PRIu64, count->least, count->most);
    }
    (void)snprintf(text, (size_t)2 * ACCORD_CELL_SIZE, "%.*s, by %s%.*s: %s", (int)count->kind.size,
                   (const char *)count->kind.data, any ? "anybody's law" : "the law of ",
                   any ? 0 : (int)count->jurisdiction.size, (const char *)count->jurisdiction.data, range);
}

size_t accord_case_rows(const struct accord_standings *standings)
{
    return standings->cases == NULL ? 0 : accord_docket_count(standings->cases);
}

void accord_case_cell(const struct accord_standings *standings, size_t place, enum accord_case_column column,
                      char text[ACCORD_CELL_SIZE], bool *late)
{
    const struct accord_docket_case *found = accord_docket_case(standings->cases, place);
    struct accord_case_standing stands;
    accord_case_stand(&found->state, standings->now, &stands);
    *late = false;
    switch (column) {
    case ACCORD_COLUMN_CASE:
        accord_case_short(found->id, text);
        break;
    case ACCORD_COLUMN_VENDOR:
        put_bytes(text, accord_case_vendor(found));
        break;
    case ACCORD_COLUMN_STATE:
        put_bytes(text, stands.state);
        break;
    case ACCORD_COLUMN_REPORTED:
        accord_case_hour(found->state.time, text);
        break;
    case ACCORD_COLUMN_OPENS:
        accord_case_hour(stands.opens, text);
        break;
    case ACCORD_COLUMN_FLAGS:
        accord_case_flags(found, &stands, text);
        *late = stands.overdue && found->state.received != 0;
        break;
    case ACCORD_CASE_COLUMN_COUNT:
        break;
    }
}
