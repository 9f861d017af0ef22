/* What a witness cosigned and does not remember. Knows how a checkpoint shows it, and how the memory is raised to it;
 * refuses to know who asks. */
#include "witness/state.h"

#include <string.h>

static enum accord_status append(struct accord_buffer *note, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(note, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* What monitors are shown: the text, the lines in the log's name, and the witness's. */
static enum accord_status make_note(const struct accord_checkpoint_claim *checkpoint, const struct accord_vkey *witness,
                                    struct accord_buffer *note, struct accord_error *error)
{
    struct accord_signature line;
    enum accord_status status = append(note, checkpoint->note.text, error);
    if (status == ACCORD_OK)
        status = append(note, ACCORD_LITERAL("\n"), error);
    for (unsigned own = 0; own < 2; own++) {
        size_t cursor = 0;
        while (status == ACCORD_OK && accord_note_next_signature(&checkpoint->note, &cursor, &line)) {
            bool is_own = accord_bytes_equal(line.name, witness->name) && line.id == witness->id;
            if (own == 1 ? !is_own : is_own || !accord_bytes_equal(line.name, checkpoint->origin))
                continue;
            const struct accord_bytes parts[] = {ACCORD_LITERAL("\xe2\x80\x94 "), line.name, ACCORD_LITERAL(" "),
                                                 line.base64, ACCORD_LITERAL("\n")};
            for (size_t i = 0; status == ACCORD_OK && i < sizeof parts / sizeof *parts; i++)
                status = append(note, parts[i], error);
            if (own == 1)
                break; /* only the first line of a key counts */
        }
    }
    return status;
}

static bool other_root(const struct accord_checkpoint_claim *checkpoint, const struct accord_witness_seen *seen)
{
    return seen->cosigned && checkpoint->size == seen->size &&
           memcmp(checkpoint->root, seen->root, sizeof seen->root) != 0;
}

static enum accord_status raise_to(struct accord_cosigner_state *state, const struct accord_vkey *witness,
                                   const struct accord_checkpoint_claim *checkpoint, bool *raised,
                                   struct accord_error *error)
{
    struct accord_witness_seen seen, next = {.size = checkpoint->size, .cosigned = true};
    struct accord_buffer note;
    memcpy(next.root, checkpoint->root, sizeof next.root);
    enum accord_status status =
        accord_cosigner_state_read(state, witness->text, checkpoint->origin, &seen, NULL, NULL, error);
    if (status == ACCORD_OK && other_root(checkpoint, &seen)) {
        status = accord_fail(error, ACCORD_CONSISTENCY, 0);
        accord_error_what(error, checkpoint->origin);
    }
    *raised = status == ACCORD_OK && (!seen.cosigned || checkpoint->size > seen.size);
    if (!*raised)
        return status;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = make_note(checkpoint, witness, &note, error);
    if (status == ACCORD_OK)
        status = accord_cosigner_state_write(state, witness->text, checkpoint->origin, &next,
                                             accord_buffer_bytes(&note), 0, error);
    accord_buffer_free(&note);
    return status;
}

enum accord_status accord_cosigner_state_raise(struct accord_cosigner_state *state, const struct accord_vkey *witness,
                                               const struct accord_checkpoint_claim *checkpoint,
                                               const struct accord_crypto *crypto, bool *signed_by, bool *raised,
                                               struct accord_error *error)
{
    *raised = false;
    *signed_by = accord_note_signed_by(&checkpoint->note, witness, crypto, NULL) == ACCORD_SIGNED;
    if (!*signed_by)
        return ACCORD_OK;
    enum accord_status status = accord_cosigner_state_begin_any(state, error);
    /* What is written here is counted, too, as if it had been there all along. */
    if (status == ACCORD_OK)
        status = accord_cosigner_state_keep_doubt(state, error);
    if (status == ACCORD_OK)
        status = raise_to(state, witness, checkpoint, raised, error);
    if (status == ACCORD_OK)
        status = accord_cosigner_state_commit(state, error);
    if (status != ACCORD_OK)
        accord_cosigner_state_rollback(state);
    return status;
}

bool accord_cosigner_forgot(const struct accord_vkey *witness, const struct accord_checkpoint_claim *checkpoint,
                            const struct accord_witness_seen *seen, const struct accord_crypto *crypto)
{
    bool more = !seen->cosigned || checkpoint->size > seen->size || other_root(checkpoint, seen);
    return more && accord_note_signed_by(&checkpoint->note, witness, crypto, NULL) == ACCORD_SIGNED;
}

enum accord_status accord_cosigner_notice(struct accord_cosigner_state *state, const struct accord_vkey *witness,
                                          const struct accord_checkpoint_claim *checkpoint,
                                          const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_witness_seen seen;
    enum accord_status status =
        accord_cosigner_state_read(state, witness->text, checkpoint->origin, &seen, NULL, NULL, error);
    if (status != ACCORD_OK || !accord_cosigner_forgot(witness, checkpoint, &seen, crypto))
        return status;
    return accord_cosigner_state_suspect(state, ACCORD_FORGOT, error);
}
