/* Cover sheets: the grammar of what stands first in a parcel (docs/protocol.md, "The parcel"). Knows text; whether the
 * files are those that it names, and who it was sealed to, it does not ask. */
#include "case/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "accord/statement.h"
#include "core/characters.h"
#include "core/fields.h"
#include "core/text.h"

#define NAME_SIZE_MAX 100
#define TEXT_SIZE_MAX 256

/* One line is at hand, and is taken by its key; the first refusal ends it. */
struct sheet {
    struct accord_bytes rest, key, value;
    uint64_t line; /* of the one at hand */
    bool more;
    enum accord_status status;
    struct accord_error *error;
};

static bool refuse(struct sheet *sheet, enum accord_status status, struct accord_bytes expected)
{
    sheet->status = accord_fail(sheet->error, status, sheet->line);
    accord_error_what(sheet->error, sheet->more ? sheet->key : ACCORD_LITERAL("the cover"));
    accord_error_expected(sheet->error, expected);
    accord_error_found(sheet->error, sheet->value);
    return false;
}

/* Puts the next line at hand. */
static bool step(struct sheet *sheet)
{
    struct accord_bytes line = {NULL, 0};
    sheet->more = sheet->rest.size > 0;
    sheet->value = line;
    if (!sheet->more)
        return true;
    sheet->line++;
    if (!accord_cut_line(&sheet->rest, &line))
        return refuse(sheet, ACCORD_MALFORMED, ACCORD_LITERAL("a newline at the end"));
    sheet->value = line;
    if (!accord_cut(&sheet->value, ' ', &sheet->key) || sheet->key.size == 0 || sheet->value.size == 0 ||
        sheet->value.data[0] == ' ' || sheet->value.data[sheet->value.size - 1] == ' ') {
        sheet->key = line;
        return refuse(sheet, ACCORD_MALFORMED, ACCORD_LITERAL("key, space, value"));
    }
    return true;
}

static bool at(const struct sheet *sheet, const char *key)
{
    return sheet->status == ACCORD_OK && sheet->more &&
           accord_bytes_equal(sheet->key, (struct accord_bytes){(const uint8_t *)key, strlen(key)});
}

