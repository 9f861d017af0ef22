/* Evidence: print(parse(x)) == x for each x that is accepted, and none that verifies speaks of one tree twice. */
#include "accord/evidence.h"

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
    static struct accord_evidence_claim claim;
    static uint8_t printed[ACCORD_EVIDENCE_SIZE_MAX];
    struct accord_out out = {printed, sizeof printed, 0, false};
    struct accord_bytes bytes = {data, size};
    struct accord_error error = {0};
    enum accord_status status = accord_evidence_parse(&claim, bytes, &error);
    require(error.status == status);
    if (status != ACCORD_OK)
        return 0;
    accord_evidence_print(&out, claim.notes[0], claim.notes[1], claim.grown ? claim.root : NULL, &claim.proof);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), bytes));
    if (accord_evidence_verify(&claim, &accord_crypto_default, NULL) == ACCORD_OK)
        require(claim.checkpoint[0].size > 0);
    return 0;
}
