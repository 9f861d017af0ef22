/* SQLite's file layer on the fs port. Knows which call of the one is which of the other, and when a name must be made
 * durable; refuses to know what the database holds. The lock is taken once, by whoever opens the database, and held
 * until it is closed: SQLite's own locks, which are between connections, have nothing left to do. */
#include "witness/sqlite_vfs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECTOR_SIZE 4096
#define PATH_SIZE_MAX 4096
#define LOCK_TRIES 500
#define LOCK_PAUSE_NANOSECONDS 10000000

struct file {
    sqlite3_file base; /* must be the first */
    struct accord_sqlite_vfs *vfs;
    const char *path; /* SQLite keeps it until the file is closed */
    int handle;
    bool name_pending; /* it may have been made by this open, and its name is not durable yet */
};

static struct accord_sqlite_vfs *vfs_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static struct file *file_of(sqlite3_file *base)
{
    return (struct file *)base;
}

/* Keeps the errno for the sentence, and gives the result that SQLite knows. */
static int fail(struct accord_sqlite_vfs *vfs, int64_t negative_errno, int result)
{
    vfs->failed = (int)negative_errno;
    return negative_errno == -ENOSPC || negative_errno == -EDQUOT ? SQLITE_FULL : result;
}

static int sync_directory(struct accord_sqlite_vfs *vfs, const char *path, int result)
{
    char directory[PATH_SIZE_MAX + 1] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        size_t size = slash == path ? 1 : (size_t)(slash - path);
        if (size > PATH_SIZE_MAX)
            return fail(vfs, -ENAMETOOLONG, result);
        memcpy(directory, path, size);
        directory[size] = '\0';
    }
    int synced = vfs->fs->sync_dir(vfs->fs->context, directory);
    if (synced >= 0)
        return SQLITE_OK;
    vfs->sync_failed = synced;
    return fail(vfs, synced, result);
}

static int file_close(sqlite3_file *base)
{
    struct file *file = file_of(base);
    int closed = file->vfs->fs->close(file->vfs->fs->context, file->handle);
    return closed < 0 ? fail(file->vfs, closed, SQLITE_IOERR_CLOSE) : SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *data, int size, sqlite3_int64 offset)
{
    struct file *file = file_of(base);
    int64_t got = file->vfs->fs->read_at(file->vfs->fs->context, file->handle, data, (size_t)size, (uint64_t)offset);
    if (got < 0)
        return fail(file->vfs, got, SQLITE_IOERR_READ);
    if (got == size)
        return SQLITE_OK;
    memset((uint8_t *)data + got, 0, (size_t)(size - got));
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
    struct file *file = file_of(base);
    int64_t put = file->vfs->fs->write_at(file->vfs->fs->context, file->handle, data, (size_t)size, (uint64_t)offset);
    return put != size ? fail(file->vfs, put < 0 ? put : -EIO, SQLITE_IOERR_WRITE) : SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = file_of(base);
    int result = file->vfs->fs->truncate(file->vfs->fs->context, file->handle, (uint64_t)size);
    return result < 0 ? fail(file->vfs, result, SQLITE_IOERR_TRUNCATE) : SQLITE_OK;
}

/* A journal whose name is lost says nothing, so the name of a new file goes to the disk with its first bytes. */
static int file_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct file *file = file_of(base);
    int synced = file->vfs->fs->sync(file->vfs->fs->context, file->handle);
    if (synced < 0) {
        file->vfs->sync_failed = synced;
        return fail(file->vfs, synced, SQLITE_IOERR_FSYNC);
    }
    int result = file->name_pending ? sync_directory(file->vfs, file->path, SQLITE_IOERR_DIR_FSYNC) : SQLITE_OK;
    if (result == SQLITE_OK)
        file->name_pending = false;
    return result;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct file *file = file_of(base);
    int64_t got = file->vfs->fs->size(file->vfs->fs->context, file->handle);
    if (got < 0)
        return fail(file->vfs, got, SQLITE_IOERR_FSTAT);
    *size = got;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

/* Nobody else can hold a lock, so every journal that is found is one of a process that died. */
static int file_check_reserved(sqlite3_file *base, int *reserved)
{
    (void)base;
    *reserved = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR_SIZE;
}

/* None is promised: not that a write is atomic, nor that writes reach the disk in their order. */
static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return 0;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

