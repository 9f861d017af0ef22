/* HTTP/2, of libnghttp2's making, between a bastion and our own server: one connection of its own to the server for
 * each stream, so whatever becomes of one is the others' no matter. Knows streams, and how much of each is held at
 * most; refuses to know what requests say (bastion_relay.c), and how the connection came about.
 *
 * A bastion is not trusted with our memory or time. Its bodies are bounded by the windows that it is given, which grow
 * only as the server takes what came; while it does not take what it is sent, nothing is read from it; and each stream,
 * and the connection itself, must get on or end. Floods of headers, settings, pings and resets are what libnghttp2
 * ends. */
#include "serve/bastion_session.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "serve/bastion.h"
#include "serve/bastion_relay.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_WINDOW 65535 /* HTTP/2's own default */
#define OUT_SIZE 32768
#define FRAME_SIZE (16384 + 512) /* of the largest frame that is made, and room */
#define IN_SIZE 16384
#define READS_A_TURN 4
#define ANSWER_HELD 16384 /* of an answer's body */
#define LOOK_MS 1000      /* deadlines are looked at so often, while there are any */
#define ANSWER_TIMES 10   /* a client that takes its answer slowly has so much longer for it than for the next byte */
#define STOP_MS 5000

struct session;

struct stream {
    struct session *session;
    struct stream *before, *after;
    int32_t id;
    int socket; /* to our server; -1: none yet, or no longer */
    struct accord_relay_request request;
    bool is_head, chunked;
    /* What goes there: out, of which sent; then body, as it came. unread is what the windows do not know yet. */
    struct accord_buffer out, body;
    size_t sent, unread;
    bool ended;    /* the body has come whole */
    bool end_said; /* and so has its end been, where it is chunked */
    bool unheard;  /* the server takes no more of it */
    /* What comes from there: in, of which given. */
    struct accord_buffer in;
    size_t given;
    struct accord_relay_answer answer;
    bool answered; /* the head was given to HTTP/2 */
    bool waits;    /* HTTP/2 asked for more than there is */
    bool whole;    /* all of it was given */
    uint64_t left; /* of the body, that has not come */
    uint64_t deadline_ms, last_ms;
};

struct session {
    const struct accord_bastion_session *with;
    nghttp2_session *h2;
    struct stream *streams;
    size_t count;
    uint8_t out[OUT_SIZE];
    size_t out_size, out_sent;
    bool more; /* there may be more to be read, whatever the socket shows */
    uint64_t heard_ms, taken_ms, pinged_ms, stop_ms;
    const char *over; /* why */
};

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

/* Streams */

/* A stream on which nothing new happens has twice the time in which the bastion is asked whether it is still there. */
static uint64_t stream_ms(const struct stream *stream)
{
    return 2 * stream->session->with->quiet_ms;
}

static void touch(struct stream *stream)
{
    stream->deadline_ms = now_ms() + stream_ms(stream);
}

static void leave_server(struct stream *stream)
{
    if (stream->socket >= 0)
        (void)close(stream->socket);
    stream->socket = -1;
}

/* So many bytes of the body are no longer held. */
static void give_window(struct stream *stream, size_t size)
{
    if (size > 0)
        (void)nghttp2_session_consume(stream->session->h2, stream->id, size);
}

static struct stream *stream_new(struct session *session, int32_t id)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (struct stream){.session = session, .id = id, .socket = -1, .after = session->streams};
    accord_buffer_init(&stream->out, ACCORD_RELAY_HEAD_MAX + STREAM_WINDOW + 64);
    accord_buffer_init(&stream->body, STREAM_WINDOW);
    accord_buffer_init(&stream->in, ACCORD_RELAY_ANSWER_HEAD_MAX + ANSWER_HELD);
    if (session->streams != NULL)
        session->streams->before = stream;
    session->streams = stream;
    session->count++;
    touch(stream);
    return stream;
}

static void stream_free(struct stream *stream)
{
    struct session *session = stream->session;
    *(stream->before == NULL ? &session->streams : &stream->before->after) = stream->after;
    if (stream->after != NULL)
        stream->after->before = stream->before;
    session->count--;
    /* The stream's own window has gone with it; the connection's has not. */
    if (session->h2 != NULL)
        (void)nghttp2_session_consume_connection(session->h2, stream->unread + stream->body.size);
    if (!stream->whole)
        atomic_fetch_add(&session->with->counts->cut_off, 1);
    leave_server(stream);
    accord_relay_request_free(&stream->request);
    accord_buffer_free(&stream->out);
    accord_buffer_free(&stream->body);
    accord_buffer_free(&stream->in);
    free(stream);
}

