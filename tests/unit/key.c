/* Private keys: made, saved, opened, signing; and files that are refused. */
#include "keys/key.h"
#include "base/file.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Keys of the seed 2a2a...2a, made by an independent program. */
#define NAME "test-only.example"
#define KEY1 "PRIVATE+KEY+" NAME "+5b59878a+ASoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq"
#define VKEY1 NAME "+5b59878a+ARl/ayPhbIUyxqvIOPrNXqeJvgx2spIDNAOb+os9No1h"
#define KEY4 "PRIVATE+KEY+" NAME "+c2884d24+BCoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq"
#define VKEY4 NAME "+c2884d24+BBl/ayPhbIUyxqvIOPrNXqeJvgx2spIDNAOb+os9No1h"
#define IDENTITY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
#define CHECKPOINT NAME "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static const struct accord_fs *const fs = &accord_fs_real;
static char directory[] = "/tmp/accord-unit-key-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[16][128];
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, 128, "%s/%s", directory, name);
    return path;
}

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static void write_file(const char *name, const char *text)
{
    struct accord_error error;
    assert_int_equal(accord_file_replace(fs, path_of(name), bytes_of(text), 0600, &error), ACCORD_OK);
}

static void assert_public(const char *key_arg, const char *passphrase_file, const char *expected)
{
    struct accord_buffer out;
    struct accord_error error;
    accord_buffer_init(&out, 4096);
    assert_int_equal(accord_key_public(fs, key_arg, passphrase_file, &out, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(accord_buffer_bytes(&out), bytes_of(expected)));
    accord_buffer_free(&out);
}

/* Writes text as a key's file and opens it; it must be refused, with its path in the error. */
static enum accord_status refusal(const char *text)
{
    struct accord_signer *signer;
    struct accord_error error;
    write_file("refused", text);
    enum accord_status status = accord_signer_open(&signer, fs, path_of("refused"), NULL, &error);
    assert_null(signer);
    assert_int_equal(error.status, status);
    assert_true(error.what[0] != 0);
    return status;
}

static void opens_keys_that_others_made(void **state)
{
    (void)state;
    write_file("k", KEY1 "\n");
    assert_public(path_of("k"), NULL, VKEY1);
    write_file("k", KEY1);
    assert_public(path_of("k"), NULL, VKEY1);
    write_file("k", KEY4 "\n");
    assert_public(path_of("k"), NULL, VKEY4);
    write_file("k", "# created: 2026-11-23T03:10:11Z\n# public key: " RECIPIENT "\n" IDENTITY "\n");
    assert_public(path_of("k"), NULL, RECIPIENT);
    write_file("k", IDENTITY);
    assert_public(path_of("k"), NULL, RECIPIENT);
    write_file("phrase", "test-only passphrase\nand another line\n");
    assert_public("tests/vectors/age-scrypt-key.age", path_of("phrase"), VKEY1);
    assert_public("ssh-agent:" VKEY1, NULL, VKEY1);
}

static void refuses_what_is_not_a_key(void **state)
{
    (void)state;
#define SEED "ASoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq"
    assert_int_equal(refusal(""), ACCORD_BAD_KEY);
    assert_int_equal(refusal("\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal(VKEY1), ACCORD_BAD_KEY);
    assert_int_equal(refusal(KEY1 "\n\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal(KEY1 "\r\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal(" " KEY1 "\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal(KEY1 "\n" KEY1 "\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal("PRIVATE+KEY++5b59878a+" SEED "\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal("PRIVATE+KEY+" NAME "+5B59878A+" SEED "\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal("PRIVATE+KEY+" NAME "+5b59878a+ASoq\n"), ACCORD_BAD_KEY);
    assert_int_equal(refusal("PRIVATE+KEY+" NAME "+5b59878a+ASoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=\n"),
                     ACCORD_BAD_KEY);
    /* libsodium would take this byte for a letter. */
    assert_int_equal(refusal("PRIVATE+KEY+" NAME "+5b59878a+ASoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio\xf1\n"),
                     ACCORD_BAD_KEY);
    assert_int_equal(refusal("PRIVATE+KEY+" NAME "+5b59878b+" SEED "\n"), ACCORD_BAD_KEY_ID);
    assert_int_equal(refusal("PRIVATE+KEY+another.example+5b59878a+" SEED "\n"), ACCORD_BAD_KEY_ID);
    /* The id of a 0x01 key does not fit the same seed as a 0x04 key. */
    assert_int_equal(refusal("PRIVATE+KEY+" NAME "+5b59878a+BCoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq\n"),
                     ACCORD_BAD_KEY_ID);
    assert_int_equal(refusal("PRIVATE+KEY+" NAME "+5b59878a+AioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq\n"),
                     ACCORD_KEY_TYPE);
    assert_int_equal(refusal(IDENTITY "\n"), ACCORD_BAD_KEY);
    struct accord_buffer out;
    struct accord_error error;
    accord_buffer_init(&out, 4096);
    write_file("k", IDENTITY "\n" IDENTITY "\n");
    assert_int_equal(accord_key_public(fs, path_of("k"), NULL, &out, &error), ACCORD_DUPLICATE);
    assert_int_equal(error.line, 2);
    write_file("k", "# nothing\n");
    assert_int_equal(accord_key_public(fs, path_of("k"), NULL, &out, &error), ACCORD_BAD_KEY);
    assert_int_equal(accord_key_public(fs, path_of("absent"), NULL, &out, &error), ACCORD_NOT_FOUND);
    assert_int_equal(out.size, 0);
}

/* Verifies one signature line over text with the signer's own vkey. */
static void assert_signs(const struct accord_signer *signer, const char *text, uint64_t timestamp)
{
    struct accord_buffer lines;
    struct accord_error error;
    struct accord_note_claim note;
    struct accord_signature signature;
    size_t cursor = 0;
    uint64_t signed_at = 0;
    accord_buffer_init(&lines, 1 << 16);
    assert_int_equal(accord_signer_sign(signer, bytes_of(text), timestamp, &lines, &error), ACCORD_OK);
    assert_int_equal(accord_signatures_parse(&note, accord_buffer_bytes(&lines), &error), ACCORD_OK);
    assert_int_equal(note.signature_count, 1);
    assert_true(accord_note_next_signature(&note, &cursor, &signature));
    assert_int_equal(accord_signature_verify(&signature, bytes_of(text), accord_signer_vkey(signer),
                                             &accord_crypto_default, &signed_at),
                     ACCORD_SIGNED);
    if (accord_signer_vkey(signer)->type != ACCORD_KEY_ED25519)
        assert_int_equal(signed_at, timestamp);
    accord_buffer_free(&lines);
}

static void makes_saves_opens_and_signs(void **state)
{
    (void)state;
    static const enum accord_key_type types[] = {ACCORD_KEY_ED25519, ACCORD_KEY_COSIGNATURE_ED25519,
                                                 ACCORD_KEY_COSIGNATURE_MLDSA44};
    write_file("phrase", "correct horse\n");
    for (size_t i = 0; i < sizeof types / sizeof types[0] * 2; i++) {
        struct accord_signer *signer, *again;
        struct accord_error error;
        struct stat status;
        const char *phrase = i % 2 == 0 ? NULL : path_of("phrase");
        enum accord_status made = accord_signer_generate(&signer, ACCORD_LITERAL(NAME), types[i / 2], &error);
        if (types[i / 2] == ACCORD_KEY_COSIGNATURE_MLDSA44 && !accord_mldsa44_available()) {
            assert_int_equal(made, ACCORD_NO_CRYPTO);
            assert_null(signer);
            continue;
        }
        assert_int_equal(made, ACCORD_OK);
        assert_int_equal(accord_signer_save(signer, fs, path_of("s"), phrase, &error), ACCORD_OK);
        assert_int_equal(stat(path_of("s"), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_int_equal(accord_signer_save(signer, fs, path_of("s"), phrase, &error), ACCORD_EXISTS);
        assert_int_equal(accord_signer_open(&again, fs, path_of("s"), phrase, &error), ACCORD_OK);
        assert_true(accord_bytes_equal(accord_signer_vkey(signer)->text, accord_signer_vkey(again)->text));
        assert_signs(again, CHECKPOINT, 1795403411);
        assert_signs(again, CHECKPOINT, 1);
        accord_signer_free(signer);
        accord_signer_free(again);
        assert_int_equal(unlink(path_of("s")), 0);
    }
}

static void two_keys_are_never_the_same(void **state)
{
    (void)state;
    struct accord_signer *a, *b;
    struct accord_error error;
    assert_int_equal(accord_signer_generate(&a, ACCORD_LITERAL(NAME), ACCORD_KEY_ED25519, &error), ACCORD_OK);
    assert_int_equal(accord_signer_generate(&b, ACCORD_LITERAL(NAME), ACCORD_KEY_ED25519, &error), ACCORD_OK);
    assert_false(accord_bytes_equal(accord_signer_vkey(a)->text, accord_signer_vkey(b)->text));
    accord_signer_free(a);
    accord_signer_free(b);
    assert_int_equal(accord_signer_generate(&a, ACCORD_LITERAL("a name"), ACCORD_KEY_ED25519, &error), ACCORD_BAD_KEY);
    assert_int_equal(accord_signer_generate(&a, ACCORD_LITERAL("a+b"), ACCORD_KEY_ED25519, &error), ACCORD_BAD_KEY);
}

static void the_passphrase_must_be_right(void **state)
{
    (void)state;
    static const char path[] = "tests/vectors/age-scrypt-key.age";
    struct accord_signer *signer;
    struct accord_error error;
    assert_int_equal(accord_signer_open(&signer, fs, path, NULL, &error), ACCORD_USAGE);
    assert_string_equal(error.what, path);
    write_file("phrase", "test-only passphrase ");
    assert_int_equal(accord_signer_open(&signer, fs, path, path_of("phrase"), &error), ACCORD_WRONG_PASSPHRASE);
    assert_string_equal(error.what, path);
    write_file("phrase", "\ntest-only passphrase\n");
    assert_int_equal(accord_signer_open(&signer, fs, path, path_of("phrase"), &error), ACCORD_MALFORMED);
    assert_int_equal(accord_signer_open(&signer, fs, path, path_of("absent"), &error), ACCORD_NOT_FOUND);
    write_file("phrase", "test-only passphrase");
    assert_int_equal(accord_signer_open(&signer, fs, path, path_of("phrase"), &error), ACCORD_OK);
    accord_signer_free(signer);
    /* A key is not written where its passphrase cannot be read. */
    assert_int_equal(accord_signer_generate(&signer, ACCORD_LITERAL(NAME), ACCORD_KEY_ED25519, &error), ACCORD_OK);
    assert_int_equal(accord_signer_save(signer, fs, path_of("s"), path_of("absent"), &error), ACCORD_NOT_FOUND);
    assert_int_equal(fs->exists(fs->context, path_of("s")), 0);
    accord_signer_free(signer);
}

static void cosigns_checkpoints_only(void **state)
{
    (void)state;
    struct accord_signer *signer;
    struct accord_error error;
    struct accord_buffer lines;
    accord_buffer_init(&lines, 1 << 16);
    write_file("k", KEY4 "\n");
    assert_int_equal(accord_signer_open(&signer, fs, path_of("k"), NULL, &error), ACCORD_OK);
    assert_int_equal(accord_signer_sign(signer, ACCORD_LITERAL("not a checkpoint\n"), 1, &lines, &error),
                     ACCORD_MALFORMED);
    assert_int_equal(accord_signer_sign(signer, ACCORD_LITERAL(CHECKPOINT), 0, &lines, &error), ACCORD_IO);
    assert_string_equal(error.what, "clock");
    assert_int_equal(lines.size, 0);
    accord_buffer_init(&lines, 10);
    assert_int_equal(accord_signer_sign(signer, ACCORD_LITERAL(CHECKPOINT), 1, &lines, &error), ACCORD_TOO_LARGE);
    accord_signer_free(signer);
}

static void report_keys_are_age_s(void **state)
{
    (void)state;
    struct accord_error error;
    char recipient[64];
    write_file("phrase", "correct horse\n");
    assert_int_equal(accord_report_key_new(fs, path_of("r"), NULL, recipient, &error), ACCORD_OK);
    assert_int_equal(strlen(recipient), 62);
    assert_public(path_of("r"), NULL, recipient);
    struct accord_buffer file;
    accord_buffer_init(&file, 1024);
    assert_int_equal(accord_file_read(fs, path_of("r"), &file, &error), ACCORD_OK);
    struct accord_bytes rest = accord_buffer_bytes(&file);
    assert_true(accord_cut_prefix(&rest, ACCORD_LITERAL("# public key: ")));
    assert_true(accord_cut_prefix(&rest, bytes_of(recipient)));
    assert_true(accord_cut_prefix(&rest, ACCORD_LITERAL("\nAGE-SECRET-KEY-1")));
    accord_buffer_free(&file);
    char unused[64];
    assert_int_equal(accord_report_key_new(fs, path_of("r"), NULL, unused, &error), ACCORD_EXISTS);
    if (system("age-keygen --version >/dev/null 2>&1") == 0) {
        char command[320], expected[65];
        snprintf(command, sizeof command, "age-keygen -y %s > %s", path_of("r"), path_of("y"));
        snprintf(expected, sizeof expected, "%s\n", recipient);
        assert_int_equal(system(command), 0);
        accord_buffer_init(&file, 1024);
        assert_int_equal(accord_file_read(fs, path_of("y"), &file, &error), ACCORD_OK);
        assert_true(accord_bytes_equal(accord_buffer_bytes(&file), bytes_of(expected)));
        accord_buffer_free(&file);
    }
    assert_int_equal(accord_report_key_new(fs, path_of("e"), path_of("phrase"), recipient, &error), ACCORD_OK);
    assert_public(path_of("e"), path_of("phrase"), recipient);
}

int main(void)
{
    accord_crypto_start();
    if (mkdtemp(directory) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_keys_that_others_made),  cmocka_unit_test(refuses_what_is_not_a_key),
        cmocka_unit_test(makes_saves_opens_and_signs),  cmocka_unit_test(two_keys_are_never_the_same),
        cmocka_unit_test(the_passphrase_must_be_right), cmocka_unit_test(cosigns_checkpoints_only),
        cmocka_unit_test(report_keys_are_age_s),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const names[] = {"k", "phrase", "refused", "r", "y", "e"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(path_of(names[i]));
    (void)rmdir(directory);
    return failed;
}
