/* A log kept in a directory. Knows names, temporary files, and which names and bytes must be synced together; refuses
 * to know what a tile holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/note.h"
#include "base/file.h"
#include "log/journal.h"
#include "log/worker.h"

#define PATH_SIZE ACCORD_JOURNAL_PATH_SIZE
#define NAME_SIZE (ACCORD_TILE_PATH_SIZE_MAX + 16)
#define DIR_SIZE_MAX (PATH_SIZE - NAME_SIZE - 64)
/* Up to so many new objects are synced one by one; for more of them one sync of the whole file system is cheaper. */
#define FEW 64
/* The disk gets files of so many bytes as they come, so that the sync of them all has less to wait for. */
#define LARGE 16384
#define FILE_MODE 0644
#define DIR_MODE 0755

/* Names below the log's directory. */
struct fresh {
    size_t count;
    char name[FEW][NAME_SIZE];
};

/* What was written, and is not durable. */
struct written {
    struct fresh files, dirs;
    bool many; /* more than the two lists hold, or not known: another process began it */
};

struct dir {
    const struct accord_fs *fs;
    char path[DIR_SIZE_MAX];
    int lock; /* handle, -1 where not locked */
    struct accord_journal journal;
    struct written written; /* since the last settle was begun */

    /* The job under way. Its thread touches nothing else here. */
    struct accord_worker *worker;
    struct written settling;
    struct accord_buffer checkpoint;
    bool settles; /* or it moves the checkpoint */
    bool job_sync_failed;
    bool sync_failed;         /* any sync of a job has: for good */
    char job_path[PATH_SIZE]; /* what it was at when it failed */
    enum accord_status job_status;
    struct accord_error job_error;
};

static struct accord_bytes text_bytes(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static void path_of(const struct dir *dir, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", dir->path, name);
}

static void fresh_add(struct dir *dir, struct fresh *fresh, const char *name)
{
    struct written *written = &dir->written;
    for (size_t i = fresh->count; i-- > 0 && !written->many;)
        if (strcmp(fresh->name[i], name) == 0)
            return;
    if (fresh->count == FEW)
        written->many = true;
    if (!written->many)
        snprintf(fresh->name[fresh->count++], NAME_SIZE, "%s", name);
}

/* The directory part of a name; "" for the log's own directory. */
static void parent_of(const char *name, char parent[NAME_SIZE])
{
    const char *slash = strrchr(name, '/');
    snprintf(parent, NAME_SIZE, "%.*s", slash == NULL ? 0 : (int)(slash - name), name);
}

static void parent_is_fresh(struct dir *dir, const char *name)
{
    char parent[NAME_SIZE];
    parent_of(name, parent);
    fresh_add(dir, &dir->written.dirs, parent);
}

/* Makes the directories on the way to name that are missing. */
static int make_parents(struct dir *dir, const char *name)
{
    char part[NAME_SIZE], path[PATH_SIZE];
    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
        path_of(dir, part, path);
        int result = dir->fs->make_dir(dir->fs->context, path, DIR_MODE);
        if (result < 0 && result != -EEXIST)
            return result;
        if (result >= 0)
            parent_is_fresh(dir, part);
    }
    return 0;
}

static int open_new(struct dir *dir, const char *name, const char *path)
{
    int how = ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_TRUNCATE;
    int handle = dir->fs->open(dir->fs->context, path, how, FILE_MODE);
    if (handle != -ENOENT)
        return handle;
    int result = make_parents(dir, name);
    return result < 0 ? result : dir->fs->open(dir->fs->context, path, how, FILE_MODE);
}

static int write_file(struct dir *dir, const char *name, const char *path, struct accord_bytes bytes)
{
    const struct accord_fs *fs = dir->fs;
    int handle = open_new(dir, name, path);
    if (handle < 0)
        return handle;
    int64_t put = fs->write_at(fs->context, handle, bytes.data, bytes.size, 0);
    if (bytes.size >= LARGE)
        fs->write_back(fs->context, handle);
    int closed = fs->close(fs->context, handle);
    return put < 0 ? (int)put : closed;
}

static void tile_name(const struct accord_tile *tile, char name[NAME_SIZE])
{
    struct accord_out out = {(uint8_t *)name, ACCORD_TILE_PATH_SIZE_MAX, 0, false};
    accord_tile_path_print(&out, tile);
    if (out.full)
        abort();
    name[out.size] = '\0';
}

