/* Looking for one product in a log: which statements are about it, and which of them hold. */
#include "cli/product_view.h"

#include <stdlib.h>
#include <string.h>

#include "accord/proof.h"
#include "cli/say.h"
#include "core/text.h"

#define POLICIES_MAX (sizeof((struct accord_product_view *)NULL)->policies / sizeof(struct accord_product_entry))

struct accord_product_view *accord_product_view_new(const struct accord_crypto *crypto, const char *vendor,
                                                    const char *product)
{
    struct accord_product_view *view = calloc(1, sizeof *view);
    if (view == NULL) {
        return NULL;
    }
    view->crypto = crypto;
    view->vendor = accord_bytes_of(vendor);
    view->product = accord_bytes_of(product);
    for (size_t i = 0; i < POLICIES_MAX; i++) {
        accord_buffer_init(&view->policies[i].entry, ACCORD_ENTRY_SIZE_MAX);
        accord_buffer_init(&view->policies[i].proof, ACCORD_PROOF_SIZE_MAX);
    }
    accord_buffer_init(&view->current_entry.entry, ACCORD_ENTRY_SIZE_MAX);
    return view;
}

void accord_product_view_free(struct accord_product_view *view)
{
    if (view == NULL) {
        return;
    }
    for (size_t i = 0; i < POLICIES_MAX; i++) {
        accord_buffer_free(&view->policies[i].entry);
        accord_buffer_free(&view->policies[i].proof);
    }
    accord_buffer_free(&view->current_entry.entry);
    free(view);
}

static bool is_ours(const struct accord_product_view *view, struct accord_bytes vendor, struct accord_bytes product)
{
    return accord_bytes_equal(vendor, view->vendor) && accord_bytes_equal(product, view->product);
}

static enum accord_status keep(struct accord_product_entry *kept, uint64_t index, struct accord_bytes entry,
                               struct accord_error *error)
{
    kept->index = index;
    kept->entry.size = 0;
    enum accord_status status = accord_buffer_append(&kept->entry, entry);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* The roster in force; NULL in a log that has none, where nobody's name is somebody's. */
static const struct accord_roster_claim *roster_of(const struct accord_chain *chain)
{
    return chain->has_roster ? accord_chain_roster(chain) : NULL;
}

/* Where an entry is; NULL in a first walk, where each roster speaks for its own time. Of the quorum times of another
 * log nothing is known here, so its rosters' `past` lines take nothing away. */
static const struct accord_place *place_of(const struct accord_product_view *view, uint64_t index,
                                           struct accord_place *place)
{
    *place = (struct accord_place){.origin = view->origin, .index = index};
    return view->origin.size == 0 ? NULL : place;
}

bool accord_product_view_again(struct accord_product_view *view, const struct accord_chain *chain,
                               struct accord_bytes origin)
{
    const struct accord_roster_claim *roster = roster_of(chain);
    bool lost = roster != NULL && accord_roster_member(roster, view->vendor) == SIZE_MAX;
    for (size_t i = 0; roster != NULL && i < roster->past_count; i++) {
        lost |= accord_bytes_equal(roster->past[i].owner, view->vendor);
    }
    if (!lost || origin.size > sizeof view->origin_text) {
        return false;
    }
    for (size_t i = 0; i < POLICIES_MAX; i++) {
        view->policies[i].entry.size = view->policies[i].proof.size = 0;
    }
    memcpy(view->origin_text, origin.data, origin.size);
    view->origin = (struct accord_bytes){(const uint8_t *)view->origin_text, origin.size};
    view->released = view->has_current = false;
    view->highest = view->policy_count = view->withdrawn_count = view->withdrawal_count = 0;
    return true;
}

static void see_release(struct accord_product_view *view, const struct accord_chain *chain, uint64_t index,
                        struct accord_bytes entry)
{
    struct accord_place place;
    struct accord_release_claim claim;
    struct accord_release release;
    const struct accord_roster_claim *roster = roster_of(chain);
    if (accord_release_parse(&claim, entry, NULL) != ACCORD_OK || !is_ours(view, claim.vendor, claim.product)) {
        return;
    }
    if (roster == NULL || accord_release_verify(&claim, roster, place_of(view, index, &place), view->crypto, &release,
                                                NULL) == ACCORD_OK) {
        view->highest = claim.sequence > view->highest ? claim.sequence : view->highest;
        view->released = true;
    }
}

static enum accord_status see_policy(struct accord_product_view *view, const struct accord_chain *chain, uint64_t index,
                                     struct accord_bytes entry, struct accord_error *error)
{
    struct accord_product_policy_claim claim;
    const struct accord_product_policy_claim *previous = view->policy_count == 0 ? NULL : &view->policy;
    struct accord_place place;
    const struct accord_roster_claim *roster = roster_of(chain);
    if (roster == NULL || accord_product_policy_parse(&claim, entry, NULL) != ACCORD_OK ||
        !is_ours(view, claim.vendor, claim.product) ||
        accord_product_policy_verify(&claim, previous, roster, place_of(view, index, &place), view->crypto, NULL) !=
            ACCORD_OK) {
        return ACCORD_OK;
    }
    if (view->policy_count == POLICIES_MAX) {
        return ACCORD_OK; /* nor does a judge know more */
    }
    struct accord_product_entry *kept = &view->policies[view->policy_count++];
    enum accord_status status = keep(kept, index, entry, error);
    return status == ACCORD_OK ? accord_product_policy_parse(&view->policy, accord_buffer_bytes(&kept->entry), error)
                               : status;
}

enum accord_status accord_product_view_withdraw(struct accord_product_view *view, uint64_t sequence,
                                                struct accord_error *error)
{
    size_t at = 0;
    while (at < view->withdrawn_count && view->withdrawn[at] < sequence) {
        at++;
    }
    if (at < view->withdrawn_count && view->withdrawn[at] == sequence) {
        return ACCORD_OK;
    }
    if (view->withdrawn_count == ACCORD_SEQUENCES_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("withdrawn releases"));
        accord_error_expected_number(error, ACCORD_SEQUENCES_MAX);
        return ACCORD_TOO_LARGE;
    }
    memmove(&view->withdrawn[at + 1], &view->withdrawn[at], (view->withdrawn_count - at) * sizeof view->withdrawn[0]);
    view->withdrawn[at] = sequence;
    view->withdrawn_count++;
    return ACCORD_OK;
}

