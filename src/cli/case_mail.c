/* Mailboxes by location. It knows where sealed reports lie; what is in them nobody here can read. */
#include "cli/case_mail.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "case/mailbox.h"
#include "cli/accord_dir.h"
#include "cli/case_log.h"
#include "cli/log_source.h"
#include "cli/network.h"
#include "cli/say.h"
#include "core/text.h"

#define READ_SIZE ((size_t)1 << 18)
#define GET_TIMEOUT_MS 60000

enum accord_status accord_case_mail_terms(const struct accord_call *call, const char *location, uint64_t *limit,
                                          unsigned *work, struct accord_error *error)
{
    *limit = UINT64_MAX;
    *work = 0;
    if (!accord_location_is_url(location)) {
        return ACCORD_OK;
    }
    struct accord_mailbox_terms terms;
    enum accord_status status = call->network->mailbox_terms(location, &terms, error);
    if (status == ACCORD_OK) {
        *limit = terms.limit;
        *work = terms.work;
    }
    return status;
}

static enum accord_status read_all(const struct accord_fs *fs, int handle, const char *path,
                                   const struct accord_age_sink *sink, struct accord_error *error)
{
    uint8_t *room = malloc(READ_SIZE);
    enum accord_status status = room == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    for (uint64_t offset = 0; status == ACCORD_OK;) {
        int64_t got = fs->read_at(fs->context, handle, room, READ_SIZE, offset);
        if (got <= 0) {
            status = got < 0 ? accord_file_error(error, (int)got, path) : ACCORD_OK;
            break;
        }
        offset += (uint64_t)got;
        status = sink->write(sink->context, (struct accord_bytes){room, (size_t)got}, error);
    }
    free(room);
    return status;
}

enum accord_status accord_case_mail_file(const struct accord_call *call, const char *path,
                                         const struct accord_age_sink *sink, struct accord_error *error)
{
    int handle = call->fs->open(call->fs->context, path, ACCORD_OPEN_READ, 0);
    if (handle < 0) {
        return accord_file_error(error, handle, path);
    }
    enum accord_status status = read_all(call->fs, handle, path, sink, error);
    (void)call->fs->close(call->fs->context, handle);
    return status;
}

/* The file of a digest in a mailbox's directory. */
static enum accord_status file_of(const struct accord_call *call, const char *location,
                                  const uint8_t digest[ACCORD_HASH_SIZE], char path[ACCORD_PATH_SIZE],
                                  struct accord_error *error)
{
    char directory[ACCORD_PATH_SIZE];
    uint8_t name[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {name, sizeof name, 0, false};
    enum accord_status status = accord_case_mailbox(call->fs, location, directory, sizeof directory, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_put_hex(&out, (struct accord_bytes){digest, ACCORD_HASH_SIZE});
    int size = snprintf(path, ACCORD_PATH_SIZE, "%s/%.*s", directory, ACCORD_TEXT(accord_out_bytes(&out)));
    return size < 0 || size >= ACCORD_PATH_SIZE ? accord_fail(error, ACCORD_TOO_LARGE, 0) : ACCORD_OK;
}

enum accord_status accord_case_mail_get(const struct accord_call *call, const char *location,
                                        const uint8_t digest[ACCORD_HASH_SIZE], uint64_t size,
                                        const struct accord_age_sink *sink, struct accord_error *error)
{
    char path[ACCORD_PATH_SIZE];
    if (accord_location_is_url(location)) {
        return call->network->mailbox_get(location, digest, size, GET_TIMEOUT_MS, sink->context, sink->write, error);
    }
    enum accord_status status = file_of(call, location, digest, path, error);
    return status == ACCORD_OK ? accord_case_mail_file(call, path, sink, error) : status;
}

static enum accord_status upload_bytes(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    return accord_mailbox_write(context, bytes, error);
}

static enum accord_status put_file(const struct accord_call *call, const char *location,
                                   const uint8_t digest[ACCORD_HASH_SIZE], uint64_t size, const char *path,
                                   struct accord_error *error)
{
    char directory[ACCORD_PATH_SIZE];
    struct accord_mailbox_upload *upload = NULL;
    enum accord_status status = accord_case_mailbox(call->fs, location, directory, sizeof directory, error);
    if (status != ACCORD_OK || accord_mailbox_has(call->fs, directory, digest)) {
        return status;
    }
    status = accord_mailbox_begin(&upload, call->fs, call->crypto, directory, digest, size, error);
    if (status != ACCORD_OK) {
        return status;
    }
    const struct accord_age_sink sink = {upload, upload_bytes};
    status = accord_case_mail_file(call, path, &sink, error);
    if (status == ACCORD_OK) {
        status = accord_mailbox_end(upload, error);
    }
    accord_mailbox_free(upload);
    return status;
}

static void step(void *context, uint64_t done, uint64_t all)
{
    accord_progress_step(context, done >> 20, all >> 20);
}

enum accord_status accord_case_mail_put(const struct accord_call *call, const char *location,
                                        const uint8_t digest[ACCORD_HASH_SIZE], uint64_t size, const char *path,
                                        uint64_t timeout_ms, struct accord_error *error)
{
    struct accord_progress progress = {.doing = "uploaded", .of = "MiB"};
    const struct accord_mailbox_progress told = {&progress, step};
    if (!accord_location_is_url(location)) {
        return put_file(call, location, digest, size, path, error);
    }
    enum accord_status status = call->network->mailbox_put(location, digest, size, path, timeout_ms, &told, error);
    accord_progress_end(&progress);
    return status;
}
