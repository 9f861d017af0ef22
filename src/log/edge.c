/* The tree writer. Knows which tile a leaf completes and what an unfinished one holds; refuses to know when any of it
 * becomes durable, and who may sign it. */
#include "log/edge.h"

#include <stdlib.h>
#include <string.h>

#include "log/objects.h"

/* How many tiles of a level are looked at for what a process that died may have left. */
#define SWEPT_MAX 4096

static unsigned width_at(uint64_t size, unsigned level)
{
    return (unsigned)(size >> (8 * level)) % ACCORD_TILE_WIDTH;
}

/* The index of the tile, at a level, that is unfinished or about to be begun in a tree of this size. */
static uint64_t index_at(uint64_t size, unsigned level)
{
    return level == ACCORD_EDGE_LEVELS - 1 ? 0 : size >> (8 * level + 8);
}

void accord_edge_init(struct accord_edge *edge, const struct accord_crypto *crypto)
{
    memset(edge, 0, sizeof *edge);
    edge->crypto = crypto;
    accord_buffer_init(&edge->bundle, ACCORD_BUNDLE_SIZE_MAX);
}

void accord_edge_free(struct accord_edge *edge)
{
    accord_buffer_free(&edge->bundle);
}

/* The unfinished tile of one level, checked: its hashes, taken as leaves, give the frontier's hashes of these levels.
 */
static enum accord_status load_tile(struct accord_edge *edge, const struct accord_store *store,
                                    const struct accord_frontier *base, unsigned level, struct accord_error *error)
{
    struct accord_tile tile = {false, level, index_at(base->size, level), width_at(base->size, level)};
    if (tile.width == 0)
        return ACCORD_OK;
    struct accord_buffer bytes;
    accord_buffer_init(&bytes, ACCORD_TILE_SIZE_MAX);
    enum accord_status status = accord_object_read(store, &tile, &bytes, error);
    if (status == ACCORD_OK)
        memcpy(edge->tiles[level], bytes.data, bytes.size);
    accord_buffer_free(&bytes);
    if (status != ACCORD_OK)
        return status;
    struct accord_frontier part;
    memset(&part, 0, sizeof part);
    for (unsigned i = 0; i < tile.width; i++)
        accord_frontier_append(edge->crypto, &part, edge->tiles[level][i], NULL, NULL);
    for (unsigned bit = 0; bit < 8; bit++)
        if ((tile.width >> bit & 1) != 0 && memcmp(part.hash[bit], base->hash[8 * level + bit], ACCORD_HASH_SIZE) != 0)
            return accord_object_fail(error, ACCORD_LOG_CORRUPT, &tile);
    return ACCORD_OK;
}

static enum accord_status load_bundle(struct accord_edge *edge, const struct accord_store *store, uint64_t size,
                                      struct accord_error *error)
{
    struct accord_tile tile = {true, 0, index_at(size, 0), width_at(size, 0)};
    edge->bundle.size = 0;
    if (tile.width == 0)
        return ACCORD_OK;
    enum accord_status status = accord_object_read(store, &tile, &edge->bundle, error);
    if (status != ACCORD_OK)
        return status;
    size_t cursor = 0;
    for (unsigned i = 0; i < tile.width; i++) {
        struct accord_bytes entry;
        uint8_t hash[ACCORD_HASH_SIZE];
        (void)accord_bundle_next(accord_buffer_bytes(&edge->bundle), &cursor, &entry);
        accord_merkle_leaf(edge->crypto, entry, hash);
        if (memcmp(hash, edge->tiles[0][i], ACCORD_HASH_SIZE) != 0)
            return accord_object_fail(error, ACCORD_LOG_CORRUPT, &tile);
    }
    return ACCORD_OK;
}

enum accord_status accord_edge_load(struct accord_edge *edge, const struct accord_store *store,
                                    const struct accord_frontier *base, struct accord_error *error)
{
    edge->frontier = *base;
    for (unsigned level = 0; level < ACCORD_EDGE_LEVELS; level++) {
        enum accord_status status = load_tile(edge, store, base, level, error);
        if (status != ACCORD_OK)
            return status;
    }
    return load_bundle(edge, store, base->size, error);
}

