/* Leaf hashes of a batch, computed by two threads: one of its own and the caller's. It makes no call on a file system,
 * so the order of those stays the caller's. */
#ifndef ACCORD_LOG_HASHER_H
#define ACCORD_LOG_HASHER_H

#include "accord/crypto.h"

#define ACCORD_HASHER_UNIT 256 /* leaves */

struct accord_hasher;

/* The batch: entries as uint16-length-prefixed, whole and well formed; starts[i] is where entry i * ACCORD_HASHER_UNIT
 * stands in them. */
struct accord_leaves {
    struct accord_bytes entries;
    uint64_t count;
    const uint32_t *starts;
    uint8_t (*hashes)[ACCORD_HASH_SIZE]; /* filled: count of them */
};

/* NULL where memory ran out. The thread is started when it first pays; where it cannot be started the caller's hashes
 * all. */
struct accord_hasher *accord_hasher_new(const struct accord_crypto *crypto);
void accord_hasher_free(struct accord_hasher *hasher);
/* Begins; *leaves must stay until accord_hasher_finish, which takes its part of the work, has returned. */
void accord_hasher_begin(struct accord_hasher *hasher, const struct accord_leaves *leaves);
void accord_hasher_finish(struct accord_hasher *hasher);

#endif
