/* The commit thread, and the queue before it. Knows when it takes what waits, when it sleeps and who wakes it; refuses
 * to know what becomes of a request (sequencer_group.c) and of a log that fails (sequencer_open.c). */
#include "serve/sequencer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "accord/note.h"
#include "serve/sequencer_inner.h"

static uint64_t real_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

const struct accord_sequencer_seams accord_sequencer_real = {.now_us = real_now_us};

/* The queue */

static void gauge(const struct accord_sequencer *sequencer)
{
    struct accord_metrics *metrics = sequencer->options.metrics;
    atomic_store_explicit(&metrics->queue_requests, sequencer->waiting_requests, memory_order_relaxed);
    atomic_store_explicit(&metrics->queue_bytes, sequencer->waiting_bytes, memory_order_relaxed);
}

/* A request that finds nobody waiting is taken, whatever its size. */
static bool has_room(const struct accord_sequencer *sequencer, size_t size)
{
    const struct accord_sequencer_options *options = &sequencer->options;
    return sequencer->waiting_requests == 0 ||
           (sequencer->waiting_requests < options->queue_requests && sequencer->waiting_bytes <= options->queue_bytes &&
            size <= options->queue_bytes - sequencer->waiting_bytes);
}

static bool has_enough(const struct accord_sequencer *sequencer)
{
    return sequencer->queued_requests >= sequencer->wake_requests || sequencer->queued_bytes >= ACCORD_CHAIN_BYTES;
}

static void enqueue(struct accord_sequencer *sequencer, struct accord_add *add)
{
    *sequencer->queue_end = add;
    sequencer->queue_end = &add->next;
    sequencer->queued_requests++;
    sequencer->queued_bytes += add->entries.size;
    sequencer->waiting_requests++;
    sequencer->waiting_bytes += add->entries.size;
    gauge(sequencer);
}

static void turn_away(struct accord_sequencer *sequencer, struct accord_add *add, bool stopping)
{
    add->outcome = ACCORD_ADD_OVERLOADED;
    atomic_fetch_add_explicit(&sequencer->options.metrics->adds[ACCORD_ADD_OVERLOADED], 1, memory_order_relaxed);
    if (stopping) {
        (void)accord_sequencer_stopping(&add->error);
        return;
    }
    accord_fail(&add->error, ACCORD_NO_MEMORY, 0);
    accord_error_what(&add->error, ACCORD_LITERAL("queue"));
    accord_error_expected(&add->error, ACCORD_LITERAL("fewer requests at once"));
}

bool accord_sequencer_put(struct accord_sequencer *sequencer, struct accord_add *add)
{
    add->next = NULL;
    add->put_at_us = sequencer->seams.now_us();
    pthread_mutex_lock(&sequencer->mutex);
    bool stopping = sequencer->draining, taken = !stopping && has_room(sequencer, add->entries.size);
    if (taken)
        enqueue(sequencer, add);
    bool wake = taken && sequencer->asleep && has_enough(sequencer);
    if (wake)
        sequencer->asleep = false; /* one signal is enough */
    pthread_mutex_unlock(&sequencer->mutex);
    if (wake)
        pthread_cond_signal(&sequencer->work);
    if (!taken)
        turn_away(sequencer, add, stopping);
    return taken;
}

struct accord_add *accord_sequencer_take(struct accord_sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->mutex);
    struct accord_add *answers = sequencer->answers;
    sequencer->answers = NULL;
    sequencer->answers_end = &sequencer->answers;
    pthread_mutex_unlock(&sequencer->mutex);
    return answers;
}

void accord_sequencer_poke(void *context)
{
    struct accord_sequencer *sequencer = context;
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->poked = true;
    pthread_cond_signal(&sequencer->work);
    pthread_mutex_unlock(&sequencer->mutex);
}

void accord_sequencer_accept_statements(struct accord_sequencer *sequencer, bool statements)
{
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->statements = statements;
    pthread_mutex_unlock(&sequencer->mutex);
    accord_sequencer_poke(sequencer);
}

