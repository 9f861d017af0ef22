/* Merkle trees (RFC 6962, section 2.1). Knows leaves by their place and their hash; not where hashes are kept (tile.c
 * names the places, the caller reads them), and not who vouches for a root (policy.c). Every walk goes from a leaf up
 * to the root, one level a step, so no loop runs more than 64 times. */
#include "accord/merkle.h"

#include <string.h>

static bool equal(const uint8_t a[ACCORD_HASH_SIZE], const uint8_t b[ACCORD_HASH_SIZE])
{
    return memcmp(a, b, ACCORD_HASH_SIZE) == 0;
}

void accord_merkle_leaf(const struct accord_crypto *crypto, struct accord_bytes entry, uint8_t hash[ACCORD_HASH_SIZE])
{
    static const uint8_t prefix = 0;
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, &prefix, 1);
    crypto->sha256_update(&sha, entry.data, entry.size);
    crypto->sha256_final(&sha, hash);
}

void accord_merkle_node(const struct accord_crypto *crypto, const uint8_t left[ACCORD_HASH_SIZE],
                        const uint8_t right[ACCORD_HASH_SIZE], uint8_t hash[ACCORD_HASH_SIZE])
{
    uint8_t node[1 + 2 * ACCORD_HASH_SIZE];
    struct accord_sha256 sha;
    node[0] = 1;
    memcpy(node + 1, left, ACCORD_HASH_SIZE);
    memcpy(node + 1 + ACCORD_HASH_SIZE, right, ACCORD_HASH_SIZE);
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, node, sizeof node);
    crypto->sha256_final(&sha, hash);
}

void accord_merkle_empty_root(const struct accord_crypto *crypto, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_final(&sha, hash);
}

/* A node on the way up, and the last node of its level: the node is on the right edge where they are the same. */
struct climb {
    uint64_t node, last;
    unsigned level;
};

static void step(struct climb *climb)
{
    climb->node >>= 1;
    climb->last >>= 1;
    climb->level++;
}

/* Climbs past the levels on which a node of the right edge has no sibling: it is its own parent there. */
static void skip_only_children(struct climb *climb)
{
    while (climb->node == climb->last && climb->last != 0 && (climb->node & 1) == 0)
        step(climb);
}

enum accord_status accord_inclusion_verify(const struct accord_crypto *crypto, uint64_t index, uint64_t size,
                                           const uint8_t leaf[ACCORD_HASH_SIZE],
                                           const struct accord_merkle_proof *proof,
                                           const uint8_t root[ACCORD_HASH_SIZE])
{
    uint8_t hash[ACCORD_HASH_SIZE];
    if (index >= size)
        return ACCORD_WRONG_INDEX;
    if (proof->count > ACCORD_PROOF_HASHES_MAX)
        return ACCORD_INCLUSION;
    struct climb climb = {index, size - 1, 0};
    memcpy(hash, leaf, sizeof hash);
    for (size_t i = 0; i < proof->count; i++, step(&climb)) {
        skip_only_children(&climb);
        if (climb.last == 0)
            return ACCORD_INCLUSION;
        if (climb.node & 1)
            accord_merkle_node(crypto, proof->hash[i], hash, hash);
        else
            accord_merkle_node(crypto, hash, proof->hash[i], hash);
    }
    return climb.last == 0 && equal(hash, root) ? ACCORD_OK : ACCORD_INCLUSION;
}

/* The largest full subtree that ends where the old tree ends: both trees have it. It is where a consistency proof
 * starts. */
static struct climb old_edge(uint64_t old_size, uint64_t new_size)
{
    struct climb climb = {old_size - 1, new_size - 1, 0};
    while (climb.node & 1)
        step(&climb);
    return climb;
}

