/* accord trust chain, follow: a log's rosters in one file, and a trust file led along them, offline. What follows from
 * what stands in roster/succession.c; what a log can show, in follow/rosters.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "accord/succession.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/log_source.h"
#include "cli/say.h"
#include "cli/trust_file.h"
#include "core/text.h"
#include "follow/rosters.h"

const struct accord_option accord_options_trust_chain[] = {
    {.name = "output", .letter = 'o', .value = "BUNDLE", .help = "where to write; standard output otherwise"},
    {.name = "after", .value = "N", .help = "only the rosters after number N; all that can be shown otherwise"},
    {.name = NULL}};

const struct accord_option accord_options_trust_follow[] = {
    {.name = "trust", .value = "TRUST", .help = "the trust file; $ACCORD_TRUST or ~/.config/accord/trust otherwise"},
    {.name = "output", .letter = 'o', .value = "FILE", .help = "where to write the newer one; over TRUST otherwise"},
    {.name = NULL}};

/* Everything that making a chain touches. */
struct chaining {
    struct accord_reader *reader;
    struct accord_chain *chain;
    struct accord_buffer bundle;
    size_t count;
};

static enum accord_status make_chain(const struct accord_call *call, uint64_t after, struct chaining *chaining,
                                     struct accord_error *error)
{
    enum accord_status status =
        accord_log_source_open(&chaining->reader, call->fs, call->crypto, call->network, call->operands[0], error);
    if (status == ACCORD_OK) {
        status = accord_rosters_bundle(chaining->reader, call->crypto, after, &chaining->chain, &chaining->bundle,
                                       &chaining->count, error);
    }
    if (status == ACCORD_OK && chaining->count == 0) {
        status = accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, ACCORD_LITERAL("rosters after that number"));
        accord_error_found_number(error, accord_chain_roster(chaining->chain)->number);
    }
    return status == ACCORD_OK
               ? accord_output(call, accord_call_value(call, "output"), accord_buffer_bytes(&chaining->bundle), error)
               : status;
}

int accord_run_trust_chain(struct accord_call *call)
{
    struct accord_error error = {0};
    struct chaining chaining = {0};
    const char *text = accord_call_value(call, "after");
    uint64_t after = 0;
    int result;
    if (text != NULL && !accord_decimal_read(accord_bytes_of(text), &after)) {
        return accord_usage(call, "--after is the number of a roster, not %s", text);
    }
    accord_buffer_init(&chaining.bundle, ACCORD_BUNDLE_FILE_SIZE_MAX);
    error.status = make_chain(call, after, &chaining, &error);
    if (error.status == ACCORD_OK) {
        uint64_t newest = accord_chain_roster(chaining.chain)->number;
        accord_note(call, "%zu rosters, up to number %" PRIu64 ", each with its proof", chaining.count, newest);
        result = accord_answer(
            call, json_pack("{s:I, s:o}", "rosters", (json_int_t)chaining.count, "newest", accord_json_number(newest)));
    } else {
        result = accord_refuse(call, call->operands[0], &error);
    }
    accord_reader_close(chaining.reader);
    accord_chain_free(chaining.chain);
    accord_buffer_free(&chaining.bundle);
    return result;
}

/* A trust file that is led along a bundle. */
struct following {
    struct accord_trust_file file;
    struct accord_buffer bundle, result;
    struct accord_succession *succession;
    const char *subject;
    int lock; /* of the file that is written */
};

/* Writes the newer trust file; over the old one only where it is newer. */
static enum accord_status write_newer(const struct accord_call *call, struct following *following,
                                      struct accord_error *error)
{
    const struct accord_trust_claim *trust = &following->succession->trust;
    const char *output = accord_call_value(call, "output");
    if (output == NULL && following->succession->to == following->succession->from) {
        return ACCORD_OK;
    }
    size_t room = trust->roster_entry.size + trust->distrust.size + 256;
    enum accord_status status = accord_buffer_reserve(&following->result, room);
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    struct accord_out out = {following->result.data, following->result.capacity, 0, false};
    accord_trust_print(&out, trust);
    following->subject = output == NULL ? following->file.path : output;
    return accord_output(call, following->subject, accord_out_bytes(&out), error);
}

static enum accord_status follow(const struct accord_call *call, struct following *following,
                                 struct accord_error *error)
{
    following->succession = malloc(sizeof *following->succession);
    if (following->succession == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    const char *output = accord_call_value(call, "output");
    following->subject = output == NULL ? following->file.path : output;
    enum accord_status status = output != NULL && strcmp(output, "-") == 0
                                    ? ACCORD_OK
                                    : accord_file_lock(call->fs, following->subject, true, &following->lock, error);
    if (status == ACCORD_OK) {
        following->subject = following->file.path;
        status = accord_file_read(call->fs, following->file.path, &following->file.bytes, error);
    }
    if (status == ACCORD_OK) {
        following->subject = call->operands[0];
        status = accord_file_read(call->fs, call->operands[0], &following->bundle, error);
    }
    if (status == ACCORD_OK) {
        status = accord_succession_follow(following->succession, accord_buffer_bytes(&following->file.bytes),
                                          accord_buffer_bytes(&following->bundle), call->crypto, error);
    }
    return status == ACCORD_OK ? write_newer(call, following, error) : status;
}

static int tell(const struct accord_call *call, const struct accord_succession *succession)
{
    if (succession->to == succession->from) {
        accord_note(call, "nothing newer: roster %" PRIu64 " is the newest there, too", succession->from);
    } else {
        accord_note(call, "followed: from roster %" PRIu64 " to roster %" PRIu64 ", with %zu members", succession->from,
                    succession->to, succession->roster[succession->current].member_count);
    }
    return accord_answer(call, json_pack("{s:o, s:o}", "from", accord_json_number(succession->from), "roster",
                                         accord_json_number(succession->to)));
}

int accord_run_trust_follow(struct accord_call *call)
{
    struct accord_error error = {0};
    struct following following = {.lock = -1};
    const char *given = accord_call_value(call, "trust");
    if (!accord_trust_file_find(&following.file, given)) {
        return accord_usage(call, "no trust file: give --trust, or set ACCORD_TRUST or HOME");
    }
    accord_buffer_init(&following.file.bytes, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&following.bundle, ACCORD_BUNDLE_FILE_SIZE_MAX);
    accord_buffer_init(&following.result, ACCORD_TRUST_SIZE_MAX);
    error.status = follow(call, &following, &error);
    int result =
        error.status == ACCORD_OK ? tell(call, following.succession) : accord_refuse(call, following.subject, &error);
    accord_file_unlock(call->fs, following.lock);
    free(following.succession);
    accord_trust_file_free(&following.file);
    accord_buffer_free(&following.bundle);
    accord_buffer_free(&following.result);
    return result;
}
