/* Reading tiles and bundles. Knows their sizes and which may stand in for which; refuses to know whether their hashes
 * are true. */
#include "log/objects.h"

#include <string.h>

void accord_object_name(const struct accord_tile *tile, char name[ACCORD_TILE_PATH_SIZE_MAX + 1])
{
    struct accord_out out = {(uint8_t *)name, ACCORD_TILE_PATH_SIZE_MAX, 0, false};
    accord_tile_path_print(&out, tile);
    name[out.size] = '\0';
}

enum accord_status accord_object_fail(struct accord_error *error, enum accord_status status,
                                      const struct accord_tile *tile)
{
    char name[ACCORD_TILE_PATH_SIZE_MAX + 1];
    accord_object_name(tile, name);
    accord_fail(error, status, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)name, strlen(name)});
    return status;
}

static enum accord_status wrong_form(struct accord_error *error, const struct accord_tile *tile)
{
    accord_object_fail(error, ACCORD_LOG_CORRUPT, tile);
    accord_error_expected(error, tile->entries ? ACCORD_LITERAL("as many whole entries as its name says")
                                               : ACCORD_LITERAL("as many hashes as its name says"));
    return ACCORD_LOG_CORRUPT;
}

/* How many of the bytes the first width hashes or entries take; false where the bytes do not reach. */
static bool measure(struct accord_bytes bytes, const struct accord_tile *tile, size_t *size)
{
    *size = 0;
    if (!tile->entries) {
        *size = (size_t)tile->width * ACCORD_HASH_SIZE;
        return *size <= bytes.size;
    }
    struct accord_bytes entry;
    for (unsigned i = 0; i < tile->width; i++)
        if (!accord_bundle_next(bytes, size, &entry))
            return false;
    return true;
}

static enum accord_status read_exactly(const struct accord_store *store, const struct accord_tile *tile,
                                       struct accord_buffer *out, struct accord_error *error)
{
    char name[ACCORD_TILE_PATH_SIZE_MAX + 1];
    size_t size;
    accord_object_name(tile, name);
    out->size = 0;
    enum accord_status status = store->read(store->context, name, out, error);
    /* A file that is longer than any tile may be is not a failure of reading. */
    if (status == ACCORD_TOO_LARGE)
        return wrong_form(error, tile);
    if (status != ACCORD_OK)
        return status;
    if (!measure(accord_buffer_bytes(out), tile, &size) || size != out->size)
        return wrong_form(error, tile);
    return ACCORD_OK;
}

enum accord_status accord_object_read(const struct accord_store *store, const struct accord_tile *tile,
                                      struct accord_buffer *out, struct accord_error *error)
{
    enum accord_status status = read_exactly(store, tile, out, error);
    if (status != ACCORD_NOT_FOUND || tile->width == ACCORD_TILE_WIDTH)
        return status == ACCORD_NOT_FOUND ? accord_object_fail(error, status, tile) : status;
    struct accord_tile full = *tile;
    full.width = ACCORD_TILE_WIDTH;
    status = read_exactly(store, &full, out, error);
    if (status == ACCORD_NOT_FOUND)
        return accord_object_fail(error, status, tile);
    if (status == ACCORD_OK)
        (void)measure(accord_buffer_bytes(out), tile, &out->size);
    return status;
}
