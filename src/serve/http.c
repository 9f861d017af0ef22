/* HTTP over libmicrohttpd, which is given no thread: it works when the loop calls accord_http_run, and a request that
 * waits for its answer is suspended and resumed by that same thread. Knows connections, their bounds and their
 * deadlines; refuses to know what a path means, and which sockets connections come from (http_daemons.c). */
#include "serve/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/text.h"
#include "serve/http_answer.h"
#include "serve/http_daemons.h"
#include "serve/http_peers.h"

#define BODY_KEPT 4096 /* a buffer of so many bytes stays with its exchange, of which there are many */
#define BODY_DROPPED                                                                                                   \
    (1 << 20) /* of a body that is too large so much is read and dropped, so that the client hears why */
#define STREAM_DROPPED ((size_t)64 << 20) /* the same of one that is streamed */
#define EVICTING 64                       /* connections that may be on their way out while new ones come */
#define BULK_SIZE (1 << 20)               /* an answer of more bytes has more time */
#define BULK_TIMES 16
#define COMPRESSING_SHARE 4 /* the loop's time is everybody's: so much of it goes to compressing, one part in four */
#define COMPRESSING_AHEAD_US 1000000
#define MILLISECONDS 1000

enum stage { READING, ASKED, ANSWERED };

struct accord_http_exchange {
    struct accord_http *http;
    struct MHD_Connection *connection;
    struct accord_http_peer *peer;
    enum stage stage;
    bool suspended;
    bool bulk;   /* its answer is a large one */
    bool stream; /* the role takes its body by part */
    struct accord_http_request request;
    struct accord_buffer body;
    size_t dropped;
    unsigned status;
    struct MHD_Response *response;
    void *kept;
    struct accord_http_exchange *next; /* among the free ones */
};

struct accord_http {
    struct accord_http_handler handler;
    struct accord_http_limits limits;
    struct accord_http_daemons daemons;
    /* Those that have not said as much as a request's first line; in the middle of a request or of its answer; of a
     * body that is streamed; of a large answer. */
    struct accord_http_peers idle, busy, streaming, bulk;
    struct accord_http_exchange *free;
    struct accord_http_counts counts;
    uint64_t compressed_us; /* by when what was compressed is no more than its share of the time */
    bool closing;           /* every answer is its connection's last one */
};

/* Connections and their deadlines */

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
    struct accord_http *http = context;
    struct accord_http_peer *peer = *place;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        peer = calloc(1, sizeof *peer);
        *place = peer;
        if (peer == NULL || info == NULL)
            return;
        peer->socket = info->connect_fd;
        http->counts.connections++;
        accord_http_peer_enter(peer, &http->idle);
        return;
    }
    http->daemons.ended = true;
    if (peer != NULL) {
        http->counts.connections--;
        accord_http_peer_leave(peer);
        free(peer);
        *place = NULL;
    }
}

/* The first line of a request is there: from here on it has its time, for its headers and its body together. */
static void *on_line(void *context, const char *line, struct MHD_Connection *connection)
{
    struct accord_http *http = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    (void)line;
    if (info != NULL && info->socket_context != NULL)
        accord_http_peer_enter(info->socket_context, &http->busy);
    return NULL;
}

/* Whoever has been silent for longest; where all are at work, whoever is longer at it than an honest request takes:
 * those who hold connections with half requests must not keep the others out. */
static struct accord_http_peer *who_makes_room(const struct accord_http *http)
{
    if (http->idle.first != NULL)
        return http->idle.first;
    if (accord_http_peers_slow(&http->busy))
        return http->busy.first;
    if (accord_http_peers_slow(&http->streaming))
        return http->streaming.first;
    return accord_http_peers_slow(&http->bulk) ? http->bulk.first : NULL;
}

/* At the limit somebody makes room, or the new one is turned away. */
static enum MHD_Result on_accept(void *context, const struct sockaddr *address, socklen_t size)
{
    struct accord_http *http = context;
    (void)address;
    (void)size;
    if (http->counts.connections < http->limits.connections)
        return MHD_YES;
    struct accord_http_peer *last = who_makes_room(http);
    if (last == NULL || http->counts.connections >= http->limits.connections + EVICTING)
        return MHD_NO;
    accord_http_peer_hang_up(last);
    return MHD_YES;
}

