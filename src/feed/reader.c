/* What the readers of the formats share: giving claims, and making of others' texts what a claim may hold. It knows no
 * format, and neither names of products nor versions (product.c, range.c). */
#include "feed/reader.h"

#include "core/text.h"

#include <string.h>

#define IDS_MAX 256

enum accord_status accord_feed_begin(struct accord_feed_reader *reader)
{
    if (reader->whole.exhausted || reader->brief.exhausted)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    if (reader->vulnerability.id.size == 0 || reader->vulnerability.document.size == 0)
        return accord_json_refuse(&reader->root, ACCORD_MALFORMED, "an id", reader->error);
    enum accord_status status = ACCORD_OK;
    if (reader->sink != NULL)
        status = reader->sink->begin(reader->sink->context, &reader->vulnerability, reader->error);
    return status;
}

enum accord_status accord_feed_claim(struct accord_feed_reader *reader, const struct accord_claim *claim)
{
    if (reader->whole.exhausted || reader->brief.exhausted)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    if (claim->product.size == 0) /* its name is white space, and would be that of everything without a name */
        return accord_json_refuse(&reader->root, ACCORD_MALFORMED, "names of products", reader->error);
    if (++reader->claims > ACCORD_FEED_CLAIMS_MAX)
        return accord_json_refuse(&reader->root, ACCORD_TOO_LARGE, "at most 4194304 claims", reader->error);
    enum accord_status status = ACCORD_OK;
    if (reader->sink != NULL)
        status = reader->sink->claim(reader->sink->context, claim, reader->error);
    return status;
}

static bool is_space(uint8_t byte)
{
    return byte <= ' ' || byte == 0x7f;
}

/* Does squeezing leave the text as it is? */
static bool is_squeezed(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (is_space(text.data[i]) && (text.data[i] != ' ' || i == 0 || i + 1 == text.size || text.data[i + 1] == ' '))
            return false;
    return true;
}

static struct accord_bytes squeeze(struct accord_arena *arena, struct accord_bytes text)
{
    struct accord_out out = accord_arena_room(arena, text.size);
    for (size_t i = 0; i < text.size; i++) {
        if (!is_space(text.data[i]))
            accord_put_byte(&out, text.data[i]);
        else if (out.size > 0 && out.data[out.size - 1] != ' ')
            accord_put_byte(&out, ' ');
    }
    if (out.size > 0 && out.data[out.size - 1] == ' ')
        out.size--;
    return accord_out_bytes(&out);
}

/* The most of a text that fits, without a part of a character. */
static struct accord_bytes cut(struct accord_bytes text, size_t size_max)
{
    if (text.size <= size_max)
        return text;
    text.size = size_max;
    while (text.size > 0 && (text.data[text.size] & 0xc0) == 0x80)
        text.size--;
    return text;
}

struct accord_bytes accord_feed_line(struct accord_arena *arena, struct accord_bytes text)
{
    /* What is far behind the end of the line need not be looked at. */
    text = cut(text, 2 * ACCORD_FEED_LINE_SIZE_MAX);
    return cut(is_squeezed(text) ? text : squeeze(arena, text), ACCORD_FEED_LINE_SIZE_MAX);
}

struct accord_bytes accord_feed_folded(struct accord_arena *arena, struct accord_bytes text)
{
    struct accord_out out = accord_arena_room(arena, text.size);
    if (!is_squeezed(text))
        text = squeeze(arena, text);
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        accord_put_byte(&out, byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte);
    }
    return accord_out_bytes(&out);
}

bool accord_feed_id_valid(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (is_space(text.data[i]))
            return false;
    return text.size > 0 && text.size <= ACCORD_FEED_ID_SIZE_MAX;
}

