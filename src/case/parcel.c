/* Parcels: a cover sheet and its files as tar, of one form, so that the octets follow from the cover and the files.
 * Whoever reads one makes each header and all padding anew and compares; what is in the files it does not ask. */
#include "case/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "case/tar_header.h"
#include "crypto/backend.h"

#define READ_SIZE ((size_t)1 << 18)
#define LEAST_SIZE 16384
#define ENDING (2 * ACCORD_TAR_BLOCK)

static const uint8_t zeros[4096];

/* Size */

static unsigned log2_floor(uint64_t number)
{
    unsigned bits = 0;
    while (number >>= 1) {
        bits++;
    }
    return bits;
}

static uint64_t padded(uint64_t least)
{
    unsigned e = log2_floor(least), s = log2_floor(e) + 1;
    uint64_t mask = ((uint64_t)1 << (e - s)) - 1;
    return (least + mask) & ~mask;
}

static uint64_t member_size(uint64_t size)
{
    return ACCORD_TAR_BLOCK + size + accord_tar_fill(size);
}

uint64_t accord_parcel_size(const struct accord_cover *cover, size_t cover_size)
{
    uint64_t size = member_size(cover_size) + ENDING;
    for (size_t i = 0; i < cover->file_count; i++) {
        size += member_size(cover->files[i].size);
    }
    return padded(size < LEAST_SIZE ? LEAST_SIZE : size);
}

/* Writing */

struct writing {
    const struct accord_cover *cover;
    const struct accord_age_sink *sink;
    const struct accord_parcel_progress *progress;
    const struct accord_crypto *crypto;
    struct accord_sha256 whole;
    uint64_t done, all;
    uint8_t *room;
    struct accord_error *error;
};

static enum accord_status put(struct writing *writing, struct accord_bytes bytes)
{
    writing->crypto->sha256_update(&writing->whole, bytes.data, bytes.size);
    writing->done += bytes.size;
    enum accord_status status = writing->sink->write(writing->sink->context, bytes, writing->error);
    if (writing->progress != NULL && writing->progress->step != NULL) {
        writing->progress->step(writing->progress->context, writing->done, writing->all);
    }
    return status;
}

static enum accord_status put_zeros(struct writing *writing, uint64_t size)
{
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && size > 0) {
        size_t now = size < sizeof zeros ? (size_t)size : sizeof zeros;
        status = put(writing, (struct accord_bytes){zeros, now});
        size -= now;
    }
    return status;
}

static enum accord_status put_header(struct writing *writing, struct accord_bytes name, uint64_t size)
{
    uint8_t block[ACCORD_TAR_BLOCK];
    accord_tar_header(block, name, size);
    return put(writing, (struct accord_bytes){block, sizeof block});
}

static enum accord_status refuse_changed(struct accord_error *error, struct accord_bytes name)
{
    accord_fail(error, ACCORD_WRONG_FILE, 0);
    accord_error_what(error, name);
    accord_error_expected(error, ACCORD_LITERAL("the file as it was when its cover was made"));
    accord_error_found(error, ACCORD_LITERAL("another size"));
    return ACCORD_WRONG_FILE;
}

/* No more than the cover says is read, and one octet more, which has to be missing. */
static enum accord_status put_content(struct writing *writing, int handle, const struct accord_cover_file *file,
                                      const char *path)
{
    uint64_t offset = 0;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK) {
        int64_t got = accord_fs_real.read_at(accord_fs_real.context, handle, writing->room, READ_SIZE, offset);
        if (got < 0) {
            return accord_file_error(writing->error, (int)got, path);
        }
        if (got == 0) {
            break;
        }
        if ((uint64_t)got > file->size - offset) {
            return refuse_changed(writing->error, file->name);
        }
        const struct accord_bytes bytes = {writing->room, (size_t)got};
        offset += (uint64_t)got;
        status = put(writing, bytes);
    }
    if (status == ACCORD_OK && offset != file->size) {
        status = refuse_changed(writing->error, file->name);
    }
    return status;
}

static enum accord_status put_file(struct writing *writing, const struct accord_cover_file *file, const char *path)
{
    enum accord_status status = put_header(writing, file->name, file->size);
    if (status != ACCORD_OK) {
        return status;
    }
    int handle = accord_fs_real.open(accord_fs_real.context, path, ACCORD_OPEN_READ, 0);
    if (handle < 0) {
        return accord_file_error(writing->error, handle, path);
    }
    status = put_content(writing, handle, file, path);
    (void)accord_fs_real.close(accord_fs_real.context, handle);
    return status == ACCORD_OK ? put_zeros(writing, accord_tar_fill(file->size)) : status;
}

static enum accord_status put_all(struct writing *writing, struct accord_bytes text, const char *const *paths)
{
    enum accord_status status = put_header(writing, ACCORD_LITERAL("COVER"), text.size);
    if (status == ACCORD_OK) {
        status = put(writing, text);
    }
    if (status == ACCORD_OK) {
        status = put_zeros(writing, accord_tar_fill(text.size));
    }
    for (size_t i = 0; status == ACCORD_OK && i < writing->cover->file_count; i++) {
        status = put_file(writing, &writing->cover->files[i], paths[i]);
    }
    return status == ACCORD_OK ? put_zeros(writing, writing->all - writing->done) : status;
}

