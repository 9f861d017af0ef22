/* The shell round the witness's state machine: reads what each witness has seen, judges, remembers, and only when that
 * is durable lets the cosignatures out. Knows this order, that many requests may share one transaction, and that a key
 * in a process of its own may sign while the disk is waited for; refuses to know the rules (witness.c) and the table
 * (state.c). */
#include "witness/cosigner.h"

#include "core/text.h"
#include "witness/state.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_LINE_SIZE_MAX 4096 /* the longest is of ML-DSA-44: its name, and 2,432 bytes in base64 */

/* A transaction on its way through requests and witnesses. */
struct answering {
    struct accord_cosigner_state *state;
    const struct accord_crypto *crypto;
    uint64_t now;
    bool *forgot; /* a request shows that a witness cosigned more than it remembers */
    struct accord_error *error;
};

static enum accord_status append(struct accord_buffer *buffer, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(buffer, bytes);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static enum accord_status append_line(struct accord_buffer *buffer, const struct accord_signature *line,
                                      struct accord_error *error)
{
    const struct accord_bytes parts[] = {ACCORD_LITERAL("\xe2\x80\x94 "), line->name, ACCORD_LITERAL(" "), line->base64,
                                         ACCORD_LITERAL("\n")};
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < sizeof parts / sizeof *parts; i++)
        status = append(buffer, parts[i], error);
    return status;
}

/* What monitors are shown, but for the cosignature: the text and the log's verified lines. Strangers' lines are left
 * out, so nobody can make the memory grow. */
static enum accord_status make_head(struct accord_cosigning *cosigning, const struct accord_signature *verified,
                                    size_t count, struct accord_error *error)
{
    enum accord_status status = append(&cosigning->head, cosigning->request.checkpoint.note.text, error);
    if (status == ACCORD_OK)
        status = append(&cosigning->head, ACCORD_LITERAL("\n"), error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++)
        if (verified[i].name.data != NULL)
            status = append_line(&cosigning->head, &verified[i], error);
    return status;
}

/* "The signatures MUST be cosignatures" */
static enum accord_status check_witnesses(const struct accord_cosigning *cosigning, struct accord_error *error)
{
    for (size_t i = 0; i < cosigning->witness_count; i++) {
        const struct accord_vkey *vkey = accord_signer_vkey(cosigning->witnesses[i]);
        if (vkey->type != ACCORD_KEY_ED25519)
            continue;
        accord_fail(error, ACCORD_KEY_TYPE, 0);
        accord_error_what(error, vkey->name);
        accord_error_expected(error, ACCORD_LITERAL("a witness's key"));
        return ACCORD_KEY_TYPE;
    }
    return ACCORD_OK;
}

/* The same answer of all witnesses. */
static void conclude(struct accord_cosigning *cosigning, const struct accord_witness_verdict *verdict)
{
    cosigning->final = true;
    for (size_t i = 0; i < cosigning->witness_count; i++)
        cosigning->verdicts[i] = *verdict;
}

