/* The grammar that all statements share (docs/protocol.md, "Statements"). Knows lines, keys and values; which keys a
 * kind has, and who may sign it, is for the rooms above. */
#include "accord/statement.h"

#include "core/text.h"

#include <string.h>

#define KIND_SIZE_MAX 32
#define KEY_SIZE_MAX 64

/* A cursor holds the number of lines before it above the offset: both fit 32 bits. */
#define CURSOR_OFFSET_BITS 17
_Static_assert(ACCORD_ENTRY_SIZE_MAX < 1 << CURSOR_OFFSET_BITS, "an offset fits its bits of the cursor");
_Static_assert(ACCORD_STATEMENT_LINES_MAX < 1 << (31 - CURSOR_OFFSET_BITS), "so does the count of lines");

static bool letter(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool kind_valid(struct accord_bytes kind)
{
    for (size_t i = 0; i < kind.size; i++)
        if (!letter(kind.data[i]) && kind.data[i] != '-')
            return false;
    return kind.size > 0 && kind.size <= KIND_SIZE_MAX;
}

static bool key_valid(struct accord_bytes key)
{
    for (size_t i = 0; i < key.size; i++) {
        uint8_t c = key.data[i];
        bool later = i > 0 && ((c >= '0' && c <= '9') || c == '-');
        if (!letter(c) && !later)
            return false;
    }
    return key.size > 0 && key.size <= KEY_SIZE_MAX;
}

static bool value_valid(struct accord_bytes value)
{
    return value.size > 0 && value.data[0] != ' ' && value.data[value.size - 1] != ' ';
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, uint64_t line,
                                 struct accord_bytes found)
{
    accord_fail(error, status, line);
    accord_error_found(error, found);
    return status;
}

/* Checks the lines after the first. */
static enum accord_status check_lines(struct accord_bytes rest, struct accord_error *error)
{
    for (uint64_t number = 2; rest.size > 0; number++) {
        struct accord_bytes line = rest, key;
        if (number > ACCORD_STATEMENT_LINES_MAX) {
            accord_fail(error, ACCORD_TOO_LARGE, number);
            accord_error_expected_number(error, ACCORD_STATEMENT_LINES_MAX);
            return ACCORD_TOO_LARGE;
        }
        if (!accord_cut_line(&rest, &line))
            return refuse(error, ACCORD_MALFORMED, number, line);
        struct accord_bytes value = line;
        if (!accord_cut(&value, ' ', &key) || !key_valid(key) || !value_valid(value))
            return refuse(error, ACCORD_MALFORMED, number, line);
    }
    return ACCORD_OK;
}

enum accord_status accord_statement_parse(struct accord_statement_claim *statement, struct accord_bytes entry,
                                          struct accord_error *error)
{
    memset(statement, 0, sizeof *statement);
    if (entry.size > ACCORD_ENTRY_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_expected_number(error, ACCORD_ENTRY_SIZE_MAX);
        accord_error_found_number(error, entry.size);
        return ACCORD_TOO_LARGE;
    }
    enum accord_status status = accord_note_parse(&statement->note, entry, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes rest = statement->note.text, line;
    if (!accord_cut_line(&rest, &line))
        return refuse(error, ACCORD_MALFORMED, 1, rest);
    statement->kind = line;
    statement->lines = rest;
    if (!accord_cut_prefix(&statement->kind, ACCORD_LITERAL("accord/v1/")) || !kind_valid(statement->kind)) {
        refuse(error, ACCORD_MALFORMED, 1, line);
        accord_error_expected(error, ACCORD_LITERAL("accord/v1/<kind>"));
        return ACCORD_MALFORMED;
    }
    return check_lines(rest, error);
}

bool accord_statement_next(const struct accord_statement_claim *statement, size_t *cursor, struct accord_field *field)
{
    size_t offset = *cursor & ((1U << CURSOR_OFFSET_BITS) - 1);
    size_t number = *cursor >> CURSOR_OFFSET_BITS;
    if (offset >= statement->lines.size)
        return false;
    struct accord_bytes rest = {statement->lines.data + offset, statement->lines.size - offset}, line;
    if (!accord_cut_line(&rest, &line))
        return false;
    field->value = line;
    if (!accord_cut(&field->value, ' ', &field->key))
        return false;
    field->line = number + 2;
    *cursor = (number + 1) << CURSOR_OFFSET_BITS | (offset + line.size + 1);
    return true;
}

bool accord_word_next(struct accord_bytes *value, struct accord_bytes *word)
{
    struct accord_bytes rest = *value, piece;
    if (!accord_cut(&rest, ' ', &piece)) {
        piece = rest;
        rest.size = 0;
    } else if (rest.size == 0) {
        return false; /* a space at the end has no word after it */
    }
    if (piece.size == 0)
        return false;
    *word = piece;
    *value = rest;
    return true;
}

bool accord_digest_parse(struct accord_bytes text, uint8_t hash[ACCORD_HASH_SIZE])
{
    return accord_cut_prefix(&text, ACCORD_LITERAL("sha256:")) && accord_hex_read(text, hash, ACCORD_HASH_SIZE);
}

void accord_digest_print(struct accord_out *out, const uint8_t hash[ACCORD_HASH_SIZE])
{
    accord_put(out, ACCORD_LITERAL("sha256:"));
    accord_put_hex(out, (struct accord_bytes){hash, ACCORD_HASH_SIZE});
}

void accord_field_print(struct accord_out *out, struct accord_bytes key, struct accord_bytes value)
{
    accord_put(out, key);
    accord_put_byte(out, ' ');
    accord_put(out, value);
    accord_put_byte(out, '\n');
}
