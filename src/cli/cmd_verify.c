/* accord verify: is this file what its vendor published to all of us? It takes evidence, keeps the memory of what was
 * accepted, and tells; the judging is accord/verify.h's, the reading verify_files.c's. */
#include "accord/bundle.h"
#include "base/file.h"
#include "base/report.h"
#include "cli/accepted.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "cli/trust_file.h"
#include "cli/verify_log.h"
#include "cli/verify_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_SIZE (16 * 1024)

const struct accord_option accord_options_verify[] = {
    {.name = "trust", .value = "TRUST", .help = "the trust file; else $ACCORD_TRUST, else ~/.config/accord/trust"},
    {.name = "state", .value = "FILE", .help = "remember the newest release accepted, and take none older"},
    {.name = "proof", .value = "PROOF", .help = "the proof; otherwise FILE.tlog-proof"},
    {.name = "bundle",
     .value = "FILE",
     .help = "proofs of policies, attestations, withdrawals; FILE.bundle is taken by itself",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "current",
     .value = "PROOF|LOG",
     .help = "what the vendor says is current: a proof, a bundle, or a log to be asked",
     .rule = ACCORD_OPTION_REPEATED},
    {.name = "channel", .value = "NAME", .help = "the channel that must find the release fit for use"},
    {.name = "explain", .help = "say what each check proves"},
    {.name = "evidence",
     .value = "FILE",
     .help = "count nothing on those whom this evidence convicts",
     .rule = ACCORD_OPTION_REPEATED},
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
        outcome->status =
            accord_accepted_take(telling->accepted, outcome->vendor, outcome->product, &outcome->next, &outcome->error);
        if (outcome->status == ACCORD_ROLLBACK) {
            tell_rollback(outcome, &outcome->error);
        }
    }
    telling->refused |= accord_status_exit(outcome->status) == 1;
    telling->could_not |= accord_status_exit(outcome->status) > 1;
    if (telling->answers != NULL) {
        json_array_append_new(telling->answers, accord_outcome_json(outcome, telling->verifier));
        json_decref(outcome->answer);
    } else if (outcome->status != ACCORD_OK || !telling->quiet) {
        accord_outcome_print(outcome, telling->verifier, &telling->text);
    }
    if (telling->text.size > FLUSH_SIZE) {
        flush(telling);
    }
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

static bool is_log(const struct accord_call *call, const char *path)
{
    struct accord_error error;
    struct accord_reader *reader;
    if (accord_location_is_url(path)) {
        return true;
    }
    if (accord_log_source_open(&reader, call->fs, call->crypto, call->network, path, &error) != ACCORD_OK) {
        return false;
    }
    accord_reader_close(reader);
    return true;
}

/* What is given for all files. A `current` in a file is there for a product; a log says of each what it knows. */
struct given {
    struct accord_given *files;
    size_t count;
    bool names_current, asks_log;
};

/* Two options, whose values mean the same to the judge. */
static enum accord_status read_given(const struct accord_call *call, const struct accord_verifier *verifier,
                                     struct given *given, struct accord_error *error)
{
    static const char *const options[] = {"bundle", "current"};
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; i < 2; i++) {
        const char *path;
        size_t cursor = 0;
        while (status == ACCORD_OK && accord_call_next(call, options[i], &cursor, &path)) {
            struct accord_given *one = &given->files[given->count];
            if (i == 1 && is_log(call, path)) {
                size_t products;
                given->asks_log = true;
                status = accord_verify_log(call, verifier, path, one, &products, error);
                given->count += products;
            } else {
                given->names_current |= i == 1;
                given->count++;
                one->path = path;
                accord_buffer_init(&one->bytes, ACCORD_BUNDLE_FILE_SIZE_MAX);
                status = accord_file_read(call->fs, path, &one->bytes, error);
            }
        }
    }
    return status;
}

