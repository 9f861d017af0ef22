/* accord attest export: an attestation as an in-toto Statement, alone or in an envelope that a stage key signs. */
#include "base/file.h"
#include "cli/attest_read.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "core/text.h"
#include "intoto/envelope.h"
#include "intoto/statement.h"
#include "keys/key.h"

#include <stdlib.h>

#define LINE_SIZE_MAX 4096

const struct accord_option accord_options_attest_export[] = {
    {.name = "slsa", .help = "as SLSA provenance v1; an attestation of the stage build"},
    {.name = "key", .value = "KEY", .help = "sign it, in a DSSE envelope"},
    {.name = "passphrase-file", .value = "F", .help = "the passphrase of the key"},
    {.name = "output", .value = "FILE", .help = "where it goes; otherwise to standard output", .letter = 'o'},
    {.name = NULL}};

/* The signature inside a signature line of a note, in base64: what follows the 4 bytes of the key's id. */
static enum accord_status signature_of(struct accord_bytes lines, uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE])
{
    struct accord_note_claim note;
    struct accord_signature line;
    uint8_t bytes[4 + ACCORD_ED25519_SIGNATURE_SIZE];
    size_t cursor = 0;
    if (accord_signatures_parse(&note, lines, NULL) != ACCORD_OK ||
        !accord_note_next_signature(&note, &cursor, &line) || !accord_base64_read(line.base64, bytes, sizeof bytes)) {
        return ACCORD_KEY_TYPE;
    }
    for (size_t i = 0; i < ACCORD_ED25519_SIGNATURE_SIZE; i++) {
        signature[i] = bytes[4 + i];
    }
    return ACCORD_OK;
}

static json_t *base64_json(struct accord_bytes bytes)
{
    uint8_t *text = malloc(ACCORD_BASE64_SIZE(bytes.size) + 1);
    if (text == NULL) {
        return NULL;
    }
    struct accord_out out = {text, ACCORD_BASE64_SIZE(bytes.size), 0, false};
    accord_put_base64(&out, bytes);
    json_t *json = json_stringn((const char *)text, out.size);
    free(text);
    return json;
}

static enum accord_status sign(const struct accord_call *call, const char *key, struct accord_bytes statement,
                               struct accord_buffer *message, struct accord_buffer *line, json_t **envelope,
                               struct accord_error *error)
{
    struct accord_signer *signer;
    uint8_t signature[ACCORD_ED25519_SIGNATURE_SIZE];
    enum accord_status status =
        accord_signer_open(&signer, call->fs, key, accord_call_value(call, "passphrase-file"), error);
    if (status != ACCORD_OK) {
        return status;
    }
    const struct accord_vkey *vkey = accord_signer_vkey(signer);
    if (vkey->type != ACCORD_KEY_ED25519) {
        status = accord_fail(error, ACCORD_KEY_TYPE, 0);
    }
    if (status == ACCORD_OK) {
        status = accord_envelope_message(message, ACCORD_LITERAL(ACCORD_INTOTO_PAYLOAD_TYPE), statement);
    }
    if (status == ACCORD_OK) {
        status = accord_signer_sign(signer, accord_buffer_bytes(message), 0, line, error);
    }
    if (status == ACCORD_OK) {
        status = signature_of(accord_buffer_bytes(line), signature);
    }
    if (status == ACCORD_OK) {
        *envelope = json_pack("{s:o, s:s, s:[{s:o, s:o}]}", "payload", base64_json(statement), "payloadType",
                              ACCORD_INTOTO_PAYLOAD_TYPE, "signatures", "keyid", accord_json_text(vkey->text), "sig",
                              base64_json((struct accord_bytes){signature, sizeof signature}));
    }
    accord_signer_free(signer);
    return status;
}

/* Puts the Statement into an envelope, in its place. */
static enum accord_status enclose(const struct accord_call *call, const char *key, struct accord_buffer *statement,
                                  struct accord_error *error)
{
    struct accord_buffer message, line;
    json_t *envelope = NULL;
    accord_buffer_init(&message, ACCORD_ENVELOPE_SIZE_MAX);
    accord_buffer_init(&line, LINE_SIZE_MAX);
    enum accord_status status = sign(call, key, accord_buffer_bytes(statement), &message, &line, &envelope, error);
    char *text = envelope == NULL ? NULL : json_dumps(envelope, JSON_COMPACT);
    if (status == ACCORD_OK && text == NULL) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (status == ACCORD_OK) {
        statement->size = 0;
        status = accord_buffer_append(statement, accord_bytes_of(text));
    }
    free(text);
    json_decref(envelope);
    accord_buffer_free(&message);
    accord_buffer_free(&line);
    return status;
}

static enum accord_status export(const struct accord_call *call, struct accord_buffer *json,
                                 struct accord_error *error) {
    struct accord_attest_found found; const char *key = accord_call_value(call, "key");
    accord_attest_found_init(&found);
    enum accord_status status = accord_attest_find(&found, call->fs, call->operands[0], NULL, error);
    if (status == ACCORD_OK){
        status = accord_intoto_print(json, &found.claim, accord_call_flag(call, "slsa"), call->crypto, error);}
if (status == ACCORD_OK && key != NULL)
{
    status = enclose(call, key, json, error);
}
if (status == ACCORD_OK) {
    status = accord_buffer_append(json, ACCORD_LITERAL("\n"));
}
accord_attest_found_free(&found);
return status;
}

int accord_run_attest_export(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_buffer json;
    accord_buffer_init(&json, ACCORD_ENVELOPE_SIZE_MAX);
    error.status = export(call, &json, &error);
    if (error.status == ACCORD_OK) {
        error.status = accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&json), &error);
    }
    int result = error.status == ACCORD_OK ? 0 : accord_refuse(call, call->operands[0], &error);
    accord_buffer_free(&json);
    return result;
}
