/* accord log new, publish, request: what needs the log's key. The order in which a checkpoint comes to be is
 * publish.c's. */
#include "base/file.h"
#include "base/report.h"
#include "cli/become_net.h"
#include "cli/commands.h"
#include "cli/log_open.h"
#include "cli/publish.h"
#include "cli/say.h"
#include "core/text.h"
#include "keys/checkpoint.h"
#include "log/reader.h"
#include "net/gather.h"
#include "witness/witness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PASSPHRASE                                                                                                     \
    {                                                                                                                  \
        .name = "passphrase-file", .value = "F", .help = "the passphrase that opens KEY"                               \
    }

const struct accord_option accord_options_log_new[] = {{.name = "key",
                                                        .value = "KEY",
                                                        .help = "the log's private key; its name is the log's origin",
                                                        .rule = ACCORD_OPTION_REQUIRED},
                                                       PASSPHRASE,
                                                       {.name = NULL}};

const struct accord_option accord_options_log_publish[] = {
    {.name = "key", .value = "KEY", .help = "the log's private key", .rule = ACCORD_OPTION_REQUIRED},
    PASSPHRASE,
    {.name = "policy", .value = "POLICY", .help = "publish only what the quorum of this tlog-policy file cosigned"},
    {.name = "cosign", .value = "WITNESSKEY", .help = "a witness in this process", .rule = ACCORD_OPTION_REPEATED},
    {.name = "state", .value = "FILE", .help = "the memory of the witnesses in this process", .alias = "cosign-state"},
    {.name = "cosignatures",
     .value = "FILE",
     .help = "signature lines that `accord witness cosign` made elsewhere",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = NULL}};

const struct accord_option accord_options_log_request[] = {
    {.name = "key", .value = "KEY", .help = "the log's private key", .rule = ACCORD_OPTION_REQUIRED},
    PASSPHRASE,
    {.name = "old", .value = "SIZE", .help = "the size that the witness last saw (0)"},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = NULL}};

static enum accord_status create(const struct accord_call *call, const struct accord_signer *key,
                                 struct accord_error *error)
{
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_buffer checkpoint;
    accord_merkle_empty_root(call->crypto, root);
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_checkpoint_key_check(key, error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_sign(key, 0, root, &checkpoint, error);
    }
    if (status == ACCORD_OK) {
        status = accord_log_create(call->fs, call->crypto, call->operands[0], accord_buffer_bytes(&checkpoint), error);
    }
    accord_buffer_free(&checkpoint);
    return status;
}

int accord_run_log_new(struct accord_call *call)
{
    struct accord_error error;
    struct accord_signer *key;
    const char *path = accord_call_value(call, "key");
    if (accord_signer_open(&key, call->fs, path, accord_call_value(call, "passphrase-file"), &error) != ACCORD_OK) {
        return accord_refuse(call, path, &error);
    }
    int exit_status;
    if (create(call, key, &error) != ACCORD_OK) {
        exit_status = accord_refuse(call, call->operands[0], &error);
    } else {
        const struct accord_vkey *vkey = accord_signer_vkey(key);
        accord_note(call, "%s is a new log, %.*s", call->operands[0], ACCORD_TEXT(vkey->name));
        exit_status = accord_answer(call, json_pack("{s:o, s:o}", "origin", accord_json_text(vkey->name), "vkey",
                                                    accord_json_text(vkey->text)));
    }
    accord_signer_free(key);
    return exit_status;
}

/* What publish works with. */
struct publishing {
    struct accord_log_opened opened;
    struct accord_keyring witnesses;
    struct accord_policy *policy; /* NULL: none */
    struct accord_buffer policy_text, cosignatures, checkpoint;
    bool nothing_new; /* what is published is of the present tree, and the policy accepts it */
};

static enum accord_status open_witnesses(const struct accord_call *call, struct publishing *publishing,
                                         struct accord_error *error)
{
    size_t cursor = 0;
    const char *path;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(call, "cosign", &cursor, &path)) {
        struct accord_keyring *ring = &publishing->witnesses;
        if (ring->count == ACCORD_POLICY_WITNESSES_MAX) {
            return accord_fail(error, ACCORD_TOO_LARGE, 0);
        }
        status = accord_signer_open(&ring->signers[ring->count], call->fs, path, NULL, error);
        ring->count += status == ACCORD_OK;
    }
    return status;
}

