/* Small files encrypted to a passphrase: ours, and those of the age program (tests/vectors). */
#include "age/small.h"

#include "age/armor.h"
#include "base/file.h"
#include "crypto/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY "PRIVATE+KEY+test-only.example+5b59878a+ASoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq\n"
#define PASSPHRASE ACCORD_LITERAL("test-only passphrase")

static void read_file(const char *path, struct accord_buffer *file)
{
    struct accord_error error;
    accord_buffer_init(file, ACCORD_AGE_FILE_MAX);
    assert_int_equal(accord_file_read(&accord_fs_real, path, file, &error), ACCORD_OK);
}

/* Decrypts with a fresh buffer; *plain is to be freed. */
static enum accord_status decrypt(struct accord_bytes file, struct accord_bytes passphrase, struct accord_buffer *plain)
{
    struct accord_error error;
    accord_buffer_init(plain, ACCORD_AGE_PLAIN_MAX);
    enum accord_status status = accord_age_decrypt(file, passphrase, plain, &error);
    if (status != ACCORD_OK) {
        assert_int_equal(error.status, status);
        assert_int_equal(plain->size, 0);
    }
    return status;
}

static void opens_what_age_made(void **state)
{
    (void)state;
    static const char *const paths[] = {"tests/vectors/age-scrypt-key.age", "tests/vectors/age-scrypt-key-binary.age"};
    for (size_t i = 0; i < 2; i++) {
        struct accord_buffer file, plain;
        read_file(paths[i], &file);
        assert_true(accord_age_recognize(accord_buffer_bytes(&file)));
        assert_int_equal(decrypt(accord_buffer_bytes(&file), PASSPHRASE, &plain), ACCORD_OK);
        assert_true(accord_bytes_equal(accord_buffer_bytes(&plain), ACCORD_LITERAL(KEY)));
        accord_buffer_wipe(&plain);
        accord_buffer_free(&file);
    }
    assert_false(accord_age_recognize(ACCORD_LITERAL(KEY)));
}

static void opens_what_it_made(void **state)
{
    (void)state;
    static uint8_t data[ACCORD_AGE_PLAIN_MAX];
    static const size_t sizes[] = {0, 1, 47, 48, ACCORD_AGE_PLAIN_MAX};
    accord_random(data, sizeof data);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct accord_buffer file, plain;
        struct accord_error error;
        struct accord_bytes text = {data, sizes[i]};
        accord_buffer_init(&file, ACCORD_AGE_FILE_MAX);
        assert_int_equal(accord_age_encrypt(text, PASSPHRASE, &file, &error), ACCORD_OK);
        assert_int_equal(decrypt(accord_buffer_bytes(&file), PASSPHRASE, &plain), ACCORD_OK);
        assert_true(accord_bytes_equal(accord_buffer_bytes(&plain), text));
        accord_buffer_free(&plain);
        accord_buffer_free(&file);
    }
    struct accord_buffer file;
    struct accord_error error;
    uint8_t *large = calloc(1, ACCORD_AGE_PLAIN_MAX + 1);
    assert_non_null(large);
    accord_buffer_init(&file, ACCORD_AGE_FILE_MAX);
    assert_int_equal(
        accord_age_encrypt((struct accord_bytes){large, ACCORD_AGE_PLAIN_MAX + 1}, PASSPHRASE, &file, &error),
        ACCORD_TOO_LARGE);
    free(large);
}

static void refuses_another_passphrase(void **state)
{
    (void)state;
    struct accord_buffer file, plain;
    read_file("tests/vectors/age-scrypt-key.age", &file);
    assert_int_equal(decrypt(accord_buffer_bytes(&file), ACCORD_LITERAL("test-only passphras"), &plain),
                     ACCORD_WRONG_PASSPHRASE);
    accord_buffer_free(&plain);
    accord_buffer_free(&file);
}

/* The work factor of a header is lowered so that each bit can be flipped in turn; then nothing opens any more. */
static void notices_each_flipped_bit(void **state)
{
    (void)state;
    /* Sealed with a work factor of 2, by the age program's own vectors' method: "hi" under "p". */
    struct accord_buffer sealed, binary;
    read_file("tests/vectors/age-scrypt-work-2.age", &sealed);
    struct accord_error error;
    accord_buffer_init(&binary, ACCORD_AGE_BINARY_MAX);
    assert_int_equal(accord_age_unarmor(accord_buffer_bytes(&sealed), &binary, &error), ACCORD_OK);
    struct accord_buffer plain;
    assert_int_equal(decrypt(accord_buffer_bytes(&binary), ACCORD_LITERAL("p"), &plain), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&plain), ACCORD_LITERAL("hi")));
    accord_buffer_free(&plain);
    for (size_t bit = 0; bit < binary.size * 8; bit++) {
        binary.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (decrypt(accord_buffer_bytes(&binary), ACCORD_LITERAL("p"), &plain) == ACCORD_OK)
            fail_msg("bit %zu flipped, and the file still opens", bit);
        binary.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        accord_buffer_free(&plain);
    }
    for (size_t size = 0; size < binary.size; size++) {
        assert_int_not_equal(decrypt((struct accord_bytes){binary.data, size}, ACCORD_LITERAL("p"), &plain), ACCORD_OK);
        accord_buffer_free(&plain);
    }
    accord_buffer_free(&binary);
    accord_buffer_free(&sealed);
}

