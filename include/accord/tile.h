/* Where hashes and entries lie in a tiled log (C2SP tlog-tiles). */
#ifndef ACCORD_TILE_H
#define ACCORD_TILE_H

#include "accord/merkle.h"

/* A tile of hashes, or a bundle of entries. */
struct accord_tile {
    bool entries;   /* a bundle; then level is 0 */
    unsigned level; /* 0 to 7 where sizes fit 64 bits; the format allows up to 63 */
    uint64_t index;
    unsigned width; /* 1 to 256; 256 is a full tile */
};

/* Prints the path, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, and parses it: canonical only. */
ACCORD_API void accord_tile_path_print(struct accord_out *out, const struct accord_tile *tile);
ACCORD_MUST_USE ACCORD_API enum accord_status accord_tile_path_parse(struct accord_tile *tile,
                                                                     struct accord_bytes path);

/* How many hashes the tile (level, index) has in a tree of this size: 0 (absent) to 256. */
ACCORD_API unsigned accord_tile_width(unsigned level, uint64_t index, uint64_t size);

/* The tile, as it is in a tree of this size, from which the full subtree (level, index) can be had: it holds it, or
 * all the hashes that it is made of. false where the tree has no such subtree. */
ACCORD_MUST_USE ACCORD_API bool accord_tile_of_node(struct accord_tile *tile, unsigned level, uint64_t index,
                                                    uint64_t size);
/* Computes that subtree's hash from the tile's bytes (width * 32 of them). false where the bytes do not reach. */
ACCORD_MUST_USE ACCORD_API bool accord_tile_node_hash(const struct accord_crypto *crypto,
                                                      const struct accord_tile *tile, struct accord_bytes bytes,
                                                      unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE]);

/* Steps through a bundle: *cursor starts at 0; *entry is the next entry. false at the end, and where the bytes are cut
 * short: *cursor equals bundle.size only after the last whole entry. */
ACCORD_API bool accord_bundle_next(struct accord_bytes bundle, size_t *cursor, struct accord_bytes *entry);

#endif
