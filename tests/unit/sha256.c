/* SHA-256 of the default table: FIPS 180-4's examples, and a computation cut in pieces and forked. */
#include "crypto/backend.h"

#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct accord_crypto *const crypto = &accord_crypto_default;

static void assert_hash(struct accord_bytes data, const char *hex)
{
    uint8_t hash[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE];
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, data.data, data.size);
    crypto->sha256_final(&sha, hash);
    assert_true(accord_hex_read((struct accord_bytes){(const uint8_t *)hex, strlen(hex)}, expected, sizeof expected));
    assert_memory_equal(hash, expected, sizeof hash);
}

static void answers_the_standard_s_examples(void **state)
{
    (void)state;
    assert_hash((struct accord_bytes){NULL, 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash(ACCORD_LITERAL("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash(ACCORD_LITERAL("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    uint8_t *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    assert_hash((struct accord_bytes){million, 1000000},
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* However the bytes are cut, and wherever a computation is copied, the hash is the same. */
static void pieces_and_copies_agree(void **state)
{
    (void)state;
    uint8_t data[200], whole[ACCORD_HASH_SIZE], pieces[ACCORD_HASH_SIZE], copied[ACCORD_HASH_SIZE];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    struct accord_sha256 sha, copy;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, data, sizeof data);
    crypto->sha256_final(&sha, whole);
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        crypto->sha256_init(&sha);
        crypto->sha256_update(&sha, data, cut);
        copy = sha;
        crypto->sha256_update(&sha, data + cut, sizeof data - cut);
        crypto->sha256_final(&sha, pieces);
        assert_memory_equal(pieces, whole, sizeof whole);
        crypto->sha256_update(&copy, data + cut, sizeof data - cut);
        crypto->sha256_final(&copy, copied);
        assert_memory_equal(copied, whole, sizeof whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_the_standard_s_examples),
        cmocka_unit_test(pieces_and_copies_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
