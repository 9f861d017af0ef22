/* Recomputing a log. Knows how to share the bundles among threads and which finding comes first; refuses to believe any
 * hash that it did not compute. */
#include "log/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "accord/checkpoint.h"
#include "accord/merkle.h"
#include "log/objects.h"

/* A thread takes so many bundles at a time. */
#define UNIT_BUNDLES 16
#define THREADS_MAX 64

struct check {
    const struct accord_crypto *crypto;
    const struct accord_store *store;
    uint64_t size, bundles;
    atomic_uint_fast64_t next; /* unit to take */
    atomic_uint_fast64_t done; /* bundles */
    pthread_mutex_t mutex;
    uint64_t wrong_at; /* under mutex: the first bundle that is wrong; UINT64_MAX where none is */
    struct accord_error wrong;
};

/* What one thread works with. */
struct worker {
    struct check *check;
    struct accord_buffer bundle, leaves, above;
    uint64_t above_index; /* of the tile of level 1 in above; UINT64_MAX where none is */
    uint8_t hashes[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
};

/* The hash of the full tile that these 256 hashes are. */
static void tile_hash(const struct accord_crypto *crypto, const uint8_t *hashes, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct accord_frontier frontier;
    frontier.size = 0;
    for (unsigned i = 0; i < ACCORD_TILE_WIDTH; i++)
        accord_frontier_append(crypto, &frontier, hashes + (size_t)i * ACCORD_HASH_SIZE, NULL, NULL);
    memcpy(hash, frontier.hash[8], ACCORD_HASH_SIZE);
}

static enum accord_status disagrees(struct accord_error *error, const struct accord_tile *tile,
                                    struct accord_bytes expected)
{
    accord_object_fail(error, ACCORD_LOG_CORRUPT, tile);
    accord_error_expected(error, expected);
    return ACCORD_LOG_CORRUPT;
}

static enum accord_status check_entries(struct worker *worker, struct accord_tile tile, struct accord_error *error)
{
    struct accord_bytes bundle = accord_buffer_bytes(&worker->bundle), entry;
    size_t cursor = 0;
    for (unsigned i = 0; i < tile.width; i++) {
        (void)accord_bundle_next(bundle, &cursor, &entry);
        accord_merkle_leaf(worker->check->crypto, entry, worker->hashes[i]);
    }
    size_t size = (size_t)tile.width * ACCORD_HASH_SIZE;
    if (memcmp(worker->hashes, worker->leaves.data, size) == 0)
        return ACCORD_OK;
    uint64_t place = 0;
    while (memcmp(worker->hashes[place], worker->leaves.data + place * ACCORD_HASH_SIZE, ACCORD_HASH_SIZE) == 0)
        place++;
    tile.entries = true;
    disagrees(error, &tile, ACCORD_LITERAL("entries that hash to their places in the tile of level 0"));
    accord_error_found_number(error, tile.index * ACCORD_TILE_WIDTH + place);
    return ACCORD_LOG_CORRUPT;
}

/* Compares a full tile's hash, which is to be that of the hashes given, with its place in the level above. */
static enum accord_status check_above(const struct check *check, const struct accord_tile *tile, const uint8_t *hashes,
                                      struct accord_buffer *above, uint64_t *above_index, struct accord_error *error)
{
    struct accord_tile parent = {false, tile->level + 1, tile->index / ACCORD_TILE_WIDTH, 0};
    parent.width = accord_tile_width(parent.level, parent.index, check->size);
    if (*above_index != parent.index) {
        *above_index = UINT64_MAX;
        enum accord_status status = accord_object_read(check->store, &parent, above, error);
        if (status != ACCORD_OK)
            return status;
        *above_index = parent.index;
    }
    uint8_t hash[ACCORD_HASH_SIZE];
    tile_hash(check->crypto, hashes, hash);
    size_t place = (size_t)(tile->index % ACCORD_TILE_WIDTH) * ACCORD_HASH_SIZE;
    if (memcmp(hash, above->data + place, sizeof hash) != 0)
        return disagrees(error, tile, ACCORD_LITERAL("hashes that lead to their place in the level above"));
    return ACCORD_OK;
}

static enum accord_status check_bundle(struct worker *worker, uint64_t index, struct accord_error *error)
{
    const struct check *check = worker->check;
    struct accord_tile tile = {true, 0, index, accord_tile_width(0, index, check->size)};
    enum accord_status status = accord_object_read(check->store, &tile, &worker->bundle, error);
    tile.entries = false;
    if (status == ACCORD_OK)
        status = accord_object_read(check->store, &tile, &worker->leaves, error);
    if (status == ACCORD_OK)
        status = check_entries(worker, tile, error);
    if (status == ACCORD_OK && tile.width == ACCORD_TILE_WIDTH)
        status = check_above(check, &tile, worker->hashes[0], &worker->above, &worker->above_index, error);
    return status;
}

static uint64_t wrong_at(struct check *check)
{
    pthread_mutex_lock(&check->mutex);
    uint64_t at = check->wrong_at;
    pthread_mutex_unlock(&check->mutex);
    return at;
}

static void wrong_found(struct check *check, uint64_t at, const struct accord_error *error)
{
    pthread_mutex_lock(&check->mutex);
    if (at < check->wrong_at) {
        check->wrong_at = at;
        check->wrong = *error;
    }
    pthread_mutex_unlock(&check->mutex);
}

/* Takes the next unit; false where there is none left that could change the answer. Units are taken in order, so once
 * something is wrong only those that were taken before it are still worth finishing. */
static bool work(struct worker *worker)
{
    struct check *check = worker->check;
    uint64_t first = atomic_fetch_add(&check->next, 1) * UNIT_BUNDLES;
    if (first >= check->bundles || first > wrong_at(check))
        return false;
    uint64_t end = check->bundles - first < UNIT_BUNDLES ? check->bundles : first + UNIT_BUNDLES;
    for (uint64_t index = first; index < end; index++) {
        struct accord_error error;
        if (check_bundle(worker, index, &error) != ACCORD_OK) {
            wrong_found(check, index, &error);
            return false;
        }
    }
    atomic_fetch_add(&check->done, end - first);
    return true;
}

static void worker_init(struct worker *worker, struct check *check)
{
    worker->check = check;
    worker->above_index = UINT64_MAX;
    accord_buffer_init(&worker->bundle, ACCORD_BUNDLE_SIZE_MAX);
    accord_buffer_init(&worker->leaves, ACCORD_TILE_SIZE_MAX);
    accord_buffer_init(&worker->above, ACCORD_TILE_SIZE_MAX);
}

static void worker_free(struct worker *worker)
{
    accord_buffer_free(&worker->bundle);
    accord_buffer_free(&worker->leaves);
    accord_buffer_free(&worker->above);
}

static void *run(void *context)
{
    struct worker worker;
    worker_init(&worker, context);
    while (work(&worker))
        continue;
    worker_free(&worker);
    return NULL;
}

/* All bundles, by this thread and threads - 1 more, or as many of them as can be had. */
static void check_bundles(struct check *check, unsigned threads,
                          void (*progress)(void *context, uint64_t done, uint64_t size), void *context)
{
    pthread_t thread[THREADS_MAX];
    unsigned started = 0;
    uint64_t units = (check->bundles + UNIT_BUNDLES - 1) / UNIT_BUNDLES;
    while (started + 1 < threads && started < THREADS_MAX && started + 1 < units &&
           pthread_create(&thread[started], NULL, run, check) == 0)
        started++;
    struct worker worker;
    worker_init(&worker, check);
    while (work(&worker)) {
        uint64_t done = atomic_load(&check->done) * ACCORD_TILE_WIDTH;
        if (progress != NULL)
            progress(context, done < check->size ? done : check->size, check->size);
    }
    worker_free(&worker);
    for (unsigned i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
}

/* The tiles above level 0, each against the one above it. The last tile of each level is read too, where it is full and
 * has nothing above it that the tree would lack. */
static enum accord_status check_level(const struct check *check, unsigned level, struct accord_error *error)
{
    struct accord_buffer bytes, above;
    uint64_t above_index = UINT64_MAX;
    enum accord_status status = ACCORD_OK;
    accord_buffer_init(&bytes, ACCORD_TILE_SIZE_MAX);
    accord_buffer_init(&above, ACCORD_TILE_SIZE_MAX);
    struct accord_tile tile = {false, level, 0, accord_tile_width(level, 0, check->size)};
    while (status == ACCORD_OK && tile.width > 0) {
        status = accord_object_read(check->store, &tile, &bytes, error);
        if (status == ACCORD_OK && tile.width == ACCORD_TILE_WIDTH && level < 7)
            status = check_above(check, &tile, bytes.data, &above, &above_index, error);
        tile.index++;
        tile.width = accord_tile_width(level, tile.index, check->size);
    }
    accord_buffer_free(&bytes);
    accord_buffer_free(&above);
    return status;
}

static enum accord_status check_root(const struct check *check, struct accord_reader *reader,
                                     const struct accord_checkpoint_claim *claim, uint8_t root[ACCORD_HASH_SIZE],
                                     struct accord_error *error)
{
    accord_reader_set_size(reader, check->size);
    struct accord_hash_source source = accord_reader_hashes(reader);
    enum accord_status status = ACCORD_OK;
    if (check->size == 0)
        accord_merkle_empty_root(check->crypto, root);
    else
        status = accord_root_compute(check->crypto, &source, check->size, root);
    if (status != ACCORD_OK) {
        if (error != NULL)
            *error = *accord_reader_error(reader);
        return status;
    }
    if (memcmp(root, claim->root, ACCORD_HASH_SIZE) == 0)
        return ACCORD_OK;
    accord_fail(error, ACCORD_LOG_CORRUPT, 0);
    accord_error_what(error, ACCORD_LITERAL("checkpoint"));
    accord_error_expected(error, ACCORD_LITERAL("the root of the tiles"));
    return ACCORD_LOG_CORRUPT;
}

static enum accord_status check_signature(const struct accord_checkpoint_claim *claim, const struct accord_vkey *vkey,
                                          const struct accord_crypto *crypto, struct accord_error *error)
{
    static const enum accord_status answer[] = {
        [ACCORD_NOT_SIGNED] = ACCORD_UNSIGNED,
        [ACCORD_SIGNED] = ACCORD_OK,
        [ACCORD_SIGNED_WRONGLY] = ACCORD_SIGNATURE,
        [ACCORD_SIGNED_UNKNOWN] = ACCORD_UNSUPPORTED,
    };
    if (!accord_bytes_equal(claim->origin, vkey->name)) {
        accord_fail(error, ACCORD_WRONG_KEY, 0);
        accord_error_what(error, ACCORD_LITERAL("the checkpoint's origin"));
        accord_error_expected(error, vkey->name);
        accord_error_found(error, claim->origin);
        return ACCORD_WRONG_KEY;
    }
    enum accord_status status = answer[accord_note_signed_by(&claim->note, vkey, crypto, NULL)];
    if (status != ACCORD_OK) {
        accord_fail(error, status, 0);
        accord_error_what(error, ACCORD_LITERAL("checkpoint"));
        accord_error_expected(error, vkey->text);
    }
    return status;
}

static enum accord_status check_tree(struct check *check, struct accord_reader *reader,
                                     const struct accord_checkpoint_claim *claim, unsigned threads,
                                     void (*progress)(void *context, uint64_t done, uint64_t size), void *context,
                                     struct accord_check_result *result, struct accord_error *error)
{
    check->size = claim->size;
    check->bundles = claim->size / ACCORD_TILE_WIDTH + (claim->size % ACCORD_TILE_WIDTH != 0);
    check->wrong_at = UINT64_MAX;
    if (pthread_mutex_init(&check->mutex, NULL) != 0)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    check_bundles(check, threads, progress, context);
    pthread_mutex_destroy(&check->mutex);
    if (check->wrong_at != UINT64_MAX) {
        if (error != NULL)
            *error = check->wrong;
        return check->wrong.status;
    }
    enum accord_status status = ACCORD_OK;
    for (unsigned level = 1; level < 8 && status == ACCORD_OK; level++)
        status = check_level(check, level, error);
    if (status == ACCORD_OK)
        status = check_root(check, reader, claim, result->root, error);
    result->size = claim->size;
    return status;
}

enum accord_status accord_log_check_reader(struct accord_reader *reader, const struct accord_crypto *crypto,
                                           const struct accord_vkey *vkey, unsigned threads,
                                           void (*progress)(void *context, uint64_t done, uint64_t size), void *context,
                                           struct accord_check_result *result, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_buffer checkpoint;
    memset(result, 0, sizeof *result);
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_reader_checkpoint(reader, &checkpoint, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&checkpoint), error);
    if (status == ACCORD_OK && vkey != NULL)
        status = check_signature(&claim, vkey, crypto, error);
    if (status == ACCORD_OK) {
        struct check check = {.crypto = crypto, .store = accord_reader_store(reader)};
        status = check_tree(&check, reader, &claim, threads, progress, context, result, error);
    }
    accord_buffer_free(&checkpoint);
    return status;
}

enum accord_status accord_log_check(const struct accord_fs *fs, const struct accord_crypto *crypto, const char *dir,
                                    const struct accord_vkey *vkey, unsigned threads,
                                    void (*progress)(void *context, uint64_t done, uint64_t size), void *context,
                                    struct accord_check_result *result, struct accord_error *error)
{
    struct accord_reader *reader;
    memset(result, 0, sizeof *result);
    enum accord_status status = accord_reader_open(&reader, fs, crypto, dir, error);
    if (status == ACCORD_OK)
        status = accord_log_check_reader(reader, crypto, vkey, threads, progress, context, result, error);
    accord_reader_close(reader);
    return status;
}
