/* Advisories where they lie: a file, a directory of files, or a zip archive as OSV's dumps are. */
#ifndef ACCORD_FEED_ARCHIVE_H
#define ACCORD_FEED_ARCHIVE_H

#include "feed/feed.h"

#define ACCORD_FEED_DIRECTORIES_MAX 16               /* directories in one another */
#define ACCORD_FEED_MEMBERS_MAX 10000000             /* of one archive */
#define ACCORD_FEED_ARCHIVE_MAX ((uint64_t)64 << 30) /* bytes of all documents of one archive, as they are unpacked */

struct accord_feed_visitor {
    struct accord_claim_sink sink;
    /* All three may be NULL and get this. place is the file, with its member after it: `all.zip: GO-2021-0113.json`. A
     * status other than ACCORD_OK ends the walk. */
    void *context;
    enum accord_status (*document)(void *context, const char *place,
                                   struct accord_error *error); /* before it is read */
    enum accord_status (*finished)(void *context, const char *place, enum accord_feed_format format,
                                   struct accord_error *error); /* all its claims have been given */
    /* Instead of finished: the document (or the archive, or the directory inside another) is refused, and why. */
    enum accord_status (*refused)(void *context, const char *place, const struct accord_error *why);
};

struct accord_feed_tally {
    uint64_t read, refused; /* documents; what could not be opened at all is refused, too */
    uint64_t bytes;         /* of documents that were read */
};

/* Gives the claims of all that is there: of path itself, where it is a file; of each `*.json` and `*.zip` in it, where
 * it is a directory, and in the directories in that: by name, without symbolic links and names that begin with a dot;
 * of an archive's members `*.json`, in its own order. What is refused does not end the walk: it is told and counted.
 * Adds to *tally. ACCORD_NOT_FOUND and ACCORD_IO for path itself, ACCORD_NO_MEMORY, and what the visitor returns. Where
 * libzip is not installed an archive is refused. */
ACCORD_MUST_USE enum accord_status accord_feed_walk(const char *path, const struct accord_feed_visitor *visitor,
                                                    struct accord_feed_tally *tally, struct accord_error *error);

#endif