static enum accord_status judge_request(struct accord_cosigning *cosigning, const struct accord_known_logs *logs,
                                        const struct accord_crypto *crypto, struct accord_error *error)
{
    size_t count;
    const struct accord_vkey *keys = logs->find(logs->context, cosigning->request.checkpoint.origin, &count);
    struct accord_signature *verified = calloc(count + 1, sizeof *verified);
    if (verified == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    struct accord_witness_verdict verdict;
    enum accord_status status = ACCORD_OK;
    if (accord_witness_judge_request(&cosigning->request, keys, count, crypto, verified, &verdict))
        status = make_head(cosigning, verified, count, error);
    else
        conclude(cosigning, &verdict);
    free(verified);
    return status;
}

enum accord_status accord_cosigning_prepare(struct accord_cosigning *cosigning, const struct accord_known_logs *logs,
                                            const struct accord_crypto *crypto, struct accord_error *error)
{
    accord_buffer_init(&cosigning->head, ACCORD_NOTE_SIZE_MAX);
    cosigning->pending = calloc(cosigning->witness_count, sizeof *cosigning->pending);
    if (cosigning->pending == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    for (size_t i = 0; i < cosigning->witness_count; i++)
        accord_buffer_init(&cosigning->pending[i], SIGNATURE_LINE_SIZE_MAX);
    enum accord_status status = check_witnesses(cosigning, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_witness_verdict malformed = {.http_status = 400};
    if (accord_add_checkpoint_parse(&cosigning->request, cosigning->body, &malformed.error) == ACCORD_OK)
        return judge_request(cosigning, logs, crypto, error);
    conclude(cosigning, &malformed);
    return ACCORD_OK;
}

void accord_cosigning_free(struct accord_cosigning *cosigning)
{
    for (size_t i = 0; cosigning->pending != NULL && i < cosigning->witness_count; i++)
        accord_buffer_free(&cosigning->pending[i]);
    free(cosigning->pending);
    cosigning->pending = NULL;
    accord_buffer_free(&cosigning->head);
}

static enum accord_status read_seen(const struct answering *answering, const struct accord_cosigning *cosigning,
                                    size_t i, struct accord_witness_seen *seen)
{
    return accord_cosigner_state_read(answering->state, accord_signer_vkey(cosigning->witnesses[i])->text,
                                      cosigning->request.checkpoint.origin, seen, NULL, NULL, answering->error);
}

/* A key that a witness was given later has seen nothing; what counts is the largest tree. */
static enum accord_status read_largest(const struct answering *answering, const struct accord_cosigning *cosigning,
                                       struct accord_witness_seen *largest)
{
    enum accord_status status = read_seen(answering, cosigning, 0, largest);
    for (size_t i = 1; status == ACCORD_OK && i < cosigning->witness_count; i++) {
        struct accord_witness_seen seen;
        status = read_seen(answering, cosigning, i, &seen);
        if (status == ACCORD_OK && seen.cosigned && (!largest->cosigned || seen.size > largest->size))
            *largest = seen;
    }
    return status;
}

static enum accord_status judge_one(const struct answering *answering, struct accord_cosigning *cosigning, size_t i)
{
    struct accord_witness_seen seen;
    enum accord_status status =
        cosigning->together ? read_largest(answering, cosigning, &seen) : read_seen(answering, cosigning, i, &seen);
    if (status != ACCORD_OK)
        return status;
    if (!cosigning->silent && accord_cosigner_forgot(accord_signer_vkey(cosigning->witnesses[i]),
                                                     &cosigning->request.checkpoint, &seen, answering->crypto)) {
        *answering->forgot = true;
        return accord_fail(answering->error, ACCORD_STATE, 0);
    }
    if (cosigning->together && i > 0)
        cosigning->verdicts[i] = cosigning->verdicts[0];
    else
        accord_witness_judge_tree(&cosigning->request, &seen, answering->crypto, &cosigning->verdicts[i]);
    return ACCORD_OK;
}

/* The checkpoint without the cosignature, and when that is made: the line itself is not there yet. */
static enum accord_status write_one(const struct answering *answering, const struct accord_cosigning *cosigning,
                                    size_t i)
{
    if (cosigning->verdicts[i].http_status != 200)
        return ACCORD_OK;
    return accord_cosigner_state_write(answering->state, accord_signer_vkey(cosigning->witnesses[i])->text,
                                       cosigning->request.checkpoint.origin, &cosigning->verdicts[i].next,
                                       accord_buffer_bytes(&cosigning->head), cosigning->silent ? 0 : answering->now,
                                       answering->error);
}

/* One request after another, since each may be of the same log as the one before it. */
static enum accord_status judge_all(const struct answering *answering, struct accord_cosigning *const *cosignings,
                                    size_t count)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        for (size_t j = 0; status == ACCORD_OK && !cosignings[i]->final && j < cosignings[i]->witness_count; j++)
            status = judge_one(answering, cosignings[i], j);
        for (size_t j = 0; status == ACCORD_OK && !cosignings[i]->final && j < cosignings[i]->witness_count; j++)
            status = write_one(answering, cosignings[i], j);
    }
    return status;
}

/* The cosignatures that are due, of one key at a time. */
struct signatures {
    struct accord_cosigning *const *cosignings;
    size_t count;
    struct accord_bytes *texts; /* room for all of them */
    struct accord_buffer **lines;
};

/* Is this cosignature to be made? */
static bool is_due(const struct accord_cosigning *cosigning, size_t i)
{
    return !cosigning->final && !cosigning->silent && cosigning->verdicts[i].http_status == 200 &&
           cosigning->pending[i].size == 0;
}

/* Of a cosignature as a line (tlog-cosignature, "Format"): the dash, the name, the key's id, the time, the signature.
 */
static size_t line_size(const struct accord_vkey *witness)
{
    size_t signature =
        witness->type == ACCORD_KEY_COSIGNATURE_MLDSA44 ? ACCORD_MLDSA44_SIGNATURE_SIZE : ACCORD_ED25519_SIGNATURE_SIZE;
    return strlen("\xe2\x80\x94 ") + witness->name.size + 1 + ACCORD_BASE64_SIZE(4 + 8 + signature) + 1;
}

/* In the caller's buffers, for what is going to be signed: nothing else may fail once it is remembered. */
static enum accord_status make_room(const struct answering *answering, struct accord_cosigning *const *cosignings,
                                    size_t count)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++)
        for (size_t j = 0; status == ACCORD_OK && j < cosignings[i]->witness_count; j++)
            if (is_due(cosignings[i], j))
                status = accord_buffer_reserve(&cosignings[i]->lines[j],
                                               line_size(accord_signer_vkey(cosignings[i]->witnesses[j])));
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(answering->error, status, 0);
}

