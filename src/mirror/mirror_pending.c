/* Pending checkpoints, and publishing one. Knows that they are judged and remembered as a witness does it, that the
 * last few stay valid, and the order of commit, signature and publication; refuses to know how entries come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "mirror/mirror_inner.h"

#define SIGNATURE_LINE_SIZE_MAX 4096

static enum accord_status append(struct accord_buffer *buffer, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(buffer, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static enum accord_status not_found(struct accord_error *error, struct accord_bytes what)
{
    accord_fail(error, ACCORD_NOT_FOUND, 0);
    accord_error_what(error, what);
    return ACCORD_NOT_FOUND;
}

/* The name under which this mirror's pending checkpoints stand in the state file. */
static struct accord_bytes self(const struct accord_mirror *mirror)
{
    return accord_signer_vkey(mirror->signers[0])->text;
}

/* After a failure nobody knows what the state file holds: it is opened again. */
static void forget_state(struct accord_mirror *mirror)
{
    accord_cosigner_state_close(mirror->state);
    mirror->state = NULL;
}

/* A mirror that has forgotten what it cosigned signs nothing more, of no log, until it is opened again: its state says
 * so on the disk, and its operator what it forgot. */
static enum accord_status check_trust(struct accord_mirror *mirror, struct accord_error *error)
{
    pthread_mutex_lock(&mirror->mutex);
    enum accord_status status = mirror->suspect.status;
    if (status != ACCORD_OK && error != NULL)
        *error = mirror->suspect;
    pthread_mutex_unlock(&mirror->mutex);
    return status;
}

enum accord_status accord_mirror_remember(struct accord_mirror *mirror, struct accord_error *error)
{
    char path[4096];
    pthread_mutex_lock(&mirror->mutex);
    bool doubted = mirror->state_doubted;
    mirror->state_doubted = false;
    pthread_mutex_unlock(&mirror->mutex);
    if (doubted)
        forget_state(mirror);
    if (mirror->state != NULL)
        return ACCORD_OK;
    snprintf(path, sizeof path, "%s/.accord/pending", mirror->dir);
    enum accord_status status = check_trust(mirror, error);
    return status != ACCORD_OK ? status : accord_cosigner_state_open(&mirror->state, mirror->fs, path, error);
}

/* The last few */

/* Takes the note. With the mirror's mutex. */
static void push(struct accord_mirror_slot *slot, uint64_t size, struct accord_buffer *note)
{
    size_t count = slot->pending_count;
    if (count > 0 && slot->pending[count - 1].size == size) {
        accord_buffer_free(&slot->pending[--count].note);
    } else if (count == ACCORD_MIRROR_PENDING_KEPT) {
        accord_buffer_free(&slot->pending[0].note);
        memmove(slot->pending, slot->pending + 1, --count * sizeof *slot->pending);
    }
    slot->pending[count] = (struct accord_mirror_pending){size, *note};
    slot->pending_count = count + 1;
    accord_buffer_init(note, ACCORD_NOTE_SIZE_MAX);
}

enum accord_status accord_mirror_pending_find(struct accord_mirror *mirror, struct accord_mirror_slot *slot,
                                              const uint64_t *size, struct accord_buffer *note,
                                              struct accord_error *error)
{
    const struct accord_mirror_pending *found = NULL;
    enum accord_status status = ACCORD_OK;
    pthread_mutex_lock(&mirror->mutex);
    for (size_t i = 0; i < slot->pending_count; i++)
        if (size == NULL || slot->pending[i].size == *size)
            found = &slot->pending[i];
    if (found != NULL)
        status = append(note, accord_buffer_bytes(&found->note), error);
    pthread_mutex_unlock(&mirror->mutex);
    return found == NULL ? not_found(error, ACCORD_LITERAL("pending checkpoint")) : status;
}

