/* Lines taken one after the other, and the values that several kinds of statements hold. Knows the order that a kind's
 * grammar asks for only by what its caller takes next; knows no kind by itself. */
#include "core/fields.h"

#include "core/text.h"

#include <string.h>

#define RECIPIENT_SIZE 62

static bool lower_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool accord_domain_valid(struct accord_bytes domain)
{
    size_t label = 0, dots = 0;
    for (size_t i = 0; i < domain.size; i++) {
        uint8_t c = domain.data[i];
        if (c == '.') {
            if (label == 0 || domain.data[i - 1] == '-')
                return false;
            dots++;
            label = 0;
            continue;
        }
        if (!lower_or_digit(c) && !(c == '-' && label > 0))
            return false;
        if (++label > ACCORD_LABEL_SIZE_MAX)
            return false;
    }
    return dots > 0 && label > 0 && domain.data[domain.size - 1] != '-' && domain.size <= ACCORD_DOMAIN_SIZE_MAX;
}

bool accord_token_valid(struct accord_bytes token)
{
    for (size_t i = 0; i < token.size; i++) {
        uint8_t c = token.data[i];
        bool first = lower_or_digit(c) || (c >= 'A' && c <= 'Z');
        if (!first && (i == 0 || c == 0 || memchr("._+~:-", c, 6) == NULL))
            return false;
    }
    return token.size > 0 && token.size <= ACCORD_TOKEN_SIZE_MAX;
}

bool accord_recipient_valid(struct accord_bytes text)
{
    if (text.size != RECIPIENT_SIZE || memcmp(text.data, "age1", 4) != 0)
        return false;
    for (size_t i = 4; i < text.size; i++)
        if (memchr("qpzry9x8gf2tvdw0s3jn54khce6mua7l", text.data[i], 32) == NULL)
            return false;
    return true;
}

bool accord_url_valid(struct accord_bytes url)
{
    struct accord_bytes rest = url, scheme;
    if (!accord_cut(&rest, ':', &scheme) || scheme.size == 0 || !accord_cut_prefix(&rest, ACCORD_LITERAL("//")))
        return false;
    for (size_t i = 0; i < scheme.size; i++)
        if (!lower_or_digit(scheme.data[i]))
            return false;
    for (size_t i = 0; i < rest.size; i++)
        if (rest.data[i] <= ' ' || rest.data[i] > '~')
            return false;
    return rest.size > 0 && url.size <= ACCORD_URL_SIZE_MAX;
}

static bool extension(struct accord_bytes key)
{
    return accord_cut_prefix(&key, ACCORD_LITERAL("x-"));
}

/* Puts the next line that the grammar speaks of at hand. */
static void step(struct accord_fields *fields)
{
    do {
        fields->more = accord_statement_next(fields->statement, &fields->cursor, &fields->next);
    } while (fields->more && fields->extensions && extension(fields->next.key));
}

/* Is it a key of this kind, and may it come again? */
static bool known(const struct accord_fields *fields, struct accord_bytes key, bool *again)
{
    struct accord_bytes rest = fields->keys, word;
    while (accord_word_next(&rest, &word)) {
        *again = word.data[word.size - 1] == '*';
        word.size -= *again ? 1 : 0;
        if (accord_bytes_equal(word, key))
            return true;
    }
    return false;
}

/* Did this key stand on a line before the one at hand? Only a refusal asks. */
static bool seen(const struct accord_fields *fields, struct accord_bytes key)
{
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(fields->statement, &cursor, &field) && field.line < fields->next.line)
        if (accord_bytes_equal(field.key, key))
            return true;
    return false;
}

static bool refuse(struct accord_fields *fields, enum accord_status status, uint64_t line, struct accord_bytes what)
{
    fields->status = status;
    accord_fail(fields->error, status, line);
    accord_error_what(fields->error, what);
    return false;
}

/* The line at hand is not the one that the grammar asks for; wanted is empty where it asks for none. */
static bool refuse_place(struct accord_fields *fields, struct accord_bytes wanted)
{
    struct accord_bytes key = fields->next.key;
    uint64_t line = fields->next.line;
    bool again = false;
    if (!fields->more)
        return refuse(fields, ACCORD_MISSING_FIELD, fields->statement->note.signature_line - 1, wanted);
    if (!extension(key) && !known(fields, key, &again)) {
        refuse(fields, ACCORD_UNKNOWN_FIELD, line, key);
        accord_error_found(fields->error, key);
        return false;
    }
    if (!again && !extension(key) && seen(fields, key))
        return refuse(fields, ACCORD_DUPLICATE, line, key);
    if (wanted.size > 0) {
        refuse(fields, ACCORD_MISSING_FIELD, line, wanted);
        accord_error_expected(fields->error, wanted);
        accord_error_found(fields->error, key);
        return false;
    }
    refuse(fields, ACCORD_MALFORMED, line, key);
    accord_error_expected(fields->error, fields->keys);
    accord_error_found(fields->error, key);
    return false;
}

