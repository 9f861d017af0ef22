/* Runs of the deduplication: print(parse(x)) == x for each header that is accepted; and any file whose checksum is
 * right can be opened, looked into and read to its end without leaving its bytes or its range. */
#include "log/dedup_run.h"

#include <stdlib.h>
#include <string.h>

#include "log/dedup_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One file, read only. */
static int file_open(void *context, const char *path, int how, unsigned mode)
{
    (void)context;
    (void)path;
    (void)how;
    (void)mode;
    return 1;
}

static int file_close(void *context, int handle)
{
    (void)context;
    (void)handle;
    return 0;
}

static int64_t file_size(void *context, int handle)
{
    (void)handle;
    return (int64_t)((const struct accord_bytes *)context)->size;
}

static int64_t file_read(void *context, int handle, void *data, size_t size, uint64_t offset)
{
    const struct accord_bytes *file = context;
    (void)handle;
    if (offset >= file->size)
        return 0;
    size = size < file->size - offset ? size : (size_t)(file->size - offset);
    memcpy(data, file->data + offset, size);
    return (int64_t)size;
}

/* A fuzzer does not find SHA-256 values. */
static void mend(struct accord_dedup_header *header, uint8_t *file, size_t size)
{
    struct accord_dedup_run run = {.header = *header};
    uint8_t records[ACCORD_HASH_SIZE];
    accord_dedup_run_shape(&run);
    uint64_t start = accord_dedup_record_offset(&run, 0);
    if (size < start)
        return;
    bool small = header->end - header->first <= ACCORD_DEDUP_SMALL;
    accord_hash(&accord_crypto_default, (struct accord_bytes){file + start, size - (size_t)start}, records);
    struct accord_bytes directory = {file + ACCORD_DEDUP_HEADER_SIZE, (size_t)start - ACCORD_DEDUP_HEADER_SIZE};
    accord_dedup_checksum(header, directory, small ? records : NULL, header->checksum);
    accord_dedup_header_print(header, file);
}

static void use(const struct accord_dedup_run *run)
{
    struct accord_dedup_cursor cursor;
    struct accord_dedup_hits hits;
    uint64_t key, index, last = 0, count = 0;
    int result = accord_dedup_cursor_init(&cursor, run, 600);
    while (result == 0 && (result = accord_dedup_cursor_next(&cursor, &key, &index)) > 0) {
        if (key < last || index < run->header.first || index >= run->header.end || ++count > run->header.count)
            abort();
        last = key;
        if (accord_dedup_run_look(run, key, &hits) != 0 || hits.count > ACCORD_DEDUP_HITS_MAX)
            abort();
        for (size_t i = 0; i < hits.count; i++)
            if (hits.index[i] < run->header.first || hits.index[i] >= run->header.end ||
                (i > 0 && hits.index[i] < hits.index[i - 1]))
                abort();
        result = 0;
    }
    if (result != 0)
        abort();
    accord_dedup_cursor_free(&cursor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_dedup_header header;
    uint8_t printed[ACCORD_DEDUP_HEADER_SIZE];
    if (size < ACCORD_DEDUP_HEADER_SIZE || !accord_dedup_header_parse(&header, data))
        return 0;
    accord_dedup_header_print(&header, printed);
    if (memcmp(printed, data, sizeof printed) != 0)
        abort();
    uint8_t *file = malloc(size);
    if (file == NULL)
        return 0;
    memcpy(file, data, size);
    mend(&header, file, size);
    struct accord_bytes bytes = {file, size};
    const struct accord_fs fs = {
        .context = &bytes, .open = file_open, .close = file_close, .size = file_size, .read_at = file_read};
    const struct accord_dedup_place place = {&fs, ".", {0}, 1024};
    struct accord_dedup_run *run;
    if (accord_dedup_run_open(&run, &place, header.first, header.end) == 0) {
        use(run);
        accord_dedup_run_close(run);
    }
    free(file);
    return 0;
}
