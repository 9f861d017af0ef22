/* What did not come when it should have. Knows the time that a quorum vouches for and no other: a log that stands still
 * makes nobody late, and whoever stops speaking is late by the others' clocks. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "case/words.h"
#include "monitor/monitor_inner.h"
#include "monitor/rules_inner.h"

#define DAY 86400

static enum accord_status tell_demand(struct accord_monitor *monitor, const struct accord_due *due,
                                      struct accord_error *error)
{
    struct accord_finding finding;
    uint8_t to[16], next[16];
    struct accord_out until = {to, sizeof to, 0, false}, named = {next, sizeof next, 0, false};
    accord_date_print(&until, due->to);
    accord_date_print(&named, due->next);
    accord_finding_begin(&finding, ACCORD_FINDING_DEMAND_OVERDUE,
                         (struct accord_bytes){(const uint8_t *)due->member, strlen(due->member)});
    accord_finding_say(&finding, ": %s spoke of the days to %.*s, and named %.*s for the next time", due->member,
                       (int)until.size, (const char *)to, (int)named.size, (const char *)next);
    return accord_monitor_tell(monitor, &finding, error);
}

static enum accord_status tell_current(struct accord_monitor *monitor, const struct accord_due *due,
                                       struct accord_error *error)
{
    struct accord_finding finding;
    char subject[512], time[32];
    int size = snprintf(subject, sizeof subject, "%s %s", due->member, due->product);
    accord_time_print(due->seen, time);
    accord_finding_begin(&finding, ACCORD_FINDING_CURRENT_OVERDUE,
                         (struct accord_bytes){(const uint8_t *)subject, size < 0 ? 0 : (size_t)size});
    accord_finding_say(&finding,
                       ": %s %s, none since %s, and its policy asks for one that is no older than %llu seconds",
                       due->member, due->product, time, (unsigned long long)due->max_age);
    return accord_monitor_tell(monitor, &finding, error);
}

static bool is_watched(const struct accord_monitor *monitor, struct accord_bytes member)
{
    const struct accord_rules_options *rules = &monitor->options.rules;
    for (size_t i = 0; i < rules->vendor_count; i++)
        if (accord_bytes_equal(rules->vendors[i], member))
            return true;
    return false;
}

/* The day that is named is the last one on which it is not late. */
static bool is_late(const struct accord_due *due, uint64_t time)
{
    if (due->is_current)
        return due->max_age > 0 && time > due->seen && time - due->seen > due->max_age;
    int64_t end = ((int64_t)due->next + 1) * DAY;
    return end < 0 || time >= (uint64_t)end;
}

/* Cases */

/* What lasts of a case is told while it lasts. The case is part of the subject: each has a life of its own. */
static enum accord_status tell_case(struct accord_monitor *monitor, enum accord_finding_code code,
                                    struct accord_bytes vendor, const struct accord_docket_case *found,
                                    const char *words, uint64_t time, struct accord_error *error)
{
    struct accord_finding finding;
    char subject[300], name[17], reported[32], hour[32];
    accord_case_short(found->id, name);
    accord_case_hour(found->state.time, reported);
    accord_case_hour(time, hour);
    int size = snprintf(subject, sizeof subject, "%.*s %s", (int)vendor.size, (const char *)vendor.data, name);
    accord_finding_begin(&finding, code, (struct accord_bytes){(const uint8_t *)subject, size < 0 ? 0 : (size_t)size});
    accord_finding_say(&finding, ": case %s of %.*s, entry %llu, reported %s, %s %s", name, (int)vendor.size,
                       (const char *)vendor.data, (unsigned long long)found->index, reported, words, hour);
    return accord_monitor_tell(monitor, &finding, error);
}

/* A case that its vendor refused, or its reporter withdrew, asks for nothing; one with a fix is done. */
static enum accord_status judge_case(void *context, struct accord_bytes vendor, const struct accord_docket_case *found,
                                     struct accord_error *error)
{
    struct accord_monitor *monitor = context;
    const struct accord_case *state = &found->state;
    struct accord_case_standing standing;
    enum accord_status status = ACCORD_OK;
    accord_case_stand(state, accord_monitor_time(monitor), &standing);
    if (state->published != 0 || state->refused != 0 || state->withdrawn != 0)
        return ACCORD_OK;
    if (standing.silent)
        status = tell_case(monitor, ACCORD_FINDING_REPORT_SILENT, vendor, found, "opens", standing.opens, error);
    if (status == ACCORD_OK && standing.overdue)
        status = tell_case(monitor, ACCORD_FINDING_REPORT_OVERDUE, vendor, found, "due", standing.due, error);
    if (status == ACCORD_OK && state->exploited != 0)
        status =
            tell_case(monitor, ACCORD_FINDING_REPORT_EXPLOITED, vendor, found, "exploited by", state->exploited, error);
    if (status == ACCORD_OK && (standing.disclosable || state->disclosed != 0))
        status = tell_case(monitor, ACCORD_FINDING_REPORT_OPEN, vendor, found,
                           state->disclosed != 0 ? "disclosed" : "open since",
                           state->disclosed != 0 ? state->disclosed : standing.opens, error);
    return status;
}

enum accord_status accord_monitor_tell_cases(struct accord_monitor *monitor, struct accord_error *error)
{
    struct accord_finding finding;
    uint64_t time = accord_monitor_time(monitor);
    if (!monitor->cases_begun || time == 0)
        return ACCORD_OK;
    monitor->cases_begun = false;
    enum accord_status status =
        accord_monitor_cases_end(monitor->cases, monitor->position.next, time, judge_case, monitor, error);
    if (status != ACCORD_OK || !accord_monitor_cases_full(monitor->cases))
        return status;
    accord_finding_begin(&finding, ACCORD_FINDING_REPORTS_MANY, (struct accord_bytes){NULL, 0});
    return accord_monitor_tell(monitor, &finding, error);
}

enum accord_status accord_monitor_overdue(struct accord_monitor *monitor, struct accord_error *error)
{
    const struct accord_dues *dues = accord_rules_dues(monitor->rules);
    const struct accord_roster_claim *roster = accord_rules_in_force(monitor->rules);
    uint64_t time = accord_monitor_time(monitor);
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && time > 0 && i < dues->count; i++) {
        const struct accord_due *due = &dues->list[i];
        struct accord_bytes member = {(const uint8_t *)due->member, strlen(due->member)};
        /* Who has left owes nothing any more. */
        if (!is_late(due, time) || accord_roster_member(roster, member) == SIZE_MAX)
            continue;
        if (!due->is_current)
            status = tell_demand(monitor, due, error);
        else if (is_watched(monitor, member))
            status = tell_current(monitor, due, error);
    }
    return status;
}