static enum accord_status see_current(struct accord_product_view *view, const struct accord_chain *chain,
                                      uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct accord_current_claim claim;
    struct accord_place place;
    const struct accord_roster_claim *roster = roster_of(chain);
    if (roster == NULL || accord_current_parse(&claim, entry, NULL) != ACCORD_OK ||
        !is_ours(view, claim.vendor, claim.product) ||
        accord_current_verify(&claim, roster, place_of(view, index, &place), view->crypto, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    enum accord_status status = keep(&view->current_entry, index, entry, error);
    if (status == ACCORD_OK) {
        status = accord_current_parse(&view->current, accord_buffer_bytes(&view->current_entry.entry), error);
    }
    view->has_current = status == ACCORD_OK;
    return status;
}

/* Whoever wants to prove withdrawals wants the newest: the oldest goes. */
static void keep_withdrawal(struct accord_product_view *view, uint64_t index)
{
    const size_t most = sizeof view->withdrawals / sizeof view->withdrawals[0];
    if (view->withdrawal_count == most) {
        memmove(view->withdrawals, view->withdrawals + 1, (most - 1) * sizeof view->withdrawals[0]);
        view->withdrawal_count--;
    }
    view->withdrawals[view->withdrawal_count++] = index;
}

/* Takes note of one that was taken back. What is too much does not keep a vendor from saying anything more: the lowest
 * goes, below which nothing is fit for use any more. */
static void see_withdrawn(struct accord_product_view *view, uint64_t sequence)
{
    if (view->withdrawn_count == ACCORD_SEQUENCES_MAX) {
        if (sequence < view->withdrawn[0]) {
            return;
        }
        memmove(view->withdrawn, view->withdrawn + 1, (ACCORD_SEQUENCES_MAX - 1) * sizeof view->withdrawn[0]);
        view->withdrawn_count--;
    }
    (void)!accord_product_view_withdraw(view, sequence, NULL);
}

static void see_withdraw(struct accord_product_view *view, const struct accord_chain *chain, uint64_t index,
                         struct accord_bytes entry)
{
    struct accord_withdraw_claim claim;
    struct accord_signers signers;
    struct accord_place place;
    uint64_t sequence;
    size_t cursor = 0;
    const struct accord_roster_claim *roster = roster_of(chain);
    if (roster == NULL || accord_withdraw_parse(&claim, entry, NULL) != ACCORD_OK ||
        !is_ours(view, claim.vendor, claim.product) ||
        accord_roster_signed(roster, &claim.statement.note, claim.vendor, place_of(view, index, &place), view->crypto,
                             &signers, NULL) != ACCORD_OK) {
        return;
    }
    keep_withdrawal(view, index);
    while (accord_withdraw_next_sequence(&claim, &cursor, &sequence)) {
        see_withdrawn(view, sequence);
    }
}

/* A tlog-proof without its extra line, made whole with the entry. */
static bool complete(struct accord_product_entry *policy, struct accord_bytes bare)
{
    struct accord_proof_claim claim;
    struct accord_bytes entry = accord_buffer_bytes(&policy->entry);
    size_t room = bare.size + 2 * entry.size + 64;
    if (accord_proof_parse(&claim, bare, NULL) != ACCORD_OK || claim.has_extra || claim.index != policy->index ||
        accord_buffer_reserve(&policy->proof, room) != ACCORD_OK) {
        return false;
    }
    struct accord_out out = {policy->proof.data, room, 0, false};
    accord_proof_print(&out, entry, claim.index, &claim.inclusion, claim.checkpoint_bytes);
    policy->proof.size = out.full ? 0 : out.size;
    return !out.full;
}

/* The first that was logged of an entry is the earliest. Whether it holds is asked where it is used. */
static void see_seen(struct accord_product_view *view, const struct accord_chain *chain, uint64_t index,
                     struct accord_bytes entry)
{
    struct accord_seen_claim claim;
    struct accord_signers signers;
    struct accord_place place;
    uint8_t digest[ACCORD_HASH_SIZE];
    const struct accord_roster_claim *roster = roster_of(chain);
    if (roster == NULL || accord_seen_parse(&claim, entry, NULL) != ACCORD_OK ||
        !is_ours(view, claim.vendor, claim.product) ||
        accord_roster_signers(roster, &claim.statement.note, claim.vendor, place_of(view, index, &place), view->crypto,
                              &signers, NULL) != ACCORD_OK ||
        signers.release == 0) {
        return;
    }
    uint8_t *bare = malloc(claim.proof_base64.size);
    for (size_t i = 0; bare != NULL && i < view->policy_count; i++) {
        struct accord_product_entry *policy = &view->policies[i];
        size_t size = 0;
        accord_hash(view->crypto, accord_buffer_bytes(&policy->entry), digest);
        if (policy->proof.size == 0 && memcmp(digest, claim.entry, sizeof digest) == 0 &&
            accord_base64_size(claim.proof_base64, &size) && accord_base64_read(claim.proof_base64, bare, size)) {
            (void)!complete(policy, (struct accord_bytes){bare, size});
        }
    }
    free(bare);
}

enum accord_status accord_product_view_see(struct accord_product_view *view, const struct accord_chain *chain,
                                           uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct accord_bytes rest = entry;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/"))) {
        return ACCORD_OK;
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("release\n"))) {
        see_release(view, chain, index, entry);
        return ACCORD_OK;
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("policy\n"))) {
        return see_policy(view, chain, index, entry, error);
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("current\n"))) {
        return see_current(view, chain, index, entry, error);
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("seen\n"))) {
        see_seen(view, chain, index, entry);
        return ACCORD_OK;
    }
    if (accord_cut_prefix(&rest, ACCORD_LITERAL("withdraw\n"))) {
        see_withdraw(view, chain, index, entry);
    }
    return ACCORD_OK;
}

