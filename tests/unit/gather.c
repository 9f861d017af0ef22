/* Gathering cosignatures: the state machine alone, with any order of events and any clock; then over HTTP, among
 * witnesses that hang, flood, lie and send elsewhere. */
#include "witnesses.h"

#include "logs.h"

#include "base/clock.h"
#include "keys/checkpoint.h"
#include "log/reader.h"
#include "net/gather_round.h"

#define POLICY_SIZE 65536

/* A log of 300 entries, later more, its key, and a checkpoint of it. */
struct fixture {
    struct log_place *place;
    struct accord_signer *key;
    struct accord_buffer checkpoint;
    struct accord_checkpoint_claim claim;
    struct accord_policy policy;
    uint8_t policy_text[POLICY_SIZE];
    struct witnesses witnesses;
    /* What was observed. */
    unsigned outcomes[WITNESSES_MAX][ACCORD_WITNESS_OUTCOMES];
    enum accord_status last_error[WITNESSES_MAX];
};

static void observe(void *context, size_t witness, enum accord_witness_outcome outcome, uint64_t elapsed_ms,
                    const struct accord_error *error)
{
    struct fixture *fixture = context;
    (void)elapsed_ms;
    fixture->outcomes[witness][outcome]++;
    fixture->last_error[witness] = error == NULL ? ACCORD_OK : error->status;
    bool is_good = outcome == ACCORD_WITNESS_COSIGNED || outcome == ACCORD_WITNESS_CAUGHT_UP;
    assert_true(is_good == (error == NULL));
}

static unsigned ended(const struct fixture *fixture, size_t witness)
{
    return fixture->outcomes[witness][ACCORD_WITNESS_COSIGNED] + fixture->outcomes[witness][ACCORD_WITNESS_REFUSED] +
           fixture->outcomes[witness][ACCORD_WITNESS_FAILED];
}

static void take_checkpoint(struct fixture *fixture, uint64_t size, const uint8_t root[ACCORD_HASH_SIZE])
{
    fixture->checkpoint.size = 0;
    assert_int_equal(accord_checkpoint_sign(fixture->key, size, root, &fixture->checkpoint, NULL), ACCORD_OK);
    assert_int_equal(accord_checkpoint_parse(&fixture->claim, accord_buffer_bytes(&fixture->checkpoint), NULL),
                     ACCORD_OK);
}

static void grow(struct fixture *fixture, uint64_t count)
{
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_log *log = log_open(fixture->place);
    log_fill(log, count);
    log_publish(log);
    accord_log_root(log, root);
    take_checkpoint(fixture, accord_log_size(log), root);
    accord_log_close(log);
}

static int set_up(void **state)
{
    void *place;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    place_new(&place);
    fixture->place = place;
    log_make(fixture->place, 0);
    accord_buffer_init(&fixture->checkpoint, ACCORD_NOTE_SIZE_MAX);
    assert_int_equal(accord_signer_generate(&fixture->key, slice(LOG_ORIGIN), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    grow(fixture, 300);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    void *place = fixture->place;
    if (fixture->witnesses.count > 0)
        witnesses_stop(&fixture->witnesses);
    accord_buffer_free(&fixture->checkpoint);
    accord_signer_free(fixture->key);
    free(fixture);
    return place_free(&place);
}

static void have_witnesses(struct fixture *fixture, size_t count, size_t threshold)
{
    witnesses_start(&fixture->witnesses, count, fixture->key);
    struct accord_bytes text =
        witnesses_policy(&fixture->witnesses, threshold, fixture->policy_text, sizeof fixture->policy_text);
    struct accord_error error;
    assert_int_equal(accord_policy_parse(&fixture->policy, text, &accord_crypto_default, &error), ACCORD_OK);
}

static void use_policy(struct fixture *fixture, struct accord_out *out)
{
    struct accord_error error;
    assert_false(out->full);
    assert_int_equal(accord_policy_parse(&fixture->policy, accord_out_bytes(out), &accord_crypto_default, &error),
                     ACCORD_OK);
}

/* The state machine. */

static void give(struct accord_gather_state *gather, size_t witness, unsigned http_status, struct accord_bytes body,
                 uint64_t now_ms)
{
    struct accord_gather_answer answer = {.http_status = http_status, .body = body};
    accord_gather_answered(gather, witness, &answer, now_ms);
}

static void give_nothing(struct accord_gather_state *gather, size_t witness, uint64_t now_ms)
{
    struct accord_error error;
    accord_fail(&error, ACCORD_NETWORK, 0);
    struct accord_gather_answer answer = {.status = ACCORD_NETWORK, .error = &error};
    accord_gather_answered(gather, witness, &answer, now_ms);
}

static void give_lines(struct accord_gather_state *gather, const struct fixture *fixture, size_t witness,
                       struct accord_buffer *lines, uint64_t now_ms)
{
    assert_int_equal(
        accord_signer_sign(fixture->witnesses.signers[witness], fixture->claim.note.text, 1700000000, lines, NULL),
        ACCORD_OK);
    give(gather, witness, 200, accord_buffer_bytes(lines), now_ms);
}

static void observer_of(struct fixture *fixture, struct accord_gather_observer *observer)
{
    *observer = (struct accord_gather_observer){fixture, observe};
    memset(fixture->outcomes, 0, sizeof fixture->outcomes);
}

enum plan {
    COSIGNS,
    CONFLICTS_ONCE,
    CONFLICTS_TWICE,
    SAW_MORE,
    NONSENSE,
    WRONG_LINE,
    SERVER_ERROR,
    REFUSES,
    NO_ANSWER,
    SILENT,
    PLANS
};

static uint64_t rng;

static uint64_t dice(uint64_t sides)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % sides;
}

#define hold(condition, seed)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            print_message("seed %llu\n", (unsigned long long)(seed));                                                  \
            assert_true(condition);                                                                                    \
        }                                                                                                              \
    } while (0)