/* Ends it without (all of) an answer. */
static void cut_off(struct stream *stream, uint32_t code)
{
    leave_server(stream);
    (void)nghttp2_submit_rst_stream(stream->session->h2, NGHTTP2_FLAG_NONE, stream->id, code);
}

/* Answers */

static ssize_t on_give(nghttp2_session *h2, int32_t id, uint8_t *data, size_t size, uint32_t *flags,
                       nghttp2_data_source *source, void *context)
{
    struct stream *stream = source->ptr;
    size_t there = stream->in.size - stream->given;
    (void)h2, (void)id, (void)context;
    if (there == 0 && stream->left > 0) {
        stream->waits = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (size > there)
        size = there;
    if (size > 0)
        memcpy(data, stream->in.data + stream->given, size);
    stream->given += size;
    if (stream->given == stream->in.size) {
        stream->in.size = stream->given = 0;
        if (stream->left == 0)
            *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    stream->whole = (*flags & NGHTTP2_DATA_FLAG_EOF) != 0;
    touch(stream);
    return (ssize_t)size;
}

static nghttp2_nv header_of(struct accord_bytes name, struct accord_bytes value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name.data,
                        .value = (uint8_t *)(uintptr_t)value.data,
                        .namelen = name.size,
                        .valuelen = value.size,
                        .flags = NGHTTP2_NV_FLAG_NONE};
}

/* The head is there, and perhaps some of the body after it in stream->in. */
static void give_answer(struct stream *stream)
{
    const struct accord_relay_answer *answer = &stream->answer;
    nghttp2_nv headers[ACCORD_RELAY_HEADERS_MAX + 1];
    const nghttp2_data_provider body = {.source = {.ptr = stream}, .read_callback = on_give};
    headers[0] = header_of(ACCORD_LITERAL(":status"), (struct accord_bytes){(const uint8_t *)answer->status, 3});
    for (size_t i = 0; i < answer->count; i++)
        headers[i + 1] = header_of(answer->headers[i].name, answer->headers[i].value);
    stream->left = answer->size;
    stream->given = answer->head_size;
    stream->answered = true;
    stream->whole = answer->size == 0;
    stream->last_ms = now_ms() + ANSWER_TIMES * stream_ms(stream);
    if (nghttp2_submit_response(stream->session->h2, stream->id, headers, answer->count + 1,
                                answer->size == 0 ? NULL : &body) != 0)
        cut_off(stream, NGHTTP2_INTERNAL_ERROR);
    size_t there = stream->in.size - stream->given;
    if (there > stream->left) {
        stream->in.size -= there - (size_t)stream->left;
        there = (size_t)stream->left;
    }
    stream->left -= there;
    if (stream->left == 0)
        leave_server(stream);
}

/* An answer of our own: the server was not asked, or did not say. */
static void answer_text(struct stream *stream, unsigned status, const char *text)
{
    char head[256];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %u -\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n%s"
                        "Content-Length: %zu\r\n\r\n",
                        status, status == 503 ? "Retry-After: 1\r\n" : "", strlen(text));
    leave_server(stream);
    stream->unheard = true;
    stream->in.size = stream->given = 0;
    atomic_fetch_add(&stream->session->with->counts->refused, 1);
    if (accord_buffer_append(&stream->in, (struct accord_bytes){(const uint8_t *)head, (size_t)size}) != ACCORD_OK ||
        accord_buffer_append(&stream->in, (struct accord_bytes){(const uint8_t *)text, strlen(text)}) != ACCORD_OK ||
        accord_relay_answer_read(&stream->answer, stream->in.data, stream->in.size, stream->is_head) !=
            ACCORD_RELAY_WHOLE)
        cut_off(stream, NGHTTP2_INTERNAL_ERROR);
    else
        give_answer(stream);
}

static void server_left(struct stream *stream)
{
    if (stream->answered)
        cut_off(stream, NGHTTP2_INTERNAL_ERROR);
    else if (stream->in.size == 0)
        answer_text(stream, 503, "The server takes no request at the moment.\n");
    else
        answer_text(stream, 502, "The server did not finish its answer.\n");
}

static void take_head(struct stream *stream)
{
    switch (accord_relay_answer_read(&stream->answer, stream->in.data, stream->in.size, stream->is_head)) {
    case ACCORD_RELAY_MORE:
        return;
    case ACCORD_RELAY_WRONG:
        answer_text(stream, 502, "The server's answer is none.\n");
        return;
    case ACCORD_RELAY_WHOLE:
        give_answer(stream);
    }
}

