/* accord verify: is this file what its vendor published to all of us? It finds the trust file, keeps the memory of what
 * was accepted, and tells; the judging is accord/verify.h's, the reading verify_files.c's. */
#include "base/file.h"
#include "base/report.h"
#include "cli/accepted.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/verify_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_SIZE (16 * 1024)
#define POLICY_TEXT_SIZE (256 * 1024)
#define TRUST_SIZE_MAX (ACCORD_ENTRY_SIZE_MAX + 1024)
#define PATH_SIZE 4096

const struct accord_option accord_options_verify[] = {
    {.name = "trust", .value = "TRUST", .help = "the trust file; else $ACCORD_TRUST, else ~/.config/accord/trust"},
    {.name = "state", .value = "FILE", .help = "remember the newest release accepted, and take none older"},
    {.name = "proof", .value = "PROOF", .help = "the proof; otherwise FILE.tlog-proof"},
    {.name = "quiet", .letter = 'q', .help = "say nothing of files that verify"},
    {.name = NULL}};

/* What was found so far, and is still to be told. */
struct telling {
    const struct accord_call *call;
    const struct accord_verifier *verifier;
    struct accord_accepted *accepted; /* NULL without --state */
    struct accord_buffer text;
    json_t *answers; /* NULL without --json */
    bool quiet, refused, could_not;
    enum accord_status status; /* of the memory */
    struct accord_error error;
};

/* Remembers first and tells then: whoever reads "verified" can rely on the memory. */
static void flush(struct telling *telling)
{
    if (telling->accepted != NULL && telling->status == ACCORD_OK) {
        telling->status = accord_accepted_save(telling->accepted, &telling->error);
    }
    if (telling->status == ACCORD_OK && telling->text.size > 0) {
        fwrite(telling->text.data, 1, telling->text.size, stderr);
    }
    telling->text.size = 0;
}

/* The memory knows numbers; a person wants to know of what. */
static void tell_rollback(const struct accord_outcome *outcome, struct accord_error *error)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s sequence %s or higher", ACCORD_TEXT(outcome->product), error->expected);
    accord_error_expected(error, accord_bytes_of(text));
    snprintf(text, sizeof text, "%.*s, sequence %s", ACCORD_TEXT(outcome->version), error->found);
    accord_error_found(error, accord_bytes_of(text));
}

static void each(void *context, struct accord_outcome *outcome)
{
    struct telling *telling = context;
    if (outcome->status == ACCORD_OK && telling->accepted != NULL) {
        outcome->status = accord_accepted_take(telling->accepted, outcome->vendor, outcome->product, outcome->sequence,
                                               &outcome->error);
        if (outcome->status == ACCORD_ROLLBACK) {
            tell_rollback(outcome, &outcome->error);
        }
    }
    telling->refused |= accord_status_exit(outcome->status) == 1;
    telling->could_not |= accord_status_exit(outcome->status) > 1;
    if (telling->answers != NULL) {
        json_array_append_new(telling->answers, accord_outcome_json(outcome, &telling->verifier->roster));
    } else if (outcome->status != ACCORD_OK || !telling->quiet) {
        accord_outcome_print(outcome, &telling->verifier->roster, &telling->text);
    }
    if (telling->text.size > FLUSH_SIZE) {
        flush(telling);
    }
}

/* Where the trust file is. Never the current directory: whoever packed the file may have packed that too. */
static bool find_trust(const struct accord_call *call, char path[PATH_SIZE])
{
    const char *given = accord_call_value(call, "trust");
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (given == NULL || *given == '\0') {
        given = getenv("ACCORD_TRUST");
    }
    int size = -1;
    if (given != NULL && *given != '\0') {
        size = snprintf(path, PATH_SIZE, "%s", given);
    } else if (config != NULL && *config != '\0') {
        size = snprintf(path, PATH_SIZE, "%s/accord/trust", config);
    } else if (home != NULL && *home != '\0') {
        size = snprintf(path, PATH_SIZE, "%s/.config/accord/trust", home);
    }
    return size > 0 && size < PATH_SIZE;
}

