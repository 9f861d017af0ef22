/* accord log mirror: a copy of a log, brought up to date once. It knows who must have signed and what is said while one
 * waits; what makes a copy true stands in mirror/pull.c. */
#include "accord/policy.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/mirror_mailbox.h"
#include "cli/say.h"
#include "cli/trust_file.h"
#include "mirror/pull.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

const struct accord_option accord_options_log_mirror[] = {
    {.name = "vkey", .value = "VKEY", .help = "the log's public key, which must have signed"},
    {.name = "policy", .value = "POLICY", .help = "a policy whose quorum must have cosigned"},
    {.name = "trust", .value = "TRUST", .help = "a trust file, whose roster's quorum must have cosigned"},
    {.name = "key", .value = "KEY", .help = "a witness key: adds its cosignature, which says that DIR holds it all"},
    {.name = "passphrase-file", .value = "F", .help = "the passphrase that opens KEY"},
    {.name = "mailbox", .help = "copy the sealed reports in its mailbox, too"},
    {.name = NULL}};

/* Everything that one run touches. */
struct mirroring {
    struct accord_call *call;
    struct accord_pull_judge judge;
    struct accord_reader *reader;
    struct accord_pull_copy into;
    struct accord_pulled pulled;
    struct accord_progress progress;
    char rate[64];
    uint64_t started_us, started_at;
};

