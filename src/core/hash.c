/* SHA-256 of one slice, through the crypto port. Knows no format and no algorithm of its own. */
#include "accord/crypto.h"

void accord_hash(const struct accord_crypto *crypto, struct accord_bytes data, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, data.data, data.size);
    crypto->sha256_final(&sha, hash);
}
