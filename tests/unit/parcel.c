/* Parcels: of one form, streamed, and nothing in them that does not follow from the cover and the files. */
#include "slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "case/parcel.h"
#include "case/tar_header.h"
#include "crypto/backend.h"

#define RECIPIENT "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

static const struct accord_crypto *crypto = &accord_crypto_default;
static struct accord_error error;
static char directory[] = "/tmp/accord-parcel-XXXXXX";
static char paths[3][64];
static const char *const path_list[3] = {paths[0], paths[1], paths[2]};
static uint8_t vkey_text[128];
static struct accord_bytes vkey;
static struct accord_cover cover;
static struct accord_buffer text, parcel;
static uint8_t digest[ACCORD_HASH_SIZE];

static enum accord_status keep(void *context, struct accord_bytes bytes, struct accord_error *why)
{
    (void)why;
    return accord_buffer_append(context, bytes);
}

static void print_cover(const struct accord_cover *printed, struct accord_buffer *into)
{
    into->size = 0;
    assert_int_equal(accord_buffer_reserve(into, ACCORD_COVER_SIZE_MAX), ACCORD_OK);
    struct accord_out out = {into->data, ACCORD_COVER_SIZE_MAX, 0, false};
    accord_cover_print(&out, printed);
    assert_false(out.full);
    into->size = out.size;
}

static void make_file(size_t i, const char *name, struct accord_bytes bytes)
{
    (void)snprintf(paths[i], sizeof paths[i], "%s/%zu", directory, i);
    assert_int_equal(accord_file_create(&accord_fs_real, paths[i], bytes, 0600, &error), ACCORD_OK);
    cover.files[i].name = slice(name);
    cover.files[i].size = bytes.size;
}

static enum accord_status write_parcel(struct accord_buffer *into, uint8_t made[ACCORD_HASH_SIZE])
{
    const struct accord_age_sink sink = {into, keep};
    into->size = 0;
    return accord_parcel_write(&cover, accord_buffer_bytes(&text), path_list, &sink, NULL, made, &error);
}

