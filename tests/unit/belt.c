/* Belts: what goes on comes off in its order, a refusal comes back, and nothing is used after it was freed. */
#include "slices.h"

#include <stdlib.h>

#include "case/belt.h"
#include "crypto/backend.h"

#define SIZE ((size_t)5 << 20)

static struct accord_error error;
static uint8_t *given;

struct taken {
    struct accord_buffer bytes;
    size_t most; /* then it refuses */
};

static enum accord_status take(void *context, struct accord_bytes bytes, struct accord_error *why)
{
    struct taken *taken = context;
    if (taken->bytes.size + bytes.size > taken->most) {
        accord_fail(why, ACCORD_NO_SPACE, 7);
        return ACCORD_NO_SPACE;
    }
    return accord_buffer_append(&taken->bytes, bytes);
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    given = malloc(SIZE);
    assert_non_null(given);
    for (size_t i = 0; i < SIZE; i++) {
        given[i] = (uint8_t)(i * 7 + i / 251);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(given);
    return 0;
}

static enum accord_status put_all(struct accord_belt *belt, size_t size, size_t step)
{
    const struct accord_age_sink sink = accord_belt_sink(belt);
    enum accord_status status = ACCORD_OK;
    for (size_t at = 0; status == ACCORD_OK && at < size; at += step) {
        size_t now = size - at < step ? size - at : step;
        status = sink.write(sink.context, (struct accord_bytes){given + at, now}, &error);
    }
    return status;
}

static struct accord_belt *new_belt(struct taken *taken, size_t most)
{
    const struct accord_age_sink sink = {taken, take};
    struct accord_belt *belt;
    *taken = (struct taken){.most = most};
    accord_buffer_init(&taken->bytes, SIZE);
    error = (struct accord_error){0};
    assert_int_equal(accord_belt_new(&belt, &sink, &error), ACCORD_OK);
    return belt;
}

static void what_goes_on_comes_off(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, (size_t)1 << 18, ((size_t)1 << 18) + 1, (size_t)1 << 20, SIZE};
    static const size_t steps[] = {4093, 65536, SIZE};
    struct taken taken;
    for (size_t i = 0; i < 18; i++) {
        size_t size = sizes[i / 3];
        struct accord_belt *belt = new_belt(&taken, SIZE);
        assert_int_equal(put_all(belt, size, steps[i % 3]), ACCORD_OK);
        assert_int_equal(accord_belt_end(belt, &error), ACCORD_OK);
        accord_belt_free(belt);
        assert_int_equal(taken.bytes.size, size);
        assert_true(size == 0 || memcmp(taken.bytes.data, given, size) == 0);
        accord_buffer_free(&taken.bytes);
    }
}

static void a_refusal_comes_back(void **state)
{
    (void)state;
    struct taken taken;
    struct accord_belt *belt = new_belt(&taken, (size_t)1 << 20);
    assert_int_equal(put_all(belt, SIZE, 10000), ACCORD_NO_SPACE);
    assert_int_equal(error.line, 7);
    error = (struct accord_error){0};
    assert_int_equal(accord_belt_end(belt, &error), ACCORD_NO_SPACE);
    assert_int_equal(error.line, 7);
    accord_belt_free(belt);
    accord_buffer_free(&taken.bytes);

    belt = new_belt(&taken, 10); /* in its last block */
    assert_int_equal(put_all(belt, 11, 11), ACCORD_OK);
    assert_int_equal(accord_belt_end(belt, &error), ACCORD_NO_SPACE);
    accord_belt_free(belt);
    accord_buffer_free(&taken.bytes);
}

static void what_was_not_ended_is_dropped(void **state)
{
    (void)state;
    struct taken taken;
    for (size_t size = 0; size < SIZE; size += SIZE / 9) {
        struct accord_belt *belt = new_belt(&taken, SIZE);
        assert_int_equal(put_all(belt, size, 65536), ACCORD_OK);
        accord_belt_free(belt);
        assert_true(taken.bytes.size <= size);
        accord_buffer_free(&taken.bytes);
    }
    accord_belt_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_on_comes_off),
        cmocka_unit_test(a_refusal_comes_back),
        cmocka_unit_test(what_was_not_ended_is_dropped),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
