/* HTTP/2, of libnghttp2's making, on the connection to a bastion. Knows that connection: what is waited for, and when
 * it is given up; refuses to know what becomes of a request (bastion_stream.c), and how the connection came about.
 *
 * A bastion is not trusted with our memory or time. While it does not take what it is sent, nothing is read from it; it
 * must answer pings; and floods of headers, settings, pings and resets are what libnghttp2 ends. */
#include "serve/bastion_session.h"

#include "base/clock.h"
#include "serve/bastion.h"
#include "serve/bastion_stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define OUT_SIZE 32768
#define FRAME_SIZE (16384 + 512) /* of the largest frame that is made, and room */
#define IN_SIZE 16384
#define READS_A_TURN 4
#define LOOK_MS 1000 /* deadlines are looked at so often, while there are any */
#define STOP_MS 5000

struct session {
    const struct accord_bastion_session *with;
    struct accord_bastion_streams streams;
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

/* What libnghttp2 calls */

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *context)
{
    struct session *session = context;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct accord_bastion_stream *stream = accord_bastion_stream_new(&session->streams, frame->hd.stream_id);
    if (stream == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return nghttp2_session_set_stream_user_data(h2, frame->hd.stream_id, stream) == 0
               ? 0
               : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t value_size, uint8_t flags, void *context)
{
    struct accord_bastion_stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
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
    struct accord_bastion_stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    (void)context;
    if (stream == NULL || (!headers && frame->hd.type != NGHTTP2_DATA))
        return 0;
    stream->ended = stream->ended || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (headers && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        accord_bastion_stream_begin(stream);
    else
        accord_bastion_stream_send(stream);
    return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t size, void *context)
{
    struct accord_bastion_stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    (void)flags, (void)context;
    if (stream == NULL)
        (void)nghttp2_session_consume(h2, id, size);
    else
        accord_bastion_stream_take(stream, data, size);
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
    struct accord_bastion_stream *stream = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);
    if (stream != NULL && !stream->ended)
        accord_bastion_stream_cut_off(stream, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_close(nghttp2_session *h2, int32_t id, uint32_t code, void *context)
{
    struct accord_bastion_stream *stream = nghttp2_session_get_stream_user_data(h2, id);
    (void)code, (void)context;
    if (stream != NULL)
        accord_bastion_stream_free(stream);
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
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, ACCORD_BASTION_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 2 * ACCORD_RELAY_HEAD_MAX},
    };
    if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0) {
        set_callbacks(callbacks);
        nghttp2_option_set_no_auto_window_update(options, 1);
        nghttp2_option_set_no_closed_streams(options, 1);
        (void)nghttp2_session_server_new2(&session->streams.h2, callbacks, session, options);
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(options);
    return session->streams.h2 != NULL &&
           nghttp2_submit_settings(session->streams.h2, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof *settings) == 0 &&
           nghttp2_session_set_local_window_size(session->streams.h2, NGHTTP2_FLAG_NONE, 0,
                                                 ACCORD_BASTION_STREAMS * ACCORD_BASTION_WINDOW) == 0;
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
        ssize_t size = nghttp2_session_mem_send(session->streams.h2, &data);
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
        if (nghttp2_session_mem_recv(session->streams.h2, data, (size_t)got) != got)
            end(session, "the bastion does not speak HTTP/2 as it should");
    }
    session->more = session->over == NULL;
}

/* Time */

static void look_at_time(struct session *session)
{
    uint64_t now = now_ms(), quiet_ms = session->with->quiet_ms;
    accord_bastion_streams_look(&session->streams);
    if (is_stuck(session) && now - session->taken_ms >= quiet_ms)
        end(session, "the bastion takes nothing");
    if (session->pinged_ms != 0 && now - session->pinged_ms >= quiet_ms / 2)
        end(session, "the bastion is silent");
    if (session->pinged_ms == 0 && now - session->heard_ms >= quiet_ms) {
        (void)nghttp2_submit_ping(session->streams.h2, NGHTTP2_FLAG_NONE, NULL);
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
        (void)nghttp2_submit_goaway(session->streams.h2, NGHTTP2_FLAG_NONE,
                                    nghttp2_session_get_last_proc_stream_id(session->streams.h2), NGHTTP2_NO_ERROR,
                                    NULL, 0);
        send_to_bastion(session);
    }
    if ((session->streams.count == 0 && !is_stuck(session)) || now_ms() - session->stop_ms >= STOP_MS)
        end(session, "stopped");
}

/* Waiting */

struct waiting {
    struct pollfd polls[ACCORD_BASTION_STREAMS + 2];
    struct accord_bastion_stream *streams[ACCORD_BASTION_STREAMS + 2];
    nfds_t count;
};

static void wait_for(struct waiting *waiting, int socket, short events, struct accord_bastion_stream *stream)
{
    waiting->polls[waiting->count] = (struct pollfd){.fd = socket, .events = events};
    waiting->streams[waiting->count++] = stream;
}

static void wait_for_streams(struct session *session, struct waiting *waiting)
{
    for (struct accord_bastion_stream *stream = session->streams.first; stream != NULL; stream = stream->after) {
        short events = accord_bastion_stream_events(stream);
        if (stream->socket >= 0 && events != 0 && waiting->count < sizeof waiting->polls / sizeof *waiting->polls)
            wait_for(waiting, stream->socket, events, stream);
    }
}

static int timeout_ms(const struct session *session)
{
    if (session->more && !is_stuck(session))
        return 0;
    if (session->streams.count > 0 || is_stuck(session) || session->pinged_ms != 0 || session->stop_ms != 0)
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
            accord_bastion_stream_send(waiting.streams[i]);
        if ((waiting.polls[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && waiting.streams[i]->socket >= 0)
            accord_bastion_stream_receive(waiting.streams[i]);
    }
    if (!stuck && (session->more || waiting.polls[1].revents != 0))
        receive_from_bastion(session);
    look_at_time(session);
    send_to_bastion(session);
    look_at_stop(session);
    if (nghttp2_session_want_read(session->streams.h2) == 0 && nghttp2_session_want_write(session->streams.h2) == 0 &&
        !is_stuck(session))
        end(session, "HTTP/2 ended");
}

const char *accord_bastion_session_run(const struct accord_bastion_session *with)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return "memory ran out";
    session->with = session->streams.with = with;
    session->heard_ms = session->taken_ms = now_ms();
    session->more = true; /* what came with the handshake */
    if (!make_h2(session))
        end(session, "memory ran out");
    else
        send_to_bastion(session);
    while (session->over == NULL)
        turn(session);
    const char *why = session->over;
    nghttp2_session_del(session->streams.h2);
    session->streams.h2 = NULL;
    accord_bastion_streams_close(&session->streams);
    free(session);
    return atomic_load(with->stopping) ? NULL : why;
}
