/* Walking a directory that may be anybody's: physical directories only, so no link can lead round; places that links
 * lead to are walked by their own real paths, each once. Knows bounds for depth, paths, places and names; refuses to
 * know what files hold. Not on the file system's port, which does not tell links and pipes from files. */
#include "custody/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* File systems without files: what lies there is of the machine, made as it is read. */
#define PROC_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define CGROUP_MAGIC 0x63677270
#define DEVPTS_MAGIC 0x1cd1

struct level {
    DIR *dir;
    size_t path_size; /* of the path up to here */
};

struct accord_roam {
    void *context;
    enum accord_status (*each)(void *context, struct accord_roam *roam, const struct accord_walk_found *found,
                               struct accord_error *error);
    struct accord_error *error;
    enum accord_status status;
    uint64_t files;
    const char *given;       /* DIR as it was given, for paths below it */
    size_t root_count, root; /* real paths; the one that is being walked */
    char *roots[ACCORD_WALK_ROOTS_MAX];
    size_t depth;
    struct level levels[ACCORD_WALK_DEPTH_MAX];
    char path[ACCORD_WALK_PATH_SIZE]; /* real */
};

/* Is path the place itself, or below it? */
static bool is_inside(const char *path, const char *place)
{
    size_t size = strlen(place);
    if (size == 1) { /* everything is below "/" */
        return true;
    }
    return strncmp(path, place, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

static void tell(struct accord_roam *roam, struct accord_walk_found found)
{
    char shown[ACCORD_WALK_PATH_SIZE * 2];
    size_t root_size = strlen(roam->roots[0]);
    found.path = roam->path;
    if (roam->root == 0) {
        (void)snprintf(shown, sizeof shown, "%s%s", roam->given, roam->path + (root_size == 1 ? 0 : root_size));
        found.path = shown;
    }
    if (++roam->files > ACCORD_WALK_FILES_MAX) {
        roam->status = accord_fail(roam->error, ACCORD_TOO_LARGE, 0);
        accord_error_what(roam->error, ACCORD_LITERAL("the number of files"));
        accord_error_expected_number(roam->error, ACCORD_WALK_FILES_MAX);
        return;
    }
    roam->status = roam->each(roam->context, roam, &found, roam->error);
}

static bool holds_files(const char *path)
{
    struct statfs system;
    if (statfs(path, &system) != 0) {
        return true; /* it will be told when it cannot be opened */
    }
    unsigned long type = (unsigned long)system.f_type;
    return type != PROC_MAGIC && type != SYSFS_MAGIC && type != CGROUP_MAGIC && type != DEVPTS_MAGIC;
}

bool accord_roam_lead(struct accord_roam *roam, const char *path)
{
    char *real = realpath(path, NULL);
    if (real == NULL) { /* a path may lead somewhere and be too long to be said */
        return errno == ENOENT || errno == ENOTDIR;
    }
    for (size_t i = 0; i < roam->root_count; i++) {
        if (is_inside(real, roam->roots[i])) {
            free(real);
            return true;
        }
    }
    /* Whoever asks about a directory does not ask about all that it is in. */
    if (is_inside(roam->roots[0], real) || roam->root_count == ACCORD_WALK_ROOTS_MAX || !holds_files(real)) {
        free(real);
        return false;
    }
    roam->roots[roam->root_count++] = real;
    return true;
}

static void follow(struct accord_roam *roam, int directory, const char *name)
{
    struct stat status;
    struct accord_walk_found found = {.what = ACCORD_WALK_NOT_LED, .directory = directory, .name = name};
    if (fstatat(directory, name, &status, 0) != 0) {
        bool nowhere = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
        found.what = nowhere ? ACCORD_WALK_DANGLING : ACCORD_WALK_UNREADABLE;
        found.errno_value = errno;
        tell(roam, found);
    } else if (!accord_roam_lead(roam, roam->path)) {
        tell(roam, found);
    }
}

/* Was this place walked before, on the way of another root? */
static bool is_walked(const struct accord_roam *roam, const char *path)
{
    for (size_t i = 0; i < roam->root; i++) {
        if (is_inside(path, roam->roots[i])) {
            return true;
        }
    }
    return false;
}

static void enter(struct accord_roam *roam, int directory, const char *name)
{
    struct accord_walk_found found = {.what = ACCORD_WALK_TOO_DEEP, .directory = directory, .name = name};
    if (roam->depth == ACCORD_WALK_DEPTH_MAX) {
        tell(roam, found);
        return;
    }
    int handle = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = handle < 0 ? NULL : fdopendir(handle);
    if (dir == NULL) {
        found.what = ACCORD_WALK_UNREADABLE;
        found.errno_value = errno;
        if (handle >= 0) {
            (void)close(handle);
        }
        tell(roam, found);
        return;
    }
    roam->levels[roam->depth++] = (struct level){dir, strlen(roam->path)};
}

/* One name, whose path is in roam->path. */
static void meet(struct accord_roam *roam, int directory, const char *name)
{
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT) { /* it is gone since it was listed */
            tell(roam, (struct accord_walk_found){
                           .what = ACCORD_WALK_UNREADABLE, .directory = directory, .name = name, .errno_value = errno});
        }
    } else if (S_ISLNK(status.st_mode)) {
        follow(roam, directory, name);
    } else if (!S_ISDIR(status.st_mode)) {
        tell(roam, (struct accord_walk_found){
                       .what = ACCORD_WALK_FILE, .directory = directory, .name = name, .status = &status});
    } else if (!is_walked(roam, roam->path)) {
        enter(roam, directory, name);
    }
}

