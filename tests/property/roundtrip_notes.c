/* Whatever a printer writes its parser reads back, and no change to one byte of a signed note goes unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "accord/checkpoint.h"
#include "accord/statement.h"
#include "core/text.h"
#include "crypto/backend.h"

#define ROUNDS 2000
#define ROOM 32768

static const struct accord_crypto *crypto = &accord_crypto_default;

/* xorshift64*: one seed is one history. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * 0x2545f4914f6cdd1d) >> 32) % limit;
}

/* Some characters of one to four bytes, without spaces and '+'. */
static void put_characters(struct accord_out *out, uint32_t most)
{
    static const char *const characters[] = {
        "a", "Z", "0", "-", ".", "/", "=", "\x7f", "\xc3\xa9", "\xe2\x80\x94", "\xef\xbf\xbd", "\xf0\x9f\x94\x91"};
    for (uint32_t count = 1 + random_below(most); count > 0; count--) {
        const char *one = characters[random_below(sizeof characters / sizeof *characters)];
        accord_put(out, (struct accord_bytes){(const uint8_t *)one, strlen(one)});
    }
}

static void put_signatures(struct accord_out *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t name[64], payload[100];
        struct accord_out name_out = {name, sizeof name, 0, false};
        size_t size = 1 + random_below(sizeof payload);
        for (size_t j = 0; j < size; j++)
            payload[j] = (uint8_t)random_below(256);
        put_characters(&name_out, 12);
        accord_signature_print(out, accord_out_bytes(&name_out), random_below(UINT32_MAX),
                               (struct accord_bytes){payload, size});
    }
}

static void notes(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        static uint8_t data[ROOM];
        struct accord_out out = {data, sizeof data, 0, false};
        struct accord_note_claim note;
        for (uint32_t lines = random_below(8); lines > 0; lines--) {
            if (random_below(3) != 0)
                put_characters(&out, 40);
            accord_put_byte(&out, '\n');
        }
        put_characters(&out, 40);
        accord_put_byte(&out, '\n');
        size_t text_size = out.size, count = 1 + random_below(20);
        accord_put_byte(&out, '\n');
        put_signatures(&out, count);
        assert_false(out.full);
        assert_int_equal(accord_note_parse(&note, accord_out_bytes(&out), NULL), ACCORD_OK);
        assert_int_equal(note.text.size, text_size);
        assert_int_equal(note.signature_count, count);
        assert_int_equal(note.text.size + 1 + note.signatures.size, out.size);
    }
}

static void statements(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        static uint8_t data[ROOM];
        uint8_t values[16][200];
        size_t sizes[16], count = random_below(16), cursor = 0;
        struct accord_out out = {data, sizeof data, 0, false};
        struct accord_statement_claim statement;
        struct accord_field field;
        accord_put(&out, ACCORD_LITERAL("accord/v1/any-kind\n"));
        for (size_t i = 0; i < count; i++) {
            struct accord_out value = {values[i], sizeof values[i], 0, false};
            put_characters(&value, 20);
            if (random_below(2) == 0) {
                accord_put(&value, ACCORD_LITERAL("  +"));
                put_characters(&value, 20);
            }
            sizes[i] = value.size;
            accord_field_print(&out, ACCORD_LITERAL("x-key"), accord_out_bytes(&value));
        }
        accord_put_byte(&out, '\n');
        put_signatures(&out, 1);
        assert_false(out.full);
        assert_int_equal(accord_statement_parse(&statement, accord_out_bytes(&out), NULL), ACCORD_OK);
        for (size_t i = 0; i < count; i++) {
            assert_true(accord_statement_next(&statement, &cursor, &field));
            assert_true(accord_bytes_equal(field.value, (struct accord_bytes){values[i], sizes[i]}));
        }
        assert_false(accord_statement_next(&statement, &cursor, &field));
    }
}