enum accord_status accord_feed_date(struct accord_feed_reader *reader, const struct accord_json *up, const char *name,
                                    uint64_t *seconds)
{
    struct accord_json at = accord_json_member(up, name);
    struct accord_bytes text;
    *seconds = 0;
    enum accord_status status = accord_json_string(&at, ACCORD_FEED_ID_SIZE_MAX, &text, reader->error);
    if (status != ACCORD_OK || text.size == 0 || accord_json_date(text, seconds))
        return status;
    return accord_json_refuse(&at, ACCORD_MALFORMED, "a date as RFC 3339 has it", reader->error);
}

enum accord_status accord_feed_member_line(struct accord_feed_reader *reader, const struct accord_json *up,
                                           const char *name, struct accord_bytes *line)
{
    struct accord_bytes text;
    enum accord_status status = accord_json_member_text(up, name, ACCORD_FEED_DOCUMENT_MAX, &text, reader->error);
    *line = accord_feed_line(&reader->whole, text);
    return status;
}

/* 4 for CVSS:4.0, 3 for what begins with CVSS:3.1, 2 for 3.0, 1 for version 2; 0 for what is no vector. */
static unsigned vector_rank(struct accord_bytes vector)
{
    if (!accord_feed_id_valid(vector))
        return 0;
    if (accord_cut_prefix(&vector, ACCORD_LITERAL("CVSS:4.")))
        return 4;
    if (accord_cut_prefix(&vector, ACCORD_LITERAL("CVSS:3.1/")))
        return 3;
    if (accord_cut_prefix(&vector, ACCORD_LITERAL("CVSS:3.0/")))
        return 2;
    return accord_cut_prefix(&vector, ACCORD_LITERAL("AV:")) ? 1 : 0;
}

void accord_feed_severity(struct accord_bytes *best, struct accord_bytes vector)
{
    if (vector_rank(vector) > vector_rank(*best))
        *best = vector;
}

enum accord_status accord_feed_ids_start(struct accord_feed_reader *reader, struct accord_feed_ids *ids,
                                         size_t capacity)
{
    *ids = (struct accord_feed_ids){.capacity = capacity};
    if (capacity > IDS_MAX) {
        accord_fail(reader->error, ACCORD_TOO_LARGE, 0);
        accord_error_what(reader->error, ACCORD_LITERAL("the names of one vulnerability"));
        accord_error_expected_number(reader->error, IDS_MAX);
        accord_error_found_number(reader->error, capacity);
        return ACCORD_TOO_LARGE;
    }
    ids->list = accord_arena_take(&reader->whole, capacity * sizeof *ids->list);
    return ids->list == NULL ? accord_fail(reader->error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

void accord_feed_ids_add(struct accord_feed_ids *ids, struct accord_bytes id)
{
    if (ids->count == ids->capacity || !accord_feed_id_valid(id))
        return;
    for (size_t i = 0; i < ids->count; i++)
        if (accord_bytes_equal(ids->list[i], id))
            return;
    ids->list[ids->count++] = id;
}

static bool is_cve(struct accord_bytes id)
{
    return accord_cut_prefix(&id, ACCORD_LITERAL("CVE-"));
}

void accord_feed_ids_end(struct accord_feed_reader *reader, const struct accord_feed_ids *ids,
                         struct accord_bytes fallback)
{
    size_t chosen = 0, size = 0;
    while (chosen < ids->count && !is_cve(ids->list[chosen]))
        chosen++;
    if (chosen == ids->count)
        chosen = 0;
    reader->vulnerability.id = ids->count > 0 ? ids->list[chosen] : fallback;
    reader->vulnerability.aliases = (struct accord_bytes){NULL, 0};
    for (size_t i = 0; i < ids->count; i++)
        size += ids->list[i].size + 1;
    if (ids->count < 2)
        return;
    struct accord_out out = accord_arena_room(&reader->whole, size);
    for (size_t i = 0; i < ids->count; i++) {
        if (i == chosen)
            continue;
        if (out.size > 0)
            accord_put_byte(&out, ' ');
        accord_put(&out, ids->list[i]);
    }
    reader->vulnerability.aliases = accord_out_bytes(&out);
}
