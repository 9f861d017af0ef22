/* The deduplication under power cuts and failing calls, at every call of a history: it never gives a wrong index, knows
 * all that it says it covers, keeps what it merged, and reads on from the log. ACCORD_CRASH_ROUNDS=N tries N seeds at
 * each call. */
#include "../unit/dedups.h"

#include <errno.h>

#include "sim_fs.h"

#define DIR "/log"
#define ENTRIES 260
#define AGAIN 7 /* each so many entries one comes again */

static const struct accord_dedup_shape shape = {3, 3, 3, false};

struct world {
    struct sim_fs *sim;
    struct accord_dedup *dedup;
    struct numbers numbers;
    uint64_t durable; /* covered by runs that were merged, which a power cut must not undo */
    char story[128];
};

#define HOLDS(world, condition)                                                                                        \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s: does not hold: %s", (world)->story, #condition);                                             \
    } while (0)

static enum accord_status open_it(struct world *world)
{
    struct accord_error error;
    world->dedup = NULL;
    return accord_dedup_open_shaped(&world->dedup, sim_fs_port(world->sim), DIR, world->numbers.committed,
                                    numbers_source(&world->numbers), &shape, &error);
}

static void note_durable(struct world *world)
{
    world->durable = 0;
    for (size_t i = 0; i < world->dedup->run_count; i++) {
        const struct accord_dedup_header *header = &world->dedup->runs[i]->header;
        if (header->end - header->first <= (uint64_t)1 << shape.table_bits)
            return;
        world->durable = header->end;
    }
}

static uint32_t number_at(uint64_t index)
{
    return (uint32_t)(index % AGAIN == AGAIN - 1 ? index / 2 : index);
}

/* Entries in groups, which are committed; now and then one is not, and is cut. It is closed and opened twice. */
static void play(struct world *world)
{
    struct accord_error error;
    if (open_it(world) != ACCORD_OK)
        return;
    while (world->numbers.count < ENTRIES && !sim_fs_is_cut(world->sim)) {
        uint64_t group = 1 + world->numbers.count % 6;
        for (uint64_t i = 0; i < group; i++)
            numbers_add(&world->numbers, world->dedup, number_at(world->numbers.count));
        if (world->numbers.committed % 5 == 2) {
            world->numbers.count -= group / 2;
            accord_dedup_cut(world->dedup, world->numbers.count);
        }
        numbers_commit(&world->numbers, world->dedup);
        if (accord_dedup_covered(world->dedup) < world->numbers.committed)
            (void)!accord_dedup_catch_up(world->dedup, world->numbers.committed, 20, &error);
        if (!sim_fs_is_cut(world->sim))
            note_durable(world);
        if (world->numbers.count % 97 < group) {
            accord_dedup_close(world->dedup);
            if (open_it(world) != ACCORD_OK)
                return;
        }
    }
    accord_dedup_close(world->dedup);
    world->dedup = NULL;
}

/* All that is covered is found at its first index; nothing else is. */
static void check(struct world *world)
{
    uint64_t covered = accord_dedup_covered(world->dedup), index;
    HOLDS(world, covered <= world->numbers.count);
    for (uint32_t number = 0; number < ENTRIES + 10; number++) {
        uint64_t first = 0;
        while (first < covered && world->numbers.list[first] != number)
            first++;
        bool found = number_find(world->dedup, number, &index);
        HOLDS(world, found == (first < covered));
        HOLDS(world, !found || index == first);
    }
}

static void check_and_go_on(struct world *world)
{
    struct accord_error error;
    check(world);
    HOLDS(world, accord_dedup_catch_up(world->dedup, world->numbers.committed, ENTRIES, &error) == ACCORD_OK);
    HOLDS(world, accord_dedup_covered(world->dedup) == world->numbers.committed);
    check(world);
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->sim = sim_fs_new();
    const struct accord_fs *fs = sim_fs_port(world->sim);
    assert_int_equal(fs->make_dir(fs->context, DIR, 0755), 0);
    assert_int_equal(fs->make_dir(fs->context, DIR "/.accord", 0755), 0);
    assert_int_equal(fs->sync_dir(fs->context, "/"), 0);
    assert_int_equal(fs->sync_dir(fs->context, DIR), 0);
    return world;
}

