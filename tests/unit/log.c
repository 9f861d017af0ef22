/* The log as a directory: what it takes, what it refuses, and which files lie where. */
#include "logs.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "log/check.h"
#include "log/reader.h"

static const struct accord_crypto *crypto = &accord_crypto_default;
static const struct accord_fs *fs = &accord_fs_real;

static enum accord_status append(struct accord_log *log, const char *bytes, size_t size, struct accord_error *error)
{
    uint64_t first = 99, count = 99;
    enum accord_status status =
        accord_log_append(log, (struct accord_bytes){(const uint8_t *)bytes, size}, &first, &count, error);
    if (status != ACCORD_OK) {
        assert_int_equal(first, 99);
        assert_int_equal(count, 99);
    }
    return status;
}

static void test_create(void **state)
{
    const struct log_place *place = *state;
    uint8_t data[512], root[ACCORD_HASH_SIZE] = {0};
    struct accord_error error;
    struct accord_bytes wrong = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 0, root);
    assert_int_equal(accord_log_create(fs, crypto, place->log, wrong, &error), ACCORD_LOG_DIVERGED);
    wrong = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 1, root);
    assert_int_equal(accord_log_create(fs, crypto, place->log, wrong, &error), ACCORD_LOG_DIVERGED);
    assert_int_not_equal(accord_log_create(fs, crypto, place->log, slice("no checkpoint"), &error), ACCORD_OK);
    assert_int_equal(fs->exists(fs->context, place->log), 0);

    accord_merkle_empty_root(crypto, root);
    struct accord_bytes right = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 0, root);
    struct accord_log *log;
    assert_int_equal(accord_log_open(&log, fs, crypto, place->log, false, &error), ACCORD_NOT_FOUND);
    assert_null(log);
    assert_int_equal(accord_log_create(fs, crypto, place->log, right, &error), ACCORD_OK);
    assert_int_equal(accord_log_create(fs, crypto, place->log, right, &error), ACCORD_EXISTS);
    log = log_open(place);
    assert_int_equal(accord_log_size(log), 0);
    assert_true(accord_bytes_equal(accord_log_checkpoint(log), right));
    uint8_t empty[ACCORD_HASH_SIZE];
    accord_log_root(log, empty);
    assert_memory_equal(empty, root, sizeof root);
    accord_log_close(log);
}

static void test_what_append_takes(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    struct accord_error error;
    assert_int_equal(append(log, "", 0, &error), ACCORD_MALFORMED);
    assert_int_equal(append(log, "\0", 1, &error), ACCORD_MALFORMED);
    assert_int_equal(append(log, "\0\0", 2, &error), ACCORD_MALFORMED);
    assert_int_equal(append(log, "\0\2a", 3, &error), ACCORD_MALFORMED);
    assert_int_equal(append(log, "\0\1a\0\1b\0", 7, &error), ACCORD_MALFORMED);
    assert_string_equal(error.found, "2");
    assert_int_equal(accord_log_size(log), 0);

    char *big = calloc(1, ACCORD_LOG_APPEND_SIZE_MAX + 1);
    assert_non_null(big);
    assert_int_equal(append(log, big, ACCORD_LOG_APPEND_SIZE_MAX + 1, &error), ACCORD_TOO_LARGE);
    for (size_t i = 0; i <= ACCORD_LOG_APPEND_COUNT_MAX; i++)
        big[3 * i + 1] = 1;
    assert_int_equal(append(log, big, 3 * (ACCORD_LOG_APPEND_COUNT_MAX + 1), &error), ACCORD_TOO_LARGE);
    assert_int_equal(accord_log_size(log), 0);
    assert_int_equal(append(log, big, (size_t)3 * ACCORD_LOG_APPEND_COUNT_MAX, &error), ACCORD_OK);
    assert_int_equal(accord_log_size(log), ACCORD_LOG_APPEND_COUNT_MAX);
    memset(big, 0xff, 65537);
    assert_int_equal(append(log, big, 65537, &error), ACCORD_OK);
    assert_int_equal(accord_log_size(log), ACCORD_LOG_APPEND_COUNT_MAX + 1);
    free(big);
    accord_log_close(log);
}

static void test_cut(void **state)
{
    (void)state;
    struct accord_bytes rest = {(const uint8_t *)"\0\1a\0\2bb\0\3ccc\0", 13};
    assert_int_equal(accord_log_cut(&rest, 7).size, 7);
    assert_int_equal(rest.size, 6);
    assert_int_equal(accord_log_cut(&rest, 1).size, 5); /* at least one */
    assert_int_equal(accord_log_cut(&rest, 100).size, 0);
    assert_int_equal(rest.size, 1);

    size_t size = (size_t)3 * (ACCORD_LOG_APPEND_COUNT_MAX + 1);
    uint8_t *data = calloc(1, size);
    assert_non_null(data);
    for (size_t i = 1; i < size; i += 3)
        data[i] = 1;
    rest = (struct accord_bytes){data, size};
    assert_int_equal(accord_log_cut(&rest, size).size, size - 3);
    assert_int_equal(rest.size, 3);
    free(data);
}

