/* A mailbox over HTTP, from the client's side. Knows its paths, its terms and what its status codes mean; what is in a
 * sealed report, and whether it is the one that was asked for, the caller knows. */
#include "net/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/text.h"

#define URL_SIZE 4096
#define ANSWER_MAX 4096
#define WAIT_MAX_SECONDS 60

static enum accord_status url_of(char url[URL_SIZE], const char *log, const uint8_t digest[32],
                                 struct accord_error *error)
{
    char path[16 + 64 + 1] = "mailbox/";
    struct accord_out out = {(uint8_t *)path, sizeof path - 1, strlen(path), false};
    accord_put_hex(&out, (struct accord_bytes){digest, 32});
    path[out.size] = '\0';
    return accord_url_join(url, URL_SIZE, log, path, error);
}

/* What the server says is shown, its first line. */
static enum accord_status refusal(const struct accord_fetch *fetch, struct accord_error *error)
{
    static const struct {
        unsigned http_status;
        enum accord_status status;
    } known[] = {{400, ACCORD_COMMITMENT}, {403, ACCORD_NOT_AWAITED}, {404, ACCORD_NOT_FOUND},
                 {413, ACCORD_TOO_LARGE},  {503, ACCORD_BUSY},        {507, ACCORD_BUSY}};
    struct accord_bytes text = accord_buffer_bytes(&fetch->answer), line;
    char words[96];
    enum accord_status status = ACCORD_NETWORK;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        status = known[i].http_status == fetch->http_status ? known[i].status : status;
    }
    if (!accord_cut_line(&text, &line)) {
        line = text;
    }
    (void)snprintf(words, sizeof words, "HTTP status %u%s%.*s", fetch->http_status, line.size > 0 ? ": " : "",
                   (int)(line.size < 64 ? line.size : 64), (const char *)line.data);
    accord_fail(error, status, 0);
    accord_url_blame(error, fetch->url);
    accord_error_found(error, (struct accord_bytes){(const uint8_t *)words, strlen(words)});
    return status;
}

/* Terms */

static bool take_number(struct accord_bytes line, struct accord_bytes key, uint64_t *first, uint64_t *second)
{
    struct accord_bytes word;
    if (!accord_cut_prefix(&line, key)) {
        return false;
    }
    if (second == NULL) {
        return accord_decimal_read(line, first);
    }
    return accord_cut(&line, ' ', &word) && accord_decimal_read(word, first) && accord_decimal_read(line, second);
}

/* Lines that are not known are passed over: a mailbox may have more to say. */
static void read_terms(struct accord_bytes text, struct accord_mailbox_terms *terms)
{
    struct accord_bytes line;
    uint64_t bits = 0;
    while (accord_cut_line(&text, &line)) {
        (void)(take_number(line, ACCORD_LITERAL("limit "), &terms->limit, NULL) ||
               take_number(line, ACCORD_LITERAL("work "), &bits, NULL) ||
               take_number(line, ACCORD_LITERAL("reports "), &terms->reports, &terms->within));
        terms->introduced = terms->introduced || accord_bytes_equal(line, ACCORD_LITERAL("introduced yes"));
    }
    terms->work = bits > 256 ? 256 : (unsigned)bits;
}

