/* A set of digests, open addressing. They are SHA-256 of statements that members signed, so their own first bytes say
 * where they go: whoever wants a long chain has to look for it, and half of the places are always free. */
#include "base/digests.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024

void accord_digests_free(struct accord_digests *digests)
{
    free(digests->slots);
    *digests = (struct accord_digests){0, 0, NULL};
}

static size_t place_of(const struct accord_digests *digests, const uint8_t digest[ACCORD_DIGEST_KEPT])
{
    size_t hash;
    memcpy(&hash, digest, sizeof hash);
    size_t at = hash & (digests->capacity - 1);
    while (digests->slots[at].tag != 0 && memcmp(digests->slots[at].digest, digest, ACCORD_DIGEST_KEPT) != 0) {
        at = (at + 1) & (digests->capacity - 1);
    }
    return at;
}

uint8_t accord_digests_find(const struct accord_digests *digests, const uint8_t digest[ACCORD_HASH_SIZE])
{
    return digests->count == 0 ? 0 : digests->slots[place_of(digests, digest)].tag;
}

static bool grow(struct accord_digests *digests)
{
    struct accord_digests grown = {digests->count, digests->capacity == 0 ? FIRST_CAPACITY : digests->capacity * 2,
                                   NULL};
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (grown.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < digests->capacity; i++) {
        if (digests->slots[i].tag != 0) {
            grown.slots[place_of(&grown, digests->slots[i].digest)] = digests->slots[i];
        }
    }
    free(digests->slots);
    *digests = grown;
    return true;
}

enum accord_status accord_digests_add(struct accord_digests *digests, const uint8_t digest[ACCORD_HASH_SIZE],
                                      uint8_t tag, struct accord_error *error)
{
    if (digests->count == ACCORD_DIGESTS_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("statements of members in the log"));
        accord_error_expected_number(error, ACCORD_DIGESTS_MAX);
        return ACCORD_TOO_LARGE;
    }
    if (digests->count * 2 >= digests->capacity && !grow(digests)) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    struct accord_digest_slot *slot = &digests->slots[place_of(digests, digest)];
    if (slot->tag == 0) {
        memcpy(slot->digest, digest, ACCORD_DIGEST_KEPT);
        slot->tag = tag;
        digests->count++;
    }
    return ACCORD_OK;
}
