/* Making a chain of rosters, as one file, out of a log. */
#ifndef ACCORD_FOLLOW_ROSTERS_H
#define ACCORD_FOLLOW_ROSTERS_H

#include "accord/bundle.h"
#include "follow/chain.h"

/* Appends to *bundle the rosters of the log's accord after number `after` that the log can show to have had the quorum
 * they need, each proven under a checkpoint with it. *chain, which the caller frees, says what the log holds, and
 * *count how many rosters are in the bundle. The refusals of accord_pin, and ACCORD_TOO_LARGE where one file does not
 * hold them all. */
ACCORD_MUST_USE enum accord_status accord_rosters_bundle(struct accord_reader *reader,
                                                         const struct accord_crypto *crypto, uint64_t after,
                                                         struct accord_chain **chain, struct accord_buffer *bundle,
                                                         size_t *count, struct accord_error *error);

#endif
