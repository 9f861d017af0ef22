/* Opening a copy: what is in the directory is the state. Knows that a file of a process that died may be absent, torn
 * or garbage, so nothing is taken that does not hash to the published root, or, beyond that, a bundle to its own tile.
 * Refuses to know which tree the entries beyond the published one belong to: the next commit says that. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "log/objects.h"
#include "log/reader.h"
#include "mirror/copy_inner.h"

#define FILE_MODE 0644
#define DIR_MODE 0755
#define PATH_SIZE ACCORD_COPY_PATH_SIZE

static struct accord_bytes text_bytes(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static void path_of(const struct accord_copy *copy, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", copy->dir, name);
}

static enum accord_status not_ours(const struct accord_copy *copy, struct accord_error *error,
                                   struct accord_bytes expected, struct accord_bytes found)
{
    accord_fail(error, ACCORD_STATE, 0);
    accord_error_what(error, text_bytes(copy->dir));
    accord_error_expected(error, expected);
    accord_error_found(error, found);
    return ACCORD_STATE;
}

/* What the edge writes through: the files of leaves that were found are not written again. */
static enum accord_status write_through(void *context, const struct accord_tile *tile, struct accord_bytes bytes,
                                        bool visible, struct accord_error *error)
{
    struct accord_copy *copy = context;
    if (copy->found && tile->level == 0)
        return ACCORD_OK;
    return copy->files.write(copy->files.context, tile, bytes, visible, error);
}

/* The directory */

static bool first_name(void *arg, const char *name)
{
    snprintf(arg, 64, "%s", name);
    return false;
}

/* A new directory, an empty one, one that was a copy's before, or a published log without anything of its own. */
static enum accord_status check_kind(const struct accord_copy *copy, struct accord_error *error)
{
    char path[PATH_SIZE], name[64] = "";
    path_of(copy, ".accord/journal", path);
    if (copy->fs->exists(copy->fs->context, path) > 0)
        return not_ours(copy, error, ACCORD_LITERAL("a copy"), ACCORD_LITERAL("a log that is written to here"));
    path_of(copy, ".accord", path);
    int known = copy->fs->exists(copy->fs->context, path);
    path_of(copy, "checkpoint", path);
    if (known <= 0 && copy->fs->exists(copy->fs->context, path) <= 0)
        (void)copy->fs->list(copy->fs->context, copy->dir, first_name, name);
    if (name[0] != '\0')
        return not_ours(copy, error, ACCORD_LITERAL("a copy, or an empty directory"), text_bytes(name));
    return ACCORD_OK;
}

static enum accord_status take_lock(struct accord_copy *copy, struct accord_error *error)
{
    const struct accord_fs *fs = copy->fs;
    char path[PATH_SIZE];
    int result = fs->make_dir(fs->context, copy->dir, DIR_MODE);
    if (result < 0 && result != -EEXIST)
        return accord_file_error(error, result, copy->dir);
    enum accord_status status = check_kind(copy, error);
    if (status != ACCORD_OK)
        return status;
    path_of(copy, ".accord", path);
    result = fs->make_dir(fs->context, path, DIR_MODE);
    if (result < 0 && result != -EEXIST)
        return accord_file_error(error, result, path);
    /* It says whose directory this is, so it must be there before anything else can be. */
    result = fs->sync_dir(fs->context, copy->dir);
    if (result < 0)
        return accord_file_error(error, result, copy->dir);
    path_of(copy, ".accord/lock", path);
    result = fs->open(fs->context, path, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE, FILE_MODE);
    if (result < 0)
        return accord_file_error(error, result, path);
    copy->lock = result;
    result = fs->lock(fs->context, copy->lock, false);
    return result < 0 ? accord_file_error(error, result, path) : ACCORD_OK;
}

/* Names in one directory that a process before this one may have left. */
struct sweep {
    const struct accord_copy *copy;
    const char *below, *prefix, *suffix, *keep;
};

