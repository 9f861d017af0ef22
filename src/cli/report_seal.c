/* Sealing as a stream: this thread reads files and hashes the parcel, another encrypts it, hashes what comes out and
 * writes it. It knows bytes; what they say it is not told. */
#include "cli/report_seal.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "case/belt.h"
#include "cli/case_mail.h"
#include "cli/say.h"

#define FILE_MODE 0600
#define WRITE_BACK_EVERY ((uint64_t)1 << 24)

/* The file that is written. */
struct output {
    const struct accord_call *call;
    const char *path;
    int handle;
    uint64_t size;
    struct accord_sha256 sha;
};

static enum accord_status write_out(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct output *output = context;
    const struct accord_fs *fs = output->call->fs;
    output->call->crypto->sha256_update(&output->sha, bytes.data, bytes.size);
    int64_t written = fs->write_at(fs->context, output->handle, bytes.data, bytes.size, output->size);
    if (written < 0) {
        return accord_file_error(error, (int)written, output->path);
    }
    if (fs->write_back != NULL && output->size / WRITE_BACK_EVERY != (output->size + bytes.size) / WRITE_BACK_EVERY) {
        fs->write_back(fs->context, output->handle);
    }
    output->size += bytes.size;
    return ACCORD_OK;
}

static enum accord_status seal_bytes(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    return accord_age_sealer_write(context, bytes, error);
}

static void step(void *context, uint64_t done, uint64_t all)
{
    accord_progress_step(context, done >> 20, all >> 20);
}

/* From the files to the sealer, by way of the belt. */
static enum accord_status pack(struct accord_report_sealing *sealing, struct accord_age_sealer *sealer,
                               struct accord_error *error)
{
    const struct accord_age_sink sink = {sealer, seal_bytes};
    struct accord_progress progress = {.doing = "sealed", .of = "MiB"};
    const struct accord_parcel_progress told = {&progress, step};
    struct accord_belt *belt;
    enum accord_status status = accord_belt_new(&belt, &sink, error);
    if (status != ACCORD_OK) {
        return status;
    }
    const struct accord_age_sink packed = accord_belt_sink(belt);
    status = accord_parcel_write(sealing->cover, sealing->cover_text, sealing->paths, &packed, &told, sealing->parcel,
                                 error);
    if (status == ACCORD_OK) {
        status = accord_belt_end(belt, error);
    }
    accord_belt_free(belt);
    accord_progress_end(&progress);
    return status == ACCORD_OK ? accord_age_sealer_end(sealer, error) : status;
}

static enum accord_status seal_to(struct accord_report_sealing *sealing, struct output *output,
                                  struct accord_error *error)
{
    const struct accord_age_sealing age = {.recipients = sealing->recipients,
                                           .recipient_count = sealing->cover->recipient_count,
                                           .seed = sealing->seed,
                                           .sink = {output, write_out}};
    struct accord_age_sealer *sealer;
    enum accord_status status = accord_age_sealer_new(&sealer, &age, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = pack(sealing, sealer, error);
    accord_age_sealer_free(sealer);
    return status;
}

enum accord_status accord_report_seal(struct accord_report_sealing *sealing, struct accord_error *error)
{
    const struct accord_fs *fs = sealing->call->fs;
    struct output output = {.call = sealing->call, .path = sealing->output};
    /* Not written over: it could be a link to another file, or what another run writes. */
    (void)fs->unlink(fs->context, sealing->output);
    output.handle = fs->open(fs->context, sealing->output,
                             ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_EXCLUSIVE, FILE_MODE);
    if (output.handle < 0) {
        return accord_file_error(error, output.handle, sealing->output);
    }
    sealing->call->crypto->sha256_init(&output.sha);
    sealing->number = sealing->made_ns = 0;
    if (fs->identify != NULL) {
        (void)fs->identify(fs->context, sealing->output, &sealing->number, &sealing->made_ns);
    }
    enum accord_status status = seal_to(sealing, &output, error);
    int synced = status == ACCORD_OK ? fs->sync(fs->context, output.handle) : 0;
    int closed = fs->close(fs->context, output.handle);
    sealing->call->crypto->sha256_final(&output.sha, sealing->sealed);
    sealing->sealed_size = output.size;
    if (status == ACCORD_OK && (synced < 0 || closed < 0)) {
        status = accord_file_error(error, synced < 0 ? synced : closed, sealing->output);
    }
    if (status != ACCORD_OK) {
        (void)fs->unlink(fs->context, sealing->output);
    }
    return status;
}

/* Files */

static enum accord_status refuse_name(struct accord_error *error, enum accord_status status, struct accord_bytes name,
                                      const char *expected)
{
    accord_fail(error, status, 0);
    accord_error_what(error, name);
    accord_error_expected(error, accord_bytes_of(expected));
    return status;
}

static enum accord_status check_name(const struct accord_cover *cover, const char *path, struct accord_bytes *name,
                                     struct accord_error *error)
{
    const char *slash = strrchr(path, '/');
    *name = accord_bytes_of(slash == NULL ? path : slash + 1);
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        return refuse_name(error, ACCORD_IO, accord_bytes_of(path), "a file: pack a directory first, with tar or zip");
    }
    if (!accord_cover_name_valid(*name)) {
        return refuse_name(error, ACCORD_MALFORMED, *name,
                           "a file name of at most 100 bytes of UTF-8, not COVER, no control characters");
    }
    for (size_t i = 0; i < cover->file_count; i++) {
        if (accord_bytes_equal(cover->files[i].name, *name)) {
            return refuse_name(error, ACCORD_DUPLICATE, *name, "each file name once, whatever directory it is in");
        }
    }
    return ACCORD_OK;
}

static enum accord_status measure(const struct accord_call *call, const char *path, struct accord_cover_file *file,
                                  struct accord_error *error)
{
    int handle = call->fs->open(call->fs->context, path, ACCORD_OPEN_READ, 0);
    if (handle < 0) {
        return accord_file_error(error, handle, path);
    }
    int64_t size = call->fs->size(call->fs->context, handle);
    (void)call->fs->close(call->fs->context, handle);
    file->size = size < 0 ? 0 : (uint64_t)size;
    return size < 0 ? accord_file_error(error, (int)size, path) : ACCORD_OK;
}

enum accord_status accord_report_files(const struct accord_call *call, struct accord_cover *cover,
                                       struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count; i++) {
        struct accord_cover_file *file = &cover->files[i];
        status = check_name(cover, call->operands[i], &file->name, error);
        if (status == ACCORD_OK) {
            status = measure(call, call->operands[i], file, error);
        }
        if (status == ACCORD_OK && file->size > ACCORD_PARCEL_FILE_MAX) {
            status = refuse_name(error, ACCORD_TOO_LARGE, file->name, "a file of at most 8589934591 bytes");
        }
        cover->file_count += status == ACCORD_OK;
    }
    return status;
}
