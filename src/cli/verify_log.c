/* Asking a log what is current. Knows which products are asked for, that nothing of the log is left out, and how
 * entries become proofs; whether any of it holds is the judge's to say. */
#include "cli/verify_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accord/bundle.h"
#include "base/file.h"
#include "cli/log_source.h"
#include "cli/product_view.h"
#include "cli/say.h"

#define PATH_SIZE 4096

struct asking {
    const struct accord_call *call;
    const struct accord_verifier *verifier;
    const char *location;
    struct accord_reader *reader;
    struct accord_chain *chain;
    struct accord_buffer checkpoint, bytes; /* bytes: of the proof or the entry at hand */
    uint64_t size;
    struct accord_frontier frontier; /* of what was read */
    bool again;                      /* a second time, for those whose vendor lost keys (product_view.h) */
    struct accord_progress progress;
    size_t count;
    struct accord_given *given; /* as many */
    struct accord_product_view *views[ACCORD_VERIFY_LOG_PRODUCTS_MAX];
};

/* Which products? */

static enum accord_status add_product(struct asking *asking, const struct accord_release_claim *release,
                                      struct accord_error *error)
{
    for (size_t i = 0; i < asking->count; i++) {
        if (accord_bytes_equal(asking->views[i]->vendor, release->vendor) &&
            accord_bytes_equal(asking->views[i]->product, release->product)) {
            return ACCORD_OK;
        }
    }
    if (asking->count == ACCORD_VERIFY_LOG_PRODUCTS_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("products at once, with what a log says of them"));
        accord_error_expected_number(error, ACCORD_VERIFY_LOG_PRODUCTS_MAX);
        return ACCORD_TOO_LARGE;
    }
    struct accord_given *given = &asking->given[asking->count];
    snprintf(given->vendor, sizeof given->vendor, "%.*s", ACCORD_TEXT(release->vendor));
    snprintf(given->product, sizeof given->product, "%.*s", ACCORD_TEXT(release->product));
    asking->views[asking->count] = accord_product_view_new(asking->call->crypto, given->vendor, given->product);
    if (asking->views[asking->count] == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    given->path = asking->location;
    accord_buffer_init(&given->bytes, ACCORD_BUNDLE_FILE_SIZE_MAX);
    asking->count++;
    return ACCORD_OK;
}

/* The release in a proof, or in the first of a bundle; false where there is none that can be read. */
static bool read_release(struct accord_bytes bytes, struct accord_buffer *entry, struct accord_release_claim *release)
{
    struct accord_proof_claim claim;
    size_t cursor = 0;
    if (accord_proof_bundle_is(bytes) && (accord_proof_bundle_check(bytes, NULL, NULL) != ACCORD_OK ||
                                          !accord_proof_bundle_next(bytes, &cursor, &bytes))) {
        return false;
    }
    if (accord_proof_parse(&claim, bytes, NULL) != ACCORD_OK ||
        accord_buffer_reserve(entry, ACCORD_ENTRY_SIZE_MAX) != ACCORD_OK) {
        return false;
    }
    struct accord_out out = {entry->data, ACCORD_ENTRY_SIZE_MAX, 0, false};
    return accord_proof_extra(&claim, &out, NULL) == ACCORD_OK &&
           accord_release_parse(release, accord_out_bytes(&out), NULL) == ACCORD_OK;
}

static bool read_proof(struct asking *asking, const char *path)
{
    asking->bytes.size = 0;
    return accord_file_read(asking->call->fs, path, &asking->bytes, NULL) == ACCORD_OK;
}

/* What is wrong with a file's proof is told when the file is verified. */
static enum accord_status add_file(struct asking *asking, const char *file, struct accord_buffer *entry,
                                   struct accord_error *error)
{
    static const char *const suffixes[] = {".tlog-proof", ".bundle"};
    const char *proof = accord_call_value(asking->call, "proof");
    char path[PATH_SIZE];
    bool read = proof != NULL && read_proof(asking, proof);
    for (size_t i = 0; proof == NULL && !read && i < 2; i++) {
        int size = snprintf(path, sizeof path, "%s%s", file, suffixes[i]);
        read = size > 0 && size < PATH_SIZE && read_proof(asking, path);
    }
    struct accord_release_claim release;
    return read && read_release(accord_buffer_bytes(&asking->bytes), entry, &release)
               ? add_product(asking, &release, error)
               : ACCORD_OK;
}

