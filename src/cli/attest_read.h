/* Reading an attestation that somebody made: from its proof, a bundle, or the signed statement itself. */
#ifndef ACCORD_CLI_ATTEST_READ_H
#define ACCORD_CLI_ATTEST_READ_H

#include "accord/attest.h"
#include "accord/proof.h"
#include "base/buffer.h"
#include "base/fs.h"

/* The zero value is not ready: accord_attest_found_init. Claims borrow from it. */
struct accord_attest_found {
    struct accord_buffer file, entry;
    struct accord_attest_claim claim;
    bool has_proof;
    struct accord_bytes proof_bytes;
    struct accord_proof_claim proof;
};

void accord_attest_found_init(struct accord_attest_found *found);
void accord_attest_found_free(struct accord_attest_found *found);
/* Finds the one attestation in a file that is wanted; nothing is verified. wanted NULL: any. ACCORD_NOT_FOUND where a
 * bundle holds none, ACCORD_DUPLICATE where it holds several. */
ACCORD_MUST_USE enum accord_status accord_attest_find(struct accord_attest_found *found, const struct accord_fs *fs,
                                                      const char *path,
                                                      bool (*wanted)(const struct accord_attest_claim *claim),
                                                      struct accord_error *error);

#endif