/* How much more of the answer may be held. */
static size_t room_of(const struct stream *stream)
{
    size_t maximum = stream->answered ? ANSWER_HELD : ACCORD_RELAY_ANSWER_HEAD_MAX;
    return stream->in.size < maximum ? maximum - stream->in.size : 0;
}

static void receive_from_server(struct stream *stream)
{
    size_t room = room_of(stream);
    if (stream->answered && room > stream->left)
        room = (size_t)stream->left;
    if (room == 0)
        return;
    if (accord_buffer_reserve(&stream->in, room) != ACCORD_OK) {
        cut_off(stream, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    ssize_t got = recv(stream->socket, stream->in.data + stream->in.size, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        server_left(stream);
        return;
    }
    stream->in.size += (size_t)got;
    touch(stream);
    if (!stream->answered) {
        take_head(stream);
        return;
    }
    stream->left -= (size_t)got;
    if (stream->left == 0)
        leave_server(stream);
    if (stream->waits)
        (void)nghttp2_session_resume_data(stream->session->h2, stream->id);
    stream->waits = false;
}

/* Requests */

/* Nothing of the body is for anybody any more. */
static void drop_body(struct stream *stream)
{
    give_window(stream, stream->unread + stream->body.size);
    stream->unread = stream->body.size = 0;
    stream->out.size = stream->sent = 0;
    stream->unheard = true;
}

/* What came of the body is the next to be sent. */
static bool refill(struct stream *stream)
{
    struct accord_bytes body = accord_buffer_bytes(&stream->body);
    enum accord_status status = ACCORD_OK;
    stream->out.size = stream->sent = 0;
    if (stream->chunked && body.size > 0)
        status = accord_relay_chunk_print(&stream->out, body);
    else if (body.size > 0)
        status = accord_buffer_append(&stream->out, body);
    stream->unread = body.size;
    stream->body.size = 0;
    if (status == ACCORD_OK && stream->chunked && stream->ended && !stream->end_said) {
        status = accord_relay_chunk_print(&stream->out, (struct accord_bytes){NULL, 0});
        stream->end_said = true;
    }
    return status == ACCORD_OK;
}

static bool has_to_send(const struct stream *stream)
{
    return !stream->unheard && stream->socket >= 0 &&
           (stream->sent < stream->out.size || stream->body.size > 0 ||
            (stream->chunked && stream->ended && !stream->end_said));
}

static void send_to_server(struct stream *stream)
{
    while (has_to_send(stream)) {
        if (stream->sent == stream->out.size && !refill(stream)) {
            cut_off(stream, NGHTTP2_INTERNAL_ERROR);
            return;
        }
        ssize_t sent =
            send(stream->socket, stream->out.data + stream->sent, stream->out.size - stream->sent, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (sent < 0) { /* it may have answered, and be done with the rest */
            drop_body(stream);
            return;
        }
        touch(stream);
        stream->sent += (size_t)sent;
        if (stream->sent == stream->out.size) {
            give_window(stream, stream->unread);
            stream->unread = 0;
        }
    }
}

/* The headers have come. */
static void begin(struct stream *stream)
{
    struct session *session = stream->session;
    atomic_fetch_add(&session->with->counts->requests, 1);
    stream->is_head = strcmp(stream->request.method, "HEAD") == 0;
    if (!accord_relay_request_print(&stream->request, !stream->ended, &stream->out, &stream->chunked)) {
        answer_text(stream, stream->request.refused,
                    stream->request.refused == 431 ? "The headers are larger than is accepted here.\n"
                                                   : "This is no request that can be passed on.\n");
        return;
    }
    stream->socket = session->with->connect(session->with->context);
    if (stream->socket < 0)
        answer_text(stream, 503, "The server takes no request at the moment.\n");
    else
        send_to_server(stream);
}

/* What libnghttp2 calls */

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *context)
{
    struct session *session = context;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct stream *stream = stream_new(session, frame->hd.stream_id);
    if (stream == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id, stream) == 0
               ? 0
               : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t value_size, uint8_t flags, void *context)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    (void)flags, (void)context;
    /* Trailers are nobody's here. */
    if (stream != NULL && frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        accord_relay_request_header(&stream->request, (struct accord_bytes){name, name_size},
                                    (struct accord_bytes){value, value_size});
    return 0;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *context)
{
    bool headers = frame->hd.type == NGHTTP2_HEADERS;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    (void)context;
    if (stream == NULL || (!headers && frame->hd.type != NGHTTP2_DATA))
        return 0;
    stream->ended = stream->ended || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (headers && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        begin(stream);
    else
        send_to_server(stream);
    return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t size, void *context)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    (void)flags, (void)context;
    if (stream == NULL || stream->unheard || stream->socket < 0) {
        (void)nghttp2_session_consume(h2, id, size);
        return 0;
    }
    if (accord_buffer_append(&stream->body, (struct accord_bytes){data, size}) != ACCORD_OK) {
        (void)nghttp2_session_consume(h2, id, size);
        cut_off(stream, NGHTTP2_INTERNAL_ERROR);
        return 0;
    }
    touch(stream);
    return 0;
}

/* "A server can send a complete response prior to the client sending an entire request ... abort transmission ... by
 * sending a RST_STREAM with an error code of NO_ERROR" (RFC 9113, section 8.1). */
static int on_sent(nghttp2_session *h2, const nghttp2_frame *frame, void *context)
{
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    (void)context;
    if (!last || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS))
        return 0;
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (stream != NULL && !stream->ended)
        cut_off(stream, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_close(nghttp2_session *h2, int32_t id, uint32_t code, void *context)
{
    struct stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    (void)code, (void)context;
    if (stream != NULL)
        stream_free(stream);
    return 0;
}

static void set_callbacks(nghttp2_session_callbacks *callbacks)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
}

/* Windows grow as bodies are taken, and not by themselves. */
static bool make_h2(struct session *session)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *options = NULL;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, ACCORD_BASTION_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 2 * ACCORD_RELAY_HEAD_MAX},
    };
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0) {
        set_callbacks(callbacks);
        nghttp2_option_set_no_auto_window_update(options, 1);
        nghttp2_option_set_no_closed_streams(options, 1);
        (void)nghttp2_session_server_new2(&session->h2, callbacks, session, options);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(options);
    return session->h2 != NULL &&
           nghttp2_submit_settings(session->h2, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings) == 0 &&
           nghttp2_session_set_local_window_size(session->h2, NGHTTP2_FLAG_NONE, 0,
                                                 ACCORD_BASTION_STREAMS * STREAM_WINDOW) == 0;
}