static void test_lock(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place), *second;
    struct accord_error error;
    assert_int_equal(accord_log_open(&second, fs, crypto, place->log, false, &error), ACCORD_LOCKED);
    assert_null(second);
    accord_log_close(log);
    accord_log_close(log_open(place));
}

static void test_publish_refuses(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    struct accord_error error;
    log_fill(log, 3);
    accord_log_root(log, root);
    struct accord_bytes right = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 3, root);
    assert_int_equal(accord_log_publish(log, right, &error), ACCORD_LOG_DIVERGED); /* not integrated */
    assert_int_equal(accord_log_integrate(log, &error), ACCORD_OK);
    uint8_t other[512];
    struct accord_bytes wrong = log_checkpoint(other, LOG_ORIGIN, LOG_ORIGIN, 2, root);
    assert_int_equal(accord_log_publish(log, wrong, &error), ACCORD_LOG_DIVERGED);
    assert_string_equal(error.expected, "3");
    assert_string_equal(error.found, "2");
    wrong = log_checkpoint(other, "example.org/log", LOG_ORIGIN, 3, root);
    assert_int_equal(accord_log_publish(log, wrong, &error), ACCORD_WRONG_KEY);
    root[0] ^= 1;
    wrong = log_checkpoint(other, LOG_ORIGIN, LOG_ORIGIN, 3, root);
    assert_int_equal(accord_log_publish(log, wrong, &error), ACCORD_LOG_DIVERGED);
    assert_int_equal(accord_log_publish(log, slice("junk"), &error), ACCORD_MALFORMED);
    assert_int_equal(accord_log_publish(log, right, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_log_checkpoint(log), right));
    assert_int_equal(log_file_size(place, "checkpoint"), right.size);
    log_fill(log, 1);
    assert_int_equal(accord_log_integrate(log, &error), ACCORD_OK);
    assert_int_equal(accord_log_publish(log, right, &error), ACCORD_LOG_DIVERGED); /* of an older tree */
    accord_log_close(log);
}

/* The example of C2SP tlog-tiles, "Partial Tiles": a tree of size 70,000. */
static void test_layout(void **state)
{
    const struct log_place *place = *state;
    log_make(place, 70000);
    assert_int_equal(log_file_size(place, "tile/0/000"), 8192);
    assert_int_equal(log_file_size(place, "tile/0/272"), 8192);
    assert_int_equal(log_file_size(place, "tile/0/273"), -1);
    assert_int_equal(log_file_size(place, "tile/0/273.p/112"), 112 * 32);
    assert_int_equal(log_file_size(place, "tile/1/000"), 8192);
    assert_int_equal(log_file_size(place, "tile/1/001.p/17"), 17 * 32);
    assert_int_equal(log_file_size(place, "tile/2/000.p/1"), 32);
    assert_int_equal(log_file_size(place, "tile/3"), -1);
    assert_true(log_file_size(place, "tile/entries/272") > 0);
    assert_true(log_file_size(place, "tile/entries/273.p/112") > 0);
    assert_int_equal(log_file_size(place, "tile/entries/273"), -1);
    assert_true(log_file_size(place, ".accord/journal") < 1024);
}

/* A log that is published after each entry keeps the partial tiles of the bundle it is in, as the specification wants,
 * and none of those before. */
static void test_partials_go(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    for (int i = 0; i < 255; i++) {
        log_fill(log, 1);
        log_publish(log);
    }
    assert_int_equal(log_file_size(place, "tile/0/000.p/1"), 32);
    assert_int_equal(log_file_size(place, "tile/0/000.p/255"), 255 * 32);
    log_fill(log, 2);
    struct accord_error error;
    assert_int_equal(accord_log_integrate(log, &error), ACCORD_OK);
    assert_int_equal(log_file_size(place, "tile/0/000.p/255"), 255 * 32); /* of what is published still */
    log_publish(log);
    assert_int_equal(log_file_size(place, "tile/0/000.p"), -1);
    assert_int_equal(log_file_size(place, "tile/entries/000.p"), -1);
    assert_int_equal(log_file_size(place, "tile/0/001.p/1"), 32);
    assert_int_equal(log_file_size(place, "tile/1/000.p/1"), 32);
    accord_log_close(log);
}

