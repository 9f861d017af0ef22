/* What must be true of a chain of rosters before anybody takes it from a log. It knows which roster answers for which
 * link: the one before it, by the newest checkpoint or by an enactment; for roster 1 and the charter, roster 1 itself.
 */
#include "follow/walk.h"

#include "base/report.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

bool accord_walk_may_be_enacted(enum accord_status status)
{
    return accord_status_exit(status) == 1;
}

enum accord_status accord_walk_accepts(const struct accord_walk *walk, const struct accord_roster_claim *roster,
                                       struct accord_error *error)
{
    struct accord_buffer text;
    struct accord_policy *policy;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_chain_policy_new(roster, walk->kept, walk->crypto, &text, &policy, error);
    if (status == ACCORD_OK) {
        status =
            accord_roster_verify_checkpoint(roster, policy, walk->newest, walk->crypto, &checkpoint, &cosigners, error);
    }
    accord_buffer_free(&text);
    free(policy);
    return status;
}

bool accord_walk_is_enactment(struct accord_bytes entry)
{
    return accord_cut_prefix(&entry, ACCORD_LITERAL("accord/v1/enact\n"));
}

enum accord_status accord_walk_enacts(const struct accord_walk *walk, const struct accord_roster_claim *earlier,
                                      struct accord_bytes next, struct accord_bytes entry,
                                      struct accord_walk_enactment *enactment, struct accord_error *error)
{
    struct accord_buffer text;
    struct accord_policy *policy = NULL;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_enact_parse(&enactment->claim, entry, error);
    if (status == ACCORD_OK) {
        status = accord_chain_policy_new(earlier, walk->kept, walk->crypto, &text, &policy, error);
    }
    if (status == ACCORD_OK) {
        status = accord_enact_verify(&enactment->claim, earlier, policy, next, walk->crypto, NULL, error);
    }
    if (status == ACCORD_OK) {
        struct accord_out out = {enactment->bytes, sizeof enactment->bytes, 0, false};
        status = accord_enact_proof(&enactment->claim, &out, &enactment->proof, error);
    }
    accord_buffer_free(&text);
    free(policy);
    return status;
}

/* Is the entry in the newest tree? *proof says how. */
static enum accord_status included(const struct accord_walk *walk, uint64_t index, struct accord_bytes entry,
                                   struct accord_merkle_proof *proof, struct accord_error *error)
{
    uint8_t leaf[ACCORD_HASH_SIZE];
    struct accord_hash_source source = accord_reader_hashes(walk->reader);
    enum accord_status status = accord_inclusion_prove(walk->crypto, &source, index, walk->newest->size, proof);
    if (status != ACCORD_OK) {
        if (error != NULL) {
            *error = *accord_reader_error(walk->reader);
        }
        return status;
    }
    accord_merkle_leaf(walk->crypto, entry, leaf);
    status = accord_inclusion_verify(walk->crypto, index, walk->newest->size, leaf, proof, walk->newest->root);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

static struct accord_bytes entry_of(const struct accord_chain *chain)
{
    return accord_buffer_bytes(&chain->roster_entry[chain->current]);
}

static enum accord_status tell(const struct accord_walk *walk, const struct accord_walk_proof *proof,
                               struct accord_error *error)
{
    return walk->take == NULL ? ACCORD_OK : walk->take(walk->context, entry_of(walk->chain), proof, error);
}

/* The roster's place in the newest tree, and with roster 1 the charter's. */
static enum accord_status place(const struct accord_walk *walk, uint64_t index, struct accord_merkle_proof *inclusion,
                                struct accord_error *error)
{
    const struct accord_chain *chain = walk->chain;
    enum accord_status status = ACCORD_OK;
    if (accord_chain_roster(chain)->number == 1) {
        status = included(walk, chain->charter_index, accord_buffer_bytes(&chain->charter_entry), inclusion, error);
    }
    return status == ACCORD_OK ? included(walk, index, entry_of(chain), inclusion, error) : status;
}

/* A new roster: the newest checkpoint speaks for it, or it waits for an enactment; roster 1 for that of roster 2, which
 * names it. */
static enum accord_status take_roster(struct accord_walk *walk, uint64_t index, struct accord_error *error)
{
    const struct accord_chain *chain = walk->chain;
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    struct accord_merkle_proof inclusion;
    if (walk->waiting && roster->number > 2) {
        *error = walk->why;
        return error->status;
    }
    enum accord_status status =
        accord_walk_accepts(walk, roster->number == 1 ? roster : accord_chain_earlier(chain), &walk->why);
    walk->waiting = status != ACCORD_OK;
    walk->enacted = false;
    if (!walk->waiting) {
        status = place(walk, index, &inclusion, error);
        const struct accord_walk_proof proof = {index, &inclusion, walk->newest->note.whole};
        return status == ACCORD_OK ? tell(walk, &proof, error) : status;
    }
    if (accord_walk_may_be_enacted(status) && place(walk, index, &inclusion, error) == ACCORD_OK) {
        return ACCORD_OK;
    }
    *error = walk->why;
    return status;
}

/* Anybody may log anything: an enactment that does not hold is passed over. */
static enum accord_status take_enactment(struct accord_walk *walk, struct accord_bytes entry,
                                         struct accord_error *error)
{
    const struct accord_chain *chain = walk->chain;
    if (!walk->waiting || accord_chain_roster(chain)->number == 1) {
        return ACCORD_OK;
    }
    struct accord_walk_enactment *enactment = malloc(sizeof *enactment);
    if (enactment == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status =
        accord_walk_enacts(walk, accord_chain_earlier(chain), entry_of(chain), entry, enactment, error);
    if (status == ACCORD_OK) {
        walk->waiting = false;
        walk->enacted = true;
        const struct accord_proof_claim *claim = &enactment->proof;
        const struct accord_walk_proof proof = {claim->index, &claim->inclusion, claim->checkpoint_bytes};
        status = tell(walk, &proof, error);
    } else if (accord_walk_may_be_enacted(status)) {
        status = ACCORD_OK;
    }
    free(enactment);
    return status;
}

static enum accord_status walk_entry(void *context, uint64_t index, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_walk *walk = context;
    enum accord_link link;
    enum accord_status status = accord_chain_offer(walk->chain, index, entry, &link, error);
    if (status == ACCORD_OK && link == ACCORD_LINK_ROSTER) {
        status = take_roster(walk, index, error);
    } else if (status == ACCORD_OK && accord_walk_is_enactment(entry)) {
        status = take_enactment(walk, entry, error);
    }
    return status;
}

enum accord_status accord_walk_log(struct accord_walk *walk, struct accord_error *error)
{
    struct accord_error unused;
    error = error == NULL ? &unused : error;
    enum accord_status status = accord_scan(walk->reader, walk->newest->size, walk_entry, walk, error);
    if (status == ACCORD_OK) {
        status = accord_chain_complete(walk->chain, error);
    }
    if (status == ACCORD_OK && walk->waiting) {
        *error = walk->why;
        return error->status;
    }
    /* What an enactment showed is another tree. Of the one that was read somebody has to speak, too. */
    return status == ACCORD_OK && walk->enacted ? accord_walk_accepts(walk, accord_chain_roster(walk->chain), error)
                                                : status;
}
