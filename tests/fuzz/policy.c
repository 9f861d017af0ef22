/* Policies: what parses prints as a text that parses to the same policy; a set that satisfies it still does so when it
 * grows. */
#include "accord/policy.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_growth(const struct accord_policy *policy)
{
    bool cosigned[ACCORD_POLICY_WITNESSES_MAX] = {false};
    bool before = accord_policy_satisfied(policy, cosigned);
    for (size_t i = 0; i < policy->witness_count; i++) {
        cosigned[i] = true;
        bool after = accord_policy_satisfied(policy, cosigned);
        require(after || !before);
        before = after;
    }
    require(before); /* everybody is enough for any policy */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct accord_policy policy, again;
    static uint8_t first[2 * ACCORD_POLICY_SIZE_MAX], second[2 * ACCORD_POLICY_SIZE_MAX];
    struct accord_out out = {first, sizeof first, 0, false}, copy = {second, sizeof second, 0, false};
    struct accord_error error = {0};
    enum accord_status status =
        accord_policy_parse(&policy, (struct accord_bytes){data, size}, &accord_crypto_default, &error);
    require(error.status == status);
    if (status != ACCORD_OK)
        return 0;
    check_growth(&policy);
    accord_policy_print(&out, &policy);
    require(!out.full);
    if (out.size > ACCORD_POLICY_SIZE_MAX) /* numbers may be longer than the words that they stand for */
        return 0;
    require(accord_policy_parse(&again, accord_out_bytes(&out), &accord_crypto_default, NULL) == ACCORD_OK);
    accord_policy_print(&copy, &again);
    require(accord_bytes_equal(accord_out_bytes(&out), accord_out_bytes(&copy)));
    require(again.log_count == policy.log_count && again.witness_count == policy.witness_count);
    require(again.group_count == policy.group_count && again.quorum == policy.quorum);
    require(memcmp(again.members, policy.members, sizeof policy.members) == 0);
    return 0;
}
