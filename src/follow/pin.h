/* Making the file that a verifier keeps, out of a log that nobody is asked to believe. */
#ifndef ACCORD_FOLLOW_PIN_H
#define ACCORD_FOLLOW_PIN_H

#include "follow/chain.h"

/* Finds the charter (the one with this digest, or the log's first where it is NULL) and the rosters that follow from
 * it, and asks that each of them is in the tree of the published checkpoint, as the policy of the roster before it
 * accepts it; roster 1 and the charter by roster 1's own. The trust file is appended to *trust; *chain, which the
 * caller frees, says what it holds. ACCORD_CHAIN, and the refusals of accord_policy_verify and accord_inclusion_verify.
 */
ACCORD_MUST_USE enum accord_status accord_pin(struct accord_reader *reader, const struct accord_crypto *crypto,
                                              const uint8_t *charter, struct accord_chain **chain,
                                              struct accord_buffer *trust, struct accord_error *error);

/* May trust, just made, take the place of the file at path? Not where that is a trust file with a newer roster, or of
 * another charter: the latter only where the caller was given the charter's digest. */
ACCORD_MUST_USE enum accord_status accord_pin_succeeds(const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                       const char *path, struct accord_bytes trust, bool charter_given,
                                                       struct accord_error *error);

#endif
