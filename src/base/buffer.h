/* Owned bytes that grow, up to a maximum that every buffer has. */
#ifndef ACCORD_BASE_BUFFER_H
#define ACCORD_BASE_BUFFER_H

#include "accord/bytes.h"
#include "accord/error.h"
#include "base/fs.h"

/* The zero value is an empty buffer whose maximum is 0: start with accord_buffer_init. Invariants: size <= capacity,
 * size <= maximum; data is NULL exactly where capacity is 0. */
struct accord_buffer {
    uint8_t *data;
    size_t size, capacity, maximum;
};

void accord_buffer_init(struct accord_buffer *buffer, size_t maximum);
void accord_buffer_free(struct accord_buffer *buffer);
/* Wipes the bytes before freeing them: for secrets. */
void accord_buffer_wipe(struct accord_buffer *buffer);
/* Makes room for size more bytes after the present ones: ACCORD_TOO_LARGE past the maximum, ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_buffer_reserve(struct accord_buffer *buffer, size_t size);
ACCORD_MUST_USE enum accord_status accord_buffer_append(struct accord_buffer *buffer, struct accord_bytes bytes);
static inline struct accord_bytes accord_buffer_bytes(const struct accord_buffer *buffer)
{
    return (struct accord_bytes){buffer->data, buffer->size};
}

#endif
