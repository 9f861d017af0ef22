/* Tile paths: print(parse(x)) == x for each x that is accepted. */
#include "accord/tile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_tile tile;
    uint8_t printed[ACCORD_TILE_PATH_SIZE_MAX];
    struct accord_out out = {printed, sizeof printed, 0, false};
    struct accord_bytes path = {data, size};
    if (accord_tile_path_parse(&tile, path) != ACCORD_OK)
        return 0;
    accord_tile_path_print(&out, &tile);
    if (out.full || !accord_bytes_equal(accord_out_bytes(&out), path) || tile.width == 0 ||
        tile.width > ACCORD_TILE_WIDTH || tile.level > 63 || (tile.entries && tile.level != 0))
        abort();
    return 0;
}
