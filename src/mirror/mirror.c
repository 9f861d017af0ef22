/* The mirror's logs: which are known, which copies are open, who has them. Knows how many may be open and who goes
 * first; refuses to know what is uploaded (mirror_upload.c), and what is pending (mirror_pending.c). */
#include "mirror/mirror.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/text.h"
#include "mirror/mirror_inner.h"

#define COPIES_MAX 256            /* that stay open */
#define COPIES_HELD_MAX 134217728 /* bytes of memory that they may have together, but for those in use */
#define SLOTS_MAX 8192            /* logs that are remembered */
#define DIR_MODE 0755

/* Slots */

static struct accord_mirror_slot **bucket_of(struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE])
{
    return &mirror->buckets[((unsigned)hash[0] << 8 | hash[1]) % ACCORD_MIRROR_BUCKETS];
}

static void unlink_use(struct accord_mirror *mirror, struct accord_mirror_slot *slot)
{
    *(slot->newer != NULL ? &slot->newer->older : &mirror->newest) = slot->older;
    *(slot->older != NULL ? &slot->older->newer : &mirror->oldest) = slot->newer;
}

static void link_newest(struct accord_mirror *mirror, struct accord_mirror_slot *slot)
{
    slot->newer = NULL;
    slot->older = mirror->newest;
    *(mirror->newest != NULL ? &mirror->newest->newer : &mirror->oldest) = slot;
    mirror->newest = slot;
}

static void slot_free(struct accord_mirror_slot *slot)
{
    for (size_t i = 0; i < slot->pending_count; i++)
        accord_buffer_free(&slot->pending[i].note);
    accord_copy_close(slot->copy);
    pthread_mutex_destroy(&slot->lock);
    free(slot);
}

/* Forgets logs that nobody asked for lately. */
static void slots_trim(struct accord_mirror *mirror)
{
    struct accord_mirror_slot *slot = mirror->oldest;
    while (slot != NULL && mirror->slot_count >= SLOTS_MAX) {
        struct accord_mirror_slot *newer = slot->newer;
        if (slot->users == 0 && !slot->open) {
            struct accord_mirror_slot **place = bucket_of(mirror, slot->hash);
            while (*place != slot)
                place = &(*place)->next;
            *place = slot->next;
            unlink_use(mirror, slot);
            mirror->slot_count--;
            slot_free(slot);
        }
        slot = newer;
    }
}

static struct accord_mirror_slot *slot_new(struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE])
{
    slots_trim(mirror);
    struct accord_mirror_slot *slot = calloc(1, sizeof *slot), **bucket = bucket_of(mirror, hash);
    if (slot == NULL)
        return NULL;
    if (pthread_mutex_init(&slot->lock, NULL) != 0)
        abort();
    memcpy(slot->hash, hash, sizeof slot->hash);
    slot->next = *bucket;
    *bucket = slot;
    link_newest(mirror, slot);
    mirror->slot_count++;
    return slot;
}

struct accord_mirror_slot *accord_mirror_slot_get(struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE])
{
    pthread_mutex_lock(&mirror->mutex);
    struct accord_mirror_slot *slot = *bucket_of(mirror, hash);
    while (slot != NULL && memcmp(slot->hash, hash, sizeof slot->hash) != 0)
        slot = slot->next;
    if (slot == NULL)
        slot = slot_new(mirror, hash);
    if (slot != NULL) {
        slot->users++;
        unlink_use(mirror, slot);
        link_newest(mirror, slot);
    }
    pthread_mutex_unlock(&mirror->mutex);
    return slot;
}

void accord_mirror_slot_put(struct accord_mirror *mirror, struct accord_mirror_slot *slot)
{
    if (slot == NULL)
        return;
    pthread_mutex_lock(&mirror->mutex);
    slot->users--;
    pthread_mutex_unlock(&mirror->mutex);
}

/* Copies */

void accord_mirror_path(const struct accord_mirror *mirror, const uint8_t hash[ACCORD_HASH_SIZE], const char *name,
                        char path[4096])
{
    struct accord_out out = {(uint8_t *)path, 4095, 0, false};
    accord_put(&out, (struct accord_bytes){(const uint8_t *)mirror->dir, strlen(mirror->dir)});
    accord_put_byte(&out, '/');
    accord_put_hex(&out, (struct accord_bytes){hash, ACCORD_HASH_SIZE});
    accord_put(&out, (struct accord_bytes){(const uint8_t *)name, strlen(name)});
    path[out.size] = '\0';
}

static void note_open(struct accord_mirror *mirror, struct accord_mirror_slot *slot)
{
    size_t held = slot->copy == NULL ? 0 : accord_copy_held(slot->copy);
    mirror->open_count += (size_t)(slot->copy != NULL) - (size_t)slot->open;
    mirror->open_held += held - slot->held;
    slot->held = held;
    slot->open = slot->copy != NULL;
    if (slot->open)
        slot->published_size = accord_copy_size(slot->copy);
}

