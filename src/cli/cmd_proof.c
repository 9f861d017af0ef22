/* accord proof verify: any C2SP tlog-proof, by a tlog-policy file. It knows no accord, no roster and no release. */
#include "accord/policy.h"
#include "accord/proof.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/say.h"

#include <inttypes.h>
#include <stdlib.h>

const struct accord_option accord_options_proof_verify[] = {
    {.name = "entry",
     .value = "FILE",
     .help = "the entry's bytes; - is standard input",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "policy", .value = "POLICY", .help = "a tlog-policy file: whom to trust", .rule = ACCORD_OPTION_REQUIRED},
    {.name = NULL}};

struct judging {
    const char *subject; /* the file that is being looked at, for a refusal */
    struct accord_buffer proof_bytes, entry, policy_text;
    struct accord_policy policy;
    struct accord_proof_claim proof;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
};

static enum accord_status read_all(const struct accord_call *call, struct judging *judging, struct accord_error *error)
{
    const struct {
        const char *path;
        struct accord_buffer *buffer;
    } files[] = {{call->operands[0], &judging->proof_bytes},
                 {accord_call_value(call, "entry"), &judging->entry},
                 {accord_call_value(call, "policy"), &judging->policy_text}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        judging->subject = files[i].path;
        enum accord_status status = accord_file_read(call->fs, files[i].path, files[i].buffer, error);
        if (status != ACCORD_OK) {
            return status;
        }
    }
    return ACCORD_OK;
}

static enum accord_status judge(const struct accord_call *call, struct judging *judging, struct accord_error *error)
{
    enum accord_status status = read_all(call, judging, error);
    if (status == ACCORD_OK) {
        status = accord_policy_parse(&judging->policy, accord_buffer_bytes(&judging->policy_text), call->crypto, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    judging->subject = call->operands[0];
    status = accord_proof_parse(&judging->proof, accord_buffer_bytes(&judging->proof_bytes), error);
    if (status == ACCORD_OK) {
        status = accord_policy_verify(&judging->policy, &judging->proof.checkpoint, call->crypto, &judging->checkpoint,
                                      &judging->cosigners, error);
    }
    if (status == ACCORD_OK) {
        status = accord_proof_verify(&judging->proof, &judging->checkpoint, accord_buffer_bytes(&judging->entry),
                                     call->crypto, error);
    }
    return status;
}

static void tell(const struct accord_call *call, const struct judging *judging)
{
    char seen[32], not_before[32];
    accord_note(call, "verified: %s is entry %" PRIu64 " of %.*s, in a tree of %" PRIu64,
                accord_call_value(call, "entry"), judging->proof.index, ACCORD_TEXT(judging->checkpoint.origin),
                judging->checkpoint.size);
    if (judging->cosigners.seen_at != 0) {
        accord_time_print(judging->cosigners.seen_at, seen);
        accord_time_print(judging->cosigners.not_before, not_before);
        accord_note(call, "  public since %s; seen by a quorum as late as %s", seen, not_before);
    }
    for (size_t i = 0; i < judging->policy.witness_count; i++) {
        if (judging->cosigners.cosigned[i]) {
            accord_time_print(judging->cosigners.timestamp[i], seen);
            accord_note(call, "  cosigned by %.*s, %s", ACCORD_TEXT(judging->policy.witnesses[i].name), seen);
        }
    }
    if (judging->cosigners.count == 0) {
        accord_note(call, "  cosigned by nobody: the policy asks for no witness");
    }
}

static json_t *answer_json(const struct judging *judging)
{
    json_t *witnesses = json_object();
    for (size_t i = 0; i < judging->policy.witness_count; i++) {
        if (judging->cosigners.cosigned[i]) {
            struct accord_bytes name = judging->policy.witnesses[i].name;
            (void)json_object_setn_new(witnesses, (const char *)name.data, name.size,
                                       json_integer((json_int_t)judging->cosigners.timestamp[i]));
        }
    }
    json_t *object = json_pack("{s:o, s:I, s:I, s:o}", "log", accord_json_text(judging->checkpoint.origin), "index",
                               (json_int_t)judging->proof.index, "size", (json_int_t)judging->checkpoint.size,
                               "witnesses", witnesses);
    if (object != NULL && judging->cosigners.seen_at != 0) {
        (void)json_object_set_new(object, "public_since", json_integer((json_int_t)judging->cosigners.seen_at));
        (void)json_object_set_new(object, "not_before", json_integer((json_int_t)judging->cosigners.not_before));
    }
    return object;
}

int accord_run_proof_verify(struct accord_call *call)
{
    struct accord_error error;
    struct judging *judging = calloc(1, sizeof *judging);
    if (judging == NULL) {
        return accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    }
    accord_buffer_init(&judging->proof_bytes, ACCORD_PROOF_SIZE_MAX);
    accord_buffer_init(&judging->entry, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&judging->policy_text, ACCORD_POLICY_SIZE_MAX);
    int exit_status;
    if (judge(call, judging, &error) != ACCORD_OK) {
        exit_status = accord_refuse(call, judging->subject, &error);
    } else {
        tell(call, judging);
        exit_status = accord_answer(call, answer_json(judging));
    }
    accord_buffer_free(&judging->proof_bytes);
    accord_buffer_free(&judging->entry);
    accord_buffer_free(&judging->policy_text);
    free(judging);
    return exit_status;
}
