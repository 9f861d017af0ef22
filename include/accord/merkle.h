/* RFC 6962 Merkle trees over SHA-256: hashing, proofs made and verified, the growing edge. */
#ifndef ACCORD_MERKLE_H
#define ACCORD_MERKLE_H

#include "accord/bytes.h"
#include "accord/crypto.h"
#include "accord/error.h"
#include "accord/limits.h"

/* RFC 6962, section 2.1: SHA-256(0x00 || entry), SHA-256(0x01 || left || right), SHA-256(""). */
ACCORD_API void accord_merkle_leaf(const struct accord_crypto *crypto, struct accord_bytes entry,
                                   uint8_t hash[ACCORD_HASH_SIZE]);
ACCORD_API void accord_merkle_node(const struct accord_crypto *crypto, const uint8_t left[ACCORD_HASH_SIZE],
                                   const uint8_t right[ACCORD_HASH_SIZE], uint8_t hash[ACCORD_HASH_SIZE]);
ACCORD_API void accord_merkle_empty_root(const struct accord_crypto *crypto, uint8_t hash[ACCORD_HASH_SIZE]);

/* A proof as a list of hashes, in the order of RFC 6962. */
struct accord_merkle_proof {
    size_t count;
    uint8_t hash[ACCORD_PROOF_HASHES_MAX][ACCORD_HASH_SIZE];
};

/* Section 2.1.1. ACCORD_WRONG_INDEX where index >= size; ACCORD_INCLUSION where the proof is of the wrong length or
 * does not lead to the root. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_inclusion_verify(const struct accord_crypto *crypto,
                                                                      uint64_t index, uint64_t size,
                                                                      const uint8_t leaf[ACCORD_HASH_SIZE],
                                                                      const struct accord_merkle_proof *proof,
                                                                      const uint8_t root[ACCORD_HASH_SIZE]);
/* Section 2.1.2, from old_size to new_size. From 0 the proof must be empty (anything follows from nothing); between
 * equal sizes it must be empty and the roots equal. ACCORD_CONSISTENCY otherwise. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_consistency_verify(const struct accord_crypto *crypto,
                                                                        uint64_t old_size, uint64_t new_size,
                                                                        const uint8_t old_root[ACCORD_HASH_SIZE],
                                                                        const uint8_t new_root[ACCORD_HASH_SIZE],
                                                                        const struct accord_merkle_proof *proof);

/* Where hashes come from when proofs are made: the hash of the full subtree of 2^level leaves that starts at leaf
 * index * 2^level. A read that fails ends the proof with its status. Proofs of 64 hashes (some consistency proofs of
 * trees of more than 2^62 leaves) are refused with ACCORD_TOO_LARGE. */
struct accord_hash_source {
    void *context;
    enum accord_status (*read)(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE]);
};

ACCORD_MUST_USE ACCORD_API enum accord_status accord_inclusion_prove(const struct accord_crypto *crypto,
                                                                     const struct accord_hash_source *source,
                                                                     uint64_t index, uint64_t size,
                                                                     struct accord_merkle_proof *proof);
ACCORD_MUST_USE ACCORD_API enum accord_status accord_consistency_prove(const struct accord_crypto *crypto,
                                                                       const struct accord_hash_source *source,
                                                                       uint64_t old_size, uint64_t new_size,
                                                                       struct accord_merkle_proof *proof);
/* Subtrees of trees that need not be full (draft-ietf-plants-merkle-tree-certs-03, sections 4.1 and 4.4): the leaves
 * from start to end, where start is a multiple of the smallest power of two that is not below their number. */
ACCORD_API bool accord_subtree_valid(uint64_t start, uint64_t end, uint64_t size);
/* Section 4.4.3: does a subtree with this hash lie in the tree of this size and root? ACCORD_WRONG_INDEX where it is
 * not valid, ACCORD_CONSISTENCY where the proof is of the wrong length or does not lead to both. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_subtree_verify(const struct accord_crypto *crypto, uint64_t start,
                                                                    uint64_t end, uint64_t size,
                                                                    const uint8_t hash[ACCORD_HASH_SIZE],
                                                                    const struct accord_merkle_proof *proof,
                                                                    const uint8_t root[ACCORD_HASH_SIZE]);
/* Section 4.4.1. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_subtree_prove(const struct accord_crypto *crypto,
                                                                   const struct accord_hash_source *source,
                                                                   uint64_t start, uint64_t end, uint64_t size,
                                                                   struct accord_merkle_proof *proof);
/* The root of the first size leaves. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_root_compute(const struct accord_crypto *crypto,
                                                                  const struct accord_hash_source *source,
                                                                  uint64_t size, uint8_t root[ACCORD_HASH_SIZE]);

/* The growing edge: hash[k] is the full subtree of 2^k leaves where bit k of size is set; other slots are not
 * meaningful. All that is needed to append, and to know the root. */
struct accord_frontier {
    uint64_t size;
    uint8_t hash[64][ACCORD_HASH_SIZE];
};

/* Appends one leaf hash. Calls store (which may be NULL) for each subtree that this completes, level 0 first. */
ACCORD_API void accord_frontier_append(
    const struct accord_crypto *crypto, struct accord_frontier *frontier, const uint8_t leaf[ACCORD_HASH_SIZE],
    void (*store)(void *context, unsigned level, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE]), void *context);
ACCORD_API void accord_frontier_root(const struct accord_crypto *crypto, const struct accord_frontier *frontier,
                                     uint8_t root[ACCORD_HASH_SIZE]);

#endif
