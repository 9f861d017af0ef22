/* Reads a file and hashes it, at the speed of the slower of the two. It knows chunks and threads; it refuses to know
 * what the digest is for. */
#include "cli/stream.h"

#include "base/file.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* From here on a second thread costs less than it saves. */
#define OVERLAP_FROM (1024 * 1024)

struct source {
    const struct accord_fs *fs;
    int handle;
    bool standard_input;
    uint64_t offset;
};

/* Fills up to ACCORD_STREAM_CHUNK bytes; 0 at the end, -errno. */
static int64_t source_read(struct source *source, uint8_t *data)
{
    int64_t got;
    if (source->standard_input) {
        do {
            got = read(STDIN_FILENO, data, ACCORD_STREAM_CHUNK);
        } while (got < 0 && errno == EINTR);
        got = got < 0 ? -errno : got;
    } else {
        got = source->fs->read_at(source->fs->context, source->handle, data, ACCORD_STREAM_CHUNK, source->offset);
    }
    source->offset += got > 0 ? (uint64_t)got : 0;
    return got;
}

/* A ring of chunks: the reader fills chunk[filled % N], the hasher empties chunk[emptied % N]. Invariant:
 * emptied <= filled <= emptied + N. got is the size of each chunk; 0 or less ends the stream. */
struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t filled, emptied;
    int64_t got[ACCORD_STREAM_CHUNKS];
    struct source *source;
    struct accord_stream *stream;
};

static void *fill(void *context)
{
    struct ring *ring = context;
    int64_t got = 1;
    for (uint64_t turn = 0; got > 0; turn++) {
        pthread_mutex_lock(&ring->mutex);
        while (turn == ring->emptied + ACCORD_STREAM_CHUNKS) {
            pthread_cond_wait(&ring->changed, &ring->mutex);
        }
        pthread_mutex_unlock(&ring->mutex);
        got = source_read(ring->source, ring->stream->chunk[turn % ACCORD_STREAM_CHUNKS]);
        pthread_mutex_lock(&ring->mutex);
        ring->got[turn % ACCORD_STREAM_CHUNKS] = got;
        ring->filled = turn + 1;
        pthread_cond_signal(&ring->changed);
        pthread_mutex_unlock(&ring->mutex);
    }
    return NULL;
}

/* 0, or -errno. */
static int64_t hash_ring(struct ring *ring, const struct accord_crypto *crypto, struct accord_sha256 *sha)
{
    for (uint64_t turn = 0;; turn++) {
        pthread_mutex_lock(&ring->mutex);
        while (turn == ring->filled) {
            pthread_cond_wait(&ring->changed, &ring->mutex);
        }
        int64_t got = ring->got[turn % ACCORD_STREAM_CHUNKS];
        pthread_mutex_unlock(&ring->mutex);
        if (got <= 0) {
            return got;
        }
        crypto->sha256_update(sha, ring->stream->chunk[turn % ACCORD_STREAM_CHUNKS], (size_t)got);
        pthread_mutex_lock(&ring->mutex);
        ring->emptied = turn + 1;
        /* Waking a thread costs as much as hashing some kilobytes: the reader sleeps until half the ring is its own. */
        if (ring->filled - ring->emptied == ACCORD_STREAM_CHUNKS / 2) {
            pthread_cond_signal(&ring->changed);
        }
        pthread_mutex_unlock(&ring->mutex);
    }
}

static int64_t hash_alone(struct accord_stream *stream, struct source *source, const struct accord_crypto *crypto,
                          struct accord_sha256 *sha)
{
    int64_t got;
    while ((got = source_read(source, stream->chunk[0])) > 0) {
        crypto->sha256_update(sha, stream->chunk[0], (size_t)got);
    }
    return got;
}

static int64_t hash_overlapped(struct accord_stream *stream, struct source *source, const struct accord_crypto *crypto,
                               struct accord_sha256 *sha)
{
    struct ring ring = {.source = source, .stream = stream};
    pthread_t reader;
    pthread_mutex_init(&ring.mutex, NULL);
    pthread_cond_init(&ring.changed, NULL);
    int64_t result;
    if (pthread_create(&reader, NULL, fill, &ring) == 0) {
        result = hash_ring(&ring, crypto, sha);
        pthread_join(reader, NULL);
    } else {
        result = hash_alone(stream, source, crypto, sha);
    }
    pthread_cond_destroy(&ring.changed);
    pthread_mutex_destroy(&ring.mutex);
    return result;
}

enum accord_status accord_stream_hash(struct accord_stream *stream, const struct accord_fs *fs,
                                      const struct accord_crypto *crypto, const char *path,
                                      uint8_t sha256[ACCORD_HASH_SIZE], uint64_t *size, struct accord_error *error)
{
    struct source source = {.fs = fs, .standard_input = strcmp(path, "-") == 0};
    bool large = source.standard_input;
    if (!source.standard_input) {
        source.handle = fs->open(fs->context, path, ACCORD_OPEN_READ, 0);
        if (source.handle < 0) {
            return accord_file_error(error, source.handle, path);
        }
        large = fs->size(fs->context, source.handle) > OVERLAP_FROM;
    }
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    int64_t result = large ? hash_overlapped(stream, &source, crypto, &sha) : hash_alone(stream, &source, crypto, &sha);
    if (!source.standard_input) {
        fs->close(fs->context, source.handle);
    }
    if (result < 0) {
        return accord_file_error(error, (int)result, path);
    }
    crypto->sha256_final(&sha, sha256);
    *size = source.offset;
    return ACCORD_OK;
}
