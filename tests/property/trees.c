/* Every tree of 0 to 1,024 leaves against the recursive definitions of RFC 6962, sections 2.1 to 2.1.2, written down as
 * they stand there: every root, every inclusion proof, every consistency proof, and samples of each one damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "accord/merkle.h"
#include "crypto/backend.h"

#define SIZE_MAX_TESTED 1024U
#define LEVELS 11
#define SAMPLE 61 /* one proof in so many is damaged in every way; prime, so samples meet all shapes */

typedef uint8_t hash_t[ACCORD_HASH_SIZE];

static const struct accord_crypto *crypto = &accord_crypto_default;

/* What was computed before, by the first leaf and the one after the last: the definition is recursive, not slow. */
static hash_t memo[SIZE_MAX_TESTED][SIZE_MAX_TESTED + 1];
static bool known[SIZE_MAX_TESTED][SIZE_MAX_TESTED + 1];
static hash_t roots[SIZE_MAX_TESTED + 1];

/* What the frontier stored: the source of our own proofs. */
static hash_t nodes[LEVELS][SIZE_MAX_TESTED];
static unsigned stored;

static size_t entry_of(size_t index, uint8_t entry[8])
{
    for (size_t i = 0; i < 8; i++)
        entry[i] = (uint8_t)(index >> (i % 2 * 8));
    return index % 9;
}

/* "k is the largest power of two smaller than n" */
static size_t split(size_t n)
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static const uint8_t *mth(size_t begin, size_t end)
{
    uint8_t *hash = memo[begin][end];
    if (known[begin][end])
        return hash;
    if (end - begin == 1) {
        uint8_t data[9] = {0};
        size_t size = entry_of(begin, data + 1);
        accord_hash(crypto, (struct accord_bytes){data, 1 + size}, hash);
    } else {
        size_t k = split(end - begin);
        uint8_t data[65] = {1};
        memcpy(data + 1, mth(begin, begin + k), 32);
        memcpy(data + 33, mth(begin + k, end), 32);
        accord_hash(crypto, (struct accord_bytes){data, sizeof data}, hash);
    }
    known[begin][end] = true;
    return hash;
}

static void add(struct accord_merkle_proof *proof, const uint8_t *hash)
{
    memcpy(proof->hash[proof->count++], hash, ACCORD_HASH_SIZE);
}

static void path(struct accord_merkle_proof *proof, size_t m, size_t begin, size_t end)
{
    if (end - begin == 1)
        return;
    size_t k = split(end - begin);
    if (m < k) {
        path(proof, m, begin, begin + k);
        add(proof, mth(begin + k, end));
    } else {
        path(proof, m - k, begin + k, end);
        add(proof, mth(begin, begin + k));
    }
}

static void subproof(struct accord_merkle_proof *proof, size_t m, size_t begin, size_t end, bool whole)
{
    if (m == end - begin) {
        if (!whole)
            add(proof, mth(begin, end));
        return;
    }
    size_t k = split(end - begin);
    if (m <= k) {
        subproof(proof, m, begin, begin + k, whole);
        add(proof, mth(begin + k, end));
    } else {
        subproof(proof, m - k, begin + k, end, false);
        add(proof, mth(begin, begin + k));
    }
}

static void store(void *context, unsigned level, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE])
{
    assert_ptr_equal(context, &stored);
    assert_true(level < LEVELS && index < SIZE_MAX_TESTED >> level);
    memcpy(nodes[level][index], hash, ACCORD_HASH_SIZE);
    stored++;
}

static uint64_t tree_size; /* of the tree that is read: a proof of it must not look beyond it */

