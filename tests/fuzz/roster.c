/* Rosters: each that parses renders a policy that parses, with its witnesses and a quorum that all of them satisfy, and
 * is printed as it was written. */
#include "accord/roster.h"

#include "crypto/backend.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_members(const struct accord_roster_claim *roster)
{
    size_t keys = 0;
    for (size_t i = 0; i < roster->member_count; i++) {
        const struct accord_member *member = &roster->members[i];
        require(member->first_key == keys && member->release_threshold >= 1);
        require(member->release_threshold <= member->key_count && member->title.size > 0);
        require(accord_roster_member(roster, member->domain) == i);
        for (size_t k = 0; k < member->key_count; k++)
            require(roster->keys[keys + k].member == i);
        keys += member->key_count;
    }
    require(keys == roster->key_count && roster->admit >= 1 && roster->admit <= roster->member_count);
}

static void check_past(const struct accord_roster_claim *roster)
{
    for (size_t i = 0; i < roster->past_count; i++) {
        const struct accord_roster_past *past = &roster->past[i];
        require((accord_roster_member(roster, past->owner) == SIZE_MAX) !=
                (accord_roster_former(roster, past->owner) == SIZE_MAX));
        require(past->vkey.type == ACCORD_KEY_ED25519 && past->origin.size > 0);
    }
    for (size_t i = 0; i < roster->closed_count; i++)
        require(accord_roster_closed(roster, roster->closed[i].vkey.name) == &roster->closed[i]);
    for (size_t i = 0; i < roster->former_count; i++)
        require(accord_roster_former(roster, roster->former[i].domain) == i && roster->former[i].release_threshold > 0);
}

/* What is printed again is what was read, where that had no extensions and no threshold of 1 written out. */
static void check_print(const struct accord_roster_claim *roster)
{
    static uint8_t text[ACCORD_ENTRY_SIZE_MAX];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(&roster->statement, &cursor, &field))
        if ((field.key.size > 1 && field.key.data[1] == '-') ||
            (accord_bytes_equal(field.key, ACCORD_LITERAL("release-threshold")) &&
             accord_bytes_equal(field.value, ACCORD_LITERAL("1"))))
            return;
    accord_roster_print(&out, roster);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), roster->statement.note.text));
}

static void check_policy(const struct accord_roster_claim *roster)
{
    static uint8_t text[1 << 18];
    static struct accord_policy policy;
    bool cosigned[ACCORD_POLICY_WITNESSES_MAX];
    size_t witnesses = 0;
    struct accord_out out = {text, sizeof text, 0, false};
    accord_roster_policy(&out, roster);
    require(!out.full);
    require(accord_policy_parse(&policy, accord_out_bytes(&out), &accord_crypto_default, NULL) == ACCORD_OK);
    for (size_t i = 0; i < roster->key_count; i++)
        witnesses += roster->keys[i].role == ACCORD_ROLE_WITNESS;
    require(policy.witness_count == witnesses && policy.log_count == roster->log_count);
    memset(cosigned, true, sizeof cosigned);
    require(accord_policy_satisfied(&policy, cosigned));
    memset(cosigned, false, sizeof cosigned);
    require(!accord_policy_satisfied(&policy, cosigned));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct accord_roster_claim roster;
    struct accord_bytes entry = {data, size};
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_roster_parse(&roster, entry, &accord_crypto_default, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    check_members(&roster);
    check_past(&roster);
    check_policy(&roster);
    check_print(&roster);
    /* No roster follows from itself. */
    require(accord_roster_verify_next(&roster, &roster, &accord_crypto_default, &error) == ACCORD_CHAIN);
    return 0;
}
