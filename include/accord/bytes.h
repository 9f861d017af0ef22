/* Borrowed bytes, and a bounded place to write bytes to. No function here allocates. */
#ifndef ACCORD_BYTES_H
#define ACCORD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined _WIN32
#define ACCORD_API
#else
#define ACCORD_API __attribute__((visibility("default")))
#endif
#define ACCORD_MUST_USE __attribute__((warn_unused_result))

/* A borrowed slice: whoever holds it neither owns nor frees the memory. data may be NULL where size is 0. */
struct accord_bytes {
    const uint8_t *data;
    size_t size;
};

/* The bytes of a string literal, without its final NUL. */
#define ACCORD_LITERAL(s) ((struct accord_bytes){(const uint8_t *)(s), sizeof(s) - 1})

/* The caller's memory, being filled. A write that does not fit sets full and writes nothing; so does every write
 * after it. Check full once, at the end. */
struct accord_out {
    uint8_t *data;
    size_t capacity;
    size_t size;
    bool full;
};

/* What has been written so far. */
static inline struct accord_bytes accord_out_bytes(const struct accord_out *out)
{
    return (struct accord_bytes){out->data, out->size};
}

ACCORD_API bool accord_bytes_equal(struct accord_bytes a, struct accord_bytes b);

#endif