enum accord_status accord_fields_open(struct accord_fields *fields, struct accord_statement_claim *statement,
                                      struct accord_bytes entry, struct accord_bytes kind, struct accord_bytes keys,
                                      struct accord_error *error)
{
    memset(fields, 0, sizeof *fields);
    fields->statement = statement;
    fields->keys = keys;
    fields->error = error;
    enum accord_status status = accord_statement_parse(statement, entry, error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_bytes_equal(statement->kind, kind)) {
        accord_fail(error, ACCORD_UNKNOWN_KIND, 1);
        accord_error_expected(error, kind);
        accord_error_found(error, statement->kind);
        return ACCORD_UNKNOWN_KIND;
    }
    step(fields);
    return ACCORD_OK;
}

void accord_fields_allow_extensions(struct accord_fields *fields)
{
    fields->extensions = true;
    if (fields->more && extension(fields->next.key))
        step(fields);
}

bool accord_fields_at(const struct accord_fields *fields, struct accord_bytes key)
{
    return fields->more && accord_bytes_equal(fields->next.key, key);
}

bool accord_fields_take(struct accord_fields *fields, struct accord_bytes key)
{
    if (!accord_fields_at(fields, key))
        return refuse_place(fields, key);
    fields->taken = fields->next;
    step(fields);
    return true;
}

bool accord_fields_end(struct accord_fields *fields)
{
    return !fields->more || refuse_place(fields, (struct accord_bytes){NULL, 0});
}

bool accord_fields_refuse(struct accord_fields *fields, enum accord_status status, struct accord_bytes expected,
                          struct accord_bytes found)
{
    refuse(fields, status, fields->taken.line, fields->taken.key);
    accord_error_expected(fields->error, expected);
    accord_error_found(fields->error, found);
    return false;
}

bool accord_fields_part_number(struct accord_fields *fields, struct accord_bytes text, uint64_t least, uint64_t most,
                               uint64_t *number)
{
    uint8_t range[2 * ACCORD_DECIMAL_SIZE_MAX + 4];
    struct accord_out out = {range, sizeof range, 0, false};
    if (!accord_decimal_read(text, number))
        return accord_fields_refuse(fields, ACCORD_BAD_DECIMAL, ACCORD_LITERAL("a decimal number"), text);
    if (*number >= least && *number <= most)
        return true;
    accord_put_decimal(&out, least);
    accord_put(&out, ACCORD_LITERAL(" to "));
    accord_put_decimal(&out, most);
    return accord_fields_refuse(fields, ACCORD_MALFORMED, accord_out_bytes(&out), text);
}

bool accord_fields_part_digest(struct accord_fields *fields, struct accord_bytes text, uint8_t hash[ACCORD_HASH_SIZE])
{
    return accord_digest_parse(text, hash) ||
           accord_fields_refuse(fields, ACCORD_BAD_HEX, ACCORD_LITERAL("sha256:<64 lowercase hex digits>"), text);
}

bool accord_fields_part_domain(struct accord_fields *fields, struct accord_bytes text)
{
    return accord_domain_valid(text) ||
           accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("a domain like cisco.com"), text);
}

bool accord_fields_part_url(struct accord_fields *fields, struct accord_bytes text)
{
    return accord_url_valid(text) ||
           accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("a URL like https://log.example/"), text);
}

bool accord_fields_part_vkey(struct accord_fields *fields, struct accord_bytes text, const struct accord_crypto *crypto,
                             struct accord_vkey *vkey)
{
    fields->status = accord_vkey_parse(vkey, text, crypto, fields->error);
    if (fields->status == ACCORD_OK)
        return true;
    if (fields->error != NULL)
        fields->error->line = fields->taken.line;
    return false;
}

bool accord_fields_key_of(struct accord_fields *fields, const struct accord_vkey *vkey, struct accord_bytes domain)
{
    struct accord_bytes rest = vkey->name;
    if (accord_cut_prefix(&rest, domain) && (rest.size == 0 || rest.data[0] == '/'))
        return true;
    return accord_fields_refuse(fields, ACCORD_WRONG_KEY, domain, vkey->name);
}

bool accord_fields_number(struct accord_fields *fields, struct accord_bytes key, uint64_t least, uint64_t most,
                          uint64_t *number)
{
    return accord_fields_take(fields, key) &&
           accord_fields_part_number(fields, fields->taken.value, least, most, number);
}

bool accord_fields_digest(struct accord_fields *fields, struct accord_bytes key, uint8_t hash[ACCORD_HASH_SIZE])
{
    return accord_fields_take(fields, key) && accord_fields_part_digest(fields, fields->taken.value, hash);
}

bool accord_fields_domain(struct accord_fields *fields, struct accord_bytes key, struct accord_bytes *domain)
{
    if (!accord_fields_take(fields, key))
        return false;
    *domain = fields->taken.value;
    return accord_fields_part_domain(fields, *domain);
}

bool accord_fields_token(struct accord_fields *fields, struct accord_bytes key, struct accord_bytes *token)
{
    if (!accord_fields_take(fields, key))
        return false;
    *token = fields->taken.value;
    return accord_token_valid(*token) ||
           accord_fields_refuse(fields, ACCORD_MALFORMED,
                                ACCORD_LITERAL("a letter or digit, then letters, digits or . _ + ~ : -"), *token);
}
