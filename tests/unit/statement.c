/* The grammar that all statements share. */
#include "slices.h"

#include "accord/statement.h"

#include <stdio.h>

#define LINE "\n\xe2\x80\x94 a AAAAAQE=\n"
#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void fields_come_in_order(void **state)
{
    (void)state;
    struct accord_statement_claim statement;
    struct accord_field field;
    size_t cursor = 0;
    assert_int_equal(accord_statement_parse(
                         &statement, slice("accord/v1/release\nvendor cisco.com\nx-1 a  b\xc3\xa9 +\n" LINE), NULL),
                     ACCORD_OK);
    assert_slice(statement.kind, "release");
    assert_int_equal(statement.note.signature_count, 1);
    assert_true(accord_statement_next(&statement, &cursor, &field));
    assert_slice(field.key, "vendor");
    assert_slice(field.value, "cisco.com");
    assert_int_equal(field.line, 2);
    assert_true(accord_statement_next(&statement, &cursor, &field));
    assert_slice(field.key, "x-1");
    assert_slice(field.value, "a  b\xc3\xa9 +");
    assert_int_equal(field.line, 3);
    assert_false(accord_statement_next(&statement, &cursor, &field));
    assert_int_equal(accord_statement_parse(&statement, slice("accord/v1/x\n" LINE), NULL), ACCORD_OK);
    cursor = 0;
    assert_false(accord_statement_next(&statement, &cursor, &field));
}

#define KEY64 "k234567890123456789012345678901234567890123456789012345678901234"
#define KIND32 "abcdefghijklmnopqrstuvwxyz-abcde"

static void grammar(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
    } cases[] = {
        {"accord/v1/" KIND32 "\n" KEY64 " v\n", ACCORD_OK, 0},
        {"accord/v1/" KIND32 "f\n", ACCORD_MALFORMED, 1},
        {"accord/v1/x\n" KEY64 "5 v\n", ACCORD_MALFORMED, 2},
        {"accord/v1/\n", ACCORD_MALFORMED, 1},
        {"accord/v1/Release\n", ACCORD_MALFORMED, 1},
        {"accord/v1/release \n", ACCORD_MALFORMED, 1},
        {"accord/v1/release1\n", ACCORD_MALFORMED, 1},
        {"accord/v2/release\n", ACCORD_MALFORMED, 1},
        {"\naccord/v1/x\n", ACCORD_MALFORMED, 1},
        {" accord/v1/x\n", ACCORD_MALFORMED, 1},
        {"accord/v1/x\nkey\n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\nkey \n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\nkey  value\n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\nkey value \n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\nkey\tvalue\n", ACCORD_NOT_UTF8, 2},
        {"accord/v1/x\nkey a\tvalue\n", ACCORD_NOT_UTF8, 2},
        {"accord/v1/x\nkey value\r\n", ACCORD_NOT_UTF8, 2},
        {"accord/v1/x\n key value\n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\nKey value\n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\n1key value\n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\n-key value\n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\nke_y value\n", ACCORD_MALFORMED, 2},
        {"accord/v1/x\nkey value\n\nkey value\n", ACCORD_MALFORMED, 3},
        {"accord/v1/x\nkey value\n\n", ACCORD_MALFORMED, 3},
        {"accord/v1/x\n\nkey value\n", ACCORD_MALFORMED, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accord_statement_claim statement;
        struct accord_error error = {.status = ACCORD_OK};
        char entry[512];
        snprintf(entry, sizeof entry, "%s%s", cases[i].text, LINE);
        assert_int_equal(accord_statement_parse(&statement, slice(entry), &error), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.status, cases[i].status);
    }
    struct accord_statement_claim statement;
    assert_int_equal(accord_statement_parse(&statement, slice("accord/v1/x\n"), NULL), ACCORD_MALFORMED);
    assert_int_equal(accord_statement_parse(&statement, slice(LINE), NULL), ACCORD_MALFORMED);
}

static void bounds(void **state)
{
    (void)state;
    struct accord_statement_claim statement;
    struct accord_field field;
    static char entry[ACCORD_ENTRY_SIZE_MAX + 2];
    size_t size = 0, cursor = 0, steps = 0;
    size += (size_t)snprintf(entry, sizeof entry, "accord/v1/x\n");
    for (int i = 1; i < ACCORD_STATEMENT_LINES_MAX; i++)
        size += (size_t)snprintf(entry + size, sizeof entry - size, "k v\n");
    snprintf(entry + size, sizeof entry - size, "%s", LINE);
    assert_int_equal(accord_statement_parse(&statement, slice(entry), NULL), ACCORD_OK);
    while (accord_statement_next(&statement, &cursor, &field))
        assert_int_equal(field.line, 2 + steps++);
    assert_int_equal(steps, ACCORD_STATEMENT_LINES_MAX - 1);
    snprintf(entry + size, sizeof entry - size, "k v\n%s", LINE);
    assert_int_equal(accord_statement_parse(&statement, slice(entry), NULL), ACCORD_TOO_LARGE);

    size_t tail = strlen("\n" LINE);
    memset(entry, 'v', ACCORD_ENTRY_SIZE_MAX + 1);
    memcpy(entry, "accord/v1/x\nk ", 14);
    memcpy(entry + ACCORD_ENTRY_SIZE_MAX + 1 - tail, "\n" LINE, tail + 1);
    assert_int_equal(accord_statement_parse(&statement, slice(entry), NULL), ACCORD_TOO_LARGE);
    memcpy(entry + ACCORD_ENTRY_SIZE_MAX - tail, "\n" LINE, tail + 1);
    assert_int_equal(accord_statement_parse(&statement, slice(entry), NULL), ACCORD_OK);
}

static void words(void **state)
{
    (void)state;
    struct accord_bytes value = slice("one two"), word;
    assert_true(accord_word_next(&value, &word));
    assert_slice(word, "one");
    assert_true(accord_word_next(&value, &word));
    assert_slice(word, "two");
    assert_int_equal(value.size, 0);
    assert_false(accord_word_next(&value, &word));
    value = slice("one  two");
    assert_true(accord_word_next(&value, &word));
    assert_false(accord_word_next(&value, &word));
    assert_slice(value, " two");
    value = slice("one ");
    assert_false(accord_word_next(&value, &word));
    assert_slice(value, "one ");
    value = slice(" one");
    assert_false(accord_word_next(&value, &word));
}

static void digests_and_fields(void **state)
{
    (void)state;
    uint8_t hash[ACCORD_HASH_SIZE], data[128];
    struct accord_out out = {data, sizeof data, 0, false};
    assert_true(accord_digest_parse(slice(DIGEST), hash));
    assert_int_equal(hash[0], 0xba);
    assert_int_equal(hash[31], 0xad);
    accord_digest_print(&out, hash);
    assert_slice(accord_out_bytes(&out), DIGEST);
    assert_false(accord_digest_parse(slice(DIGEST "0"), hash));
    assert_false(accord_digest_parse(slice("sha256:"), hash));
    assert_false(
        accord_digest_parse(slice("SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), hash));
    assert_false(
        accord_digest_parse(slice("sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), hash));
    assert_false(accord_digest_parse(slice(" " DIGEST), hash));
    out.size = 0;
    accord_field_print(&out, slice("vendor"), slice("cisco.com"));
    assert_slice(accord_out_bytes(&out), "vendor cisco.com\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_in_order),
        cmocka_unit_test(grammar),
        cmocka_unit_test(bounds),
        cmocka_unit_test(words),
        cmocka_unit_test(digests_and_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