/* Is the line at hand of a key that a cover has? */
static bool known(const struct sheet *sheet)
{
    static const char *const keys[] = {"salt",    "vendor",   "case",     "group",   "recipient", "title",
                                       "product", "affected", "severity", "contact", "file"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (at(sheet, keys[i]))
            return true;
    return false;
}

/* The line at hand has to have this key. */
static bool want(struct sheet *sheet, const char *key)
{
    if (sheet->status != ACCORD_OK)
        return false;
    if (at(sheet, key))
        return true;
    return refuse(sheet, sheet->more && !known(sheet) ? ACCORD_UNKNOWN_FIELD : ACCORD_MISSING_FIELD,
                  (struct accord_bytes){(const uint8_t *)key, strlen(key)});
}

static bool take_hash(struct sheet *sheet, const char *key, uint8_t hash[ACCORD_HASH_SIZE])
{
    if (!want(sheet, key))
        return false;
    if (!accord_hex_read(sheet->value, hash, ACCORD_HASH_SIZE))
        return refuse(sheet, ACCORD_BAD_HEX, ACCORD_LITERAL("64 lowercase hexadecimal digits"));
    return step(sheet);
}

static bool take_text(struct sheet *sheet, const char *key, struct accord_bytes *text)
{
    if (!want(sheet, key))
        return false;
    if (sheet->value.size > TEXT_SIZE_MAX)
        return refuse(sheet, ACCORD_MALFORMED, ACCORD_LITERAL("at most 256 octets"));
    *text = sheet->value;
    return step(sheet);
}

static bool take_optional(struct sheet *sheet, const char *key, struct accord_bytes *text)
{
    return at(sheet, key) ? take_text(sheet, key, text) : sheet->status == ACCORD_OK;
}

static bool take_vendor(struct sheet *sheet, struct accord_bytes *vendor)
{
    if (!want(sheet, "vendor"))
        return false;
    if (!accord_domain_valid(sheet->value))
        return refuse(sheet, ACCORD_MALFORMED, ACCORD_LITERAL("a domain"));
    *vendor = sheet->value;
    return step(sheet);
}

static bool take_key(struct sheet *sheet, const struct accord_crypto *crypto, struct accord_bytes *key)
{
    struct accord_vkey vkey;
    if (!want(sheet, "case"))
        return false;
    enum accord_status status = accord_vkey_parse(&vkey, sheet->value, crypto, NULL);
    if (status != ACCORD_OK)
        return refuse(sheet, status, ACCORD_LITERAL("a vkey"));
    if (vkey.type != ACCORD_KEY_ED25519 || !accord_bytes_equal(vkey.name, ACCORD_LITERAL(ACCORD_REPORTER_NAME)))
        return refuse(sheet, ACCORD_KEY_TYPE, ACCORD_LITERAL("a key of type 1, named reporter"));
    *key = sheet->value;
    return step(sheet);
}

static bool take_recipients(struct sheet *sheet, struct accord_cover *cover)
{
    if (!want(sheet, "recipient"))
        return false;
    while (at(sheet, "recipient")) {
        if (cover->recipient_count == ACCORD_COVER_RECIPIENTS_MAX)
            return refuse(sheet, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 32 recipients"));
        if (!accord_recipient_valid(sheet->value))
            return refuse(sheet, ACCORD_BAD_KEY, ACCORD_LITERAL("an age1... recipient"));
        cover->recipients[cover->recipient_count++] = sheet->value;
        if (!step(sheet))
            return false;
    }
    return sheet->status == ACCORD_OK;
}

static bool take_product(struct sheet *sheet, struct accord_bytes *product)
{
    if (!at(sheet, "product"))
        return sheet->status == ACCORD_OK;
    if (!accord_token_valid(sheet->value))
        return refuse(sheet, ACCORD_MALFORMED, ACCORD_LITERAL("a token"));
    *product = sheet->value;
    return step(sheet);
}

/* A digest is a token, too. */
static bool take_affected(struct sheet *sheet, struct accord_cover *cover)
{
    while (at(sheet, "affected")) {
        if (cover->affected_count == ACCORD_COVER_AFFECTED_MAX)
            return refuse(sheet, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 64 of them"));
        if (!accord_token_valid(sheet->value))
            return refuse(sheet, ACCORD_MALFORMED, ACCORD_LITERAL("a digest, or a token"));
        cover->affected[cover->affected_count++] = sheet->value;
        if (!step(sheet))
            return false;
    }
    return sheet->status == ACCORD_OK;
}

static bool name_valid(struct accord_bytes name)
{
    return name.size > 0 && name.size <= NAME_SIZE_MAX && name.data[0] != ' ' && name.data[name.size - 1] != ' ' &&
           memchr(name.data, '/', name.size) == NULL && !accord_bytes_equal(name, ACCORD_LITERAL(".")) &&
           !accord_bytes_equal(name, ACCORD_LITERAL("..")) && !accord_bytes_equal(name, ACCORD_LITERAL("COVER"));
}

bool accord_cover_name_valid(struct accord_bytes name)
{
    return name_valid(name) && memchr(name.data, '\n', name.size) == NULL &&
           accord_characters_check(name, NULL) == ACCORD_OK;
}

static bool take_file(struct sheet *sheet, struct accord_cover *cover)
{
    struct accord_bytes name = sheet->value, size;
    if (cover->file_count == ACCORD_COVER_FILES_MAX)
        return refuse(sheet, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 1024 files"));
    struct accord_cover_file *file = &cover->files[cover->file_count];
    if (!accord_cut(&name, ' ', &size) || !name_valid(name))
        return refuse(sheet, ACCORD_MALFORMED, ACCORD_LITERAL("size, file name"));
    if (!accord_decimal_read(size, &file->size))
        return refuse(sheet, ACCORD_BAD_DECIMAL, ACCORD_LITERAL("a decimal number"));
    if (file->size > ACCORD_PARCEL_FILE_MAX)
        return refuse(sheet, ACCORD_TOO_LARGE, ACCORD_LITERAL("a file of at most 8589934591 octets"));
    for (size_t i = 0; i < cover->file_count; i++)
        if (accord_bytes_equal(cover->files[i].name, name))
            return refuse(sheet, ACCORD_DUPLICATE, ACCORD_LITERAL("each file name once"));
    file->name = name;
    cover->file_count++;
    return step(sheet);
}

static bool take_files(struct sheet *sheet, struct accord_cover *cover)
{
    if (!want(sheet, "file"))
        return false;
    while (at(sheet, "file"))
        if (!take_file(sheet, cover))
            return false;
    if (sheet->status == ACCORD_OK && sheet->more)
        return refuse(sheet, known(sheet) ? ACCORD_MALFORMED : ACCORD_UNKNOWN_FIELD, ACCORD_LITERAL("nothing more"));
    return sheet->status == ACCORD_OK;
}

static bool take_all(struct sheet *sheet, struct accord_cover *cover, const struct accord_crypto *crypto)
{
    if (!step(sheet) || !take_hash(sheet, "salt", cover->salt) || !take_vendor(sheet, &cover->vendor) ||
        !take_key(sheet, crypto, &cover->key))
        return false;
    cover->has_group = at(sheet, "group");
    return (!cover->has_group || take_hash(sheet, "group", cover->group)) && take_recipients(sheet, cover) &&
           take_text(sheet, "title", &cover->title) && take_product(sheet, &cover->product) &&
           take_affected(sheet, cover) && take_optional(sheet, "severity", &cover->severity) &&
           take_optional(sheet, "contact", &cover->contact) && take_files(sheet, cover);
}

enum accord_status accord_cover_parse(struct accord_cover *cover, struct accord_bytes text,
                                      const struct accord_crypto *crypto, struct accord_error *error)
{
    struct sheet sheet = {.rest = text, .line = 1, .status = ACCORD_OK, .error = error};
    memset(cover, 0, sizeof *cover);
    if (text.size > ACCORD_COVER_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("the cover"));
        accord_error_expected_number(error, ACCORD_COVER_SIZE_MAX);
        return ACCORD_TOO_LARGE;
    }
    enum accord_status status = accord_characters_check(text, error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_cut_prefix(&sheet.rest, ACCORD_LITERAL("accord/v1/cover\n"))) {
        (void)refuse(&sheet, ACCORD_MALFORMED, ACCORD_LITERAL("accord/v1/cover"));
        return sheet.status;
    }
    if (!take_all(&sheet, cover, crypto))
        return sheet.status;
    if (accord_parcel_size(cover, text.size) <= ACCORD_PARCEL_SIZE_MAX)
        return ACCORD_OK;
    accord_fail(error, ACCORD_TOO_LARGE, 0);
    accord_error_what(error, ACCORD_LITERAL("all files together"));
    accord_error_expected_number(error, ACCORD_PARCEL_SIZE_MAX);
    return ACCORD_TOO_LARGE;
}

static void put_hash(struct accord_out *out, struct accord_bytes key, const uint8_t hash[ACCORD_HASH_SIZE])
{
    accord_put(out, key);
    accord_put_byte(out, ' ');
    accord_put_hex(out, (struct accord_bytes){hash, ACCORD_HASH_SIZE});
    accord_put_byte(out, '\n');
}

static void put_optional(struct accord_out *out, struct accord_bytes key, struct accord_bytes value)
{
    if (value.size > 0)
        accord_field_print(out, key, value);
}

static void put_file(struct accord_out *out, const struct accord_cover_file *file)
{
    accord_put(out, ACCORD_LITERAL("file "));
    accord_put_decimal(out, file->size);
    accord_put_byte(out, ' ');
    accord_put(out, file->name);
    accord_put_byte(out, '\n');
}

void accord_cover_print(struct accord_out *out, const struct accord_cover *cover)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/cover\n"));
    put_hash(out, ACCORD_LITERAL("salt"), cover->salt);
    accord_field_print(out, ACCORD_LITERAL("vendor"), cover->vendor);
    accord_field_print(out, ACCORD_LITERAL("case"), cover->key);
    if (cover->has_group)
        put_hash(out, ACCORD_LITERAL("group"), cover->group);
    for (size_t i = 0; i < cover->recipient_count; i++)
        accord_field_print(out, ACCORD_LITERAL("recipient"), cover->recipients[i]);
    accord_field_print(out, ACCORD_LITERAL("title"), cover->title);
    put_optional(out, ACCORD_LITERAL("product"), cover->product);
    for (size_t i = 0; i < cover->affected_count; i++)
        accord_field_print(out, ACCORD_LITERAL("affected"), cover->affected[i]);
    put_optional(out, ACCORD_LITERAL("severity"), cover->severity);
    put_optional(out, ACCORD_LITERAL("contact"), cover->contact);
    for (size_t i = 0; i < cover->file_count; i++)
        put_file(out, &cover->files[i]);
}

static int compare_keys(const void *a, const void *b)
{
    const struct accord_bytes *one = a, *other = b;
    size_t shared = one->size < other->size ? one->size : other->size;
    int order = memcmp(one->data, other->data, shared);
    return order != 0 ? order : (one->size > other->size) - (one->size < other->size);
}

void accord_cover_group(const struct accord_crypto *crypto, const struct accord_bytes *keys, size_t count,
                        uint8_t group[ACCORD_HASH_SIZE])
{
    struct accord_bytes sorted[ACCORD_COVER_GROUP_MAX];
    struct accord_sha256 sha;
    size_t taken = count < ACCORD_COVER_GROUP_MAX ? count : ACCORD_COVER_GROUP_MAX;
    memcpy(sorted, keys, taken * sizeof *sorted);
    qsort(sorted, taken, sizeof *sorted, compare_keys);
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, (const uint8_t *)"accord/v1/group\n", 16);
    for (size_t i = 0; i < taken; i++) {
        crypto->sha256_update(&sha, sorted[i].data, sorted[i].size);
        crypto->sha256_update(&sha, (const uint8_t *)"\n", 1);
    }
    crypto->sha256_final(&sha, group);
}
