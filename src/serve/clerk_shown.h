/* What monitors were shown lately: a checkpoint whose cosignature the state lacks is signed again to be shown, and
 * whoever asks for it again and again must not keep the key busy. For one thread. */
#ifndef ACCORD_SERVE_CLERK_SHOWN_H
#define ACCORD_SERVE_CLERK_SHOWN_H

#include "base/buffer.h"
#include "keys/key.h"

#define ACCORD_CLERK_SHOWN 64

struct accord_clerk_shown {
    struct {
        struct accord_signer *const *witnesses; /* NULL: nothing */
        uint8_t origin_hash[ACCORD_HASH_SIZE];
        struct accord_buffer text;
    } slots[ACCORD_CLERK_SHOWN];
};

/* False where it was not shown since the last clear. */
bool accord_clerk_shown_find(const struct accord_clerk_shown *shown, struct accord_signer *const *witnesses,
                             const uint8_t origin_hash[ACCORD_HASH_SIZE], struct accord_bytes *text);
/* Remembers it, in the place of another; where memory runs out nothing is remembered. */
void accord_clerk_shown_keep(struct accord_clerk_shown *shown, struct accord_signer *const *witnesses,
                             const uint8_t origin_hash[ACCORD_HASH_SIZE], struct accord_bytes text);
/* Something may have been cosigned. */
void accord_clerk_shown_clear(struct accord_clerk_shown *shown);

#endif
