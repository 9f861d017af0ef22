/* The bottom layer: each reader accepts exactly what its printer writes. */
#include "slices.h"

#include "core/characters.h"
#include "core/text.h"

static void cuts(void **state)
{
    (void)state;
    struct accord_bytes rest = slice("a b\nc"), piece;
    assert_true(accord_cut(&rest, ' ', &piece));
    assert_slice(piece, "a");
    assert_slice(rest, "b\nc");
    assert_true(accord_cut_line(&rest, &piece));
    assert_slice(piece, "b");
    assert_false(accord_cut_line(&rest, &piece));
    assert_slice(piece, "b");
    assert_slice(rest, "c");
    assert_false(accord_cut_prefix(&rest, slice("cd")));
    assert_false(accord_cut_prefix(&rest, slice("d")));
    assert_true(accord_cut_prefix(&rest, slice("")));
    assert_true(accord_cut_prefix(&rest, slice("c")));
    assert_int_equal(rest.size, 0);
    struct accord_bytes nothing = {NULL, 0};
    assert_false(accord_cut(&nothing, 0, &piece));
    assert_true(accord_cut_prefix(&nothing, nothing));
    assert_true(accord_bytes_equal(nothing, slice("")));
    assert_false(accord_bytes_equal(nothing, slice("x")));
}

static void decimals(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "1", "10", "9223372036854775807", "18446744073709551615"};
    static const uint64_t numbers[] = {0, 1, 10, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint64_t number = 7;
        assert_true(accord_decimal_read(slice(good[i]), &number));
        assert_true(number == numbers[i]);
        uint8_t digits[ACCORD_DECIMAL_SIZE_MAX];
        struct accord_out out = {digits, sizeof digits, 0, false};
        accord_put_decimal(&out, number);
        assert_slice(accord_out_bytes(&out), good[i]);
    }
    static const char *const bad[] = {"",
                                      "00",
                                      "01",
                                      "+1",
                                      "-1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1a",
                                      "18446744073709551616",
                                      "18446744073709551620",
                                      "99999999999999999999",
                                      "100000000000000000000"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t number = 7;
        assert_false(accord_decimal_read(slice(bad[i]), &number));
        assert_true(number == 7);
    }
}

static void hexadecimal(void **state)
{
    (void)state;
    uint8_t data[3];
    assert_true(accord_hex_read(slice("00fF90") /* uppercase is another encoding */, data, 3) == false);
    assert_true(accord_hex_read(slice("00ff9a"), data, 3));
    assert_memory_equal(data, "\x00\xff\x9a", 3);
    assert_false(accord_hex_read(slice("00ff9"), data, 3));
    assert_false(accord_hex_read(slice("00ff9a0"), data, 3));
    assert_false(accord_hex_read(slice("00ff9g"), data, 3));
    assert_true(accord_hex_read(slice(""), data, 0));
    uint8_t digits[6];
    struct accord_out out = {digits, sizeof digits, 0, false};
    accord_put_hex(&out, (struct accord_bytes){data, 3});
    assert_slice(accord_out_bytes(&out), "00ff9a");
}

static void base64(void **state)
{
    (void)state;
    static const char *const good[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; /* RFC 4648 */
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint8_t data[6];
        char digits[8];
        size_t size = 99;
        assert_true(accord_base64_valid(slice(good[i])));
        assert_true(accord_base64_size(slice(good[i]), &size));
        assert_int_equal(size, i);
        assert_true(accord_base64_read(slice(good[i]), data, i));
        assert_memory_equal(data, "foobar", i);
        assert_false(accord_base64_read(slice(good[i]), data, i + 1));
        struct accord_out out = {(uint8_t *)digits, sizeof digits, 0, false};
        accord_put_base64(&out, (struct accord_bytes){data, i});
        assert_slice(accord_out_bytes(&out), good[i]);
    }
    static const char *const bad[] = {"Z",    "Zg",   "Zg=",  "Zh==", "Zm9=",     "Zm8",      "====",     "Z===",
                                      "=Zg=", "Z=g=", "Zm-_", "Zm 8", "Zg==Zg==", "Zm8=Zm9v", "Zm9v\n\n", "\x80m9v"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t data[6];
        assert_false(accord_base64_valid(slice(bad[i])));
        for (size_t size = 0; size <= 6; size++)
            assert_false(accord_base64_read(slice(bad[i]), data, size));
    }
}

