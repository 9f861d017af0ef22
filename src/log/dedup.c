/* The index: runs on the disk and tables in memory. Knows the order in which they are asked, so that the first index
 * wins; believes neither: what they name is compared with the log's own leaf hash. */
#include "log/dedup_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/file.h"

#define CATCH_UP_PIECE 256

/* 12 tables of half a MiB take what two groups of the largest appends bring before they are committed. */
#define TABLE_BITS 15
#define FAN 16

/* Opening */

static int prepare(struct accord_dedup_place *place, char path[ACCORD_DEDUP_PATH_SIZE], const struct accord_fs *fs,
                   const char *dir)
{
    /* Names in the directory take two numbers and a few characters more. */
    int size = snprintf(path, ACCORD_DEDUP_PATH_SIZE, "%s/.accord", dir);
    if (size < 0 || (size_t)size + 64 >= ACCORD_DEDUP_PATH_SIZE)
        return -ENAMETOOLONG;
    place->fs = fs;
    place->dir = path;
    if (getrandom(place->salt, sizeof place->salt, 0) != (ssize_t)sizeof place->salt)
        return -EIO;
    char parent[ACCORD_DEDUP_PATH_SIZE];
    memcpy(parent, path, (size_t)size + 1);
    (void)snprintf(path, ACCORD_DEDUP_PATH_SIZE, "%s/" ACCORD_DEDUP_DIR, dir);
    int result = fs->make_dir(fs->context, path, 0755);
    if (result == -EEXIST)
        return 0;
    return result < 0 ? result : fs->sync_dir(fs->context, parent);
}

static void release(struct accord_dedup *dedup)
{
    for (size_t i = 0; i < dedup->run_count; i++)
        accord_dedup_run_close(dedup->runs[i]);
    for (size_t i = 0; i < dedup->table_count; i++)
        accord_dedup_table_free(dedup->tables[i]);
    accord_dedup_table_free(dedup->spare);
    free(dedup);
}

static enum accord_status start(struct accord_dedup *dedup, const struct accord_fs *fs, const char *dir, uint64_t size,
                                struct accord_error *error)
{
    int result = prepare(&dedup->place, dedup->dir, fs, dir);
    if (result < 0)
        return accord_file_error(error, result, dir);
    enum accord_status status = accord_dedup_runs_open(dedup, size, error);
    if (status != ACCORD_OK)
        return status;
    dedup->worker = accord_dedup_worker_new(dedup->shape.behind);
    return dedup->worker == NULL ? accord_file_error(error, -ENOMEM, dir) : ACCORD_OK;
}

enum accord_status accord_dedup_open_shaped(struct accord_dedup **dedup, const struct accord_fs *fs, const char *dir,
                                            uint64_t size, struct accord_leaf_source source,
                                            const struct accord_dedup_shape *shape, struct accord_error *error)
{
    if (shape->fan < 2 || shape->fan > ACCORD_DEDUP_INPUTS_MAX || shape->tables_max < 1 ||
        shape->tables_max > ACCORD_DEDUP_TABLES_MAX || (size_t)1 << shape->table_bits > ACCORD_DEDUP_SMALL)
        abort();
    struct accord_dedup *made = calloc(1, sizeof *made);
    if (made == NULL)
        return accord_file_error(error, -ENOMEM, dir);
    made->shape = *shape;
    made->source = source;
    made->committed = size;
    made->place.filter_max = (uint64_t)2 << shape->table_bits;
    enum accord_status status = start(made, fs, dir, size, error);
    if (status != ACCORD_OK)
        release(made);
    else
        *dedup = made;
    return status;
}

enum accord_status accord_dedup_open(struct accord_dedup **dedup, const struct accord_fs *fs, const char *dir,
                                     uint64_t size, struct accord_leaf_source source, struct accord_error *error)
{
    const struct accord_dedup_shape shape = {TABLE_BITS, ACCORD_DEDUP_TABLES_MAX, FAN, fs == &accord_fs_real};
    return accord_dedup_open_shaped(dedup, fs, dir, size, source, &shape, error);
}

void accord_dedup_close(struct accord_dedup *dedup)
{
    if (dedup == NULL)
        return;
    accord_dedup_finish(dedup);
    release(dedup);
}

enum accord_status accord_dedup_claim(const struct accord_fs *fs, const char *dir, uint64_t size,
                                      struct accord_error *error)
{
    struct accord_dedup_place place = {0};
    struct accord_dedup_writer writer = {0};
    struct accord_dedup_run *run;
    char path[ACCORD_DEDUP_PATH_SIZE];
    int result = prepare(&place, path, fs, dir);
    if (result == 0)
        result = accord_dedup_writer_begin(&writer, &place, 0, size);
    if (result == 0)
        result = accord_dedup_writer_finish(&writer, true, &run);
    if (result != 0)
        return accord_file_error(error, result, dir);
    accord_dedup_run_close(run);
    return ACCORD_OK;
}

/* Learning */

uint64_t accord_dedup_covered(const struct accord_dedup *dedup)
{
    if (dedup->table_count > 0) {
        const struct accord_dedup_table *last = dedup->tables[dedup->table_count - 1];
        return last->first + last->count;
    }
    return dedup->run_count > 0 ? dedup->runs[dedup->run_count - 1]->header.end : 0;
}

