/* Policies, `seen`, `current`, withdrawals: bytes are one of them at most, and what parses keeps its own rules. */
#include "accord/product.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool policy(struct accord_bytes entry)
{
    struct accord_product_policy_claim claim;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_product_policy_parse(&claim, entry, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return false;
    const struct accord_demands *demands = &claim.demands;
    require(claim.number > 0 && demands->threshold <= 64 && demands->emergency != 1);
    require(demands->rebuilder_jurisdictions <= demands->rebuilders &&
            demands->mirror_jurisdictions <= demands->mirrors);
    require(!demands->require[ACCORD_STAGE_USE].required);
    for (int stage = 0; stage < ACCORD_STAGE_COUNT; stage++)
        require(demands->require[stage].required == (demands->require[stage].who.size > 0));
    return true;
}

static bool current(struct accord_bytes entry)
{
    struct accord_current_claim claim;
    struct accord_channel channel;
    struct accord_error error = {.status = ACCORD_OK};
    uint64_t sequence, last = 0;
    size_t cursor = 0, count = 0;
    enum accord_status status = accord_current_parse(&claim, entry, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return false;
    while (accord_current_next_channel(&claim, &cursor, &channel)) {
        require(channel.lowest <= channel.newest && channel.name.size > 0);
        count++;
    }
    require(count == claim.channel_count && count >= 1 && count <= ACCORD_CHANNELS_MAX);
    cursor = count = 0;
    while (accord_current_next_withdrawn(&claim, &cursor, &sequence)) {
        require(count++ == 0 || sequence > last);
        last = sequence;
    }
    require(count == claim.withdrawn_count && count <= ACCORD_SEQUENCES_MAX);
    return true;
}

static bool withdraw(struct accord_bytes entry)
{
    struct accord_withdraw_claim claim;
    struct accord_error error = {.status = ACCORD_OK};
    uint64_t sequence, last = 0;
    size_t cursor = 0, count = 0;
    enum accord_status status = accord_withdraw_parse(&claim, entry, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return false;
    while (accord_withdraw_next_sequence(&claim, &cursor, &sequence)) {
        require(count++ == 0 || sequence > last);
        last = sequence;
    }
    require(count == claim.sequence_count && count >= 1 && claim.reason.size > 0);
    return true;
}

static bool seen(struct accord_bytes entry)
{
    struct accord_seen_claim claim;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_seen_parse(&claim, entry, &error);
    require(status == error.status);
    return status == ACCORD_OK && claim.proof_base64.size > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_bytes entry = {data, size};
    require(policy(entry) + current(entry) + withdraw(entry) + seen(entry) <= 1);
    return 0;
}
