/* The key of a leaf hash: SipHash-2-4. Knows why it is keyed: whoever chooses entries can find hashes that begin alike,
 * and must not be able to find keys that do. */
#include "log/dedup_run.h"

static uint64_t get64_little(const uint8_t *at)
{
    uint64_t number = 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | at[i];
    return number;
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void rounds(uint64_t v[4], int count)
{
    for (int i = 0; i < count; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static inline void block(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

uint64_t accord_dedup_key(const uint8_t salt[ACCORD_DEDUP_SALT_SIZE], const uint8_t hash[ACCORD_HASH_SIZE])
{
    uint64_t k0 = get64_little(salt), k1 = get64_little(salt + 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                     k1 ^ 0x7465646279746573u};
    block(v, get64_little(hash));
    block(v, get64_little(hash + 8));
    block(v, (uint64_t)16 << 56); /* the message's length */
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
