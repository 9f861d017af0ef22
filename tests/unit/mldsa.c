/* ML-DSA-44 by the machine's libcrypto; skipped, and counted as skipped, where that is older than OpenSSL 3.5. */
#include "crypto/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void ml_dsa_44_signs_and_verifies(void **state)
{
    (void)state;
    static uint8_t seed[32], public_key[ACCORD_MLDSA44_PUBLIC_SIZE], again[ACCORD_MLDSA44_PUBLIC_SIZE];
    static uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE];
    accord_random(seed, sizeof seed);
    assert_true(accord_mldsa44_public(seed, public_key));
    assert_true(accord_mldsa44_public(seed, again));
    assert_memory_equal(public_key, again, sizeof again);
    const uint8_t message[] = "a message";
    assert_true(accord_mldsa44_sign(seed, message, sizeof message, signature));
    assert_int_equal(accord_crypto_default.mldsa44_verify(public_key, message, sizeof message, signature), 1);
    assert_int_equal(accord_crypto_default.mldsa44_verify(public_key, message, sizeof message - 1, signature), 0);
    for (size_t byte = 0; byte < sizeof signature; byte += 97) {
        signature[byte] ^= 1;
        assert_int_equal(accord_crypto_default.mldsa44_verify(public_key, message, sizeof message, signature), 0);
        signature[byte] ^= 1;
    }
    assert_true(accord_mldsa44_sign(seed, message, 0, signature));
    assert_int_equal(accord_crypto_default.mldsa44_verify(public_key, message, 0, signature), 1);
    seed[0] ^= 1;
    assert_true(accord_mldsa44_public(seed, again));
    assert_memory_not_equal(public_key, again, sizeof again);
    assert_int_equal(accord_crypto_default.mldsa44_verify(again, message, 0, signature), 0);
}

/* Where there is no ML-DSA-44, nothing may look like an answer. */
static bool says_that_it_cannot(void)
{
    static uint8_t seed[32], public_key[ACCORD_MLDSA44_PUBLIC_SIZE], signature[ACCORD_MLDSA44_SIGNATURE_SIZE];
    return accord_crypto_default.mldsa44_verify(public_key, seed, 32, signature) == -1 &&
           !accord_mldsa44_public(seed, public_key) && !accord_mldsa44_sign(seed, seed, 32, signature);
}

int main(void)
{
    accord_crypto_start();
    if (!accord_mldsa44_available()) {
        puts(says_that_it_cannot() ? "1..0 # SKIP libcrypto has no ML-DSA-44"
                                   : "Bail out! an answer without ML-DSA-44");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ml_dsa_44_signs_and_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
