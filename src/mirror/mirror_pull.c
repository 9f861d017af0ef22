/* A mirror that pulls. Knows that a pulled checkpoint is judged as one that was submitted, so both ways lead to one
 * history; refuses to know where entries come from. */
#include "mirror/mirror_pull.h"

#include <string.h>

#include "core/text.h"
#include "witness/witness.h"

static enum accord_status last(void *context, struct accord_buffer *note, struct accord_error *error)
{
    const struct accord_mirror_pull *pull = context;
    return accord_mirror_pending(pull->mirror, pull->origin, note, error);
}

static enum accord_status print_body(struct accord_mirror_pull *pull, uint64_t old_size,
                                     const struct accord_merkle_proof *proof, struct accord_bytes note,
                                     struct accord_error *error)
{
    size_t room = note.size + 64 + ACCORD_PROOF_HASHES_MAX * (ACCORD_BASE64_SIZE(ACCORD_HASH_SIZE) + 1);
    accord_buffer_free(&pull->body);
    accord_buffer_init(&pull->body, room);
    enum accord_status status = accord_buffer_reserve(&pull->body, room);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    struct accord_out out = {pull->body.data, room, 0, false};
    accord_add_checkpoint_print(&out, old_size, proof, note);
    pull->body.size = out.size;
    return ACCORD_OK;
}

static enum accord_status accept(void *context, uint64_t old_size, const struct accord_merkle_proof *proof,
                                 const struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    struct accord_mirror_pull *pull = context;
    struct accord_witness_verdict verdict;
    enum accord_status status = print_body(pull, old_size, proof, claim->note.whole, error);
    if (status == ACCORD_OK)
        status = accord_mirror_add_checkpoint(pull->mirror, accord_buffer_bytes(&pull->body),
                                              pull->clock->now(pull->clock->context), &verdict, error);
    if (status != ACCORD_OK || verdict.http_status == 200)
        return status;
    status = verdict.http_status == 409 ? ACCORD_WITNESS_CONFLICT : verdict.error.status;
    if (status == ACCORD_OK)
        status = ACCORD_WITNESS_PROOF;
    if (error != NULL)
        *error = verdict.error;
    if (error != NULL)
        error->status = status;
    return status;
}

/* Of a copy that cannot be opened everything is missing, as the next call will tell. */
static uint64_t next(void *context)
{
    const struct accord_mirror_pull *pull = context;
    struct accord_mirror_hold hold;
    if (accord_mirror_hold(pull->mirror, pull->origin, &hold, NULL) != ACCORD_OK)
        return 0;
    uint64_t held = accord_copy_next(hold.copy);
    accord_mirror_let_go(&hold);
    return held;
}

static enum accord_status subtree(void *context, uint64_t first, const uint8_t (*leaves)[ACCORD_HASH_SIZE],
                                  uint64_t count, uint8_t hash[ACCORD_HASH_SIZE], struct accord_error *error)
{
    const struct accord_mirror_pull *pull = context;
    struct accord_mirror_hold hold;
    enum accord_status status = accord_mirror_hold(pull->mirror, pull->origin, &hold, error);
    if (status != ACCORD_OK)
        return status;
    status = accord_copy_subtree_hashed(hold.copy, first, leaves, count, hash, error);
    accord_mirror_let_go(&hold);
    return status;
}

static enum accord_status put(void *context, uint64_t first, struct accord_bytes entries,
                              const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count, struct accord_error *error)
{
    const struct accord_mirror_pull *pull = context;
    struct accord_mirror_hold hold;
    enum accord_status status = accord_mirror_hold(pull->mirror, pull->origin, &hold, error);
    if (status != ACCORD_OK)
        return status;
    status = accord_copy_put_hashed(hold.copy, first, entries, leaves, count, error);
    accord_mirror_let_go(&hold);
    return status;
}

/* An upload may have published this tree, or a larger one, before: then there is nothing to do. */
static enum accord_status publish(void *context, const struct accord_checkpoint_claim *claim, bool *changed,
                                  struct accord_error *error)
{
    const struct accord_mirror_pull *pull = context;
    struct accord_mirror_hold hold;
    struct accord_buffer note;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    *changed = false;
    enum accord_status status = accord_mirror_pending_of(pull->mirror, pull->origin, claim->size, &note, error);
    if (status == ACCORD_OK)
        status = accord_mirror_hold(pull->mirror, pull->origin, &hold, error);
    if (status == ACCORD_OK) {
        bool there = accord_copy_published(hold.copy) && accord_copy_size(hold.copy) >= claim->size;
        if (!there)
            status = accord_mirror_publish(&hold, accord_buffer_bytes(&note), pull->clock->now(pull->clock->context),
                                           NULL, error);
        *changed = !there && status == ACCORD_OK;
        accord_mirror_let_go(&hold);
    }
    accord_buffer_free(&note);
    return status;
}

struct accord_pull_target accord_mirror_pull_target(struct accord_mirror_pull *pull)
{
    return (struct accord_pull_target){.context = pull,
                                       .last = last,
                                       .accept = accept,
                                       .next = next,
                                       .subtree = subtree,
                                       .put = put,
                                       .publish = publish};
}

void accord_mirror_pull_free(struct accord_mirror_pull *pull)
{
    accord_buffer_free(&pull->body);
}
