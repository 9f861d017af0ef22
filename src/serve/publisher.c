/* The publisher's thread. Knows the order: sealed, then signed, then cosigned, then published; and when to try again.
 * How a tree is sealed is the sequencer's matter, how witnesses are asked is gather.c's. It takes no entries and
 * answers nobody.
 *
 * A checkpoint is published once, with the cosignatures that were there when the quorum held and for a moment after:
 * one that comes later is not added, since the next checkpoint is an interval away, and a published one that changes
 * would be no friend to caches. */
#include "serve/publisher.h"

#include "keys/checkpoint.h"
#include "log/reader.h"
#include "net/gather.h"
#include "serve/event.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LINGER_MAX_MS 250        /* for more cosignatures than the quorum's */
#define RETRY_MAX_MS 10000       /* between rounds while the quorum is missing */
#define COMPLAIN_AGAIN_MS 60000  /* of what goes on being wrong */
#define LOOK_UP_MS 250           /* while nothing is added */
#define LAST_ROUNDS_APART_MS 250 /* at the end */

struct rules {
    struct accord_publisher_rules values; /* whose policy_text is text */
    uint8_t *text;
    bool has_policy;
    struct accord_policy policy;
};

struct accord_publisher_thread {
    struct accord_publisher_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* of the next four */
    pthread_cond_t changed;
    struct rules *next; /* from the next round on; NULL: those that are */
    bool stopping;
    uint64_t deadline_ms; /* once stopping */
    /* The thread's own. */
    struct accord_client *client;
    struct accord_reader *reader;
    struct rules *rules;
    struct accord_gatherer *gatherer; /* NULL without a policy */
    uint64_t published;               /* size */
    bool owed;                        /* what is published lacks its quorum, or its signature */
    bool missing;                     /* the quorum, since the round that began at missing_ms */
    uint64_t missing_ms;
    uint64_t round_ms; /* when the last round began */
    const char *complaint;
    uint64_t complained_ms;
    bool all_published;
};

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

static void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    free(rules->text);
    free(rules);
}

/* The policy must know the log by this key, or no quorum would ever hold. */
static enum accord_status check_policy(const struct accord_publisher_options *options,
                                       const struct accord_policy *policy, struct accord_error *error)
{
    const struct accord_vkey *key = accord_signer_vkey(options->key);
    for (size_t i = 0; i < policy->log_count; i++) {
        if (accord_bytes_equal(policy->logs[i].vkey.text, key->text)) {
            struct accord_gatherer *trial; /* that its URLs are URLs */
            enum accord_status status = accord_gatherer_new(&trial, policy, options->crypto, NULL, error);
            if (status == ACCORD_OK)
                accord_gatherer_free(trial);
            return status;
        }
    }
    accord_fail(error, ACCORD_UNKNOWN_LOG, 0);
    accord_error_what(error, ACCORD_LITERAL("the policy's logs"));
    accord_error_expected(error, key->text);
    return ACCORD_UNKNOWN_LOG;
}

/* A quorum that cannot be had by asking is no mistake to refuse, but one to speak of. */
static void warn_of_unreachable(const struct accord_policy *policy)
{
    bool reachable[ACCORD_POLICY_WITNESSES_MAX] = {false};
    for (size_t i = 0; i < policy->witness_count; i++)
        reachable[i] = policy->witnesses[i].url.size > 0;
    if (!accord_policy_satisfied(policy, reachable))
        accord_event(ACCORD_EVENT_WARNING, "quorum-unreachable", "reason=%s", "too-few-witnesses-with-a-url");
}