static enum accord_status read_policy(const struct accord_call *call, struct publishing *publishing,
                                      struct accord_error *error)
{
    const char *path = accord_call_value(call, "policy");
    if (path == NULL) {
        return ACCORD_OK;
    }
    publishing->policy = calloc(1, sizeof *publishing->policy);
    if (publishing->policy == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_file_read(call->fs, path, &publishing->policy_text, error);
    if (status != ACCORD_OK) {
        return status;
    }
    return accord_policy_parse(publishing->policy, accord_buffer_bytes(&publishing->policy_text), call->crypto, error);
}

/* Signature lines of witnesses elsewhere; whose they are is for the policy to say. */
static enum accord_status read_cosignatures(const struct accord_call *call, struct publishing *publishing,
                                            struct accord_error *error)
{
    size_t cursor = 0;
    const char *path;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_call_next(call, "cosignatures", &cursor, &path)) {
        struct accord_buffer *all = &publishing->cosignatures;
        size_t before = all->size;
        status = accord_file_read(call->fs, path, all, error);
        if (status == ACCORD_OK) {
            struct accord_note_claim lines;
            status =
                accord_signatures_parse(&lines, (struct accord_bytes){all->data + before, all->size - before}, error);
            if (status != ACCORD_OK && error->what[0] == 0) {
                accord_error_what(error, accord_bytes_of(path));
            }
        }
    }
    return status;
}

/* Is the published checkpoint one of the present tree, by this key, that the policy accepts? */
static bool nothing_new(const struct accord_call *call, const struct publishing *publishing)
{
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_checkpoint_claim claim;
    const struct accord_log *log = publishing->opened.log;
    accord_log_root(log, root);
    if (accord_checkpoint_parse(&claim, accord_log_checkpoint(log), NULL) != ACCORD_OK ||
        claim.size != accord_log_size(log) || memcmp(claim.root, root, sizeof root) != 0 ||
        accord_note_signed_by(&claim.note, accord_signer_vkey(publishing->opened.key), call->crypto, NULL) !=
            ACCORD_SIGNED) {
        return false;
    }
    struct accord_checkpoint verified;
    struct accord_cosigners cosigners;
    return publishing->policy == NULL ||
           accord_policy_verify(publishing->policy, &claim, call->crypto, &verified, &cosigners, NULL) == ACCORD_OK;
}

struct asked {
    const struct accord_call *call;
    const struct accord_policy *policy;
};

/* Why a witness did not cosign. */
static void say_outcome(void *context, size_t witness, enum accord_witness_outcome outcome, uint64_t elapsed_ms,
                        const struct accord_error *error)
{
    const struct asked *asked = context;
    char sentence[512];
    (void)outcome;
    (void)elapsed_ms;
    if (error != NULL) {
        accord_error_sentence(error, NULL, sentence, sizeof sentence);
        accord_note(asked->call, "%.*s: %s", ACCORD_TEXT(asked->policy->witnesses[witness].name), sentence);
    }
}

