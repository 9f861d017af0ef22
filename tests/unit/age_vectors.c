/* C2SP's age vectors that have a passphrase; skipped, and counted as skipped, where they or unzip are absent. */
#include "core/text.h"
#include "crypto/backend.h"
#include "age/small.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ZIP "../shared/data/age-vectors.zip"

/* Reads one file of the zip. */
static size_t unzip(const char *name, uint8_t *data, size_t size)
{
    char command[256];
    snprintf(command, sizeof command, "unzip -p %s age-vectors/%s", ZIP, name);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t got = fread(data, 1, size, pipe);
    assert_int_equal(pclose(pipe), 0);
    return got;
}

/* A vector is lines of `key: value`, an empty line, and the file. The payload is named by its SHA-256. */
static void run_vector(const char *name)
{
    static uint8_t data[16384];
    struct accord_bytes rest = {data, unzip(name, data, sizeof data)}, line;
    struct accord_bytes passphrase = {NULL, 0}, digest = {NULL, 0};
    bool success = false;
    while (accord_cut_line(&rest, &line) && line.size > 0) {
        if (accord_bytes_equal(line, ACCORD_LITERAL("expect: success")))
            success = true;
        else if (accord_cut_prefix(&line, ACCORD_LITERAL("payload: ")))
            digest = line;
        else if (passphrase.size == 0 && accord_cut_prefix(&line, ACCORD_LITERAL("passphrase: ")))
            passphrase = line;
    }
    struct accord_buffer plain;
    struct accord_error error;
    accord_buffer_init(&plain, ACCORD_AGE_PLAIN_MAX);
    enum accord_status status = accord_age_decrypt(rest, passphrase, &plain, &error);
    if ((status == ACCORD_OK) != success)
        fail_msg("%s: status %d", name, (int)status);
    if (success) {
        uint8_t expected[ACCORD_HASH_SIZE], hash[ACCORD_HASH_SIZE];
        struct accord_sha256 sha;
        accord_crypto_default.sha256_init(&sha);
        accord_crypto_default.sha256_update(&sha, plain.data, plain.size);
        accord_crypto_default.sha256_final(&sha, hash);
        assert_true(accord_hex_read(digest, expected, sizeof expected));
        assert_memory_equal(hash, expected, sizeof hash);
    }
    accord_buffer_free(&plain);
}

static void answers_c2sp_vectors(void **state)
{
    (void)state;
    static const char *const names[] = {"armor_scrypt",
                                        "scrypt",
                                        "scrypt_and_x25519",
                                        "scrypt_bad_tag",
                                        "scrypt_double",
                                        "scrypt_extra_argument",
                                        "scrypt_long_file_key",
                                        "scrypt_no_match",
                                        "scrypt_not_canonical_body",
                                        "scrypt_not_canonical_salt",
                                        "scrypt_salt_long",
                                        "scrypt_salt_missing",
                                        "scrypt_salt_short",
                                        "scrypt_uppercase",
                                        "scrypt_work_factor_23",
                                        "scrypt_work_factor_hex",
                                        "scrypt_work_factor_leading_garbage",
                                        "scrypt_work_factor_leading_plus",
                                        "scrypt_work_factor_leading_zero_decimal",
                                        "scrypt_work_factor_leading_zero_octal",
                                        "scrypt_work_factor_missing",
                                        "scrypt_work_factor_negative",
                                        "scrypt_work_factor_overflow",
                                        "scrypt_work_factor_trailing_garbage",
                                        "scrypt_work_factor_wrong",
                                        "scrypt_work_factor_zero"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        run_vector(names[i]);
}

int main(void)
{
    accord_crypto_start();
    if (access(ZIP, R_OK) != 0 || system("unzip -v >/dev/null 2>&1") != 0) {
        puts("1..0 # SKIP no age vectors in ../shared/data, or no unzip");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_c2sp_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