static enum accord_status rules_new(struct rules **out, const struct accord_publisher_options *options,
                                    const struct accord_publisher_rules *values, struct accord_error *error)
{
    size_t size = values->policy_text.size;
    *out = NULL;
    struct rules *rules = calloc(1, sizeof *rules);
    if (rules == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    rules->values = *values;
    rules->text = malloc(size + 1);
    if (rules->text == NULL) {
        rules_free(rules);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (size > 0)
        memcpy(rules->text, values->policy_text.data, size);
    rules->values.policy_text = (struct accord_bytes){rules->text, size};
    rules->has_policy = size > 0;
    enum accord_status status = ACCORD_OK;
    if (rules->has_policy)
        status = accord_policy_parse(&rules->policy, rules->values.policy_text, options->crypto, error);
    if (status == ACCORD_OK && rules->has_policy)
        status = check_policy(options, &rules->policy, error);
    if (status != ACCORD_OK) {
        rules_free(rules);
        return status;
    }
    if (rules->has_policy)
        warn_of_unreachable(&rules->policy);
    *out = rules;
    return ACCORD_OK;
}

/* Says what is wrong: once, and again each minute while it lasts. */
static void complain(struct accord_publisher_thread *publisher, enum accord_event_level level, const char *event,
                     const struct accord_error *error)
{
    uint64_t now = now_ms();
    if (publisher->complaint == event && now - publisher->complained_ms < COMPLAIN_AGAIN_MS)
        return;
    publisher->complaint = event;
    publisher->complained_ms = now;
    accord_event_error(level, event, NULL, error);
}

/* Is what is published signed by the log's key, and does the policy accept it? */
static bool accepted(const struct accord_publisher_thread *publisher, const struct accord_checkpoint_claim *claim)
{
    const struct accord_publisher_options *options = &publisher->options;
    struct accord_checkpoint verified;
    struct accord_cosigners cosigners;
    if (!publisher->rules->has_policy)
        return accord_note_signed_by(&claim->note, accord_signer_vkey(options->key), options->crypto, NULL) ==
               ACCORD_SIGNED;
    return accord_policy_verify(&publisher->rules->policy, claim, options->crypto, &verified, &cosigners, NULL) ==
           ACCORD_OK;
}

/* Looks at what is published, at the start and under new rules. */
static enum accord_status look_at_published(struct accord_publisher_thread *publisher, struct accord_error *error)
{
    const struct accord_publisher_options *options = &publisher->options;
    struct accord_buffer checkpoint;
    struct accord_checkpoint_claim claim;
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_sequencer_checkpoint(options->sequencer, &checkpoint, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_origin_check(options->key, accord_buffer_bytes(&checkpoint), error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_parse(&claim, accord_buffer_bytes(&checkpoint), error);
    if (status == ACCORD_OK) {
        publisher->published = claim.size;
        /* Nobody needs witnesses to know that a log was empty. */
        publisher->owed = claim.size > 0 && !accepted(publisher, &claim);
        atomic_store(&options->metrics->published, claim.size);
    }
    accord_buffer_free(&checkpoint);
    return status;
}

/* From here on these are the rules. Those that were stay where it fails. */
static enum accord_status adopt(struct accord_publisher_thread *publisher, struct rules *rules,
                                struct accord_error *error)
{
    struct accord_gatherer *gatherer = NULL;
    if (rules->has_policy) {
        enum accord_status status =
            accord_gatherer_new(&gatherer, &rules->policy, publisher->options.crypto, publisher->gatherer, error);
        if (status != ACCORD_OK) {
            rules_free(rules);
            return status;
        }
    } else {
        accord_gatherer_free(publisher->gatherer);
    }
    publisher->gatherer = gatherer;
    rules_free(publisher->rules);
    publisher->rules = rules;
    publisher->missing = false;
    return look_at_published(publisher, error);
}

static void take_rules(struct accord_publisher_thread *publisher)
{
    struct accord_error error;
    pthread_mutex_lock(&publisher->lock);
    struct rules *next = publisher->next;
    publisher->next = NULL;
    pthread_mutex_unlock(&publisher->lock);
    if (next != NULL && adopt(publisher, next, &error) != ACCORD_OK)
        complain(publisher, ACCORD_EVENT_ERROR, "reload", &error);
}

/* What a witness did, for the operator. */
static void observe(void *context, size_t witness, enum accord_witness_outcome outcome, uint64_t elapsed_ms,
                    const struct accord_error *error)
{
    static const char *const events[ACCORD_WITNESS_OUTCOMES] = {"witness-cosigned", "witness-caught-up",
                                                                "witness-refused", "witness-failed"};
    struct accord_publisher_thread *publisher = context;
    struct accord_metrics *metrics = publisher->options.metrics;
    char name[ACCORD_KEY_NAME_SIZE_MAX + 3];
    atomic_fetch_add(&metrics->witnesses[witness].outcomes[outcome], 1);
    accord_histogram_add(&metrics->witnesses[witness].latency, elapsed_ms * 1000);
    if (error == NULL)
        return;
    accord_event_quote(name, sizeof name, publisher->rules->policy.witnesses[witness].vkey.name);
    /* A witness that saw more of this log than the log has: nothing explains that but a log that was set back. */
    bool set_back = error->status == ACCORD_WITNESS_CONFLICT;
    accord_event_error(set_back ? ACCORD_EVENT_ERROR : ACCORD_EVENT_WARNING, events[outcome], name, error);
}

static bool out_of_time(void *context)
{
    struct accord_publisher_thread *publisher = context;
    pthread_mutex_lock(&publisher->lock);
    bool out = publisher->stopping && now_ms() >= publisher->deadline_ms;
    pthread_mutex_unlock(&publisher->lock);
    return out;
}

static enum accord_status gather(struct accord_publisher_thread *publisher, uint64_t size,
                                 struct accord_bytes signed_checkpoint, struct accord_buffer *checkpoint,
                                 struct accord_error *error)
{
    const struct accord_publisher_rules *rules = &publisher->rules->values;
    const struct accord_gather_observer observer = {publisher, observe};
    struct accord_gather_round round = {
        .checkpoint = signed_checkpoint, .timeout_ms = rules->timeout_ms, .linger_ms = LINGER_MAX_MS};
    if (round.linger_ms > rules->interval_ms / 4)
        round.linger_ms = rules->interval_ms / 4;
    accord_reader_set_size(publisher->reader, size);
    round.hashes = accord_reader_hashes(publisher->reader);
    return accord_gather(publisher->gatherer, publisher->client, &round, &observer, out_of_time, publisher, checkpoint,
                         error);
}

static void publish(struct accord_publisher_thread *publisher, uint64_t size, struct accord_bytes checkpoint,
                    bool quorum)
{
    const struct accord_publisher_options *options = &publisher->options;
    struct accord_error error;
    if (accord_sequencer_publish(options->sequencer, checkpoint, &error) != ACCORD_OK) {
        complain(publisher, ACCORD_EVENT_ERROR, "publish-failed", &error);
        return;
    }
    publisher->published = size;
    publisher->owed = !quorum;
    publisher->complaint = quorum ? NULL : publisher->complaint;
    atomic_store(&options->metrics->published, size);
    atomic_store(&options->metrics->published_at, options->clock->now(options->clock->context));
    accord_event(quorum ? ACCORD_EVENT_INFO : ACCORD_EVENT_WARNING, quorum ? "published" : "published-without-quorum",
                 "size=%llu", (unsigned long long)size);
}

/* The quorum did not hold. What is published stays, unless the operator set a time after which it is better to go on.
 */
static void missed(struct accord_publisher_thread *publisher, uint64_t size, struct accord_bytes checkpoint,
                   const struct accord_error *error)
{
    uint64_t fallback_ms = publisher->rules->values.fallback_ms;
    if (!publisher->missing)
        publisher->missing_ms = publisher->round_ms;
    publisher->missing = true;
    atomic_fetch_add(&publisher->options.metrics->quorum_misses, 1);
    complain(publisher, ACCORD_EVENT_WARNING, "quorum-missed", error);
    if (fallback_ms > 0 && size > publisher->published && now_ms() - publisher->missing_ms >= fallback_ms)
        publish(publisher, size, checkpoint, false);
}

/* Signs the sealed tree, asks for cosignatures, and publishes. Each round takes the tree as it is by then: a checkpoint
 * that missed its quorum is not kept. */
static void sign_and_publish(struct accord_publisher_thread *publisher, uint64_t size,
                             const uint8_t root[ACCORD_HASH_SIZE])
{
    struct accord_buffer signed_only, checkpoint;
    struct accord_error error;
    accord_buffer_init(&signed_only, ACCORD_NOTE_SIZE_MAX);
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_checkpoint_sign(publisher->options.key, size, root, &signed_only, &error);
    if (status == ACCORD_OK && publisher->gatherer == NULL)
        status = accord_buffer_append(&checkpoint, accord_buffer_bytes(&signed_only));
    else if (status == ACCORD_OK)
        status = gather(publisher, size, accord_buffer_bytes(&signed_only), &checkpoint, &error);
    if (status == ACCORD_OK) {
        publisher->missing = false;
        atomic_fetch_add(&publisher->options.metrics->publications, 1);
        publish(publisher, size, accord_buffer_bytes(&checkpoint), true);
    } else if (status == ACCORD_QUORUM) {
        missed(publisher, size, accord_buffer_bytes(&checkpoint), &error);
    } else {
        complain(publisher, ACCORD_EVENT_ERROR, "checkpoint-failed", &error);
    }
    accord_buffer_free(&signed_only);
    accord_buffer_free(&checkpoint);
}

static void one_round(struct accord_publisher_thread *publisher)
{
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_error error;
    publisher->round_ms = now_ms();
    take_rules(publisher);
    if (accord_sequencer_seal(publisher->options.sequencer, &size, root, &error) != ACCORD_OK)
        complain(publisher, ACCORD_EVENT_ERROR, "seal-failed", &error);
    else if (size > publisher->published || (size == publisher->published && publisher->owed))
        sign_and_publish(publisher, size, root);
}

/* How long after the last round's beginning the next one may begin. While the quorum is missing the time grows, since
 * the witnesses that did cosign are asked again each time; but not where what was added is published without it. */
static uint64_t pace_ms(const struct accord_publisher_thread *publisher)
{
    const struct accord_publisher_rules *rules = &publisher->rules->values;
    if (!publisher->missing)
        return rules->interval_ms;
    uint64_t missing_ms = publisher->round_ms - publisher->missing_ms;
    if (rules->fallback_ms > 0 && missing_ms >= rules->fallback_ms &&
        accord_sequencer_wait_growth(publisher->options.sequencer, 0))
        return rules->interval_ms;
    uint64_t pace = missing_ms / 2 < RETRY_MAX_MS ? missing_ms / 2 : RETRY_MAX_MS;
    return pace < rules->interval_ms ? rules->interval_ms : pace;
}

/* Sleeps until the next round may begin, new rules are there, or it is to stop; returns whether to stop. */
static bool rest(struct accord_publisher_thread *publisher)
{
    uint64_t due_ms = publisher->round_ms + pace_ms(publisher);
    struct timespec due = {.tv_sec = (time_t)(due_ms / 1000), .tv_nsec = (long)(due_ms % 1000 * 1000000)};
    pthread_mutex_lock(&publisher->lock);
    while (!publisher->stopping && publisher->next == NULL && now_ms() < due_ms)
        pthread_cond_timedwait(&publisher->changed, &publisher->lock, &due);
    bool stopping = publisher->stopping;
    pthread_mutex_unlock(&publisher->lock);
    return stopping;
}

/* The last rounds: until all is published, or the time is up. */
static void finish(struct accord_publisher_thread *publisher)
{
    struct timespec apart = {.tv_sec = 0, .tv_nsec = LAST_ROUNDS_APART_MS * 1000000L};
    one_round(publisher);
    while (accord_sequencer_wait_growth(publisher->options.sequencer, 0) && !out_of_time(publisher)) {
        nanosleep(&apart, NULL);
        one_round(publisher);
    }
    publisher->all_published = !accord_sequencer_wait_growth(publisher->options.sequencer, 0);
}

static void *run(void *context)
{
    struct accord_publisher_thread *publisher = context;
    bool stopping = false;
    while (!stopping) {
        pthread_mutex_lock(&publisher->lock);
        bool due = publisher->next != NULL;
        pthread_mutex_unlock(&publisher->lock);
        /* What was added while nobody looked is published at once; so is what a crash left over. */
        if (due || publisher->owed || accord_sequencer_wait_growth(publisher->options.sequencer, LOOK_UP_MS))
            one_round(publisher);
        stopping = rest(publisher);
    }
    finish(publisher);
    return NULL;
}

static void release(struct accord_publisher_thread *publisher)
{
    accord_gatherer_free(publisher->gatherer);
    accord_client_free(publisher->client);
    accord_reader_close(publisher->reader);
    rules_free(publisher->rules);
    rules_free(publisher->next);
    pthread_cond_destroy(&publisher->changed);
    pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}

static enum accord_status prepare(struct accord_publisher_thread *publisher,
                                  const struct accord_publisher_rules *values, struct accord_error *error)
{
    const struct accord_publisher_options *options = &publisher->options;
    struct rules *rules = NULL;
    enum accord_status status = accord_checkpoint_key_check(options->key, error);
    if (status == ACCORD_OK)
        status = accord_client_new(&publisher->client, error);
    if (status == ACCORD_OK)
        status = accord_reader_open(&publisher->reader, options->fs, options->crypto, options->dir, error);
    if (status == ACCORD_OK)
        status = rules_new(&rules, options, values, error);
    if (status == ACCORD_OK)
        status = adopt(publisher, rules, error);
    return status;
}

enum accord_status accord_publisher_start(struct accord_publisher_thread **out,
                                          const struct accord_publisher_options *options,
                                          const struct accord_publisher_rules *rules, struct accord_error *error)
{
    pthread_condattr_t monotonic;
    *out = NULL;
    struct accord_publisher_thread *publisher = calloc(1, sizeof *publisher);
    if (publisher == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    publisher->options = *options;
    pthread_mutex_init(&publisher->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&publisher->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    enum accord_status status = prepare(publisher, rules, error);
    if (status == ACCORD_OK && pthread_create(&publisher->thread, NULL, run, publisher) != 0)
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    if (status != ACCORD_OK) {
        release(publisher);
        return status;
    }
    *out = publisher;
    return ACCORD_OK;
}

enum accord_status accord_publisher_reload(struct accord_publisher_thread *publisher,
                                           const struct accord_publisher_rules *values, struct accord_error *error)
{
    struct rules *rules;
    enum accord_status status = rules_new(&rules, &publisher->options, values, error);
    if (status != ACCORD_OK)
        return status;
    pthread_mutex_lock(&publisher->lock);
    struct rules *unused = publisher->next;
    publisher->next = rules;
    pthread_cond_signal(&publisher->changed);
    pthread_mutex_unlock(&publisher->lock);
    rules_free(unused);
    accord_sequencer_wake_all(publisher->options.sequencer);
    return ACCORD_OK;
}

void accord_publisher_stop(struct accord_publisher_thread *publisher, uint64_t grace_ms, bool *published)
{
    pthread_mutex_lock(&publisher->lock);
    publisher->stopping = true;
    publisher->deadline_ms = now_ms() + grace_ms;
    pthread_cond_signal(&publisher->changed);
    pthread_mutex_unlock(&publisher->lock);
    accord_sequencer_wake_all(publisher->options.sequencer);
    pthread_join(publisher->thread, NULL);
    *published = publisher->all_published;
    release(publisher);
}
