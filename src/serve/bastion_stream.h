/* The streams of a session with a bastion, for bastion_session.c alone: each is one request, with a connection of its
 * own to our server. */
#ifndef ACCORD_SERVE_BASTION_STREAM_H
#define ACCORD_SERVE_BASTION_STREAM_H

#include <nghttp2/nghttp2.h>

#include "serve/bastion_relay.h"
#include "serve/bastion_session.h"

#define ACCORD_BASTION_WINDOW 65535 /* of a stream: HTTP/2's own default */

struct accord_bastion_streams;

struct accord_bastion_stream {
    struct accord_bastion_streams *streams;
    struct accord_bastion_stream *before, *after;
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

struct accord_bastion_streams {
    const struct accord_bastion_session *with;
    nghttp2_session *h2; /* NULL: it is over */
    struct accord_bastion_stream *first;
    size_t count;
};

/* NULL: no memory. */
struct accord_bastion_stream *accord_bastion_stream_new(struct accord_bastion_streams *streams, int32_t id);
void accord_bastion_stream_free(struct accord_bastion_stream *stream);
/* The headers have come, and are in stream->request; ended says whether a body follows. */
void accord_bastion_stream_begin(struct accord_bastion_stream *stream);
/* A part of the body. */
void accord_bastion_stream_take(struct accord_bastion_stream *stream, const uint8_t *data, size_t size);
/* Ends it without (all of) an answer: none of these frees a stream, which libnghttp2 does when it has told the bastion.
 */
void accord_bastion_stream_cut_off(struct accord_bastion_stream *stream, uint32_t code);
/* What to wait for at the server, where there is a socket; and what to do then. */
short accord_bastion_stream_events(const struct accord_bastion_stream *stream);
void accord_bastion_stream_send(struct accord_bastion_stream *stream);
void accord_bastion_stream_receive(struct accord_bastion_stream *stream);

/* Ends those that have had their time. */
void accord_bastion_streams_look(struct accord_bastion_streams *streams);
/* Frees them all, after h2 is no more. */
void accord_bastion_streams_close(struct accord_bastion_streams *streams);

#endif
