/* The mailbox: a path names a sealed report or nothing, and of what is uploaded in whichever pieces only what was
 * announced is there afterwards, whole. First line: the path; then a byte that says what is announced, a byte for the
 * pieces' size, and the upload. */
#include "case/mailbox.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "serve/mailbox_role.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[] = "/tmp/accord-fuzz-mailbox-XXXXXX";

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void leave(void)
{
    (void)rmdir(directory);
}

static void prepare(void)
{
    static bool ready = false;
    if (!ready) {
        accord_crypto_start();
        require(mkdtemp(directory) != NULL && atexit(leave) == 0);
        ready = true;
    }
}

static void check_path(struct accord_bytes line)
{
    char path[512];
    size_t size = line.size < sizeof path - 1 ? line.size : sizeof path - 1;
    uint8_t digest[ACCORD_HASH_SIZE];
    memcpy(path, line.data, size);
    path[size] = '\0';
    struct accord_http_request request = {.method = ACCORD_HTTP_POST, .path = path};
    struct accord_bytes rest = {(const uint8_t *)path, strlen(path)};
    bool named = accord_cut_prefix(&rest, ACCORD_LITERAL("/mailbox/")) && rest.size == 64 &&
                 accord_hex_read(rest, digest, sizeof digest);
    require(accord_mailbox_role_streams(&request) == named);
    require(!named || accord_mailbox_role_has(&request));
    request.method = ACCORD_HTTP_GET;
    require(!accord_mailbox_role_streams(&request));
}

/* How many files there are; all are removed. */
static unsigned empty(const char *expected)
{
    unsigned count = 0;
    DIR *opened = opendir(directory);
    require(opened != NULL);
    for (struct dirent *file = readdir(opened); file != NULL; file = readdir(opened)) {
        char path[512];
        if (file->d_name[0] == '.')
            continue;
        require(strcmp(file->d_name, expected) == 0);
        snprintf(path, sizeof path, "%s/%s", directory, file->d_name);
        require(unlink(path) == 0);
        count++;
    }
    closedir(opened);
    return count;
}

static enum accord_status compare(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct accord_bytes *rest = context;
    (void)error;
    require(accord_cut_prefix(rest, bytes));
    return ACCORD_OK;
}

static void upload(uint8_t announced, size_t piece, struct accord_bytes bytes)
{
    struct accord_mailbox_upload *file;
    uint8_t digest[ACCORD_HASH_SIZE];
    char name[2 * ACCORD_HASH_SIZE + 1] = "";
    struct accord_out out = {(uint8_t *)name, sizeof name - 1, 0, false};
    uint64_t most = (announced & 1) != 0 && bytes.size > 0 ? bytes.size - 1 : bytes.size + (announced >> 4);
    accord_hash(&accord_crypto_default, bytes, digest);
    digest[0] ^= (uint8_t)(announced & 2);
    accord_put_hex(&out, (struct accord_bytes){digest, sizeof digest});
    require(accord_mailbox_begin(&file, &accord_fs_real, &accord_crypto_default, directory, digest, most, NULL) ==
            ACCORD_OK);
    enum accord_status status = ACCORD_OK;
    for (size_t at = 0; status == ACCORD_OK && at < bytes.size; at += piece)
        status = accord_mailbox_write(
            file, (struct accord_bytes){bytes.data + at, bytes.size - at < piece ? bytes.size - at : piece}, NULL);
    if (status == ACCORD_OK && (announced & 4) == 0)
        status = accord_mailbox_end(file, NULL);
    else
        status = ACCORD_BUSY; /* it is left as it is */
    accord_mailbox_free(file);
    bool there = accord_mailbox_has(&accord_fs_real, directory, digest);
    require(there == (status == ACCORD_OK));
    require(there == ((announced & 6) == 0 && most >= bytes.size));
    if (there) {
        const struct accord_age_sink sink = {&bytes, compare};
        require(accord_mailbox_read(&accord_fs_real, &accord_crypto_default, directory, digest, &sink, NULL) ==
                ACCORD_OK);
        require(bytes.size == 0);
    }
    require(empty(name) == (there ? 1 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_bytes rest = {data, size}, line;
    prepare();
    if (!accord_cut_line(&rest, &line))
        return 0;
    check_path(line);
    if (rest.size < 2)
        return 0;
    upload(rest.data[0], (size_t)rest.data[1] + 1, (struct accord_bytes){rest.data + 2, rest.size - 2});
    return 0;
}
