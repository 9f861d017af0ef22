/* accord release: hashes files, has the release logged (issue.c), and lays its proof beside each of them. */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/enter_call.h"
#include "cli/issue.h"
#include "cli/say.h"
#include "cli/stream.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 4096

const struct accord_option accord_options_release[] = {
    ACCORD_ENTER_ACCORD,
    {.name = "vendor",
     .value = "NAME",
     .help = "the member whose release it is: its domain",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "product", .value = "P", .help = "the product", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "version", .value = "V", .help = "the version, as people call it", .rule = ACCORD_OPTION_REQUIRED},
    {.name = "key", .value = "KEY", .help = "a release key of the vendor", .rule = ACCORD_OPTION_SOME},
    ACCORD_ENTER_PASSPHRASE,
    {.name = "platform", .value = "OS/ARCH", .help = "what the FILEs after it run on", .rule = ACCORD_OPTION_ORDERED},
    {.name = "sequence", .value = "N", .help = "the release's place in the product's order; otherwise the next"},
    ACCORD_ENTER_TIMEOUT,
    {.name = "statement-only", .help = "sign the statement and write it to standard output; log nothing"},
    {.name = NULL}};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Hashes every operand into artifacts. */
static enum accord_status hash_files(const struct accord_call *call, struct accord_artifact *artifacts,
                                     struct accord_error *error)
{
    struct accord_stream *stream = malloc(sizeof *stream);
    enum accord_status status = stream == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count; i++) {
        const char *platform = accord_call_value_for(call, "platform", i);
        artifacts[i].name = accord_bytes_of(last_part(call->operands[i]));
        artifacts[i].platform = accord_bytes_of(platform == NULL ? "" : platform);
        status = accord_stream_hash(stream, call->fs, call->crypto, call->operands[i], artifacts[i].sha256,
                                    &artifacts[i].size, error);
    }
    free(stream);
    return status;
}

static enum accord_status write_proofs(const struct accord_call *call, struct accord_bytes proof,
                                       struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count; i++) {
        char path[PATH_SIZE];
        int size = snprintf(path, sizeof path, "%s.tlog-proof", call->operands[i]);
        status = size < 0 || size >= PATH_SIZE ? accord_fail(error, ACCORD_TOO_LARGE, 0)
                                               : accord_file_replace(call->fs, path, proof, 0644, error);
        if (status == ACCORD_OK) {
            accord_note(call, "  wrote %s", path);
        }
    }
    return status;
}

static json_t *files_json(const struct accord_call *call, const struct accord_artifact *artifacts)
{
    json_t *files = json_array();
    for (size_t i = 0; i < call->operand_count; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s.tlog-proof", call->operands[i]);
        json_array_append_new(
            files, json_pack("{s:o, s:o, s:o, s:I}", "file", accord_json_text(accord_bytes_of(call->operands[i])),
                             "proof", accord_json_text(accord_bytes_of(path)), "sha256",
                             accord_json_digest(artifacts[i].sha256), "size", (json_int_t)artifacts[i].size));
    }
    return files;
}

static int tell(const struct accord_call *call, const struct accord_issue *issue, const struct accord_issued *issued,
                struct accord_error *error)
{
    accord_note(call, "%.*s", ACCORD_TEXT(accord_enter_text(accord_buffer_bytes(&issued->entered.entry))));
    accord_note(call, "logged as entry %" PRIu64 ", sequence %" PRIu64 "; cosigned by %zu witnesses",
                issued->entered.index, issued->sequence, issued->entered.witness_count);
    enum accord_status status = write_proofs(call, accord_buffer_bytes(&issued->entered.proof), error);
    if (status != ACCORD_OK) {
        error->status = status;
        return accord_refuse(call, NULL, error);
    }
    return accord_answer(
        call, json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "vendor", accord_json_text(issue->vendor), "product",
                        accord_json_text(issue->product), "version", accord_json_text(issue->version), "sequence",
                        accord_json_number(issued->sequence), "index", (json_int_t)issued->entered.index, "witnesses",
                        (json_int_t)issued->entered.witness_count, "files", files_json(call, issue->artifacts)));
}

static int answer_statement(const struct accord_call *call, const struct accord_issued *issued)
{
    struct accord_bytes entry = accord_buffer_bytes(&issued->entered.entry);
    accord_print(call, entry);
    return accord_answer(call, json_pack("{s:o, s:o}", "sequence", accord_json_number(issued->sequence), "statement",
                                         accord_json_text(entry)));
}

static int release(const struct accord_call *call, const struct accord_issue *issue)
{
    struct accord_error error = {0};
    struct accord_issued issued;
    bool statement_only = accord_call_flag(call, "statement-only");
    accord_issued_init(&issued);
    enum accord_status status =
        statement_only ? accord_issue_statement(issue, &issued, &error) : accord_issue_release(issue, &issued, &error);
    error.status = status;
    int result = status != ACCORD_OK ? accord_enter_refuse(call, &issued.entered, &error)
                 : statement_only    ? answer_statement(call, &issued)
                                     : tell(call, issue, &issued, &error);
    accord_issued_free(&issued);
    return result;
}

int accord_run_release(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_issue issue = {.vendor = accord_bytes_of(accord_call_value(call, "vendor")),
                                 .product = accord_bytes_of(accord_call_value(call, "product")),
                                 .version = accord_bytes_of(accord_call_value(call, "version")),
                                 .artifact_count = call->operand_count};
    const char *sequence = accord_call_value(call, "sequence");
    issue.sequence_given = sequence != NULL;
    if (sequence != NULL && !accord_decimal_read(accord_bytes_of(sequence), &issue.sequence)) {
        return accord_usage(call, "--sequence must be a decimal number");
    }
    int result = accord_enter_call(call, &issue.enter);
    if (result != 0) {
        return result;
    }
    struct accord_artifact *artifacts = calloc(call->operand_count, sizeof *artifacts);
    if (artifacts == NULL) {
        result = accord_refuse_status(call, NULL, ACCORD_NO_MEMORY, NULL);
    } else {
        issue.artifacts = artifacts;
        error.status = hash_files(call, artifacts, &error);
        result = error.status == ACCORD_OK ? release(call, &issue) : accord_refuse(call, NULL, &error);
    }
    free(artifacts);
    accord_enter_call_free(&issue.enter);
    return result;
}
