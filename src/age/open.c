/* Opening, as the file's bytes come: armor or none, the header, the payload. Knows in which order they are judged, so
 * that the answer is the same however the bytes are cut; refuses to know what is inside. */
#include "age/armor.h"
#include "age/inner.h"
#include "age/stream.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "age-encryption.org/v1\n"

/* What may open it; wiped when the header was read. */
struct keys {
    uint8_t *secrets, *hybrids;
    size_t secret_count, hybrid_count;
    uint8_t *passphrase;
    size_t passphrase_size;
};

struct accord_age_opener {
    struct accord_age_sink sink;
    enum { FORM_UNKNOWN, FORM_BINARY, FORM_ARMOR } form;
    struct accord_age_armor_reader armor;
    struct keys keys;
    bool has_file_key, ended;
    uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE];
    struct accord_buffer header;
    size_t line_start; /* of the header's line that is coming */
    bool header_read;
    uint8_t nonce[ACCORD_AGE_NONCE_SIZE];
    size_t nonce_size;
    struct accord_age_stream *stream;
    enum accord_status failed; /* what every call says from now on */
    struct accord_error error;
};

static void forget_keys(struct keys *keys)
{
    sodium_free(keys->secrets);
    sodium_free(keys->hybrids);
    sodium_free(keys->passphrase);
    memset(keys, 0, sizeof *keys);
}

/* Copies to locked memory. NULL where there is none, or nothing to copy. */
static uint8_t *keep(const uint8_t *data, size_t size)
{
    uint8_t *kept = size == 0 ? NULL : sodium_malloc(size);
    if (kept != NULL)
        memcpy(kept, data, size);
    return kept;
}

static bool keep_keys(struct accord_age_opener *opener, const struct accord_age_opening *opening)
{
    struct keys *keys = &opener->keys;
    keys->secret_count = opening->secret_count;
    keys->hybrid_count = opening->hybrid_count;
    keys->passphrase_size = opening->passphrase.size;
    keys->secrets = keep(opening->secret_count == 0 ? NULL : opening->secrets[0], opening->secret_count * 32);
    keys->hybrids = keep(opening->hybrid_count == 0 ? NULL : opening->hybrid_secrets[0], opening->hybrid_count * 32);
    keys->passphrase = keep(opening->passphrase.data, opening->passphrase.size);
    opener->has_file_key = opening->file_key != NULL;
    if (opener->has_file_key)
        memcpy(opener->file_key, opening->file_key, sizeof opener->file_key);
    return (keys->secrets != NULL || keys->secret_count == 0) && (keys->hybrids != NULL || keys->hybrid_count == 0) &&
           (keys->passphrase != NULL || keys->passphrase_size == 0);
}

static enum accord_status to_binary(void *context, struct accord_bytes bytes, struct accord_error *error);

enum accord_status accord_age_opener_new(struct accord_age_opener **opener, const struct accord_age_opening *opening,
                                         struct accord_error *error)
{
    if ((opening->secret_count + opening->hybrid_count > 0) + (opening->passphrase.size > 0) +
            (opening->file_key != NULL) !=
        1)
        abort();
    struct accord_age_opener *made = calloc(1, sizeof *made);
    *opener = NULL;
    if (made != NULL && keep_keys(made, opening)) {
        made->sink = opening->sink;
        made->form = opening->armor ? FORM_UNKNOWN : FORM_BINARY;
        made->armor.sink = (struct accord_age_sink){made, to_binary};
        accord_buffer_init(&made->header, ACCORD_AGE_HEADER_MAX);
        *opener = made;
        return ACCORD_OK;
    }
    accord_age_opener_free(made);
    return accord_fail(error, ACCORD_NO_MEMORY, 0);
}

/* The first X25519 stanza that one of the secrets opens. */
static enum accord_status unwrap_x25519(struct accord_age_opener *opener, const struct accord_age_header *header)
{
    enum accord_status status = ACCORD_WRONG_KEY;
    for (size_t i = 0; i < opener->keys.secret_count && status == ACCORD_WRONG_KEY; i++) {
        const uint8_t *secret = opener->keys.secrets + 32 * i;
        struct accord_bytes rest = header->stanzas;
        struct accord_age_stanza stanza;
        uint8_t recipient[32];
        accord_age_recipient_of(secret, recipient);
        while (status == ACCORD_WRONG_KEY && accord_age_header_cut(&rest, &stanza))
            if (accord_bytes_equal(stanza.type, ACCORD_LITERAL("X25519")))
                status = accord_age_x25519_unwrap(&stanza, secret, recipient, opener->file_key);
    }
    return status;
}

static enum accord_status unwrap_hybrid(struct accord_age_opener *opener, const struct accord_age_header *header)
{
    enum accord_status status = ACCORD_WRONG_KEY;
    for (size_t i = 0; i < opener->keys.hybrid_count && status == ACCORD_WRONG_KEY; i++) {
        struct accord_bytes rest = header->stanzas;
        struct accord_age_stanza stanza;
        while (status == ACCORD_WRONG_KEY && accord_age_header_cut(&rest, &stanza))
            if (accord_bytes_equal(stanza.type, ACCORD_LITERAL("mlkem768x25519")))
                status = accord_age_hybrid_unwrap(&stanza, opener->keys.hybrids + 32 * i, opener->file_key);
    }
    return status;
}

