/* Feldman's secret sharing (P. Feldman, A practical scheme for non-interactive verifiable secret sharing, 1987) over
 * ristretto255 (RFC 9496). Knows scalars and points; who holds a share it does not know. Nothing here branches on a
 * secret. */
#include "case/sharing.h"

#include <sodium.h>
#include <string.h>

#define SCALAR_SIZE crypto_core_ristretto255_SCALARBYTES
#define POINT_SIZE crypto_core_ristretto255_BYTES
#define CUSTODY_INFO "accord/v1/custody"
#define SHARE_LABEL "accord/v1/share\n"

_Static_assert(SCALAR_SIZE == 32 && POINT_SIZE == 32, "scalars and points are of 32 bytes");

static void scalar_of(unsigned number, uint8_t scalar[SCALAR_SIZE])
{
    memset(scalar, 0, SCALAR_SIZE);
    scalar[0] = (uint8_t)number;
}

/* sum of a[j] x^j, by Horner's rule. */
static void evaluate(uint8_t a[][SCALAR_SIZE], unsigned k, unsigned number, uint8_t value[SCALAR_SIZE])
{
    uint8_t x[SCALAR_SIZE], product[SCALAR_SIZE];
    scalar_of(number, x);
    memcpy(value, a[k - 1], SCALAR_SIZE);
    for (unsigned j = k - 1; j > 0; j--) {
        crypto_core_ristretto255_scalar_mul(product, value, x);
        crypto_core_ristretto255_scalar_add(value, product, a[j - 1]);
    }
    sodium_memzero(product, sizeof product);
}

void accord_sharing_new(unsigned k, unsigned n, uint8_t secret[32], uint8_t coefficients[][32], uint8_t shares[][32])
{
    uint8_t a[ACCORD_CUSTODIANS_MAX][SCALAR_SIZE];
    for (unsigned j = 0; j < k; j++) {
        do {
            crypto_core_ristretto255_scalar_random(a[j]); /* uniform, and not zero */
        } while (crypto_scalarmult_ristretto255_base(coefficients[j], a[j]) != 0);
    }
    for (unsigned i = 0; i < n; i++) {
        evaluate(a, k, i + 1, shares[i]);
    }
    memcpy(secret, a[0], SCALAR_SIZE);
    sodium_memzero(a, sizeof a);
}

/* The one encoding of an element that is not the identity. libsodium before 1.0.19 does not look at the highest bit,
 * which RFC 9496, section 4.3.1, wants to be zero. */
static bool is_point(const uint8_t encoded[POINT_SIZE])
{
    return encoded[POINT_SIZE - 1] >> 7 == 0 && crypto_core_ristretto255_is_valid_point(encoded) == 1 &&
           sodium_is_zero(encoded, POINT_SIZE) == 0;
}

bool accord_sharing_sound(const uint8_t coefficients[][32], unsigned k)
{
    bool sound = k >= 1 && k <= ACCORD_CUSTODIANS_MAX;
    for (unsigned j = 0; sound && j < k; j++) {
        sound = is_point(coefficients[j]);
    }
    return sound;
}

/* Reduced, as every scalar of ours is: else one share would have several texts. */
static bool canonical(const uint8_t scalar[SCALAR_SIZE])
{
    uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES] = {0}, reduced[SCALAR_SIZE];
    memcpy(wide, scalar, SCALAR_SIZE);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    bool same = sodium_memcmp(reduced, scalar, SCALAR_SIZE) == 0;
    sodium_memzero(wide, sizeof wide);
    sodium_memzero(reduced, sizeof reduced);
    return same;
}

/* scalar times the base point; the identity where it is zero, which libsodium calls a failure. */
static void base_times(const uint8_t scalar[SCALAR_SIZE], uint8_t point[POINT_SIZE])
{
    if (crypto_scalarmult_ristretto255_base(point, scalar) != 0) {
        memset(point, 0, POINT_SIZE);
    }
}

/* sum of C[j] x^j, by Horner's rule; false where a step is no point. The steps are public. */
static bool evaluate_points(const uint8_t coefficients[][32], unsigned k, unsigned number, uint8_t value[POINT_SIZE])
{
    uint8_t x[SCALAR_SIZE], product[POINT_SIZE];
    scalar_of(number, x);
    memcpy(value, coefficients[k - 1], POINT_SIZE);
    for (unsigned j = k - 1; j > 0; j--) {
        if (crypto_scalarmult_ristretto255(product, x, value) != 0) {
            memset(product, 0, sizeof product); /* the identity */
        }
        if (crypto_core_ristretto255_add(value, product, coefficients[j - 1]) != 0) {
            return false;
        }
    }
    return true;
}

