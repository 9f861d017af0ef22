/* Jobs that the publisher's thread asks for: sealing the tree, publishing its checkpoint. Knows how one is asked for,
 * begun, ended and waited for; refuses to know what a checkpoint says and who signs it. */
#include <string.h>

#include "serve/sequencer_inner.h"

/* The commit thread's side */

/* From here on the job is the memory of the one who asked. */
static void over(struct accord_sequencer *sequencer, struct accord_job *job, enum accord_status status)
{
    sequencer->asked = NULL;
    sequencer->running = NULL;
    pthread_mutex_lock(&sequencer->mutex);
    job->status = status;
    job->over = true;
    sequencer->job = NULL;
    pthread_cond_broadcast(&sequencer->changed);
    pthread_mutex_unlock(&sequencer->mutex);
}

void accord_job_begin(struct accord_sequencer *sequencer)
{
    struct accord_job *job = sequencer->asked;
    if (job == NULL || sequencer->running != NULL)
        return;
    enum accord_status status = job->publish ? accord_log_publish_begin(sequencer->log, job->checkpoint, &job->error)
                                             : accord_log_seal_begin(sequencer->log, &job->error);
    accord_group_settle(sequencer, status == ACCORD_OK ? NULL : &job->error);
    if (status != ACCORD_OK)
        over(sequencer, job, status);
    else
        sequencer->running = job;
}

void accord_job_end(struct accord_sequencer *sequencer, bool wait)
{
    struct accord_job *job = sequencer->running;
    bool done = false;
    if (job == NULL)
        return;
    enum accord_status status = job->publish ? accord_log_publish_end(sequencer->log, wait, &done, &job->error)
                                             : accord_log_seal_end(sequencer->log, wait, &done, &job->error);
    if (status == ACCORD_OK && !done)
        return;
    if (status == ACCORD_OK) {
        job->size = accord_log_sealed(sequencer->log, job->root);
        if (!job->publish && sequencer->admission != NULL)
            accord_admission_remember(sequencer->admission, job->size);
    }
    accord_sequencer_show(sequencer);
    over(sequencer, job, status);
}

void accord_job_fail(struct accord_sequencer *sequencer, const struct accord_error *error)
{
    struct accord_job *job = sequencer->asked;
    if (job == NULL)
        return;
    job->error = *error;
    over(sequencer, job, error->status);
}

void accord_sequencer_show(struct accord_sequencer *sequencer)
{
    struct accord_metrics *metrics = sequencer->options.metrics;
    struct accord_bytes checkpoint = accord_log_checkpoint(sequencer->log);
    struct accord_checkpoint_claim claim;
    struct accord_error error;
    uint8_t root[ACCORD_HASH_SIZE];
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->size = accord_log_size(sequencer->log);
    if (accord_checkpoint_parse(&claim, checkpoint, &error) == ACCORD_OK) {
        sequencer->published = claim.size;
        sequencer->checkpoint.size = 0;
        if (accord_buffer_append(&sequencer->checkpoint, checkpoint) != ACCORD_OK)
            sequencer->checkpoint.size = 0;
    }
    atomic_store_explicit(&metrics->published, sequencer->published, memory_order_relaxed);
    pthread_cond_broadcast(&sequencer->grown);
    pthread_mutex_unlock(&sequencer->mutex);
    atomic_store_explicit(&metrics->size, accord_log_size(sequencer->log), memory_order_relaxed);
    atomic_store_explicit(&metrics->sealed, accord_log_sealed(sequencer->log, root), memory_order_relaxed);
}

/* The other threads' side */

enum accord_status accord_sequencer_stopping(struct accord_error *error)
{
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, ACCORD_LITERAL("log"));
    accord_error_expected(error, ACCORD_LITERAL("a server that goes on"));
    accord_error_found(error, ACCORD_LITERAL("one that is stopping"));
    return ACCORD_IO;
}

