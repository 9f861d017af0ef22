/* Case files: read as they were written, with and without a passphrase, and never over another. */
#include "slices.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "case/case_file.h"
#include "crypto/backend.h"

static struct accord_error error;
static char directory[] = "/tmp/accord-case-file-XXXXXX";
static char path[64];
static struct accord_case_file written;

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/x.accord-case", directory);
    written = (struct accord_case_file){.log = slice("https://log.example/a b"),
                                        .charter = {1},
                                        .vendor = slice("cisco.com"),
                                        .private_key = slice("PRIVATE+KEY+reporter+01020304+AAAA"),
                                        .salt = {2},
                                        .seed = {3},
                                        .parcel = {4},
                                        .cover = slice("accord/v1/cover\nentry 3\nof three lines\n"),
                                        .entry = slice("accord/v1/report\n\n\xe2\x80\x94 reporter AAAA\n")};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void require_same(const struct accord_case_file *read)
{
    assert_true(accord_bytes_equal(read->log, written.log));
    assert_true(accord_bytes_equal(read->vendor, written.vendor));
    assert_true(accord_bytes_equal(read->private_key, written.private_key));
    assert_true(accord_bytes_equal(read->cover, written.cover));
    assert_true(accord_bytes_equal(read->entry, written.entry));
    assert_memory_equal(read->charter, written.charter, 32);
    assert_memory_equal(read->salt, written.salt, 32);
    assert_memory_equal(read->seed, written.seed, 32);
    assert_memory_equal(read->parcel, written.parcel, 32);
}

static void is_read_as_it_was_written(void **state)
{
    (void)state;
    struct accord_case_file read;
    struct stat about;
    assert_int_equal(accord_case_file_write(&written, &accord_fs_real, path, slice(""), &error), ACCORD_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(accord_case_file_read(&read, &accord_fs_real, path, slice("not asked for"), &error), ACCORD_OK);
    require_same(&read);
    accord_case_file_free(&read);
    assert_int_equal(accord_case_file_write(&written, &accord_fs_real, path, slice(""), &error), ACCORD_EXISTS);
    written.entry = slice("another\n");
    assert_int_equal(accord_case_file_replace(&written, &accord_fs_real, path, slice(""), &error), ACCORD_OK);
    assert_int_equal(accord_case_file_read(&read, &accord_fs_real, path, slice(""), &error), ACCORD_OK);
    require_same(&read);
    accord_case_file_free(&read);
    written.entry = slice("accord/v1/report\n\n\xe2\x80\x94 reporter AAAA\n");
}

static void a_passphrase_closes_it(void **state)
{
    (void)state;
    struct accord_case_file read;
    struct accord_buffer raw;
    assert_int_equal(accord_case_file_write(&written, &accord_fs_real, path, slice("sesame"), &error), ACCORD_OK);
    accord_buffer_init(&raw, 65536);
    assert_int_equal(accord_file_read(&accord_fs_real, path, &raw, &error), ACCORD_OK);
    assert_memory_equal(raw.data, "-----BEGIN AGE", 14);
    assert_null(memmem(raw.data, raw.size, "cisco", 5));
    accord_buffer_free(&raw);
    assert_int_equal(accord_case_file_read(&read, &accord_fs_real, path, slice(""), &error), ACCORD_USAGE);
    accord_case_file_free(&read);
    assert_int_equal(accord_case_file_read(&read, &accord_fs_real, path, slice("simsim"), &error),
                     ACCORD_WRONG_PASSPHRASE);
    accord_case_file_free(&read);
    assert_int_equal(accord_case_file_read(&read, &accord_fs_real, path, slice("sesame"), &error), ACCORD_OK);
    require_same(&read);
    accord_case_file_free(&read);
}

/* A line in the place of another; whatever is not the grammar's is refused. */
static enum accord_status parse_with(const char *from, const char *to)
{
    static uint8_t memory[4096];
    static char text[4096];
    struct accord_case_file read = {0};
    struct accord_out out = {memory, sizeof memory, 0, false};
    accord_case_file_print(&out, &written);
    char *place = memmem(memory, out.size, from, strlen(from));
    assert_non_null(place);
    size_t before = (size_t)(place - (char *)memory), after = before + strlen(from);
    memcpy(text, memory, before);
    memcpy(text + before, to, strlen(to));
    memcpy(text + before + strlen(to), memory + after, out.size - after);
    struct accord_bytes bytes = {(const uint8_t *)text, out.size - strlen(from) + strlen(to)};
    return accord_case_file_parse(&read, bytes, &error);
}

static void has_one_form(void **state)
{
    (void)state;
    assert_int_equal(parse_with("log ", "log "), ACCORD_OK);
    assert_int_equal(parse_with("case-file\n", "case-file \n"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("log https", "lag https"), ACCORD_MISSING_FIELD);
    assert_int_equal(parse_with("log https://log", "log \x1b"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("charter 01", "charter 0A"), ACCORD_BAD_HEX);
    assert_int_equal(parse_with("vendor cisco.com\n", ""), ACCORD_MISSING_FIELD);
    assert_int_equal(parse_with("vendor cisco.com", "vendor Cisco.com"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("cover 39", "cover 039"), ACCORD_BAD_DECIMAL);
    assert_int_equal(parse_with("cover 39", "cover 0"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("cover 39", "cover 38"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("cover 39", "cover 4000"), ACCORD_MALFORMED);
    assert_int_equal(parse_with("reporter AAAA\n", "reporter AAAA\n\n"), ACCORD_TRAILING);
    assert_int_equal(parse_with("reporter AAAA\n", "reporter AAA\n"), ACCORD_MALFORMED);
    assert_string_equal(error.found, "");
}

static void what_could_not_be_read_is_not_written(void **state)
{
    (void)state;
    written.log = slice("a\nvendor evil.example");
    assert_int_equal(accord_case_file_write(&written, &accord_fs_real, path, slice(""), &error), ACCORD_MISSING_FIELD);
    written.log = slice("https://log.example/a b");
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(is_read_as_it_was_written, remove_file),
        cmocka_unit_test_teardown(a_passphrase_closes_it, remove_file),
        cmocka_unit_test(has_one_form),
        cmocka_unit_test_teardown(what_could_not_be_read_is_not_written, remove_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
