/* A witness whose power is cut at every call that changes something, and whose calls fail one after the other: whatever
 * it has let out, it never lets out anything that contradicts it.
 *
 * Three witnesses share one state file and follow two logs, each with a fork. The script mixes steps that must be
 * followed with forks, replays and requests to some of the witnesses only. Every cosignature that leaves is written
 * down; after each reboot what the witnesses remember is held against that, and forks are tried at once. */
#include "sim_fs.h"

#include "../unit/witnessing.h"
#include "witness/cosigner.h"

#include <errno.h>
#include <sqlite3.h>

#define PATH "state"
#define WITNESSES 3
#define LOGS 2
#define ALL 7u

static const uint64_t fork_at[LOGS] = {8, 4};

struct step {
    unsigned log;
    int branch;
    uint64_t size;
    unsigned witnesses; /* one bit each */
};

static const struct step script[] = {
    {0, 0, 0, ALL},  {0, 0, 3, ALL},  {1, 0, 5, ALL},  {0, 0, 9, 1},    {0, 1, 10, 2},
    {0, 0, 12, ALL}, {0, 1, 12, ALL}, {1, 0, 5, ALL},  {1, 1, 20, ALL}, {1, 0, 21, 6},
    {1, 1, 5, 1},    {0, 0, 30, 5},   {1, 0, 21, ALL}, {0, 1, 30, 2},   {1, 0, 40, 6},
};
#define STEPS (sizeof script / sizeof *script)

/* What a witness has let out of a log. branch is -1 until a size past the fork was cosigned. */
struct emitted {
    bool any;
    uint64_t size;
    int branch;
};

static struct test_log logs[LOGS];
static struct accord_signer *witnesses[WITNESSES];
static struct accord_vkey log_keys[LOGS];

/* One history. plan says how it was spoiled, for whoever must repeat it. */
struct run {
    struct sim_fs *sim;
    struct accord_cosigner_state *state;
    struct emitted emitted[WITNESSES][LOGS];
    char plan[128];
};

static void require(const struct run *run, bool condition, const char *what)
{
    if (!condition)
        fail_msg("%s: %s", run->plan, what);
}

