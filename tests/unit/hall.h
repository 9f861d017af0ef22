/* What the tests of the HTTP server share: the server, its handler and its clients, all turned by one thread, so that
 * each moment of a request can be held still and looked at. */
#ifndef ACCORD_TESTS_HALL_H
#define ACCORD_TESTS_HALL_H

#include "slices.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/http.h"

#define HALL_PENDING_MAX 64
#define HALL_PATIENCE_MS 8000

struct hall {
    struct accord_http *http;
    struct accord_http_handler handler;
    int epoll;
    unsigned port;
    size_t body_max;
    struct accord_http_answer answer; /* what /answer gets; its file is used once */
    /* What the handler saw. */
    unsigned handled;
    struct accord_http_request last;
    char path[512];
    struct accord_http_exchange *pending[HALL_PENDING_MAX]; /* of /later */
    size_t pending_count;
    uint64_t turns; /* of the loop */
    /* A body of /stream, of one exchange at a time: it takes so many bytes, and no more until the test says so. */
    size_t room, streamed_size;
    uint8_t streamed[1 << 20];
    bool ended;       /* the last part was taken */
    size_t answer_at; /* it answers 409 once it has so many bytes; 0: at the end, their number */
    unsigned gone, parts;
    struct accord_http_exchange *streaming;
};

struct hall_client {
    struct hall *hall;
    int socket;
    char *data; /* what came and was not read */
    size_t size, capacity;
    bool over; /* the server hung up */
};

struct hall_reply {
    unsigned status;
    char head[2048];
    struct accord_bytes body; /* the client's, until its next reply */
};

static inline size_t hall_body_max(void *context, const struct accord_http_request *request)
{
    struct hall *hall = context;
    return strcmp(request->path, "/none") == 0 ? 0 : hall->body_max;
}

static inline void hall_handle(void *context, struct accord_http_exchange *exchange,
                               const struct accord_http_request *request)
{
    struct hall *hall = context;
    hall->handled++;
    hall->last = *request;
    snprintf(hall->path, sizeof hall->path, "%s", request->path);
    hall->last.path = hall->path;
    struct accord_http_answer echo = {.status = 200, .body = request->body, .file = -1};
    if (strcmp(request->path, "/later") == 0) {
        assert_null(accord_http_kept(exchange));
        accord_http_keep(exchange, hall);
        hall->pending[hall->pending_count++] = exchange;
    } else if (strcmp(request->path, "/answer") == 0) {
        accord_http_answer(exchange, &hall->answer);
        hall->answer.file = -1;
    } else if (strcmp(request->path, "/echo") == 0) {
        accord_http_answer(exchange, &echo);
    } else {
        accord_http_answer_text(exchange, strcmp(request->path, "/now") == 0 ? 200 : 404, "here you are\n");
    }
}

static inline bool hall_streams(void *context, const struct accord_http_request *request)
{
    (void)context;
    return strcmp(request->path, "/stream") == 0;
}

static inline bool hall_part(void *context, struct accord_http_exchange *exchange,
                             const struct accord_http_request *request, struct accord_bytes part, bool last)
{
    struct hall *hall = context;
    char text[64];
    hall->parts++;
    hall->last = *request;
    hall->streaming = exchange;
    assert_false(hall->ended);
    assert_true(last == (part.size == 0));
    if (part.size > hall->room || (last && hall->room == 0))
        return false;
    hall->room -= part.size;
    assert_true(hall->streamed_size + part.size <= sizeof hall->streamed);
    if (part.size > 0)
        memcpy(hall->streamed + hall->streamed_size, part.data, part.size);
    hall->streamed_size += part.size;
    hall->ended = last;
    if (hall->answer_at > 0 && hall->streamed_size >= hall->answer_at) {
        accord_http_answer_text(exchange, 409, "enough\n");
    } else if (last) {
        snprintf(text, sizeof text, "%zu\n", hall->streamed_size);
        accord_http_answer_text(exchange, 200, text);
    }
    return true;
}

static inline void hall_gone(void *context, struct accord_http_exchange *exchange,
                             const struct accord_http_request *request)
{
    struct hall *hall = context;
    assert_string_equal(request->path, "/stream");
    assert_true(hall->streaming == NULL || exchange == hall->streaming);
    hall->gone++;
}

/* What the loop watches, again: it changes with the certificates. */
static inline void hall_watch(struct hall *hall)
{
    int descriptors[64];
    size_t count = accord_http_watch(hall->http, descriptors, 64);
    assert_true(count > 0);
    if (hall->epoll >= 0)
        close(hall->epoll);
    hall->epoll = epoll_create1(EPOLL_CLOEXEC);
    assert_true(hall->epoll >= 0);
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptors[i]};
        assert_int_equal(epoll_ctl(hall->epoll, EPOLL_CTL_ADD, descriptors[i], &event), 0);
    }
}

