/* HTTP/2 on a connection that a bastion has from us (C2SP https-bastion: "the backend starts serving HTTP/2 traffic on
 * it as if it was a client-initiated connection"): each request is handed to our own server, and its answer back. */
#ifndef ACCORD_SERVE_BASTION_SESSION_H
#define ACCORD_SERVE_BASTION_SESSION_H

#include <stdatomic.h>

#include "serve/bastion_dial.h"

#define ACCORD_BASTION_STREAMS 100 /* requests at once; RFC 9113 asks for no fewer (section 6.5.2) */

struct accord_bastion_counts;

struct accord_bastion_session {
    struct accord_dial *dial;
    int (*connect)(void *context); /* a connected socket to our server, to be closed; -1: not now */
    void *context;
    int bell;                    /* readable: look at stopping */
    const atomic_bool *stopping; /* requests that came are answered, new ones are not taken */
    struct accord_bastion_counts *counts;
    uint64_t quiet_ms; /* after which the bastion is asked whether it is still there */
};

/* Serves until it ends, and says why: in words. NULL: it was stopped. */
const char *accord_bastion_session_run(const struct accord_bastion_session *session);

#endif
