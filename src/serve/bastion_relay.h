/* A request of HTTP/2 as our own server reads it, in HTTP/1.1, and its answer as HTTP/2 has it: functions of bytes. */
#ifndef ACCORD_SERVE_BASTION_RELAY_H
#define ACCORD_SERVE_BASTION_RELAY_H

#include "base/buffer.h"

#define ACCORD_RELAY_HEAD_MAX 6144 /* of a request; what the server has room for is a little more */
#define ACCORD_RELAY_ANSWER_HEAD_MAX 4096
#define ACCORD_RELAY_HEADERS_MAX 24

/* What came of a request's headers. Zeroed by the caller; accord_relay_request_free. */
struct accord_relay_request {
    char method[16], authority[256];
    struct accord_buffer path, lines;
    char length[24];  /* Content-Length, as it came; empty: none */
    unsigned refused; /* the status that it gets instead: 400, 431; 0: it is passed on */
};

/* One header, in the order in which they came; those of the connection alone are left out. */
void accord_relay_request_header(struct accord_relay_request *request, struct accord_bytes name,
                                 struct accord_bytes value);
/* Appends the head to *out; false, with refused set, where it does not make a request. body: one follows, perhaps
 * empty. *chunked: it has no length, so each part goes through accord_relay_chunk_print. */
ACCORD_MUST_USE bool accord_relay_request_print(struct accord_relay_request *request, bool body,
                                                struct accord_buffer *out, bool *chunked);
void accord_relay_request_free(struct accord_relay_request *request);
/* Appends a part of a body that is chunked; an empty one is its end. */
ACCORD_MUST_USE enum accord_status accord_relay_chunk_print(struct accord_buffer *out, struct accord_bytes part);

struct accord_relay_header {
    struct accord_bytes name, value;
};

/* An answer's head; slices borrow from what was read. */
struct accord_relay_answer {
    char status[4];
    size_t head_size;
    uint64_t size; /* of its body; 0 where the request or the status says that there is none */
    size_t count;
    struct accord_relay_header headers[ACCORD_RELAY_HEADERS_MAX]; /* those of the connection alone are left out */
};

enum accord_relay_read { ACCORD_RELAY_MORE, ACCORD_RELAY_WHOLE, ACCORD_RELAY_WRONG };
/* Reads a head from the first bytes of an answer, whose names become lower case in place. is_head: it was a HEAD. */
enum accord_relay_read accord_relay_answer_read(struct accord_relay_answer *answer, uint8_t *data, size_t size,
                                                bool is_head);

#endif
