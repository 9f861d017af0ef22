/* ASCII armor. Knows RFC 7468's strict form under age's label; refuses to know what it holds. */
#include "age/armor.h"

#include "age/inner.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES ACCORD_AGE_ARMOR_LINE_BYTES
#define LINE_CHARACTERS 64
#define BATCH ACCORD_AGE_ARMOR_BATCH
#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define END "-----END AGE ENCRYPTED FILE-----"

/* Whole lines, and the bytes of a last one. */
static enum accord_status write_lines(struct accord_age_armor_writer *writer, struct accord_bytes binary,
                                      struct accord_error *error)
{
    uint8_t text[BATCH * (LINE_CHARACTERS + 1)];
    for (size_t at = 0; at < binary.size;) {
        struct accord_out out = {text, sizeof text, 0, false};
        for (size_t i = 0; i < BATCH && at < binary.size; i++) {
            size_t left = binary.size - at, size = left < LINE_BYTES ? left : LINE_BYTES;
            accord_put_base64(&out, (struct accord_bytes){binary.data + at, size});
            accord_put_byte(&out, '\n');
            at += size;
        }
        enum accord_status status = writer->sink.write(writer->sink.context, accord_out_bytes(&out), error);
        if (status != ACCORD_OK)
            return status;
    }
    return ACCORD_OK;
}

static enum accord_status begin(struct accord_age_armor_writer *writer, struct accord_error *error)
{
    if (writer->begun)
        return ACCORD_OK;
    writer->begun = true;
    return writer->sink.write(writer->sink.context, ACCORD_LITERAL(BEGIN "\n"), error);
}

enum accord_status accord_age_armor_write(struct accord_age_armor_writer *writer, struct accord_bytes binary,
                                          struct accord_error *error)
{
    enum accord_status status = begin(writer, error);
    if (status == ACCORD_OK && writer->pending_size > 0) {
        size_t room = LINE_BYTES - writer->pending_size, size = binary.size < room ? binary.size : room;
        if (size > 0)
            memcpy(writer->pending + writer->pending_size, binary.data, size);
        writer->pending_size += size;
        binary = (struct accord_bytes){binary.data + size, binary.size - size};
        if (writer->pending_size == LINE_BYTES) {
            status = write_lines(writer, (struct accord_bytes){writer->pending, LINE_BYTES}, error);
            writer->pending_size = 0;
        }
    }
    size_t rest = binary.size % LINE_BYTES;
    if (status == ACCORD_OK && binary.size > rest)
        status = write_lines(writer, (struct accord_bytes){binary.data, binary.size - rest}, error);
    if (status == ACCORD_OK && rest > 0) {
        memcpy(writer->pending, binary.data + binary.size - rest, rest);
        writer->pending_size = rest;
    }
    return status;
}

enum accord_status accord_age_armor_end(struct accord_age_armor_writer *writer, struct accord_error *error)
{
    enum accord_status status = begin(writer, error);
    if (status == ACCORD_OK)
        status = write_lines(writer, (struct accord_bytes){writer->pending, writer->pending_size}, error);
    if (status == ACCORD_OK)
        status = writer->sink.write(writer->sink.context, ACCORD_LITERAL(END "\n"), error);
    return status;
}

static enum accord_status flush(struct accord_age_armor_reader *reader, struct accord_error *error)
{
    struct accord_bytes binary = {reader->binary, reader->binary_size};
    reader->binary_size = 0;
    return binary.size == 0 ? ACCORD_OK : reader->sink.write(reader->sink.context, binary, error);
}

