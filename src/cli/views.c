/* Reading views and bringing two of them together. It knows where bytes come from; what a view is stands in
 * evidence/view.c, and who is to blame is for evidence to say. */
#include "cli/views.h"

#include "base/file.h"
#include "cli/log_source.h"
#include "cli/say.h"

#include <string.h>

#define LINE "accord/v1/view "
#define PROOF_SIZE_MAX 8192

/* A URL, or a directory that holds a log. */
static bool is_log(const struct accord_call *call, const char *operand)
{
    char path[4096];
    return accord_location_is_url(operand) ||
           accord_log_locate(call->fs, operand, path, sizeof path, NULL) == ACCORD_OK;
}

static enum accord_status read_text(struct accord_viewed *viewed, const struct accord_call *call,
                                    struct accord_error *error)
{
    if (strncmp(viewed->name, LINE, sizeof LINE - 1) == 0) {
        enum accord_status status = accord_buffer_append(&viewed->text, accord_bytes_of(viewed->name));
        return status == ACCORD_OK ? status : accord_fail(error, status, 0);
    }
    if (!is_log(call, viewed->name)) {
        return accord_file_read(call->fs, viewed->name, &viewed->text, error);
    }
    enum accord_status status =
        accord_log_source_open(&viewed->reader, call->fs, call->crypto, call->network, viewed->name, error);
    return status == ACCORD_OK ? accord_reader_checkpoint(viewed->reader, &viewed->text, error) : status;
}

enum accord_status accord_viewed_open(struct accord_viewed *viewed, const struct accord_call *call, const char *operand,
                                      struct accord_error *error)
{
    *viewed = (struct accord_viewed){.name = operand};
    accord_buffer_init(&viewed->text, ACCORD_VIEW_TEXT_SIZE_MAX);
    accord_buffer_init(&viewed->memory, 2 * ACCORD_VIEW_TEXT_SIZE_MAX + 1024);
    enum accord_status status = read_text(viewed, call, error);
    if (status == ACCORD_OK && accord_buffer_reserve(&viewed->memory, 2 * viewed->text.size + 1024) != ACCORD_OK) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (status == ACCORD_OK) {
        struct accord_out out = {viewed->memory.data, viewed->memory.capacity, 0, false};
        status = accord_view_read(&viewed->view, accord_buffer_bytes(&viewed->text), &out, call->crypto, error);
    }
    if (status == ACCORD_OK && viewed->reader != NULL) {
        accord_reader_set_size(viewed->reader, viewed->view.checkpoint.size);
    }
    return status;
}

void accord_viewed_free(struct accord_viewed *viewed)
{
    accord_reader_close(viewed->reader);
    accord_buffer_free(&viewed->text);
    accord_buffer_free(&viewed->memory);
}

/* A log that has grown since serves its tiles as they are now: that is the size to read them at. */
static enum accord_status set_served_size(struct accord_reader *reader, uint64_t size, struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_reader_checkpoint(reader, &note, error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), error);
    }
    if (status == ACCORD_OK) {
        accord_reader_set_size(reader, claim.size > size ? claim.size : size);
    }
    accord_buffer_free(&note);
    return status;
}

static enum accord_status prove_by_reader(struct accord_related *related, const struct accord_call *call,
                                          struct accord_reader *reader, struct accord_error *error)
{
    struct accord_hash_source source = accord_reader_hashes(reader);
    const struct accord_checkpoint_claim *larger = &related->larger->view.checkpoint;
    enum accord_status status = accord_view_prove(call->crypto, &source, related->smaller->view.checkpoint.size, larger,
                                                  related->root, &related->proof);
    related->proven = status == ACCORD_OK;
    if (status == ACCORD_CONSISTENCY) {
        accord_fail(error, status, 0);
        accord_error_expected(error, ACCORD_LITERAL("the tiles of the larger tree"));
        accord_error_found(error, ACCORD_LITERAL("those of another"));
    } else if (status != ACCORD_OK) {
        *error = *accord_reader_error(reader);
        error->status = status;
    }
    return status;
}

