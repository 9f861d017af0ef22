/* Charters: what parses keeps the grammar's promises, and gives the same answer when asked who signed. */
#include "accord/roster.h"

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
    static struct accord_charter_claim charter;
    struct accord_bytes entry = {data, size};
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_charter_parse(&charter, entry, &accord_crypto_default, &error);
    require(status == error.status);
    require(status == accord_charter_parse(&charter, entry, &accord_crypto_default, NULL));
    if (status != ACCORD_OK)
        return 0;
    require(charter.founder_count >= 1 && charter.founder_count <= ACCORD_MEMBERS_MAX);
    require(charter.name.size > 0 && accord_bytes_equal(charter.statement.note.whole, entry));
    for (size_t i = 0; i < charter.founder_count; i++) {
        require(charter.founder_keys[i].type == ACCORD_KEY_ED25519);
        require(charter.founder_keys[i].name.size >= charter.founders[i].size);
    }
    status = accord_charter_verify(&charter, &accord_crypto_default, &error);
    require(status == ACCORD_OK || status == ACCORD_THRESHOLD || status == ACCORD_SIGNATURE);
    return 0;
}