/* A turn */

/* Takes what waits, and what is asked for. */
static void take_orders(struct accord_sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->mutex);
    if (sequencer->queue != NULL) {
        *sequencer->pending_end = sequencer->queue;
        sequencer->pending_end = sequencer->queue_end;
        sequencer->pending_bytes += sequencer->queued_bytes;
        sequencer->queue = NULL;
        sequencer->queue_end = &sequencer->queue;
        sequencer->queued_requests = 0;
        sequencer->queued_bytes = 0;
    }
    sequencer->poked = false;
    sequencer->judging = sequencer->statements;
    sequencer->ending = sequencer->stopping;
    sequencer->asked = sequencer->job;
    pthread_mutex_unlock(&sequencer->mutex);
}

static void count(struct accord_sequencer *sequencer)
{
    struct accord_metrics *metrics = sequencer->options.metrics;
    uint64_t now = sequencer->seams.now_us();
    for (const struct accord_add *add = sequencer->done; add != NULL; add = add->next)
        if (add->outcome == ACCORD_ADD_APPENDED || add->outcome == ACCORD_ADD_KNOWN)
            accord_histogram_add(&metrics->acknowledge, now - add->put_at_us);
    for (size_t i = 0; i < ACCORD_ADD_OUTCOMES; i++) {
        if (sequencer->outcomes[i] > 0)
            atomic_fetch_add_explicit(&metrics->adds[i], sequencer->outcomes[i], memory_order_relaxed);
        sequencer->outcomes[i] = 0;
    }
}

/* Whoever finds answers takes all of them, so only the first since then is told. */
static void deliver(struct accord_sequencer *sequencer)
{
    if (sequencer->done == NULL)
        return;
    count(sequencer);
    pthread_mutex_lock(&sequencer->mutex);
    bool first = sequencer->answers == NULL;
    *sequencer->answers_end = sequencer->done;
    sequencer->answers_end = sequencer->done_end;
    sequencer->waiting_requests -= sequencer->done_requests;
    sequencer->waiting_bytes -= sequencer->done_bytes;
    gauge(sequencer);
    if (sequencer->log != NULL)
        sequencer->size = accord_log_size(sequencer->log);
    atomic_store_explicit(&sequencer->options.metrics->size, sequencer->size, memory_order_relaxed);
    if (sequencer->size > sequencer->published)
        pthread_cond_signal(&sequencer->grown);
    if (sequencer->draining)
        pthread_cond_broadcast(&sequencer->changed);
    pthread_mutex_unlock(&sequencer->mutex);
    sequencer->done = NULL;
    sequencer->done_end = &sequencer->done;
    sequencer->done_requests = 0;
    sequencer->done_bytes = 0;
    if (first && sequencer->options.answered != NULL)
        sequencer->options.answered(sequencer->options.context);
}

/* Is it worth while to stage another group before the one under way is waited for? */
static bool chains(struct accord_sequencer *sequencer)
{
    if (sequencer->under_way->link.data != NULL)
        return false;
    pthread_mutex_lock(&sequencer->mutex);
    size_t bytes = sequencer->pending_bytes + sequencer->queued_bytes;
    pthread_mutex_unlock(&sequencer->mutex);
    return bytes >= ACCORD_CHAIN_BYTES;
}

static void commit(struct accord_sequencer *sequencer)
{
    if (sequencer->pending == NULL && sequencer->under_way == NULL)
        sequencer->last_requests = 0;
    accord_group_gather(sequencer);
    if (sequencer->gathering != NULL)
        accord_group_put(sequencer);
    if (!accord_sequencer_able(sequencer) || sequencer->under_way == NULL || chains(sequencer))
        return;
    deliver(sequencer);
    accord_group_flush(sequencer);
}

