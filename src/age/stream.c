/* A payload's chunks, in a ring. The caller's thread fills them and gives them to the sink in their order; in between
 * they are sealed or opened by whoever is free. Knows which chunk is whose; refuses to know keys but the payload's.
 *
 * The numbers grow for ever, and a chunk's place is its number modulo the ring's size:
 *     drained <= taken <= filled <= drained + RING
 * Chunks below drained went to the sink, those below taken are done or being worked on, those below filled wait. The
 * chunk numbered filled is the caller's, and fills up. */
#include "age/stream.h"

#include "age/chunk.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING 16
#define SLOT_SIZE (2 * (size_t)ACCORD_AGE_SEALED_CHUNK_SIZE)
#define HELPERS_MAX 3
/* So many chunks are worked on by the caller alone: a small file starts no thread. */
#define ALONE 8

struct slot {
    uint8_t *in, *out; /* of a sealed chunk's size each */
    size_t in_size, out_size;
    uint64_t number;
    bool last, done;
    enum accord_age_chunk chunk;
};

struct accord_age_stream {
    enum accord_age_way way;
    uint8_t key[32];
    struct accord_age_sink sink;
    enum accord_status failed; /* what every call says from now on */
    struct accord_error error;
    uint8_t *memory; /* of the slots */
    struct slot slots[RING];
    uint64_t drained, filled;
    /* Helpers, and what the lock guards: taken, stopping, filled where it changes, done of the slots below it. */
    bool threaded;
    size_t helper_count;
    pthread_t helpers[HELPERS_MAX];
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    uint64_t taken;
    bool stopping;
};

struct accord_age_stream *accord_age_stream_new(enum accord_age_way way, const uint8_t key[32],
                                                struct accord_age_sink sink)
{
    struct accord_age_stream *stream = calloc(1, sizeof *stream);
    uint8_t *memory = malloc(RING * SLOT_SIZE);
    if (stream == NULL || memory == NULL) {
        free(memory);
        free(stream);
        return NULL;
    }
    stream->memory = memory;
    for (size_t i = 0; i < RING; i++) {
        stream->slots[i].in = memory + i * SLOT_SIZE;
        stream->slots[i].out = stream->slots[i].in + ACCORD_AGE_SEALED_CHUNK_SIZE;
    }
    stream->way = way;
    memcpy(stream->key, key, sizeof stream->key);
    stream->sink = sink;
    return stream;
}

static size_t unit_of(const struct accord_age_stream *stream)
{
    return stream->way == ACCORD_AGE_SEAL ? ACCORD_AGE_CHUNK_SIZE : ACCORD_AGE_SEALED_CHUNK_SIZE;
}

static struct slot *slot_of(struct accord_age_stream *stream, uint64_t number)
{
    return &stream->slots[number % RING];
}

static void work_on(const struct accord_age_stream *stream, struct slot *slot)
{
    if (stream->way == ACCORD_AGE_SEAL) {
        accord_age_chunk_seal(stream->key, slot->number, slot->last, slot->in, slot->in_size, slot->out);
        slot->out_size = slot->in_size + ACCORD_AGE_TAG_SIZE;
        slot->chunk = ACCORD_AGE_CHUNK_FINE;
    } else {
        slot->chunk = accord_age_chunk_open(stream->key, slot->number, slot->last, slot->in, slot->in_size, slot->out);
        slot->out_size = slot->in_size - ACCORD_AGE_TAG_SIZE;
    }
}

/* Works on the next chunk that waits; the lock is held before and after, not while working. */
static void take_one(struct accord_age_stream *stream)
{
    struct slot *slot = slot_of(stream, stream->taken++);
    pthread_mutex_unlock(&stream->lock);
    work_on(stream, slot);
    pthread_mutex_lock(&stream->lock);
    slot->done = true;
}

