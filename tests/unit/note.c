/* Notes: C2SP's example, the grammar's edges, and every vector of tests/vectors/notes.txt with Go's verdict. */
#include "slices.h"

#include "accord/checkpoint.h"
#include "accord/note.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <stdio.h>
#include <stdlib.h>

#define EXAMPLE_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_TEXT "This is an example message.\n"
#define EXAMPLE_LINE                                                                                                   \
    "\xe2\x80\x94 example.com/foo "                                                                                    \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
#define SALVATORE                                                                                                      \
    "Ognuno sta solo sul cuor della terra\n"                                                                           \
    "trafitto da un raggio di sole:\n"                                                                                 \
    "\n"                                                                                                               \
    "ed \xc3\xa8 subito sera.\n"
#define SHORT_LINE "\xe2\x80\x94 a AAAAAQE=\n"

static const struct accord_crypto *crypto = &accord_crypto_default;

static void example_of_the_specification(void **state)
{
    (void)state;
    struct accord_vkey vkey;
    struct accord_note_claim note;
    uint64_t timestamp = 5;
    assert_int_equal(accord_vkey_parse(&vkey, slice(EXAMPLE_KEY), crypto, NULL), ACCORD_OK);
    assert_int_equal(accord_note_parse(&note, slice(EXAMPLE_TEXT "\n" EXAMPLE_LINE), NULL), ACCORD_OK);
    assert_slice(note.text, EXAMPLE_TEXT);
    assert_slice(note.signatures, EXAMPLE_LINE);
    assert_int_equal(note.signature_count, 1);
    assert_int_equal(accord_note_signed_by(&note, &vkey, crypto, &timestamp), ACCORD_SIGNED);
    assert_true(timestamp == 0);
}

static void text_ends_at_the_last_empty_line(void **state)
{
    (void)state;
    struct accord_note_claim note;
    struct accord_signature signature;
    size_t cursor = 0;
    assert_int_equal(accord_note_parse(&note, slice(SALVATORE "\n" EXAMPLE_LINE SHORT_LINE), NULL), ACCORD_OK);
    assert_slice(note.text, SALVATORE);
    assert_int_equal(note.signature_line, 6);
    assert_int_equal(note.signature_count, 2);
    assert_true(accord_note_next_signature(&note, &cursor, &signature));
    assert_slice(signature.name, "example.com/foo");
    assert_true(signature.id == 0x530d903a);
    assert_int_equal(signature.line, 6);
    assert_true(accord_note_next_signature(&note, &cursor, &signature));
    assert_slice(signature.name, "a");
    assert_slice(signature.base64, "AAAAAQE=");
    assert_true(signature.id == 1);
    assert_int_equal(signature.line, 7);
    assert_false(accord_note_next_signature(&note, &cursor, &signature));
    assert_int_equal(accord_note_parse(&note, slice("\n\n\n" SHORT_LINE), NULL), ACCORD_OK);
    assert_slice(note.text, "\n\n");
    assert_int_equal(note.signature_line, 4);
}