static int set_up(void **state)
{
    (void)state;
    static const char *const names[] = {"witness/a", "witness/b", "witness/c"}, *const origins[] = {"log/a", "log/b"};
    accord_crypto_start();
    for (unsigned i = 0; i < WITNESSES; i++)
        assert_int_equal(accord_signer_generate(&witnesses[i], slice(names[i]), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                         ACCORD_OK);
    for (unsigned i = 0; i < LOGS; i++) {
        test_log_init(&logs[i], origins[i], fork_at[i]);
        log_keys[i] = *accord_signer_vkey(logs[i].signer);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WITNESSES; i++)
        accord_signer_free(witnesses[i]);
    for (unsigned i = 0; i < LOGS; i++)
        accord_signer_free(logs[i].signer);
    return 0;
}

static void emit(struct run *run, unsigned witness, const struct step *step)
{
    struct emitted *emitted = &run->emitted[witness][step->log];
    require(run, !emitted->any || step->size >= emitted->size, "a witness went back");
    if (step->size > fork_at[step->log]) {
        require(run, emitted->branch < 0 || emitted->branch == step->branch, "a witness cosigned a fork");
        emitted->branch = step->branch;
    }
    emitted->any = true;
    emitted->size = step->size;
}

/* Sends one request to some witnesses and writes down what came out. Their answers are in http, if it is not NULL. */
static enum accord_status request(struct run *run, const struct step *step, uint64_t old_size, int http[WITNESSES])
{
    struct accord_signer *asked[WITNESSES];
    unsigned number[WITNESSES], count = 0;
    struct accord_buffer lines[WITNESSES], body;
    struct accord_witness_verdict verdicts[WITNESSES];
    for (unsigned i = 0; i < WITNESSES; i++) {
        accord_buffer_init(&lines[i], 4096);
        if ((step->witnesses >> i & 1) != 0) {
            number[count] = i;
            asked[count++] = witnesses[i];
        }
    }
    accord_buffer_init(&body, 16384);
    put_step(&body, &logs[step->log], step->branch, old_size, step->size);
    enum accord_status status =
        accord_cosigner_answer(run->state, asked, count, log_keys, LOGS, accord_buffer_bytes(&body), NOW,
                               &accord_crypto_default, verdicts, lines, NULL);
    for (unsigned i = 0; i < count; i++) {
        require(run, (lines[i].size > 0) == (status == ACCORD_OK && verdicts[i].http_status == 200),
                "a line without a verdict, or the other way round");
        if (lines[i].size > 0)
            emit(run, number[i], step);
        if (http != NULL)
            http[number[i]] = verdicts[i].http_status;
        accord_buffer_free(&lines[i]);
    }
    accord_buffer_free(&body);
    return status;
}

static enum accord_status seen_by(struct run *run, unsigned witness, unsigned log, struct accord_witness_seen *seen)
{
    return accord_cosigner_seen(run->state, accord_signer_vkey(witnesses[witness])->text, log_keys[log].name, seen,
                                NULL);
}

/* Plays the script from a step on, as a client that asks the first witness where it stands; returns the step that
 * failed. */
static size_t play(struct run *run, size_t from)
{
    for (size_t i = from; i < STEPS; i++) {
        unsigned first = 0;
        struct accord_witness_seen seen;
        while ((script[i].witnesses >> first & 1) == 0)
            first++;
        if (seen_by(run, first, script[i].log, &seen) != ACCORD_OK)
            return i;
        uint64_t old_size = seen.size <= script[i].size ? seen.size : 0;
        if (request(run, &script[i], old_size, NULL) != ACCORD_OK)
            return i;
    }
    return STEPS;
}

static bool open_state(struct run *run)
{
    return accord_cosigner_state_open(&run->state, sim_fs_port(run->sim), PATH, NULL) == ACCORD_OK;
}

static void close_state(struct run *run)
{
    accord_cosigner_state_close(run->state);
    run->state = NULL;
}

/* What one witness remembers of one log, against what it has let out; then a fork, a replay and an honest step. */
static void check_one(struct run *run, unsigned witness, unsigned log)
{
    struct emitted *emitted = &run->emitted[witness][log];
    struct accord_witness_seen seen;
    uint8_t root[ACCORD_HASH_SIZE];
    int http[WITNESSES];
    require(run, seen_by(run, witness, log, &seen) == ACCORD_OK, "the state cannot be read");
    require(run, seen.cosigned || !emitted->any, "a witness forgot a log");
    require(run, seen.size >= emitted->size, "a witness remembers less than it let out");
    /* It may have remembered a checkpoint whose cosignature did not get out. */
    int branch = emitted->branch;
    if (branch < 0) {
        test_log_root(&logs[log], 0, seen.size, root);
        branch = seen.size > 0 && memcmp(root, seen.root, sizeof root) != 0;
    }
    test_log_root(&logs[log], branch, seen.size, root);
    require(run, seen.size == 0 || memcmp(root, seen.root, sizeof root) == 0, "a witness remembers another tree");

    struct step fork = {log, !branch, seen.size, 1u << witness};
    if (seen.size > fork_at[log]) {
        require(run, request(run, &fork, seen.size, http) == ACCORD_OK && http[witness] == 422, "fork, same size");
        fork.size = seen.size + 7;
        require(run, request(run, &fork, seen.size, http) == ACCORD_OK && http[witness] == 422, "fork, larger");
    }
    if (seen.size > 0) {
        require(run, request(run, &fork, 0, http) == ACCORD_OK && http[witness] == 409, "fork from nothing");
        struct step replay = {log, branch, seen.size - 1, 1u << witness};
        require(run, request(run, &replay, seen.size - 1, http) == ACCORD_OK && http[witness] == 409, "replay");
    }
    struct step next = {log, branch, seen.size + 1, 1u << witness};
    require(run, request(run, &next, seen.size, http) == ACCORD_OK && http[witness] == 200, "an honest step");
}

static void check_all(struct run *run)
{
    for (unsigned witness = 0; witness < WITNESSES; witness++)
        for (unsigned log = 0; log < LOGS; log++)
            check_one(run, witness, log);
}

static struct run run_new(uint64_t seed)
{
    struct run run = {.sim = sim_fs_new()};
    for (unsigned witness = 0; witness < WITNESSES; witness++)
        for (unsigned log = 0; log < LOGS; log++)
            run.emitted[witness][log].branch = -1;
    /* SQLite's journals hold random numbers */
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int)seed + 1, NULL);
    return run;
}

static void run_end(struct run *run)
{
    close_state(run);
    sim_fs_free(run->sim);
}

/* How often a history without faults changes something, and calls. */
static void measure(uint64_t *changes, uint64_t *calls)
{
    struct run run = run_new(0);
    require(&run, open_state(&run) && play(&run, 0) == STEPS, "the script does not run");
    *changes = sim_fs_changes(run.sim);
    *calls = sim_fs_calls(run.sim);
    require(&run, run.emitted[0][0].size == 30 && run.emitted[0][0].branch == 0, "witness a, log a");
    require(&run, run.emitted[1][0].size == 30 && run.emitted[1][0].branch == 1, "witness b, log a");
    require(&run, run.emitted[2][1].size == 40 && run.emitted[2][1].branch == 0, "witness c, log b");
    check_all(&run);
    run_end(&run);
}

static void reopen(struct run *run, enum sim_survival mode, uint64_t seed)
{
    close_state(run);
    sim_fs_reboot(run->sim, mode, seed);
    require(run, open_state(run), "the state does not open after the reboot");
}

static void cut_once(uint64_t nth, enum sim_survival mode, uint64_t seed)
{
    struct run run = run_new(seed);
    snprintf(run.plan, sizeof run.plan, "cut at change %d, mode %d, seed %d", (int)nth, (int)mode, (int)seed);
    sim_fs_cut_at(run.sim, nth);
    size_t step = open_state(&run) ? play(&run, 0) : 0;
    require(&run, sim_fs_is_cut(run.sim), "the power was not cut");
    reopen(&run, mode, seed);
    check_all(&run);
    require(&run, play(&run, step < STEPS ? step : 0) == STEPS, "it does not go on");
    run_end(&run);
}

