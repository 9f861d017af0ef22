/* Blocks that double in size, chained. It knows no claims. */
#include "feed/arena.h"

#include <stdlib.h>

#define FIRST_SIZE ((size_t)16 << 10)
#define BLOCK_SIZE_MAX ((size_t)4 << 20) /* of those that are made before anyone asked for so much */
#define ALIGNMENT sizeof(max_align_t)

struct accord_arena_block {
    struct accord_arena_block *older;
    size_t size, used;
    max_align_t data[];
};

static struct accord_arena_block *make_block(struct accord_arena *arena, size_t least)
{
    size_t size = arena->newest == NULL ? FIRST_SIZE : arena->newest->size * 2;
    if (size > BLOCK_SIZE_MAX)
        size = BLOCK_SIZE_MAX;
    if (size < least)
        size = least;
    struct accord_arena_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    *block = (struct accord_arena_block){.older = arena->newest, .size = size};
    arena->newest = block;
    return block;
}

void *accord_arena_take(struct accord_arena *arena, size_t size)
{
    struct accord_arena_block *block = arena->newest;
    if (size > SIZE_MAX / 4) {
        arena->exhausted = true;
        return NULL;
    }
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (block == NULL || block->size - block->used < size)
        block = make_block(arena, size);
    if (block == NULL) {
        arena->exhausted = true;
        return NULL;
    }
    void *taken = (uint8_t *)block->data + block->used;
    block->used += size;
    return taken;
}

struct accord_out accord_arena_room(struct accord_arena *arena, size_t size)
{
    uint8_t *data = accord_arena_take(arena, size);
    return (struct accord_out){data, data == NULL ? 0 : size, 0, false};
}

/* Frees all blocks but one, which is made empty. */
static void keep(struct accord_arena *arena, struct accord_arena_block *kept)
{
    for (struct accord_arena_block *block = arena->newest, *older; block != NULL; block = older) {
        older = block->older;
        if (block != kept)
            free(block);
    }
    if (kept != NULL) {
        kept->older = NULL;
        kept->used = 0;
    }
    *arena = (struct accord_arena){.newest = kept};
}

void accord_arena_reset(struct accord_arena *arena)
{
    keep(arena, arena->newest);
}

void accord_arena_free(struct accord_arena *arena)
{
    keep(arena, NULL);
}
