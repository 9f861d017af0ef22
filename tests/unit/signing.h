/* What tests of statements share: keys made from their own names, and signing with them. */
#ifndef ACCORD_TESTS_SIGNING_H
#define ACCORD_TESTS_SIGNING_H

#include "accord/note.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <string.h>

/* Each key has its own seed: from, which is its name unless one key is to stand under two names. */
static inline void signing_seed(const char *from, uint8_t seed[32])
{
    accord_hash(&accord_crypto_default, (struct accord_bytes){(const uint8_t *)from, strlen(from)}, seed);
}

static inline void put_text(struct accord_out *out, const char *text)
{
    accord_put(out, (struct accord_bytes){(const uint8_t *)text, strlen(text)});
}

/* Writes a vkey of type 0x01 or 0x04. */
static inline void put_vkey(struct accord_out *out, const char *name, enum accord_key_type type)
{
    uint8_t seed[32], public_key[32];
    signing_seed(name, seed);
    /* A key of each type of its own: one public key may stand in a roster once. */
    seed[0] ^= (uint8_t)type;
    accord_ed25519_public(seed, public_key);
    accord_vkey_print(out, (struct accord_bytes){(const uint8_t *)name, strlen(name)}, type,
                      (struct accord_bytes){public_key, sizeof public_key}, &accord_crypto_default);
}

/* Writes a signature line by the key of type 0x01 of this name over text. */
static inline void put_signature(struct accord_out *out, struct accord_bytes text, const char *name)
{
    uint8_t seed[32], public_key[32], signature[64];
    struct accord_bytes bytes = {(const uint8_t *)name, strlen(name)};
    signing_seed(name, seed);
    seed[0] ^= ACCORD_KEY_ED25519;
    accord_ed25519_public(seed, public_key);
    accord_ed25519_sign(seed, text.data, text.size, signature);
    uint32_t id = accord_key_id(bytes, ACCORD_KEY_ED25519, (struct accord_bytes){public_key, sizeof public_key},
                                &accord_crypto_default);
    accord_signature_print(out, bytes, id, (struct accord_bytes){signature, sizeof signature});
}

/* Ends the text in out with a blank line and a signature by each of the keys. */
static inline void put_signatures(struct accord_out *out, const char *const *names, size_t count)
{
    struct accord_bytes text = accord_out_bytes(out);
    accord_put_byte(out, '\n');
    for (size_t i = 0; i < count; i++)
        put_signature(out, text, names[i]);
}

#endif