/* Exchanges */

static struct accord_http_exchange *exchange_new(struct accord_http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct accord_http_exchange *exchange = http->free;
    if (info == NULL || info->socket_context == NULL)
        return NULL;
    if (exchange != NULL)
        http->free = exchange->next;
    else
        exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    struct accord_buffer body = exchange->body;
    *exchange = (struct accord_http_exchange){
        .http = http, .connection = connection, .peer = info->socket_context, .body = body};
    exchange->body.size = 0;
    http->counts.requests++;
    return exchange;
}

static void exchange_free(struct accord_http_exchange *exchange)
{
    struct accord_http *http = exchange->http;
    http->counts.body_bytes -= exchange->body.size;
    if (exchange->body.capacity > BODY_KEPT)
        accord_buffer_free(&exchange->body);
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
    exchange->next = http->free;
    http->free = exchange;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_RequestTerminationCode code)
{
    struct accord_http_exchange *exchange = *place;
    (void)context;
    (void)connection;
    (void)code;
    if (exchange == NULL)
        return;
    *place = NULL;
    if (exchange->stream && exchange->stage == READING)
        exchange->http->handler.gone(exchange->http->handler.context, exchange, &exchange->request);
    if (exchange->http->closing)
        accord_http_peer_hang_up(exchange->peer);
    else
        accord_http_peer_enter(exchange->peer, &exchange->http->idle);
    exchange_free(exchange);
}

static enum accord_http_method method_of(const char *name)
{
    if (strcmp(name, MHD_HTTP_METHOD_POST) == 0)
        return ACCORD_HTTP_POST;
    if (strcmp(name, MHD_HTTP_METHOD_GET) == 0)
        return ACCORD_HTTP_GET;
    return strcmp(name, MHD_HTTP_METHOD_HEAD) == 0 ? ACCORD_HTTP_HEAD : ACCORD_HTTP_OTHER;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

struct framing {
    unsigned headers; /* that say where the body ends */
    bool unknown;
};

static enum MHD_Result count_framing(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct framing *framing = context;
    (void)kind;
    bool is_encoding = strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    framing->headers += is_encoding || strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    framing->unknown = framing->unknown || name[strcspn(name, " \t")] != '\0' ||
                       (is_encoding && (value == NULL || strcasecmp(value, "chunked") != 0));
    return MHD_YES;
}

/* Two lengths are two opinions on where the next request begins (RFC 9112, section 6.3); so are a length and an
 * encoding, and an encoding that is not known says nothing of it. A name with a space before its colon is a length to
 * one server and nothing to another (section 5.1). */
static bool is_ambiguous(struct MHD_Connection *connection)
{
    struct framing framing = {0, false};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, count_framing, &framing);
    return framing.headers > 1 || framing.unknown;
}

/* The body's size as the client states it; 0 where it does not. */
static uint64_t announced(struct MHD_Connection *connection)
{
    const char *text = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t size = 0;
    if (text == NULL || !accord_decimal_read((struct accord_bytes){(const uint8_t *)text, strlen(text)}, &size))
        return 0;
    return size;
}