/* Reads the trust file into *bytes and makes the verifier, which borrows from it and from policy_text. */
static enum accord_status open_trust(const struct accord_call *call, const char *path, struct accord_buffer *bytes,
                                     uint8_t *policy_text, struct accord_verifier *verifier, struct accord_error *error)
{
    enum accord_status status = accord_file_read(call->fs, path, bytes, error);
    if (status == ACCORD_NOT_FOUND) {
        accord_error_expected(error, ACCORD_LITERAL("a trust file: accord trust pin LOG -o FILE makes one"));
    }
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_out out = {policy_text, POLICY_TEXT_SIZE, 0, false};
    return accord_verifier_init(verifier, accord_buffer_bytes(bytes), &out, call->crypto, error);
}

static int exit_status(const struct telling *telling)
{
    return telling->refused ? 1 : telling->could_not ? 3 : 0;
}

static int finish(struct telling *telling)
{
    flush(telling);
    if (telling->status != ACCORD_OK) {
        telling->error.status = telling->status;
        return accord_refuse(telling->call, accord_call_value(telling->call, "state"), &telling->error);
    }
    if (telling->answers != NULL) {
        json_t *object = json_pack("{s:b, s:O}", "ok", exit_status(telling) == 0, "files", telling->answers);
        if (object == NULL || json_dumpf(object, stdout, JSON_INDENT(2)) != 0 || fputc('\n', stdout) == EOF) {
            telling->could_not = true;
        }
        json_decref(object);
    }
    return exit_status(telling);
}

/* Everything after the trust file. */
static int verify(const struct accord_call *call, const struct accord_verifier *verifier)
{
    struct telling telling = {
        .call = call, .verifier = verifier, .quiet = accord_call_flag(call, "quiet"), .status = ACCORD_OK};
    struct accord_error error = {0};
    const char *state = accord_call_value(call, "state");
    accord_buffer_init(&telling.text, 4 * FLUSH_SIZE);
    if (state != NULL) {
        enum accord_status status = accord_accepted_open(&telling.accepted, call->fs, state, &error);
        if (status != ACCORD_OK) {
            return accord_refuse(call, state, &error);
        }
    }
    telling.answers = call->json ? json_array() : NULL;
    struct accord_verify_job job = {call->fs,       call->crypto,       verifier, accord_call_value(call, "proof"),
                                    call->operands, call->operand_count};
    long cores = call->operand_count > 1 ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
    enum accord_status status = accord_verify_files(&job, cores < 1 ? 1 : (unsigned)cores, each, &telling, &error);
    error.status = status;
    int result = status == ACCORD_OK ? finish(&telling) : accord_refuse(call, NULL, &error);
    json_decref(telling.answers);
    accord_accepted_close(telling.accepted);
    accord_buffer_free(&telling.text);
    return result;
}

static bool stdin_needs_proof(const struct accord_call *call)
{
    for (size_t i = 0; i < call->operand_count; i++) {
        if (strcmp(call->operands[i], "-") == 0) {
            return accord_call_value(call, "proof") == NULL;
        }
    }
    return false;
}

int accord_run_verify(struct accord_call *call)
{
    char path[PATH_SIZE];
    if (call->operand_count > 1 && accord_call_value(call, "proof") != NULL) {
        return accord_usage(call, "--proof is for one FILE; several have each its own FILE.tlog-proof");
    }
    if (stdin_needs_proof(call)) {
        return accord_usage(call, "standard input needs --proof PROOF");
    }
    if (!find_trust(call, path)) {
        return accord_usage(call, "no trust file: give --trust TRUST; accord trust pin LOG -o TRUST makes one");
    }
    struct accord_error error = {0};
    struct accord_buffer bytes;
    struct accord_verifier *verifier = malloc(sizeof *verifier);
    uint8_t *policy_text = malloc(POLICY_TEXT_SIZE);
    accord_buffer_init(&bytes, TRUST_SIZE_MAX);
    int result;
    if (verifier == NULL || policy_text == NULL) {
        result = accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    } else {
        enum accord_status status = open_trust(call, path, &bytes, policy_text, verifier, &error);
        error.status = status;
        result = status == ACCORD_OK ? verify(call, verifier) : accord_refuse(call, path, &error);
    }
    free(policy_text);
    free(verifier);
    accord_buffer_free(&bytes);
    return result;
}