struct play {
    struct accord_gather_state gather;
    enum plan plan[WITNESSES_MAX];
    unsigned asked[WITNESSES_MAX];
    struct accord_buffer lines[WITNESSES_MAX];
    size_t pending[WITNESSES_MAX], pending_count;
    uint64_t now_ms;
};

static void play_answer(struct fixture *fixture, struct play *play, size_t i)
{
    struct accord_gather_state *gather = &play->gather;
    if (play->plan[i] == CONFLICTS_TWICE || (play->plan[i] == CONFLICTS_ONCE && play->asked[i] == 1)) {
        give(gather, i, 409, slice(play->asked[i] == 1 ? "123\n" : "124\n"), play->now_ms);
        return;
    }
    switch (play->plan[i]) {
    case CONFLICTS_ONCE:
    case CONFLICTS_TWICE:
    case COSIGNS:
        give_lines(gather, fixture, i, &play->lines[i], play->now_ms);
        return;
    case SAW_MORE:
        give(gather, i, 409, slice("301\n"), play->now_ms);
        return;
    case NONSENSE:
        give(gather, i, 200, slice("\x00\xff nonsense"), play->now_ms);
        return;
    case WRONG_LINE:
        assert_int_equal(
            accord_signer_sign(fixture->witnesses.signers[i], OTHER_CHECKPOINT, 1700000000, &play->lines[i], NULL),
            ACCORD_OK);
        give(gather, i, 200, accord_buffer_bytes(&play->lines[i]), play->now_ms);
        return;
    case SERVER_ERROR:
        give(gather, i, 503, slice("busy"), play->now_ms);
        return;
    case REFUSES:
        give(gather, i, 404, slice(""), play->now_ms);
        return;
    case NO_ANSWER:
    case SILENT:
    case PLANS:
        give_nothing(gather, i, play->now_ms);
        return;
    }
}

/* One step: a witness is asked, an answer comes in whatever order, or time passes. */
static void play_step(struct fixture *fixture, struct play *play, bool jumps, uint64_t seed)
{
    size_t witness;
    uint64_t old_size;
    if (dice(3) == 0 && accord_gather_ask(&play->gather, &witness, &old_size)) {
        play->asked[witness]++;
        hold(play->asked[witness] <= 2, seed);
        hold(old_size == (play->asked[witness] == 1 ? 0 : 123), seed);
        play->pending[play->pending_count++] = witness;
        return;
    }
    if (play->pending_count > 0 && dice(3) != 0) {
        size_t at = dice(play->pending_count), i = play->pending[at];
        if (play->plan[i] != SILENT) {
            play->pending[at] = play->pending[--play->pending_count];
            play_answer(fixture, play, i);
        }
        return;
    }
    play->now_ms += dice(20);
    if (jumps && dice(50) == 0)
        play->now_ms = dice(2) == 0 ? play->now_ms / 2 : play->now_ms + 100000000;
}

