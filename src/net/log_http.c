/* A log behind a URL. Knows which requests read it and add to it, and what their status codes mean; refuses to believe
 * what they bring. */
#include "net/log_http.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "accord/checkpoint.h"
#include "base/clock.h"
#include "core/text.h"
#include "log/store.h"
#include "net/prefetch.h"

#define URL_SIZE 4096
#define TRIES 5            /* of a read that is put off */
#define PAUSE_MS 200       /* where the server does not say how long */
#define PAUSE_MAX_MS 10000 /* whatever it says */
#define ANSWER_MAX 1024    /* of POST /add */
#define MILLISECONDS 1000
#define NANOSECONDS 1000000
#define ASK_WHETHER_TO_STOP_MS 250

struct remote {
    struct accord_client *client;
    struct accord_prefetch *prefetch;
    struct accord_patience patience;
    char url[URL_SIZE];
};

static void pause_ms(uint64_t ms)
{
    struct timespec span = {.tv_sec = (time_t)(ms / MILLISECONDS), .tv_nsec = (long)(ms % MILLISECONDS) * NANOSECONDS};
    (void)nanosleep(&span, NULL);
}

static bool is_put_off(const struct accord_fetch *fetch)
{
    return fetch->status == ACCORD_OK && (fetch->http_status == 429 || fetch->http_status == 503);
}

static uint64_t wait_of(const struct accord_fetch *fetch)
{
    if (fetch->retry_after == 0)
        return PAUSE_MS;
    return fetch->retry_after < PAUSE_MAX_MS / MILLISECONDS ? fetch->retry_after * MILLISECONDS : PAUSE_MAX_MS;
}

/* What an answer that is none amounts to: its status code, and its first words. */
static enum accord_status unexpected(const struct accord_fetch *fetch, enum accord_status status,
                                     struct accord_error *error)
{
    uint8_t text[96];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_bytes words = accord_buffer_bytes(&fetch->answer), line = words;
    if (!accord_cut_line(&words, &line))
        line = words;
    accord_fail(error, status, 0);
    accord_url_blame(error, fetch->url);
    accord_put(&out, ACCORD_LITERAL("HTTP status "));
    accord_put_decimal(&out, fetch->http_status);
    accord_error_found(error, accord_out_bytes(&out));
    if (fetch->http_status / 100 == 3)
        accord_error_expected(error, ACCORD_LITERAL("an answer: redirects are not followed, give the log's own URL"));
    else if (line.size > 0 && fetch->http_status / 100 == 4 && fetch->post)
        accord_error_expected(error, line);
    return status;
}

/* Reading */

static enum accord_status read_once(const struct remote *remote, const char *name, const char *url,
                                    struct accord_buffer *out, bool *put_off, uint64_t *wait_ms,
                                    struct accord_error *error)
{
    struct accord_fetch fetch = {.url = url};
    struct accord_tile tile;
    const struct accord_bytes path = {(const uint8_t *)name, strlen(name)};
    accord_buffer_init(&fetch.answer, out->maximum - out->size);
    bool is_tile = accord_tile_path_parse(&tile, path) == ACCORD_OK;
    enum accord_status status = accord_prefetch_get(remote->prefetch, is_tile ? &tile : NULL, &fetch);
    *put_off = is_put_off(&fetch);
    *wait_ms = wait_of(&fetch);
    if (status != ACCORD_OK) {
        if (error != NULL)
            *error = fetch.error;
    } else if (fetch.http_status == 200) {
        status = accord_buffer_append(out, accord_buffer_bytes(&fetch.answer));
        if (status != ACCORD_OK)
            accord_fail(error, status, 0);
    } else {
        bool absent = fetch.http_status == 404 || fetch.http_status == 410;
        status = unexpected(&fetch, absent ? ACCORD_NOT_FOUND : ACCORD_NETWORK, error);
    }
    accord_buffer_free(&fetch.answer);
    return status;
}

/* A page (of a proxy, a login, a web server's own) in place of the checkpoint is the most likely mistake: say so. What
 * else is no checkpoint is refused as its grammar says, with the URL. */
static enum accord_status look_at_checkpoint(const struct remote *remote, struct accord_bytes bytes, const char *url,
                                             struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_error found;
    enum accord_status status = accord_checkpoint_parse(&claim, bytes, &found);
    if (status == ACCORD_OK) {
        accord_prefetch_size(remote->prefetch, claim.size);
        return status;
    }
    if (bytes.size > 0 && bytes.data[0] == '<') {
        status = accord_fail(&found, ACCORD_NETWORK, 0);
        accord_error_expected(&found, ACCORD_LITERAL("a log's checkpoint"));
        accord_error_found(&found, ACCORD_LITERAL("a page"));
    }
    accord_url_blame(&found, url);
    if (error != NULL)
        *error = found;
    return status;
}

/* False where it is not to go on. */
static bool wait_for_it(const struct remote *remote, uint64_t wait_ms)
{
    const struct accord_patience *patience = &remote->patience;
    while (wait_ms > 0) {
        if (patience->stop != NULL && patience->stop(patience->context))
            return false;
        uint64_t part = wait_ms < ASK_WHETHER_TO_STOP_MS ? wait_ms : ASK_WHETHER_TO_STOP_MS;
        pause_ms(part);
        wait_ms -= part;
    }
    return true;
}

