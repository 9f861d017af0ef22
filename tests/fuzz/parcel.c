/* Parcels, as they come in pieces: the first two bytes say how. What the reader accepts has one form alone, so that it
 * is made again, to the same bytes, from its cover and its files. */
#include "case/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "case/tar_header.h"

#define SIZE_MOST ((size_t)1 << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* What is made from what came to the sinks. */
static struct accord_buffer made;

static void append(struct accord_bytes bytes)
{
    require(accord_buffer_append(&made, bytes) == ACCORD_OK);
}

static void fill(size_t to)
{
    static const uint8_t zero[1];
    while (made.size < to)
        append((struct accord_bytes){zero, 1});
}

static void member(struct accord_bytes name, uint64_t size)
{
    uint8_t block[ACCORD_TAR_BLOCK];
    fill((made.size + ACCORD_TAR_BLOCK - 1) / ACCORD_TAR_BLOCK * ACCORD_TAR_BLOCK);
    accord_tar_header(block, name, size);
    append((struct accord_bytes){block, sizeof block});
}

static enum accord_status take(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    (void)context, (void)error;
    append(bytes);
    return ACCORD_OK;
}

static enum accord_status opened(void *context, const struct accord_cover *cover, size_t file,
                                 struct accord_age_sink *sink, struct accord_error *error)
{
    (void)context, (void)error;
    if (file == 0) {
        static uint8_t text[ACCORD_COVER_SIZE_MAX];
        struct accord_out out = {text, sizeof text, 0, false};
        accord_cover_print(&out, cover);
        require(!out.full);
        member(ACCORD_LITERAL("COVER"), out.size);
        append(accord_out_bytes(&out));
    }
    member(cover->files[file].name, cover->files[file].size);
    *sink = (struct accord_age_sink){NULL, take};
    return ACCORD_OK;
}

static enum accord_status read_all(struct accord_parcel_reader *reader, struct accord_bytes bytes, unsigned seed)
{
    enum accord_status status = ACCORD_OK;
    while (status == ACCORD_OK && bytes.size > 0) {
        seed = seed * 1103515245 + 12345;
        size_t now = seed % 4 == 0 ? 1 : (seed >> 8) % 1500;
        now = now < bytes.size ? now : bytes.size;
        status = accord_parcel_reader_write(reader, (struct accord_bytes){bytes.data, now}, NULL);
        bytes.data += now;
        bytes.size -= now;
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct accord_parcel_reader *reader;
    const struct accord_parcel_reading reading = {NULL, opened};
    const struct accord_cover *cover;
    uint8_t digest[ACCORD_HASH_SIZE], again[ACCORD_HASH_SIZE];
    if (size < 2)
        return 0;
    const struct accord_bytes bytes = {data + 2, size - 2};
    accord_buffer_init(&made, SIZE_MOST);
    require(accord_parcel_reader_new(&reader, &reading, &accord_crypto_default, NULL) == ACCORD_OK);
    if (size <= SIZE_MOST / 2 && read_all(reader, bytes, (unsigned)data[0] << 8 | data[1]) == ACCORD_OK &&
        accord_parcel_reader_end(reader, &cover, digest, NULL) == ACCORD_OK) {
        require(accord_parcel_size(cover, accord_parcel_reader_cover(reader).size) == bytes.size);
        fill(bytes.size);
        require(accord_bytes_equal(accord_buffer_bytes(&made), bytes));
        accord_hash(&accord_crypto_default, bytes, again);
        require(memcmp(again, digest, sizeof digest) == 0);
    }
    accord_parcel_reader_free(reader);
    accord_buffer_free(&made);
    return 0;
}
