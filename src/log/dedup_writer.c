/* Runs, written: records in one stream, then the header and the directory, then the name. Knows what must be on the
 * disk before the name is; refuses to know where the records come from. */
#include "log/dedup_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log/dedup_form.h"

#define BUFFER_SIZE (ACCORD_DEDUP_RECORD_SIZE * 10922)
#define HINT_SIZE ((uint64_t)4 << 20) /* so often the disk is told to begin, so that the sync at the end is short */
#define REPEATS_MAX 16                /* records that are kept of those a run cannot tell apart */
#define FILE_MODE 0644

static int start(struct accord_dedup_writer *writer)
{
    struct accord_dedup_run *run = writer->run;
    char path[ACCORD_DEDUP_PATH_SIZE];
    run->ends = calloc((size_t)1 << run->bucket_bits, sizeof *run->ends);
    writer->buffer = malloc(BUFFER_SIZE);
    if (run->ends == NULL || writer->buffer == NULL)
        return -ENOMEM;
    int result = accord_dedup_filter_init(run, writer->place);
    if (result != 0)
        return result;
    accord_dedup_run_path(path, writer->place, run->header.first, run->header.end, true);
    run->handle =
        run->fs->open(run->fs->context, path,
                      ACCORD_OPEN_READ | ACCORD_OPEN_WRITE | ACCORD_OPEN_CREATE | ACCORD_OPEN_TRUNCATE, FILE_MODE);
    return run->handle < 0 ? run->handle : 0;
}

int accord_dedup_writer_begin(struct accord_dedup_writer *writer, const struct accord_dedup_place *place,
                              uint64_t first, uint64_t end)
{
    if (first >= end || end - first > ACCORD_DEDUP_RANGE_MAX)
        abort();
    memset(writer, 0, sizeof *writer);
    struct accord_dedup_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return -ENOMEM;
    run->fs = place->fs;
    run->handle = -1;
    run->header.first = first;
    run->header.end = end;
    memcpy(run->header.salt, place->salt, sizeof run->header.salt);
    accord_dedup_run_shape(run);
    writer->place = place;
    writer->run = run;
    writer->offset = accord_dedup_record_offset(run, 0);
    accord_crypto_default.sha256_init(&writer->records);
    int result = start(writer);
    if (result != 0)
        accord_dedup_writer_abandon(writer);
    return result;
}

static int flush(struct accord_dedup_writer *writer)
{
    const struct accord_dedup_run *run = writer->run;
    if (writer->filled == 0)
        return 0;
    int64_t put = run->fs->write_at(run->fs->context, run->handle, writer->buffer, writer->filled, writer->offset);
    if (put < 0)
        return (int)put;
    if (run->header.end - run->header.first <= ACCORD_DEDUP_SMALL)
        accord_crypto_default.sha256_update(&writer->records, writer->buffer, writer->filled);
    writer->offset += writer->filled;
    writer->filled = 0;
    if (writer->offset - writer->hinted >= HINT_SIZE) {
        run->fs->write_back(run->fs->context, run->handle);
        writer->hinted = writer->offset;
    }
    return 0;
}

int accord_dedup_writer_put(struct accord_dedup_writer *writer, uint64_t key, uint64_t index)
{
    struct accord_dedup_run *run = writer->run;
    unsigned unknown = 16 + run->index_bits - run->bucket_bits; /* bits of the key that the run does not keep */
    uint64_t kept = key >> unknown, bucket = accord_dedup_bucket(run, key);
    if (run->header.count > 0 && kept < writer->last)
        abort();
    writer->repeats = run->header.count > 0 && kept == writer->last ? writer->repeats + 1 : 0;
    if (writer->repeats >= REPEATS_MAX)
        return 0;
    writer->last = kept;
    while (writer->bucket < bucket)
        run->ends[writer->bucket++] = (uint32_t)run->header.count;
    uint64_t record = accord_dedup_suffix(run, key) << run->index_bits | (index - run->header.first);
    accord_dedup_record_put(writer->buffer + writer->filled, record);
    writer->filled += ACCORD_DEDUP_RECORD_SIZE;
    run->header.count++;
    accord_dedup_filter_add(run, key);
    return writer->filled == BUFFER_SIZE ? flush(writer) : 0;
}

/* The header and the directory, now that they are known. */
static int write_front(struct accord_dedup_writer *writer)
{
    struct accord_dedup_run *run = writer->run;
    size_t buckets = (size_t)1 << run->bucket_bits, size = ACCORD_DEDUP_HEADER_SIZE + 4 * buckets;
    uint8_t *front = malloc(size), records[ACCORD_HASH_SIZE];
    if (front == NULL)
        return -ENOMEM;
    while (writer->bucket < buckets)
        run->ends[writer->bucket++] = (uint32_t)run->header.count;
    for (size_t i = 0; i < buckets; i++)
        for (size_t j = 0; j < 4; j++)
            front[ACCORD_DEDUP_HEADER_SIZE + 4 * i + j] = (uint8_t)(run->ends[i] >> (24 - 8 * j));
    accord_crypto_default.sha256_final(&writer->records, records);
    bool small = run->header.end - run->header.first <= ACCORD_DEDUP_SMALL;
    struct accord_bytes directory = {front + ACCORD_DEDUP_HEADER_SIZE, 4 * buckets};
    accord_dedup_checksum(&run->header, directory, small ? records : NULL, run->header.checksum);
    accord_dedup_header_print(&run->header, front);
    int64_t put = run->fs->write_at(run->fs->context, run->handle, front, size, 0);
    free(front);
    return put < 0 ? (int)put : 0;
}

static int name(const struct accord_dedup_writer *writer, bool durable)
{
    const struct accord_dedup_run *run = writer->run;
    char from[ACCORD_DEDUP_PATH_SIZE], to[ACCORD_DEDUP_PATH_SIZE];
    accord_dedup_run_path(from, writer->place, run->header.first, run->header.end, true);
    accord_dedup_run_path(to, writer->place, run->header.first, run->header.end, false);
    int result = durable ? run->fs->sync(run->fs->context, run->handle) : 0;
    if (result >= 0)
        result = run->fs->rename(run->fs->context, from, to);
    if (result >= 0 && durable)
        result = run->fs->sync_dir(run->fs->context, writer->place->dir);
    return result < 0 ? result : 0;
}

int accord_dedup_writer_finish(struct accord_dedup_writer *writer, bool durable, struct accord_dedup_run **run)
{
    if (!durable && writer->run->header.end - writer->run->header.first > ACCORD_DEDUP_SMALL)
        abort();
    int result = flush(writer);
    if (result == 0)
        result = write_front(writer);
    if (result == 0)
        result = name(writer, durable);
    if (result != 0) {
        accord_dedup_writer_abandon(writer);
        return result;
    }
    writer->run->bytes = accord_dedup_record_offset(writer->run, writer->run->header.count);
    *run = writer->run;
    writer->run = NULL;
    accord_dedup_writer_abandon(writer);
    return 0;
}

void accord_dedup_writer_abandon(struct accord_dedup_writer *writer)
{
    struct accord_dedup_run *run = writer->run;
    if (run != NULL && run->handle >= 0) {
        char path[ACCORD_DEDUP_PATH_SIZE];
        accord_dedup_run_path(path, writer->place, run->header.first, run->header.end, true);
        (void)run->fs->unlink(run->fs->context, path);
    }
    accord_dedup_run_close(run);
    writer->run = NULL;
    free(writer->buffer);
    writer->buffer = NULL;
}
