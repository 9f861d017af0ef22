/* Several tlog-proofs in one file (docs/protocol.md, "Bundles"). Pure functions of bytes. */
#ifndef ACCORD_BUNDLE_H
#define ACCORD_BUNDLE_H

#include "accord/proof.h"

#define ACCORD_BUNDLE_FILE_SIZE_MAX 16777216
#define ACCORD_BUNDLE_PARTS_MAX 256

/* Does the file begin as a bundle does? */
ACCORD_API bool accord_proof_bundle_is(struct accord_bytes bytes);
/* Checks the frame of a whole bundle: its parts are there, one after the other, and nothing else. The proofs themselves
 * are not looked into. *count (which may be NULL) gets their number. ACCORD_MALFORMED, ACCORD_TOO_LARGE,
 * ACCORD_TRAILING. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_proof_bundle_check(struct accord_bytes bytes, size_t *count,
                                                                        struct accord_error *error);
/* Steps through the parts of a bundle that was checked: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_proof_bundle_next(struct accord_bytes bytes, size_t *cursor, struct accord_bytes *proof);
/* Prints the first line, and one part. */
ACCORD_API void accord_proof_bundle_begin(struct accord_out *out);
ACCORD_API void accord_proof_bundle_put(struct accord_out *out, struct accord_bytes proof);

#endif