/* The next name of the innermost directory; leaves it where there is none. */
static void step(struct accord_roam *roam)
{
    struct level *level = &roam->levels[roam->depth - 1];
    errno = 0;
    const struct dirent *entry = readdir(level->dir);
    roam->path[level->path_size] = '\0';
    if (entry == NULL) {
        if (errno != 0) {
            tell(roam, (struct accord_walk_found){.what = ACCORD_WALK_UNREADABLE,
                                                  .directory = dirfd(level->dir),
                                                  .name = ".",
                                                  .errno_value = errno});
        }
        (void)closedir(level->dir);
        roam->depth--;
        return;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        return;
    }
    size_t room = sizeof roam->path - level->path_size;
    const char *slash = level->path_size == 1 ? "" : "/";
    int size = snprintf(roam->path + level->path_size, room, "%s%s", slash, entry->d_name);
    if (size < 0 || (size_t)size >= room) {
        roam->path[level->path_size] = '\0';
        tell(roam, (struct accord_walk_found){
                       .what = ACCORD_WALK_TOO_DEEP, .directory = dirfd(level->dir), .name = entry->d_name});
        return;
    }
    meet(roam, dirfd(level->dir), entry->d_name);
}

static void walk_root(struct accord_roam *roam)
{
    const char *root = roam->roots[roam->root];
    if (is_walked(roam, root)) {
        return;
    }
    (void)snprintf(roam->path, sizeof roam->path, "%s", root);
    meet(roam, AT_FDCWD, root);
    while (roam->depth > 0 && roam->status == ACCORD_OK) {
        step(roam);
    }
    while (roam->depth > 0) {
        (void)closedir(roam->levels[--roam->depth].dir);
    }
}

static enum accord_status begin(struct accord_roam *roam, const char *dir, struct accord_error *error)
{
    struct stat status;
    roam->roots[0] = realpath(dir, NULL);
    if (roam->roots[0] == NULL || stat(roam->roots[0], &status) != 0 || !S_ISDIR(status.st_mode)) {
        free(roam->roots[0]);
        accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, (struct accord_bytes){(const uint8_t *)dir, strlen(dir)});
        accord_error_expected(error, ACCORD_LITERAL("a directory"));
        return ACCORD_NOT_FOUND;
    }
    roam->root_count = 1;
    return ACCORD_OK;
}

enum accord_status accord_roam(const char *dir, void *context,
                               enum accord_status (*each)(void *context, struct accord_roam *roam,
                                                          const struct accord_walk_found *found,
                                                          struct accord_error *error),
                               struct accord_error *error)
{
    size_t size = strlen(dir);
    struct accord_roam *roam = calloc(1, sizeof *roam);
    char *given = strdup(dir);
    if (roam == NULL || given == NULL) {
        free(roam);
        free(given);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    while (size > 1 && given[size - 1] == '/') {
        given[--size] = '\0';
    }
    roam->context = context;
    roam->each = each;
    roam->error = error;
    roam->given = strcmp(given, "/") == 0 ? "" : given;
    roam->status = begin(roam, dir, error);
    for (; roam->status == ACCORD_OK && roam->root < roam->root_count; roam->root++) {
        walk_root(roam);
    }
    enum accord_status status = roam->status;
    for (size_t i = 0; i < roam->root_count; i++) {
        free(roam->roots[i]);
    }
    free(given);
    free(roam);
    return status;
}
