/* Making a checkpoint shorter than the witnesses made it. */
#ifndef ACCORD_FOLLOW_TRIM_H
#define ACCORD_FOLLOW_TRIM_H

#include "accord/policy.h"
#include "base/buffer.h"

/* Appends the checkpoint to *out with at most this many bytes: where it has more, lines of nobody whom the policy knows
 * go first, then the longest cosignatures without which its quorum still stands, and no more than must. The refusals of
 * accord_policy_verify, and ACCORD_TOO_LARGE where the quorum itself is longer. */
ACCORD_MUST_USE enum accord_status accord_checkpoint_trim(const struct accord_policy *policy, struct accord_bytes note,
                                                          size_t most, const struct accord_crypto *crypto,
                                                          struct accord_buffer *out, struct accord_error *error);

#endif
