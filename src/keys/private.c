/* The text of private keys. Knows the two grammars; knows no file, and not whether a key's id is right. */
#include "keys/private.h"

#include "age/age.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <sodium.h>
#include <string.h>

#define PREFIX "PRIVATE+KEY+"
#define KEY_BYTES (1 + ACCORD_SEED_SIZE)
#define KEY_BASE64_SIZE 44 /* of 33 bytes: no padding */
#define ID_DIGITS 8

static enum accord_status bad_key(struct accord_error *error, uint64_t line, struct accord_bytes expected)
{
    accord_fail(error, ACCORD_BAD_KEY, line);
    accord_error_expected(error, expected);
    return ACCORD_BAD_KEY;
}

static bool type_known(uint8_t type)
{
    return type == ACCORD_KEY_ED25519 || type == ACCORD_KEY_COSIGNATURE_ED25519 ||
           type == ACCORD_KEY_COSIGNATURE_MLDSA44;
}

/* libsodium takes some bytes above 0x7f for letters: one key would have several texts. */
static bool is_ascii(struct accord_bytes text)
{
    unsigned all = 0;
    for (size_t i = 0; i < text.size; i++)
        all |= text.data[i];
    return all < 0x80;
}

/* The base64 is read by libsodium, in constant time: it is the secret. */
static enum accord_status parse_secret(struct accord_private_key *key, struct accord_bytes text,
                                       struct accord_error *error)
{
    uint8_t bytes[KEY_BYTES];
    size_t size = 0;
    enum accord_status status = ACCORD_OK;
    if (text.size != KEY_BASE64_SIZE || !is_ascii(text) ||
        sodium_base642bin(bytes, sizeof bytes, (const char *)text.data, text.size, NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size != sizeof bytes)
        status = bad_key(error, 1, ACCORD_LITERAL("base64 of a type byte and 32 bytes"));
    else if (!type_known(bytes[0])) {
        status = accord_fail(error, ACCORD_KEY_TYPE, 1);
        accord_error_what(error, key->name);
        accord_error_expected(error, ACCORD_LITERAL("type 1, 4 or 6"));
        accord_error_found_number(error, bytes[0]);
    } else {
        key->type = (enum accord_key_type)bytes[0];
        memcpy(key->seed, bytes + 1, ACCORD_SEED_SIZE);
    }
    accord_wipe(bytes, sizeof bytes);
    return status;
}

enum accord_status accord_private_key_parse(struct accord_private_key *key, struct accord_bytes text,
                                            struct accord_error *error)
{
    struct accord_bytes rest = text, id;
    uint8_t id_bytes[4];
    if (rest.size > 0 && rest.data[rest.size - 1] == '\n')
        rest.size--;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL(PREFIX)) || !accord_cut(&rest, '+', &key->name) ||
        !accord_key_name_valid(key->name) || !accord_cut(&rest, '+', &id) ||
        !accord_hex_read(id, id_bytes, sizeof id_bytes))
        return bad_key(error, 1, ACCORD_LITERAL("PRIVATE+KEY+<name>+<hex id>+<base64>"));
    key->id = (uint32_t)id_bytes[0] << 24 | (uint32_t)id_bytes[1] << 16 | (uint32_t)id_bytes[2] << 8 | id_bytes[3];
    return parse_secret(key, rest, error);
}

void accord_private_key_print(struct accord_out *out, const struct accord_private_key *key)
{
    uint8_t id[4] = {(uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16), (uint8_t)(key->id >> 8), (uint8_t)key->id};
    uint8_t bytes[KEY_BYTES];
    char base64[KEY_BASE64_SIZE + 1];
    bytes[0] = (uint8_t)key->type;
    memcpy(bytes + 1, key->seed, ACCORD_SEED_SIZE);
    sodium_bin2base64(base64, sizeof base64, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    accord_put(out, ACCORD_LITERAL(PREFIX));
    accord_put(out, key->name);
    accord_put_byte(out, '+');
    accord_put_hex(out, (struct accord_bytes){id, sizeof id});
    accord_put_byte(out, '+');
    accord_put(out, (struct accord_bytes){(const uint8_t *)base64, KEY_BASE64_SIZE});
    accord_put_byte(out, '\n');
    accord_wipe(bytes, sizeof bytes);
    accord_wipe(base64, sizeof base64);
}

/* As age reads identity files: lines that are empty or begin with '#' say nothing. One key, since a report key is one.
 */
static enum accord_status parse_identity(uint8_t secret[32], struct accord_bytes file, struct accord_error *error)
{
    struct accord_bytes rest = file, line;
    uint64_t number = 0;
    bool found = false;
    while (rest.size > 0) {
        number++;
        if (!accord_cut_line(&rest, &line)) {
            line = rest;
            rest.size = 0;
        }
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (found)
            return accord_fail(error, ACCORD_DUPLICATE, number);
        if (!accord_age_identity_read(line, secret))
            return bad_key(error, number, ACCORD_LITERAL("PRIVATE+KEY+... or AGE-SECRET-KEY-1..."));
        found = true;
    }
    return found ? ACCORD_OK : bad_key(error, 0, ACCORD_LITERAL("PRIVATE+KEY+... or AGE-SECRET-KEY-1..."));
}

enum accord_status accord_identity_parse(uint8_t secret[32], struct accord_bytes file, struct accord_error *error)
{
    enum accord_status status = parse_identity(secret, file, error);
    if (status != ACCORD_OK)
        accord_wipe(secret, 32);
    return status;
}

void accord_identity_print(struct accord_out *out, const uint8_t secret[32])
{
    char text[75];
    accord_put(out, ACCORD_LITERAL("# public key: "));
    accord_recipient_print(out, secret);
    accord_put_byte(out, '\n');
    accord_age_identity_print(secret, text);
    accord_put(out, (struct accord_bytes){(const uint8_t *)text, sizeof text - 1});
    accord_put_byte(out, '\n');
    accord_wipe(text, sizeof text);
}

void accord_recipient_print(struct accord_out *out, const uint8_t secret[32])
{
    uint8_t recipient[32];
    char text[63];
    accord_age_recipient_of(secret, recipient);
    accord_age_recipient_print(recipient, text);
    accord_put(out, (struct accord_bytes){(const uint8_t *)text, sizeof text - 1});
}
