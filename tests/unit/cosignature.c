/* Cosignatures: the messages byte for byte, and every answer that a signature line can get. Vectors by Go are in
 * note.c. */
#include "slices.h"

#include "accord/note.h"
#include "crypto/backend.h"

#include <stdio.h>

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define TEXT "example.com/behind-the-sofa\n20852163\n" ROOT "\n"
#define SUBTREE                                                                                                        \
    "subtree/v1\n\0\x02w1\0\0\0\0\x64\x18\x50\xcb\x1b"                                                                 \
    "example.com/behind-the-sofa\0\0\0\0\0\0\0\0\0\0\0\0\x01\x3e\x2d\xc3"                                              \
    "\x0a\xc5\x18\x6a\x91\x86\x3e\x8e\x1d\x90\xc8\x08\x01\x4a\xa8\x9b\xf5\xda\x8e\x3e\xe1\xd9\xf0\x76\x30\xf0\x37\x8f" \
    "\x68\xf1\xab\x62"
#define WHEN 1679315147

static const struct accord_crypto *crypto = &accord_crypto_default;
static const uint8_t seed[32] = "a seed for tests, not a secret";

static void message_of_ed25519(void **state)
{
    (void)state;
    uint8_t data[sizeof TEXT + 64];
    struct accord_out out = {data, sizeof data, 0, false};
    struct accord_bytes none = {NULL, 0};
    enum accord_key_type type = ACCORD_KEY_COSIGNATURE_ED25519;
    assert_int_equal(accord_cosignature_message(&out, type, slice(TEXT), none, WHEN), ACCORD_OK);
    assert_slice(accord_out_bytes(&out), "cosignature/v1\ntime 1679315147\n" TEXT);
    struct accord_out small = {data, out.size - 1, 0, false};
    assert_int_equal(accord_cosignature_message(&small, type, slice(TEXT), none, WHEN), ACCORD_NO_SPACE);
    assert_int_equal(accord_cosignature_message(&out, type, slice("not a checkpoint\n"), none, WHEN), ACCORD_MALFORMED);
    assert_int_equal(accord_cosignature_message(&out, type, slice(TEXT), none, (uint64_t)INT64_MAX + 1),
                     ACCORD_MALFORMED);
    assert_int_equal(accord_cosignature_message(&out, ACCORD_KEY_ED25519, slice(TEXT), none, WHEN), ACCORD_KEY_TYPE);
    out.size = 0;
    assert_int_equal(accord_cosignature_message(&out, type, slice(TEXT), none, INT64_MAX), ACCORD_OK);
}

static void message_of_mldsa44(void **state)
{
    (void)state;
    uint8_t data[640];
    struct accord_out out = {data, sizeof data, 0, false};
    enum accord_key_type type = ACCORD_KEY_COSIGNATURE_MLDSA44;
    assert_int_equal(accord_cosignature_message(&out, type, slice(TEXT "extension\n"), slice("w1"), WHEN), ACCORD_OK);
    assert_int_equal(out.size, sizeof SUBTREE - 1);
    assert_memory_equal(data, SUBTREE, sizeof SUBTREE - 1);
    assert_int_equal(accord_cosignature_message(&out, type, slice(TEXT), slice(""), WHEN), ACCORD_MALFORMED);

    char name[257], text[512];
    memset(name, 'n', sizeof name - 1);
    name[256] = 0;
    snprintf(text, sizeof text, "%s\n9223372036854775807\n" ROOT "\n", name + 1);
    out.size = 0;
    assert_int_equal(accord_cosignature_message(&out, type, slice(text), slice(name + 1), INT64_MAX), ACCORD_OK);
    assert_int_equal(accord_cosignature_message(&out, type, slice(text), slice(name), INT64_MAX), ACCORD_MALFORMED);
}

/* A key made from the seed, and a note over the text with one line of this key. */
struct made {
    uint8_t vkey_text[2048];
    struct accord_vkey vkey;
    uint8_t bytes[8192];
    struct accord_note_claim note;
};

