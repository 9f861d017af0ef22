/* Leaf hashes by two threads. Knows units of work and who takes the next one; refuses to know trees and storage. */
#include "log/hasher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "accord/merkle.h"
#include "accord/tile.h"

/* Below this a thread costs more than it saves. */
#define PAYS_SIZE 131072

struct accord_hasher {
    const struct accord_crypto *crypto;
    pthread_t thread;
    bool started, alone; /* there is a thread; there can be none */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    const struct accord_leaves *leaves; /* under mutex: NULL where there is no work */
    bool working, stop;                 /* under mutex */
    atomic_uint_fast64_t next;          /* unit to take */
};

uint64_t accord_leaves_units(const struct accord_leaves *leaves)
{
    return (leaves->count + leaves->skew + ACCORD_HASHER_UNIT - 1) / ACCORD_HASHER_UNIT;
}

uint64_t accord_leaves_unit(const struct accord_leaves *leaves, uint64_t unit, uint64_t *first)
{
    uint64_t end = (unit + 1) * ACCORD_HASHER_UNIT - leaves->skew;
    *first = unit == 0 ? 0 : end - ACCORD_HASHER_UNIT;
    return (end < leaves->count ? end : leaves->count) - *first;
}

/* The root of a whole tile's leaves. */
static void unit_root(const struct accord_hasher *hasher, uint8_t (*leaves)[ACCORD_HASH_SIZE],
                      uint8_t root[ACCORD_HASH_SIZE])
{
    uint8_t nodes[ACCORD_HASHER_UNIT / 2][ACCORD_HASH_SIZE];
    for (size_t width = ACCORD_HASHER_UNIT / 2; width > 0; width /= 2) {
        for (size_t i = 0; i < width; i++)
            accord_merkle_node(hasher->crypto, leaves[2 * i], leaves[2 * i + 1], nodes[i]);
        leaves = nodes;
    }
    memcpy(root, nodes[0], ACCORD_HASH_SIZE);
}

static void hash_unit(const struct accord_hasher *hasher, const struct accord_leaves *leaves, uint64_t unit)
{
    uint64_t first, count = accord_leaves_unit(leaves, unit, &first);
    size_t cursor = leaves->starts[unit];
    struct accord_bytes entry;
    for (uint64_t i = first; !leaves->known && i < first + count; i++) {
        (void)accord_bundle_next(leaves->entries, &cursor, &entry);
        accord_merkle_leaf(hasher->crypto, entry, leaves->hashes[i]);
    }
    if (count == ACCORD_HASHER_UNIT)
        unit_root(hasher, leaves->hashes + first, leaves->roots[unit]);
}

static void hash_units(struct accord_hasher *hasher, const struct accord_leaves *leaves)
{
    uint64_t units = accord_leaves_units(leaves);
    for (;;) {
        uint64_t unit = atomic_fetch_add(&hasher->next, 1);
        if (unit >= units)
            return;
        hash_unit(hasher, leaves, unit);
    }
}

static void *run(void *context)
{
    struct accord_hasher *hasher = context;
    pthread_mutex_lock(&hasher->mutex);
    while (!hasher->stop) {
        if (hasher->working) {
            const struct accord_leaves *leaves = hasher->leaves;
            pthread_mutex_unlock(&hasher->mutex);
            hash_units(hasher, leaves);
            pthread_mutex_lock(&hasher->mutex);
            hasher->working = false;
            pthread_cond_broadcast(&hasher->changed);
        } else {
            pthread_cond_wait(&hasher->changed, &hasher->mutex);
        }
    }
    pthread_mutex_unlock(&hasher->mutex);
    return NULL;
}

struct accord_hasher *accord_hasher_new(const struct accord_crypto *crypto)
{
    struct accord_hasher *hasher = calloc(1, sizeof *hasher);
    if (hasher == NULL)
        return NULL;
    hasher->crypto = crypto;
    if (pthread_mutex_init(&hasher->mutex, NULL) != 0 || pthread_cond_init(&hasher->changed, NULL) != 0)
        abort();
    return hasher;
}

void accord_hasher_free(struct accord_hasher *hasher)
{
    if (hasher == NULL)
        return;
    if (hasher->started) {
        pthread_mutex_lock(&hasher->mutex);
        hasher->stop = true;
        pthread_cond_broadcast(&hasher->changed);
        pthread_mutex_unlock(&hasher->mutex);
        pthread_join(hasher->thread, NULL);
    }
    pthread_cond_destroy(&hasher->changed);
    pthread_mutex_destroy(&hasher->mutex);
    free(hasher);
}

void accord_hasher_begin(struct accord_hasher *hasher, const struct accord_leaves *leaves)
{
    atomic_store(&hasher->next, 0);
    bool pays = leaves->entries.size >= PAYS_SIZE;
    if (pays && !hasher->started && !hasher->alone) {
        hasher->started = pthread_create(&hasher->thread, NULL, run, hasher) == 0;
        hasher->alone = !hasher->started;
    }
    pthread_mutex_lock(&hasher->mutex);
    hasher->leaves = leaves;
    hasher->working = pays && hasher->started;
    if (hasher->working)
        pthread_cond_broadcast(&hasher->changed);
    pthread_mutex_unlock(&hasher->mutex);
}

void accord_hasher_finish(struct accord_hasher *hasher)
{
    hash_units(hasher, hasher->leaves);
    pthread_mutex_lock(&hasher->mutex);
    while (hasher->working)
        pthread_cond_wait(&hasher->changed, &hasher->mutex);
    hasher->leaves = NULL;
    pthread_mutex_unlock(&hasher->mutex);
}
