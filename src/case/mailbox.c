/* A mailbox on disk. Knows names, sizes and digests; what is sealed it cannot know. A file is written beside its name,
 * synced, and renamed once it is what was announced, so that a name never stands for less. */
#include "case/mailbox.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "core/text.h"

#define PATH_SIZE 4096
#define NAME_SIZE (2 * ACCORD_HASH_SIZE)
#define TEMPORARY ".part"
#define READ_SIZE 1048576
#define TRIES 64

struct accord_mailbox_upload {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    char directory[PATH_SIZE], path[PATH_SIZE], temporary[PATH_SIZE + 64];
    uint8_t digest[ACCORD_HASH_SIZE];
    uint64_t size, written;
    struct accord_sha256 sha;
    int handle; /* -1: none */
    bool made;  /* the temporary file is there */
};

static enum accord_status path_of(char path[PATH_SIZE], const char *directory, const uint8_t digest[ACCORD_HASH_SIZE],
                                  struct accord_error *error)
{
    uint8_t name[NAME_SIZE];
    struct accord_out out = {name, sizeof name, 0, false};
    accord_put_hex(&out, (struct accord_bytes){digest, ACCORD_HASH_SIZE});
    int size = snprintf(path, PATH_SIZE, "%s/%.*s", directory, (int)sizeof name, (const char *)name);
    return size > 0 && size < PATH_SIZE ? ACCORD_OK : accord_fail(error, ACCORD_TOO_LARGE, 0);
}

/* The directory, and that its own name is durable. */
static enum accord_status make_directory(const struct accord_fs *fs, const char *directory, struct accord_error *error)
{
    char parent[PATH_SIZE];
    int result = fs->make_dir(fs->context, directory, 0755);
    if (result == -EEXIST) {
        return ACCORD_OK;
    }
    const char *slash = strrchr(directory, '/');
    (void)snprintf(parent, sizeof parent, "%.*s",
                   slash == NULL        ? 1
                   : slash == directory ? 1
                                        : (int)(slash - directory),
                   slash == NULL ? "." : directory);
    result = result < 0 ? result : fs->sync_dir(fs->context, parent);
    return result < 0 ? accord_file_error(error, result, directory) : ACCORD_OK;
}

/* A name that no other upload of these bytes has: two may come at the same time. */
static enum accord_status open_temporary(struct accord_mailbox_upload *upload, struct accord_error *error)
{
    static atomic_uint counter;
    for (int i = 0; i < TRIES; i++) {
        (void)snprintf(upload->temporary, sizeof upload->temporary, "%s.%ld.%u" TEMPORARY, upload->path, (long)getpid(),
                       atomic_fetch_add(&counter, 1));
        upload->handle = upload->fs->open(upload->fs->context, upload->temporary,
                                          ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_EXCLUSIVE, 0644);
        if (upload->handle != -EEXIST) {
            break;
        }
    }
    upload->made = upload->handle >= 0;
    return upload->handle < 0 ? accord_file_error(error, upload->handle, upload->temporary) : ACCORD_OK;
}

enum accord_status accord_mailbox_begin(struct accord_mailbox_upload **upload, const struct accord_fs *fs,
                                        const struct accord_crypto *crypto, const char *directory,
                                        const uint8_t digest[ACCORD_HASH_SIZE], uint64_t size,
                                        struct accord_error *error)
{
    struct accord_mailbox_upload *made = malloc(sizeof *made);
    *upload = made;
    if (made == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    *made = (struct accord_mailbox_upload){.fs = fs, .crypto = crypto, .size = size, .handle = -1};
    memcpy(made->digest, digest, sizeof made->digest);
    crypto->sha256_init(&made->sha);
    (void)snprintf(made->directory, sizeof made->directory, "%s", directory);
    enum accord_status status = path_of(made->path, directory, digest, error);
    if (status == ACCORD_OK) {
        status = make_directory(fs, directory, error);
    }
    return status == ACCORD_OK ? open_temporary(made, error) : status;
}

enum accord_status accord_mailbox_write(struct accord_mailbox_upload *upload, struct accord_bytes bytes,
                                        struct accord_error *error)
{
    if (bytes.size > upload->size - upload->written) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("the sealed report"));
        accord_error_expected_number(error, upload->size);
        return ACCORD_TOO_LARGE;
    }
    int64_t result = upload->fs->write_at(upload->fs->context, upload->handle, bytes.data, bytes.size, upload->written);
    if (result < 0) {
        return accord_file_error(error, (int)result, upload->temporary);
    }
    upload->crypto->sha256_update(&upload->sha, bytes.data, bytes.size);
    upload->written += bytes.size;
    return ACCORD_OK;
}

