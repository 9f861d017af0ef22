/* Who is connected, and until when. Knows deadlines; refuses to know what a connection is at. */
#include "serve/http_peers.h"

#include <stddef.h>
#include <sys/socket.h>

#include "base/clock.h"

#define AT_WORK_MS 2000 /* a request that takes longer makes room for new connections */

uint64_t accord_http_now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

void accord_http_peer_leave(struct accord_http_peer *peer)
{
    struct accord_http_peers *list = peer->list;
    if (list == NULL)
        return;
    *(peer->before == NULL ? &list->first : &peer->before->after) = peer->after;
    *(peer->after == NULL ? &list->last : &peer->after->before) = peer->before;
    peer->list = NULL;
}

void accord_http_peer_enter(struct accord_http_peer *peer, struct accord_http_peers *list)
{
    accord_http_peer_leave(peer);
    peer->list = list;
    peer->deadline_ms = accord_http_now_ms() + list->span_ms;
    peer->before = list->last;
    peer->after = NULL;
    *(list->last == NULL ? &list->first : &list->last->after) = peer;
    list->last = peer;
}

void accord_http_peer_hang_up(struct accord_http_peer *peer)
{
    accord_http_peer_leave(peer);
    (void)shutdown(peer->socket, SHUT_RDWR);
}

void accord_http_peers_hang_up_expired(struct accord_http_peers *list)
{
    uint64_t now = accord_http_now_ms();
    while (list->first != NULL && list->first->deadline_ms <= now)
        accord_http_peer_hang_up(list->first);
}

bool accord_http_peers_slow(const struct accord_http_peers *list)
{
    return list->first != NULL && accord_http_now_ms() + list->span_ms >= list->first->deadline_ms + AT_WORK_MS;
}

int accord_http_peers_timeout_ms(const struct accord_http_peers *list, int timeout_ms)
{
    uint64_t now = accord_http_now_ms();
    if (list->first == NULL)
        return timeout_ms;
    uint64_t left = list->first->deadline_ms > now ? list->first->deadline_ms - now : 0;
    int other = left > INT32_MAX ? INT32_MAX : (int)left;
    return timeout_ms < 0 || other < timeout_ms ? other : timeout_ms;
}
