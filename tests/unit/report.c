/* Errors as sentences. */
#include "base/report.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void each_status_has_its_own_words(void **state)
{
    (void)state;
    for (int i = 0; i < ACCORD_STATUS_COUNT; i++) {
        enum accord_status status = (enum accord_status)i;
        assert_int_equal(accord_status_exit(status) == 0, status == ACCORD_OK);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(accord_status_rule(status), accord_status_rule((enum accord_status)j));
            assert_string_not_equal(accord_status_sentence(status), accord_status_sentence((enum accord_status)j));
        }
    }
    assert_string_equal(accord_status_rule(ACCORD_QUORUM), "quorum");
    assert_int_equal(accord_status_exit(ACCORD_QUORUM), 1);
    assert_int_equal(accord_status_exit(ACCORD_USAGE), 2);
    assert_int_equal(accord_status_exit(ACCORD_IO), 3);
}

static void says_what_is_known(void **state)
{
    (void)state;
    char text[256];
    struct accord_error error;
    accord_fail(&error, ACCORD_WRONG_INDEX, 0);
    accord_error_sentence(&error, NULL, text, sizeof text);
    assert_string_equal(text, "the index is not inside the tree");
    accord_fail(&error, ACCORD_WRONG_INDEX, 7);
    accord_error_what(&error, ACCORD_LITERAL("index"));
    accord_error_expected(&error, ACCORD_LITERAL("less than 3"));
    accord_error_found_number(&error, 9);
    accord_error_sentence(&error, "a.tlog-proof", text, sizeof text);
    assert_string_equal(text,
                        "a.tlog-proof: line 7: index: the index is not inside the tree: expected less than 3, found 9");
    error.expected[0] = 0;
    accord_error_sentence(&error, "index", text, sizeof text);
    assert_string_equal(text, "index: line 7: the index is not inside the tree: found 9");
    accord_fail(&error, ACCORD_IO, 0);
    accord_error_found(&error, ACCORD_LITERAL("Permission denied"));
    accord_error_sentence(&error, "k", text, sizeof text);
    assert_string_equal(text, "k: reading or writing failed: Permission denied");
}

/* A file's name, or what stood in a file, must not move the cursor of whoever reads the sentence. */
static void controls_no_terminal(void **state)
{
    (void)state;
    char text[256];
    struct accord_error error;
    accord_fail(&error, ACCORD_MALFORMED, 0);
    accord_error_found(&error, ACCORD_LITERAL("\x1b[2J \xc2\x9b"
                                              "2J \xc3\x9b"));
    accord_error_sentence(&error, "a\nverified: b\x7f\xc2\x85", text, sizeof text);
    assert_string_equal(text, "a?verified: b???: this does not follow its grammar: found ?[2J ??2J \xc3\x9b");
}

/* Cut at every size, always ended by a NUL, never written past. */
static void cuts_to_fit(void **state)
{
    (void)state;
    char whole[256], text[256];
    struct accord_error error;
    accord_fail(&error, ACCORD_QUORUM, 12);
    accord_error_what(&error, ACCORD_LITERAL("group g"));
    accord_error_expected_number(&error, 8);
    accord_error_found_number(&error, 2);
    accord_error_sentence(&error, "subject", whole, sizeof whole);
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, 'z', sizeof text);
        accord_error_sentence(&error, "subject", text, size);
        assert_int_equal(text[size], 'z');
        if (size == 0)
            continue;
        size_t length = strlen(whole) < size ? strlen(whole) : size - 1;
        assert_int_equal(strlen(text), length);
        assert_memory_equal(text, whole, length);
    }
}

static void times_are_utc(void **state)
{
    (void)state;
    char text[32];
    accord_time_print(0, text);
    assert_string_equal(text, "1970-01-01 00:00:00 UTC");
    accord_time_print(1795403411, text);
    assert_string_equal(text, "2026-11-23 03:10:11 UTC");
    accord_time_print(253402300799, text);
    assert_string_equal(text, "9999-12-31 23:59:59 UTC");
    accord_time_print(253402300800, text);
    assert_string_equal(text, "after the year 9999");
    accord_time_print(UINT64_MAX, text);
    assert_string_equal(text, "after the year 9999");
    assert_true(accord_clock_real.now(accord_clock_real.context) > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_own_words),
        cmocka_unit_test(says_what_is_known),
        cmocka_unit_test(controls_no_terminal),
        cmocka_unit_test(cuts_to_fit),
        cmocka_unit_test(times_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
