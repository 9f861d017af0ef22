/* The functions that crypto/'s files give to the table of backend.h; nobody outside this room but its tests
 * includes this. */
#ifndef ACCORD_CRYPTO_PARTS_H
#define ACCORD_CRYPTO_PARTS_H

#include "accord/crypto.h"

void accord_sha256_init(struct accord_sha256 *sha);
void accord_sha256_update(struct accord_sha256 *sha, const uint8_t *data, size_t size);
void accord_sha256_final(struct accord_sha256 *sha, uint8_t hash[ACCORD_HASH_SIZE]);

bool accord_ed25519_verify(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], const uint8_t *message, size_t size,
                           const uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE]);

/* S*B - h*A encodes to the very bytes of R: the equation without the cofactor, and R canonical. Says nothing of S and
 * A. For versions of libsodium whose own verification asks for less; a hundred times slower than it. */
bool accord_ed25519_equation_holds(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], const uint8_t *message,
                                   size_t size, const uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE]);

int accord_mldsa44_verify(const uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE], const uint8_t *message, size_t size,
                          const uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE]);

void accord_spread(size_t count, void (*work)(void *context, size_t i), void *context);

#endif
