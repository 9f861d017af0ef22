/* One round of pulling. Knows the order: the checkpoint's signatures, its growth out of what was accepted before, then
 * its entries, bundle by bundle, each proven before it is put. Refuses to know where the log lies and who else writes
 * to the copy. */
#include "mirror/pull.h"

#include <string.h>

#include "accord/tile.h"
#include "follow/follower.h"
#include "log/objects.h"
#include "witness/witness.h"

struct round {
    const struct accord_pull *pull;
    const struct accord_pull_target *target;
    struct accord_checkpoint_claim claim;
    struct accord_buffer bundle;
    uint8_t leaves[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
};

void accord_pulled_init(struct accord_pulled *pulled)
{
    memset(pulled, 0, sizeof *pulled);
    accord_buffer_init(&pulled->note, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&pulled->last, ACCORD_NOTE_SIZE_MAX);
}

void accord_pulled_free(struct accord_pulled *pulled)
{
    accord_buffer_free(&pulled->note);
    accord_buffer_free(&pulled->last);
}

/* Signatures */

static enum accord_status judge_keys(void *context, const struct accord_checkpoint_claim *claim,
                                     struct accord_error *error)
{
    const struct accord_pull_keys *keys = context;
    struct accord_witness_verdict verdict;
    const struct accord_add_checkpoint request = {.checkpoint_bytes = claim->note.whole, .checkpoint = *claim};
    if (keys->count > 0 && !accord_bytes_equal(claim->origin, keys->keys[0].name)) {
        accord_fail(error, ACCORD_WRONG_KEY, 0);
        accord_error_what(error, ACCORD_LITERAL("the checkpoint's origin"));
        accord_error_expected(error, keys->keys[0].name);
        accord_error_found(error, claim->origin);
        return ACCORD_WRONG_KEY;
    }
    if (accord_witness_judge_request(&request, keys->keys, keys->count, keys->crypto, NULL, &verdict))
        return ACCORD_OK;
    if (error != NULL)
        *error = verdict.error;
    return verdict.error.status;
}

struct accord_pull_judge accord_pull_signed_by(struct accord_pull_keys *keys)
{
    return (struct accord_pull_judge){keys, judge_keys};
}

/* The checkpoint */

/* A tree without entries has one root only. */
static enum accord_status check_empty(const struct accord_crypto *crypto, const struct accord_checkpoint_claim *claim,
                                      struct accord_error *error)
{
    uint8_t root[ACCORD_HASH_SIZE];
    accord_merkle_empty_root(crypto, root);
    if (claim->size > 0 || memcmp(root, claim->root, sizeof root) == 0)
        return ACCORD_OK;
    accord_fail(error, ACCORD_MALFORMED, 0);
    accord_error_what(error, ACCORD_LITERAL("checkpoint"));
    accord_error_expected(error, ACCORD_LITERAL("the root of the empty tree, in a checkpoint of size 0"));
    return ACCORD_MALFORMED;
}

/* The tree that was accepted before, as a position. */
static enum accord_status read_last(const struct round *round, struct accord_pulled *pulled,
                                    struct accord_position *position, struct accord_error *error)
{
    struct accord_checkpoint_claim last;
    memset(position, 0, sizeof *position);
    enum accord_status status = round->target->last(round->target->context, &pulled->last, error);
    if (status == ACCORD_NOT_FOUND)
        return ACCORD_OK;
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&last, accord_buffer_bytes(&pulled->last), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_bytes_equal(last.origin, round->claim.origin)) {
        accord_fail(error, ACCORD_WRONG_KEY, 0);
        accord_error_what(error, ACCORD_LITERAL("the checkpoint's origin"));
        accord_error_expected(error, last.origin);
        accord_error_found(error, round->claim.origin);
        return ACCORD_WRONG_KEY;
    }
    position->size = last.size;
    memcpy(position->root, last.root, sizeof position->root);
    return ACCORD_OK;
}

static enum accord_status hash_failed(const struct round *round, enum accord_status status, struct accord_error *error)
{
    const struct accord_error *found = accord_reader_error(round->pull->reader);
    if (found->status == ACCORD_OK)
        return accord_fail(error, status, 0);
    if (error != NULL)
        *error = *found;
    return found->status;
}

/* Does the tree grow out of the one before, and does the target accept it? */
static enum accord_status take_tree(struct round *round, struct accord_pulled *pulled, struct accord_error *error)
{
    struct accord_position position;
    struct accord_merkle_proof proof = {.count = 0};
    struct accord_hash_source source = accord_reader_hashes(round->pull->reader);
    enum accord_status status = read_last(round, pulled, &position, error);
    if (status != ACCORD_OK)
        return status;
    uint64_t old_size = position.size;
    status = accord_follow_tree(&position, round->pull->reader, round->pull->crypto, &round->claim, error);
    if (status == ACCORD_OK && old_size > 0) {
        status = accord_consistency_prove(round->pull->crypto, &source, old_size, round->claim.size, &proof);
        if (status != ACCORD_OK)
            return hash_failed(round, status, error);
    }
    return status == ACCORD_OK ? round->target->accept(round->target->context, old_size, &proof, &round->claim, error)
                               : status;
}

/* Entries */

static enum accord_status not_in_tree(const struct accord_tile *tile, struct accord_error *error)
{
    accord_object_fail(error, ACCORD_INCLUSION, tile);
    accord_error_expected(error, ACCORD_LITERAL("entries that the checkpoint's tree holds"));
    return ACCORD_INCLUSION;
}