/* A copy that nobody has, longest unused, where there are too many; it is the caller's to close. */
static struct accord_mirror_slot *take_idle(struct accord_mirror *mirror)
{
    struct accord_mirror_slot *slot = mirror->oldest;
    if (mirror->open_count <= mirror->copies_max && mirror->open_held <= COPIES_HELD_MAX)
        return NULL;
    while (slot != NULL && (slot->holders > 0 || !slot->open))
        slot = slot->newer;
    if (slot != NULL) {
        slot->users++;
        slot->holders++;
    }
    return slot;
}

/* The sync of one copy that failed may have been told of another's bytes. */
static void close_doubted(struct accord_mirror *mirror, struct accord_mirror_slot *slot)
{
    pthread_mutex_lock(&mirror->mutex);
    bool doubted = slot->copy != NULL && slot->opened_at != mirror->doubts;
    pthread_mutex_unlock(&mirror->mutex);
    if (!doubted)
        return;
    accord_copy_doubt(slot->copy);
    accord_copy_close(slot->copy);
    slot->copy = NULL;
}

/* True where what was put last could not be made durable. */
static bool close_copy(struct accord_mirror_slot *slot)
{
    if (slot->copy == NULL)
        return false;
    bool doubted = accord_copy_settle(slot->copy, NULL) != ACCORD_OK && accord_copy_doubtful(slot->copy);
    accord_copy_close(slot->copy);
    slot->copy = NULL;
    return doubted;
}

/* With the mutex. */
static void count_doubt(struct accord_mirror *mirror, bool doubted)
{
    mirror->doubts += doubted;
    mirror->state_doubted = mirror->state_doubted || doubted;
}

static void close_idle(struct accord_mirror *mirror)
{
    for (;;) {
        pthread_mutex_lock(&mirror->mutex);
        struct accord_mirror_slot *slot = take_idle(mirror);
        pthread_mutex_unlock(&mirror->mutex);
        if (slot == NULL)
            return;
        pthread_mutex_lock(&slot->lock);
        close_doubted(mirror, slot);
        bool doubted = close_copy(slot);
        pthread_mutex_lock(&mirror->mutex);
        count_doubt(mirror, doubted);
        note_open(mirror, slot);
        slot->users--;
        slot->holders--;
        pthread_mutex_unlock(&mirror->mutex);
        pthread_mutex_unlock(&slot->lock);
    }
}

static enum accord_status slot_open(struct accord_mirror *mirror, struct accord_mirror_slot *slot,
                                    struct accord_bytes origin, struct accord_error *error)
{
    char path[4096];
    accord_mirror_path(mirror, slot->hash, "", path);
    enum accord_status status = accord_copy_open(&slot->copy, mirror->fs, mirror->crypto, path, origin, error);
    if (status != ACCORD_OK)
        return status;
    pthread_mutex_lock(&mirror->mutex);
    slot->published = accord_copy_published(slot->copy);
    slot->opened_at = mirror->doubts;
    note_open(mirror, slot);
    pthread_mutex_unlock(&mirror->mutex);
    return ACCORD_OK;
}

enum accord_status accord_mirror_slot_hold(struct accord_mirror *mirror, struct accord_mirror_slot *slot,
                                           struct accord_bytes origin, struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    pthread_mutex_lock(&mirror->mutex);
    slot->holders++;
    pthread_mutex_unlock(&mirror->mutex);
    pthread_mutex_lock(&slot->lock);
    close_doubted(mirror, slot);
    if (slot->copy == NULL)
        status = slot_open(mirror, slot, origin, error);
    if (status != ACCORD_OK)
        accord_mirror_slot_let_go(mirror, slot);
    return status;
}

/* A copy whose disk failed is opened again by whoever comes next. */
void accord_mirror_slot_let_go(struct accord_mirror *mirror, struct accord_mirror_slot *slot)
{
    bool doubted = slot->copy != NULL && accord_copy_doubtful(slot->copy);
    if (slot->copy != NULL && accord_copy_broken(slot->copy)) {
        accord_copy_close(slot->copy);
        slot->copy = NULL;
    }
    pthread_mutex_lock(&mirror->mutex);
    count_doubt(mirror, doubted);
    note_open(mirror, slot);
    slot->holders--;
    pthread_mutex_unlock(&mirror->mutex);
    pthread_mutex_unlock(&slot->lock);
    close_idle(mirror);
}

/* The mirror */

struct accord_logs *accord_mirror_logs(struct accord_mirror *mirror)
{
    pthread_mutex_lock(&mirror->mutex);
    struct accord_logs *logs = accord_logs_keep(mirror->logs);
    pthread_mutex_unlock(&mirror->mutex);
    return logs;
}

void accord_mirror_know(struct accord_mirror *mirror, struct accord_logs *logs)
{
    pthread_mutex_lock(&mirror->mutex);
    struct accord_logs *before = mirror->logs;
    mirror->logs = accord_logs_keep(logs);
    pthread_mutex_unlock(&mirror->mutex);
    accord_logs_free(before);
}

