/* Durations, counted in buckets that double. Knows where a duration belongs; refuses to know whose it is and how it is
 * printed (metrics.c). */
#include "serve/metrics.h"

#define FIRST_US 250

/* The first bucket whose bound is not below us; the last has none. */
static unsigned bucket_of(uint64_t us)
{
    uint64_t times = us / FIRST_US + (us % FIRST_US != 0);
    unsigned bucket = 0;
    while (bucket + 1 < ACCORD_HISTOGRAM_BUCKETS && (uint64_t)1 << bucket < times)
        bucket++;
    return bucket;
}

void accord_histogram_add(struct accord_histogram *histogram, uint64_t us)
{
    atomic_fetch_add_explicit(&histogram->bucket[bucket_of(us)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, us, memory_order_relaxed);
}