static enum MHD_Result send_answer(struct accord_http_exchange *exchange)
{
    struct accord_http *http = exchange->http;
    accord_http_peer_enter(exchange->peer, exchange->bulk ? &http->bulk : &http->busy);
    return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

static void ask(struct accord_http_exchange *exchange)
{
    const struct accord_http_handler *handler = &exchange->http->handler;
    exchange->stage = ASKED;
    exchange->request.body = accord_buffer_bytes(&exchange->body);
    accord_http_peer_leave(exchange->peer);
    handler->handle(handler->context, exchange, &exchange->request);
}

/* The answer is its connection's last one. */
static void hang_up_after(struct accord_http_exchange *exchange)
{
    (void)MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static void refuse_body(struct accord_http_exchange *exchange, unsigned status)
{
    struct accord_http_answer answer = {.status = status, .file = -1, .retry_after = status == 503};
    answer.body = status == 503   ? ACCORD_LITERAL("too many requests at once\n")
                  : status == 413 ? ACCORD_LITERAL("the body is larger than is accepted here\n")
                  : status == 415 ? ACCORD_LITERAL("a body is not accepted here in this Content-Encoding\n")
                                  : ACCORD_LITERAL("it is not clear where the body ends\n");
    exchange->http->counts.bodies_refused++;
    accord_http_answer(exchange, &answer);
    if (status == 400)
        hang_up_after(exchange);
}

/* Does the role take the body by part? */
static bool is_stream(const struct accord_http *http, const struct accord_http_request *request)
{
    return http->handler.streams != NULL && http->handler.streams(http->handler.context, request);
}

/* 415 where the body is encoded as nobody here reads it; 0 otherwise. */
static unsigned refused_encoding(struct accord_http_exchange *exchange)
{
    const char *encoding = header(exchange->connection, MHD_HTTP_HEADER_CONTENT_ENCODING);
    bool gzipped = encoding != NULL && (strcasecmp(encoding, "gzip") == 0 || strcasecmp(encoding, "x-gzip") == 0);
    exchange->request.gzipped = gzipped;
    if (encoding == NULL || strcasecmp(encoding, "identity") == 0 || (gzipped && exchange->stream))
        return 0;
    return 415;
}

/* What is refused of a POST is refused now, before its body; 0 where nothing is. */
static unsigned refused_early(struct accord_http_exchange *exchange)
{
    struct accord_http *http = exchange->http;
    uint64_t size = announced(exchange->connection);
    exchange->stream = is_stream(http, &exchange->request);
    unsigned refused = refused_encoding(exchange);
    if (refused != 0 || exchange->stream)
        return refused;
    exchange->body.maximum = http->handler.body_max(http->handler.context, &exchange->request);
    if (exchange->body.maximum == 0)
        return 0;
    if (size > exchange->body.maximum)
        return 413;
    return size > http->limits.body_bytes - http->counts.body_bytes ? 503 : 0;
}

/* The headers are there. */
static enum MHD_Result begin(struct accord_http *http, struct MHD_Connection *connection, const char *path,
                             const char *method, struct accord_http_exchange **place)
{
    struct accord_http_exchange *exchange = exchange_new(http, connection);
    if (exchange == NULL)
        return MHD_NO;
    *place = exchange;
    struct accord_http_request *request = &exchange->request;
    *request = (struct accord_http_request){.method = method_of(method), .path = path};
    request->accepts_gzip = accord_http_accepts_gzip(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING));
    bool post = request->method == ACCORD_HTTP_POST;
    unsigned refused = is_ambiguous(connection) ? 400 : post ? refused_early(exchange) : 0;
    if (refused != 0) {
        exchange->stream = false;
        refuse_body(exchange, refused);
    } else if (exchange->stream) {
        accord_http_peer_enter(exchange->peer, &http->streaming);
    } else if (post && exchange->body.maximum == 0) {
        ask(exchange);
        if (exchange->stage != ANSWERED)
            abort();
    }
    return exchange->stage == ANSWERED ? send_answer(exchange) : MHD_YES;
}

/* Nothing is read from this client until it is resumed. */
static void suspend(struct accord_http_exchange *exchange)
{
    accord_http_peer_leave(exchange->peer);
    exchange->suspended = true;
    MHD_suspend_connection(exchange->connection);
}

/* A part of a body that is streamed, or its end. What the role has no room for comes again, once it goes on. */
static void stream(struct accord_http_exchange *exchange, struct accord_bytes part, bool last, size_t *size)
{
    struct accord_http *http = exchange->http;
    bool taken = http->handler.part(http->handler.context, exchange, &exchange->request, part, last);
    if (taken)
        *size = 0;
    if (exchange->stage == ANSWERED)
        return;
    if (taken && last)
        exchange->stage = ASKED;
    if (!taken || last)
        suspend(exchange);
    else
        accord_http_peer_enter(exchange->peer, &http->streaming);
}

void accord_http_go_on(struct accord_http_exchange *exchange)
{
    if (exchange->stage != READING || !exchange->suspended)
        return;
    exchange->suspended = false;
    accord_http_peer_enter(exchange->peer, &exchange->http->streaming);
    MHD_resume_connection(exchange->connection);
}

/* A part of the body. Once it was refused, and where none belongs, it is read and dropped, so that nothing of it can be
 * taken for the next request; too much of that, and the connection is closed. */
static enum MHD_Result take(struct accord_http_exchange *exchange, const char *data, size_t *size)
{
    struct accord_http *http = exchange->http;
    struct accord_bytes part = {(const uint8_t *)data, *size};
    bool wanted = exchange->stage == READING && exchange->request.method == ACCORD_HTTP_POST;
    bool fits = part.size <= http->limits.body_bytes - http->counts.body_bytes;
    *size = 0;
    if (wanted && fits && accord_buffer_append(&exchange->body, part) == ACCORD_OK) {
        http->counts.body_bytes += part.size;
        return MHD_YES;
    }
    if (wanted)
        refuse_body(exchange, fits ? 413 : 503);
    exchange->dropped += part.size;
    return exchange->dropped > (exchange->stream ? STREAM_DROPPED : BODY_DROPPED) ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *size, void **place)
{
    struct accord_http_exchange *exchange = *place;
    (void)version;
    if (exchange == NULL)
        return begin(context, connection, path, method, (struct accord_http_exchange **)place);
    if (exchange->stream && exchange->stage == READING) {
        bool last = *size == 0;
        stream(exchange, (struct accord_bytes){(const uint8_t *)data, *size}, last, size);
        return last && exchange->stage == ANSWERED ? send_answer(exchange) : MHD_YES;
    }
    if (*size > 0)
        return take(exchange, data, size);
    if (exchange->stage == READING)
        ask(exchange);
    if (exchange->stage == ANSWERED)
        return send_answer(exchange);
    suspend(exchange);
    return MHD_YES;
}

/* Makes the response. A client that asks for much to be compressed gets it as it is, once that has had its share. */
static void make_response(struct accord_http_exchange *exchange, const struct accord_http_answer *answer)
{
    struct accord_http *http = exchange->http;
    struct accord_http_request *request = &exchange->request;
    uint64_t now_us = accord_monotonic_us();
    bool compressing = answer->compress && request->accepts_gzip;
    if (compressing && http->compressed_us > now_us + COMPRESSING_AHEAD_US)
        request->accepts_gzip = compressing = false;
    exchange->response = accord_http_response(answer, request, &exchange->status);
    if (!compressing)
        return;
    uint64_t begun_us = http->compressed_us > now_us ? http->compressed_us : now_us;
    http->compressed_us = begun_us + COMPRESSING_SHARE * (accord_monotonic_us() - now_us);
}

void accord_http_answer(struct accord_http_exchange *exchange, const struct accord_http_answer *answer)
{
    if (exchange->stage == ANSWERED)
        abort();
    exchange->stage = ANSWERED;
    exchange->status = answer->status;
    exchange->bulk = answer->file >= 0 && answer->size > BULK_SIZE;
    make_response(exchange, answer);
    /* The connections of a daemon that was replaced end with their next answer, or one that is used for ever would keep
     * the daemon for ever. */
    if (exchange->http->closing || accord_http_daemons_retired(&exchange->http->daemons, exchange->connection))
        hang_up_after(exchange);
    if (exchange->suspended && exchange->stream)
        accord_http_peer_enter(exchange->peer, &exchange->http->busy); /* there may be more of its body */
    if (exchange->suspended)
        MHD_resume_connection(exchange->connection);
    exchange->suspended = false;
}

void accord_http_answer_text(struct accord_http_exchange *exchange, unsigned status, const char *text)
{
    const struct accord_http_answer answer = {
        .status = status, .body = {(const uint8_t *)text, strlen(text)}, .file = -1};
    accord_http_answer(exchange, &answer);
}

void accord_http_keep(struct accord_http_exchange *exchange, void *thing)
{
    exchange->kept = thing;
}

void *accord_http_kept(const struct accord_http_exchange *exchange)
{
    return exchange->kept;
}

/* Listening */

enum accord_status accord_http_new(struct accord_http **out, const struct accord_http_handler *handler,
                                   const struct accord_http_limits *limits, struct accord_error *error)
{
    struct accord_http *http = calloc(1, sizeof *http);
    *out = http;
    if (http == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    http->handler = *handler;
    http->limits = *limits;
    http->idle.span_ms = (uint64_t)limits->idle_seconds * MILLISECONDS;
    http->busy.span_ms = (uint64_t)limits->request_seconds * MILLISECONDS;
    http->streaming.span_ms = http->busy.span_ms;
    http->bulk.span_ms = BULK_TIMES * http->busy.span_ms;
    http->daemons = (struct accord_http_daemons){.context = http,
                                                 .accept = on_accept,
                                                 .connection = on_connection,
                                                 .line = on_line,
                                                 .request = on_request,
                                                 .completed = on_completed,
                                                 .connections = limits->connections + 2 * EVICTING,
                                                 .door = -1};
    return ACCORD_OK;
}

enum accord_status accord_http_listen(struct accord_http *http, int socket, const char *name,
                                      const struct accord_http_tls *tls, struct accord_error *error)
{
    enum accord_status status = accord_http_daemons_add(&http->daemons, socket, name, tls, error);
    if (status == ACCORD_OK)
        (void)close(socket);
    return status;
}

enum accord_status accord_http_renew_tls(struct accord_http *http, const struct accord_http_tls *tls,
                                         struct accord_error *error)
{
    return accord_http_daemons_renew_tls(&http->daemons, tls, error);
}

enum accord_status accord_http_open_door(struct accord_http *http, struct accord_error *error)
{
    return accord_http_daemons_open_door(&http->daemons, error);
}

int accord_http_connect(struct accord_http *http)
{
    return accord_http_daemons_connect(&http->daemons);
}

void accord_http_quiesce(struct accord_http *http)
{
    http->closing = true;
    accord_http_daemons_quiesce(&http->daemons);
    /* A request that came and was not read yet makes its connection one that is not idle. */
    accord_http_run(http);
    while (http->idle.first != NULL)
        accord_http_peer_hang_up(http->idle.first);
}

void accord_http_free(struct accord_http *http)
{
    if (http == NULL)
        return;
    accord_http_daemons_free(&http->daemons);
    while (http->free != NULL) {
        struct accord_http_exchange *exchange = http->free;
        http->free = exchange->next;
        accord_buffer_free(&exchange->body);
        free(exchange);
    }
    free(http);
}

/* Driving */

size_t accord_http_watch(const struct accord_http *http, int *descriptors, size_t room)
{
    return accord_http_daemons_watch(&http->daemons, descriptors, room);
}

int accord_http_timeout_ms(const struct accord_http *http)
{
    int timeout_ms = accord_http_peers_timeout_ms(&http->idle, -1);
    timeout_ms = accord_http_peers_timeout_ms(&http->busy, timeout_ms);
    timeout_ms = accord_http_peers_timeout_ms(&http->streaming, timeout_ms);
    timeout_ms = accord_http_peers_timeout_ms(&http->bulk, timeout_ms);
    return accord_http_daemons_timeout_ms(&http->daemons, timeout_ms);
}

void accord_http_run(struct accord_http *http)
{
    accord_http_peers_hang_up_expired(&http->idle);
    accord_http_peers_hang_up_expired(&http->busy);
    accord_http_peers_hang_up_expired(&http->streaming);
    accord_http_peers_hang_up_expired(&http->bulk);
    accord_http_daemons_run(&http->daemons);
}

void accord_http_count(const struct accord_http *http, struct accord_http_counts *counts)
{
    *counts = http->counts;
}
