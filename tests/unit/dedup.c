/* The deduplication: what it finds, forgets, writes and reads again; what damage and a full disk do to it. */
#include "dedups.h"

#include <errno.h>
#include <limits.h>

#define ABSENT 3000000000u

static const struct accord_dedup_shape tiny = {3, 4, 3, false};
static const struct accord_dedup_shape flat = {3, 4, 32, false}; /* never merges here */
static const struct accord_dedup_shape small = {6, 3, 4, false};

/* The machine's file system without its syncs; with the nth write from now on it is full. */
static struct accord_fs quick;
static unsigned long writes_left;

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
    if (writes_left == 0)
        return -ENOSPC;
    writes_left--;
    return accord_fs_real.write_at(context, handle, data, size, offset);
}

struct bench {
    struct log_place *place;
    struct numbers *numbers;
    struct accord_dedup *dedup;
};

static int bench_new(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    void *place;
    char path[256];
    quick = accord_fs_real;
    quick.sync = quick_sync;
    quick.sync_dir = quick_sync_path;
    quick.write_at = quick_write_at;
    writes_left = ULONG_MAX;
    place_new(&place);
    bench->place = place;
    bench->numbers = calloc(1, sizeof *bench->numbers);
    snprintf(path, sizeof path, "%s/.accord", bench->place->log);
    assert_int_equal(mkdir(bench->place->log, 0755), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    *state = bench;
    return 0;
}

static int bench_free(void **state)
{
    struct bench *bench = *state;
    void *place = bench->place;
    accord_dedup_close(bench->dedup);
    free(bench->numbers);
    free(bench);
    return place_free(&place);
}

static void open_shaped(struct bench *bench, const struct accord_dedup_shape *shape)
{
    struct accord_error error;
    accord_dedup_close(bench->dedup);
    assert_int_equal(accord_dedup_open_shaped(&bench->dedup, &quick, bench->place->log, bench->numbers->committed,
                                              numbers_source(bench->numbers), shape, &error),
                     ACCORD_OK);
}

/* Entries with these numbers, committed one by one. */
static void fill(struct bench *bench, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        numbers_add(bench->numbers, bench->dedup, first + i);
        numbers_commit(bench->numbers, bench->dedup);
    }
}

static void assert_all(struct bench *bench, uint64_t covered)
{
    uint64_t index;
    assert_int_equal(accord_dedup_covered(bench->dedup), covered);
    for (uint64_t i = 0; i < covered; i++) {
        assert_true(number_find(bench->dedup, bench->numbers->list[i], &index));
        assert_int_equal(index, i);
    }
    for (uint32_t i = 0; i < 100; i++)
        assert_false(number_find(bench->dedup, ABSENT + i, &index));
}

static char *run_path(const struct bench *bench, size_t run)
{
    static char path[ACCORD_DEDUP_PATH_SIZE];
    const struct accord_dedup_header *header = &bench->dedup->runs[run]->header;
    accord_dedup_run_path(path, &bench->dedup->place, header->first, header->end, false);
    return path;
}

static size_t file_count(const struct bench *bench)
{
    char command[256];
    unsigned long count = 0;
    snprintf(command, sizeof command, "ls '%s/.accord/dedup' | wc -l", bench->place->log);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%lu", &count), 1);
    pclose(pipe);
    return count;
}

/* The paper's test values: key 00 01 .. 0f, message 00 01 .. 0f. */
static void test_key(void **state)
{
    (void)state;
    uint8_t salt[ACCORD_DEDUP_SALT_SIZE], hash[ACCORD_HASH_SIZE] = {0};
    for (uint8_t i = 0; i < 16; i++)
        salt[i] = hash[i] = i;
    assert_true(accord_dedup_key(salt, hash) == 0x3f2acc7f57c29bdbu);
}