static bool is_ours(const struct accord_mirror *mirror, const struct accord_signature *line)
{
    for (size_t i = 0; i < mirror->signer_count; i++) {
        const struct accord_vkey *vkey = accord_signer_vkey(mirror->signers[i]);
        if (vkey->id == line->id && accord_bytes_equal(vkey->name, line->name))
            return true;
    }
    return false;
}

static enum accord_status append_line(struct accord_buffer *note, const struct accord_signature *line,
                                      struct accord_error *error)
{
    const struct accord_bytes parts[] = {ACCORD_LITERAL("\xe2\x80\x94 "), line->name, ACCORD_LITERAL(" "), line->base64,
                                         ACCORD_LITERAL("\n")};
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < sizeof parts / sizeof *parts; i++)
        status = append(note, parts[i], error);
    return status;
}

static enum accord_status strip(const struct accord_mirror *mirror, struct accord_bytes published,
                                struct accord_buffer *note, struct accord_error *error)
{
    struct accord_note_claim claim;
    struct accord_signature line;
    size_t cursor = 0;
    enum accord_status status = accord_note_parse(&claim, published, error);
    if (status == ACCORD_OK)
        status = append(note, claim.text, error);
    if (status == ACCORD_OK)
        status = append(note, ACCORD_LITERAL("\n"), error);
    while (status == ACCORD_OK && accord_note_next_signature(&claim, &cursor, &line))
        if (!is_ours(mirror, &line))
            status = append_line(note, &line, error);
    return status;
}

enum accord_status accord_mirror_published_find(struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE],
                                                struct accord_buffer *note, struct accord_error *error)
{
    char path[4096];
    struct accord_buffer bytes;
    accord_buffer_init(&bytes, ACCORD_NOTE_SIZE_MAX);
    accord_mirror_path(mirror, hash, "/checkpoint", path);
    enum accord_status status = accord_file_read(mirror->fs, path, &bytes, error);
    if (status == ACCORD_OK)
        status = strip(mirror, accord_buffer_bytes(&bytes), note, error);
    accord_buffer_free(&bytes);
    return status;
}

static enum accord_status write_pending(struct accord_mirror *mirror, struct accord_bytes origin,
                                        const struct accord_witness_seen *next, struct accord_bytes note,
                                        struct accord_error *error)
{
    enum accord_status status = accord_cosigner_state_begin(mirror->state, error);
    if (status == ACCORD_OK)
        status = accord_cosigner_state_write(mirror->state, self(mirror), origin, next, note, 0, error);
    if (status == ACCORD_OK)
        status = accord_cosigner_state_commit(mirror->state, error);
    if (status != ACCORD_OK)
        forget_state(mirror);
    return status;
}

/* A checkpoint that the operator restored the memory to still has our cosignature. */
static enum accord_status read_pending(struct accord_mirror *mirror, struct accord_bytes origin,
                                       struct accord_witness_seen *seen, struct accord_buffer *note,
                                       struct accord_error *error)
{
    struct accord_buffer stored;
    accord_buffer_init(&stored, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status =
        accord_cosigner_state_read(mirror->state, self(mirror), origin, seen, &stored, NULL, error);
    if (status == ACCORD_OK && stored.size > 0)
        status = strip(mirror, accord_buffer_bytes(&stored), note, error);
    accord_buffer_free(&stored);
    return status;
}

/* A mirror whose keys are others now, or whose memory is new or an old one, goes on from what it has published: that
 * was pending once. */
static enum accord_status adopt_published(struct accord_mirror *mirror, const struct accord_mirror_slot *slot,
                                          struct accord_bytes origin, const struct accord_witness_seen *seen,
                                          struct accord_buffer *note, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_witness_seen next = {.cosigned = true};
    struct accord_buffer published;
    accord_buffer_init(&published, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_mirror_published_find(mirror, slot->hash, &published, error);
    bool newer = status == ACCORD_OK;
    if (newer)
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&published), error);
    newer = newer && status == ACCORD_OK && (!seen->cosigned || claim.size > seen->size);
    if (newer) {
        next.size = claim.size;
        memcpy(next.root, claim.root, sizeof next.root);
        note->size = 0;
        status = append(note, accord_buffer_bytes(&published), error);
        if (status == ACCORD_OK)
            status = write_pending(mirror, origin, &next, accord_buffer_bytes(note), error);
    }
    accord_buffer_free(&published);
    return status == ACCORD_NOT_FOUND ? ACCORD_OK : status;
}