/* A name that is visible already is given by rename; all others are written in place, which is a third cheaper. */
static enum accord_status dir_write(void *context, const struct accord_tile *tile, struct accord_bytes bytes,
                                    bool visible, struct accord_error *error)
{
    struct dir *dir = context;
    char name[NAME_SIZE], path[PATH_SIZE], temporary[PATH_SIZE + 8];
    tile_name(tile, name);
    path_of(dir, name, path);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    int result = write_file(dir, name, visible ? temporary : path, bytes);
    if (result >= 0 && visible)
        result = dir->fs->rename(dir->fs->context, temporary, path);
    if (result < 0)
        return accord_file_error(error, result, path);
    fresh_add(dir, &dir->written.files, name);
    parent_is_fresh(dir, name);
    return ACCORD_OK;
}

static enum accord_status dir_read(void *context, const char *name, struct accord_buffer *out,
                                   struct accord_error *error)
{
    const struct dir *dir = context;
    char path[PATH_SIZE];
    path_of(dir, name, path);
    return accord_file_read(dir->fs, path, out, error);
}

static int settle_file(const struct dir *dir, const char *path)
{
    const struct accord_fs *fs = dir->fs;
    int handle = fs->open(fs->context, path, ACCORD_OPEN_READ, 0);
    if (handle < 0)
        return handle;
    int result = fs->sync(fs->context, handle);
    int closed = fs->close(fs->context, handle);
    return result < 0 ? result : closed;
}

static int settle_few(struct dir *dir)
{
    const struct written *written = &dir->settling;
    int result = 0;
    for (size_t i = 0; i < written->files.count && result >= 0; i++) {
        path_of(dir, written->files.name[i], dir->job_path);
        result = settle_file(dir, dir->job_path);
    }
    for (size_t i = 0; i < written->dirs.count && result >= 0; i++) {
        path_of(dir, written->dirs.name[i], dir->job_path);
        result = dir->fs->sync_dir(dir->fs->context, dir->job_path);
    }
    return result;
}

static int settle_job(void *context)
{
    struct dir *dir = context;
    int result;
    if (dir->settling.many) {
        path_of(dir, "tile", dir->job_path);
        result = dir->fs->sync_all(dir->fs->context, dir->path);
    } else {
        result = settle_few(dir);
    }
    dir->job_sync_failed = accord_file_sync_failed(result);
    return result;
}

static void dir_settle_begin(void *context)
{
    struct dir *dir = context;
    dir->settling = dir->written;
    dir->written.files.count = 0;
    dir->written.dirs.count = 0;
    dir->written.many = false;
    dir->settles = true;
    dir->job_sync_failed = false;
    accord_worker_begin(dir->worker, settle_job, dir);
}

static int move_job(void *context)
{
    struct dir *dir = context;
    path_of(dir, "checkpoint", dir->job_path);
    dir->job_status = accord_file_replace_told(dir->fs, dir->job_path, accord_buffer_bytes(&dir->checkpoint), FILE_MODE,
                                               &dir->job_sync_failed, &dir->job_error);
    return 0;
}

static enum accord_status dir_checkpoint_move_begin(void *context, struct accord_bytes checkpoint,
                                                    struct accord_error *error)
{
    struct dir *dir = context;
    dir->checkpoint.size = 0;
    enum accord_status status = accord_buffer_append(&dir->checkpoint, checkpoint);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    dir->settles = false;
    dir->job_sync_failed = false;
    accord_worker_begin(dir->worker, move_job, dir);
    return ACCORD_OK;
}

static bool dir_job_end(void *context, bool wait, enum accord_status *status, struct accord_error *error)
{
    struct dir *dir = context;
    if (!wait && !accord_worker_over(dir->worker))
        return false;
    int result = accord_worker_wait(dir->worker);
    dir->sync_failed = dir->sync_failed || dir->job_sync_failed;
    if (!dir->settles) {
        *status = dir->job_status;
        if (error != NULL)
            *error = dir->job_error;
        return true;
    }
    *status = result < 0 ? accord_file_error(error, result, dir->job_path) : ACCORD_OK;
    return true;
}

static void dir_job_wake(void *context, void (*wake)(void *context), void *wake_context)
{
    struct dir *dir = context;
    accord_worker_wake(dir->worker, wake, wake_context);
}

static enum accord_log_health dir_health(void *context)
{
    const struct dir *dir = context;
    if (dir->sync_failed || dir->journal.sync_failed)
        return ACCORD_LOG_SYNC_FAILED;
    return dir->journal.broken ? ACCORD_LOG_TO_REOPEN : ACCORD_LOG_SOUND;
}

struct sweep {
    const struct dir *dir;
    const char *name;   /* of the directory being swept */
    const char *prefix; /* names that begin so */
    const char *suffix; /* and end so */
};

