/* Counting what stands in a log. Inside this room only. */
#ifndef ACCORD_STATUS_TALLY_H
#define ACCORD_STATUS_TALLY_H

#include "accord/product.h"
#include "accord/release.h"
#include "base/digests.h"
#include "status/standing.h"

/* A stage line whose attestation was not met yet. */
struct accord_tally_open {
    uint8_t digest[ACCORD_HASH_SIZE];
    uint64_t release; /* which of all, counted */
    uint32_t member;
    uint8_t stage, done; /* done: a bit for each stage of the release that is attested already */
};
#define ACCORD_TALLY_MEMBER_OPEN_MAX ((size_t)1 << 15) /* of each member */

/* A tree that a quorum vouched for at a time: what is in it is no younger. */
struct accord_tally_anchor {
    uint64_t size, time;
};
#define ACCORD_TALLY_ANCHORS_MAX 4096

struct accord_tally {
    const struct accord_standings_options *options;
    struct accord_standings *standings;
    struct accord_chain *chain; /* as it was at the entry that is read: for enactments, and cases */
    struct accord_docket_roots roots;
    struct accord_docket_log docket_log;
    struct accord_digests met;
    uint64_t release_count;
    uint64_t enacted; /* number of the newest roster of which an enactment was met */
    size_t open_count, open_capacity;
    struct accord_tally_open *open;
    size_t opened[ACCORD_MEMBERS_MAX]; /* of each member, of those in open */
    size_t anchor_count;
    struct accord_tally_anchor anchors[ACCORD_TALLY_ANCHORS_MAX];
    size_t slot_count; /* places of products, by their names; a power of two */
    uint32_t *slots;   /* 0: free; otherwise the place + 1 */
    size_t product_capacity;
};

/* Could this entry count? It holds, as far as can be said without its index; threads may ask at once. */
bool accord_tally_look(const struct accord_tally *tally, struct accord_bytes entry);
/* Counts an entry that accord_tally_look let through. */
ACCORD_MUST_USE enum accord_status accord_tally_take(struct accord_tally *tally, uint64_t index,
                                                     struct accord_bytes entry, struct accord_error *error);
/* What follows from all of it: stages, times, what is due. */
ACCORD_MUST_USE enum accord_status accord_tally_end(struct accord_tally *tally, struct accord_error *error);

/* The product, made where it is new; NULL where its member has as many as are counted. *product stays where it is until
 * the next one is made. */
ACCORD_MUST_USE enum accord_status accord_tally_product(struct accord_tally *tally, size_t member,
                                                        struct accord_bytes name,
                                                        struct accord_standing_product **product,
                                                        struct accord_error *error);

#endif
