/* Verifier keys: what parses is printed as it came. */
#include "accord/note.h"

#include "core/text.h"
#include "crypto/backend.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t typed[1 + ACCORD_MLDSA44_PUBLIC_SIZE], printed[4096];
    struct accord_bytes text = {data, size};
    struct accord_vkey vkey;
    struct accord_error error = {.status = ACCORD_OK};
    struct accord_out out = {printed, sizeof printed, 0, false};
    size_t typed_size;
    enum accord_status status = accord_vkey_parse(&vkey, text, &accord_crypto_default, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    require(accord_base64_size(vkey.base64, &typed_size) && typed_size <= sizeof typed);
    require(accord_base64_read(vkey.base64, typed, typed_size));
    accord_vkey_print(&out, vkey.name, vkey.type, (struct accord_bytes){typed + 1, typed_size - 1},
                      &accord_crypto_default);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), text));
    require(accord_vkey_same_public(&vkey, &vkey));
    return 0;
}
