/* One add-entries request. Knows the specification's answers and their order ("Processing"); refuses to know how bytes
 * are cut (upload.c) and how a checkpoint is published (mirror_pending.c). The checks before the first package act on
 * what was true a moment ago, as they may; each package is judged and put under the log's lock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "core/text.h"
#include "mirror/mirror_inner.h"
#include "mirror/upload.h"

/* "If excess_entries is too large": what other clients may have brought meanwhile is let pass; it costs hashing only.
 */
#define EXCESS_MAX 16384
#define TEXT_SIZE_MAX 131072 /* a ticket of 64 KiB in base64, and two numbers */

struct accord_mirror_upload {
    struct accord_mirror *mirror;
    struct accord_upload form;
    struct accord_mirror_slot *slot; /* NULL until the log is known */
    struct accord_buffer origin;
    uint64_t pending_size;                /* of the newest pending checkpoint */
    struct accord_buffer target;          /* the pending checkpoint at upload_end; empty where there is none */
    struct accord_checkpoint_claim claim; /* of it */
    uint64_t packages;                    /* authenticated and saved */
    bool answered;
    struct accord_mirror_answer answer;
    uint8_t leaves[ACCORD_TILE_WIDTH][ACCORD_HASH_SIZE];
};

enum accord_status accord_mirror_upload_new(struct accord_mirror_upload **out, struct accord_mirror *mirror,
                                            struct accord_error *error)
{
    struct accord_mirror_upload *upload = calloc(1, sizeof *upload);
    *out = upload;
    if (upload == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    upload->mirror = mirror;
    accord_upload_init(&upload->form);
    accord_buffer_init(&upload->origin, 65535);
    accord_buffer_init(&upload->target, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&upload->answer.text, TEXT_SIZE_MAX);
    return ACCORD_OK;
}

void accord_mirror_upload_free(struct accord_mirror_upload *upload)
{
    if (upload == NULL)
        return;
    accord_mirror_slot_put(upload->mirror, upload->slot);
    accord_upload_free(&upload->form);
    accord_buffer_free(&upload->origin);
    accord_buffer_free(&upload->target);
    accord_buffer_free(&upload->answer.text);
    free(upload);
}

const struct accord_mirror_answer *accord_mirror_upload_answer(const struct accord_mirror_upload *upload)
{
    return &upload->answer;
}

size_t accord_mirror_upload_held(const struct accord_mirror_upload *upload)
{
    return sizeof *upload + accord_upload_held(&upload->form) + upload->target.capacity + upload->answer.text.capacity;
}

/* Answers */

static void conclude(struct accord_mirror_upload *upload, unsigned status)
{
    upload->answered = true;
    upload->answer.status = status;
}

static void refuse(struct accord_mirror_upload *upload, unsigned status, const struct accord_error *error)
{
    char text[640];
    accord_error_sentence(error, NULL, text, sizeof text - 1);
    size_t size = strlen(text);
    text[size++] = '\n';
    upload->answer.text.size = 0;
    if (accord_buffer_append(&upload->answer.text, (struct accord_bytes){(uint8_t *)text, size}) != ACCORD_OK)
        upload->answer.text.size = 0;
    upload->answer.info = false;
    upload->answer.error = *error;
    conclude(upload, status);
}

static void refuse_what(struct accord_mirror_upload *upload, unsigned status, enum accord_status why,
                        struct accord_bytes what)
{
    struct accord_error error;
    accord_fail(&error, why, 0);
    accord_error_what(&error, what);
    refuse(upload, status, &error);
}

static enum accord_status print_info(struct accord_mirror_upload *upload, uint64_t size, uint64_t next,
                                     struct accord_bytes ticket)
{
    struct accord_buffer *text = &upload->answer.text;
    text->size = 0;
    size_t room = 2 * (ACCORD_DECIMAL_SIZE_MAX + 1) + ACCORD_BASE64_SIZE(ticket.size) + 1;
    enum accord_status status = accord_buffer_reserve(text, room);
    if (status != ACCORD_OK)
        return status;
    struct accord_out out = {text->data, room, 0, false};
    accord_put_decimal(&out, size);
    accord_put_byte(&out, '\n');
    accord_put_decimal(&out, next);
    accord_put_byte(&out, '\n');
    accord_put_base64(&out, ticket);
    accord_put_byte(&out, '\n');
    text->size = out.size;
    return ACCORD_OK;
}

/* "If the client's upload_end value was valid, the first line SHOULD contain upload_end ... Otherwise, the first line
 * SHOULD be the tree size of the current pending checkpoint." More may be held than that tree has: the client, who
 * begins at the second line, "MUST" not begin behind the first. */
static void inform(struct accord_mirror_upload *upload, unsigned http_status, bool valid, uint64_t next)
{
    struct accord_mirror *mirror = upload->mirror;
    struct accord_buffer note, ticket;
    struct accord_checkpoint_claim claim;
    struct accord_error error = {0};
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&ticket, ACCORD_TICKET_SIZE_MAX);
    enum accord_status status = ACCORD_OK;
    if (valid)
        status = accord_buffer_append(&note, accord_buffer_bytes(&upload->target));
    else
        status = accord_mirror_pending_find(mirror, upload->slot, NULL, &note, &error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), &error);
    if (status == ACCORD_OK)
        status = accord_ticket_make(mirror->crypto, mirror->ticket_key, accord_buffer_bytes(&note), &ticket);
    if (status == ACCORD_OK)
        status = print_info(upload, claim.size, next < claim.size ? next : claim.size, accord_buffer_bytes(&ticket));
    upload->answer.info = status == ACCORD_OK;
    if (status == ACCORD_OK)
        conclude(upload, http_status);
    else
        refuse_what(upload, 503, status, ACCORD_LITERAL("pending checkpoint"));
    accord_buffer_free(&note);
    accord_buffer_free(&ticket);
}

