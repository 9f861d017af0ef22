/* A mirror's threads. Knows whose turn it is, how much may wait, and how a compressed body is taken apart piece by
 * piece; refuses to know HTTP (mirror_role.c) and what a request means (mirror/). */
#include "serve/mirror_work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define THREADS 4
#define THREADS_MAX 64
#define UPLOADS_MAX 256
#define HELD_MAX 268435456
#define CHECKPOINTS_MAX 1024 /* that wait */
#define INBOX_MAX 262144     /* bytes of an upload that wait */
#define PIECE 65536          /* of a compressed body, at a time */
/* Then others have their turn: a quarter of a second of work at the very most. */
#define TURN (64 * PIECE)

struct job {
    struct accord_mirror_job shown; /* first: the caller has its address */
    struct job *next;               /* in the queue */
    struct job *told;               /* in the news */
    struct job *before, *after;     /* of all uploads */
    struct accord_bytes body;       /* of an add-checkpoint request */
    /* Of an upload, the thread's. */
    bool gzipped, inflating;
    z_stream stream;
    struct accord_buffer work;
    size_t worked;
    bool work_last;
    bool pending;   /* there is more in the stream than a piece had room for */
    size_t counted; /* of what all uploads hold */
    /* Under mutex. */
    struct accord_buffer inbox;
    bool last, gone, stopped;
    bool active; /* in the queue, or with a thread */
    bool done, listed;
    bool waiting; /* the loop has bytes that did not fit */
};

struct accord_mirror_work {
    struct accord_mirror_work_options options;
    pthread_t threads[THREADS_MAX];
    unsigned started;
    atomic_size_t held;
    pthread_mutex_t mutex;
    pthread_cond_t wake, idle;
    /* Under mutex. */
    struct job *queue, **queue_end;
    struct job *news, **news_end;
    struct job *uploads;
    unsigned upload_count, checkpoint_count, active;
    bool draining, stopping;
};

/* Jobs */

static void job_free(struct accord_mirror_work *work, struct job *job)
{
    if (job->shown.upload) {
        *(job->before != NULL ? &job->before->after : &work->uploads) = job->after;
        if (job->after != NULL)
            job->after->before = job->before;
        work->upload_count--;
        atomic_fetch_sub(&work->held, job->counted);
    } else {
        work->checkpoint_count--;
    }
    if (job->inflating)
        (void)inflateEnd(&job->stream);
    accord_buffer_free(&job->work);
    accord_buffer_free(&job->inbox);
    accord_mirror_upload_free(job->shown.state);
    free(job);
}

/* With the mutex. */
static void enqueue(struct accord_mirror_work *work, struct job *job)
{
    job->next = NULL;
    *work->queue_end = job;
    work->queue_end = &job->next;
    if (!job->active)
        work->active++;
    job->active = true;
    pthread_cond_signal(&work->wake);
}

/* With the mutex; true where the bell is to be rung. */
static bool tell(struct accord_mirror_work *work, struct job *job)
{
    if (job->listed || job->gone)
        return false;
    bool first = work->news == NULL;
    job->listed = true;
    job->told = NULL;
    *work->news_end = job;
    work->news_end = &job->told;
    return first;
}

bool accord_mirror_work_checkpoint(struct accord_mirror_work *work, struct accord_bytes body, void *context)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return false;
    job->shown.context = context;
    job->body = body;
    pthread_mutex_lock(&work->mutex);
    bool taken = !work->draining && work->checkpoint_count < CHECKPOINTS_MAX;
    if (taken) {
        work->checkpoint_count++;
        enqueue(work, job);
    }
    pthread_mutex_unlock(&work->mutex);
    if (!taken)
        free(job);
    return taken;
}

static struct job *upload_new(struct accord_mirror_work *work, bool gzipped, void *context)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->shown.context = context;
    job->shown.upload = true;
    job->gzipped = gzipped;
    accord_buffer_init(&job->work, 2 * INBOX_MAX);
    accord_buffer_init(&job->inbox, 2 * INBOX_MAX);
    job->inflating = gzipped && inflateInit2(&job->stream, 16 + MAX_WBITS) == Z_OK;
    enum accord_status status = accord_mirror_upload_new(&job->shown.state, work->options.mirror, NULL);
    if (status == ACCORD_OK && job->inflating == gzipped)
        return job;
    if (job->inflating)
        (void)inflateEnd(&job->stream);
    accord_mirror_upload_free(job->shown.state);
    free(job);
    return NULL;
}

struct accord_mirror_job *accord_mirror_work_upload(struct accord_mirror_work *work, bool gzipped, void *context)
{
    pthread_mutex_lock(&work->mutex);
    bool taken = !work->draining && work->upload_count < work->options.uploads_max &&
                 atomic_load(&work->held) < work->options.held_max;
    work->upload_count += taken;
    pthread_mutex_unlock(&work->mutex);
    struct job *job = taken ? upload_new(work, gzipped, context) : NULL;
    pthread_mutex_lock(&work->mutex);
    if (job != NULL) {
        job->after = work->uploads;
        if (work->uploads != NULL)
            work->uploads->before = job;
        work->uploads = job;
    } else if (taken) {
        work->upload_count--;
    }
    pthread_mutex_unlock(&work->mutex);
    return job == NULL ? NULL : &job->shown;
}