static enum accord_status prove_by_log(struct accord_related *related, const struct accord_call *call, const char *log,
                                       struct accord_error *error)
{
    struct accord_reader *reader;
    enum accord_status status = accord_log_source_open(&reader, call->fs, call->crypto, call->network, log, error);
    if (status == ACCORD_OK) {
        status = set_served_size(reader, related->larger->view.checkpoint.size, error);
    }
    if (status == ACCORD_OK) {
        status = prove_by_reader(related, call, reader, error);
    }
    accord_reader_close(reader);
    return status;
}

static enum accord_status prove_by_file(struct accord_related *related, const struct accord_call *call,
                                        const char *path, struct accord_error *error)
{
    const struct accord_checkpoint_claim *smaller = &related->smaller->view.checkpoint;
    const struct accord_checkpoint_claim *larger = &related->larger->view.checkpoint;
    struct accord_buffer text;
    accord_buffer_init(&text, PROOF_SIZE_MAX);
    enum accord_status status = accord_file_read(call->fs, path, &text, error);
    if (status == ACCORD_OK) {
        status = accord_view_proof_parse(accord_buffer_bytes(&text), related->root, &related->proof, error);
    }
    if (status == ACCORD_OK) {
        status = accord_consistency_verify(call->crypto, smaller->size, larger->size, related->root, larger->root,
                                           &related->proof);
        related->proven = status == ACCORD_OK;
        status = status == ACCORD_OK ? status : accord_fail(error, status, 0);
    }
    accord_buffer_free(&text);
    return status;
}

static enum accord_status refuse_two_logs(const struct accord_viewed views[2], struct accord_error *error)
{
    accord_fail(error, ACCORD_WRONG_KEY, 0);
    accord_error_what(error, ACCORD_LITERAL("these are views of two logs"));
    accord_error_expected(error, views[0].view.checkpoint.origin);
    accord_error_found(error, views[1].view.checkpoint.origin);
    return ACCORD_WRONG_KEY;
}

enum accord_status accord_views_relate(struct accord_related *related, const struct accord_call *call,
                                       const struct accord_viewed views[2], const char *log, const char *proof,
                                       const char **subject, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    memset(related, 0, sizeof *related);
    *subject = views[1].name;
    if (!accord_view_same_log(&views[0].view, &views[1].view)) {
        return refuse_two_logs(views, error);
    }
    bool ordered = views[0].view.checkpoint.size <= views[1].view.checkpoint.size;
    related->smaller = &views[ordered ? 0 : 1];
    related->larger = &views[ordered ? 1 : 0];
    const struct accord_checkpoint_claim *smaller = &related->smaller->view.checkpoint;
    const struct accord_checkpoint_claim *larger = &related->larger->view.checkpoint;
    const uint8_t *begins = larger->root;
    if (smaller->size < larger->size && smaller->size > 0) {
        *subject = proof != NULL ? proof : log != NULL ? log : related->larger->name;
        status = proof != NULL                     ? prove_by_file(related, call, proof, error)
                 : log != NULL                     ? prove_by_log(related, call, log, error)
                 : related->larger->reader != NULL ? prove_by_reader(related, call, related->larger->reader, error)
                                                   : ACCORD_OK;
        begins = related->root;
    }
    if (status != ACCORD_OK || (begins == related->root && !related->proven)) {
        return status;
    }
    /* An empty tree begins every tree, another empty one too. */
    bool agree = smaller->size == 0 || memcmp(smaller->root, begins, ACCORD_HASH_SIZE) == 0;
    related->relation = !agree                          ? ACCORD_RELATION_CONTRADICTION
                        : smaller->size == larger->size ? ACCORD_RELATION_SAME
                                                        : ACCORD_RELATION_BEGINNING;
    return ACCORD_OK;
}
