/* Jobs on a thread. Knows which of them comes next; refuses to know what they do. */
#include "log/dedup_work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct accord_dedup_worker {
    bool behind;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_bool any_over; /* so that to ask costs no lock */
    /* Under mutex. */
    struct accord_dedup_job *waiting, *over;
    bool stop;
};

static uint64_t weight(const struct accord_dedup_job *job)
{
    uint64_t records = 0;
    for (size_t i = 0; i < job->input_count; i++)
        records += job->inputs[i]->header.count;
    return job->task == ACCORD_DEDUP_MERGE ? 2 + records : job->task == ACCORD_DEDUP_WRITE ? 1 : 0;
}

/* Takes the lightest out of a list that is not empty. */
static struct accord_dedup_job *lightest(struct accord_dedup_job **list)
{
    struct accord_dedup_job **best = list;
    for (struct accord_dedup_job **at = &(*list)->next; *at != NULL; at = &(*at)->next)
        if (weight(*at) < weight(*best))
            best = at;
    struct accord_dedup_job *job = *best;
    *best = job->next;
    return job;
}

static void push(struct accord_dedup_job **list, struct accord_dedup_job *job)
{
    job->next = *list;
    *list = job;
}

static void is_over(struct accord_dedup_worker *worker, struct accord_dedup_job *job)
{
    push(&worker->over, job);
    atomic_store(&worker->any_over, true);
}

static void *run(void *context)
{
    struct accord_dedup_worker *worker = context;
    pthread_mutex_lock(&worker->mutex);
    while (!worker->stop) {
        if (worker->waiting == NULL) {
            pthread_cond_wait(&worker->changed, &worker->mutex);
            continue;
        }
        struct accord_dedup_job *job = lightest(&worker->waiting);
        pthread_mutex_unlock(&worker->mutex);
        bool finished = accord_dedup_job_step(job);
        pthread_mutex_lock(&worker->mutex);
        if (finished)
            is_over(worker, job);
        else
            push(&worker->waiting, job);
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

struct accord_dedup_worker *accord_dedup_worker_new(bool behind)
{
    struct accord_dedup_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return NULL;
    if (pthread_mutex_init(&worker->mutex, NULL) != 0 || pthread_cond_init(&worker->changed, NULL) != 0)
        abort();
    worker->behind = behind && pthread_create(&worker->thread, NULL, run, worker) == 0;
    return worker;
}

void accord_dedup_worker_give(struct accord_dedup_worker *worker, struct accord_dedup_job *job)
{
    if (!worker->behind)
        while (!accord_dedup_job_step(job))
            ;
    pthread_mutex_lock(&worker->mutex);
    if (worker->behind)
        push(&worker->waiting, job);
    else
        is_over(worker, job);
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
}

struct accord_dedup_job *accord_dedup_worker_take(struct accord_dedup_worker *worker)
{
    if (!atomic_load(&worker->any_over))
        return NULL;
    pthread_mutex_lock(&worker->mutex);
    struct accord_dedup_job *job = worker->over;
    if (job != NULL)
        worker->over = job->next;
    if (worker->over == NULL)
        atomic_store(&worker->any_over, false);
    pthread_mutex_unlock(&worker->mutex);
    return job;
}

struct accord_dedup_job *accord_dedup_worker_free(struct accord_dedup_worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    worker->stop = true;
    pthread_cond_signal(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
    if (worker->behind)
        pthread_join(worker->thread, NULL);
    struct accord_dedup_job *jobs = worker->over;
    while (worker->waiting != NULL) {
        struct accord_dedup_job *job = worker->waiting;
        worker->waiting = job->next;
        push(&jobs, job);
    }
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
    return jobs;
}
