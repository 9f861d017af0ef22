/* One round of gathering, as a state machine. Knows what C2SP tlog-witness lets a witness answer; refuses to know how
 * it was asked. */
#include "net/gather_round.h"

#include "core/text.h"

#include <string.h>

static bool same_witness(const struct accord_policy_witness *a, const struct accord_policy_witness *b)
{
    return accord_bytes_equal(a->vkey.text, b->vkey.text) && accord_bytes_equal(a->url, b->url);
}

void accord_gather_init(struct accord_gather_state *state, const struct accord_policy *policy,
                        const struct accord_crypto *crypto, const struct accord_gather_state *old)
{
    memset(state, 0, sizeof *state);
    state->policy = policy;
    state->crypto = crypto;
    for (size_t i = 0; i < policy->witness_count; i++) {
        const struct accord_policy_witness *witness = &policy->witnesses[i];
        while (!accord_bytes_equal(policy->witnesses[state->first[i]].url, witness->url))
            state->first[i]++;
        for (size_t j = 0; old != NULL && j < old->policy->witness_count; j++) {
            if (same_witness(&old->policy->witnesses[j], witness)) {
                const struct accord_gather_witness *known = &old->witnesses[old->first[j]];
                state->witnesses[i].seen = known->seen;
                state->witnesses[i].backoff_ms = known->backoff_ms;
                state->witnesses[i].failed_ms = known->failed_ms;
            }
        }
    }
}

static bool is_asked_for(const struct accord_gather_state *state, size_t i)
{
    return state->policy->witnesses[i].url.size > 0;
}

/* Left alone until so long after it failed; a clock that went back ends that. */
static bool rested(const struct accord_gather_witness *witness, uint64_t longest_ms, uint64_t now_ms)
{
    uint64_t rest_ms = witness->backoff_ms < longest_ms ? witness->backoff_ms : longest_ms;
    return now_ms < witness->failed_ms || now_ms - witness->failed_ms >= rest_ms;
}

static void choose(struct accord_gather_state *state, uint64_t longest_ms, uint64_t now_ms,
                   bool asked[ACCORD_POLICY_WITNESSES_MAX])
{
    memset(asked, 0, ACCORD_POLICY_WITNESSES_MAX * sizeof *asked);
    for (size_t i = 0; i < state->policy->witness_count; i++)
        asked[i] = is_asked_for(state, i) && rested(&state->witnesses[state->first[i]], longest_ms, now_ms);
}

static void take_quorum(struct accord_gather_state *state, uint64_t now_ms)
{
    if (!state->held && accord_policy_satisfied(state->policy, state->cosigned)) {
        state->held = true;
        state->held_ms = now_ms;
    }
}

void accord_gather_begin(struct accord_gather_state *state, const struct accord_gather_observer *observer,
                         const struct accord_checkpoint_claim *checkpoint, uint64_t timeout_ms, uint64_t linger_ms,
                         uint64_t now_ms)
{
    bool asked[ACCORD_POLICY_WITNESSES_MAX];
    choose(state, ACCORD_GATHER_BACKOFF_MAX_MS, now_ms, asked);
    if (!accord_policy_satisfied(state->policy, asked))
        choose(state, ACCORD_GATHER_BACKOFF_NEEDED_MS, now_ms, asked);
    for (size_t i = 0; i < state->policy->witness_count; i++) {
        struct accord_gather_witness *witness = &state->witnesses[i];
        witness->phase = asked[i] && state->first[i] == i ? ACCORD_GATHER_TO_ASK : ACCORD_GATHER_LEFT_OUT;
        witness->caught_up = false;
        witness->line = (struct accord_bytes){NULL, 0};
    }
    state->observer = observer;
    state->text = checkpoint->note.text;
    state->size = checkpoint->size;
    state->begun_ms = now_ms;
    state->timeout_ms = timeout_ms;
    state->linger_ms = linger_ms;
    state->held = false;
    memset(state->cosigned, 0, sizeof state->cosigned);
    take_quorum(state, now_ms);
}

bool accord_gather_ask(struct accord_gather_state *state, size_t *witness, uint64_t *old_size)
{
    for (size_t i = 0; i < state->policy->witness_count; i++) {
        struct accord_gather_witness *asked = &state->witnesses[i];
        if (asked->phase != ACCORD_GATHER_TO_ASK)
            continue;
        asked->phase = ACCORD_GATHER_ASKED;
        /* One that saw more than we have answers 409 to our own size as well, and then says so again. */
        asked->old_size = asked->seen < state->size ? asked->seen : state->size;
        *witness = i;
        *old_size = asked->old_size;
        return true;
    }
    return false;
}