static void test_header(void **state)
{
    (void)state;
    struct accord_dedup_header header = {1, ACCORD_DEDUP_RANGE_MAX + UINT64_C(1), 5, {7}, {8}}, parsed;
    uint8_t data[ACCORD_DEDUP_HEADER_SIZE], again[ACCORD_DEDUP_HEADER_SIZE];
    accord_dedup_header_print(&header, data);
    assert_true(accord_dedup_header_parse(&parsed, data));
    accord_dedup_header_print(&parsed, again);
    assert_memory_equal(data, again, sizeof data);
    header.first = 0;
    accord_dedup_header_print(&header, data);
    assert_false(accord_dedup_header_parse(&parsed, data));
    header.end = 4;
    accord_dedup_header_print(&header, data);
    assert_false(accord_dedup_header_parse(&parsed, data));
    header.end = header.count = 0;
    accord_dedup_header_print(&header, data);
    assert_false(accord_dedup_header_parse(&parsed, data));
    header.end = header.count = 5;
    accord_dedup_header_print(&header, data);
    assert_true(accord_dedup_header_parse(&parsed, data));
    data[15] = 1;
    assert_false(accord_dedup_header_parse(&parsed, data));
}

static void test_first_wins(void **state)
{
    struct bench *bench = *state;
    uint64_t index;
    open_shaped(bench, &tiny);
    fill(bench, 0, 40);
    fill(bench, 10, 5); /* again, when they are in runs */
    fill(bench, 100, 2);
    fill(bench, 100, 1); /* again, in one table */
    fill(bench, 0, 40);
    for (uint64_t i = 0; i < 40; i++) {
        assert_true(number_find(bench->dedup, i, &index));
        assert_int_equal(index, i);
    }
    assert_true(number_find(bench->dedup, 100, &index));
    assert_int_equal(index, 45);
    assert_false(number_find(bench->dedup, 50, &index));
    open_shaped(bench, &tiny);
    assert_true(number_find(bench->dedup, 100, &index));
    assert_int_equal(index, 45);
}

static void test_cut(void **state)
{
    struct bench *bench = *state;
    uint64_t index;
    open_shaped(bench, &tiny);
    fill(bench, 0, 5);
    for (uint32_t i = 5; i < 25; i++)
        numbers_add(bench->numbers, bench->dedup, i);
    assert_int_equal(accord_dedup_covered(bench->dedup), 25);
    assert_true(number_find(bench->dedup, 20, &index));
    assert_int_equal(index, 20);
    bench->numbers->count = 13;
    accord_dedup_cut(bench->dedup, 13);
    assert_all(bench, 13);
    assert_false(number_find(bench->dedup, 13, &index));
    bench->numbers->count = 5;
    accord_dedup_cut(bench->dedup, 5);
    accord_dedup_cut(bench->dedup, 5);
    assert_all(bench, 5);
    assert_false(number_find(bench->dedup, 5, &index));
    fill(bench, 200, 20);
    assert_all(bench, 25);
}

static void test_only_committed_is_written(void **state)
{
    struct bench *bench = *state;
    uint64_t index;
    open_shaped(bench, &tiny);
    fill(bench, 0, 3);
    for (uint32_t i = 3; i < 30; i++)
        numbers_add(bench->numbers, bench->dedup, i);
    assert_int_equal(accord_dedup_bytes(bench->dedup), 0);
    open_shaped(bench, &tiny);
    assert_int_equal(accord_dedup_covered(bench->dedup), 3);
    assert_false(number_find(bench->dedup, 3, &index));
}

/* Four tables of eight take no more until they are committed. */
static void test_memory_is_bounded(void **state)
{
    struct bench *bench = *state;
    struct accord_error error;
    uint64_t index;
    open_shaped(bench, &tiny);
    for (uint32_t i = 0; i < 50; i++)
        numbers_add(bench->numbers, bench->dedup, i);
    assert_int_equal(accord_dedup_covered(bench->dedup), 32);
    assert_false(number_find(bench->dedup, 32, &index));
    numbers_commit(bench->numbers, bench->dedup);
    assert_int_equal(accord_dedup_catch_up(bench->dedup, 50, 10, &error), ACCORD_OK);
    assert_int_equal(accord_dedup_covered(bench->dedup), 42);
    assert_int_equal(accord_dedup_catch_up(bench->dedup, 50, 1000, &error), ACCORD_OK);
    assert_all(bench, 50);
    bench->numbers->broken = true;
    bench->numbers->count = bench->numbers->committed = 60;
    assert_int_equal(accord_dedup_catch_up(bench->dedup, 60, 1000, &error), ACCORD_IO);
    assert_int_equal(accord_dedup_covered(bench->dedup), 50);
}

