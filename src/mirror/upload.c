/* The machine that reads an add-entries request. Knows the canonical sequence of packages and where each of their
 * values ends; refuses to know which logs there are and whether a proof holds. */
#include "mirror/upload.h"

#include <string.h>

#include "core/text.h"

#define HEAD_SIZE_MAX (2 + 65535 + 8 + 8 + 2 + 65535)
#define BODY_SIZE_MAX (ACCORD_BUNDLE_SIZE_MAX + 1 + ACCORD_PROOF_HASHES_MAX * ACCORD_HASH_SIZE)

void accord_upload_init(struct accord_upload *upload)
{
    memset(upload, 0, sizeof *upload);
    accord_buffer_init(&upload->head, HEAD_SIZE_MAX);
    accord_buffer_init(&upload->body, BODY_SIZE_MAX);
    upload->wanted = 2;
}

void accord_upload_free(struct accord_upload *upload)
{
    accord_buffer_free(&upload->head);
    accord_buffer_free(&upload->body);
}

size_t accord_upload_held(const struct accord_upload *upload)
{
    return upload->head.capacity + upload->body.capacity;
}

static size_t get16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return number;
}

static enum accord_upload_step wrong(struct accord_upload *upload, enum accord_status status, struct accord_bytes what)
{
    upload->state = ACCORD_UPLOAD_STOPPED;
    accord_fail(&upload->error, status, 0);
    accord_error_what(&upload->error, what);
    return ACCORD_UPLOAD_WRONG;
}

/* Fills a buffer up to what is wanted. False where that has not come yet, or there is no memory. */
static bool fill(struct accord_upload *upload, struct accord_buffer *buffer, struct accord_bytes *rest,
                 enum accord_upload_step *step)
{
    size_t missing = upload->wanted - buffer->size, size = missing < rest->size ? missing : rest->size;
    *step = ACCORD_UPLOAD_HUNGRY;
    if (size == 0)
        return missing == 0;
    if (accord_buffer_append(buffer, (struct accord_bytes){rest->data, size}) != ACCORD_OK) {
        *step = wrong(upload, ACCORD_NO_MEMORY, ACCORD_LITERAL("add-entries"));
        return false;
    }
    *rest = (struct accord_bytes){rest->data + size, rest->size - size};
    return size == missing;
}

/* The header */

/* How long the header is, as far as what has come of it tells. */
static size_t header_size(const struct accord_buffer *head)
{
    size_t origin_end = 2 + get16(head->data);
    if (head->size < origin_end + 18)
        return origin_end + 18;
    return origin_end + 18 + get16(head->data + origin_end + 16);
}

static void next_package(struct accord_upload *upload)
{
    upload->body.size = 0;
    upload->wanted = 2;
    upload->proof_at = 0;
    upload->entries = 0;
    upload->in_entry = false;
    upload->given = false;
    uint64_t left = upload->header.end - upload->package.first;
    uint64_t room = ACCORD_TILE_WIDTH - upload->package.first % ACCORD_TILE_WIDTH;
    upload->package.count = left < room ? left : room;
}

static enum accord_upload_step read_header(struct accord_upload *upload)
{
    const uint8_t *data = upload->head.data;
    struct accord_upload_header *header = &upload->header;
    header->origin = (struct accord_bytes){data + 2, get16(data)};
    const uint8_t *after = data + 2 + header->origin.size;
    header->start = get64(after);
    header->end = get64(after + 8);
    header->ticket = (struct accord_bytes){after + 18, get16(after + 16)};
    if (header->start > header->end) {
        wrong(upload, ACCORD_MALFORMED, ACCORD_LITERAL("upload_start"));
        accord_error_expected_number(&upload->error, header->end);
        accord_error_found_number(&upload->error, header->start);
        return ACCORD_UPLOAD_WRONG;
    }
    upload->state = ACCORD_UPLOAD_IN_PACKAGES;
    upload->package.first = header->start;
    next_package(upload);
    return ACCORD_UPLOAD_HEADER;
}

static enum accord_upload_step feed_header(struct accord_upload *upload, struct accord_bytes *rest)
{
    enum accord_upload_step step;
    while (fill(upload, &upload->head, rest, &step)) {
        size_t size = header_size(&upload->head);
        if (size == upload->head.size)
            return read_header(upload);
        upload->wanted = size;
    }
    return step;
}

