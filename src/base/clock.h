/* Time as a seam. */
#ifndef ACCORD_BASE_CLOCK_H
#define ACCORD_BASE_CLOCK_H

#include <stdint.h>

struct accord_clock {
    void *context;
    uint64_t (*now)(void *context); /* POSIX seconds */
};

extern const struct accord_clock accord_clock_real;

/* Microseconds since some moment of the past; never goes back, whatever is done to the clock. For intervals. */
uint64_t accord_monotonic_us(void);

/* "2026-11-23 03:10:11 UTC" and a NUL. */
void accord_time_print(uint64_t posix_seconds, char text[32]);

#endif