static enum accord_status find_products(struct asking *asking, struct accord_error *error)
{
    struct accord_buffer entry;
    enum accord_status status = ACCORD_OK;
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    for (size_t i = 0; status == ACCORD_OK && i < asking->call->operand_count; i++) {
        status = add_file(asking, asking->call->operands[i], &entry, error);
    }
    accord_buffer_free(&entry);
    return status;
}

/* The walk: whoever serves the log could leave out the newest word, or read another one out; so what was read has to be
 * the tree of a checkpoint that has its quorum. */

static enum accord_status check_checkpoint(const struct asking *asking, const struct accord_checkpoint_claim *claim,
                                           struct accord_error *error)
{
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    return accord_roster_verify_checkpoint(&asking->verifier->roster, &asking->verifier->policy, claim,
                                           asking->call->crypto, &checkpoint, &cosigners, error);
}

static enum accord_status check_root(const struct asking *asking, const struct accord_checkpoint_claim *claim,
                                     struct accord_error *error)
{
    uint8_t root[ACCORD_HASH_SIZE];
    accord_frontier_root(asking->call->crypto, &asking->frontier, root);
    if (memcmp(root, claim->root, sizeof root) == 0) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_LOG_CORRUPT, 0);
    accord_error_what(error, claim->origin);
    accord_error_expected(error, ACCORD_LITERAL("entries that make the tree of its checkpoint"));
    accord_error_found(error, ACCORD_LITERAL("others"));
    return ACCORD_LOG_CORRUPT;
}

static enum accord_status see(void *context, uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct asking *asking = context;
    enum accord_link link = ACCORD_LINK_NONE;
    uint8_t leaf[ACCORD_HASH_SIZE];
    accord_merkle_leaf(asking->call->crypto, entry, leaf);
    accord_frontier_append(asking->call->crypto, &asking->frontier, leaf, NULL, NULL);
    enum accord_status status =
        asking->again ? ACCORD_OK : accord_chain_offer(asking->chain, index, entry, &link, error);
    for (size_t i = 0; status == ACCORD_OK && link == ACCORD_LINK_NONE && i < asking->count; i++) {
        if (!asking->again || asking->views[i]->origin.size > 0) {
            status = accord_product_view_see(asking->views[i], asking->chain, index, entry, error);
        }
    }
    accord_progress_step(&asking->progress, index + 1, asking->size);
    return status;
}

static enum accord_status read_all(struct asking *asking, const struct accord_checkpoint_claim *claim,
                                   struct accord_error *error)
{
    asking->frontier.size = 0;
    asking->progress = (struct accord_progress){.doing = "read", .of = "entries"};
    enum accord_status status = accord_scan(asking->reader, claim->size, see, asking, error);
    accord_progress_end(&asking->progress);
    return status == ACCORD_OK ? check_root(asking, claim, error) : status;
}

