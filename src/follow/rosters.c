/* A log's rosters as a bundle. It knows how a proof is put together from what showed that a roster counts; whether it
 * counts, walk.c knows. */
#include "follow/rosters.h"

#include "follow/walk.h"

#include <string.h>

struct making {
    const struct accord_walk *walk;
    struct accord_buffer *bundle;
    struct accord_buffer proof;
    uint64_t after;
    size_t count;
};

static enum accord_status refuse_count(struct accord_error *error)
{
    accord_fail(error, ACCORD_TOO_LARGE, 0);
    accord_error_what(error, ACCORD_LITERAL("rosters in one bundle"));
    accord_error_expected_number(error, ACCORD_BUNDLE_PARTS_MAX);
    return ACCORD_TOO_LARGE;
}

static enum accord_status put_part(struct making *making, struct accord_bytes roster,
                                   const struct accord_walk_proof *proof, struct accord_error *error)
{
    struct accord_buffer *made = &making->proof;
    made->size = 0;
    size_t room = roster.size / 3 * 4 + proof->checkpoint.size + (size_t)64 * (ACCORD_PROOF_HASHES_MAX + 2);
    enum accord_status status = accord_buffer_reserve(made, room);
    if (status == ACCORD_OK) {
        status = accord_buffer_reserve(making->bundle, room + 64);
    }
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {made->data, made->capacity, 0, false};
    accord_proof_print(&out, roster, proof->index, proof->inclusion, proof->checkpoint);
    struct accord_out part = {making->bundle->data + making->bundle->size,
                              making->bundle->capacity - making->bundle->size, 0, false};
    if (making->count == 0) {
        accord_proof_bundle_begin(&part);
    }
    accord_proof_bundle_put(&part, accord_out_bytes(&out));
    if (out.full || part.full) {
        return accord_fail(error, ACCORD_NO_SPACE, 0);
    }
    making->bundle->size += part.size;
    making->count++;
    return ACCORD_OK;
}

static enum accord_status take(void *context, struct accord_bytes roster, const struct accord_walk_proof *proof,
                               struct accord_error *error)
{
    struct making *making = context;
    if (accord_chain_roster(making->walk->chain)->number <= making->after) {
        return ACCORD_OK;
    }
    return making->count == ACCORD_BUNDLE_PARTS_MAX ? refuse_count(error) : put_part(making, roster, proof, error);
}

enum accord_status accord_rosters_bundle(struct accord_reader *reader, const struct accord_crypto *crypto,
                                         uint64_t after, struct accord_chain **chain, struct accord_buffer *bundle,
                                         size_t *count, struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim newest;
    struct making making = {.bundle = bundle, .after = after};
    struct accord_walk walk = {.crypto = crypto, .reader = reader, .newest = &newest, .take = take, .context = &making};
    *count = 0;
    enum accord_status status = accord_chain_new(chain, crypto, NULL, error);
    if (status != ACCORD_OK) {
        return status;
    }
    making.walk = &walk;
    walk.chain = *chain;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&making.proof, ACCORD_PROOF_SIZE_MAX);
    status = accord_scan_size(reader, &note, &newest, error);
    if (status == ACCORD_OK) {
        status = accord_walk_log(&walk, error);
    }
    *count = making.count;
    accord_buffer_free(&making.proof);
    accord_buffer_free(&note);
    return status;
}
