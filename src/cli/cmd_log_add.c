/* accord log add: files as entries, or a batch streamed in bounded memory. It prints indexes, and only those that are
 * durable. */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/log_open.h"
#include "cli/say.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one append takes of a batch: large enough that a sync is shared by thousands of entries, and small enough for
 * two of them, with their hashes, to stay below 16 MiB. */
#define PIECE (2 * 1024 * 1024)
#define ROOM (PIECE + 2 + ACCORD_ENTRY_SIZE_MAX)

const struct accord_option accord_options_log_add[] = {
    {.name = "key", .value = "KEY", .help = "the log's key: refuse where the log is another's"},
    {.name = "passphrase-file", .value = "F", .help = "the passphrase that opens KEY"},
    {.name = "batch",
     .value = "FILE",
     .help = "entries in one FILE (- is standard input), each after its length as a big-endian uint16"},
    {.name = NULL}};

static void print_indexes(const struct accord_call *call, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; !call->json && i < count; i++) {
        printf("%" PRIu64 "\n", first + i);
    }
}

/* Appends all that is in *entries, and empties it. */
static enum accord_status append_all(const struct accord_call *call, struct accord_log *log,
                                     struct accord_buffer *entries, uint64_t *total, struct accord_error *error)
{
    uint64_t first, count;
    enum accord_status status = accord_log_append(log, accord_buffer_bytes(entries), &first, &count, error);
    if (status == ACCORD_OK) {
        print_indexes(call, first, count);
        *total += count;
        entries->size = 0;
    }
    return status;
}

static enum accord_status read_entry(const struct accord_call *call, const char *path, struct accord_buffer *entry,
                                     struct accord_error *error)
{
    entry->size = 0;
    enum accord_status status = accord_file_read(call->fs, path, entry, error);
    if (status == ACCORD_OK && entry->size == 0) {
        status = accord_fail(error, ACCORD_MALFORMED, 0);
        accord_error_what(error, accord_bytes_of(path));
        accord_error_expected(error, ACCORD_LITERAL("an entry of 1 to 65535 bytes"));
    }
    return status;
}

static enum accord_status put_entry(struct accord_buffer *entries, const struct accord_buffer *entry,
                                    struct accord_error *error)
{
    uint8_t length[2] = {(uint8_t)(entry->size >> 8), (uint8_t)entry->size};
    if (accord_buffer_append(entries, (struct accord_bytes){length, 2}) != ACCORD_OK ||
        accord_buffer_append(entries, accord_buffer_bytes(entry)) != ACCORD_OK) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    return ACCORD_OK;
}

/* Reads every file before anything is appended, as far as one append takes them, so that an absent one adds nothing. */
static enum accord_status add_files(const struct accord_call *call, struct accord_log *log, uint64_t *total,
                                    struct accord_error *error)
{
    struct accord_buffer entry, entries;
    accord_buffer_init(&entry, ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&entries, ROOM);
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < call->operand_count - 1; i++) {
        status = read_entry(call, call->operands[1 + i], &entry, error);
        if (status == ACCORD_OK && entries.size + 2 + entry.size > ROOM) {
            status = append_all(call, log, &entries, total, error);
        }
        if (status == ACCORD_OK) {
            status = put_entry(&entries, &entry, error);
        }
    }
    if (status == ACCORD_OK && entries.size > 0) {
        status = append_all(call, log, &entries, total, error);
    }
    accord_buffer_free(&entry);
    accord_buffer_free(&entries);
    return status;
}

/* A batch being read. Invariant: the unread part of the file begins at offset. */
struct batch {
    const char *path;
    int handle;
    uint64_t offset;
    uint64_t total; /* the file's size, 0 where it has none */
    bool ended;
    uint8_t *data[2]; /* ROOM bytes each: the one being filled, and the one whose entries were put last */
    size_t size;      /* of what is in the first */
};

