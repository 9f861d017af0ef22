/* Time as a seam. */
#ifndef ACCORD_BASE_CLOCK_H
#define ACCORD_BASE_CLOCK_H

#include <stdint.h>

struct accord_clock {
    void *context;
    uint64_t (*now)(void *context); /* POSIX seconds */
};

extern const struct accord_clock accord_clock_real;

/* "2026-11-23 03:10:11 UTC" and a NUL. */
void accord_time_print(uint64_t posix_seconds, char text[32]);

#endif
