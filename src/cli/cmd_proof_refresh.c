/* accord proof refresh: the same entry, proven again under the newest checkpoint of its log, or of a copy of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "accord/bundle.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/enter.h"
#include "cli/log_source.h"
#include "cli/say.h"

const struct accord_option accord_options_proof_refresh[] = {
    {.name = "accord",
     .value = "LOG",
     .help = "the log that the entry is in: a directory, a URL, a mirror's",
     .rule = ACCORD_OPTION_REQUIRED},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write; standard output otherwise"},
    {.name = NULL}};

struct refreshing {
    const struct accord_call *call;
    struct accord_buffer old, entry, checkpoint, result;
    struct accord_bytes first; /* the proof that is made again: of a bundle, its first */
    struct accord_proof_claim claim;
    uint64_t size; /* of the newest tree */
};

static enum accord_status read_old(struct refreshing *refreshing, struct accord_error *error)
{
    const struct accord_call *call = refreshing->call;
    size_t cursor = 0;
    enum accord_status status = accord_file_read(call->fs, call->operands[0], &refreshing->old, error);
    refreshing->first = accord_buffer_bytes(&refreshing->old);
    if (status == ACCORD_OK && accord_proof_bundle_is(refreshing->first)) {
        status = accord_proof_bundle_check(refreshing->first, NULL, error);
        if (status == ACCORD_OK) {
            (void)accord_proof_bundle_next(accord_buffer_bytes(&refreshing->old), &cursor, &refreshing->first);
        }
    }
    if (status == ACCORD_OK) {
        status = accord_proof_parse(&refreshing->claim, refreshing->first, error);
    }
    if (status == ACCORD_OK && accord_buffer_reserve(&refreshing->entry, ACCORD_ENTRY_SIZE_MAX) != ACCORD_OK) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (status == ACCORD_OK) {
        struct accord_out out = {refreshing->entry.data, ACCORD_ENTRY_SIZE_MAX, 0, false};
        status = accord_proof_extra(&refreshing->claim, &out, error);
        refreshing->entry.size = out.size;
    }
    return status;
}

/* The log must be the one that the proof speaks of, and no shorter than it was. */
static enum accord_status read_checkpoint(struct refreshing *refreshing, struct accord_reader *reader,
                                          struct accord_error *error)
{
    const struct accord_checkpoint_claim *before = &refreshing->claim.checkpoint;
    struct accord_checkpoint_claim now;
    enum accord_status status = accord_reader_checkpoint(reader, &refreshing->checkpoint, error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&now, accord_buffer_bytes(&refreshing->checkpoint), error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    refreshing->size = now.size;
    if (!accord_bytes_equal(now.origin, before->origin)) {
        accord_fail(error, ACCORD_UNKNOWN_LOG, 0);
        accord_error_expected(error, before->origin);
        accord_error_found(error, now.origin);
        return ACCORD_UNKNOWN_LOG;
    }
    if (now.size < before->size) {
        accord_fail(error, ACCORD_ROLLBACK, 0);
        accord_error_what(error, ACCORD_LITERAL("the log's size"));
        accord_error_expected_number(error, before->size);
        accord_error_found_number(error, now.size);
        return ACCORD_ROLLBACK;
    }
    return ACCORD_OK;
}

/* Is this part one that an earlier refresh added: the first entry again? */
static bool is_again(const struct refreshing *refreshing, struct accord_bytes part)
{
    struct accord_proof_claim claim;
    return accord_proof_parse(&claim, part, NULL) == ACCORD_OK && claim.index == refreshing->claim.index &&
           accord_bytes_equal(claim.checkpoint.origin, refreshing->claim.checkpoint.origin) && claim.has_extra &&
           accord_bytes_equal(claim.extra_base64, refreshing->claim.extra_base64);
}

/* A bundle keeps what it has, since its first proof says how long the release has been public; the new one comes last,
 * in the place of an older one. */
static enum accord_status rebundle(struct refreshing *refreshing, struct accord_bytes proof, struct accord_error *error)
{
    struct accord_bytes old = accord_buffer_bytes(&refreshing->old), part;
    size_t cursor = 0;
    bool first = true;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && accord_proof_bundle_next(old, &cursor, &part)) {
        if (first || !is_again(refreshing, part)) {
            status = accord_enter_bundle(&refreshing->result, part, error);
        }
        first = false;
    }
    return status == ACCORD_OK ? accord_enter_bundle(&refreshing->result, proof, error) : status;
}

static enum accord_status refresh(struct refreshing *refreshing, struct accord_error *error)
{
    const struct accord_call *call = refreshing->call;
    struct accord_reader *reader;
    struct accord_buffer proof;
    enum accord_status status = read_old(refreshing, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_log_source_open(&reader, call->fs, call->crypto, call->network, accord_call_value(call, "accord"),
                                    error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&proof, ACCORD_PROOF_SIZE_MAX);
    status = read_checkpoint(refreshing, reader, error);
    if (status == ACCORD_OK) {
        status =
            accord_enter_prove(call->crypto, reader, refreshing->size, accord_buffer_bytes(&refreshing->checkpoint),
                               refreshing->claim.index, accord_buffer_bytes(&refreshing->entry), &proof, error);
    }
    if (status == ACCORD_OK && accord_proof_bundle_is(accord_buffer_bytes(&refreshing->old))) {
        status = rebundle(refreshing, accord_buffer_bytes(&proof), error);
    } else if (status == ACCORD_OK) {
        status = accord_buffer_append(&refreshing->result, accord_buffer_bytes(&proof));
        status = status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
    }
    accord_buffer_free(&proof);
    accord_reader_close(reader);
    return status;
}

int accord_run_proof_refresh(struct accord_call *call)
{
    struct accord_error error = {0};
    struct refreshing refreshing = {.call = call};
    accord_buffer_init(&refreshing.old, ACCORD_BUNDLE_FILE_SIZE_MAX);
    accord_buffer_init(&refreshing.entry, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&refreshing.checkpoint, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&refreshing.result, ACCORD_BUNDLE_FILE_SIZE_MAX + ACCORD_PROOF_SIZE_MAX);
    error.status = refresh(&refreshing, &error);
    if (error.status == ACCORD_OK) {
        error.status =
            accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&refreshing.result), &error);
    }
    int result = error.status != ACCORD_OK
                     ? accord_refuse(call, call->operands[0], &error)
                     : accord_answer(call, json_pack("{s:o, s:o}", "index", accord_json_number(refreshing.claim.index),
                                                     "tree_size", accord_json_number(refreshing.size)));
    accord_buffer_free(&refreshing.old);
    accord_buffer_free(&refreshing.entry);
    accord_buffer_free(&refreshing.checkpoint);
    accord_buffer_free(&refreshing.result);
    return result;
}
