/* A copy as the target of pulling. Knows which checkpoint is worth publishing in place of the one that is there, and
 * how a cosignature is added to it; refuses to know where the entries came from. */
#include "base/file.h"
#include "core/text.h"
#include "mirror/pull.h"

#include <stdio.h>

#define PATH_SIZE 4096
#define FILE_MODE 0644

static enum accord_status last(void *context, struct accord_buffer *note, struct accord_error *error)
{
    const struct accord_pull_copy *pulling = context;
    return accord_copy_checkpoint(pulling->copy, note, error);
}

/* What the directory holds is all that is remembered. */
static enum accord_status accept(void *context, uint64_t old_size, const struct accord_merkle_proof *proof,
                                 const struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    (void)context, (void)old_size, (void)proof, (void)claim, (void)error;
    return ACCORD_OK;
}

static uint64_t next(void *context)
{
    const struct accord_pull_copy *pulling = context;
    return accord_copy_next(pulling->copy);
}

static enum accord_status subtree(void *context, uint64_t first, const uint8_t (*leaves)[ACCORD_HASH_SIZE],
                                  uint64_t count, uint8_t hash[ACCORD_HASH_SIZE], struct accord_error *error)
{
    const struct accord_pull_copy *pulling = context;
    return accord_copy_subtree_hashed(pulling->copy, first, leaves, count, hash, error);
}

static enum accord_status put(void *context, uint64_t first, struct accord_bytes entries,
                              const uint8_t (*leaves)[ACCORD_HASH_SIZE], uint64_t count, struct accord_error *error)
{
    const struct accord_pull_copy *pulling = context;
    return accord_copy_put_hashed(pulling->copy, first, entries, leaves, count, error);
}

static bool is_own(const struct accord_pull_copy *pulling, const struct accord_signature *signature)
{
    const struct accord_vkey *key = pulling->cosigner == NULL ? NULL : accord_signer_vkey(pulling->cosigner);
    return key != NULL && signature->id == key->id && accord_bytes_equal(signature->name, key->name);
}

/* How many signatures it has from others than our key. */
static size_t count_others(const struct accord_pull_copy *pulling, const struct accord_note_claim *note)
{
    struct accord_signature signature;
    size_t count = 0;
    for (size_t cursor = 0; accord_note_next_signature(note, &cursor, &signature);)
        count += !is_own(pulling, &signature);
    return count;
}

/* Is what is published of this tree, cosigned as it should be, and vouched for by no fewer? */
static enum accord_status look_at_published(const struct accord_pull_copy *pulling,
                                            const struct accord_checkpoint_claim *claim, bool *good,
                                            struct accord_error *error)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim there;
    *good = false;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_copy_checkpoint(pulling->copy, &note, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&there, accord_buffer_bytes(&note), error);
    if (status == ACCORD_OK) {
        bool cosigned =
            pulling->cosigner == NULL || accord_note_signed_by(&there.note, accord_signer_vkey(pulling->cosigner),
                                                               pulling->crypto, NULL) == ACCORD_SIGNED;
        *good = accord_bytes_equal(there.note.text, claim->note.text) && cosigned &&
                count_others(pulling, &there.note) >= count_others(pulling, &claim->note);
    }
    accord_buffer_free(&note);
    return status == ACCORD_NOT_FOUND ? ACCORD_OK : status;
}

/* The log's note, with our line in place of any that goes by our key's name. */
static enum accord_status cosign(const struct accord_pull_copy *pulling, const struct accord_checkpoint_claim *claim,
                                 struct accord_buffer *note, struct accord_error *error)
{
    struct accord_signature signature;
    struct accord_bytes rest = claim->note.signatures, line;
    size_t cursor = 0;
    enum accord_status status = accord_buffer_append(note, claim->note.text);
    if (status == ACCORD_OK)
        status = accord_buffer_append(note, ACCORD_LITERAL("\n"));
    while (status == ACCORD_OK && accord_note_next_signature(&claim->note, &cursor, &signature) &&
           accord_cut_line(&rest, &line))
        if (!is_own(pulling, &signature))
            status = accord_buffer_append(note, (struct accord_bytes){line.data, line.size + 1});
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    if (pulling->cosigner == NULL)
        return ACCORD_OK;
    uint64_t now = pulling->clock->now(pulling->clock->context);
    return accord_signer_sign(pulling->cosigner, claim->note.text, now, note, error);
}

static enum accord_status publish(void *context, const struct accord_checkpoint_claim *claim, bool *changed,
                                  struct accord_error *error)
{
    const struct accord_pull_copy *pulling = context;
    struct accord_buffer note;
    bool good;
    *changed = false;
    enum accord_status status = look_at_published(pulling, claim, &good, error);
    if (status != ACCORD_OK || good)
        return status;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    /* Nothing is cosigned before it is durable. */
    status = accord_copy_commit(pulling->copy, claim->size, claim->root, error);
    if (status == ACCORD_OK)
        status = cosign(pulling, claim, &note, error);
    if (status == ACCORD_OK)
        status = accord_copy_publish(pulling->copy, accord_buffer_bytes(&note), error);
    *changed = status == ACCORD_OK;
    accord_buffer_free(&note);
    return status;
}

struct accord_pull_target accord_pull_into(struct accord_pull_copy *copy)
{
    return (struct accord_pull_target){copy, last, accept, next, subtree, put, publish};
}

/* Evidence */

static enum accord_status keep_note(const struct accord_fs *fs, const char *dir, const char *name,
                                    const struct accord_buffer *note, struct accord_error *error)
{
    char path[PATH_SIZE];
    int printed = snprintf(path, sizeof path, "%s/.accord/%s", dir, name);
    if (printed < 0 || (size_t)printed >= sizeof path)
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    enum accord_status status = accord_file_create(fs, path, accord_buffer_bytes(note), FILE_MODE, error);
    return status == ACCORD_EXISTS ? ACCORD_OK : status;
}

enum accord_status accord_pull_keep(const struct accord_fs *fs, const char *dir, const struct accord_pulled *pulled,
                                    struct accord_error *error)
{
    if (pulled->note.size == 0 || pulled->last.size == 0)
        return ACCORD_OK;
    enum accord_status status = keep_note(fs, dir, "fork-accepted", &pulled->last, error);
    return status == ACCORD_OK ? keep_note(fs, dir, "fork-shown", &pulled->note, error) : status;
}
