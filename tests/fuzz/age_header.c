/* The header of age files: what parses, parses the same without what follows it, and prints as it came. */
#include "age/header.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Printed from its stanzas it is what it was. */
static void print_again(const struct accord_age_header *header, const uint8_t *data)
{
    struct accord_bytes rest = header->stanzas;
    struct accord_age_stanza stanza;
    struct accord_out out = {malloc(header->size), header->size, 0, false};
    require(out.data != NULL);
    accord_age_header_put_version(&out);
    while (accord_age_header_cut(&rest, &stanza))
        accord_age_header_put_stanza(&out, &stanza);
    accord_age_header_put_end(&out, header->mac);
    require(rest.size == 0 && !out.full && out.size == header->size && memcmp(out.data, data, out.size) == 0);
    free(out.data);
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
    require(header.scrypt == 0 || header.scrypt + header.x25519 + header.other == 1);
    require(accord_age_header_parse(&again, (struct accord_bytes){data, header.size}, NULL) == ACCORD_OK);
    require(again.x25519 == header.x25519 && again.scrypt == header.scrypt && again.other == header.other);
    require(accord_age_header_parse(&again, (struct accord_bytes){data, header.size - 1}, NULL) != ACCORD_OK);
    require(!accord_age_header_opens(&header, secret));
    print_again(&header, data);
    return 0;
}
