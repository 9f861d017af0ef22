/* A log's copy on real files: what it holds, what it refuses, and what it finds when it is opened again. */
#include "logs.h"

#include "log/check.h"
#include "log/reader.h"
#include "mirror/copy.h"

/* The entries [first, first + count) of the log of logs.h, and the root of the tree of a size. */
static struct accord_bytes entries_make(uint64_t first, uint64_t count)
{
    uint8_t *data = malloc((size_t)count * 1024 + 1), entry[1024];
    size_t filled = 0;
    assert_non_null(data);
    for (uint64_t i = first; i < first + count; i++) {
        size_t size = log_entry(i, entry);
        data[filled++] = (uint8_t)(size >> 8);
        data[filled++] = (uint8_t)size;
        memcpy(data + filled, entry, size);
        filled += size;
    }
    return (struct accord_bytes){data, filled};
}

static void entries_free(struct accord_bytes entries)
{
    free((void *)(uintptr_t)entries.data);
}

static void root_make(uint64_t size, uint8_t root[ACCORD_HASH_SIZE])
{
    struct accord_frontier frontier;
    uint8_t entry[1024], leaf[ACCORD_HASH_SIZE];
    memset(&frontier, 0, sizeof frontier);
    for (uint64_t i = 0; i < size; i++) {
        accord_merkle_leaf(&accord_crypto_default, (struct accord_bytes){entry, log_entry(i, entry)}, leaf);
        accord_frontier_append(&accord_crypto_default, &frontier, leaf, NULL, NULL);
    }
    accord_frontier_root(&accord_crypto_default, &frontier, root);
}

static struct accord_copy *copy_open(const struct log_place *place)
{
    struct accord_copy *copy;
    struct accord_error error = {0};
    enum accord_status status =
        accord_copy_open(&copy, &accord_fs_real, &accord_crypto_default, place->log, slice(LOG_ORIGIN), &error);
    if (status != ACCORD_OK)
        fail_msg("%d %s %s %s", (int)status, error.what, error.expected, error.found);
    return copy;
}

static void put(struct accord_copy *copy, uint64_t first, uint64_t count)
{
    struct accord_bytes entries = entries_make(first, count);
    assert_int_equal(accord_copy_put(copy, first, entries, count, NULL), ACCORD_OK);
    entries_free(entries);
}

/* In packages, as they come in an add-entries request, each compared with its subtree. */
static void put_packages(struct accord_copy *copy, uint64_t first, uint64_t end)
{
    while (first < end) {
        uint64_t stop = (first / 256 + 1) * 256 < end ? (first / 256 + 1) * 256 : end;
        put(copy, first, stop - first);
        first = stop;
    }
}

static enum accord_status commit(struct accord_copy *copy, uint64_t size)
{
    uint8_t root[ACCORD_HASH_SIZE];
    root_make(size, root);
    return accord_copy_commit(copy, size, root, NULL);
}

static enum accord_status publish(struct accord_copy *copy, uint64_t size)
{
    uint8_t data[512], root[ACCORD_HASH_SIZE];
    root_make(size, root);
    return accord_copy_publish(copy, log_checkpoint(data, LOG_ORIGIN, LOG_ORIGIN, size, root), NULL);
}

static void assert_log(const struct log_place *place, uint64_t size)
{
    struct accord_check_result result;
    struct accord_error error = {0};
    enum accord_status status =
        accord_log_check(&accord_fs_real, &accord_crypto_default, place->log, NULL, 1, NULL, NULL, &result, &error);
    if (status != ACCORD_OK)
        fail_msg("%d %s %s %s", (int)status, error.what, error.expected, error.found);
    assert_int_equal(result.size, size);
}

static void test_grows_and_publishes(void **state)
{
    struct log_place *place = *state;
    static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 600, 1000, 1023, 1024, 65535, 65536, 66000};
    uint64_t held = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct accord_copy *copy = copy_open(place);
        assert_int_equal(accord_copy_size(copy), held);
        assert_int_equal(accord_copy_next(copy), held);
        put_packages(copy, held, sizes[i]);
        held = sizes[i];
        assert_int_equal(accord_copy_next(copy), held);
        assert_int_equal(commit(copy, held), ACCORD_OK);
        assert_int_equal(publish(copy, held), ACCORD_OK);
        accord_copy_close(copy);
        assert_log(place, held);
    }
}

static void test_many_at_once(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    put(copy, 0, 100);
    put(copy, 100, 20000);
    put(copy, 20100, 1);
    assert_int_equal(commit(copy, 20101), ACCORD_OK);
    assert_int_equal(publish(copy, 20101), ACCORD_OK);
    accord_copy_close(copy);
    assert_log(place, 20101);
}

/* Entries beyond the tree that is committed: its unfinished tiles come from full ones. */
static void test_commits_an_older_tree(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    put_packages(copy, 0, 70001);
    static const uint64_t sizes[] = {1000, 1001, 65537, 70000};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(commit(copy, sizes[i]), ACCORD_OK);
        assert_int_equal(publish(copy, sizes[i]), ACCORD_OK);
        assert_int_equal(accord_copy_next(copy), 70001);
        assert_log(place, sizes[i]);
    }
    assert_int_equal(commit(copy, 70002), ACCORD_WRONG_INDEX);
    accord_copy_close(copy);
}

