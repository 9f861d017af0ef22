/* From the lines that a person writes to those of the statement: the same lines, in the grammar's order. It knows the
 * keys and their sections; values it passes on as they are. */
#include "advisory/source.h"

#include <string.h>

#include "core/fields.h"
#include "core/text.h"

/* The keys in the order of the statement, and where a section begins that may come again. */
static const char *const order[] = {
    "vendor", "id",        "state",    "title",         "case",  "text",         "reference", "product",
    "order",  "purl",      "cpe",      "vulnerability", "alias", "about",        "weakness",  "severity",
    "credit", "exploited", "affected", "investigating", "fixed", "not-affected", "remedy"};
#define KEY_COUNT (sizeof order / sizeof order[0])
#define HEAD_COUNT 4 /* each of them once */
/* Places in it. */
enum { VENDOR, ID, STATE, TITLE, CASE, FIRST_PRODUCT = 7, FIRST_VULNERABILITY = 11, AFFECTED = 18, FIXED = 20 };

struct line {
    struct accord_bytes whole, key, value;
    uint64_t number; /* from 1 */
};

/* Steps to the next line that says something. */
static bool next_line(struct accord_bytes *rest, struct line *line)
{
    while (rest->size > 0) {
        line->number++;
        if (!accord_cut_line(rest, &line->whole)) {
            line->whole = *rest;
            rest->size = 0;
        }
        if (line->whole.size > 0 && line->whole.data[line->whole.size - 1] == '\r') {
            line->whole.size--;
        }
        if (line->whole.size > 0 && line->whole.data[0] != '#') {
            line->value = line->whole;
            if (!accord_cut(&line->value, ' ', &line->key)) {
                line->key = line->whole;
                line->value.size = 0;
            }
            return true;
        }
    }
    return false;
}

static size_t place_of(struct accord_bytes key)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (accord_bytes_equal(key, (struct accord_bytes){(const uint8_t *)order[i], strlen(order[i])})) {
            return i;
        }
    }
    return KEY_COUNT;
}

static bool extension(struct accord_bytes key)
{
    return accord_cut_prefix(&key, ACCORD_LITERAL("x-"));
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const struct line *line)
{
    accord_fail(error, status, line->number);
    accord_error_what(error, line->key);
    if (status == ACCORD_UNKNOWN_FIELD) {
        accord_error_found(error, line->key);
    }
    return status;
}

/* Is every line one that an advisory may have, where it stands? */
static enum accord_status check(struct accord_bytes source, struct accord_error *error)
{
    struct accord_bytes rest = source;
    struct line line = {.number = 0};
    bool seen[HEAD_COUNT] = {false};
    size_t section = 0;
    while (next_line(&rest, &line)) {
        size_t place = place_of(line.key);
        if (place == KEY_COUNT && !extension(line.key)) {
            return refuse(error, ACCORD_UNKNOWN_FIELD, &line);
        }
        if (line.value.size == 0) {
            return refuse(error, ACCORD_MALFORMED, &line);
        }
        if (place < HEAD_COUNT) {
            if (seen[place]) {
                return refuse(error, ACCORD_DUPLICATE, &line);
            }
            seen[place] = true;
        }
        section = place == FIRST_PRODUCT || place == FIRST_VULNERABILITY ? place : section;
        bool of_product = place > FIRST_PRODUCT && place < FIRST_VULNERABILITY;
        bool of_vulnerability = place > FIRST_VULNERABILITY && place < KEY_COUNT;
        if ((of_product && section != FIRST_PRODUCT) || (of_vulnerability && section != FIRST_VULNERABILITY)) {
            refuse(error, ACCORD_MALFORMED, &line);
            accord_error_expected(error, of_product ? ACCORD_LITERAL("this below its product line")
                                                    : ACCORD_LITERAL("this below its vulnerability line"));
            return ACCORD_MALFORMED;
        }
    }
    for (size_t i = 0; i < HEAD_COUNT; i++) {
        if (!seen[i]) {
            accord_fail(error, ACCORD_MISSING_FIELD, line.number);
            accord_error_what(error, (struct accord_bytes){(const uint8_t *)order[i], strlen(order[i])});
            return ACCORD_MISSING_FIELD;
        }
    }
    return ACCORD_OK;
}

/* Writing */

struct writing {
    struct accord_buffer *text;
    enum accord_status status;
    struct accord_bytes source, vendor;
    const struct accord_advisory_head *head;
};

static void put(struct writing *to, struct accord_bytes bytes)
{
    to->status = to->status == ACCORD_OK ? accord_buffer_append(to->text, bytes) : to->status;
}

/* One version of a product, without the digest of its release? */
static bool names_version(const struct line *line, struct accord_bytes *product, struct accord_bytes *version)
{
    size_t place = place_of(line->key);
    *version = line->value;
    return place >= AFFECTED && place <= FIXED && accord_cut(version, ' ', product) && accord_token_valid(*version);
}

static void put_line(struct writing *to, const struct line *line)
{
    uint8_t digest[ACCORD_HASH_SIZE], memory[80];
    struct accord_out out = {memory, sizeof memory, 0, false};
    struct accord_bytes product, version;
    put(to, line->whole);
    if (to->head->release != NULL && names_version(line, &product, &version) &&
        to->head->release(to->head->context, to->vendor, product, version, digest)) {
        accord_put_byte(&out, ' ');
        accord_digest_print(&out, digest);
        put(to, accord_out_bytes(&out));
    }
    put(to, ACCORD_LITERAL("\n"));
}

