/* Chains of rosters: whatever the bundle is, what a trust file is led to is a roster of its charter, not older than its
 * own, and following the same bundle again leads nowhere else. A trust file, then the bundle. */
#include "accord/succession.h"

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
    static struct accord_succession succession, again;
    static uint8_t memory[ACCORD_TRUST_SIZE_MAX];
    size_t at = 0;
    while (at < size && !accord_proof_bundle_is((struct accord_bytes){data + at, size - at}))
        at++;
    struct accord_bytes trust = {data, at}, bundle = {data + at, size - at};
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_succession_follow(&succession, trust, bundle, &accord_crypto_default, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    const struct accord_roster_claim *roster = &succession.roster[succession.current];
    require(succession.to >= succession.from && roster->number == succession.to);
    require(memcmp(roster->charter, succession.trust.charter, ACCORD_HASH_SIZE) == 0);
    struct accord_out out = {memory, sizeof memory, 0, false};
    accord_trust_print(&out, &succession.trust);
    require(!out.full);
    require(accord_succession_follow(&again, accord_out_bytes(&out), bundle, &accord_crypto_default, NULL) ==
            ACCORD_OK);
    require(again.from == succession.to && again.to == succession.to);
    return 0;
}
