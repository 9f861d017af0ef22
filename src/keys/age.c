/* age v1 files with a passphrase, for private keys at rest. Knows the armor, a header with one scrypt stanza and a
 * payload of one chunk (C2SP age); refuses every other recipient and larger files, and knows nothing of what is inside.
 */
#include "keys/age.h"

#include "core/text.h"
#include "crypto/backend.h"
#include "keys/age_inner.h"

#include <nettle/hmac.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define VERSION ACCORD_AGE_VERSION
#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----\n"
#define ARMOR_START "-----BEGIN AGE "
#define END "-----END AGE ENCRYPTED FILE-----"
#define SALT_LABEL "age-encryption.org/v1/scrypt"

#define FILE_KEY_SIZE ACCORD_AGE_FILE_KEY_SIZE
#define NONCE_SIZE 16
#define TAG_SIZE 16
#define BASE64_MAX ACCORD_BASE64_SIZE(32)
#define ARMOR_LINE_BYTES 48 /* 64 characters */

static enum accord_status fail(struct accord_error *error, enum accord_status status, const char *what)
{
    accord_fail(error, status, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)what, strlen(what)});
    return status;
}

bool accord_age_recognize(struct accord_bytes file)
{
    struct accord_bytes rest = file;
    return accord_cut_prefix(&rest, ACCORD_LITERAL("age-encryption.org/")) ||
           accord_cut_prefix(&rest, ACCORD_LITERAL(ARMOR_START));
}

/* One line of armor: 48 bytes, fewer only on the last. */
static enum accord_status unarmor_line(struct accord_bytes line, struct accord_buffer *binary, bool *last)
{
    size_t size;
    if (!accord_base64_size(line, &size) || size == 0 || size > ARMOR_LINE_BYTES)
        return ACCORD_MALFORMED;
    enum accord_status status = accord_buffer_reserve(binary, size);
    if (status != ACCORD_OK)
        return status;
    if (!accord_base64_read(line, binary->data + binary->size, size))
        return ACCORD_BAD_BASE64;
    binary->size += size;
    *last = size < ARMOR_LINE_BYTES;
    return ACCORD_OK;
}

/* RFC 7468, section 3, strict: lines of 64 characters, LF, canonical base64, nothing around it. */
enum accord_status accord_age_unarmor(struct accord_bytes file, struct accord_buffer *binary,
                                      struct accord_error *error)
{
    struct accord_bytes rest = file, line;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL(ARMOR_START))) {
        enum accord_status copied = accord_buffer_append(binary, file);
        return copied == ACCORD_OK ? ACCORD_OK : fail(error, copied, "an encrypted file");
    }
    rest = file;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL(BEGIN)))
        return accord_fail(error, ACCORD_MALFORMED, 1);
    bool last = false;
    for (uint64_t number = 2;; number++) {
        struct accord_bytes end = rest;
        if (accord_cut_prefix(&end, ACCORD_LITERAL(END)) && (end.size == 0 || (end.size == 1 && end.data[0] == '\n')))
            return number > 2 ? ACCORD_OK : accord_fail(error, ACCORD_MALFORMED, number);
        if (last || !accord_cut_line(&rest, &line))
            return accord_fail(error, ACCORD_MALFORMED, number);
        enum accord_status status = unarmor_line(line, binary, &last);
        if (status != ACCORD_OK)
            return accord_fail(error, status, number);
    }
}

enum accord_status accord_age_armor(struct accord_bytes binary, struct accord_buffer *file)
{
    size_t lines = (binary.size + ARMOR_LINE_BYTES - 1) / ARMOR_LINE_BYTES;
    size_t size = sizeof BEGIN - 1 + lines + ACCORD_BASE64_SIZE(binary.size) + sizeof END;
    enum accord_status status = accord_buffer_reserve(file, size);
    if (status != ACCORD_OK)
        return status;
    struct accord_out out = {file->data + file->size, size, 0, false};
    accord_put(&out, ACCORD_LITERAL(BEGIN));
    for (size_t at = 0; at < binary.size; at += ARMOR_LINE_BYTES) {
        size_t left = binary.size - at;
        accord_put_base64(&out,
                          (struct accord_bytes){binary.data + at, left < ARMOR_LINE_BYTES ? left : ARMOR_LINE_BYTES});
        accord_put_byte(&out, '\n');
    }
    accord_put(&out, ACCORD_LITERAL(END "\n"));
    if (out.full)
        abort();
    file->size += out.size;
    return ACCORD_OK;
}

