/* Tiles and bundles as they come from a store: read, and held to their form. */
#ifndef ACCORD_LOG_OBJECTS_H
#define ACCORD_LOG_OBJECTS_H

#include "log/store.h"

/* A tile's name, ended by NUL. */
void accord_object_name(const struct accord_tile *tile, char name[ACCORD_TILE_PATH_SIZE_MAX + 1]);
/* Fills *error with a status and the tile's name, and returns the status. */
enum accord_status accord_object_fail(struct accord_error *error, enum accord_status status,
                                      const struct accord_tile *tile);
/* Reads a tile or a bundle into *out, in place of what it held: exactly tile->width hashes, or whole entries
 * (ACCORD_LOG_CORRUPT names the object otherwise). Where a partial one is not there its beginning is taken from the
 * full one (C2SP tlog-tiles, "Partial Tiles"); where neither is, ACCORD_NOT_FOUND names the partial one. */
ACCORD_MUST_USE enum accord_status accord_object_read(const struct accord_store *store, const struct accord_tile *tile,
                                                      struct accord_buffer *out, struct accord_error *error);

#endif
