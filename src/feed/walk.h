/* The walk's inside: shared by directories and archives. */
#ifndef ACCORD_FEED_WALK_H
#define ACCORD_FEED_WALK_H

#include "base/buffer.h"
#include "feed/archive.h"

struct accord_feed_walker {
    const struct accord_feed_visitor *visitor;
    struct accord_feed_tally *tally;
    struct accord_buffer document; /* the one that is being read */
    bool stopped;                  /* the visitor's sink ended it */
    struct accord_error *error;
};

/* Gives the document in walker->document. */
ACCORD_MUST_USE enum accord_status accord_feed_walk_document(struct accord_feed_walker *walker, const char *place);
/* Tells that this is refused, and counts it. */
ACCORD_MUST_USE enum accord_status accord_feed_walk_refuse(struct accord_feed_walker *walker, const char *place,
                                                           const struct accord_error *why);
/* Every member of an archive. */
ACCORD_MUST_USE enum accord_status accord_feed_walk_zip(struct accord_feed_walker *walker, const char *path);

#endif