static void play_check(struct fixture *fixture, const struct play *play, uint64_t seed)
{
    struct accord_buffer whole;
    accord_buffer_init(&whole, ACCORD_NOTE_SIZE_MAX);
    hold(accord_buffer_append(&whole, accord_buffer_bytes(&fixture->checkpoint)) == ACCORD_OK, seed);
    for (size_t i = 0; i < fixture->policy.witness_count; i++) {
        bool good = play->plan[i] == COSIGNS || play->plan[i] == CONFLICTS_ONCE;
        hold(!play->gather.cosigned[i] || good, seed);
        hold(play->gather.cosigned[i] == (play->gather.witnesses[i].line.size > 0), seed);
        hold(ended(fixture, i) <= 1, seed);
        hold(play->gather.cosigned[i] == (fixture->outcomes[i][ACCORD_WITNESS_COSIGNED] == 1), seed);
        hold(play->gather.cosigned[i] || !good || play->gather.witnesses[i].backoff_ms == 0, seed);
        hold(accord_buffer_append(&whole, play->gather.witnesses[i].line) == ACCORD_OK, seed);
    }
    hold(play->gather.held == accord_policy_satisfied(&fixture->policy, play->gather.cosigned), seed);
    struct accord_checkpoint_claim claim;
    struct accord_checkpoint verified;
    struct accord_cosigners cosigners;
    hold(accord_checkpoint_parse(&claim, accord_buffer_bytes(&whole), NULL) == ACCORD_OK, seed);
    enum accord_status status =
        accord_policy_verify(&fixture->policy, &claim, &accord_crypto_default, &verified, &cosigners, NULL);
    hold(status == (play->gather.held ? ACCORD_OK : ACCORD_QUORUM), seed);
    accord_buffer_free(&whole);
}

static void play_round(struct fixture *fixture, uint64_t seed, bool jumps)
{
    struct play *play = calloc(1, sizeof *play);
    struct accord_gather_observer observer;
    size_t good = 0, silent = 0, count = fixture->policy.witness_count;
    uint64_t wait_ms;
    rng = seed * 0x9E3779B97F4A7C15U + 1;
    observer_of(fixture, &observer);
    for (size_t i = 0; i < count; i++) {
        play->plan[i] = dice(2) == 0 ? COSIGNS : (enum plan)dice(PLANS);
        good += play->plan[i] == COSIGNS || play->plan[i] == CONFLICTS_ONCE;
        silent += play->plan[i] == SILENT;
        accord_buffer_init(&play->lines[i], 8192);
    }
    play->now_ms = dice(1000000);
    accord_gather_init(&play->gather, &fixture->policy, &accord_crypto_default, NULL);
    accord_gather_begin(&play->gather, &observer, &fixture->claim, 1000000, 1000000, play->now_ms);
    size_t steps = 0;
    for (; !accord_gather_over(&play->gather, play->now_ms, &wait_ms); steps++) {
        hold(steps < 1000000, seed);
        play_step(fixture, play, jumps, seed);
    }
    play_check(fixture, play, seed);
    if (!jumps) {
        size_t cosigned = 0, ends = 0;
        for (size_t i = 0; i < count; i++) {
            cosigned += play->gather.cosigned[i];
            ends += ended(fixture, i);
        }
        hold(cosigned == good, seed);
        hold(ends == count - silent, seed);
    }
    for (size_t i = 0; i < count; i++)
        accord_buffer_free(&play->lines[i]);
    free(play);
}

static void any_order_of_events(void **state)
{
    static const size_t counts[][2] = {{1, 1}, {3, 2}, {34, 18}, {128, 65}};
    struct fixture *fixture = *state;
    for (size_t c = 0; c < 4; c++) {
        have_witnesses(fixture, counts[c][0], counts[c][1]);
        for (uint64_t seed = 1; seed <= (c < 2 ? 100 : 12); seed++) {
            play_round(fixture, seed, false);
            play_round(fixture, seed, true);
        }
        witnesses_stop(&fixture->witnesses);
        fixture->witnesses.count = 0;
    }
}

