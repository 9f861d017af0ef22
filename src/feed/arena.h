/* Memory that is taken piece by piece and given back at once: what a document's claims are made of. */
#ifndef ACCORD_FEED_ARENA_H
#define ACCORD_FEED_ARENA_H

#include "accord/bytes.h"

struct accord_arena_block;

/* The zero value is an arena that holds nothing. */
struct accord_arena {
    struct accord_arena_block *newest;
    bool exhausted; /* memory ran out: whatever was made since then is not whole */
};

/* Size bytes, aligned for any type; NULL where memory ran out, and then exhausted is set. */
ACCORD_MUST_USE void *accord_arena_take(struct accord_arena *arena, size_t size);
/* Room for size bytes of text; none where memory ran out. */
struct accord_out accord_arena_room(struct accord_arena *arena, size_t size);
/* Gives back what nobody holds any more: everything. One block is kept for what comes next. */
void accord_arena_reset(struct accord_arena *arena);
void accord_arena_free(struct accord_arena *arena);

#endif