static bool hold(struct accord_mirror_upload *upload, struct accord_mirror_hold *hold)
{
    struct accord_error error = {0};
    enum accord_status status =
        accord_mirror_slot_hold(upload->mirror, upload->slot, accord_buffer_bytes(&upload->origin), &error);
    if (status != ACCORD_OK) {
        refuse(upload, 503, &error);
        return false;
    }
    *hold = (struct accord_mirror_hold){upload->mirror, upload->slot, upload->slot->copy};
    return true;
}

static void let_go(struct accord_mirror_upload *upload)
{
    accord_mirror_slot_let_go(upload->mirror, upload->slot);
}

/* 202 with the next entry as it is now. */
static void accept(struct accord_mirror_upload *upload)
{
    struct accord_mirror_hold held;
    if (!hold(upload, &held))
        return;
    uint64_t next = accord_copy_next(held.copy);
    let_go(upload);
    inform(upload, 202, true, next);
}

/* The header */

/* A ticket of more than is pending shows that the memory is an old one: what it forgot must come the way that
 * checkpoints come, or the mirror checkpoint would be ahead of what is pending. */
static bool ticket_find(struct accord_mirror_upload *upload)
{
    const struct accord_upload_header *header = &upload->form.header;
    struct accord_checkpoint_claim claim;
    struct accord_bytes note;
    if (!accord_ticket_open(upload->mirror->crypto, upload->mirror->ticket_key, header->ticket, &note) ||
        accord_checkpoint_parse(&claim, note, NULL) != ACCORD_OK || claim.size != header->end ||
        claim.size > upload->pending_size || !accord_bytes_equal(claim.origin, header->origin))
        return false;
    upload->target.size = 0;
    return accord_buffer_append(&upload->target, note) == ACCORD_OK;
}

/* The checkpoint at upload_end, if it is one that was pending, or the mirror checkpoint. */
static bool target_find(struct accord_mirror_upload *upload)
{
    uint64_t end = upload->form.header.end;
    bool found = accord_mirror_pending_find(upload->mirror, upload->slot, &end, &upload->target, NULL) == ACCORD_OK ||
                 ticket_find(upload);
    if (!found) {
        upload->target.size = 0;
        found = accord_mirror_published_find(upload->mirror, upload->slot->hash, &upload->target, NULL) == ACCORD_OK;
    }
    found = found && accord_checkpoint_parse(&upload->claim, accord_buffer_bytes(&upload->target), NULL) == ACCORD_OK &&
            upload->claim.size == end;
    if (!found)
        upload->target.size = 0;
    return found;
}

/* "If log_origin is not a known log ... 404", "never received a pending checkpoint ... 422" */
static bool log_find(struct accord_mirror_upload *upload)
{
    struct accord_bytes origin = upload->form.header.origin;
    struct accord_known_log known;
    struct accord_error error = {0};
    struct accord_logs *logs = accord_mirror_logs(upload->mirror);
    bool found = accord_logs_find(logs, origin, &known);
    accord_logs_free(logs);
    if (!found) {
        refuse_what(upload, 404, ACCORD_UNKNOWN_LOG, origin);
        return false;
    }
    upload->slot = accord_mirror_slot_get(upload->mirror, known.origin_hash);
    enum accord_status status = ACCORD_NO_MEMORY;
    if (upload->slot != NULL && accord_buffer_append(&upload->origin, origin) == ACCORD_OK)
        status = accord_mirror_pending_load(upload->mirror, upload->slot, origin, &error);
    else
        accord_fail(&error, status, 0);
    if (status != ACCORD_OK) {
        refuse(upload, 503, &error);
        return false;
    }
    struct accord_buffer newest;
    struct accord_checkpoint_claim claim;
    accord_buffer_init(&newest, ACCORD_NOTE_SIZE_MAX);
    status = accord_mirror_pending_find(upload->mirror, upload->slot, NULL, &newest, &error);
    if (status == ACCORD_OK && accord_checkpoint_parse(&claim, accord_buffer_bytes(&newest), &error) == ACCORD_OK)
        upload->pending_size = claim.size;
    accord_buffer_free(&newest);
    if (status == ACCORD_OK)
        return true;
    refuse(upload, status == ACCORD_NOT_FOUND ? 422 : 503, &error);
    return false;
}