static enum accord_status read_node(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    (void)context;
    assert_true(level < LEVELS && (index + 1) << level <= tree_size);
    memcpy(hash, nodes[level][index], ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

static const struct accord_hash_source source = {NULL, read_node};

static void assert_proofs_equal(const struct accord_merkle_proof *a, const struct accord_merkle_proof *b)
{
    if (a->count != b->count || memcmp(a->hash, b->hash, a->count * ACCORD_HASH_SIZE) != 0)
        fail_msg("the proofs differ");
}

static void every_root(void **state)
{
    (void)state;
    struct accord_frontier frontier = {0};
    hash_t root, leaf;
    for (size_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        if (size == 0)
            accord_hash(crypto, (struct accord_bytes){NULL, 0}, roots[0]);
        else
            memcpy(roots[size], mth(0, size), sizeof roots[size]);
        tree_size = size;
        accord_frontier_root(crypto, &frontier, root);
        assert_memory_equal(root, roots[size], sizeof root);
        memset(root, 0, sizeof root);
        assert_int_equal(accord_root_compute(crypto, &source, size, root), ACCORD_OK);
        assert_memory_equal(root, roots[size], sizeof root);
        assert_int_equal(frontier.size, size);
        if (size < SIZE_MAX_TESTED) {
            uint8_t entry[8];
            size_t entry_size = entry_of(size, entry);
            accord_merkle_leaf(crypto, (struct accord_bytes){entry, entry_size}, leaf);
            accord_frontier_append(crypto, &frontier, leaf, store, &stored);
        }
    }
    assert_int_equal(stored, 2 * SIZE_MAX_TESTED - 1);
}

/* The ways to damage a proof: one bit flipped anywhere, a hash missing at any place, one more at any place. */
static bool damage(struct accord_merkle_proof *proof, size_t way)
{
    size_t count = proof->count;
    if (way < count) {
        proof->hash[way][way * 7 % 32] ^= (uint8_t)(1 << way % 8);
        return true;
    }
    way -= count;
    if (way < count) {
        memmove(proof->hash[way], proof->hash[way + 1], (count - 1 - way) * ACCORD_HASH_SIZE);
        proof->count--;
        return true;
    }
    way -= count;
    if (way > count)
        return false;
    memmove(proof->hash[way + 1], proof->hash[way], (count - way) * ACCORD_HASH_SIZE);
    memset(proof->hash[way], 0, ACCORD_HASH_SIZE);
    proof->count++;
    return true;
}

static void damaged_inclusion(size_t index, size_t size, const struct accord_merkle_proof *proof)
{
    const uint8_t *leaf = mth(index, index + 1);
    struct accord_merkle_proof copy = *proof;
    for (size_t way = 0; damage(&copy, way); way++, copy = *proof)
        if (accord_inclusion_verify(crypto, index, size, leaf, &copy, roots[size]) != ACCORD_INCLUSION)
            fail_msg("leaf %zu of %zu, damaged in way %zu, verifies", index, size, way);
    hash_t other;
    memcpy(other, leaf, sizeof other);
    other[31] ^= 128;
    assert_int_equal(accord_inclusion_verify(crypto, index, size, other, proof, roots[size]), ACCORD_INCLUSION);
    assert_int_equal(accord_inclusion_verify(crypto, index, size, leaf, proof, other), ACCORD_INCLUSION);
    assert_int_equal(accord_inclusion_verify(crypto, index ^ 1, size, leaf, proof, roots[size]),
                     size == 1 || (index ^ 1) >= size ? ACCORD_WRONG_INDEX : ACCORD_INCLUSION);
}

static void every_inclusion_proof(void **state)
{
    (void)state;
    struct accord_merkle_proof naive, ours;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        tree_size = size;
        for (size_t index = 0; index < size; index++) {
            naive.count = 0;
            path(&naive, index, 0, size);
            assert_int_equal(accord_inclusion_prove(crypto, &source, index, size, &ours), ACCORD_OK);
            assert_proofs_equal(&ours, &naive);
            if (accord_inclusion_verify(crypto, index, size, mth(index, index + 1), &naive, roots[size]) != ACCORD_OK)
                fail_msg("leaf %zu of %zu does not verify", index, size);
            if ((size * SIZE_MAX_TESTED + index) % SAMPLE == 0 || size < 12)
                damaged_inclusion(index, size, &naive);
        }
        assert_int_equal(accord_inclusion_prove(crypto, &source, size, size, &ours), ACCORD_WRONG_INDEX);
        assert_int_equal(accord_inclusion_verify(crypto, size, size, roots[size], &naive, roots[size]),
                         ACCORD_WRONG_INDEX);
    }
}

static void damaged_consistency(size_t old_size, size_t new_size, const struct accord_merkle_proof *proof)
{
    struct accord_merkle_proof copy = *proof;
    for (size_t way = 0; damage(&copy, way); way++, copy = *proof)
        if (accord_consistency_verify(crypto, old_size, new_size, roots[old_size], roots[new_size], &copy) !=
            ACCORD_CONSISTENCY)
            fail_msg("%zu to %zu, damaged in way %zu, verifies", old_size, new_size, way);
    if (old_size == 0)
        return;
    hash_t other;
    memcpy(other, roots[old_size], sizeof other);
    other[0] ^= 1;
    assert_int_equal(accord_consistency_verify(crypto, old_size, new_size, other, roots[new_size], proof),
                     ACCORD_CONSISTENCY);
    memcpy(other, roots[new_size], sizeof other);
    other[0] ^= 1;
    assert_int_equal(accord_consistency_verify(crypto, old_size, new_size, roots[old_size], other, proof),
                     ACCORD_CONSISTENCY);
    if (old_size < new_size)
        assert_int_equal(accord_consistency_verify(crypto, new_size, old_size, roots[new_size], roots[old_size], proof),
                         ACCORD_CONSISTENCY);
}

static void every_consistency_proof(void **state)
{
    (void)state;
    struct accord_merkle_proof naive, ours;
    for (size_t new_size = 0; new_size <= SIZE_MAX_TESTED; new_size++) {
        tree_size = new_size;
        for (size_t old_size = 0; old_size <= new_size; old_size++) {
            naive.count = 0;
            if (old_size > 0)
                subproof(&naive, old_size, 0, new_size, true);
            assert_int_equal(accord_consistency_prove(crypto, &source, old_size, new_size, &ours), ACCORD_OK);
            assert_proofs_equal(&ours, &naive);
            if (accord_consistency_verify(crypto, old_size, new_size, roots[old_size], roots[new_size], &naive) !=
                ACCORD_OK)
                fail_msg("%zu to %zu does not verify", old_size, new_size);
            if ((new_size * SIZE_MAX_TESTED + old_size) % SAMPLE == 0 || new_size < 12)
                damaged_consistency(old_size, new_size, &naive);
        }
        assert_int_equal(accord_consistency_prove(crypto, &source, new_size + 1, new_size, &ours), ACCORD_CONSISTENCY);
    }
}

/* draft-ietf-plants-merkle-tree-certs-03, section 4.1, as it stands there. */
static bool is_subtree(size_t start, size_t end)
{
    size_t ceiling = 1;
    while (ceiling < end - start)
        ceiling *= 2;
    return start % ceiling == 0;
}

/* Section 4.4.1, SUBTREE_SUBPROOF(start, end, D[begin:begin + n], whole). */
static void subtree_subproof(struct accord_merkle_proof *proof, size_t start, size_t end, size_t begin, size_t n,
                             bool whole)
{
    if (start == 0 && end == n) {
        if (!whole)
            add(proof, mth(begin, begin + n));
        return;
    }
    size_t k = split(n);
    if (end <= k) {
        subtree_subproof(proof, start, end, begin, k, whole);
        add(proof, mth(begin + k, begin + n));
    } else if (k <= start) {
        subtree_subproof(proof, start - k, end - k, begin + k, n - k, whole);
        add(proof, mth(begin, begin + k));
    } else {
        subtree_subproof(proof, 0, end - k, begin + k, n - k, false);
        add(proof, mth(begin, begin + k));
    }
}

static void damaged_subtree(size_t start, size_t end, size_t size, const struct accord_merkle_proof *proof)
{
    struct accord_merkle_proof copy = *proof;
    for (size_t way = 0; damage(&copy, way); way++, copy = *proof)
        if (accord_subtree_verify(crypto, start, end, size, mth(start, end), &copy, roots[size]) != ACCORD_CONSISTENCY)
            fail_msg("%zu to %zu of %zu, damaged in way %zu, verifies", start, end, size, way);
    hash_t other;
    memcpy(other, mth(start, end), sizeof other);
    other[0] ^= 1;
    assert_int_equal(accord_subtree_verify(crypto, start, end, size, other, proof, roots[size]), ACCORD_CONSISTENCY);
    memcpy(other, roots[size], sizeof other);
    other[31] ^= 128;
    assert_int_equal(accord_subtree_verify(crypto, start, end, size, mth(start, end), proof, other),
                     ACCORD_CONSISTENCY);
}

#define SUBTREES_OF 200U

static void every_subtree_proof(void **state)
{
    (void)state;
    struct accord_merkle_proof naive, ours;
    for (size_t size = 1; size <= SUBTREES_OF; size++) {
        tree_size = size;
        for (size_t start = 0; start < size; start++) {
            for (size_t end = start + 1; end <= size; end++) {
                assert_int_equal(accord_subtree_valid(start, end, size), is_subtree(start, end));
                enum accord_status status = accord_subtree_prove(crypto, &source, start, end, size, &ours);
                assert_int_equal(status, is_subtree(start, end) ? ACCORD_OK : ACCORD_WRONG_INDEX);
                if (status != ACCORD_OK)
                    continue;
                naive.count = 0;
                subtree_subproof(&naive, start, end, 0, size, true);
                assert_proofs_equal(&ours, &naive);
                if (accord_subtree_verify(crypto, start, end, size, mth(start, end), &naive, roots[size]) != ACCORD_OK)
                    fail_msg("%zu to %zu of %zu does not verify", start, end, size);
                if ((size * SUBTREES_OF + start) % SAMPLE == 0 || size < 12)
                    damaged_subtree(start, end, size, &naive);
            }
        }
        assert_false(accord_subtree_valid(0, size + 1, size));
        assert_false(accord_subtree_valid(size, size, size));
    }
    assert_true(accord_subtree_valid(UINT64_MAX - 1, UINT64_MAX, UINT64_MAX));
    assert_true(accord_subtree_valid(0, UINT64_MAX, UINT64_MAX));
    assert_false(accord_subtree_valid(1, UINT64_MAX, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_root), /* first: it fills what the others read */
        cmocka_unit_test(every_inclusion_proof),
        cmocka_unit_test(every_consistency_proof),
        cmocka_unit_test(every_subtree_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
