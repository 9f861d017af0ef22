/* The runs of a directory as a start finds them: whole, torn, left over. Knows which of them together cover the log's
 * beginning; refuses to keep any other. */
#include "log/dedup_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/text.h"

#define NAMES_MAX 4096 /* more are left for the next start */

struct found {
    uint64_t first, end;
    bool temporary;
};

struct listing {
    struct found *list;
    size_t count;
};

/* "FIRST-END.run" or "FIRST-END.tmp" */
static bool name_parse(const char *name, struct found *found)
{
    struct accord_bytes rest = {(const uint8_t *)name, strlen(name)}, first, end;
    if (!accord_cut(&rest, '-', &first) || !accord_cut(&rest, '.', &end) ||
        !accord_decimal_read(first, &found->first) || !accord_decimal_read(end, &found->end))
        return false;
    found->temporary = accord_bytes_equal(rest, ACCORD_LITERAL("tmp"));
    return found->temporary || accord_bytes_equal(rest, ACCORD_LITERAL("run"));
}

static bool each_name(void *context, const char *name)
{
    struct listing *listing = context;
    if (name_parse(name, &listing->list[listing->count]))
        listing->count++;
    return listing->count < NAMES_MAX;
}

/* Of those that begin alike the largest comes first: it was made of the others. */
static int compare(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return (int)a->temporary - (int)b->temporary;
}

static int discard(const struct accord_dedup *dedup, const struct found *found)
{
    char path[ACCORD_DEDUP_PATH_SIZE];
    accord_dedup_run_path(path, &dedup->place, found->first, found->end, found->temporary);
    int result = dedup->place.fs->unlink(dedup->place.fs->context, path);
    return result == -ENOENT ? 0 : result;
}

/* The salt of the first run is that of all. */
static bool salt_agrees(struct accord_dedup *dedup, const struct accord_dedup_run *run)
{
    if (dedup->run_count == 0)
        memcpy(dedup->place.salt, run->header.salt, sizeof dedup->place.salt);
    return memcmp(dedup->place.salt, run->header.salt, sizeof dedup->place.salt) == 0;
}

/* Opens a run that continues those before it. What cannot be read is as good as damaged: it is all derived from the
 * log. But where the machine lacks something for the moment, a sound file must not be removed. */
static int take(struct accord_dedup *dedup, const struct found *found, uint64_t *covered)
{
    struct accord_dedup_run *run;
    int result = accord_dedup_run_open(&run, &dedup->place, found->first, found->end);
    if (result == -EBADMSG || result == -EIO)
        return discard(dedup, found);
    if (result != 0)
        return result;
    if (!salt_agrees(dedup, run)) {
        accord_dedup_run_close(run);
        return discard(dedup, found);
    }
    dedup->runs[dedup->run_count++] = run;
    *covered = found->end;
    return 0;
}

static int take_all(struct accord_dedup *dedup, const struct listing *listing, uint64_t size)
{
    uint64_t covered = 0;
    bool past_end = false;
    int result = 0;
    for (size_t i = 0; i < listing->count && result >= 0; i++) {
        const struct found *found = &listing->list[i];
        bool fits = !found->temporary && found->first == covered && found->end > covered && found->end <= size;
        past_end = past_end || found->end > size;
        if (fits && dedup->run_count < ACCORD_DEDUP_RUNS_MAX)
            result = take(dedup, found, &covered);
        else
            result = discard(dedup, found);
    }
    /* A log that was put back to an earlier state will have other entries there: these must not come again. */
    if (result >= 0 && past_end)
        result = dedup->place.fs->sync_dir(dedup->place.fs->context, dedup->dir);
    return result;
}

enum accord_status accord_dedup_runs_open(struct accord_dedup *dedup, uint64_t size, struct accord_error *error)
{
    const struct accord_fs *fs = dedup->place.fs;
    struct listing listing = {malloc(NAMES_MAX * sizeof *listing.list), 0};
    if (listing.list == NULL)
        return accord_file_error(error, -ENOMEM, dedup->dir);
    int result = fs->list(fs->context, dedup->dir, each_name, &listing);
    if (result >= 0) {
        qsort(listing.list, listing.count, sizeof *listing.list, compare);
        result = take_all(dedup, &listing, size);
    }
    free(listing.list);
    return result < 0 ? accord_file_error(error, result, dedup->dir) : ACCORD_OK;
}