/* What is true of the whole request: the answers of 404, 422 and 409, in the order of the specification. */
static void judge_header(struct accord_mirror_upload *upload)
{
    struct accord_mirror_hold held;
    const struct accord_upload_header *header = &upload->form.header;
    if (!log_find(upload))
        return;
    bool valid = target_find(upload);
    if (!hold(upload, &held))
        return;
    uint64_t next = accord_copy_next(held.copy), size = accord_copy_size(held.copy);
    let_go(upload);
    valid = valid && header->end >= size;
    bool conflict = !valid || header->start > next;
    if (!conflict)
        conflict = (header->end < next ? header->end : next) - header->start > EXCESS_MAX;
    if (conflict)
        inform(upload, 409, valid, next);
}

/* Packages */

/* With the log's lock. */
static enum accord_status verify_and_put(struct accord_mirror_upload *upload, struct accord_copy *copy,
                                         struct accord_error *error)
{
    const struct accord_upload_package *package = &upload->form.package;
    const uint8_t(*leaves)[ACCORD_HASH_SIZE] = (const uint8_t(*)[ACCORD_HASH_SIZE])upload->leaves;
    uint8_t hash[ACCORD_HASH_SIZE];
    enum accord_status status = accord_copy_subtree_hashed(copy, package->first, leaves, package->count, hash, error);
    if (status != ACCORD_OK)
        return status;
    status = accord_subtree_verify(upload->mirror->crypto, package->first - package->first % ACCORD_TILE_WIDTH,
                                   package->first + package->count, upload->claim.size, hash, &package->proof,
                                   upload->claim.root);
    if (status != ACCORD_OK) {
        accord_fail(error, ACCORD_CONSISTENCY, 0);
        accord_error_what(error, ACCORD_LITERAL("the package that begins with this entry"));
        accord_error_found_number(error, package->first);
        return ACCORD_CONSISTENCY;
    }
    return accord_copy_put_hashed(copy, package->first, package->entries, leaves, package->count, error);
}

static void take_package(struct accord_mirror_upload *upload)
{
    const struct accord_upload_package *package = &upload->form.package;
    struct accord_mirror_hold held;
    struct accord_error error = {0};
    if (!accord_copy_hash(upload->mirror->crypto, package->entries, package->count, upload->leaves))
        abort();
    if (!hold(upload, &held))
        return;
    enum accord_status status = verify_and_put(upload, held.copy, &error);
    uint64_t next = accord_copy_next(held.copy);
    let_go(upload);
    if (status == ACCORD_OK)
        upload->packages++;
    else if (status == ACCORD_CONSISTENCY)
        refuse(upload, 422, &error);
    else if (status == ACCORD_WRONG_INDEX) /* what was held is held no more: the disk failed meanwhile */
        inform(upload, 409, true, next);
    else
        refuse(upload, 503, &error);
}

static void stop_wrong(struct accord_mirror_upload *upload)
{
    const struct accord_error *error = &upload->form.error;
    if (error->status == ACCORD_NO_MEMORY)
        accord_mirror_upload_stop(upload);
    else
        refuse(upload, error->status == ACCORD_TOO_LARGE ? 422 : 400, error);
}

bool accord_mirror_upload_feed(struct accord_mirror_upload *upload, struct accord_bytes part)
{
    while (!upload->answered) {
        switch (accord_upload_feed(&upload->form, &part)) {
        case ACCORD_UPLOAD_HUNGRY:
            return true;
        case ACCORD_UPLOAD_HEADER:
            judge_header(upload);
            break;
        case ACCORD_UPLOAD_PACKAGE:
            take_package(upload);
            break;
        case ACCORD_UPLOAD_WRONG:
            stop_wrong(upload);
            break;
        }
    }
    return false;
}

/* The end */

static void finish(struct accord_mirror_upload *upload, uint64_t now)
{
    struct accord_mirror_hold held;
    struct accord_error error = {0};
    if (!hold(upload, &held))
        return;
    enum accord_status status =
        accord_mirror_publish(&held, accord_buffer_bytes(&upload->target), now, &upload->answer.text, &error);
    uint64_t next = accord_copy_next(held.copy);
    let_go(upload);
    if (status == ACCORD_OK)
        conclude(upload, 200);
    else if (status == ACCORD_ROLLBACK)
        inform(upload, 409, false, next);
    else if (status == ACCORD_CONSISTENCY || status == ACCORD_WRONG_INDEX)
        inform(upload, 409, true, next);
    else
        refuse(upload, 503, &error);
}

void accord_mirror_upload_end(struct accord_mirror_upload *upload, uint64_t now)
{
    if (upload->answered)
        return;
    if (accord_upload_whole(&upload->form))
        finish(upload, now);
    else if (upload->packages > 0)
        accept(upload);
    else
        refuse_what(upload, 400, ACCORD_MALFORMED, ACCORD_LITERAL("a body without one whole package"));
}

void accord_mirror_upload_stop(struct accord_mirror_upload *upload)
{
    if (upload->answered)
        return;
    if (upload->packages > 0)
        accept(upload);
    else
        refuse_what(upload, 503, ACCORD_NO_MEMORY, ACCORD_LITERAL("add-entries"));
}
