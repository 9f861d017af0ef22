/* Zip archives by libzip, which is loaded when the first one is read: other commands shall not start later for it. It
 * trusts nothing that an archive says of its members: their sizes are bounds, and what is unpacked is measured. */
#include "feed/walk.h"

#include "core/text.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

/* The headers' own name comes first; distributions differ in the number, and not in what is called here. */
static const char *const libraries[] = {"libzip.so.5", "libzip.so.4"};

struct library {
    void *handle;
    zip_t *(*open)(const char *path, int flags, int *error);
    void (*discard)(zip_t *archive);
    zip_int64_t (*count)(zip_t *archive, zip_flags_t flags);
    int (*stat)(zip_t *archive, zip_uint64_t index, zip_flags_t flags, zip_stat_t *stat);
    zip_file_t *(*open_member)(zip_t *archive, zip_uint64_t index, zip_flags_t flags);
    zip_int64_t (*read)(zip_file_t *member, void *data, zip_uint64_t size);
    int (*close_member)(zip_file_t *member);
};

static bool load(struct library *library)
{
    library->handle = NULL;
    for (size_t i = 0; library->handle == NULL && i < sizeof libraries / sizeof *libraries; i++)
        library->handle = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL)
        return false;
    /* POSIX's way round ISO C, which has no conversion from an object's pointer to a function's. */
    *(void **)&library->open = dlsym(library->handle, "zip_open");
    *(void **)&library->discard = dlsym(library->handle, "zip_discard");
    *(void **)&library->count = dlsym(library->handle, "zip_get_num_entries");
    *(void **)&library->stat = dlsym(library->handle, "zip_stat_index");
    *(void **)&library->open_member = dlsym(library->handle, "zip_fopen_index");
    *(void **)&library->read = dlsym(library->handle, "zip_fread");
    *(void **)&library->close_member = dlsym(library->handle, "zip_fclose");
    if (library->open != NULL && library->discard != NULL && library->count != NULL && library->stat != NULL &&
        library->open_member != NULL && library->read != NULL && library->close_member != NULL)
        return true;
    dlclose(library->handle);
    return false;
}

static enum accord_status refuse(struct accord_feed_walker *walker, const char *place, enum accord_status status,
                                 const char *expected)
{
    struct accord_error why;
    accord_fail(&why, status, 0);
    accord_error_expected(&why, (struct accord_bytes){(const uint8_t *)expected, strlen(expected)});
    return accord_feed_walk_refuse(walker, place, &why);
}

/* Unpacks into walker->document. libzip compares size and CRC at the end; a member that goes on behind the size that
 * was said is no member. */
static bool unpack(const struct library *library, zip_t *archive, zip_uint64_t index, size_t size,
                   struct accord_buffer *document)
{
    zip_file_t *member = library->open_member(archive, index, 0);
    if (member == NULL)
        return false;
    document->size = 0;
    zip_int64_t got = 1;
    while (got > 0 && document->size < size) {
        got = library->read(member, document->data + document->size, size - document->size);
        document->size += got > 0 ? (size_t)got : 0;
    }
    uint8_t more;
    bool whole = document->size == size && library->read(member, &more, 1) == 0;
    return library->close_member(member) == 0 && whole;
}

static bool is_document(const char *name)
{
    size_t size = strlen(name);
    return size > 5 && strcmp(name + size - 5, ".json") == 0;
}

static enum accord_status walk_member(struct accord_feed_walker *walker, const struct library *library, zip_t *archive,
                                      zip_uint64_t index, const char *path)
{
    char place[PATH_MAX + 512];
    zip_stat_t stat;
    memset(&stat, 0, sizeof stat);
    if (library->stat(archive, index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0 ||
        (stat.valid & ZIP_STAT_SIZE) == 0)
        return refuse(walker, path, ACCORD_MALFORMED, "members with names and sizes");
    if (!is_document(stat.name))
        return ACCORD_OK;
    snprintf(place, sizeof place, "%s: %.400s", path, stat.name);
    if (stat.size > ACCORD_FEED_DOCUMENT_MAX)
        return refuse(walker, place, ACCORD_TOO_LARGE, "at most 64 MiB, unpacked");
    walker->document.size = 0;
    if (accord_buffer_reserve(&walker->document, (size_t)stat.size + 1) != ACCORD_OK)
        return accord_fail(walker->error, ACCORD_NO_MEMORY, 0);
    if (!unpack(library, archive, index, (size_t)stat.size, &walker->document))
        return refuse(walker, place, ACCORD_MALFORMED, "a member that can be unpacked");
    return accord_feed_walk_document(walker, place);
}

static enum accord_status walk_members(struct accord_feed_walker *walker, const struct library *library, zip_t *archive,
                                       const char *path)
{
    zip_int64_t count = library->count(archive, 0);
    uint64_t start = walker->tally->bytes;
    enum accord_status status = ACCORD_OK;
    if (count < 0 || count > ACCORD_FEED_MEMBERS_MAX)
        return refuse(walker, path, ACCORD_TOO_LARGE, "at most 10000000 members");
    for (zip_int64_t i = 0; status == ACCORD_OK && i < count; i++) {
        if (walker->tally->bytes - start > ACCORD_FEED_ARCHIVE_MAX)
            return refuse(walker, path, ACCORD_TOO_LARGE, "at most 64 GiB, unpacked");
        status = walk_member(walker, library, archive, (zip_uint64_t)i, path);
    }
    return status;
}

enum accord_status accord_feed_walk_zip(struct accord_feed_walker *walker, const char *path)
{
    struct library library;
    int wrong = 0;
    if (!load(&library))
        return refuse(walker, path, ACCORD_NOT_FOUND, "libzip to be installed, which reads archives");
    zip_t *archive = library.open(path, ZIP_RDONLY, &wrong);
    enum accord_status status = archive == NULL ? refuse(walker, path, ACCORD_MALFORMED, "an archive that zip reads")
                                                : walk_members(walker, &library, archive, path);
    if (archive != NULL)
        library.discard(archive);
    dlclose(library.handle);
    return status;
}