/* Everything after the trust file. */
static int verify(const struct accord_call *call, const struct accord_verifier *verifier, const struct given *given)
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
    struct accord_buffer remembered;
    const char *channel = accord_call_value(call, "channel");
    accord_buffer_init(&remembered, SIZE_MAX);
    enum accord_status status = telling.accepted == NULL
                                    ? ACCORD_OK
                                    : accord_buffer_append(&remembered, accord_accepted_lines(telling.accepted));
    const struct accord_judge_job judge = {.fs = call->fs,
                                           .verifier = verifier,
                                           .given = given->files,
                                           .given_count = given->count,
                                           .remembered = accord_buffer_bytes(&remembered),
                                           .channel = accord_bytes_of(channel == NULL ? "" : channel),
                                           .needs_current = given->names_current && !given->asks_log,
                                           .clock = call->clock->now(call->clock->context),
                                           .explain = accord_call_flag(call, "explain"),
                                           .json = call->json};
    const struct accord_verify_job job = {.fs = call->fs,
                                          .crypto = call->crypto,
                                          .verifier = verifier,
                                          .judge = &judge,
                                          .proof = accord_call_value(call, "proof"),
                                          .files = call->operands,
                                          .count = call->operand_count};
    long cores = call->operand_count > 1 ? sysconf(_SC_NPROCESSORS_ONLN) : 1;
    if (status == ACCORD_OK) {
        status = accord_verify_files(&job, cores < 1 ? 1 : (unsigned)cores, each, &telling, &error);
    }
    error.status = status;
    int result = status == ACCORD_OK ? finish(&telling) : accord_refuse(call, NULL, &error);
    json_decref(telling.answers);
    accord_accepted_close(telling.accepted);
    accord_buffer_free(&telling.text);
    accord_buffer_free(&remembered);
    return result;
}

static int verify_given(const struct accord_call *call, const struct accord_verifier *verifier)
{
    struct accord_error error = {0};
    struct given given = {0};
    given.files = calloc(accord_call_count(call, "bundle") +
                             accord_call_count(call, "current") * ACCORD_VERIFY_LOG_PRODUCTS_MAX + 1,
                         sizeof *given.files);
    error.status =
        given.files == NULL ? accord_fail(&error, ACCORD_NO_MEMORY, 0) : read_given(call, verifier, &given, &error);
    int result = error.status == ACCORD_OK ? verify(call, verifier, &given) : accord_refuse(call, NULL, &error);
    for (size_t i = 0; i < given.count; i++) {
        accord_buffer_free(&given.files[i].bytes);
    }
    free(given.files);
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

/* Takes what --evidence names. Evidence that does not hold is refused, or a damaged file would pass for an acquittal.
 */
static int take_evidence(const struct accord_call *call, struct accord_verifier *verifier)
{
    const char *path;
    size_t cursor = 0;
    int result = 0;
    while (result == 0 && accord_call_next(call, "evidence", &cursor, &path)) {
        struct accord_error error = {0};
        struct accord_buffer bytes;
        size_t convicted = 0;
        accord_buffer_init(&bytes, ACCORD_EVIDENCE_SIZE_MAX);
        enum accord_status status = accord_file_read(call->fs, path, &bytes, &error);
        if (status == ACCORD_OK) {
            status = accord_verifier_take_evidence(verifier, accord_buffer_bytes(&bytes), accord_bytes_of(path),
                                                   &convicted, &error);
        }
        error.status = status;
        if (status != ACCORD_OK) {
            result = accord_refuse(call, path, &error);
        } else if (convicted == 0) {
            accord_note(call, "%s: this evidence convicts nobody whom the trust file knows", path);
        }
        accord_buffer_free(&bytes);
    }
    return result;
}

int accord_run_verify(struct accord_call *call)
{
    if (call->operand_count > 1 && accord_call_value(call, "proof") != NULL) {
        return accord_usage(call, "--proof is for one FILE; several have each its own FILE.tlog-proof");
    }
    if (stdin_needs_proof(call)) {
        return accord_usage(call, "standard input needs --proof PROOF");
    }
    struct accord_error error = {0};
    struct accord_trust_file file;
    if (!accord_trust_file_find(&file, accord_call_value(call, "trust"))) {
        return accord_usage(call, "no trust file: give --trust TRUST; accord trust pin LOG -o TRUST makes one");
    }
    enum accord_status status = accord_trust_file_open(&file, call->fs, call->crypto, &error);
    error.status = status;
    int result = status == ACCORD_OK ? take_evidence(call, file.verifier) : accord_refuse(call, file.path, &error);
    if (result == 0) {
        result = verify_given(call, file.verifier);
    }
    accord_trust_file_free(&file);
    return result;
}
