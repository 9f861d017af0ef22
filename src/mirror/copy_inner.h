/* What copy.c and copy_open.c share: an open copy. */
#ifndef ACCORD_MIRROR_COPY_INNER_H
#define ACCORD_MIRROR_COPY_INNER_H

#include "log/edge.h"
#include "mirror/copy.h"

/* Made when a sync has failed: until the next reboot files that look sound may not be on the disk. */
#define ACCORD_COPY_DOUBT ".accord/doubt"
#define ACCORD_COPY_PATH_SIZE 4096
#define ACCORD_COPY_DIR_SIZE_MAX (ACCORD_COPY_PATH_SIZE - 256)

struct accord_copy {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    char dir[ACCORD_COPY_DIR_SIZE_MAX];
    int lock;                    /* handle, -1 where not locked */
    struct accord_store files;   /* the directory */
    struct accord_store writing; /* the same, as the edge is given it */
    bool found;                  /* while opening: the leaves' tiles and bundles are there, and were compared */

    struct accord_edge edge;         /* of all that is held */
    struct accord_buffer checkpoint; /* as it is published; empty where there is none */
    uint64_t published;
    uint8_t published_root[ACCORD_HASH_SIZE];
    uint64_t committed; /* the last tree that was */
    uint8_t committed_root[ACCORD_HASH_SIZE];
    bool unsure;   /* a process before this one may have left files and names that are not durable */
    bool dirty;    /* something was written since the last sync */
    bool doubtful; /* a sync failed: what was written since the one before may be in memory alone, and look sound */
    bool broken;   /* a write failed: what the edge is in the middle of is known no more */

    struct accord_hasher *hasher; /* NULL until a batch comes that it pays for */
    uint8_t (*leaves)[ACCORD_HASH_SIZE];
    size_t leaves_room;
    struct accord_growth growth;
};

/* Takes whole entries that stand at the edge, and whose leaf hashes are in copy->leaves. */
ACCORD_MUST_USE enum accord_status accord_copy_grow(struct accord_copy *copy, struct accord_bytes entries,
                                                    uint64_t count, struct accord_error *error);
/* Room for count leaf hashes in copy->leaves. */
ACCORD_MUST_USE enum accord_status accord_copy_room(struct accord_copy *copy, size_t count, struct accord_error *error);
/* Makes the edge that of the published tree, and takes what else is found in the directory where pending says so. */
ACCORD_MUST_USE enum accord_status accord_copy_load(struct accord_copy *copy, bool pending, struct accord_error *error);
/* Of tiles at a level, the one that is unfinished in a tree of this size, and how many hashes it has. */
static inline uint64_t accord_copy_edge_index(uint64_t size, unsigned level)
{
    return level == ACCORD_EDGE_LEVELS - 1 ? 0 : size >> (8 * level + 8);
}
static inline unsigned accord_copy_edge_width(uint64_t size, unsigned level)
{
    return (unsigned)(size >> (8 * level)) % ACCORD_TILE_WIDTH;
}

#endif