/* The table that takes the next entry, or NULL. */
static struct accord_dedup_table *open_table(struct accord_dedup *dedup)
{
    uint64_t next = accord_dedup_covered(dedup);
    struct accord_dedup_table *table = dedup->table_count > 0 ? dedup->tables[dedup->table_count - 1] : NULL;
    if (table != NULL && !accord_dedup_table_full(table))
        return table;
    if (dedup->table_count == dedup->shape.tables_max)
        return NULL;
    table = dedup->spare != NULL ? dedup->spare : accord_dedup_table_new(dedup->shape.table_bits, next);
    if (table == NULL)
        return NULL;
    if (table == dedup->spare)
        accord_dedup_table_clear(table, next);
    dedup->spare = NULL;
    dedup->tables[dedup->table_count++] = table;
    return table;
}

static uint64_t learn(struct accord_dedup *dedup, const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t count)
{
    uint64_t done = 0;
    struct accord_dedup_table *table;
    while (done < count && (table = open_table(dedup)) != NULL)
        for (; done < count && !accord_dedup_table_full(table); done++)
            accord_dedup_table_add(table, accord_dedup_key(dedup->place.salt, hashes[done]));
    return done;
}

void accord_dedup_add(struct accord_dedup *dedup, const uint8_t (*hashes)[ACCORD_HASH_SIZE], uint64_t count)
{
    accord_dedup_plan(dedup);
    (void)learn(dedup, hashes, count);
}

void accord_dedup_commit(struct accord_dedup *dedup, uint64_t size)
{
    if (size > dedup->committed)
        dedup->committed = size;
    if (dedup->rest > 0)
        dedup->rest--;
    accord_dedup_plan(dedup);
}

void accord_dedup_cut(struct accord_dedup *dedup, uint64_t size)
{
    if (size < dedup->committed)
        abort();
    while (dedup->table_count > dedup->writing) {
        struct accord_dedup_table *table = dedup->tables[dedup->table_count - 1];
        if (table->first + table->count <= size)
            return;
        if (table->first < size) {
            accord_dedup_table_cut(table, (uint32_t)(size - table->first));
            return;
        }
        accord_dedup_table_free(table);
        dedup->table_count--;
    }
}

enum accord_status accord_dedup_catch_up(struct accord_dedup *dedup, uint64_t size, uint64_t count,
                                         struct accord_error *error)
{
    uint8_t hashes[CATCH_UP_PIECE][ACCORD_HASH_SIZE];
    dedup->rest = 0;
    accord_dedup_commit(dedup, size);
    while (count > 0 && accord_dedup_covered(dedup) < size) {
        uint64_t first = accord_dedup_covered(dedup), piece = size - first < count ? size - first : count;
        piece = piece < CATCH_UP_PIECE ? piece : CATCH_UP_PIECE;
        for (uint64_t i = 0; i < piece; i++) {
            enum accord_status status = dedup->source.leaf(dedup->source.context, first + i, hashes[i], error);
            if (status != ACCORD_OK)
                return status;
        }
        uint64_t done = learn(dedup, (const uint8_t(*)[ACCORD_HASH_SIZE])hashes, piece);
        if (done == 0)
            break;
        accord_dedup_plan(dedup);
        count -= done;
    }
    return ACCORD_OK;
}

/* Asking */

static enum accord_status compare(struct accord_dedup *dedup, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE],
                                  bool *equal, struct accord_error *error)
{
    uint8_t leaf[ACCORD_HASH_SIZE];
    enum accord_status status = dedup->source.leaf(dedup->source.context, index, leaf, error);
    *equal = status == ACCORD_OK && memcmp(leaf, hash, sizeof leaf) == 0;
    return status;
}

static enum accord_status ask_run(struct accord_dedup *dedup, const struct accord_dedup_run *run, uint64_t key,
                                  const uint8_t hash[ACCORD_HASH_SIZE], uint64_t *index, bool *found,
                                  struct accord_error *error)
{
    struct accord_dedup_hits hits;
    int result = accord_dedup_run_look(run, key, &hits);
    if (result != 0)
        return accord_file_error(error, result, dedup->dir);
    for (size_t i = 0; i < hits.count && !*found; i++) {
        enum accord_status status = compare(dedup, hits.index[i], hash, found, error);
        if (status != ACCORD_OK)
            return status;
        *index = hits.index[i];
    }
    return ACCORD_OK;
}

enum accord_status accord_dedup_find(struct accord_dedup *dedup, const uint8_t hash[ACCORD_HASH_SIZE], uint64_t *index,
                                     bool *found, struct accord_error *error)
{
    uint64_t key = accord_dedup_key(dedup->place.salt, hash);
    enum accord_status status = ACCORD_OK;
    *found = false;
    for (size_t i = 0; i < dedup->run_count && !*found && status == ACCORD_OK; i++)
        status = ask_run(dedup, dedup->runs[i], key, hash, index, found, error);
    for (size_t i = 0; i < dedup->table_count && !*found && status == ACCORD_OK; i++)
        if (accord_dedup_table_find(dedup->tables[i], key, index))
            status = compare(dedup, *index, hash, found, error);
    return status;
}

uint64_t accord_dedup_bytes(const struct accord_dedup *dedup)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < dedup->run_count; i++)
        bytes += dedup->runs[i]->bytes;
    return bytes;
}
