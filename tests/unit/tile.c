/* Tiles: the examples of the specification, one path for one tile, and every subtree found in its tile. */
#include "slices.h"

#include "accord/tile.h"
#include "crypto/backend.h"

static const struct accord_crypto *crypto = &accord_crypto_default;

static void assert_path(struct accord_tile tile, const char *path)
{
    uint8_t data[ACCORD_TILE_PATH_SIZE_MAX];
    struct accord_out out = {data, sizeof data, 0, false};
    struct accord_tile parsed;
    accord_tile_path_print(&out, &tile);
    assert_false(out.full);
    assert_slice(accord_out_bytes(&out), path);
    assert_int_equal(accord_tile_path_parse(&parsed, slice(path)), ACCORD_OK);
    assert_int_equal(parsed.entries, tile.entries);
    assert_int_equal(parsed.level, tile.level);
    assert_int_equal(parsed.index, tile.index);
    assert_int_equal(parsed.width, tile.width);
}

static void paths(void **state)
{
    (void)state;
    assert_path((struct accord_tile){false, 0, 1234067, 256}, "tile/0/x001/x234/067");
    assert_path((struct accord_tile){false, 0, 0, 256}, "tile/0/000");
    assert_path((struct accord_tile){false, 2, 999, 1}, "tile/2/999.p/1");
    assert_path((struct accord_tile){false, 63, 1000, 255}, "tile/63/x001/000.p/255");
    assert_path((struct accord_tile){true, 0, 273, 112}, "tile/entries/273.p/112");
    assert_path((struct accord_tile){true, 0, 1234067, 256}, "tile/entries/x001/x234/067");
    assert_path((struct accord_tile){true, 0, UINT64_MAX, 255}, "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255");
}

static void paths_that_are_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile//000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1234",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/ 1/000",
        "tile/x/000",
        "tile/0/x000/001",
        "tile/0/x000/x001/000",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/x001/x002",
        "tile/0/001/002",
        "tile/0/X001/002",
        "tile/0/x1/002",
        "tile/0/x0001/002",
        "tile/0/000/",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/1/",
        "tile/0/000.p/-1",
        "tile/0/000.p/x",
        "tile/0/000.P/1",
        "tile/0/000p/1",
        "tile/0/000 ",
        "tile/0/000\n",
        "tile/0/00a",
        "tile/0/0 1",
        "tile/entries",
        "tile/entries/",
        "tile/entries/0/000",
        "tile/entries0/000",
        "tile/data/000",
        "Tile/0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
        "checkpoint",
    };
    struct accord_tile tile;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (accord_tile_path_parse(&tile, slice(refused[i])) != ACCORD_MALFORMED)
            fail_msg("%s is accepted", refused[i]);
    assert_int_equal(accord_tile_path_parse(&tile, (struct accord_bytes){NULL, 0}), ACCORD_MALFORMED);
    assert_int_equal(accord_tile_path_parse(&tile, (struct accord_bytes){(const uint8_t *)"tile/0/000", 11}),
                     ACCORD_MALFORMED);
}

static void widths(void **state)
{
    (void)state;
    /* "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, one
     * full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1" */
    for (uint64_t i = 0; i < 273; i++)
        assert_int_equal(accord_tile_width(0, i, 70000), 256);
    assert_int_equal(accord_tile_width(0, 273, 70000), 112);
    assert_int_equal(accord_tile_width(0, 274, 70000), 0);
    assert_int_equal(accord_tile_width(1, 0, 70000), 256);
    assert_int_equal(accord_tile_width(1, 1, 70000), 17);
    assert_int_equal(accord_tile_width(1, 2, 70000), 0);
    assert_int_equal(accord_tile_width(2, 0, 70000), 1);
    assert_int_equal(accord_tile_width(3, 0, 70000), 0);
    /* "a tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1" */
    assert_int_equal(accord_tile_width(0, 0, 256), 256);
    assert_int_equal(accord_tile_width(0, 1, 256), 0);
    assert_int_equal(accord_tile_width(1, 0, 256), 1);
    assert_int_equal(accord_tile_width(2, 0, 256), 0);
    assert_int_equal(accord_tile_width(0, 0, 0), 0);
    assert_int_equal(accord_tile_width(0, UINT64_MAX, UINT64_MAX), 0);
    assert_int_equal(accord_tile_width(0, UINT64_MAX >> 8, UINT64_MAX), 255);
    assert_int_equal(accord_tile_width(7, 0, UINT64_MAX), 255);
    assert_int_equal(accord_tile_width(8, 0, UINT64_MAX), 0);
    assert_int_equal(accord_tile_width(63, 0, UINT64_MAX), 0);
}

#define LEAVES 70000U
static uint8_t nodes[17][LEAVES][ACCORD_HASH_SIZE];

static void store(void *context, unsigned level, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE])
{
    (void)context;
    memcpy(nodes[level][index], hash, ACCORD_HASH_SIZE);
}

