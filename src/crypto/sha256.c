/* SHA-256 by nettle, which uses the processor's SHA instructions and whose context is plain memory of the caller. */
#include "crypto/parts.h"

#include <nettle/sha2.h>
#include <stdalign.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct accord_sha256), "nettle's context fits");
_Static_assert(alignof(struct sha256_ctx) <= alignof(struct accord_sha256), "and is aligned");
_Static_assert(SHA256_DIGEST_SIZE == ACCORD_HASH_SIZE, "a hash is a digest");

/* Nobody but nettle, on the other side of a library call, ever looks into the memory. */
static struct sha256_ctx *context_of(struct accord_sha256 *sha)
{
    return (void *)sha;
}

void accord_sha256_init(struct accord_sha256 *sha)
{
    sha256_init(context_of(sha));
}

void accord_sha256_update(struct accord_sha256 *sha, const uint8_t *data, size_t size)
{
    if (size > 0)
        sha256_update(context_of(sha), size, data);
}

void accord_sha256_final(struct accord_sha256 *sha, uint8_t hash[ACCORD_HASH_SIZE])
{
    sha256_digest(context_of(sha), ACCORD_HASH_SIZE, hash);
}
