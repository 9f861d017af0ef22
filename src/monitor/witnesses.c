/* Who cosigns, and who no longer does. Knows the newest cosignature of each witness of the policy; refuses to take a
 * single witness's word for what time it is. */
#include "monitor/monitor_inner.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

static size_t find(const struct accord_monitor_state *state, struct accord_bytes vkey)
{
    for (size_t i = 0; i < state->witness_count; i++)
        if (accord_bytes_equal(state->witnesses[i].vkey, vkey))
            return i;
    return SIZE_MAX;
}

void accord_monitor_seen(struct accord_monitor *monitor, struct accord_bytes vkey, uint64_t time)
{
    size_t place = find(&monitor->state, vkey);
    /* A time in the future must not make it look alive until then. */
    time = time < monitor->now ? time : monitor->now;
    if (place != SIZE_MAX && monitor->state.witnesses[place].seen < time)
        monitor->state.witnesses[place].seen = time;
}

enum accord_status accord_monitor_watch(struct accord_monitor *monitor, struct accord_error *error)
{
    const struct accord_policy *policy = accord_rules_policy(monitor->rules);
    struct accord_monitor_witness witnesses[ACCORD_POLICY_WITNESSES_MAX];
    struct accord_buffer vkeys;
    enum accord_status status = ACCORD_OK;
    accord_buffer_init(&vkeys, ACCORD_MONITOR_STATE_SIZE_MAX);
    for (size_t i = 0; status == ACCORD_OK && i < policy->witness_count; i++) {
        size_t known = find(&monitor->state, policy->witnesses[i].vkey.text);
        witnesses[i].seen = known == SIZE_MAX ? monitor->now : monitor->state.witnesses[known].seen;
        witnesses[i].vkey.size = policy->witnesses[i].vkey.text.size;
        status = accord_buffer_append(&vkeys, policy->witnesses[i].vkey.text);
    }
    if (status != ACCORD_OK) {
        accord_buffer_free(&vkeys);
        return accord_fail(error, status, 0);
    }
    size_t offset = 0;
    for (size_t i = 0; i < policy->witness_count; i++) {
        witnesses[i].vkey.data = vkeys.data + offset;
        offset += witnesses[i].vkey.size;
        monitor->state.witnesses[i] = witnesses[i];
    }
    monitor->state.witness_count = policy->witness_count;
    accord_buffer_free(&monitor->vkeys);
    monitor->vkeys = vkeys;
    return ACCORD_OK;
}

uint64_t accord_monitor_time(const struct accord_monitor *monitor)
{
    const struct accord_policy *policy = accord_rules_policy(monitor->rules);
    uint64_t newest = 0;
    if (monitor->cosigners.not_before != 0)
        return monitor->cosigners.not_before;
    for (size_t i = 0; i < policy->witness_count; i++)
        if (monitor->cosigners.cosigned[i] && monitor->cosigners.timestamp[i] > newest)
            newest = monitor->cosigners.timestamp[i];
    return newest;
}

static enum accord_status tell_silent(struct accord_monitor *monitor, const struct accord_policy_witness *witness,
                                      uint64_t seen, struct accord_error *error)
{
    struct accord_finding finding;
    char time[32];
    accord_time_print(seen, time);
    accord_finding_begin(&finding, ACCORD_FINDING_WITNESS_SILENT, witness->vkey.name);
    accord_finding_say(&finding, ": %s, not since %s, while others did", finding.subject, time);
    return accord_monitor_tell(monitor, &finding, error);
}

static enum accord_status tell_stale(struct accord_monitor *monitor, uint64_t since, struct accord_error *error)
{
    struct accord_finding finding;
    char time[32];
    accord_time_print(since, time);
    accord_finding_begin(&finding, ACCORD_FINDING_STALE, (struct accord_bytes){NULL, 0});
    accord_finding_say(&finding, ": the newest checkpoint is of %s", time);
    return accord_monitor_tell(monitor, &finding, error);
}

enum accord_status accord_monitor_silence(struct accord_monitor *monitor, struct accord_error *error)
{
    const struct accord_policy *policy = accord_rules_policy(monitor->rules);
    const struct accord_monitor_options *options = &monitor->options;
    uint64_t time = accord_monitor_time(monitor);
    enum accord_status status = ACCORD_OK;
    if (time == 0)
        return ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && options->silent_s > 0 && i < policy->witness_count; i++) {
        size_t place = find(&monitor->state, policy->witnesses[i].vkey.text);
        if (place == SIZE_MAX || policy->witnesses[i].distrusted)
            continue;
        uint64_t seen = monitor->state.witnesses[place].seen;
        if (seen < time && time - seen > options->silent_s)
            status = tell_silent(monitor, &policy->witnesses[i], seen, error);
    }
    return status;
}

enum accord_status accord_monitor_stale(struct accord_monitor *monitor, struct accord_error *error)
{
    uint64_t time = monitor->vouched, stale_s = monitor->options.stale_s;
    bool stale = stale_s > 0 && time > 0 && time < monitor->now && monitor->now - time > stale_s;
    return stale ? tell_stale(monitor, time, error) : ACCORD_OK;
}
