/* Files and directories of advisories. It knows where documents lie and not what is in them; directories are walked
 * with a stack of their own. */
#include "feed/archive.h"

#include "base/file.h"
#include "feed/walk.h"

#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What the visitor's sink is given by way of, so that its own failure is not taken for a document's. */
static enum accord_status pass_begin(void *context, const struct accord_claim_vulnerability *vulnerability,
                                     struct accord_error *error)
{
    struct accord_feed_walker *walker = context;
    const struct accord_claim_sink *sink = &walker->visitor->sink;
    enum accord_status status = sink->begin(sink->context, vulnerability, error);
    walker->stopped = status != ACCORD_OK;
    return status;
}

static enum accord_status pass_claim(void *context, const struct accord_claim *claim, struct accord_error *error)
{
    struct accord_feed_walker *walker = context;
    const struct accord_claim_sink *sink = &walker->visitor->sink;
    enum accord_status status = sink->claim(sink->context, claim, error);
    walker->stopped = status != ACCORD_OK;
    return status;
}

enum accord_status accord_feed_walk_refuse(struct accord_feed_walker *walker, const char *place,
                                           const struct accord_error *why)
{
    const struct accord_feed_visitor *visitor = walker->visitor;
    walker->tally->refused++;
    return visitor->refused == NULL ? ACCORD_OK : visitor->refused(visitor->context, place, why);
}

enum accord_status accord_feed_walk_document(struct accord_feed_walker *walker, const char *place)
{
    const struct accord_feed_visitor *visitor = walker->visitor;
    const struct accord_claim_sink sink = {walker, pass_begin, pass_claim};
    struct accord_error why = {.status = ACCORD_OK};
    enum accord_feed_format format;
    enum accord_status status =
        visitor->document == NULL ? ACCORD_OK : visitor->document(visitor->context, place, walker->error);
    if (status != ACCORD_OK)
        return status;
    status = accord_feed_read(accord_buffer_bytes(&walker->document), &sink, &format, &why);
    if (walker->stopped || status == ACCORD_NO_MEMORY) {
        if (walker->error != NULL)
            *walker->error = why;
        return status;
    }
    if (status != ACCORD_OK)
        return accord_feed_walk_refuse(walker, place, &why);
    walker->tally->read++;
    walker->tally->bytes += walker->document.size;
    return visitor->finished == NULL ? ACCORD_OK : visitor->finished(visitor->context, place, format, walker->error);
}

static bool ends_in(const char *path, const char *ending)
{
    size_t size = strlen(path), end = strlen(ending);
    return size > end && strcmp(path + size - end, ending) == 0;
}

static bool is_zip(struct accord_bytes bytes)
{
    return accord_cut_prefix(&bytes, ACCORD_LITERAL("PK\3\4")) || accord_cut_prefix(&bytes, ACCORD_LITERAL("PK\5\6"));
}

/* Is the file an archive? Its first bytes say so, and not its name. */
static enum accord_status look(const char *path, bool *archive, struct accord_error *error)
{
    uint8_t first[4];
    int handle = accord_fs_real.open(NULL, path, ACCORD_OPEN_READ, 0);
    if (handle < 0)
        return accord_file_error(error, handle, path);
    int64_t got = accord_fs_real.read_at(NULL, handle, first, sizeof first, 0);
    (void)accord_fs_real.close(NULL, handle);
    *archive = got == (int64_t)sizeof first && is_zip((struct accord_bytes){first, sizeof first});
    return got < 0 ? accord_file_error(error, (int)got, path) : ACCORD_OK;
}

/* A file is refused where it cannot be read: the others can be. */
static enum accord_status walk_file(struct accord_feed_walker *walker, const char *path)
{
    struct accord_error why = {.status = ACCORD_OK};
    bool archive;
    enum accord_status status = look(path, &archive, &why);
    if (status == ACCORD_OK && archive)
        return accord_feed_walk_zip(walker, path);
    walker->document.size = 0;
    if (status == ACCORD_OK)
        status = accord_file_read(&accord_fs_real, path, &walker->document, &why);
    return status == ACCORD_OK ? accord_feed_walk_document(walker, path) : accord_feed_walk_refuse(walker, path, &why);
}

