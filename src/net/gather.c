/* The shell round a round of gathering (gather_round.c): it prints requests, speaks HTTP, keeps the time, and puts the
 * checkpoint together. What an answer means is not its to say. */
#include "net/gather.h"

#include "base/clock.h"
#include "net/gather_round.h"
#include "witness/witness.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_SIZE_MAX 65536 /* an answer holds a line or a few; the longest is 3,600 bytes */
#define REQUEST_SIZE_MAX (ACCORD_NOTE_SIZE_MAX + 64 * (ACCORD_PROOF_HASHES_MAX + 1))
#define ASK_WHETHER_TO_STOP_MS 200

struct ask {
    struct accord_fetch fetch;
    struct accord_buffer body;
    char *url; /* of add-checkpoint; NULL where the witness has none */
    bool under_way;
};

struct accord_gatherer {
    const struct accord_policy *policy;
    const struct accord_crypto *crypto;
    struct accord_gather_state state;
    struct ask asks[ACCORD_POLICY_WITNESSES_MAX];
};

/* One round, while it lasts. */
struct running {
    struct accord_gatherer *gatherer;
    struct accord_client *client;
    const struct accord_gather_round *round;
    bool proven; /* proof is the one from proof_from */
    uint64_t proof_from;
    struct accord_merkle_proof proof;
};

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

