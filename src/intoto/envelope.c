/* Envelopes in JSON, strictly: names that stand twice, text that is not UTF-8 and bytes after the end are refused,
 * since two readers would not agree on them. What the payload says is for statement.c. */
#include "intoto/envelope.h"

#include "core/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *what,
                                 const char *expected)
{
    accord_fail(error, status, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)what, strlen(what)});
    accord_error_expected(error, (struct accord_bytes){(const uint8_t *)expected, strlen(expected)});
    return status;
}

/* The bytes of base64 in either of its alphabets, with or without padding, appended. */
static enum accord_status decode(const json_t *text, struct accord_buffer *bytes, const char *what,
                                 struct accord_error *error)
{
    size_t size = json_string_length(text), decoded = 0;
    const char *from = json_string_value(text);
    if (from == NULL || size > ACCORD_ENVELOPE_SIZE_MAX)
        return refuse(error, ACCORD_MALFORMED, what, "a string of base64");
    uint8_t *standard = malloc(size + 4);
    if (standard == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    for (size_t i = 0; i < size; i++)
        standard[i] = from[i] == '-' ? '+' : from[i] == '_' ? '/' : (uint8_t)from[i];
    while (size % 4 != 0)
        standard[size++] = '=';
    struct accord_bytes base64 = {standard, size};
    bool is_base64 = accord_base64_size(base64, &decoded);
    enum accord_status status = is_base64 ? accord_buffer_reserve(bytes, decoded) : ACCORD_OK;
    if (status != ACCORD_OK)
        refuse(error, status, what, "fewer bytes");
    else if (!is_base64 || (decoded > 0 && !accord_base64_read(base64, bytes->data + bytes->size, decoded)))
        status = refuse(error, ACCORD_BAD_BASE64, what, "base64");
    else
        bytes->size += decoded;
    free(standard);
    return status;
}

static enum accord_status read_signature(struct accord_envelope *envelope, const json_t *item,
                                         struct accord_error *error)
{
    struct accord_envelope_signature *signature = &envelope->signatures[envelope->signature_count++];
    struct accord_buffer bytes;
    accord_buffer_init(&bytes, ACCORD_ENVELOPE_SIGNATURE_SIZE_MAX);
    enum accord_status status = decode(json_object_get(item, "sig"), &bytes, "signatures[].sig", error);
    if (status == ACCORD_OK && bytes.size == 0)
        status = refuse(error, ACCORD_MALFORMED, "signatures[].sig", "a signature");
    if (status == ACCORD_OK) {
        memcpy(signature->data, bytes.data, bytes.size);
        signature->size = bytes.size;
    }
    accord_buffer_free(&bytes);
    return status;
}

static enum accord_status read_object(struct accord_envelope *envelope, const json_t *object,
                                      struct accord_error *error)
{
    const json_t *type = json_object_get(object, "payloadType"), *list = json_object_get(object, "signatures");
    if (!json_is_string(type) || json_string_length(type) >= sizeof envelope->type)
        return refuse(error, ACCORD_MALFORMED, "payloadType", "a string, as DSSE has it");
    memcpy(envelope->type, json_string_value(type), json_string_length(type) + 1);
    enum accord_status status = decode(json_object_get(object, "payload"), &envelope->payload, "payload", error);
    if (status != ACCORD_OK)
        return status;
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count == 0)
        return refuse(error, ACCORD_MALFORMED, "signatures", "an array of at least one");
    if (count > ACCORD_ENVELOPE_SIGNATURES_MAX)
        return refuse(error, ACCORD_TOO_LARGE, "signatures", "at most 64");
    for (size_t i = 0; status == ACCORD_OK && i < count; i++)
        status = read_signature(envelope, json_array_get(list, i), error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes name = {(const uint8_t *)envelope->type, strlen(envelope->type)};
    status = accord_envelope_message(&envelope->message, name, accord_buffer_bytes(&envelope->payload));
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

enum accord_status accord_envelope_parse(struct accord_envelope **envelope, struct accord_bytes json,
                                         struct accord_error *error)
{
    json_error_t wrong;
    *envelope = NULL;
    if (json.size > ACCORD_ENVELOPE_SIZE_MAX)
        return refuse(error, ACCORD_TOO_LARGE, "the envelope", "at most 4 MiB");
    json_t *object = json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, &wrong);
    if (!json_is_object(object)) {
        enum accord_status status =
            refuse(error, ACCORD_MALFORMED, "the envelope", "an object in JSON, as DSSE has it");
        if (object == NULL && error != NULL && wrong.line > 0)
            error->line = (uint64_t)wrong.line;
        json_decref(object);
        return status;
    }
    *envelope = calloc(1, sizeof **envelope);
    enum accord_status status = *envelope == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    if (status == ACCORD_OK) {
        accord_buffer_init(&(*envelope)->payload, ACCORD_ENVELOPE_SIZE_MAX);
        accord_buffer_init(&(*envelope)->message, ACCORD_ENVELOPE_SIZE_MAX + 1024);
        status = read_object(*envelope, object, error);
    }
    json_decref(object);
    if (status != ACCORD_OK) {
        accord_envelope_free(*envelope);
        *envelope = NULL;
    }
    return status;
}

void accord_envelope_free(struct accord_envelope *envelope)
{
    if (envelope == NULL)
        return;
    accord_buffer_free(&envelope->payload);
    accord_buffer_free(&envelope->message);
    free(envelope);
}

/* "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload */
enum accord_status accord_envelope_message(struct accord_buffer *message, struct accord_bytes type,
                                           struct accord_bytes payload)
{
    enum accord_status status = accord_buffer_reserve(message, type.size + payload.size + 64);
    if (status != ACCORD_OK)
        return status;
    struct accord_out out = {message->data + message->size, message->capacity - message->size, 0, false};
    accord_put(&out, ACCORD_LITERAL("DSSEv1 "));
    accord_put_decimal(&out, type.size);
    accord_put_byte(&out, ' ');
    accord_put(&out, type);
    accord_put_byte(&out, ' ');
    accord_put_decimal(&out, payload.size);
    accord_put_byte(&out, ' ');
    accord_put(&out, payload);
    message->size += out.size;
    return out.full ? ACCORD_TOO_LARGE : ACCORD_OK;
}

enum accord_status accord_envelope_verify(const struct accord_envelope *envelope,
                                          const struct accord_intoto_key *const *keys, size_t key_count,
                                          const struct accord_crypto *crypto, struct accord_error *error)
{
    for (size_t i = 0; i < envelope->signature_count; i++)
        for (size_t k = 0; k < key_count; k++)
            if (accord_intoto_key_verify(
                    keys[k], accord_buffer_bytes(&envelope->message),
                    (struct accord_bytes){envelope->signatures[i].data, envelope->signatures[i].size}, crypto))
                return ACCORD_OK;
    return refuse(error, ACCORD_UNSIGNED, "the envelope", "a signature by a key that was given");
}
