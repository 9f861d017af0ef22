/* Verifier keys: what is printed parses, each edge of the grammar is refused by its rule. */
#include "slices.h"

#include "accord/note.h"
#include "core/text.h"
#include "crypto/backend.h"

#define EXAMPLE_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static const struct accord_crypto *crypto = &accord_crypto_default;

static void example_of_the_specification(void **state)
{
    (void)state;
    struct accord_vkey vkey;
    assert_int_equal(accord_vkey_parse(&vkey, slice(EXAMPLE_KEY), crypto, NULL), ACCORD_OK);
    assert_slice(vkey.text, EXAMPLE_KEY);
    assert_slice(vkey.name, "example.com/foo");
    assert_slice(vkey.base64, "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    assert_true(vkey.id == 0x530d903a);
    assert_int_equal(vkey.type, ACCORD_KEY_ED25519);
    assert_int_equal(vkey.ed25519[0], 0xe9);
    assert_int_equal(vkey.ed25519[31], 0xa4);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
    } cases[] = {
        {"", ACCORD_BAD_KEY},
        {"example.com/foo", ACCORD_BAD_KEY},
        {"example.com/foo+530d903a", ACCORD_BAD_KEY},
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_KEY},
        {"example com+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_KEY},
        {"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_HEX},
        {"example.com/foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_HEX},
        {"example.com/foo++AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_HEX},
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_KEY_ID},
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_KEY_ID},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2l", ACCORD_BAD_KEY_ID},
        {"example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_KEY_ID},
        {"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_KEY_TYPE},
        {"example.com/foo+530d903a+AA==", ACCORD_KEY_TYPE},
        {"example.com/foo+530d903a+AQ==", ACCORD_BAD_KEY},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAA==", ACCORD_BAD_KEY},
        {"example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", ACCORD_BAD_KEY},
        {"example.com/foo+530d903a+", ACCORD_BAD_BASE64},
        {"example.com/foo+530d903a+AR==", ACCORD_BAD_BASE64},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n", ACCORD_BAD_BASE64},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k ", ACCORD_BAD_BASE64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accord_vkey vkey;
        struct accord_error error;
        assert_int_equal(accord_vkey_parse(&vkey, slice(cases[i].text), crypto, &error), cases[i].status);
        assert_int_equal(error.status, cases[i].status);
        assert_int_equal(accord_vkey_parse(&vkey, slice(cases[i].text), crypto, NULL), cases[i].status);
    }
    struct accord_vkey vkey;
    struct accord_error error;
    assert_int_equal(accord_vkey_parse(&vkey, slice(cases[8].text), crypto, &error), ACCORD_BAD_KEY_ID);
    assert_string_equal(error.what, "example.com/foo");
    assert_string_equal(error.expected, "530d903a");
    assert_string_equal(error.found, "530d903b");
}

static void printed_keys_parse(void **state)
{
    (void)state;
    static const struct {
        enum accord_key_type type;
        size_t size;
    } kinds[] = {
        {ACCORD_KEY_ED25519, 32}, {ACCORD_KEY_COSIGNATURE_ED25519, 32}, {ACCORD_KEY_COSIGNATURE_MLDSA44, 1312}};
    uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE], text[4096];
    for (size_t i = 0; i < sizeof public_key; i++)
        public_key[i] = (uint8_t)(i * 7 + 3);
    for (size_t i = 0; i < 3; i++) {
        struct accord_bytes key = {public_key, kinds[i].size}, name = slice("gr\xc3\xb6\xc3\x9fy.example/x");
        struct accord_out out = {text, sizeof text, 0, false};
        struct accord_vkey vkey;
        accord_vkey_print(&out, name, kinds[i].type, key, crypto);
        assert_false(out.full);
        assert_int_equal(accord_vkey_parse(&vkey, accord_out_bytes(&out), crypto, NULL), ACCORD_OK);
        assert_int_equal(vkey.type, kinds[i].type);
        assert_true(accord_bytes_equal(vkey.name, name));
        assert_true(vkey.id == accord_key_id(name, kinds[i].type, key, crypto));
        if (kinds[i].size == 32)
            assert_memory_equal(vkey.ed25519, public_key, 32);
        struct accord_out small = {text, out.size - 1, 0, false};
        accord_vkey_print(&small, name, kinds[i].type, key, crypto);
        assert_true(small.full);
    }
}

static void make(struct accord_vkey *vkey, uint8_t text[2048], const char *name, enum accord_key_type type,
                 uint8_t last)
{
    uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE] = {0};
    size_t size = type == ACCORD_KEY_COSIGNATURE_MLDSA44 ? ACCORD_MLDSA44_PUBLIC_SIZE : ACCORD_ED25519_PUBLIC_SIZE;
    public_key[size - 1] = last;
    struct accord_out out = {text, 2048, 0, false};
    accord_vkey_print(&out, slice(name), type, (struct accord_bytes){public_key, size}, crypto);
    assert_int_equal(accord_vkey_parse(vkey, accord_out_bytes(&out), crypto, NULL), ACCORD_OK);
}

static void same_public_key_whatever_its_name_and_type(void **state)
{
    (void)state;
    static uint8_t text[6][2048];
    struct accord_vkey plain, timed, other, pq, pq_renamed, pq_other;
    make(&plain, text[0], "a", ACCORD_KEY_ED25519, 1);
    make(&timed, text[1], "b", ACCORD_KEY_COSIGNATURE_ED25519, 1);
    make(&other, text[2], "a", ACCORD_KEY_ED25519, 2);
    make(&pq, text[3], "a", ACCORD_KEY_COSIGNATURE_MLDSA44, 1);
    make(&pq_renamed, text[4], "c", ACCORD_KEY_COSIGNATURE_MLDSA44, 1);
    make(&pq_other, text[5], "a", ACCORD_KEY_COSIGNATURE_MLDSA44, 2);
    assert_true(accord_vkey_same_public(&plain, &plain));
    assert_true(accord_vkey_same_public(&plain, &timed));
    assert_true(accord_vkey_same_public(&timed, &plain));
    assert_false(accord_vkey_same_public(&plain, &other));
    assert_false(accord_vkey_same_public(&plain, &pq));
    assert_false(accord_vkey_same_public(&pq, &timed));
    assert_true(accord_vkey_same_public(&pq, &pq_renamed));
    assert_false(accord_vkey_same_public(&pq, &pq_other));
}

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "example.com/foo", "gr\xc3\xb6\xc3\x9fy", "\xe2\x80\x8b", "a\x7f", "-"};
    static const char *const bad[] = {"",
                                      " ",
                                      "a b",
                                      "a+b",
                                      "a\n",
                                      "a\tb",
                                      "a\x01",
                                      "\xc2\x85",
                                      "a\xc2\xa0",
                                      "\xe1\x9a\x80",
                                      "\xe2\x80\x80",
                                      "\xe2\x80\x8a",
                                      "\xe2\x80\xa8",
                                      "\xe2\x80\xa9",
                                      "\xe2\x80\xaf",
                                      "\xe2\x81\x9f",
                                      "\xe3\x80\x80",
                                      "a\xff",
                                      "\xe2\x80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(accord_key_name_valid(slice(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(accord_key_name_valid(slice(bad[i])));
    char longest[ACCORD_KEY_NAME_SIZE_MAX + 2];
    memset(longest, 'n', sizeof longest);
    longest[ACCORD_KEY_NAME_SIZE_MAX + 1] = 0;
    assert_false(accord_key_name_valid(slice(longest)));
    longest[ACCORD_KEY_NAME_SIZE_MAX] = 0;
    assert_true(accord_key_name_valid(slice(longest)));
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_the_specification),
        cmocka_unit_test(refusals),
        cmocka_unit_test(printed_keys_parse),
        cmocka_unit_test(same_public_key_whatever_its_name_and_type),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
