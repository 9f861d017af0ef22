/* Files of a parcel, on their way to a disk. Their names were checked with the cover: one part of a path, and none of
 * them twice. What is in them is not looked at. */
#include "cli/case_extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/say.h"

#define FILE_MODE 0600
#define DIRECTORY_MODE 0700
#define COVER_NAME "COVER" /* no file of a parcel has this name */

static enum accord_status path_of(const struct accord_case_extract *extract, struct accord_bytes name,
                                  char path[ACCORD_PATH_SIZE], struct accord_error *error)
{
    int size = snprintf(path, ACCORD_PATH_SIZE, "%s/%.*s", extract->part, ACCORD_TEXT(name));
    return size < 0 || size >= ACCORD_PATH_SIZE ? accord_fail(error, ACCORD_TOO_LARGE, 0) : ACCORD_OK;
}

static bool remove_one(void *context, const char *name)
{
    const struct accord_case_extract *extract = context;
    char path[ACCORD_PATH_SIZE];
    if (path_of(extract, accord_bytes_of(name), path, NULL) == ACCORD_OK) {
        (void)extract->fs->unlink(extract->fs->context, path);
    }
    return true;
}

/* A directory as these are made, and no link to another one: whatever else lies there is somebody's. */
static bool is_part(const char *path, struct stat *about)
{
    return lstat(path, about) == 0 && S_ISDIR(about->st_mode) && about->st_uid == geteuid() &&
           (about->st_mode & 0777) == DIRECTORY_MODE;
}

/* Holds the directory: of two that extract to one place, the second one must not clear away what the first one writes.
 */
static enum accord_status hold_part(struct accord_case_extract *extract, struct accord_error *error)
{
    struct stat held, there;
    int handle = open(extract->part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (handle < 0) {
        return accord_file_error(error, -errno, extract->part);
    }
    /* Some file systems know no locks. */
    bool taken = flock(handle, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!taken && fstat(handle, &held) == 0 && lstat(extract->part, &there) == 0 && held.st_ino == there.st_ino &&
        held.st_dev == there.st_dev) {
        extract->lock = handle;
        return ACCORD_OK;
    }
    (void)close(handle);
    accord_fail(error, ACCORD_LOCKED, 0);
    accord_error_what(error, accord_bytes_of(extract->part));
    return ACCORD_LOCKED;
}

static void release_part(struct accord_case_extract *extract)
{
    if (extract->lock >= 0) {
        (void)close(extract->lock);
        extract->lock = -1;
    }
}

static void remove_part(struct accord_case_extract *extract)
{
    (void)extract->fs->list(extract->fs->context, extract->part, remove_one, extract);
    (void)extract->fs->remove_dir(extract->fs->context, extract->part);
}

enum accord_status accord_case_extract_begin(struct accord_case_extract *extract, const struct accord_fs *fs,
                                             const char *directory, struct accord_error *error)
{
    struct stat about;
    *extract = (struct accord_case_extract){.fs = fs, .directory = directory, .handle = -1, .lock = -1};
    if (directory == NULL) {
        return ACCORD_OK;
    }
    int size = snprintf(extract->part, sizeof extract->part, "%s.part", directory);
    if (size < 0 || (size_t)size >= sizeof extract->part) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    int there = fs->exists(fs->context, directory);
    if (there != 0) {
        return accord_file_error(error, there < 0 ? there : -EEXIST, directory);
    }
    if (is_part(extract->part, &about)) {
        enum accord_status status = hold_part(extract, error);
        if (status != ACCORD_OK) {
            return status;
        }
        remove_part(extract);
        release_part(extract);
    }
    int made = fs->make_dir(fs->context, extract->part, DIRECTORY_MODE);
    if (made < 0) {
        return accord_file_error(error, made, extract->part);
    }
    enum accord_status status = hold_part(extract, error);
    extract->begun = status == ACCORD_OK;
    return status;
}

static enum accord_status close_file(struct accord_case_extract *extract, struct accord_error *error)
{
    if (extract->handle < 0) {
        return ACCORD_OK;
    }
    int synced = extract->fs->sync(extract->fs->context, extract->handle);
    int closed = extract->fs->close(extract->fs->context, extract->handle);
    extract->handle = -1;
    int result = synced < 0 ? synced : closed;
    return result < 0 ? accord_file_error(error, result, extract->part) : ACCORD_OK;
}

static enum accord_status write_bytes(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct accord_case_extract *extract = context;
    int64_t written =
        extract->fs->write_at(extract->fs->context, extract->handle, bytes.data, bytes.size, extract->offset);
    extract->offset += bytes.size;
    return written < 0 ? accord_file_error(error, (int)written, extract->part) : ACCORD_OK;
}

static enum accord_status open_file(struct accord_case_extract *extract, struct accord_bytes name,
                                    struct accord_error *error)
{
    char path[ACCORD_PATH_SIZE];
    enum accord_status status = close_file(extract, error);
    if (status == ACCORD_OK) {
        status = path_of(extract, name, path, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    extract->handle = extract->fs->open(extract->fs->context, path,
                                        ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_EXCLUSIVE, FILE_MODE);
    extract->offset = 0;
    return extract->handle < 0 ? accord_file_error(error, extract->handle, path) : ACCORD_OK;
}

enum accord_status accord_case_extract_opened(void *context, const struct accord_cover *cover, size_t file,
                                              struct accord_age_sink *sink, struct accord_error *error)
{
    struct accord_case_extract *extract = context;
    if (extract->directory == NULL) {
        return ACCORD_OK;
    }
    *sink = (struct accord_age_sink){extract, write_bytes};
    return open_file(extract, cover->files[file].name, error);
}

enum accord_status accord_case_extract_end(struct accord_case_extract *extract, struct accord_bytes cover,
                                           struct accord_error *error)
{
    if (extract->directory == NULL) {
        return ACCORD_OK;
    }
    enum accord_status status = open_file(extract, accord_bytes_of(COVER_NAME), error);
    if (status == ACCORD_OK) {
        status = write_bytes(extract, cover, error);
    }
    if (status == ACCORD_OK) {
        status = close_file(extract, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    int result = extract->fs->sync_dir(extract->fs->context, extract->part);
    if (result >= 0) {
        result = extract->fs->rename(extract->fs->context, extract->part, extract->directory);
    }
    extract->begun = result < 0;
    return result < 0 ? accord_file_error(error, result, extract->directory) : ACCORD_OK;
}

void accord_case_extract_free(struct accord_case_extract *extract)
{
    if (extract->handle >= 0) {
        (void)extract->fs->close(extract->fs->context, extract->handle);
        extract->handle = -1;
    }
    if (extract->begun) {
        remove_part(extract);
        extract->begun = false;
    }
    release_part(extract);
}
