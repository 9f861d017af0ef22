/* HTTP over libcurl's multi interface. Knows URLs, bytes, times and their bounds; what an answer means, status codes
 * too, is the caller's. A proxy is used where the operator's environment names one (https_proxy and the like, as curl
 * reads them), and never otherwise. libcurl is asked for no signals, so SIGPIPE is the process's to ignore. */
#include "net/client.h"

#include "base/clock.h"
#include "base/report.h"
#include "core/text.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_SIZE_MAX 4096
#define HEADERS_SIZE_MAX 65536
#define TIMEOUT_MS 30000
#define CONNECT_TIMEOUT_MS 10000
#define SLOW_BYTES_A_SECOND 16L /* slower than this for so many seconds, and it is given up */
#define SLOW_SECONDS 20L
#define UPLOAD_BUFFER 524288L
#define CONNECTIONS_KEPT 256L /* one for each witness of the largest policy, and room */

/* One request under way, or one that ended and was not fetched yet. */
struct transfer {
    CURL *easy;
    struct accord_fetch *fetch;
    struct transfer *next;
    size_t headers_size;
    uint64_t started_us;
    enum accord_status stopped; /* why our own callbacks stopped it */
    bool ended;
    char words[CURL_ERROR_SIZE];
};

struct accord_client {
    CURLM *multi;
    struct curl_slist *headers; /* of every request */
    struct transfer *transfers; /* in the order in which they were started */
    atomic_bool interrupted;
};

static pthread_once_t started = PTHREAD_ONCE_INIT;
static CURLcode start_result;

static void start_once(void)
{
    start_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct accord_bytes text_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

bool accord_url_is(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

enum accord_status accord_url_join(char *url, size_t size, const char *base, const char *path,
                                   struct accord_error *error)
{
    size_t base_size = strlen(base);
    while (base_size > 0 && base[base_size - 1] == '/')
        base_size--;
    while (*path == '/')
        path++;
    size_t path_size = strlen(path);
    if (base_size + 1 + path_size + 1 > size) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, text_of(base));
        return ACCORD_TOO_LARGE;
    }
    memcpy(url, base, base_size);
    url[base_size] = '/';
    memcpy(url + base_size + 1, path, path_size + 1);
    return ACCORD_OK;
}

void accord_url_blame(struct accord_error *error, const char *url)
{
    char shown[URL_SIZE_MAX];
    accord_url_show(url, shown, sizeof shown);
    accord_error_what(error, text_of(shown));
}

static enum accord_status fail(struct accord_fetch *fetch, enum accord_status status, const char *words)
{
    fetch->status = status;
    accord_fail(&fetch->error, status, 0);
    accord_url_blame(&fetch->error, fetch->url);
    accord_error_found(&fetch->error, text_of(words));
    return status;
}

static size_t take_body(char *data, size_t one, size_t size, void *context)
{
    struct transfer *transfer = context;
    struct accord_fetch *fetch = transfer->fetch;
    long status = 0;
    if (fetch->take != NULL && curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
        status == 200) {
        bool taken = fetch->take(fetch->context, (struct accord_bytes){(const uint8_t *)data, one * size});
        transfer->stopped = taken ? ACCORD_OK : ACCORD_IO;
        return taken ? size : 0;
    }
    transfer->stopped =
        accord_buffer_append(&transfer->fetch->answer, (struct accord_bytes){(const uint8_t *)data, one * size});
    return transfer->stopped == ACCORD_OK ? size : 0;
}

static size_t give_body(char *data, size_t one, size_t size, void *context)
{
    struct transfer *transfer = context;
    size_t given = transfer->fetch->give(transfer->fetch->context, (uint8_t *)data, one * size);
    if (given != SIZE_MAX)
        return given;
    transfer->stopped = ACCORD_IO;
    return CURL_READFUNC_ABORT;
}

/* Retry-After in seconds; its other form, a date, is left alone. */
static void take_retry_after(struct accord_fetch *fetch, struct accord_bytes line)
{
    static const char name[] = "retry-after:";
    if (line.size < sizeof name - 1 || strncasecmp((const char *)line.data, name, sizeof name - 1) != 0)
        return;
    line.data += sizeof name - 1;
    line.size -= sizeof name - 1;
    while (line.size > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
        line.data++;
        line.size--;
    }
    while (line.size > 0 && strchr(" \t\r\n", line.data[line.size - 1]) != NULL)
        line.size--;
    if (!accord_decimal_read(line, &fetch->retry_after))
        fetch->retry_after = 0;
}

