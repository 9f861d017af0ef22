/* Reading a log: where it is found, what comes from where, what is refused. */
#include "log/reader.h"

#include "logs.h"

static const struct accord_crypto *crypto = &accord_crypto_default;
static const struct accord_fs *fs = &accord_fs_real;

static struct accord_reader *reader_new(const struct log_place *place, uint64_t size)
{
    struct accord_reader *reader;
    struct accord_error error;
    assert_int_equal(accord_reader_open(&reader, fs, crypto, place->log, &error), ACCORD_OK);
    accord_reader_set_size(reader, size);
    return reader;
}

static enum accord_status read_entry(struct accord_reader *reader, uint64_t index, struct accord_error *error)
{
    struct accord_buffer out;
    uint8_t entry[1024];
    accord_buffer_init(&out, ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = accord_reader_entry(reader, index, &out, error);
    if (status == ACCORD_OK) {
        size_t size = log_entry(index, entry);
        assert_int_equal(out.size, size);
        assert_memory_equal(out.data, entry, size);
    }
    accord_buffer_free(&out);
    return status;
}

static void test_locate(void **state)
{
    const struct log_place *place = *state;
    char path[256], above[80];
    struct accord_error error;
    assert_int_equal(accord_log_locate(fs, place->log, path, sizeof path, &error), ACCORD_NOT_FOUND);
    assert_string_equal(error.what, place->log);
    accord_log_close(log_new(place));
    assert_int_equal(accord_log_locate(fs, place->log, path, sizeof path, &error), ACCORD_OK);
    assert_string_equal(path, place->log);
    snprintf(above, sizeof above, "%s/public", place->root);
    assert_int_equal(rename(place->log, above), 0);
    assert_int_equal(accord_log_locate(fs, place->root, path, sizeof path, &error), ACCORD_OK);
    assert_string_equal(path, above);
    assert_int_equal(accord_log_locate(fs, place->root, path, strlen(above), &error), ACCORD_NOT_FOUND);
}

static void test_checkpoint(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    struct accord_reader *reader = reader_new(place, 0);
    struct accord_buffer out;
    struct accord_error error;
    accord_buffer_init(&out, ACCORD_NOTE_SIZE_MAX);
    assert_int_equal(accord_reader_checkpoint(reader, &out, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&out), accord_log_checkpoint(log)));
    accord_buffer_free(&out);
    accord_reader_close(reader);
    accord_log_close(log);
}

static void test_entries(void **state)
{
    const struct log_place *place = *state;
    log_make(place, 600);
    struct accord_reader *reader = reader_new(place, 600);
    struct accord_error error;
    for (uint64_t i = 0; i < 600; i++)
        assert_int_equal(read_entry(reader, i, &error), ACCORD_OK);
    assert_int_equal(read_entry(reader, 599, &error), ACCORD_OK);
    assert_int_equal(read_entry(reader, 0, &error), ACCORD_OK);
    assert_int_equal(read_entry(reader, 600, &error), ACCORD_WRONG_INDEX);
    assert_int_equal(read_entry(reader, UINT64_MAX, &error), ACCORD_WRONG_INDEX);
    accord_reader_set_size(reader, 601);
    assert_int_equal(read_entry(reader, 600, &error), ACCORD_NOT_FOUND);
    assert_string_equal(error.what, "tile/0/002.p/89");
    accord_reader_close(reader);
}

/* Each proof, in trees of several sizes, older ones too: their partial tiles are gone, the full ones stand in. */
static void test_proofs(void **state)
{
    const struct log_place *place = *state;
    struct accord_log *log = log_new(place);
    uint8_t roots[4][ACCORD_HASH_SIZE];
    static const uint64_t sizes[4] = {1, 200, 256, 66000};
    for (size_t i = 0; i < 4; i++) {
        log_fill(log, sizes[i] - accord_log_size(log));
        log_publish(log);
        accord_log_root(log, roots[i]);
    }
    accord_log_close(log);
    struct accord_reader *reader = reader_new(place, 0);
    struct accord_hash_source source = accord_reader_hashes(reader);
    for (size_t i = 0; i < 4; i++) {
        accord_reader_set_size(reader, sizes[i]);
        for (uint64_t index = 0; index < sizes[i]; index += 1 + index / 3) {
            struct accord_merkle_proof proof;
            uint8_t entry[1024], leaf[ACCORD_HASH_SIZE];
            accord_merkle_leaf(crypto, (struct accord_bytes){entry, log_entry(index, entry)}, leaf);
            assert_int_equal(accord_inclusion_prove(crypto, &source, index, sizes[i], &proof), ACCORD_OK);
            assert_int_equal(accord_inclusion_verify(crypto, index, sizes[i], leaf, &proof, roots[i]), ACCORD_OK);
        }
        uint8_t root[ACCORD_HASH_SIZE];
        assert_int_equal(accord_root_compute(crypto, &source, sizes[i], root), ACCORD_OK);
        assert_memory_equal(root, roots[i], sizeof root);
    }
    assert_int_equal(source.read(source.context, 0, 66000, roots[0]), ACCORD_WRONG_INDEX);
    assert_int_equal(accord_reader_error(reader)->status, ACCORD_WRONG_INDEX);
    accord_reader_close(reader);
}

static void test_damage(void **state)
{
    const struct log_place *place = *state;
    struct accord_error error;
    uint8_t hash[ACCORD_HASH_SIZE];
    log_make(place, 600);
    log_damage(place, "tile/entries/001", 2);
    struct accord_reader *reader = reader_new(place, 600);
    assert_int_equal(read_entry(reader, 256, &error), ACCORD_LOG_CORRUPT);
    assert_string_equal(error.what, "tile/entries/001");
    assert_string_equal(error.found, "256");
    assert_int_equal(read_entry(reader, 257, &error), ACCORD_OK);
    log_damage(place, "tile/entries/002.p/88", 0);
    assert_int_equal(read_entry(reader, 512, &error), ACCORD_LOG_CORRUPT);
    assert_int_equal(truncate(log_path(place, "tile/0/000"), 8191), 0);
    struct accord_hash_source source = accord_reader_hashes(reader);
    assert_int_equal(source.read(source.context, 0, 7, hash), ACCORD_LOG_CORRUPT);
    assert_string_equal(accord_reader_error(reader)->what, "tile/0/000");
    assert_int_equal(truncate(log_path(place, "tile/0/000"), 8193), 0);
    assert_int_equal(source.read(source.context, 0, 7, hash), ACCORD_LOG_CORRUPT);
    assert_int_equal(unlink(log_path(place, "tile/0/000")), 0);
    assert_int_equal(source.read(source.context, 0, 7, hash), ACCORD_NOT_FOUND);
    assert_int_equal(read_entry(reader, 0, &error), ACCORD_NOT_FOUND);
    accord_reader_close(reader);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, place_new, place_free)

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_locate), IN_PLACE(test_checkpoint), IN_PLACE(test_entries),
        IN_PLACE(test_proofs), IN_PLACE(test_damage),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
