/* The machine's clock, and times as people read them. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LAST_SECOND_OF_9999 253402300799U

static uint64_t real_now(void *context)
{
    (void)context;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0)
        return 0;
    return (uint64_t)now.tv_sec;
}

const struct accord_clock accord_clock_real = {NULL, real_now};

uint64_t accord_monotonic_us(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 || now.tv_sec < 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void accord_time_print(uint64_t posix_seconds, char text[32])
{
    time_t seconds = (time_t)posix_seconds;
    struct tm parts;
    /* Anyone can put any number of seconds into a timestamp; a year has four digits here. */
    if (posix_seconds > LAST_SECOND_OF_9999 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        snprintf(text, 32, "after the year 9999");
}