/* A directory being walked: its names, in order. */
struct level {
    struct dirent **names;
    int next, count;
    size_t path_size; /* of the directory's own path */
};

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool open_level(struct level *level, const char *path)
{
    *level = (struct level){.path_size = strlen(path)};
    level->count = scandir(path, &level->names, not_hidden, by_name);
    return level->count >= 0;
}

static void close_level(struct level *level)
{
    while (level->next < level->count)
        free(level->names[level->next++]);
    free(level->names);
}

/* The next name of a directory, appended to its path; false where it does not fit, and with it nothing below it. */
static bool next_path(struct level *level, char path[PATH_MAX])
{
    struct dirent *entry = level->names[level->next++];
    int size = snprintf(path + level->path_size, PATH_MAX - level->path_size, "/%s", entry->d_name);
    free(entry);
    return size > 0 && (size_t)size < PATH_MAX - level->path_size;
}

static enum accord_status refuse_path(struct accord_feed_walker *walker, const char *path, int negative_errno)
{
    struct accord_error why;
    (void)accord_file_error(&why, negative_errno, path);
    return accord_feed_walk_refuse(walker, path, &why);
}

/* One name: a document or an archive is read, a directory becomes the next level, anything else is passed over. */
static enum accord_status walk_name(struct accord_feed_walker *walker, struct level *levels, size_t *depth,
                                    char path[PATH_MAX])
{
    struct stat entry;
    if (!next_path(&levels[*depth - 1], path))
        return refuse_path(walker, path, -ENAMETOOLONG);
    if (lstat(path, &entry) != 0)
        return refuse_path(walker, path, -errno);
    if (S_ISREG(entry.st_mode) && (ends_in(path, ".json") || ends_in(path, ".zip")))
        return walk_file(walker, path);
    if (!S_ISDIR(entry.st_mode))
        return ACCORD_OK;
    if (*depth == ACCORD_FEED_DIRECTORIES_MAX)
        return refuse_path(walker, path, -ELOOP);
    if (!open_level(&levels[*depth], path))
        return refuse_path(walker, path, -errno);
    (*depth)++;
    return ACCORD_OK;
}

static enum accord_status walk_directory(struct accord_feed_walker *walker, const char *top)
{
    struct level levels[ACCORD_FEED_DIRECTORIES_MAX];
    char path[PATH_MAX];
    size_t depth = 1;
    int size = snprintf(path, sizeof path, "%s", top);
    if (size < 0 || (size_t)size >= sizeof path)
        return accord_file_error(walker->error, -ENAMETOOLONG, top);
    if (!open_level(&levels[0], path))
        return accord_file_error(walker->error, -errno, top);
    enum accord_status status = ACCORD_OK;
    while (depth > 0) {
        struct level *level = &levels[depth - 1];
        if (status == ACCORD_OK && level->next < level->count) {
            status = walk_name(walker, levels, &depth, path);
            continue;
        }
        close_level(level);
        depth--;
    }
    return status;
}

enum accord_status accord_feed_walk(const char *path, const struct accord_feed_visitor *visitor,
                                    struct accord_feed_tally *tally, struct accord_error *error)
{
    struct accord_feed_walker walker = {.visitor = visitor, .tally = tally, .error = error};
    int kind = accord_fs_real.exists(NULL, path);
    if (kind <= 0)
        return accord_file_error(error, kind == 0 ? -ENOENT : kind, path);
    accord_buffer_init(&walker.document, ACCORD_FEED_DOCUMENT_MAX);
    enum accord_status status = kind == 2 ? walk_directory(&walker, path) : walk_file(&walker, path);
    accord_buffer_free(&walker.document);
    return status;
}