/* One round in which witness 0 fails at its beginning; whether it was asked at all. */
static bool asks_and_fails(struct fixture *fixture, struct accord_gather_state *gather, uint64_t now_ms,
                           uint64_t retry_after)
{
    size_t witness;
    uint64_t old_size;
    bool asked = false;
    accord_gather_begin(gather, NULL, &fixture->claim, 1000, 0, now_ms);
    while (accord_gather_ask(gather, &witness, &old_size)) {
        if (witness == 0) {
            struct accord_gather_answer answer = {.http_status = 500, .retry_after = retry_after};
            asked = true;
            accord_gather_answered(gather, witness, &answer, now_ms);
        }
    }
    return asked;
}

static void backs_off_twice_as_long_each_time(void **state)
{
    struct fixture *fixture = *state;
    struct accord_gather_state gather;
    have_witnesses(fixture, 3, 2);
    accord_gather_init(&gather, &fixture->policy, &accord_crypto_default, NULL);
    uint64_t now_ms = 5000000, rest_ms = 1000;
    for (size_t i = 0; i < 12; i++) {
        assert_true(asks_and_fails(fixture, &gather, now_ms, 0));
        assert_false(asks_and_fails(fixture, &gather, now_ms + rest_ms - 1, 0));
        now_ms += rest_ms;
        rest_ms = rest_ms * 2 > 300000 ? 300000 : rest_ms * 2;
    }
    /* a clock that went back asks early, and one that jumped ahead as well */
    assert_true(asks_and_fails(fixture, &gather, 17, 0));
    assert_true(asks_and_fails(fixture, &gather, UINT64_MAX / 2, 0));
    /* as it asks for, but never for longer than five minutes */
    gather.witnesses[0].backoff_ms = 0;
    assert_true(asks_and_fails(fixture, &gather, now_ms, 20));
    assert_false(asks_and_fails(fixture, &gather, now_ms + 19999, 0));
    assert_true(asks_and_fails(fixture, &gather, now_ms + 20000, UINT64_MAX));
    assert_false(asks_and_fails(fixture, &gather, now_ms + 20000 + 299999, 0));
    assert_true(asks_and_fails(fixture, &gather, now_ms + 20000 + 300000, 0));
    /* what another policy asks of the same witness is known */
    struct accord_gather_state next;
    accord_gather_init(&next, &fixture->policy, &accord_crypto_default, &gather);
    assert_false(asks_and_fails(fixture, &next, now_ms + 20000 + 300001, 0));
}

static void leaves_nobody_alone_for_long_whom_the_quorum_needs(void **state)
{
    struct fixture *fixture = *state;
    struct accord_gather_state gather;
    have_witnesses(fixture, 3, 3);
    accord_gather_init(&gather, &fixture->policy, &accord_crypto_default, NULL);
    assert_true(asks_and_fails(fixture, &gather, 1000000, 300));
    assert_false(asks_and_fails(fixture, &gather, 1009999, 0));
    assert_true(asks_and_fails(fixture, &gather, 1010000, 0));
}

static void lingers_and_no_longer(void **state)
{
    struct fixture *fixture = *state;
    struct accord_gather_state gather;
    struct accord_buffer lines[2];
    size_t witness;
    uint64_t old_size, wait_ms;
    have_witnesses(fixture, 3, 2);
    accord_gather_init(&gather, &fixture->policy, &accord_crypto_default, NULL);
    accord_gather_begin(&gather, NULL, &fixture->claim, 1000, 50, 100);
    assert_false(accord_gather_over(&gather, 100, &wait_ms));
    assert_int_equal(wait_ms, 1000);
    while (accord_gather_ask(&gather, &witness, &old_size))
        continue;
    for (size_t i = 0; i < 2; i++) {
        accord_buffer_init(&lines[i], 4096);
        give_lines(&gather, fixture, i, &lines[i], 200 + i);
    }
    assert_false(accord_gather_over(&gather, 210, &wait_ms));
    assert_int_equal(wait_ms, 41);
    assert_false(accord_gather_over(&gather, 250, &wait_ms));
    assert_true(accord_gather_over(&gather, 251, &wait_ms));
    /* a late answer to a round that is over, or a second one, changes nothing wrong */
    give_nothing(&gather, 0, 300);
    assert_true(gather.cosigned[0]);
    accord_buffer_free(&lines[0]);
    accord_buffer_free(&lines[1]);
}

