/* Connections and their deadlines, for http.c alone. */
#ifndef ACCORD_SERVE_HTTP_PEERS_H
#define ACCORD_SERVE_HTTP_PEERS_H

#include "accord/bytes.h"

/* A connection stands in one list at a time, the one with the nearest deadline first; in none while it waits for its
 * answer. */
struct accord_http_peer {
    struct accord_http_peers *list;
    struct accord_http_peer *before, *after;
    uint64_t deadline_ms;
    int socket;
};

struct accord_http_peers {
    struct accord_http_peer *first, *last;
    uint64_t span_ms; /* until the deadline: the same for all, so that the list is in order */
};

uint64_t accord_http_now_ms(void);
void accord_http_peer_leave(struct accord_http_peer *peer);
/* Leaves the list that it is in, and has its whole time in this one. */
void accord_http_peer_enter(struct accord_http_peer *peer, struct accord_http_peers *list);
/* libmicrohttpd sees that the socket is at its end, and closes it. */
void accord_http_peer_hang_up(struct accord_http_peer *peer);
void accord_http_peers_hang_up_expired(struct accord_http_peers *list);
/* Is the first of them there for longer than an honest one needs? */
bool accord_http_peers_slow(const struct accord_http_peers *list);
/* The sooner of timeout_ms (-1: never) and the list's next deadline. */
int accord_http_peers_timeout_ms(const struct accord_http_peers *list, int timeout_ms);

#endif