/* The lines with this key that stand before any section, or anywhere where it is of none. */
static void put_all(struct writing *to, size_t key)
{
    struct accord_bytes rest = to->source;
    struct line line = {.number = 0};
    while (next_line(&rest, &line)) {
        if (place_of(line.key) == key) {
            put_line(to, &line);
        }
    }
}

/* The lines of the section that begins here, in the order of their keys; then *rest is behind it. */
static void put_section(struct writing *to, struct accord_bytes *rest, size_t begins, size_t ends)
{
    struct accord_bytes next = *rest, end = *rest;
    struct line line;
    for (size_t key = begins; key < ends; key++) {
        next = *rest;
        line.number = 0;
        for (bool first = true; next_line(&next, &line); first = false) {
            size_t place = place_of(line.key);
            if (!first && (place == FIRST_PRODUCT || place == FIRST_VULNERABILITY)) {
                break;
            }
            end = next;
            if (place == key) {
                put_line(to, &line);
            }
        }
    }
    *rest = end;
}

static void put_sections(struct writing *to, size_t begins, size_t ends)
{
    struct accord_bytes rest = to->source, before = rest;
    struct line line = {.number = 0};
    while (next_line(&rest, &line)) {
        if (place_of(line.key) == begins) {
            put_section(to, &before, begins, ends);
            rest = before;
        }
        before = rest;
    }
}

static void put_number_and_previous(struct writing *to)
{
    uint8_t memory[160];
    struct accord_out out = {memory, sizeof memory, 0, false};
    accord_put(&out, ACCORD_LITERAL("revision "));
    accord_put_decimal(&out, to->head->revision);
    accord_put(&out, ACCORD_LITERAL("\n"));
    if (to->head->revision > 1) {
        accord_put(&out, ACCORD_LITERAL("previous "));
        accord_digest_print(&out, to->head->previous);
        accord_put(&out, ACCORD_LITERAL("\n"));
    }
    put(to, accord_out_bytes(&out));
}

static void put_head(struct writing *to)
{
    put(to, ACCORD_LITERAL("accord/v1/advisory\n"));
    put_all(to, VENDOR);
    put_all(to, ID);
    put_number_and_previous(to);
    put_all(to, STATE);
    put_all(to, TITLE);
    if (to->head->revision > 1) {
        put(to, ACCORD_LITERAL("change "));
        put(to, to->head->change);
        put(to, ACCORD_LITERAL("\n"));
    }
}

static void put_extensions(struct writing *to)
{
    struct accord_bytes rest = to->source;
    struct line line = {.number = 0};
    while (next_line(&rest, &line)) {
        if (extension(line.key)) {
            put_line(to, &line);
        }
    }
}

enum accord_status accord_advisory_source(struct accord_bytes source, const struct accord_advisory_head *head,
                                          struct accord_buffer *text, struct accord_error *error)
{
    struct writing to = {.text = text, .source = source, .head = head};
    struct accord_bytes id;
    to.status =
        source.size <= ACCORD_ADVISORY_SOURCE_MAX ? check(source, error) : accord_fail(error, ACCORD_TOO_LARGE, 0);
    if (to.status != ACCORD_OK) {
        return to.status;
    }
    accord_advisory_source_names(source, &to.vendor, &id);
    put_head(&to);
    put_extensions(&to);
    for (size_t key = CASE; key < FIRST_PRODUCT; key++) {
        put_all(&to, key);
    }
    put_sections(&to, FIRST_PRODUCT, FIRST_VULNERABILITY);
    put_sections(&to, FIRST_VULNERABILITY, KEY_COUNT);
    return to.status == ACCORD_OK ? ACCORD_OK : accord_fail(error, to.status, 0);
}

enum accord_status accord_advisory_draft(struct accord_bytes source, const struct accord_advisory_head *head,
                                         struct accord_buffer *entry, struct accord_error *error)
{
    enum accord_status status = accord_advisory_source(source, head, entry, error);
    if (status == ACCORD_OK) {
        status = accord_buffer_append(entry, ACCORD_LITERAL("\n\xe2\x80\x94 draft AAAAAAAAAAAA\n"));
    }
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* Reading */

enum accord_status accord_advisory_unsource(const struct accord_advisory_claim *advisory, struct accord_buffer *source,
                                            struct accord_error *error)
{
    struct writing to = {.text = source};
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(&advisory->statement, &cursor, &field)) {
        size_t place = place_of(field.key);
        if (place == KEY_COUNT && !extension(field.key)) {
            continue;
        }
        if (place == FIRST_PRODUCT || place == FIRST_VULNERABILITY) {
            put(&to, ACCORD_LITERAL("\n"));
        }
        put(&to, field.key);
        put(&to, ACCORD_LITERAL(" "));
        put(&to, field.value);
        put(&to, ACCORD_LITERAL("\n"));
    }
    return to.status == ACCORD_OK ? ACCORD_OK : accord_fail(error, to.status, 0);
}

void accord_advisory_source_names(struct accord_bytes source, struct accord_bytes *vendor, struct accord_bytes *id)
{
    struct line line = {.number = 0};
    *vendor = *id = (struct accord_bytes){NULL, 0};
    while (next_line(&source, &line)) {
        size_t place = place_of(line.key);
        if (place < 2) {
            *(place == 0 ? vendor : id) = line.value;
        }
    }
}
