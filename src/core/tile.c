/* Where a tiled log keeps its hashes and entries (C2SP tlog-tiles). Knows paths, widths and which tile holds which
 * subtree; reads no file, and does not know whether a tile is true until it is hashed into a root. */
#include "accord/tile.h"

#include "core/text.h"

#include <string.h>

#define TILE_HEIGHT 8 /* levels of the tree in a tile: 2^8 is ACCORD_TILE_WIDTH */
#define TILE_LEVEL_MAX 63

/* "a non-negative integer encoded into zero-padded 3-digit path elements. All but the last path element MUST begin with
 * an x" */
static void put_index(struct accord_out *out, uint64_t index)
{
    uint8_t path[7 * 5]; /* 2^64 - 1 has 20 digits: 7 elements, each with an x and a slash */
    size_t first = sizeof path;
    for (bool last = true; last || index > 0; last = false, index /= 1000) {
        unsigned element = (unsigned)(index % 1000);
        if (!last)
            path[--first] = '/';
        path[--first] = (uint8_t)('0' + element % 10);
        path[--first] = (uint8_t)('0' + element / 10 % 10);
        path[--first] = (uint8_t)('0' + element / 100);
        if (!last)
            path[--first] = 'x';
    }
    accord_put(out, (struct accord_bytes){path + first, sizeof path - first});
}

void accord_tile_path_print(struct accord_out *out, const struct accord_tile *tile)
{
    accord_put(out, ACCORD_LITERAL("tile/"));
    if (tile->entries)
        accord_put(out, ACCORD_LITERAL("entries"));
    else
        accord_put_decimal(out, tile->level);
    accord_put_byte(out, '/');
    put_index(out, tile->index);
    if (tile->width < ACCORD_TILE_WIDTH) {
        accord_put(out, ACCORD_LITERAL(".p/"));
        accord_put_decimal(out, tile->width);
    }
}

static bool cut_element(struct accord_bytes *rest, uint64_t *index)
{
    uint64_t element = 0;
    if (rest->size < 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9')
            return false;
        element = element * 10 + (uint64_t)(rest->data[i] - '0');
    }
    if (*index > (UINT64_MAX - element) / 1000)
        return false;
    *index = *index * 1000 + element;
    *rest = (struct accord_bytes){rest->data + 3, rest->size - 3};
    return true;
}

/* An element of zeros at the front would write an index in a second way. */
static bool cut_index(struct accord_bytes *rest, uint64_t *index)
{
    *index = 0;
    while (accord_cut_prefix(rest, ACCORD_LITERAL("x")))
        if (!cut_element(rest, index) || *index == 0 || !accord_cut_prefix(rest, ACCORD_LITERAL("/")))
            return false;
    return cut_element(rest, index);
}

static bool cut_level(struct accord_bytes *rest, struct accord_tile *tile)
{
    struct accord_bytes piece;
    uint64_t level = 0;
    if (!accord_cut(rest, '/', &piece))
        return false;
    tile->entries = accord_bytes_equal(piece, ACCORD_LITERAL("entries"));
    if (!tile->entries && (!accord_decimal_read(piece, &level) || level > TILE_LEVEL_MAX))
        return false;
    tile->level = (unsigned)level;
    return true;
}

enum accord_status accord_tile_path_parse(struct accord_tile *tile, struct accord_bytes path)
{
    uint64_t width = ACCORD_TILE_WIDTH;
    memset(tile, 0, sizeof *tile);
    if (!accord_cut_prefix(&path, ACCORD_LITERAL("tile/")) || !cut_level(&path, tile) ||
        !cut_index(&path, &tile->index))
        return ACCORD_MALFORMED;
    if (accord_cut_prefix(&path, ACCORD_LITERAL(".p/"))) {
        if (!accord_decimal_read(path, &width) || width == 0 || width >= ACCORD_TILE_WIDTH)
            return ACCORD_MALFORMED;
    } else if (path.size > 0) {
        return ACCORD_MALFORMED;
    }
    tile->width = (unsigned)width;
    return ACCORD_OK;
}

unsigned accord_tile_width(unsigned level, uint64_t index, uint64_t size)
{
    uint64_t hashes = level < 8 ? size >> (TILE_HEIGHT * level) : 0;
    uint64_t full = hashes / ACCORD_TILE_WIDTH;
    if (index < full)
        return ACCORD_TILE_WIDTH;
    return index == full ? (unsigned)(hashes % ACCORD_TILE_WIDTH) : 0;
}

bool accord_tile_of_node(struct accord_tile *tile, unsigned level, uint64_t index, uint64_t size)
{
    memset(tile, 0, sizeof *tile);
    if (level > 63 || index >= size >> level)
        return false;
    tile->level = level / TILE_HEIGHT;
    tile->index = index >> (TILE_HEIGHT - level % TILE_HEIGHT);
    tile->width = accord_tile_width(tile->level, tile->index, size);
    return true;
}

bool accord_tile_node_hash(const struct accord_crypto *crypto, const struct accord_tile *tile,
                           struct accord_bytes bytes, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    uint8_t edge[TILE_HEIGHT][ACCORD_HASH_SIZE];
    unsigned height = level % TILE_HEIGHT;
    size_t count = (size_t)1 << height;
    size_t first = (size_t)(index << height) % ACCORD_TILE_WIDTH;
    if (tile->entries || tile->level != level / TILE_HEIGHT || tile->index != index >> (TILE_HEIGHT - height) ||
        bytes.size / ACCORD_HASH_SIZE < first + count)
        return false;
    /* As many hashes as a power of two: when the last one comes in, each level of the edge is joined to it. */
    for (size_t i = 0; i < count; i++) {
        unsigned joined = 0;
        memcpy(hash, bytes.data + (first + i) * ACCORD_HASH_SIZE, ACCORD_HASH_SIZE);
        for (; i >> joined & 1; joined++)
            accord_merkle_node(crypto, edge[joined], hash, hash);
        memcpy(edge[joined], hash, ACCORD_HASH_SIZE);
    }
    return true;
}

bool accord_bundle_next(struct accord_bytes bundle, size_t *cursor, struct accord_bytes *entry)
{
    if (*cursor > bundle.size || bundle.size - *cursor < 2)
        return false;
    const uint8_t *at = bundle.data + *cursor;
    size_t size = (size_t)at[0] << 8 | at[1];
    if (bundle.size - *cursor - 2 < size)
        return false;
    *entry = (struct accord_bytes){at + 2, size};
    *cursor += 2 + size;
    return true;
}