static void refusals_name_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *note;
        enum accord_status status;
        uint64_t line;
    } cases[] = {
        {"", ACCORD_MALFORMED, 0},
        {"\n", ACCORD_MALFORMED, 1},
        {"\n\n", ACCORD_MALFORMED, 3},
        {"a\n\n", ACCORD_MALFORMED, 3},
        {"a\n\nb", ACCORD_MALFORMED, 3},
        {"a\n\nb\n", ACCORD_MALFORMED, 3},
        {"a\n\n" SHORT_LINE "\n", ACCORD_MALFORMED, 5},
        {"a\n\n" SHORT_LINE "x", ACCORD_MALFORMED, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a\n", ACCORD_MALFORMED, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a \n", ACCORD_MALFORMED, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a AAAAAQ==\n", ACCORD_MALFORMED, 4}, /* the id alone */
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a AAAAAQE=AAAA\n", ACCORD_BAD_BASE64, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a AAAAAQEB====\n", ACCORD_BAD_BASE64, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a AAAAAQEBAR==\n", ACCORD_BAD_BASE64, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a AAAAAQEB AQ=\n", ACCORD_BAD_BASE64, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94  AAAAAQE=\n", ACCORD_MALFORMED, 4},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a+b AAAAAQE=\n", ACCORD_MALFORMED, 4},
        {"a\r\n\r\n" SHORT_LINE, ACCORD_NOT_UTF8, 1},
        {"a\n\n" SHORT_LINE "\xe2\x80\x94 a AAAAAQE=\r\n", ACCORD_NOT_UTF8, 4},
        {"a\n\xff\n\n" SHORT_LINE, ACCORD_NOT_UTF8, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accord_note_claim note;
        struct accord_error error;
        assert_int_equal(accord_note_parse(&note, slice(cases[i].note), &error), cases[i].status);
        assert_int_equal(error.status, cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(accord_note_parse(&note, slice(cases[i].note), NULL), cases[i].status);
    }
}

static void bounds(void **state)
{
    (void)state;
    const size_t line_size = strlen(SHORT_LINE), capacity = ACCORD_NOTE_SIZE_MAX + 1;
    char *bytes = malloc(capacity);
    assert_non_null(bytes);
    struct accord_note_claim note;
    struct accord_signature signature;
    size_t size = 3, cursor = 0, steps = 0;
    memcpy(bytes, "a\n\n", 3);
    for (size_t i = 0; i <= ACCORD_SIGNATURES_MAX; i++, size += line_size)
        memcpy(bytes + size, SHORT_LINE, line_size);
    struct accord_bytes most = {(uint8_t *)bytes, size - line_size}, more = {(uint8_t *)bytes, size};
    assert_int_equal(accord_note_parse(&note, more, NULL), ACCORD_TOO_LARGE);
    assert_int_equal(accord_note_parse(&note, most, NULL), ACCORD_OK);
    while (accord_note_next_signature(&note, &cursor, &signature))
        assert_int_equal(signature.line, 3 + steps++);
    assert_int_equal(steps, ACCORD_SIGNATURES_MAX);

    memset(bytes, 'a', capacity);
    size_t tail = line_size + 2;
    memcpy(bytes + capacity - tail, "\n\n" SHORT_LINE, tail);
    struct accord_error error;
    assert_int_equal(accord_note_parse(&note, (struct accord_bytes){(uint8_t *)bytes, capacity}, &error),
                     ACCORD_TOO_LARGE);
    assert_string_equal(error.expected, "1048576");
    assert_string_equal(error.found, "1048577");
    assert_int_equal(accord_note_parse(&note, (struct accord_bytes){(uint8_t *)bytes + 1, capacity - 1}, NULL),
                     ACCORD_OK);
    cursor = 0;
    assert_true(accord_note_next_signature(&note, &cursor, &signature));
    assert_slice(signature.base64, "AAAAAQE=");
    free(bytes);
}

static void signature_lines_alone(void **state)
{
    (void)state;
    struct accord_note_claim note;
    struct accord_signature signature;
    struct accord_error error;
    size_t cursor = 0;
    assert_int_equal(accord_signatures_parse(&note, slice(SHORT_LINE EXAMPLE_LINE), NULL), ACCORD_OK);
    assert_int_equal(note.text.size, 0);
    assert_int_equal(note.signature_count, 2);
    assert_true(accord_note_next_signature(&note, &cursor, &signature));
    assert_int_equal(signature.line, 1);
    assert_true(accord_note_next_signature(&note, &cursor, &signature));
    assert_int_equal(signature.line, 2);
    assert_false(accord_note_next_signature(&note, &cursor, &signature));
    static const char *const bad[] = {"", "\n", "\n" SHORT_LINE, SHORT_LINE "\n", SHORT_LINE "\n" SHORT_LINE, "x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(accord_signatures_parse(&note, slice(bad[i]), &error), ACCORD_MALFORMED);
    assert_int_equal(accord_signatures_parse(&note, slice("x\xc0\n"), &error), ACCORD_NOT_UTF8);
}

static void printed_lines_parse(void **state)
{
    (void)state;
    uint8_t data[4096], payload[ACCORD_MLDSA44_SIGNATURE_SIZE + 8];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 11 + 1);
    static const size_t sizes[] = {1, 2, 3, 4, 5, 64, 72, sizeof payload};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct accord_out out = {data, sizeof data, 0, false};
        struct accord_note_claim note;
        struct accord_signature signature;
        uint8_t read[4 + sizeof payload];
        size_t cursor = 0;
        accord_signature_print(&out, slice("example.com/foo"), 0xfedcba98, (struct accord_bytes){payload, sizes[i]});
        assert_false(out.full);
        assert_int_equal(accord_signatures_parse(&note, accord_out_bytes(&out), NULL), ACCORD_OK);
        assert_true(accord_note_next_signature(&note, &cursor, &signature));
        assert_true(signature.id == 0xfedcba98);
        assert_true(accord_base64_read(signature.base64, read, 4 + sizes[i]));
        assert_memory_equal(read + 4, payload, sizes[i]);
    }
}

#define KEYS_MAX 8

/* One case of the file: see the comment at its top. */
struct vector {
    char name[64];
    bool checkpoint;
    size_t key_count;
    char *key[KEYS_MAX];
    uint8_t *bytes;
    size_t size;
    char verdict[32];
    size_t signer_count;
    size_t signer[KEYS_MAX];
    uint64_t timestamp[KEYS_MAX];
};

