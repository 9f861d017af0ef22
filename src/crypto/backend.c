/* The library's own table of the crypto port, randomness and wiping. */
#include "crypto/backend.h"

#include "crypto/parts.h"

#include <sodium.h>
#include <stdlib.h>

const struct accord_crypto accord_crypto_default = {
    .sha256_init = accord_sha256_init,
    .sha256_update = accord_sha256_update,
    .sha256_final = accord_sha256_final,
    .ed25519_verify = accord_ed25519_verify,
    .mldsa44_verify = accord_mldsa44_verify,
    .spread = accord_spread,
};

void accord_crypto_start(void)
{
    if (sodium_init() < 0)
        abort();
}

void accord_random(uint8_t *data, size_t size)
{
    randombytes_buf(data, size);
}

void accord_wipe(void *data, size_t size)
{
    sodium_memzero(data, size);
}