static void conflicts_are_asked_again_once(void **state)
{
    static const char *const wrong[] = {"",   "12", "12\n\n", "012\n", "-1\n", "x\n", "12 \n", "99999999999999999999\n",
                                        "0\n"};
    struct fixture *fixture = *state;
    struct accord_gather_observer observer;
    struct accord_gather_state gather;
    size_t witness;
    uint64_t old_size;
    have_witnesses(fixture, 1, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        observer_of(fixture, &observer);
        accord_gather_init(&gather, &fixture->policy, &accord_crypto_default, NULL);
        accord_gather_begin(&gather, &observer, &fixture->claim, 1000, 0, 0);
        assert_true(accord_gather_ask(&gather, &witness, &old_size));
        give(&gather, 0, 409, slice(wrong[i]), 1);
        assert_false(accord_gather_ask(&gather, &witness, &old_size));
        assert_int_equal(fixture->outcomes[0][ACCORD_WITNESS_FAILED], 1);
    }
    observer_of(fixture, &observer);
    accord_gather_init(&gather, &fixture->policy, &accord_crypto_default, NULL);
    accord_gather_begin(&gather, &observer, &fixture->claim, 1000, 0, 0);
    assert_true(accord_gather_ask(&gather, &witness, &old_size));
    assert_int_equal(old_size, 0);
    give(&gather, 0, 409, slice("300\n"), 1);
    assert_int_equal(fixture->outcomes[0][ACCORD_WITNESS_CAUGHT_UP], 1);
    assert_true(accord_gather_ask(&gather, &witness, &old_size));
    assert_int_equal(old_size, 300);
    give(&gather, 0, 409, slice("301\n"), 1);
    assert_false(accord_gather_ask(&gather, &witness, &old_size));
    assert_int_equal(fixture->outcomes[0][ACCORD_WITNESS_REFUSED], 1);
    assert_int_equal(fixture->last_error[0], ACCORD_WITNESS_CONFLICT);
    /* it saw more than there is: asked with all that there is, as long as that is so */
    accord_gather_begin(&gather, &observer, &fixture->claim, 1000, 0, 100000);
    assert_true(accord_gather_ask(&gather, &witness, &old_size));
    assert_int_equal(old_size, 300);
}

/* Two keys of one witness behind one URL, and a witness without one. */
static void one_url_is_asked_once(void **state)
{
    struct fixture *fixture = *state;
    struct accord_gather_observer observer;
    struct accord_gather_state gather;
    struct accord_buffer lines;
    size_t witness;
    uint64_t old_size, wait_ms;
    have_witnesses(fixture, 3, 1);
    struct accord_out out = {fixture->policy_text, sizeof fixture->policy_text, 0, false};
    policy_vkey(&out, "log ", accord_signer_vkey(fixture->key));
    policy_vkey(&out, "\nwitness c ", accord_signer_vkey(fixture->witnesses.signers[2]));
    policy_vkey(&out, "\nwitness a ", accord_signer_vkey(fixture->witnesses.signers[0]));
    policy_vkey(&out, " http://w.example\nwitness b ", accord_signer_vkey(fixture->witnesses.signers[1]));
    accord_put(&out, slice(" http://w.example\ngroup both 2 a b\nquorum both\n"));
    use_policy(fixture, &out);
    observer_of(fixture, &observer);
    accord_buffer_init(&lines, 8192);
    accord_gather_init(&gather, &fixture->policy, &accord_crypto_default, NULL);
    accord_gather_begin(&gather, &observer, &fixture->claim, 1000, 0, 0);
    assert_true(accord_gather_ask(&gather, &witness, &old_size));
    assert_int_equal(witness, 1);
    assert_false(accord_gather_ask(&gather, &witness, &old_size));
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            accord_signer_sign(fixture->witnesses.signers[i], fixture->claim.note.text, 1700000000, &lines, NULL),
            ACCORD_OK);
    give(&gather, 1, 200, accord_buffer_bytes(&lines), 1);
    assert_true(gather.held && gather.cosigned[1] && gather.cosigned[2] && !gather.cosigned[0]);
    assert_true(accord_gather_over(&gather, 1, &wait_ms));
    assert_int_equal(gather.witnesses[1].line.size + gather.witnesses[2].line.size, lines.size);
    /* one of them silent: the other counts */
    observer_of(fixture, &observer);
    lines.size = gather.witnesses[1].line.size;
    accord_gather_begin(&gather, &observer, &fixture->claim, 1000, 0, 2);
    assert_true(accord_gather_ask(&gather, &witness, &old_size));
    assert_int_equal(old_size, 300);
    give(&gather, 1, 200, accord_buffer_bytes(&lines), 3);
    assert_true(!gather.held && gather.cosigned[1] && !gather.cosigned[2]);
    assert_int_equal(fixture->outcomes[2][ACCORD_WITNESS_FAILED], 1);
    assert_int_equal(fixture->last_error[2], ACCORD_UNSIGNED);
    accord_buffer_free(&lines);
}