enum accord_status accord_consistency_verify(const struct accord_crypto *crypto, uint64_t old_size, uint64_t new_size,
                                             const uint8_t old_root[ACCORD_HASH_SIZE],
                                             const uint8_t new_root[ACCORD_HASH_SIZE],
                                             const struct accord_merkle_proof *proof)
{
    uint8_t old_hash[ACCORD_HASH_SIZE], new_hash[ACCORD_HASH_SIZE];
    if (old_size > new_size || proof->count > ACCORD_PROOF_HASHES_MAX)
        return ACCORD_CONSISTENCY;
    if (old_size == 0 || old_size == new_size)
        return proof->count == 0 && (old_size == 0 || equal(old_root, new_root)) ? ACCORD_OK : ACCORD_CONSISTENCY;
    struct climb climb = old_edge(old_size, new_size);
    size_t i = 0;
    if (climb.node == 0) { /* the old tree is that subtree, so its hash is known and not in the proof */
        memcpy(old_hash, old_root, sizeof old_hash);
    } else {
        if (proof->count == 0)
            return ACCORD_CONSISTENCY;
        memcpy(old_hash, proof->hash[i++], sizeof old_hash);
    }
    memcpy(new_hash, old_hash, sizeof new_hash);
    for (; i < proof->count; i++, step(&climb)) {
        skip_only_children(&climb);
        if (climb.last == 0)
            return ACCORD_CONSISTENCY;
        if (climb.node & 1) {
            accord_merkle_node(crypto, proof->hash[i], old_hash, old_hash);
            accord_merkle_node(crypto, proof->hash[i], new_hash, new_hash);
        } else {
            accord_merkle_node(crypto, new_hash, proof->hash[i], new_hash);
        }
    }
    return climb.last == 0 && equal(old_hash, old_root) && equal(new_hash, new_root) ? ACCORD_OK : ACCORD_CONSISTENCY;
}

/* The hash of the leaves from begin to end, where begin is a multiple of a power of two that is at least as large as
 * their number: the full subtrees that make it up, joined from the smallest, which is the last. */
static enum accord_status read_range(const struct accord_crypto *crypto, const struct accord_hash_source *source,
                                     uint64_t begin, uint64_t end, uint8_t hash[ACCORD_HASH_SIZE])
{
    bool first = true;
    for (unsigned level = 0; begin < end; level++) {
        uint8_t left[ACCORD_HASH_SIZE];
        bool whole = end - begin == (uint64_t)1 << level; /* then end may be a multiple of a higher power still */
        if ((end >> level & 1) == 0 && !whole)
            continue;
        enum accord_status status = source->read(source->context, level, (end >> level) - 1, left);
        if (status != ACCORD_OK)
            return status;
        if (first)
            memcpy(hash, left, ACCORD_HASH_SIZE);
        else
            accord_merkle_node(crypto, left, hash, hash);
        first = false;
        end -= (uint64_t)1 << level;
    }
    return ACCORD_OK;
}

static uint8_t *next_hash(struct accord_merkle_proof *proof)
{
    return proof->count < ACCORD_PROOF_HASHES_MAX ? proof->hash[proof->count++] : NULL;
}

/* Adds the siblings from here up to the root. Only the last node of a level may be less than a full subtree. */
static enum accord_status add_siblings(const struct accord_crypto *crypto, const struct accord_hash_source *source,
                                       struct climb climb, uint64_t size, struct accord_merkle_proof *proof)
{
    for (skip_only_children(&climb); climb.last != 0; step(&climb), skip_only_children(&climb)) {
        uint64_t sibling = climb.node ^ 1;
        uint8_t *hash = next_hash(proof);
        if (hash == NULL)
            return ACCORD_TOO_LARGE;
        enum accord_status status = sibling == climb.last
                                        ? read_range(crypto, source, sibling << climb.level, size, hash)
                                        : source->read(source->context, climb.level, sibling, hash);
        if (status != ACCORD_OK)
            return status;
    }
    return ACCORD_OK;
}

enum accord_status accord_inclusion_prove(const struct accord_crypto *crypto, const struct accord_hash_source *source,
                                          uint64_t index, uint64_t size, struct accord_merkle_proof *proof)
{
    proof->count = 0;
    if (index >= size)
        return ACCORD_WRONG_INDEX;
    return add_siblings(crypto, source, (struct climb){index, size - 1, 0}, size, proof);
}

enum accord_status accord_consistency_prove(const struct accord_crypto *crypto, const struct accord_hash_source *source,
                                            uint64_t old_size, uint64_t new_size, struct accord_merkle_proof *proof)
{
    proof->count = 0;
    if (old_size > new_size)
        return ACCORD_CONSISTENCY;
    if (old_size == 0 || old_size == new_size)
        return ACCORD_OK;
    struct climb climb = old_edge(old_size, new_size);
    if (climb.node != 0) {
        enum accord_status status = source->read(source->context, climb.level, climb.node, next_hash(proof));
        if (status != ACCORD_OK)
            return status;
    }
    return add_siblings(crypto, source, climb, new_size, proof);
}

bool accord_subtree_valid(uint64_t start, uint64_t end, uint64_t size)
{
    if (start >= end || end > size)
        return false;
    uint64_t below = end - start - 1; /* the smallest power of two that is not below their number, less one */
    for (unsigned shift = 1; shift < 64; shift *= 2)
        below |= below >> shift;
    return (start & below) == 0;
}

