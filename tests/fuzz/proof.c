/* Offline proofs: print(parse(x)) == x for each x that is accepted, and no proof that parses is verified without a
 * checkpoint that is. */
#include "accord/proof.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct accord_proof_claim proof;
    static uint8_t extra[ACCORD_ENTRY_SIZE_MAX], printed[ACCORD_PROOF_SIZE_MAX];
    struct accord_out entry = {extra, sizeof extra, 0, false}, out = {printed, sizeof printed, 0, false};
    struct accord_bytes bytes = {data, size}, none = {NULL, 0};
    struct accord_error error = {0};
    enum accord_status status = accord_proof_parse(&proof, bytes, &error);
    require(error.status == status);
    if (status != ACCORD_OK)
        return 0;
    status = accord_proof_extra(&proof, &entry, NULL);
    require(status == (proof.has_extra ? ACCORD_OK : ACCORD_NO_ENTRY));
    accord_proof_print(&out, proof.has_extra ? accord_out_bytes(&entry) : none, proof.index, &proof.inclusion,
                       proof.checkpoint_bytes);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), bytes));
    struct accord_checkpoint checkpoint = {
        .verified = false, .origin = proof.checkpoint.origin, .size = proof.checkpoint.size};
    memcpy(checkpoint.root, proof.checkpoint.root, sizeof checkpoint.root);
    struct accord_bytes leaf = accord_out_bytes(&entry);
    require(accord_proof_verify(&proof, &checkpoint, leaf, &accord_crypto_default, NULL) == ACCORD_UNSIGNED);
    checkpoint.verified = true;
    status = accord_proof_verify(&proof, &checkpoint, leaf, &accord_crypto_default, NULL);
    require(status == ACCORD_OK || status == ACCORD_INCLUSION || status == ACCORD_WRONG_INDEX);
    require((status == ACCORD_WRONG_INDEX) == (proof.index >= checkpoint.size));
    return 0;
}
