/* A monitor whose power is cut at every call that changes something, which is killed there, and whose calls fail one
 * after the other: whatever happens, each finding is told, and the monitor goes on from where it was.
 *
 * A log grows in three steps, with releases in a watched name, a new roster and a fork that is shown between; after
 * each accident a monitor is opened anew on what the disk holds, and looks at the same log. A finding counts as told
 * once the look that told it has settled: a settle comes before each write of the state. */
#include "sim_fs.h"

#include "../unit/monitored.h"

#include <errno.h>

#include "base/file.h"
#include "monitor/state.h"

#define ROUNDS 3

enum accident { POWER_CUT, KILLED, CALL_FAILS };

static struct accord_bytes charter, rosters[2];
static struct m_trust *trust;
static struct m_log *rounds[ROUNDS], *fork_of[ROUNDS];

struct run {
    struct sim_fs *sim;
    const struct accord_fs *fs;
    struct m_told told;
    struct accord_bytes vendor;
    struct accord_expected expected;
    uint64_t entries_told; /* a bit for each index */
    bool fork_told[ROUNDS];
    char evidence[256]; /* a file that a finding named; empty: none did */
    uint64_t settled;   /* what had been told when it was settled last */
    uint64_t next;      /* the furthest that the state on the disk has been */
    char plan[128];
};

static enum accord_status settle(void *context, struct accord_error *error)
{
    struct m_told *told = context;
    struct run *run = (struct run *)(void *)((char *)told - offsetof(struct run, told));
    (void)error;
    run->settled = run->entries_told;
    return ACCORD_OK;
}

static enum accord_status take(void *context, const struct accord_finding *finding, struct accord_error *error)
{
    struct m_told *told = context;
    struct run *run = (struct run *)(void *)((char *)told - offsetof(struct run, told));
    (void)error;
    if (finding->has_index)
        run->entries_told |= (uint64_t)1 << finding->index;
    if (finding->evidence != NULL && run->evidence[0] == '\0')
        snprintf(run->evidence, sizeof run->evidence, "%s", finding->evidence);
    return ACCORD_OK;
}

static struct accord_monitor_options options_of(struct run *run)
{
    return (struct accord_monitor_options){.fs = run->fs,
                                           .rules = {.crypto = m_crypto,
                                                     .verifier = &trust->verifier,
                                                     .vendors = &run->vendor,
                                                     .vendor_count = 1,
                                                     .expected = &run->expected},
                                           .state = "state",
                                           .evidence = "evidence",
                                           .threads = 1,
                                           .sink = {&run->told, take},
                                           .settle = settle};
}

static bool look(struct accord_monitor *monitor, struct m_log *log)
{
    struct accord_error error;
    struct accord_reader *reader = m_reader(log);
    enum accord_status status = accord_monitor_fetch(monitor, reader, &error);
    if (status == ACCORD_OK)
        status = accord_monitor_look(monitor, reader, NULL, 0, M_NOW, &error);
    accord_reader_close(reader);
    return status == ACCORD_OK;
}

/* What the disk holds must be a state, and say no more than was settled. */
static void check_disk(struct run *run)
{
    struct accord_buffer text;
    static struct accord_monitor_state state;
    accord_buffer_init(&text, ACCORD_MONITOR_STATE_SIZE_MAX);
    enum accord_status status = accord_file_read(run->fs, "state", &text, NULL);
    if (status == ACCORD_OK) {
        if (accord_monitor_state_parse(&state, accord_buffer_bytes(&text), NULL) != ACCORD_OK)
            fail_msg("%s: the state cannot be read", run->plan);
        if (state.next < run->next)
            fail_msg("%s: the state went back", run->plan);
        run->next = state.next;
        for (uint64_t i = 0; i < state.next; i++) {
            bool worth = rounds[ROUNDS - 1]->entries[i].size > 40 && i > 1;
            if (worth && (run->settled >> i & 1) == 0)
                fail_msg("%s: entry %d is remembered and was never told", run->plan, (int)i);
        }
    } else if (status != ACCORD_NOT_FOUND || run->next > 0) {
        fail_msg("%s: the state is gone: %d", run->plan, (int)status);
    }
    if (run->evidence[0] != '\0' && run->fs->exists(run->fs->context, run->evidence) != 1)
        fail_msg("%s: a finding named evidence that is not there", run->plan);
    accord_buffer_free(&text);
}

