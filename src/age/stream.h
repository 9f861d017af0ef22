/* The payload of an age file (C2SP age, "Payload"): chunks of 64 KiB, each sealed by itself, in their order. One form
 * for both ways: sealing takes the plaintext and gives the chunks, opening takes the chunks and gives the plaintext. A
 * long payload is worked on by the caller's thread and a few more. */
#ifndef ACCORD_AGE_STREAM_H
#define ACCORD_AGE_STREAM_H

#include "age/age.h"

enum accord_age_way { ACCORD_AGE_SEAL, ACCORD_AGE_OPEN };

struct accord_age_stream;
/* NULL where memory ran out. The key is copied. */
struct accord_age_stream *accord_age_stream_new(enum accord_age_way way, const uint8_t key[32],
                                                struct accord_age_sink sink);
/* After the first refusal each call gives it again. */
ACCORD_MUST_USE enum accord_status accord_age_stream_write(struct accord_age_stream *stream, struct accord_bytes bytes,
                                                           struct accord_error *error);
/* Gives the sink all that was written and is whole, also where what comes after it is wrong. */
ACCORD_MUST_USE enum accord_status accord_age_stream_drain(struct accord_age_stream *stream,
                                                           struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_age_stream_end(struct accord_age_stream *stream, struct accord_error *error);
void accord_age_stream_free(struct accord_age_stream *stream);

#endif
