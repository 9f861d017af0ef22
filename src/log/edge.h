/* The tree writer: the right edge of a tiled tree. It takes leaves in order and writes each tile and bundle that they
 * complete; the unfinished ones it keeps, and writes in their partial form when asked. */
#ifndef ACCORD_LOG_EDGE_H
#define ACCORD_LOG_EDGE_H

#include "log/hasher.h"
#include "log/log.h"
#include "log/store.h"

#define ACCORD_EDGE_LEVELS 8 /* tile levels of trees whose size fits 64 bits */
/* How many hashes of level 1 and above one batch completes at most. */
#define ACCORD_EDGE_GROWTH_MAX (ACCORD_LOG_APPEND_COUNT_MAX / 255 + ACCORD_EDGE_LEVELS)

struct accord_edge {
    const struct accord_crypto *crypto;
    struct accord_frontier frontier; /* its size is the tree's */
    /* The hashes of each level's unfinished tile: (size >> 8 * level) % 256 of them. */
    uint8_t tiles[ACCORD_EDGE_LEVELS][ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
    struct accord_buffer bundle; /* the entries of the unfinished bundle, length-prefixed */
};

void accord_edge_init(struct accord_edge *edge, const struct accord_crypto *crypto);
void accord_edge_free(struct accord_edge *edge);
/* Reads the unfinished tiles and bundle of the tree that base is, each checked against its hashes: ACCORD_LOG_CORRUPT
 * names the object that does not agree. */
ACCORD_MUST_USE enum accord_status accord_edge_load(struct accord_edge *edge, const struct accord_store *store,
                                                    const struct accord_frontier *base, struct accord_error *error);
/* What the tree will be after a batch: known before a byte of the tree is written. */
struct accord_growth {
    struct accord_frontier frontier;
    size_t count; /* hashes for tiles of level 1 and above, in the order in which leaves complete them */
    uint8_t hashes[ACCORD_EDGE_GROWTH_MAX][ACCORD_HASH_SIZE];
};
/* from is the tree before the batch: the edge's own, or what it will be after a batch that it has yet to take. */
void accord_edge_grow(const struct accord_edge *edge, const struct accord_frontier *from,
                      const struct accord_leaves *leaves, struct accord_growth *growth);
/* Takes a batch that was grown. published is the size of the published tree: a tile that its readers may ask for
 * appears at once whole, and one that lies inside it, which a recovery may come upon, is there and is left alone. Where
 * it fails, the edge is not to be used again. */
ACCORD_MUST_USE enum accord_status accord_edge_append(struct accord_edge *edge, const struct accord_store *store,
                                                      struct accord_bytes entries, uint64_t count,
                                                      const uint8_t (*leaves)[ACCORD_HASH_SIZE],
                                                      const struct accord_growth *growth, uint64_t published,
                                                      struct accord_error *error);
/* Writes the partial tiles and bundle of the present tree, but for those that are the same in the tree of size base. */
ACCORD_MUST_USE enum accord_status accord_edge_partials(const struct accord_edge *edge,
                                                        const struct accord_store *store, uint64_t base,
                                                        struct accord_error *error);
/* Removes the partial forms of the tiles that were unfinished in the tree of size old and are full in that of size now;
 * not of those that are unfinished in a tree of one of the sizes in keep. */
void accord_edge_sweep(const struct accord_store *store, uint64_t old, uint64_t now, const uint64_t *keep,
                       size_t count);
/* The same for every tree from size old to size now, but for the oldest where those are very many. */
void accord_edge_sweep_all(const struct accord_store *store, uint64_t old, uint64_t now, const uint64_t *keep,
                           size_t count);

#endif
