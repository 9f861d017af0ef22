/* Walking a directory without following links, with a stack of its own. Knows POSIX's directories; which lines a
 * manifest has, release/manifest.h knows. */
#include "cli/tree.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

/* A directory that is yet to be listed, by its path below the top; the top's is empty. */
struct waiting {
    char *path;
    unsigned depth;
};

struct walk {
    struct accord_tree *tree;
    const struct accord_crypto *crypto;
    const char *top, *copy;
    struct waiting *stack;
    size_t stacked, capacity;
    struct accord_error *error;
};

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *path,
                                 const char *found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)path, strlen(path)});
    accord_error_found(error, (struct accord_bytes){(const uint8_t *)found, strlen(found)});
    return status;
}

/* Room for one more in an array; NULL, with the array as it was, where there is none. */
static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    size_t more = *capacity == 0 ? 64 : *capacity * 2;
    void *larger = reallocarray(array, more, size);
    if (larger != NULL) {
        *capacity = more;
    }
    return larger;
}

enum accord_status accord_tree_add(struct accord_tree *tree, struct accord_bytes path, enum accord_manifest_mode mode,
                                   const uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error)
{
    if (tree->count == ACCORD_TREE_FILES_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_expected_number(error, ACCORD_TREE_FILES_MAX);
        return ACCORD_TOO_LARGE;
    }
    struct accord_manifest_file *files = grown(tree->files, tree->count, &tree->capacity, sizeof *files);
    uint8_t *owned = files == NULL ? NULL : malloc(path.size + 1);
    if (files != NULL) {
        tree->files = files;
    }
    if (owned == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    memcpy(owned, path.data, path.size);
    owned[path.size] = 0;
    struct accord_manifest_file *file = &tree->files[tree->count++];
    file->path = (struct accord_bytes){owned, path.size};
    file->mode = mode;
    memcpy(file->sha256, sha256, ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

void accord_tree_free(struct accord_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free((void *)(uintptr_t)tree->files[i].path.data);
    }
    free(tree->files);
    *tree = (struct accord_tree){0};
}

static int by_path(const void *a, const void *b)
{
    return accord_manifest_order(((const struct accord_manifest_file *)a)->path,
                                 ((const struct accord_manifest_file *)b)->path);
}

enum accord_status accord_tree_digest(struct accord_tree *tree, const struct accord_crypto *crypto,
                                      uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_manifest manifest;
    accord_manifest_begin(&manifest, crypto);
    if (tree->count > 1) {
        qsort(tree->files, tree->count, sizeof *tree->files, by_path);
    }
    for (size_t i = 0; i < tree->count; i++) {
        enum accord_status status = accord_manifest_add(&manifest, &tree->files[i], error);
        if (status != ACCORD_OK) {
            return status;
        }
    }
    accord_manifest_end(&manifest, sha256);
    return ACCORD_OK;
}

enum accord_status accord_tree_print(const struct accord_tree *tree, struct accord_buffer *text,
                                     struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < tree->count; i++) {
        size_t size = tree->files[i].path.size + ACCORD_MANIFEST_LINE_OVERHEAD;
        status = accord_buffer_reserve(text, size);
        struct accord_out out = {status == ACCORD_OK ? text->data + text->size : NULL, size, 0, false};
        if (status == ACCORD_OK) {
            accord_manifest_print(&out, &tree->files[i]);
            text->size += out.size;
        }
    }
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

static bool joined(char path[PATH_MAX], const char *directory, const char *name)
{
    int size = snprintf(path, PATH_MAX, "%s%s%s", directory, directory[0] == '\0' || name[0] == '\0' ? "" : "/", name);
    return size >= 0 && size < PATH_MAX;
}

static enum accord_status push(struct walk *walk, const char *path, unsigned depth)
{
    if (depth > ACCORD_TREE_DEPTH_MAX) {
        return refuse(walk->error, ACCORD_TOO_LARGE, path, "too many directories inside each other");
    }
    struct waiting *stack = grown(walk->stack, walk->stacked, &walk->capacity, sizeof *stack);
    char *owned = stack == NULL ? NULL : strdup(path);
    if (stack != NULL) {
        walk->stack = stack;
    }
    if (owned == NULL) {
        return accord_fail(walk->error, ACCORD_NO_MEMORY, 0);
    }
    walk->stack[walk->stacked++] = (struct waiting){owned, depth};
    return ACCORD_OK;
}

/* Reads to the end, hashes, and writes the same bytes to `to` where that is not -1. */
static int hash_and_copy(struct walk *walk, int from, int to, uint8_t sha256[ACCORD_HASH_SIZE])
{
    static _Thread_local uint8_t chunk[CHUNK];
    struct accord_sha256 sha;
    walk->crypto->sha256_init(&sha);
    for (;;) {
        ssize_t got = read(from, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            walk->crypto->sha256_final(&sha, sha256);
            return got == 0 ? 0 : -errno;
        }
        walk->crypto->sha256_update(&sha, chunk, (size_t)got);
        for (ssize_t put = 0; to != -1 && put < got;) {
            ssize_t wrote = write(to, chunk + put, (size_t)(got - put));
            if (wrote < 0 && errno != EINTR) {
                return -errno;
            }
            put += wrote < 0 ? 0 : wrote;
        }
    }
}

static enum accord_status take_file(struct walk *walk, const char *path, const char *full)
{
    uint8_t sha256[ACCORD_HASH_SIZE];
    struct stat info;
    char copy[PATH_MAX];
    int from = open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), to = -1, result = from < 0 ? -errno : 0;
    if (result == 0 && fstat(from, &info) != 0) {
        result = -errno;
    }
    bool executable = result == 0 && (info.st_mode & S_IXUSR) != 0;
    if (result == 0 && walk->copy != NULL && joined(copy, walk->copy, path)) {
        to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, executable ? 0755 : 0644);
        result = to < 0 ? -errno : 0;
    }
    if (result == 0) {
        result = hash_and_copy(walk, from, to, sha256);
    }
    const struct timespec time = {(time_t)walk->tree->copy_time, 0};
    if (result == 0 && to != -1 && futimens(to, (const struct timespec[2]){time, time}) != 0) {
        result = -errno;
    }
    if (to != -1 && close(to) != 0 && result == 0) {
        result = -errno;
    }
    if (from != -1) {
        (void)close(from);
    }
    if (result != 0) {
        return accord_file_error(walk->error, result, full);
    }
    return accord_tree_add(walk->tree, (struct accord_bytes){(const uint8_t *)path, strlen(path)},
                           executable ? ACCORD_MANIFEST_EXECUTABLE : ACCORD_MANIFEST_FILE, sha256, walk->error);
}