static enum accord_status walk(struct asking *asking, struct accord_error *error)
{
    const struct accord_call *call = asking->call;
    struct accord_checkpoint_claim claim;
    enum accord_status status =
        accord_log_source_open(&asking->reader, call->fs, call->crypto, call->network, asking->location, error);
    if (status == ACCORD_OK) {
        status = accord_chain_new(&asking->chain, call->crypto, asking->verifier->trust.charter, error);
    }
    if (status == ACCORD_OK) {
        status = accord_scan_size(asking->reader, &asking->checkpoint, &claim, error);
    }
    if (status == ACCORD_OK) {
        status = check_checkpoint(asking, &claim, error);
    }
    if (status == ACCORD_OK) {
        asking->size = claim.size;
        status = read_all(asking, &claim, error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < asking->count; i++) {
        asking->again |= accord_product_view_again(asking->views[i], asking->chain, claim.origin);
    }
    return status == ACCORD_OK && asking->again ? read_all(asking, &claim, error) : status;
}

/* Proofs */

static enum accord_status put(struct asking *asking, size_t which, uint64_t index, struct accord_bytes entry,
                              struct accord_error *error)
{
    struct accord_buffer proof;
    accord_buffer_init(&proof, ACCORD_PROOF_SIZE_MAX);
    enum accord_status status =
        accord_enter_prove(asking->call->crypto, asking->reader, asking->size, accord_buffer_bytes(&asking->checkpoint),
                           index, entry, &proof, error);
    if (status == ACCORD_OK) {
        status = accord_enter_bundle(&asking->given[which].bytes, accord_buffer_bytes(&proof), error);
    }
    accord_buffer_free(&proof);
    return status;
}

/* The proof that was logged when the policy was new, where its witnesses still count; one of today otherwise. */
static enum accord_status put_policy(struct asking *asking, size_t which, const struct accord_product_entry *policy,
                                     struct accord_error *error)
{
    struct accord_proof_claim claim;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    struct accord_bytes old = accord_buffer_bytes(&policy->proof);
    if (old.size > 0 && accord_proof_parse(&claim, old, NULL) == ACCORD_OK &&
        accord_roster_verify_checkpoint(&asking->verifier->roster, &asking->verifier->policy, &claim.checkpoint,
                                        asking->call->crypto, &checkpoint, &cosigners, NULL) == ACCORD_OK &&
        accord_proof_verify(&claim, &checkpoint, accord_buffer_bytes(&policy->entry), asking->call->crypto, NULL) ==
            ACCORD_OK) {
        return accord_enter_bundle(&asking->given[which].bytes, old, error);
    }
    return put(asking, which, policy->index, accord_buffer_bytes(&policy->entry), error);
}

/* What was taken back before the newest `current` stands in it, unless its key is in the wrong hands. */
static bool is_told(const struct accord_product_view *view, struct accord_bytes entry)
{
    struct accord_withdraw_claim claim;
    uint64_t sequence, told;
    size_t cursor = 0;
    if (!view->has_current || accord_withdraw_parse(&claim, entry, NULL) != ACCORD_OK) {
        return false;
    }
    while (accord_withdraw_next_sequence(&claim, &cursor, &sequence)) {
        size_t place = 0;
        bool found = false;
        while (!found && accord_current_next_withdrawn(&view->current, &place, &told) && told <= sequence) {
            found = told == sequence;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static enum accord_status put_withdrawals(struct asking *asking, size_t which, struct accord_error *error)
{
    const struct accord_product_view *view = asking->views[which];
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < view->withdrawal_count; i++) {
        uint64_t index = view->withdrawals[i];
        asking->bytes.size = 0;
        status = accord_reader_entry(asking->reader, index, &asking->bytes, error);
        if (status == ACCORD_OK && !is_told(view, accord_buffer_bytes(&asking->bytes))) {
            status = put(asking, which, index, accord_buffer_bytes(&asking->bytes), error);
        }
    }
    return status;
}

/* One proof at least is of today, where anything is known: it says how late it is. */
static enum accord_status put_product(struct asking *asking, size_t which, struct accord_error *error)
{
    const struct accord_product_view *view = asking->views[which];
    const struct accord_product_entry *newest = view->has_current        ? &view->current_entry
                                                : view->policy_count > 0 ? &view->policies[view->policy_count - 1]
                                                                         : NULL;
    enum accord_status status =
        newest == NULL ? ACCORD_OK : put(asking, which, newest->index, accord_buffer_bytes(&newest->entry), error);
    for (size_t i = 0; status == ACCORD_OK && i < view->policy_count; i++) {
        status = put_policy(asking, which, &view->policies[i], error);
    }
    return status == ACCORD_OK ? put_withdrawals(asking, which, error) : status;
}

enum accord_status accord_verify_log(const struct accord_call *call, const struct accord_verifier *verifier,
                                     const char *location, struct accord_given *given, size_t *count,
                                     struct accord_error *error)
{
    struct asking *asking = calloc(1, sizeof *asking);
    *count = 0;
    if (asking == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    asking->call = call;
    asking->verifier = verifier;
    asking->location = location;
    asking->given = given;
    accord_buffer_init(&asking->checkpoint, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&asking->bytes, ACCORD_BUNDLE_FILE_SIZE_MAX);
    enum accord_status status = find_products(asking, error);
    if (status == ACCORD_OK && asking->count > 0) {
        status = walk(asking, error);
    }
    for (size_t i = 0; i < asking->count; i++) {
        if (status == ACCORD_OK) {
            status = put_product(asking, i, error);
        }
        accord_product_view_free(asking->views[i]);
    }
    *count = asking->count;
    accord_chain_free(asking->chain);
    accord_reader_close(asking->reader);
    accord_buffer_free(&asking->checkpoint);
    accord_buffer_free(&asking->bytes);
    free(asking);
    return status;
}