static enum accord_status load(struct accord_mirror *mirror, struct accord_mirror_slot *slot,
                               struct accord_bytes origin, struct accord_error *error)
{
    struct accord_witness_seen seen;
    struct accord_checkpoint_claim claim;
    struct accord_buffer note;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_mirror_remember(mirror, error);
    if (status == ACCORD_OK)
        status = read_pending(mirror, origin, &seen, &note, error);
    if (status == ACCORD_OK)
        status = adopt_published(mirror, slot, origin, &seen, &note, error);
    pthread_mutex_lock(&mirror->mutex);
    if (status == ACCORD_OK && note.size > 0) {
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), error);
        if (status == ACCORD_OK)
            push(slot, claim.size, &note);
    }
    slot->pending_known = status == ACCORD_OK;
    pthread_mutex_unlock(&mirror->mutex);
    accord_buffer_free(&note);
    return status;
}

static enum accord_status load_once(struct accord_mirror *mirror, struct accord_mirror_slot *slot,
                                    struct accord_bytes origin, struct accord_error *error)
{
    pthread_mutex_lock(&mirror->mutex);
    bool known = slot->pending_known;
    pthread_mutex_unlock(&mirror->mutex);
    return known ? ACCORD_OK : load(mirror, slot, origin, error);
}

enum accord_status accord_mirror_pending_load(struct accord_mirror *mirror, struct accord_mirror_slot *slot,
                                              struct accord_bytes origin, struct accord_error *error)
{
    pthread_mutex_lock(&mirror->memory);
    enum accord_status status = load_once(mirror, slot, origin, error);
    pthread_mutex_unlock(&mirror->memory);
    return status;
}

static enum accord_status pending(struct accord_mirror *mirror, struct accord_bytes origin, const uint64_t *size,
                                  struct accord_buffer *note, struct accord_error *error)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    accord_hash(mirror->crypto, origin, hash);
    struct accord_mirror_slot *slot = accord_mirror_slot_get(mirror, hash);
    if (slot == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    enum accord_status status = accord_mirror_pending_load(mirror, slot, origin, error);
    if (status == ACCORD_OK)
        status = accord_mirror_pending_find(mirror, slot, size, note, error);
    accord_mirror_slot_put(mirror, slot);
    return status;
}

enum accord_status accord_mirror_pending(struct accord_mirror *mirror, struct accord_bytes origin,
                                         struct accord_buffer *note, struct accord_error *error)
{
    return pending(mirror, origin, NULL, note, error);
}

enum accord_status accord_mirror_pending_of(struct accord_mirror *mirror, struct accord_bytes origin, uint64_t size,
                                            struct accord_buffer *note, struct accord_error *error)
{
    return pending(mirror, origin, &size, note, error);
}

/* add-checkpoint */

/* Does it carry a cosignature of ours over a tree beyond what was ever pending? With the memory. */
static enum accord_status notice(struct accord_mirror *mirror, const struct accord_checkpoint_claim *checkpoint,
                                 struct accord_error *error)
{
    struct accord_witness_seen seen;
    bool forgot = false;
    enum accord_status status =
        accord_cosigner_state_read(mirror->state, self(mirror), checkpoint->origin, &seen, NULL, NULL, error);
    for (size_t i = 0; i < mirror->signer_count && status == ACCORD_OK && !forgot; i++)
        forgot = accord_cosigner_forgot(accord_signer_vkey(mirror->signers[i]), checkpoint, &seen, mirror->crypto);
    if (!forgot)
        return status;
    struct accord_error why = {0};
    status = accord_cosigner_state_suspect(mirror->state, ACCORD_FORGOT, &why);
    pthread_mutex_lock(&mirror->mutex);
    mirror->suspect = why;
    pthread_mutex_unlock(&mirror->mutex);
    if (error != NULL)
        *error = why;
    return status;
}

