/* A sync behind its caller's back. Knows threads and one file handle at a time; refuses to know what the sync makes
 * durable, and what follows when it fails. */
#include "log/syncer.h"

#include <pthread.h>
#include <stdlib.h>

struct accord_syncer {
    const struct accord_fs *fs;
    enum accord_log_syncing mode;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Under mutex. */
    bool waiting, stop; /* there is a sync to do, or one is being done; the thread is to end */
    int handle, result;
    uint64_t offset, size;
};

static int sync_now(const struct accord_fs *fs, int handle, uint64_t offset, uint64_t size)
{
    int result = fs->sync(fs->context, handle);
    if (result >= 0)
        fs->forget(fs->context, handle, offset, size);
    return result;
}

static void *run(void *context)
{
    struct accord_syncer *syncer = context;
    pthread_mutex_lock(&syncer->mutex);
    while (syncer->waiting || !syncer->stop) {
        if (syncer->waiting) {
            int handle = syncer->handle;
            uint64_t offset = syncer->offset, size = syncer->size;
            pthread_mutex_unlock(&syncer->mutex);
            int result = sync_now(syncer->fs, handle, offset, size);
            pthread_mutex_lock(&syncer->mutex);
            syncer->result = result;
            syncer->waiting = false;
            pthread_cond_broadcast(&syncer->changed);
        } else {
            pthread_cond_wait(&syncer->changed, &syncer->mutex);
        }
    }
    pthread_mutex_unlock(&syncer->mutex);
    return NULL;
}

struct accord_syncer *accord_syncer_new(const struct accord_fs *fs)
{
    struct accord_syncer *syncer = calloc(1, sizeof *syncer);
    if (syncer == NULL)
        return NULL;
    syncer->fs = fs;
    syncer->mode = fs == &accord_fs_real ? ACCORD_LOG_SYNC_BEHIND : ACCORD_LOG_SYNC_FIRST;
    if (pthread_mutex_init(&syncer->mutex, NULL) != 0 || pthread_cond_init(&syncer->changed, NULL) != 0)
        abort();
    return syncer;
}

void accord_syncer_free(struct accord_syncer *syncer)
{
    if (syncer == NULL)
        return;
    if (syncer->started) {
        pthread_mutex_lock(&syncer->mutex);
        syncer->stop = true;
        pthread_cond_broadcast(&syncer->changed);
        pthread_mutex_unlock(&syncer->mutex);
        pthread_join(syncer->thread, NULL);
    }
    pthread_cond_destroy(&syncer->changed);
    pthread_mutex_destroy(&syncer->mutex);
    free(syncer);
}

void accord_syncer_mode(struct accord_syncer *syncer, enum accord_log_syncing mode)
{
    syncer->mode = mode;
}

void accord_syncer_begin(struct accord_syncer *syncer, int handle, uint64_t offset, uint64_t size)
{
    if (syncer->mode == ACCORD_LOG_SYNC_BEHIND && !syncer->started) {
        syncer->started = pthread_create(&syncer->thread, NULL, run, syncer) == 0;
        if (!syncer->started)
            syncer->mode = ACCORD_LOG_SYNC_FIRST;
    }
    bool now = syncer->mode == ACCORD_LOG_SYNC_FIRST;
    int result = now ? sync_now(syncer->fs, handle, offset, size) : 0;
    pthread_mutex_lock(&syncer->mutex);
    syncer->handle = handle;
    syncer->offset = offset;
    syncer->size = size;
    syncer->result = result;
    syncer->waiting = !now;
    pthread_cond_broadcast(&syncer->changed);
    pthread_mutex_unlock(&syncer->mutex);
}

int accord_syncer_wait(struct accord_syncer *syncer)
{
    pthread_mutex_lock(&syncer->mutex);
    if (syncer->waiting && syncer->mode == ACCORD_LOG_SYNC_LAST) {
        syncer->result = sync_now(syncer->fs, syncer->handle, syncer->offset, syncer->size);
        syncer->waiting = false;
    }
    while (syncer->waiting)
        pthread_cond_wait(&syncer->changed, &syncer->mutex);
    int result = syncer->result;
    pthread_mutex_unlock(&syncer->mutex);
    return result;
}