/* The whole history by monitors that end wherever they must. True where it was not disturbed. */
static bool history(struct run *run)
{
    struct accord_error error;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct accord_monitor *monitor;
        struct accord_monitor_options options = options_of(run);
        if (accord_monitor_open(&monitor, &options, &error) != ACCORD_OK)
            return false;
        bool fine = look(monitor, rounds[round]) && look(monitor, fork_of[round]);
        if (fine)
            run->fork_told[round] = accord_monitor_told(monitor) > 0;
        accord_monitor_close(monitor);
        if (!fine)
            return false;
    }
    return true;
}

static void run_begin(struct run *run)
{
    memset(run, 0, sizeof *run);
    run->sim = sim_fs_new();
    run->fs = sim_fs_port(run->sim);
    run->vendor = slice("m0.example");
}

/* After the accident everything is told, and the evidence is there. */
static void run_end(struct run *run)
{
    check_disk(run);
    if (!history(run))
        fail_msg("%s: it does not go on", run->plan);
    check_disk(run);
    for (uint64_t i = 2; i < rounds[ROUNDS - 1]->count; i++)
        if (rounds[ROUNDS - 1]->entries[i].size > 40 && (run->entries_told >> i & 1) == 0)
            fail_msg("%s: entry %d was never told", run->plan, (int)i);
    for (unsigned round = 0; round < ROUNDS; round++)
        if (!run->fork_told[round])
            fail_msg("%s: fork %u was never told", run->plan, round);
    if (run->fs->exists(run->fs->context, "evidence") != 2)
        fail_msg("%s: nothing was kept", run->plan);
    sim_fs_free(run->sim);
}

static void accidents(enum accident accident)
{
    static const enum sim_survival modes[] = {SIM_VANISH, SIM_KEEP, SIM_MIX};
    static const char *const names[] = {"power cut", "killed", "failing"};
    static struct run run;
    run_begin(&run);
    assert_true(history(&run));
    uint64_t changes = sim_fs_changes(run.sim), calls = sim_fs_calls(run.sim);
    sim_fs_free(run.sim);
    uint64_t last = accident == CALL_FAILS ? calls : changes;
    assert_true(last > 20);
    for (uint64_t at = 1; at <= last; at++) {
        for (unsigned mode = 0; mode < (accident == POWER_CUT ? 6 : 1); mode++) {
            run_begin(&run);
            snprintf(run.plan, sizeof run.plan, "%s at %u of %u, mode %u", names[accident], (unsigned)at,
                     (unsigned)last, mode);
            if (accident == CALL_FAILS)
                sim_fs_fail_at(run.sim, at, at % 2 == 0 ? ENOSPC : EIO, false);
            else
                sim_fs_cut_at(run.sim, at);
            (void)history(&run);
            if (accident == POWER_CUT)
                sim_fs_reboot(run.sim, modes[mode < 2 ? mode : 2], at * 8 + mode);
            else
                sim_fs_kill(run.sim);
            run_end(&run);
        }
    }
}

static void test_power_cuts(void **state)
{
    (void)state;
    accidents(POWER_CUT);
}

static void test_kills(void **state)
{
    (void)state;
    accidents(KILLED);
}

static void test_failing_calls(void **state)
{
    (void)state;
    accidents(CALL_FAILS);
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    struct accord_bytes none = {NULL, 0};
    charter = m_charter();
    rosters[0] = m_roster(1, charter, none, 2, 2, 2);
    rosters[1] = m_roster(2, charter, rosters[0], 3, 2, 2);
    trust = m_trust_new(charter, rosters[0], 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct m_log *log = rounds[round] = m_log_new(), *fork = fork_of[round] = m_log_new();
        m_log_add(log, charter);
        m_log_add(log, rosters[0]);
        for (unsigned i = 0; i <= round; i++) {
            m_log_fill(log, 2, 0);
            m_log_add(log, m_release("m0.example", "a", i, "m0.example/release"));
            m_log_add(log, i == 1 ? rosters[1] : m_release("m0.example", "b", i, "m0.example/release"));
        }
        m_log_fill(fork, log->count, 99);
        fork->time = log->time = M_NOW + round;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cuts),
        cmocka_unit_test(test_kills),
        cmocka_unit_test(test_failing_calls),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