bool accord_sharing_check(const uint8_t coefficients[][32], unsigned k, unsigned number, const uint8_t share[32])
{
    uint8_t expected[POINT_SIZE], point[POINT_SIZE];
    if (number < 1 || number > ACCORD_CUSTODIANS_MAX || !accord_sharing_sound(coefficients, k) || !canonical(share) ||
        !evaluate_points(coefficients, k, number, expected)) {
        return false;
    }
    base_times(share, point);
    return sodium_memcmp(expected, point, sizeof point) == 0;
}

/* Lagrange's coefficient of number i at zero: the product of x_m / (x_m - x_i) over the others. False where two of the
 * numbers are the same, or one is no custodian's. */
static bool lagrange(const unsigned *numbers, unsigned k, unsigned i, uint8_t weight[SCALAR_SIZE])
{
    uint8_t above[SCALAR_SIZE], below[SCALAR_SIZE], x[SCALAR_SIZE], own[SCALAR_SIZE], difference[SCALAR_SIZE];
    if (numbers[i] < 1 || numbers[i] > ACCORD_CUSTODIANS_MAX) {
        return false;
    }
    scalar_of(1, above);
    scalar_of(1, below);
    scalar_of(numbers[i], own);
    for (unsigned m = 0; m < k; m++) {
        if (m == i) {
            continue;
        }
        scalar_of(numbers[m], x);
        crypto_core_ristretto255_scalar_mul(above, above, x);
        crypto_core_ristretto255_scalar_sub(difference, x, own);
        crypto_core_ristretto255_scalar_mul(below, below, difference);
    }
    if (crypto_core_ristretto255_scalar_invert(below, below) != 0) {
        return false;
    }
    crypto_core_ristretto255_scalar_mul(weight, above, below);
    return true;
}

bool accord_sharing_combine(const uint8_t coefficients[][32], unsigned k, const unsigned *numbers,
                            const uint8_t shares[][32], uint8_t secret[32])
{
    uint8_t weight[SCALAR_SIZE] = {0}, part[SCALAR_SIZE], point[POINT_SIZE];
    bool fits = accord_sharing_sound(coefficients, k);
    memset(secret, 0, SCALAR_SIZE);
    for (unsigned i = 0; fits && i < k; i++) {
        fits = lagrange(numbers, k, i, weight) && canonical(shares[i]);
        crypto_core_ristretto255_scalar_mul(part, weight, shares[i]);
        crypto_core_ristretto255_scalar_add(secret, secret, part);
    }
    sodium_memzero(part, sizeof part);
    base_times(secret, point);
    fits = fits && sodium_memcmp(point, coefficients[0], sizeof point) == 0;
    if (!fits) {
        sodium_memzero(secret, SCALAR_SIZE);
    }
    return fits;
}

/* HKDF-SHA-256 (RFC 5869) without a salt, one block. */
void accord_sharing_identity(const uint8_t secret[32], uint8_t x25519[32])
{
    const uint8_t no_salt[crypto_auth_hmacsha256_KEYBYTES] = {0}, info[] = CUSTODY_INFO "\x01";
    uint8_t key[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256(key, secret, 32, no_salt);
    crypto_auth_hmacsha256(x25519, info, sizeof info - 1, key);
    sodium_memzero(key, sizeof key);
}

static void digest_of(struct accord_bytes key, uint8_t digest[crypto_hash_sha256_BYTES])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)SHARE_LABEL, sizeof SHARE_LABEL - 1);
    crypto_hash_sha256_update(&state, key.data, key.size);
    crypto_hash_sha256_final(&state, digest);
}

void accord_sharing_plain(const uint8_t share[32], struct accord_bytes key, uint8_t plain[ACCORD_SHARING_PLAIN_SIZE])
{
    memcpy(plain, share, SCALAR_SIZE);
    digest_of(key, plain + SCALAR_SIZE);
}

bool accord_sharing_is_for(struct accord_bytes plain, struct accord_bytes key)
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    digest_of(key, digest);
    return plain.size == ACCORD_SHARING_PLAIN_SIZE &&
           sodium_memcmp(plain.data + SCALAR_SIZE, digest, sizeof digest) == 0;
}