/* A key of which cosignatures are due; NULL where all are made. */
static const struct accord_signer *next_signer(const struct signatures *all)
{
    for (size_t i = 0; i < all->count; i++)
        for (size_t j = 0; j < all->cosignings[i]->witness_count; j++)
            if (is_due(all->cosignings[i], j))
                return all->cosignings[i]->witnesses[j];
    return NULL;
}

/* What is due of the next key; of none where all are made. */
static struct accord_signing next_signing(const struct answering *answering, const struct signatures *all)
{
    struct accord_signing signing = {
        .signer = next_signer(all), .texts = all->texts, .timestamp = answering->now, .lines = all->lines};
    for (size_t i = 0; signing.signer != NULL && i < all->count; i++) {
        struct accord_cosigning *cosigning = all->cosignings[i];
        for (size_t j = 0; j < cosigning->witness_count; j++) {
            if (!is_due(cosigning, j) || cosigning->witnesses[j] != signing.signer)
                continue;
            all->texts[signing.count] = cosigning->request.checkpoint.note.text;
            all->lines[signing.count++] = &cosigning->pending[j];
        }
    }
    return signing;
}

/* What comes in is not shown to anybody before the transaction is durable: it may be made before that. */
static enum accord_status commit_and_sign(const struct answering *answering, const struct signatures *all)
{
    struct accord_signing signing = next_signing(answering, all);
    if (signing.signer != NULL)
        accord_signing_begin(&signing);
    enum accord_status status = accord_cosigner_state_commit(answering->state, answering->error);
    while (signing.signer != NULL) {
        enum accord_status signed_ = accord_signing_end(&signing, status == ACCORD_OK ? answering->error : NULL);
        status = status == ACCORD_OK ? signed_ : status;
        if (status != ACCORD_OK)
            break;
        signing = next_signing(answering, all);
        if (signing.signer != NULL)
            accord_signing_begin(&signing);
    }
    return status;
}

static enum accord_status answer_requests(const struct answering *answering, struct accord_cosigning *const *cosignings,
                                          size_t count)
{
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += cosignings[i]->witness_count;
    struct signatures signatures = {.cosignings = cosignings,
                                    .count = count,
                                    .texts = calloc(all, sizeof *signatures.texts),
                                    .lines = calloc(all, sizeof(struct accord_buffer *))};
    enum accord_status status = signatures.texts == NULL || signatures.lines == NULL
                                    ? accord_fail(answering->error, ACCORD_NO_MEMORY, 0)
                                    : judge_all(answering, cosignings, count);
    if (status == ACCORD_OK)
        status = make_room(answering, cosignings, count);
    if (status == ACCORD_OK)
        status = commit_and_sign(answering, &signatures);
    free(signatures.texts);
    free(signatures.lines);
    return status;
}

static void release(struct accord_cosigning *cosigning)
{
    for (size_t i = 0; i < cosigning->witness_count; i++) {
        if (accord_buffer_append(&cosigning->lines[i], accord_buffer_bytes(&cosigning->pending[i])) != ACCORD_OK)
            abort();
        cosigning->pending[i].size = 0;
    }
}

static void withdraw(struct accord_cosigning *cosigning)
{
    for (size_t i = 0; i < cosigning->witness_count; i++)
        cosigning->pending[i].size = 0;
    if (!cosigning->final)
        memset(cosigning->verdicts, 0, cosigning->witness_count * sizeof *cosigning->verdicts);
}

/* "the timestamp MUST NOT be zero" */
static enum accord_status check_clock(uint64_t now, struct accord_error *error)
{
    if (now != 0 && now <= INT64_MAX)
        return ACCORD_OK;
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, ACCORD_LITERAL("the clock"));
    accord_error_found_number(error, now);
    return ACCORD_IO;
}