/* What came before the line that is wrong goes to the sink, and where that refuses, this is the first fault. */
static enum accord_status wrong(struct accord_age_armor_reader *reader, enum accord_status status,
                                struct accord_error *error)
{
    enum accord_status flushed = flush(reader, error);
    if (flushed != ACCORD_OK)
        return flushed;
    accord_fail(error, status, reader->number);
    accord_error_what(error, ACCORD_LITERAL("the armor of an encrypted file"));
    return status;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* A line of base64: 48 bytes, fewer only on the last. */
static enum accord_status take_body(struct accord_age_armor_reader *reader, struct accord_bytes line,
                                    struct accord_error *error)
{
    size_t size;
    if (accord_bytes_equal(line, ACCORD_LITERAL(END))) {
        reader->place = ACCORD_AGE_ARMOR_AFTER;
        return ACCORD_OK;
    }
    if (reader->place == ACCORD_AGE_ARMOR_SHORT || !accord_base64_size(line, &size) || size == 0 || size > LINE_BYTES)
        return wrong(reader, ACCORD_MALFORMED, error);
    if (!accord_base64_read(line, reader->binary + reader->binary_size, size))
        return wrong(reader, ACCORD_BAD_BASE64, error);
    reader->binary_size += size;
    if (size < LINE_BYTES)
        reader->place = ACCORD_AGE_ARMOR_SHORT;
    return reader->binary_size > sizeof reader->binary - LINE_BYTES ? flush(reader, error) : ACCORD_OK;
}

/* line has its end, where it has one. */
static enum accord_status take_line(struct accord_age_armor_reader *reader, struct accord_bytes line,
                                    struct accord_error *error)
{
    reader->number++;
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    if (reader->place != ACCORD_AGE_ARMOR_BEFORE)
        return take_body(reader, line, error);
    if (!accord_bytes_equal(line, ACCORD_LITERAL(BEGIN)))
        return wrong(reader, ACCORD_MALFORMED, error);
    reader->place = ACCORD_AGE_ARMOR_BODY;
    return ACCORD_OK;
}

/* White space before and after is of any shape, so it is counted byte by byte and not cut into lines that fit. */
static enum accord_status take_space(struct accord_age_armor_reader *reader, struct accord_bytes *text,
                                     struct accord_error *error)
{
    while (text->size > 0 && reader->line_size == 0 && is_space(text->data[0])) {
        if (++reader->space > ACCORD_AGE_ARMOR_SPACE_MAX)
            return wrong(reader, ACCORD_MALFORMED, error);
        reader->number += text->data[0] == '\n';
        *text = (struct accord_bytes){text->data + 1, text->size - 1};
    }
    if (text->size > 0 && reader->place == ACCORD_AGE_ARMOR_AFTER) {
        reader->number++;
        return wrong(reader, ACCORD_MALFORMED, error);
    }
    return ACCORD_OK;
}

/* The next line as it stands in the text, or in the buffer where it came in pieces; empty where its end has not come
 * yet. */
static enum accord_status cut_line(struct accord_age_armor_reader *reader, struct accord_bytes *text,
                                   struct accord_bytes *line, struct accord_error *error)
{
    size_t room = sizeof reader->line - reader->line_size, look = text->size < room ? text->size : room;
    const uint8_t *end = memchr(text->data, '\n', look);
    size_t size = end == NULL ? look : (size_t)(end - text->data) + 1;
    *line = (struct accord_bytes){text->data, end == NULL ? 0 : size};
    if (end == NULL || reader->line_size > 0) {
        memcpy(reader->line + reader->line_size, text->data, size);
        reader->line_size += size;
        line->data = reader->line;
    }
    *text = (struct accord_bytes){text->data + size, text->size - size};
    if (end != NULL && line->data == reader->line) {
        line->size = reader->line_size;
        reader->line_size = 0;
    }
    if (reader->line_size < sizeof reader->line)
        return ACCORD_OK;
    reader->number++;
    return wrong(reader, ACCORD_MALFORMED, error);
}

enum accord_status accord_age_unarmor_write(struct accord_age_armor_reader *reader, struct accord_bytes text,
                                            struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && text.size > 0) {
        struct accord_bytes line = {NULL, 0};
        if (reader->place == ACCORD_AGE_ARMOR_BEFORE || reader->place == ACCORD_AGE_ARMOR_AFTER)
            status = take_space(reader, &text, error);
        if (status == ACCORD_OK && text.size > 0)
            status = cut_line(reader, &text, &line, error);
        if (status == ACCORD_OK && line.size > 0)
            status = take_line(reader, line, error);
    }
    return status == ACCORD_OK ? flush(reader, error) : status;
}

enum accord_status accord_age_unarmor_end(struct accord_age_armor_reader *reader, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    if (reader->line_size > 0)
        status = take_line(reader, (struct accord_bytes){reader->line, reader->line_size}, error);
    if (status == ACCORD_OK)
        status = flush(reader, error);
    if (status != ACCORD_OK || reader->place == ACCORD_AGE_ARMOR_AFTER)
        return status;
    reader->number++;
    return wrong(reader, ACCORD_MALFORMED, error);
}
