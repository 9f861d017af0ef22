/* One chunk of a payload: ChaCha20-Poly1305 under its number. Knows how the nonce says whether it is the last; refuses
 * to know what stands before and after it. */
#include "age/chunk.h"

#include <sodium.h>
#include <string.h>

struct nonce {
    uint8_t bytes[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
};

/* "The first 11 bytes are a big endian chunk counter ...; the last byte is 0x01 for the final chunk." */
static struct nonce nonce_of(uint64_t number, bool last)
{
    struct nonce nonce;
    memset(&nonce, 0, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce.bytes[3 + i] = (uint8_t)(number >> (56 - 8 * i));
    nonce.bytes[11] = last;
    return nonce;
}

void accord_age_chunk_seal(const uint8_t key[32], uint64_t number, bool last, const uint8_t *plain, size_t size,
                           uint8_t *sealed)
{
    struct nonce nonce = nonce_of(number, last);
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, plain, size, NULL, 0, NULL, nonce.bytes, key);
}

static bool opens(const uint8_t key[32], uint64_t number, bool last, const uint8_t *sealed, size_t size, uint8_t *plain)
{
    struct nonce nonce = nonce_of(number, last);
    return crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed, size, NULL, 0, nonce.bytes, key) == 0;
}

/* A whole chunk that does not open as what it should be is tried as the other: what was sealed is let out, and where
 * the file was cut or grew is told. */
enum accord_age_chunk accord_age_chunk_open(const uint8_t key[32], uint64_t number, bool last, const uint8_t *sealed,
                                            size_t size, uint8_t *plain)
{
    enum accord_age_chunk chunk = ACCORD_AGE_CHUNK_FORGED;
    if (opens(key, number, last, sealed, size, plain))
        chunk = ACCORD_AGE_CHUNK_FINE;
    else if (size == ACCORD_AGE_SEALED_CHUNK_SIZE && opens(key, number, !last, sealed, size, plain))
        chunk = last ? ACCORD_AGE_CHUNK_CUT : ACCORD_AGE_CHUNK_LAST;
    if (chunk == ACCORD_AGE_CHUNK_FINE && size == ACCORD_AGE_TAG_SIZE && number > 0)
        chunk = ACCORD_AGE_CHUNK_EMPTY;
    return chunk;
}
