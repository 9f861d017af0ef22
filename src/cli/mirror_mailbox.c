/* Copying a mailbox. It knows which sealed reports the entries announce; each is kept only if it is the one, so it does
 * not matter who gave it. */
#include "cli/mirror_mailbox.h"

#include <stdlib.h>

#include "accord/report.h"
#include "case/mailbox.h"
#include "cli/accord_dir.h"
#include "cli/case_log.h"
#include "cli/case_mail.h"
#include "cli/say.h"
#include "core/text.h"
#include "follow/chain.h"

struct mirroring {
    const struct accord_call *call;
    const char *location;
    char mailbox[ACCORD_PATH_SIZE];
    struct accord_mirrored_mailbox *done;
    struct accord_report_claim claim; /* too large for a stack that calls on */
    struct accord_progress progress;
    uint64_t size;
};

static enum accord_status take(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    return accord_mailbox_write(context, bytes, error);
}

/* What the log has not, or has another of, is missing; what this machine cannot do ends it. */
static enum accord_status copy(struct mirroring *mirroring, struct accord_error *error)
{
    const struct accord_call *call = mirroring->call;
    const struct accord_report_claim *claim = &mirroring->claim;
    struct accord_mailbox_upload *upload = NULL;
    enum accord_status status = accord_mailbox_begin(&upload, call->fs, call->crypto, mirroring->mailbox, claim->sealed,
                                                     claim->sealed_size, error);
    if (status == ACCORD_OK) {
        const struct accord_age_sink sink = {upload, take};
        status = accord_case_mail_get(call, mirroring->location, claim->sealed, claim->sealed_size, &sink, error);
    }
    if (status == ACCORD_OK) {
        status = accord_mailbox_end(upload, error);
    }
    accord_mailbox_free(upload);
    bool missing = status == ACCORD_NOT_FOUND || status == ACCORD_COMMITMENT || status == ACCORD_TOO_LARGE;
    mirroring->done->missing += missing;
    mirroring->done->copied += status == ACCORD_OK;
    return missing ? ACCORD_OK : status;
}

static enum accord_status see(void *context, uint64_t index, struct accord_bytes entry, struct accord_error *error)
{
    struct mirroring *mirroring = context;
    struct accord_bytes rest = entry;
    accord_progress_step(&mirroring->progress, index + 1, mirroring->size);
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/report\n")) ||
        accord_report_parse(&mirroring->claim, entry, mirroring->call->crypto, NULL) != ACCORD_OK) {
        return ACCORD_OK;
    }
    mirroring->done->announced++;
    if (accord_mailbox_has(mirroring->call->fs, mirroring->mailbox, mirroring->claim.sealed)) {
        mirroring->done->held++;
        return ACCORD_OK;
    }
    return copy(mirroring, error);
}

static enum accord_status walk(struct mirroring *mirroring, struct accord_reader *reader, struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_scan_size(reader, &note, &claim, error);
    if (status == ACCORD_OK) {
        mirroring->size = claim.size;
        status = accord_scan(reader, claim.size, see, mirroring, error);
    }
    accord_progress_end(&mirroring->progress);
    accord_buffer_free(&note);
    return status;
}

enum accord_status accord_mirror_mailbox(const struct accord_call *call, const char *location, const char *directory,
                                         struct accord_mirrored_mailbox *done, struct accord_error *error)
{
    struct accord_reader *reader;
    struct mirroring *mirroring = calloc(1, sizeof *mirroring);
    *done = (struct accord_mirrored_mailbox){0};
    if (mirroring == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    mirroring->call = call;
    mirroring->location = location;
    mirroring->done = done;
    mirroring->progress = (struct accord_progress){.doing = "looked through", .of = "entries"};
    enum accord_status status =
        accord_case_mailbox(call->fs, directory, mirroring->mailbox, sizeof mirroring->mailbox, error);
    if (status == ACCORD_OK) {
        status = accord_reader_open(&reader, call->fs, call->crypto, directory, error);
    }
    if (status == ACCORD_OK) {
        status = walk(mirroring, reader, error);
        accord_reader_close(reader);
    }
    free(mirroring);
    return status;
}