/* The connection */

static void end(struct session *session, const char *why)
{
    if (session->over == NULL)
        session->over = why;
}

/* Puts what is to be sent into out, as much as there is room for. */
static void fill_out(struct session *session)
{
    session->out_size = session->out_sent = 0;
    while (session->out_size + FRAME_SIZE <= OUT_SIZE) {
        const uint8_t *data;
        ssize_t size = nghttp2_session_mem_send(session->h2, &data);
        if (size < 0 || (size_t)size > OUT_SIZE - session->out_size)
            end(session, "HTTP/2 ended");
        if (size <= 0 || session->over != NULL)
            return;
        memcpy(session->out + session->out_size, data, (size_t)size);
        session->out_size += (size_t)size;
    }
}

static void send_to_bastion(struct session *session)
{
    while (session->over == NULL) {
        if (session->out_sent == session->out_size) {
            fill_out(session);
            session->taken_ms = now_ms();
        }
        if (session->out_size == 0 || session->over != NULL)
            return;
        ssize_t sent = accord_dial_send(session->with->dial, session->out + session->out_sent,
                                        session->out_size - session->out_sent);
        if (sent < 0)
            end(session, "the bastion hung up");
        if (sent <= 0)
            return;
        session->out_sent += (size_t)sent;
        session->taken_ms = now_ms();
    }
}

static bool is_stuck(const struct session *session)
{
    return session->out_sent < session->out_size;
}

static void receive_from_bastion(struct session *session)
{
    uint8_t data[IN_SIZE];
    session->more = false;
    for (unsigned i = 0; i < READS_A_TURN && session->over == NULL; i++) {
        ssize_t got = accord_dial_receive(session->with->dial, data, sizeof data);
        if (got < 0)
            end(session, "the bastion hung up");
        if (got <= 0)
            return;
        session->heard_ms = now_ms();
        session->pinged_ms = 0;
        if (nghttp2_session_mem_recv(session->h2, data, (size_t)got) != got)
            end(session, "the bastion does not speak HTTP/2 as it should");
    }
    session->more = session->over == NULL;
}

/* Time */

static void look_at_streams(struct session *session, uint64_t now)
{
    for (struct stream *stream = session->streams; stream != NULL; stream = stream->after)
        if (stream->deadline_ms <= now || (stream->last_ms != 0 && stream->last_ms <= now)) {
            cut_off(stream, NGHTTP2_CANCEL);
            touch(stream);
            stream->last_ms = 0;
        }
}

