/* The header of age files: what parses, parses the same without what follows it. */
#include "keys/age_header.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[32] = {1, 2, 3};
    struct accord_age_header header, again;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_age_header_parse(&header, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    require(header.size <= size && header.mac_over.size < header.size);
    require(accord_age_header_parse(&again, (struct accord_bytes){data, header.size}, NULL) == ACCORD_OK);
    require(again.x25519 == header.x25519 && again.scrypt == header.scrypt && again.other == header.other);
    require(accord_age_header_parse(&again, (struct accord_bytes){data, header.size - 1}, NULL) != ACCORD_OK);
    require(!accord_age_header_opens(&header, secret));
    return 0;
}