const char *accord_mirror_dir(const struct accord_mirror *mirror)
{
    return mirror->dir;
}

enum accord_status accord_mirror_hold(struct accord_mirror *mirror, struct accord_bytes origin,
                                      struct accord_mirror_hold *hold, struct accord_error *error)
{
    struct accord_known_log known;
    struct accord_logs *logs = accord_mirror_logs(mirror);
    bool found = accord_logs_find(logs, origin, &known);
    accord_logs_free(logs);
    if (!found) {
        accord_fail(error, ACCORD_UNKNOWN_LOG, 0);
        accord_error_what(error, origin);
        return ACCORD_UNKNOWN_LOG;
    }
    struct accord_mirror_slot *slot = accord_mirror_slot_get(mirror, known.origin_hash);
    if (slot == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    enum accord_status status = accord_mirror_slot_hold(mirror, slot, origin, error);
    if (status != ACCORD_OK)
        accord_mirror_slot_put(mirror, slot);
    else
        *hold = (struct accord_mirror_hold){mirror, slot, slot->copy};
    return status;
}

void accord_mirror_let_go(struct accord_mirror_hold *hold)
{
    accord_mirror_slot_let_go(hold->mirror, hold->slot);
    accord_mirror_slot_put(hold->mirror, hold->slot);
}

static enum accord_status check_signers(const struct accord_mirror_options *options, struct accord_error *error)
{
    if (options->signer_count == 0 || options->signer_count > ACCORD_MIRROR_KEYS_MAX)
        abort();
    for (size_t i = 0; i < options->signer_count; i++) {
        const struct accord_vkey *vkey = accord_signer_vkey(options->signers[i]);
        if (vkey->type != ACCORD_KEY_ED25519)
            continue;
        accord_fail(error, ACCORD_KEY_TYPE, 0);
        accord_error_what(error, vkey->name);
        accord_error_expected(error, ACCORD_LITERAL("a witness's key"));
        return ACCORD_KEY_TYPE;
    }
    return ACCORD_OK;
}

static enum accord_status make_dirs(const struct accord_mirror *mirror, struct accord_error *error)
{
    const struct accord_fs *fs = mirror->fs;
    char path[4096];
    int result = fs->make_dir(fs->context, mirror->dir, DIR_MODE);
    if (result < 0 && result != -EEXIST)
        return accord_file_error(error, result, mirror->dir);
    snprintf(path, sizeof path, "%s/.accord", mirror->dir);
    result = fs->make_dir(fs->context, path, DIR_MODE);
    if (result < 0 && result != -EEXIST)
        return accord_file_error(error, result, path);
    result = fs->sync_all(fs->context, mirror->dir);
    return result < 0 ? accord_file_error(error, result, mirror->dir) : ACCORD_OK;
}

enum accord_status accord_mirror_open(struct accord_mirror **out, const struct accord_mirror_options *options,
                                      struct accord_logs *logs, struct accord_error *error)
{
    char path[4096];
    *out = NULL;
    enum accord_status status = check_signers(options, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    mirror->fs = options->fs;
    mirror->crypto = options->crypto;
    mirror->signer_count = options->signer_count;
    memcpy(mirror->signers, options->signers, options->signer_count * sizeof *mirror->signers);
    mirror->copies_max = options->copies_max == 0 ? COPIES_MAX : options->copies_max;
    mirror->logs = accord_logs_keep(logs);
    if (pthread_mutex_init(&mirror->mutex, NULL) != 0 || pthread_mutex_init(&mirror->memory, NULL) != 0)
        abort();
    int printed = snprintf(mirror->dir, sizeof mirror->dir, "%s", options->dir);
    if (printed < 0 || (size_t)printed >= sizeof mirror->dir)
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
    if (status == ACCORD_OK)
        status = make_dirs(mirror, error);
    if (status == ACCORD_OK)
        status = accord_mirror_remember(mirror, error);
    snprintf(path, sizeof path, "%s/.accord/ticket-key", mirror->dir);
    if (status == ACCORD_OK)
        status = accord_ticket_key(mirror->fs, path, mirror->ticket_key, error);
    if (status != ACCORD_OK) {
        accord_mirror_close(mirror);
        return status;
    }
    *out = mirror;
    return ACCORD_OK;
}

void accord_mirror_close(struct accord_mirror *mirror)
{
    if (mirror == NULL)
        return;
    while (mirror->oldest != NULL) {
        struct accord_mirror_slot *slot = mirror->oldest;
        mirror->oldest = slot->newer;
        slot_free(slot);
    }
    accord_cosigner_state_close(mirror->state);
    accord_logs_free(mirror->logs);
    pthread_mutex_destroy(&mirror->mutex);
    pthread_mutex_destroy(&mirror->memory);
    free(mirror);
}
