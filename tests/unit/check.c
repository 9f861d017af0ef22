/* Recomputing a log: what passes, and that the first thing wrong is named, whatever it is and however many look. */
#include "log/check.h"

#include "logs.h"

static const struct accord_crypto *crypto = &accord_crypto_default;

static enum accord_status check(const struct log_place *place, const struct accord_vkey *vkey, unsigned threads,
                                struct accord_check_result *result, struct accord_error *error)
{
    return accord_log_check(&accord_fs_real, crypto, place->log, vkey, threads, NULL, NULL, result, error);
}

/* Each number of threads finds the same. */
static void assert_finds(const struct log_place *place, enum accord_status status, const char *what)
{
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct accord_check_result result;
        struct accord_error error;
        assert_int_equal(check(place, NULL, threads, &result, &error), status);
        if (status != ACCORD_OK)
            assert_string_equal(error.what, what);
    }
}

static void test_sizes(void **state)
{
    const struct log_place *place = *state;
    static const uint64_t sizes[] = {1, 255, 256, 257, 4096, 10001, 65536, 70000};
    struct accord_log *log = log_new(place);
    assert_finds(place, ACCORD_OK, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct accord_check_result result;
        struct accord_error error;
        uint8_t root[ACCORD_HASH_SIZE];
        log_fill(log, sizes[i] - accord_log_size(log));
        log_publish(log);
        accord_log_root(log, root);
        for (unsigned threads = 1; threads <= 3; threads++) {
            assert_int_equal(check(place, NULL, threads, &result, &error), ACCORD_OK);
            assert_int_equal(result.size, sizes[i]);
            assert_memory_equal(result.root, root, sizeof root);
        }
    }
    /* What is not published yet is nobody's business. */
    log_fill(log, 300);
    assert_finds(place, ACCORD_OK, NULL);
    accord_log_close(log);
}

static void test_each_byte_counts(void **state)
{
    const struct log_place *place = *state;
    static const struct {
        const char *damaged;
        long offset;
        const char *what;
    } cases[] = {
        {"tile/entries/000", 2, "tile/entries/000"},
        {"tile/entries/017", 1, "tile/entries/017"},
        {"tile/entries/258.p/152", 400, "tile/entries/258.p/152"},
        {"tile/0/000", 0, "tile/entries/000"},
        {"tile/0/200", 8191, "tile/entries/200"},
        {"tile/0/258.p/152", 100, "tile/entries/258.p/152"},
        {"tile/1/000", 32 * 9, "tile/0/009"},
        {"tile/1/001.p/2", 33, "tile/0/257"},
        {"tile/2/000.p/1", 5, "tile/1/000"},
    };
    log_make(place, 66200);
    assert_finds(place, ACCORD_OK, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        log_damage(place, cases[i].damaged, cases[i].offset);
        assert_finds(place, ACCORD_LOG_CORRUPT, cases[i].what);
        log_damage(place, cases[i].damaged, cases[i].offset);
    }
    assert_finds(place, ACCORD_OK, NULL);
    /* The first of several. */
    log_damage(place, "tile/entries/099", 2);
    log_damage(place, "tile/0/101", 2);
    log_damage(place, "tile/2/000.p/1", 2);
    assert_finds(place, ACCORD_LOG_CORRUPT, "tile/entries/099");
}

static void test_missing(void **state)
{
    const struct log_place *place = *state;
    log_make(place, 600);
    assert_int_equal(rename(log_path(place, "tile/entries/002.p/88"), log_path(place, "tile/entries/kept")), 0);
    assert_finds(place, ACCORD_NOT_FOUND, "tile/entries/002.p/88");
    assert_int_equal(rename(log_path(place, "tile/entries/kept"), log_path(place, "tile/entries/002.p/88")), 0);
    assert_finds(place, ACCORD_OK, NULL);
    assert_int_equal(truncate(log_path(place, "tile/1/000.p/2"), 65), 0);
    assert_finds(place, ACCORD_LOG_CORRUPT, "tile/1/000.p/2");
    assert_int_equal(unlink(log_path(place, "tile/1/000.p/2")), 0);
    assert_finds(place, ACCORD_NOT_FOUND, "tile/1/000.p/2");
}

/* Writes a checkpoint over the log's own. */
static void replace_checkpoint(const struct log_place *place, struct accord_bytes checkpoint)
{
    FILE *file = fopen(log_path(place, "checkpoint"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(checkpoint.data, 1, checkpoint.size, file), checkpoint.size);
    assert_int_equal(fclose(file), 0);
}

static void test_signature(void **state)
{
    const struct log_place *place = *state;
    struct accord_check_result result;
    struct accord_error error;
    struct accord_vkey vkey, other;
    uint8_t texts[2][512], data[512], root[ACCORD_HASH_SIZE];
    struct accord_out out = {texts[0], 512, 0, false}, out_other = {texts[1], 512, 0, false};
    put_vkey(&out, LOG_ORIGIN, ACCORD_KEY_ED25519);
    put_vkey(&out_other, "example.org/log", ACCORD_KEY_ED25519);
    assert_int_equal(accord_vkey_parse(&vkey, accord_out_bytes(&out), crypto, &error), ACCORD_OK);
    assert_int_equal(accord_vkey_parse(&other, accord_out_bytes(&out_other), crypto, &error), ACCORD_OK);
    log_make(place, 300);
    assert_int_equal(check(place, &vkey, 1, &result, &error), ACCORD_OK);
    memcpy(root, result.root, sizeof root);
    assert_int_equal(check(place, &other, 1, &result, &error), ACCORD_WRONG_KEY);
    assert_string_equal(error.found, LOG_ORIGIN);

    replace_checkpoint(place, log_checkpoint(data, LOG_ORIGIN, "example.org/log", 300, root));
    assert_int_equal(check(place, &vkey, 1, &result, &error), ACCORD_UNSIGNED);
    struct accord_bytes checkpoint = log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 300, root);
    data[checkpoint.size - 8] = data[checkpoint.size - 8] == 'A' ? 'B' : 'A';
    replace_checkpoint(place, checkpoint);
    assert_int_equal(check(place, &vkey, 1, &result, &error), ACCORD_SIGNATURE);
    assert_int_equal(check(place, NULL, 1, &result, &error), ACCORD_OK);

    root[31] ^= 1;
    replace_checkpoint(place, log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 300, root));
    assert_int_equal(check(place, &vkey, 2, &result, &error), ACCORD_LOG_CORRUPT);
    assert_string_equal(error.what, "checkpoint");
    accord_merkle_empty_root(crypto, root);
    replace_checkpoint(place, log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 0, root));
    assert_int_equal(check(place, &vkey, 2, &result, &error), ACCORD_OK);
    root[0] ^= 1;
    replace_checkpoint(place, log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, 0, root));
    assert_int_equal(check(place, &vkey, 2, &result, &error), ACCORD_LOG_CORRUPT);
}

static void count_progress(void *context, uint64_t done, uint64_t size)
{
    uint64_t *last = context;
    assert_true(done <= size && done >= *last);
    *last = done;
}

static void test_progress(void **state)
{
    const struct log_place *place = *state;
    struct accord_check_result result;
    struct accord_error error;
    uint64_t last = 0;
    log_make(place, 20000);
    assert_int_equal(
        accord_log_check(&accord_fs_real, crypto, place->log, NULL, 1, count_progress, &last, &result, &error),
        ACCORD_OK);
    assert_int_equal(last, 20000);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_new, place_free)

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_sizes),     IN_PLACE(test_each_byte_counts), IN_PLACE(test_missing),
        IN_PLACE(test_signature), IN_PLACE(test_progress),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
