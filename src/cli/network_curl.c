/* The network as accord-net has it: libcurl and libmicrohttpd, behind the seam. */
#include "cli/network.h"

#include "net/log_http.h"

#include <stdio.h>
#include <string.h>

static enum accord_status add(const char *url, struct accord_bytes entry, uint64_t timeout_ms, uint64_t *index,
                              struct accord_error *error)
{
    struct accord_client *client;
    enum accord_status status = accord_client_new(&client, error);
    if (status == ACCORD_OK) {
        status = accord_log_url_add(client, url, entry, timeout_ms, index, error);
        accord_client_free(client);
    }
    return status;
}

static enum accord_status unexpected(const struct accord_fetch *fetch, struct accord_error *error)
{
    char found[64];
    bool absent = fetch->http_status == 404 || fetch->http_status == 410;
    enum accord_status status = accord_fail(error, absent ? ACCORD_NOT_FOUND : ACCORD_NETWORK, 0);
    accord_url_blame(error, fetch->url);
    snprintf(found, sizeof found, "HTTP status %u", fetch->http_status);
    accord_error_found(error, (struct accord_bytes){(const uint8_t *)found, strlen(found)});
    return status;
}

static enum accord_status get(const char *url, struct accord_buffer *answer, struct accord_error *error)
{
    struct accord_client *client;
    struct accord_fetch fetch = {.url = url};
    enum accord_status status = accord_client_new(&client, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_buffer_init(&fetch.answer, answer->maximum - answer->size);
    status = accord_client_fetch(client, &fetch);
    if (status != ACCORD_OK) {
        *error = fetch.error;
    } else if (fetch.http_status != 200) {
        status = unexpected(&fetch, error);
    } else {
        status = accord_buffer_append(answer, accord_buffer_bytes(&fetch.answer));
        if (status != ACCORD_OK) {
            accord_fail(error, status, 0);
        }
    }
    accord_buffer_free(&fetch.answer);
    accord_client_free(client);
    return status;
}

static enum accord_status gather(const struct accord_policy *policy, const struct accord_crypto *crypto,
                                 const struct accord_gather_round *round, const struct accord_gather_observer *observer,
                                 struct accord_buffer *checkpoint, struct accord_error *error)
{
    struct accord_gatherer *gatherer = NULL;
    struct accord_client *client = NULL;
    enum accord_status status = accord_gatherer_new(&gatherer, policy, crypto, NULL, error);
    if (status == ACCORD_OK) {
        status = accord_client_new(&client, error);
    }
    if (status == ACCORD_OK) {
        status = accord_gather(gatherer, client, round, observer, NULL, NULL, checkpoint, error);
    }
    accord_client_free(client);
    accord_gatherer_free(gatherer);
    return status;
}

const struct accord_network accord_network_curl = {.reader_open = accord_reader_open_url,
                                                   .add = add,
                                                   .get = get,
                                                   .gather = gather,
                                                   .mailbox_terms = accord_mailbox_url_terms,
                                                   .mailbox_put = accord_mailbox_url_put,
                                                   .mailbox_get = accord_mailbox_url_get,
                                                   .serve = accord_serve};