/* Where a subtree's proof starts: at the subtree itself, where the tree has it as a node (then *start has climbed as
 * far as the node), and else at the largest full subtree that ends where it ends. */
static struct climb subtree_edge(uint64_t *start, uint64_t end, uint64_t size)
{
    struct climb climb = {end - 1, size - 1, 0};
    bool ends_tree = climb.node == climb.last;
    for (; *start != climb.node && (ends_tree || (climb.node & 1) != 0); *start >>= 1)
        step(&climb);
    return climb;
}

enum accord_status accord_subtree_verify(const struct accord_crypto *crypto, uint64_t start, uint64_t end,
                                         uint64_t size, const uint8_t hash[ACCORD_HASH_SIZE],
                                         const struct accord_merkle_proof *proof, const uint8_t root[ACCORD_HASH_SIZE])
{
    uint8_t subtree[ACCORD_HASH_SIZE], tree[ACCORD_HASH_SIZE];
    if (!accord_subtree_valid(start, end, size))
        return ACCORD_WRONG_INDEX;
    if (proof->count > ACCORD_PROOF_HASHES_MAX)
        return ACCORD_CONSISTENCY;
    uint64_t first = start;
    struct climb climb = subtree_edge(&first, end, size);
    size_t i = 0;
    if (first != climb.node && proof->count == 0)
        return ACCORD_CONSISTENCY;
    memcpy(subtree, first == climb.node ? hash : proof->hash[i++], sizeof subtree);
    memcpy(tree, subtree, sizeof tree);
    for (; i < proof->count; i++, step(&climb)) {
        skip_only_children(&climb);
        if (climb.last == 0)
            return ACCORD_CONSISTENCY;
        if (climb.node & 1) {
            if (start >> climb.level < climb.node)
                accord_merkle_node(crypto, proof->hash[i], subtree, subtree);
            accord_merkle_node(crypto, proof->hash[i], tree, tree);
        } else {
            accord_merkle_node(crypto, tree, proof->hash[i], tree);
        }
    }
    return climb.last == 0 && equal(subtree, hash) && equal(tree, root) ? ACCORD_OK : ACCORD_CONSISTENCY;
}

enum accord_status accord_subtree_prove(const struct accord_crypto *crypto, const struct accord_hash_source *source,
                                        uint64_t start, uint64_t end, uint64_t size, struct accord_merkle_proof *proof)
{
    proof->count = 0;
    if (!accord_subtree_valid(start, end, size))
        return ACCORD_WRONG_INDEX;
    struct climb climb = subtree_edge(&start, end, size);
    if (start != climb.node) {
        enum accord_status status = source->read(source->context, climb.level, climb.node, next_hash(proof));
        if (status != ACCORD_OK)
            return status;
    }
    return add_siblings(crypto, source, climb, size, proof);
}

enum accord_status accord_root_compute(const struct accord_crypto *crypto, const struct accord_hash_source *source,
                                       uint64_t size, uint8_t root[ACCORD_HASH_SIZE])
{
    if (size == 0) {
        accord_merkle_empty_root(crypto, root);
        return ACCORD_OK;
    }
    return read_range(crypto, source, 0, size, root);
}

void accord_frontier_append(
    const struct accord_crypto *crypto, struct accord_frontier *frontier, const uint8_t leaf[ACCORD_HASH_SIZE],
    void (*store)(void *context, unsigned level, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE]), void *context)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    unsigned level = 0;
    if (frontier->size >= INT64_MAX) /* no log gets here: the caller's size is wrong */
        __builtin_trap();
    memcpy(hash, leaf, sizeof hash);
    if (store != NULL)
        store(context, 0, frontier->size, hash);
    for (; frontier->size >> level & 1; level++) {
        accord_merkle_node(crypto, frontier->hash[level], hash, hash);
        if (store != NULL)
            store(context, level + 1, frontier->size >> (level + 1), hash);
    }
    memcpy(frontier->hash[level], hash, sizeof hash);
    frontier->size++;
}

void accord_frontier_root(const struct accord_crypto *crypto, const struct accord_frontier *frontier,
                          uint8_t root[ACCORD_HASH_SIZE])
{
    bool first = true;
    if (frontier->size == 0)
        accord_merkle_empty_root(crypto, root);
    for (unsigned level = 0; level < 64; level++) {
        if ((frontier->size >> level & 1) == 0)
            continue;
        if (first)
            memcpy(root, frontier->hash[level], ACCORD_HASH_SIZE);
        else
            accord_merkle_node(crypto, frontier->hash[level], root, root);
        first = false;
    }
}
