/* How keys come from keys: HKDF, the header's MAC, the payload's key, what a seed gives, a file key under another key.
 * Knows the labels; refuses to know where anything is kept. */
#include "age/inner.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <nettle/hmac.h>
#include <sodium.h>
#include <string.h>

#define FILE_KEY_SIZE ACCORD_AGE_FILE_KEY_SIZE

static const uint8_t no_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

enum accord_status accord_age_fail(struct accord_error *error, enum accord_status status, const char *what)
{
    accord_fail(error, status, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)what, strlen(what)});
    return status;
}

/* Of data, and of one byte more where there is one. */
static void hmac(struct accord_bytes key, struct accord_bytes data, struct accord_bytes more, uint8_t mac[32])
{
    struct hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, key.size, key.data);
    hmac_sha256_update(&context, data.size, data.data);
    hmac_sha256_update(&context, more.size, more.data);
    hmac_sha256_digest(&context, 32, mac);
    accord_wipe(&context, sizeof context);
}

void accord_age_extract(struct accord_bytes secret, struct accord_bytes salt, uint8_t extracted[32])
{
    static const uint8_t no_salt[32];
    if (salt.size == 0)
        salt = (struct accord_bytes){no_salt, sizeof no_salt};
    hmac(salt, secret, ACCORD_LITERAL(""), extracted);
}

void accord_age_expand(const uint8_t extracted[32], struct accord_bytes info, uint8_t key[32])
{
    hmac((struct accord_bytes){extracted, 32}, info, ACCORD_LITERAL("\x01"), key);
}

void accord_age_derive(struct accord_bytes secret, struct accord_bytes salt, struct accord_bytes info, uint8_t key[32])
{
    uint8_t extracted[32];
    accord_age_extract(secret, salt, extracted);
    accord_age_expand(extracted, info, key);
    accord_wipe(extracted, sizeof extracted);
}

void accord_age_header_mac(const uint8_t file_key[FILE_KEY_SIZE], struct accord_bytes header, uint8_t mac[32])
{
    uint8_t key[32];
    accord_age_derive((struct accord_bytes){file_key, FILE_KEY_SIZE}, ACCORD_LITERAL(""), ACCORD_LITERAL("header"),
                      key);
    hmac((struct accord_bytes){key, sizeof key}, header, ACCORD_LITERAL(""), mac);
    accord_wipe(key, sizeof key);
}

void accord_age_payload_key(const uint8_t file_key[FILE_KEY_SIZE], const uint8_t nonce[ACCORD_AGE_NONCE_SIZE],
                            uint8_t key[32])
{
    accord_age_derive((struct accord_bytes){file_key, FILE_KEY_SIZE},
                      (struct accord_bytes){nonce, ACCORD_AGE_NONCE_SIZE}, ACCORD_LITERAL("payload"), key);
}

/* HKDF's output is cut off where it is enough (RFC 5869, section 2.3). */
static void of_seed(const uint8_t seed[ACCORD_AGE_SEED_SIZE], struct accord_bytes info, uint8_t *data, size_t size)
{
    uint8_t key[32];
    accord_age_derive((struct accord_bytes){seed, ACCORD_AGE_SEED_SIZE}, ACCORD_LITERAL(""), info, key);
    memcpy(data, key, size);
    accord_wipe(key, sizeof key);
}

void accord_age_seed_file_key(const uint8_t seed[ACCORD_AGE_SEED_SIZE], uint8_t file_key[FILE_KEY_SIZE])
{
    of_seed(seed, ACCORD_LITERAL("accord/v1/age/file-key"), file_key, FILE_KEY_SIZE);
}

void accord_age_seed_nonce(const uint8_t seed[ACCORD_AGE_SEED_SIZE], uint8_t nonce[ACCORD_AGE_NONCE_SIZE])
{
    of_seed(seed, ACCORD_LITERAL("accord/v1/age/nonce"), nonce, ACCORD_AGE_NONCE_SIZE);
}

void accord_age_seed_ephemeral(const uint8_t seed[ACCORD_AGE_SEED_SIZE], size_t stanza, uint8_t secret[32])
{
    uint8_t text[64];
    struct accord_out info = {text, sizeof text, 0, false};
    accord_put(&info, ACCORD_LITERAL("accord/v1/age/ephemeral/"));
    accord_put_decimal(&info, stanza);
    of_seed(seed, accord_out_bytes(&info), secret, 32);
}

void accord_age_wrap(const uint8_t key[32], const uint8_t file_key[FILE_KEY_SIZE],
                     uint8_t wrapped[ACCORD_AGE_WRAPPED_SIZE])
{
    crypto_aead_chacha20poly1305_ietf_encrypt(wrapped, NULL, file_key, FILE_KEY_SIZE, NULL, 0, NULL, no_nonce, key);
}

bool accord_age_unwrap(const uint8_t key[32], const uint8_t wrapped[ACCORD_AGE_WRAPPED_SIZE],
                       uint8_t file_key[FILE_KEY_SIZE])
{
    return crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL, wrapped, ACCORD_AGE_WRAPPED_SIZE, NULL, 0,
                                                     no_nonce, key) == 0;
}