static void look_at_time(struct session *session)
{
    uint64_t now = now_ms(), quiet_ms = session->with->quiet_ms;
    look_at_streams(session, now);
    if (is_stuck(session) && now - session->taken_ms >= quiet_ms)
        end(session, "the bastion takes nothing");
    if (session->pinged_ms != 0 && now - session->pinged_ms >= quiet_ms / 2)
        end(session, "the bastion is silent");
    if (session->pinged_ms == 0 && now - session->heard_ms >= quiet_ms) {
        (void)nghttp2_submit_ping(session->h2, NGHTTP2_FLAG_NONE, NULL);
        session->pinged_ms = now;
    }
}

/* From here on new requests are for somebody else; those that came are answered. */
static void look_at_stop(struct session *session)
{
    if (!atomic_load(session->with->stopping))
        return;
    if (session->stop_ms == 0) {
        session->stop_ms = now_ms();
        (void)nghttp2_submit_goaway(session->h2, NGHTTP2_FLAG_NONE,
                                    nghttp2_session_get_last_proc_stream_id(session->h2), NGHTTP2_NO_ERROR, NULL, 0);
        send_to_bastion(session);
    }
    if ((session->count == 0 && !is_stuck(session)) || now_ms() - session->stop_ms >= STOP_MS)
        end(session, "stopped");
}

/* Waiting */

struct waiting {
    struct pollfd polls[ACCORD_BASTION_STREAMS + 2];
    struct stream *streams[ACCORD_BASTION_STREAMS + 2];
    nfds_t count;
};

static void wait_for(struct waiting *waiting, int socket, short events, struct stream *stream)
{
    waiting->polls[waiting->count] = (struct pollfd){.fd = socket, .events = events};
    waiting->streams[waiting->count++] = stream;
}

static void wait_for_streams(struct session *session, struct waiting *waiting)
{
    for (struct stream *stream = session->streams; stream != NULL; stream = stream->after) {
        short events = (short)((room_of(stream) > 0 ? POLLIN : 0) | (has_to_send(stream) ? POLLOUT : 0));
        if (stream->socket >= 0 && events != 0 && waiting->count < sizeof waiting->polls / sizeof *waiting->polls)
            wait_for(waiting, stream->socket, events, stream);
    }
}

static int timeout_ms(const struct session *session)
{
    if (session->more && !is_stuck(session))
        return 0;
    if (session->count > 0 || is_stuck(session) || session->pinged_ms != 0 || session->stop_ms != 0)
        return LOOK_MS;
    uint64_t heard_ms = now_ms() - session->heard_ms, quiet_ms = session->with->quiet_ms;
    return heard_ms < quiet_ms ? (int)(quiet_ms - heard_ms) : 0;
}

/* While the bastion does not take what it is sent, nothing more is made for it: of its own requests and of the
 * server's answers. */
static void turn(struct session *session)
{
    struct waiting waiting = {.count = 0};
    bool stuck = is_stuck(session);
    wait_for(&waiting, session->with->bell, atomic_load(session->with->stopping) ? 0 : POLLIN, NULL);
    wait_for(&waiting, accord_dial_socket(session->with->dial), stuck ? POLLOUT : POLLIN, NULL);
    if (!stuck)
        wait_for_streams(session, &waiting);
    if (poll(waiting.polls, waiting.count, timeout_ms(session)) < 0 && errno != EINTR)
        end(session, "poll failed");
    /* Streams end in what libnghttp2 calls, which is below: here each is still there. */
    for (nfds_t i = 2; i < waiting.count; i++) {
        if ((waiting.polls[i].revents & POLLOUT) != 0)
            send_to_server(waiting.streams[i]);
        if ((waiting.polls[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && waiting.streams[i]->socket >= 0)
            receive_from_server(waiting.streams[i]);
    }
    if (!stuck && (session->more || waiting.polls[1].revents != 0))
        receive_from_bastion(session);
    look_at_time(session);
    send_to_bastion(session);
    look_at_stop(session);
    if (nghttp2_session_want_read(session->h2) == 0 && nghttp2_session_want_write(session->h2) == 0 &&
        !is_stuck(session))
        end(session, "HTTP/2 ended");
}

const char *accord_bastion_session_run(const struct accord_bastion_session *with)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return "memory ran out";
    session->with = with;
    session->heard_ms = session->taken_ms = now_ms();
    session->more = true; /* what came with the handshake */
    if (!make_h2(session))
        end(session, "memory ran out");
    else
        send_to_bastion(session);
    while (session->over == NULL)
        turn(session);
    const char *why = session->over;
    nghttp2_session_del(session->h2);
    session->h2 = NULL;
    while (session->streams != NULL)
        stream_free(session->streams);
    free(session);
    return atomic_load(with->stopping) ? NULL : why;
}
