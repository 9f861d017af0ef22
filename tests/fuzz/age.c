/* Files encrypted to a passphrase, up to where the passphrase is needed: armor that is accepted is made again from its
 * bytes, and a header that parses prints as it came. */
#include "keys/age.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_armor(struct accord_bytes file, struct accord_bytes binary)
{
    struct accord_buffer again;
    accord_buffer_init(&again, ACCORD_AGE_FILE_MAX);
    if (accord_age_armor(binary, &again) != ACCORD_OK)
        abort();
    /* The final newline may be absent. */
    if (again.size - file.size > 1 || memcmp(again.data, file.data, file.size) != 0)
        abort();
    accord_buffer_free(&again);
}

static void check_header(const struct accord_age_claim *claim, struct accord_bytes binary)
{
    uint8_t printed[ACCORD_AGE_HEADER_MAX];
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_age_print(&out, claim);
    if (out.full || out.size + claim->payload.size != binary.size || memcmp(printed, binary.data, out.size) != 0 ||
        claim->payload.data != binary.data + out.size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_bytes file = {data, size};
    struct accord_buffer binary;
    struct accord_age_claim claim;
    struct accord_error error;
    if (!accord_age_recognize(file))
        return 0;
    accord_buffer_init(&binary, ACCORD_AGE_BINARY_MAX);
    if (accord_age_unarmor(file, &binary, &error) == ACCORD_OK) {
        if (data[0] == '-')
            check_armor(file, accord_buffer_bytes(&binary));
        if (accord_age_parse(&claim, accord_buffer_bytes(&binary), &error) == ACCORD_OK)
            check_header(&claim, accord_buffer_bytes(&binary));
    }
    accord_buffer_free(&binary);
    return 0;
}
