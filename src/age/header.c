/* The header of age files. Knows its grammar, and the form of the stanzas of each type that accord can open; of the
 * others it knows that they are stanzas. It refuses to know any key. */
#include "age/header.h"

#include "age/inner.h"
#include "core/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "age-encryption.org/v1\n"
#define BODY_COLUMNS 64
#define HYBRID_SHARE_SIZE 1120 /* of ML-KEM-768 and of X25519 */
#define SALT_SIZE 16

/* The padding is put back, and the one reader reads it. */
bool accord_age_base64_read(struct accord_bytes text, uint8_t *data, size_t size)
{
    uint8_t padded[ACCORD_BASE64_SIZE(ACCORD_AGE_BASE64_MAX)];
    if (size > ACCORD_AGE_BASE64_MAX)
        abort();
    if (text.size != (size * 8 + 5) / 6)
        return false;
    size_t padded_size = ACCORD_BASE64_SIZE(size);
    memcpy(padded, text.data, text.size);
    memset(padded + text.size, '=', padded_size - text.size);
    return accord_base64_read((struct accord_bytes){padded, padded_size}, data, size);
}

void accord_age_base64_put(struct accord_out *out, const uint8_t *data, size_t size)
{
    uint8_t padded[ACCORD_BASE64_SIZE(ACCORD_AGE_BASE64_MAX)];
    struct accord_out text = {padded, sizeof padded, 0, false};
    accord_put_base64(&text, (struct accord_bytes){data, size});
    if (text.full)
        abort();
    accord_put(out, (struct accord_bytes){padded, (size * 8 + 5) / 6});
}

bool accord_age_body_read(const struct accord_age_stanza *stanza, uint8_t *data, size_t size)
{
    struct accord_bytes line, rest = stanza->body;
    return accord_cut_line(&rest, &line) && rest.size == 0 && accord_age_base64_read(line, data, size);
}

/* A word of visible characters: false where it has others, or none. */
static bool is_word(struct accord_bytes word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < '!' || word.data[i] > '~')
            return false;
    return word.size > 0;
}

static bool are_words(struct accord_bytes text)
{
    struct accord_bytes word;
    while (accord_cut(&text, ' ', &word))
        if (!is_word(word))
            return false;
    return is_word(text);
}

/* A line of a body: canonical base64 without padding. */
static bool is_body_line(struct accord_bytes line)
{
    uint8_t data[BODY_COLUMNS / 4 * 3];
    return line.size <= BODY_COLUMNS && line.size % 4 != 1 && accord_age_base64_read(line, data, line.size * 6 / 8);
}

/* `-> type argument...`, and the lines of its body, of which the last one is not full. Where it fails, *rest stands
 * before the line that is wrong. */
static bool cut_stanza(struct accord_bytes *rest, struct accord_age_stanza *stanza)
{
    struct accord_bytes after = *rest, line;
    if (!accord_cut_prefix(&after, ACCORD_LITERAL("-> ")) || !accord_cut_line(&after, &line) || !are_words(line))
        return false;
    stanza->arguments = line;
    if (!accord_cut(&stanza->arguments, ' ', &stanza->type)) {
        stanza->type = line;
        stanza->arguments.size = 0;
    }
    *rest = after;
    stanza->body = after;
    do {
        if (!accord_cut_line(&after, &line) || !is_body_line(line))
            return false;
        *rest = after;
    } while (line.size == BODY_COLUMNS);
    stanza->body.size -= after.size;
    return true;
}

bool accord_age_header_cut(struct accord_bytes *stanzas, struct accord_age_stanza *stanza)
{
    return stanzas->size > 0 && cut_stanza(stanzas, stanza);
}

/* Stanzas that say nothing, so that readers get used to types that they do not know. */
static bool is_grease(struct accord_bytes type)
{
    static const char end[] = "-grease";
    return type.size >= sizeof end - 1 && memcmp(type.data + type.size - (sizeof end - 1), end, sizeof end - 1) == 0;
}

/* One argument, a share of so many bytes; the body holds a wrapped file key. */
static bool has_share(const struct accord_age_stanza *stanza, size_t size)
{
    uint8_t share[ACCORD_AGE_BASE64_MAX], wrapped[ACCORD_AGE_WRAPPED_SIZE];
    return accord_age_base64_read(stanza->arguments, share, size) &&
           accord_age_body_read(stanza, wrapped, sizeof wrapped);
}

