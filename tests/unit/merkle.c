/* Merkle trees: hashes that others published, the ends of the number range, sources that fail. Trees of every small
 * size are in tests/property/trees.c, proofs made by Go in vectors_proofs of proof.c. */
#include "slices.h"

#include "accord/merkle.h"
#include "core/text.h"
#include "crypto/backend.h"

static const struct accord_crypto *crypto = &accord_crypto_default;

static void assert_hash(const uint8_t hash[ACCORD_HASH_SIZE], const char *hex)
{
    uint8_t digits[64];
    struct accord_out out = {digits, sizeof digits, 0, false};
    accord_put_hex(&out, (struct accord_bytes){hash, ACCORD_HASH_SIZE});
    assert_slice(accord_out_bytes(&out), hex);
}

/* From the tests of Certificate Transparency's first implementation, as RFC 9162 readers know them. */
static void hashes(void **state)
{
    (void)state;
    uint8_t hash[ACCORD_HASH_SIZE], left[ACCORD_HASH_SIZE], right[ACCORD_HASH_SIZE];
    accord_merkle_empty_root(crypto, hash);
    assert_hash(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    accord_merkle_leaf(crypto, slice(""), left);
    assert_hash(left, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    accord_merkle_leaf(crypto, (struct accord_bytes){(const uint8_t *)"", 1}, right);
    assert_hash(right, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
    accord_merkle_node(crypto, left, right, hash);
    assert_hash(hash, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    accord_merkle_node(crypto, left, right, left); /* the result may lie over an operand */
    assert_memory_equal(left, hash, sizeof hash);
}

/* A source of a tree all of whose leaves are alike: then a subtree's hash depends on its level alone. */
struct uniform {
    uint8_t hash[64][ACCORD_HASH_SIZE];
    uint64_t size;
    unsigned reads, fail_at;
};

static enum accord_status read_uniform(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct uniform *uniform = context;
    assert_true(level < 64 && index < uniform->size >> level);
    memcpy(hash, uniform->hash[level], ACCORD_HASH_SIZE);
    return ++uniform->reads == uniform->fail_at ? ACCORD_IO : ACCORD_OK;
}

static struct uniform uniform_tree(uint64_t size)
{
    struct uniform uniform = {.size = size};
    accord_merkle_leaf(crypto, slice("same"), uniform.hash[0]);
    for (unsigned i = 1; i < 64; i++)
        accord_merkle_node(crypto, uniform.hash[i - 1], uniform.hash[i - 1], uniform.hash[i]);
    return uniform;
}

static void huge_trees(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {(uint64_t)1 << 32, ((uint64_t)1 << 62) + 1, INT64_MAX - 1, INT64_MAX,
                                     (uint64_t)1 << 63};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct uniform uniform = uniform_tree(sizes[i]);
        struct accord_hash_source source = {&uniform, read_uniform};
        struct accord_merkle_proof proof;
        uint8_t root[ACCORD_HASH_SIZE], old_root[ACCORD_HASH_SIZE];
        assert_int_equal(accord_root_compute(crypto, &source, sizes[i], root), ACCORD_OK);
        const uint64_t places[] = {0, 1, 12345, sizes[i] / 2, sizes[i] - 2, sizes[i] - 1};
        for (size_t j = 0; j < sizeof places / sizeof places[0]; j++) {
            assert_int_equal(accord_inclusion_prove(crypto, &source, places[j], sizes[i], &proof), ACCORD_OK);
            assert_int_equal(accord_inclusion_verify(crypto, places[j], sizes[i], uniform.hash[0], &proof, root),
                             ACCORD_OK);
            if (proof.count > 0) {
                proof.count--;
                assert_int_equal(accord_inclusion_verify(crypto, places[j], sizes[i], uniform.hash[0], &proof, root),
                                 ACCORD_INCLUSION);
            }
            if (places[j] == 0)
                continue;
            assert_int_equal(accord_root_compute(crypto, &source, places[j], old_root), ACCORD_OK);
            enum accord_status status = accord_consistency_prove(crypto, &source, places[j], sizes[i], &proof);
            if (status == ACCORD_OK) {
                status = accord_consistency_verify(crypto, places[j], sizes[i], old_root, root, &proof);
                assert_int_equal(status, ACCORD_OK);
            } else { /* from an odd size, a proof in the largest trees has 64 hashes */
                assert_int_equal(status, ACCORD_TOO_LARGE);
                assert_true(sizes[i] > (uint64_t)1 << 62 && places[j] % 2 == 1);
            }
        }
    }
}

static void proofs_of_64_hashes(void **state)
{
    (void)state;
    struct uniform uniform = uniform_tree(INT64_MAX);
    struct accord_hash_source source = {&uniform, read_uniform};
    struct accord_merkle_proof proof = {.count = ACCORD_PROOF_HASHES_MAX + 1};
    uint8_t root[ACCORD_HASH_SIZE] = {0};
    assert_int_equal(accord_consistency_prove(crypto, &source, 5, INT64_MAX, &proof), ACCORD_TOO_LARGE);
    assert_int_equal(accord_consistency_prove(crypto, &source, 5, (uint64_t)1 << 62, &proof), ACCORD_OK);
    assert_int_equal(proof.count, ACCORD_PROOF_HASHES_MAX);
    proof.count = ACCORD_PROOF_HASHES_MAX + 1;
    assert_int_equal(accord_inclusion_verify(crypto, 0, INT64_MAX, root, &proof, root), ACCORD_INCLUSION);
    assert_int_equal(accord_consistency_verify(crypto, 5, INT64_MAX, root, root, &proof), ACCORD_CONSISTENCY);
}

/* Whatever read fails, the failure comes out. */
static void failing_source(void **state)
{
    (void)state;
    struct uniform uniform = uniform_tree(1000);
    struct accord_hash_source source = {&uniform, read_uniform};
    struct accord_merkle_proof proof;
    uint8_t root[ACCORD_HASH_SIZE];
    for (int what = 0; what < 3; what++) {
        enum accord_status status = ACCORD_IO;
        unsigned reads;
        for (reads = 1; status == ACCORD_IO; reads++) {
            uniform.reads = 0;
            uniform.fail_at = reads;
            status = what == 0   ? accord_inclusion_prove(crypto, &source, 7, 1000, &proof)
                     : what == 1 ? accord_consistency_prove(crypto, &source, 777, 1000, &proof)
                                 : accord_root_compute(crypto, &source, 1000, root);
        }
        assert_int_equal(status, ACCORD_OK);
        assert_true(reads > 6);
    }
}

static void ends_of_consistency(void **state)
{
    (void)state;
    struct accord_merkle_proof empty = {0}, one = {.count = 1};
    const uint8_t a[ACCORD_HASH_SIZE] = {1}, b[ACCORD_HASH_SIZE] = {2};
    assert_int_equal(accord_consistency_verify(crypto, 0, 9, a, b, &empty), ACCORD_OK);
    assert_int_equal(accord_consistency_verify(crypto, 0, 9, a, b, &one), ACCORD_CONSISTENCY);
    assert_int_equal(accord_consistency_verify(crypto, 0, 0, a, b, &empty), ACCORD_OK);
    assert_int_equal(accord_consistency_verify(crypto, 9, 9, a, a, &empty), ACCORD_OK);
    assert_int_equal(accord_consistency_verify(crypto, 9, 9, a, b, &empty), ACCORD_CONSISTENCY);
    assert_int_equal(accord_consistency_verify(crypto, 9, 9, a, a, &one), ACCORD_CONSISTENCY);
    assert_int_equal(accord_consistency_verify(crypto, 9, 8, a, a, &empty), ACCORD_CONSISTENCY);
    assert_int_equal(accord_consistency_verify(crypto, 7, 8, a, a, &empty), ACCORD_CONSISTENCY);
    assert_int_equal(accord_consistency_verify(crypto, 8, 9, a, a, &empty), ACCORD_CONSISTENCY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes),         cmocka_unit_test(huge_trees),          cmocka_unit_test(proofs_of_64_hashes),
        cmocka_unit_test(failing_source), cmocka_unit_test(ends_of_consistency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
