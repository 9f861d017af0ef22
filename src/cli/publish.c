/* The order in which a checkpoint comes to be: what it covers is durable, then the log signs, then witnesses remember
 * and cosign, then the quorum is asked, then it is published. It knows witnesses that are in this process; those that
 * are not are the network's. */
#include "cli/publish.h"

#include "cli/network.h"
#include "core/text.h"
#include "keys/checkpoint.h"
#include "log/reader.h"
#include "witness/cosigner.h"

#include <stdlib.h>
#include <string.h>

#define ASK_FOR_MS 30000
#define LINGER_MS 500 /* once the quorum holds, for the others */

/* The witnesses that one request serves: those that remember the same size. */
struct round {
    const struct accord_publisher *publisher;
    struct accord_cosigner_state *state;
    const char *dir;
    struct accord_bytes signed_checkpoint;
    uint64_t size;
    struct accord_buffer *lines;                /* one for each witness of the publisher */
    uint64_t seen[ACCORD_POLICY_WITNESSES_MAX]; /* what each remembers */
    bool asked[ACCORD_POLICY_WITNESSES_MAX];
    struct accord_error refusal; /* of the last witness that said no */
};

static enum accord_status prove_consistency(const struct round *round, uint64_t old_size,
                                            struct accord_merkle_proof *proof, struct accord_error *error)
{
    proof->count = 0;
    if (old_size == 0 || old_size >= round->size) {
        return ACCORD_OK;
    }
    struct accord_reader *reader;
    enum accord_status status =
        accord_reader_open(&reader, round->publisher->fs, round->publisher->crypto, round->dir, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_reader_set_size(reader, round->size);
    struct accord_hash_source source = accord_reader_hashes(reader);
    status = accord_consistency_prove(round->publisher->crypto, &source, old_size, round->size, proof);
    if (status != ACCORD_OK && error != NULL) {
        *error = *accord_reader_error(reader);
        error->status = status;
    }
    accord_reader_close(reader);
    return status;
}

/* Asks all witnesses that remember old_size, in one transaction. */
static enum accord_status ask(struct round *round, uint64_t old_size, struct accord_error *error)
{
    struct accord_signer *witnesses[ACCORD_POLICY_WITNESSES_MAX];
    size_t place[ACCORD_POLICY_WITNESSES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < round->publisher->witness_count; i++) {
        if (!round->asked[i] && round->seen[i] == old_size) {
            round->asked[i] = true;
            place[count] = i;
            witnesses[count++] = round->publisher->witnesses[i];
        }
    }
    struct accord_merkle_proof proof;
    enum accord_status status = prove_consistency(round, old_size, &proof, error);
    if (status != ACCORD_OK) {
        return status;
    }
    size_t room = round->signed_checkpoint.size + 64 * ACCORD_PROOF_HASHES_MAX + 64;
    uint8_t *body = malloc(room);
    struct accord_buffer *lines = calloc(count, sizeof *lines);
    struct accord_witness_verdict *verdicts = calloc(count, sizeof *verdicts);
    if (body == NULL || lines == NULL || verdicts == NULL) {
        status = ACCORD_NO_MEMORY;
        accord_fail(error, status, 0);
    } else {
        for (size_t i = 0; i < count; i++) {
            accord_buffer_init(&lines[i], 8192);
        }
        struct accord_out out = {body, room, 0, false};
        accord_add_checkpoint_print(&out, old_size, &proof, round->signed_checkpoint);
        const struct accord_clock *clock = round->publisher->clock;
        status = accord_cosigner_answer(round->state, witnesses, count, accord_signer_vkey(round->publisher->log_key),
                                        1, accord_out_bytes(&out), clock->now(clock->context), round->publisher->crypto,
                                        verdicts, lines, error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        if (verdicts[i].http_status == 200) {
            status = accord_buffer_append(&round->lines[place[i]], accord_buffer_bytes(&lines[i]));
        } else {
            round->refusal = verdicts[i].error;
            accord_error_what(&round->refusal, accord_signer_vkey(witnesses[i])->name);
        }
    }
    for (size_t i = 0; lines != NULL && i < count; i++) {
        accord_buffer_free(&lines[i]);
    }
    free(verdicts);
    free(lines);
    free(body);
    return status;
}

/* One request for each size that some witness remembers: with a shared memory that is one. */
static enum accord_status ask_all(struct round *round, struct accord_error *error)
{
    struct accord_bytes origin = accord_signer_vkey(round->publisher->log_key)->name;
    for (size_t i = 0; i < round->publisher->witness_count; i++) {
        struct accord_witness_seen seen = {0};
        enum accord_status status = accord_cosigner_seen(
            round->state, accord_signer_vkey(round->publisher->witnesses[i])->text, origin, &seen, error);
        if (status != ACCORD_OK) {
            return status;
        }
        round->seen[i] = seen.size;
    }
    for (size_t i = 0; i < round->publisher->witness_count; i++) {
        if (!round->asked[i]) {
            enum accord_status status = ask(round, round->seen[i], error);
            if (status != ACCORD_OK) {
                return status;
            }
        }
    }
    return ACCORD_OK;
}

/* Appends the witnesses' lines, in the order of the publisher's list. */
static enum accord_status cosign(const char *dir, const struct accord_publisher *publisher, uint64_t size,
                                 struct accord_buffer *checkpoint, struct accord_error *error)
{
    struct round *round = calloc(1, sizeof *round);
    struct accord_buffer *lines = calloc(publisher->witness_count, sizeof *lines);
    enum accord_status status = ACCORD_OK;
    if (round == NULL || lines == NULL) {
        status = ACCORD_NO_MEMORY;
        accord_fail(error, status, 0);
    } else {
        *round = (struct round){.publisher = publisher, .dir = dir, .size = size, .lines = lines};
        round->signed_checkpoint = accord_buffer_bytes(checkpoint);
        for (size_t i = 0; i < publisher->witness_count; i++) {
            accord_buffer_init(&lines[i], 8192);
        }
        status = accord_cosigner_state_open(&round->state, publisher->fs, publisher->witness_state, error);
    }
    if (status == ACCORD_OK) {
        status = ask_all(round, error);
        accord_cosigner_state_close(round->state);
    }
    if (status == ACCORD_OK && publisher->policy == NULL && round->refusal.status != ACCORD_OK) {
        status = round->refusal.status;
        if (error != NULL) {
            *error = round->refusal;
        }
    }
    for (size_t i = 0; status == ACCORD_OK && i < publisher->witness_count; i++) {
        status = accord_buffer_append(checkpoint, accord_buffer_bytes(&lines[i]));
    }
    for (size_t i = 0; lines != NULL && i < publisher->witness_count; i++) {
        accord_buffer_free(&lines[i]);
    }
    free(lines);
    free(round);
    return status;
}

static enum accord_status quorum_holds(const struct accord_publisher *publisher, struct accord_bytes checkpoint,
                                       struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    enum accord_status status = accord_checkpoint_parse(&claim, checkpoint, error);
    if (status != ACCORD_OK || publisher->policy == NULL) {
        return status;
    }
    struct accord_checkpoint verified;
    struct accord_cosigners cosigners;
    return accord_policy_verify(publisher->policy, &claim, publisher->crypto, &verified, &cosigners, error);
}

static bool is_signed_by(const struct accord_note_claim *note, const struct accord_signature *wanted)
{
    struct accord_signature signature;
    size_t cursor = 0;
    while (accord_note_next_signature(note, &cursor, &signature)) {
        if (signature.id == wanted->id && accord_bytes_equal(signature.name, wanted->name)) {
            return true;
        }
    }
    return false;
}

/* Appends the lines of gathered by keys that have none in *checkpoint. */
static enum accord_status merge(struct accord_buffer *checkpoint, struct accord_bytes gathered,
                                struct accord_error *error)
{
    struct accord_checkpoint_claim have, more;
    struct accord_buffer lines;
    enum accord_status status = accord_checkpoint_parse(&have, accord_buffer_bytes(checkpoint), error);
    if (status == ACCORD_OK) {
        status = accord_checkpoint_parse(&more, gathered, error);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_signature signature;
    struct accord_bytes rest = more.note.signatures, line;
    size_t cursor = 0;
    accord_buffer_init(&lines, ACCORD_NOTE_SIZE_MAX);
    while (status == ACCORD_OK && accord_note_next_signature(&more.note, &cursor, &signature) &&
           accord_cut_line(&rest, &line)) {
        if (!is_signed_by(&have.note, &signature)) {
            status = accord_buffer_append(&lines, (struct accord_bytes){line.data, line.size + 1});
        }
    }
    if (status == ACCORD_OK) {
        status = accord_buffer_append(checkpoint, accord_buffer_bytes(&lines));
    }
    accord_buffer_free(&lines);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* Asks the policy's witnesses by their URLs. signed_size is how much of *checkpoint the log alone signed. */
static enum accord_status ask_elsewhere(const char *dir, const struct accord_publisher *publisher, uint64_t size,
                                        size_t signed_size, struct accord_buffer *checkpoint,
                                        struct accord_error *error)
{
    struct accord_reader *reader;
    struct accord_buffer gathered;
    enum accord_status status = accord_reader_open(&reader, publisher->fs, publisher->crypto, dir, error);
    if (status != ACCORD_OK) {
        return status;
    }
    accord_reader_set_size(reader, size);
    accord_buffer_init(&gathered, ACCORD_NOTE_SIZE_MAX);
    const struct accord_gather_round round = {.checkpoint = {checkpoint->data, signed_size},
                                              .hashes = accord_reader_hashes(reader),
                                              .timeout_ms = ASK_FOR_MS,
                                              .linger_ms = LINGER_MS};
    status =
        publisher->network->gather(publisher->policy, publisher->crypto, &round, publisher->observer, &gathered, error);
    if (status == ACCORD_OK || status == ACCORD_QUORUM) {
        status = merge(checkpoint, accord_buffer_bytes(&gathered), error);
    }
    accord_buffer_free(&gathered);
    accord_reader_close(reader);
    return status;
}

enum accord_status accord_publish(struct accord_log *log, const char *dir, const struct accord_publisher *publisher,
                                  struct accord_buffer *checkpoint, struct accord_error *error)
{
    enum accord_status status = accord_log_integrate(log, error);
    if (status != ACCORD_OK) {
        return status;
    }
    uint8_t root[ACCORD_HASH_SIZE];
    accord_log_root(log, root);
    status = accord_checkpoint_sign(publisher->log_key, accord_log_size(log), root, checkpoint, error);
    size_t signed_size = checkpoint->size;
    if (status == ACCORD_OK && publisher->witness_count > 0) {
        status = cosign(dir, publisher, accord_log_size(log), checkpoint, error);
    }
    if (status == ACCORD_OK && accord_buffer_append(checkpoint, publisher->cosignatures) != ACCORD_OK) {
        status = accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    if (status != ACCORD_OK) {
        return status;
    }
    status = quorum_holds(publisher, accord_buffer_bytes(checkpoint), error);
    if (status == ACCORD_QUORUM && publisher->network != NULL) {
        status = ask_elsewhere(dir, publisher, accord_log_size(log), signed_size, checkpoint, error);
        if (status == ACCORD_OK) {
            status = quorum_holds(publisher, accord_buffer_bytes(checkpoint), error);
        }
    }
    if (status != ACCORD_OK) {
        return status;
    }
    return accord_log_publish(log, accord_buffer_bytes(checkpoint), error);
}