/* ML-DSA-44 (0x06) on any machine: the table's verifier is the test's own. */
static int verify_marked(const uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE], const uint8_t *message, size_t size,
                         const uint8_t signature[ACCORD_MLDSA44_SIGNATURE_SIZE])
{
    (void)public_key;
    (void)message;
    (void)size;
    return signature[0] == 2 ? -1 : signature[0] == 1;
}

static void takes_mldsa_cosignatures(void **state)
{
    static const enum accord_status expected[] = {ACCORD_SIGNATURE, ACCORD_OK, ACCORD_UNSUPPORTED};
    struct fixture *fixture = *state;
    struct accord_crypto crypto = accord_crypto_default;
    crypto.mldsa44_verify = verify_marked;
    uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE] = {7}, payload[8 + ACCORD_MLDSA44_SIGNATURE_SIZE] = {0};
    uint8_t line_data[8192];
    struct accord_gather_observer observer;
    struct accord_gather_state gather;
    size_t witness;
    uint64_t old_size;
    struct accord_out out = {fixture->policy_text, sizeof fixture->policy_text, 0, false};
    policy_vkey(&out, "log ", accord_signer_vkey(fixture->key));
    accord_put(&out, slice("\nwitness m "));
    accord_vkey_print(&out, slice("m.example"), ACCORD_KEY_COSIGNATURE_MLDSA44,
                      (struct accord_bytes){public_key, sizeof public_key}, &crypto);
    accord_put(&out, slice(" https://m.example/\nquorum m\n"));
    use_policy(fixture, &out);
    payload[7] = 9; /* a time */
    for (uint8_t mark = 0; mark < 3; mark++) {
        struct accord_out line = {line_data, sizeof line_data, 0, false};
        payload[8] = mark;
        accord_signature_print(&line, slice("m.example"), fixture->policy.witnesses[0].vkey.id,
                               (struct accord_bytes){payload, sizeof payload});
        observer_of(fixture, &observer);
        accord_gather_init(&gather, &fixture->policy, &crypto, NULL);
        accord_gather_begin(&gather, &observer, &fixture->claim, 1000, 0, 0);
        assert_true(accord_gather_ask(&gather, &witness, &old_size));
        give(&gather, 0, 200, accord_out_bytes(&line), 1);
        assert_int_equal(gather.held, mark == 1);
        assert_int_equal(fixture->last_error[0], expected[mark]);
    }
}

/* Over HTTP. */

struct gathering {
    struct accord_client *client;
    struct accord_gatherer *gatherer;
    struct accord_reader *reader;
    struct accord_buffer made;
    struct accord_error error;
    uint64_t elapsed_ms;
};

static void gathering_open(struct fixture *fixture, struct gathering *gathering)
{
    memset(gathering, 0, sizeof *gathering);
    assert_int_equal(accord_client_new(&gathering->client, NULL), ACCORD_OK);
    assert_int_equal(accord_gatherer_new(&gathering->gatherer, &fixture->policy, &accord_crypto_default, NULL, NULL),
                     ACCORD_OK);
    assert_int_equal(
        accord_reader_open(&gathering->reader, &accord_fs_real, &accord_crypto_default, fixture->place->log, NULL),
        ACCORD_OK);
    accord_buffer_init(&gathering->made, ACCORD_NOTE_SIZE_MAX);
}

static void gathering_close(struct gathering *gathering)
{
    accord_gatherer_free(gathering->gatherer);
    accord_client_free(gathering->client);
    accord_reader_close(gathering->reader);
    accord_buffer_free(&gathering->made);
}

