/* A web server for tests, as badly behaved as the test wants it: a thread for each connection on a loopback port. */
#ifndef ACCORD_TESTS_WEB_H
#define ACCORD_TESTS_WEB_H

#include "slices.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define WEB_CONNECTIONS_MAX 512
#define WEB_REQUEST_SIZE_MAX 262144

struct web_request {
    char method[16], path[256];
    struct accord_bytes body;
};

struct web {
    int listener;
    unsigned port;
    pthread_t thread;
    /* Answers one request on the socket; returns whether the connection is to be kept. */
    bool (*answer)(struct web *web, int handle, const struct web_request *request);
    void *context;
    atomic_uint connections, requests;
    atomic_bool stopping;
    pthread_mutex_t lock;
    int handles[WEB_CONNECTIONS_MAX];
    pthread_t threads[WEB_CONNECTIONS_MAX];
};

struct web_connection {
    struct web *web;
    int handle;
};

static inline bool web_send(int handle, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t sent = send(handle, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* A whole answer. headers are whole lines, or "". */
static inline bool web_reply(int handle, unsigned status, const char *headers, struct accord_bytes body)
{
    char head[1024];
    int size =
        snprintf(head, sizeof head, "HTTP/1.1 %u Status\r\nContent-Length: %zu\r\n%s\r\n", status, body.size, headers);
    return web_send(handle, head, (size_t)size) && web_send(handle, body.data, body.size);
}

/* Says nothing until the other side goes away or the server stops. */
static inline bool web_hang(struct web *web, int handle)
{
    char byte;
    struct pollfd poll_handle = {.fd = handle, .events = POLLIN};
    while (!atomic_load(&web->stopping))
        if (poll(&poll_handle, 1, 50) > 0 && recv(handle, &byte, 1, 0) <= 0)
            break;
    return false;
}

/* Reads one request; false where none comes any more. */
static inline bool web_read(int handle, char *text, struct web_request *request)
{
    size_t size = 0, body_size = 0;
    char *end = NULL;
    while (end == NULL) {
        ssize_t got = recv(handle, text + size, WEB_REQUEST_SIZE_MAX - 1 - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
        text[size] = 0;
        end = strstr(text, "\r\n\r\n");
    }
    const char *length = strcasestr(text, "content-length:");
    if (length != NULL && length < end)
        body_size = strtoul(length + 15, NULL, 10);
    size_t head = (size_t)(end - text) + 4;
    while (size < head + body_size) {
        ssize_t got = recv(handle, text + size, WEB_REQUEST_SIZE_MAX - 1 - size, 0);
        if (got <= 0)
            return false;
        size += (size_t)got;
    }
    size_t method = strcspn(text, " "), path = strcspn(text + method + 1, " ");
    snprintf(request->method, sizeof request->method, "%.*s", (int)method, text);
    snprintf(request->path, sizeof request->path, "%.*s", (int)path, text + method + 1);
    request->body = (struct accord_bytes){(const uint8_t *)text + head, body_size};
    return true;
}

static inline void *web_connection_run(void *context)
{
    struct web_connection connection = *(struct web_connection *)context;
    struct web_request request;
    free(context);
    char *text = malloc(WEB_REQUEST_SIZE_MAX);
    while (text != NULL && web_read(connection.handle, text, &request)) {
        atomic_fetch_add(&connection.web->requests, 1);
        if (!connection.web->answer(connection.web, connection.handle, &request))
            break;
    }
    free(text);
    shutdown(connection.handle, SHUT_RDWR);
    return NULL;
}

static inline void *web_run(void *context)
{
    struct web *web = context;
    for (;;) {
        int handle = accept(web->listener, NULL, NULL);
        if (handle < 0 || atomic_load(&web->stopping)) {
            if (handle >= 0)
                close(handle);
            return NULL;
        }
        struct web_connection *connection = malloc(sizeof *connection);
        *connection = (struct web_connection){web, handle};
        pthread_mutex_lock(&web->lock);
        unsigned place = atomic_load(&web->connections);
        web->handles[place] = handle;
        if (place == WEB_CONNECTIONS_MAX - 1 ||
            pthread_create(&web->threads[place], NULL, web_connection_run, connection) != 0)
            abort();
        atomic_store(&web->connections, place + 1);
        pthread_mutex_unlock(&web->lock);
    }
}

static inline void web_start(struct web *web, bool (*answer)(struct web *, int, const struct web_request *),
                             void *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    signal(SIGPIPE, SIG_IGN);
    /* What the tests ask for is here, whatever proxy the machine has. */
    setenv("no_proxy", "127.0.0.1", 1);
    memset(web, 0, sizeof *web);
    web->answer = answer;
    web->context = context;
    pthread_mutex_init(&web->lock, NULL);
    web->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(web->listener >= 0);
    assert_int_equal(bind(web->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(web->listener, 256), 0);
    assert_int_equal(getsockname(web->listener, (struct sockaddr *)&address, &size), 0);
    web->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&web->thread, NULL, web_run, web), 0);
}

static inline void web_stop(struct web *web)
{
    atomic_store(&web->stopping, true);
    shutdown(web->listener, SHUT_RDWR);
    pthread_join(web->thread, NULL);
    close(web->listener);
    unsigned count = atomic_load(&web->connections);
    for (unsigned i = 0; i < count; i++) {
        shutdown(web->handles[i], SHUT_RDWR);
        pthread_join(web->threads[i], NULL);
        close(web->handles[i]);
    }
    pthread_mutex_destroy(&web->lock);
}

#endif
