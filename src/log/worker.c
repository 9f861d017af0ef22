/* A job behind its caller's back. Knows threads; refuses to know what the job does, and what follows when it fails. */
#include "log/worker.h"

#include <pthread.h>
#include <stdlib.h>

struct accord_worker {
    enum accord_log_syncing mode;
    pthread_t thread;
    bool started;
    unsigned asked; /* since the job was begun */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Under mutex. */
    int (*job)(void *context); /* NULL where there is none to do and none is being done */
    void *context;
    int result;
    bool stop;
    void (*wake)(void *context);
    void *wake_context;
};

static void *run(void *context)
{
    struct accord_worker *worker = context;
    pthread_mutex_lock(&worker->mutex);
    while (worker->job != NULL || !worker->stop) {
        if (worker->job == NULL) {
            pthread_cond_wait(&worker->changed, &worker->mutex);
            continue;
        }
        int (*job)(void *) = worker->job;
        void *job_context = worker->context;
        pthread_mutex_unlock(&worker->mutex);
        int result = job(job_context);
        pthread_mutex_lock(&worker->mutex);
        worker->result = result;
        worker->job = NULL;
        pthread_cond_broadcast(&worker->changed);
        void (*wake)(void *) = worker->wake;
        void *wake_context = worker->wake_context;
        pthread_mutex_unlock(&worker->mutex);
        if (wake != NULL)
            wake(wake_context);
        pthread_mutex_lock(&worker->mutex);
    }
    pthread_mutex_unlock(&worker->mutex);
    return NULL;
}

struct accord_worker *accord_worker_new(enum accord_log_syncing mode)
{
    struct accord_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker->mode = mode;
    if (pthread_mutex_init(&worker->mutex, NULL) != 0 || pthread_cond_init(&worker->changed, NULL) != 0)
        abort();
    return worker;
}

void accord_worker_free(struct accord_worker *worker)
{
    if (worker == NULL)
        return;
    if (worker->started) {
        pthread_mutex_lock(&worker->mutex);
        worker->stop = true;
        pthread_cond_broadcast(&worker->changed);
        pthread_mutex_unlock(&worker->mutex);
        pthread_join(worker->thread, NULL);
    }
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}

void accord_worker_mode(struct accord_worker *worker, enum accord_log_syncing mode)
{
    worker->mode = mode;
}

void accord_worker_wake(struct accord_worker *worker, void (*wake)(void *context), void *context)
{
    pthread_mutex_lock(&worker->mutex);
    worker->wake = wake;
    worker->wake_context = context;
    pthread_mutex_unlock(&worker->mutex);
}

void accord_worker_begin(struct accord_worker *worker, int (*job)(void *context), void *context)
{
    worker->asked = 0;
    if (worker->mode == ACCORD_LOG_SYNC_BEHIND && !worker->started) {
        worker->started = pthread_create(&worker->thread, NULL, run, worker) == 0;
        if (!worker->started)
            worker->mode = ACCORD_LOG_SYNC_FIRST;
    }
    bool now = worker->mode == ACCORD_LOG_SYNC_FIRST;
    int result = now ? job(context) : 0;
    pthread_mutex_lock(&worker->mutex);
    worker->job = now ? NULL : job;
    worker->context = context;
    worker->result = result;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->mutex);
}

/* Without a thread: does what waits. */
static void do_late(struct accord_worker *worker)
{
    if (worker->mode != ACCORD_LOG_SYNC_LAST || worker->job == NULL)
        return;
    worker->result = worker->job(worker->context);
    worker->job = NULL;
}

bool accord_worker_over(struct accord_worker *worker)
{
    if (worker->asked++ > 0)
        do_late(worker);
    pthread_mutex_lock(&worker->mutex);
    bool over = worker->job == NULL;
    pthread_mutex_unlock(&worker->mutex);
    return over;
}

int accord_worker_wait(struct accord_worker *worker)
{
    do_late(worker);
    pthread_mutex_lock(&worker->mutex);
    while (worker->job != NULL)
        pthread_cond_wait(&worker->changed, &worker->mutex);
    int result = worker->result;
    pthread_mutex_unlock(&worker->mutex);
    return result;
}