static void *help(void *argument)
{
    struct accord_age_stream *stream = argument;
    pthread_mutex_lock(&stream->lock);
    while (!stream->stopping) {
        if (stream->taken < stream->filled) {
            take_one(stream);
            pthread_cond_signal(&stream->done);
        } else
            pthread_cond_wait(&stream->work, &stream->lock);
    }
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

/* One helper for each further processor, up to a few; none is no fault. Signals are for other threads. */
static void start_helpers(struct accord_age_stream *stream)
{
    sigset_t all, before;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 2)
        return;
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->work, NULL);
    pthread_cond_init(&stream->done, NULL);
    stream->taken = stream->filled;
    stream->threaded = true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (stream->helper_count < HELPERS_MAX && (long)stream->helper_count < processors - 1 &&
           pthread_create(&stream->helpers[stream->helper_count], NULL, help, stream) == 0)
        stream->helper_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_helpers(struct accord_age_stream *stream)
{
    if (!stream->threaded)
        return;
    pthread_mutex_lock(&stream->lock);
    stream->stopping = true;
    pthread_cond_broadcast(&stream->work);
    pthread_mutex_unlock(&stream->lock);
    for (size_t i = 0; i < stream->helper_count; i++)
        pthread_join(stream->helpers[i], NULL);
    pthread_cond_destroy(&stream->done);
    pthread_cond_destroy(&stream->work);
    pthread_mutex_destroy(&stream->lock);
    stream->threaded = false;
}

static enum accord_status fail(struct accord_age_stream *stream, enum accord_status status, const char *what,
                               const char *found, struct accord_error *error)
{
    stream->failed = accord_age_fail(&stream->error, status, what);
    accord_error_found(&stream->error, (struct accord_bytes){(const uint8_t *)found, strlen(found)});
    if (error != NULL)
        *error = stream->error;
    return status;
}

/* What is wrong with a chunk, or ACCORD_OK. */
static enum accord_status judge(struct accord_age_stream *stream, const struct slot *slot, struct accord_error *error)
{
    uint8_t text[64];
    struct accord_out what = {text, sizeof text - 1, 0, false};
    accord_put(&what, ACCORD_LITERAL("chunk "));
    accord_put_decimal(&what, slot->number);
    text[what.size] = '\0';
    switch (slot->chunk) {
    case ACCORD_AGE_CHUNK_FINE:
        return ACCORD_OK;
    case ACCORD_AGE_CHUNK_FORGED:
        return fail(stream, ACCORD_SIGNATURE, (const char *)text, "other bytes than were sealed, or too few", error);
    case ACCORD_AGE_CHUNK_LAST:
        return fail(stream, ACCORD_SIGNATURE, (const char *)text, "more bytes after the last chunk", error);
    case ACCORD_AGE_CHUNK_CUT:
        return fail(stream, ACCORD_MALFORMED, (const char *)text, "an end, and this is not the last chunk", error);
    case ACCORD_AGE_CHUNK_EMPTY:
        break;
    }
    return fail(stream, ACCORD_MALFORMED, (const char *)text, "a last chunk that is empty", error);
}

static enum accord_status give(struct accord_age_stream *stream, struct slot *slot, struct accord_error *error)
{
    bool authentic = slot->chunk != ACCORD_AGE_CHUNK_FORGED && slot->chunk != ACCORD_AGE_CHUNK_EMPTY;
    struct accord_error refusal = {.status = ACCORD_OK};
    stream->drained++;
    slot->done = false;
    if (authentic && slot->out_size > 0) {
        enum accord_status status =
            stream->sink.write(stream->sink.context, (struct accord_bytes){slot->out, slot->out_size}, &refusal);
        if (status != ACCORD_OK) {
            refusal.status = status;
            stream->failed = status;
            stream->error = refusal;
            if (error != NULL)
                *error = refusal;
            return status;
        }
    }
    return judge(stream, slot, error);
}

