/* The texts that were shown, each in a place of its own. Knows nothing of what they say. */
#include "serve/clerk_shown.h"

#include <string.h>

#define TEXT_SIZE_MAX 65536 /* more is not remembered */

bool accord_clerk_shown_find(const struct accord_clerk_shown *shown, struct accord_signer *const *witnesses,
                             const uint8_t origin_hash[ACCORD_HASH_SIZE], struct accord_bytes *text)
{
    size_t slot = origin_hash[0] % ACCORD_CLERK_SHOWN;
    if (shown->slots[slot].witnesses != witnesses ||
        memcmp(shown->slots[slot].origin_hash, origin_hash, ACCORD_HASH_SIZE) != 0)
        return false;
    *text = accord_buffer_bytes(&shown->slots[slot].text);
    return true;
}

static void forget(struct accord_clerk_shown *shown, size_t slot)
{
    shown->slots[slot].witnesses = NULL;
    accord_buffer_free(&shown->slots[slot].text);
}

void accord_clerk_shown_keep(struct accord_clerk_shown *shown, struct accord_signer *const *witnesses,
                             const uint8_t origin_hash[ACCORD_HASH_SIZE], struct accord_bytes text)
{
    size_t slot = origin_hash[0] % ACCORD_CLERK_SHOWN;
    forget(shown, slot);
    accord_buffer_init(&shown->slots[slot].text, TEXT_SIZE_MAX);
    if (accord_buffer_append(&shown->slots[slot].text, text) != ACCORD_OK)
        return;
    shown->slots[slot].witnesses = witnesses;
    memcpy(shown->slots[slot].origin_hash, origin_hash, ACCORD_HASH_SIZE);
}

void accord_clerk_shown_clear(struct accord_clerk_shown *shown)
{
    for (size_t slot = 0; slot < ACCORD_CLERK_SHOWN; slot++)
        if (shown->slots[slot].witnesses != NULL)
            forget(shown, slot);
}