static struct accord_rest rest(const struct accord_sequencer *sequencer)
{
    struct accord_rest rest = {UINT64_MAX, 1};
    bool able = accord_sequencer_able(sequencer);
    if (sequencer->pending != NULL || sequencer->under_way != NULL ||
        (accord_sequencer_behind(sequencer) && !sequencer->ending))
        return (struct accord_rest){0, 1};
    if (able && sequencer->last_requests >= ACCORD_PAUSE_REQUESTS)
        return (struct accord_rest){sequencer->seams.now_us() + ACCORD_PAUSE_US, sequencer->last_requests};
    if (sequencer->log == NULL && !sequencer->dead)
        rest.until_us = sequencer->open_at_us;
    if (able && sequencer->judging && sequencer->admission == NULL)
        rest.until_us = sequencer->admission_at_us;
    bool behind = sequencer->options.dedup &&
                  (sequencer->dedup == NULL ||
                   (able && accord_dedup_covered(sequencer->dedup) < accord_log_size(sequencer->log)));
    if (able && behind && sequencer->dedup_at_us < rest.until_us)
        rest.until_us = sequencer->dedup_at_us;
    return rest;
}

struct accord_rest accord_sequencer_turn(struct accord_sequencer *sequencer)
{
    take_orders(sequencer);
    accord_sequencer_mend(sequencer);
    if (accord_sequencer_able(sequencer)) {
        accord_job_end(sequencer, false);
        accord_sequencer_examine(sequencer);
    }
    if (accord_sequencer_able(sequencer)) {
        accord_job_begin(sequencer);
        accord_job_end(sequencer, false);
        accord_sequencer_examine(sequencer);
    }
    if (accord_sequencer_able(sequencer))
        commit(sequencer);
    if (!accord_sequencer_able(sequencer)) {
        accord_answer_failed(sequencer, &sequencer->why);
        accord_job_fail(sequencer, &sequencer->why);
    }
    deliver(sequencer);
    if (accord_sequencer_able(sequencer))
        accord_sequencer_keep_up(sequencer);
    return rest(sequencer);
}

/* The thread */

/* False where the thread is to end: nothing waits any more, and nothing more comes. */
static bool sleep_until(struct accord_sequencer *sequencer, struct accord_rest rest)
{
    struct timespec until = {(time_t)(rest.until_us / 1000000), (long)(rest.until_us % 1000000) * 1000};
    int waited = 0;
    if (rest.until_us == 0)
        return true;
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->wake_requests = rest.requests;
    while (!sequencer->poked && !sequencer->stopping && !has_enough(sequencer) && waited == 0) {
        sequencer->asleep = true;
        if (rest.until_us == UINT64_MAX)
            pthread_cond_wait(&sequencer->work, &sequencer->mutex);
        else
            waited = pthread_cond_timedwait(&sequencer->work, &sequencer->mutex, &until);
    }
    sequencer->asleep = false;
    bool goes_on = !sequencer->stopping || sequencer->queue != NULL;
    pthread_mutex_unlock(&sequencer->mutex);
    return goes_on;
}

static void *run(void *context)
{
    struct accord_sequencer *sequencer = context;
    while (sleep_until(sequencer, accord_sequencer_turn(sequencer)))
        continue;
    /* What was asked for after the last turn. */
    struct accord_error error;
    (void)accord_sequencer_stopping(&error);
    take_orders(sequencer);
    if (sequencer->log != NULL)
        accord_job_end(sequencer, true);
    accord_job_fail(sequencer, &error);
    return NULL;
}

/* Making and unmaking */

static void conditions_init(struct accord_sequencer *sequencer)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0 || pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_mutex_init(&sequencer->mutex, NULL) != 0 || pthread_cond_init(&sequencer->work, &attributes) != 0 ||
        pthread_cond_init(&sequencer->grown, &attributes) != 0 ||
        pthread_cond_init(&sequencer->changed, &attributes) != 0)
        abort();
    pthread_condattr_destroy(&attributes);
}