static void test_journal_tail(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    log_fill(log, 5);
    accord_log_close(log);
    long size = log_file_size(place, ".accord/journal");
    for (long cut = 1; cut < 40; cut += 6) {
        /* A batch that was never finished, as it is after a kill at any byte. */
        log = log_open(place);
        assert_int_equal(accord_log_size(log), 5);
        log_fill(log, 1);
        accord_log_close(log);
        assert_int_equal(truncate(log_path(place, ".accord/journal"), size + cut), 0);
    }
    log = log_open(place);
    assert_int_equal(accord_log_size(log), 5);
    accord_log_close(log);
    assert_int_equal(log_file_size(place, ".accord/journal"), size);
}

static void test_journal_damage(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    struct accord_error error;
    log_fill(log, 1);
    log_fill(log, 1);
    accord_log_close(log);
    /* The entry of the first of two records: neither was unfinished, so nothing may be dropped. */
    log_damage(place, ".accord/journal", 16 + 8 + 32 + 32 + 2);
    assert_int_equal(accord_log_open(&log, fs, crypto, place->log, false, &error), ACCORD_LOG_CORRUPT);
    log_damage(place, ".accord/journal", 16 + 8 + 32 + 32 + 2);
    log = log_open(place);
    assert_int_equal(accord_log_size(log), 2);
    accord_log_close(log);
    log_damage(place, ".accord/journal", 20);
    assert_int_equal(accord_log_open(&log, fs, crypto, place->log, false, &error), ACCORD_LOG_CORRUPT);
    log_damage(place, ".accord/journal", 20);
    log = log_open(place);
    log_publish(log);
    accord_log_close(log);
    log_damage(place, "tile/entries/000.p/2", 2);
    assert_int_equal(accord_log_open(&log, fs, crypto, place->log, false, &error), ACCORD_LOG_CORRUPT);
    assert_string_equal(error.what, "tile/entries/000.p/2");
}

/* Many processes that append at once, each opening the log anew. */
static void test_processes(void **state)
{
    const struct log_place *place = *state;
    enum { PROCESSES = 4, BATCHES = 40 };
    accord_log_close(log_new(place));
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child > 0)
            continue;
        for (int j = 0; j < BATCHES; j++) {
            struct accord_log *log;
            struct accord_error error;
            if (accord_log_open(&log, fs, crypto, place->log, true, &error) != ACCORD_OK)
                _exit(1);
            log_fill(log, 10);
            if (j % 10 == 9)
                log_publish(log);
            accord_log_close(log);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    struct accord_log *log = log_open(place);
    assert_int_equal(accord_log_size(log), PROCESSES * BATCHES * 10);
    log_publish(log);
    accord_log_close(log);
    struct accord_check_result result;
    struct accord_error error;
    assert_int_equal(accord_log_check(fs, crypto, place->log, NULL, 2, NULL, NULL, &result, &error), ACCORD_OK);
    assert_int_equal(result.size, PROCESSES * BATCHES * 10);
}

/* What those use who know the hashes before */

/* count entries of size bytes each, allocated. */
static struct accord_bytes equal_entries(uint64_t count, size_t size)
{
    uint8_t *data = calloc(count, size + 2);
    assert_non_null(data);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *entry = data + i * (size + 2);
        entry[0] = (uint8_t)(size >> 8);
        entry[1] = (uint8_t)size;
        snprintf((char *)entry + 2, size, "%llu", (unsigned long long)i);
    }
    return (struct accord_bytes){data, count * (size + 2)};
}

static void bytes_free(struct accord_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static void test_hashes_known(void **state)
{
    enum { COUNT = 3000, SIZE = 120 }; /* enough for two threads */
    const struct log_place *place = *state;
    static uint8_t hashes[COUNT][ACCORD_HASH_SIZE];
    struct accord_log *log = log_new(place);
    struct accord_bytes batch = equal_entries(COUNT, SIZE);
    struct accord_error error;
    uint64_t count = 0;
    assert_int_equal(accord_log_hash(log, batch, hashes, COUNT, &count, &error), ACCORD_OK);
    assert_int_equal(count, COUNT);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint8_t leaf[ACCORD_HASH_SIZE];
        accord_merkle_leaf(crypto, (struct accord_bytes){batch.data + i * (SIZE + 2) + 2, SIZE}, leaf);
        assert_memory_equal(leaf, hashes[i], sizeof leaf);
    }
    assert_int_equal(accord_log_hash(log, batch, hashes, COUNT - 1, &count, &error), ACCORD_TOO_LARGE);
    assert_int_equal(
        accord_log_hash(log, (struct accord_bytes){(const uint8_t *)"\0\0", 2}, hashes, COUNT, &count, &error),
        ACCORD_MALFORMED);
    assert_int_equal(
        accord_log_hash(log, (struct accord_bytes){(const uint8_t *)"\0\2a", 3}, hashes, COUNT, &count, &error),
        ACCORD_MALFORMED);

    /* One that is put with its hashes is as one without. */
    uint64_t first;
    uint8_t root[ACCORD_HASH_SIZE], again[ACCORD_HASH_SIZE];
    assert_int_equal(accord_log_append(log, batch, &first, &count, &error), ACCORD_OK);
    accord_log_root(log, root);
    accord_log_close(log);
    void *second;
    assert_int_equal(place_new(&second), 0);
    log = log_new(second);
    const uint8_t(*known)[ACCORD_HASH_SIZE] = (const uint8_t(*)[ACCORD_HASH_SIZE])hashes;
    assert_int_equal(accord_log_put_hashed(log, batch, known, COUNT, true, &error), ACCORD_OK);
    assert_int_equal(accord_log_size(log), 0);
    assert_int_equal(accord_log_flush(log, &error), ACCORD_OK);
    accord_log_root(log, again);
    assert_memory_equal(root, again, sizeof root);
    accord_log_close(log);
    assert_int_equal(place_free(&second), 0);
    bytes_free(batch);
}

