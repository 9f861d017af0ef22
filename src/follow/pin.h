/* Making the file that a verifier keeps, out of a log that nobody is asked to believe. */
#ifndef ACCORD_FOLLOW_PIN_H
#define ACCORD_FOLLOW_PIN_H

#include "follow/chain.h"
#include "follow/follower.h"

/* The trust file at path, where there is one: its bytes are appended to *bytes, and *kept borrows from them. *kept is
 * empty where there is no file, or one of another kind, which may be overwritten. ACCORD_TRUST where it is a trust file
 * and damaged: whom it distrusts must not be forgotten. */
ACCORD_MUST_USE enum accord_status accord_pin_kept(const struct accord_fs *fs, const char *path,
                                                   struct accord_buffer *bytes, struct accord_trust_claim *kept,
                                                   struct accord_error *error);

/* Finds the charter (the one with this digest, or the log's first where it is NULL) and the rosters that follow from
 * it, and asks that each of them is in the tree of the published checkpoint, as the policy of the roster before it
 * accepts it, or that an enactment of it holds; roster 1 and the charter by roster 1's own. Whom kept (which may be
 * NULL) distrusts does not count, and stays distrusted: its lines go into the trust file, which is appended to *trust.
 * *chain, which the caller frees, says what it holds. ACCORD_CHAIN, and the refusals of accord_policy_verify and
 * accord_inclusion_verify.
 */
ACCORD_MUST_USE enum accord_status accord_pin(struct accord_reader *reader, const struct accord_crypto *crypto,
                                              const uint8_t *charter, const struct accord_trust_claim *kept,
                                              struct accord_chain **chain, struct accord_buffer *trust,
                                              struct accord_error *error);

/* How far one log was read for the roster that comes after the one that is kept. The zero value has read nothing. */
struct accord_pin_way {
    bool placed;                     /* position.next is past what cannot hold the next roster */
    struct accord_position position; /* in memory, so a log that forks is one that contradicts what it showed before */
};
struct accord_pin_progress {
    bool begun;
    uint8_t roster[ACCORD_HASH_SIZE]; /* digest of the one that is kept */
    struct accord_pin_way accepted;   /* in trees that the kept roster's policy accepts */
    struct accord_pin_way unaccepted; /* in others, where nothing counts but an enactment */
    bool has_candidate;               /* which is of this entry of such a tree: */
    uint64_t candidate;
};

/* Reads on where progress is, in a tree that the kept roster's policy accepts and that grows out of the one before, and
 * not more than some ten thousand entries: *more says whether to come again at once. Where the kept roster is in this
 * log at kept's index, only what comes after it is read; otherwise all is, once. At the next roster it stops, and
 * appends to *trust the file that takes kept's place: kept's distrust lines, and the new roster, whose number goes to
 * *number. *trust stays empty where there is none. A tree that the kept roster's policy does not accept is read too,
 * for a next roster and its enactment; where it has none, or none yet, the refusal of its checkpoint stays. What fails
 * leaves progress where reading can go on. The refusals of accord_roster_verify_checkpoint, accord_follow_tree and
 * accord_follow_bundle. */
ACCORD_MUST_USE enum accord_status accord_pin_next(struct accord_reader *reader, const struct accord_crypto *crypto,
                                                   const struct accord_trust_claim *kept,
                                                   struct accord_pin_progress *progress, struct accord_buffer *trust,
                                                   uint64_t *number, bool *more, struct accord_error *error);

/* May trust, just made, take the place of kept? Not where that has a newer roster, or is of another charter: the latter
 * only where the caller was given the charter's digest. */
ACCORD_MUST_USE enum accord_status accord_pin_succeeds(const struct accord_crypto *crypto,
                                                       const struct accord_trust_claim *kept, struct accord_bytes trust,
                                                       bool charter_given, struct accord_error *error);

#endif