/* The padding is put back, and the one reader reads it. */
bool accord_age_base64_read(struct accord_bytes text, uint8_t *data, size_t size)
{
    uint8_t padded[BASE64_MAX];
    if (text.size != (size * 8 + 5) / 6)
        return false;
    memset(padded, '=', sizeof padded);
    memcpy(padded, text.data, text.size);
    return accord_base64_read((struct accord_bytes){padded, ACCORD_BASE64_SIZE(size)}, data, size);
}

static void put_base64_raw(struct accord_out *out, const uint8_t *data, size_t size)
{
    uint8_t padded[BASE64_MAX];
    struct accord_out text = {padded, sizeof padded, 0, false};
    accord_put_base64(&text, (struct accord_bytes){data, size});
    accord_put(out, (struct accord_bytes){padded, (size * 8 + 5) / 6});
}

/* `-> scrypt <salt> <work factor>`, after its first words. */
static enum accord_status parse_arguments(struct accord_age_claim *claim, struct accord_bytes arguments,
                                          struct accord_error *error)
{
    struct accord_bytes salt;
    uint64_t work;
    if (!accord_cut(&arguments, ' ', &salt) || !accord_age_base64_read(salt, claim->salt, sizeof claim->salt) ||
        !accord_decimal_read(arguments, &work) || work == 0)
        return accord_fail(error, ACCORD_MALFORMED, 2);
    if (work > ACCORD_AGE_WORK_LOG2_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 2);
        accord_error_what(error, ACCORD_LITERAL("scrypt work factor"));
        accord_error_expected(error, ACCORD_LITERAL("20 or less"));
        accord_error_found_number(error, work);
        return ACCORD_TOO_LARGE;
    }
    claim->work_log2 = (unsigned)work;
    return ACCORD_OK;
}

static enum accord_status parse_stanza(struct accord_age_claim *claim, struct accord_bytes *rest,
                                       struct accord_error *error)
{
    struct accord_bytes line;
    if (!accord_cut_line(rest, &line) || !accord_cut_prefix(&line, ACCORD_LITERAL("-> ")))
        return accord_fail(error, ACCORD_MALFORMED, 2);
    if (!accord_cut_prefix(&line, ACCORD_LITERAL("scrypt "))) {
        accord_fail(error, ACCORD_KEY_TYPE, 2);
        accord_error_what(error, ACCORD_LITERAL("an encrypted key"));
        accord_error_expected(error, ACCORD_LITERAL("age encryption to a passphrase (scrypt)"));
        return ACCORD_KEY_TYPE;
    }
    enum accord_status status = parse_arguments(claim, line, error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_cut_line(rest, &line) || !accord_age_base64_read(line, claim->wrapped_key, sizeof claim->wrapped_key))
        return accord_fail(error, ACCORD_MALFORMED, 3);
    return ACCORD_OK;
}

/* "An scrypt stanza, if present, MUST be the only stanza in the header": so the MAC's line must follow it. */
enum accord_status accord_age_parse(struct accord_age_claim *claim, struct accord_bytes binary,
                                    struct accord_error *error)
{
    struct accord_bytes rest = binary, line;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL(VERSION)))
        return accord_fail(error, ACCORD_MALFORMED, 1);
    enum accord_status status = parse_stanza(claim, &rest, error);
    if (status != ACCORD_OK)
        return status;
    size_t before = binary.size - rest.size;
    if (!accord_cut_line(&rest, &line) || !accord_cut_prefix(&line, ACCORD_LITERAL("--- ")) ||
        !accord_age_base64_read(line, claim->mac, sizeof claim->mac))
        return accord_fail(error, ACCORD_MALFORMED, 4);
    claim->header = (struct accord_bytes){binary.data, before + 3};
    claim->payload = rest;
    if (rest.size < NONCE_SIZE + TAG_SIZE)
        return fail(error, ACCORD_MALFORMED, "payload");
    if (rest.size > NONCE_SIZE + ACCORD_AGE_PLAIN_MAX + TAG_SIZE)
        return fail(error, ACCORD_TOO_LARGE, "payload");
    return ACCORD_OK;
}

/* The header up to and including "---". */
static void put_header(struct accord_out *out, const struct accord_age_claim *claim)
{
    accord_put(out, ACCORD_LITERAL(VERSION "-> scrypt "));
    put_base64_raw(out, claim->salt, sizeof claim->salt);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, claim->work_log2);
    accord_put_byte(out, '\n');
    put_base64_raw(out, claim->wrapped_key, sizeof claim->wrapped_key);
    accord_put(out, ACCORD_LITERAL("\n---"));
}

