/* The advisories of a log: the newest revision of each, with the history that leads to it, and the releases that they
 * may name (docs/protocol.md, "Advisory"). Whoever has the same log gets the same board. */
#ifndef ACCORD_ADVISORY_BOARD_H
#define ACCORD_ADVISORY_BOARD_H

#include "accord/advisory.h"
#include "follow/chain.h"

/* What a board takes of whatever is in a log; more is refused (ACCORD_TOO_LARGE: a narrower filter helps). Nothing is
 * kept of entries that their vendor did not sign. A release costs one verification for each key that signed it, and 104
 * bytes. */
#define ACCORD_BOARD_ADVISORIES_MAX 262144
#define ACCORD_BOARD_BYTES_MAX ((size_t)1 << 30)
#define ACCORD_BOARD_RELEASES_MAX ((size_t)1 << 24)

struct accord_board_filter {
    struct accord_bytes vendor, id; /* only these; both may be empty */
};

struct accord_board_revision {
    uint64_t index;
    uint8_t digest[ACCORD_HASH_SIZE]; /* of its entry */
    struct accord_bytes change;
};

struct accord_board_advisory {
    struct accord_bytes vendor, id;
    struct accord_bytes entry; /* of the newest revision: parses, and its vendor signed it */
    size_t revision_count;     /* of the newest: they count from 1 without gaps */
    struct accord_board_revision *revisions;
};

struct accord_board;
ACCORD_MUST_USE enum accord_status accord_board_new(struct accord_board **board, const struct accord_crypto *crypto,
                                                    const struct accord_board_filter *filter,
                                                    struct accord_error *error);
void accord_board_free(struct accord_board *board);
/* The next entry, which the chain has taken before; any kind. An advisory that does not follow from the one before it
 * is passed over: of two that follow from the same one, the first in the log counts. */
ACCORD_MUST_USE enum accord_status accord_board_see(struct accord_board *board, const struct accord_chain *chain,
                                                    uint64_t index, struct accord_bytes entry,
                                                    struct accord_error *error);
/* In the order of the log, by their first revisions. */
size_t accord_board_count(const struct accord_board *board);
const struct accord_board_advisory *accord_board_advisory(const struct accord_board *board, size_t place);
/* NULL where there is none. */
const struct accord_board_advisory *accord_board_find(const struct accord_board *board, struct accord_bytes vendor,
                                                      struct accord_bytes id);
/* Where the release with this digest, which this vendor signed, is in the log; false where none is. */
bool accord_board_release(struct accord_board *board, const uint8_t digest[ACCORD_HASH_SIZE],
                          struct accord_bytes vendor, uint64_t *index);

/* The newest release of this product and version: its digest, and where it is. */
bool accord_board_release_named(struct accord_board *board, struct accord_bytes vendor, struct accord_bytes product,
                                struct accord_bytes version, uint8_t digest[ACCORD_HASH_SIZE], uint64_t *index);

#endif
