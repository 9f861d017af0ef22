/* Case files: lines of text, then the cover and the entry as they are, each behind its size (docs/reports.md, "The case
 * file"). Knows what a value looks like; whether they belong together whoever uses them asks. */
#include "case/case_file.h"

#include <stdlib.h>
#include <string.h>

#include "age/small.h"
#include "base/file.h"
#include "case/parcel.h"
#include "core/fields.h"
#include "core/text.h"
#include "crypto/backend.h"

#define FIRST "accord/v1/case-file\n"
#define LOG_SIZE_MAX 4096
#define KEY_SIZE_MAX 512
#define LINES_SIZE_MAX (LOG_SIZE_MAX + KEY_SIZE_MAX + 1024)
#define FILE_MODE 0600

/* Reading */

struct lines {
    struct accord_bytes rest;
    uint64_t line;
    struct accord_error *error;
};

static bool refuse(const struct lines *lines, const char *key, const char *expected, enum accord_status status,
                   enum accord_status *refused)
{
    *refused = accord_fail(lines->error, status, lines->line);
    accord_error_what(lines->error, (struct accord_bytes){(const uint8_t *)key, strlen(key)});
    accord_error_expected(lines->error, (struct accord_bytes){(const uint8_t *)expected, strlen(expected)});
    return false;
}

/* Takes a line of this key. What was found is not told: it may be a secret. */
static bool take(struct lines *lines, const char *key, struct accord_bytes *value, enum accord_status *refused)
{
    const struct accord_bytes name = {(const uint8_t *)key, strlen(key)};
    struct accord_bytes line;
    lines->line++;
    if (!accord_cut_line(&lines->rest, &line) || !accord_cut_prefix(&line, name) ||
        !accord_cut_prefix(&line, ACCORD_LITERAL(" ")) || line.size == 0) {
        return refuse(lines, key, "this line", ACCORD_MISSING_FIELD, refused);
    }
    *value = line;
    return true;
}

static bool take_hash(struct lines *lines, const char *key, uint8_t hash[ACCORD_HASH_SIZE], enum accord_status *refused)
{
    struct accord_bytes value;
    return take(lines, key, &value, refused) &&
           (accord_hex_read(value, hash, ACCORD_HASH_SIZE) ||
            refuse(lines, key, "64 lowercase hexadecimal digits", ACCORD_BAD_HEX, refused));
}

/* As many octets as the line says, and the last of them a newline. */
static bool take_text(struct lines *lines, const char *key, size_t most, struct accord_bytes *text,
                      enum accord_status *refused)
{
    struct accord_bytes value;
    uint64_t size;
    if (!take(lines, key, &value, refused)) {
        return false;
    }
    if (!accord_decimal_read(value, &size)) {
        return refuse(lines, key, "its size in octets", ACCORD_BAD_DECIMAL, refused);
    }
    if (size == 0 || size > most || size > lines->rest.size || lines->rest.data[size - 1] != '\n') {
        return refuse(lines, key, "so many octets, and a newline at their end", ACCORD_MALFORMED, refused);
    }
    *text = (struct accord_bytes){lines->rest.data, (size_t)size};
    lines->rest.data += size;
    lines->rest.size -= (size_t)size;
    for (size_t i = 0; i < text->size; i++) {
        lines->line += text->data[i] == '\n';
    }
    return true;
}

static bool printable(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ') {
            return false;
        }
    }
    return true;
}

static bool take_log(struct lines *lines, struct accord_bytes *log, enum accord_status *refused)
{
    return take(lines, "log", log, refused) &&
           ((printable(*log) && log->size <= LOG_SIZE_MAX) ||
            refuse(lines, "log", "a directory or a URL", ACCORD_MALFORMED, refused));
}

static bool take_vendor(struct lines *lines, struct accord_bytes *vendor, enum accord_status *refused)
{
    return take(lines, "vendor", vendor, refused) &&
           (accord_domain_valid(*vendor) || refuse(lines, "vendor", "a domain", ACCORD_MALFORMED, refused));
}