static bool sweep_one(void *arg, const char *name)
{
    const struct sweep *sweep = arg;
    size_t size = strlen(name), prefix = strlen(sweep->prefix), suffix = strlen(sweep->suffix);
    char path[PATH_SIZE];
    if (size < prefix + suffix || memcmp(name, sweep->prefix, prefix) != 0 ||
        memcmp(name + size - suffix, sweep->suffix, suffix) != 0 || strcmp(name, sweep->keep) == 0)
        return true;
    int printed = snprintf(path, sizeof path, "%s/%s%s", sweep->copy->dir, sweep->below, name);
    if (printed > 0 && (size_t)printed < sizeof path)
        (void)sweep->copy->fs->unlink(sweep->copy->fs->context, path);
    return true;
}

static void sweep(const struct accord_copy *copy, const char *below, const char *prefix, const char *suffix,
                  const char *keep)
{
    char path[PATH_SIZE];
    struct sweep all = {copy, below, prefix, suffix, keep};
    path_of(copy, below, path);
    (void)copy->fs->list(copy->fs->context, path, sweep_one, &all);
}

/* Of the published tree's unfinished tiles, the forms that were never published: they may be torn, and the tree will
 * pass their sizes. */
static void sweep_partials(const struct accord_copy *copy)
{
    for (unsigned level = 0; level <= ACCORD_EDGE_LEVELS; level++) {
        struct accord_tile tile = {level == ACCORD_EDGE_LEVELS, level % ACCORD_EDGE_LEVELS, 0, 0};
        char name[ACCORD_TILE_PATH_SIZE_MAX + 1];
        tile.index = accord_copy_edge_index(copy->published, tile.level);
        tile.width = accord_copy_edge_width(copy->published, tile.level);
        if (tile.width == 0)
            continue;
        accord_object_name(&tile, name);
        char *width = strrchr(name, '/') + 1, kept[8];
        snprintf(kept, sizeof kept, "%s", width);
        *width = '\0';
        sweep(copy, name, "", "", kept);
    }
}

static enum accord_status read_checkpoint(struct accord_copy *copy, struct accord_bytes origin,
                                          struct accord_error *error)
{
    char path[PATH_SIZE];
    struct accord_checkpoint_claim claim;
    path_of(copy, "checkpoint", path);
    enum accord_status status = accord_file_read(copy->fs, path, &copy->checkpoint, error);
    if (status == ACCORD_NOT_FOUND)
        return ACCORD_OK;
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&copy->checkpoint), error);
    if (status != ACCORD_OK)
        return status;
    if (origin.data != NULL && !accord_bytes_equal(claim.origin, origin))
        return not_ours(copy, error, origin, claim.origin);
    copy->published = claim.size;
    memcpy(copy->published_root, claim.root, sizeof copy->published_root);
    return ACCORD_OK;
}

/* The tree */

static enum accord_status read_frontier(struct accord_copy *copy, struct accord_frontier *frontier,
                                        struct accord_error *error)
{
    struct accord_reader *reader;
    memset(frontier, 0, sizeof *frontier);
    frontier->size = copy->published;
    enum accord_status status = accord_copy_reader(copy, &reader, error);
    if (status != ACCORD_OK)
        return status;
    accord_reader_set_size(reader, copy->published);
    struct accord_hash_source source = accord_reader_hashes(reader);
    for (unsigned bit = 0; bit < 63 && status == ACCORD_OK; bit++)
        if ((copy->published >> bit & 1) != 0)
            status = source.read(source.context, bit, (copy->published >> bit) - 1, frontier->hash[bit]);
    if (status != ACCORD_OK && error != NULL)
        *error = *accord_reader_error(reader);
    accord_reader_close(reader);
    return status;
}