static void test_many_levels(void **state)
{
    struct bench *bench = *state;
    const struct accord_dedup_shape *shapes[] = {&tiny, &small};
    for (size_t s = 0; s < 2; s++) {
        open_shaped(bench, shapes[s]);
        for (uint32_t i = 0; i < 3000; i++) {
            fill(bench, (uint32_t)bench->numbers->count, 1);
            assert_true(bench->dedup->run_count <= 2 * shapes[s]->fan + 4);
        }
        assert_all(bench, bench->numbers->count);
        assert_int_equal(file_count(bench), bench->dedup->run_count);
        open_shaped(bench, shapes[s]);
        assert_int_equal(accord_dedup_covered(bench->dedup), bench->numbers->count);
    }
    assert_all(bench, 6000);
}

static void test_thread(void **state)
{
    struct bench *bench = *state;
    const struct accord_dedup_shape shape = {8, 6, 4, true};
    struct accord_error error;
    uint64_t index;
    open_shaped(bench, &shape);
    for (uint32_t i = 0; i < 100000; i++) {
        while (accord_dedup_covered(bench->dedup) < i)
            assert_int_equal(accord_dedup_catch_up(bench->dedup, i, 100, &error), ACCORD_OK);
        fill(bench, i, 1);
        if (i % 16 == 0) {
            assert_true(number_find(bench->dedup, i / 3, &index));
            assert_int_equal(index, i / 3);
            assert_false(number_find(bench->dedup, ABSENT + i, &index));
        }
    }
    open_shaped(bench, &shape);
    assert_all(bench, 100000);
}

/* The measures of a server, with its thread, and runs without a filter. */
static void test_full_size(void **state)
{
    struct bench *bench = *state;
    struct accord_error error;
    uint8_t(*hashes)[ACCORD_HASH_SIZE] = malloc((size_t)20000 * ACCORD_HASH_SIZE);
    assert_int_equal(
        accord_dedup_open(&bench->dedup, &accord_fs_real, bench->place->log, 0, numbers_source(bench->numbers), &error),
        ACCORD_OK);
    while (bench->numbers->count < NUMBERS_MAX) {
        uint64_t first = bench->numbers->count;
        for (uint32_t i = 0; i < 20000; i++) {
            bench->numbers->list[first + i] = (uint32_t)first + i;
            number_hash(first + i, hashes[i]);
        }
        bench->numbers->count += 20000;
        if (accord_dedup_covered(bench->dedup) == first)
            accord_dedup_add(bench->dedup, (const uint8_t(*)[ACCORD_HASH_SIZE])hashes, 20000);
        numbers_commit(bench->numbers, bench->dedup);
    }
    free(hashes);
    accord_dedup_close(bench->dedup);
    const struct accord_dedup_shape shape = {15, 12, 4, false};
    bench->dedup = NULL;
    open_shaped(bench, &shape);
    assert_int_equal(accord_dedup_catch_up(bench->dedup, NUMBERS_MAX, NUMBERS_MAX, &error), ACCORD_OK);
    accord_dedup_commit(bench->dedup, NUMBERS_MAX);
    assert_int_equal(bench->dedup->runs[0]->filter_words, 0);
    assert_all(bench, NUMBERS_MAX);
    assert_true(accord_dedup_bytes(bench->dedup) < (uint64_t)NUMBERS_MAX * 7);
}

static void spoil(const char *path, long offset)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    fputc(byte ^ 1, file);
    assert_int_equal(fclose(file), 0);
}

/* One byte anywhere in a small run: it goes, and what lies behind it too. */
static void test_damage(void **state)
{
    struct bench *bench = *state;
    struct accord_error error;
    open_shaped(bench, &flat);
    fill(bench, 0, 30);
    for (long offset = 0;; offset++) {
        open_shaped(bench, &flat);
        assert_true(bench->dedup->run_count >= 3);
        uint64_t before = bench->dedup->runs[1]->header.first, bytes = bench->dedup->runs[1]->bytes;
        if (offset == (long)bytes)
            break;
        spoil(run_path(bench, 1), offset);
        accord_dedup_close(bench->dedup);
        bench->dedup = NULL;
        open_shaped(bench, &flat);
        assert_int_equal(file_count(bench), 1);
        assert_all(bench, before);
        assert_int_equal(accord_dedup_catch_up(bench->dedup, 30, 30, &error), ACCORD_OK);
        assert_all(bench, 30);
        open_shaped(bench, &flat);
    }
}

