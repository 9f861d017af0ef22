/* Which versions a claim is of, as VERS. What cannot be decided by a machine stays prose. */
#ifndef ACCORD_FEED_RANGE_H
#define ACCORD_FEED_RANGE_H

#include "feed/arena.h"

#define ACCORD_FEED_LISTED_MAX 256

/* As in a claim: a VERS string, or prose; one of them is empty. */
struct accord_feed_range {
    struct accord_bytes range, prose;
};

/* From a version on, up to another. An empty bound is none. */
struct accord_feed_interval {
    struct accord_bytes from, to;
    bool to_included;
};

/* Order by a VERS scheme: false where the scheme has none that is known here, or where one of them is no version of it.
 */
ACCORD_MUST_USE bool accord_feed_order(struct accord_bytes scheme, struct accord_bytes a, struct accord_bytes b,
                                       int *order);
/* Has the scheme an order that is known here? An empty scheme has none. */
bool accord_feed_scheme_known(struct accord_bytes scheme);

/* Can a VERS string be read, and its versions be ordered? */
bool accord_feed_vers_read(struct accord_bytes range);

struct accord_feed_range accord_feed_range_all(void);
/* Prose as one line; `no version is said` where there is none. */
struct accord_feed_range accord_feed_range_prose(struct accord_arena *arena, struct accord_bytes text);
/* All of the intervals, which are in order and apart. Decided where the scheme's order is known and says so of them. */
struct accord_feed_range accord_feed_range_of(struct accord_arena *arena, struct accord_bytes scheme,
                                              const struct accord_feed_interval *intervals, size_t count);
/* Exactly these versions, of which there are no more than ACCORD_FEED_LISTED_MAX. Without a scheme that is known:
 * `vers:unknown/`. Each is one word. */
struct accord_feed_range accord_feed_range_listed(struct accord_arena *arena, struct accord_bytes scheme,
                                                  const struct accord_bytes *versions, size_t count);
/* One version as people write it: `1.2`, `V2.3 SP1`, `All versions`, `< 1.3`, `*`, `2.x`. What is exactly one version
 * is equality, what is exactly all is all, and anything else is prose. */
struct accord_feed_range accord_feed_range_one(struct accord_arena *arena, struct accord_bytes scheme,
                                               struct accord_bytes text);
/* A range as CSAF's product_version_range has it: `vers:...` that is read, `All versions`, or prose. */
struct accord_feed_range accord_feed_range_read(struct accord_arena *arena, struct accord_bytes text);
/* Is it one version, as far as its shape says? */
bool accord_feed_is_version(struct accord_bytes text);

#endif