static void test_skips_what_is_held(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    put(copy, 0, 200);
    put(copy, 0, 100);
    assert_int_equal(accord_copy_next(copy), 200);
    put(copy, 100, 156);
    assert_int_equal(accord_copy_next(copy), 256);
    put(copy, 0, 256);
    struct accord_bytes entries = entries_make(300, 1);
    struct accord_error error;
    assert_int_equal(accord_copy_put(copy, 300, entries, 1, &error), ACCORD_WRONG_INDEX);
    assert_int_equal(accord_copy_put(copy, 256, entries, 2, &error), ACCORD_MALFORMED);
    entries.size--;
    assert_int_equal(accord_copy_put(copy, 256, entries, 1, &error), ACCORD_MALFORMED);
    entries_free(entries);
    assert_int_equal(accord_copy_next(copy), 256);
    assert_int_equal(commit(copy, 256), ACCORD_OK);
    assert_int_equal(publish(copy, 256), ACCORD_OK);
    accord_copy_close(copy);
    assert_log(place, 256);
}

static void assert_subtree(struct accord_copy *copy, uint64_t first, uint64_t count)
{
    uint8_t expected[ACCORD_HASH_SIZE], found[ACCORD_HASH_SIZE], leaf[ACCORD_HASH_SIZE], entry[1024];
    struct accord_frontier frontier;
    memset(&frontier, 0, sizeof frontier);
    for (uint64_t i = first / 256 * 256; i < first + count; i++) {
        accord_merkle_leaf(&accord_crypto_default, (struct accord_bytes){entry, log_entry(i, entry)}, leaf);
        accord_frontier_append(&accord_crypto_default, &frontier, leaf, NULL, NULL);
    }
    accord_frontier_root(&accord_crypto_default, &frontier, expected);
    struct accord_bytes entries = entries_make(first, count);
    assert_int_equal(accord_copy_subtree(copy, first, entries, count, found, NULL), ACCORD_OK);
    entries_free(entries);
    assert_memory_equal(expected, found, sizeof expected);
}

static void test_subtrees(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    put_packages(copy, 0, 700);
    assert_subtree(copy, 700, 68);
    assert_subtree(copy, 700, 1);
    assert_subtree(copy, 600, 50);
    assert_subtree(copy, 512, 256);
    assert_subtree(copy, 300, 100);
    assert_subtree(copy, 0, 256);
    struct accord_bytes entries = entries_make(701, 1);
    uint8_t hash[ACCORD_HASH_SIZE];
    assert_int_equal(accord_copy_subtree(copy, 701, entries, 1, hash, NULL), ACCORD_WRONG_INDEX);
    assert_int_equal(accord_copy_subtree(copy, 700, entries, 2, hash, NULL), ACCORD_MALFORMED);
    assert_int_equal(accord_copy_subtree(copy, 700, entries, 257, hash, NULL), ACCORD_MALFORMED);
    entries_free(entries);
    accord_copy_close(copy);
}

/* Full bundles are found again, those that are not whole are not, and a partial one is nothing until it is published.
 */
static void test_finds_pending_entries(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    put_packages(copy, 0, 300);
    assert_int_equal(commit(copy, 300), ACCORD_OK);
    assert_int_equal(publish(copy, 300), ACCORD_OK);
    put_packages(copy, 300, 1300);
    assert_int_equal(commit(copy, 1300), ACCORD_OK);
    accord_copy_close(copy);
    copy = copy_open(place);
    assert_int_equal(accord_copy_size(copy), 300);
    assert_int_equal(accord_copy_next(copy), 1280);
    accord_copy_close(copy);
    log_damage(place, "tile/entries/003", 100);
    copy = copy_open(place);
    assert_int_equal(accord_copy_next(copy), 768);
    put_packages(copy, 768, 1100);
    assert_int_equal(commit(copy, 1100), ACCORD_OK);
    assert_int_equal(publish(copy, 1100), ACCORD_OK);
    accord_copy_close(copy);
    assert_log(place, 1100);
    assert_int_equal(log_file_size(place, "tile/0/001.p/44"), -1);
    assert_int_equal(log_file_size(place, "tile/0/004.p/76"), 76 * 32);
}

/* A partial tile of a tree that was never published is not left where the published one will pass it. */
static void test_drops_unpublished_partials(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    put(copy, 0, 10);
    assert_int_equal(commit(copy, 10), ACCORD_OK);
    assert_int_equal(publish(copy, 10), ACCORD_OK);
    put(copy, 10, 10);
    assert_int_equal(commit(copy, 20), ACCORD_OK);
    assert_int_equal(log_file_size(place, "tile/0/000.p/20"), 20 * 32);
    accord_copy_close(copy);
    copy = copy_open(place);
    assert_int_equal(log_file_size(place, "tile/0/000.p/20"), -1);
    assert_int_equal(log_file_size(place, "tile/entries/000.p/20"), -1);
    assert_int_equal(log_file_size(place, "tile/0/000.p/10"), 10 * 32);
    assert_int_equal(accord_copy_next(copy), 10);
    accord_copy_close(copy);
    assert_log(place, 10);
}