/* Every full subtree of a tree of 70,000 leaves is found where the tile says, and nothing beyond the tree is. */
static void every_node(void **state)
{
    (void)state;
    struct accord_frontier frontier = {0};
    for (uint64_t i = 0; i < LEAVES; i++) {
        uint8_t leaf[ACCORD_HASH_SIZE] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};
        accord_frontier_append(crypto, &frontier, leaf, store, NULL);
    }
    for (unsigned level = 0; level < 17; level++) {
        /* lower levels are long: a stride that is prime to every power of two meets each place in a tile */
        for (uint64_t index = 0; index < LEAVES >> level; index += level < 6 ? 37 : 1) {
            struct accord_tile tile;
            uint8_t hash[ACCORD_HASH_SIZE];
            assert_true(accord_tile_of_node(&tile, level, index, LEAVES));
            assert_false(tile.entries);
            const uint8_t *data = nodes[8 * tile.level][tile.index * ACCORD_TILE_WIDTH];
            struct accord_bytes bytes = {data, tile.width * ACCORD_HASH_SIZE};
            assert_true(accord_tile_node_hash(crypto, &tile, bytes, level, index, hash));
            assert_memory_equal(hash, nodes[level][index], sizeof hash);
        }
        struct accord_tile tile;
        assert_false(accord_tile_of_node(&tile, level, LEAVES >> level, LEAVES));
    }
}

static void nodes_that_are_not_there(void **state)
{
    (void)state;
    struct accord_tile tile;
    uint8_t hash[ACCORD_HASH_SIZE];
    struct accord_bytes bytes = {nodes[0][0], 12 * ACCORD_HASH_SIZE};
    assert_false(accord_tile_of_node(&tile, 0, 0, 0));
    assert_false(accord_tile_of_node(&tile, 17, 0, LEAVES));
    assert_false(accord_tile_of_node(&tile, 64, 0, UINT64_MAX));
    assert_false(accord_tile_of_node(&tile, 0, UINT64_MAX, UINT64_MAX));
    assert_true(accord_tile_of_node(&tile, 63, 0, UINT64_MAX));
    assert_int_equal(tile.level, 7);
    assert_true(accord_tile_of_node(&tile, 2, 2, 12));
    assert_int_equal(tile.width, 12);
    assert_true(accord_tile_node_hash(crypto, &tile, bytes, 2, 2, hash));
    bytes.size--;
    assert_false(accord_tile_node_hash(crypto, &tile, bytes, 2, 2, hash));
    assert_false(accord_tile_node_hash(crypto, &tile, (struct accord_bytes){NULL, 0}, 0, 0, hash));
    assert_false(accord_tile_node_hash(crypto, &tile, bytes, 8, 0, hash));
    assert_false(accord_tile_node_hash(crypto, &tile, bytes, 0, 256, hash));
    tile.entries = true;
    assert_false(accord_tile_node_hash(crypto, &tile, bytes, 0, 0, hash));
}

static void bundles(void **state)
{
    (void)state;
    static const uint8_t bundle[] = {0, 3, 'o', 'n', 'e', 0, 0, 0, 1, 'x'};
    struct accord_bytes bytes = {bundle, sizeof bundle}, entry;
    size_t cursor = 0;
    assert_true(accord_bundle_next(bytes, &cursor, &entry));
    assert_slice(entry, "one");
    assert_true(accord_bundle_next(bytes, &cursor, &entry));
    assert_int_equal(entry.size, 0);
    assert_true(accord_bundle_next(bytes, &cursor, &entry));
    assert_slice(entry, "x");
    assert_int_equal(cursor, sizeof bundle);
    assert_false(accord_bundle_next(bytes, &cursor, &entry));
    assert_int_equal(cursor, sizeof bundle);
    /* Cut anywhere, the cursor stops at the end only where an entry ends. */
    for (size_t size = 0; size < sizeof bundle; size++) {
        unsigned count = 0;
        bytes.size = size;
        for (cursor = 0; accord_bundle_next(bytes, &cursor, &entry);)
            count++;
        assert_int_equal(cursor == size, size == 0 || size == 5 || size == 7);
        assert_int_equal(count, size < 5 ? 0 : size < 7 ? 1 : 2);
    }
    static uint8_t large[2 + 65535] = {0xff, 0xff};
    cursor = 0;
    assert_true(accord_bundle_next((struct accord_bytes){large, sizeof large}, &cursor, &entry));
    assert_int_equal(entry.size, ACCORD_ENTRY_SIZE_MAX);
    cursor = 0;
    assert_false(accord_bundle_next((struct accord_bytes){large, sizeof large - 1}, &cursor, &entry));
    cursor = sizeof large + 1;
    assert_false(accord_bundle_next((struct accord_bytes){large, sizeof large}, &cursor, &entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(paths_that_are_refused),
        cmocka_unit_test(widths),
        cmocka_unit_test(every_node), /* before the next, which reads its tree */
        cmocka_unit_test(nodes_that_are_not_there),
        cmocka_unit_test(bundles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
