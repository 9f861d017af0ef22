/* Verifier keys and key ids (C2SP signed-note, "Verifier keys"; tlog-cosignature, "Format"). Knows how keys are
 * written; whether a public key is a good point is the crypto port's to say when it verifies. */
#include "accord/note.h"

#include "core/characters.h"
#include "core/text.h"

#include <string.h>

#define TYPED_SIZE_MAX (1 + ACCORD_MLDSA44_PUBLIC_SIZE)

bool accord_key_name_valid(struct accord_bytes name)
{
    return name.size <= ACCORD_KEY_NAME_SIZE_MAX && accord_characters_name(name);
}

/* The size of a public key of this type, or 0 for a type that accord does not know. */
static size_t public_size(uint8_t type)
{
    if (type == ACCORD_KEY_ED25519 || type == ACCORD_KEY_COSIGNATURE_ED25519)
        return ACCORD_ED25519_PUBLIC_SIZE;
    return type == ACCORD_KEY_COSIGNATURE_MLDSA44 ? ACCORD_MLDSA44_PUBLIC_SIZE : 0;
}

uint32_t accord_key_id(struct accord_bytes name, enum accord_key_type type, struct accord_bytes public_key,
                       const struct accord_crypto *crypto)
{
    const uint8_t between[2] = {'\n', (uint8_t)type};
    uint8_t hash[ACCORD_HASH_SIZE];
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, name.data, name.size);
    crypto->sha256_update(&sha, between, sizeof between);
    crypto->sha256_update(&sha, public_key.data, public_key.size);
    crypto->sha256_final(&sha, hash);
    return (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes what,
                                 struct accord_bytes found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    accord_error_found(error, found);
    return status;
}

static void put_id(struct accord_out *out, uint32_t id)
{
    const uint8_t bytes[4] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    accord_put_hex(out, (struct accord_bytes){bytes, sizeof bytes});
}

static enum accord_status refuse_id(struct accord_error *error, struct accord_bytes name, uint32_t id,
                                    struct accord_bytes found)
{
    uint8_t digits[8];
    struct accord_out out = {digits, sizeof digits, 0, false};
    put_id(&out, id);
    refuse(error, ACCORD_BAD_KEY_ID, name, found);
    accord_error_expected(error, accord_out_bytes(&out));
    return ACCORD_BAD_KEY_ID;
}

/* Reads the type byte and the public key. */
static enum accord_status read_typed(struct accord_vkey *vkey, uint8_t typed[TYPED_SIZE_MAX], size_t *size,
                                     struct accord_error *error)
{
    struct accord_bytes head = {vkey->base64.data, 4};
    uint8_t first[3];
    size_t first_size;
    if (vkey->base64.size == 0 || !accord_base64_valid(vkey->base64) || !accord_base64_size(vkey->base64, size) ||
        !accord_base64_size(head, &first_size) || !accord_base64_read(head, first, first_size))
        return refuse(error, ACCORD_BAD_BASE64, vkey->name, vkey->base64);
    if (public_size(first[0]) == 0) {
        refuse(error, ACCORD_KEY_TYPE, vkey->name, (struct accord_bytes){NULL, 0});
        accord_error_found_number(error, first[0]);
        return ACCORD_KEY_TYPE;
    }
    if (*size != 1 + public_size(first[0]) || !accord_base64_read(vkey->base64, typed, *size)) {
        refuse(error, ACCORD_BAD_KEY, vkey->name, (struct accord_bytes){NULL, 0});
        accord_error_expected_number(error, 1 + public_size(first[0]));
        accord_error_found_number(error, *size);
        return ACCORD_BAD_KEY;
    }
    vkey->type = (enum accord_key_type)typed[0];
    return ACCORD_OK;
}

enum accord_status accord_vkey_parse(struct accord_vkey *vkey, struct accord_bytes text,
                                     const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_bytes rest = text, hex;
    uint8_t id[4], typed[TYPED_SIZE_MAX];
    size_t size;
    memset(vkey, 0, sizeof *vkey);
    vkey->text = text;
    if (!accord_cut(&rest, '+', &vkey->name) || !accord_cut(&rest, '+', &hex) || !accord_key_name_valid(vkey->name))
        return refuse(error, ACCORD_BAD_KEY, (struct accord_bytes){NULL, 0}, text);
    if (!accord_hex_read(hex, id, sizeof id))
        return refuse(error, ACCORD_BAD_HEX, vkey->name, hex);
    vkey->base64 = rest;
    enum accord_status status = read_typed(vkey, typed, &size, error);
    if (status != ACCORD_OK)
        return status;
    vkey->id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
    uint32_t computed = accord_key_id(vkey->name, vkey->type, (struct accord_bytes){typed + 1, size - 1}, crypto);
    if (vkey->id != computed)
        return refuse_id(error, vkey->name, computed, hex);
    if (size == 1 + ACCORD_ED25519_PUBLIC_SIZE)
        memcpy(vkey->ed25519, typed + 1, ACCORD_ED25519_PUBLIC_SIZE);
    return ACCORD_OK;
}

void accord_vkey_print(struct accord_out *out, struct accord_bytes name, enum accord_key_type type,
                       struct accord_bytes public_key, const struct accord_crypto *crypto)
{
    /* Three bytes are four digits without padding, so the type takes two bytes of the key along. */
    const uint8_t head[3] = {(uint8_t)type, public_key.data[0], public_key.data[1]};
    accord_put(out, name);
    accord_put_byte(out, '+');
    put_id(out, accord_key_id(name, type, public_key, crypto));
    accord_put_byte(out, '+');
    accord_put_base64(out, (struct accord_bytes){head, sizeof head});
    accord_put_base64(out, (struct accord_bytes){public_key.data + 2, public_key.size - 2});
}

bool accord_vkey_same_public(const struct accord_vkey *a, const struct accord_vkey *b)
{
    bool a_mldsa = a->type == ACCORD_KEY_COSIGNATURE_MLDSA44, b_mldsa = b->type == ACCORD_KEY_COSIGNATURE_MLDSA44;
    if (a_mldsa || b_mldsa)
        return a_mldsa && b_mldsa && accord_bytes_equal(a->base64, b->base64);
    return memcmp(a->ed25519, b->ed25519, sizeof a->ed25519) == 0;
}