static enum accord_status batch_open(const struct accord_call *call, struct batch *batch, struct accord_error *error)
{
    batch->data[0] = malloc(ROOM);
    batch->data[1] = malloc(ROOM);
    if (batch->data[0] == NULL || batch->data[1] == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (strcmp(batch->path, "-") == 0) {
        batch->handle = STDIN_FILENO;
        return ACCORD_OK;
    }
    batch->handle = call->fs->open(call->fs->context, batch->path, ACCORD_OPEN_READ, 0);
    if (batch->handle < 0) {
        return accord_file_error(error, batch->handle, batch->path);
    }
    int64_t size = call->fs->size(call->fs->context, batch->handle);
    batch->total = size > 0 ? (uint64_t)size : 0;
    return ACCORD_OK;
}

static void batch_close(const struct accord_call *call, struct batch *batch)
{
    if (batch->handle > STDIN_FILENO) {
        (void)call->fs->close(call->fs->context, batch->handle);
    }
    free(batch->data[0]);
    free(batch->data[1]);
}

static enum accord_status batch_fill(const struct accord_call *call, struct batch *batch, struct accord_error *error)
{
    while (!batch->ended && batch->size < ROOM) {
        int64_t got = call->fs->read_at(call->fs->context, batch->handle, batch->data[0] + batch->size,
                                        ROOM - batch->size, batch->offset);
        if (got < 0) {
            return accord_file_error(error, (int)got, batch->path);
        }
        batch->ended = got == 0;
        batch->size += (size_t)got;
        batch->offset += (uint64_t)got;
    }
    return ACCORD_OK;
}

/* Puts the whole entries at the front of the buffer, and moves the rest to the front of the other one, which the log
 * has given back. */
static enum accord_status batch_put(struct accord_log *log, struct batch *batch, struct accord_error *error)
{
    struct accord_bytes rest = {batch->data[0], batch->size};
    struct accord_bytes piece = accord_log_cut(&rest, PIECE);
    /* Nothing whole at the end of the input: the log says what is wrong with it. */
    if (piece.size == 0) {
        piece = rest;
    }
    enum accord_status status = accord_log_put(log, piece, error);
    if (status != ACCORD_OK) {
        return status;
    }
    uint8_t *other = batch->data[1];
    memcpy(other, rest.data, rest.size);
    batch->data[1] = batch->data[0];
    batch->data[0] = other;
    batch->size = rest.size;
    return ACCORD_OK;
}

/* The log stays locked from the first piece to the last, so the batch's indexes follow one another. While one piece is
 * made durable the next one is read. */
static enum accord_status add_batch(const struct accord_call *call, struct accord_log *log, const char *path,
                                    uint64_t *count, struct accord_error *error)
{
    struct batch batch = {.path = path, .handle = -1};
    struct accord_progress progress = {.doing = "added", .of = "entries"};
    struct accord_error flushing;
    uint64_t first = accord_log_size(log);
    uint64_t pieces = 0;
    enum accord_status status = batch_open(call, &batch, error);
    while (status == ACCORD_OK) {
        status = batch_fill(call, &batch, error);
        if (status == ACCORD_OK && batch.size == 0 && pieces > 0) {
            break;
        }
        if (status == ACCORD_OK) {
            status = batch_put(log, &batch, error);
        }
        pieces++;
        accord_progress_step(&progress, accord_log_size(log) - first, 0);
    }
    enum accord_status flushed = accord_log_flush(log, &flushing);
    if (status == ACCORD_OK && flushed != ACCORD_OK) {
        status = flushed;
        *error = flushing;
    }
    /* Whoever opens the log next would write the tiles of a large batch again. */
    if (status == ACCORD_OK && pieces > 1) {
        status = accord_log_integrate(log, error);
    }
    *count = accord_log_size(log) - first;
    accord_progress_end(&progress);
    batch_close(call, &batch);
    return status;
}

static json_t *answer_json(uint64_t first, uint64_t count)
{
    return json_pack("{s:I, s:I}", "first", (json_int_t)first, "count", (json_int_t)count);
}

static int add(const struct accord_call *call, struct accord_log *log)
{
    struct accord_error error;
    uint64_t first = accord_log_size(log), count = 0;
    const char *batch = accord_call_value(call, "batch");
    enum accord_status status =
        batch != NULL ? add_batch(call, log, batch, &count, &error) : add_files(call, log, &count, &error);
    if (status != ACCORD_OK) {
        if (count > 0) {
            accord_note(call, "%" PRIu64 " entries before that are in the log, from index %" PRIu64 " on", count,
                        first);
        }
        return accord_refuse(call, batch, &error);
    }
    if (batch != NULL && !call->json) {
        printf("%" PRIu64 " %" PRIu64 "\n", first, count);
    }
    return accord_answer(call, answer_json(first, count));
}

int accord_run_log_add(struct accord_call *call)
{
    struct accord_error error;
    struct accord_log_opened opened;
    bool files = call->operand_count > 1;
    if (files == (accord_call_value(call, "batch") != NULL)) {
        return accord_usage(call, files ? "entries come as files or as --batch FILE, not both"
                                        : "it needs an ENTRY, or --batch FILE");
    }
    enum accord_status status = accord_log_opened_init(&opened, call, accord_call_value(call, "key"), &error);
    int exit_status = status == ACCORD_OK ? add(call, opened.log) : accord_refuse(call, call->operands[0], &error);
    accord_log_opened_free(&opened);
    return exit_status;
}