static bool sweep_one(void *arg, const char *name)
{
    const struct sweep *sweep = arg;
    size_t size = strlen(name), prefix = strlen(sweep->prefix), suffix = strlen(sweep->suffix);
    char path[PATH_SIZE];
    if (size < prefix + suffix || memcmp(name, sweep->prefix, prefix) != 0 ||
        memcmp(name + size - suffix, sweep->suffix, suffix) != 0)
        return true;
    int printed = snprintf(path, sizeof path, "%s/%s/%s", sweep->dir->path, sweep->name, name);
    if (printed > 0 && (size_t)printed < sizeof path)
        (void)sweep->dir->fs->unlink(sweep->dir->fs->context, path);
    return true;
}

/* False where there is no such directory. */
static bool sweep(const struct dir *dir, const char *name, const char *prefix, const char *suffix)
{
    char path[PATH_SIZE];
    struct sweep all = {dir, name, prefix, suffix};
    path_of(dir, name, path);
    return dir->fs->list(dir->fs->context, path, sweep_one, &all) != -ENOENT;
}

static void dir_remove_partials(void *context, const struct accord_tile *tile)
{
    const struct dir *dir = context;
    char name[NAME_SIZE], path[PATH_SIZE];
    struct accord_tile partial = *tile;
    partial.width = 1;
    tile_name(&partial, name);
    *strrchr(name, '/') = '\0';
    path_of(dir, name, path);
    if (sweep(dir, name, "", ""))
        (void)dir->fs->remove_dir(dir->fs->context, path);
}

static enum accord_status dir_head_read(void *context, struct accord_frontier *base, struct accord_error *error)
{
    struct dir *dir = context;
    return accord_journal_open(&dir->journal, base, error);
}

static enum accord_status dir_head_move(void *context, const struct accord_frontier *base, struct accord_error *error)
{
    struct dir *dir = context;
    return accord_journal_restart(&dir->journal, base, error);
}

static enum accord_status dir_batch_next(void *context, struct accord_batch *batch, bool *found,
                                         struct accord_error *error)
{
    struct dir *dir = context;
    return accord_journal_next(&dir->journal, batch, found, error);
}

/* The process that committed this batch may have made directories and tiles for it and not synced them, and this one
 * would not know which. */
static void dir_batch_keep(void *context)
{
    struct dir *dir = context;
    dir->written.many = true;
    accord_journal_keep(&dir->journal);
}

static enum accord_status dir_batch_end(void *context, bool moves, struct accord_error *error)
{
    struct dir *dir = context;
    return accord_journal_recovered(&dir->journal, moves, error);
}

static enum accord_status dir_batch_stage(void *context, uint64_t first, uint64_t count, struct accord_bytes entries,
                                          struct accord_error *error)
{
    struct dir *dir = context;
    return accord_journal_stage(&dir->journal, first, count, entries, error);
}

static enum accord_status dir_batch_commit_begin(void *context, const uint8_t root[ACCORD_HASH_SIZE], bool behind,
                                                 struct accord_error *error)
{
    struct dir *dir = context;
    return accord_journal_commit_begin(&dir->journal, root, behind, error);
}

static enum accord_status dir_batch_commit_wait(void *context, struct accord_error *error)
{
    struct dir *dir = context;
    return accord_journal_commit_wait(&dir->journal, error);
}

static uint64_t dir_batch_bytes(void *context)
{
    const struct dir *dir = context;
    return dir->journal.end - dir->journal.start;
}