/* The port waits for ever or not at all; a server may hold its state for months. */
static int lock_bounded(const struct accord_fs *fs, int handle)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NANOSECONDS};
    for (int i = 1;; i++) {
        int locked = fs->lock(fs->context, handle, false);
        if (locked != -EWOULDBLOCK || i == LOCK_TRIES)
            return locked;
        (void)nanosleep(&pause, NULL);
    }
}

static int vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *base_file, int flags, int *flags_out)
{
    struct accord_sqlite_vfs *vfs = vfs_of(base);
    struct file *file = file_of(base_file);
    memset(file, 0, sizeof *file);
    if (path == NULL)
        return fail(vfs, -EINVAL, SQLITE_CANTOPEN);
    int how = ACCORD_OPEN_READ;
    if ((flags & SQLITE_OPEN_READWRITE) != 0)
        how |= ACCORD_OPEN_WRITE;
    if ((flags & SQLITE_OPEN_CREATE) != 0)
        how |= ACCORD_OPEN_CREATE;
    if ((flags & SQLITE_OPEN_EXCLUSIVE) != 0)
        how |= ACCORD_OPEN_EXCLUSIVE;
    int handle = vfs->fs->open(vfs->fs->context, path, how, 0600);
    if (handle < 0)
        return fail(vfs, handle, SQLITE_CANTOPEN);
    int locked = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? lock_bounded(vfs->fs, handle) : 0;
    if (locked < 0) {
        (void)vfs->fs->close(vfs->fs->context, handle);
        return fail(vfs, locked, locked == -EWOULDBLOCK ? SQLITE_BUSY : SQLITE_CANTOPEN);
    }
    *file = (struct file){{&file_methods}, vfs, path, handle, (flags & SQLITE_OPEN_CREATE) != 0};
    if (flags_out != NULL)
        *flags_out = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int sync)
{
    struct accord_sqlite_vfs *vfs = vfs_of(base);
    int result = vfs->fs->unlink(vfs->fs->context, path);
    if (result < 0)
        return fail(vfs, result, result == -ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE);
    return sync != 0 ? sync_directory(vfs, path, SQLITE_IOERR_DIR_FSYNC) : SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *base, const char *path, int flags, int *found)
{
    (void)flags;
    struct accord_sqlite_vfs *vfs = vfs_of(base);
    int exists = vfs->fs->exists(vfs->fs->context, path);
    if (exists < 0)
        return fail(vfs, exists, SQLITE_IOERR_ACCESS);
    *found = exists != 0;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *path, int size, char *full)
{
    int written = snprintf(full, (size_t)size, "%s", path);
    return written < 0 || written >= size ? fail(vfs_of(base), -ENAMETOOLONG, SQLITE_CANTOPEN) : SQLITE_OK;
}

/* What has nothing to do with files is the machine's own VFS's. */
static int vfs_randomness(sqlite3_vfs *base, int size, char *data)
{
    (void)base;
    sqlite3_vfs *machine = sqlite3_vfs_find(NULL);
    return machine->xRandomness(machine, size, data);
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds)
{
    (void)base;
    sqlite3_vfs *machine = sqlite3_vfs_find(NULL);
    return machine->xSleep(machine, microseconds);
}

static int vfs_time(sqlite3_vfs *base, double *julian_day)
{
    (void)base;
    sqlite3_vfs *machine = sqlite3_vfs_find(NULL);
    return machine->xCurrentTime(machine, julian_day);
}

static int vfs_last_error(sqlite3_vfs *base, int size, char *text)
{
    (void)size;
    (void)text;
    return -vfs_of(base)->failed;
}

int accord_sqlite_vfs_register(struct accord_sqlite_vfs *vfs, const struct accord_fs *fs)
{
    memset(vfs, 0, sizeof *vfs);
    vfs->fs = fs;
    /* Its own address is a name that no other has at the same time. */
    (void)snprintf(vfs->name, sizeof vfs->name, "accord-%p", (void *)vfs);
    vfs->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct file),
        .mxPathname = PATH_SIZE_MAX,
        .zName = vfs->name,
        .pAppData = vfs,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    return sqlite3_vfs_register(&vfs->vfs, 0);
}

void accord_sqlite_vfs_unregister(struct accord_sqlite_vfs *vfs)
{
    (void)sqlite3_vfs_unregister(&vfs->vfs);
}