/* Packages */

static void read_proof(struct accord_upload *upload)
{
    struct accord_upload_package *package = &upload->package;
    const uint8_t *hashes = upload->body.data + upload->proof_at + 1;
    package->entries = (struct accord_bytes){upload->body.data, upload->proof_at};
    package->proof.count = upload->body.data[upload->proof_at];
    memcpy(package->proof.hash, hashes, package->proof.count * ACCORD_HASH_SIZE);
    upload->given = true;
}

/* What was wanted has come: an entry's length, its bytes, the number of hashes, or the hashes. */
static enum accord_upload_step advance(struct accord_upload *upload)
{
    size_t size = upload->body.size;
    if (upload->proof_at == 0) {
        if (!upload->in_entry)
            upload->wanted = size + get16(upload->body.data + size - 2);
        upload->in_entry = !upload->in_entry;
        if (upload->in_entry)
            return ACCORD_UPLOAD_HUNGRY;
        upload->entries++;
        bool last = upload->entries == upload->package.count;
        upload->proof_at = last ? size : 0;
        upload->wanted = size + (last ? 1 : 2);
        return ACCORD_UPLOAD_HUNGRY;
    }
    unsigned hashes = upload->body.data[upload->proof_at];
    if (hashes > ACCORD_PROOF_HASHES_MAX) {
        wrong(upload, ACCORD_TOO_LARGE, ACCORD_LITERAL("num_hashes"));
        accord_error_expected_number(&upload->error, ACCORD_PROOF_HASHES_MAX);
        accord_error_found_number(&upload->error, hashes);
        return ACCORD_UPLOAD_WRONG;
    }
    upload->wanted = upload->proof_at + 1 + (size_t)hashes * ACCORD_HASH_SIZE;
    if (upload->wanted > size)
        return ACCORD_UPLOAD_HUNGRY;
    read_proof(upload);
    return ACCORD_UPLOAD_PACKAGE;
}

bool accord_upload_whole(const struct accord_upload *upload)
{
    if (upload->state != ACCORD_UPLOAD_IN_PACKAGES)
        return false;
    return upload->given ? upload->package.first + upload->package.count == upload->header.end
                         : upload->package.first == upload->header.end;
}

static enum accord_upload_step feed_packages(struct accord_upload *upload, struct accord_bytes *rest)
{
    enum accord_upload_step step = ACCORD_UPLOAD_HUNGRY;
    if (rest->size == 0)
        return step;
    if (accord_upload_whole(upload))
        return wrong(upload, ACCORD_TRAILING, ACCORD_LITERAL("add-entries"));
    if (upload->given) {
        upload->package.first += upload->package.count;
        next_package(upload);
    }
    while (step == ACCORD_UPLOAD_HUNGRY && fill(upload, &upload->body, rest, &step))
        step = advance(upload);
    return step;
}

enum accord_upload_step accord_upload_feed(struct accord_upload *upload, struct accord_bytes *rest)
{
    if (upload->state == ACCORD_UPLOAD_IN_HEADER)
        return feed_header(upload, rest);
    return upload->state == ACCORD_UPLOAD_IN_PACKAGES ? feed_packages(upload, rest) : ACCORD_UPLOAD_WRONG;
}

/* Printing */

static void put16(struct accord_out *out, size_t number)
{
    accord_put_byte(out, (uint8_t)(number >> 8));
    accord_put_byte(out, (uint8_t)(number & 255));
}

void accord_upload_header_print(struct accord_out *out, const struct accord_upload_header *header)
{
    put16(out, header->origin.size);
    accord_put(out, header->origin);
    accord_put_be64(out, header->start);
    accord_put_be64(out, header->end);
    put16(out, header->ticket.size);
    accord_put(out, header->ticket);
}

void accord_upload_proof_print(struct accord_out *out, const struct accord_merkle_proof *proof)
{
    accord_put_byte(out, (uint8_t)proof->count);
    for (size_t i = 0; i < proof->count; i++)
        accord_put(out, (struct accord_bytes){proof->hash[i], ACCORD_HASH_SIZE});
}
