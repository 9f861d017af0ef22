/* The library's own crypto: libsodium (Ed25519), nettle (SHA-256), libcrypto for ML-DSA-44, loaded when first used. */
#ifndef ACCORD_CRYPTO_BACKEND_H
#define ACCORD_CRYPTO_BACKEND_H

#include "accord/crypto.h"

/* Starts libsodium; call once before anything that signs, makes keys or wipes. Aborts where it cannot. */
void accord_crypto_start(void);
void accord_random(uint8_t *data, size_t size);
void accord_wipe(void *data, size_t size);

void accord_ed25519_public(const uint8_t seed[32], uint8_t public_key[32]);
void accord_ed25519_sign(const uint8_t seed[32], const uint8_t *message, size_t size, uint8_t signature[64]);
/* Whether this machine has ML-DSA-44 (OpenSSL 3.5 or newer): loads libcrypto, which takes milliseconds. */
bool accord_mldsa44_available(void);
ACCORD_MUST_USE bool accord_mldsa44_public(const uint8_t seed[32], uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE]);
ACCORD_MUST_USE bool accord_mldsa44_sign(const uint8_t seed[32], const uint8_t *message, size_t size,
                                         uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE]);

#endif
