/* The threads of a mirror: requests wait in a queue, are worked at by one thread at a time each, and what is done comes
 * back to the loop's thread. An upload is worked at as its bytes come, so a client that pauses holds no thread. */
#ifndef ACCORD_SERVE_MIRROR_WORK_H
#define ACCORD_SERVE_MIRROR_WORK_H

#include "base/clock.h"
#include "mirror/mirror.h"

struct accord_mirror_work;

struct accord_mirror_work_options {
    struct accord_mirror *mirror;
    const struct accord_clock *clock;
    unsigned threads;                /* 0: 4 */
    unsigned uploads_max;            /* at once; 0: 256 */
    size_t held_max;                 /* bytes of memory of all uploads together; 0: 256 MiB */
    void (*answered)(void *context); /* called from the threads: accord_mirror_work_take has something */
    void *context;
};

/* One request, from the loop's thread's view. */
struct accord_mirror_job {
    void *context; /* the caller's */
    bool upload;   /* or an add-checkpoint request */
    /* Of an add-checkpoint request that is done: failed is not ACCORD_OK where there is no verdict. */
    struct accord_witness_verdict verdict;
    enum accord_status failed;
    struct accord_error error;
    /* Of an upload that is done. */
    struct accord_mirror_upload *state;
};

ACCORD_MUST_USE enum accord_status accord_mirror_work_start(struct accord_mirror_work **work,
                                                            const struct accord_mirror_work_options *options,
                                                            struct accord_error *error);
/* An add-checkpoint request; body is borrowed until it was taken. False where too many wait. */
ACCORD_MUST_USE bool accord_mirror_work_checkpoint(struct accord_mirror_work *work, struct accord_bytes body,
                                                   void *context);
/* The beginning of an upload; NULL where there are too many. */
ACCORD_MUST_USE struct accord_mirror_job *accord_mirror_work_upload(struct accord_mirror_work *work, bool gzipped,
                                                                    void *context);
/* Bytes of it, which are copied; false where there is no room, until it is told to go on. */
ACCORD_MUST_USE bool accord_mirror_work_part(struct accord_mirror_work *work, struct accord_mirror_job *job,
                                             struct accord_bytes part, bool last);
/* The client went away: what came is worked at, nothing is answered, the job is not the caller's any more. */
void accord_mirror_work_gone(struct accord_mirror_work *work, struct accord_mirror_job *job);

/* What has happened: of an upload that there is room again (*go_on), or that a request is done. NULL where nothing has.
 * What is done is the caller's until accord_mirror_work_free. */
struct accord_mirror_job *accord_mirror_work_take(struct accord_mirror_work *work, bool *go_on);
void accord_mirror_work_free(struct accord_mirror_work *work, struct accord_mirror_job *job);

/* No more requests are taken, uploads end where they are; returns when all of that can be taken. */
void accord_mirror_work_drain(struct accord_mirror_work *work);
/* Ends the threads. */
void accord_mirror_work_stop(struct accord_mirror_work *work);

#endif
