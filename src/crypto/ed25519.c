/* Ed25519 by libsodium, with the one meaning that accord/crypto.h states: S canonical, A and R canonical encodings of
 * points that are not of small order, and the equation without the cofactor. */
#include "crypto/backend.h"
#include "crypto/parts.h"

#include <sodium.h>
#include <string.h>

/* The library version of libsodium 1.0.19 to 1.0.22, the last whose verification has this meaning by itself. Later ones
 * multiply the equation by the cofactor and take R in any encoding. */
#define LAST_EXACT_LIBRARY_MAJOR 26

static const uint8_t identity[32] = {1};

/* product = scalar * point, on all of the curve: libsodium's own multiplication refuses points of mixed order. Bits are
 * taken from the top. Slow, and only for public values. */
static bool multiply(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32])
{
    memcpy(product, identity, sizeof identity);
    for (unsigned bit = 256; bit-- > 0;) {
        if (crypto_core_ed25519_add(product, product, product) != 0)
            return false;
        if ((scalar[bit / 8] >> bit % 8 & 1) != 0 && crypto_core_ed25519_add(product, product, point) != 0)
            return false;
    }
    return true;
}

bool accord_ed25519_equation_holds(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], const uint8_t *message,
                                   size_t size, const uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE])
{
    crypto_hash_sha512_state hash;
    uint8_t wide[crypto_hash_sha512_BYTES], scalar[32], product[32], base[32], point[32];
    crypto_hash_sha512_init(&hash);
    crypto_hash_sha512_update(&hash, signature, 32);
    crypto_hash_sha512_update(&hash, public_key, ACCORD_ED25519_PUBLIC_SIZE);
    crypto_hash_sha512_update(&hash, message, size);
    crypto_hash_sha512_final(&hash, wide);
    crypto_core_ed25519_scalar_reduce(scalar, wide);
    /* It refuses the scalar zero, whose product is the identity. */
    if (crypto_scalarmult_ed25519_base_noclamp(base, signature + 32) != 0)
        memcpy(base, identity, sizeof identity);
    return multiply(product, scalar, public_key) && crypto_core_ed25519_sub(point, base, product) == 0 &&
           sodium_memcmp(point, signature, sizeof point) == 0;
}

bool accord_ed25519_verify(const uint8_t public_key[ACCORD_ED25519_PUBLIC_SIZE], const uint8_t *message, size_t size,
                           const uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE])
{
    if (crypto_sign_verify_detached(signature, message, size, public_key) != 0)
        return false;
    if (sodium_library_version_major() <= LAST_EXACT_LIBRARY_MAJOR)
        return true;
    /* With and without the cofactor is the same for canonical points of prime order. Others are rare and made on
     * purpose. */
    return (crypto_core_ed25519_is_valid_point(public_key) != 0 &&
            crypto_core_ed25519_is_valid_point(signature) != 0) ||
           accord_ed25519_equation_holds(public_key, message, size, signature);
}

void accord_ed25519_public(const uint8_t seed[32], uint8_t public_key[32])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

void accord_ed25519_sign(const uint8_t seed[32], const uint8_t *message, size_t size, uint8_t signature[64])
{
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, seed);
    crypto_sign_detached(signature, NULL, message, size, secret);
    sodium_memzero(secret, sizeof secret);
}
