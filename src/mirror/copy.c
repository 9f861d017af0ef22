/* A copy that grows. Knows what may be written when: bundles and full tiles as their entries come, unfinished ones and
 * the sync of all at a commit, the checkpoint last. Refuses to know who proved the entries, and what is found in a
 * directory at the beginning (copy_open.c). */
#include "mirror/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "log/objects.h"
#include "log/reader.h"
#include "mirror/copy_inner.h"

#define FILE_MODE 0644

static enum accord_status check_sound(const struct accord_copy *copy, struct accord_error *error)
{
    if (!copy->broken)
        return ACCORD_OK;
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)copy->dir, strlen(copy->dir)});
    accord_error_expected(error, ACCORD_LITERAL("that the copy is opened again: an earlier write failed"));
    return ACCORD_IO;
}

/* After this nobody knows which of the edge's tiles were written. */
static enum accord_status broke(struct accord_copy *copy, enum accord_status status)
{
    copy->broken = true;
    return status;
}

/* The mark needs no sync: after a reboot what is found is what is there. */
void accord_copy_doubt(struct accord_copy *copy)
{
    char path[ACCORD_COPY_PATH_SIZE];
    snprintf(path, sizeof path, "%s/" ACCORD_COPY_DOUBT, copy->dir);
    int handle = copy->fs->open(copy->fs->context, path, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE, FILE_MODE);
    if (handle >= 0)
        (void)copy->fs->close(copy->fs->context, handle);
    copy->doubtful = true;
    copy->broken = true;
}

bool accord_copy_doubtful(const struct accord_copy *copy)
{
    return copy->doubtful;
}

uint64_t accord_copy_size(const struct accord_copy *copy)
{
    return copy->published;
}

uint64_t accord_copy_next(const struct accord_copy *copy)
{
    return copy->edge.frontier.size;
}

bool accord_copy_published(const struct accord_copy *copy)
{
    return copy->checkpoint.size > 0;
}

bool accord_copy_broken(const struct accord_copy *copy)
{
    return copy->broken;
}

size_t accord_copy_held(const struct accord_copy *copy)
{
    return sizeof *copy + copy->edge.bundle.capacity + copy->checkpoint.capacity + copy->leaves_room * ACCORD_HASH_SIZE;
}

enum accord_status accord_copy_checkpoint(struct accord_copy *copy, struct accord_buffer *note,
                                          struct accord_error *error)
{
    if (copy->checkpoint.size == 0) {
        accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, ACCORD_LITERAL("checkpoint"));
        return ACCORD_NOT_FOUND;
    }
    enum accord_status status = accord_buffer_append(note, accord_buffer_bytes(&copy->checkpoint));
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* Leaves */

bool accord_copy_hash(const struct accord_crypto *crypto, struct accord_bytes entries, uint64_t count,
                      uint8_t (*leaves)[ACCORD_HASH_SIZE])
{
    size_t cursor = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct accord_bytes entry;
        if (!accord_bundle_next(entries, &cursor, &entry))
            return false;
        accord_merkle_leaf(crypto, entry, leaves[i]);
    }
    return cursor == entries.size;
}

