/* accord witness cosign: one add-checkpoint request as bytes, answered as bytes; a witness without a network. */
#include "base/file.h"
#include "cli/accord_dir.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "witness/cosigner.h"

#include <stdlib.h>

#define REQUEST_SIZE_MAX (ACCORD_NOTE_SIZE_MAX + 8192)
#define LINE_SIZE_MAX 8192

const struct accord_option accord_options_witness_cosign[] = {
    {.name = "key", .value = "KEY", .help = "the witness's private key", .rule = ACCORD_OPTION_SOME},
    {.name = "passphrase-file", .value = "F", .help = "the passphrase that opens the keys"},
    {.name = "state",
     .value = "FILE",
     .help = "what the witness remembers of each log",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "log-vkey", .value = "VKEY", .help = "the public key of a log to cosign for", .rule = ACCORD_OPTION_SOME},
    {.name = NULL}};

struct cosigning {
    struct accord_keyring witnesses;
    struct accord_vkey *logs;
    size_t log_count;
    struct accord_buffer body;
    struct accord_cosigner_state *state;
    struct accord_witness_verdict *verdicts; /* one for each witness, as lines are */
    struct accord_buffer *lines;
};

static enum accord_status open_keys(const struct accord_call *call, struct cosigning *cosigning,
                                    struct accord_error *error)
{
    size_t cursor = 0;
    const char *text;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(call, "log-vkey", &cursor, &text)) {
        status =
            accord_vkey_parse(&cosigning->logs[cosigning->log_count++], accord_bytes_of(text), call->crypto, error);
    }
    cursor = 0;
    while (status == ACCORD_OK && accord_call_next(call, "key", &cursor, &text)) {
        struct accord_keyring *ring = &cosigning->witnesses;
        if (ring->count == ACCORD_POLICY_WITNESSES_MAX) {
            return accord_fail(error, ACCORD_TOO_LARGE, 0);
        }
        status = accord_signer_open(&ring->signers[ring->count], call->fs, text,
                                    accord_call_value(call, "passphrase-file"), error);
        ring->count += status == ACCORD_OK;
    }
    return status;
}

static enum accord_status cosign(const struct accord_call *call, struct cosigning *cosigning,
                                 struct accord_error *error)
{
    enum accord_status status = open_keys(call, cosigning, error);
    if (status == ACCORD_OK) {
        status = accord_file_read(call->fs, "-", &cosigning->body, error);
    }
    if (status == ACCORD_OK) {
        status = accord_cosigner_state_open(&cosigning->state, call->fs, accord_call_value(call, "state"), error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    return accord_cosigner_answer(cosigning->state, cosigning->witnesses.signers, cosigning->witnesses.count,
                                  cosigning->logs, cosigning->log_count, accord_buffer_bytes(&cosigning->body),
                                  call->clock->now(call->clock->context), call->crypto, cosigning->verdicts,
                                  cosigning->lines, error);
}

static json_t *verdict_json(const struct cosigning *cosigning, size_t i)
{
    const struct accord_witness_verdict *verdict = &cosigning->verdicts[i];
    json_t *object =
        json_pack("{s:o, s:i}", "witness", accord_json_text(accord_signer_vkey(cosigning->witnesses.signers[i])->name),
                  "status", verdict->http_status);
    if (object != NULL && verdict->http_status == 200) {
        (void)json_object_set_new(object, "lines", accord_json_text(accord_buffer_bytes(&cosigning->lines[i])));
    }
    if (object != NULL && verdict->http_status == 409) {
        (void)json_object_set_new(object, "size", json_integer((json_int_t)verdict->seen_size));
    }
    return object;
}

/* The lines of those that cosigned; a sentence for each that did not. */
static int answer(const struct accord_call *call, const struct cosigning *cosigning)
{
    int exit_status = 0;
    json_t *witnesses = json_array();
    for (size_t i = 0; i < cosigning->witnesses.count; i++) {
        (void)json_array_append_new(witnesses, verdict_json(cosigning, i));
        if (cosigning->verdicts[i].http_status == 200) {
            accord_print(call, accord_buffer_bytes(&cosigning->lines[i]));
            continue;
        }
        exit_status = 1;
        if (call->json) {
            continue;
        }
        const struct accord_vkey *vkey = accord_signer_vkey(cosigning->witnesses.signers[i]);
        char name[ACCORD_KEY_NAME_SIZE_MAX + 1];
        snprintf(name, sizeof name, "%.*s", ACCORD_TEXT(vkey->name));
        exit_status = accord_refuse(call, name, &cosigning->verdicts[i].error);
    }
    if (!call->json) {
        json_decref(witnesses);
        return exit_status;
    }
    return accord_answer_with(call, json_pack("{s:o}", "witnesses", witnesses), exit_status);
}

int accord_run_witness_cosign(struct accord_call *call)
{
    struct accord_error error;
    struct cosigning *cosigning = calloc(1, sizeof *cosigning);
    size_t witness_count = accord_call_count(call, "key");
    if (cosigning != NULL) {
        accord_buffer_init(&cosigning->body, REQUEST_SIZE_MAX);
        cosigning->logs = calloc(accord_call_count(call, "log-vkey"), sizeof *cosigning->logs);
        cosigning->verdicts = calloc(witness_count, sizeof *cosigning->verdicts);
        cosigning->lines = calloc(witness_count, sizeof *cosigning->lines);
    }
    if (cosigning == NULL || cosigning->logs == NULL || cosigning->verdicts == NULL || cosigning->lines == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    for (size_t i = 0; i < witness_count; i++) {
        accord_buffer_init(&cosigning->lines[i], LINE_SIZE_MAX);
    }
    int exit_status =
        cosign(call, cosigning, &error) == ACCORD_OK ? answer(call, cosigning) : accord_refuse(call, NULL, &error);
    if (cosigning->state != NULL) {
        accord_cosigner_state_close(cosigning->state);
    }
    accord_keyring_free(&cosigning->witnesses);
    for (size_t i = 0; i < witness_count; i++) {
        accord_buffer_free(&cosigning->lines[i]);
    }
    accord_buffer_free(&cosigning->body);
    free(cosigning->lines);
    free(cosigning->verdicts);
    free(cosigning->logs);
    free(cosigning);
    return exit_status;
}