void accord_age_print(struct accord_out *out, const struct accord_age_claim *claim)
{
    put_header(out, claim);
    accord_put_byte(out, ' ');
    put_base64_raw(out, claim->mac, sizeof claim->mac);
    accord_put_byte(out, '\n');
}

static void hmac(struct accord_bytes key, struct accord_bytes data, uint8_t mac[32])
{
    struct hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, key.size, key.data);
    hmac_sha256_update(&context, data.size, data.data);
    hmac_sha256_digest(&context, 32, mac);
    accord_wipe(&context, sizeof context);
}

void accord_age_derive(struct accord_bytes secret, struct accord_bytes salt, struct accord_bytes info_and_one,
                       uint8_t key[32])
{
    uint8_t extracted[32];
    static const uint8_t no_salt[32];
    if (salt.size == 0)
        salt = (struct accord_bytes){no_salt, sizeof no_salt};
    hmac(salt, secret, extracted);
    hmac((struct accord_bytes){extracted, sizeof extracted}, info_and_one, key);
    accord_wipe(extracted, sizeof extracted);
}

void accord_age_header_mac(const uint8_t file_key[FILE_KEY_SIZE], struct accord_bytes header, uint8_t mac[32])
{
    uint8_t key[32];
    accord_age_derive((struct accord_bytes){file_key, FILE_KEY_SIZE}, (struct accord_bytes){NULL, 0},
                      ACCORD_LITERAL("header\x01"), key);
    hmac((struct accord_bytes){key, sizeof key}, header, mac);
    accord_wipe(key, sizeof key);
}

/* scrypt of the passphrase. false where its memory (2^work KiB) cannot be had. */
static bool wrap_key(const struct accord_age_claim *claim, struct accord_bytes passphrase, uint8_t key[32])
{
    uint8_t salt[sizeof SALT_LABEL - 1 + sizeof claim->salt];
    memcpy(salt, SALT_LABEL, sizeof SALT_LABEL - 1);
    memcpy(salt + sizeof SALT_LABEL - 1, claim->salt, sizeof claim->salt);
    return crypto_pwhash_scryptsalsa208sha256_ll(passphrase.data, passphrase.size, salt, sizeof salt,
                                                 (uint64_t)1 << claim->work_log2, 8, 1, key, 32) == 0;
}

static const uint8_t wrap_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
/* Chunk 0, the last: eleven bytes of counter and a one. */
static const uint8_t only_chunk_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {[11] = 1};

static enum accord_status unwrap(const struct accord_age_claim *claim, struct accord_bytes passphrase,
                                 uint8_t file_key[FILE_KEY_SIZE], struct accord_error *error)
{
    uint8_t key[32];
    if (!wrap_key(claim, passphrase, key))
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    bool opened = crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL, claim->wrapped_key,
                                                            sizeof claim->wrapped_key, NULL, 0, wrap_nonce, key) == 0;
    accord_wipe(key, sizeof key);
    return opened ? ACCORD_OK : accord_fail(error, ACCORD_WRONG_PASSPHRASE, 0);
}

static enum accord_status open_payload(const struct accord_age_claim *claim, const uint8_t file_key[FILE_KEY_SIZE],
                                       struct accord_buffer *plain, struct accord_error *error)
{
    uint8_t mac[32], key[32];
    accord_age_header_mac(file_key, claim->header, mac);
    if (sodium_memcmp(mac, claim->mac, sizeof mac) != 0)
        return fail(error, ACCORD_MALFORMED, "header MAC");
    struct accord_bytes nonce = {claim->payload.data, NONCE_SIZE};
    struct accord_bytes chunk = {claim->payload.data + NONCE_SIZE, claim->payload.size - NONCE_SIZE};
    enum accord_status status = accord_buffer_reserve(plain, chunk.size - TAG_SIZE);
    if (status != ACCORD_OK)
        return fail(error, status, "payload");
    accord_age_derive((struct accord_bytes){file_key, FILE_KEY_SIZE}, nonce, ACCORD_LITERAL("payload\x01"), key);
    uint8_t nothing;
    uint8_t *place = plain->data == NULL ? &nothing : plain->data + plain->size;
    bool opened = crypto_aead_chacha20poly1305_ietf_decrypt(place, NULL, NULL, chunk.data, chunk.size, NULL, 0,
                                                            only_chunk_nonce, key) == 0;
    accord_wipe(key, sizeof key);
    if (!opened)
        return fail(error, ACCORD_MALFORMED, "payload");
    plain->size += chunk.size - TAG_SIZE;
    return ACCORD_OK;
}

