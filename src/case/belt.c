/* A ring of blocks between two threads. It knows how far each of them is; what the bytes are it does not ask. They may
 * be secrets: the blocks are wiped. */
#include "case/belt.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/backend.h"

#define BLOCK_SIZE ((size_t)1 << 18)
#define BLOCKS 4

/* Block filled % BLOCKS is the writer's, and is handed on when it is full; emptied <= filled < emptied + BLOCKS. */
struct accord_belt {
    struct accord_age_sink sink;
    pthread_t thread;
    bool running;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t filled, emptied;
    bool ended, dropped;
    enum accord_status status; /* the sink's refusal */
    struct accord_error error;
    size_t size[BLOCKS];
    uint8_t block[BLOCKS][BLOCK_SIZE];
};

/* The next block to empty; false where none will come. */
static bool next(struct accord_belt *belt)
{
    pthread_mutex_lock(&belt->mutex);
    while (belt->emptied == belt->filled && !belt->ended && !belt->dropped) {
        pthread_cond_wait(&belt->changed, &belt->mutex);
    }
    bool more = belt->emptied != belt->filled && !belt->dropped && belt->status == ACCORD_OK;
    pthread_mutex_unlock(&belt->mutex);
    return more;
}

static void *run(void *context)
{
    struct accord_belt *belt = context;
    while (next(belt)) {
        size_t turn = (size_t)(belt->emptied % BLOCKS);
        struct accord_error error = {0};
        enum accord_status status =
            belt->sink.write(belt->sink.context, (struct accord_bytes){belt->block[turn], belt->size[turn]}, &error);
        pthread_mutex_lock(&belt->mutex);
        belt->status = status;
        belt->error = error;
        belt->emptied++;
        pthread_cond_signal(&belt->changed);
        pthread_mutex_unlock(&belt->mutex);
    }
    return NULL;
}

enum accord_status accord_belt_new(struct accord_belt **belt, const struct accord_age_sink *sink,
                                   struct accord_error *error)
{
    struct accord_belt *made = calloc(1, sizeof *made);
    *belt = NULL;
    if (made == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    made->sink = *sink;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->changed, NULL);
    made->running = pthread_create(&made->thread, NULL, run, made) == 0;
    if (!made->running) {
        accord_belt_free(made);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    *belt = made;
    return ACCORD_OK;
}

static enum accord_status refusal(struct accord_belt *belt, struct accord_error *error)
{
    if (belt->status != ACCORD_OK && error != NULL) {
        *error = belt->error;
    }
    return belt->status;
}

/* Hands the writer's block on, and waits until the next one is free. */
static enum accord_status hand_on(struct accord_belt *belt, struct accord_error *error)
{
    pthread_mutex_lock(&belt->mutex);
    belt->filled++;
    pthread_cond_signal(&belt->changed);
    while (belt->filled == belt->emptied + BLOCKS && belt->status == ACCORD_OK) {
        pthread_cond_wait(&belt->changed, &belt->mutex);
    }
    belt->size[belt->filled % BLOCKS] = 0;
    enum accord_status status = refusal(belt, error);
    pthread_mutex_unlock(&belt->mutex);
    return status;
}

static enum accord_status take(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    struct accord_belt *belt = context;
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && bytes.size > 0) {
        size_t turn = (size_t)(belt->filled % BLOCKS), room = BLOCK_SIZE - belt->size[turn];
        size_t now = bytes.size < room ? bytes.size : room;
        memcpy(belt->block[turn] + belt->size[turn], bytes.data, now);
        belt->size[turn] += now;
        bytes.data += now;
        bytes.size -= now;
        if (now == room) {
            status = hand_on(belt, error);
        }
    }
    return status;
}

struct accord_age_sink accord_belt_sink(struct accord_belt *belt)
{
    return (struct accord_age_sink){belt, take};
}

static void join(struct accord_belt *belt)
{
    pthread_cond_signal(&belt->changed);
    pthread_mutex_unlock(&belt->mutex);
    if (belt->running) {
        pthread_join(belt->thread, NULL);
        belt->running = false;
    }
}

enum accord_status accord_belt_end(struct accord_belt *belt, struct accord_error *error)
{
    pthread_mutex_lock(&belt->mutex);
    if (belt->running && belt->status == ACCORD_OK && belt->size[belt->filled % BLOCKS] > 0) {
        belt->filled++;
    }
    belt->ended = true;
    join(belt);
    return refusal(belt, error);
}

void accord_belt_free(struct accord_belt *belt)
{
    if (belt == NULL) {
        return;
    }
    pthread_mutex_lock(&belt->mutex);
    belt->dropped = true;
    join(belt);
    pthread_cond_destroy(&belt->changed);
    pthread_mutex_destroy(&belt->mutex);
    accord_wipe(belt->block, sizeof belt->block);
    free(belt);
}