/* The oldest chunk, when it is done: until then this thread helps. */
static enum accord_status drain_one(struct accord_age_stream *stream, struct accord_error *error)
{
    struct slot *slot = slot_of(stream, stream->drained);
    if (stream->threaded) {
        pthread_mutex_lock(&stream->lock);
        while (!slot->done) {
            if (stream->taken < stream->filled)
                take_one(stream);
            else
                pthread_cond_wait(&stream->done, &stream->lock);
        }
        pthread_mutex_unlock(&stream->lock);
    }
    return give(stream, slot, error);
}

static enum accord_status drain_to(struct accord_age_stream *stream, uint64_t number, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && stream->drained < number)
        status = drain_one(stream, error);
    return status;
}

/* Hands over the chunk that the caller has filled. */
static enum accord_status hand_over(struct accord_age_stream *stream, bool last, struct accord_error *error)
{
    struct slot *slot = slot_of(stream, stream->filled);
    slot->number = stream->filled;
    slot->last = last;
    if (!stream->threaded && stream->filled == ALONE && !last)
        start_helpers(stream);
    if (!stream->threaded) {
        work_on(stream, slot);
        stream->filled++;
        return drain_to(stream, stream->filled, error);
    }
    pthread_mutex_lock(&stream->lock);
    stream->filled++;
    pthread_cond_signal(&stream->work);
    pthread_mutex_unlock(&stream->lock);
    /* One place is kept free for the caller to fill. */
    uint64_t until = last ? stream->filled : stream->filled < RING ? 0 : stream->filled - (RING - 1);
    return drain_to(stream, until, error);
}

static enum accord_status again(const struct accord_age_stream *stream, struct accord_error *error)
{
    if (stream->failed != ACCORD_OK && error != NULL)
        *error = stream->error;
    return stream->failed;
}

enum accord_status accord_age_stream_write(struct accord_age_stream *stream, struct accord_bytes bytes,
                                           struct accord_error *error)
{
    const size_t unit = unit_of(stream);
    while (stream->failed == ACCORD_OK && bytes.size > 0) {
        struct slot *slot = slot_of(stream, stream->filled);
        /* A chunk is known not to be the last when a byte comes after it. */
        if (slot->in_size == unit) {
            if (hand_over(stream, false, error) != ACCORD_OK)
                break;
            slot_of(stream, stream->filled)->in_size = 0;
            continue;
        }
        size_t room = unit - slot->in_size, size = bytes.size < room ? bytes.size : room;
        memcpy(slot->in + slot->in_size, bytes.data, size);
        slot->in_size += size;
        bytes = (struct accord_bytes){bytes.data + size, bytes.size - size};
    }
    return again(stream, error);
}

enum accord_status accord_age_stream_drain(struct accord_age_stream *stream, struct accord_error *error)
{
    if (stream->failed == ACCORD_OK)
        (void)drain_to(stream, stream->filled, error);
    return again(stream, error);
}

enum accord_status accord_age_stream_end(struct accord_age_stream *stream, struct accord_error *error)
{
    const struct slot *slot = slot_of(stream, stream->filled);
    if (stream->failed == ACCORD_OK && stream->way == ACCORD_AGE_OPEN && slot->in_size < ACCORD_AGE_TAG_SIZE) {
        if (drain_to(stream, stream->filled, error) == ACCORD_OK)
            return fail(stream, ACCORD_MALFORMED, "", "an end, and the last chunk has not come", error);
    } else if (stream->failed == ACCORD_OK)
        (void)hand_over(stream, true, error);
    return again(stream, error);
}

void accord_age_stream_free(struct accord_age_stream *stream)
{
    if (stream == NULL)
        return;
    stop_helpers(stream);
    /* Of memory that was never used there are no pages yet. */
    accord_wipe(stream->memory, stream->filled < RING ? ((size_t)stream->filled + 1) * SLOT_SIZE : RING * SLOT_SIZE);
    free(stream->memory);
    accord_wipe(stream, sizeof *stream);
    free(stream);
}
