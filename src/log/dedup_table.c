/* Open addressing by the upper bits of a key, so that the slots are nearly in the order of the keys. Knows keys and
 * places; refuses to know hashes, which the log has. */
#include "log/dedup_table.h"

#include <stdlib.h>
#include <string.h>

#define BITS_MAX 23 /* a place fits in 24 bits, and so does a place + 1 */

static size_t slot_count(const struct accord_dedup_table *table)
{
    return (size_t)2 << table->bits;
}

struct accord_dedup_table *accord_dedup_table_new(unsigned bits, uint64_t first)
{
    if (bits > BITS_MAX)
        abort();
    struct accord_dedup_table *table = calloc(1, sizeof *table);
    if (table == NULL)
        return NULL;
    table->bits = bits;
    table->first = first;
    table->keys = malloc(sizeof *table->keys << bits);
    table->slots = calloc(slot_count(table), sizeof *table->slots);
    if (table->keys == NULL || table->slots == NULL) {
        accord_dedup_table_free(table);
        return NULL;
    }
    return table;
}

void accord_dedup_table_free(struct accord_dedup_table *table)
{
    if (table == NULL)
        return;
    free(table->keys);
    free(table->slots);
    free(table);
}

void accord_dedup_table_clear(struct accord_dedup_table *table, uint64_t first)
{
    memset(table->slots, 0, slot_count(table) * sizeof *table->slots);
    table->first = first;
    table->count = 0;
}

bool accord_dedup_table_full(const struct accord_dedup_table *table)
{
    return table->count >> table->bits != 0;
}

/* The slot that has this key, or the one to put it in. There is one, since half of them are free. */
static uint32_t *slot_of(const struct accord_dedup_table *table, uint64_t key)
{
    size_t mask = slot_count(table) - 1, at = (size_t)(key >> (63 - table->bits));
    while (table->slots[at] != 0 && table->keys[table->slots[at] - 1] != key)
        at = (at + 1) & mask;
    return &table->slots[at];
}

static void enter(struct accord_dedup_table *table, uint32_t place)
{
    uint32_t *slot = slot_of(table, table->keys[place]);
    if (*slot == 0)
        *slot = place + 1;
}

void accord_dedup_table_add(struct accord_dedup_table *table, uint64_t key)
{
    if (accord_dedup_table_full(table))
        abort();
    table->keys[table->count] = key;
    enter(table, table->count);
    table->count++;
}

bool accord_dedup_table_find(const struct accord_dedup_table *table, uint64_t key, uint64_t *index)
{
    uint32_t slot = *slot_of(table, key);
    if (slot == 0)
        return false;
    *index = table->first + slot - 1;
    return true;
}

void accord_dedup_table_cut(struct accord_dedup_table *table, uint32_t count)
{
    accord_dedup_table_clear(table, table->first);
    for (; table->count < count; table->count++)
        enter(table, table->count);
}

uint32_t accord_dedup_table_sort(const struct accord_dedup_table *table, uint32_t count, uint64_t *sorted)
{
    const uint64_t place_mask = ((uint64_t)1 << 24) - 1;
    uint32_t filled = 0;
    for (size_t i = 0; i < slot_count(table); i++) {
        uint32_t place = table->slots[i] - 1;
        if (table->slots[i] == 0 || place >= count)
            continue;
        uint64_t item = (table->keys[place] & ~place_mask) | place;
        uint32_t at = filled++;
        /* Few have far to go: those of the last slots that found room only in the first. */
        for (; at > 0 && sorted[at - 1] > item; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = item;
    }
    return filled;
}
