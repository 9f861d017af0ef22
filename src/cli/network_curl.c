/* The network as accord-net has it: libcurl and libmicrohttpd, behind the seam. */
#include "cli/network.h"

#include "net/log_http.h"

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

const struct accord_network accord_network_curl = {
    .reader_open = accord_reader_open_url, .add = add, .gather = gather, .serve = accord_serve};
