/* Telling what a file is: the path up to a NUL, then what the file holds. What is read of a file may end anywhere. */
#include "custody/kind.h"

#include "crypto/backend.h"

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
    const uint8_t *end = memchr(data, 0, size);
    if (end == NULL)
        return 0;
    const char *path = (const char *)data;
    struct accord_bytes file = {end + 1, size - (size_t)(end - data) - 1};
    struct accord_custody_verdict verdict;
    for (unsigned whole = 0; whole < 2; whole++) {
        const struct accord_custody_look look = {path, file.size + (whole == 0), file};
        accord_custody_classify(&accord_crypto_default, &look, &verdict);
        require(verdict.kind < ACCORD_CUSTODY_KIND_COUNT && verdict.log_size <= strlen(path));
        require(!verdict.beside_state || verdict.beside_size < strlen(path));
        require((verdict.kind == ACCORD_CUSTODY_UNKNOWN) == (verdict.why != NULL));
        require(!verdict.is_tile || verdict.kind == ACCORD_CUSTODY_LOG || verdict.kind == ACCORD_CUSTODY_MIRROR);
    }
    (void)accord_custody_wants_all(file);
    return 0;
}