/* The hashes that are given are taken, and no others computed. */
static void test_hashes_are_taken(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    const uint8_t hash[1][ACCORD_HASH_SIZE] = {{1, 2, 3}};
    uint8_t given[1][ACCORD_HASH_SIZE], root[ACCORD_HASH_SIZE];
    struct accord_error error;
    struct accord_bytes batch = {(const uint8_t *)"\0\1a", 3};
    memcpy(given, hash, sizeof hash);
    assert_int_equal(accord_log_put_hashed(log, batch, (const uint8_t(*)[ACCORD_HASH_SIZE])given, 1, false, &error),
                     ACCORD_OK);
    assert_int_equal(accord_log_flush(log, &error), ACCORD_OK);
    accord_log_root(log, root);
    assert_memory_equal(root, hash[0], sizeof root);
    accord_log_close(log);
}

static void check_leaf(struct accord_log *log, uint64_t index)
{
    uint8_t hash[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE], entry[1024];
    struct accord_error error;
    assert_int_equal(accord_log_leaf(log, index, hash, &error), ACCORD_OK);
    accord_merkle_leaf(crypto, (struct accord_bytes){entry, log_entry(index, entry)}, expected);
    assert_memory_equal(hash, expected, sizeof hash);
}

static void test_leaf(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    uint8_t hash[ACCORD_HASH_SIZE];
    struct accord_error error;
    assert_int_equal(accord_log_leaf(log, 0, hash, &error), ACCORD_WRONG_INDEX);
    log_fill(log, 3000);
    for (uint64_t i = 0; i < 3000; i++)
        check_leaf(log, i);
    for (uint64_t i = 3000; i-- > 0;)
        check_leaf(log, i);
    assert_int_equal(accord_log_leaf(log, 3000, hash, &error), ACCORD_WRONG_INDEX);
    assert_string_equal(error.expected, "3000");
    assert_string_equal(error.found, "3000");
    /* The last tiles are kept, others are read. */
    assert_int_equal(unlink(log_path(place, "tile/0/000")), 0);
    assert_int_equal(unlink(log_path(place, "tile/0/007")), 0);
    check_leaf(log, 5);
    assert_int_equal(accord_log_leaf(log, 7 * 256, hash, &error), ACCORD_NOT_FOUND);
    check_leaf(log, 6 * 256);
    log_fill(log, 300);
    check_leaf(log, 3050);
    check_leaf(log, 3299);
    accord_log_close(log);
}

/* Sealing and publishing behind one's back */

static struct accord_bytes sealed_checkpoint(const struct accord_log *log, uint8_t data[512])
{
    uint8_t root[ACCORD_HASH_SIZE];
    uint64_t size = accord_log_sealed(log, root);
    return log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, size, root);
}

