/* The file system port on POSIX. Knows system calls and what interrupts them; refuses to know what the files hold.
 * Every call is completed: a short read or write goes on, and EINTR is not an answer. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux moves at most 0x7ffff000 bytes in one call. */
#define PIECE_SIZE_MAX ((size_t)1 << 30)

static int real_open(void *context, const char *path, int how, unsigned mode)
{
    (void)context;
    int flags = O_CLOEXEC | O_NOCTTY;
    if ((how & (ACCORD_OPEN_READ | ACCORD_OPEN_WRITE)) == (ACCORD_OPEN_READ | ACCORD_OPEN_WRITE))
        flags |= O_RDWR;
    else if ((how & ACCORD_OPEN_WRITE) != 0)
        flags |= O_WRONLY;
    else if ((how & ACCORD_OPEN_READ) != 0)
        flags |= O_RDONLY;
    else
        abort();
    if ((how & ACCORD_OPEN_CREATE) != 0)
        flags |= O_CREAT;
    if ((how & ACCORD_OPEN_EXCLUSIVE) != 0)
        flags |= O_EXCL;
    if ((how & ACCORD_OPEN_TRUNCATE) != 0)
        flags |= O_TRUNC;
    int handle;
    do
        handle = open(path, flags, (mode_t)mode);
    while (handle < 0 && errno == EINTR);
    return handle < 0 ? -errno : handle;
}

static int real_close(void *context, int handle)
{
    (void)context;
    /* Linux has released the descriptor even where it says EINTR: to try again could close another thread's file. */
    return close(handle) != 0 && errno != EINTR ? -errno : 0;
}

/* A pipe has no offsets: it is read from where it stands, which is the offset of a caller that reads in order. */
static ssize_t read_piece(int handle, void *data, size_t size, uint64_t offset)
{
    ssize_t got = pread(handle, data, size, (off_t)offset);
    return got < 0 && errno == ESPIPE ? read(handle, data, size) : got;
}

static ssize_t write_piece(int handle, const void *data, size_t size, uint64_t offset)
{
    ssize_t put = pwrite(handle, data, size, (off_t)offset);
    return put < 0 && errno == ESPIPE ? write(handle, data, size) : put;
}

static int64_t real_read_at(void *context, int handle, void *data, size_t size, uint64_t offset)
{
    (void)context;
    if (offset > INT64_MAX || size > INT64_MAX - offset)
        return -EOVERFLOW;
    size_t done = 0;
    while (done < size) {
        size_t piece = size - done < PIECE_SIZE_MAX ? size - done : PIECE_SIZE_MAX;
        ssize_t got = read_piece(handle, (uint8_t *)data + done, piece, offset + done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

static int64_t real_write_at(void *context, int handle, const void *data, size_t size, uint64_t offset)
{
    (void)context;
    if (offset > INT64_MAX || size > INT64_MAX - offset)
        return -EOVERFLOW;
    size_t done = 0;
    while (done < size) {
        size_t piece = size - done < PIECE_SIZE_MAX ? size - done : PIECE_SIZE_MAX;
        ssize_t put = write_piece(handle, (const uint8_t *)data + done, piece, offset + done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        if (put == 0)
            return -EIO;
        done += (size_t)put;
    }
    return (int64_t)done;
}

static int64_t real_size(void *context, int handle)
{
    (void)context;
    struct stat status;
    return fstat(handle, &status) != 0 ? -errno : (int64_t)status.st_size;
}

static int real_truncate(void *context, int handle, uint64_t size)
{
    (void)context;
    if (size > INT64_MAX)
        return -EFBIG;
    int result;
    do
        result = ftruncate(handle, (off_t)size);
    while (result != 0 && errno == EINTR);
    return result != 0 ? -errno : 0;
}

static int real_sync(void *context, int handle)
{
    (void)context;
    int result;
    do
        result = fdatasync(handle);
    while (result != 0 && errno == EINTR);
    return result != 0 ? -errno : 0;
}

/* Opens path, applies one of the sync calls to it and closes it. */
static int sync_path(const char *path, int flags, int (*sync_handle)(int handle))
{
    int handle;
    do
        handle = open(path, O_RDONLY | O_CLOEXEC | flags);
    while (handle < 0 && errno == EINTR);
    if (handle < 0)
        return -errno;
    int result;
    do
        result = sync_handle(handle);
    while (result != 0 && errno == EINTR);
    result = result != 0 ? -errno : 0;
    (void)close(handle);
    return result;
}

static int real_sync_dir(void *context, const char *path)
{
    (void)context;
    return sync_path(path, O_DIRECTORY, fsync);
}

static int real_sync_all(void *context, const char *path)
{
    (void)context;
    return sync_path(path, 0, syncfs);
}

static int real_rename(void *context, const char *from, const char *to)
{
    (void)context;
    return rename(from, to) != 0 ? -errno : 0;
}

static int real_unlink(void *context, const char *path)
{
    (void)context;
    return unlink(path) != 0 ? -errno : 0;
}

static int real_make_dir(void *context, const char *path, unsigned mode)
{
    (void)context;
    return mkdir(path, (mode_t)mode) != 0 ? -errno : 0;
}

static int real_exists(void *context, const char *path)
{
    (void)context;
    struct stat status;
    if (stat(path, &status) == 0)
        return S_ISDIR(status.st_mode) ? 2 : 1;
    return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

static int real_list(void *context, const char *path, bool (*each)(void *arg, const char *name), void *arg)
{
    (void)context;
    DIR *dir = opendir(path);
    if (dir == NULL)
        return -errno;
    const struct dirent *entry;
    bool more = true;
    errno = 0;
    while (more && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            more = each(arg, entry->d_name);
        errno = 0;
    }
    int result = more ? -errno : 0;
    (void)closedir(dir);
    return result;
}

static int real_lock(void *context, int handle, bool wait)
{
    (void)context;
    int result;
    do
        result = flock(handle, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    return result != 0 ? -errno : 0;
}

static int real_remove_dir(void *context, const char *path)
{
    (void)context;
    return rmdir(path) != 0 ? -errno : 0;
}

static void real_write_back(void *context, int handle)
{
    (void)context;
    (void)sync_file_range(handle, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static void real_forget(void *context, int handle, uint64_t offset, uint64_t size)
{
    (void)context;
    (void)posix_fadvise(handle, (off_t)offset, (off_t)size, POSIX_FADV_DONTNEED);
}

static int real_identify(void *context, const char *path, uint64_t *number, uint64_t *made_ns)
{
    (void)context;
    struct statx status;
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &status) != 0)
        return -errno;
    *number = status.stx_ino;
    *made_ns = (status.stx_mask & STATX_BTIME) == 0
                   ? 0
                   : (uint64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
    return 0;
}

const struct accord_fs accord_fs_real = {
    .context = NULL,
    .open = real_open,
    .close = real_close,
    .read_at = real_read_at,
    .write_at = real_write_at,
    .size = real_size,
    .truncate = real_truncate,
    .sync = real_sync,
    .sync_dir = real_sync_dir,
    .sync_all = real_sync_all,
    .rename = real_rename,
    .unlink = real_unlink,
    .make_dir = real_make_dir,
    .exists = real_exists,
    .list = real_list,
    .lock = real_lock,
    .remove_dir = real_remove_dir,
    .write_back = real_write_back,
    .forget = real_forget,
    .identify = real_identify,
};