enum accord_status accord_mailbox_url_terms(const char *log, struct accord_mailbox_terms *terms,
                                            struct accord_error *error)
{
    char url[URL_SIZE];
    struct accord_client *client = NULL;
    struct accord_fetch fetch = {.url = url};
    *terms = (struct accord_mailbox_terms){0};
    enum accord_status status = accord_url_join(url, sizeof url, log, "mailbox", error);
    if (status == ACCORD_OK) {
        status = accord_client_new(&client, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&fetch.answer, ANSWER_MAX);
    status = accord_client_fetch(client, &fetch);
    if (status != ACCORD_OK) {
        *error = fetch.error;
    } else if (fetch.http_status != 200) {
        status = refusal(&fetch, error);
    } else {
        read_terms(accord_buffer_bytes(&fetch.answer), terms);
    }
    accord_buffer_free(&fetch.answer);
    accord_client_free(client);
    return status;
}

/* Uploading */

struct sending {
    int file;
    const char *path;
    uint64_t sent, size;
    const struct accord_mailbox_progress *progress;
    int failed; /* errno of the file */
};

static size_t give(void *context, uint8_t *data, size_t size)
{
    struct sending *sending = context;
    uint64_t left = sending->size - sending->sent;
    ssize_t got = pread(sending->file, data, left < size ? (size_t)left : size, (off_t)sending->sent);
    if (got < 0 || (got == 0 && left > 0)) {
        sending->failed = got < 0 ? errno : EIO;
        return SIZE_MAX;
    }
    sending->sent += (uint64_t)got;
    if (sending->progress != NULL) {
        sending->progress->step(sending->progress->context, sending->sent, sending->size);
    }
    return (size_t)got;
}

static enum accord_status send_once(struct accord_client *client, const char *url, struct sending *sending,
                                    uint64_t *wait, struct accord_error *error)
{
    struct accord_fetch fetch = {
        .url = url, .post = true, .context = sending, .give = give, .body_size = sending->size};
    accord_buffer_init(&fetch.answer, ANSWER_MAX);
    sending->sent = 0;
    enum accord_status status = accord_client_fetch(client, &fetch);
    *wait = 0;
    if (sending->failed != 0) {
        status = accord_file_error(error, -sending->failed, sending->path);
    } else if (status != ACCORD_OK) {
        *error = fetch.error;
    } else if (fetch.http_status != 200 && fetch.http_status != 201) {
        *wait = fetch.http_status == 503 || fetch.http_status == 429 ? fetch.retry_after + 1 : 0;
        status = refusal(&fetch, error);
    }
    accord_buffer_free(&fetch.answer);
    return status;
}

enum accord_status accord_mailbox_url_put(const char *log, const uint8_t digest[32], uint64_t size, const char *path,
                                          uint64_t timeout_ms, const struct accord_mailbox_progress *progress,
                                          struct accord_error *error)
{
    char url[URL_SIZE];
    struct accord_client *client = NULL;
    struct sending sending = {.path = path, .size = size, .progress = progress};
    uint64_t begun_us = accord_monotonic_us(), wait = 0;
    enum accord_status status = url_of(url, log, digest, error);
    if (status == ACCORD_OK) {
        status = accord_client_new(&client, error);
    }
    sending.file = status == ACCORD_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (status == ACCORD_OK && sending.file < 0) {
        status = accord_file_error(error, -errno, path);
    }
    if (status == ACCORD_OK) {
        status = send_once(client, url, &sending, &wait, error);
    }
    while (wait > 0 && wait <= WAIT_MAX_SECONDS &&
           (accord_monotonic_us() - begun_us) / 1000 + wait * 1000 < timeout_ms) {
        const struct timespec pause = {.tv_sec = (time_t)wait};
        (void)nanosleep(&pause, NULL);
        status = send_once(client, url, &sending, &wait, error);
    }
    if (sending.file >= 0) {
        (void)close(sending.file);
    }
    accord_client_free(client);
    return status;
}

/* Downloading */

struct taking {
    uint64_t taken, size;
    void *context;
    enum accord_status (*write)(void *context, struct accord_bytes bytes, struct accord_error *error);
    enum accord_status status;
    struct accord_error *error;
};

static bool take(void *context, struct accord_bytes bytes)
{
    struct taking *taking = context;
    if (bytes.size > taking->size - taking->taken) {
        taking->status = accord_fail(taking->error, ACCORD_TOO_LARGE, 0);
        accord_error_what(taking->error, ACCORD_LITERAL("what the mailbox sends"));
        accord_error_expected_number(taking->error, taking->size);
        return false;
    }
    taking->taken += bytes.size;
    taking->status = taking->write(taking->context, bytes, taking->error);
    return taking->status == ACCORD_OK;
}

enum accord_status accord_mailbox_url_get(const char *log, const uint8_t digest[32], uint64_t size, uint64_t timeout_ms,
                                          void *context,
                                          enum accord_status (*write)(void *context, struct accord_bytes bytes,
                                                                      struct accord_error *error),
                                          struct accord_error *error)
{
    char url[URL_SIZE];
    struct accord_client *client = NULL;
    struct taking taking = {.size = size, .context = context, .write = write, .error = error};
    struct accord_fetch fetch = {.url = url, .timeout_ms = timeout_ms, .context = &taking, .take = take};
    enum accord_status status = url_of(url, log, digest, error);
    if (status == ACCORD_OK) {
        status = accord_client_new(&client, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&fetch.answer, ANSWER_MAX);
    status = accord_client_fetch(client, &fetch);
    if (taking.status != ACCORD_OK) {
        status = taking.status;
    } else if (status != ACCORD_OK) {
        *error = fetch.error;
    } else if (fetch.http_status != 200) {
        status = refusal(&fetch, error);
    }
    accord_buffer_free(&fetch.answer);
    accord_client_free(client);
    return status;
}