static void test_seal(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    uint8_t data[512], root[ACCORD_HASH_SIZE], sealed[ACCORD_HASH_SIZE];
    struct accord_error error;
    bool done = false;
    assert_int_equal(accord_log_sealed(log, sealed), 0);
    log_fill(log, 300);
    accord_log_root(log, root);
    assert_int_equal(accord_log_seal_begin(log, &error), ACCORD_OK);
    log_fill(log, 5);
    assert_int_equal(accord_log_seal_end(log, true, &done, &error), ACCORD_OK);
    assert_true(done);
    assert_int_equal(accord_log_sealed(log, sealed), 300);
    assert_memory_equal(sealed, root, sizeof root);
    assert_int_equal(log_file_size(place, "tile/0/001.p/44"), 44 * 32);
    assert_true(log_file_size(place, ".accord/journal") > 300); /* it stays */

    struct accord_bytes checkpoint = sealed_checkpoint(log, data);
    assert_int_equal(accord_log_publish_begin(log, checkpoint, &error), ACCORD_OK);
    log_fill(log, 600);
    assert_int_equal(accord_log_publish_end(log, true, &done, &error), ACCORD_OK);
    assert_true(done);
    assert_true(accord_bytes_equal(accord_log_checkpoint(log), checkpoint));
    assert_int_equal(log_file_size(place, "tile/0/001.p/44"), 44 * 32); /* published, though the tile is full */
    struct accord_check_result result;
    assert_int_equal(accord_log_check(fs, crypto, place->log, NULL, 1, NULL, NULL, &result, &error), ACCORD_OK);
    assert_int_equal(result.size, 300);
    accord_log_close(log);

    /* The published tree is ahead of the journal's base, and is the sealed one again. */
    log = log_open(place);
    assert_int_equal(accord_log_size(log), 905);
    assert_int_equal(accord_log_sealed(log, sealed), 300);
    assert_memory_equal(sealed, root, sizeof root);
    assert_int_equal(accord_log_publish(log, sealed_checkpoint(log, data), &error), ACCORD_OK);
    log_publish(log);
    assert_int_equal(log_file_size(place, "tile/0/001.p"), -1);
    /* One that is older than what is published is refused. */
    checkpoint = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 300, root);
    assert_int_equal(accord_log_publish_begin(log, checkpoint, &error), ACCORD_LOG_DIVERGED);
    accord_log_close(log);
}

static void wakes(void *context)
{
    int end = *(const int *)context;
    assert_int_equal(write(end, "w", 1), 1);
}

/* Seals and publishes with appends between. Each job that was done by the thread writes to woken. */
static void do_round(struct accord_log *log, int woken, uint64_t count)
{
    struct accord_error error;
    uint8_t data[512];
    char byte;
    bool done = false;
    log_fill(log, count);
    assert_int_equal(accord_log_seal_begin(log, &error), ACCORD_OK);
    log_fill(log, 40);
    assert_int_equal(read(woken, &byte, 1), 1);
    assert_int_equal(accord_log_seal_end(log, false, &done, &error), ACCORD_OK);
    assert_true(done);
    assert_int_equal(accord_log_publish_begin(log, sealed_checkpoint(log, data), &error), ACCORD_OK);
    for (done = false; !done;) {
        log_fill(log, 1);
        assert_int_equal(accord_log_publish_end(log, false, &done, &error), ACCORD_OK);
    }
    assert_int_equal(read(woken, &byte, 1), 1);
    /* What is sealed already takes no time, and no thread. */
    assert_int_equal(accord_log_integrate(log, &error), ACCORD_OK);
    assert_int_equal(read(woken, &byte, 1), 1);
    assert_int_equal(accord_log_seal_begin(log, &error), ACCORD_OK);
    assert_int_equal(accord_log_seal_end(log, false, &done, &error), ACCORD_OK);
    assert_true(done);
}

