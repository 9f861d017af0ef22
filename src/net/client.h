/* The HTTP client: the only one. libcurl, every answer bounded in bytes and time; redirects are not followed, no proxy
 * is taken from the environment unless the operator set one, and only http and https are spoken. */
#ifndef ACCORD_NET_CLIENT_H
#define ACCORD_NET_CLIENT_H

#include "base/buffer.h"

struct accord_client; /* connections that are kept and used again; for one thread at a time */

/* One request and its answer. Zeroed by the caller but for the first part. */
struct accord_fetch {
    const char *url;          /* borrowed until it ended; ends in NUL */
    struct accord_bytes body; /* borrowed; POSTed where post is true */
    bool post;
    uint64_t timeout_ms; /* for all of it; 0: 30,000 */
    void *context;       /* the caller's */
    /* Streams, whose time is bounded by what moves alone: the body of a POST comes from give, which fills data with up
     * to size bytes and returns how many (SIZE_MAX: it cannot; error is the caller's), body_size in all; the body of an
     * answer with the status 200 goes to take. Either may be NULL. */
    size_t (*give)(void *context, uint8_t *data, size_t size);
    uint64_t body_size;
    bool (*take)(void *context, struct accord_bytes bytes);
    struct accord_buffer answer; /* initialised by the caller, whose maximum bounds it; freed by the caller */
    /* Once it ended. */
    enum accord_status
        status; /* ACCORD_OK: an answer came, with whatever status code; ACCORD_NETWORK, ACCORD_TOO_LARGE */
    struct accord_error error; /* what: the URL without its credentials; found: libcurl's words */
    unsigned http_status;
    uint64_t retry_after; /* seconds, from the header; 0 without */
    uint64_t elapsed_ms;
    void *inner; /* the client's own */
};

ACCORD_MUST_USE enum accord_status accord_client_new(struct accord_client **client, struct accord_error *error);
void accord_client_free(struct accord_client *client); /* aborts what is under way */
/* One at a time: returns once it ended, with fetch->status. */
ACCORD_MUST_USE enum accord_status accord_client_fetch(struct accord_client *client, struct accord_fetch *fetch);
/* Many at once: start, then wait until one has ended, which *ended says; NULL where timeout_ms passed, where none is
 * under way, or where accord_client_interrupt was called (from any thread). */
ACCORD_MUST_USE enum accord_status accord_client_start(struct accord_client *client, struct accord_fetch *fetch);
struct accord_fetch *accord_client_wait(struct accord_client *client, uint64_t timeout_ms);
void accord_client_stop(struct accord_client *client, struct accord_fetch *fetch); /* it ends with ACCORD_NETWORK */
void accord_client_interrupt(struct accord_client *client);

/* Joins with one slash. ACCORD_TOO_LARGE where it does not fit. */
ACCORD_MUST_USE enum accord_status accord_url_join(char *url, size_t size, const char *base, const char *path,
                                                   struct accord_error *error);
/* Sets *error's what (error may be NULL) to the URL without user:password@, which is nobody's to read in a log. */
void accord_url_blame(struct accord_error *error, const char *url);
/* http:// or https:// */
bool accord_url_is(const char *text);

#endif