/* Is the subtree of these entries, and of those before them in their bundle that are held, one of the tree's? */
static enum accord_status prove(const struct round *round, const struct accord_tile *tile, uint64_t first,
                                uint64_t count, struct accord_error *error)
{
    const struct accord_crypto *crypto = round->pull->crypto;
    struct accord_hash_source source = accord_reader_hashes(round->pull->reader);
    struct accord_merkle_proof proof;
    uint8_t hash[ACCORD_HASH_SIZE];
    uint64_t start = tile->index * ACCORD_TILE_WIDTH, end = start + tile->width, size = round->claim.size;
    enum accord_status status =
        round->target->subtree(round->target->context, first,
                               (const uint8_t(*)[ACCORD_HASH_SIZE])round->leaves + (first - start), count, hash, error);
    if (status != ACCORD_OK)
        return status;
    status = accord_subtree_prove(crypto, &source, start, end, size, &proof);
    if (status != ACCORD_OK)
        return hash_failed(round, status, error);
    if (accord_subtree_verify(crypto, start, end, size, hash, &proof, round->claim.root) != ACCORD_OK)
        return not_in_tree(tile, error);
    return ACCORD_OK;
}

/* Copies the rest of the bundle in which the first entry that is not held lies. */
static enum accord_status copy_bundle(struct round *round, uint64_t first, struct accord_pulled *pulled,
                                      struct accord_error *error)
{
    struct accord_tile tile = {true, 0, first / ACCORD_TILE_WIDTH, 0};
    unsigned skip = (unsigned)(first % ACCORD_TILE_WIDTH);
    size_t cursor = 0;
    struct accord_bytes entry;
    tile.width = accord_tile_width(0, tile.index, round->claim.size);
    enum accord_status status =
        accord_object_read(accord_reader_store(round->pull->reader), &tile, &round->bundle, error);
    if (status != ACCORD_OK)
        return status;
    const struct accord_bytes bytes = accord_buffer_bytes(&round->bundle);
    if (!accord_copy_hash(round->pull->crypto, bytes, tile.width, round->leaves))
        return not_in_tree(&tile, error);
    for (unsigned i = 0; i < skip; i++)
        (void)accord_bundle_next(bytes, &cursor, &entry);
    uint64_t count = tile.width - skip;
    status = prove(round, &tile, first, count, error);
    if (status == ACCORD_OK)
        status = round->target->put(round->target->context, first,
                                    (struct accord_bytes){bytes.data + cursor, bytes.size - cursor},
                                    (const uint8_t(*)[ACCORD_HASH_SIZE])round->leaves + skip, count, error);
    pulled->put += status == ACCORD_OK ? count : 0;
    return status;
}

static enum accord_status copy_entries(struct round *round, struct accord_pulled *pulled, struct accord_error *error)
{
    const struct accord_pull *pull = round->pull;
    uint64_t next = round->target->next(round->target->context);
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && next < round->claim.size) {
        pulled->stopped = pull->stop != NULL && pull->stop(pull->context);
        if (pulled->stopped)
            return ACCORD_OK;
        status = copy_bundle(round, next, pulled, error);
        next = round->target->next(round->target->context);
        if (status == ACCORD_OK && pull->progress != NULL)
            pull->progress(pull->context, next, round->claim.size);
    }
    return status;
}

/* What was held beyond the published tree when the round began was proven in another tree, or left by a process that
 * died. Where it turns out to be none of this one's the target drops it, and it is brought again, once. */
static enum accord_status copy_and_publish(struct round *round, struct accord_pulled *pulled,
                                           struct accord_error *error)
{
    bool again = true;
    for (;;) {
        enum accord_status status = copy_entries(round, pulled, error);
        if (status != ACCORD_OK || pulled->stopped)
            return status;
        status = round->target->publish(round->target->context, &round->claim, &pulled->changed, error);
        bool dropped = round->target->next(round->target->context) < round->claim.size;
        if (status != ACCORD_CONSISTENCY || !dropped || !again)
            return status;
        again = false;
    }
}

enum accord_status accord_pull_checkpoint(const struct accord_pull *pull, struct accord_pulled *pulled,
                                          struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    enum accord_status status = accord_reader_checkpoint(pull->reader, &pulled->note, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(claim, accord_buffer_bytes(&pulled->note), error);
    if (status == ACCORD_OK)
        status = pull->judge.judge(pull->judge.context, claim, error);
    if (status == ACCORD_OK)
        status = check_empty(pull->crypto, claim, error);
    if (status != ACCORD_OK)
        pulled->note.size = 0;
    pulled->size = status == ACCORD_OK ? claim->size : 0;
    return status;
}

enum accord_status accord_pull_round(const struct accord_pull *pull, struct accord_pulled *pulled,
                                     struct accord_error *error)
{
    struct round round = {.pull = pull, .target = pull->target};
    accord_buffer_init(&round.bundle, ACCORD_BUNDLE_SIZE_MAX);
    pulled->held = round.target->next(round.target->context);
    enum accord_status status = accord_pull_checkpoint(pull, pulled, &round.claim, error);
    if (status == ACCORD_OK)
        status = take_tree(&round, pulled, error);
    if (status == ACCORD_OK)
        status = copy_and_publish(&round, pulled, error);
    accord_buffer_free(&round.bundle);
    return status;
}
