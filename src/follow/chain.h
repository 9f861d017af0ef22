/* Walking a log's entries, and the chain of charter and rosters among them. */
#ifndef ACCORD_FOLLOW_CHAIN_H
#define ACCORD_FOLLOW_CHAIN_H

#include "accord/roster.h"
#include "base/buffer.h"
#include "log/reader.h"

/* Calls each for every entry below size, in order, until it fails; the entry is borrowed for the call. */
ACCORD_MUST_USE enum accord_status accord_scan(struct accord_reader *reader, uint64_t size,
                                               enum accord_status (*each)(void *context, uint64_t index,
                                                                          struct accord_bytes entry,
                                                                          struct accord_error *error),
                                               void *context, struct accord_error *error);
/* The same for the entries from first on. */
ACCORD_MUST_USE enum accord_status accord_scan_from(struct accord_reader *reader, uint64_t first, uint64_t size,
                                                    enum accord_status (*each)(void *context, uint64_t index,
                                                                               struct accord_bytes entry,
                                                                               struct accord_error *error),
                                                    void *context, struct accord_error *error);
/* The size that the log's newest checkpoint claims; *note (whose maximum bounds it) gets its bytes, and the reader
 * reads at that size from here on. Nothing is verified. */
ACCORD_MUST_USE enum accord_status accord_scan_size(struct accord_reader *reader, struct accord_buffer *note,
                                                    struct accord_checkpoint_claim *claim, struct accord_error *error);

enum accord_link { ACCORD_LINK_NONE, ACCORD_LINK_CHARTER, ACCORD_LINK_ROSTER };

/* The chain so far: the charter, and the newest roster that follows from it. Anybody may log anything, so what does not
 * follow is passed over. About 1 MiB: on the heap, by accord_chain_new. */
struct accord_chain {
    const struct accord_crypto *crypto;
    bool pinned; /* only the charter with this digest counts */
    uint8_t digest[ACCORD_HASH_SIZE];
    bool has_charter, has_roster;
    uint64_t charter_index, roster_index;
    struct accord_buffer charter_entry;
    struct accord_charter_claim charter;
    unsigned current, earlier; /* of the three below; in the third one, what is offered is looked at */
    struct accord_buffer roster_entry[3];
    struct accord_roster_claim roster[3];
};

/* pin may be NULL: then the log's first charter that all its founders signed counts. */
ACCORD_MUST_USE enum accord_status accord_chain_new(struct accord_chain **chain, const struct accord_crypto *crypto,
                                                    const uint8_t *pin, struct accord_error *error);
/* Begins a new chain at the roster that a verifier keeps: it was judged when it was taken, and with it the charter and
 * the rosters before it, which are not asked for again (the chain has no charter but its digest). */
ACCORD_MUST_USE enum accord_status
accord_chain_resume(struct accord_chain *chain, const struct accord_trust_claim *kept, struct accord_error *error);
void accord_chain_free(struct accord_chain *chain);
/* Takes the entry where it is the next link. */
ACCORD_MUST_USE enum accord_status accord_chain_offer(struct accord_chain *chain, uint64_t index,
                                                      struct accord_bytes entry, enum accord_link *link,
                                                      struct accord_error *error);
static inline const struct accord_roster_claim *accord_chain_roster(const struct accord_chain *chain)
{
    return &chain->roster[chain->current];
}
/* The roster before it: where its number is not 1, and the chain has taken it itself. */
static inline const struct accord_roster_claim *accord_chain_earlier(const struct accord_chain *chain)
{
    return &chain->roster[chain->earlier];
}
/* Fails with ACCORD_CHAIN unless the chain has a roster; says which link is missing. */
ACCORD_MUST_USE enum accord_status accord_chain_complete(const struct accord_chain *chain, struct accord_error *error);
/* Appends the trust file of the chain's roster, with these `distrust` lines. */
ACCORD_MUST_USE enum accord_status accord_chain_trust(const struct accord_chain *chain, struct accord_bytes distrust,
                                                      struct accord_buffer *trust, struct accord_error *error);
/* Renders a roster as a policy: appended to *text, whose maximum bounds it. */
ACCORD_MUST_USE enum accord_status accord_chain_policy(const struct accord_roster_claim *roster,
                                                       struct accord_buffer *text, struct accord_error *error);
/* A roster's policy to be used, less whom kept (which may be NULL) distrusts. *policy, which in either case is the
 * caller's to free, borrows from *text. */
ACCORD_MUST_USE enum accord_status accord_chain_policy_new(const struct accord_roster_claim *roster,
                                                           const struct accord_trust_claim *kept,
                                                           const struct accord_crypto *crypto,
                                                           struct accord_buffer *text, struct accord_policy **policy,
                                                           struct accord_error *error);

#endif