static enum accord_status take_link(struct walk *walk, const char *path, const char *full)
{
    uint8_t sha256[ACCORD_HASH_SIZE];
    char target[PATH_MAX], copy[PATH_MAX];
    ssize_t size = readlink(full, target, sizeof target - 1);
    if (size < 0) {
        return accord_file_error(walk->error, -errno, full);
    }
    target[size] = '\0';
    if (walk->copy != NULL && joined(copy, walk->copy, path) && symlink(target, copy) != 0) {
        return accord_file_error(walk->error, -errno, copy);
    }
    accord_hash(walk->crypto, (struct accord_bytes){(const uint8_t *)target, (size_t)size}, sha256);
    return accord_tree_add(walk->tree, (struct accord_bytes){(const uint8_t *)path, strlen(path)}, ACCORD_MANIFEST_LINK,
                           sha256, walk->error);
}

static enum accord_status take_directory(struct walk *walk, const char *path, unsigned depth)
{
    char copy[PATH_MAX];
    if (walk->copy != NULL && joined(copy, walk->copy, path) && mkdir(copy, 0755) != 0) {
        return accord_file_error(walk->error, -errno, copy);
    }
    return push(walk, path, depth);
}

static enum accord_status take(struct walk *walk, const struct waiting *directory, const char *name)
{
    char path[PATH_MAX], full[PATH_MAX];
    struct stat info;
    if (!joined(path, directory->path, name) || !joined(full, walk->top, path)) {
        return refuse(walk->error, ACCORD_TOO_LARGE, name, "a path that is too long");
    }
    if (walk->copy != NULL && strcmp(path, ".git") == 0) {
        return ACCORD_OK;
    }
    if (lstat(full, &info) != 0) {
        return accord_file_error(walk->error, -errno, full);
    }
    if (S_ISDIR(info.st_mode)) {
        return take_directory(walk, path, directory->depth + 1);
    }
    return S_ISREG(info.st_mode) ? take_file(walk, path, full)
           : S_ISLNK(info.st_mode)
               ? take_link(walk, path, full)
               : refuse(walk->error, ACCORD_MALFORMED, full, "neither a file, nor a directory, nor a symbolic link");
}

static enum accord_status list(struct walk *walk, const struct waiting *directory)
{
    char full[PATH_MAX];
    DIR *open = joined(full, walk->top, directory->path) ? opendir(full) : NULL;
    enum accord_status status = open == NULL ? accord_file_error(walk->error, -errno, full) : ACCORD_OK;
    while (status == ACCORD_OK) {
        errno = 0;
        const struct dirent *entry = readdir(open);
        if (entry == NULL) {
            status = errno == 0 ? ACCORD_OK : accord_file_error(walk->error, -errno, full);
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = take(walk, directory, entry->d_name);
        }
    }
    if (open != NULL) {
        (void)closedir(open);
    }
    return status;
}

enum accord_status accord_tree_walk(struct accord_tree *tree, const struct accord_crypto *crypto, const char *directory,
                                    const char *copy, struct accord_error *error)
{
    struct walk walk = {.tree = tree, .crypto = crypto, .top = directory, .copy = copy, .error = error};
    enum accord_status status = push(&walk, "", 0);
    while (status == ACCORD_OK && walk.stacked > 0) {
        struct waiting next = walk.stack[--walk.stacked];
        status = list(&walk, &next);
        free(next.path);
    }
    while (walk.stacked > 0) {
        free(walk.stack[--walk.stacked].path);
    }
    free(walk.stack);
    return status;
}

bool accord_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)place;
    (void)(kind == FTW_DP ? rmdir(path) : unlink(path));
    return 0;
}

/* A build may leave directories that nobody may enter: they are opened first. */
static int open_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)place;
    if (kind == FTW_D || kind == FTW_DNR) {
        (void)chmod(path, 0700);
    }
    return 0;
}

void accord_tree_remove(const char *directory)
{
    (void)nftw(directory, open_one, 16, FTW_PHYS);
    (void)nftw(directory, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}