static enum accord_status gather(struct fixture *fixture, struct gathering *gathering, uint64_t timeout_ms,
                                 uint64_t linger_ms)
{
    struct accord_gather_observer observer;
    observer_of(fixture, &observer);
    accord_reader_set_size(gathering->reader, fixture->claim.size);
    struct accord_gather_round round = {.checkpoint = accord_buffer_bytes(&fixture->checkpoint),
                                        .hashes = accord_reader_hashes(gathering->reader),
                                        .timeout_ms = timeout_ms,
                                        .linger_ms = linger_ms};
    uint64_t begun_us = accord_monotonic_us();
    gathering->made.size = 0;
    enum accord_status status = accord_gather(gathering->gatherer, gathering->client, &round, &observer, NULL, NULL,
                                              &gathering->made, &gathering->error);
    gathering->elapsed_ms = (accord_monotonic_us() - begun_us) / 1000;
    return status;
}

static void count_signatures(const struct gathering *gathering, size_t expected)
{
    struct accord_checkpoint_claim claim;
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&gathering->made), NULL), ACCORD_OK);
    assert_int_equal(claim.note.signature_count, expected);
}

static void gathers_from_all(void **state)
{
    struct fixture *fixture = *state;
    struct gathering gathering;
    have_witnesses(fixture, 34, 18);
    gathering_open(fixture, &gathering);
    assert_int_equal(gather(fixture, &gathering, 20000, 20000), ACCORD_OK);
    count_signatures(&gathering, 35);
    unsigned connections = atomic_load(&fixture->witnesses.web.connections);
    /* each is asked with what it saw, so once, and over the connections that are there */
    grow(fixture, 500);
    assert_int_equal(gather(fixture, &gathering, 20000, 20000), ACCORD_OK);
    count_signatures(&gathering, 35);
    assert_int_equal(atomic_load(&fixture->witnesses.web.connections), connections);
    for (size_t i = 0; i < 34; i++) {
        assert_int_equal(atomic_load(&fixture->witnesses.asked[i]), 2);
        assert_int_equal(fixture->witnesses.seen[i].size, 800);
    }
    gathering_close(&gathering);
}

static void catches_up_whoever_answers_409(void **state)
{
    struct fixture *fixture = *state;
    struct gathering gathering;
    have_witnesses(fixture, 3, 3);
    gathering_open(fixture, &gathering);
    assert_int_equal(gather(fixture, &gathering, 20000, 0), ACCORD_OK);
    gathering_close(&gathering);
    grow(fixture, 123);
    /* a new process knows nothing of what they saw */
    gathering_open(fixture, &gathering);
    assert_int_equal(gather(fixture, &gathering, 20000, 0), ACCORD_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(fixture->outcomes[i][ACCORD_WITNESS_CAUGHT_UP], 1);
        assert_int_equal(fixture->outcomes[i][ACCORD_WITNESS_COSIGNED], 1);
        assert_int_equal(atomic_load(&fixture->witnesses.asked[i]), 3);
    }
    /* one that lost its memory */
    memset(&fixture->witnesses.seen[1], 0, sizeof fixture->witnesses.seen[1]);
    grow(fixture, 1);
    assert_int_equal(gather(fixture, &gathering, 20000, 0), ACCORD_OK);
    assert_int_equal(fixture->outcomes[1][ACCORD_WITNESS_CAUGHT_UP], 1);
    gathering_close(&gathering);
}

/* Each kind of bad witness beside three good ones, of which the quorum needs three. */
static void nobody_delays_the_others(void **state)
{
    struct fixture *fixture = *state;
    struct gathering gathering;
    have_witnesses(fixture, WITNESS_BEHAVIOURS + 2, 3);
    for (size_t i = 0; i < fixture->witnesses.count; i++)
        atomic_store(&fixture->witnesses.behaviour[i], i < 3 ? WITNESS_GOOD : (enum behaviour)(i - 2));
    gathering_open(fixture, &gathering);
    assert_int_equal(gather(fixture, &gathering, 30000, 100), ACCORD_OK);
    assert_true(gathering.elapsed_ms < 10000);
    count_signatures(&gathering, 5); /* the log, the three, and the talkative one */
    for (size_t i = 3; i < fixture->witnesses.count; i++) {
        enum behaviour how = (enum behaviour)(i - 2);
        bool refuses = how == WITNESS_FORBIDS || how == WITNESS_AHEAD || how == WITNESS_STUBBORN;
        assert_int_equal(fixture->outcomes[i][ACCORD_WITNESS_COSIGNED], how == WITNESS_TALKATIVE);
        assert_int_equal(fixture->outcomes[i][ACCORD_WITNESS_REFUSED], refuses);
        assert_int_equal(fixture->outcomes[i][ACCORD_WITNESS_FAILED], !refuses && how != WITNESS_TALKATIVE);
    }
    /* the redirect led nowhere: the first witness was asked by us alone */
    assert_int_equal(atomic_load(&fixture->witnesses.asked[0]), 1);
    /* and in the next round they are left alone, so nobody is waited for */
    grow(fixture, 10);
    assert_int_equal(gather(fixture, &gathering, 30000, 20000), ACCORD_OK);
    assert_true(gathering.elapsed_ms < 10000);
    count_signatures(&gathering, 5);
    gathering_close(&gathering);
}

