/* Charters: what is read, what is refused and where, and who must have signed. */
#include "slices.h"

#include "accord/roster.h"
#include "signing.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t memory[ACCORD_ENTRY_SIZE_MAX + 1];
static struct accord_charter_claim charter;
static struct accord_error error;

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    return 0;
}

static void put_founder(struct accord_out *out, const char *domain, const char *key)
{
    put_text(out, "founder ");
    put_text(out, domain);
    put_text(out, " ");
    put_vkey(out, key, ACCORD_KEY_ED25519);
    put_text(out, "\n");
}

/* A charter of two, with lines put after its name, signed by the keys. */
static struct accord_bytes two_founders(const char *lines, const char *const *keys, size_t count)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_text(&out, "accord/v1/charter\nname test\n");
    put_text(&out, lines);
    put_founder(&out, "abb.com", "abb.com/release");
    put_founder(&out, "arm.com", "arm.com");
    put_signatures(&out, keys, count);
    assert_false(out.full);
    return accord_out_bytes(&out);
}

static void reads_its_lines(void **state)
{
    (void)state;
    const char *keys[] = {"abb.com/release", "arm.com"};
    struct accord_bytes entry = two_founders("x-note anything\nnotice-days 36500\n", keys, 2);
    assert_int_equal(accord_charter_parse(&charter, entry, &accord_crypto_default, &error), ACCORD_OK);
    assert_slice(charter.name, "test");
    assert_int_equal(charter.founder_count, 2);
    assert_slice(charter.founders[0], "abb.com");
    assert_slice(charter.founders[1], "arm.com");
    assert_slice(charter.founder_keys[0].name, "abb.com/release");
    assert_slice(charter.founder_keys[1].name, "arm.com");
    assert_int_equal(accord_charter_verify(&charter, &accord_crypto_default, &error), ACCORD_OK);
}

static void names_the_founder_who_did_not_sign(void **state)
{
    (void)state;
    const char *keys[] = {"abb.com/release", "stranger.com"};
    struct accord_bytes entry = two_founders("", keys, 2);
    assert_int_equal(accord_charter_parse(&charter, entry, &accord_crypto_default, &error), ACCORD_OK);
    assert_int_equal(accord_charter_verify(&charter, &accord_crypto_default, &error), ACCORD_THRESHOLD);
    assert_string_equal(error.what, "arm.com");
    assert_string_equal(error.expected, "2");
    assert_string_equal(error.found, "1");
}

static void refusals_say_where(void **state)
{
    (void)state;
    const char *keys[] = {"abb.com/release"};
    static const struct {
        const char *lines;
        enum accord_status status;
        uint64_t line;
        const char *what, *found;
    } cases[] = {
        {"colour red\n", ACCORD_UNKNOWN_FIELD, 3, "colour", "colour"},
        {"x-a 1\ncolour red\n", ACCORD_UNKNOWN_FIELD, 4, "colour", "colour"},
        {"name again\n", ACCORD_DUPLICATE, 3, "name", ""},
        {"notice-days 1\nx-a 1\nnotice-days 1\n", ACCORD_DUPLICATE, 5, "notice-days", ""},
        {"notice-days 1\ntext sha256:ab\n", ACCORD_MISSING_FIELD, 4, "founder", "text"},
        {"notice-days -1\n", ACCORD_BAD_DECIMAL, 3, "notice-days", "-1"},
        {"text md5:00\n", ACCORD_BAD_HEX, 3, "text", "md5:00"},
        {"founder abb.com abb.com\n", ACCORD_BAD_KEY, 3, "", "abb.com"},
        {"founder abb..com x\n", ACCORD_MALFORMED, 3, "founder", "abb..com"},
        {"founder abb-.com x\n", ACCORD_MALFORMED, 3, "founder", "abb-.com"},
        {"founder -abb.com x\n", ACCORD_MALFORMED, 3, "founder", "-abb.com"},
        {"founder .com x\n", ACCORD_MALFORMED, 3, "founder", ".com"},
        {"founder abb.com. x\n", ACCORD_MALFORMED, 3, "founder", "abb.com."},
        {"founder abb.com- x\n", ACCORD_MALFORMED, 3, "founder", "abb.com-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_bytes entry = two_founders(cases[i].lines, keys, 1);
        assert_int_equal(accord_charter_parse(&charter, entry, &accord_crypto_default, &error), cases[i].status);
        assert_int_equal(error.status, cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.what, cases[i].what);
        assert_string_equal(error.found, cases[i].found);
        assert_int_equal(accord_charter_parse(&charter, entry, &accord_crypto_default, NULL), cases[i].status);
    }
}

static void holds_at_most_128_founders(void **state)
{
    (void)state;
    for (int count = ACCORD_MEMBERS_MAX; count <= ACCORD_MEMBERS_MAX + 1; count++) {
        struct accord_out out = {memory, sizeof memory, 0, false};
        char domain[32];
        put_text(&out, "accord/v1/charter\nname test\n");
        for (int i = 0; i < count; i++) {
            snprintf(domain, sizeof domain, "m%d.example", i);
            put_founder(&out, domain, domain);
        }
        const char *keys[] = {"m0.example"};
        put_signatures(&out, keys, 1);
        assert_int_equal(accord_charter_parse(&charter, accord_out_bytes(&out), &accord_crypto_default, &error),
                         count > ACCORD_MEMBERS_MAX ? ACCORD_TOO_LARGE : ACCORD_OK);
    }
    assert_int_equal(error.line, 2 + ACCORD_MEMBERS_MAX + 1);
}

/* A founder's key may not stand under a second name. */
static void refuses_a_key_twice(void **state)
{
    (void)state;
    struct accord_out out = {memory, sizeof memory, 0, false};
    uint8_t seed[32], public_key[32];
    signing_seed("abb.com", seed);
    accord_ed25519_public(seed, public_key);
    put_text(&out, "accord/v1/charter\nname test\n");
    for (int i = 0; i < 2; i++) {
        put_text(&out, i == 0 ? "founder abb.com " : "founder arm.com ");
        accord_vkey_print(&out, slice(i == 0 ? "abb.com" : "arm.com"), ACCORD_KEY_ED25519,
                          (struct accord_bytes){public_key, 32}, &accord_crypto_default);
        put_text(&out, "\n");
    }
    const char *keys[] = {"abb.com"};
    put_signatures(&out, keys, 1);
    assert_int_equal(accord_charter_parse(&charter, accord_out_bytes(&out), &accord_crypto_default, &error),
                     ACCORD_DUPLICATE);
    assert_int_equal(error.line, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_its_lines),     cmocka_unit_test(names_the_founder_who_did_not_sign),
        cmocka_unit_test(refusals_say_where),  cmocka_unit_test(holds_at_most_128_founders),
        cmocka_unit_test(refuses_a_key_twice),
    };
    return cmocka_run_group_tests_name("charter", tests, setup, NULL);
}