enum accord_status accord_copy_room(struct accord_copy *copy, size_t count, struct accord_error *error)
{
    if (count <= copy->leaves_room)
        return ACCORD_OK;
    uint8_t(*leaves)[ACCORD_HASH_SIZE] = realloc(copy->leaves, count * sizeof *leaves);
    if (leaves == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    copy->leaves = leaves;
    copy->leaves_room = count;
    return ACCORD_OK;
}

static enum accord_status wrong_index(struct accord_error *error, uint64_t expected, uint64_t found)
{
    accord_fail(error, ACCORD_WRONG_INDEX, 0);
    accord_error_expected_number(error, expected);
    accord_error_found_number(error, found);
    return ACCORD_WRONG_INDEX;
}

static enum accord_status not_entries(struct accord_error *error, uint64_t count)
{
    accord_fail(error, ACCORD_MALFORMED, 0);
    accord_error_what(error, ACCORD_LITERAL("entries"));
    accord_error_expected_number(error, count);
    return ACCORD_MALFORMED;
}

/* A tile as it is in the tree of this size: from the edge where it is unfinished there, else from the directory. */
static enum accord_status read_tile(const struct accord_copy *copy, const struct accord_tile *tile,
                                    struct accord_buffer *bytes, struct accord_error *error)
{
    uint64_t held = copy->edge.frontier.size;
    if (tile->index < accord_copy_edge_index(held, tile->level)) {
        struct accord_tile full = {tile->entries, tile->level, tile->index, ACCORD_TILE_WIDTH};
        return accord_object_read(&copy->files, &full, bytes, error);
    }
    if (tile->width > accord_copy_edge_width(held, tile->level))
        return wrong_index(error, held, tile->index);
    struct accord_bytes all = {copy->edge.tiles[tile->level][0], (size_t)tile->width * ACCORD_HASH_SIZE};
    if (tile->entries)
        all = accord_buffer_bytes(&copy->edge.bundle);
    bytes->size = 0;
    enum accord_status status = accord_buffer_append(bytes, all);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* The leaves before first in its tile go into copy->leaves. */
static enum accord_status leaves_before(struct accord_copy *copy, uint64_t first, struct accord_error *error)
{
    unsigned width = (unsigned)(first % ACCORD_TILE_WIDTH);
    enum accord_status status = accord_copy_room(copy, ACCORD_TILE_WIDTH, error);
    if (status != ACCORD_OK || width == 0)
        return status;
    struct accord_buffer bytes;
    struct accord_tile tile = {false, 0, first / ACCORD_TILE_WIDTH, width};
    accord_buffer_init(&bytes, ACCORD_TILE_SIZE_MAX);
    status = read_tile(copy, &tile, &bytes, error);
    if (status == ACCORD_OK)
        memcpy(copy->leaves, bytes.data, (size_t)width * ACCORD_HASH_SIZE);
    accord_buffer_free(&bytes);
    return status;
}

enum accord_status accord_copy_subtree_hashed(struct accord_copy *copy, uint64_t first,
                                              const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count,
                                              uint8_t hash[ACCORD_HASH_SIZE], struct accord_error *error)
{
    unsigned before = (unsigned)(first % ACCORD_TILE_WIDTH);
    if (first > accord_copy_next(copy))
        return wrong_index(error, accord_copy_next(copy), first);
    if (count == 0 || count > ACCORD_TILE_WIDTH - before)
        return not_entries(error, ACCORD_TILE_WIDTH - before);
    enum accord_status status = leaves_before(copy, first, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_frontier part;
    memset(&part, 0, sizeof part);
    for (unsigned i = 0; i < before; i++)
        accord_frontier_append(copy->crypto, &part, copy->leaves[i], NULL, NULL);
    for (uint64_t i = 0; i < count; i++)
        accord_frontier_append(copy->crypto, &part, leaves[i], NULL, NULL);
    accord_frontier_root(copy->crypto, &part, hash);
    return ACCORD_OK;
}

enum accord_status accord_copy_subtree(struct accord_copy *copy, uint64_t first, struct accord_bytes entries,
                                       uint64_t count, uint8_t hash[ACCORD_HASH_SIZE], struct accord_error *error)
{
    uint8_t leaves[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
    if (count > ACCORD_TILE_WIDTH || !accord_copy_hash(copy->crypto, entries, count, leaves))
        return not_entries(error, count);
    return accord_copy_subtree_hashed(copy, first, (const uint8_t(*)[ACCORD_HASH_SIZE])leaves, count, hash, error);
}

/* Growing */

/* Where the units begin, in entries that are known to be whole. */
static void find_starts(const struct accord_leaves *leaves, uint32_t *starts)
{
    size_t cursor = 0;
    for (uint64_t unit = 0; unit < accord_leaves_units(leaves); unit++) {
        uint64_t first, count = accord_leaves_unit(leaves, unit, &first);
        struct accord_bytes entry;
        starts[unit] = (uint32_t)cursor;
        while (count-- > 0)
            (void)accord_bundle_next(leaves->entries, &cursor, &entry);
    }
}

static enum accord_status make_hasher(struct accord_copy *copy, struct accord_error *error)
{
    if (copy->hasher == NULL)
        copy->hasher = accord_hasher_new(copy->crypto);
    return copy->hasher == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

/* The hashes of so few are not worth a thread. */
#define ALONE_COUNT (2 * ACCORD_TILE_WIDTH)

/* What the tree will be: leaves are hashed here where they are not known. */
static enum accord_status compute_growth(struct accord_copy *copy, struct accord_bytes entries, uint64_t count,
                                         bool known, struct accord_error *error)
{
    size_t units = (size_t)ACCORD_HASHER_UNITS(count);
    uint32_t *starts = malloc(units * sizeof *starts);
    uint8_t(*roots)[ACCORD_HASH_SIZE] = malloc(units * sizeof *roots);
    enum accord_status status = make_hasher(copy, error);
    if (starts == NULL || roots == NULL)
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    if (status == ACCORD_OK) {
        known = known || (count <= ALONE_COUNT && accord_copy_hash(copy->crypto, entries, count, copy->leaves));
        struct accord_leaves leaves = {.entries = {entries.data, known ? 0 : entries.size},
                                       .count = count,
                                       .skew = copy->edge.frontier.size % ACCORD_TILE_WIDTH,
                                       .starts = starts,
                                       .hashes = copy->leaves,
                                       .known = known,
                                       .roots = roots};
        if (known)
            memset(starts, 0, units * sizeof *starts);
        else
            find_starts(&leaves, starts);
        accord_hasher_begin(copy->hasher, &leaves);
        accord_hasher_finish(copy->hasher);
        accord_edge_grow(&copy->edge, &copy->edge.frontier, &leaves, &copy->growth);
    }
    free(starts);
    free(roots);
    return status;
}

static enum accord_status append_growth(struct accord_copy *copy, struct accord_bytes entries, uint64_t count,
                                        struct accord_error *error)
{
    copy->dirty = true;
    enum accord_status status =
        accord_edge_append(&copy->edge, &copy->writing, entries, count,
                           (const uint8_t(*)[ACCORD_HASH_SIZE])copy->leaves, &copy->growth, copy->published, error);
    return status == ACCORD_OK ? ACCORD_OK : broke(copy, status);
}

enum accord_status accord_copy_grow(struct accord_copy *copy, struct accord_bytes entries, uint64_t count,
                                    struct accord_error *error)
{
    enum accord_status status = compute_growth(copy, entries, count, true, error);
    return status == ACCORD_OK ? append_growth(copy, entries, count, error) : status;
}

/* Drops from the front what is held; *count is what is left. ACCORD_MALFORMED where the rest is not as many whole
 * entries. */
static enum accord_status skip_held(const struct accord_copy *copy, uint64_t first, struct accord_bytes *entries,
                                    uint64_t *count, uint64_t *skipped, struct accord_error *error)
{
    uint64_t held = accord_copy_next(copy);
    *skipped = 0;
    if (first > held)
        return wrong_index(error, held, first);
    if (*count > ACCORD_COPY_PUT_COUNT_MAX || entries->size > ACCORD_BUNDLE_SIZE_MAX)
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    *skipped = held - first < *count ? held - first : *count;
    size_t cursor = 0, start = 0;
    struct accord_bytes entry;
    for (uint64_t i = 0; i < *count; i++) {
        if (!accord_bundle_next(*entries, &cursor, &entry))
            return not_entries(error, *count);
        if (i + 1 == *skipped)
            start = cursor;
    }
    if (cursor != entries->size)
        return not_entries(error, *count);
    *entries = (struct accord_bytes){entries->data + start, entries->size - start};
    *count -= *skipped;
    return ACCORD_OK;
}

static enum accord_status put(struct accord_copy *copy, uint64_t first, struct accord_bytes entries,
                              const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count, struct accord_error *error)
{
    uint64_t skipped;
    enum accord_status status = check_sound(copy, error);
    if (status == ACCORD_OK)
        status = skip_held(copy, first, &entries, &count, &skipped, error);
    if (status != ACCORD_OK || count == 0)
        return status;
    status = accord_copy_room(copy, (size_t)count, error);
    if (status == ACCORD_OK && leaves != NULL)
        memcpy(copy->leaves, leaves + skipped, (size_t)count * ACCORD_HASH_SIZE);
    if (status == ACCORD_OK)
        status = compute_growth(copy, entries, count, leaves != NULL, error);
    return status == ACCORD_OK ? append_growth(copy, entries, count, error) : status;
}

enum accord_status accord_copy_put(struct accord_copy *copy, uint64_t first, struct accord_bytes entries,
                                   uint64_t count, struct accord_error *error)
{
    return put(copy, first, entries, NULL, count, error);
}

enum accord_status accord_copy_put_hashed(struct accord_copy *copy, uint64_t first, struct accord_bytes entries,
                                          const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count,
                                          struct accord_error *error)
{
    return put(copy, first, entries, leaves, count, error);
}

/* Committing */

/* Hashes of the tree of a size up to what is held. */
struct older_tree {
    const struct accord_copy *copy;
    uint64_t size;
    struct accord_buffer bytes;
    struct accord_error *error;
};

static enum accord_status older_hash(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct older_tree *tree = context;
    struct accord_tile tile;
    if (!accord_tile_of_node(&tile, level, index, tree->size))
        return wrong_index(tree->error, tree->size, index);
    enum accord_status status = read_tile(tree->copy, &tile, &tree->bytes, tree->error);
    if (status == ACCORD_OK &&
        !accord_tile_node_hash(tree->copy->crypto, &tile, accord_buffer_bytes(&tree->bytes), level, index, hash))
        status = accord_object_fail(tree->error, ACCORD_LOG_CORRUPT, &tile);
    return status;
}

static enum accord_status root_of(const struct accord_copy *copy, uint64_t size, uint8_t root[ACCORD_HASH_SIZE],
                                  struct accord_error *error)
{
    if (size == accord_copy_next(copy)) {
        accord_frontier_root(copy->crypto, &copy->edge.frontier, root);
        return ACCORD_OK;
    }
    struct older_tree tree = {.copy = copy, .size = size, .error = error};
    const struct accord_hash_source source = {&tree, older_hash};
    accord_buffer_init(&tree.bytes, ACCORD_TILE_SIZE_MAX);
    enum accord_status status = accord_root_compute(copy->crypto, &source, size, root);
    accord_buffer_free(&tree.bytes);
    return status;
}

/* The bytes that the first width entries take. */
static size_t measure(struct accord_bytes bundle, unsigned width)
{
    size_t cursor = 0;
    struct accord_bytes entry;
    while (width-- > 0)
        (void)accord_bundle_next(bundle, &cursor, &entry);
    return cursor;
}

/* A partial form that a process before this one left where nothing was published may be torn, and a later tree would
 * make it look like one of its own. */
static enum accord_status write_partial(struct accord_copy *copy, const struct accord_tile *tile,
                                        struct accord_error *error)
{
    struct accord_buffer bytes;
    accord_buffer_init(&bytes, tile->entries ? ACCORD_BUNDLE_SIZE_MAX : ACCORD_TILE_SIZE_MAX);
    enum accord_status status = read_tile(copy, tile, &bytes, error);
    if (status == ACCORD_OK) {
        size_t size = (size_t)tile->width * ACCORD_HASH_SIZE;
        if (tile->entries)
            size = measure(accord_buffer_bytes(&bytes), tile->width);
        if (accord_copy_edge_width(copy->published, tile->level) == 0 ||
            accord_copy_edge_index(copy->published, tile->level) != tile->index)
            copy->files.remove_partials(copy->files.context, tile);
        status = copy->files.write(copy->files.context, tile, (struct accord_bytes){bytes.data, size}, false, error);
    }
    accord_buffer_free(&bytes);
    return status;
}

/* Those of the tree of this size, but for those that the published tree has too. */
static enum accord_status write_partials(struct accord_copy *copy, uint64_t size, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (unsigned level = 0; level < ACCORD_EDGE_LEVELS && status == ACCORD_OK; level++) {
        struct accord_tile tile = {false, level, accord_copy_edge_index(size, level),
                                   accord_copy_edge_width(size, level)};
        if (tile.width == 0 || size >> (8 * level) == copy->published >> (8 * level))
            continue;
        status = write_partial(copy, &tile, error);
        tile.entries = true;
        if (level == 0 && status == ACCORD_OK)
            status = write_partial(copy, &tile, error);
    }
    return status;
}

static enum accord_status settle(struct accord_copy *copy, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    int result = copy->unsure ? copy->fs->sync_all(copy->fs->context, copy->dir) : 0;
    if (result < 0)
        status = accord_file_error(error, result, copy->dir);
    if (status == ACCORD_OK) {
        copy->files.settle_begin(copy->files.context);
        (void)copy->files.job_end(copy->files.context, true, &status, error);
    }
    if (status != ACCORD_OK) {
        accord_copy_doubt(copy);
        return status;
    }
    copy->unsure = false;
    copy->dirty = false;
    return ACCORD_OK;
}

enum accord_status accord_copy_settle(struct accord_copy *copy, struct accord_error *error)
{
    enum accord_status status = check_sound(copy, error);
    return status == ACCORD_OK && copy->dirty ? settle(copy, error) : status;
}

static enum accord_status other_root(struct accord_copy *copy, uint64_t size, struct accord_error *error)
{
    if (size > copy->published) {
        enum accord_status status = accord_copy_load(copy, false, error);
        if (status != ACCORD_OK)
            return broke(copy, status);
    }
    accord_fail(error, ACCORD_CONSISTENCY, 0);
    accord_error_what(error, ACCORD_LITERAL("the root of the tree that was copied"));
    accord_error_found_number(error, size);
    return ACCORD_CONSISTENCY;
}

enum accord_status accord_copy_commit(struct accord_copy *copy, uint64_t size, const uint8_t root[ACCORD_HASH_SIZE],
                                      struct accord_error *error)
{
    uint8_t computed[ACCORD_HASH_SIZE];
    enum accord_status status = check_sound(copy, error);
    if (status != ACCORD_OK)
        return status;
    if (size > accord_copy_next(copy))
        return wrong_index(error, accord_copy_next(copy), size);
    status = root_of(copy, size, computed, error);
    if (status != ACCORD_OK)
        return status;
    if (memcmp(computed, root, sizeof computed) != 0)
        return other_root(copy, size, error);
    if (size >= copy->published) {
        status = write_partials(copy, size, error);
        if (status == ACCORD_OK)
            status = settle(copy, error);
        if (status != ACCORD_OK)
            return broke(copy, status);
    }
    copy->committed = size;
    memcpy(copy->committed_root, root, sizeof copy->committed_root);
    return ACCORD_OK;
}

/* Publishing */

static enum accord_status check_publish(const struct accord_copy *copy, const struct accord_checkpoint_claim *claim,
                                        struct accord_error *error)
{
    enum accord_status status = check_sound(copy, error);
    if (status != ACCORD_OK)
        return status;
    if (claim->size < copy->published)
        status = ACCORD_ROLLBACK;
    else if (claim->size != copy->committed || memcmp(claim->root, copy->committed_root, sizeof claim->root) != 0)
        status = ACCORD_CONSISTENCY;
    if (status == ACCORD_OK)
        return ACCORD_OK;
    accord_fail(error, status, 0);
    accord_error_what(error, ACCORD_LITERAL("the checkpoint of a copy"));
    accord_error_expected_number(error, copy->committed);
    accord_error_found_number(error, claim->size);
    return status;
}

enum accord_status accord_copy_publish(struct accord_copy *copy, struct accord_bytes checkpoint,
                                       struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    char path[ACCORD_COPY_PATH_SIZE];
    enum accord_status status = accord_checkpoint_parse(&claim, checkpoint, error);
    if (status == ACCORD_OK)
        status = check_publish(copy, &claim, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_buffer bytes;
    accord_buffer_init(&bytes, ACCORD_NOTE_SIZE_MAX);
    status = accord_buffer_append(&bytes, checkpoint);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    snprintf(path, sizeof path, "%s/checkpoint", copy->dir);
    bool sync_failed = false;
    status = accord_file_replace_told(copy->fs, path, checkpoint, FILE_MODE, &sync_failed, error);
    if (sync_failed)
        accord_copy_doubt(copy);
    if (status != ACCORD_OK) {
        accord_buffer_free(&bytes);
        return broke(copy, status);
    }
    accord_buffer_free(&copy->checkpoint);
    copy->checkpoint = bytes;
    accord_edge_sweep_all(&copy->files, copy->published, claim.size, &claim.size, 1);
    copy->published = claim.size;
    memcpy(copy->published_root, claim.root, sizeof copy->published_root);
    return ACCORD_OK;
}

/* What was put is made durable, or doubted while it is still known that it was put. */
void accord_copy_close(struct accord_copy *copy)
{
    if (copy == NULL)
        return;
    if (accord_copy_settle(copy, NULL) != ACCORD_OK)
        copy->broken = true;
    accord_store_dir_close(&copy->files);
    accord_hasher_free(copy->hasher);
    accord_edge_free(&copy->edge);
    accord_buffer_free(&copy->checkpoint);
    free(copy->leaves);
    if (copy->lock >= 0)
        (void)copy->fs->close(copy->fs->context, copy->lock);
    free(copy);
}

enum accord_status accord_copy_reader(struct accord_copy *copy, struct accord_reader **reader,
                                      struct accord_error *error)
{
    struct accord_store store;
    *reader = NULL;
    enum accord_status status = accord_store_dir_open(&store, copy->fs, copy->crypto, copy->dir, error);
    return status == ACCORD_OK ? accord_reader_open_store(reader, copy->crypto, &store, accord_store_dir_close, error)
                               : status;
}
