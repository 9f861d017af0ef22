/* Where connections come from, for http.c alone: sockets that listen, with libmicrohttpd's daemons behind them, and
 * this process itself. */
#ifndef ACCORD_SERVE_HTTP_DAEMONS_H
#define ACCORD_SERVE_HTTP_DAEMONS_H

#include "serve/http.h"

#include <microhttpd.h>
#include <stdatomic.h>

#define ACCORD_HTTP_DAEMONS_MAX 32
#define ACCORD_HTTP_INSIDE_MAX 128 /* connections of this process, at once */

struct accord_http_daemon {
    struct MHD_Daemon *daemon;
    int socket; /* -1: it takes no new connections */
    bool tls, inner;
    char name[128];
};

struct accord_http_daemons {
    /* What each calls, with this context. */
    void *context;
    MHD_AcceptPolicyCallback accept;
    MHD_NotifyConnectionCallback connection;
    void *(*line)(void *context, const char *line, struct MHD_Connection *connection);
    MHD_AccessHandlerCallback request;
    MHD_RequestCompletedCallback completed;
    unsigned connections; /* that one may have; fewer are for accept to say */
    /* Its own. */
    size_t count;
    struct accord_http_daemon daemons[ACCORD_HTTP_DAEMONS_MAX];
    int door;            /* where those of this process come in; -1: nowhere */
    atomic_uint waiting; /* those of them that wait there */
    atomic_uint inside;  /* those that came in, until the server is done with them */
    bool closing;        /* no new connections */
    bool ended;          /* a connection did, in the last run; set by whom connection is of */
    uint64_t said_ms;    /* when the library's last complaint was passed on */
    uint64_t unsaid;     /* since then */
};

/* The socket stays the caller's. */
ACCORD_MUST_USE enum accord_status accord_http_daemons_add(struct accord_http_daemons *daemons, int socket,
                                                           const char *name, const struct accord_http_tls *tls,
                                                           struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_http_daemons_renew_tls(struct accord_http_daemons *daemons,
                                                                 const struct accord_http_tls *tls,
                                                                 struct accord_error *error);
/* accord_http_open_door, accord_http_connect. */
ACCORD_MUST_USE enum accord_status accord_http_daemons_open_door(struct accord_http_daemons *daemons,
                                                                 struct accord_error *error);
int accord_http_daemons_connect(struct accord_http_daemons *daemons);
/* Does this connection belong to a daemon that was replaced? */
bool accord_http_daemons_retired(const struct accord_http_daemons *daemons, struct MHD_Connection *connection);
/* No new connections. */
void accord_http_daemons_quiesce(struct accord_http_daemons *daemons);
void accord_http_daemons_free(struct accord_http_daemons *daemons);

size_t accord_http_daemons_watch(const struct accord_http_daemons *daemons, int *descriptors, size_t room);
/* The sooner of timeout_ms (-1: never) and what the daemons wait for. */
int accord_http_daemons_timeout_ms(const struct accord_http_daemons *daemons, int timeout_ms);
void accord_http_daemons_run(struct accord_http_daemons *daemons);

#endif