static void test_power_cut_at_every_change(void **state)
{
    (void)state;
    uint64_t changes, calls;
    measure(&changes, &calls);
    assert_in_range(changes, 50, 2000);
    for (uint64_t nth = 1; nth <= changes; nth++) {
        cut_once(nth, SIM_VANISH, nth);
        cut_once(nth, SIM_KEEP, nth);
        for (uint64_t seed = 0; seed < 3; seed++)
            cut_once(nth, SIM_MIX, seed * changes + nth);
    }
}

/* The power goes again while the journal is being played back. */
static void test_power_cut_while_recovering(void **state)
{
    (void)state;
    uint64_t changes, calls;
    measure(&changes, &calls);
    for (uint64_t nth = 1; nth <= changes; nth++) {
        struct run run = run_new(nth);
        uint64_t again = 1 + nth * 7 % 11;
        snprintf(run.plan, sizeof run.plan, "cut at change %d and %d later, seed %d", (int)nth, (int)again, (int)nth);
        sim_fs_cut_at(run.sim, nth);
        size_t step = open_state(&run) ? play(&run, 0) : 0;
        close_state(&run);
        sim_fs_reboot(run.sim, nth % 2 == 0 ? SIM_MIX : SIM_KEEP, nth);
        sim_fs_cut_at(run.sim, again);
        if (open_state(&run))
            (void)play(&run, step);
        reopen(&run, SIM_MIX, nth + changes);
        check_all(&run);
        run_end(&run);
    }
}

/* The process is killed, and what it wrote is seen by the next one though the disk may not have it yet; the power goes
 * a while later. */
static void test_killed_at_every_change(void **state)
{
    (void)state;
    uint64_t changes, calls;
    measure(&changes, &calls);
    for (uint64_t nth = 1; nth <= changes; nth++) {
        struct run run = run_new(nth);
        snprintf(run.plan, sizeof run.plan, "killed at change %d, seed %d", (int)nth, (int)nth);
        sim_fs_cut_at(run.sim, nth);
        size_t step = open_state(&run) ? play(&run, 0) : 0;
        close_state(&run);
        sim_fs_kill(run.sim);
        require(&run, open_state(&run), "the state does not open after the kill");
        if (nth % 2 == 0)
            require(&run, play(&run, step) == STEPS, "it does not go on");
        reopen(&run, nth % 3 == 0 ? SIM_VANISH : SIM_MIX, nth);
        check_all(&run);
        run_end(&run);
    }
}

/* Goes on, and where the state takes no more since a sync failed, opens it again first. */
static bool go_on(struct run *run, size_t step)
{
    size_t reached = play(run, step);
    if (reached == STEPS)
        return true;
    close_state(run);
    return open_state(run) && play(run, reached) == STEPS;
}

/* The nth call fails, the process goes on with what it has open (or opens again), and in the end the power goes. */
static void fail_once(uint64_t nth, int error, bool forever)
{
    struct run run = run_new(nth);
    snprintf(run.plan, sizeof run.plan, "call %d fails with %d%s", (int)nth, error, forever ? " and all later" : "");
    sim_fs_fail_at(run.sim, nth, error, forever);
    size_t step = 0;
    bool opened = open_state(&run);
    if (opened)
        step = play(&run, 0);
    if (forever && nth % 4 == 0) { /* sometimes it is another process that goes on */
        close_state(&run);
        opened = false;
    }
    sim_fs_fail_at(run.sim, 0, 0, false);
    if (!opened)
        require(&run, open_state(&run), "the state does not open when the disk is well again");
    if (step < STEPS)
        require(&run, go_on(&run, step), "it does not go on when the disk is well again");
    if (nth % 2 == 0)
        check_all(&run);
    reopen(&run, nth % 3 == 0 ? SIM_VANISH : SIM_MIX, nth);
    check_all(&run);
    run_end(&run);
}

static void test_every_call_fails_once(void **state)
{
    (void)state;
    uint64_t changes, calls;
    measure(&changes, &calls);
    for (uint64_t nth = 1; nth <= calls; nth++)
        fail_once(nth, nth % 2 == 0 ? EIO : ENOSPC, false);
}

static void test_the_disk_fails_for_good(void **state)
{
    (void)state;
    uint64_t changes, calls;
    measure(&changes, &calls);
    for (uint64_t nth = 1; nth <= calls; nth += 3)
        fail_once(nth, nth % 2 == 0 ? EIO : ENOSPC, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut_at_every_change), cmocka_unit_test(test_power_cut_while_recovering),
        cmocka_unit_test(test_killed_at_every_change),    cmocka_unit_test(test_every_call_fails_once),
        cmocka_unit_test(test_the_disk_fails_for_good),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