static enum accord_status refuse_bytes(struct accord_error *error, struct accord_bytes what)
{
    accord_fail(error, ACCORD_COMMITMENT, 0);
    accord_error_what(error, what);
    accord_error_expected(error, ACCORD_LITERAL("the octets that the report's entry announces"));
    return ACCORD_COMMITMENT;
}

enum accord_status accord_mailbox_end(struct accord_mailbox_upload *upload, struct accord_error *error)
{
    const struct accord_fs *fs = upload->fs;
    uint8_t digest[ACCORD_HASH_SIZE];
    upload->crypto->sha256_final(&upload->sha, digest);
    if (memcmp(digest, upload->digest, sizeof digest) != 0) {
        return refuse_bytes(error, ACCORD_LITERAL("the sealed report"));
    }
    int result = fs->sync(fs->context, upload->handle);
    int closed = fs->close(fs->context, upload->handle);
    upload->handle = -1;
    result = result < 0 ? result : closed;
    if (result >= 0) {
        result = fs->rename(fs->context, upload->temporary, upload->path);
        upload->made = result < 0;
    }
    result = result < 0 ? result : fs->sync_dir(fs->context, upload->directory);
    return result < 0 ? accord_file_error(error, result, upload->path) : ACCORD_OK;
}

void accord_mailbox_free(struct accord_mailbox_upload *upload)
{
    if (upload == NULL) {
        return;
    }
    if (upload->handle >= 0) {
        (void)upload->fs->close(upload->fs->context, upload->handle);
    }
    if (upload->made) {
        (void)upload->fs->unlink(upload->fs->context, upload->temporary);
    }
    free(upload);
}

bool accord_mailbox_has(const struct accord_fs *fs, const char *directory, const uint8_t digest[ACCORD_HASH_SIZE])
{
    char path[PATH_SIZE];
    return path_of(path, directory, digest, NULL) == ACCORD_OK && fs->exists(fs->context, path) == 1;
}

static enum accord_status read_to(const struct accord_fs *fs, const struct accord_crypto *crypto, int handle,
                                  const char *path, uint8_t *memory, const struct accord_age_sink *sink,
                                  uint8_t digest[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_sha256 sha;
    enum accord_status status = ACCORD_OK;
    crypto->sha256_init(&sha);
    for (uint64_t offset = 0; status == ACCORD_OK;) {
        int64_t got = fs->read_at(fs->context, handle, memory, READ_SIZE, offset);
        if (got < 0) {
            return accord_file_error(error, (int)got, path);
        }
        if (got == 0) {
            break;
        }
        crypto->sha256_update(&sha, memory, (size_t)got);
        status = sink->write(sink->context, (struct accord_bytes){memory, (size_t)got}, error);
        offset += (uint64_t)got;
    }
    crypto->sha256_final(&sha, digest);
    return status;
}

enum accord_status accord_mailbox_read(const struct accord_fs *fs, const struct accord_crypto *crypto,
                                       const char *directory, const uint8_t digest[ACCORD_HASH_SIZE],
                                       const struct accord_age_sink *sink, struct accord_error *error)
{
    char path[PATH_SIZE];
    uint8_t found[ACCORD_HASH_SIZE];
    enum accord_status status = path_of(path, directory, digest, error);
    int handle = status == ACCORD_OK ? fs->open(fs->context, path, ACCORD_OPEN_READ, 0) : -1;
    if (status != ACCORD_OK || handle < 0) {
        return status == ACCORD_OK ? accord_file_error(error, handle, path) : status;
    }
    uint8_t *memory = malloc(READ_SIZE);
    status = memory == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                            : read_to(fs, crypto, handle, path, memory, sink, found, error);
    free(memory);
    (void)fs->close(fs->context, handle);
    return status == ACCORD_OK && memcmp(found, digest, sizeof found) != 0
               ? refuse_bytes(error, ACCORD_LITERAL("the sealed report in the mailbox"))
               : status;
}