static void tell(const struct accord_gather_state *state, size_t witness, enum accord_witness_outcome outcome,
                 const struct accord_gather_answer *answer, const struct accord_error *error)
{
    if (state->observer != NULL)
        state->observer->outcome(state->observer->context, witness, outcome, answer->elapsed_ms, error);
}

/* It is left alone: for a second, then twice as long each time; longer where it asks for that itself. */
static void back_off(struct accord_gather_witness *witness, uint64_t retry_after, uint64_t now_ms)
{
    uint64_t backoff_ms = witness->backoff_ms * 2;
    if (backoff_ms < ACCORD_GATHER_BACKOFF_MIN_MS)
        backoff_ms = ACCORD_GATHER_BACKOFF_MIN_MS;
    if (retry_after >= ACCORD_GATHER_BACKOFF_MAX_MS / 1000)
        backoff_ms = ACCORD_GATHER_BACKOFF_MAX_MS;
    if (backoff_ms < retry_after * 1000)
        backoff_ms = retry_after * 1000;
    if (backoff_ms > ACCORD_GATHER_BACKOFF_MAX_MS)
        backoff_ms = ACCORD_GATHER_BACKOFF_MAX_MS;
    witness->backoff_ms = backoff_ms;
    witness->failed_ms = now_ms;
}

/* The endpoint did not cosign: that is the outcome of all its witnesses. */
static void give_up(struct accord_gather_state *state, size_t witness, enum accord_witness_outcome outcome,
                    const struct accord_gather_answer *answer, const struct accord_error *error, uint64_t now_ms)
{
    back_off(&state->witnesses[witness], answer->retry_after, now_ms);
    for (size_t i = witness; i < state->policy->witness_count; i++)
        if (state->first[i] == witness)
            tell(state, i, outcome, answer, error);
}

static struct accord_bytes name_of(const struct accord_gather_state *state, size_t witness)
{
    return state->policy->witnesses[witness].vkey.name;
}

/* "409 Conflict ... the tree size of the latest cosigned checkpoint in decimal, followed by a newline" */
static void conflict(struct accord_gather_state *state, size_t witness, const struct accord_gather_answer *answer,
                     uint64_t now_ms)
{
    struct accord_gather_witness *asked = &state->witnesses[witness];
    struct accord_bytes rest = answer->body, line;
    uint64_t seen;
    struct accord_error error;
    accord_fail(&error, ACCORD_WITNESS_CONFLICT, 0);
    accord_error_what(&error, name_of(state, witness));
    if (!accord_cut_line(&rest, &line) || rest.size > 0 || !accord_decimal_read(line, &seen) ||
        seen == asked->old_size) {
        accord_error_expected(&error, ACCORD_LITERAL("with 409, the size that it saw"));
        accord_error_found(&error, answer->body);
        give_up(state, witness, ACCORD_WITNESS_FAILED, answer, &error, now_ms);
        return;
    }
    asked->seen = seen;
    if (seen <= state->size && !asked->caught_up) {
        asked->caught_up = true;
        asked->phase = ACCORD_GATHER_TO_ASK;
        tell(state, witness, ACCORD_WITNESS_CAUGHT_UP, answer, NULL);
        return;
    }
    /* More than we have: it cosigned a tree of this log that this log does not know. It may have been rolled back. */
    accord_error_expected_number(&error, state->size);
    accord_error_found_number(&error, seen);
    give_up(state, witness, ACCORD_WITNESS_REFUSED, answer, &error, now_ms);
}

/* The verified line of this key among those of the answer, with its newline; *signed_how says how it went. As a
 * verifier will do, only the first line that names the key is looked at. */
static struct accord_bytes find_line(const struct accord_gather_state *state, const struct accord_note_claim *lines,
                                     const struct accord_vkey *vkey, enum accord_signed *signed_how)
{
    struct accord_bytes rest = lines->signatures, line;
    struct accord_signature signature;
    size_t cursor = 0;
    *signed_how = ACCORD_NOT_SIGNED;
    while (accord_note_next_signature(lines, &cursor, &signature) && accord_cut_line(&rest, &line)) {
        if (signature.id == vkey->id && accord_bytes_equal(signature.name, vkey->name)) {
            uint64_t timestamp;
            *signed_how = accord_signature_verify(&signature, state->text, vkey, state->crypto, &timestamp);
            return (struct accord_bytes){line.data, line.size + 1};
        }
    }
    return (struct accord_bytes){NULL, 0};
}