static void grow_hash(void *context, unsigned level, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE])
{
    (void)index;
    struct accord_growth *growth = context;
    if (level % 8 == 0 && level > 0 && level / 8 < ACCORD_EDGE_LEVELS)
        memcpy(growth->hashes[growth->count++], hash, ACCORD_HASH_SIZE);
}

/* Appends a whole tile of leaves, given its root, to a tree that ends with one. */
static void grow_tile(const struct accord_edge *edge, struct accord_growth *growth,
                      const uint8_t root[ACCORD_HASH_SIZE])
{
    struct accord_frontier *frontier = &growth->frontier;
    uint8_t hash[ACCORD_HASH_SIZE];
    unsigned level = 8;
    if (frontier->size >= INT64_MAX - ACCORD_TILE_WIDTH) /* as accord_frontier_append has it: no log gets here */
        abort();
    memcpy(hash, root, sizeof hash);
    grow_hash(growth, level, 0, hash);
    for (; (frontier->size >> level & 1) != 0; level++) {
        accord_merkle_node(edge->crypto, frontier->hash[level], hash, hash);
        grow_hash(growth, level + 1, 0, hash);
    }
    memcpy(frontier->hash[level], hash, sizeof hash);
    frontier->size += ACCORD_TILE_WIDTH;
}

void accord_edge_grow(const struct accord_edge *edge, const struct accord_frontier *from,
                      const struct accord_leaves *leaves, struct accord_growth *growth)
{
    growth->frontier = *from;
    growth->count = 0;
    for (uint64_t unit = 0; unit < accord_leaves_units(leaves); unit++) {
        uint64_t first, count = accord_leaves_unit(leaves, unit, &first);
        if (count == ACCORD_TILE_WIDTH)
            grow_tile(edge, growth, leaves->roots[unit]);
        for (uint64_t i = 0; count < ACCORD_TILE_WIDTH && i < count; i++)
            accord_frontier_append(edge->crypto, &growth->frontier, leaves->hashes[first + i], grow_hash, growth);
    }
}

/* Readers of the published tree ask for its unfinished tiles, and may ask for the full form of these. */
static bool visible(uint64_t published, unsigned level, uint64_t index)
{
    return width_at(published, level) > 0 && index_at(published, level) == index;
}

/* What an append is in the middle of. */
struct writing {
    struct accord_edge *edge;
    const struct accord_store *store;
    const struct accord_growth *growth;
    size_t used;                 /* of the growth's hashes */
    struct accord_bytes entries; /* of the batch */
    size_t cursor, bundle_start; /* after the present leaf; after the last full bundle */
    uint64_t published;
    struct accord_error *error;
};

static enum accord_status write_full(const struct writing *writing, bool entries, unsigned level, uint64_t index,
                                     struct accord_bytes bytes)
{
    struct accord_tile tile = {entries, level, index, ACCORD_TILE_WIDTH};
    if (index < (writing->published >> (8 * level)) / ACCORD_TILE_WIDTH)
        return ACCORD_OK;
    return writing->store->write(writing->store->context, &tile, bytes, visible(writing->published, level, index),
                                 writing->error);
}

/* A bundle that lies within the batch is written from there; one that was begun before is put together. */
static enum accord_status write_bundle(struct writing *writing, uint64_t index)
{
    struct accord_buffer *begun = &writing->edge->bundle;
    struct accord_bytes bytes = {writing->entries.data + writing->bundle_start,
                                 writing->cursor - writing->bundle_start};
    writing->bundle_start = writing->cursor;
    if (begun->size > 0) {
        enum accord_status status = accord_buffer_append(begun, bytes);
        if (status != ACCORD_OK)
            return accord_fail(writing->error, status, 0);
        bytes = accord_buffer_bytes(begun);
    }
    enum accord_status status = write_full(writing, true, 0, index, bytes);
    begun->size = 0;
    return status;
}