static bool take_key(struct lines *lines, struct accord_bytes *key, enum accord_status *refused)
{
    return take(lines, "key", key, refused) && ((printable(*key) && key->size <= KEY_SIZE_MAX) ||
                                                refuse(lines, "key", "PRIVATE+KEY+...", ACCORD_MALFORMED, refused));
}

enum accord_status accord_case_file_parse(struct accord_case_file *file, struct accord_bytes text,
                                          struct accord_error *error)
{
    struct lines lines = {.rest = text, .line = 1, .error = error};
    enum accord_status refused = ACCORD_OK;
    if (text.size > ACCORD_CASE_FILE_MAX) {
        (void)refuse(&lines, "the case file", "at most 1048576 octets", ACCORD_TOO_LARGE, &refused);
        return refused;
    }
    if (!accord_cut_prefix(&lines.rest, ACCORD_LITERAL(FIRST))) {
        (void)refuse(&lines, "the case file", "accord/v1/case-file on its first line", ACCORD_MALFORMED, &refused);
        return refused;
    }
    if (take_log(&lines, &file->log, &refused) && take_hash(&lines, "charter", file->charter, &refused) &&
        take_vendor(&lines, &file->vendor, &refused) && take_key(&lines, &file->private_key, &refused) &&
        take_hash(&lines, "salt", file->salt, &refused) && take_hash(&lines, "seed", file->seed, &refused) &&
        take_hash(&lines, "parcel", file->parcel, &refused) &&
        take_text(&lines, "cover", ACCORD_COVER_SIZE_MAX, &file->cover, &refused) &&
        take_text(&lines, "entry", ACCORD_ENTRY_SIZE_MAX, &file->entry, &refused) && lines.rest.size > 0) {
        (void)refuse(&lines, "the case file", "nothing after the entry", ACCORD_TRAILING, &refused);
    }
    return refused;
}