static void make_key(struct made *made, const char *name, enum accord_key_type type)
{
    uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE] = {7};
    size_t size = type == ACCORD_KEY_COSIGNATURE_MLDSA44 ? ACCORD_MLDSA44_PUBLIC_SIZE : ACCORD_ED25519_PUBLIC_SIZE;
    if (size == ACCORD_ED25519_PUBLIC_SIZE)
        accord_ed25519_public(seed, public_key);
    struct accord_out out = {made->vkey_text, sizeof made->vkey_text, 0, false};
    accord_vkey_print(&out, slice(name), type, (struct accord_bytes){public_key, size}, crypto);
    assert_int_equal(accord_vkey_parse(&made->vkey, accord_out_bytes(&out), crypto, NULL), ACCORD_OK);
}

static void make_note(struct made *made, const char *text, struct accord_bytes signature)
{
    int size = snprintf((char *)made->bytes, sizeof made->bytes, "%s\n", text);
    struct accord_out out = {made->bytes, sizeof made->bytes, (size_t)size, false};
    accord_signature_print(&out, made->vkey.name, made->vkey.id, signature);
    assert_int_equal(accord_note_parse(&made->note, accord_out_bytes(&out), NULL), ACCORD_OK);
}

/* A correct signature of type 0x04 for any timestamp, even one that is not allowed. */
static void sign_timed(uint8_t signature[72], const char *text, uint64_t timestamp)
{
    char message[8192];
    int size = snprintf(message, sizeof message, "cosignature/v1\ntime %llu\n%s", (unsigned long long)timestamp, text);
    for (int i = 0; i < 8; i++)
        signature[i] = (uint8_t)(timestamp >> (56 - 8 * i));
    accord_ed25519_sign(seed, (const uint8_t *)message, (size_t)size, signature + 8);
}

static void answers_of_timed_ed25519(void **state)
{
    (void)state;
    static struct made made;
    uint8_t signature[73] = {0};
    make_key(&made, "w1", ACCORD_KEY_COSIGNATURE_ED25519);
    static const struct {
        const char *text;
        uint64_t timestamp;
        size_t size;
        enum accord_signed answer;
    } cases[] = {
        {TEXT, WHEN, 72, ACCORD_SIGNED},
        {TEXT, INT64_MAX, 72, ACCORD_SIGNED},
        {TEXT, 1, 72, ACCORD_SIGNED},
        {TEXT "extension\n", WHEN, 72, ACCORD_SIGNED},
        {TEXT, 0, 72, ACCORD_SIGNED_WRONGLY},
        {TEXT, (uint64_t)INT64_MAX + 1, 72, ACCORD_SIGNED_WRONGLY},
        {TEXT, WHEN, 71, ACCORD_SIGNED_WRONGLY},
        {TEXT, WHEN, 73, ACCORD_SIGNED_WRONGLY},
        {TEXT, WHEN, 64, ACCORD_SIGNED_WRONGLY},
        {"not a checkpoint\n", WHEN, 72, ACCORD_SIGNED_WRONGLY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t timestamp = 99;
        sign_timed(signature, cases[i].text, cases[i].timestamp);
        make_note(&made, cases[i].text, (struct accord_bytes){signature, cases[i].size});
        assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, crypto, &timestamp), cases[i].answer);
        assert_true(timestamp == (cases[i].answer == ACCORD_SIGNED ? cases[i].timestamp : 0));
        assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, crypto, NULL), cases[i].answer);
    }
}

static void any_flipped_bit_is_refused(void **state)
{
    (void)state;
    static struct made made;
    uint8_t signature[72];
    make_key(&made, "w1", ACCORD_KEY_COSIGNATURE_ED25519);
    sign_timed(signature, TEXT, WHEN);
    for (size_t bit = 0; bit < sizeof signature * 8; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        make_note(&made, TEXT, (struct accord_bytes){signature, sizeof signature});
        assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, crypto, NULL), ACCORD_SIGNED_WRONGLY);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    make_note(&made, TEXT, (struct accord_bytes){signature, sizeof signature});
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, crypto, NULL), ACCORD_SIGNED);
}

