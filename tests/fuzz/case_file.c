/* Case files: what parses prints as it came. */
#include "case/case_file.h"

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
    struct accord_case_file file = {0};
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_case_file_parse(&file, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    struct accord_out out = {malloc(size), size, 0, false};
    require(out.data != NULL);
    accord_case_file_print(&out, &file);
    require(!out.full && out.size == size && memcmp(out.data, data, size) == 0);
    free(out.data);
    return 0;
}
