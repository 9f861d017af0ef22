/* What the tests of the witness share: logs whose trees are made by the recursions of RFC 6962 as they are written
 * there, their checkpoints, and add-checkpoint requests. */
#ifndef ACCORD_TESTS_WITNESSING_H
#define ACCORD_TESTS_WITNESSING_H

#include "slices.h"

#include "accord/merkle.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/key.h"
#include "witness/witness.h"

#include <stdio.h>
#include <stdlib.h>

#define TREE_SIZE_MAX 64
#define NOW 1700000000

/* Two trees with the same first fork_at leaves: branch 0 is the log's, branch 1 a fork. */
struct test_log {
    struct accord_signer *signer;
    uint8_t leaf[2][TREE_SIZE_MAX][ACCORD_HASH_SIZE];
};

static inline void test_log_init(struct test_log *log, const char *origin, uint64_t fork_at)
{
    assert_int_equal(accord_signer_generate(&log->signer, slice(origin), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    for (uint64_t branch = 0; branch < 2; branch++) {
        for (uint64_t i = 0; i < TREE_SIZE_MAX; i++) {
            char entry[320];
            snprintf(entry, sizeof entry, "%s %u %u", origin, i < fork_at ? 0u : (unsigned)branch, (unsigned)i);
            accord_merkle_leaf(&accord_crypto_default, slice(entry), log->leaf[branch][i]);
        }
    }
}

static inline void tree_hash(uint8_t leaf[][ACCORD_HASH_SIZE], uint64_t begin, uint64_t end,
                             uint8_t hash[ACCORD_HASH_SIZE])
{
    uint8_t left[ACCORD_HASH_SIZE], right[ACCORD_HASH_SIZE];
    if (end == begin) {
        accord_merkle_empty_root(&accord_crypto_default, hash);
    } else if (end - begin == 1) {
        memcpy(hash, leaf[begin], ACCORD_HASH_SIZE);
    } else {
        uint64_t split = 1;
        while (split * 2 < end - begin)
            split *= 2;
        tree_hash(leaf, begin, begin + split, left);
        tree_hash(leaf, begin + split, end, right);
        accord_merkle_node(&accord_crypto_default, left, right, hash);
    }
}

/* SUBPROOF(m, D[begin:end], whole) */
static inline void tree_subproof(uint8_t leaf[][ACCORD_HASH_SIZE], uint64_t m, uint64_t begin, uint64_t end, bool whole,
                                 struct accord_merkle_proof *proof)
{
    if (m == end - begin) {
        if (!whole)
            tree_hash(leaf, begin, end, proof->hash[proof->count++]);
        return;
    }
    uint64_t split = 1;
    while (split * 2 < end - begin)
        split *= 2;
    if (m <= split) {
        tree_subproof(leaf, m, begin, begin + split, whole, proof);
        tree_hash(leaf, begin + split, end, proof->hash[proof->count++]);
    } else {
        tree_subproof(leaf, m - split, begin + split, end, false, proof);
        tree_hash(leaf, begin, begin + split, proof->hash[proof->count++]);
    }
}

static inline void test_log_root(struct test_log *log, int branch, uint64_t size, uint8_t root[ACCORD_HASH_SIZE])
{
    tree_hash(log->leaf[branch], 0, size, root);
}

static inline void test_log_prove(struct test_log *log, int branch, uint64_t old_size, uint64_t size,
                                  struct accord_merkle_proof *proof)
{
    proof->count = 0;
    if (old_size > 0 && old_size < size)
        tree_subproof(log->leaf[branch], old_size, 0, size, true, proof);
}

static inline void put(struct accord_buffer *buffer, struct accord_bytes bytes)
{
    assert_int_equal(accord_buffer_append(buffer, bytes), ACCORD_OK);
}

/* Appends a checkpoint that signer signed. */
static inline void put_checkpoint(struct accord_buffer *buffer, const struct accord_signer *signer, const char *origin,
                                  uint64_t size, const uint8_t root[ACCORD_HASH_SIZE])
{
    uint8_t data[512];
    struct accord_out text = {data, sizeof data, 0, false};
    accord_checkpoint_print(&text, slice(origin), size, root);
    assert_false(text.full);
    put(buffer, accord_out_bytes(&text));
    put(buffer, ACCORD_LITERAL("\n"));
    assert_int_equal(accord_signer_sign(signer, accord_out_bytes(&text), NOW, buffer, NULL), ACCORD_OK);
}

static inline void put_request(struct accord_buffer *buffer, uint64_t old_size, const struct accord_merkle_proof *proof,
                               struct accord_bytes checkpoint)
{
    uint8_t data[8192];
    struct accord_out out = {data, sizeof data, 0, false};
    accord_add_checkpoint_print(&out, old_size, proof, checkpoint);
    assert_false(out.full);
    put(buffer, accord_out_bytes(&out));
}

/* The request that a client of this branch makes: right in itself, whether the witness can follow it or not. */
static inline void put_step(struct accord_buffer *buffer, struct test_log *log, int branch, uint64_t old_size,
                            uint64_t size)
{
    char origin[300];
    struct accord_bytes name = accord_signer_vkey(log->signer)->name;
    snprintf(origin, sizeof origin, "%.*s", (int)name.size, (const char *)name.data);
    struct accord_merkle_proof proof;
    struct accord_buffer checkpoint;
    uint8_t root[ACCORD_HASH_SIZE];
    accord_buffer_init(&checkpoint, 4096);
    test_log_root(log, branch, size, root);
    test_log_prove(log, branch, old_size, size, &proof);
    put_checkpoint(&checkpoint, log->signer, origin, size, root);
    put_request(buffer, old_size, &proof, accord_buffer_bytes(&checkpoint));
    accord_buffer_free(&checkpoint);
}

#endif