static void test_refuses_another_root(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    uint8_t root[ACCORD_HASH_SIZE] = {1};
    put_packages(copy, 0, 300);
    assert_int_equal(commit(copy, 300), ACCORD_OK);
    assert_int_equal(publish(copy, 300), ACCORD_OK);
    put_packages(copy, 300, 900);
    struct accord_error error;
    assert_int_equal(accord_copy_commit(copy, 900, root, &error), ACCORD_CONSISTENCY);
    assert_int_equal(accord_copy_next(copy), 300);
    assert_int_equal(publish(copy, 900), ACCORD_CONSISTENCY);
    put_packages(copy, 300, 900);
    assert_int_equal(commit(copy, 900), ACCORD_OK);
    assert_int_equal(publish(copy, 900), ACCORD_OK);
    accord_copy_close(copy);
    assert_log(place, 900);
}

static void test_publishes_only_what_was_committed(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    struct accord_buffer note;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    assert_int_equal(accord_copy_checkpoint(copy, &note, NULL), ACCORD_NOT_FOUND);
    put(copy, 0, 20);
    assert_int_equal(publish(copy, 20), ACCORD_CONSISTENCY);
    assert_int_equal(commit(copy, 20), ACCORD_OK);
    assert_int_equal(publish(copy, 10), ACCORD_CONSISTENCY);
    assert_int_equal(publish(copy, 20), ACCORD_OK);
    assert_int_equal(publish(copy, 20), ACCORD_OK);
    assert_int_equal(commit(copy, 10), ACCORD_OK);
    assert_int_equal(publish(copy, 10), ACCORD_ROLLBACK);
    assert_int_equal(accord_copy_checkpoint(copy, &note, NULL), ACCORD_OK);
    struct accord_checkpoint_claim claim;
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
    assert_int_equal(claim.size, 20);
    accord_buffer_free(&note);
    accord_copy_close(copy);
    assert_log(place, 20);
}

static void assert_not_opened(const struct log_place *place, const char *origin, enum accord_status expected)
{
    struct accord_copy *copy;
    struct accord_error error = {0};
    assert_int_equal(
        accord_copy_open(&copy, &accord_fs_real, &accord_crypto_default, place->log, slice(origin), &error), expected);
    assert_null(copy);
    assert_int_equal(error.status, expected);
}

static void test_refuses_what_is_no_copy(void **state)
{
    struct log_place *place = *state;
    log_make(place, 5);
    assert_not_opened(place, LOG_ORIGIN, ACCORD_STATE);
    assert_int_equal(unlink(log_path(place, ".accord/journal")), 0);
    assert_not_opened(place, "another.example", ACCORD_STATE);
    struct accord_copy *copy = copy_open(place);
    assert_int_equal(accord_copy_next(copy), 5);
    assert_not_opened(place, LOG_ORIGIN, ACCORD_LOCKED);
    accord_copy_close(copy);
    log_damage(place, "tile/0/000.p/5", 40);
    assert_not_opened(place, LOG_ORIGIN, ACCORD_LOG_CORRUPT);
    assert_int_equal(unlink(log_path(place, "tile/0/000.p/5")), 0);
    assert_not_opened(place, LOG_ORIGIN, ACCORD_LOG_CORRUPT);
}

static void test_refuses_a_directory_of_others(void **state)
{
    struct log_place *place = *state;
    assert_int_equal(mkdir(place->log, 0755), 0);
    FILE *file = fopen(log_path(place, "diary"), "w");
    assert_non_null(file);
    fclose(file);
    assert_not_opened(place, LOG_ORIGIN, ACCORD_STATE);
}

static void test_reader(void **state)
{
    struct log_place *place = *state;
    struct accord_copy *copy = copy_open(place);
    put_packages(copy, 0, 1000);
    assert_int_equal(commit(copy, 1000), ACCORD_OK);
    struct accord_reader *reader;
    assert_int_equal(accord_copy_reader(copy, &reader, NULL), ACCORD_OK);
    accord_reader_set_size(reader, 1000);
    struct accord_hash_source source = accord_reader_hashes(reader);
    uint8_t found[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE];
    assert_int_equal(accord_root_compute(&accord_crypto_default, &source, 900, found), ACCORD_OK);
    root_make(900, expected);
    assert_memory_equal(found, expected, sizeof found);
    accord_reader_close(reader);
    accord_copy_close(copy);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_grows_and_publishes, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_many_at_once, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_commits_an_older_tree, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_skips_what_is_held, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_subtrees, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_finds_pending_entries, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_drops_unpublished_partials, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_refuses_another_root, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_publishes_only_what_was_committed, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_refuses_what_is_no_copy, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_refuses_a_directory_of_others, place_new, place_free),
        cmocka_unit_test_setup_teardown(test_reader, place_new, place_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