static inline int hall_socket(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(handle >= 0);
    assert_int_equal(bind(handle, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(handle, 1024), 0);
    assert_int_equal(getsockname(handle, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return handle;
}

static inline void hall_open(struct hall *hall, const struct accord_http_limits *limits,
                             const struct accord_http_tls *tls)
{
    struct accord_error error;
    signal(SIGPIPE, SIG_IGN);
    *hall = (struct hall){.epoll = -1, .room = SIZE_MAX, .body_max = 4096, .answer = {.file = -1}};
    hall->handler = (struct accord_http_handler){.context = hall,
                                                 .body_max = hall_body_max,
                                                 .handle = hall_handle,
                                                 .streams = hall_streams,
                                                 .part = hall_part,
                                                 .gone = hall_gone};
    assert_int_equal(accord_http_new(&hall->http, &hall->handler, limits, &error), ACCORD_OK);
    int handle = hall_socket(&hall->port);
    assert_int_equal(accord_http_listen(hall->http, handle, "test", tls, &error), ACCORD_OK);
    hall_watch(hall);
}

static inline void hall_close(struct hall *hall)
{
    assert_int_equal(hall->pending_count, 0);
    accord_http_free(hall->http);
    close(hall->epoll);
}

/* One turn of the loop, as the server's own does it, but for at most wait_ms. */
static inline void hall_turn(struct hall *hall, int wait_ms)
{
    struct epoll_event events[16];
    int timeout_ms = accord_http_timeout_ms(hall->http);
    if (timeout_ms < 0 || timeout_ms > wait_ms)
        timeout_ms = wait_ms;
    assert_true(epoll_wait(hall->epoll, events, 16, timeout_ms) >= 0);
    accord_http_run(hall->http);
    hall->turns++;
}

static inline uint64_t hall_now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

static inline void hall_turn_for(struct hall *hall, uint64_t span_ms)
{
    uint64_t end_ms = hall_now_ms() + span_ms;
    for (uint64_t now_ms = hall_now_ms(); now_ms < end_ms; now_ms = hall_now_ms())
        hall_turn(hall, (int)(end_ms - now_ms));
}

static inline struct accord_http_counts hall_counts(const struct hall *hall)
{
    struct accord_http_counts counts;
    accord_http_count(hall->http, &counts);
    return counts;
}

/* Turns until so many connections are left. */
static inline void hall_await_connections(struct hall *hall, uint64_t count)
{
    uint64_t end_ms = hall_now_ms() + HALL_PATIENCE_MS;
    while (hall_counts(hall).connections != count && hall_now_ms() < end_ms)
        hall_turn(hall, 5);
    assert_int_equal(hall_counts(hall).connections, count);
}

static inline void hall_await_pending(struct hall *hall, size_t count)
{
    uint64_t end_ms = hall_now_ms() + HALL_PATIENCE_MS;
    while (hall->pending_count < count && hall_now_ms() < end_ms)
        hall_turn(hall, 5);
    assert_int_equal(hall->pending_count, count);
}

/* Answers the oldest request that waits. */
static inline void hall_answer_pending(struct hall *hall, const char *text)
{
    assert_true(hall->pending_count > 0);
    struct accord_http_exchange *exchange = hall->pending[0];
    memmove(hall->pending, hall->pending + 1, --hall->pending_count * sizeof hall->pending[0]);
    assert_ptr_equal(accord_http_kept(exchange), hall);
    accord_http_answer_text(exchange, 200, text);
}

static inline size_t hall_descriptors(void)
{
    size_t count = 0;
    for (int i = 0; i < 8192; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

/* Clients */

static inline struct hall_client hall_connect(struct hall *hall)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)hall->port)};
    struct hall_client client = {.hall = hall, .socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1;
    assert_true(client.socket >= 0);
    assert_int_equal(connect(client.socket, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setsockopt(client.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    assert_int_equal(fcntl(client.socket, F_SETFL, O_NONBLOCK), 0);
    return client;
}

static inline void hall_leave(struct hall_client *client)
{
    free(client->data);
    close(client->socket);
    *client = (struct hall_client){.socket = -1};
}

/* Sends while the server takes it; false where it hung up. */
static inline bool hall_send(struct hall_client *client, const void *data, size_t size)
{
    const char *at = data;
    uint64_t end_ms = hall_now_ms() + HALL_PATIENCE_MS;
    while (size > 0) {
        ssize_t sent = send(client->socket, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return false;
        if (sent < 0)
            hall_turn(client->hall, 5);
        at += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
        assert_true(hall_now_ms() < end_ms);
    }
    return true;
}

static inline void hall_say(struct hall_client *client, const char *text)
{
    assert_true(hall_send(client, text, strlen(text)));
}

/* Takes what is there. */
static inline void hall_receive(struct hall_client *client)
{
    for (;;) {
        if (client->capacity - client->size < 65536) {
            client->capacity = 2 * client->capacity + 131072;
            client->data = realloc(client->data, client->capacity);
            assert_non_null(client->data);
        }
        ssize_t got = recv(client->socket, client->data + client->size, client->capacity - client->size - 1, 0);
        client->over = client->over || got == 0 || (got < 0 && errno != EAGAIN);
        if (got <= 0)
            return;
        client->size += (size_t)got;
    }
}

/* Does the server hang up within the time? What else it says is kept. */
static inline bool hall_hung_up(struct hall_client *client, uint64_t within_ms)
{
    uint64_t end_ms = hall_now_ms() + within_ms;
    while (hall_receive(client), !client->over && hall_now_ms() < end_ms)
        hall_turn(client->hall, 5);
    return client->over;
}

/* The value of a header in a reply's head, or NULL. The text is good until the next call. */
static inline const char *hall_header(const struct hall_reply *reply, const char *name)
{
    static char value[256];
    for (const char *line = strstr(reply->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, strlen(name)) == 0 && line[2 + strlen(name)] == ':') {
            const char *start = line + 2 + strlen(name) + 1;
            start += strspn(start, " ");
            snprintf(value, sizeof value, "%.*s", (int)strcspn(start, "\r"), start);
            return value;
        }
    return NULL;
}

/* Takes the first reply from what came; false where it is not whole. The length comes first in the data that it leaves
 * behind, so the next call may drop it. */
static inline bool hall_parse(struct hall_client *client, bool is_head, struct hall_reply *reply, size_t *used)
{
    if (client->size == 0)
        return false;
    client->data[client->size] = 0;
    const char *end = memmem(client->data, client->size, "\r\n\r\n", 4);
    if (end == NULL)
        return false;
    size_t head = (size_t)(end - client->data) + 4;
    assert_true(head < sizeof reply->head);
    memcpy(reply->head, client->data, head);
    reply->head[head] = 0;
    assert_memory_equal(reply->head, "HTTP/1.", 7);
    reply->status = (unsigned)strtoul(reply->head + 9, NULL, 10);
    const char *length = hall_header(reply, "Content-Length");
    size_t size = length == NULL || is_head ? 0 : strtoul(length, NULL, 10);
    if (client->size < head + size)
        return false;
    reply->body = (struct accord_bytes){(const uint8_t *)client->data + head, size};
    *used = head + size;
    return true;
}

/* Waits for a reply, 0 where the server hung up before it was whole. Forget it with hall_forget. */
static inline unsigned hall_await(struct hall_client *client, bool is_head, struct hall_reply *reply, size_t *used)
{
    uint64_t end_ms = hall_now_ms() + HALL_PATIENCE_MS;
    *reply = (struct hall_reply){.status = 0};
    for (;;) {
        hall_receive(client);
        if (hall_parse(client, is_head, reply, used))
            return reply->status;
        if (client->over)
            return 0;
        assert_true(hall_now_ms() < end_ms);
        hall_turn(client->hall, 5);
    }
}

/* The reply to what was said; its body is a copy in *reply's own memory, which the next call frees. */
static inline unsigned hall_reply(struct hall_client *client, struct hall_reply *reply)
{
    static uint8_t *kept;
    size_t used = 0;
    unsigned status = hall_await(client, false, reply, &used);
    free(kept);
    kept = NULL;
    if (status == 0)
        return 0;
    if (reply->body.size > 0) {
        kept = malloc(reply->body.size);
        assert_non_null(kept);
        memcpy(kept, reply->body.data, reply->body.size);
    }
    reply->body.data = kept;
    memmove(client->data, client->data + used, client->size - used);
    client->size -= used;
    return status;
}

/* A GET and its reply. headers are whole lines, or "". */
static inline unsigned hall_get(struct hall_client *client, const char *path, const char *headers,
                                struct hall_reply *reply)
{
    char text[1024];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n", path, headers);
    hall_say(client, text);
    return hall_reply(client, reply);
}

/* The same on a connection of its own; 0 where it was turned away. */
static inline unsigned hall_ask(struct hall *hall, const char *path)
{
    struct hall_reply reply;
    struct hall_client client = hall_connect(hall);
    char text[512];
    int size = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    unsigned status = hall_send(&client, text, (size_t)size) ? hall_reply(&client, &reply) : 0;
    hall_leave(&client);
    return status;
}

#endif