static enum accord_status load_published(struct accord_copy *copy, struct accord_error *error)
{
    struct accord_frontier frontier;
    uint8_t root[ACCORD_HASH_SIZE];
    enum accord_status status = read_frontier(copy, &frontier, error);
    if (status == ACCORD_OK) {
        accord_frontier_root(copy->crypto, &frontier, root);
        if (copy->checkpoint.size > 0 && memcmp(root, copy->published_root, sizeof root) != 0) {
            accord_fail(error, ACCORD_LOG_CORRUPT, 0);
            accord_error_what(error, text_bytes(copy->dir));
            accord_error_expected(error, ACCORD_LITERAL("tiles that lead to the checkpoint"));
            return ACCORD_LOG_CORRUPT;
        }
        status = accord_edge_load(&copy->edge, &copy->files, &frontier, error);
    }
    if (status == ACCORD_NOT_FOUND && error != NULL)
        error->status = ACCORD_LOG_CORRUPT;
    return status == ACCORD_NOT_FOUND ? ACCORD_LOG_CORRUPT : status;
}

/* The bundle at the edge and its tile, whole, which agree with each other and with what is held of them; its leaf
 * hashes go into copy->leaves. *found is false where they are not there, or not so. */
static enum accord_status find_bundle(struct accord_copy *copy, struct accord_buffer *bundle,
                                      struct accord_buffer *tile, bool *found, struct accord_error *error)
{
    uint64_t held = copy->edge.frontier.size;
    struct accord_tile place = {false, 0, held / ACCORD_TILE_WIDTH, ACCORD_TILE_WIDTH};
    size_t before = (size_t)(held % ACCORD_TILE_WIDTH) * ACCORD_HASH_SIZE;
    *found = false;
    enum accord_status status = accord_object_read(&copy->files, &place, tile, error);
    place.entries = true;
    if (status == ACCORD_OK)
        status = accord_object_read(&copy->files, &place, bundle, error);
    if (status == ACCORD_NOT_FOUND || status == ACCORD_LOG_CORRUPT)
        return ACCORD_OK;
    if (status == ACCORD_OK)
        status = accord_copy_room(copy, ACCORD_TILE_WIDTH, error);
    if (status != ACCORD_OK)
        return status;
    *found = accord_copy_hash(copy->crypto, accord_buffer_bytes(bundle), ACCORD_TILE_WIDTH, copy->leaves) &&
             memcmp(copy->leaves, tile->data, ACCORD_TILE_SIZE_MAX) == 0 &&
             memcmp(copy->leaves, copy->edge.tiles[0], before) == 0;
    return ACCORD_OK;
}

static enum accord_status take_bundle(struct accord_copy *copy, struct accord_bytes bundle, struct accord_error *error)
{
    size_t before = (size_t)(copy->edge.frontier.size % ACCORD_TILE_WIDTH), cursor = 0;
    struct accord_bytes entry;
    for (size_t i = 0; i < before; i++)
        (void)accord_bundle_next(bundle, &cursor, &entry);
    memmove(copy->leaves, copy->leaves + before, (ACCORD_TILE_WIDTH - before) * ACCORD_HASH_SIZE);
    struct accord_bytes rest = {bundle.data + cursor, bundle.size - cursor};
    return accord_copy_grow(copy, rest, ACCORD_TILE_WIDTH - before, error);
}

static void place_path(const struct accord_copy *copy, uint64_t index, bool entries, char path[PATH_SIZE])
{
    const struct accord_tile tile = {entries, 0, index, ACCORD_TILE_WIDTH};
    char name[ACCORD_TILE_PATH_SIZE_MAX + 1];
    accord_object_name(&tile, name);
    path_of(copy, name, path);
}

