/* Owned bytes: they grow, keep what they hold, and never pass their maximum. */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_invariants(const struct accord_buffer *buffer)
{
    assert_true(buffer->size <= buffer->capacity);
    assert_true(buffer->size <= buffer->maximum);
    assert_true((buffer->data == NULL) == (buffer->capacity == 0));
}

static void grows_and_keeps_its_bytes(void **state)
{
    (void)state;
    struct accord_buffer buffer;
    accord_buffer_init(&buffer, 10000);
    check_invariants(&buffer);
    for (unsigned i = 0; i < 10000; i++) {
        uint8_t byte = (uint8_t)(i % 251);
        assert_int_equal(accord_buffer_append(&buffer, (struct accord_bytes){&byte, 1}), ACCORD_OK);
        check_invariants(&buffer);
    }
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(buffer.data[i], i % 251);
    assert_int_equal(accord_buffer_append(&buffer, ACCORD_LITERAL("x")), ACCORD_TOO_LARGE);
    assert_int_equal(buffer.size, 10000);
    assert_int_equal(buffer.capacity, 10000);
    accord_buffer_free(&buffer);
    check_invariants(&buffer);
    assert_int_equal(buffer.size, 0);
}

static void takes_exactly_its_maximum(void **state)
{
    (void)state;
    static const size_t maxima[] = {1, 255, 256, 257, 1000};
    static uint8_t bytes[1001];
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        struct accord_buffer buffer;
        accord_buffer_init(&buffer, maxima[i]);
        assert_int_equal(accord_buffer_append(&buffer, (struct accord_bytes){bytes, maxima[i] + 1}), ACCORD_TOO_LARGE);
        assert_int_equal(buffer.size, 0);
        assert_int_equal(accord_buffer_append(&buffer, (struct accord_bytes){bytes, maxima[i]}), ACCORD_OK);
        assert_int_equal(accord_buffer_append(&buffer, (struct accord_bytes){NULL, 0}), ACCORD_OK);
        check_invariants(&buffer);
        accord_buffer_free(&buffer);
    }
}

static void the_zero_value_takes_nothing(void **state)
{
    (void)state;
    struct accord_buffer buffer = {0};
    assert_int_equal(accord_buffer_append(&buffer, ACCORD_LITERAL("x")), ACCORD_TOO_LARGE);
    assert_int_equal(accord_buffer_append(&buffer, (struct accord_bytes){NULL, 0}), ACCORD_OK);
    assert_null(buffer.data);
    accord_buffer_wipe(&buffer);
}

/* A size that would wrap around is too large, not small. */
static void does_not_wrap_around(void **state)
{
    (void)state;
    struct accord_buffer buffer;
    accord_buffer_init(&buffer, 100);
    assert_int_equal(accord_buffer_append(&buffer, ACCORD_LITERAL("abc")), ACCORD_OK);
    assert_int_equal(accord_buffer_reserve(&buffer, SIZE_MAX), ACCORD_TOO_LARGE);
    assert_int_equal(accord_buffer_reserve(&buffer, SIZE_MAX - 2), ACCORD_TOO_LARGE);
    assert_int_equal(accord_buffer_reserve(&buffer, 97), ACCORD_OK);
    assert_int_equal(accord_buffer_reserve(&buffer, 98), ACCORD_TOO_LARGE);
    accord_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_its_bytes),
        cmocka_unit_test(takes_exactly_its_maximum),
        cmocka_unit_test(the_zero_value_takes_nothing),
        cmocka_unit_test(does_not_wrap_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
