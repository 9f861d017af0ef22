/* The chain of trust: charter, first roster, next roster (docs/protocol.md, "Chain"). Knows who must have signed what;
 * that each of them is in the log, and when, is for the caller. */
#include "accord/roster.h"

#include <string.h>

static enum accord_status refuse_key(struct accord_error *error, enum accord_status status, struct accord_bytes name)
{
    accord_fail(error, status, 0);
    accord_error_what(error, name);
    return status;
}

static enum accord_status refuse_threshold(struct accord_error *error, struct accord_bytes what, uint64_t expected,
                                           uint64_t found)
{
    accord_fail(error, ACCORD_THRESHOLD, 0);
    accord_error_what(error, what);
    accord_error_expected_number(error, expected);
    accord_error_found_number(error, found);
    return ACCORD_THRESHOLD;
}

static enum accord_status refuse_chain(struct accord_error *error, struct accord_bytes what)
{
    accord_fail(error, ACCORD_CHAIN, 0);
    accord_error_what(error, what);
    return ACCORD_CHAIN;
}

static enum accord_status refuse_digest(struct accord_error *error, struct accord_bytes what,
                                        const uint8_t expected[ACCORD_HASH_SIZE], const uint8_t found[ACCORD_HASH_SIZE])
{
    uint8_t text[7 + 2 * ACCORD_HASH_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    refuse_chain(error, what);
    accord_digest_print(&out, expected);
    accord_error_expected(error, accord_out_bytes(&out));
    out.size = 0;
    accord_digest_print(&out, found);
    accord_error_found(error, accord_out_bytes(&out));
    return ACCORD_CHAIN;
}

static enum accord_status refuse_number(struct accord_error *error, uint64_t expected, uint64_t found)
{
    refuse_chain(error, ACCORD_LITERAL("number"));
    accord_error_expected_number(error, expected);
    accord_error_found_number(error, found);
    return ACCORD_CHAIN;
}

/* Every founder must have signed; the refusal names the first who did not. */
static enum accord_status signed_by_founders(const struct accord_charter_claim *charter,
                                             const struct accord_note_claim *note, const struct accord_crypto *crypto,
                                             struct accord_error *error)
{
    size_t count = 0, absent = SIZE_MAX;
    for (size_t i = 0; i < charter->founder_count; i++) {
        enum accord_signed by = accord_note_signed_by(note, &charter->founder_keys[i], crypto, NULL);
        if (by == ACCORD_SIGNED_WRONGLY)
            return refuse_key(error, ACCORD_SIGNATURE, charter->founder_keys[i].name);
        if (by == ACCORD_SIGNED)
            count++;
        else if (absent == SIZE_MAX)
            absent = i;
    }
    return absent == SIZE_MAX ? ACCORD_OK
                              : refuse_threshold(error, charter->founders[absent], charter->founder_count, count);
}

enum accord_status accord_charter_verify(const struct accord_charter_claim *charter, const struct accord_crypto *crypto,
                                         struct accord_error *error)
{
    return signed_by_founders(charter, &charter->statement.note, crypto, error);
}

enum accord_status accord_roster_verify_first(const struct accord_roster_claim *roster,
                                              const struct accord_charter_claim *charter,
                                              const struct accord_crypto *crypto, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(crypto, charter->statement.note.whole, digest);
    if (memcmp(roster->charter, digest, ACCORD_HASH_SIZE) != 0)
        return refuse_digest(error, ACCORD_LITERAL("charter"), digest, roster->charter);
    if (roster->number != 1)
        return refuse_number(error, 1, roster->number);
    return signed_by_founders(charter, &roster->statement.note, crypto, error);
}

/* Has the member signed: as many of its release keys as it asks for? A wrong signature by one of them refuses all. */
static enum accord_status member_signed(const struct accord_roster_claim *roster, const struct accord_member *member,
                                        const struct accord_note_claim *note, const struct accord_crypto *crypto,
                                        bool *has_signed, struct accord_error *error)
{
    unsigned count = 0;
    for (size_t i = 0; i < member->key_count; i++) {
        const struct accord_roster_key *key = &roster->keys[member->first_key + i];
        if (key->role != ACCORD_ROLE_RELEASE)
            continue;
        enum accord_signed by = accord_note_signed_by(note, &key->vkey, crypto, NULL);
        if (by == ACCORD_SIGNED_WRONGLY)
            return refuse_key(error, ACCORD_SIGNATURE, key->vkey.name);
        count += by == ACCORD_SIGNED;
    }
    *has_signed = count >= member->release_threshold;
    return ACCORD_OK;
}

static enum accord_status admitted(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                                   const struct accord_crypto *crypto, struct accord_error *error)
{
    unsigned count = 0;
    for (size_t i = 0; i < roster->member_count; i++) {
        bool has_signed = false;
        enum accord_status status = member_signed(roster, &roster->members[i], note, crypto, &has_signed, error);
        if (status != ACCORD_OK)
            return status;
        count += has_signed;
    }
    return count >= roster->admit ? ACCORD_OK : refuse_threshold(error, ACCORD_LITERAL("admit"), roster->admit, count);
}

enum accord_status accord_roster_verify_next(const struct accord_roster_claim *roster,
                                             const struct accord_roster_claim *next, const struct accord_crypto *crypto,
                                             struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    if (memcmp(next->charter, roster->charter, ACCORD_HASH_SIZE) != 0)
        return refuse_digest(error, ACCORD_LITERAL("charter"), roster->charter, next->charter);
    /* A roster with the last number there is has none after it: number + 1 is 0, which no roster has. */
    if (next->number != roster->number + 1)
        return refuse_number(error, roster->number + 1, next->number);
    accord_hash(crypto, roster->statement.note.whole, digest);
    if (memcmp(next->previous, digest, ACCORD_HASH_SIZE) != 0)
        return refuse_digest(error, ACCORD_LITERAL("previous"), digest, next->previous);
    return admitted(roster, &next->statement.note, crypto, error);
}