/* A checkpoint signed by a log and by a witness, each with its own key. */
struct signed_checkpoint {
    uint8_t data[1024];
    size_t size;
    uint8_t vkey_text[2][128];
    struct accord_vkey vkey[2];
};

static void sign(struct signed_checkpoint *made)
{
    static const enum accord_key_type types[2] = {ACCORD_KEY_ED25519, ACCORD_KEY_COSIGNATURE_ED25519};
    const struct accord_bytes names[2] = {ACCORD_LITERAL("example.com/log"), ACCORD_LITERAL("example.org/witness")};
    const uint8_t root[ACCORD_HASH_SIZE] = {1, 2, 3};
    struct accord_out out = {made->data, sizeof made->data, 0, false};
    accord_checkpoint_print(&out, names[0], 42, root);
    struct accord_bytes text = accord_out_bytes(&out);
    accord_put_byte(&out, '\n');
    for (uint8_t i = 0; i < 2; i++) {
        uint8_t seed[32] = {i}, public_key[32], message[256], signature[8 + 64] = {[7] = 9};
        struct accord_out message_out = {message, sizeof message, 0, false};
        struct accord_out vkey_out = {made->vkey_text[i], sizeof made->vkey_text[i], 0, false};
        size_t time_size = i == 0 ? 0 : 8;
        if (i == 0)
            accord_put(&message_out, text);
        else
            assert_int_equal(accord_cosignature_message(&message_out, types[i], text, names[i], 9), ACCORD_OK);
        accord_ed25519_public(seed, public_key);
        accord_ed25519_sign(seed, message, message_out.size, signature + time_size);
        accord_vkey_print(&vkey_out, names[i], types[i], (struct accord_bytes){public_key, 32}, crypto);
        assert_int_equal(accord_vkey_parse(&made->vkey[i], accord_out_bytes(&vkey_out), crypto, NULL), ACCORD_OK);
        accord_signature_print(&out, names[i], made->vkey[i].id, (struct accord_bytes){signature, time_size + 64});
    }
    assert_false(out.full);
    made->size = out.size;
}

static bool signed_by_both(const struct signed_checkpoint *made, struct accord_bytes bytes)
{
    struct accord_checkpoint_claim checkpoint;
    return accord_checkpoint_parse(&checkpoint, bytes, NULL) == ACCORD_OK &&
           accord_note_signed_by(&checkpoint.note, &made->vkey[0], crypto, NULL) == ACCORD_SIGNED &&
           accord_note_signed_by(&checkpoint.note, &made->vkey[1], crypto, NULL) == ACCORD_SIGNED;
}

static void no_changed_byte_goes_unseen(void **state)
{
    (void)state;
    static struct signed_checkpoint made;
    uint8_t changed[sizeof made.data + 1];
    sign(&made);
    assert_true(signed_by_both(&made, (struct accord_bytes){made.data, made.size}));
    memcpy(changed, made.data, made.size);
    for (size_t bit = 0; bit < made.size * 8; bit++) {
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(signed_by_both(&made, (struct accord_bytes){changed, made.size}));
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < made.size; cut++) {
        assert_false(signed_by_both(&made, (struct accord_bytes){made.data, cut}));
        memcpy(changed, made.data, cut);
        memcpy(changed + cut, made.data + cut + 1, made.size - cut - 1);
        assert_false(signed_by_both(&made, (struct accord_bytes){changed, made.size - 1}));
    }
    static const char added[] = "\n\r \t=A0\0\xff";
    for (size_t at = 0; at <= made.size; at++) {
        memcpy(changed, made.data, at);
        memcpy(changed + at + 1, made.data + at, made.size - at);
        for (size_t i = 0; i < sizeof added - 1; i++) {
            changed[at] = (uint8_t)added[i];
            assert_false(signed_by_both(&made, (struct accord_bytes){changed, made.size + 1}));
        }
    }
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes),
        cmocka_unit_test(statements),
        cmocka_unit_test(no_changed_byte_goes_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
