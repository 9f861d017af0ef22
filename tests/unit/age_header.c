/* To whom an age file is encrypted, and what opens it: tests/vectors/age-x25519*, which the age program made. */
#include "slices.h"

#include "age/header.h"
#include "age/small.h"
#include "base/file.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/private.h"

static struct accord_buffer one, three;
static uint8_t secret[32];
static struct accord_error error;

static void load(const char *path, struct accord_buffer *binary)
{
    struct accord_buffer file;
    accord_buffer_init(&file, 65536);
    accord_buffer_init(binary, 65536);
    assert_int_equal(accord_file_read(&accord_fs_real, path, &file, &error), ACCORD_OK);
    assert_int_equal(accord_age_unarmor(accord_buffer_bytes(&file), binary, &error), ACCORD_OK);
    accord_buffer_free(&file);
}

static int setup(void **state)
{
    (void)state;
    struct accord_buffer identity;
    accord_crypto_start();
    load("tests/vectors/age-x25519.age", &one);
    load("tests/vectors/age-x25519-three.age", &three);
    accord_buffer_init(&identity, 65536);
    assert_int_equal(accord_file_read(&accord_fs_real, "tests/vectors/age-x25519.identity", &identity, &error),
                     ACCORD_OK);
    assert_int_equal(accord_identity_parse(secret, accord_buffer_bytes(&identity), &error), ACCORD_OK);
    accord_buffer_free(&identity);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    accord_buffer_free(&one);
    accord_buffer_free(&three);
    return 0;
}

static void counts_its_recipients(void **state)
{
    (void)state;
    struct accord_age_header header;
    assert_int_equal(accord_age_header_parse(&header, accord_buffer_bytes(&one), &error), ACCORD_OK);
    assert_true(header.x25519 == 1 && header.scrypt == 0 && header.other == 0);
    assert_int_equal(accord_age_header_parse(&header, accord_buffer_bytes(&three), &error), ACCORD_OK);
    assert_true(header.x25519 == 2 && header.scrypt == 0 && header.other == 1);
    struct accord_bytes cut = {three.data, header.size};
    assert_int_equal(accord_age_header_parse(&header, cut, &error), ACCORD_OK);
    struct accord_buffer passphrase;
    load("tests/vectors/age-scrypt-key-binary.age", &passphrase);
    assert_int_equal(accord_age_header_parse(&header, accord_buffer_bytes(&passphrase), &error), ACCORD_OK);
    assert_true(header.x25519 == 0 && header.scrypt == 1 && header.other == 0);
    assert_false(accord_age_header_opens(&header, secret));
    accord_buffer_free(&passphrase);
}

static void opens_with_its_key_alone(void **state)
{
    (void)state;
    struct accord_age_header header;
    const struct accord_buffer *files[] = {&one, &three};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(accord_age_header_parse(&header, accord_buffer_bytes(files[i]), &error), ACCORD_OK);
        assert_true(accord_age_header_opens(&header, secret));
        for (size_t bit = 0; bit < 256; bit++) {
            uint8_t other[32];
            memcpy(other, secret, sizeof other);
            other[bit / 8] ^= (uint8_t)(1 << bit % 8);
            /* X25519 sets these five bits itself (RFC 7748, section 5). */
            bool same = bit < 3 || bit > 253;
            assert_int_equal(accord_age_header_opens(&header, other), same);
        }
    }
}

/* No header opens in which a bit is not as it was, wherever it is. */
static void no_bit_of_it_can_change(void **state)
{
    (void)state;
    struct accord_age_header header;
    size_t parsed = 0;
    assert_int_equal(accord_age_header_parse(&header, accord_buffer_bytes(&three), &error), ACCORD_OK);
    size_t size = header.size;
    for (size_t bit = 0; bit < size * 8; bit++) {
        three.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (accord_age_header_parse(&header, accord_buffer_bytes(&three), NULL) == ACCORD_OK) {
            parsed++;
            assert_false(accord_age_header_opens(&header, secret));
        }
        three.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(parsed > 100);
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    struct accord_age_header header;
    assert_int_equal(accord_age_header_parse(&header, accord_buffer_bytes(&three), &error), ACCORD_OK);
    size_t size = header.size;
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(accord_age_header_parse(&header, (struct accord_bytes){three.data, cut}, &error),
                         ACCORD_MALFORMED);
    static const struct {
        const char *text;
        uint64_t line;
    } cases[] = {{"age-encryption.org/v2\n", 1},
                 {"age-encryption.org/v1\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 2},
                 {"age-encryption.org/v1\n-> X\n\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 4},
                 {"age-encryption.org/v1\n-> X  Y\n\n--- ", 2},
                 {"age-encryption.org/v1\n-> X\nAA=\n--- ", 3},
                 {"age-encryption.org/v1\n->\n\n--- ", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(accord_age_header_parse(&header, slice(cases[i].text), &error), ACCORD_MALFORMED);
        assert_int_equal(error.line, cases[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_its_recipients),
        cmocka_unit_test(opens_with_its_key_alone),
        cmocka_unit_test(no_bit_of_it_can_change),
        cmocka_unit_test(refuses_what_is_none),
    };
    return cmocka_run_group_tests_name("age_header", tests, setup, teardown);
}
