/* What the values in a case's entries are made of (docs/protocol.md, "Report", "Answers"): HMAC-SHA-256 (RFC 2104)
 * under a salt of 32 bytes, with a label for each use, so that no value can stand for another. */
#include "accord/report.h"

#include <string.h>

#define BLOCK_SIZE 64

/* What a compiler does not leave out: the salt is a secret until the report is disclosed. */
static void wipe(void *data, size_t size)
{
    volatile uint8_t *bytes = data;
    while (size-- > 0)
        bytes[size] = 0;
}

/* HMAC over pieces, one after the other. */
static void hmac(const struct accord_crypto *crypto, const uint8_t key[32], const struct accord_bytes *pieces,
                 size_t count, uint8_t mac[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha;
    uint8_t pad[BLOCK_SIZE], inner[ACCORD_HASH_SIZE];
    memset(pad, 0x36, sizeof pad);
    for (size_t i = 0; i < 32; i++)
        pad[i] ^= key[i];
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, pad, sizeof pad);
    for (size_t i = 0; i < count; i++)
        crypto->sha256_update(&sha, pieces[i].data, pieces[i].size);
    crypto->sha256_final(&sha, inner);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, pad, sizeof pad);
    crypto->sha256_update(&sha, inner, sizeof inner);
    crypto->sha256_final(&sha, mac);
    wipe(pad, sizeof pad);
    wipe(inner, sizeof inner);
    wipe(&sha, sizeof sha);
}

void accord_report_commitment(const struct accord_crypto *crypto, const uint8_t salt[32], struct accord_bytes vendor,
                              const uint8_t parcel[ACCORD_HASH_SIZE], uint8_t commitment[ACCORD_HASH_SIZE])
{
    const struct accord_bytes pieces[] = {
        ACCORD_LITERAL("accord/v1/report\n"), vendor, ACCORD_LITERAL("\n"), {parcel, ACCORD_HASH_SIZE}};
    hmac(crypto, salt, pieces, 4, commitment);
}

void accord_report_blind_key(const struct accord_crypto *crypto, const uint8_t salt[32], uint8_t key[32])
{
    const struct accord_bytes pieces[] = {ACCORD_LITERAL("accord/v1/blind-key\n")};
    hmac(crypto, salt, pieces, 1, key);
}

void accord_report_blinded(const struct accord_crypto *crypto, const uint8_t key[32], struct accord_bytes vendor,
                           uint8_t blinded[ACCORD_HASH_SIZE])
{
    const struct accord_bytes pieces[] = {ACCORD_LITERAL("accord/v1/vendor\n"), vendor};
    hmac(crypto, key, pieces, 2, blinded);
}

void accord_report_file_key(const struct accord_crypto *crypto, const uint8_t file_key[ACCORD_FILE_KEY_SIZE],
                            uint8_t digest[ACCORD_HASH_SIZE])
{
    const struct accord_bytes label = ACCORD_LITERAL("accord/v1/file-key\n");
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, label.data, label.size);
    crypto->sha256_update(&sha, file_key, ACCORD_FILE_KEY_SIZE);
    crypto->sha256_final(&sha, digest);
}

void accord_receipt_value(const struct accord_crypto *crypto, const uint8_t salt[32],
                          const uint8_t case_id[ACCORD_HASH_SIZE], const uint8_t parcel[ACCORD_HASH_SIZE],
                          uint8_t value[ACCORD_HASH_SIZE])
{
    const struct accord_bytes pieces[] = {
        ACCORD_LITERAL("accord/v1/receipt\n"), {case_id, ACCORD_HASH_SIZE}, {parcel, ACCORD_HASH_SIZE}};
    hmac(crypto, salt, pieces, 3, value);
}

void accord_progress_commitment(const struct accord_crypto *crypto, const uint8_t salt[32], struct accord_bytes state,
                                struct accord_bytes text, uint8_t commitment[ACCORD_HASH_SIZE])
{
    const struct accord_bytes pieces[] = {ACCORD_LITERAL("accord/v1/"), state, ACCORD_LITERAL("\n"), text};
    hmac(crypto, salt, pieces, 4, commitment);
}
