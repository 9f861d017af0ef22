/* Owned bytes that grow up to a maximum. Knows malloc and nothing of what it holds. */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

void accord_buffer_init(struct accord_buffer *buffer, size_t maximum)
{
    *buffer = (struct accord_buffer){NULL, 0, 0, maximum};
}

void accord_buffer_free(struct accord_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct accord_buffer){NULL, 0, 0, buffer->maximum};
}

void accord_buffer_wipe(struct accord_buffer *buffer)
{
    if (buffer->data != NULL)
        explicit_bzero(buffer->data, buffer->capacity);
    accord_buffer_free(buffer);
}

enum accord_status accord_buffer_reserve(struct accord_buffer *buffer, size_t size)
{
    if (size > buffer->maximum - buffer->size)
        return ACCORD_TOO_LARGE;
    size_t needed = buffer->size + size;
    if (needed <= buffer->capacity)
        return ACCORD_OK;
    size_t capacity = buffer->capacity < FIRST_CAPACITY / 2 ? FIRST_CAPACITY : buffer->capacity;
    capacity = capacity > buffer->maximum / 2 ? buffer->maximum : capacity * 2;
    if (capacity < needed)
        capacity = needed;
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL)
        return ACCORD_NO_MEMORY;
    buffer->data = data;
    buffer->capacity = capacity;
    return ACCORD_OK;
}

enum accord_status accord_buffer_append(struct accord_buffer *buffer, struct accord_bytes bytes)
{
    enum accord_status status = accord_buffer_reserve(buffer, bytes.size);
    if (status == ACCORD_OK && bytes.size > 0) {
        memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
        buffer->size += bytes.size;
    }
    return status;
}
