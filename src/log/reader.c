/* Reading a log. Knows which tile holds what, and keeps the last few; refuses to believe: hashes that it gives are what
 * the log says, and only an entry is compared with its leaf hash. */
#include "log/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/tile.h"
#include "base/file.h"
#include "log/objects.h"

#define CACHED_TILES 16
#define PATH_SIZE 4096

struct cached {
    struct accord_tile tile; /* width 0 where free */
    uint64_t used;           /* when last */
    struct accord_buffer bytes;
};

struct accord_reader {
    const struct accord_crypto *crypto;
    struct accord_store store;
    void (*close)(struct accord_store *store);
    uint64_t size;
    uint64_t reads; /* a clock for the cache */
    struct cached tiles[CACHED_TILES];
    struct cached bundle;
    size_t starts[ACCORD_TILE_WIDTH]; /* of the bundle's entries, at their lengths */
    struct accord_error error;
};

static struct accord_bytes text_bytes(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

/* 1 where location/below holds a checkpoint, 0 where not, or -errno. */
static int holds_log(const struct accord_fs *fs, const char *location, const char *below, char *path, size_t size)
{
    char name[PATH_SIZE];
    int printed = snprintf(name, sizeof name, "%s%s/checkpoint", location, below);
    if (printed < 0 || (size_t)printed >= sizeof name || strlen(location) + strlen(below) >= size)
        return 0;
    snprintf(path, size, "%s%s", location, below);
    int result = fs->exists(fs->context, name);
    return result < 0 ? result : result == 1;
}

enum accord_status accord_log_locate(const struct accord_fs *fs, const char *location, char *path, size_t size,
                                     struct accord_error *error)
{
    int found = holds_log(fs, location, "", path, size);
    if (found == 0)
        found = holds_log(fs, location, "/public", path, size);
    if (found < 0)
        return accord_file_error(error, found, location);
    if (found > 0)
        return ACCORD_OK;
    accord_fail(error, ACCORD_NOT_FOUND, 0);
    accord_error_what(error, text_bytes(location));
    accord_error_expected(error, ACCORD_LITERAL("a log's directory, which holds a file named checkpoint"));
    return ACCORD_NOT_FOUND;
}

enum accord_status accord_reader_open_store(struct accord_reader **out, const struct accord_crypto *crypto,
                                            const struct accord_store *store, void (*close)(struct accord_store *store),
                                            struct accord_error *error)
{
    struct accord_store owned = *store;
    struct accord_reader *reader = calloc(1, sizeof *reader);
    *out = reader;
    if (reader == NULL) {
        close(&owned);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    reader->crypto = crypto;
    reader->store = owned;
    reader->close = close;
    for (size_t i = 0; i < CACHED_TILES; i++)
        accord_buffer_init(&reader->tiles[i].bytes, ACCORD_TILE_SIZE_MAX);
    accord_buffer_init(&reader->bundle.bytes, ACCORD_BUNDLE_SIZE_MAX);
    return ACCORD_OK;
}

enum accord_status accord_reader_open(struct accord_reader **out, const struct accord_fs *fs,
                                      const struct accord_crypto *crypto, const char *location,
                                      struct accord_error *error)
{
    char path[PATH_SIZE];
    struct accord_store store;
    *out = NULL;
    enum accord_status status = accord_log_locate(fs, location, path, sizeof path, error);
    if (status == ACCORD_OK)
        status = accord_store_dir_open(&store, fs, crypto, path, error);
    return status == ACCORD_OK ? accord_reader_open_store(out, crypto, &store, accord_store_dir_close, error) : status;
}

void accord_reader_close(struct accord_reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; i < CACHED_TILES; i++)
        accord_buffer_free(&reader->tiles[i].bytes);
    accord_buffer_free(&reader->bundle.bytes);
    reader->close(&reader->store);
    free(reader);
}

enum accord_status accord_reader_checkpoint(struct accord_reader *reader, struct accord_buffer *out,
                                            struct accord_error *error)
{
    return reader->store.read(reader->store.context, "checkpoint", out, error);
}

void accord_reader_set_size(struct accord_reader *reader, uint64_t size)
{
    reader->size = size;
}

static bool same_tile(const struct accord_tile *a, const struct accord_tile *b)
{
    return a->level == b->level && a->index == b->index && a->width == b->width;
}

/* A tile of hashes, from the cache or in the place of the one that was used longest ago. */
static enum accord_status tile_get(struct accord_reader *reader, const struct accord_tile *tile,
                                   struct accord_bytes *bytes, struct accord_error *error)
{
    struct cached *place = &reader->tiles[0];
    for (size_t i = 0; i < CACHED_TILES && !same_tile(&place->tile, tile); i++)
        if (same_tile(&reader->tiles[i].tile, tile) || reader->tiles[i].used < place->used)
            place = &reader->tiles[i];
    if (!same_tile(&place->tile, tile)) {
        place->tile.width = 0;
        enum accord_status status = accord_object_read(&reader->store, tile, &place->bytes, error);
        if (status != ACCORD_OK)
            return status;
        place->tile = *tile;
    }
    place->used = ++reader->reads;
    *bytes = accord_buffer_bytes(&place->bytes);
    return ACCORD_OK;
}

static enum accord_status read_hash(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct accord_reader *reader = context;
    struct accord_tile tile;
    struct accord_bytes bytes;
    if (!accord_tile_of_node(&tile, level, index, reader->size)) {
        accord_fail(&reader->error, ACCORD_WRONG_INDEX, 0);
        accord_error_expected_number(&reader->error, reader->size);
        return ACCORD_WRONG_INDEX;
    }
    enum accord_status status = tile_get(reader, &tile, &bytes, &reader->error);
    if (status == ACCORD_OK && !accord_tile_node_hash(reader->crypto, &tile, bytes, level, index, hash))
        status = accord_object_fail(&reader->error, ACCORD_LOG_CORRUPT, &tile);
    return status;
}

struct accord_hash_source accord_reader_hashes(struct accord_reader *reader)
{
    return (struct accord_hash_source){reader, read_hash};
}

const struct accord_store *accord_reader_store(const struct accord_reader *reader)
{
    return &reader->store;
}

const struct accord_error *accord_reader_error(const struct accord_reader *reader)
{
    return &reader->error;
}

static enum accord_status bundle_get(struct accord_reader *reader, const struct accord_tile *tile,
                                     struct accord_error *error)
{
    struct cached *bundle = &reader->bundle;
    if (same_tile(&bundle->tile, tile))
        return ACCORD_OK;
    bundle->tile.width = 0;
    enum accord_status status = accord_object_read(&reader->store, tile, &bundle->bytes, error);
    if (status != ACCORD_OK)
        return status;
    size_t cursor = 0;
    struct accord_bytes entry;
    for (unsigned i = 0; i < tile->width; i++) {
        reader->starts[i] = cursor;
        (void)accord_bundle_next(accord_buffer_bytes(&bundle->bytes), &cursor, &entry);
    }
    bundle->tile = *tile;
    return ACCORD_OK;
}

enum accord_status accord_reader_entry(struct accord_reader *reader, uint64_t index, struct accord_buffer *out,
                                       struct accord_error *error)
{
    if (index >= reader->size) {
        accord_fail(error, ACCORD_WRONG_INDEX, 0);
        accord_error_expected_number(error, reader->size);
        accord_error_found_number(error, index);
        return ACCORD_WRONG_INDEX;
    }
    struct accord_tile tile = {false, 0, index / ACCORD_TILE_WIDTH, 0};
    tile.width = accord_tile_width(0, tile.index, reader->size);
    struct accord_bytes hashes, entry;
    enum accord_status status = tile_get(reader, &tile, &hashes, error);
    tile.entries = true;
    if (status == ACCORD_OK)
        status = bundle_get(reader, &tile, error);
    if (status != ACCORD_OK)
        return status;
    size_t place = (size_t)(index % ACCORD_TILE_WIDTH), cursor = reader->starts[place];
    uint8_t hash[ACCORD_HASH_SIZE];
    if (!accord_bundle_next(accord_buffer_bytes(&reader->bundle.bytes), &cursor, &entry))
        return accord_object_fail(error, ACCORD_LOG_CORRUPT, &tile);
    accord_merkle_leaf(reader->crypto, entry, hash);
    if (memcmp(hash, hashes.data + place * ACCORD_HASH_SIZE, sizeof hash) != 0) {
        accord_object_fail(error, ACCORD_LOG_CORRUPT, &tile);
        accord_error_expected(error, ACCORD_LITERAL("entries that hash to their places in the tile of level 0"));
        accord_error_found_number(error, index);
        return ACCORD_LOG_CORRUPT;
    }
    status = accord_buffer_append(out, entry);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}