static unsigned hex_value(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t unescape(const char *text, uint8_t *data)
{
    size_t size = 0;
    for (; *text != 0; text++) {
        if (*text != '\\') {
            data[size++] = (uint8_t)*text;
        } else if (*++text == 'n') {
            data[size++] = '\n';
        } else if (*text == 'x') {
            data[size++] = (uint8_t)(hex_value(text[1]) << 4 | hex_value(text[2]));
            text += 2;
        } else {
            data[size++] = (uint8_t)*text;
        }
    }
    return size;
}

static const char *verdict_of(const struct vector *vector)
{
    struct accord_checkpoint_claim checkpoint;
    struct accord_note_claim *note = &checkpoint.note;
    struct accord_bytes bytes = {vector->bytes, vector->size};
    enum accord_status status =
        vector->checkpoint ? accord_checkpoint_parse(&checkpoint, bytes, NULL) : accord_note_parse(note, bytes, NULL);
    if (status != ACCORD_OK)
        return "malformed";
    size_t count = 0;
    for (size_t i = 0; i < vector->key_count; i++) {
        struct accord_vkey vkey;
        uint64_t timestamp = 7;
        assert_int_equal(accord_vkey_parse(&vkey, slice(vector->key[i]), crypto, NULL), ACCORD_OK);
        enum accord_signed by = accord_note_signed_by(note, &vkey, crypto, &timestamp);
        if (by == ACCORD_SIGNED_UNKNOWN)
            return "unknown";
        if (by == ACCORD_SIGNED_WRONGLY)
            return "invalid-signature";
        if (by == ACCORD_NOT_SIGNED)
            continue;
        if (vector->signer_count > 0 && strcmp(vector->verdict, "accepted") == 0) {
            assert_true(count < vector->signer_count);
            assert_int_equal(vector->signer[count], i);
            assert_true(vector->timestamp[count] == timestamp);
        }
        count++;
    }
    if (strcmp(vector->verdict, "accepted") == 0 && vector->signer_count > 0)
        assert_int_equal(count, vector->signer_count);
    return count > 0 ? "accepted" : "unverified";
}

static void judge(struct vector *vector)
{
    const char *verdict = verdict_of(vector);
    if (strcmp(verdict, "unknown") == 0)
        assert_false(accord_mldsa44_available());
    else if (strcmp(verdict, vector->verdict) != 0)
        fail_msg("%s: %s, not %s", vector->name, verdict, vector->verdict);
    for (size_t i = 0; i < vector->key_count; i++)
        free(vector->key[i]);
    free(vector->bytes);
    memset(vector, 0, sizeof *vector);
}

static void read_line(struct vector *vector, char *line)
{
    char *value = strchr(line, ' ');
    assert_non_null(value);
    *value++ = 0;
    if (strcmp(line, "case") == 0) {
        snprintf(vector->name, sizeof vector->name, "%s", value);
    } else if (strcmp(line, "what") == 0) {
        vector->checkpoint = strcmp(value, "checkpoint") == 0;
    } else if (strcmp(line, "vkey") == 0) {
        assert_true(vector->key_count < KEYS_MAX);
        vector->key[vector->key_count++] = strdup(value);
    } else if (strcmp(line, "bytes") == 0) {
        uint8_t *room = malloc(strlen(value) + 1);
        assert_non_null(room);
        vector->size = unescape(value, room);
        vector->bytes = malloc(vector->size + 1); /* moved, so that a sanitizer sees a read past it */
        assert_non_null(vector->bytes);
        memcpy(vector->bytes, room, vector->size);
        free(room);
    } else if (strcmp(line, "go") == 0 || strcmp(line, "accord") == 0) {
        snprintf(vector->verdict, sizeof vector->verdict, "%.*s", (int)strcspn(value, " "), value);
    } else {
        assert_string_equal(line, "by");
        assert_true(vector->signer_count < KEYS_MAX);
        char *end;
        vector->signer[vector->signer_count] = strtoul(value, &end, 10);
        vector->timestamp[vector->signer_count++] = strtoull(end, NULL, 10);
    }
}

static void vectors_of_go(void **state)
{
    (void)state;
    FILE *file = fopen("tests/vectors/notes.txt", "r");
    assert_non_null(file);
    struct vector vector = {0};
    char *line = NULL;
    size_t capacity = 0, count = 0;
    for (ssize_t size = getline(&line, &capacity, file); size > 0; size = getline(&line, &capacity, file)) {
        if (line[0] == '#')
            continue;
        line[size - 1] = 0;
        if (line[0] != 0) {
            read_line(&vector, line);
        } else if (vector.name[0] != 0) {
            judge(&vector);
            count++;
        }
    }
    assert_true(vector.name[0] != 0);
    judge(&vector);
    assert_true(count + 1 >= 100);
    free(line);
    fclose(file);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_the_specification),
        cmocka_unit_test(text_ends_at_the_last_empty_line),
        cmocka_unit_test(refusals_name_their_place),
        cmocka_unit_test(bounds),
        cmocka_unit_test(signature_lines_alone),
        cmocka_unit_test(printed_lines_parse),
        cmocka_unit_test(vectors_of_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