static enum accord_status unarmor(const char *text, struct accord_error *error)
{
    struct accord_buffer binary;
    accord_buffer_init(&binary, ACCORD_AGE_BINARY_MAX);
    enum accord_status status =
        accord_age_unarmor((struct accord_bytes){(const uint8_t *)text, strlen(text)}, &binary, error);
    accord_buffer_free(&binary);
    return status;
}

static void armor_has_one_form(void **state)
{
    (void)state;
    struct accord_error error;
#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----\n"
#define END "-----END AGE ENCRYPTED FILE-----"
#define FULL "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBpblV6K2RUSGZpeDJSRmVD\n"
    assert_int_equal(unarmor(BEGIN FULL "YQ==\n" END "\n", &error), ACCORD_OK);
    assert_int_equal(unarmor(BEGIN FULL "YQ==\n" END, &error), ACCORD_OK);
    assert_int_equal(unarmor(BEGIN FULL END "\n", &error), ACCORD_OK);
    assert_int_equal(unarmor(BEGIN FULL "YQ==\n" END "\n\r\n \t", &error), ACCORD_OK);
    assert_int_equal(unarmor("-----BEGIN AGE ENCRYPTED FILE-----\r\nYQ==\r\n" END "\r\n", &error), ACCORD_OK);
    char spaces[ACCORD_AGE_ARMOR_SPACE_MAX + 200];
    for (size_t space = ACCORD_AGE_ARMOR_SPACE_MAX; space < ACCORD_AGE_ARMOR_SPACE_MAX + 2; space++) {
        int text = snprintf(spaces, sizeof spaces, "%s%*s", BEGIN "YQ==\n" END "\n", (int)space, "");
        assert_true(text > 0 && (size_t)text < sizeof spaces);
        assert_int_equal(unarmor(spaces, &error), space > ACCORD_AGE_ARMOR_SPACE_MAX ? ACCORD_MALFORMED : ACCORD_OK);
    }
    assert_int_equal(unarmor(BEGIN FULL "YQ==\n" END "\nx", &error), ACCORD_MALFORMED);
    assert_int_equal(error.line, 5);
    assert_int_equal(unarmor(BEGIN FULL "YR==\n" END "\n", &error), ACCORD_BAD_BASE64);
    assert_int_equal(error.line, 3);
    assert_int_equal(unarmor(BEGIN "YQ==\n" FULL END "\n", &error), ACCORD_MALFORMED);
    assert_int_equal(error.line, 3);
    assert_int_equal(unarmor(BEGIN FULL "YQ==\n", &error), ACCORD_MALFORMED);
    assert_int_equal(unarmor(BEGIN FULL "\n" END "\n", &error), ACCORD_MALFORMED);
    assert_int_equal(unarmor(BEGIN "YQ==\r\r\n" END "\n", &error), ACCORD_MALFORMED);
}

/* What refuses before any work is done. */
static enum accord_status try(const char *text)
{
    struct accord_buffer plain;
    enum accord_status status =
        decrypt((struct accord_bytes){(const uint8_t *)text, strlen(text)}, ACCORD_LITERAL("p"), &plain);
    accord_buffer_free(&plain);
    return status;
}

static void refuses_other_recipients_and_hard_work(void **state)
{
    (void)state;
#define LINE1 "age-encryption.org/v1\n"
#define BODY "gUjEymFKMVXQEKdMMHL24oYexjE3TIC0O0zGSqJ2aUY\n"
#define MAC "--- IOXiQYStkoT1mvZW2tFOqZdhRVvj58egABx/sWfZQbc\n"
#define SHARE "O6DLx/wDIawpUC978NSPjYvrfDtJVnZApXKp4FMPHCY"
    assert_int_equal(try(LINE1 "-> scrypt rF0/NwblUHHTpgQgRpe5CQ 10\n" BODY MAC), ACCORD_WRONG_PASSPHRASE);
    assert_int_equal(try(LINE1 "-> scrypt rF0/NwblUHHTpgQgRpe5CQ 21\n" BODY MAC), ACCORD_TOO_LARGE);
    assert_int_equal(try(LINE1 "-> scrypt rF0/NwblUHHTpgQgRpe5CQ 18446744073709551615\n" BODY MAC), ACCORD_TOO_LARGE);
    assert_int_equal(try(LINE1 "-> scrypt rF0/NwblUHHTpgQgRpe5CQ 0\n" BODY MAC), ACCORD_MALFORMED);
    assert_int_equal(try(LINE1 "-> scrypt rF0/NwblUHHTpgQgRpe5CR 10\n" BODY MAC), ACCORD_MALFORMED);
    assert_int_equal(try(LINE1 "-> X25519 " SHARE "\n" BODY MAC), ACCORD_KEY_TYPE);
    assert_int_equal(try(LINE1 "-> scrypt rF0/NwblUHHTpgQgRpe5CQ 10\n" BODY "---\n"), ACCORD_MALFORMED);
    assert_int_equal(try("age-encryption.org/v2\n-> scrypt rF0/NwblUHHTpgQgRpe5CQ 10\n" BODY MAC), ACCORD_MALFORMED);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_age_made),        cmocka_unit_test(opens_what_it_made),
        cmocka_unit_test(refuses_another_passphrase), cmocka_unit_test(notices_each_flipped_bit),
        cmocka_unit_test(armor_has_one_form),         cmocka_unit_test(refuses_other_recipients_and_hard_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
