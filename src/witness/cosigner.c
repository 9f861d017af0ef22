/* The shell round the witness's state machine: reads what each witness has seen, judges, signs, remembers, and only
 * when that is durable lets the cosignatures out. Knows this order; refuses to know the rules (witness.c) and the table
 * (state.c). */
#include "witness/cosigner.h"

#include "witness/state.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_LINE_SIZE_MAX 4096 /* the longest is of ML-DSA-44: its name, and 2,432 bytes in base64 */

/* One request on its way through the witnesses. */
struct answering {
    struct accord_cosigner_state *state;
    const struct accord_crypto *crypto;
    const struct accord_add_checkpoint *request;
    struct accord_vkey *keys; /* those of the request's origin */
    size_t key_count;
    struct accord_buffer head;
    uint64_t now;
    struct accord_error *error;
};

/* The keys whose name is the request's origin: "each log, uniquely identified by its origin line". */
static enum accord_status select_keys(struct answering *answering, const struct accord_vkey *log_keys,
                                      size_t log_key_count)
{
    struct accord_bytes origin = answering->request->checkpoint.origin;
    size_t count = 0;
    for (size_t i = 0; i < log_key_count; i++)
        count += accord_bytes_equal(log_keys[i].name, origin);
    if (count == 0)
        return ACCORD_OK;
    answering->keys = calloc(count, sizeof *answering->keys);
    if (answering->keys == NULL)
        return accord_fail(answering->error, ACCORD_NO_MEMORY, 0);
    for (size_t i = 0; i < log_key_count; i++)
        if (accord_bytes_equal(log_keys[i].name, origin))
            answering->keys[answering->key_count++] = log_keys[i];
    return ACCORD_OK;
}

static enum accord_status append(struct answering *answering, struct accord_buffer *buffer, struct accord_bytes bytes)
{
    enum accord_status status = accord_buffer_append(buffer, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(answering->error, status, 0);
}

/* Appends the first verified line of one key, as it came. */
static enum accord_status append_line_of(struct answering *answering, const struct accord_vkey *key)
{
    const struct accord_note_claim *claim = &answering->request->checkpoint.note;
    struct accord_signature signature;
    for (size_t cursor = 0; accord_note_next_signature(claim, &cursor, &signature);) {
        if (accord_signature_verify(&signature, claim->text, key, answering->crypto, NULL) != ACCORD_SIGNED)
            continue;
        const struct accord_bytes parts[] = {ACCORD_LITERAL("\xe2\x80\x94 "), signature.name, ACCORD_LITERAL(" "),
                                             signature.base64, ACCORD_LITERAL("\n")};
        enum accord_status status = ACCORD_OK;
        for (size_t i = 0; status == ACCORD_OK && i < sizeof parts / sizeof *parts; i++)
            status = append(answering, &answering->head, parts[i]);
        return status;
    }
    return ACCORD_OK;
}

/* What monitors are shown, but for the cosignature: the text and the log's verified lines. Strangers' lines are left
 * out, so nobody can make the memory grow. Made once, and only where a witness cosigns. */
static enum accord_status make_head(struct answering *answering)
{
    if (answering->head.size > 0)
        return ACCORD_OK;
    enum accord_status status = append(answering, &answering->head, answering->request->checkpoint.note.text);
    if (status == ACCORD_OK)
        status = append(answering, &answering->head, ACCORD_LITERAL("\n"));
    for (size_t i = 0; status == ACCORD_OK && i < answering->key_count; i++)
        status = append_line_of(answering, &answering->keys[i]);
    return status;
}

/* Signs into *line and writes the row. The line stays inside until the transaction is durable. */
static enum accord_status cosign(struct answering *answering, const struct accord_signer *witness,
                                 const struct accord_witness_verdict *verdict, struct accord_buffer *line)
{
    const struct accord_checkpoint_claim *checkpoint = &answering->request->checkpoint;
    enum accord_status status = make_head(answering);
    if (status == ACCORD_OK)
        status = accord_signer_sign(witness, checkpoint->note.text, answering->now, line, answering->error);
    if (status != ACCORD_OK)
        return status;
    struct accord_buffer note;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    status = append(answering, &note, accord_buffer_bytes(&answering->head));
    if (status == ACCORD_OK)
        status = append(answering, &note, accord_buffer_bytes(line));
    if (status == ACCORD_OK)
        status = accord_cosigner_state_write(answering->state, accord_signer_vkey(witness)->text, checkpoint->origin,
                                             &verdict->next, accord_buffer_bytes(&note), answering->error);
    accord_buffer_free(&note);
    return status;
}

static enum accord_status answer_one(struct answering *answering, const struct accord_signer *witness,
                                     struct accord_witness_verdict *verdict, struct accord_buffer *line)
{
    struct accord_witness_seen seen;
    enum accord_status status =
        accord_cosigner_state_read(answering->state, accord_signer_vkey(witness)->text,
                                   answering->request->checkpoint.origin, &seen, NULL, answering->error);
    if (status != ACCORD_OK)
        return status;
    accord_witness_judge(answering->request, answering->keys, answering->key_count, &seen, answering->crypto, verdict);
    return verdict->http_status == 200 ? cosign(answering, witness, verdict, line) : ACCORD_OK;
}

/* Makes room in the caller's buffers first: nothing may fail between a commit and its cosignatures. */
static enum accord_status reserve_all(struct answering *answering, const struct accord_buffer *pending, size_t count,
                                      struct accord_buffer *lines)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++)
        status = accord_buffer_reserve(&lines[i], pending[i].size);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(answering->error, status, 0);
}