/* Puts one leaf, at its index, into its tile, and writes each tile that this completes, from the leaves up. */
static enum accord_status take_leaf(struct writing *writing, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE])
{
    const uint8_t *hash = leaf;
    for (unsigned level = 0; level < ACCORD_EDGE_LEVELS; level++) {
        uint8_t(*tile)[ACCORD_HASH_SIZE] = writing->edge->tiles[level];
        memcpy(tile[index % ACCORD_TILE_WIDTH], hash, ACCORD_HASH_SIZE);
        if (index % ACCORD_TILE_WIDTH != ACCORD_TILE_WIDTH - 1)
            return ACCORD_OK;
        index /= ACCORD_TILE_WIDTH;
        enum accord_status status = level == 0 ? write_bundle(writing, index) : ACCORD_OK;
        if (status == ACCORD_OK)
            status = write_full(writing, false, level, index, (struct accord_bytes){tile[0], ACCORD_TILE_SIZE_MAX});
        if (status != ACCORD_OK)
            return status;
        hash = writing->growth->hashes[writing->used++];
    }
    return ACCORD_OK;
}

enum accord_status accord_edge_append(struct accord_edge *edge, const struct accord_store *store,
                                      struct accord_bytes entries, uint64_t count,
                                      const uint8_t (*leaves)[ACCORD_HASH_SIZE], const struct accord_growth *growth,
                                      uint64_t published, struct accord_error *error)
{
    struct writing writing = {edge, store, growth, 0, entries, 0, 0, published, error};
    struct accord_bytes entry;
    for (uint64_t i = 0; i < count; i++) {
        (void)accord_bundle_next(entries, &writing.cursor, &entry);
        enum accord_status status = take_leaf(&writing, edge->frontier.size + i, leaves[i]);
        if (status != ACCORD_OK)
            return status;
    }
    edge->frontier = growth->frontier;
    struct accord_bytes rest = {entries.data + writing.bundle_start, entries.size - writing.bundle_start};
    enum accord_status status = accord_buffer_append(&edge->bundle, rest);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

enum accord_status accord_edge_partials(const struct accord_edge *edge, const struct accord_store *store, uint64_t base,
                                        struct accord_error *error)
{
    uint64_t size = edge->frontier.size;
    enum accord_status status = ACCORD_OK;
    for (unsigned level = 0; level < ACCORD_EDGE_LEVELS && status == ACCORD_OK; level++) {
        unsigned width = width_at(size, level);
        if (width == 0 || size >> (8 * level) == base >> (8 * level))
            continue;
        struct accord_tile tile = {false, level, index_at(size, level), width};
        struct accord_bytes bytes = {edge->tiles[level][0], (size_t)width * ACCORD_HASH_SIZE};
        status = store->write(store->context, &tile, bytes, false, error);
        tile.entries = true;
        if (level == 0 && status == ACCORD_OK)
            status = store->write(store->context, &tile, accord_buffer_bytes(&edge->bundle), false, error);
    }
    return status;
}

static bool kept(const uint64_t *keep, size_t count, unsigned level, uint64_t index)
{
    for (size_t i = 0; i < count; i++)
        if (visible(keep[i], level, index))
            return true;
    return false;
}

static void sweep_tile(const struct accord_store *store, unsigned level, uint64_t index)
{
    struct accord_tile tile = {false, level, index, ACCORD_TILE_WIDTH};
    store->remove_partials(store->context, &tile);
    tile.entries = true;
    if (level == 0)
        store->remove_partials(store->context, &tile);
}

void accord_edge_sweep(const struct accord_store *store, uint64_t old, uint64_t now, const uint64_t *keep, size_t count)
{
    for (unsigned level = 0; level < ACCORD_EDGE_LEVELS; level++) {
        uint64_t index = index_at(old, level);
        if (width_at(old, level) != 0 && index_at(now, level) != index && !kept(keep, count, level, index))
            sweep_tile(store, level, index);
    }
}

void accord_edge_sweep_all(const struct accord_store *store, uint64_t old, uint64_t now, const uint64_t *keep,
                           size_t count)
{
    for (unsigned level = 0; level < ACCORD_EDGE_LEVELS; level++) {
        uint64_t end = index_at(now, level), first = index_at(old, level);
        if (end - first > SWEPT_MAX)
            first = end - SWEPT_MAX;
        for (uint64_t index = first; index < end; index++)
            if (!kept(keep, count, level, index))
                sweep_tile(store, level, index);
    }
}