static enum accord_status publish(const struct accord_call *call, struct publishing *publishing,
                                  struct accord_error *error)
{
    enum accord_status status = read_policy(call, publishing, error);
    if (status == ACCORD_OK) {
        status = accord_log_opened_init(&publishing->opened, call, accord_call_value(call, "key"), error);
    }
    if (status == ACCORD_OK) {
        status = accord_checkpoint_key_check(publishing->opened.key, error);
    }
    if (status == ACCORD_OK) {
        status = open_witnesses(call, publishing, error);
    }
    if (status == ACCORD_OK) {
        status = read_cosignatures(call, publishing, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    publishing->nothing_new =
        publishing->witnesses.count == 0 && publishing->cosignatures.size == 0 && nothing_new(call, publishing);
    if (publishing->nothing_new) {
        return ACCORD_OK;
    }
    struct asked asked = {call, publishing->policy};
    const struct accord_gather_observer observer = {&asked, say_outcome};
    const struct accord_publisher publisher = {.fs = call->fs,
                                               .crypto = call->crypto,
                                               .clock = call->clock,
                                               .log_key = publishing->opened.key,
                                               .witnesses = publishing->witnesses.signers,
                                               .witness_count = publishing->witnesses.count,
                                               .witness_state = accord_call_value(call, "state"),
                                               .cosignatures = accord_buffer_bytes(&publishing->cosignatures),
                                               .policy = publishing->policy,
                                               .network = call->network,
                                               .observer = &observer};
    return accord_publish(publishing->opened.log, publishing->opened.dir, &publisher, &publishing->checkpoint, error);
}

/* What a person may do about a refusal. */
static void advise(const struct accord_call *call, const struct publishing *publishing, enum accord_status status)
{
    if (status == ACCORD_SIGNATURE && publishing->cosignatures.size > 0) {
        accord_note(call, "Cosignatures hold for one size of the log: has it grown since accord log request?");
    }
}

static int answer(const struct accord_call *call, const struct publishing *publishing)
{
    const struct accord_log *log = publishing->opened.log;
    uint64_t size = accord_log_size(log);
    struct accord_checkpoint_claim claim;
    if (accord_checkpoint_parse(&claim, accord_log_checkpoint(log), NULL) != ACCORD_OK) {
        return accord_refuse_status(call, call->operands[0], ACCORD_LOG_CORRUPT, "checkpoint");
    }
    if (publishing->nothing_new) {
        accord_note(call, "nothing new: the checkpoint of all %" PRIu64 " entries is published already", size);
    } else {
        accord_note(call, "published: %" PRIu64 " entries, %zu signatures", size, claim.note.signature_count);
    }
    return accord_answer(call, json_pack("{s:o, s:I, s:o, s:I, s:b}", "origin", accord_json_text(claim.origin), "size",
                                         (json_int_t)size, "root", accord_json_digest(claim.root), "signatures",
                                         (json_int_t)claim.note.signature_count, "new", !publishing->nothing_new));
}

int accord_run_log_publish(struct accord_call *call)
{
    if (accord_call_count(call, "cosign") > 0 && accord_call_value(call, "state") == NULL) {
        return accord_usage(call, "--cosign needs --state FILE: a witness without memory could be led back");
    }
    /* A policy may name witnesses to ask. It may also come through a pipe, so nobody looks into it here first. */
    if (call->network == NULL && accord_call_value(call, "policy") != NULL) {
        return accord_become_net(call);
    }
    struct accord_error error;
    struct publishing *publishing = calloc(1, sizeof *publishing);
    if (publishing == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    accord_buffer_init(&publishing->policy_text, ACCORD_POLICY_SIZE_MAX);
    accord_buffer_init(&publishing->cosignatures, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&publishing->checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = publish(call, publishing, &error);
    int exit_status;
    if (status == ACCORD_OK) {
        exit_status = answer(call, publishing);
    } else {
        exit_status = accord_refuse(call, call->operands[0], &error);
        advise(call, publishing, status);
    }
    accord_log_opened_free(&publishing->opened);
    accord_keyring_free(&publishing->witnesses);
    accord_buffer_free(&publishing->policy_text);
    accord_buffer_free(&publishing->cosignatures);
    accord_buffer_free(&publishing->checkpoint);
    free(publishing->policy);
    free(publishing);
    return exit_status;
}

/* The request, appended to *body: a checkpoint of the present tree, whose tiles are durable, and why it follows. */
static enum accord_status request(const struct accord_call *call, const struct accord_log_opened *opened,
                                  uint64_t old_size, struct accord_buffer *body, struct accord_error *error)
{
    enum accord_status status = accord_log_integrate(opened->log, error);
    struct accord_reader *reader = NULL;
    if (status == ACCORD_OK) {
        status = accord_reader_open(&reader, call->fs, call->crypto, opened->dir, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    uint64_t size = accord_log_size(opened->log);
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_merkle_proof proof = {.count = 0};
    struct accord_buffer checkpoint;
    accord_log_root(opened->log, root);
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    accord_reader_set_size(reader, size);
    if (old_size > 0 && old_size < size) {
        struct accord_hash_source source = accord_reader_hashes(reader);
        status = accord_consistency_prove(call->crypto, &source, old_size, size, &proof);
        if (status != ACCORD_OK) {
            *error = *accord_reader_error(reader);
            error->status = status;
        }
    }
    if (status == ACCORD_OK) {
        status = accord_checkpoint_sign(opened->key, size, root, &checkpoint, error);
    }
    if (status == ACCORD_OK) {
        status = accord_buffer_reserve(body, checkpoint.size + 64 * ACCORD_PROOF_HASHES_MAX + 64);
    }
    if (status == ACCORD_OK) {
        struct accord_out out = {body->data, body->capacity, 0, false};
        accord_add_checkpoint_print(&out, old_size, &proof, accord_buffer_bytes(&checkpoint));
        body->size = out.size;
    }
    accord_buffer_free(&checkpoint);
    accord_reader_close(reader);
    return status;
}

int accord_run_log_request(struct accord_call *call)
{
    struct accord_error error;
    struct accord_log_opened opened;
    struct accord_buffer body;
    uint64_t old_size = 0;
    const char *old = accord_call_value(call, "old");
    if (old != NULL && !accord_decimal_read(accord_bytes_of(old), &old_size)) {
        return accord_usage(call, "--old takes a size in decimal, not %s", old);
    }
    accord_buffer_init(&body, 2 * ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_log_opened_init(&opened, call, accord_call_value(call, "key"), &error);
    if (status == ACCORD_OK && old_size > accord_log_size(opened.log)) {
        status = accord_fail(&error, ACCORD_WRONG_INDEX, 0);
        accord_error_what(&error, ACCORD_LITERAL("--old"));
        accord_error_found(&error, accord_bytes_of(old));
    }
    if (status == ACCORD_OK) {
        status = request(call, &opened, old_size, &body, &error);
    }
    if (status == ACCORD_OK) {
        status = accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&body), &error);
    }
    int exit_status;
    if (status != ACCORD_OK) {
        exit_status = accord_refuse(call, call->operands[0], &error);
    } else {
        exit_status = accord_answer(call, json_pack("{s:I, s:I, s:o}", "old", (json_int_t)old_size, "size",
                                                    (json_int_t)accord_log_size(opened.log), "request",
                                                    accord_json_text(accord_buffer_bytes(&body))));
    }
    accord_log_opened_free(&opened);
    accord_buffer_free(&body);
    return exit_status;
}