static void says_how_many_are_missing(void **state)
{
    struct fixture *fixture = *state;
    struct gathering gathering;
    have_witnesses(fixture, 3, 3);
    atomic_store(&fixture->witnesses.behaviour[1], WITNESS_HANGS);
    gathering_open(fixture, &gathering);
    assert_int_equal(gather(fixture, &gathering, 300, 0), ACCORD_QUORUM);
    assert_true(gathering.elapsed_ms >= 250 && gathering.elapsed_ms < 10000);
    assert_string_equal(gathering.error.expected, "3 of 3");
    assert_string_equal(gathering.error.found, "2");
    count_signatures(&gathering, 3);
    assert_int_equal(fixture->outcomes[1][ACCORD_WITNESS_FAILED], 1);
    gathering_close(&gathering);
}

static bool stop_now(void *context)
{
    return ++*(unsigned *)context > 2;
}

static void stops_when_told(void **state)
{
    struct fixture *fixture = *state;
    struct gathering gathering;
    unsigned calls = 0;
    have_witnesses(fixture, 2, 2);
    atomic_store(&fixture->witnesses.behaviour[1], WITNESS_HANGS);
    gathering_open(fixture, &gathering);
    struct accord_gather_round round = {.checkpoint = accord_buffer_bytes(&fixture->checkpoint),
                                        .hashes = accord_reader_hashes(gathering.reader),
                                        .timeout_ms = 60000};
    uint64_t begun_us = accord_monotonic_us();
    assert_int_equal(accord_gather(gathering.gatherer, gathering.client, &round, NULL, stop_now, &calls,
                                   &gathering.made, &gathering.error),
                     ACCORD_QUORUM);
    assert_true(accord_monotonic_us() - begun_us < 20000000);
    gathering_close(&gathering);
}

static void asks_nobody_about_what_the_policy_does_not_know(void **state)
{
    struct fixture *fixture = *state;
    struct gathering gathering;
    have_witnesses(fixture, 2, 2);
    gathering_open(fixture, &gathering);
    struct accord_signer *key = fixture->key;
    assert_int_equal(accord_signer_generate(&fixture->key, slice(LOG_ORIGIN), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    uint8_t root[ACCORD_HASH_SIZE];
    memcpy(root, fixture->claim.root, sizeof root);
    take_checkpoint(fixture, 300, root);
    assert_int_equal(gather(fixture, &gathering, 1000, 0), ACCORD_UNSIGNED);
    assert_int_equal(atomic_load(&fixture->witnesses.web.requests), 0);
    accord_signer_free(fixture->key);
    fixture->key = key;
    gathering_close(&gathering);
}

static void refuses_urls_that_are_none(void **state)
{
    struct fixture *fixture = *state;
    struct accord_gatherer *gatherer;
    struct accord_error error;
    have_witnesses(fixture, 1, 1);
    fixture->policy.witnesses[0].url = slice("ftp://w.example/");
    assert_int_equal(accord_gatherer_new(&gatherer, &fixture->policy, &accord_crypto_default, NULL, &error),
                     ACCORD_MALFORMED);
    assert_string_equal(error.found, "ftp://w.example/");
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_order_of_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backs_off_twice_as_long_each_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_nobody_alone_for_long_whom_the_quorum_needs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lingers_and_no_longer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conflicts_are_asked_again_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_url_is_asked_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_mldsa_cosignatures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gathers_from_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(catches_up_whoever_answers_409, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_delays_the_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_how_many_are_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_when_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asks_nobody_about_what_the_policy_does_not_know, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_urls_that_are_none, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