static void other_keys_are_ignored(void **state)
{
    (void)state;
    static struct made made, other;
    struct accord_signature line;
    uint8_t signature[64];
    size_t cursor = 0;
    uint64_t timestamp = 99;
    make_key(&made, "a", ACCORD_KEY_ED25519);
    make_key(&other, "b", ACCORD_KEY_ED25519);
    accord_ed25519_sign(seed, (const uint8_t *)"x\n", 2, signature);
    make_note(&made, "x\n", (struct accord_bytes){signature, sizeof signature});
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, crypto, &timestamp), ACCORD_SIGNED);
    timestamp = 99;
    assert_int_equal(accord_note_signed_by(&made.note, &other.vkey, crypto, &timestamp), ACCORD_NOT_SIGNED);
    assert_true(timestamp == 0);
    assert_true(accord_note_next_signature(&made.note, &cursor, &line));
    assert_int_equal(accord_signature_verify(&line, made.note.text, &other.vkey, crypto, NULL), ACCORD_NOT_SIGNED);
    assert_int_equal(accord_signature_verify(&line, slice("y\n"), &made.vkey, crypto, NULL), ACCORD_SIGNED_WRONGLY);
    make_key(&other, "a", ACCORD_KEY_COSIGNATURE_ED25519); /* the same name and key, another type: another id */
    assert_int_equal(accord_note_signed_by(&made.note, &other.vkey, crypto, NULL), ACCORD_NOT_SIGNED);
}

static int mldsa_answer;
static unsigned mldsa_calls;

/* Stands in for ML-DSA-44, to see exactly what core hands over. */
static int mldsa_port(const uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE], const uint8_t *message, size_t size,
                      const uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE])
{
    mldsa_calls++;
    assert_int_equal(public_key[0], 7);
    assert_int_equal(public_key[ACCORD_MLDSA44_PUBLIC_SIZE - 1], 0);
    assert_int_equal(size, sizeof SUBTREE - 1);
    assert_memory_equal(message, SUBTREE, size);
    assert_int_equal(signature[0], 0xaa);
    assert_int_equal(signature[ACCORD_MLDSA44_SIGNATURE_SIZE - 1], 0xbb);
    return mldsa_answer;
}

static void answers_of_mldsa44(void **state)
{
    (void)state;
    static struct made made;
    struct accord_crypto port = accord_crypto_default;
    uint8_t signature[8 + ACCORD_MLDSA44_SIGNATURE_SIZE + 1] = {0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb, 0xaa};
    const size_t exact = sizeof signature - 1;
    uint64_t timestamp = 99;
    signature[exact - 1] = 0xbb;
    make_key(&made, "w1", ACCORD_KEY_COSIGNATURE_MLDSA44);
    make_note(&made, TEXT, (struct accord_bytes){signature, exact});
    port.mldsa44_verify = mldsa_port;
    mldsa_answer = 1;
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, &timestamp), ACCORD_SIGNED);
    assert_true(timestamp == WHEN);
    mldsa_answer = 0;
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, &timestamp), ACCORD_SIGNED_WRONGLY);
    assert_true(timestamp == 0);
    mldsa_answer = -1;
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, &timestamp), ACCORD_SIGNED_UNKNOWN);
    assert_true(timestamp == 0);
    port.mldsa44_verify = NULL;
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, NULL), ACCORD_SIGNED_UNKNOWN);
    assert_int_equal(mldsa_calls, 3);

    port.mldsa44_verify = mldsa_port;
    mldsa_answer = 1;
    make_note(&made, TEXT, (struct accord_bytes){signature, exact - 1});
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, NULL), ACCORD_SIGNED_WRONGLY);
    make_note(&made, TEXT, (struct accord_bytes){signature, exact + 1});
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, NULL), ACCORD_SIGNED_WRONGLY);
    make_note(&made, "x\n", (struct accord_bytes){signature, exact});
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, NULL), ACCORD_SIGNED_WRONGLY);
    memset(signature, 0, 8);
    make_note(&made, TEXT, (struct accord_bytes){signature, exact});
    assert_int_equal(accord_note_signed_by(&made.note, &made.vkey, &port, NULL), ACCORD_SIGNED_WRONGLY);
    assert_int_equal(mldsa_calls, 3);
}

static void hash_is_sha256(void **state)
{
    (void)state;
    uint8_t hash[ACCORD_HASH_SIZE];
    accord_hash(crypto, slice("abc"), hash); /* FIPS 180-4's example */
    assert_memory_equal(hash,
                        "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
                        "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad",
                        32);
    accord_hash(crypto, (struct accord_bytes){NULL, 0}, hash);
    assert_memory_equal(hash, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_of_ed25519),       cmocka_unit_test(message_of_mldsa44),
        cmocka_unit_test(answers_of_timed_ed25519), cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(other_keys_are_ignored),   cmocka_unit_test(answers_of_mldsa44),
        cmocka_unit_test(hash_is_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
