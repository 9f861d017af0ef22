/* What monitors were shown: found again until something may have been cosigned, and never another's. */
#include "serve/clerk_shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct accord_bytes slice(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static void found_until_cleared(void **state)
{
    (void)state;
    static struct accord_clerk_shown shown;
    static char large[70000];
    struct accord_signer *one[1] = {NULL}, *two[1] = {NULL};
    uint8_t hash[ACCORD_HASH_SIZE] = {7}, other[ACCORD_HASH_SIZE] = {7, 1};
    struct accord_bytes text;
    assert_false(accord_clerk_shown_find(&shown, one, hash, &text));
    accord_clerk_shown_keep(&shown, one, hash, slice("a checkpoint"));
    assert_true(accord_clerk_shown_find(&shown, one, hash, &text));
    assert_true(accord_bytes_equal(text, slice("a checkpoint")));
    assert_false(accord_clerk_shown_find(&shown, two, hash, &text));
    assert_false(accord_clerk_shown_find(&shown, one, other, &text));
    accord_clerk_shown_keep(&shown, two, other, slice("another")); /* in the same place */
    assert_false(accord_clerk_shown_find(&shown, one, hash, &text));
    assert_true(accord_clerk_shown_find(&shown, two, other, &text));
    accord_clerk_shown_clear(&shown);
    assert_false(accord_clerk_shown_find(&shown, two, other, &text));
    memset(large, 'x', sizeof large - 1);
    accord_clerk_shown_keep(&shown, one, hash, slice(large));
    assert_false(accord_clerk_shown_find(&shown, one, hash, &text));
    accord_clerk_shown_clear(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(found_until_cleared)};
    return cmocka_run_group_tests_name("clerk_shown", tests, NULL, NULL);
}
