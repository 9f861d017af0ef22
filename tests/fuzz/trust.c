/* Trust files: what parses is printed as it came. */
#include "accord/roster.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX + 256];
    struct accord_bytes bytes = {data, size};
    struct accord_trust_claim trust;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_trust_parse(&trust, bytes, &error);
    require(status == error.status && (status == ACCORD_OK || status == ACCORD_TRUST));
    if (status != ACCORD_OK)
        return 0;
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_trust_print(&out, &trust);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), bytes));
    return 0;
}
