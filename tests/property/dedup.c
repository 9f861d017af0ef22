/* Random histories of a deduplication against a plain list: entries, many of them again and again, come and are cut,
 * committed, found; it is closed and opened, loses files, and the disk is full now and then. ACCORD_SEED=N runs one
 * history. */
#include "../unit/dedups.h"

#include <errno.h>
#include <stdatomic.h>

#define HISTORIES 60
#define STEPS 400
#define DISTINCT 3000 /* numbers */

static struct accord_fs quick;
static atomic_bool full; /* the disk is */

static int quick_sync(void *context, int handle)
{
    (void)context;
    (void)handle;
    return 0;
}

static int quick_sync_path(void *context, const char *path)
{
    (void)context;
    (void)path;
    return 0;
}

static int64_t quick_write_at(void *context, int handle, const void *data, size_t size, uint64_t offset)
{
    return full ? -ENOSPC : accord_fs_real.write_at(context, handle, data, size, offset);
}

struct history {
    uint64_t seed, random;
    const struct log_place *place;
    struct accord_dedup_shape shape;
    struct accord_dedup *dedup;
    struct numbers numbers;
    uint64_t first[DISTINCT]; /* index of a number's first entry, or UINT64_MAX */
    uint64_t opened;          /* the log's size then: it has to be caught up to there */
};

static uint64_t chance(struct history *history, uint64_t below)
{
    return numbers_mix(history->random++) % below;
}

#define HOLDS(history, condition)                                                                                      \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("seed %llu: does not hold: %s", (unsigned long long)(history)->seed, #condition);                 \
    } while (0)

static void open_it(struct history *history)
{
    struct accord_error error;
    accord_dedup_close(history->dedup);
    /* What was not committed is not in the log. */
    history->numbers.count = history->numbers.committed;
    for (size_t i = 0; i < DISTINCT; i++)
        if (history->first[i] != UINT64_MAX && history->first[i] >= history->numbers.count)
            history->first[i] = UINT64_MAX;
    HOLDS(history, accord_dedup_open_shaped(&history->dedup, &quick, history->place->log, history->numbers.committed,
                                            numbers_source(&history->numbers), &history->shape, &error) == ACCORD_OK);
}

static void add(struct history *history)
{
    uint64_t count = chance(history, 4) == 0 ? 1 + chance(history, 100) : 1 + chance(history, 5);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t number = (uint32_t)chance(history, 1 + chance(history, DISTINCT));
        if (history->first[number] == UINT64_MAX)
            history->first[number] = history->numbers.count;
        numbers_add(&history->numbers, history->dedup, number);
    }
}

static void cut(struct history *history)
{
    struct numbers *numbers = &history->numbers;
    numbers->count = numbers->committed + chance(history, numbers->count - numbers->committed + 1);
    for (size_t i = 0; i < DISTINCT; i++)
        if (history->first[i] != UINT64_MAX && history->first[i] >= numbers->count)
            history->first[i] = UINT64_MAX;
    accord_dedup_cut(history->dedup, numbers->count);
}

static void check_number(struct history *history, uint64_t number)
{
    uint64_t index;
    bool found = number_find(history->dedup, number, &index);
    uint64_t first = history->first[number];
    HOLDS(history, found == (first != UINT64_MAX && first < accord_dedup_covered(history->dedup)));
    HOLDS(history, !found || index == first);
}

static bool lose_one(void *context, const char *name)
{
    struct history *history = context;
    char path[512];
    snprintf(path, sizeof path, "%s/.accord/dedup/%s", history->place->log, name);
    if (chance(history, 4) != 0)
        return true;
    HOLDS(history, unlink(path) == 0);
    return false;
}

static void lose(struct history *history)
{
    char path[512];
    snprintf(path, sizeof path, "%s/.accord/dedup", history->place->log);
    accord_dedup_close(history->dedup);
    history->dedup = NULL;
    HOLDS(history, quick.list(NULL, path, lose_one, history) >= 0);
    open_it(history);
}

static void catch_up(struct history *history)
{
    struct accord_error error;
    uint64_t before = accord_dedup_covered(history->dedup), size = history->numbers.committed;
    uint64_t count = chance(history, 3) == 0 ? UINT64_MAX : chance(history, 300);
    HOLDS(history, accord_dedup_catch_up(history->dedup, size, count, &error) == ACCORD_OK);
    uint64_t covered = accord_dedup_covered(history->dedup);
    HOLDS(history, covered >= before && covered <= history->numbers.count);
    HOLDS(history, full || history->shape.behind || count < size || covered >= size);
}

static void step(struct history *history)
{
    uint64_t kind = chance(history, 100);
    if (kind < 45)
        add(history);
    else if (kind < 65)
        numbers_commit(&history->numbers, history->dedup);
    else if (kind < 70)
        cut(history);
    else if (kind < 75)
        catch_up(history);
    else if (kind < 77)
        open_it(history);
    else if (kind < 78)
        lose(history);
    else if (kind < 80)
        full = !full && chance(history, 3) == 0;
    else
        check_number(history, chance(history, DISTINCT));
    HOLDS(history, accord_dedup_covered(history->dedup) <= history->numbers.count);
    HOLDS(history, history->dedup->table_count <= history->shape.tables_max);
}

static void run_history(uint64_t seed)
{
    struct history *history = calloc(1, sizeof *history);
    void *place;
    char path[256];
    assert_non_null(history);
    place_new(&place);
    history->place = place;
    snprintf(path, sizeof path, "%s/.accord", history->place->log);
    assert_int_equal(mkdir(history->place->log, 0755), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    history->seed = seed;
    history->random = seed << 32;
    history->shape = (struct accord_dedup_shape){(unsigned)chance(history, 6), 1 + chance(history, 12),
                                                 2 + (unsigned)chance(history, 5), chance(history, 3) == 0};
    memset(history->first, 0xff, sizeof history->first);
    full = false;
    open_it(history);
    for (int i = 0; i < STEPS; i++)
        step(history);
    for (uint64_t number = 0; number < DISTINCT; number++)
        check_number(history, number);
    accord_dedup_close(history->dedup);
    free(history);
    assert_int_equal(place_free(&place), 0);
}

static void test_histories(void **state)
{
    (void)state;
    const char *one = getenv("ACCORD_SEED");
    quick = accord_fs_real;
    quick.sync = quick_sync;
    quick.sync_dir = quick_sync_path;
    quick.write_at = quick_write_at;
    if (one != NULL)
        run_history(strtoull(one, NULL, 10));
    for (uint64_t seed = 1; one == NULL && seed <= HISTORIES; seed++)
        run_history(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories)};
    return cmocka_run_group_tests_name("property-dedup", tests, NULL, NULL);
}
