/* The log as a directory: what it takes, what it refuses, and which files lie where. */
#include "logs.h"

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

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_new, place_free)

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_create),      IN_PLACE(test_what_append_takes), cmocka_unit_test(test_cut),
        IN_PLACE(test_lock),        IN_PLACE(test_publish_refuses),   IN_PLACE(test_layout),
        IN_PLACE(test_partials_go), IN_PLACE(test_journal_tail),      IN_PLACE(test_journal_damage),
        IN_PLACE(test_processes),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
