/* Following a log. Knows what one tree must have to do with the one before, and a bundle with its tree; refuses to know
 * whose signature makes a tree worth following. */
#include "follow/follower.h"

#include <string.h>

#include "accord/tile.h"
#include "core/text.h"

#define HEADER ACCORD_LITERAL("accord follow 1\n")

static enum accord_status hash_failed(const struct accord_reader *reader, enum accord_status status,
                                      struct accord_error *error)
{
    if (error != NULL)
        *error = *accord_reader_error(reader);
    return error != NULL && error->status != ACCORD_OK ? error->status : accord_fail(error, status, 0);
}

static enum accord_status check_growth(const struct accord_position *position, struct accord_reader *reader,
                                       const struct accord_crypto *crypto, const struct accord_checkpoint_claim *tree,
                                       struct accord_error *error)
{
    struct accord_merkle_proof proof;
    struct accord_hash_source source = accord_reader_hashes(reader);
    enum accord_status status = accord_consistency_prove(crypto, &source, position->size, tree->size, &proof);
    if (status != ACCORD_OK)
        return hash_failed(reader, status, error);
    status = accord_consistency_verify(crypto, position->size, tree->size, position->root, tree->root, &proof);
    if (status == ACCORD_OK)
        return ACCORD_OK;
    accord_fail(error, status, 0);
    accord_error_what(error, tree->origin);
    accord_error_expected_number(error, position->size);
    accord_error_found_number(error, tree->size);
    return status;
}

