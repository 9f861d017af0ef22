/* X25519 recipients (C2SP age, "The X25519 recipient type"). Knows their stanza and the text of their keys. */
#include "age/bech32.h"
#include "age/inner.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <sodium.h>
#include <string.h>

#define LABEL ACCORD_LITERAL("age-encryption.org/v1/X25519")
#define RECIPIENT_NAME ACCORD_LITERAL("age")
#define IDENTITY_NAME ACCORD_LITERAL("age-secret-key-")

bool accord_age_recipient_read(struct accord_bytes text, uint8_t recipient[32])
{
    return text.size > 0 && text.data[0] == 'a' && accord_bech32_parse(text, RECIPIENT_NAME, recipient, 32);
}

bool accord_age_identity_read(struct accord_bytes text, uint8_t secret[32])
{
    return text.size > 0 && text.data[0] == 'A' && accord_bech32_parse(text, IDENTITY_NAME, secret, 32);
}

void accord_age_recipient_print(const uint8_t recipient[32], char text[63])
{
    _Static_assert(ACCORD_BECH32_SIZE(3, 32) == 62, "a recipient's text and its NUL are 63 bytes");
    struct accord_out out = {(uint8_t *)text, 62, 0, false};
    accord_bech32_print(&out, RECIPIENT_NAME, (struct accord_bytes){recipient, 32});
    text[62] = '\0';
}

void accord_age_identity_print(const uint8_t secret[32], char text[75])
{
    _Static_assert(ACCORD_BECH32_SIZE(15, 32) == 74, "an identity's text and its NUL are 75 bytes");
    struct accord_out out = {(uint8_t *)text, 74, 0, false};
    accord_bech32_print(&out, IDENTITY_NAME, (struct accord_bytes){secret, 32});
    /* Upper case, without a branch on what the letters are. */
    for (size_t i = 0; i < out.size; i++)
        text[i] = (char)(text[i] - ((text[i] >> 6 & 1) << 5));
    text[74] = '\0';
}

void accord_age_recipient_of(const uint8_t secret[32], uint8_t recipient[32])
{
    crypto_scalarmult_curve25519_base(recipient, secret);
}

/* share || recipient is the salt. */
static void wrapping_key(const uint8_t shared[32], const uint8_t salt[64], uint8_t key[32])
{
    accord_age_derive((struct accord_bytes){shared, 32}, (struct accord_bytes){salt, 64}, LABEL, key);
}

enum accord_status accord_age_x25519_wrap(struct accord_out *out, const uint8_t ephemeral[32],
                                          const uint8_t recipient[32], const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE])
{
    uint8_t salt[64], shared[32], key[32], wrapped[ACCORD_AGE_WRAPPED_SIZE], share[43], body[44];
    accord_age_recipient_of(ephemeral, salt);
    memcpy(salt + 32, recipient, 32);
    bool usable = crypto_scalarmult_curve25519(shared, ephemeral, recipient) == 0;
    if (usable) {
        wrapping_key(shared, salt, key);
        accord_age_wrap(key, file_key, wrapped);
        struct accord_out share_out = {share, sizeof share, 0, false}, body_out = {body, sizeof body, 0, false};
        accord_age_base64_put(&share_out, salt, 32);
        accord_age_base64_put(&body_out, wrapped, sizeof wrapped);
        accord_put_byte(&body_out, '\n');
        accord_age_header_put_stanza(out,
                                     &(struct accord_age_stanza){ACCORD_LITERAL("X25519"), accord_out_bytes(&share_out),
                                                                 accord_out_bytes(&body_out)});
    }
    accord_wipe(shared, sizeof shared);
    accord_wipe(key, sizeof key);
    return usable ? ACCORD_OK : ACCORD_BAD_KEY;
}

enum accord_status accord_age_x25519_unwrap(const struct accord_age_stanza *stanza, const uint8_t secret[32],
                                            const uint8_t recipient[32], uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE])
{
    uint8_t salt[64], wrapped[ACCORD_AGE_WRAPPED_SIZE], shared[32], key[32];
    /* "If the shared secret is all 0x00 bytes, the identity implementation MUST abort." */
    if (!accord_age_base64_read(stanza->arguments, salt, 32) ||
        !accord_age_body_read(stanza, wrapped, sizeof wrapped) ||
        crypto_scalarmult_curve25519(shared, secret, salt) != 0)
        return ACCORD_MALFORMED;
    memcpy(salt + 32, recipient, 32);
    wrapping_key(shared, salt, key);
    bool opened = accord_age_unwrap(key, wrapped, file_key);
    accord_wipe(shared, sizeof shared);
    accord_wipe(key, sizeof key);
    return opened ? ACCORD_OK : ACCORD_WRONG_KEY;
}

bool accord_age_header_opens(const struct accord_age_header *header, const uint8_t secret[32])
{
    struct accord_bytes rest = header->stanzas;
    struct accord_age_stanza stanza;
    uint8_t recipient[32], file_key[ACCORD_AGE_FILE_KEY_SIZE], mac[32];
    bool opened = false;
    accord_age_recipient_of(secret, recipient);
    while (!opened && accord_age_header_cut(&rest, &stanza))
        opened = accord_bytes_equal(stanza.type, ACCORD_LITERAL("X25519")) &&
                 accord_age_x25519_unwrap(&stanza, secret, recipient, file_key) == ACCORD_OK;
    if (opened) {
        accord_age_header_mac(file_key, header->mac_over, mac);
        opened = sodium_memcmp(mac, header->mac, sizeof mac) == 0;
    }
    accord_wipe(file_key, sizeof file_key);
    return opened;
}
