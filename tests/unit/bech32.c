/* Bech32 as age uses it: printed and parsed, and every way of being wrong. */
#include "age/bech32.h"

#include "crypto/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The identity and the recipient that the age specification gives as its example. */
#define IDENTITY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
#define NAME ACCORD_LITERAL("age-secret-key-")

static bool parse(const char *text, struct accord_bytes name, uint8_t *data, size_t size)
{
    return accord_bech32_parse((struct accord_bytes){(const uint8_t *)text, strlen(text)}, name, data, size);
}

static void reads_the_specification_s_example(void **state)
{
    (void)state;
    uint8_t data[32];
    assert_true(parse(IDENTITY, NAME, data, 32));
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(data[i], 0x42);
    assert_true(parse(RECIPIENT, ACCORD_LITERAL("age"), data, 32));
    assert_int_equal(data[0], 0x13);
    assert_int_equal(data[31], 0x72);
}

/* Whatever is printed is parsed to the same bytes, for each size of data. */
static void prints_what_it_parses(void **state)
{
    (void)state;
    for (size_t size = 0; size <= ACCORD_BECH32_DATA_MAX; size++) {
        uint8_t data[ACCORD_BECH32_DATA_MAX], again[ACCORD_BECH32_DATA_MAX], text[160];
        struct accord_out out = {text, sizeof text, 0, false};
        accord_random(data, sizeof data);
        accord_bech32_print(&out, ACCORD_LITERAL("age"), (struct accord_bytes){data, size});
        assert_false(out.full);
        assert_int_equal(out.size, ACCORD_BECH32_SIZE(3, size));
        assert_true(accord_bech32_parse(accord_out_bytes(&out), ACCORD_LITERAL("age"), again, size));
        assert_memory_equal(data, again, size);
        if (size > 0)
            assert_false(accord_bech32_parse(accord_out_bytes(&out), ACCORD_LITERAL("age"), again, size - 1));
    }
}

/* Any one character replaced by any other is noticed. */
static void notices_each_change(void **state)
{
    (void)state;
    uint8_t data[32];
    char text[] = RECIPIENT;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char kept = text[i];
        for (int other = 1; other < 256; other++) {
            text[i] = (char)other;
            if (text[i] != kept)
                assert_false(parse(text, ACCORD_LITERAL("age"), data, 32));
        }
        text[i] = kept;
    }
    assert_true(parse(text, ACCORD_LITERAL("age"), data, 32));
}

static void refuses_mixed_case_and_other_lengths(void **state)
{
    (void)state;
    uint8_t data[32];
    assert_false(parse("aGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", NAME, data, 32));
    assert_false(parse(IDENTITY "q", NAME, data, 32));
    assert_false(parse(RECIPIENT, NAME, data, 32));
    assert_false(parse("", NAME, data, 32));
}

/* One byte takes two values of five bits, so two bits are spare: where they are not zero, two texts would mean one
 * byte. The checksums are right. */
static void refuses_spare_bits(void **state)
{
    (void)state;
    uint8_t data[1];
    assert_true(parse("a1qqqd87cq", ACCORD_LITERAL("a"), data, 1));
    assert_int_equal(data[0], 0);
    assert_true(parse("a1qy089ch6", ACCORD_LITERAL("a"), data, 1));
    assert_int_equal(data[0], 1);
    assert_false(parse("a1qpamnt9j", ACCORD_LITERAL("a"), data, 1));
    assert_false(parse("a1qzngxatd", ACCORD_LITERAL("a"), data, 1));
    assert_false(parse("a1qrw7jgkl", ACCORD_LITERAL("a"), data, 1));
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_specification_s_example),
        cmocka_unit_test(prints_what_it_parses),
        cmocka_unit_test(notices_each_change),
        cmocka_unit_test(refuses_mixed_case_and_other_lengths),
        cmocka_unit_test(refuses_spare_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
