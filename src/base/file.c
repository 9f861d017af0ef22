/* Whole files: read with a maximum, written atomically. Knows the order of writes, syncs and renames that a power cut
 * cannot tear; refuses to know what the bytes mean. */
#include "base/file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define READ_SIZE 65536
#define TEMPORARY_TRIES 64

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

enum accord_status accord_file_error(struct accord_error *error, int negative_errno, const char *path)
{
    enum accord_status status = ACCORD_IO;
    if (negative_errno == -ENOENT)
        status = ACCORD_NOT_FOUND;
    else if (negative_errno == -EEXIST)
        status = ACCORD_EXISTS;
    else if (negative_errno == -EWOULDBLOCK)
        status = ACCORD_LOCKED;
    else if (negative_errno == -ENOMEM)
        status = ACCORD_NO_MEMORY;
    accord_fail(error, status, 0);
    accord_error_what(error, bytes_of(path));
    /* The other sentences say already what the system's words would say again. */
    if (status == ACCORD_IO)
        accord_error_found(error, bytes_of(strerror(-negative_errno)));
    return status;
}

static enum accord_status fail_at(struct accord_error *error, enum accord_status status, const char *path)
{
    accord_fail(error, status, 0);
    accord_error_what(error, bytes_of(path));
    return status;
}

/* Reads to the end. One byte past the maximum is asked for, since only that tells a full file from a longer one. */
static enum accord_status read_all(const struct accord_fs *fs, int handle, const char *path,
                                   struct accord_buffer *buffer, struct accord_error *error)
{
    int64_t hint = fs->size(fs->context, handle);
    uint64_t offset = 0;
    for (;;) {
        size_t left = buffer->maximum - buffer->size;
        size_t room = buffer->capacity - buffer->size;
        if (left == 0) {
            uint8_t past;
            int64_t got = fs->read_at(fs->context, handle, &past, 1, offset);
            if (got < 0)
                return accord_file_error(error, (int)got, path);
            return got == 0 ? ACCORD_OK : fail_at(error, ACCORD_TOO_LARGE, path);
        }
        if (room == 0) {
            size_t wanted = hint > 0 && offset == 0 && (uint64_t)hint < left ? (size_t)hint + 1 : READ_SIZE;
            enum accord_status status = accord_buffer_reserve(buffer, wanted < left ? wanted : left);
            if (status != ACCORD_OK)
                return fail_at(error, status, path);
            room = buffer->capacity - buffer->size;
        }
        int64_t got = fs->read_at(fs->context, handle, buffer->data + buffer->size, room, offset);
        if (got < 0)
            return accord_file_error(error, (int)got, path);
        if (got == 0)
            return ACCORD_OK;
        buffer->size += (size_t)got;
        offset += (uint64_t)got;
    }
}

enum accord_status accord_file_read(const struct accord_fs *fs, const char *path, struct accord_buffer *buffer,
                                    struct accord_error *error)
{
    if (fs == &accord_fs_real && strcmp(path, "-") == 0)
        return read_all(fs, STDIN_FILENO, "standard input", buffer, error);
    int handle = fs->open(fs->context, path, ACCORD_OPEN_READ, 0);
    if (handle < 0)
        return accord_file_error(error, handle, path);
    enum accord_status status = read_all(fs, handle, path, buffer, error);
    (void)fs->close(fs->context, handle);
    return status;
}

enum accord_status accord_file_lock(const struct accord_fs *fs, const char *path, bool wait, int *handle,
                                    struct accord_error *error)
{
    char lock[PATH_SIZE];
    int size = snprintf(lock, sizeof lock, "%s.lock", path);
    *handle = -1;
    if (size < 0 || (size_t)size >= sizeof lock)
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    int opened = fs->open(fs->context, lock, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE, 0600);
    int result = opened < 0 ? opened : fs->lock(fs->context, opened, wait);
    if (result >= 0) {
        *handle = opened;
        return ACCORD_OK;
    }
    accord_file_unlock(fs, opened);
    return accord_file_error(error, result, lock);
}