static void test_wrong_size_and_name(void **state)
{
    struct bench *bench = *state;
    char other[512];
    open_shaped(bench, &tiny);
    fill(bench, 0, 40);
    accord_dedup_close(bench->dedup);
    bench->dedup = NULL;
    open_shaped(bench, &tiny);
    uint64_t end = bench->dedup->runs[0]->header.end;
    assert_int_equal(truncate(run_path(bench, 0), (long)bench->dedup->runs[0]->bytes + 1), 0);
    open_shaped(bench, &tiny);
    assert_int_equal(accord_dedup_covered(bench->dedup), 0);
    fill(bench, 0, 0);
    struct accord_error error;
    assert_int_equal(accord_dedup_catch_up(bench->dedup, 40, 40, &error), ACCORD_OK);
    open_shaped(bench, &tiny);
    snprintf(other, sizeof other, "%s/.accord/dedup/0-%llu.run", bench->place->log, (unsigned long long)end - 1);
    assert_int_equal(rename(run_path(bench, 0), other), 0);
    open_shaped(bench, &tiny);
    assert_int_equal(accord_dedup_covered(bench->dedup), 0);
    assert_int_equal(file_count(bench), 0);
}

/* What a power cut leaves: the parts beside what was made of them, files that were being written. Others' files stay.
 */
static void test_leftovers(void **state)
{
    struct bench *bench = *state;
    char command[1024];
    open_shaped(bench, &flat);
    fill(bench, 0, 80);
    const char *log = bench->place->log;
    snprintf(command, sizeof command, "cp -r '%s/.accord/dedup' '%s/.accord/parts'", log, log);
    assert_int_equal(system(command), 0);
    open_shaped(bench, &tiny);
    accord_dedup_commit(bench->dedup, 80);
    size_t merged = bench->dedup->run_count;
    assert_true(merged < 10);
    snprintf(command, sizeof command,
             "cd '%s/.accord' && cp -n parts/* dedup/ && echo x >dedup/0-8.tmp && echo x >dedup/notes &&"
             " echo x >dedup/00-8.run",
             log);
    assert_int_equal(system(command), 0);
    open_shaped(bench, &tiny);
    assert_int_equal(bench->dedup->run_count, merged);
    assert_int_equal(file_count(bench), merged + 2);
    assert_all(bench, 80);
}

static void test_beyond_the_log(void **state)
{
    struct bench *bench = *state;
    uint64_t index;
    open_shaped(bench, &flat);
    fill(bench, 0, 80);
    accord_dedup_close(bench->dedup);
    bench->dedup = NULL;
    bench->numbers->count = bench->numbers->committed = 33;
    open_shaped(bench, &flat);
    assert_all(bench, 32);
    assert_false(number_find(bench->dedup, 32, &index));
    assert_int_equal(file_count(bench), 4);
}

static void test_full_disk(void **state)
{
    struct bench *bench = *state;
    struct accord_error error;
    open_shaped(bench, &tiny);
    fill(bench, 0, 60);
    writes_left = 1;
    fill(bench, 60, 2000);
    uint64_t covered = accord_dedup_covered(bench->dedup);
    assert_true(covered >= 60 && covered <= 60 + 4 * 8);
    assert_all(bench, covered);
    assert_int_equal(accord_dedup_catch_up(bench->dedup, 2060, 5000, &error), ACCORD_OK);
    assert_int_equal(accord_dedup_covered(bench->dedup), covered);
    assert_int_equal(file_count(bench), bench->dedup->run_count);
    writes_left = ULONG_MAX;
    assert_int_equal(accord_dedup_catch_up(bench->dedup, 2060, 5000, &error), ACCORD_OK);
    assert_all(bench, 2060);
    fill(bench, 5000, 100);
    assert_all(bench, 2160);
}

