/* The crypto port: all that core/ asks of cryptography, as a table that the caller fills. The library's own tables are
 * in crypto/ (libsodium, nettle, and libcrypto for ML-DSA-44). A device brings its own. */
#ifndef ACCORD_CRYPTO_H
#define ACCORD_CRYPTO_H

#include "accord/bytes.h"
#include "accord/limits.h"

#define ACCORD_ED25519_PUBLIC_SIZE 32
#define ACCORD_ED25519_SIGNATURE_SIZE 64
#define ACCORD_MLDSA44_PUBLIC_SIZE 1312
#define ACCORD_MLDSA44_SIGNATURE_SIZE 2420

/* A SHA-256 computation: plain memory without interior pointers, so a copy forks it. */
struct accord_sha256 {
    uint64_t state[16];
};

struct accord_crypto {
    void (*sha256_init)(struct accord_sha256 *sha);
    void (*sha256_update)(struct accord_sha256 *sha, const uint8_t *data, size_t size);
    void (*sha256_final)(struct accord_sha256 *sha, uint8_t hash[ACCORD_HASH_SIZE]);

    /* One meaning of Ed25519 for every backend (RFC 8032 without the cofactor): S canonical, A and R canonical
     * encodings, neither of small order. */
    bool (*ed25519_verify)(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], const uint8_t *message, size_t size,
                           const uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE]);

    /* ML-DSA-44 (FIPS 204, pure, empty context). 1 valid, 0 not, -1 where this machine has no ML-DSA-44. May be NULL,
     * which means -1. */
    int (*mldsa44_verify)(const uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE], const uint8_t *message, size_t size,
                          const uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE]);

    /* Calls work(context, i) for each i below count, in any order and perhaps several at once, and returns when all
     * have returned. May be NULL: then they are called one after another. A checkpoint's cosignatures are verified with
     * it. */
    void (*spread)(size_t count, void (*work)(void *context, size_t i), void *context);
};

/* The table of libaccord: libsodium, nettle, and libcrypto where it has ML-DSA-44. core/ by itself has none. */
ACCORD_API extern const struct accord_crypto accord_crypto_default;

/* SHA-256 of one slice. */
ACCORD_API void accord_hash(const struct accord_crypto *crypto, struct accord_bytes data,
                            uint8_t hash[ACCORD_HASH_SIZE]);

#endif
