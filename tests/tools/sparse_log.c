/* Makes a log of any size in a moment: only the right edge of its tree is there, over hashes that stand for entries
 * that never were. For tests of what must not grow with a log. Usage: sparse-log DIR KEY SIZE */
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/key.h"
#include "log/dedup_inner.h"
#include "log/edge.h"
#include "log/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum accord_status status, const char *what, const struct accord_error *error)
{
    if (status == ACCORD_OK)
        return;
    fprintf(stderr, "sparse-log: %s: status %d: %s %s\n", what, (int)status, error->what, error->found);
    exit(1);
}

static void sign(const struct accord_signer *key, uint64_t size, const uint8_t root[ACCORD_HASH_SIZE],
                 struct accord_buffer *note)
{
    struct accord_error error;
    uint8_t text[1024];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_checkpoint_print(&out, accord_signer_vkey(key)->name, size, root);
    note->size = 0;
    must(accord_buffer_append(note, accord_out_bytes(&out)), "checkpoint", &error);
    must(accord_buffer_append(note, ACCORD_LITERAL("\n")), "checkpoint", &error);
    must(accord_signer_sign(key, accord_out_bytes(&out), 0, note, &error), "signing", &error);
}

/* The entries of the last bundle, and their hashes as its tile. */
static void fill_bundle(unsigned width, struct accord_buffer *bundle, uint8_t (*tile)[ACCORD_HASH_SIZE])
{
    struct accord_error error;
    for (unsigned i = 0; i < width; i++) {
        uint8_t entry[5] = {0, 3, 'e', (uint8_t)i, 's'};
        accord_merkle_leaf(&accord_crypto_default, (struct accord_bytes){entry + 2, 3}, tile[i]);
        must(accord_buffer_append(bundle, (struct accord_bytes){entry, sizeof entry}), "bundle", &error);
    }
}

/* One level of the edge: its unfinished tile, and what the frontier holds of it. */
static void write_level(const struct accord_store *store, struct accord_frontier *frontier, unsigned level)
{
    static uint8_t tile[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
    struct accord_error error;
    struct accord_buffer bundle;
    unsigned width = (unsigned)(frontier->size >> (8 * level)) % ACCORD_TILE_WIDTH;
    struct accord_tile place = {false, level, frontier->size >> (8 * level + 8), width};
    if (width == 0)
        return;
    accord_buffer_init(&bundle, ACCORD_TILE_WIDTH * 5);
    memset(tile, 'a' + (int)level, sizeof tile);
    if (level == 0)
        fill_bundle(width, &bundle, tile);
    struct accord_frontier part = {0};
    for (unsigned i = 0; i < width; i++)
        accord_frontier_append(&accord_crypto_default, &part, tile[i], NULL, NULL);
    for (unsigned bit = 0; bit < 8; bit++)
        if ((width >> bit & 1) != 0)
            memcpy(frontier->hash[8 * level + bit], part.hash[bit], ACCORD_HASH_SIZE);
    struct accord_bytes bytes = {tile[0], (size_t)width * ACCORD_HASH_SIZE};
    must(store->write(store->context, &place, bytes, false, &error), "tile", &error);
    place.entries = true;
    if (level == 0)
        must(store->write(store->context, &place, accord_buffer_bytes(&bundle), false, &error), "bundle", &error);
    accord_buffer_free(&bundle);
}

static void finish_job(const struct accord_store *store, const char *what)
{
    enum accord_status status;
    struct accord_error error;
    (void)store->job_end(store->context, true, &status, &error);
    must(status, what, &error);
}

int main(int argc, char **argv)
{
    struct accord_error error;
    struct accord_signer *key;
    struct accord_store store;
    struct accord_frontier frontier = {0};
    struct accord_buffer note;
    uint8_t root[ACCORD_HASH_SIZE];
    if (argc != 4 ||
        !accord_decimal_read((struct accord_bytes){(const uint8_t *)argv[3], strlen(argv[3])}, &frontier.size)) {
        fprintf(stderr, "usage: sparse-log DIR KEY SIZE\n");
        return 2;
    }
    accord_crypto_start();
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    must(accord_signer_open(&key, &accord_fs_real, argv[2], NULL, &error), argv[2], &error);
    must(accord_store_dir_open(&store, &accord_fs_real, &accord_crypto_default, argv[1], &error), argv[1], &error);
    accord_merkle_empty_root(&accord_crypto_default, root);
    sign(key, 0, root, &note);
    must(accord_store_dir_create(&store, accord_buffer_bytes(&note), &error), argv[1], &error);
    for (unsigned level = 0; level < ACCORD_EDGE_LEVELS - 1; level++)
        write_level(&store, &frontier, level);
    store.settle_begin(store.context);
    finish_job(&store, "tiles");
    must(store.head_move(store.context, &frontier, &error), "journal", &error);
    accord_frontier_root(&accord_crypto_default, &frontier, root);
    sign(key, frontier.size, root, &note);
    must(store.checkpoint_move_begin(store.context, accord_buffer_bytes(&note), &error), "checkpoint", &error);
    finish_job(&store, "checkpoint");
    accord_store_dir_close(&store);
    must(accord_dedup_claim(&accord_fs_real, argv[1], frontier.size, &error), "deduplication", &error);
    accord_buffer_free(&note);
    accord_signer_free(key);
    return 0;
}