/* With the memory. */
static enum accord_status judge(struct accord_mirror *mirror, struct accord_mirror_slot *slot,
                                struct accord_cosigning *cosigning, uint64_t now, struct accord_error *error)
{
    enum accord_status status = accord_mirror_remember(mirror, error);
    if (status == ACCORD_OK)
        status = load_once(mirror, slot, cosigning->request.checkpoint.origin, error);
    if (status != ACCORD_OK)
        return status;
    status = notice(mirror, &cosigning->request.checkpoint, error);
    if (status == ACCORD_OK)
        status = accord_cosigner_answer_all(mirror->state, &cosigning, 1, now, mirror->crypto, error);
    if (status != ACCORD_OK) {
        forget_state(mirror);
        pthread_mutex_lock(&mirror->mutex);
        slot->pending_known = false;
        pthread_mutex_unlock(&mirror->mutex);
        return status;
    }
    if (cosigning->verdicts[0].http_status == 200) {
        pthread_mutex_lock(&mirror->mutex);
        push(slot, cosigning->request.checkpoint.size, &cosigning->head);
        pthread_mutex_unlock(&mirror->mutex);
    }
    return ACCORD_OK;
}

static enum accord_status judge_known(struct accord_mirror *mirror, struct accord_cosigning *cosigning, uint64_t now,
                                      struct accord_error *error)
{
    uint8_t hash[ACCORD_HASH_SIZE];
    accord_hash(mirror->crypto, cosigning->request.checkpoint.origin, hash);
    struct accord_mirror_slot *slot = accord_mirror_slot_get(mirror, hash);
    if (slot == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    pthread_mutex_lock(&mirror->memory);
    enum accord_status status = judge(mirror, slot, cosigning, now, error);
    pthread_mutex_unlock(&mirror->memory);
    accord_mirror_slot_put(mirror, slot);
    return status;
}

enum accord_status accord_mirror_add_checkpoint(struct accord_mirror *mirror, struct accord_bytes body, uint64_t now,
                                                struct accord_witness_verdict *verdict, struct accord_error *error)
{
    struct accord_logs *logs = accord_mirror_logs(mirror);
    struct accord_cosigning *cosigning = calloc(1, sizeof *cosigning);
    struct accord_logs_finder *finder = calloc(1, sizeof *finder);
    struct accord_buffer none;
    enum accord_status status = ACCORD_NO_MEMORY;
    accord_buffer_init(&none, 0);
    if (cosigning == NULL || finder == NULL) {
        accord_fail(error, status, 0);
    } else {
        finder->logs = logs;
        const struct accord_known_logs known = accord_logs_lookup(finder);
        *cosigning = (struct accord_cosigning){.body = body,
                                               .witnesses = mirror->signers,
                                               .witness_count = 1,
                                               .verdicts = verdict,
                                               .lines = &none,
                                               .silent = true};
        status = accord_cosigning_prepare(cosigning, &known, mirror->crypto, error);
        if (status == ACCORD_OK && !cosigning->final)
            status = judge_known(mirror, cosigning, now, error);
        accord_cosigning_free(cosigning);
    }
    free(cosigning);
    free(finder);
    accord_logs_free(logs);
    return status;
}

/* Publishing */

/* "the timestamp MUST NOT be zero" */
static enum accord_status sign(const struct accord_mirror *mirror, struct accord_bytes text, uint64_t now,
                               struct accord_buffer *lines, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    if (now == 0 || now > INT64_MAX) {
        accord_fail(error, ACCORD_IO, 0);
        accord_error_what(error, ACCORD_LITERAL("the clock"));
        accord_error_found_number(error, now);
        return ACCORD_IO;
    }
    for (size_t i = 0; i < mirror->signer_count && status == ACCORD_OK; i++)
        status = accord_signer_sign(mirror->signers[i], text, now, lines, error);
    return status;
}

/* Whoever can read the checkpoint can read its tree: the latter is shown first. Where the checkpoint does not come to
 * be published nothing is shown but what is held, and proven, until the copy is opened again. */
static void show(struct accord_mirror_hold *hold, uint64_t size)
{
    pthread_mutex_lock(&hold->mirror->mutex);
    hold->slot->published = true;
    hold->slot->published_size = size;
    pthread_mutex_unlock(&hold->mirror->mutex);
}

static enum accord_status sign_and_publish(struct accord_mirror_hold *hold, const struct accord_checkpoint_claim *claim,
                                           uint64_t now, struct accord_buffer *own, struct accord_error *error)
{
    struct accord_buffer note;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = sign(hold->mirror, claim->note.text, now, own, error);
    if (status == ACCORD_OK)
        status = append(&note, claim->note.whole, error);
    if (status == ACCORD_OK)
        status = append(&note, accord_buffer_bytes(own), error);
    if (status == ACCORD_OK) {
        show(hold, claim->size);
        status = accord_copy_publish(hold->copy, accord_buffer_bytes(&note), error);
    }
    accord_buffer_free(&note);
    return status;
}

enum accord_status accord_mirror_publish(struct accord_mirror_hold *hold, struct accord_bytes pending, uint64_t now,
                                         struct accord_buffer *lines, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    enum accord_status status = check_trust(hold->mirror, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&claim, pending, error);
    if (status == ACCORD_OK && claim.size < accord_copy_size(hold->copy)) {
        accord_fail(error, ACCORD_ROLLBACK, 0);
        accord_error_expected_number(error, accord_copy_size(hold->copy));
        accord_error_found_number(error, claim.size);
        return ACCORD_ROLLBACK;
    }
    if (status == ACCORD_OK)
        status = accord_copy_commit(hold->copy, claim.size, claim.root, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_buffer own;
    accord_buffer_init(&own, (size_t)ACCORD_MIRROR_KEYS_MAX * SIGNATURE_LINE_SIZE_MAX);
    status = sign_and_publish(hold, &claim, now, &own, error);
    if (status == ACCORD_OK && lines != NULL)
        status = append(lines, accord_buffer_bytes(&own), error);
    accord_buffer_free(&own);
    return status;
}

/* Reading */

static enum accord_status read_published(struct accord_mirror *mirror, struct accord_mirror_slot *slot, uint64_t *size,
                                         struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_buffer note;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_mirror_published_find(mirror, slot->hash, &note, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), error);
    accord_buffer_free(&note);
    if (status != ACCORD_OK)
        return status;
    pthread_mutex_lock(&mirror->mutex);
    if (!slot->published || claim.size > slot->published_size)
        slot->published_size = claim.size;
    slot->published = true;
    *size = slot->published_size;
    pthread_mutex_unlock(&mirror->mutex);
    return ACCORD_OK;
}

/* Strangers' hashes make no slots: what was never held is no directory. */
static bool held_at_all(struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE])
{
    char path[4096];
    accord_mirror_path(mirror, hash, "/checkpoint", path);
    return mirror->fs->exists(mirror->fs->context, path) == 1;
}

enum accord_status accord_mirror_published(struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE],
                                           uint64_t *size, struct accord_error *error)
{
    if (!held_at_all(mirror, hash))
        return not_found(error, ACCORD_LITERAL("checkpoint"));
    struct accord_mirror_slot *slot = accord_mirror_slot_get(mirror, hash);
    if (slot == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    pthread_mutex_lock(&mirror->mutex);
    bool known = slot->published;
    *size = slot->published_size;
    pthread_mutex_unlock(&mirror->mutex);
    enum accord_status status = known ? ACCORD_OK : read_published(mirror, slot, size, error);
    accord_mirror_slot_put(mirror, slot);
    return status;
}
