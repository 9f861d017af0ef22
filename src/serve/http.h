/* HTTP as the roles see it: requests with their whole body, answers now or later. libmicrohttpd below, without a thread
 * of its own: one thread, the loop's, calls everything here. What one connection does is bounded in bytes and time, and
 * costs the others nothing. */
#ifndef ACCORD_SERVE_HTTP_H
#define ACCORD_SERVE_HTTP_H

#include "base/buffer.h"

struct accord_http;          /* all connections of the process */
struct accord_http_exchange; /* one request that waits for its answer */

enum accord_http_method { ACCORD_HTTP_GET, ACCORD_HTTP_HEAD, ACCORD_HTTP_POST, ACCORD_HTTP_OTHER };

/* Borrowed until the exchange is answered. */
struct accord_http_request {
    enum accord_http_method method;
    const char *path;         /* "/add": as it came but for the query, which is cut off; percent signs are left alone */
    struct accord_bytes body; /* of a POST */
    bool accepts_gzip;
    bool gzipped; /* the body is, as a Content-Encoding says; only where the role streams it, elsewhere that is a 415 */
};

/* The roles. body_max is asked before a POST's body is read: how many bytes of it are taken (more: 413; 0: no body is
 * taken, handle is called at once and answers). handle answers at once or keeps the exchange and answers later, from
 * the same thread, exactly once, also where the client has gone away meanwhile.
 *
 * A body without a bound is streamed: streams is asked before body_max (NULL: nobody streams). Where it says yes,
 * handle is not called; the role gets the body by part, as it comes and as it is encoded, with last set and perhaps no
 * bytes at its end. part returns false where it has no room now: the same bytes come again after accord_http_go_on, and
 * until then nothing is read from that client. The role may answer before the last part; what still comes is dropped,
 * up to a bound. gone: the client went away before the last part (part is called no more, and no answer is owed: the
 * exchange is not to be touched once gone has returned). A stream must go on arriving: each request_seconds some bytes,
 * or it is closed. */
struct accord_http_handler {
    void *context;
    size_t (*body_max)(void *context, const struct accord_http_request *request);
    void (*handle)(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request);
    bool (*streams)(void *context, const struct accord_http_request *request);
    bool (*part)(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request,
                 struct accord_bytes part, bool last);
    void (*gone)(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request);
};

struct accord_http_limits {
    unsigned connections;     /* open at once; more are closed as they come, oldest idle ones first where possible */
    size_t body_bytes;        /* of all bodies together: past it new ones get 503 with Retry-After */
    unsigned idle_seconds;    /* a connection that says nothing is closed */
    unsigned request_seconds; /* a request that has not come whole so long after its first line is closed, however
                                 busily it trickles; so is one whose answer has not been taken */
};

struct accord_http_tls { /* PEM, borrowed for the call */
    struct accord_bytes certificates, key;
};

enum accord_http_caching {
    ACCORD_HTTP_NO_STORE, /* answers to requests: Cache-Control: no-store */
    ACCORD_HTTP_NO_CACHE, /* a checkpoint: no-cache */
    ACCORD_HTTP_IMMUTABLE /* tiles: public, max-age=31536000, immutable */
};

/* An answer. The body is bytes, which are copied, or size bytes of an open file from offset on, which is closed in any
 * case; file is -1 where there is none. HEAD gets the same headers and no body. */
struct accord_http_answer {
    unsigned status;
    const char *type; /* Content-Type; NULL: text/plain; charset=utf-8 */
    enum accord_http_caching caching;
    struct accord_bytes body;
    int file;
    uint64_t offset, size;
    bool compress;        /* gzip where the client accepts it and it pays; only bodies up to 256 KiB */
    unsigned retry_after; /* seconds; 0: no such header */
    const char *allow;    /* the methods, for a 405; NULL: no such header */
    const char *encoding; /* Accept-Encoding, of a role that streams; NULL: no such header */
};

ACCORD_MUST_USE enum accord_status accord_http_new(struct accord_http **http, const struct accord_http_handler *handler,
                                                   const struct accord_http_limits *limits, struct accord_error *error);
/* Stops what is left, after every exchange has been answered. */
void accord_http_free(struct accord_http *http);
/* Serves a socket that listens, which becomes this one's where that succeeds. tls may be NULL. name is for sentences.
 */
ACCORD_MUST_USE enum accord_status accord_http_listen(struct accord_http *http, int socket, const char *name,
                                                      const struct accord_http_tls *tls, struct accord_error *error);
/* New connections get these certificates from here on (SIGHUP). */
ACCORD_MUST_USE enum accord_status accord_http_renew_tls(struct accord_http *http, const struct accord_http_tls *tls,
                                                         struct accord_error *error);
/* From here on accord_http_connect makes connections from inside this process: for what brings requests from elsewhere
 * than a socket that listens. Nobody else comes in there. */
ACCORD_MUST_USE enum accord_status accord_http_open_door(struct accord_http *http, struct accord_error *error);
/* A connected stream socket to this server, the caller's; -1 where there are too many. From any thread, until http is
 * freed. */
int accord_http_connect(struct accord_http *http);
/* No new connections, and those that are idle are closed; requests that came are still served. */
void accord_http_quiesce(struct accord_http *http);

/* Driving it: the epoll descriptors to watch (readable: something to do), how long the loop may sleep at most (-1:
 * until something happens), and doing all that can be done now. */
size_t accord_http_watch(const struct accord_http *http, int *descriptors, size_t room);
int accord_http_timeout_ms(const struct accord_http *http);
void accord_http_run(struct accord_http *http);

void accord_http_answer(struct accord_http_exchange *exchange, const struct accord_http_answer *answer);
/* The common ones: a sentence with a newline. */
void accord_http_answer_text(struct accord_http_exchange *exchange, unsigned status, const char *text);
/* There is room for the part that was not taken. From the loop's thread. */
void accord_http_go_on(struct accord_http_exchange *exchange);
/* A place for the role to keep something while it has the exchange; NULL at first. */
void accord_http_keep(struct accord_http_exchange *exchange, void *thing);
void *accord_http_kept(const struct accord_http_exchange *exchange);

/* For the metrics. */
struct accord_http_counts {
    uint64_t connections, requests, bodies_refused; /* open now; ever; ever */
    size_t body_bytes;                              /* held now */
};
void accord_http_count(const struct accord_http *http, struct accord_http_counts *counts);

#endif