static void release_all(const struct accord_buffer *pending, size_t count, struct accord_buffer *lines)
{
    for (size_t i = 0; i < count; i++)
        if (accord_buffer_append(&lines[i], accord_buffer_bytes(&pending[i])) != ACCORD_OK)
            abort();
}

static enum accord_status answer_all(struct answering *answering, struct accord_signer *const *witnesses, size_t count,
                                     struct accord_witness_verdict *verdicts, struct accord_buffer *pending,
                                     struct accord_buffer *lines)
{
    enum accord_status status = accord_cosigner_state_begin(answering->state, answering->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++)
        status = answer_one(answering, witnesses[i], &verdicts[i], &pending[i]);
    if (status == ACCORD_OK)
        status = reserve_all(answering, pending, count, lines);
    if (status == ACCORD_OK)
        status = accord_cosigner_state_commit(answering->state, answering->error);
    if (status == ACCORD_OK) {
        release_all(pending, count, lines);
    } else {
        accord_cosigner_state_rollback(answering->state);
        memset(verdicts, 0, count * sizeof *verdicts);
    }
    return status;
}

static enum accord_status answer(struct answering *answering, struct accord_signer *const *witnesses, size_t count,
                                 struct accord_witness_verdict *verdicts, struct accord_buffer *lines)
{
    struct accord_buffer *pending = calloc(count, sizeof *pending);
    if (pending == NULL)
        return accord_fail(answering->error, ACCORD_NO_MEMORY, 0);
    for (size_t i = 0; i < count; i++)
        accord_buffer_init(&pending[i], SIGNATURE_LINE_SIZE_MAX);
    enum accord_status status = answer_all(answering, witnesses, count, verdicts, pending, lines);
    for (size_t i = 0; i < count; i++)
        accord_buffer_free(&pending[i]);
    free(pending);
    return status;
}

/* "The signatures MUST be cosignatures", and "the timestamp MUST NOT be zero". */
static enum accord_status check_witnesses(struct accord_signer *const *witnesses, size_t count, uint64_t now,
                                          struct accord_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct accord_vkey *vkey = accord_signer_vkey(witnesses[i]);
        if (vkey->type != ACCORD_KEY_ED25519)
            continue;
        accord_fail(error, ACCORD_KEY_TYPE, 0);
        accord_error_what(error, vkey->name);
        accord_error_expected(error, ACCORD_LITERAL("a witness's key"));
        return ACCORD_KEY_TYPE;
    }
    if (now != 0 && now <= INT64_MAX)
        return ACCORD_OK;
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, ACCORD_LITERAL("the clock"));
    accord_error_found_number(error, now);
    return ACCORD_IO;
}

static void refuse_all(struct accord_witness_verdict *verdicts, size_t count, const struct accord_error *error)
{
    for (size_t i = 0; i < count; i++)
        verdicts[i] = (struct accord_witness_verdict){.http_status = 400, .error = *error};
}

enum accord_status accord_cosigner_answer(struct accord_cosigner_state *state, struct accord_signer *const *witnesses,
                                          size_t witness_count, const struct accord_vkey *log_keys,
                                          size_t log_key_count, struct accord_bytes body, uint64_t now,
                                          const struct accord_crypto *crypto, struct accord_witness_verdict *verdicts,
                                          struct accord_buffer *lines, struct accord_error *error)
{
    enum accord_status status = check_witnesses(witnesses, witness_count, now, error);
    if (status != ACCORD_OK || witness_count == 0)
        return status;
    struct accord_add_checkpoint request;
    struct accord_error malformed;
    if (accord_add_checkpoint_parse(&request, body, &malformed) != ACCORD_OK) {
        refuse_all(verdicts, witness_count, &malformed);
        return ACCORD_OK;
    }
    struct answering answering = {.state = state, .crypto = crypto, .request = &request, .now = now, .error = error};
    accord_buffer_init(&answering.head, ACCORD_NOTE_SIZE_MAX);
    status = select_keys(&answering, log_keys, log_key_count);
    if (status == ACCORD_OK)
        status = answer(&answering, witnesses, witness_count, verdicts, lines);
    accord_buffer_free(&answering.head);
    free(answering.keys);
    return status;
}

enum accord_status accord_cosigner_seen(struct accord_cosigner_state *state, struct accord_bytes witness,
                                        struct accord_bytes origin, struct accord_witness_seen *seen,
                                        struct accord_error *error)
{
    return accord_cosigner_state_read(state, witness, origin, seen, NULL, error);
}

enum accord_status accord_cosigner_checkpoint(struct accord_cosigner_state *state, struct accord_bytes witness,
                                              struct accord_bytes origin, struct accord_buffer *note,
                                              struct accord_error *error)
{
    struct accord_witness_seen seen;
    enum accord_status status = accord_cosigner_state_read(state, witness, origin, &seen, note, error);
    if (status != ACCORD_OK || seen.cosigned)
        return status;
    accord_fail(error, ACCORD_NOT_FOUND, 0);
    accord_error_what(error, origin);
    return ACCORD_NOT_FOUND;
}
