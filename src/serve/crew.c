/* The crew. Each of its threads takes the next piece that nobody has taken, as the caller does, so one that wakes late
 * delays nothing. Knows nothing of what the work is. */
#include "serve/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 3

struct accord_crew {
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
    pthread_mutex_t mutex;
    pthread_cond_t work_there, work_done;
    /* Under the mutex. */
    unsigned long round; /* of work */
    size_t busy;         /* threads that are at it */
    int ending;
    size_t count;
    void (*work)(void *context, size_t i);
    void *context;
    atomic_size_t next;
};

static void take_pieces(struct accord_crew *crew, size_t count, void (*work)(void *, size_t), void *context)
{
    for (size_t i = atomic_fetch_add(&crew->next, 1); i < count; i = atomic_fetch_add(&crew->next, 1))
        work(context, i);
}

static void *stand_by(void *argument)
{
    struct accord_crew *crew = argument;
    unsigned long seen = 0;
    pthread_mutex_lock(&crew->mutex);
    for (;;) {
        while (crew->round == seen && !crew->ending)
            pthread_cond_wait(&crew->work_there, &crew->mutex);
        if (crew->ending)
            break;
        seen = crew->round;
        if (crew->work == NULL) /* the caller was done before this thread woke */
            continue;
        void (*work)(void *, size_t) = crew->work;
        void *context = crew->context;
        size_t count = crew->count;
        crew->busy++;
        pthread_mutex_unlock(&crew->mutex);
        take_pieces(crew, count, work, context);
        pthread_mutex_lock(&crew->mutex);
        if (--crew->busy == 0)
            pthread_cond_signal(&crew->work_done);
    }
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

void accord_crew_share(struct accord_crew *crew, size_t count, void (*work)(void *context, size_t i), void *context)
{
    if (crew == NULL || count < 2) {
        for (size_t i = 0; i < count; i++)
            work(context, i);
        return;
    }
    pthread_mutex_lock(&crew->mutex);
    crew->round++;
    crew->count = count;
    crew->work = work;
    crew->context = context;
    atomic_store(&crew->next, 0);
    pthread_mutex_unlock(&crew->mutex);
    pthread_cond_broadcast(&crew->work_there);
    take_pieces(crew, count, work, context);
    pthread_mutex_lock(&crew->mutex);
    crew->work = NULL;
    while (crew->busy > 0)
        pthread_cond_wait(&crew->work_done, &crew->mutex);
    pthread_mutex_unlock(&crew->mutex);
}

struct accord_crew *accord_crew_new(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct accord_crew *crew = processors < 2 ? NULL : calloc(1, sizeof *crew);
    if (crew == NULL)
        return NULL;
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_cond_init(&crew->work_there, NULL);
    pthread_cond_init(&crew->work_done, NULL);
    while (crew->thread_count < THREADS_MAX && (long)crew->thread_count + 1 < processors &&
           pthread_create(&crew->threads[crew->thread_count], NULL, stand_by, crew) == 0)
        crew->thread_count++;
    if (crew->thread_count > 0)
        return crew;
    accord_crew_free(crew);
    return NULL;
}

void accord_crew_free(struct accord_crew *crew)
{
    if (crew == NULL)
        return;
    pthread_mutex_lock(&crew->mutex);
    crew->ending = 1;
    pthread_mutex_unlock(&crew->mutex);
    pthread_cond_broadcast(&crew->work_there);
    for (size_t i = 0; i < crew->thread_count; i++)
        pthread_join(crew->threads[i], NULL);
    pthread_mutex_destroy(&crew->mutex);
    pthread_cond_destroy(&crew->work_there);
    pthread_cond_destroy(&crew->work_done);
    free(crew);
}
