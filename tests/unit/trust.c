/* Trust files: what is printed parses to what it was, and nothing else does. */
#include "slices.h"

#include "accord/roster.h"

#include <stdio.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD "accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\n\n"

static void prints_what_it_parsed(void **state)
{
    (void)state;
    static const uint64_t indexes[] = {0, 1, 9, 10, UINT64_MAX};
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++) {
        uint8_t text[256];
        struct accord_out out = {text, sizeof text, 0, false};
        struct accord_trust_claim trust = {.roster_index = indexes[i], .roster_entry = slice("an entry\n\nx")}, again;
        memset(trust.charter, 0xa5, sizeof trust.charter);
        accord_trust_print(&out, &trust);
        assert_false(out.full);
        assert_int_equal(accord_trust_parse(&again, accord_out_bytes(&out), NULL), ACCORD_OK);
        assert_memory_equal(again.charter, trust.charter, sizeof trust.charter);
        assert_true(again.roster_index == trust.roster_index);
        assert_slice(again.roster_entry, "an entry\n\nx");
    }
}

#define EVIDENCE "sha256:" ZEROS

/* The lines of trust and one more. */
static enum accord_status add(struct accord_trust_claim *trust, struct accord_out *out, const char *vkey)
{
    static const uint8_t evidence[ACCORD_HASH_SIZE];
    enum accord_status status = accord_trust_add_distrust(out, trust, slice(vkey), evidence);
    trust->distrust = accord_out_bytes(out);
    return status;
}

static void distrusted_keys_stand_in_their_order(void **state)
{
    (void)state;
    static uint8_t memory[6][1024], text[2048];
    static const char *const keys[] = {"m+1+a", "z+1+a", "a+1+a", "m+1+a", "m+1+ab", "m"};
    struct accord_trust_claim trust = {.roster_entry = slice("an entry")}, again;
    for (size_t i = 0; i < 6; i++) {
        struct accord_out out = {memory[i], sizeof memory[i], 0, false};
        assert_int_equal(add(&trust, &out, keys[i]), ACCORD_OK);
    }
    assert_slice(trust.distrust, "distrust a+1+a " EVIDENCE "\ndistrust m " EVIDENCE "\ndistrust m+1+a " EVIDENCE
                                 "\ndistrust m+1+ab " EVIDENCE "\ndistrust z+1+a " EVIDENCE "\n");
    struct accord_out out = {text, sizeof text, 0, false};
    accord_trust_print(&out, &trust);
    assert_int_equal(accord_trust_parse(&again, accord_out_bytes(&out), NULL), ACCORD_OK);
    assert_true(accord_bytes_equal(again.distrust, trust.distrust));
    assert_slice(again.roster_entry, "an entry");
    struct accord_distrust distrust;
    size_t cursor = 0, count = 0;
    for (; accord_trust_next_distrust(&again, &cursor, &distrust); count++)
        assert_slice(distrust.evidence, EVIDENCE);
    assert_int_equal(count, 5);
    assert_slice(distrust.vkey, "z+1+a");
}

static void as_many_distrusted_keys_as_a_policy_has(void **state)
{
    (void)state;
    static uint8_t memory[2][65536];
    struct accord_trust_claim trust = {.roster_entry = slice("an entry")};
    char key[32];
    for (unsigned i = 0; i < ACCORD_DISTRUST_MAX + 1; i++) {
        struct accord_out out = {memory[i % 2], sizeof memory[0], 0, false};
        snprintf(key, sizeof key, "k%03u", (i * 77) % 193);
        assert_int_equal(add(&trust, &out, key), i < ACCORD_DISTRUST_MAX ? ACCORD_OK : ACCORD_TOO_LARGE);
    }
    struct accord_out out = {memory[0], 10, 0, false};
    struct accord_trust_claim empty = {.roster_entry = slice("an entry")};
    assert_int_equal(add(&empty, &out, "k"), ACCORD_NO_SPACE);
}

static void refusals_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t line;
    } cases[] = {
        {"", 1},
        {"accord/v1/trust", 1},
        {"accord/v1/trust\r\n", 1},
        {"accord/v2/trust\n", 1},
        {" accord/v1/trust\n", 1},
        {"accord/v1/trust\n", 2},
        {"accord/v1/trust\ncharter  sha256:" ZEROS "\n", 2},
        {"accord/v1/trust\ncharter sha256:" ZEROS "0\n", 2},
        {"accord/v1/trust\ncharter sha256:" ZEROS, 2},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\n", 3},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index \n\nx", 3},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 18446744073709551616\n\nx", 3},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\n", 4},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\nx\n", 4},
        {HEAD, 5},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\ndistrust k " EVIDENCE "\n", 5},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\ndistrust k " EVIDENCE "\n\n", 6},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\ndistrust k " EVIDENCE " \n\nx", 4},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\ndistrust k\n\nx", 4},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\ndistrust  " EVIDENCE "\n\nx", 4},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\ndistrust l " EVIDENCE "\ndistrust k " EVIDENCE
         "\n\nx",
         5},
        {"accord/v1/trust\ncharter sha256:" ZEROS "\nroster-index 7\ndistrust k " EVIDENCE "\ndistrust k " EVIDENCE
         "\n\nx",
         5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_trust_claim trust;
        struct accord_error error;
        assert_int_equal(accord_trust_parse(&trust, slice(cases[i].text), &error), ACCORD_TRUST);
        assert_int_equal(error.line, cases[i].line);
        assert_true(strlen(error.expected) > 0);
        assert_int_equal(trust.roster_entry.size, 0);
    }
}

static void holds_no_more_than_an_entry(void **state)
{
    (void)state;
    static uint8_t text[sizeof HEAD + ACCORD_ENTRY_SIZE_MAX];
    struct accord_trust_claim trust;
    memset(text, 'x', sizeof text);
    memcpy(text, HEAD, sizeof HEAD - 1);
    struct accord_bytes bytes = {text, sizeof HEAD - 1 + ACCORD_ENTRY_SIZE_MAX};
    assert_int_equal(accord_trust_parse(&trust, bytes, NULL), ACCORD_OK);
    assert_int_equal(trust.roster_entry.size, ACCORD_ENTRY_SIZE_MAX);
    bytes.size++;
    assert_int_equal(accord_trust_parse(&trust, bytes, NULL), ACCORD_TRUST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_it_parsed),
        cmocka_unit_test(distrusted_keys_stand_in_their_order),
        cmocka_unit_test(as_many_distrusted_keys_as_a_policy_has),
        cmocka_unit_test(refusals_say_where),
        cmocka_unit_test(holds_no_more_than_an_entry),
    };
    return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