static size_t take_header(char *data, size_t one, size_t size, void *context)
{
    struct transfer *transfer = context;
    transfer->headers_size += one * size;
    if (transfer->headers_size > HEADERS_SIZE_MAX) {
        transfer->stopped = ACCORD_TOO_LARGE;
        return 0;
    }
    take_retry_after(transfer->fetch, (struct accord_bytes){(const uint8_t *)data, one * size});
    return size;
}

enum accord_status accord_client_new(struct accord_client **out, struct accord_error *error)
{
    *out = NULL;
    pthread_once(&started, start_once);
    struct accord_client *client = calloc(1, sizeof *client);
    if (client == NULL || start_result != CURLE_OK) {
        free(client);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    client->multi = curl_multi_init();
    /* No answer of a server to whether a body may come is waited for. */
    client->headers = curl_slist_append(NULL, "Expect:");
    if (client->headers != NULL &&
        curl_slist_append(client->headers, "Content-Type: application/octet-stream") == NULL) {
        curl_slist_free_all(client->headers);
        client->headers = NULL;
    }
    if (client->multi == NULL || client->headers == NULL) {
        accord_client_free(client);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    *out = client;
    return ACCORD_OK;
}

/* Takes a transfer out of the client and frees it; the fetch is the caller's again. */
static void drop(struct accord_client *client, struct transfer *transfer)
{
    struct transfer **place = &client->transfers;
    while (*place != transfer)
        place = &(*place)->next;
    *place = transfer->next;
    curl_multi_remove_handle(client->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    transfer->fetch->inner = NULL;
    free(transfer);
}

void accord_client_free(struct accord_client *client)
{
    if (client == NULL)
        return;
    while (client->transfers != NULL)
        accord_client_stop(client, client->transfers->fetch);
    curl_multi_cleanup(client->multi);
    curl_slist_free_all(client->headers);
    free(client);
}

static bool set_bounds(CURL *easy, const struct accord_fetch *fetch)
{
    uint64_t timeout_ms = fetch->timeout_ms == 0 ? TIMEOUT_MS : fetch->timeout_ms;
    long whole = timeout_ms > INT32_MAX ? INT32_MAX : (long)timeout_ms;
    long connect = whole < CONNECT_TIMEOUT_MS ? whole : CONNECT_TIMEOUT_MS;
    bool streams = fetch->give != NULL || fetch->take != NULL;
    whole = streams ? 0 : whole;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* A name that does not resolve holds up nobody: its thread is left to end by itself. */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, whole) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_A_SECOND) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS) == CURLE_OK;
}

/* Whom HTTPS trusts in place of the system's authorities, by the names that curl and OpenSSL know. */
static bool set_authorities(CURL *easy)
{
    const char *file = secure_getenv("CURL_CA_BUNDLE");
    if (file == NULL || file[0] == 0)
        file = secure_getenv("SSL_CERT_FILE");
    return file == NULL || file[0] == 0 || curl_easy_setopt(easy, CURLOPT_CAINFO, file) == CURLE_OK;
}

/* A body of a known size, that comes piece by piece. */
static bool set_upload(const struct accord_client *client, struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->fetch->body_size) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers) == CURLE_OK;
}

static bool set_request(const struct accord_client *client, struct transfer *transfer)
{
    const struct accord_fetch *fetch = transfer->fetch;
    CURL *easy = transfer->easy;
    if (fetch->give != NULL && !set_upload(client, transfer))
        return false;
    if (fetch->post && fetch->give == NULL &&
        (curl_easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body.size) != CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_POSTFIELDS, fetch->body.size == 0 ? (const uint8_t *)"" : fetch->body.data) !=
             CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers) != CURLE_OK))
        return false;
    /* C2SP tlog-tiles: bundles may come with gzip even to those who did not ask. Bounds are those of what it unpacks
     * to.
     */
    if (!fetch->post && fetch->take == NULL &&
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, identity") != CURLE_OK)
        return false;
    return set_authorities(easy) && curl_easy_setopt(easy, CURLOPT_URL, fetch->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "accord") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->words) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK;
}