bool accord_mirror_work_part(struct accord_mirror_work *work, struct accord_mirror_job *shown, struct accord_bytes part,
                             bool last)
{
    struct job *job = (struct job *)shown;
    bool taken = true;
    pthread_mutex_lock(&work->mutex);
    if (!job->done && !job->stopped) {
        taken = job->inbox.size == 0 || job->inbox.size + part.size <= INBOX_MAX;
        if (taken && accord_buffer_append(&job->inbox, part) != ACCORD_OK)
            job->stopped = true;
        job->last = job->last || (taken && last);
        job->waiting = !taken;
        if (!job->active && (job->inbox.size > 0 || job->last || job->stopped))
            enqueue(work, job);
    }
    pthread_mutex_unlock(&work->mutex);
    return taken;
}

void accord_mirror_work_gone(struct accord_mirror_work *work, struct accord_mirror_job *shown)
{
    struct job *job = (struct job *)shown;
    pthread_mutex_lock(&work->mutex);
    job->gone = true;
    if (!job->active && !job->listed)
        job_free(work, job);
    pthread_mutex_unlock(&work->mutex);
}

struct accord_mirror_job *accord_mirror_work_take(struct accord_mirror_work *work, bool *go_on)
{
    struct job *job;
    pthread_mutex_lock(&work->mutex);
    while ((job = work->news) != NULL) {
        work->news = job->told;
        if (work->news == NULL)
            work->news_end = &work->news;
        job->listed = false;
        if (!job->gone)
            break;
        if (!job->active)
            job_free(work, job);
    }
    if (job != NULL)
        *go_on = !job->done;
    pthread_mutex_unlock(&work->mutex);
    return job == NULL ? NULL : &job->shown;
}

void accord_mirror_work_free(struct accord_mirror_work *work, struct accord_mirror_job *shown)
{
    pthread_mutex_lock(&work->mutex);
    job_free(work, (struct job *)shown);
    pthread_mutex_unlock(&work->mutex);
}

/* Working */

static uint64_t now_of(const struct accord_mirror_work *work)
{
    return work->options.clock->now(work->options.clock->context);
}

/* Feeds what was decoded; false where there is an answer. */
static bool feed(struct accord_mirror_work *work, struct job *job, struct accord_bytes part)
{
    bool more = accord_mirror_upload_feed(job->shown.state, part);
    size_t held = accord_mirror_upload_held(job->shown.state), before = job->counted;
    job->counted = held;
    size_t all = atomic_fetch_add(&work->held, held - before) + held - before;
    if (!more || all <= work->options.held_max || held < PIECE)
        return more;
    accord_mirror_upload_stop(job->shown.state);
    return false;
}

/* One piece of a compressed body. A body that cannot be decoded ends where it is. */
static bool inflate_piece(struct accord_mirror_work *work, struct job *job, size_t *spent)
{
    uint8_t piece[PIECE];
    z_stream *stream = &job->stream;
    stream->next_in = job->work.data + job->worked;
    stream->avail_in = (uInt)(job->work.size - job->worked);
    stream->next_out = piece;
    stream->avail_out = sizeof piece;
    int result = inflate(stream, Z_NO_FLUSH);
    size_t size = sizeof piece - stream->avail_out;
    job->worked = job->work.size - stream->avail_in;
    job->pending = stream->avail_out == 0;
    *spent += size + 1;
    if (size > 0 && !feed(work, job, (struct accord_bytes){piece, size}))
        return false;
    if (result == Z_STREAM_END)
        result = inflateReset(stream);
    if (result == Z_OK || result == Z_BUF_ERROR)
        return true;
    accord_mirror_upload_end(job->shown.state, now_of(work));
    return false;
}

static bool unworked(const struct job *job)
{
    return job->worked < job->work.size || job->pending;
}

/* Works at what has come, for a turn. False where there is an answer. */
static bool work_at(struct accord_mirror_work *work, struct job *job)
{
    size_t spent = 0;
    while (unworked(job) && spent < TURN) {
        size_t left = job->work.size - job->worked;
        if (job->gzipped) {
            if (!inflate_piece(work, job, &spent))
                return false;
        } else {
            struct accord_bytes part = {job->work.data + job->worked, left};
            job->worked += left;
            spent += left;
            if (!feed(work, job, part))
                return false;
        }
    }
    if (unworked(job) || !job->work_last)
        return true;
    accord_mirror_upload_end(job->shown.state, now_of(work));
    return false;
}

/* The bytes that have come are the thread's from here on. With the mutex. */
static bool take_inbox(struct accord_mirror_work *work, struct job *job)
{
    if (unworked(job))
        return false;
    struct accord_buffer empty = job->work;
    empty.size = 0;
    job->work = job->inbox;
    job->inbox = empty;
    job->worked = 0;
    job->work_last = job->last;
    bool ring = job->waiting && tell(work, job);
    job->waiting = false;
    return ring;
}