/* `-> scrypt <salt> <work factor>`; a number that no 64 bits hold is well formed, and beyond all bounds. */
static bool read_scrypt(struct accord_age_header *header, const struct accord_age_stanza *stanza)
{
    uint8_t salt[SALT_SIZE], wrapped[ACCORD_AGE_WRAPPED_SIZE];
    struct accord_bytes work = stanza->arguments, text;
    uint64_t number;
    if (!accord_cut(&work, ' ', &text) || !accord_age_base64_read(text, salt, sizeof salt) ||
        !accord_age_body_read(stanza, wrapped, sizeof wrapped) || !accord_decimal_read(work, &number) || number == 0)
        return false;
    header->work_log2 = number < UINT_MAX ? (unsigned)number : UINT_MAX;
    return true;
}

static bool take_stanza(struct accord_age_header *header, const struct accord_age_stanza *stanza)
{
    bool right = true;
    if (accord_bytes_equal(stanza->type, ACCORD_LITERAL("X25519"))) {
        header->x25519++;
        right = has_share(stanza, 32);
    } else if (accord_bytes_equal(stanza->type, ACCORD_LITERAL("scrypt"))) {
        header->scrypt++;
        right = read_scrypt(header, stanza);
    } else if (accord_bytes_equal(stanza->type, ACCORD_LITERAL("mlkem768x25519"))) {
        header->hybrid++;
        header->other++;
        right = has_share(stanza, HYBRID_SHARE_SIZE);
    } else if (!is_grease(stanza->type))
        header->other++;
    return right;
}

/* `--- <MAC>` */
static bool read_end(struct accord_age_header *header, struct accord_bytes rest, size_t *size)
{
    struct accord_bytes line;
    size_t before = rest.size;
    if (!accord_cut_line(&rest, &line) || !accord_cut_prefix(&line, ACCORD_LITERAL("--- ")) ||
        !accord_age_base64_read(line, header->mac, sizeof header->mac))
        return false;
    *size = before - rest.size;
    return true;
}

/* "An scrypt stanza, if present, MUST be the only stanza in the header." */
static bool parse(struct accord_age_header *header, struct accord_bytes file, struct accord_bytes *rest)
{
    struct accord_age_stanza stanza;
    size_t stanzas = 0, end_size;
    if (!accord_cut_prefix(rest, ACCORD_LITERAL(VERSION)))
        return false;
    header->stanzas = *rest;
    for (struct accord_bytes peek = *rest; !accord_cut_prefix(&peek, ACCORD_LITERAL("---")); peek = *rest) {
        struct accord_bytes after = *rest;
        if (!cut_stanza(&after, &stanza)) {
            *rest = after;
            return false;
        }
        stanzas++;
        if (!take_stanza(header, &stanza) || (header->scrypt > 0 && stanzas > 1))
            return false;
        *rest = after;
    }
    size_t before = file.size - rest->size;
    if (stanzas == 0 || !read_end(header, *rest, &end_size))
        return false;
    header->stanzas.size -= rest->size;
    header->mac_over = (struct accord_bytes){file.data, before + 3};
    header->size = before + end_size;
    return true;
}

static uint64_t line_of(struct accord_bytes file, struct accord_bytes rest)
{
    uint64_t line = 1;
    for (size_t i = 0; i < file.size - rest.size; i++)
        line += file.data[i] == '\n';
    return line;
}

enum accord_status accord_age_header_parse(struct accord_age_header *header, struct accord_bytes file,
                                           struct accord_error *error)
{
    struct accord_bytes rest = file;
    memset(header, 0, sizeof *header);
    if (parse(header, file, &rest))
        return ACCORD_OK;
    accord_fail(error, ACCORD_MALFORMED, line_of(file, rest));
    accord_error_what(error, ACCORD_LITERAL("the header of an encrypted file"));
    return ACCORD_MALFORMED;
}

void accord_age_header_put_version(struct accord_out *out)
{
    accord_put(out, ACCORD_LITERAL(VERSION));
}

void accord_age_header_put_stanza(struct accord_out *out, const struct accord_age_stanza *stanza)
{
    accord_put(out, ACCORD_LITERAL("-> "));
    accord_put(out, stanza->type);
    if (stanza->arguments.size > 0) {
        accord_put_byte(out, ' ');
        accord_put(out, stanza->arguments);
    }
    accord_put_byte(out, '\n');
    accord_put(out, stanza->body);
}

void accord_age_header_put_end(struct accord_out *out, const uint8_t mac[32])
{
    accord_put(out, ACCORD_LITERAL("--- "));
    accord_age_base64_put(out, mac, 32);
    accord_put_byte(out, '\n');
}