static void leave(struct accord_sequencer *sequencer)
{
    sequencer->visitors--;
    pthread_cond_broadcast(&sequencer->changed);
    pthread_mutex_unlock(&sequencer->mutex);
}

static void ask(struct accord_sequencer *sequencer, struct accord_job *job)
{
    job->over = false;
    sequencer->job = job;
    sequencer->poked = true;
    pthread_cond_signal(&sequencer->work);
}

bool accord_sequencer_ask(struct accord_sequencer *sequencer, struct accord_job *job)
{
    pthread_mutex_lock(&sequencer->mutex);
    bool free = sequencer->job == NULL && !sequencer->stopping;
    if (free)
        ask(sequencer, job);
    pthread_mutex_unlock(&sequencer->mutex);
    return free;
}

/* The thread fails what was asked for before it ends, so a job that was asked for is over some time. */
static enum accord_status ask_and_wait(struct accord_sequencer *sequencer, struct accord_job *job,
                                       struct accord_error *error)
{
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->visitors++;
    while (sequencer->job != NULL && !sequencer->stopping)
        pthread_cond_wait(&sequencer->changed, &sequencer->mutex);
    if (sequencer->stopping) {
        job->status = accord_sequencer_stopping(&job->error);
    } else {
        ask(sequencer, job);
        while (!job->over)
            pthread_cond_wait(&sequencer->changed, &sequencer->mutex);
    }
    leave(sequencer);
    if (job->status != ACCORD_OK && error != NULL)
        *error = job->error;
    return job->status;
}

enum accord_status accord_sequencer_seal(struct accord_sequencer *sequencer, uint64_t *size,
                                         uint8_t root[ACCORD_HASH_SIZE], struct accord_error *error)
{
    struct accord_job job = {.publish = false};
    enum accord_status status = ask_and_wait(sequencer, &job, error);
    if (status != ACCORD_OK)
        return status;
    *size = job.size;
    memcpy(root, job.root, ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

enum accord_status accord_sequencer_publish(struct accord_sequencer *sequencer, struct accord_bytes checkpoint,
                                            struct accord_error *error)
{
    struct accord_job job = {.publish = true, .checkpoint = checkpoint};
    return ask_and_wait(sequencer, &job, error);
}

static struct timespec moment(uint64_t us)
{
    return (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
}

bool accord_sequencer_wait_growth(struct accord_sequencer *sequencer, uint64_t timeout_ms)
{
    struct timespec until = moment(sequencer->seams.now_us() + timeout_ms * 1000);
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->visitors++;
    unsigned seen = sequencer->wakes_seen;
    int waited = 0;
    while (sequencer->size <= sequencer->published && sequencer->wakes == seen && !sequencer->stopping && waited == 0)
        waited = pthread_cond_timedwait(&sequencer->grown, &sequencer->mutex, &until);
    sequencer->wakes_seen = sequencer->wakes;
    bool grown = sequencer->size > sequencer->published;
    leave(sequencer);
    return grown;
}

/* Who comes to wait only after this does not wait: the reason to wake may have come between two looks. */
void accord_sequencer_wake_all(struct accord_sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->wakes++;
    pthread_cond_broadcast(&sequencer->grown);
    pthread_mutex_unlock(&sequencer->mutex);
}

enum accord_status accord_sequencer_checkpoint(struct accord_sequencer *sequencer, struct accord_buffer *checkpoint,
                                               struct accord_error *error)
{
    pthread_mutex_lock(&sequencer->mutex);
    enum accord_status status = sequencer->checkpoint.size == 0
                                    ? ACCORD_NO_MEMORY
                                    : accord_buffer_append(checkpoint, accord_buffer_bytes(&sequencer->checkpoint));
    pthread_mutex_unlock(&sequencer->mutex);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

void accord_sequencer_drain(struct accord_sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->mutex);
    sequencer->draining = true;
    sequencer->visitors++;
    while (sequencer->waiting_requests > 0)
        pthread_cond_wait(&sequencer->changed, &sequencer->mutex);
    leave(sequencer);
}