static void world_free(struct world *world)
{
    accord_dedup_close(world->dedup);
    sim_fs_free(world->sim);
    free(world);
}

static uint64_t rounds(void)
{
    const char *text = getenv("ACCORD_CRASH_ROUNDS");
    uint64_t count = text == NULL ? 1 : strtoull(text, NULL, 10);
    return count == 0 ? 1 : count;
}

/* false where the history is over before. What was open dies with the power: it is freed without being able to write.
 */
static bool cut_at(uint64_t nth, enum sim_survival mode, uint64_t seed)
{
    struct world *world = world_new();
    sim_fs_cut_at(world->sim, nth);
    snprintf(world->story, sizeof world->story, "cut at change %llu, mode %d, seed %llu", (unsigned long long)nth,
             (int)mode, (unsigned long long)seed);
    play(world);
    bool cut = sim_fs_is_cut(world->sim);
    accord_dedup_close(world->dedup);
    sim_fs_reboot(world->sim, mode, seed);
    assert_int_equal(open_it(world), ACCORD_OK);
    HOLDS(world, accord_dedup_covered(world->dedup) >= world->durable);
    check_and_go_on(world);
    world_free(world);
    return cut;
}

static void test_power_cut(void **state)
{
    (void)state;
    uint64_t nth = 1, all = rounds();
    bool more = true;
    for (; more; nth++) {
        more = cut_at(nth, SIM_VANISH, 0);
        more = cut_at(nth, SIM_KEEP, 0) && more;
        for (uint64_t seed = 0; seed < 4 * all; seed++)
            more = cut_at(nth, SIM_MIX, nth * 1000003 + seed) && more;
    }
    assert_true(nth > 150);
}

/* Killed, not cut: what was renamed is there, and half of what was being written. */
static bool killed_at(uint64_t nth)
{
    struct world *world = world_new();
    sim_fs_cut_at(world->sim, nth);
    snprintf(world->story, sizeof world->story, "killed at change %llu", (unsigned long long)nth);
    play(world);
    bool cut = sim_fs_is_cut(world->sim);
    accord_dedup_close(world->dedup);
    sim_fs_kill(world->sim);
    assert_int_equal(open_it(world), ACCORD_OK);
    HOLDS(world, accord_dedup_covered(world->dedup) >= world->durable);
    check_and_go_on(world);
    world_free(world);
    return cut;
}

static void test_killed(void **state)
{
    (void)state;
    for (uint64_t nth = 1; killed_at(nth); nth++)
        ;
}

/* false where the history is over before. */
static bool fail_at(uint64_t nth, int errnum, bool forever)
{
    struct world *world = world_new();
    sim_fs_fail_at(world->sim, nth, errnum, forever);
    snprintf(world->story, sizeof world->story, "call %llu fails with %d%s", (unsigned long long)nth, errnum,
             forever ? " for ever" : "");
    play(world);
    bool failed = sim_fs_calls(world->sim) >= nth;
    accord_dedup_close(world->dedup);
    /* While the power is on, what it left open is closed by its end. */
    sim_fs_kill(world->sim);
    assert_int_equal(open_it(world), ACCORD_OK);
    check_and_go_on(world);
    world_free(world);
    return failed;
}

static void test_failing_call(void **state)
{
    (void)state;
    bool more = true;
    for (uint64_t nth = 1; more; nth++) {
        more = fail_at(nth, EIO, false);
        more = fail_at(nth, ENOSPC, true) && more;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_failing_call),
    };
    return cmocka_run_group_tests_name("crash-dedup", tests, NULL, NULL);
}
