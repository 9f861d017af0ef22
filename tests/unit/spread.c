/* Work on two threads: each piece is done exactly once, whatever the count, and all of it before the call returns. */
#include "crypto/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

#define COUNT_MAX 200

static atomic_uint done[COUNT_MAX];

static void work(void *context, size_t i)
{
    assert_ptr_equal(context, done);
    atomic_fetch_add(&done[i], 1);
}

static void does_each_piece_once(void **state)
{
    (void)state;
    for (size_t count = 0; count <= COUNT_MAX; count++) {
        for (size_t i = 0; i < COUNT_MAX; i++)
            atomic_store(&done[i], 0);
        accord_crypto_default.spread(count, work, done);
        for (size_t i = 0; i < COUNT_MAX; i++)
            assert_int_equal(atomic_load(&done[i]), i < count ? 1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_each_piece_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