enum accord_status accord_client_start(struct accord_client *client, struct accord_fetch *fetch)
{
    fetch->status = ACCORD_OK;
    fetch->http_status = 0;
    fetch->retry_after = fetch->elapsed_ms = 0;
    fetch->inner = NULL;
    accord_fail(&fetch->error, ACCORD_OK, 0);
    if (strlen(fetch->url) >= URL_SIZE_MAX)
        return fail(fetch, ACCORD_TOO_LARGE, "the URL");
    if (!accord_url_is(fetch->url))
        return fail(fetch, ACCORD_NETWORK, "neither http:// nor https://");
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return fail(fetch, ACCORD_NO_MEMORY, "");
    transfer->fetch = fetch;
    transfer->started_us = accord_monotonic_us();
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_bounds(transfer->easy, fetch) || !set_request(client, transfer) ||
        curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        curl_easy_cleanup(transfer->easy);
        free(transfer);
        return fail(fetch, ACCORD_NO_MEMORY, "");
    }
    struct transfer **last = &client->transfers;
    while (*last != NULL)
        last = &(*last)->next;
    *last = transfer;
    fetch->inner = transfer;
    return ACCORD_OK;
}

static void end(struct transfer *transfer, CURLcode result)
{
    struct accord_fetch *fetch = transfer->fetch;
    long http_status = 0;
    transfer->ended = true;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &http_status);
    fetch->http_status = http_status > 0 ? (unsigned)http_status : 0;
    fetch->elapsed_ms = (accord_monotonic_us() - transfer->started_us) / 1000;
    if (result == CURLE_OK)
        return;
    if (transfer->stopped != ACCORD_OK) {
        fail(fetch, transfer->stopped, transfer->stopped == ACCORD_TOO_LARGE ? "a longer answer" : "");
        accord_error_expected_number(&fetch->error, transfer->headers_size > HEADERS_SIZE_MAX ? HEADERS_SIZE_MAX
                                                                                              : fetch->answer.maximum);
    } else {
        fail(fetch, ACCORD_NETWORK, transfer->words[0] != 0 ? transfer->words : curl_easy_strerror(result));
    }
}

/* Does what can be done without waiting. */
static void perform(struct accord_client *client)
{
    int running, left;
    curl_multi_perform(client->multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left)) != NULL;) {
        void *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (message->msg == CURLMSG_DONE && transfer != NULL)
            end(transfer, message->data.result);
    }
}

/* The first that has ended, or wanted itself where that is given. */
static struct transfer *find_ended(const struct accord_client *client, const struct accord_fetch *wanted)
{
    for (struct transfer *i = client->transfers; i != NULL; i = i->next)
        if (i->ended && (wanted == NULL || i->fetch == wanted))
            return i;
    return NULL;
}

static struct accord_fetch *wait_for(struct accord_client *client, const struct accord_fetch *wanted,
                                     uint64_t timeout_ms)
{
    uint64_t begun_us = accord_monotonic_us();
    for (;;) {
        perform(client);
        struct transfer *transfer = find_ended(client, wanted);
        if (transfer != NULL) {
            struct accord_fetch *fetch = transfer->fetch;
            drop(client, transfer);
            return fetch;
        }
        uint64_t passed_ms = (accord_monotonic_us() - begun_us) / 1000;
        if (wanted == NULL &&
            (client->transfers == NULL || passed_ms >= timeout_ms || atomic_exchange(&client->interrupted, false)))
            return NULL;
        uint64_t left_ms = wanted == NULL ? timeout_ms - passed_ms : 1000;
        curl_multi_poll(client->multi, NULL, 0, left_ms > 1000 ? 1000 : (int)left_ms, NULL);
    }
}

enum accord_status accord_client_fetch(struct accord_client *client, struct accord_fetch *fetch)
{
    enum accord_status status = accord_client_start(client, fetch);
    if (status != ACCORD_OK)
        return status;
    wait_for(client, fetch, 0);
    return fetch->status;
}

struct accord_fetch *accord_client_wait(struct accord_client *client, uint64_t timeout_ms)
{
    return wait_for(client, NULL, timeout_ms);
}

void accord_client_stop(struct accord_client *client, struct accord_fetch *fetch)
{
    struct transfer *transfer = fetch->inner;
    if (transfer == NULL)
        return;
    fetch->elapsed_ms = (accord_monotonic_us() - transfer->started_us) / 1000;
    fail(fetch, ACCORD_NETWORK, "given up");
    drop(client, transfer);
}

void accord_client_interrupt(struct accord_client *client)
{
    atomic_store(&client->interrupted, true);
    curl_multi_wakeup(client->multi);
}
