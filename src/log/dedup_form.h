/* What those who read runs and those who write them share of their form (log/dedup_run.h). */
#ifndef ACCORD_LOG_DEDUP_FORM_H
#define ACCORD_LOG_DEDUP_FORM_H

#include "log/dedup_run.h"

/* Sets index_bits and bucket_bits from the header's range. */
void accord_dedup_run_shape(struct accord_dedup_run *run);
/* The filter of a run that is to have one: empty; and its next key. */
ACCORD_MUST_USE int accord_dedup_filter_init(struct accord_dedup_run *run, const struct accord_dedup_place *place);
void accord_dedup_filter_add(struct accord_dedup_run *run, uint64_t key);

static inline uint64_t accord_dedup_record_offset(const struct accord_dedup_run *run, uint64_t record)
{
    return ACCORD_DEDUP_HEADER_SIZE + ((uint64_t)4 << run->bucket_bits) + record * ACCORD_DEDUP_RECORD_SIZE;
}

static inline uint64_t accord_dedup_bucket(const struct accord_dedup_run *run, uint64_t key)
{
    return run->bucket_bits == 0 ? 0 : key >> (64 - run->bucket_bits);
}

static inline uint64_t accord_dedup_suffix(const struct accord_dedup_run *run, uint64_t key)
{
    return key << run->bucket_bits >> (16 + run->index_bits);
}

/* In two parts, each of which a compiler knows to be one load or store. */
static inline uint64_t accord_dedup_record_get(const uint8_t *at)
{
    uint32_t high = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    uint32_t low = (uint32_t)at[4] << 8 | at[5];
    return (uint64_t)high << 16 | low;
}

static inline void accord_dedup_record_put(uint8_t *at, uint64_t record)
{
    uint32_t high = (uint32_t)(record >> 16);
    at[0] = (uint8_t)(high >> 24);
    at[1] = (uint8_t)(high >> 16);
    at[2] = (uint8_t)(high >> 8);
    at[3] = (uint8_t)high;
    at[4] = (uint8_t)(record >> 8);
    at[5] = (uint8_t)record;
}

#endif
