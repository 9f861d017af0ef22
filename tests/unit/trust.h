/* What the tests of policies and proofs share: keys from fixed seeds, policies with keys written short, signed
 * checkpoints. The seeds are in this file, so the keys protect nothing. */
#ifndef ACCORD_TESTS_TRUST_H
#define ACCORD_TESTS_TRUST_H

#include "slices.h"

#include "accord/policy.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <stdio.h>

/* A writer over a static buffer of this many bytes. */
#define TRUST_OUT(name, bytes)                                                                                         \
    static uint8_t name##_data[bytes];                                                                                 \
    struct accord_out name = {name##_data, sizeof name##_data, 0, false}

/* A test key: kind 'l' a log's, 'd' the same public key under another name; 'w' a witness's, 'e' likewise; 'm'
 * ML-DSA-44, 'n' likewise. Its public key has no private half: what verifies it is a stand-in. */
struct trust_key {
    char kind;
    unsigned number;
};

static inline enum accord_key_type trust_type(struct trust_key key)
{
    if (key.kind == 'l' || key.kind == 'd')
        return ACCORD_KEY_ED25519;
    return key.kind == 'w' || key.kind == 'e' ? ACCORD_KEY_COSIGNATURE_ED25519 : ACCORD_KEY_COSIGNATURE_MLDSA44;
}

static inline void trust_seed(struct trust_key key, uint8_t seed[32])
{
    memset(seed, 0, 32);
    seed[0] = (uint8_t)key.number;
    seed[1] = trust_type(key) == ACCORD_KEY_ED25519 ? 'l' : 'w';
}

static inline struct accord_bytes trust_name(struct trust_key key, char name[64])
{
    const char *host = key.kind == 'l' || key.kind == 'o' ? "log.example"
                       : key.kind == 'w'                  ? "witness.example"
                       : key.kind == 'm'                  ? "mldsa.example"
                                                          : "other.example";
    snprintf(name, 64, "%s/%u", host, key.number);
    return slice(name);
}

static inline struct accord_bytes trust_public(struct trust_key key, uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE])
{
    uint8_t seed[32];
    trust_seed(key, seed);
    if (trust_type(key) == ACCORD_KEY_COSIGNATURE_MLDSA44) {
        memset(public_key, (int)key.number + 1, ACCORD_MLDSA44_PUBLIC_SIZE);
        return (struct accord_bytes){public_key, ACCORD_MLDSA44_PUBLIC_SIZE};
    }
    accord_ed25519_public(seed, public_key);
    return (struct accord_bytes){public_key, ACCORD_ED25519_PUBLIC_SIZE};
}

/* Copies a template in which $l0 stands for the vkey of log key 0, and so on for every kind. */
static inline void trust_expand(struct accord_out *out, const char *template)
{
    for (const char *at = template; *at != 0; at++) {
        if (*at != '$') {
            accord_put_byte(out, (uint8_t)*at);
            continue;
        }
        struct trust_key key = {at[1], 0};
        char name[64];
        uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE];
        for (at += 2; *at >= '0' && *at <= '9'; at++)
            key.number = key.number * 10 + (unsigned)(*at - '0');
        at--;
        accord_vkey_print(out, trust_name(key, name), trust_type(key), trust_public(key, public_key),
                          &accord_crypto_default);
    }
    assert_false(out->full);
}

/* Adds a signature line over text. An ML-DSA-44 line holds the timestamp and zeros. */
static inline void trust_sign(struct accord_out *out, struct trust_key key, struct accord_bytes text,
                              uint64_t timestamp)
{
    char name[64];
    uint8_t seed[32], public_key[ACCORD_MLDSA44_PUBLIC_SIZE], message[ACCORD_CHECKPOINT_TEXT_SIZE_MAX + 640];
    uint8_t signature[8 + ACCORD_MLDSA44_SIGNATURE_SIZE] = {0};
    struct accord_out signed_text = {message, sizeof message, 0, false}, time = {signature, 8, 0, false};
    struct accord_bytes key_name = trust_name(key, name), whole = {signature, 8 + ACCORD_ED25519_SIGNATURE_SIZE};
    uint32_t id = accord_key_id(key_name, trust_type(key), trust_public(key, public_key), &accord_crypto_default);
    trust_seed(key, seed);
    accord_put_be64(&time, timestamp);
    if (trust_type(key) == ACCORD_KEY_ED25519) {
        accord_ed25519_sign(seed, text.data, text.size, signature);
        whole.size = ACCORD_ED25519_SIGNATURE_SIZE;
    } else {
        assert_int_equal(accord_cosignature_message(&signed_text, trust_type(key), text, key_name, timestamp),
                         ACCORD_OK);
        accord_ed25519_sign(seed, message, signed_text.size, signature + 8);
    }
    if (trust_type(key) == ACCORD_KEY_COSIGNATURE_MLDSA44) {
        memset(signature + 8, 0, ACCORD_MLDSA44_SIGNATURE_SIZE);
        whole.size = sizeof signature;
    }
    accord_signature_print(out, key_name, id, whole);
    assert_false(out->full);
}

#endif