/* The groups' memory is set aside once, for the largest: as long as no such group comes, no page of it is touched. */
static bool groups_init(struct accord_sequencer *sequencer)
{
    for (size_t i = 0; i < 2; i++) {
        sequencer->groups[i].bytes = malloc(ACCORD_GROUP_BYTES);
        sequencer->groups[i].hashes = malloc((size_t)ACCORD_LOG_APPEND_COUNT_MAX * ACCORD_HASH_SIZE);
        if (sequencer->groups[i].bytes == NULL || sequencer->groups[i].hashes == NULL)
            return false;
    }
    return true;
}

void accord_sequencer_unmake(struct accord_sequencer *sequencer)
{
    if (sequencer == NULL)
        return;
    accord_sequencer_close(sequencer);
    for (size_t i = 0; i < 2; i++) {
        free(sequencer->groups[i].bytes);
        free(sequencer->groups[i].hashes);
    }
    accord_buffer_free(&sequencer->checkpoint);
    pthread_cond_destroy(&sequencer->work);
    pthread_cond_destroy(&sequencer->grown);
    pthread_cond_destroy(&sequencer->changed);
    pthread_mutex_destroy(&sequencer->mutex);
    free((void *)(uintptr_t)sequencer->options.dir);
    free(sequencer);
}

enum accord_status accord_sequencer_make(struct accord_sequencer **out, const struct accord_sequencer_options *options,
                                         const struct accord_sequencer_seams *seams, struct accord_error *error)
{
    *out = NULL;
    struct accord_sequencer *sequencer = calloc(1, sizeof *sequencer);
    if (sequencer == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    conditions_init(sequencer);
    sequencer->options = *options;
    sequencer->options.dir = strdup(options->dir);
    sequencer->seams = *seams;
    sequencer->queue_end = &sequencer->queue;
    sequencer->answers_end = &sequencer->answers;
    sequencer->pending_end = &sequencer->pending;
    sequencer->done_end = &sequencer->done;
    sequencer->statements = sequencer->judging = options->statements;
    accord_buffer_init(&sequencer->checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = sequencer->options.dir == NULL || !groups_init(sequencer)
                                    ? accord_fail(error, ACCORD_NO_MEMORY, 0)
                                    : accord_sequencer_open(sequencer, error);
    if (status != ACCORD_OK)
        accord_sequencer_unmake(sequencer);
    else
        *out = sequencer;
    return status;
}

enum accord_status accord_sequencer_start(struct accord_sequencer **out, const struct accord_sequencer_options *options,
                                          struct accord_error *error)
{
    struct accord_sequencer *sequencer;
    enum accord_status status = accord_sequencer_make(&sequencer, options, &accord_sequencer_real, error);
    *out = NULL;
    if (status != ACCORD_OK)
        return status;
    if (pthread_create(&sequencer->thread, NULL, run, sequencer) != 0) {
        accord_sequencer_unmake(sequencer);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    sequencer->started = true;
    *out = sequencer;
    return ACCORD_OK;
}

/* Whoever opens the log next has nothing to replay, and the disk holds no entry twice. */
static void empty_journal(struct accord_sequencer *sequencer)
{
    struct accord_error error;
    if (!accord_sequencer_able(sequencer))
        return;
    accord_job_end(sequencer, true);
    if (accord_log_integrate(sequencer->log, &error) != ACCORD_OK)
        accord_sequencer_complain(sequencer, ACCORD_COMMIT_FAILED, &error);
}

void accord_sequencer_stop(struct accord_sequencer *sequencer)
{
    if (sequencer == NULL)
        return;
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->draining = true;
    sequencer->stopping = true;
    pthread_cond_broadcast(&sequencer->work);
    pthread_cond_broadcast(&sequencer->grown);
    pthread_cond_broadcast(&sequencer->changed);
    pthread_mutex_unlock(&sequencer->mutex);
    pthread_join(sequencer->thread, NULL);
    pthread_mutex_lock(&sequencer->mutex);
    while (sequencer->visitors > 0)
        pthread_cond_wait(&sequencer->changed, &sequencer->mutex);
    pthread_mutex_unlock(&sequencer->mutex);
    empty_journal(sequencer);
    accord_sequencer_unmake(sequencer);
}
