/* What unit tests of core share: slices of C strings, and asserting on slices. */
#ifndef ACCORD_TESTS_SLICES_H
#define ACCORD_TESTS_SLICES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "accord/bytes.h"
#include "accord/error.h"

static inline struct accord_bytes slice(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

#define assert_slice(bytes, text)                                                                                      \
    do {                                                                                                               \
        struct accord_bytes slice_ = (bytes);                                                                          \
        assert_int_equal(slice_.size, strlen(text));                                                                   \
        assert_memory_equal(slice_.data, text, strlen(text));                                                          \
    } while (0)

#endif
