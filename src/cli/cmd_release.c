/* accord release: hashes files, has the release logged (issue.c), and lays its proof beside each of them. */
#include "accord/proof.h"
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
    {.name = "key", .value = "KEY", .help = "a release key of the vendor", .rule = ACCORD_OPTION_REPEATED},
    ACCORD_ENTER_SIGNED,
    ACCORD_ENTER_PASSPHRASE,
    {.name = "platform", .value = "OS/ARCH", .help = "what the FILEs after it run on", .rule = ACCORD_OPTION_ORDERED},
    {.name = "attest",
     .value = "PROOF",
     .help = "the proof of an attestation, which the release names",
     .rule = ACCORD_OPTION_REPEATED},
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

/* Writes the same beside each FILE. */
static enum accord_status write_beside(const struct accord_call *call, const char *suffix, struct accord_bytes proof,
                                       struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count; i++) {
        char path[PATH_SIZE];
        int size = snprintf(path, sizeof path, "%s.%s", call->operands[i], suffix);
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
    enum accord_status status = write_beside(call, "tlog-proof", accord_buffer_bytes(&issued->entered.proof), error);
    if (status == ACCORD_OK && issued->bundle.size > 0) {
        status = write_beside(call, "bundle", accord_buffer_bytes(&issued->bundle), error);
    }
    if (status != ACCORD_OK) {
        error->status = status;
        return accord_refuse(call, NULL, error);
    }
    return accord_answer(
        call,
        json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "vendor", accord_json_text(issue->view->vendor), "product",
                  accord_json_text(issue->view->product), "version", accord_json_text(issue->version), "sequence",
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

/* The attestations that are given as proofs: their stages and digests. */
struct attested {
    size_t count;
    struct accord_release_stage *stages;
    struct accord_buffer *proofs, *entries;
};

static enum accord_status read_attestation(const struct accord_call *call, const char *path, struct attested *attested,
                                           struct accord_error *error)
{
    struct accord_buffer *proof = &attested->proofs[attested->count], *entry = &attested->entries[attested->count];
    struct accord_proof_claim claim;
    struct accord_attest_claim attest;
    accord_buffer_init(proof, ACCORD_PROOF_SIZE_MAX);
    accord_buffer_init(entry, ACCORD_ENTRY_SIZE_MAX);
    attested->count++;
    enum accord_status status = accord_file_read(call->fs, path, proof, error);
    if (status == ACCORD_OK) {
        status = accord_proof_parse(&claim, accord_buffer_bytes(proof), error);
    }
    if (status == ACCORD_OK && accord_buffer_reserve(entry, ACCORD_ENTRY_SIZE_MAX) != ACCORD_OK) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (status == ACCORD_OK) {
        struct accord_out out = {entry->data, ACCORD_ENTRY_SIZE_MAX, 0, false};
        status = accord_proof_extra(&claim, &out, error);
        entry->size = out.size;
    }
    if (status == ACCORD_OK) {
        status = accord_attest_parse(&attest, accord_buffer_bytes(entry), error);
    }
    if (status == ACCORD_OK) {
        struct accord_release_stage *stage = &attested->stages[attested->count - 1];
        stage->stage = accord_stage_name(attest.stage);
        accord_hash(call->crypto, accord_buffer_bytes(entry), stage->attestation);
    } else if (error->what[0] == '\0') {
        accord_error_what(error, accord_bytes_of(path));
    }
    return status;
}

static enum accord_status read_attestations(const struct accord_call *call, struct attested *attested,
                                            struct accord_error *error)
{
    size_t count = accord_call_count(call, "attest"), cursor = 0;
    const char *path;
    enum accord_status status = ACCORD_OK;
    attested->stages = calloc(count + 1, sizeof *attested->stages);
    attested->proofs = calloc(count + 1, sizeof *attested->proofs);
    attested->entries = calloc(count + 1, sizeof *attested->entries);
    if (attested->stages == NULL || attested->proofs == NULL || attested->entries == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    while (status == ACCORD_OK && accord_call_next(call, "attest", &cursor, &path)) {
        status = read_attestation(call, path, attested, error);
    }
    return status;
}

static void free_attestations(struct attested *attested)
{
    for (size_t i = 0; i < attested->count; i++) {
        accord_buffer_free(&attested->proofs[i]);
        accord_buffer_free(&attested->entries[i]);
    }
    free(attested->stages);
    free(attested->proofs);
    free(attested->entries);
}

/* Everything that is read before anything is signed. */
static int gather(const struct accord_call *call, struct accord_issue *issue)
{
    struct accord_error error = {0};
    struct attested attested = {0};
    struct accord_artifact *artifacts = calloc(call->operand_count, sizeof *artifacts);
    issue->view =
        accord_product_view_new(call->crypto, accord_call_value(call, "vendor"), accord_call_value(call, "product"));
    error.status = artifacts == NULL || issue->view == NULL ? accord_fail(&error, ACCORD_NO_MEMORY, 0)
                                                            : read_attestations(call, &attested, &error);
    if (error.status == ACCORD_OK) {
        error.status = hash_files(call, artifacts, &error);
    }
    issue->artifacts = artifacts;
    issue->stages = attested.stages;
    issue->stage_proofs = attested.proofs;
    issue->stage_count = attested.count;
    int result = error.status == ACCORD_OK ? release(call, issue) : accord_refuse(call, NULL, &error);
    free_attestations(&attested);
    accord_product_view_free(issue->view);
    free(artifacts);
    return result;
}

int accord_run_release(struct accord_call *call)
{
    struct accord_issue issue = {.version = accord_bytes_of(accord_call_value(call, "version")),
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
    result = gather(call, &issue);
    accord_enter_call_free(&issue.enter);
    return result;
}