static enum accord_status append(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(context, bytes);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

static enum accord_status decrypt(struct accord_bytes sealed, struct accord_bytes passphrase,
                                  struct accord_buffer *plain, struct accord_error *error)
{
    const struct accord_age_opening opening = {.passphrase = passphrase, .armor = true, .sink = {plain, append}};
    struct accord_age_opener *opener;
    if (passphrase.size == 0) {
        enum accord_status status = accord_fail(error, ACCORD_USAGE, 0);
        accord_error_expected(error, ACCORD_LITERAL("--passphrase-file, since this case file is encrypted"));
        return status;
    }
    enum accord_status status = accord_age_opener_new(&opener, &opening, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_age_opener_write(opener, sealed, error);
    if (status == ACCORD_OK) {
        status = accord_age_opener_end(opener, error);
    }
    accord_age_opener_free(opener);
    return status;
}

/* All its room at once: a secret that moved would leave itself behind. */
static enum accord_status read_text(struct accord_buffer *text, const struct accord_fs *fs, const char *path,
                                    struct accord_bytes passphrase, struct accord_error *error)
{
    struct accord_buffer sealed;
    enum accord_status status = accord_buffer_reserve(text, ACCORD_CASE_FILE_MAX);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    accord_buffer_init(&sealed, 2 * ACCORD_CASE_FILE_MAX);
    status = accord_buffer_reserve(&sealed, 2 * ACCORD_CASE_FILE_MAX);
    status = status == ACCORD_OK ? accord_file_read(fs, path, &sealed, error) : accord_fail(error, status, 0);
    if (status == ACCORD_OK) {
        struct accord_bytes came = accord_buffer_bytes(&sealed);
        status = accord_age_recognize(came) ? decrypt(came, passphrase, text, error) : append(text, came, error);
    }
    accord_buffer_wipe(&sealed);
    return status;
}

enum accord_status accord_case_file_read(struct accord_case_file *file, const struct accord_fs *fs, const char *path,
                                         struct accord_bytes passphrase, struct accord_error *error)
{
    *file = (struct accord_case_file){0};
    accord_buffer_init(&file->text, ACCORD_CASE_FILE_MAX);
    enum accord_status status = read_text(&file->text, fs, path, passphrase, error);
    return status == ACCORD_OK ? accord_case_file_parse(file, accord_buffer_bytes(&file->text), error) : status;
}

/* Writing */

static void put_hash(struct accord_out *out, struct accord_bytes key, const uint8_t hash[ACCORD_HASH_SIZE])
{
    accord_put(out, key);
    accord_put_hex(out, (struct accord_bytes){hash, ACCORD_HASH_SIZE});
    accord_put_byte(out, '\n');
}

static void put_text(struct accord_out *out, struct accord_bytes key, struct accord_bytes text)
{
    accord_put(out, key);
    accord_put_decimal(out, text.size);
    accord_put_byte(out, '\n');
    accord_put(out, text);
}

void accord_case_file_print(struct accord_out *out, const struct accord_case_file *file)
{
    accord_put(out, ACCORD_LITERAL(FIRST));
    accord_field_print(out, ACCORD_LITERAL("log"), file->log);
    put_hash(out, ACCORD_LITERAL("charter "), file->charter);
    accord_field_print(out, ACCORD_LITERAL("vendor"), file->vendor);
    accord_field_print(out, ACCORD_LITERAL("key"), file->private_key);
    put_hash(out, ACCORD_LITERAL("salt "), file->salt);
    put_hash(out, ACCORD_LITERAL("seed "), file->seed);
    put_hash(out, ACCORD_LITERAL("parcel "), file->parcel);
    put_text(out, ACCORD_LITERAL("cover "), file->cover);
    put_text(out, ACCORD_LITERAL("entry "), file->entry);
}

static enum accord_status encrypt(struct accord_bytes plain, struct accord_bytes passphrase,
                                  struct accord_buffer *sealed, struct accord_error *error)
{
    const struct accord_age_sealing sealing = {.passphrase = passphrase, .armor = true, .sink = {sealed, append}};
    struct accord_age_sealer *sealer;
    enum accord_status status = accord_age_sealer_new(&sealer, &sealing, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_age_sealer_write(sealer, plain, error);
    if (status == ACCORD_OK) {
        status = accord_age_sealer_end(sealer, error);
    }
    accord_age_sealer_free(sealer);
    return status;
}

/* What a reader would refuse is not written: it would be all that its reporter has. */
static enum accord_status print(struct accord_buffer *plain, const struct accord_case_file *file,
                                struct accord_error *error)
{
    struct accord_case_file again = {0};
    enum accord_status status = accord_buffer_reserve(plain, plain->maximum);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {plain->data, plain->capacity, 0, false};
    accord_case_file_print(&out, file);
    plain->size = out.size;
    return out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                    : accord_case_file_parse(&again, accord_out_bytes(&out), error);
}

static enum accord_status write_file(const struct accord_case_file *file, const struct accord_fs *fs, const char *path,
                                     struct accord_bytes passphrase, bool replace, struct accord_error *error)
{
    struct accord_buffer plain, sealed;
    accord_buffer_init(&plain, file->cover.size + file->entry.size + LINES_SIZE_MAX);
    accord_buffer_init(&sealed, 2 * ACCORD_CASE_FILE_MAX);
    enum accord_status status = print(&plain, file, error);
    if (status == ACCORD_OK && passphrase.size > 0) {
        status = encrypt(accord_buffer_bytes(&plain), passphrase, &sealed, error);
    }
    if (status == ACCORD_OK) {
        struct accord_bytes bytes = accord_buffer_bytes(passphrase.size > 0 ? &sealed : &plain);
        status = replace ? accord_file_replace(fs, path, bytes, FILE_MODE, error)
                         : accord_file_create(fs, path, bytes, FILE_MODE, error);
    }
    accord_buffer_wipe(&plain);
    accord_buffer_free(&sealed);
    return status;
}

enum accord_status accord_case_file_write(const struct accord_case_file *file, const struct accord_fs *fs,
                                          const char *path, struct accord_bytes passphrase, struct accord_error *error)
{
    return write_file(file, fs, path, passphrase, false, error);
}

enum accord_status accord_case_file_replace(const struct accord_case_file *file, const struct accord_fs *fs,
                                            const char *path, struct accord_bytes passphrase,
                                            struct accord_error *error)
{
    return write_file(file, fs, path, passphrase, true, error);
}

void accord_case_file_free(struct accord_case_file *file)
{
    accord_buffer_wipe(&file->text);
    accord_wipe(file, sizeof *file);
}