/* A commit tries again too, after a while, without anybody asking. */
static void test_disk_recovers(void **state)
{
    struct bench *bench = *state;
    open_shaped(bench, &tiny);
    writes_left = 0;
    fill(bench, 0, 8);
    assert_int_equal(bench->dedup->run_count, 0);
    writes_left = ULONG_MAX;
    for (int i = 0; i < 1000; i++)
        accord_dedup_commit(bench->dedup, 8);
    assert_int_equal(bench->dedup->run_count, 1);
    assert_all(bench, 8);
}

static void test_claim(void **state)
{
    struct bench *bench = *state;
    struct accord_error error;
    uint64_t index;
    const uint64_t size = 100000000;
    assert_int_equal(accord_dedup_claim(&quick, bench->place->log, size, &error), ACCORD_OK);
    assert_int_equal(accord_dedup_open_shaped(&bench->dedup, &quick, bench->place->log, size,
                                              numbers_source(bench->numbers), &small, &error),
                     ACCORD_OK);
    assert_int_equal(accord_dedup_covered(bench->dedup), size);
    assert_false(number_find(bench->dedup, 1, &index));
    assert_int_equal(bench->numbers->asked, 0);
}

/* Equal entries by the thousand take the room of a few, and the first of them is found at once. */
static void test_equal_entries(void **state)
{
    struct bench *bench = *state;
    uint64_t index;
    open_shaped(bench, &small);
    fill(bench, 1, 1);
    for (int i = 0; i < 20000; i++)
        fill(bench, 7, 1);
    bench->numbers->asked = 0;
    assert_true(number_find(bench->dedup, 7, &index));
    assert_int_equal(index, 1);
    assert_int_equal(bench->numbers->asked, 1);
    assert_false(number_find(bench->dedup, 8, &index));
    uint64_t records = 0;
    for (size_t i = 0; i < bench->dedup->run_count; i++)
        records += bench->dedup->runs[i]->header.count;
    assert_true(records < 200);
}

/* What it names and the log does not confirm is not found; where the log cannot say, nothing is known. */
static void test_log_decides(void **state)
{
    struct bench *bench = *state;
    struct accord_error error;
    uint8_t hash[ACCORD_HASH_SIZE];
    uint64_t index;
    bool found;
    open_shaped(bench, &tiny);
    fill(bench, 0, 21);
    for (uint32_t i = 0; i < 21; i++)
        bench->numbers->list[i] = 500 + i;
    bench->numbers->asked = 0;
    for (uint32_t i = 0; i < 21; i++)
        assert_false(number_find(bench->dedup, i, &index));
    assert_int_equal(bench->numbers->asked, 21);
    bench->numbers->broken = true;
    for (uint32_t i = 0; i < 21; i++) {
        number_hash(i, hash);
        assert_int_equal(accord_dedup_find(bench->dedup, hash, &index, &found, &error), ACCORD_IO);
    }
}

/* A bucket of the size that only a very large log has, and keys that are not spread as they should be: found all the
 * same, by looking further. */
static void test_large_bucket(void **state)
{
    struct bench *bench = *state;
    enum { COUNT = 3000 };
    struct accord_dedup_place place = {&quick, bench->place->log, {1}, 0};
    struct accord_dedup_writer writer = {0};
    struct accord_dedup_run *run;
    struct accord_dedup_hits hits;
    const uint64_t bucket = (uint64_t)0xabcd << 48;
    assert_int_equal(accord_dedup_writer_begin(&writer, &place, 10, 10 + (uint64_t)ACCORD_DEDUP_RANGE_MAX), 0);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t place_in = i < COUNT / 2 ? i * 3 : i * 21; /* the first half crowds at the beginning */
        assert_int_equal(accord_dedup_writer_put(&writer, bucket | place_in << 32, 10 + i * 1000000), 0);
    }
    assert_int_equal(accord_dedup_writer_finish(&writer, true, &run), 0);
    accord_dedup_run_close(run);
    assert_int_equal(accord_dedup_run_open(&run, &place, 10, 10 + (uint64_t)ACCORD_DEDUP_RANGE_MAX), 0);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t place_in = i < COUNT / 2 ? i * 3 : i * 21;
        assert_int_equal(accord_dedup_run_look(run, bucket | place_in << 32, &hits), 0);
        assert_int_equal(hits.count, 1);
        assert_int_equal(hits.index[0], 10 + i * 1000000);
        assert_int_equal(accord_dedup_run_look(run, bucket | (place_in + 1) << 32, &hits), 0);
        assert_int_equal(hits.count, 0);
    }
    assert_int_equal(accord_dedup_run_look(run, bucket - 1, &hits), 0);
    assert_int_equal(hits.count, 0);
    accord_dedup_run_close(run);
}