/* The last comes first, so whoever is killed here leaves no gap that hides the rest. */
static enum accord_status drop_pending(struct accord_copy *copy, struct accord_error *error)
{
    const struct accord_fs *fs = copy->fs;
    char path[PATH_SIZE], doubt[PATH_SIZE];
    uint64_t first = accord_copy_edge_index(copy->published, 0), end = first;
    path_of(copy, ACCORD_COPY_DOUBT, doubt);
    int found = fs->exists(fs->context, doubt);
    if (found == 0)
        return ACCORD_OK;
    do
        place_path(copy, end++, true, path);
    while ((found = fs->exists(fs->context, path)) > 0);
    int result = found;
    while (result >= 0 && end-- > first) {
        place_path(copy, end, true, path);
        result = fs->unlink(fs->context, path);
        result = result == -ENOENT ? 0 : result;
    }
    if (result >= 0)
        result = fs->unlink(fs->context, doubt);
    return result < 0 ? accord_file_error(error, result, copy->dir) : ACCORD_OK;
}

static enum accord_status load_pending(struct accord_copy *copy, struct accord_error *error)
{
    struct accord_buffer bundle, tile;
    bool found;
    accord_buffer_init(&bundle, ACCORD_BUNDLE_SIZE_MAX);
    accord_buffer_init(&tile, ACCORD_TILE_SIZE_MAX);
    copy->found = true;
    enum accord_status status;
    do {
        status = find_bundle(copy, &bundle, &tile, &found, error);
        if (status == ACCORD_OK && found)
            status = take_bundle(copy, accord_buffer_bytes(&bundle), error);
    } while (status == ACCORD_OK && found);
    copy->found = false;
    accord_buffer_free(&bundle);
    accord_buffer_free(&tile);
    return status;
}

enum accord_status accord_copy_load(struct accord_copy *copy, bool pending, struct accord_error *error)
{
    accord_edge_free(&copy->edge);
    accord_edge_init(&copy->edge, copy->crypto);
    copy->committed = copy->published;
    memcpy(copy->committed_root, copy->published_root, sizeof copy->committed_root);
    enum accord_status status = load_published(copy, error);
    return status == ACCORD_OK && pending ? load_pending(copy, error) : status;
}

static struct accord_copy *copy_new(const struct accord_fs *fs, const struct accord_crypto *crypto, const char *dir,
                                    struct accord_error *error)
{
    struct accord_copy *copy = calloc(1, sizeof *copy);
    if (copy == NULL) {
        accord_fail(error, ACCORD_NO_MEMORY, 0);
        return NULL;
    }
    copy->fs = fs;
    copy->crypto = crypto;
    copy->lock = -1;
    copy->unsure = true;
    snprintf(copy->dir, sizeof copy->dir, "%s", dir);
    accord_edge_init(&copy->edge, crypto);
    accord_buffer_init(&copy->checkpoint, ACCORD_NOTE_SIZE_MAX);
    accord_merkle_empty_root(crypto, copy->published_root);
    return copy;
}

enum accord_status accord_copy_open(struct accord_copy **out, const struct accord_fs *fs,
                                    const struct accord_crypto *crypto, const char *dir, struct accord_bytes origin,
                                    struct accord_error *error)
{
    *out = NULL;
    if (strlen(dir) >= ACCORD_COPY_DIR_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, text_bytes(dir));
        return ACCORD_TOO_LARGE;
    }
    struct accord_copy *copy = copy_new(fs, crypto, dir, error);
    if (copy == NULL)
        return ACCORD_NO_MEMORY;
    enum accord_status status = accord_store_dir_open(&copy->files, fs, crypto, dir, error);
    if (status == ACCORD_OK) {
        accord_store_dir_sync(&copy->files, ACCORD_LOG_SYNC_FIRST);
        copy->writing = copy->files;
        copy->writing.context = copy;
        copy->writing.write = write_through;
        status = take_lock(copy, error);
    }
    if (status == ACCORD_OK) {
        sweep(copy, "", "checkpoint.", ".tmp", "");
        status = read_checkpoint(copy, origin, error);
    }
    if (status == ACCORD_OK) {
        sweep_partials(copy);
        status = drop_pending(copy, error);
    }
    if (status == ACCORD_OK)
        status = accord_copy_load(copy, true, error);
    if (status != ACCORD_OK) {
        accord_copy_close(copy);
        return status;
    }
    *out = copy;
    return ACCORD_OK;
}