enum accord_status accord_store_dir_open(struct accord_store *store, const struct accord_fs *fs,
                                         const struct accord_crypto *crypto, const char *path,
                                         struct accord_error *error)
{
    memset(store, 0, sizeof *store);
    if (strlen(path) >= DIR_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, text_bytes(path));
        return ACCORD_TOO_LARGE;
    }
    struct dir *dir = calloc(1, sizeof *dir);
    if (dir == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    bool journal = accord_journal_init(&dir->journal, fs, crypto);
    dir->worker = accord_worker_new(fs == &accord_fs_real ? ACCORD_LOG_SYNC_BEHIND : ACCORD_LOG_SYNC_FIRST);
    accord_buffer_init(&dir->checkpoint, ACCORD_NOTE_SIZE_MAX);
    if (!journal || dir->worker == NULL) {
        accord_journal_close(&dir->journal);
        accord_worker_free(dir->worker);
        free(dir);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    dir->fs = fs;
    dir->lock = -1;
    snprintf(dir->path, sizeof dir->path, "%s", path);
    path_of(dir, ".accord/journal", dir->journal.path);
    *store = (struct accord_store){
        .context = dir,
        .read = dir_read,
        .write = dir_write,
        .settle_begin = dir_settle_begin,
        .remove_partials = dir_remove_partials,
        .checkpoint_move_begin = dir_checkpoint_move_begin,
        .job_end = dir_job_end,
        .job_wake = dir_job_wake,
        .head_read = dir_head_read,
        .head_move = dir_head_move,
        .batch_next = dir_batch_next,
        .batch_keep = dir_batch_keep,
        .batch_end = dir_batch_end,
        .batch_stage = dir_batch_stage,
        .batch_commit_begin = dir_batch_commit_begin,
        .batch_commit_wait = dir_batch_commit_wait,
        .health = dir_health,
        .batch_bytes = dir_batch_bytes,
    };
    return ACCORD_OK;
}

void accord_store_dir_close(struct accord_store *store)
{
    struct dir *dir = store->context;
    if (dir == NULL)
        return;
    accord_worker_free(dir->worker);
    accord_journal_close(&dir->journal);
    accord_buffer_free(&dir->checkpoint);
    if (dir->lock >= 0)
        (void)dir->fs->close(dir->fs->context, dir->lock);
    free(dir);
    store->context = NULL;
}

void accord_store_dir_sync(struct accord_store *store, enum accord_log_syncing mode)
{
    struct dir *dir = store->context;
    accord_worker_mode(dir->journal.worker, mode);
    accord_worker_mode(dir->worker, mode);
}

static int take_lock(struct dir *dir, bool wait, char path[PATH_SIZE])
{
    const struct accord_fs *fs = dir->fs;
    path_of(dir, ".accord/lock", path);
    int handle = fs->open(fs->context, path, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE, FILE_MODE);
    if (handle < 0)
        return handle;
    int result = fs->lock(fs->context, handle, wait);
    if (result < 0)
        (void)fs->close(fs->context, handle);
    else
        dir->lock = handle;
    return result;
}

/* Temporary files of processes that died. Nobody else writes here while the lock is held. */
static void sweep_temporaries(const struct dir *dir)
{
    (void)sweep(dir, ".accord", "", ".tmp");
    (void)sweep(dir, ".", "checkpoint.", ".tmp");
}

/* The process before may have died between a rename and its sync_dir: then this one would go on writing to a journal
 * whose name a power cut takes away. */
enum accord_status accord_store_dir_lock(struct accord_store *store, bool wait, struct accord_error *error)
{
    struct dir *dir = store->context;
    char path[PATH_SIZE];
    path_of(dir, "checkpoint", path);
    int result = dir->fs->exists(dir->fs->context, path);
    if (result == 0)
        result = -ENOENT;
    if (result >= 0)
        result = take_lock(dir, wait, path);
    if (result >= 0) {
        sweep_temporaries(dir);
        path_of(dir, ".accord", path);
        result = dir->fs->sync_dir(dir->fs->context, path);
    }
    if (result >= 0) {
        path_of(dir, ".", path);
        result = dir->fs->sync_dir(dir->fs->context, path);
    }
    return result < 0 ? accord_file_error(error, result, path) : ACCORD_OK;
}

static int make_dir(const struct dir *dir, const char *path)
{
    int result = dir->fs->make_dir(dir->fs->context, path, DIR_MODE);
    return result == -EEXIST ? 0 : result;
}

static int sync_parent(const struct dir *dir)
{
    char parent[PATH_SIZE];
    snprintf(parent, sizeof parent, "%s", dir->path);
    size_t size = strlen(parent);
    while (size > 1 && parent[size - 1] == '/')
        parent[--size] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        snprintf(parent, sizeof parent, ".");
    else
        slash[slash == parent ? 1 : 0] = '\0';
    return dir->fs->sync_dir(dir->fs->context, parent);
}

static int make_layout(struct dir *dir, char path[PATH_SIZE])
{
    int result = make_dir(dir, dir->path);
    path_of(dir, ".accord", path);
    if (result >= 0)
        result = make_dir(dir, path);
    if (result >= 0)
        result = take_lock(dir, false, path);
    path_of(dir, "tile", path);
    if (result >= 0)
        result = make_dir(dir, path);
    if (result >= 0)
        result = sync_parent(dir);
    if (result >= 0)
        result = dir->fs->sync_dir(dir->fs->context, dir->path);
    path_of(dir, "checkpoint", path);
    if (result >= 0)
        result = dir->fs->exists(dir->fs->context, path);
    return result > 0 ? -EEXIST : result;
}

/* The checkpoint comes last: a directory without one holds no log, and making a log there begins again. */
enum accord_status accord_store_dir_create(struct accord_store *store, struct accord_bytes checkpoint,
                                           struct accord_error *error)
{
    struct dir *dir = store->context;
    char path[PATH_SIZE];
    int result = make_layout(dir, path);
    if (result < 0)
        return accord_file_error(error, result, path);
    sweep_temporaries(dir);
    struct accord_frontier empty;
    memset(&empty, 0, sizeof empty);
    enum accord_status status = accord_journal_restart(&dir->journal, &empty, error);
    path_of(dir, "checkpoint", path);
    return status == ACCORD_OK ? accord_file_replace(dir->fs, path, checkpoint, FILE_MODE, error) : status;
}
