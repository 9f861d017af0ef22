/* accord key new, accord key public. They know what each purpose's key is made of; keys/ does the rest. */
#include "cli/commands.h"
#include "cli/say.h"
#include "keys/key.h"

#include <string.h>

#define PUBLIC_SIZE_MAX 4096

const struct accord_option accord_options_key_new[] = {
    {.name = "for",
     .value = "log|release|stage|current|receipt|witness|mirror|report",
     .help = "what the key is for",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "output",
     .letter = 'o',
     .value = "FILE",
     .help = "where to keep the private key",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "passphrase-file", .value = "F", .help = "encrypt the key to the passphrase in F, as age does"},
    {.name = "mldsa44", .help = "make an ML-DSA-44 key (log, witness, mirror) where the machine can"},
    {.name = NULL}};

const struct accord_option accord_options_key_public[] = {
    {.name = "passphrase-file", .value = "F", .help = "the passphrase that opens the key"}, {.name = NULL}};

static const struct {
    const char *name;
    enum accord_key_type type, quantum_safe; /* the same where there is no choice */
} purposes[] = {{"log", ACCORD_KEY_ED25519, ACCORD_KEY_COSIGNATURE_MLDSA44},
                {"release", ACCORD_KEY_ED25519, ACCORD_KEY_ED25519},
                {"stage", ACCORD_KEY_ED25519, ACCORD_KEY_ED25519},
                {"current", ACCORD_KEY_ED25519, ACCORD_KEY_ED25519},
                {"receipt", ACCORD_KEY_ED25519, ACCORD_KEY_ED25519},
                {"mirror", ACCORD_KEY_COSIGNATURE_ED25519, ACCORD_KEY_COSIGNATURE_MLDSA44},
                {"witness", ACCORD_KEY_COSIGNATURE_ED25519, ACCORD_KEY_COSIGNATURE_MLDSA44}};

/* Prints the public half, and says where the private one lies. */
static int answer(const struct accord_call *call, const char *file, struct accord_bytes public_half)
{
    if (file != NULL) {
        accord_note(call, "%s holds the private key; this is its public half:", file);
    }
    accord_print(call, public_half);
    accord_print(call, ACCORD_LITERAL("\n"));
    json_t *object = json_object();
    if (object != NULL && json_object_set_new(object, "public", accord_json_text(public_half)) != 0) {
        json_decref(object);
        object = NULL;
    }
    return accord_answer(call, object);
}

static int new_report_key(const struct accord_call *call, const char *file)
{
    struct accord_error error;
    char recipient[64];
    enum accord_status status =
        accord_report_key_new(call->fs, file, accord_call_value(call, "passphrase-file"), recipient, &error);
    if (status != ACCORD_OK) {
        return accord_refuse(call, file, &error);
    }
    return answer(call, file, accord_bytes_of(recipient));
}

static int new_note_key(const struct accord_call *call, enum accord_key_type type, const char *file)
{
    struct accord_error error;
    struct accord_signer *signer;
    enum accord_status status = accord_signer_generate(&signer, accord_bytes_of(call->operands[0]), type, &error);
    if (status != ACCORD_OK) {
        return accord_refuse(call, call->operands[0], &error);
    }
    status = accord_signer_save(signer, call->fs, file, accord_call_value(call, "passphrase-file"), &error);
    int exit_status =
        status == ACCORD_OK ? answer(call, file, accord_signer_vkey(signer)->text) : accord_refuse(call, file, &error);
    accord_signer_free(signer);
    return exit_status;
}

int accord_run_key_new(struct accord_call *call)
{
    const char *purpose = accord_call_value(call, "for");
    const char *file = accord_call_value(call, "output");
    bool mldsa44 = accord_call_flag(call, "mldsa44");
    if (strcmp(file, "-") == 0) {
        return accord_usage(call, "a private key goes to a file, not to standard output");
    }
    if (strcmp(purpose, "report") == 0 && !mldsa44) {
        return new_report_key(call, file);
    }
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        if (strcmp(purpose, purposes[i].name) != 0) {
            continue;
        }
        if (mldsa44 && purposes[i].quantum_safe == purposes[i].type) {
            break;
        }
        return new_note_key(call, mldsa44 ? purposes[i].quantum_safe : purposes[i].type, file);
    }
    return accord_usage(call,
                        mldsa44
                            ? "--mldsa44 makes keys for log, witness and mirror, not for %s"
                            : "--for takes log, release, stage, current, receipt, witness, mirror or report, not %s",
                        purpose);
}

int accord_run_key_public(struct accord_call *call)
{
    struct accord_error error;
    struct accord_buffer public_half;
    accord_buffer_init(&public_half, PUBLIC_SIZE_MAX);
    enum accord_status status = accord_key_public(call->fs, call->operands[0],
                                                  accord_call_value(call, "passphrase-file"), &public_half, &error);
    int exit_status = status == ACCORD_OK ? answer(call, NULL, accord_buffer_bytes(&public_half))
                                          : accord_refuse(call, call->operands[0], &error);
    accord_buffer_free(&public_half);
    return exit_status;
}