enum accord_status accord_follow_tree(struct accord_position *position, struct accord_reader *reader,
                                      const struct accord_crypto *crypto, const struct accord_checkpoint_claim *tree,
                                      struct accord_error *error)
{
    if (tree->size < position->size) {
        accord_fail(error, ACCORD_ROLLBACK, 0);
        accord_error_what(error, tree->origin);
        accord_error_expected_number(error, position->size);
        accord_error_found_number(error, tree->size);
        return ACCORD_ROLLBACK;
    }
    accord_reader_set_size(reader, tree->size);
    enum accord_status status = position->size == 0 ? ACCORD_OK : check_growth(position, reader, crypto, tree, error);
    if (status != ACCORD_OK)
        return status;
    position->size = tree->size;
    memcpy(position->root, tree->root, ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

/* A bundle's entries and hashes, as they were read. */
struct bundle {
    uint64_t start, end; /* indexes */
    uint8_t leaves[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
    size_t ends[ACCORD_TILE_WIDTH]; /* of each entry in the bytes */
    struct accord_buffer bytes;
};

static enum accord_status read_bundle(struct bundle *bundle, struct accord_reader *reader,
                                      const struct accord_crypto *crypto, struct accord_error *error)
{
    for (uint64_t index = bundle->start; index < bundle->end; index++) {
        size_t before = bundle->bytes.size, place = (size_t)(index - bundle->start);
        enum accord_status status = accord_reader_entry(reader, index, &bundle->bytes, error);
        if (status != ACCORD_OK)
            return status;
        bundle->ends[place] = bundle->bytes.size;
        const struct accord_bytes entry = {bundle->bytes.data + before, bundle->bytes.size - before};
        accord_merkle_leaf(crypto, entry, bundle->leaves[place]);
    }
    return ACCORD_OK;
}

/* A bundle is a subtree of the tree: one proof holds for all of its entries. */
static enum accord_status prove_bundle(const struct bundle *bundle, const struct accord_position *position,
                                       struct accord_reader *reader, const struct accord_crypto *crypto,
                                       struct accord_error *error)
{
    struct accord_merkle_proof proof;
    struct accord_frontier frontier = {0};
    uint8_t hash[ACCORD_HASH_SIZE];
    struct accord_hash_source source = accord_reader_hashes(reader);
    for (uint64_t index = bundle->start; index < bundle->end; index++)
        accord_frontier_append(crypto, &frontier, bundle->leaves[index - bundle->start], NULL, NULL);
    accord_frontier_root(crypto, &frontier, hash);
    enum accord_status status =
        accord_subtree_prove(crypto, &source, bundle->start, bundle->end, position->size, &proof);
    if (status != ACCORD_OK)
        return hash_failed(reader, status, error);
    status = accord_subtree_verify(crypto, bundle->start, bundle->end, position->size, hash, &proof, position->root);
    if (status == ACCORD_OK)
        return ACCORD_OK;
    accord_fail(error, ACCORD_INCLUSION, 0);
    accord_error_what(error, ACCORD_LITERAL("the entries from this index on"));
    accord_error_found_number(error, bundle->start);
    return ACCORD_INCLUSION;
}

enum accord_status
accord_follow_bundle(struct accord_position *position, struct accord_reader *reader, const struct accord_crypto *crypto,
                     enum accord_status (*each)(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                                                struct accord_bytes entry, struct accord_error *error),
                     void *context, struct accord_error *error)
{
    struct bundle bundle;
    if (position->next >= position->size)
        return ACCORD_OK;
    bundle.start = position->next - position->next % ACCORD_TILE_WIDTH;
    bundle.end = position->size - bundle.start < ACCORD_TILE_WIDTH ? position->size : bundle.start + ACCORD_TILE_WIDTH;
    accord_buffer_init(&bundle.bytes, ACCORD_BUNDLE_SIZE_MAX);
    enum accord_status status = read_bundle(&bundle, reader, crypto, error);
    if (status == ACCORD_OK)
        status = prove_bundle(&bundle, position, reader, crypto, error);
    while (status == ACCORD_OK && position->next < bundle.end) {
        size_t place = (size_t)(position->next - bundle.start), begin = place == 0 ? 0 : bundle.ends[place - 1];
        const struct accord_bytes entry = {bundle.bytes.data + begin, bundle.ends[place] - begin};
        status = each(context, position->next, bundle.leaves[place], entry, error);
        position->next += status == ACCORD_OK;
    }
    accord_buffer_free(&bundle.bytes);
    return status;
}

/* The file */

void accord_position_print(struct accord_out *out, struct accord_bytes origin, const struct accord_position *position)
{
    accord_put(out, HEADER);
    accord_put(out, ACCORD_LITERAL("origin "));
    accord_put(out, origin);
    accord_put(out, ACCORD_LITERAL("\nnext "));
    accord_put_decimal(out, position->next);
    accord_put(out, ACCORD_LITERAL("\nsize "));
    accord_put_decimal(out, position->size);
    accord_put(out, ACCORD_LITERAL("\nroot "));
    accord_put_base64(out, (struct accord_bytes){position->root, ACCORD_HASH_SIZE});
    accord_put_byte(out, '\n');
}

/* One `key value` line. */
static bool cut_value(struct accord_bytes *rest, struct accord_bytes key, struct accord_bytes *value)
{
    return accord_cut_prefix(rest, key) && accord_cut_line(rest, value);
}

enum accord_status accord_position_parse(struct accord_position *position, struct accord_bytes origin,
                                         struct accord_bytes text, struct accord_error *error)
{
    struct accord_bytes rest = text, name, next, size, root;
    bool sound = accord_cut_prefix(&rest, HEADER) && cut_value(&rest, ACCORD_LITERAL("origin "), &name) &&
                 cut_value(&rest, ACCORD_LITERAL("next "), &next) && cut_value(&rest, ACCORD_LITERAL("size "), &size) &&
                 cut_value(&rest, ACCORD_LITERAL("root "), &root) && rest.size == 0 &&
                 accord_decimal_read(next, &position->next) && accord_decimal_read(size, &position->size) &&
                 accord_base64_read(root, position->root, ACCORD_HASH_SIZE) && position->next <= position->size;
    if (sound && (origin.data == NULL || accord_bytes_equal(name, origin)))
        return ACCORD_OK;
    memset(position, 0, sizeof *position);
    accord_fail(error, ACCORD_STATE, 0);
    accord_error_expected(error, sound ? origin : ACCORD_LITERAL("the state of accord log follow"));
    if (sound)
        accord_error_found(error, name);
    return ACCORD_STATE;
}