static enum accord_status http_read(void *context, const char *name, struct accord_buffer *out,
                                    struct accord_error *error)
{
    const struct remote *remote = context;
    char url[URL_SIZE];
    uint64_t wait_ms = 0;
    bool put_off = true;
    size_t before = out->size;
    enum accord_status status = accord_url_join(url, sizeof url, remote->url, name, error);
    if (status != ACCORD_OK)
        return status;
    status = read_once(remote, name, url, out, &put_off, &wait_ms, error);
    for (int i = 1; put_off && i < TRIES && !remote->patience.once && wait_for_it(remote, wait_ms); i++)
        status = read_once(remote, name, url, out, &put_off, &wait_ms, error);
    if (status == ACCORD_OK && strcmp(name, "checkpoint") == 0)
        status = look_at_checkpoint(remote, (struct accord_bytes){out->data + before, out->size - before}, url, error);
    return status;
}

static void http_close(struct accord_store *store)
{
    struct remote *remote = store->context;
    accord_prefetch_free(remote->prefetch);
    accord_client_free(remote->client);
    free(remote);
}

enum accord_status accord_reader_open_url(struct accord_reader **reader, const struct accord_crypto *crypto,
                                          const char *url, struct accord_error *error)
{
    const struct accord_patience patience = {.stop = NULL};
    return accord_reader_open_url_with(reader, crypto, url, &patience, error);
}

enum accord_status accord_reader_open_url_with(struct accord_reader **reader, const struct accord_crypto *crypto,
                                               const char *url, const struct accord_patience *patience,
                                               struct accord_error *error)
{
    *reader = NULL;
    struct remote *remote = calloc(1, sizeof *remote);
    if (remote == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    remote->patience = *patience;
    enum accord_status status = accord_client_new(&remote->client, error);
    size_t size = strlen(url);
    if (status == ACCORD_OK && size >= sizeof remote->url) {
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("the URL"));
    }
    if (status == ACCORD_OK) {
        memcpy(remote->url, url, size + 1);
        status = accord_prefetch_new(&remote->prefetch, remote->client, remote->url, patience->stop, patience->context,
                                     error);
    }
    struct accord_store store = {.context = remote, .read = http_read};
    if (status != ACCORD_OK) {
        http_close(&store);
        return status;
    }
    return accord_reader_open_store(reader, crypto, &store, http_close, error);
}

/* Adding */

static enum accord_status refusal(const struct accord_fetch *fetch, struct accord_error *error)
{
    switch (fetch->http_status) {
    case 400:
        return unexpected(fetch, ACCORD_MALFORMED, error);
    case 403:
        return unexpected(fetch, ACCORD_REFUSED, error);
    case 413:
        return unexpected(fetch, ACCORD_TOO_LARGE, error);
    default:
        return unexpected(fetch, ACCORD_NETWORK, error);
    }
}

static enum accord_status read_index(const struct accord_fetch *fetch, uint64_t *index, struct accord_error *error)
{
    struct accord_bytes text = accord_buffer_bytes(&fetch->answer);
    if (text.size > 0 && text.data[text.size - 1] == '\n')
        text.size--;
    if (accord_decimal_read(text, index))
        return ACCORD_OK;
    accord_fail(error, ACCORD_NETWORK, 0);
    accord_url_blame(error, fetch->url);
    accord_error_expected(error, ACCORD_LITERAL("an index in decimal"));
    accord_error_found(error, text);
    return ACCORD_NETWORK;
}

static enum accord_status add_once(struct accord_client *client, const char *url, struct accord_bytes entry,
                                   uint64_t timeout_ms, uint64_t *index, uint64_t *wait_ms, struct accord_error *error)
{
    struct accord_fetch fetch = {.url = url, .body = entry, .post = true, .timeout_ms = timeout_ms};
    accord_buffer_init(&fetch.answer, ANSWER_MAX);
    enum accord_status status = accord_client_fetch(client, &fetch);
    *wait_ms = is_put_off(&fetch) ? wait_of(&fetch) : 0;
    if (status != ACCORD_OK && error != NULL)
        *error = fetch.error;
    if (status == ACCORD_OK)
        status = fetch.http_status == 200 ? read_index(&fetch, index, error) : refusal(&fetch, error);
    accord_buffer_free(&fetch.answer);
    return status;
}

enum accord_status accord_log_url_add(struct accord_client *client, const char *url, struct accord_bytes entry,
                                      uint64_t timeout_ms, uint64_t *index, struct accord_error *error)
{
    char add[URL_SIZE];
    uint64_t begun_us = accord_monotonic_us();
    enum accord_status status = accord_url_join(add, sizeof add, url, "add", error);
    while (status == ACCORD_OK) {
        uint64_t wait_ms, passed_ms = (accord_monotonic_us() - begun_us) / MILLISECONDS;
        if (passed_ms >= timeout_ms)
            passed_ms = timeout_ms - 1;
        status = add_once(client, add, entry, timeout_ms - passed_ms, index, &wait_ms, error);
        if (status == ACCORD_OK || wait_ms == 0 || passed_ms + wait_ms >= timeout_ms)
            return status;
        pause_ms(wait_ms);
        status = ACCORD_OK;
    }
    return status;
}
