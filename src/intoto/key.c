/* PEM and vkeys in, "did this key sign" out. Ed25519 has the one meaning that it has everywhere in accord (STYLE: the
 * crypto port); the rest is libcrypto's. */
#include "intoto/key.h"

#include "accord/note.h"
#include "core/text.h"
#include "intoto/libcrypto.h"

#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define ED25519_DER_SIZE 44

/* SubjectPublicKeyInfo of an Ed25519 key (RFC 8410), before its 32 bytes. */
static const uint8_t ed25519_prefix[ED25519_DER_SIZE - ACCORD_ED25519_PUBLIC_SIZE] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

struct accord_intoto_key {
    enum accord_libcrypto_kind kind;
    void *libcrypto; /* NULL: it is Ed25519 */
    uint8_t ed25519[ACCORD_ED25519_PUBLIC_SIZE];
};

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes expected)
{
    accord_fail(error, status, 0);
    accord_error_expected(error, expected);
    return status;
}

/* The next line, whichever way it ends. */
static bool next_line(struct accord_bytes *rest, struct accord_bytes *line)
{
    if (rest->size == 0)
        return false;
    if (!accord_cut(rest, '\n', line)) {
        *line = *rest;
        rest->size = 0;
    }
    while (line->size > 0 && (line->data[line->size - 1] == '\r' || line->data[line->size - 1] == ' '))
        line->size--;
    return true;
}

/* Joins the base64 of a PEM file's lines into memory of the text's size; false where it is not one public key alone. */
static bool pem_base64(struct accord_bytes text, uint8_t *joined, size_t *size)
{
    struct accord_bytes line;
    *size = 0;
    if (!next_line(&text, &line) || !accord_bytes_equal(line, ACCORD_LITERAL("-----BEGIN PUBLIC KEY-----")))
        return false;
    while (next_line(&text, &line)) {
        if (accord_bytes_equal(line, ACCORD_LITERAL("-----END PUBLIC KEY-----"))) {
            while (next_line(&text, &line))
                if (line.size > 0)
                    return false;
            return true;
        }
        if (line.size > 0)
            memcpy(joined + *size, line.data, line.size);
        *size += line.size;
    }
    return false;
}

/* Reads the key of a SubjectPublicKeyInfo. */
static enum accord_status read_der(struct accord_intoto_key *key, struct accord_bytes der, struct accord_error *error)
{
    int bits = 0;
    if (der.size == ED25519_DER_SIZE && memcmp(der.data, ed25519_prefix, sizeof ed25519_prefix) == 0) {
        memcpy(key->ed25519, der.data + sizeof ed25519_prefix, sizeof key->ed25519);
        return ACCORD_OK;
    }
    if (!accord_libcrypto_available())
        return accord_fail(error, ACCORD_NO_CRYPTO, 0);
    key->libcrypto = accord_libcrypto_key(der, &key->kind, &bits);
    if (key->libcrypto == NULL)
        return refuse(error, ACCORD_BAD_KEY, ACCORD_LITERAL("a SubjectPublicKeyInfo in DER"));
    if (key->kind == ACCORD_LIBCRYPTO_OTHER)
        return refuse(error, ACCORD_KEY_TYPE, ACCORD_LITERAL("Ed25519, ECDSA P-256 or RSA"));
    if (key->kind == ACCORD_LIBCRYPTO_RSA && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX))
        return refuse(error, ACCORD_KEY_TYPE, ACCORD_LITERAL("RSA of 2048 to 8192 bits"));
    return ACCORD_OK;
}

static enum accord_status read_pem(struct accord_intoto_key *key, struct accord_bytes text, struct accord_error *error)
{
    uint8_t *joined = malloc(2 * text.size + 1);
    size_t size = 0, der_size = 0;
    enum accord_status status = ACCORD_OK;
    if (joined == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    uint8_t *der = joined + text.size;
    if (!pem_base64(text, joined, &size) || !accord_base64_size((struct accord_bytes){joined, size}, &der_size) ||
        !accord_base64_read((struct accord_bytes){joined, size}, der, der_size))
        status = refuse(error, ACCORD_BAD_KEY, ACCORD_LITERAL("-----BEGIN PUBLIC KEY-----, base64, and nothing else"));
    if (status == ACCORD_OK)
        status = read_der(key, (struct accord_bytes){der, der_size}, error);
    free(joined);
    return status;
}

static enum accord_status read_vkey(struct accord_intoto_key *key, struct accord_bytes text,
                                    const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_vkey vkey;
    while (text.size > 0 && (text.data[text.size - 1] == '\n' || text.data[text.size - 1] == '\r'))
        text.size--;
    enum accord_status status = accord_vkey_parse(&vkey, text, crypto, error);
    if (status == ACCORD_OK && vkey.type != ACCORD_KEY_ED25519)
        return refuse(error, ACCORD_KEY_TYPE, ACCORD_LITERAL("a key of type 0x01, or a public key in PEM"));
    if (status == ACCORD_OK)
        memcpy(key->ed25519, vkey.ed25519, sizeof key->ed25519);
    return status;
}

enum accord_status accord_intoto_key_parse(struct accord_intoto_key **key, struct accord_bytes text,
                                           const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_bytes rest = text;
    *key = calloc(1, sizeof **key);
    if (*key == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    enum accord_status status = text.size > ACCORD_INTOTO_KEY_SIZE_MAX ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                                : accord_cut_prefix(&rest, ACCORD_LITERAL("-----BEGIN "))
                                    ? read_pem(*key, text, error)
                                    : read_vkey(*key, text, crypto, error);
    if (status != ACCORD_OK) {
        accord_intoto_key_free(*key);
        *key = NULL;
    }
    return status;
}

void accord_intoto_key_free(struct accord_intoto_key *key)
{
    if (key == NULL)
        return;
    accord_libcrypto_key_free(key->libcrypto);
    free(key);
}

bool accord_intoto_key_verify(const struct accord_intoto_key *key, struct accord_bytes message,
                              struct accord_bytes signature, const struct accord_crypto *crypto)
{
    if (key->libcrypto == NULL)
        return signature.size == ACCORD_ED25519_SIGNATURE_SIZE &&
               crypto->ed25519_verify(key->ed25519, message.data, message.size, signature.data);
    return accord_libcrypto_verify(key->libcrypto, false, message, signature) ||
           (key->kind == ACCORD_LIBCRYPTO_RSA && accord_libcrypto_verify(key->libcrypto, true, message, signature));
}