void accord_product_view_print_head(struct accord_out *out, const struct accord_product_view *view)
{
    accord_field_print(out, ACCORD_LITERAL("vendor"), view->vendor);
    accord_field_print(out, ACCORD_LITERAL("product"), view->product);
}

enum accord_status accord_product_view_check_names(const struct accord_product_view *view, struct accord_bytes vendor,
                                                   struct accord_bytes product, struct accord_error *error)
{
    bool is_vendor = accord_bytes_equal(vendor, view->vendor);
    if (is_ours(view, vendor, product)) {
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_MALFORMED, 0);
    accord_error_what(error, is_vendor ? ACCORD_LITERAL("product") : ACCORD_LITERAL("vendor"));
    accord_error_found(error, is_vendor ? view->product : view->vendor);
    return ACCORD_MALFORMED;
}

bool accord_duration_read(const char *text, uint64_t *seconds)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct accord_bytes number = accord_bytes_of(text);
    uint64_t scale = 1;
    for (size_t i = 0; number.size > 1 && i < sizeof units / sizeof units[0]; i++) {
        if (number.data[number.size - 1] == units[i].unit) {
            scale = units[i].seconds;
            number.size--;
            break;
        }
    }
    if (!accord_decimal_read(number, seconds) || *seconds > UINT64_MAX / scale) {
        return false;
    }
    *seconds *= scale;
    return true;
}
