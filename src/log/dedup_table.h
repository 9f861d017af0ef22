/* The newest entries of the deduplication, in memory: keys (log/dedup_run.h) to indexes. 16 bytes an entry. */
#ifndef ACCORD_LOG_DEDUP_TABLE_H
#define ACCORD_LOG_DEDUP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "accord/bytes.h"

/* Entries first .. first + count - 1. Of those with one key only the first is found. */
struct accord_dedup_table {
    uint64_t first;
    uint32_t count;
    unsigned bits;   /* room for 2^bits entries */
    uint64_t *keys;  /* by place */
    uint32_t *slots; /* twice as many, by key: a place + 1, or 0 */
};

/* NULL where memory ran out. */
struct accord_dedup_table *accord_dedup_table_new(unsigned bits, uint64_t first);
void accord_dedup_table_free(struct accord_dedup_table *table);
void accord_dedup_table_clear(struct accord_dedup_table *table, uint64_t first);
bool accord_dedup_table_full(const struct accord_dedup_table *table);
/* Aborts where it is full. */
void accord_dedup_table_add(struct accord_dedup_table *table, uint64_t key);
ACCORD_MUST_USE bool accord_dedup_table_find(const struct accord_dedup_table *table, uint64_t key, uint64_t *index);
/* Forgets all but the first count. */
void accord_dedup_table_cut(struct accord_dedup_table *table, uint32_t count);
/* The first entry of each key among the first count, sorted by key: the key's upper 40 bits, then the place in 24 bits.
 * sorted has room for all. Returns how many they are. */
uint32_t accord_dedup_table_sort(const struct accord_dedup_table *table, uint32_t count, uint64_t *sorted);

#endif