static void test_rounds(void **state)
{
    enum { ROUNDS = 40 };
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    struct accord_error error;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    accord_log_wake(log, wakes, &ends[1]);
    for (int i = 0; i < ROUNDS; i++)
        do_round(log, ends[0], 7 + 90 * (uint64_t)(i % 5));
    accord_log_wake(log, NULL, NULL);
    log_publish(log);
    uint64_t size = accord_log_size(log);
    for (uint64_t i = 0; i < size; i += 11)
        check_leaf(log, i);
    /* Closed with a job under way. */
    log_fill(log, 1);
    assert_int_equal(accord_log_seal_begin(log, &error), ACCORD_OK);
    accord_log_close(log);
    struct accord_check_result result;
    assert_int_equal(accord_log_check(fs, crypto, place->log, NULL, 2, NULL, NULL, &result, &error), ACCORD_OK);
    assert_int_equal(result.size, size);
    log = log_open(place);
    assert_int_equal(accord_log_size(log), size + 1);
    accord_log_close(log);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

/* Reads all of the published log again and again, as a web server does for whoever asks, and says how far it came. */
struct reading {
    const struct log_place *place;
    atomic_bool stop, failed;
    atomic_uint_fast64_t least; /* is published, or more */
    atomic_uint_fast64_t times;
};

static void *read_on(void *context)
{
    struct reading *reading = context;
    struct accord_check_result result;
    struct accord_error error;
    while (!atomic_load(&reading->stop)) {
        uint64_t least = atomic_load(&reading->least);
        enum accord_status status =
            accord_log_check(fs, crypto, reading->place->log, NULL, 1, NULL, NULL, &result, &error);
        if (status != ACCORD_OK || result.size < least) {
            fprintf(stderr, "# status %d, %s: size %llu, at least %llu\n", (int)status, error.what,
                    (unsigned long long)result.size, (unsigned long long)least);
            atomic_store(&reading->failed, true);
            break;
        }
        atomic_fetch_add(&reading->times, 1);
    }
    return NULL;
}

/* Ends the job that is under way, while entries come in. */
static void end_job(struct accord_log *log, uint64_t round,
                    enum accord_status (*end)(struct accord_log *, bool, bool *, struct accord_error *))
{
    struct accord_error error;
    for (bool done = false; !done;) {
        log_fill(log, 1 + round * 37 % 90);
        assert_int_equal(end(log, false, &done, &error), ACCORD_OK);
    }
}

/* What is published can be read at every moment, whatever is written, emptied and removed meanwhile. */
static void test_readers(void **state)
{
    enum { ROUNDS = 200, TIMES = 20 };
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    struct reading reading = {.place = place};
    struct accord_error error;
    uint8_t data[512];
    pthread_t thread;
    accord_log_journal_max(log, 20000);
    assert_int_equal(pthread_create(&thread, NULL, read_on, &reading), 0);
    for (uint64_t round = 0; round < ROUNDS || atomic_load(&reading.times) < TIMES; round++) {
        assert_false(atomic_load(&reading.failed));
        log_fill(log, 1 + round * 61 % 200);
        assert_int_equal(accord_log_seal_begin(log, &error), ACCORD_OK);
        end_job(log, round, accord_log_seal_end);
        if (round % 3 == 2) /* sealed, but never published */
            continue;
        assert_int_equal(accord_log_publish_begin(log, sealed_checkpoint(log, data), &error), ACCORD_OK);
        end_job(log, round, accord_log_publish_end);
        atomic_store(&reading.least, accord_log_sealed(log, data));
        if (round % 50 == 49) {
            accord_log_close(log);
            log = log_open(place);
            accord_log_journal_max(log, 20000);
        }
    }
    atomic_store(&reading.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(atomic_load(&reading.failed));
    accord_log_close(log);
}

/* A checkpoint that the journal does not lead to is no checkpoint of this log. */
static void test_diverged(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    struct accord_error error;
    uint8_t data[512];
    bool done;
    log_fill(log, 3);
    log_fill(log, 4);
    assert_int_equal(accord_log_seal_begin(log, &error), ACCORD_OK);
    assert_int_equal(accord_log_seal_end(log, true, &done, &error), ACCORD_OK);
    assert_int_equal(accord_log_publish(log, sealed_checkpoint(log, data), &error), ACCORD_OK);
    accord_log_close(log);
    /* Its journal ends before the published size. */
    long size = log_file_size(place, ".accord/journal");
    assert_int_equal(truncate(log_path(place, ".accord/journal"), size - 1), 0);
    assert_int_equal(accord_log_open(&log, fs, crypto, place->log, false, &error), ACCORD_LOG_DIVERGED);
    assert_string_equal(error.expected, "3");
    assert_string_equal(error.found, "7");

    /* Another root at the published size. */
    void *second;
    assert_int_equal(place_new(&second), 0);
    place = second;
    log = log_new(place);
    log_fill(log, 5);
    uint8_t root[ACCORD_HASH_SIZE];
    accord_log_root(log, root);
    accord_log_close(log);
    root[0] ^= 1;
    struct accord_bytes wrong = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 5, root);
    FILE *file = fopen(log_path(place, "checkpoint"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(wrong.data, 1, wrong.size, file), wrong.size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(accord_log_open(&log, fs, crypto, place->log, false, &error), ACCORD_LOG_DIVERGED);
    assert_string_equal(error.what, "the checkpoint's root");
    assert_int_equal(place_free(&second), 0);
}

/* The journal is emptied once it holds too much, also while a seal is under way; the tree that was sealed before, and
 * may be published yet, keeps its tiles. */
static void test_journal_limit(void **state)
{
    enum { BATCHES = 20, SIZE = 65000, COUNT = 129 };
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    struct accord_bytes batch = equal_entries(COUNT, SIZE);
    struct accord_error error;
    bool done;
    for (int i = 0; i < BATCHES; i++) {
        assert_int_equal(accord_log_put(log, batch, &error), ACCORD_OK);
        if (i == 1)
            assert_int_equal(accord_log_integrate(log, &error), ACCORD_OK);
        if (i == 5)
            assert_int_equal(accord_log_seal_begin(log, &error), ACCORD_OK);
        assert_true(log_file_size(place, ".accord/journal") < 150L << 20);
    }
    assert_int_equal(accord_log_flush(log, &error), ACCORD_OK);
    assert_true(log_file_size(place, ".accord/journal") < 32 << 20);
    assert_int_equal(log_file_size(place, "tile/0/001.p/2"), 2 * 32);
    assert_int_equal(accord_log_seal_end(log, true, &done, &error), ACCORD_OK);
    assert_true(done);
    assert_int_equal(log_file_size(place, "tile/0/001.p"), -1);
    assert_int_equal(accord_log_size(log), BATCHES * COUNT);
    log_publish(log);
    accord_log_close(log);
    struct accord_check_result result;
    assert_int_equal(accord_log_check(fs, crypto, place->log, NULL, 2, NULL, NULL, &result, &error), ACCORD_OK);
    assert_int_equal(result.size, BATCHES * COUNT);
    bytes_free(batch);
}

/* Health */

/* The machine's file system, one of whose calls fails: on a file of this descriptor or name. */
static struct accord_fs flawed;
enum flaw_where { NO_FLAW, FLAW_WRITE, FLAW_OPEN, FLAW_SYNC, FLAW_SYNC_DIR };
static struct {
    enum flaw_where where;
    const char *name; /* of the file, a part of it */
    int error;
    int handle; /* the last that was opened under that name */
} flaw;

static int flawed_open(void *context, const char *path, int how, unsigned mode)
{
    bool meant = flaw.name != NULL && strstr(path, flaw.name) != NULL;
    if (meant && flaw.where == FLAW_OPEN)
        return -flaw.error;
    int handle = fs->open(context, path, how, mode);
    if (meant)
        flaw.handle = handle;
    else if (handle == flaw.handle)
        flaw.handle = -1;
    return handle;
}

static int64_t flawed_write(void *context, int handle, const void *data, size_t size, uint64_t offset)
{
    return flaw.where == FLAW_WRITE && handle == flaw.handle ? -flaw.error
                                                             : fs->write_at(context, handle, data, size, offset);
}

static int flawed_sync(void *context, int handle)
{
    return flaw.where == FLAW_SYNC && handle == flaw.handle ? -flaw.error : fs->sync(context, handle);
}

static int flawed_sync_dir(void *context, const char *path)
{
    size_t size = strlen(path), part = flaw.where == FLAW_SYNC_DIR ? strlen(flaw.name) : 0;
    if (part > 0 && size >= part && strcmp(path + size - part, flaw.name) == 0)
        return -flaw.error;
    return fs->sync_dir(context, path);
}

/* A log with some entries in it, not sealed, on the file system that is to fail. */
static struct accord_log *flawed_open_log(const struct log_place *place)
{
    struct accord_log *log;
    struct accord_error error;
    flawed = accord_fs_real;
    flawed.open = flawed_open;
    flawed.write_at = flawed_write;
    flawed.sync = flawed_sync;
    flawed.sync_dir = flawed_sync_dir;
    flaw.where = NO_FLAW;
    flaw.handle = -1;
    flaw.name = "journal";
    assert_int_equal(accord_log_open(&log, &flawed, crypto, place->log, false, &error), ACCORD_OK);
    return log;
}

static void flaw_is(enum flaw_where where, const char *name, int errnum)
{
    flaw.where = where;
    flaw.error = errnum;
    if (strcmp(name, "journal") != 0)
        flaw.handle = -1;
    flaw.name = name;
}

static enum accord_status seal_and_publish(struct accord_log *log, struct accord_error *error)
{
    uint8_t data[512];
    bool done;
    enum accord_status status = accord_log_seal_begin(log, error);
    if (status == ACCORD_OK)
        status = accord_log_seal_end(log, true, &done, error);
    return status == ACCORD_OK ? accord_log_publish(log, sealed_checkpoint(log, data), error) : status;
}

/* What fails when some entries are added, sealed and published, and what the log is then. */
static void fails_so(enum flaw_where where, const char *name, int errnum, enum accord_log_health health, uint64_t size)
{
    void *state;
    assert_int_equal(place_new(&state), 0);
    const struct log_place *place = state;
    struct accord_error error;
    accord_log_close(log_new(place));
    struct accord_log *log = flawed_open_log(place);
    log_fill(log, 200);
    flaw_is(where, name, errnum);
    uint8_t data[8] = "\0\1a\0\1b";
    enum accord_status status = append(log, (const char *)data, 6, &error);
    if (status == ACCORD_OK)
        status = seal_and_publish(log, &error);
    assert_int_not_equal(status, ACCORD_OK);
    assert_int_equal(accord_log_health(log), health);
    flaw.where = NO_FLAW;
    assert_int_equal(append(log, (const char *)data, 6, &error), health == ACCORD_LOG_SOUND ? ACCORD_OK : ACCORD_IO);
    size += health == ACCORD_LOG_SOUND ? 2 : 0;
    accord_log_close(log);
    log = log_open(place);
    assert_int_equal(accord_log_health(log), ACCORD_LOG_SOUND);
    assert_int_equal(accord_log_size(log), size);
    log_publish(log);
    accord_log_close(log);
    struct accord_check_result result;
    assert_int_equal(accord_log_check(fs, crypto, place->log, NULL, 1, NULL, NULL, &result, &error), ACCORD_OK);
    assert_int_equal(result.size, size);
    assert_int_equal(place_free(&state), 0);
}

static void test_health(void **state)
{
    (void)state;
    fails_so(FLAW_WRITE, "journal", ENOSPC, ACCORD_LOG_SOUND, 200);
    fails_so(FLAW_SYNC, "journal", EIO, ACCORD_LOG_SYNC_FAILED, 202);
    fails_so(FLAW_WRITE, "tile/entries", ENOSPC, ACCORD_LOG_TO_REOPEN, 202);
    fails_so(FLAW_OPEN, "tile/0", EMFILE, ACCORD_LOG_TO_REOPEN, 202);
    fails_so(FLAW_SYNC, "tile/entries", EIO, ACCORD_LOG_SYNC_FAILED, 202);
    fails_so(FLAW_SYNC, "tile/entries", ENOSPC, ACCORD_LOG_SYNC_FAILED, 202);
    fails_so(FLAW_SYNC_DIR, "tile/entries", EIO, ACCORD_LOG_SYNC_FAILED, 202);
    fails_so(FLAW_SYNC_DIR, "tile/entries", EMFILE, ACCORD_LOG_TO_REOPEN, 202);
    fails_so(FLAW_WRITE, "checkpoint.", ENOSPC, ACCORD_LOG_SOUND, 202);
    fails_so(FLAW_OPEN, "checkpoint.", EMFILE, ACCORD_LOG_SOUND, 202);
    fails_so(FLAW_SYNC, "checkpoint.", ENOSPC, ACCORD_LOG_SYNC_FAILED, 202);
    fails_so(FLAW_SYNC_DIR, "/log", EIO, ACCORD_LOG_SYNC_FAILED, 202);
    fails_so(FLAW_SYNC_DIR, "/log", EMFILE, ACCORD_LOG_SOUND, 202);
}

/* A new journal, which comes with integrate, that could not be made: writing it is one thing, a sync another. */
static void test_health_of_the_head(void **state)
{
    const struct log_place *place = *state;
    struct accord_error error;
    accord_log_close(log_new(place));
    for (int syncs = 0; syncs < 2; syncs++) {
        struct accord_log *log = flawed_open_log(place);
        uint64_t size = accord_log_size(log);
        uint8_t hash[ACCORD_HASH_SIZE];
        log_fill(log, 20);
        flaw_is(syncs ? FLAW_SYNC : FLAW_WRITE, "journal.", ENOSPC);
        assert_int_equal(accord_log_integrate(log, &error), ACCORD_IO);
        assert_int_equal(accord_log_health(log), syncs ? ACCORD_LOG_SYNC_FAILED : ACCORD_LOG_TO_REOPEN);
        assert_int_equal(accord_log_leaf(log, 0, hash, &error), ACCORD_IO);
        accord_log_close(log);
        log = log_open(place);
        assert_int_equal(accord_log_size(log), size + 20);
        accord_log_close(log);
    }
}

/* What a power cut brought back of what had been removed goes when the log is opened. */
static void test_leftovers(void **state)
{
    const struct log_place *place = *state;
    log_make(place, 1000);
    assert_int_equal(mkdir(log_path(place, "tile/0/001.p"), 0755), 0);
    assert_int_equal(mkdir(log_path(place, "tile/entries/001.p"), 0755), 0);
    static const char *const names[] = {"tile/0/001.p/9", "tile/entries/001.p/9", ".accord/journal.1.2.tmp",
                                        "checkpoint.1.2.tmp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        FILE *file = fopen(log_path(place, names[i]), "wb");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    }
    accord_log_close(log_open(place));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(log_file_size(place, names[i]), -1);
    assert_int_equal(log_file_size(place, "tile/0/001.p"), -1);
    assert_int_equal(log_file_size(place, "tile/entries/001.p"), -1);
    assert_int_equal(log_file_size(place, "tile/0/003.p/232"), 232 * 32);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_new, place_free)

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_create),
        IN_PLACE(test_what_append_takes),
        cmocka_unit_test(test_cut),
        IN_PLACE(test_lock),
        IN_PLACE(test_publish_refuses),
        IN_PLACE(test_layout),
        IN_PLACE(test_partials_go),
        IN_PLACE(test_journal_tail),
        IN_PLACE(test_journal_damage),
        IN_PLACE(test_processes),
        IN_PLACE(test_hashes_known),
        IN_PLACE(test_hashes_are_taken),
        IN_PLACE(test_leaf),
        IN_PLACE(test_seal),
        IN_PLACE(test_rounds),
        IN_PLACE(test_readers),
        IN_PLACE(test_diverged),
        IN_PLACE(test_journal_limit),
        cmocka_unit_test(test_health),
        IN_PLACE(test_health_of_the_head),
        IN_PLACE(test_leftovers),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
