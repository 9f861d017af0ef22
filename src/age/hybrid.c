/* MLKEM768-X25519 recipients (C2SP age, "The MLKEM768-X25519 ... recipient type"), to be opened. Knows the combined KEM
 * (X-Wing, draft-ietf-hpke-pq) and HPKE's base mode with it (RFC 9180); refuses to seal, since a vendor's report keys
 * are X25519's. */
#include "age/bech32.h"
#include "age/inner.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <nettle/sha3.h>
#include <sodium.h>
#include <string.h>

#define IDENTITY_NAME ACCORD_LITERAL("age-secret-key-pq-")
#define SHARE_SIZE (ACCORD_AGE_MLKEM768_SIZE + 32)
#define LABEL ACCORD_LITERAL("age-encryption.org/mlkem768x25519")
/* "HPKE", the KEM 0x647a, HKDF-SHA256, ChaCha20Poly1305 */
#define SUITE ACCORD_LITERAL("HPKE\x64\x7a\x00\x01\x00\x03")
#define COMBINER_LABEL "\\.//^\\"

struct private_key {
    uint8_t mlkem_seed[64], x25519[32];
};

bool accord_age_hybrid_identity_read(struct accord_bytes text, uint8_t secret[32])
{
    return text.size > 0 && text.data[0] == 'A' && accord_bech32_parse(text, IDENTITY_NAME, secret, 32);
}

static void expand(const uint8_t secret[32], struct private_key *key)
{
    struct sha3_256_ctx shake;
    uint8_t all[96];
    sha3_256_init(&shake);
    sha3_256_update(&shake, 32, secret);
    sha3_256_shake(&shake, sizeof all, all);
    memcpy(key->mlkem_seed, all, 64);
    memcpy(key->x25519, all + 64, 32);
    accord_wipe(all, sizeof all);
    accord_wipe(&shake, sizeof shake);
}

/* The shared secret of both. ACCORD_MALFORMED where the share of X25519 is a point of small order, ACCORD_NO_CRYPTO. */
static enum accord_status decapsulate(const struct private_key *key, const uint8_t share[SHARE_SIZE],
                                      uint8_t shared[32])
{
    struct sha3_256_ctx hash;
    uint8_t mlkem[32], x25519[32], recipient[32];
    const uint8_t *x25519_share = share + ACCORD_AGE_MLKEM768_SIZE;
    if (crypto_scalarmult_curve25519(x25519, key->x25519, x25519_share) != 0)
        return ACCORD_MALFORMED;
    bool opened = accord_age_mlkem768_open(key->mlkem_seed, share, mlkem);
    if (opened) {
        accord_age_recipient_of(key->x25519, recipient);
        sha3_256_init(&hash);
        sha3_256_update(&hash, sizeof mlkem, mlkem);
        sha3_256_update(&hash, sizeof x25519, x25519);
        sha3_256_update(&hash, 32, x25519_share);
        sha3_256_update(&hash, sizeof recipient, recipient);
        sha3_256_update(&hash, sizeof COMBINER_LABEL - 1, (const uint8_t *)COMBINER_LABEL);
        sha3_256_digest(&hash, 32, shared);
        accord_wipe(&hash, sizeof hash);
    }
    accord_wipe(mlkem, sizeof mlkem);
    accord_wipe(x25519, sizeof x25519);
    return opened ? ACCORD_OK : ACCORD_NO_CRYPTO;
}

/* RFC 9180, "LabeledExtract". */
static void labeled_extract(struct accord_bytes salt, struct accord_bytes label, struct accord_bytes secret,
                            uint8_t extracted[32])
{
    uint8_t text[128];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, ACCORD_LITERAL("HPKE-v1"));
    accord_put(&out, SUITE);
    accord_put(&out, label);
    accord_put(&out, secret);
    accord_age_extract(accord_out_bytes(&out), salt, extracted);
}

/* RFC 9180, "LabeledExpand"; size is at most 32. */
static void labeled_expand(const uint8_t key[32], struct accord_bytes label, struct accord_bytes info, uint8_t size,
                           uint8_t expanded[32])
{
    uint8_t text[128];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put_byte(&out, 0);
    accord_put_byte(&out, size);
    accord_put(&out, ACCORD_LITERAL("HPKE-v1"));
    accord_put(&out, SUITE);
    accord_put(&out, label);
    accord_put(&out, info);
    accord_age_expand(key, accord_out_bytes(&out), expanded);
}

/* RFC 9180, section 5.1, base mode: key and nonce of the first message. */
static void schedule(const uint8_t shared[32], uint8_t key[32], uint8_t nonce[32])
{
    uint8_t context[65] = {0}, secret[32];
    const struct accord_bytes all = {context, sizeof context}, nothing = {NULL, 0};
    labeled_extract(nothing, ACCORD_LITERAL("psk_id_hash"), nothing, context + 1);
    labeled_extract(nothing, ACCORD_LITERAL("info_hash"), LABEL, context + 33);
    labeled_extract((struct accord_bytes){shared, 32}, ACCORD_LITERAL("secret"), nothing, secret);
    labeled_expand(secret, ACCORD_LITERAL("key"), all, 32, key);
    labeled_expand(secret, ACCORD_LITERAL("base_nonce"), all, crypto_aead_chacha20poly1305_ietf_NPUBBYTES, nonce);
    accord_wipe(secret, sizeof secret);
}

enum accord_status accord_age_hybrid_unwrap(const struct accord_age_stanza *stanza, const uint8_t secret[32],
                                            uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE])
{
    uint8_t share[SHARE_SIZE], wrapped[ACCORD_AGE_WRAPPED_SIZE], shared[32], key[32], nonce[32];
    struct private_key private;
    if (!accord_age_base64_read(stanza->arguments, share, sizeof share) ||
        !accord_age_body_read(stanza, wrapped, sizeof wrapped))
        return ACCORD_MALFORMED;
    expand(secret, &private);
    enum accord_status status = decapsulate(&private, share, shared);
    accord_wipe(&private, sizeof private);
    if (status != ACCORD_OK)
        return status;
    schedule(shared, key, nonce);
    bool opened = crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL, wrapped, sizeof wrapped, NULL, 0,
                                                            nonce, key) == 0;
    accord_wipe(shared, sizeof shared);
    accord_wipe(key, sizeof key);
    accord_wipe(nonce, sizeof nonce);
    return opened ? ACCORD_OK : ACCORD_WRONG_KEY;
}
