/* Which of a log's entries are the accord's charter and rosters. It knows how one link follows from the one before; it
 * takes no word for an entry's place in the log: that is for who asks (pin.c). */
#include "follow/chain.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum accord_status accord_scan_from(struct accord_reader *reader, uint64_t first, uint64_t size,
                                    enum accord_status (*each)(void *context, uint64_t index, struct accord_bytes entry,
                                                               struct accord_error *error),
                                    void *context, struct accord_error *error)
{
    struct accord_buffer entry;
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    enum accord_status status = ACCORD_OK;
    for (uint64_t index = first; status == ACCORD_OK && index < size; index++) {
        entry.size = 0;
        status = accord_reader_entry(reader, index, &entry, error);
        if (status == ACCORD_OK) {
            status = each(context, index, accord_buffer_bytes(&entry), error);
        }
    }
    accord_buffer_free(&entry);
    return status;
}

enum accord_status accord_scan(struct accord_reader *reader, uint64_t size,
                               enum accord_status (*each)(void *context, uint64_t index, struct accord_bytes entry,
                                                          struct accord_error *error),
                               void *context, struct accord_error *error)
{
    return accord_scan_from(reader, 0, size, each, context, error);
}

enum accord_status accord_scan_size(struct accord_reader *reader, struct accord_buffer *note,
                                    struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    enum accord_status status = accord_reader_checkpoint(reader, note, error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(claim, accord_buffer_bytes(note), error);
    }
    if (status == ACCORD_OK) {
        accord_reader_set_size(reader, claim->size);
    }
    return status;
}