static void ring(const struct accord_mirror_work *work, bool rings)
{
    if (rings)
        work->options.answered(work->options.context);
}

/* With the mutex, once a turn is over. */
static bool turn_over(struct accord_mirror_work *work, struct job *job, bool more)
{
    bool rest = more && (unworked(job) || job->inbox.size > 0 || (job->last && !job->work_last) || job->stopped);
    if (rest) {
        enqueue(work, job);
        return false;
    }
    job->active = false;
    job->done = !more;
    if (--work->active == 0)
        pthread_cond_broadcast(&work->idle);
    if (job->gone && !job->listed)
        job_free(work, job);
    else if (job->done)
        return tell(work, job);
    return false;
}

static void work_upload(struct accord_mirror_work *work, struct job *job)
{
    bool stopped = job->stopped;
    bool rings = !stopped && take_inbox(work, job);
    pthread_mutex_unlock(&work->mutex);
    ring(work, rings);
    bool more = !stopped && work_at(work, job);
    if (stopped)
        accord_mirror_upload_stop(job->shown.state);
    pthread_mutex_lock(&work->mutex);
    rings = turn_over(work, job, more);
    pthread_mutex_unlock(&work->mutex);
    ring(work, rings);
    pthread_mutex_lock(&work->mutex);
}

static void work_checkpoint(struct accord_mirror_work *work, struct job *job)
{
    pthread_mutex_unlock(&work->mutex);
    job->shown.failed = accord_mirror_add_checkpoint(work->options.mirror, job->body, now_of(work), &job->shown.verdict,
                                                     &job->shown.error);
    pthread_mutex_lock(&work->mutex);
    bool rings = turn_over(work, job, false);
    pthread_mutex_unlock(&work->mutex);
    ring(work, rings);
    pthread_mutex_lock(&work->mutex);
}

static void *run(void *context)
{
    struct accord_mirror_work *work = context;
    pthread_mutex_lock(&work->mutex);
    while (work->queue != NULL || !work->stopping) {
        struct job *job = work->queue;
        if (job == NULL) {
            pthread_cond_wait(&work->wake, &work->mutex);
            continue;
        }
        work->queue = job->next;
        if (work->queue == NULL)
            work->queue_end = &work->queue;
        if (job->shown.upload)
            work_upload(work, job);
        else
            work_checkpoint(work, job);
    }
    pthread_mutex_unlock(&work->mutex);
    return NULL;
}

/* All of it */

enum accord_status accord_mirror_work_start(struct accord_mirror_work **out,
                                            const struct accord_mirror_work_options *options,
                                            struct accord_error *error)
{
    struct accord_mirror_work *work = calloc(1, sizeof *work);
    *out = NULL;
    if (work == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    work->options = *options;
    if (work->options.threads == 0)
        work->options.threads = THREADS;
    if (work->options.threads > THREADS_MAX)
        work->options.threads = THREADS_MAX;
    if (work->options.uploads_max == 0)
        work->options.uploads_max = UPLOADS_MAX;
    if (work->options.held_max == 0)
        work->options.held_max = HELD_MAX;
    work->queue_end = &work->queue;
    work->news_end = &work->news;
    if (pthread_mutex_init(&work->mutex, NULL) != 0 || pthread_cond_init(&work->wake, NULL) != 0 ||
        pthread_cond_init(&work->idle, NULL) != 0)
        abort();
    while (work->started < work->options.threads && pthread_create(&work->threads[work->started], NULL, run, work) == 0)
        work->started++;
    if (work->started == 0) {
        accord_mirror_work_stop(work);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    *out = work;
    return ACCORD_OK;
}

void accord_mirror_work_drain(struct accord_mirror_work *work)
{
    pthread_mutex_lock(&work->mutex);
    work->draining = true;
    for (struct job *job = work->uploads; job != NULL; job = job->after) {
        if (job->last || job->done)
            continue;
        job->stopped = true;
        if (!job->active)
            enqueue(work, job);
    }
    while (work->active > 0)
        pthread_cond_wait(&work->idle, &work->mutex);
    pthread_mutex_unlock(&work->mutex);
}

void accord_mirror_work_stop(struct accord_mirror_work *work)
{
    if (work == NULL)
        return;
    pthread_mutex_lock(&work->mutex);
    work->stopping = true;
    pthread_cond_broadcast(&work->wake);
    pthread_mutex_unlock(&work->mutex);
    for (unsigned i = 0; i < work->started; i++)
        pthread_join(work->threads[i], NULL);
    bool go_on;
    struct accord_mirror_job *left;
    while ((left = accord_mirror_work_take(work, &go_on)) != NULL)
        if (!left->upload)
            job_free(work, (struct job *)left);
    while (work->uploads != NULL)
        job_free(work, work->uploads);
    pthread_mutex_destroy(&work->mutex);
    pthread_cond_destroy(&work->wake);
    pthread_cond_destroy(&work->idle);
    free(work);
}
