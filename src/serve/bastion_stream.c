/* One request of a bastion's client: what came of it, and what is given back. Knows how much of each is held at most,
 * and for how long; refuses to know the other streams, and what the request says (bastion_relay.c).
 *
 * The windows that the bastion is given grow as the server takes what came, so a body that the server holds back is
 * held back at its client. */
#include "serve/bastion_stream.h"

#include "base/clock.h"
#include "serve/bastion.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_HELD 16384 /* of an answer's body */
#define ANSWER_TIMES 10   /* a client that takes its answer slowly has so much longer for it than for the next byte */

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

/* A stream on which nothing new happens has twice the time in which the bastion is asked whether it is still there. */
static uint64_t stream_ms(const struct accord_bastion_stream *stream)
{
    return 2 * stream->streams->with->quiet_ms;
}

static void touch(struct accord_bastion_stream *stream)
{
    stream->deadline_ms = now_ms() + stream_ms(stream);
}

static void leave_server(struct accord_bastion_stream *stream)
{
    if (stream->socket >= 0)
        (void)close(stream->socket);
    stream->socket = -1;
}

/* So many bytes of the body are no longer held. */
static void give_window(struct accord_bastion_stream *stream, size_t size)
{
    if (size > 0)
        (void)nghttp2_session_consume(stream->streams->h2, stream->id, size);
}

struct accord_bastion_stream *accord_bastion_stream_new(struct accord_bastion_streams *streams, int32_t id)
{
    struct accord_bastion_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (struct accord_bastion_stream){.streams = streams, .id = id, .socket = -1, .after = streams->first};
    accord_buffer_init(&stream->out, ACCORD_RELAY_HEAD_MAX + ACCORD_BASTION_WINDOW + 64);
    accord_buffer_init(&stream->body, ACCORD_BASTION_WINDOW);
    accord_buffer_init(&stream->in, ACCORD_RELAY_ANSWER_HEAD_MAX + ANSWER_HELD);
    if (streams->first != NULL)
        streams->first->before = stream;
    streams->first = stream;
    streams->count++;
    touch(stream);
    return stream;
}

void accord_bastion_stream_free(struct accord_bastion_stream *stream)
{
    struct accord_bastion_streams *streams = stream->streams;
    *(stream->before == NULL ? &streams->first : &stream->before->after) = stream->after;
    if (stream->after != NULL)
        stream->after->before = stream->before;
    streams->count--;
    /* The stream's own window has gone with it; the connection's has not. */
    if (streams->h2 != NULL)
        (void)nghttp2_session_consume_connection(streams->h2, stream->unread + stream->body.size);
    if (!stream->whole)
        atomic_fetch_add(&streams->with->counts->cut_off, 1);
    leave_server(stream);
    accord_relay_request_free(&stream->request);
    accord_buffer_free(&stream->out);
    accord_buffer_free(&stream->body);
    accord_buffer_free(&stream->in);
    free(stream);
}

/* Ends it without (all of) an answer. */
void accord_bastion_stream_cut_off(struct accord_bastion_stream *stream, uint32_t code)
{
    leave_server(stream);
    (void)nghttp2_submit_rst_stream(stream->streams->h2, NGHTTP2_FLAG_NONE, stream->id, code);
}

/* Answers */

