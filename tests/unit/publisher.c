/* The publisher's thread, over a real log behind a sequencer of the test's own, which can fail; among witnesses that
 * cosign, hang and come back. */
#include "witnesses.h"

#include "logs.h"

#include "base/clock.h"
#include "serve/event.h"
#include "serve/publisher.h"

#include <stdarg.h>

#define POLICY_SIZE 65536
#define PUBLICATIONS_MAX 64

/* What serve/sequencer.h promises the publisher. */
struct accord_sequencer {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct accord_log *log;
    unsigned wakes;
    bool seal_fails, publish_fails;
    uint64_t seal_says; /* this size, where it is not 0 */
    unsigned seals;
    size_t publication_count;
    struct {
        uint64_t size, at_ms;
        size_t signatures;
        struct accord_buffer checkpoint;
    } publications[PUBLICATIONS_MAX];
};

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

static bool has_grown(const struct accord_sequencer *sequencer)
{
    struct accord_checkpoint_claim claim;
    assert_int_equal(accord_checkpoint_parse(&claim, accord_log_checkpoint(sequencer->log), NULL), ACCORD_OK);
    return accord_log_size(sequencer->log) > claim.size;
}

enum accord_status accord_sequencer_seal(struct accord_sequencer *sequencer, uint64_t *size,
                                         uint8_t root[ACCORD_HASH_SIZE], struct accord_error *error)
{
    pthread_mutex_lock(&sequencer->lock);
    enum accord_status status = ACCORD_OK;
    sequencer->seals++;
    if (sequencer->seal_fails)
        status = accord_fail(error, ACCORD_IO, 0);
    else
        status = accord_log_integrate(sequencer->log, error);
    *size = sequencer->seal_says > 0 ? sequencer->seal_says : accord_log_size(sequencer->log);
    accord_log_root(sequencer->log, root);
    pthread_mutex_unlock(&sequencer->lock);
    return status;
}

enum accord_status accord_sequencer_publish(struct accord_sequencer *sequencer, struct accord_bytes checkpoint,
                                            struct accord_error *error)
{
    pthread_mutex_lock(&sequencer->lock);
    enum accord_status status = sequencer->publish_fails ? accord_fail(error, ACCORD_IO, 0)
                                                         : accord_log_publish(sequencer->log, checkpoint, error);
    if (status == ACCORD_OK) {
        struct accord_checkpoint_claim claim;
        size_t i = sequencer->publication_count++;
        assert_true(i < PUBLICATIONS_MAX);
        assert_int_equal(accord_checkpoint_parse(&claim, checkpoint, NULL), ACCORD_OK);
        sequencer->publications[i].size = claim.size;
        sequencer->publications[i].signatures = claim.note.signature_count;
        sequencer->publications[i].at_ms = now_ms();
        accord_buffer_init(&sequencer->publications[i].checkpoint, ACCORD_NOTE_SIZE_MAX);
        assert_int_equal(accord_buffer_append(&sequencer->publications[i].checkpoint, checkpoint), ACCORD_OK);
    }
    pthread_mutex_unlock(&sequencer->lock);
    return status;
}

bool accord_sequencer_wait_growth(struct accord_sequencer *sequencer, uint64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += (time_t)(timeout_ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&sequencer->lock);
    unsigned wakes = sequencer->wakes;
    int waited = 0;
    while (!has_grown(sequencer) && wakes == sequencer->wakes && waited == 0 && timeout_ms > 0)
        waited = pthread_cond_timedwait(&sequencer->changed, &sequencer->lock, &until);
    bool grown = has_grown(sequencer);
    pthread_mutex_unlock(&sequencer->lock);
    return grown;
}

void accord_sequencer_wake_all(struct accord_sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->lock);
    sequencer->wakes++;
    pthread_cond_broadcast(&sequencer->changed);
    pthread_mutex_unlock(&sequencer->lock);
}

