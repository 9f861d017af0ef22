/* Leaf hashes of a batch, and the roots of its full tiles, computed by two threads: one of its own and the caller's. It
 * makes no call on a file system, so the order of those stays the caller's. */
#ifndef ACCORD_LOG_HASHER_H
#define ACCORD_LOG_HASHER_H

#include "accord/crypto.h"

#define ACCORD_HASHER_UNIT 256 /* leaves: those of one tile */
/* Of a batch of so many leaves, wherever it begins. */
#define ACCORD_HASHER_UNITS(count) (((count) + 255) / ACCORD_HASHER_UNIT + 1)

struct accord_hasher;

/* The batch: entries as uint16-length-prefixed, whole and well formed. Its units are the tiles of leaves that it has
 * part in, so the first and the last may have fewer leaves; starts[i] is where the first entry of unit i stands. */
struct accord_leaves {
    struct accord_bytes entries;
    uint64_t count;
    uint64_t skew; /* leaves of the first unit's tile that come before the batch */
    const uint32_t *starts;
    uint8_t (*hashes)[ACCORD_HASH_SIZE]; /* filled: count of them; or known already */
    bool known;
    uint8_t (*roots)[ACCORD_HASH_SIZE]; /* filled: of each unit that is a whole tile */
};

/* How many units, and which leaves of the batch one has: from *first on, so many. */
uint64_t accord_leaves_units(const struct accord_leaves *leaves);
uint64_t accord_leaves_unit(const struct accord_leaves *leaves, uint64_t unit, uint64_t *first);

/* NULL where memory ran out. The thread is started when it first pays; where it cannot be started the caller's hashes
 * all. */
struct accord_hasher *accord_hasher_new(const struct accord_crypto *crypto);
void accord_hasher_free(struct accord_hasher *hasher);
/* Begins; *leaves must stay until accord_hasher_finish, which takes its part of the work, has returned. */
void accord_hasher_begin(struct accord_hasher *hasher, const struct accord_leaves *leaves);
void accord_hasher_finish(struct accord_hasher *hasher);

#endif
