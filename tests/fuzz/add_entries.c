/* Bodies of add-entries requests: what is read prints as it came, whatever the cuts in which it came. */
#include "mirror/upload.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PRINTED_MAX (1 << 22)

static void require(bool condition)
{
    if (!condition)
        abort();
}

struct told {
    unsigned packages;
    bool header, whole;
    enum accord_status wrong; /* ACCORD_OK where nothing is */
    size_t taken;             /* bytes, up to the last thing that was told */
    struct accord_out out;
};

static void print(struct told *told, const struct accord_upload *upload, enum accord_upload_step step)
{
    if (step == ACCORD_UPLOAD_HEADER) {
        require(!told->header);
        told->header = true;
        require(upload->header.start <= upload->header.end);
        accord_upload_header_print(&told->out, &upload->header);
        return;
    }
    const struct accord_upload_package *package = &upload->package;
    require(told->header && package->count > 0 && package->count <= ACCORD_TILE_WIDTH);
    require(package->first >= upload->header.start && package->count <= upload->header.end - package->first);
    told->packages++;
    struct accord_bytes entry;
    size_t cursor = 0;
    for (uint64_t i = 0; i < package->count; i++)
        require(accord_bundle_next(package->entries, &cursor, &entry));
    require(cursor == package->entries.size);
    require(!told->out.full && told->out.capacity - told->out.size >= package->entries.size);
    memcpy(told->out.data + told->out.size, package->entries.data, cursor);
    told->out.size += cursor;
    accord_upload_proof_print(&told->out, &package->proof);
}

static struct told read_all(struct accord_bytes body, size_t piece, uint8_t *printed)
{
    struct accord_upload upload;
    struct told told = {.out = {printed, PRINTED_MAX, 0, false}};
    accord_upload_init(&upload);
    for (size_t at = 0; at < body.size && told.wrong == ACCORD_OK; at += piece) {
        struct accord_bytes rest = {body.data + at, body.size - at < piece ? body.size - at : piece};
        size_t end = at + rest.size;
        enum accord_upload_step step;
        while ((step = accord_upload_feed(&upload, &rest)) != ACCORD_UPLOAD_HUNGRY && step != ACCORD_UPLOAD_WRONG) {
            print(&told, &upload, step);
            told.taken = end - rest.size;
        }
        told.wrong = step == ACCORD_UPLOAD_WRONG ? upload.error.status : ACCORD_OK;
        require(step == ACCORD_UPLOAD_WRONG || rest.size == 0);
    }
    told.whole = accord_upload_whole(&upload);
    require(accord_upload_held(&upload) <= 2 * body.size + 65536);
    accord_upload_free(&upload);
    return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[2][PRINTED_MAX];
    if (size > PRINTED_MAX / 2)
        return 0;
    const struct accord_bytes body = {data, size};
    struct told at_once = read_all(body, size + 1, printed[0]);
    struct told by_byte = read_all(body, 1, printed[1]);
    require(at_once.packages == by_byte.packages && at_once.header == by_byte.header);
    require(at_once.whole == by_byte.whole && at_once.wrong == by_byte.wrong && at_once.taken == by_byte.taken);
    require(accord_bytes_equal(accord_out_bytes(&at_once.out), accord_out_bytes(&by_byte.out)));
    require(accord_bytes_equal(accord_out_bytes(&at_once.out), (struct accord_bytes){data, at_once.taken}));
    require(!at_once.whole || at_once.taken == size);
    return 0;
}
