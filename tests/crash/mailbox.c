/* A mailbox whose power is cut at every call that changes something, and whose calls fail one after the other: what has
 * a name is whole, and what was said to be kept has one. */
#include "sim_fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "case/mailbox.h"
#include "crypto/backend.h"

#define SIZE 40000
#define PART 9000

static uint8_t sealed[SIZE], digest[ACCORD_HASH_SIZE];
static size_t got;
static bool same;

static enum accord_status take(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    (void)context, (void)error;
    same = same && bytes.size <= SIZE - got && memcmp(sealed + got, bytes.data, bytes.size) == 0;
    got += bytes.size;
    return ACCORD_OK;
}

/* Puts it there; true where that was said to be done. */
static bool put(const struct accord_fs *fs)
{
    struct accord_mailbox_upload *upload = NULL;
    struct accord_error error;
    enum accord_status status = accord_mailbox_begin(&upload, fs, &accord_crypto_default, "/box", digest, SIZE, &error);
    for (size_t at = 0; status == ACCORD_OK && at < SIZE; at += PART) {
        size_t size = SIZE - at < PART ? SIZE - at : PART;
        status = accord_mailbox_write(upload, (struct accord_bytes){sealed + at, size}, &error);
    }
    if (status == ACCORD_OK)
        status = accord_mailbox_end(upload, &error);
    accord_mailbox_free(upload);
    return status == ACCORD_OK;
}

/* Whole, or not there. */
static bool is_there(const struct accord_fs *fs)
{
    const struct accord_age_sink sink = {NULL, take};
    struct accord_error error;
    got = 0;
    same = true;
    if (!accord_mailbox_has(fs, "/box", digest))
        return false;
    assert_int_equal(accord_mailbox_read(fs, &accord_crypto_default, "/box", digest, &sink, &error), ACCORD_OK);
    assert_true(same && got == SIZE);
    return true;
}

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    for (size_t i = 0; i < SIZE; i++)
        sealed[i] = (uint8_t)(i * 7 + i / 251);
    accord_hash(&accord_crypto_default, (struct accord_bytes){sealed, SIZE}, digest);
    return 0;
}

static void test_power_cut(void **state)
{
    (void)state;
    struct sim_fs *whole = sim_fs_new();
    assert_true(put(sim_fs_port(whole)));
    uint64_t changes = sim_fs_changes(whole);
    sim_fs_free(whole);
    for (uint64_t cut = 1; cut <= changes + 1; cut++) {
        for (uint64_t seed = 0; seed < 12; seed++) {
            struct sim_fs *sim = sim_fs_new();
            const struct accord_fs *fs = sim_fs_port(sim);
            sim_fs_cut_at(sim, cut);
            bool kept = put(fs);
            sim_fs_reboot(sim, seed < 2 ? (enum sim_survival)seed : SIM_MIX, seed);
            bool there = is_there(fs);
            assert_true(there || !kept);
            /* It comes again, and then it is there. */
            assert_true(put(fs));
            assert_true(is_there(fs));
            sim_fs_free(sim);
        }
    }
}

static void test_failures(void **state)
{
    (void)state;
    bool failed = true;
    for (uint64_t nth = 1; failed; nth++) {
        struct sim_fs *sim = sim_fs_new();
        const struct accord_fs *fs = sim_fs_port(sim);
        sim_fs_fail_at(sim, nth, 28, false);
        failed = !put(fs);
        sim_fs_fail_at(sim, 0, 0, false);
        bool there = is_there(fs);
        assert_true(there || failed);
        assert_true(put(fs));
        assert_true(is_there(fs));
        sim_fs_free(sim);
        assert_true(nth < 100);
    }
}

/* What is not what was announced is never kept. */
static void test_others(void **state)
{
    (void)state;
    struct sim_fs *sim = sim_fs_new();
    const struct accord_fs *fs = sim_fs_port(sim);
    sealed[SIZE - 1] ^= 1;
    assert_false(put(fs));
    sealed[SIZE - 1] ^= 1;
    assert_false(accord_mailbox_has(fs, "/box", digest));
    assert_true(put(fs));
    sim_fs_free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_power_cut), cmocka_unit_test(test_failures),
                                       cmocka_unit_test(test_others)};
    return cmocka_run_group_tests_name("mailbox", tests, set_up, NULL);
}