enum accord_status accord_cosigner_answer_all(struct accord_cosigner_state *state,
                                              struct accord_cosigning *const *cosignings, size_t count, uint64_t now,
                                              const struct accord_crypto *crypto, struct accord_error *error)
{
    bool forgot = false;
    const struct answering answering = {
        .state = state, .crypto = crypto, .now = now, .forgot = &forgot, .error = error};
    bool open = false;
    for (size_t i = 0; i < count && !open; i++)
        open = !cosignings[i]->final;
    if (!open)
        return ACCORD_OK;
    enum accord_status status = check_clock(now, error);
    if (status == ACCORD_OK)
        status = accord_cosigner_state_begin(state, error);
    if (status == ACCORD_OK)
        status = answer_requests(&answering, cosignings, count);
    if (status != ACCORD_OK)
        accord_cosigner_state_rollback(state);
    if (forgot)
        status = accord_cosigner_state_suspect(state, ACCORD_FORGOT, error);
    for (size_t i = 0; i < count; i++) {
        if (status == ACCORD_OK)
            release(cosignings[i]);
        else
            withdraw(cosignings[i]);
    }
    return status;
}

/* The keys whose name is an origin, of a list in which any others may stand between them. */
struct key_list {
    const struct accord_vkey *keys;
    size_t count;
    struct accord_vkey *found; /* room for all */
};

static const struct accord_vkey *find_keys(void *context, struct accord_bytes origin, size_t *count)
{
    struct key_list *list = context;
    *count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (accord_bytes_equal(list->keys[i].name, origin))
            list->found[(*count)++] = list->keys[i];
    return list->found;
}

enum accord_status accord_cosigner_answer(struct accord_cosigner_state *state, struct accord_signer *const *witnesses,
                                          size_t witness_count, const struct accord_vkey *log_keys,
                                          size_t log_key_count, struct accord_bytes body, uint64_t now,
                                          const struct accord_crypto *crypto, struct accord_witness_verdict *verdicts,
                                          struct accord_buffer *lines, struct accord_error *error)
{
    enum accord_status status = check_clock(now, error);
    if (status != ACCORD_OK || witness_count == 0)
        return status;
    struct key_list list = {log_keys, log_key_count, calloc(log_key_count + 1, sizeof *list.found)};
    struct accord_cosigning *cosigning = calloc(1, sizeof *cosigning);
    if (list.found == NULL || cosigning == NULL) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    } else {
        const struct accord_known_logs logs = {&list, find_keys};
        *cosigning = (struct accord_cosigning){
            .body = body, .witnesses = witnesses, .witness_count = witness_count, .verdicts = verdicts, .lines = lines};
        status = accord_cosigning_prepare(cosigning, &logs, crypto, error);
        if (status == ACCORD_OK)
            status = accord_cosigner_answer_all(state, &cosigning, 1, now, crypto, error);
        accord_cosigning_free(cosigning);
    }
    free(cosigning);
    free(list.found);
    return status;
}

enum accord_status accord_cosigner_seen(struct accord_cosigner_state *state, struct accord_bytes witness,
                                        struct accord_bytes origin, struct accord_witness_seen *seen,
                                        struct accord_error *error)
{
    return accord_cosigner_state_read(state, witness, origin, seen, NULL, NULL, error);
}

/* The line that the note lacks: made again, of the same time. */
static enum accord_status sign_again(const struct accord_signer *witness, struct accord_buffer *note, size_t at,
                                     uint64_t time, struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    struct accord_buffer line;
    accord_buffer_init(&line, SIGNATURE_LINE_SIZE_MAX);
    enum accord_status status =
        accord_checkpoint_parse(&claim, (struct accord_bytes){note->data + at, note->size - at}, error);
    if (status == ACCORD_OK)
        status = accord_signer_sign(witness, claim.note.text, time, &line, error);
    if (status == ACCORD_OK)
        status = append(note, accord_buffer_bytes(&line), error);
    accord_buffer_free(&line);
    return status;
}

enum accord_status accord_cosigner_checkpoint(struct accord_cosigner_state *state, const struct accord_signer *witness,
                                              struct accord_bytes origin, struct accord_buffer *note,
                                              struct accord_error *error)
{
    struct accord_witness_seen seen;
    uint64_t time = 0;
    size_t at = note->size;
    enum accord_status status =
        accord_cosigner_state_read(state, accord_signer_vkey(witness)->text, origin, &seen, note, &time, error);
    if (status == ACCORD_OK && seen.cosigned)
        return time == 0 ? ACCORD_OK : sign_again(witness, note, at, time, error);
    if (status != ACCORD_OK)
        return status;
    accord_fail(error, ACCORD_NOT_FOUND, 0);
    accord_error_what(error, origin);
    return ACCORD_NOT_FOUND;
}