enum accord_status accord_sequencer_checkpoint(struct accord_sequencer *sequencer, struct accord_buffer *checkpoint,
                                               struct accord_error *error)
{
    pthread_mutex_lock(&sequencer->lock);
    enum accord_status status = accord_buffer_append(checkpoint, accord_log_checkpoint(sequencer->log));
    pthread_mutex_unlock(&sequencer->lock);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* Events are counted by their names. */
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static char events[65536];

static void take_event(const char *event)
{
    pthread_mutex_lock(&events_lock);
    size_t size = strlen(events);
    snprintf(events + size, sizeof events - size, "%s\n", event);
    pthread_mutex_unlock(&events_lock);
}

void accord_event(enum accord_event_level level, const char *event, const char *fields, ...)
{
    (void)level;
    (void)fields;
    take_event(event);
}

void accord_event_error(enum accord_event_level level, const char *event, const char *subject,
                        const struct accord_error *error)
{
    (void)level;
    (void)subject;
    assert_int_not_equal(error->status, ACCORD_OK);
    take_event(event);
}

char *accord_event_quote(char *text, size_t size, struct accord_bytes value)
{
    snprintf(text, size, "%.*s", (int)value.size, (const char *)value.data);
    return text;
}

static size_t count_events(const char *event)
{
    char line[64];
    size_t count = 0, size = (size_t)snprintf(line, sizeof line, "%s\n", event);
    pthread_mutex_lock(&events_lock);
    for (const char *at = events; (at = strstr(at, line)) != NULL; at += size)
        count += at == events || at[-1] == '\n';
    pthread_mutex_unlock(&events_lock);
    return count;
}

struct fixture {
    struct log_place *place;
    struct accord_signer *key;
    struct accord_sequencer sequencer;
    struct accord_metrics metrics;
    struct witnesses witnesses;
    struct accord_policy policy;
    uint8_t policy_text[POLICY_SIZE];
    struct accord_publisher_rules rules;
    struct accord_publisher_thread *publisher;
};

static int set_up(void **state)
{
    void *place;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    place_new(&place);
    fixture->place = place;
    fixture->sequencer.log = log_new(fixture->place);
    pthread_mutex_init(&fixture->sequencer.lock, NULL);
    pthread_cond_init(&fixture->sequencer.changed, NULL);
    assert_int_equal(accord_signer_generate(&fixture->key, slice(LOG_ORIGIN), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    fixture->rules = (struct accord_publisher_rules){.interval_ms = 50, .timeout_ms = 5000};
    events[0] = 0;
    *state = fixture;
    return 0;
}

static void stop(struct fixture *fixture, uint64_t grace_ms, bool expected)
{
    bool published = !expected;
    accord_publisher_stop(fixture->publisher, grace_ms, &published);
    fixture->publisher = NULL;
    assert_int_equal(published, expected);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    void *place = fixture->place;
    bool published;
    if (fixture->publisher != NULL)
        accord_publisher_stop(fixture->publisher, 0, &published);
    for (size_t i = 0; i < fixture->sequencer.publication_count; i++)
        accord_buffer_free(&fixture->sequencer.publications[i].checkpoint);
    accord_log_close(fixture->sequencer.log);
    pthread_mutex_destroy(&fixture->sequencer.lock);
    pthread_cond_destroy(&fixture->sequencer.changed);
    if (fixture->witnesses.count > 0)
        witnesses_stop(&fixture->witnesses);
    accord_signer_free(fixture->key);
    free(fixture);
    return place_free(&place);
}

static enum accord_status try_start(struct fixture *fixture, struct accord_error *error)
{
    const struct accord_publisher_options options = {.fs = &accord_fs_real,
                                                     .crypto = &accord_crypto_default,
                                                     .clock = &accord_clock_real,
                                                     .dir = fixture->place->log,
                                                     .key = fixture->key,
                                                     .sequencer = &fixture->sequencer,
                                                     .metrics = &fixture->metrics};
    return accord_publisher_start(&fixture->publisher, &options, &fixture->rules, error);
}

static void start(struct fixture *fixture)
{
    struct accord_error error;
    assert_int_equal(try_start(fixture, &error), ACCORD_OK);
}

static void have_witnesses(struct fixture *fixture, size_t count, size_t threshold)
{
    witnesses_start(&fixture->witnesses, count, fixture->key);
    fixture->rules.policy_text =
        witnesses_policy(&fixture->witnesses, threshold, fixture->policy_text, sizeof fixture->policy_text);
    assert_int_equal(accord_policy_parse(&fixture->policy, fixture->rules.policy_text, &accord_crypto_default, NULL),
                     ACCORD_OK);
}

static void add(struct fixture *fixture, uint64_t count)
{
    pthread_mutex_lock(&fixture->sequencer.lock);
    log_fill(fixture->sequencer.log, count);
    pthread_cond_broadcast(&fixture->sequencer.changed);
    pthread_mutex_unlock(&fixture->sequencer.lock);
}

static size_t publications(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->sequencer.lock);
    size_t count = fixture->sequencer.publication_count;
    pthread_mutex_unlock(&fixture->sequencer.lock);
    return count;
}

static bool accepted(struct fixture *fixture, size_t publication)
{
    struct accord_checkpoint_claim claim;
    struct accord_checkpoint verified;
    struct accord_cosigners cosigners;
    struct accord_bytes bytes = accord_buffer_bytes(&fixture->sequencer.publications[publication].checkpoint);
    assert_int_equal(accord_checkpoint_parse(&claim, bytes, NULL), ACCORD_OK);
    return accord_policy_verify(&fixture->policy, &claim, &accord_crypto_default, &verified, &cosigners, NULL) ==
           ACCORD_OK;
}

#define wait_until(condition)                                                                                          \
    do {                                                                                                               \
        for (unsigned waited_ = 0; !(condition) && waited_ < 3000; waited_++)                                          \
            usleep(5000);                                                                                              \
        assert_true(condition);                                                                                        \
    } while (0)

static void publishes_what_was_added(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    usleep(300000);
    assert_int_equal(publications(fixture), 0); /* nothing is there to publish */
    add(fixture, 5);
    wait_until(publications(fixture) == 1);
    assert_int_equal(fixture->sequencer.publications[0].size, 5);
    assert_int_equal(fixture->sequencer.publications[0].signatures, 1);
    wait_until(atomic_load(&fixture->metrics.published) == 5);
    usleep(400000);
    assert_int_equal(publications(fixture), 1); /* nor is it published twice */
    add(fixture, 300);
    wait_until(publications(fixture) == 2);
    stop(fixture, 1000, true);
    assert_int_equal(atomic_load(&fixture->metrics.publications), 2);
    assert_int_equal(atomic_load(&fixture->metrics.published), 305);
    assert_true(atomic_load(&fixture->metrics.published_at) > 1000000);
    assert_int_equal(count_events("published"), 2);
}

static void keeps_the_interval(void **state)
{
    struct fixture *fixture = *state;
    fixture->rules.interval_ms = 500;
    start(fixture);
    usleep(600000);
    uint64_t added_ms = now_ms();
    add(fixture, 1);
    wait_until(publications(fixture) == 1);
    /* a quiet log publishes at once, a busy one once in an interval */
    assert_true(fixture->sequencer.publications[0].at_ms - added_ms < 400);
    for (size_t i = 0; i < 5; i++) {
        add(fixture, 1);
        usleep(20000);
    }
    wait_until(publications(fixture) == 2);
    assert_true(fixture->sequencer.publications[1].at_ms - fixture->sequencer.publications[0].at_ms >= 400);
    assert_int_equal(fixture->sequencer.publications[1].size, 6);
}

static void publishes_what_a_crash_left(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, 7);
    fixture->rules.interval_ms = 60000;
    start(fixture);
    wait_until(publications(fixture) == 1);
    assert_int_equal(fixture->sequencer.publications[0].size, 7);
}

static void publishes_with_a_quorum(void **state)
{
    struct fixture *fixture = *state;
    have_witnesses(fixture, 5, 3);
    atomic_store(&fixture->witnesses.behaviour[1], WITNESS_HANGS);
    atomic_store(&fixture->witnesses.behaviour[3], WITNESS_BROKEN);
    start(fixture);
    for (size_t i = 0; i < 4; i++) {
        uint64_t before_ms = now_ms();
        add(fixture, 100);
        wait_until(publications(fixture) == i + 1);
        assert_true(now_ms() - before_ms < 4000); /* less than the timeout of the one that hangs */
        assert_true(accepted(fixture, i));
        assert_int_equal(fixture->sequencer.publications[i].signatures, 4);
    }
    stop(fixture, 1000, true);
    assert_int_equal(atomic_load(&fixture->metrics.witnesses[0].outcomes[ACCORD_WITNESS_COSIGNED]), 4);
    assert_true(atomic_load(&fixture->metrics.witnesses[1].outcomes[ACCORD_WITNESS_FAILED]) >= 1);
    assert_true(atomic_load(&fixture->metrics.witnesses[3].outcomes[ACCORD_WITNESS_FAILED]) >= 1);
    assert_true(count_events("witness-failed") >= 2);
    assert_int_equal(atomic_load(&fixture->metrics.quorum_misses), 0);
}

static void holds_back_without_the_quorum(void **state)
{
    struct fixture *fixture = *state;
    have_witnesses(fixture, 2, 2);
    start(fixture);
    add(fixture, 1);
    wait_until(publications(fixture) == 1);
    atomic_store(&fixture->witnesses.behaviour[1], WITNESS_CLOSES);
    add(fixture, 1);
    wait_until(atomic_load(&fixture->metrics.quorum_misses) >= 3);
    add(fixture, 1);
    assert_int_equal(publications(fixture), 1);
    assert_int_equal(count_events("quorum-missed"), 1); /* once, not each round */
    atomic_store(&fixture->witnesses.behaviour[1], WITNESS_GOOD);
    wait_until(publications(fixture) == 2);
    assert_int_equal(fixture->sequencer.publications[1].size, 3);
    assert_true(accepted(fixture, 1));
}

static void falls_back_where_it_may(void **state)
{
    struct fixture *fixture = *state;
    have_witnesses(fixture, 2, 2);
    atomic_store(&fixture->witnesses.behaviour[1], WITNESS_CLOSES);
    fixture->rules.fallback_ms = 700;
    start(fixture);
    uint64_t begun_ms = now_ms();
    add(fixture, 1);
    wait_until(publications(fixture) == 1);
    assert_true(fixture->sequencer.publications[0].at_ms - begun_ms >= 700);
    assert_true(fixture->sequencer.publications[0].signatures < 3);
    wait_until(count_events("published-without-quorum") == 1); /* it is told after it was done */
    /* and it goes on so, but the same tree is published again with its quorum only */
    usleep(300000);
    assert_int_equal(publications(fixture), 1);
    add(fixture, 1);
    wait_until(publications(fixture) == 2);
    assert_false(accepted(fixture, 1));
    atomic_store(&fixture->witnesses.behaviour[1], WITNESS_GOOD);
    wait_until(publications(fixture) == 3);
    assert_int_equal(fixture->sequencer.publications[2].size, 2);
    assert_true(accepted(fixture, 2));
    usleep(300000);
    assert_int_equal(publications(fixture), 3);
}

static void asks_again_for_what_lacks_its_quorum(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    add(fixture, 9);
    wait_until(publications(fixture) == 1);
    stop(fixture, 1000, true);
    /* now there is a policy, and nothing is added */
    have_witnesses(fixture, 3, 2);
    start(fixture);
    wait_until(publications(fixture) == 2);
    assert_int_equal(fixture->sequencer.publications[1].size, 9);
    assert_true(accepted(fixture, 1));
}

static void never_goes_back(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    add(fixture, 10);
    wait_until(publications(fixture) == 1);
    fixture->sequencer.seal_says = 8;
    add(fixture, 1);
    usleep(300000);
    assert_int_equal(publications(fixture), 1);
    stop(fixture, 0, false);
}

static void goes_on_after_failures(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    pthread_mutex_lock(&fixture->sequencer.lock);
    fixture->sequencer.seal_fails = true;
    pthread_mutex_unlock(&fixture->sequencer.lock);
    add(fixture, 1);
    wait_until(count_events("seal-failed") == 1);
    usleep(200000);
    assert_int_equal(count_events("seal-failed"), 1);
    pthread_mutex_lock(&fixture->sequencer.lock);
    fixture->sequencer.seal_fails = false;
    fixture->sequencer.publish_fails = true;
    pthread_mutex_unlock(&fixture->sequencer.lock);
    wait_until(count_events("publish-failed") == 1);
    assert_int_equal(publications(fixture), 0);
    assert_int_equal(atomic_load(&fixture->metrics.published), 0);
    pthread_mutex_lock(&fixture->sequencer.lock);
    fixture->sequencer.publish_fails = false;
    pthread_mutex_unlock(&fixture->sequencer.lock);
    wait_until(publications(fixture) == 1);
}

static void reloads(void **state)
{
    struct fixture *fixture = *state;
    struct accord_error error;
    have_witnesses(fixture, 3, 3);
    atomic_store(&fixture->witnesses.behaviour[2], WITNESS_FORBIDS);
    start(fixture);
    add(fixture, 4);
    wait_until(atomic_load(&fixture->metrics.quorum_misses) >= 1);
    /* what cannot be used changes nothing */
    struct accord_publisher_rules bad = fixture->rules;
    bad.policy_text = slice("quorum nobody\n");
    assert_int_not_equal(accord_publisher_reload(fixture->publisher, &bad, &error), ACCORD_OK);
    bad.policy_text = slice("quorum none\n");
    assert_int_equal(accord_publisher_reload(fixture->publisher, &bad, &error), ACCORD_UNKNOWN_LOG);
    assert_int_equal(publications(fixture), 0);
    /* two of three will do now; the text is the caller's again at once */
    fixture->rules.policy_text = witnesses_policy(&fixture->witnesses, 2, fixture->policy_text, POLICY_SIZE);
    assert_int_equal(accord_policy_parse(&fixture->policy, fixture->rules.policy_text, &accord_crypto_default, &error),
                     ACCORD_OK);
    uint8_t *text = malloc(fixture->rules.policy_text.size);
    assert_non_null(text);
    memcpy(text, fixture->rules.policy_text.data, fixture->rules.policy_text.size);
    struct accord_publisher_rules next = fixture->rules;
    next.policy_text.data = text;
    assert_int_equal(accord_publisher_reload(fixture->publisher, &next, &error), ACCORD_OK);
    memset(text, 'x', next.policy_text.size);
    free(text);
    wait_until(publications(fixture) == 1);
    assert_true(accepted(fixture, 0));
    /* and nobody is asked any more */
    next.policy_text = slice("");
    assert_int_equal(accord_publisher_reload(fixture->publisher, &next, &error), ACCORD_OK);
    assert_int_equal(accord_publisher_reload(fixture->publisher, &next, &error), ACCORD_OK);
    usleep(200000);
    add(fixture, 1);
    wait_until(publications(fixture) == 2);
    assert_int_equal(fixture->sequencer.publications[1].signatures, 1);
}

static void publishes_the_last_before_it_stops(void **state)
{
    struct fixture *fixture = *state;
    fixture->rules.interval_ms = 60000;
    have_witnesses(fixture, 3, 2);
    start(fixture);
    add(fixture, 1);
    wait_until(publications(fixture) == 1);
    add(fixture, 1);
    uint64_t begun_ms = now_ms();
    stop(fixture, 5000, true);
    assert_true(now_ms() - begun_ms < 4000);
    assert_int_equal(publications(fixture), 2);
    assert_true(accepted(fixture, 1));
}

static void stops_within_its_grace(void **state)
{
    struct fixture *fixture = *state;
    fixture->rules.timeout_ms = 60000;
    have_witnesses(fixture, 2, 2);
    atomic_store(&fixture->witnesses.behaviour[0], WITNESS_HANGS);
    start(fixture);
    add(fixture, 1);
    wait_until(atomic_load(&fixture->witnesses.asked[0]) == 1);
    uint64_t begun_ms = now_ms();
    stop(fixture, 400, false);
    assert_true(now_ms() - begun_ms >= 300 && now_ms() - begun_ms < 8000);
    assert_int_equal(publications(fixture), 0);
}

static void refuses_the_wrong_key(void **state)
{
    struct fixture *fixture = *state;
    struct accord_error error;
    struct accord_signer *key = fixture->key;
    assert_int_equal(accord_signer_generate(&fixture->key, slice("other.example/log"), ACCORD_KEY_ED25519, NULL),
                     ACCORD_OK);
    assert_int_equal(try_start(fixture, &error), ACCORD_WRONG_KEY);
    assert_string_equal(error.expected, LOG_ORIGIN);
    accord_signer_free(fixture->key);
    assert_int_equal(accord_signer_generate(&fixture->key, slice(LOG_ORIGIN), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    assert_int_equal(try_start(fixture, &error), ACCORD_KEY_TYPE);
    accord_signer_free(fixture->key);
    fixture->key = key;
    assert_null(fixture->publisher);
    fixture->rules.policy_text = slice("nonsense\n");
    assert_int_not_equal(try_start(fixture, &error), ACCORD_OK);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(publishes_what_was_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_interval, set_up, tear_down),
        cmocka_unit_test_setup_teardown(publishes_what_a_crash_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(publishes_with_a_quorum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holds_back_without_the_quorum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(falls_back_where_it_may, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asks_again_for_what_lacks_its_quorum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(never_goes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on_after_failures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reloads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(publishes_the_last_before_it_stops, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_within_its_grace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_the_wrong_key, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