static ssize_t on_give(nghttp2_session *h2, int32_t id, uint8_t *data, size_t size, uint32_t *flags,
                       nghttp2_data_source *source, void *context)
{
    struct accord_bastion_stream *stream = source->ptr;
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
static void give_answer(struct accord_bastion_stream *stream)
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
    if (nghttp2_submit_response(stream->streams->h2, stream->id, headers, answer->count + 1,
                                answer->size == 0 ? NULL : &body) != 0)
        accord_bastion_stream_cut_off(stream, NGHTTP2_INTERNAL_ERROR);
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
static void answer_text(struct accord_bastion_stream *stream, unsigned status, const char *text)
{
    char head[256];
    int size = snprintf(head, sizeof head,
                        "HTTP/1.1 %u -\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n%s"
                        "Content-Length: %zu\r\n\r\n",
                        status, status == 503 ? "Retry-After: 1\r\n" : "", strlen(text));
    leave_server(stream);
    stream->unheard = true;
    stream->in.size = stream->given = 0;
    atomic_fetch_add(&stream->streams->with->counts->refused, 1);
    if (accord_buffer_append(&stream->in, (struct accord_bytes){(const uint8_t *)head, (size_t)size}) != ACCORD_OK ||
        accord_buffer_append(&stream->in, (struct accord_bytes){(const uint8_t *)text, strlen(text)}) != ACCORD_OK ||
        accord_relay_answer_read(&stream->answer, stream->in.data, stream->in.size, stream->is_head) !=
            ACCORD_RELAY_WHOLE)
        accord_bastion_stream_cut_off(stream, NGHTTP2_INTERNAL_ERROR);
    else
        give_answer(stream);
}

static void server_left(struct accord_bastion_stream *stream)
{
    if (stream->answered)
        accord_bastion_stream_cut_off(stream, NGHTTP2_INTERNAL_ERROR);
    else if (stream->in.size == 0)
        answer_text(stream, 503, "The server takes no request at the moment.\n");
    else
        answer_text(stream, 502, "The server did not finish its answer.\n");
}

static void take_head(struct accord_bastion_stream *stream)
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
static size_t room_of(const struct accord_bastion_stream *stream)
{
    size_t maximum = stream->answered ? ANSWER_HELD : ACCORD_RELAY_ANSWER_HEAD_MAX;
    return stream->in.size < maximum ? maximum - stream->in.size : 0;
}

void accord_bastion_stream_receive(struct accord_bastion_stream *stream)
{
    size_t room = room_of(stream);
    if (stream->answered && room > stream->left)
        room = (size_t)stream->left;
    if (room == 0)
        return;
    if (accord_buffer_reserve(&stream->in, room) != ACCORD_OK) {
        accord_bastion_stream_cut_off(stream, NGHTTP2_INTERNAL_ERROR);
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
        (void)nghttp2_session_resume_data(stream->streams->h2, stream->id);
    stream->waits = false;
}

/* Requests */

/* Nothing of the body is for anybody any more. */
static void drop_body(struct accord_bastion_stream *stream)
{
    give_window(stream, stream->unread + stream->body.size);
    stream->unread = stream->body.size = 0;
    stream->out.size = stream->sent = 0;
    stream->unheard = true;
}

/* What came of the body is the next to be sent. */
static bool refill(struct accord_bastion_stream *stream)
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

static bool has_to_send(const struct accord_bastion_stream *stream)
{
    return !stream->unheard && stream->socket >= 0 &&
           (stream->sent < stream->out.size || stream->body.size > 0 ||
            (stream->chunked && stream->ended && !stream->end_said));
}

void accord_bastion_stream_send(struct accord_bastion_stream *stream)
{
    while (has_to_send(stream)) {
        if (stream->sent == stream->out.size && !refill(stream)) {
            accord_bastion_stream_cut_off(stream, NGHTTP2_INTERNAL_ERROR);
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
void accord_bastion_stream_begin(struct accord_bastion_stream *stream)
{
    struct accord_bastion_streams *streams = stream->streams;
    atomic_fetch_add(&streams->with->counts->requests, 1);
    stream->is_head = strcmp(stream->request.method, "HEAD") == 0;
    if (!accord_relay_request_print(&stream->request, !stream->ended, &stream->out, &stream->chunked)) {
        answer_text(stream, stream->request.refused,
                    stream->request.refused == 431 ? "The headers are larger than is accepted here.\n"
                                                   : "This is no request that can be passed on.\n");
        return;
    }
    stream->socket = streams->with->connect(streams->with->context);
    if (stream->socket < 0)
        answer_text(stream, 503, "The server takes no request at the moment.\n");
    else
        accord_bastion_stream_send(stream);
}

void accord_bastion_stream_take(struct accord_bastion_stream *stream, const uint8_t *data, size_t size)
{
    touch(stream);
    if (stream->unheard || stream->socket < 0) {
        give_window(stream, size);
    } else if (accord_buffer_append(&stream->body, (struct accord_bytes){data, size}) != ACCORD_OK) {
        give_window(stream, size);
        accord_bastion_stream_cut_off(stream, NGHTTP2_INTERNAL_ERROR);
    }
}

short accord_bastion_stream_events(const struct accord_bastion_stream *stream)
{
    return (short)((room_of(stream) > 0 ? POLLIN : 0) | (has_to_send(stream) ? POLLOUT : 0));
}

/* All of them */

void accord_bastion_streams_look(struct accord_bastion_streams *streams)
{
    uint64_t now = now_ms();
    for (struct accord_bastion_stream *stream = streams->first; stream != NULL; stream = stream->after)
        if (stream->deadline_ms <= now || (stream->last_ms != 0 && stream->last_ms <= now)) {
            accord_bastion_stream_cut_off(stream, NGHTTP2_CANCEL);
            touch(stream);
            stream->last_ms = 0;
        }
}

void accord_bastion_streams_close(struct accord_bastion_streams *streams)
{
    while (streams->first != NULL)
        accord_bastion_stream_free(streams->first);
}