static enum accord_status take_url(struct ask *ask, struct accord_bytes base, struct accord_error *error)
{
    size_t size = base.size + sizeof "/add-checkpoint";
    char *text = malloc(base.size + 1);
    ask->url = malloc(size);
    if (text == NULL || ask->url == NULL) {
        free(text);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (base.size > 0)
        memcpy(text, base.data, base.size);
    text[base.size] = 0;
    enum accord_status status = accord_url_join(ask->url, size, text, "add-checkpoint", error);
    if (status == ACCORD_OK && !accord_url_is(text)) {
        status = accord_fail(error, ACCORD_MALFORMED, 0);
        accord_error_what(error, ACCORD_LITERAL("a witness's URL"));
        accord_error_expected(error, ACCORD_LITERAL("http:// or https://"));
        accord_error_found(error, base);
    }
    free(text);
    return status;
}

enum accord_status accord_gatherer_new(struct accord_gatherer **out, const struct accord_policy *policy,
                                       const struct accord_crypto *crypto, struct accord_gatherer *old,
                                       struct accord_error *error)
{
    *out = NULL;
    struct accord_gatherer *gatherer = calloc(1, sizeof *gatherer);
    if (gatherer == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    gatherer->policy = policy;
    gatherer->crypto = crypto;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < policy->witness_count; i++) {
        accord_buffer_init(&gatherer->asks[i].body, REQUEST_SIZE_MAX);
        accord_buffer_init(&gatherer->asks[i].fetch.answer, ANSWER_SIZE_MAX);
        if (policy->witnesses[i].url.size > 0)
            status = take_url(&gatherer->asks[i], policy->witnesses[i].url, error);
    }
    if (status != ACCORD_OK) {
        accord_gatherer_free(gatherer);
        return status;
    }
    accord_gather_init(&gatherer->state, policy, crypto, old == NULL ? NULL : &old->state);
    accord_gatherer_free(old);
    *out = gatherer;
    return ACCORD_OK;
}

void accord_gatherer_free(struct accord_gatherer *gatherer)
{
    if (gatherer == NULL)
        return;
    for (size_t i = 0; i < ACCORD_POLICY_WITNESSES_MAX; i++) {
        accord_buffer_free(&gatherer->asks[i].body);
        accord_buffer_free(&gatherer->asks[i].fetch.answer);
        free(gatherer->asks[i].url);
    }
    free(gatherer);
}

/* Most witnesses saw the same size last, so the last proof is kept. */
static enum accord_status prove(struct running *running, uint64_t old_size, struct accord_error *error)
{
    uint64_t size = running->gatherer->state.size;
    if (running->proven && running->proof_from == old_size)
        return ACCORD_OK;
    running->proven = false;
    running->proof.count = 0;
    if (old_size > 0 && old_size < size) {
        enum accord_status status = accord_consistency_prove(running->gatherer->crypto, &running->round->hashes,
                                                             old_size, size, &running->proof);
        if (status != ACCORD_OK) {
            accord_fail(error, status, 0);
            accord_error_what(error, ACCORD_LITERAL("the consistency proof"));
            return status;
        }
    }
    running->proof_from = old_size;
    running->proven = true;
    return ACCORD_OK;
}

static enum accord_status print_request(struct running *running, uint64_t old_size, struct accord_buffer *body,
                                        struct accord_error *error)
{
    body->size = 0;
    enum accord_status status = prove(running, old_size, error);
    if (status != ACCORD_OK)
        return status;
    size_t room = running->round->checkpoint.size + 64 * (running->proof.count + 1);
    status = accord_buffer_reserve(body, room);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    struct accord_out out = {body->data, body->capacity, 0, false};
    accord_add_checkpoint_print(&out, old_size, &running->proof, running->round->checkpoint);
    body->size = out.size;
    return out.full ? accord_fail(error, ACCORD_TOO_LARGE, 0) : ACCORD_OK;
}

static void deliver(struct running *running, size_t witness, enum accord_status status,
                    const struct accord_error *error)
{
    struct ask *ask = &running->gatherer->asks[witness];
    struct accord_gather_answer answer = {.status = status,
                                          .error = error,
                                          .http_status = ask->fetch.http_status,
                                          .body = accord_buffer_bytes(&ask->fetch.answer),
                                          .retry_after = ask->fetch.retry_after,
                                          .elapsed_ms = ask->fetch.elapsed_ms};
    ask->under_way = false;
    accord_gather_answered(&running->gatherer->state, witness, &answer, now_ms());
}

static void start(struct running *running, size_t witness, uint64_t old_size)
{
    struct ask *ask = &running->gatherer->asks[witness];
    struct accord_error error;
    struct accord_buffer answer = ask->fetch.answer;
    answer.size = 0;
    ask->fetch = (struct accord_fetch){
        .url = ask->url, .post = true, .timeout_ms = running->round->timeout_ms, .context = ask, .answer = answer};
    enum accord_status status = print_request(running, old_size, &ask->body, &error);
    if (status == ACCORD_OK) {
        ask->fetch.body = accord_buffer_bytes(&ask->body);
        status = accord_client_start(running->client, &ask->fetch);
        error = ask->fetch.error;
    }
    ask->under_way = status == ACCORD_OK;
    if (status != ACCORD_OK)
        deliver(running, witness, status, &error);
}

/* Asks, and takes the answers, until the round is over; false where it was stopped. */
static bool run(struct running *running, bool (*stop)(void *context), void *stop_context)
{
    struct accord_gather_state *state = &running->gatherer->state;
    for (;;) {
        size_t witness;
        uint64_t old_size, wait_ms;
        if (stop != NULL && stop(stop_context))
            return false;
        while (accord_gather_ask(state, &witness, &old_size))
            start(running, witness, old_size);
        if (accord_gather_over(state, now_ms(), &wait_ms))
            return true;
        if (wait_ms > ASK_WHETHER_TO_STOP_MS)
            wait_ms = ASK_WHETHER_TO_STOP_MS;
        struct accord_fetch *fetch = accord_client_wait(running->client, wait_ms);
        if (fetch != NULL)
            deliver(running, (size_t)((struct ask *)fetch->context - running->gatherer->asks), fetch->status,
                    &fetch->error);
    }
}

/* Whoever has not answered by now is too slow for this round: what it may still say is about a checkpoint that is
 * published already, or has been given up, so nobody waits for it. */
static void cut_off(struct running *running, bool stopped)
{
    for (size_t i = 0; i < running->gatherer->policy->witness_count; i++) {
        struct ask *ask = &running->gatherer->asks[i];
        if (!ask->under_way)
            continue;
        accord_client_stop(running->client, &ask->fetch);
        accord_error_found(&ask->fetch.error, ACCORD_LITERAL("no answer in time"));
        ask->under_way = false;
        if (!stopped)
            deliver(running, i, ACCORD_NETWORK, &ask->fetch.error);
    }
}

static enum accord_status put_together(const struct accord_gatherer *gatherer, struct accord_bytes signed_checkpoint,
                                       struct accord_buffer *checkpoint, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(checkpoint, signed_checkpoint);
    for (size_t i = 0; status == ACCORD_OK && i < gatherer->policy->witness_count; i++)
        status = accord_buffer_append(checkpoint, gatherer->state.witnesses[i].line);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

static enum accord_status verify(const struct accord_gatherer *gatherer, struct accord_bytes checkpoint,
                                 struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    struct accord_checkpoint verified;
    struct accord_cosigners cosigners;
    enum accord_status status = accord_checkpoint_parse(claim, checkpoint, error);
    if (status == ACCORD_OK)
        status = accord_policy_verify(gatherer->policy, claim, gatherer->crypto, &verified, &cosigners, error);
    return status;
}

enum accord_status accord_gather(struct accord_gatherer *gatherer, struct accord_client *client,
                                 const struct accord_gather_round *round, const struct accord_gather_observer *observer,
                                 bool (*stop)(void *context), void *stop_context, struct accord_buffer *checkpoint,
                                 struct accord_error *error)
{
    struct accord_checkpoint_claim claim;
    /* A log that the policy does not know need not ask anyone. */
    enum accord_status status = verify(gatherer, round->checkpoint, &claim, error);
    if (status != ACCORD_OK && status != ACCORD_QUORUM)
        return status;
    struct running running = {.gatherer = gatherer, .client = client, .round = round, .proven = false};
    accord_gather_begin(&gatherer->state, observer, &claim, round->timeout_ms, round->linger_ms, now_ms());
    bool whole = run(&running, stop, stop_context);
    cut_off(&running, !whole);
    size_t before = checkpoint->size;
    status = put_together(gatherer, round->checkpoint, checkpoint, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes made = {checkpoint->data + before, checkpoint->size - before};
    return verify(gatherer, made, &claim, error);
}