enum accord_status accord_chain_new(struct accord_chain **chain, const struct accord_crypto *crypto, const uint8_t *pin,
                                    struct accord_error *error)
{
    *chain = calloc(1, sizeof **chain);
    if (*chain == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    (*chain)->crypto = crypto;
    if (pin != NULL) {
        (*chain)->pinned = true;
        memcpy((*chain)->digest, pin, ACCORD_HASH_SIZE);
    }
    accord_buffer_init(&(*chain)->charter_entry, ACCORD_ENTRY_SIZE_MAX);
    for (unsigned i = 0; i < 3; i++) {
        accord_buffer_init(&(*chain)->roster_entry[i], ACCORD_ENTRY_SIZE_MAX);
    }
    (*chain)->earlier = 1;
    return ACCORD_OK;
}

void accord_chain_free(struct accord_chain *chain)
{
    if (chain != NULL) {
        accord_buffer_free(&chain->charter_entry);
        for (unsigned i = 0; i < 3; i++) {
            accord_buffer_free(&chain->roster_entry[i]);
        }
        free(chain);
    }
}

static bool starts_with(struct accord_bytes entry, struct accord_bytes line)
{
    return accord_cut_prefix(&entry, line);
}

/* Keeps a copy of the entry, so that what is parsed from it stays. */
static enum accord_status keep(struct accord_buffer *buffer, struct accord_bytes entry, struct accord_error *error)
{
    buffer->size = 0;
    enum accord_status status = accord_buffer_append(buffer, entry);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

static enum accord_status offer_charter(struct accord_chain *chain, uint64_t index, struct accord_bytes entry,
                                        enum accord_link *link, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(chain->crypto, entry, digest);
    if (chain->pinned && memcmp(digest, chain->digest, ACCORD_HASH_SIZE) != 0) {
        return ACCORD_OK;
    }
    enum accord_status status = keep(&chain->charter_entry, entry, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (accord_charter_parse(&chain->charter, accord_buffer_bytes(&chain->charter_entry), chain->crypto, NULL) ==
            ACCORD_OK &&
        accord_charter_verify(&chain->charter, chain->crypto, NULL) == ACCORD_OK) {
        memcpy(chain->digest, digest, ACCORD_HASH_SIZE);
        chain->has_charter = true;
        chain->charter_index = index;
        *link = ACCORD_LINK_CHARTER;
    }
    return ACCORD_OK;
}

static enum accord_status offer_roster(struct accord_chain *chain, uint64_t index, struct accord_bytes entry,
                                       enum accord_link *link, struct accord_error *error)
{
    /* Neither the newest roster nor the one before it: what does not follow must not take the place of either. */
    unsigned next = 3 - chain->current - chain->earlier;
    struct accord_roster_claim *roster = &chain->roster[next];
    enum accord_status status = keep(&chain->roster_entry[next], entry, error);
    if (status != ACCORD_OK) {
        return status;
    }
    if (accord_roster_parse(roster, accord_buffer_bytes(&chain->roster_entry[next]), chain->crypto, NULL) !=
        ACCORD_OK) {
        return ACCORD_OK;
    }
    status = chain->has_roster ? accord_roster_verify_next(accord_chain_roster(chain), roster, chain->crypto, NULL)
                               : accord_roster_verify_first(roster, &chain->charter, chain->crypto, NULL);
    if (status == ACCORD_OK) {
        chain->earlier = chain->current;
        chain->current = next;
        chain->has_roster = true;
        chain->roster_index = index;
        *link = ACCORD_LINK_ROSTER;
    }
    return ACCORD_OK;
}

enum accord_status accord_chain_offer(struct accord_chain *chain, uint64_t index, struct accord_bytes entry,
                                      enum accord_link *link, struct accord_error *error)
{
    *link = ACCORD_LINK_NONE;
    if (!chain->has_charter && starts_with(entry, ACCORD_LITERAL("accord/v1/charter\n"))) {
        return offer_charter(chain, index, entry, link, error);
    }
    if (chain->has_charter && starts_with(entry, ACCORD_LITERAL("accord/v1/roster\n"))) {
        return offer_roster(chain, index, entry, link, error);
    }
    return ACCORD_OK;
}

enum accord_status accord_chain_resume(struct accord_chain *chain, const struct accord_trust_claim *kept,
                                       struct accord_error *error)
{
    enum accord_status status = keep(&chain->roster_entry[0], kept->roster_entry, error);
    if (status == ACCORD_OK) {
        status =
            accord_roster_parse(&chain->roster[0], accord_buffer_bytes(&chain->roster_entry[0]), chain->crypto, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    memcpy(chain->digest, kept->charter, ACCORD_HASH_SIZE);
    chain->pinned = chain->has_charter = chain->has_roster = true;
    chain->current = 0;
    chain->earlier = 1;
    chain->roster_index = kept->roster_index;
    return ACCORD_OK;
}

enum accord_status accord_chain_complete(const struct accord_chain *chain, struct accord_error *error)
{
    if (chain->has_roster) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_CHAIN, 0);
    if (chain->has_charter) {
        accord_error_expected(error, ACCORD_LITERAL("roster 1, signed by every founder, after the charter"));
        accord_error_found(error, ACCORD_LITERAL("no such entry in the log"));
        return ACCORD_CHAIN;
    }
    uint8_t text[128];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, ACCORD_LITERAL("a charter that every founder signed"));
    if (chain->pinned) {
        out.size = 0;
        accord_put(&out, ACCORD_LITERAL("charter "));
        accord_digest_print(&out, chain->digest);
    }
    accord_error_expected(error, accord_out_bytes(&out));
    accord_error_found(error, ACCORD_LITERAL("no such entry in the log"));
    return ACCORD_CHAIN;
}

enum accord_status accord_chain_policy(const struct accord_roster_claim *roster, struct accord_buffer *text,
                                       struct accord_error *error)
{
    enum accord_status status = accord_buffer_reserve(text, 4096);
    for (size_t room = 16384; status == ACCORD_OK; room *= 4) {
        struct accord_out out = {text->data + text->size, text->capacity - text->size, 0, false};
        accord_roster_policy(&out, roster);
        if (!out.full) {
            text->size += out.size;
            return ACCORD_OK;
        }
        status = accord_buffer_reserve(text, room);
    }
    return accord_fail(error, status, 0);
}

enum accord_status accord_chain_trust(const struct accord_chain *chain, struct accord_bytes distrust,
                                      struct accord_buffer *trust, struct accord_error *error)
{
    struct accord_trust_claim claim = {.roster_index = chain->roster_index,
                                       .distrust = distrust,
                                       .roster_entry = accord_buffer_bytes(&chain->roster_entry[chain->current])};
    memcpy(claim.charter, chain->digest, ACCORD_HASH_SIZE);
    size_t room = claim.roster_entry.size + distrust.size + 256;
    enum accord_status status = accord_buffer_reserve(trust, room);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {trust->data + trust->size, room, 0, false};
    accord_trust_print(&out, &claim);
    trust->size += out.size;
    return ACCORD_OK;
}

/* Whom a trust file distrusts does not count. */
static enum accord_status distrust(struct accord_policy *policy, const struct accord_trust_claim *kept,
                                   const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_distrust line;
    struct accord_vkey vkey;
    size_t cursor = 0;
    while (kept != NULL && accord_trust_next_distrust(kept, &cursor, &line)) {
        enum accord_status status = accord_vkey_parse(&vkey, line.vkey, crypto, error);
        if (status != ACCORD_OK) {
            return status;
        }
        (void)accord_policy_distrust(policy, &vkey);
    }
    return ACCORD_OK;
}

enum accord_status accord_chain_policy_new(const struct accord_roster_claim *roster,
                                           const struct accord_trust_claim *kept, const struct accord_crypto *crypto,
                                           struct accord_buffer *text, struct accord_policy **policy,
                                           struct accord_error *error)
{
    *policy = malloc(sizeof **policy);
    enum accord_status status =
        *policy == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : accord_chain_policy(roster, text, error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(*policy, accord_buffer_bytes(text), crypto, error);
    }
    return status == ACCORD_OK ? distrust(*policy, kept, crypto, error) : status;
}
