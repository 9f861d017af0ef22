/* Making the file that a verifier keeps, out of a log that nobody is asked to believe. */
#ifndef ACCORD_FOLLOW_PIN_H
#define ACCORD_FOLLOW_PIN_H

#include "follow/chain.h"

/* The trust file at path, where there is one: its bytes are appended to *bytes, and *kept borrows from them. *kept is
 * empty where there is no file, or one of another kind, which may be overwritten. ACCORD_TRUST where it is a trust file
 * and damaged: whom it distrusts must not be forgotten. */
ACCORD_MUST_USE enum accord_status accord_pin_kept(const struct accord_fs *fs, const char *path,
                                                   struct accord_buffer *bytes, struct accord_trust_claim *kept,
                                                   struct accord_error *error);

/* Finds the charter (the one with this digest, or the log's first where it is NULL) and the rosters that follow from
 * it, and asks that each of them is in the tree of the published checkpoint, as the policy of the roster before it
 * accepts it; roster 1 and the charter by roster 1's own. Whom kept (which may be NULL) distrusts does not count, and
 * stays distrusted: its lines go into the trust file, which is appended to *trust. *chain, which the caller frees, says
 * what it holds. ACCORD_CHAIN, and the refusals of accord_policy_verify and accord_inclusion_verify.
 */
ACCORD_MUST_USE enum accord_status accord_pin(struct accord_reader *reader, const struct accord_crypto *crypto,
                                              const uint8_t *charter, const struct accord_trust_claim *kept,
                                              struct accord_chain **chain, struct accord_buffer *trust,
                                              struct accord_error *error);

/* May trust, just made, take the place of kept? Not where that has a newer roster, or is of another charter: the latter
 * only where the caller was given the charter's digest. */
ACCORD_MUST_USE enum accord_status accord_pin_succeeds(const struct accord_crypto *crypto,
                                                       const struct accord_trust_claim *kept, struct accord_bytes trust,
                                                       bool charter_given, struct accord_error *error);

#endif