enum accord_status accord_age_decrypt(struct accord_bytes file, struct accord_bytes passphrase,
                                      struct accord_buffer *plain, struct accord_error *error)
{
    struct accord_buffer binary;
    struct accord_age_claim claim;
    uint8_t file_key[FILE_KEY_SIZE];
    accord_buffer_init(&binary, ACCORD_AGE_BINARY_MAX);
    enum accord_status status = accord_age_unarmor(file, &binary, error);
    if (status == ACCORD_OK)
        status = accord_age_parse(&claim, accord_buffer_bytes(&binary), error);
    if (status == ACCORD_OK)
        status = unwrap(&claim, passphrase, file_key, error);
    if (status == ACCORD_OK)
        status = open_payload(&claim, file_key, plain, error);
    accord_wipe(file_key, sizeof file_key);
    accord_buffer_free(&binary);
    return status;
}

/* Fills the claim for a fresh file key: salt, wrapped key, MAC. */
static bool seal_header(struct accord_age_claim *claim, struct accord_bytes passphrase,
                        const uint8_t file_key[FILE_KEY_SIZE])
{
    uint8_t key[32], text[ACCORD_AGE_HEADER_MAX];
    claim->work_log2 = ACCORD_AGE_WORK_LOG2;
    accord_random(claim->salt, sizeof claim->salt);
    if (!wrap_key(claim, passphrase, key))
        return false;
    crypto_aead_chacha20poly1305_ietf_encrypt(claim->wrapped_key, NULL, file_key, FILE_KEY_SIZE, NULL, 0, NULL,
                                              wrap_nonce, key);
    accord_wipe(key, sizeof key);
    struct accord_out out = {text, sizeof text, 0, false};
    put_header(&out, claim);
    accord_age_header_mac(file_key, accord_out_bytes(&out), claim->mac);
    return true;
}

static enum accord_status seal(struct accord_bytes plain, struct accord_bytes passphrase, struct accord_buffer *binary)
{
    struct accord_age_claim claim;
    uint8_t file_key[FILE_KEY_SIZE], key[32];
    enum accord_status status =
        accord_buffer_reserve(binary, ACCORD_AGE_HEADER_MAX + NONCE_SIZE + plain.size + TAG_SIZE);
    if (status != ACCORD_OK)
        return status;
    accord_random(file_key, sizeof file_key);
    if (!seal_header(&claim, passphrase, file_key)) {
        accord_wipe(file_key, sizeof file_key);
        return ACCORD_NO_MEMORY;
    }
    struct accord_out out = {binary->data, ACCORD_AGE_HEADER_MAX, 0, false};
    accord_age_print(&out, &claim);
    uint8_t *nonce = binary->data + out.size;
    accord_random(nonce, NONCE_SIZE);
    accord_age_derive((struct accord_bytes){file_key, FILE_KEY_SIZE}, (struct accord_bytes){nonce, NONCE_SIZE},
                      ACCORD_LITERAL("payload\x01"), key);
    crypto_aead_chacha20poly1305_ietf_encrypt(nonce + NONCE_SIZE, NULL, plain.data, plain.size, NULL, 0, NULL,
                                              only_chunk_nonce, key);
    binary->size = out.size + NONCE_SIZE + plain.size + TAG_SIZE;
    accord_wipe(key, sizeof key);
    accord_wipe(file_key, sizeof file_key);
    return ACCORD_OK;
}

enum accord_status accord_age_encrypt(struct accord_bytes plain, struct accord_bytes passphrase,
                                      struct accord_buffer *file, struct accord_error *error)
{
    if (plain.size > ACCORD_AGE_PLAIN_MAX)
        return fail(error, ACCORD_TOO_LARGE, "what is to be encrypted");
    struct accord_buffer binary;
    accord_buffer_init(&binary, ACCORD_AGE_BINARY_MAX);
    enum accord_status status = seal(plain, passphrase, &binary);
    if (status == ACCORD_OK)
        status = accord_age_armor(accord_buffer_bytes(&binary), file);
    accord_buffer_free(&binary);
    return status == ACCORD_OK ? ACCORD_OK : fail(error, status, "what is to be encrypted");
}
