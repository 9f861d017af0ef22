/* The thread that keeps a connection to a bastion. Knows when it is tried again, and what the operator is told; what is
 * spoken is bastion_session.c's matter, and how one connects bastion_dial.c's. */
#include "serve/bastion.h"

#include "base/clock.h"
#include "base/file.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/private.h"
#include "net/client.h"
#include "serve/bastion_session.h"
#include "serve/event.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define URL_SIZE 256
#define CA_FILE_SIZE_MAX (8 << 20)
#define PAUSE_MS 1000 /* before the next attempt; twice as long after each that fails */
#define PAUSE_MAX_MS 60000
#define QUIET_MS 30000
#define LASTED_MS 60000          /* a connection that lasted so long was none that failed */
#define COMPLAIN_AGAIN_MS 600000 /* of what goes on being wrong */

struct accord_bastion {
    struct accord_bastion_options options;
    struct accord_bastion_counts own_counts;
    char url[URL_SIZE], public_url[URL_SIZE + 2 * ACCORD_HASH_SIZE + 2], *ca_file;
    uint8_t *seed; /* in locked memory */
    pthread_t thread;
    int bell; /* eventfd */
    atomic_bool stopping;
    uint64_t pause_ms, random;
    char complaint[96];
    uint64_t complained_ms;
};

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

static struct accord_bytes text_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

/* The thread */

static bool is_stopping(void *context)
{
    const struct accord_bastion *bastion = context;
    return atomic_load(&bastion->stopping);
}

/* Nine tenths to eleven tenths of it, so that the backends of a bastion that comes back do not all come at once. */
static uint64_t around(struct accord_bastion *bastion, uint64_t ms)
{
    bastion->random = bastion->random * 6364136223846793005U + 1442695040888963407U;
    return ms - ms / 10 + (bastion->random >> 33) % (ms / 5 + 1);
}

static void pause_for(struct accord_bastion *bastion, uint64_t ms)
{
    struct pollfd bell = {.fd = bastion->bell, .events = POLLIN};
    uint64_t until_ms = now_ms() + ms;
    for (uint64_t now = now_ms(); now < until_ms && !is_stopping(bastion); now = now_ms())
        if (poll(&bell, 1, (int)(until_ms - now)) < 0 && errno != EINTR)
            return;
}

/* It is said when it is new, and again when it has long been so. */
static void complain(struct accord_bastion *bastion, const struct accord_error *error)
{
    if (is_stopping(bastion) ||
        (strcmp(bastion->complaint, error->found) == 0 && now_ms() - bastion->complained_ms < COMPLAIN_AGAIN_MS))
        return;
    memcpy(bastion->complaint, error->found, sizeof bastion->complaint);
    bastion->complained_ms = now_ms();
    accord_event_error(ACCORD_EVENT_WARNING, "bastion-failed", bastion->url, error);
}

static void serve(struct accord_bastion *bastion, struct accord_dial *dial)
{
    const struct accord_bastion_session session = {.dial = dial,
                                                   .connect = bastion->options.connect,
                                                   .context = bastion->options.context,
                                                   .bell = bastion->bell,
                                                   .stopping = &bastion->stopping,
                                                   .counts = bastion->options.counts,
                                                   .quiet_ms = bastion->options.quiet_ms};
    struct accord_bastion_counts *counts = bastion->options.counts;
    uint64_t since_ms = now_ms();
    char why[192];
    atomic_fetch_add(&counts->connections, 1);
    atomic_store(&counts->connected, 1);
    accord_event(ACCORD_EVENT_INFO, "bastion-connected", "url=%s", bastion->public_url);
    const char *words = accord_bastion_session_run(&session);
    atomic_store(&counts->connected, 0);
    if (words != NULL)
        accord_event(ACCORD_EVENT_WARNING, "bastion-lost", "url=%s reason=%s", bastion->public_url,
                     accord_event_quote(why, sizeof why, text_of(words)));
    bastion->complaint[0] = 0;
    if (now_ms() - since_ms >= LASTED_MS)
        bastion->pause_ms = PAUSE_MS;
}

static void *run(void *context)
{
    struct accord_bastion *bastion = context;
    const struct accord_dial_options options = {.url = bastion->url,
                                                .ca_file = bastion->ca_file,
                                                .seed = bastion->seed,
                                                .stop = is_stopping,
                                                .context = bastion};
    while (!is_stopping(bastion)) {
        struct accord_dial *dial;
        struct accord_error error;
        uint64_t pause_ms = bastion->pause_ms;
        bastion->pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
        if (accord_dial(&dial, &options, &error) == ACCORD_OK) {
            serve(bastion, dial);
            accord_dial_hang_up(dial);
            pause_ms = bastion->pause_ms < pause_ms ? bastion->pause_ms : pause_ms;
        } else {
            atomic_fetch_add(&bastion->options.counts->failures, 1);
            complain(bastion, &error);
        }
        pause_for(bastion, around(bastion, pause_ms));
    }
    return NULL;
}

/* Starting */

static bool is_empty(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(url, part, &text, 0);
    bool empty = code != CURLUE_OK || strcmp(text, "/") == 0;
    curl_free(text);
    return empty;
}

static bool is_https(CURLU *url)
{
    char *scheme = NULL;
    bool https = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcmp(scheme, "https") == 0;
    curl_free(scheme);
    return https;
}

