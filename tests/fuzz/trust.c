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
    static uint8_t printed[ACCORD_TRUST_SIZE_MAX], lines[ACCORD_TRUST_SIZE_MAX + 256],
        again[ACCORD_TRUST_SIZE_MAX + 512];
    static const uint8_t evidence[ACCORD_HASH_SIZE];
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
    /* One key more is one line more, or none where it is there, and the file is as good as before. */
    struct accord_out added = {lines, sizeof lines, 0, false};
    if (accord_trust_add_distrust(&added, &trust, ACCORD_LITERAL("key"), evidence) != ACCORD_OK)
        return 0;
    size_t grown = added.size - trust.distrust.size;
    require(grown == 0 || grown == sizeof "distrust key sha256:" + 2 * sizeof evidence);
    trust.distrust = accord_out_bytes(&added);
    out = (struct accord_out){again, sizeof again, 0, false};
    accord_trust_print(&out, &trust);
    require(!out.full);
    require(out.size > ACCORD_TRUST_SIZE_MAX || accord_trust_parse(&trust, accord_out_bytes(&out), NULL) == ACCORD_OK);
    return 0;
}