enum accord_status accord_parcel_write(const struct accord_cover *cover, struct accord_bytes cover_text,
                                       const char *const *paths, const struct accord_age_sink *sink,
                                       const struct accord_parcel_progress *progress, uint8_t digest[ACCORD_HASH_SIZE],
                                       struct accord_error *error)
{
    struct writing writing = {.cover = cover,
                              .sink = sink,
                              .progress = progress,
                              .crypto = &accord_crypto_default,
                              .all = accord_parcel_size(cover, cover_text.size),
                              .error = error};
    if (writing.all > ACCORD_PARCEL_SIZE_MAX) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    writing.room = malloc(READ_SIZE);
    if (writing.room == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    writing.crypto->sha256_init(&writing.whole);
    enum accord_status status = put_all(&writing, cover_text, paths);
    writing.crypto->sha256_final(&writing.whole, digest);
    free(writing.room);
    return status;
}

/* Reading */

/* What comes next, in this order; FILE_* once for each file. */
enum phase { COVER_HEADER, COVER_TEXT, COVER_FILL, FILE_HEADER, FILE_CONTENT, FILE_FILL, ENDING_ZEROS, OVER };

struct accord_parcel_reader {
    const struct accord_crypto *crypto;
    struct accord_parcel_reading reading;
    enum phase phase;
    enum accord_status status; /* of the first refusal, which ends it */
    uint64_t left, done;       /* of the phase; of all */
    uint64_t size;             /* of all, once the cover is known */
    size_t file;
    uint8_t block[ACCORD_TAR_BLOCK]; /* the header that is expected; the cover's as it comes */
    struct accord_age_sink sink;     /* of the file */
    struct accord_sha256 whole;
    struct accord_buffer text;
    struct accord_cover cover;
};

enum accord_status accord_parcel_reader_new(struct accord_parcel_reader **reader,
                                            const struct accord_parcel_reading *reading,
                                            const struct accord_crypto *crypto, struct accord_error *error)
{
    *reader = calloc(1, sizeof **reader);
    if (*reader == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    (*reader)->crypto = crypto;
    (*reader)->reading = *reading;
    (*reader)->left = ACCORD_TAR_BLOCK;
    crypto->sha256_init(&(*reader)->whole);
    accord_buffer_init(&(*reader)->text, ACCORD_COVER_SIZE_MAX);
    return ACCORD_OK;
}

static enum accord_status refuse(const struct accord_parcel_reader *reader, enum accord_status status,
                                 struct accord_bytes expected, struct accord_error *error)
{
    accord_fail(error, status, 0);
    accord_error_what(error, reader->phase < FILE_HEADER || reader->phase > FILE_FILL
                                 ? ACCORD_LITERAL("the parcel")
                                 : reader->cover.files[reader->file].name);
    accord_error_expected(error, expected);
    return status;
}

static enum accord_status begin_phase(struct accord_parcel_reader *reader, enum phase phase, uint64_t left)
{
    reader->phase = phase;
    reader->left = left;
    return ACCORD_OK;
}

static enum accord_status begin_file(struct accord_parcel_reader *reader)
{
    if (reader->file == reader->cover.file_count) {
        return begin_phase(reader, ENDING_ZEROS, reader->size - reader->done);
    }
    const struct accord_cover_file *file = &reader->cover.files[reader->file];
    accord_tar_header(reader->block, file->name, file->size);
    return begin_phase(reader, FILE_HEADER, ACCORD_TAR_BLOCK);
}

static enum accord_status begin_content(struct accord_parcel_reader *reader, struct accord_error *error)
{
    reader->sink = (struct accord_age_sink){0};
    begin_phase(reader, FILE_CONTENT, reader->cover.files[reader->file].size);
    return reader->reading.opened == NULL
               ? ACCORD_OK
               : reader->reading.opened(reader->reading.context, &reader->cover, reader->file, &reader->sink, error);
}

/* Only its size was unknown: with it the header has to be the one that it would be. */
static enum accord_status end_cover_header(struct accord_parcel_reader *reader, struct accord_error *error)
{
    uint8_t expected[ACCORD_TAR_BLOCK];
    uint64_t size;
    if (!accord_tar_size(reader->block, &size)) {
        return refuse(reader, ACCORD_MALFORMED, ACCORD_LITERAL("a tar file that begins with COVER"), error);
    }
    accord_tar_header(expected, ACCORD_LITERAL("COVER"), size);
    if (memcmp(expected, reader->block, sizeof expected) != 0) {
        return refuse(reader, ACCORD_MALFORMED, ACCORD_LITERAL("a tar file that begins with COVER"), error);
    }
    if (size > ACCORD_COVER_SIZE_MAX) {
        return refuse(reader, ACCORD_TOO_LARGE, ACCORD_LITERAL("a cover of at most 524288 octets"), error);
    }
    enum accord_status status = accord_buffer_reserve(&reader->text, (size_t)size);
    return status == ACCORD_OK ? begin_phase(reader, COVER_TEXT, size) : accord_fail(error, status, 0);
}

static enum accord_status end_cover(struct accord_parcel_reader *reader, struct accord_error *error)
{
    struct accord_bytes text = accord_buffer_bytes(&reader->text);
    enum accord_status status = accord_cover_parse(&reader->cover, text, reader->crypto, error);
    reader->size = status == ACCORD_OK ? accord_parcel_size(&reader->cover, text.size) : 0;
    return status == ACCORD_OK ? begin_phase(reader, COVER_FILL, accord_tar_fill(text.size)) : status;
}

/* A phase has all its bytes. */
static enum accord_status end_phase(struct accord_parcel_reader *reader, struct accord_error *error)
{
    switch (reader->phase) {
    case COVER_HEADER:
        return end_cover_header(reader, error);
    case COVER_TEXT:
        return end_cover(reader, error);
    case COVER_FILL:
        return begin_file(reader);
    case FILE_HEADER:
        return begin_content(reader, error);
    case FILE_CONTENT:
        return begin_phase(reader, FILE_FILL, accord_tar_fill(reader->cover.files[reader->file].size));
    case FILE_FILL:
        reader->file++;
        return begin_file(reader);
    case ENDING_ZEROS:
    case OVER:
    default:
        return begin_phase(reader, OVER, UINT64_MAX);
    }
}

static enum accord_status require_zeros(const struct accord_parcel_reader *reader, struct accord_bytes bytes,
                                        struct accord_error *error)
{
    for (size_t at = 0; at < bytes.size; at += sizeof zeros) {
        size_t now = bytes.size - at < sizeof zeros ? bytes.size - at : sizeof zeros;
        if (memcmp(bytes.data + at, zeros, now) != 0) {
            return refuse(reader, ACCORD_MALFORMED, ACCORD_LITERAL("zeros as padding"), error);
        }
    }
    return ACCORD_OK;
}

/* Bytes that all belong to the phase; left still counts them. */
static enum accord_status take(struct accord_parcel_reader *reader, struct accord_bytes bytes,
                               struct accord_error *error)
{
    size_t at = (size_t)(ACCORD_TAR_BLOCK - reader->left);
    switch (reader->phase) {
    case COVER_HEADER:
        memcpy(reader->block + at, bytes.data, bytes.size);
        return ACCORD_OK;
    case COVER_TEXT:
        return accord_buffer_append(&reader->text, bytes);
    case FILE_HEADER:
        return memcmp(reader->block + at, bytes.data, bytes.size) == 0
                   ? ACCORD_OK
                   : refuse(reader, ACCORD_MALFORMED, ACCORD_LITERAL("the header that follows from the cover"), error);
    case FILE_CONTENT:
        return reader->sink.write == NULL ? ACCORD_OK : reader->sink.write(reader->sink.context, bytes, error);
    case COVER_FILL:
    case FILE_FILL:
    case ENDING_ZEROS:
        return require_zeros(reader, bytes, error);
    case OVER:
    default:
        return refuse(reader, ACCORD_TRAILING, ACCORD_LITERAL("an end after its padding"), error);
    }
}

enum accord_status accord_parcel_reader_write(struct accord_parcel_reader *reader, struct accord_bytes bytes,
                                              struct accord_error *error)
{
    if (reader->status != ACCORD_OK) {
        return refuse(reader, reader->status, ACCORD_LITERAL("nothing after a refusal"), error);
    }
    reader->crypto->sha256_update(&reader->whole, bytes.data, bytes.size);
    while (reader->status == ACCORD_OK && bytes.size > 0) {
        size_t now = bytes.size < reader->left ? bytes.size : (size_t)reader->left;
        reader->status = take(reader, (struct accord_bytes){bytes.data, now}, error);
        reader->left -= now;
        reader->done += now;
        bytes.data += now;
        bytes.size -= now;
        while (reader->status == ACCORD_OK && reader->left == 0) {
            reader->status = end_phase(reader, error);
        }
    }
    return reader->status;
}

enum accord_status accord_parcel_reader_end(struct accord_parcel_reader *reader, const struct accord_cover **cover,
                                            uint8_t digest[ACCORD_HASH_SIZE], struct accord_error *error)
{
    if (reader->status == ACCORD_OK && reader->phase != OVER) {
        reader->status = refuse(reader, ACCORD_MALFORMED, ACCORD_LITERAL("more: it is cut off"), error);
    } else if (reader->status != ACCORD_OK) {
        return refuse(reader, reader->status, ACCORD_LITERAL("a parcel that was not refused"), error);
    }
    if (reader->status == ACCORD_OK) {
        reader->crypto->sha256_final(&reader->whole, digest);
        *cover = &reader->cover;
    }
    return reader->status;
}

struct accord_bytes accord_parcel_reader_cover(const struct accord_parcel_reader *reader)
{
    return accord_buffer_bytes(&reader->text);
}

void accord_parcel_reader_free(struct accord_parcel_reader *reader)
{
    if (reader != NULL) {
        accord_buffer_wipe(&reader->text);
        accord_wipe(reader, sizeof *reader);
        free(reader);
    }
}