/* A host and a port, and nothing else that somebody could believe to have said. */
static enum accord_status take_url(struct accord_bastion *bastion, const char *text, struct accord_error *error)
{
    static const CURLUPart others[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_PATH, CURLUPART_QUERY,
                                       CURLUPART_FRAGMENT};
    CURLU *url = curl_url();
    size_t size = strlen(text);
    bool valid = url != NULL && size < sizeof bastion->url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
                 is_https(url);
    for (size_t i = 0; valid && i < sizeof others / sizeof *others; i++)
        valid = is_empty(url, others[i]);
    curl_url_cleanup(url);
    if (!valid) {
        accord_fail(error, ACCORD_USAGE, 0);
        accord_url_blame(error, text);
        accord_error_expected(error, ACCORD_LITERAL("https://HOST or https://HOST:PORT of a bastion"));
        return ACCORD_USAGE;
    }
    memcpy(bastion->url, text, size + 1);
    return ACCORD_OK;
}

/* "The hash of that public key becomes the first segment of the path", in lowercase hexadecimal. */
static void print_public_url(struct accord_bastion *bastion, const struct accord_vkey *vkey)
{
    struct accord_out out = {(uint8_t *)bastion->public_url, sizeof bastion->public_url - 1, 0, false};
    uint8_t hash[ACCORD_HASH_SIZE];
    struct accord_sha256 sha;
    accord_crypto_default.sha256_init(&sha);
    accord_crypto_default.sha256_update(&sha, vkey->ed25519, ACCORD_ED25519_PUBLIC_SIZE);
    accord_crypto_default.sha256_final(&sha, hash);
    struct accord_bytes url = text_of(bastion->url);
    while (url.size > 0 && url.data[url.size - 1] == '/')
        url.size--;
    accord_put(&out, url);
    accord_put_byte(&out, '/');
    accord_put_hex(&out, (struct accord_bytes){hash, sizeof hash});
    accord_put_byte(&out, '/');
    bastion->public_url[out.size] = 0;
}

static enum accord_status take_key(struct accord_bastion *bastion, const struct accord_signer *key,
                                   struct accord_error *error)
{
    const uint8_t *seed = accord_signer_seed(key);
    if (seed == NULL) {
        accord_fail(error, ACCORD_KEY_TYPE, 0);
        accord_error_what(error, accord_signer_vkey(key)->name);
        accord_error_expected(error, ACCORD_LITERAL("an Ed25519 key, in a file"));
        return ACCORD_KEY_TYPE;
    }
    bastion->seed = sodium_malloc(ACCORD_SEED_SIZE);
    if (bastion->seed == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    memcpy(bastion->seed, seed, ACCORD_SEED_SIZE);
    print_public_url(bastion, accord_signer_vkey(key));
    return ACCORD_OK;
}

/* It is read at each connection; that it is there at all is to be seen at the start. */
static enum accord_status take_ca_file(struct accord_bastion *bastion, const char *path, struct accord_error *error)
{
    struct accord_buffer file;
    if (path == NULL)
        return ACCORD_OK;
    accord_buffer_init(&file, CA_FILE_SIZE_MAX);
    enum accord_status status = accord_file_read(&accord_fs_real, path, &file, error);
    accord_buffer_free(&file);
    if (status != ACCORD_OK)
        return status;
    bastion->ca_file = strdup(path);
    return bastion->ca_file == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

/* libcurl is made ready for threads once for all, by whoever makes the first client. */
static enum accord_status ready_curl(struct accord_error *error)
{
    struct accord_client *client;
    enum accord_status status = accord_client_new(&client, error);
    if (status == ACCORD_OK)
        accord_client_free(client);
    return status;
}

static void bastion_free(struct accord_bastion *bastion)
{
    if (bastion->bell >= 0)
        (void)close(bastion->bell);
    sodium_free(bastion->seed);
    free(bastion->ca_file);
    free(bastion);
}

static enum accord_status start(struct accord_bastion *bastion, struct accord_error *error)
{
    enum accord_status status = ready_curl(error);
    if (status == ACCORD_OK)
        status = take_url(bastion, bastion->options.url, error);
    if (status == ACCORD_OK)
        status = take_key(bastion, bastion->options.key, error);
    if (status == ACCORD_OK)
        status = take_ca_file(bastion, bastion->options.ca_file, error);
    if (status != ACCORD_OK)
        return status;
    bastion->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bastion->bell < 0)
        return accord_file_error(error, -errno, "eventfd");
    if (pthread_create(&bastion->thread, NULL, run, bastion) != 0)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    return ACCORD_OK;
}

enum accord_status accord_bastion_start(struct accord_bastion **out, const struct accord_bastion_options *options,
                                        struct accord_error *error)
{
    struct accord_bastion *bastion = calloc(1, sizeof *bastion);
    *out = NULL;
    if (bastion == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    bastion->options = *options;
    bastion->bell = -1;
    bastion->pause_ms = PAUSE_MS;
    bastion->random = accord_monotonic_us();
    if (options->quiet_ms == 0)
        bastion->options.quiet_ms = QUIET_MS;
    if (options->counts == NULL)
        bastion->options.counts = &bastion->own_counts;
    enum accord_status status = start(bastion, error);
    if (status == ACCORD_OK)
        *out = bastion;
    else
        bastion_free(bastion);
    return status;
}

const char *accord_bastion_public_url(const struct accord_bastion *bastion)
{
    return bastion->public_url;
}

void accord_bastion_stop(struct accord_bastion *bastion)
{
    const uint64_t one = 1;
    if (bastion == NULL)
        return;
    atomic_store(&bastion->stopping, true);
    ssize_t written = write(bastion->bell, &one, sizeof one);
    (void)written; /* a bell that cannot ring louder has been rung */
    pthread_join(bastion->thread, NULL);
    bastion_free(bastion);
}
