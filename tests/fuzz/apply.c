/* Applications, departures and enactments: what is read is bounded and, printed again, the same. */
#include "accord/apply.h"

#include "crypto/backend.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool has_extensions(const struct accord_statement_claim *statement)
{
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(statement, &cursor, &field))
        if (field.key.size > 1 && field.key.data[1] == '-')
            return true;
    return false;
}

/* A threshold of 1 may be written or not. */
static bool writes_one(const struct accord_statement_claim *statement)
{
    struct accord_bytes end = ACCORD_LITERAL("\nrelease-threshold 1\n"), text = statement->note.text;
    return text.size > end.size && memcmp(text.data + text.size - end.size, end.data, end.size) == 0;
}

static void apply(struct accord_bytes entry)
{
    static struct accord_apply_claim claim;
    static uint8_t text[ACCORD_ENTRY_SIZE_MAX];
    struct accord_error error = {.status = ACCORD_OK};
    require(accord_apply_parse(&claim, entry, &accord_crypto_default, &error) == error.status);
    if (error.status != ACCORD_OK)
        return;
    const struct accord_member *member = &claim.member;
    require(member->key_count >= 1 && member->key_count <= ACCORD_APPLY_KEYS_MAX && member->first_key == 0);
    require(member->release_threshold >= 1 && member->release_threshold <= member->key_count);
    (void)!accord_apply_verify(&claim, &accord_crypto_default, NULL);
    struct accord_out out = {text, sizeof text, 0, false};
    accord_member_print(&out, member, claim.keys);
    require(!out.full);
    struct accord_bytes whole = claim.statement.note.text, printed = accord_out_bytes(&out);
    if (!has_extensions(&claim.statement) && !writes_one(&claim.statement))
        require(whole.size > printed.size &&
                memcmp(whole.data + whole.size - printed.size, printed.data, printed.size) == 0);
}

static void leave(struct accord_bytes entry)
{
    struct accord_leave_claim claim;
    struct accord_error error = {.status = ACCORD_OK};
    require(accord_leave_parse(&claim, entry, &error) == error.status);
    require(error.status != ACCORD_OK || (claim.member.size > 0 && claim.reason.size <= 256));
}

static void enact(struct accord_bytes entry)
{
    static uint8_t decoded[ACCORD_ENACT_PROOF_SIZE_MAX], text[2 * ACCORD_ENTRY_SIZE_MAX];
    struct accord_enact_claim claim;
    struct accord_proof_claim proof;
    struct accord_error error = {.status = ACCORD_OK};
    require(accord_enact_parse(&claim, entry, &error) == error.status);
    if (error.status != ACCORD_OK)
        return;
    struct accord_out out = {decoded, sizeof decoded, 0, false};
    enum accord_status status = accord_enact_proof(&claim, &out, &proof, &error);
    require(claim.number >= 2 && status != ACCORD_NO_SPACE && out.size > 0);
    if (has_extensions(&claim.statement))
        return;
    struct accord_out printed = {text, sizeof text, 0, false};
    accord_enact_print(&printed, claim.charter, claim.number, claim.roster, accord_out_bytes(&out));
    require(accord_bytes_equal(accord_out_bytes(&printed), claim.statement.note.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_bytes entry = {data, size};
    apply(entry);
    leave(entry);
    enact(entry);
    return 0;
}