static enum accord_status unwrap(struct accord_age_opener *opener, const struct accord_age_header *header,
                                 struct accord_error *error)
{
    enum accord_status status = unwrap_x25519(opener, header);
    if (status == ACCORD_WRONG_KEY)
        status = unwrap_hybrid(opener, header);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static enum accord_status wrong_type(struct accord_error *error, struct accord_bytes expected)
{
    accord_fail(error, ACCORD_KEY_TYPE, 0);
    accord_error_expected(error, expected);
    return ACCORD_KEY_TYPE;
}

static enum accord_status find_file_key(struct accord_age_opener *opener, const struct accord_age_header *header,
                                        struct accord_error *error)
{
    struct accord_bytes passphrase = {opener->keys.passphrase, opener->keys.passphrase_size}, rest = header->stanzas;
    struct accord_age_stanza stanza;
    if (opener->has_file_key)
        return ACCORD_OK;
    if (passphrase.size == 0)
        return header->scrypt > 0 ? wrong_type(error, ACCORD_LITERAL("age encryption to a key, not to a passphrase"))
                                  : unwrap(opener, header, error);
    if (header->scrypt == 0 || !accord_age_header_cut(&rest, &stanza))
        return wrong_type(error, ACCORD_LITERAL("age encryption to a passphrase (scrypt)"));
    return accord_age_scrypt_unwrap(&stanza, passphrase, opener->file_key, error);
}

/* The header is there as a whole. */
static enum accord_status take_header(struct accord_age_opener *opener, struct accord_error *error)
{
    struct accord_age_header header;
    uint8_t mac[32];
    enum accord_status status = accord_age_header_parse(&header, accord_buffer_bytes(&opener->header), error);
    if (status == ACCORD_OK)
        status = find_file_key(opener, &header, error);
    if (status != ACCORD_OK)
        return status;
    forget_keys(&opener->keys);
    accord_age_header_mac(opener->file_key, header.mac_over, mac);
    if (sodium_memcmp(mac, header.mac, sizeof mac) != 0) {
        opener->has_file_key = false;
        return accord_age_fail(error, ACCORD_SIGNATURE, "the header of an encrypted file");
    }
    opener->has_file_key = true;
    opener->header_read = true;
    accord_buffer_free(&opener->header);
    return ACCORD_OK;
}

/* A header that does not end: what is wrong in it, or that it is too long. */
static enum accord_status endless(struct accord_age_opener *opener, struct accord_error *error)
{
    struct accord_age_header header;
    struct accord_error found;
    uint64_t lines = 0;
    for (size_t i = 0; i < opener->header.size; i++)
        lines += opener->header.data[i] == '\n';
    enum accord_status status = accord_age_header_parse(&header, accord_buffer_bytes(&opener->header), &found);
    if (status != ACCORD_OK && found.line <= lines) {
        if (error != NULL)
            *error = found;
        return status;
    }
    accord_age_fail(error, ACCORD_TOO_LARGE, "the header of an encrypted file");
    accord_error_expected(error, ACCORD_LITERAL("at most 65536 bytes"));
    return ACCORD_TOO_LARGE;
}

/* For the error, of a header that is wrong or not whole. */
static enum accord_status parse_again(const struct accord_buffer *bytes, struct accord_error *error)
{
    struct accord_age_header header;
    return accord_age_header_parse(&header, accord_buffer_bytes(bytes), error);
}

/* What does not begin as an age file is refused at its first byte that is wrong. */
static bool begins_right(const struct accord_buffer *header)
{
    size_t size = header->size < sizeof MAGIC - 1 ? header->size : sizeof MAGIC - 1;
    return memcmp(header->data, MAGIC, size) == 0;
}

/* Takes the header's lines, up to and including that which begins with "---". */
static enum accord_status gather_header(struct accord_age_opener *opener, struct accord_bytes *bytes,
                                        struct accord_error *error)
{
    _Static_assert(ACCORD_AGE_HEADER_MAX == 65536, "as the refusal says");
    struct accord_buffer *header = &opener->header;
    while (bytes->size > 0 && !opener->header_read) {
        const uint8_t *end = memchr(bytes->data, '\n', bytes->size);
        size_t size = end == NULL ? bytes->size : (size_t)(end - bytes->data) + 1;
        size_t room = ACCORD_AGE_HEADER_MAX - header->size;
        bool fits = size <= room;
        enum accord_status status =
            accord_buffer_append(header, (struct accord_bytes){bytes->data, fits ? size : room});
        if (status != ACCORD_OK)
            return accord_fail(error, status, 0);
        if (!begins_right(header))
            return parse_again(header, error);
        if (!fits)
            return endless(opener, error);
        *bytes = (struct accord_bytes){bytes->data + size, bytes->size - size};
        if (end == NULL)
            break;
        struct accord_bytes line = {header->data + opener->line_start, header->size - opener->line_start};
        opener->line_start = header->size;
        if (accord_cut_prefix(&line, ACCORD_LITERAL("---")))
            return take_header(opener, error);
    }
    return ACCORD_OK;
}

/* The nonce, and with it the payload's key. */
static enum accord_status gather_nonce(struct accord_age_opener *opener, struct accord_bytes *bytes,
                                       struct accord_error *error)
{
    uint8_t key[32];
    size_t room = sizeof opener->nonce - opener->nonce_size, size = bytes->size < room ? bytes->size : room;
    if (size > 0)
        memcpy(opener->nonce + opener->nonce_size, bytes->data, size);
    opener->nonce_size += size;
    *bytes = (struct accord_bytes){bytes->data + size, bytes->size - size};
    if (opener->nonce_size < sizeof opener->nonce)
        return ACCORD_OK;
    accord_age_payload_key(opener->file_key, opener->nonce, key);
    opener->stream = accord_age_stream_new(ACCORD_AGE_OPEN, key, opener->sink);
    accord_wipe(key, sizeof key);
    return opener->stream == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

static enum accord_status to_binary(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct accord_age_opener *opener = context;
    enum accord_status status = ACCORD_OK;
    if (!opener->header_read)
        status = gather_header(opener, &bytes, error);
    if (status == ACCORD_OK && opener->header_read && opener->stream == NULL)
        status = gather_nonce(opener, &bytes, error);
    if (status == ACCORD_OK && opener->stream != NULL)
        status = accord_age_stream_write(opener->stream, bytes, error);
    return status;
}

/* Where the armor is wrong, the chunks before it are judged first: which fault is told does not depend on how many
 * chunks were waiting. */
static enum accord_status after_armor(struct accord_age_opener *opener, enum accord_status status,
                                      struct accord_error *error)
{
    struct accord_error first;
    enum accord_status drained = ACCORD_OK;
    if (status != ACCORD_OK && opener->stream != NULL)
        drained = accord_age_stream_drain(opener->stream, &first);
    if (drained == ACCORD_OK)
        return status;
    if (error != NULL)
        *error = first;
    return drained;
}

static enum accord_status settle(struct accord_age_opener *opener, enum accord_status status,
                                 const struct accord_error *error, struct accord_error *told)
{
    if (status != ACCORD_OK) {
        opener->failed = status;
        opener->error = *error;
        if (told != NULL)
            *told = *error;
    }
    return status;
}

enum accord_status accord_age_opener_write(struct accord_age_opener *opener, struct accord_bytes file,
                                           struct accord_error *error)
{
    struct accord_error found = {.status = ACCORD_OK};
    enum accord_status status;
    if (opener->ended)
        abort();
    if (opener->failed != ACCORD_OK || file.size == 0)
        return settle(opener, opener->failed, &opener->error, error);
    /* All that is no letter may begin armor, whose reader then says what is wrong. */
    if (opener->form == FORM_UNKNOWN)
        opener->form = file.data[0] == '-' || file.data[0] <= ' ' ? FORM_ARMOR : FORM_BINARY;
    if (opener->form == FORM_BINARY)
        status = to_binary(opener, file, &found);
    else
        status = after_armor(opener, accord_age_unarmor_write(&opener->armor, file, &found), &found);
    return settle(opener, status, &found, error);
}

/* What lacks of the binary file. */
static enum accord_status end_binary(struct accord_age_opener *opener, struct accord_error *error)
{
    if (!opener->header_read)
        return parse_again(&opener->header, error);
    if (opener->stream != NULL)
        return accord_age_stream_end(opener->stream, error);
    accord_fail(error, ACCORD_MALFORMED, 0);
    accord_error_found(error, ACCORD_LITERAL("an end after the header"));
    return ACCORD_MALFORMED;
}

enum accord_status accord_age_opener_end(struct accord_age_opener *opener, struct accord_error *error)
{
    struct accord_error found = {.status = ACCORD_OK};
    enum accord_status status = ACCORD_OK;
    if (opener->ended)
        abort();
    opener->ended = true;
    if (opener->failed != ACCORD_OK)
        return settle(opener, opener->failed, &opener->error, error);
    if (opener->form == FORM_ARMOR)
        status = after_armor(opener, accord_age_unarmor_end(&opener->armor, &found), &found);
    if (status == ACCORD_OK)
        status = end_binary(opener, &found);
    return settle(opener, status, &found, error);
}

bool accord_age_opener_file_key(const struct accord_age_opener *opener, uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE])
{
    if (opener->header_read)
        memcpy(file_key, opener->file_key, ACCORD_AGE_FILE_KEY_SIZE);
    return opener->header_read;
}

void accord_age_opener_free(struct accord_age_opener *opener)
{
    if (opener == NULL)
        return;
    forget_keys(&opener->keys);
    accord_buffer_free(&opener->header);
    accord_age_stream_free(opener->stream);
    accord_wipe(opener, sizeof *opener);
    free(opener);
}
