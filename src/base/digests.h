/* Which statements were met, by digest: a set of the first 16 bytes of SHA-256, with a tag beside each. */
#ifndef ACCORD_BASE_DIGESTS_H
#define ACCORD_BASE_DIGESTS_H

#include "accord/error.h"
#include "accord/limits.h"

#define ACCORD_DIGEST_KEPT 16
#define ACCORD_DIGESTS_MAX ((size_t)1 << 25) /* a GiB of memory */

struct accord_digest_slot {
    uint8_t digest[ACCORD_DIGEST_KEPT];
    uint8_t tag; /* 0: the slot is free */
};

/* The zero value is empty. */
struct accord_digests {
    size_t count, capacity; /* capacity: a power of two, or 0 */
    struct accord_digest_slot *slots;
};

void accord_digests_free(struct accord_digests *digests);
/* The tag of a digest; 0 where it is not there. */
uint8_t accord_digests_find(const struct accord_digests *digests, const uint8_t digest[ACCORD_HASH_SIZE]);
/* Adds one that is not there, with a tag that is not 0. ACCORD_TOO_LARGE, ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_digests_add(struct accord_digests *digests,
                                                      const uint8_t digest[ACCORD_HASH_SIZE], uint8_t tag,
                                                      struct accord_error *error);

#endif
