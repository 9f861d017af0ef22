/* The grammar of signed notes (C2SP signed-note): where the text ends, what a signature line is. Knows no key, verifies
 * nothing (cosignature.c does), and never looks into the text but for its characters. */
#include "accord/note.h"

#include "core/characters.h"
#include "core/text.h"

#include <string.h>

#define SIGNATURE_PREFIX ACCORD_LITERAL("\xe2\x80\x94 ") /* U+2014, space */
#define KEY_ID_SIZE 4

/* A cursor holds the number of lines before it above the offset, so that a step knows its line without counting
 * again; both fit 32 bits. */
#define CURSOR_OFFSET_BITS 21
_Static_assert(ACCORD_NOTE_SIZE_MAX < 1 << CURSOR_OFFSET_BITS, "an offset fits its bits of the cursor");
_Static_assert(ACCORD_SIGNATURES_MAX < 1 << (31 - CURSOR_OFFSET_BITS), "so does the count of lines");

static uint32_t read_be32(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The key id at the front of a signature's base64, which is at least two groups of four digits long. */
static bool read_id(struct accord_bytes base64, uint32_t *id)
{
    uint8_t head[6];
    size_t size;
    base64.size = base64.size < 8 ? base64.size : 8;
    if (!accord_base64_size(base64, &size) || size <= KEY_ID_SIZE || !accord_base64_read(base64, head, size))
        return false;
    *id = read_be32(head);
    return true;
}

/* Splits a line into its parts. Names and base64 are checked once, when the note is parsed. */
static bool split_signature(struct accord_bytes line, struct accord_signature *signature)
{
    if (!accord_cut_prefix(&line, SIGNATURE_PREFIX) || !accord_cut(&line, ' ', &signature->name))
        return false;
    signature->base64 = line;
    return read_id(line, &signature->id);
}

static enum accord_status refuse_line(struct accord_error *error, enum accord_status status, uint64_t number,
                                      struct accord_bytes line)
{
    accord_fail(error, status, number);
    accord_error_found(error, line);
    return status;
}

static enum accord_status check_signatures(struct accord_note_claim *note, struct accord_error *error)
{
    struct accord_bytes rest = note->signatures, line;
    uint64_t number = note->signature_line;
    for (; accord_cut_line(&rest, &line); number++) {
        struct accord_signature signature;
        if (note->signature_count == ACCORD_SIGNATURES_MAX) {
            accord_fail(error, ACCORD_TOO_LARGE, number);
            accord_error_expected_number(error, ACCORD_SIGNATURES_MAX);
            return ACCORD_TOO_LARGE;
        }
        if (!split_signature(line, &signature) || !accord_characters_name(signature.name))
            return refuse_line(error, ACCORD_MALFORMED, number, line);
        if (!accord_base64_valid(signature.base64)) {
            refuse_line(error, ACCORD_BAD_BASE64, number, signature.base64);
            accord_error_what(error, signature.name);
            return ACCORD_BAD_BASE64;
        }
        note->signature_count++;
    }
    if (rest.size > 0)
        return refuse_line(error, ACCORD_MALFORMED, number, rest);
    if (note->signature_count == 0)
        return accord_fail(error, ACCORD_MALFORMED, number);
    return ACCORD_OK;
}

static enum accord_status check_whole(struct accord_bytes bytes, struct accord_error *error)
{
    if (bytes.size > ACCORD_NOTE_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_expected_number(error, ACCORD_NOTE_SIZE_MAX);
        accord_error_found_number(error, bytes.size);
        return ACCORD_TOO_LARGE;
    }
    return accord_characters_check(bytes, error);
}

static uint64_t count_lines(struct accord_bytes text)
{
    struct accord_bytes line;
    uint64_t count = 0;
    while (accord_cut_line(&text, &line))
        count++;
    return count;
}

enum accord_status accord_note_parse(struct accord_note_claim *note, struct accord_bytes bytes,
                                     struct accord_error *error)
{
    memset(note, 0, sizeof *note);
    enum accord_status status = check_whole(bytes, error);
    if (status != ACCORD_OK)
        return status;
    /* "the text is separated from the signatures by the last empty line in the note" */
    size_t start = bytes.size;
    while (start >= 2 && !(bytes.data[start - 1] == '\n' && bytes.data[start - 2] == '\n'))
        start--;
    if (start < 2)
        return accord_fail(error, ACCORD_MALFORMED, count_lines(bytes));
    note->whole = bytes;
    note->text = (struct accord_bytes){bytes.data, start - 1};
    note->signatures = (struct accord_bytes){bytes.data + start, bytes.size - start};
    note->signature_line = count_lines(note->text) + 2;
    return check_signatures(note, error);
}

enum accord_status accord_signatures_parse(struct accord_note_claim *note, struct accord_bytes bytes,
                                           struct accord_error *error)
{
    memset(note, 0, sizeof *note);
    enum accord_status status = check_whole(bytes, error);
    if (status != ACCORD_OK)
        return status;
    note->whole = bytes;
    note->signatures = bytes;
    note->signature_line = 1;
    return check_signatures(note, error);
}

bool accord_note_next_signature(const struct accord_note_claim *note, size_t *cursor,
                                struct accord_signature *signature)
{
    size_t offset = *cursor & ((1U << CURSOR_OFFSET_BITS) - 1);
    size_t number = *cursor >> CURSOR_OFFSET_BITS;
    if (offset >= note->signatures.size)
        return false;
    struct accord_bytes rest = {note->signatures.data + offset, note->signatures.size - offset}, line;
    if (!accord_cut_line(&rest, &line) || !split_signature(line, signature))
        return false;
    signature->line = note->signature_line + number;
    *cursor = (number + 1) << CURSOR_OFFSET_BITS | (offset + line.size + 1);
    return true;
}

void accord_signature_print(struct accord_out *out, struct accord_bytes name, uint32_t id,
                            struct accord_bytes signature)
{
    /* Six bytes are eight digits without padding, so the id takes two bytes of the signature along and the rest is
     * encoded where it lies. */
    uint8_t head[6] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    size_t taken = signature.size < 2 ? signature.size : 2;
    for (size_t i = 0; i < taken; i++)
        head[KEY_ID_SIZE + i] = signature.data[i];
    accord_put(out, SIGNATURE_PREFIX);
    accord_put(out, name);
    accord_put_byte(out, ' ');
    accord_put_base64(out, (struct accord_bytes){head, KEY_ID_SIZE + taken});
    if (taken < signature.size)
        accord_put_base64(out, (struct accord_bytes){signature.data + taken, signature.size - taken});
    accord_put_byte(out, '\n');
}