/* Who must have signed, by whichever of the three options. */
struct authority {
    struct accord_vkey vkey;
    struct accord_pull_keys keys;
    struct accord_buffer policy_text;
    struct accord_policy *policy;
    struct accord_trust_file trust;
    const struct accord_crypto *crypto;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* What is whole when the signal comes stays. The second one does not wait for it: the copy bears that too. */
static void await_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

static bool is_stopped(void *context)
{
    (void)context;
    return stop != 0;
}

static void step(void *context, uint64_t held, uint64_t total)
{
    struct mirroring *mirroring = context;
    uint64_t now = accord_monotonic_us();
    if (mirroring->started_us == 0) {
        mirroring->started_us = now;
        mirroring->started_at = held;
    } else if (now > mirroring->started_us) {
        double seconds = (double)(now - mirroring->started_us) / 1e6;
        snprintf(mirroring->rate, sizeof mirroring->rate, "entries, %.0f/s",
                 (double)(held - mirroring->started_at) / seconds);
    }
    accord_progress_step(&mirroring->progress, held, total);
}

static enum accord_status judge_policy(void *context, const struct accord_checkpoint_claim *claim,
                                       struct accord_error *error)
{
    const struct authority *authority = context;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    const struct accord_policy *policy =
        authority->policy != NULL ? authority->policy : &authority->trust.verifier->policy;
    return accord_policy_verify(policy, claim, authority->crypto, &checkpoint, &cosigners, error);
}

static enum accord_status pull(struct mirroring *mirroring, struct accord_error *error)
{
    struct accord_call *call = mirroring->call;
    static const struct accord_bytes any = {NULL, 0};
    enum accord_status status =
        accord_log_source_open(&mirroring->reader, call->fs, call->crypto, call->network, call->operands[0], error);
    if (status == ACCORD_OK) {
        status = accord_copy_open(&mirroring->into.copy, call->fs, call->crypto, call->operands[1], any, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    const struct accord_pull_target target = accord_pull_into(&mirroring->into);
    const struct accord_pull round = {.crypto = call->crypto,
                                      .reader = mirroring->reader,
                                      .judge = mirroring->judge,
                                      .target = &target,
                                      .context = mirroring,
                                      .progress = step,
                                      .stop = is_stopped};
    status = accord_pull_round(&round, &mirroring->pulled, error);
    accord_progress_end(&mirroring->progress);
    return status;
}

/* Two signed checkpoints that do not go together are worth keeping. */
static int refuse(const struct mirroring *mirroring, const struct accord_error *error)
{
    const struct accord_call *call = mirroring->call;
    struct accord_error keeping;
    bool contradicts = error->status == ACCORD_CONSISTENCY || error->status == ACCORD_ROLLBACK;
    if (contradicts && mirroring->pulled.note.size > 0 && mirroring->pulled.last.size > 0) {
        if (accord_pull_keep(call->fs, call->operands[1], &mirroring->pulled, &keeping) != ACCORD_OK) {
            return accord_refuse(call, call->operands[1], &keeping);
        }
        accord_note(call,
                    "%s/.accord/fork-accepted and fork-shown are kept: accord evidence compare says whether they "
                    "contradict each other",
                    call->operands[1]);
    }
    return accord_refuse(call, call->operands[0], error);
}

static void tell_mailbox(const struct accord_call *call, const struct accord_mirrored_mailbox *mailbox)
{
    if (accord_call_flag(call, "mailbox")) {
        accord_note(call,
                    "%" PRIu64 " sealed reports are announced: %" PRIu64 " copied, %" PRIu64 " were there, %" PRIu64
                    " the log does not have",
                    mailbox->announced, mailbox->copied, mailbox->held, mailbox->missing);
    }
}

static int tell(const struct mirroring *mirroring, const struct accord_mirrored_mailbox *mailbox)
{
    const struct accord_call *call = mirroring->call;
    const struct accord_pulled *pulled = &mirroring->pulled;
    struct accord_checkpoint_claim claim;
    if (accord_checkpoint_parse(&claim, accord_buffer_bytes(&pulled->note), NULL) != ACCORD_OK) {
        abort();
    }
    uint64_t held = accord_copy_next(mirroring->into.copy);
    if (pulled->stopped) {
        accord_note(call, "stopped: %" PRIu64 " of %" PRIu64 " entries are there; run it again to go on", held,
                    claim.size);
    } else if (!pulled->changed) {
        accord_note(call, "nothing new: %s holds all %" PRIu64 " entries of %.*s", call->operands[1], claim.size,
                    ACCORD_TEXT(claim.origin));
    } else {
        accord_note(call, "copied: %s holds all %" PRIu64 " entries of %.*s, %" PRIu64 " of them new",
                    call->operands[1], claim.size, ACCORD_TEXT(claim.origin), pulled->put);
    }
    tell_mailbox(call, mailbox);
    return accord_answer_with(call,
                              json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:o}", "origin",
                                        accord_json_text(claim.origin), "size", accord_json_number(claim.size), "root",
                                        accord_json_digest(claim.root), "held", accord_json_number(held), "new",
                                        accord_json_number(pulled->put), "changed", pulled->changed, "cosigned",
                                        mirroring->into.cosigner != NULL && !pulled->stopped, "stopped",
                                        pulled->stopped, "reports", accord_json_number(mailbox->announced),
                                        "reports_missing", accord_json_number(mailbox->missing)),
                              pulled->stopped ? 3 : 0);
}

static int run(struct accord_call *call, struct accord_pull_judge judge, const struct accord_signer *cosigner)
{
    struct accord_error error = {0};
    struct mirroring mirroring = {.call = call,
                                  .judge = judge,
                                  .into = {.crypto = call->crypto, .clock = call->clock, .cosigner = cosigner},
                                  .progress = {.doing = "holds"}};
    snprintf(mirroring.rate, sizeof mirroring.rate, "entries");
    mirroring.progress.of = mirroring.rate;
    accord_pulled_init(&mirroring.pulled);
    await_signals();
    enum accord_status status = pull(&mirroring, &error);
    struct accord_mirrored_mailbox mailbox = {0};
    if (status == ACCORD_OK && accord_call_flag(call, "mailbox") && !mirroring.pulled.stopped) {
        status = accord_mirror_mailbox(call, call->operands[0], call->operands[1], &mailbox, &error);
    }
    error.status = status;
    int result = status == ACCORD_OK ? tell(&mirroring, &mailbox) : refuse(&mirroring, &error);
    accord_copy_close(mirroring.into.copy);
    accord_reader_close(mirroring.reader);
    accord_pulled_free(&mirroring.pulled);
    return result;
}

static int run_with_key(struct accord_call *call, struct accord_pull_judge judge)
{
    const char *path = accord_call_value(call, "key");
    struct accord_error error;
    struct accord_signer *cosigner;
    if (path == NULL) {
        return run(call, judge, NULL);
    }
    if (accord_signer_open(&cosigner, call->fs, path, accord_call_value(call, "passphrase-file"), &error) !=
        ACCORD_OK) {
        return accord_refuse(call, path, &error);
    }
    int result;
    if (accord_signer_vkey(cosigner)->type == ACCORD_KEY_ED25519) {
        result = accord_refuse_status(call, path, ACCORD_KEY_TYPE, "a cosignature needs a witness's key");
    } else {
        result = run(call, judge, cosigner);
    }
    accord_signer_free(cosigner);
    return result;
}

static enum accord_status read_policy(struct accord_call *call, struct authority *authority, const char *path,
                                      struct accord_error *error)
{
    authority->policy = malloc(sizeof *authority->policy);
    if (authority->policy == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    enum accord_status status = accord_file_read(call->fs, path, &authority->policy_text, error);
    return status == ACCORD_OK ? accord_policy_parse(authority->policy, accord_buffer_bytes(&authority->policy_text),
                                                     call->crypto, error)
                               : status;
}

/* *subject is what the error is about. */
static enum accord_status authority_open(struct accord_call *call, struct authority *authority, const char **subject,
                                         struct accord_error *error)
{
    const char *vkey = accord_call_value(call, "vkey"), *policy = accord_call_value(call, "policy");
    if (vkey != NULL) {
        *subject = "--vkey";
        authority->keys = (struct accord_pull_keys){call->crypto, &authority->vkey, 1};
        return accord_vkey_parse(&authority->vkey, accord_bytes_of(vkey), call->crypto, error);
    }
    if (policy != NULL) {
        *subject = policy;
        return read_policy(call, authority, policy, error);
    }
    *subject = accord_call_value(call, "trust");
    if (!accord_trust_file_find(&authority->trust, *subject)) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    return accord_trust_file_open(&authority->trust, call->fs, call->crypto, error);
}

int accord_run_log_mirror(struct accord_call *call)
{
    struct accord_error error;
    struct authority authority = {.crypto = call->crypto};
    const char *subject;
    if (accord_call_count(call, "vkey") + accord_call_count(call, "policy") + accord_call_count(call, "trust") != 1) {
        return accord_usage(call, "one of --vkey, --policy and --trust says whose log this is");
    }
    accord_buffer_init(&authority.policy_text, ACCORD_POLICY_SIZE_MAX);
    int result;
    if (authority_open(call, &authority, &subject, &error) != ACCORD_OK) {
        result = accord_refuse(call, subject, &error);
    } else {
        result = run_with_key(call, accord_call_count(call, "vkey") > 0
                                        ? accord_pull_signed_by(&authority.keys)
                                        : (struct accord_pull_judge){&authority, judge_policy});
    }
    accord_buffer_free(&authority.policy_text);
    accord_trust_file_free(&authority.trust);
    free(authority.policy);
    return result;
}