static int setup(void **state)
{
    (void)state;
    uint8_t public_key[32];
    static const uint8_t seed[32] = {7};
    static uint8_t large[700];
    accord_crypto_start();
    accord_ed25519_public(seed, public_key);
    struct accord_out out = {vkey_text, sizeof vkey_text, 0, false};
    accord_vkey_print(&out, slice("reporter"), ACCORD_KEY_ED25519, (struct accord_bytes){public_key, 32}, crypto);
    vkey = accord_out_bytes(&out);
    assert_non_null(mkdtemp(directory));
    cover = (struct accord_cover){.salt = {1, 2, 3},
                                  .vendor = slice("cisco.com"),
                                  .key = vkey,
                                  .recipient_count = 1,
                                  .recipients = {slice(RECIPIENT)},
                                  .title = slice("a heap overflow, \xc3\xa9"),
                                  .product = slice("ios-xe"),
                                  .affected_count = 2,
                                  .affected = {slice("17.3.1"), slice("17.3.2")},
                                  .severity = slice("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
                                  .contact = slice("someone@example.org"),
                                  .file_count = 3};
    memset(large, 'x', sizeof large);
    make_file(0, "empty", (struct accord_bytes){NULL, 0});
    make_file(1, "proof of concept.py", slice("print('hello')\n"));
    make_file(2, "core", (struct accord_bytes){large, sizeof large});
    accord_buffer_init(&text, ACCORD_COVER_SIZE_MAX);
    accord_buffer_init(&parcel, 1 << 20);
    print_cover(&cover, &text);
    assert_int_equal(write_parcel(&parcel, digest), ACCORD_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        (void)unlink(paths[i]);
    }
    accord_buffer_free(&text);
    accord_buffer_free(&parcel);
    return rmdir(directory);
}

/* Reading: what came to the sinks, one after the other */

struct read {
    struct accord_buffer files;
    size_t opened;
};

static enum accord_status opened(void *context, const struct accord_cover *of, size_t file,
                                 struct accord_age_sink *sink, struct accord_error *why)
{
    struct read *read = context;
    (void)of, (void)why;
    assert_int_equal(file, read->opened++);
    if (file != 0) {
        *sink = (struct accord_age_sink){&read->files, keep};
    }
    return ACCORD_OK;
}

static enum accord_status read_parcel(struct accord_bytes bytes, size_t step, struct read *read,
                                      uint8_t found[ACCORD_HASH_SIZE])
{
    struct accord_parcel_reader *reader;
    const struct accord_parcel_reading reading = {read, opened};
    const struct accord_cover *sheet = NULL;
    *read = (struct read){.opened = 0};
    accord_buffer_init(&read->files, 1 << 20);
    assert_int_equal(accord_parcel_reader_new(&reader, &reading, crypto, &error), ACCORD_OK);
    enum accord_status status = ACCORD_OK;
    for (size_t at = 0; status == ACCORD_OK && at < bytes.size; at += step) {
        size_t now = bytes.size - at < step ? bytes.size - at : step;
        status = accord_parcel_reader_write(reader, (struct accord_bytes){bytes.data + at, now}, &error);
    }
    if (status == ACCORD_OK) {
        status = accord_parcel_reader_end(reader, &sheet, found, &error);
    }
    if (status == ACCORD_OK) {
        struct accord_buffer again;
        accord_buffer_init(&again, ACCORD_COVER_SIZE_MAX);
        print_cover(sheet, &again);
        struct accord_bytes came = accord_parcel_reader_cover(reader);
        assert_true(accord_bytes_equal(accord_buffer_bytes(&again), came));
        accord_buffer_free(&again);
    }
    accord_parcel_reader_free(reader);
    return status;
}

static void has_the_size_of_its_class(void **state)
{
    (void)state;
    assert_int_equal(parcel.size, accord_parcel_size(&cover, text.size));
    assert_int_equal(parcel.size, 16384);
    static const uint64_t sizes[][2] = {{1, 16384},       {13000, 16384},     {16384, 19456},
                                        {100000, 104448}, {1 << 20, 1081344}, {1 << 30, 1107296256}};
    struct accord_cover one = {.file_count = 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        one.files[0].size = sizes[i][0];
        assert_int_equal(accord_parcel_size(&one, 200), sizes[i][1]);
    }
}

static void reads_what_was_written(void **state)
{
    (void)state;
    uint8_t found[ACCORD_HASH_SIZE];
    struct read read;
    static const size_t steps[] = {1, 7, 511, 512, 513, 4096, 100000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(read_parcel(accord_buffer_bytes(&parcel), steps[i], &read, found), ACCORD_OK);
        assert_memory_equal(found, digest, sizeof found);
        assert_int_equal(read.opened, 3);
        assert_int_equal(read.files.size, 15 + 700);
        assert_memory_equal(read.files.data, "print('hello')\nxxx", 18);
        accord_buffer_free(&read.files);
    }
}

static void refuses_what_is_cut_off_or_longer(void **state)
{
    (void)state;
    uint8_t found[ACCORD_HASH_SIZE];
    struct read read;
    for (size_t size = 0; size < parcel.size; size += size < 4200 ? 1 : 511) {
        assert_int_equal(read_parcel((struct accord_bytes){parcel.data, size}, 512, &read, found), ACCORD_MALFORMED);
        accord_buffer_free(&read.files);
    }
    assert_int_equal(accord_buffer_append(&parcel, slice("")), ACCORD_OK);
    assert_int_equal(accord_buffer_append(&parcel, (struct accord_bytes){(const uint8_t *)"\0", 1}), ACCORD_OK);
    assert_int_equal(read_parcel(accord_buffer_bytes(&parcel), 512, &read, found), ACCORD_TRAILING);
    accord_buffer_free(&read.files);
    parcel.size--;
}

/* Is this octet of the cover's text, or of what is in a file? */
static bool is_free(size_t at)
{
    size_t begins = 512, ends = 512 + text.size;
    for (size_t i = 0; i < cover.file_count; i++) {
        if (at >= begins && at < ends) {
            return true;
        }
        begins = (ends + 511) / 512 * 512 + 512;
        ends = begins + cover.files[i].size;
    }
    return at >= begins && at < ends;
}

/* But for free text in the cover, and what is in the files: every form of those is a parcel of its own, with another
 * digest. */
static void refuses_any_flipped_bit(void **state)
{
    (void)state;
    uint8_t found[ACCORD_HASH_SIZE];
    struct read read;
    size_t accepted = 0;
    for (size_t at = 0; at < parcel.size; at++) {
        uint8_t bit = (uint8_t)(1 << (at * 5 % 8));
        parcel.data[at] ^= bit;
        if (read_parcel(accord_buffer_bytes(&parcel), parcel.size, &read, found) == ACCORD_OK) {
            assert_true(is_free(at));
            assert_memory_not_equal(found, digest, sizeof found);
            accepted++;
        }
        accord_buffer_free(&read.files);
        parcel.data[at] ^= bit;
    }
    assert_true(accepted > 0 && accepted < text.size / 2 + 715);
}

static void the_writer_refuses_files_that_changed(void **state)
{
    (void)state;
    uint8_t made[ACCORD_HASH_SIZE];
    struct accord_buffer again;
    accord_buffer_init(&again, 1 << 20);
    cover.files[2].size++;
    assert_int_equal(write_parcel(&again, made), ACCORD_WRONG_FILE);
    cover.files[2].size -= 2;
    assert_int_equal(write_parcel(&again, made), ACCORD_WRONG_FILE);
    cover.files[2].size++;
    assert_string_equal(error.what, "core");
    assert_int_equal(write_parcel(&again, made), ACCORD_OK);
    assert_memory_equal(made, digest, sizeof made);
    accord_buffer_free(&again);
}

/* Covers */

static enum accord_status parse_with(const char *from, const char *to)
{
    static struct accord_cover parsed;
    char *whole = calloc(1, text.size + strlen(to) + 1), *place;
    assert_non_null(whole);
    memcpy(whole, text.data, text.size);
    place = strstr(whole, from);
    assert_non_null(place);
    memmove(place + strlen(to), place + strlen(from), strlen(place + strlen(from)) + 1);
    memcpy(place, to, strlen(to));
    error = (struct accord_error){0};
    enum accord_status status = accord_cover_parse(&parsed, slice(whole), crypto, &error);
    assert_int_equal(status, error.status);
    free(whole);
    return status;
}

static void covers_have_a_grammar(void **state)
{
    (void)state;
    assert_int_equal(parse_with("title", "title"), ACCORD_OK);
    assert_int_equal(parse_with("accord/v1/cover", "accord/v1/covers"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("salt ", "salz "), ACCORD_UNKNOWN_FIELD);
    assert_int_equal(parse_with("salt 01", "salt 0A"), ACCORD_BAD_HEX);
    assert_int_equal(parse_with("vendor cisco.com\n", ""), ACCORD_MISSING_FIELD);
    assert_int_equal(parse_with("cisco.com", "cisco"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("case reporter", "case reportes"), ACCORD_BAD_KEY_ID);
    assert_int_equal(parse_with("recipient " RECIPIENT "\n", ""), ACCORD_MISSING_FIELD);
    assert_int_equal(parse_with("recipient age1q", "recipient age1b"), ACCORD_BAD_KEY);
    assert_int_equal(parse_with("title a", "title \x01"), ACCORD_NOT_UTF8);
    assert_int_equal(parse_with("title a", "title  a"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("product ios-xe\n", ""), ACCORD_OK);
    assert_int_equal(parse_with("product ios-xe", "product ios xe"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("affected 17.3.2\n", ""), ACCORD_OK);
    assert_int_equal(parse_with("contact someone@example.org\n", ""), ACCORD_OK);
    assert_int_equal(parse_with("contact", "x-contact"), ACCORD_UNKNOWN_FIELD);
    assert_int_equal(parse_with(" core\n", " core"), ACCORD_MALFORMED);
    assert_int_equal(parse_with(" core\n", " core\ntitle again\n"), ACCORD_MALFORMED);
}

static void file_names_stay_where_they_are(void **state)
{
    (void)state;
    assert_int_equal(parse_with(" core\n", " core.1\n"), ACCORD_OK);
    assert_int_equal(parse_with(" core\n", " -rf\n"), ACCORD_OK);
    assert_int_equal(parse_with(" core\n", " empty\n"), ACCORD_DUPLICATE);
    static const char *const bad[] = {" \n",    " .\n",     " ..\n",    " ../core\n", " /etc/passwd\n",
                                      " a/b\n", " COVER\n", " core \n", "  core\n",   " co\x1bre\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(parse_with(" core\n", bad[i]), ACCORD_OK);
    }
    char longest[104] = " ";
    memset(longest + 1, 'n', 100);
    longest[101] = '\n';
    assert_int_equal(parse_with(" core\n", longest), ACCORD_OK);
    longest[101] = 'n';
    longest[102] = '\n';
    assert_int_equal(parse_with(" core\n", longest), ACCORD_MALFORMED);
    assert_true(accord_cover_name_valid(slice("a b")));
    assert_false(accord_cover_name_valid(slice("a\nb")));
    assert_false(accord_cover_name_valid(slice("")));
}

static void a_group_is_of_its_keys_in_any_order(void **state)
{
    (void)state;
    const struct accord_bytes keys[] = {slice("reporter+1+b"), slice("reporter+1+a")};
    const struct accord_bytes swapped[] = {keys[1], keys[0]};
    uint8_t one[ACCORD_HASH_SIZE], other[ACCORD_HASH_SIZE], by_hand[ACCORD_HASH_SIZE];
    accord_cover_group(crypto, keys, 2, one);
    accord_cover_group(crypto, swapped, 2, other);
    accord_hash(crypto, slice("accord/v1/group\nreporter+1+a\nreporter+1+b\n"), by_hand);
    assert_memory_equal(one, other, sizeof one);
    assert_memory_equal(one, by_hand, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_size_of_its_class),
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(refuses_what_is_cut_off_or_longer),
        cmocka_unit_test(refuses_any_flipped_bit),
        cmocka_unit_test(the_writer_refuses_files_that_changed),
        cmocka_unit_test(covers_have_a_grammar),
        cmocka_unit_test(file_names_stay_where_they_are),
        cmocka_unit_test(a_group_is_of_its_keys_in_any_order),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
