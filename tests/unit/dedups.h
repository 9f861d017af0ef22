/* What tests of the deduplication share: a log that is a list of numbers, each the entry's content, and a deduplication
 * with small measures over it. */
#ifndef ACCORD_TESTS_DEDUPS_H
#define ACCORD_TESTS_DEDUPS_H

#include "logs.h"

#include "log/dedup_inner.h"

#define NUMBERS_MAX 400000

struct numbers {
    uint32_t list[NUMBERS_MAX];
    uint64_t count;     /* that were added */
    uint64_t committed; /* of them: the log's size */
    uint64_t asked;     /* of the source */
    bool broken;        /* the source fails */
};

static inline uint64_t numbers_mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void number_hash(uint64_t number, uint8_t hash[ACCORD_HASH_SIZE])
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t word = numbers_mix(number * 4 + i);
        memcpy(hash + 8 * i, &word, 8);
    }
}

static inline enum accord_status numbers_leaf(void *context, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE],
                                              struct accord_error *error)
{
    struct numbers *numbers = context;
    numbers->asked++;
    if (numbers->broken)
        return accord_fail(error, ACCORD_IO, 0);
    if (index >= numbers->count)
        return accord_fail(error, ACCORD_WRONG_INDEX, 0);
    number_hash(numbers->list[index], hash);
    return ACCORD_OK;
}

static inline struct accord_leaf_source numbers_source(struct numbers *numbers)
{
    return (struct accord_leaf_source){numbers, numbers_leaf};
}

/* The log has one more entry; the deduplication learns of it where it knows all before. */
static inline void numbers_add(struct numbers *numbers, struct accord_dedup *dedup, uint32_t number)
{
    uint8_t hash[1][ACCORD_HASH_SIZE];
    assert_true(numbers->count < NUMBERS_MAX);
    numbers->list[numbers->count++] = number;
    number_hash(number, hash[0]);
    if (accord_dedup_covered(dedup) + 1 == numbers->count)
        accord_dedup_add(dedup, (const uint8_t(*)[ACCORD_HASH_SIZE])hash, 1);
}

static inline void numbers_commit(struct numbers *numbers, struct accord_dedup *dedup)
{
    numbers->committed = numbers->count;
    accord_dedup_commit(dedup, numbers->committed);
}

static inline bool number_find(struct accord_dedup *dedup, uint64_t number, uint64_t *index)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    struct accord_error error;
    bool found;
    number_hash(number, hash);
    assert_int_equal(accord_dedup_find(dedup, hash, index, &found, &error), ACCORD_OK);
    return found;
}

#endif
