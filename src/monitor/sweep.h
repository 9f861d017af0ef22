/* Reading a log's entries at hashing speed: bundles are read, hashed and looked at by several threads, proven to be in
 * the accepted tree, and only then are the entries that somebody should judge handed on, in order. The parallel
 * relative of accord_follow_bundle. */
#ifndef ACCORD_MONITOR_SWEEP_H
#define ACCORD_MONITOR_SWEEP_H

#include "follow/follower.h"

#define ACCORD_SWEEP_THREADS_MAX 16

struct accord_sweep {
    struct accord_reader *reader; /* at the size of the accepted tree */
    const struct accord_crypto *crypto;
    unsigned threads; /* more than one only where its store may be read by several at once, as a directory may */
    void *context;
    /* Called on any thread, several at once, before anything is proven: should this entry be judged? thread is below
     * threads. */
    bool (*look)(void *context, unsigned thread, const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry);
    /* Called on the caller's thread, in order, for what is proven and worth it. *changed may be set: then the looks
     * that were taken ahead count no more, and the entries that come are all judged until new ones are taken. */
    enum accord_status (*judge)(void *context, uint64_t index, const uint8_t leaf[ACCORD_HASH_SIZE],
                                struct accord_bytes entry, bool *changed, struct accord_error *error);
};

/* About 16,000 entries, or up to the end of the accepted tree; ACCORD_OK with nothing done where all were read.
 * *position moves past what was judged or needs not be. ACCORD_INCLUSION and ACCORD_LOG_CORRUPT where the log's entries
 * are not those of its tree: those before them have been judged then. Memory is bounded by some 16 MiB, and 16 MiB for
 * each thread, whatever the log holds. */
ACCORD_MUST_USE enum accord_status accord_sweep(const struct accord_sweep *sweep, struct accord_position *position,
                                                struct accord_error *error);

#endif