void accord_file_unlock(const struct accord_fs *fs, int handle)
{
    if (handle >= 0)
        (void)fs->close(fs->context, handle);
}

/* The directory that holds path, as an allocated text; NULL where memory ran out. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Makes a new file beside path whose name nobody else uses. Its name is allocated. */
static int temporary_open(const struct accord_fs *fs, const char *path, unsigned mode, char **name)
{
    static atomic_uint counter;
    size_t size = strlen(path) + 40;
    *name = malloc(size);
    if (*name == NULL)
        return -ENOMEM;
    int handle = -EEXIST;
    /* A process that died may have left a file of this process's number. */
    for (int i = 0; i < TEMPORARY_TRIES && handle == -EEXIST; i++) {
        snprintf(*name, size, "%s.%ld.%u.tmp", path, (long)getpid(), atomic_fetch_add(&counter, 1));
        handle = fs->open(fs->context, *name, ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_EXCLUSIVE, mode);
    }
    if (handle < 0) {
        free(*name);
        *name = NULL;
    }
    return handle;
}

bool accord_file_sync_failed(int result)
{
    return result < 0 && result != -EMFILE && result != -ENFILE && result != -ENOENT;
}

static int write_and_close(const struct accord_fs *fs, int handle, struct accord_bytes bytes, bool *sync_failed)
{
    int64_t put = bytes.size == 0 ? 0 : fs->write_at(fs->context, handle, bytes.data, bytes.size, 0);
    int result = put < 0 ? (int)put : fs->sync(fs->context, handle);
    *sync_failed = *sync_failed || (put >= 0 && result < 0);
    int closed = fs->close(fs->context, handle);
    return result < 0 ? result : closed;
}

/* What accord_file_replace does, as an errno. */
static int replace(const struct accord_fs *fs, const char *path, const char *directory, struct accord_bytes bytes,
                   unsigned mode, bool *sync_failed)
{
    char *name;
    int handle = temporary_open(fs, path, mode, &name);
    if (handle < 0)
        return handle;
    int result = write_and_close(fs, handle, bytes, sync_failed);
    if (result >= 0)
        result = fs->rename(fs->context, name, path);
    bool renamed = result >= 0;
    if (!renamed)
        (void)fs->unlink(fs->context, name);
    else
        result = fs->sync_dir(fs->context, directory);
    *sync_failed = *sync_failed || (renamed && accord_file_sync_failed(result));
    free(name);
    return result;
}

enum accord_status accord_file_replace_told(const struct accord_fs *fs, const char *path, struct accord_bytes bytes,
                                            unsigned mode, bool *sync_failed, struct accord_error *error)
{
    char *directory = directory_of(path);
    int result = directory == NULL ? -ENOMEM : replace(fs, path, directory, bytes, mode, sync_failed);
    free(directory);
    return result < 0 ? accord_file_error(error, result, path) : ACCORD_OK;
}

enum accord_status accord_file_replace(const struct accord_fs *fs, const char *path, struct accord_bytes bytes,
                                       unsigned mode, struct accord_error *error)
{
    bool sync_failed = false;
    return accord_file_replace_told(fs, path, bytes, mode, &sync_failed, error);
}

/* The name is taken first, with an empty file, so of two processes one fails; then the bytes come whole, by rename.
 * A power cut between the two leaves the empty file, never a part of the bytes. */
enum accord_status accord_file_create(const struct accord_fs *fs, const char *path, struct accord_bytes bytes,
                                      unsigned mode, struct accord_error *error)
{
    int how = ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_EXCLUSIVE;
    int handle = fs->open(fs->context, path, how, mode);
    if (handle < 0)
        return accord_file_error(error, handle, path);
    int closed = fs->close(fs->context, handle);
    enum accord_status status =
        closed < 0 ? accord_file_error(error, closed, path) : accord_file_replace(fs, path, bytes, mode, error);
    if (status != ACCORD_OK)
        (void)fs->unlink(fs->context, path);
    return status;
}
