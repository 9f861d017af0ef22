/* What did not come when it should have. Knows the time that a quorum vouches for and no other: a log that stands still
 * makes nobody late, and whoever stops speaking is late by the others' clocks. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
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