static struct accord_dedup_run *run_of(const struct accord_dedup_place *place, uint64_t first, uint64_t end,
                                       uint64_t stride, const uint64_t *keys, size_t count)
{
    struct accord_dedup_writer writer = {0};
    struct accord_dedup_run *run;
    assert_int_equal(accord_dedup_writer_begin(&writer, place, first, end), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(accord_dedup_writer_put(&writer, keys[i], first + i * stride), 0);
    assert_int_equal(accord_dedup_writer_finish(&writer, true, &run), 0);
    return run;
}

static bool has(const struct accord_dedup_run *run, uint64_t key, uint64_t index)
{
    struct accord_dedup_hits hits;
    assert_int_equal(accord_dedup_run_look(run, key, &hits), 0);
    for (size_t i = 0; i < hits.count; i++)
        if (hits.index[i] == index)
            return true;
    return false;
}

/* The larger a run's range, the less of a key is kept. What becomes one key then is ordered by age, so of too many the
 * first ones stay. */
static void test_merge_of_large_ranges(void **state)
{
    struct bench *bench = *state;
    enum { COUNT = 3000, EQUAL = 25 };
    struct accord_dedup_place place = {&quick, bench->place->log, {1}, 0};
    static uint64_t keys[2][COUNT];
    const uint64_t middle = 1 << 26, end = middle + ((uint64_t)1 << 30), step = UINT64_MAX / COUNT;
    for (size_t i = 0; i < COUNT; i++) {
        keys[0][i] = i * step + numbers_mix(i) % step;
        keys[1][i] = i * step + numbers_mix(COUNT + i) % step;
    }
    /* The older's key is the larger one, in a bit that it knows and the merged run does not. */
    for (size_t i = 0; i < EQUAL; i++)
        keys[1][1000 + i] = 1000 * step;
    keys[0][1000] = 1000 * step | (uint64_t)1 << 27;
    struct accord_dedup_job *job = accord_dedup_job_new(ACCORD_DEDUP_MERGE, &place);
    job->inputs[0] = run_of(&place, 0, middle, 1000, keys[0], COUNT);
    job->inputs[1] = run_of(&place, middle, end, 300000, keys[1], COUNT);
    job->input_count = 2;
    while (!accord_dedup_job_step(job))
        ;
    assert_int_equal(job->result, 0);
    const struct accord_dedup_run *merged = job->outputs[0];
    assert_int_equal(merged->index_bits, 31);
    assert_true(has(merged, keys[0][1000], 1000000));
    assert_true(has(merged, keys[1][1014], middle + 1014 * UINT64_C(300000)));
    assert_false(has(merged, keys[1][1024], middle + 1024 * UINT64_C(300000)));
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(has(merged, keys[0][i], i * 1000));
        assert_true((i >= 1000 && i < 1000 + EQUAL) || has(merged, keys[1][i], middle + i * 300000));
    }
    accord_dedup_run_close(job->outputs[0]);
    job->task = ACCORD_DEDUP_REMOVE;
    while (!accord_dedup_job_step(job))
        ;
    accord_dedup_job_free(job);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_new, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_header),
        TEST(test_first_wins),
        TEST(test_cut),
        TEST(test_only_committed_is_written),
        TEST(test_memory_is_bounded),
        TEST(test_many_levels),
        TEST(test_thread),
        TEST(test_full_size),
        TEST(test_damage),
        TEST(test_wrong_size_and_name),
        TEST(test_leftovers),
        TEST(test_beyond_the_log),
        TEST(test_full_disk),
        TEST(test_disk_recovers),
        TEST(test_claim),
        TEST(test_equal_entries),
        TEST(test_log_decides),
        TEST(test_large_bucket),
        TEST(test_merge_of_large_ranges),
    };
    return cmocka_run_group_tests_name("dedup", tests, NULL, NULL);
}
