/* An advisory with all that a document about it says: what every format is made from. Each format is a function of this
 * alone, and this of the log alone, so that anybody makes the same document again, byte for byte. */
#ifndef ACCORD_ADVISORY_VIEW_H
#define ACCORD_ADVISORY_VIEW_H

#include "accord/advisory.h"
#include "accord/release.h"

struct accord_view_revision {
    uint64_t number, index;
    uint64_t time;              /* when it was public, by the witnesses' clock: POSIX seconds */
    struct accord_bytes change; /* empty in the first */
};

/* A release that the advisory names by its digest, and that its vendor logged. */
struct accord_view_release {
    uint8_t digest[ACCORD_HASH_SIZE]; /* of its entry */
    uint64_t index, time;
    struct accord_release_claim claim; /* of an entry that lives as long */
};

struct accord_advisory_view {
    const struct accord_advisory_claim *advisory;
    struct accord_bytes entry;     /* of the advisory, as it is logged */
    uint64_t index;                /* of that entry */
    bool draft;                    /* it is not logged yet: index and the digests of it mean nothing */
    struct accord_bytes origin;    /* of the log */
    struct accord_bytes log_url;   /* as the roster names it; may be empty */
    struct accord_bytes publisher; /* the member's name for people */
    size_t revision_count, release_count;
    const struct accord_view_revision *revisions; /* the newest last */
    const struct accord_view_release *releases;   /* of this vendor, of the products that it names */
};

/* The release with this digest, or NULL. */
const struct accord_view_release *accord_view_find(const struct accord_advisory_view *view,
                                                   const uint8_t digest[ACCORD_HASH_SIZE]);

#endif