/* Validity is looked at piece by piece: nothing may hide where pieces meet. */
static void long_base64(void **state)
{
    (void)state;
    uint8_t data[200], text[ACCORD_BASE64_SIZE(200)];
    for (size_t size = 0; size <= sizeof data; size++) {
        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)(i * 37 + size);
        struct accord_out out = {text, sizeof text, 0, false};
        accord_put_base64(&out, (struct accord_bytes){data, size});
        assert_false(out.full);
        assert_int_equal(out.size, ACCORD_BASE64_SIZE(size));
        assert_true(accord_base64_valid(accord_out_bytes(&out)));
        for (size_t i = 0; i < out.size; i++) {
            uint8_t kept = text[i];
            text[i] = '.';
            assert_false(accord_base64_valid(accord_out_bytes(&out)));
            text[i] = '=';
            assert_true(kept == '=' || !accord_base64_valid(accord_out_bytes(&out)) || i + 2 >= out.size);
            text[i] = kept;
        }
    }
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a\x7f",
                                       "\xc2\x80\xdf\xbf",
                                       "\xe0\xa0\x80\xef\xbf\xbf",
                                       "\xed\x9f\xbf\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(accord_utf8_valid(slice(good[i])));
    static const char *const bad[] = {"\x80",         "\xc0\x80",         "\xc1\xbf",         "\xc2",
                                      "\xc2\x41",     "\xe0\x9f\xbf",     "\xed\xa0\x80",     "\xe1\x80",
                                      "\xe1\x80\x41", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                                      "\xff",         "\xf1\x80\x80",     "\xf1\x80\x80\x41", "a\xc2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(accord_utf8_valid(slice(bad[i])));
}

static void characters_of_notes(void **state)
{
    (void)state;
    struct accord_error error;
    assert_int_equal(accord_characters_check(slice("a\n\nb\xc3\xa9\n"), &error), ACCORD_OK);
    assert_int_equal(accord_characters_check(slice("a\n\nb\t\n"), &error), ACCORD_NOT_UTF8);
    assert_int_equal(error.line, 3);
    assert_string_equal(error.found, "b?");
    assert_int_equal(accord_characters_check(slice("a\xc3\n\xa9"), &error), ACCORD_NOT_UTF8);
    assert_int_equal(error.line, 1);
    assert_int_equal(accord_characters_check(slice("a\n\x7f"), &error), ACCORD_OK);
    assert_int_equal(accord_characters_check((struct accord_bytes){(const uint8_t *)"\0", 1}, NULL), ACCORD_NOT_UTF8);
}

static void full_stays_full(void **state)
{
    (void)state;
    uint8_t data[4] = {0};
    struct accord_out out = {data, sizeof data, 0, false};
    accord_put(&out, slice("abc"));
    accord_put(&out, slice("de"));
    assert_true(out.full);
    accord_put_byte(&out, 'f');
    assert_slice(accord_out_bytes(&out), "abc");
    out = (struct accord_out){data, sizeof data, 0, false};
    accord_put_be64(&out, 1);
    assert_true(out.full);
    assert_int_equal(out.size, 0);
    struct accord_out none = {NULL, 0, 0, false};
    accord_put(&none, slice(""));
    assert_false(none.full);
    accord_put_hex(&none, slice("x"));
    assert_true(none.full);
}

static void errors_hold_printable_text(void **state)
{
    (void)state;
    struct accord_error error;
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_int_equal(accord_fail(&error, ACCORD_TRAILING, 9), ACCORD_TRAILING);
    assert_int_equal(error.status, ACCORD_TRAILING);
    assert_int_equal(error.line, 9);
    accord_error_what(&error, slice(longer));
    accord_error_found(&error, slice("a\n\x1b[m\x7f"));
    accord_error_expected_number(&error, UINT64_MAX);
    assert_int_equal(strlen(error.what), sizeof error.what - 1);
    assert_string_equal(error.found, "a??[m?");
    assert_string_equal(error.expected, "18446744073709551615");
    accord_error_found_number(&error, 0);
    assert_string_equal(error.found, "0");
    assert_int_equal(accord_fail(NULL, ACCORD_IO, 0), ACCORD_IO);
    accord_error_what(NULL, slice("x"));
    accord_error_expected_number(NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts),
        cmocka_unit_test(decimals),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(base64),
        cmocka_unit_test(long_base64),
        cmocka_unit_test(utf8),
        cmocka_unit_test(characters_of_notes),
        cmocka_unit_test(full_stays_full),
        cmocka_unit_test(errors_hold_printable_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
