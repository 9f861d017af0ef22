/* The order in which a checkpoint comes to be: what it covers is durable, then the log signs, then witnesses remember
 * and cosign, then the quorum is asked, then it is published. It knows witnesses that are in this process, and no
 * network. */
#include "cli/publish.h"

#include "core/text.h"
#include "log/reader.h"
#include "witness/cosigner.h"

#include <stdlib.h>
#include <string.h>

enum accord_status accord_publish_sign(const struct accord_signer *log_key, uint64_t size,
                                       const uint8_t root[ACCORD_HASH_SIZE], struct accord_buffer *checkpoint,
                                       struct accord_error *error)
{
    uint8_t text[ACCORD_ORIGIN_SIZE_MAX + 128];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_checkpoint_print(&out, accord_signer_vkey(log_key)->name, size, root);
    if (out.full) {
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    }
    enum accord_status status = accord_buffer_append(checkpoint, accord_out_bytes(&out));
    if (status == ACCORD_OK) {
        status = accord_buffer_append(checkpoint, ACCORD_LITERAL("\n"));
    }
    if (status != ACCORD_OK) {
        return accord_fail(error, status, 0);
    }
    return accord_signer_sign(log_key, accord_out_bytes(&out), 0, checkpoint, error);
}

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

enum accord_status accord_publish(struct accord_log *log, const char *dir, const struct accord_publisher *publisher,
                                  struct accord_buffer *checkpoint, struct accord_error *error)
{
    enum accord_status status = accord_log_integrate(log, error);
    if (status != ACCORD_OK) {
        return status;
    }
    uint8_t root[ACCORD_HASH_SIZE];
    accord_log_root(log, root);
    status = accord_publish_sign(publisher->log_key, accord_log_size(log), root, checkpoint, error);
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
    if (status != ACCORD_OK) {
        return status;
    }
    return accord_log_publish(log, accord_buffer_bytes(checkpoint), error);
}
