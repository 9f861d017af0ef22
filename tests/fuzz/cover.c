/* Cover sheets: what parses prints as it came, and names no file that could lie elsewhere. */
#include "case/parcel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct accord_cover cover;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status =
        accord_cover_parse(&cover, (struct accord_bytes){data, size}, &accord_crypto_default, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    struct accord_out out = {malloc(size), size, 0, false};
    require(out.data != NULL);
    accord_cover_print(&out, &cover);
    require(!out.full && out.size == size && memcmp(out.data, data, size) == 0);
    free(out.data);
    for (size_t i = 0; i < cover.file_count; i++)
        require(accord_cover_name_valid(cover.files[i].name) && cover.files[i].size <= ACCORD_PARCEL_FILE_MAX);
    require(accord_parcel_size(&cover, size) <= ACCORD_PARCEL_SIZE_MAX);
    return 0;
}
