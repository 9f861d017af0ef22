/* Bundles: the parts of one that is accepted, put together again, are the file. */
#include "accord/bundle.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_bytes bytes = {data, size}, proof;
    struct accord_error error = {.status = ACCORD_OK};
    size_t count = 0, cursor = 0, stepped = 0;
    require(accord_proof_bundle_check(bytes, &count, &error) == error.status);
    if (error.status != ACCORD_OK)
        return 0;
    require(accord_proof_bundle_is(bytes) && count >= 1 && count <= ACCORD_BUNDLE_PARTS_MAX);
    uint8_t *memory = malloc(size);
    require(memory != NULL);
    struct accord_out out = {memory, size, 0, false};
    accord_proof_bundle_begin(&out);
    for (; accord_proof_bundle_next(bytes, &cursor, &proof); stepped++)
        accord_proof_bundle_put(&out, proof);
    require(stepped == count && accord_bytes_equal(accord_out_bytes(&out), bytes));
    free(memory);
    return 0;
}