/* Takes what witness i has to say in its endpoint's answer. */
static bool take_line(struct accord_gather_state *state, size_t i, const struct accord_note_claim *lines,
                      const struct accord_gather_answer *answer)
{
    enum accord_signed signed_how;
    const struct accord_vkey *vkey = &state->policy->witnesses[i].vkey;
    struct accord_bytes line = find_line(state, lines, vkey, &signed_how);
    if (signed_how == ACCORD_SIGNED) {
        state->witnesses[i].line = line;
        state->cosigned[i] = true;
        tell(state, i, ACCORD_WITNESS_COSIGNED, answer, NULL);
        return true;
    }
    struct accord_error error;
    accord_fail(&error,
                signed_how == ACCORD_NOT_SIGNED       ? ACCORD_UNSIGNED
                : signed_how == ACCORD_SIGNED_UNKNOWN ? ACCORD_UNSUPPORTED
                                                      : ACCORD_SIGNATURE,
                0);
    accord_error_what(&error, vkey->name);
    tell(state, i, ACCORD_WITNESS_FAILED, answer, &error);
    return false;
}

/* "a sequence of one or more note signature lines"; "The client MUST ignore any cosignatures from unknown keys." */
static void cosigned(struct accord_gather_state *state, size_t witness, const struct accord_gather_answer *answer,
                     uint64_t now_ms)
{
    struct accord_gather_witness *asked = &state->witnesses[witness];
    struct accord_note_claim lines;
    struct accord_error error;
    if (accord_signatures_parse(&lines, answer->body, &error) != ACCORD_OK) {
        if (error.what[0] == 0)
            accord_error_what(&error, name_of(state, witness));
        give_up(state, witness, ACCORD_WITNESS_FAILED, answer, &error, now_ms);
        return;
    }
    bool any = false;
    for (size_t i = witness; i < state->policy->witness_count; i++)
        if (state->first[i] == witness && take_line(state, i, &lines, answer))
            any = true;
    if (any) {
        asked->seen = state->size;
        asked->backoff_ms = 0;
        take_quorum(state, now_ms);
    } else {
        back_off(asked, answer->retry_after, now_ms);
    }
}

static void refused(struct accord_gather_state *state, size_t witness, const struct accord_gather_answer *answer,
                    uint64_t now_ms)
{
    uint8_t text[160];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_bytes words = answer->body;
    struct accord_error error;
    accord_put(&out, ACCORD_LITERAL("status "));
    accord_put_decimal(&out, answer->http_status);
    /* The first words of the answer: mostly they say why. */
    if (words.size > 80)
        words.size = 80;
    while (words.size > 0 && (words.data[words.size - 1] == '\n' || words.data[words.size - 1] == '\r'))
        words.size--;
    accord_put(&out, words.size > 0 ? ACCORD_LITERAL(": ") : words);
    accord_put(&out, words);
    accord_fail(&error, ACCORD_NETWORK, 0);
    accord_error_what(&error, name_of(state, witness));
    accord_error_expected(&error, ACCORD_LITERAL("a cosignature"));
    accord_error_found(&error, accord_out_bytes(&out));
    bool is_refusal = answer->http_status >= 400 && answer->http_status < 500;
    give_up(state, witness, is_refusal ? ACCORD_WITNESS_REFUSED : ACCORD_WITNESS_FAILED, answer, &error, now_ms);
}

void accord_gather_answered(struct accord_gather_state *state, size_t witness,
                            const struct accord_gather_answer *answer, uint64_t now_ms)
{
    struct accord_gather_witness *asked = &state->witnesses[witness];
    if (asked->phase != ACCORD_GATHER_ASKED)
        return;
    asked->phase = ACCORD_GATHER_DONE;
    if (answer->status != ACCORD_OK)
        give_up(state, witness, ACCORD_WITNESS_FAILED, answer, answer->error, now_ms);
    else if (answer->http_status == 200)
        cosigned(state, witness, answer, now_ms);
    else if (answer->http_status == 409)
        conflict(state, witness, answer, now_ms);
    else
        refused(state, witness, answer, now_ms);
}

/* What is left of a span that began then; a clock that went back ends it. */
static uint64_t left(uint64_t begun_ms, uint64_t span_ms, uint64_t now_ms)
{
    if (now_ms < begun_ms || now_ms - begun_ms >= span_ms)
        return 0;
    return span_ms - (now_ms - begun_ms);
}

bool accord_gather_over(const struct accord_gather_state *state, uint64_t now_ms, uint64_t *wait_ms)
{
    bool waiting = false;
    for (size_t i = 0; i < state->policy->witness_count; i++)
        waiting = waiting || state->witnesses[i].phase == ACCORD_GATHER_TO_ASK ||
                  state->witnesses[i].phase == ACCORD_GATHER_ASKED;
    *wait_ms = left(state->begun_ms, state->timeout_ms, now_ms);
    if (state->held) {
        uint64_t linger_ms = left(state->held_ms, state->linger_ms, now_ms);
        *wait_ms = linger_ms < *wait_ms ? linger_ms : *wait_ms;
    }
    return !waiting || *wait_ms == 0;
}
