/* The clerk: the queue before a witness's state, and the thread that empties it. Knows that whatever waits is answered
 * together, that a state which failed is opened again, and that nobody waits for it meanwhile; refuses to know the
 * rules of witnesses (witness/cosigner.h) and HTTP (witness_role.h). */
#include "serve/clerk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "serve/clerk_shown.h"
#include "serve/crew.h"
#include "serve/event.h"
#include "witness/state.h"

#define WAITING_MAX 4096 /* requests: half a second's work */
#define GROUP_MAX 256    /* of one transaction */
#define REOPEN_US 1000000
#define LINGER_US 100

/* A checkpoint that was seen somewhere. */
struct notice {
    struct accord_signer *const *witnesses;
    size_t witness_count;
    struct notice *next;
    struct accord_bytes checkpoint; /* behind it */
};

struct accord_clerk {
    struct accord_clerk_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake, idle;
    /* Under the mutex. */
    struct accord_clerk_request *queue, **queue_end;
    struct accord_clerk_request *answered, **answered_end;
    size_t waiting; /* in the queue or being answered */
    struct notice *notices;
    struct accord_logs *next_logs;
    bool asleep, draining, stopping;
    atomic_bool due; /* something is queued: for the clerk that looks before it falls asleep */
    /* The thread's. */
    struct accord_cosigner_state *state; /* NULL after it failed, until it could be opened again */
    uint64_t reopened_us;
    bool failing, keyless; /* a key is gone: it fails until the server is started again */
    bool doubted;          /* it showed that it is an old one: not used again, even where it does not know that */
    struct accord_error failure;
    struct accord_logs *logs;
    struct accord_crew *crew;
    struct accord_clerk_shown shown;
};

/* A request on its way through a transaction. */
struct job {
    struct accord_clerk_request *request;
    struct accord_logs_finder finder;
    bool prepared;
    struct accord_cosigning cosigning;
    struct accord_witness_verdict verdicts[ACCORD_WITNESS_KEYS_MAX];
    struct accord_buffer lines[ACCORD_WITNESS_KEYS_MAX];
};

/* The queue */

static void refuse(struct accord_clerk_request *request, bool stopping)
{
    request->http_status = 503;
    accord_fail(&request->error, ACCORD_NO_MEMORY, 0);
    accord_error_what(&request->error, ACCORD_LITERAL("queue"));
    accord_error_expected(&request->error, stopping ? ACCORD_LITERAL("a server that is not stopping")
                                                    : ACCORD_LITERAL("fewer requests at once"));
}

bool accord_clerk_put(struct accord_clerk *clerk, struct accord_clerk_request *request)
{
    accord_buffer_init(&request->text, ACCORD_NOTE_SIZE_MAX);
    request->next = NULL;
    request->put_at_us = accord_monotonic_us();
    pthread_mutex_lock(&clerk->mutex);
    bool stopping = clerk->draining, taken = !stopping && clerk->waiting < WAITING_MAX;
    if (taken) {
        *clerk->queue_end = request;
        clerk->queue_end = &request->next;
        clerk->waiting++;
        atomic_store_explicit(&clerk->due, true, memory_order_relaxed);
    }
    bool wake = taken && clerk->asleep;
    clerk->asleep = clerk->asleep && !wake; /* one signal is enough */
    pthread_mutex_unlock(&clerk->mutex);
    if (wake)
        pthread_cond_signal(&clerk->wake);
    if (!taken) {
        refuse(request, stopping);
        atomic_fetch_add_explicit(&clerk->options.metrics->cosigns[ACCORD_COSIGN_OVERLOADED], 1, memory_order_relaxed);
    }
    return taken;
}

struct accord_clerk_request *accord_clerk_take(struct accord_clerk *clerk)
{
    pthread_mutex_lock(&clerk->mutex);
    struct accord_clerk_request *answered = clerk->answered;
    clerk->answered = NULL;
    clerk->answered_end = &clerk->answered;
    pthread_mutex_unlock(&clerk->mutex);
    return answered;
}

void accord_clerk_request_free(struct accord_clerk_request *request)
{
    accord_buffer_free(&request->text);
}

void accord_clerk_know(struct accord_clerk *clerk, struct accord_logs *logs)
{
    pthread_mutex_lock(&clerk->mutex);
    accord_logs_free(clerk->next_logs);
    clerk->next_logs = accord_logs_keep(logs);
    pthread_mutex_unlock(&clerk->mutex);
}

void accord_clerk_notice(struct accord_clerk *clerk, struct accord_signer *const *witnesses, size_t witness_count,
                         struct accord_bytes checkpoint)
{
    struct notice *notice = malloc(sizeof *notice + checkpoint.size);
    if (notice == NULL)
        return;
    uint8_t *data = (uint8_t *)(notice + 1);
    memcpy(data, checkpoint.data, checkpoint.size);
    *notice = (struct notice){witnesses, witness_count, NULL, {data, checkpoint.size}};
    pthread_mutex_lock(&clerk->mutex);
    notice->next = clerk->notices;
    clerk->notices = notice;
    clerk->asleep = false;
    pthread_mutex_unlock(&clerk->mutex);
    pthread_cond_signal(&clerk->wake);
}

/* The state */

static enum accord_status open_state(struct accord_clerk *clerk, struct accord_error *error)
{
    const struct accord_clerk_options *options = &clerk->options;
    return accord_cosigner_state_open(&clerk->state, options->fs, options->state, error);
}

static void say_failing(struct accord_clerk *clerk, const struct accord_error *error)
{
    if (!clerk->failing) {
        accord_event_error(ACCORD_EVENT_ERROR, "witness-failing", clerk->options.state, error);
        atomic_fetch_add(&clerk->options.metrics->cosign_failing, 1);
    }
    clerk->failing = true;
    clerk->failure = *error;
}

static void say_sound(struct accord_clerk *clerk)
{
    if (!clerk->failing)
        return;
    accord_event(ACCORD_EVENT_INFO, "witness-recovered", NULL);
    atomic_fetch_sub(&clerk->options.metrics->cosign_failing, 1);
    clerk->failing = false;
}

/* After a failure the file is opened again, since what this process believes to be on the disk may not be there; not
 * more often than once a second. */
static bool has_state(struct accord_clerk *clerk)
{
    struct accord_error error;
    uint64_t now_us = accord_monotonic_us();
    if (clerk->state != NULL)
        return true;
    if (clerk->reopened_us != 0 && now_us - clerk->reopened_us < REOPEN_US)
        return false;
    clerk->reopened_us = now_us;
    enum accord_status status = open_state(clerk, &error);
    if (status == ACCORD_OK && !clerk->doubted)
        return true;
    if (status == ACCORD_OK) {
        (void)!accord_cosigner_state_suspect(clerk->state, ACCORD_FORGOT, &error);
        accord_cosigner_state_close(clerk->state);
    }
    clerk->state = NULL;
    say_failing(clerk, &error);
    return false;
}

/* What shows that the state is an old one may have come when the disk took nothing: then only this process knows. */
static void give_up_state(struct accord_clerk *clerk, const struct accord_error *error)
{
    accord_clerk_shown_clear(&clerk->shown);
    say_failing(clerk, error);
    clerk->doubted = clerk->doubted || accord_cosigner_state_doubt(clerk->state) != NULL;
    accord_cosigner_state_close(clerk->state);
    clerk->state = NULL;
}

/* One transaction */

static void answer_failure(struct accord_clerk_request *request, const struct accord_error *error)
{
    request->http_status = 503;
    request->error = *error;
}

static struct job *job_new(struct accord_clerk *clerk, struct accord_clerk_request *request)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        struct accord_error error;
        accord_fail(&error, ACCORD_NO_MEMORY, 0);
        answer_failure(request, &error);
        return NULL;
    }
    job->request = request;
    job->finder.logs = clerk->logs;
    for (size_t i = 0; i < request->witness_count; i++)
        accord_buffer_init(&job->lines[i], ACCORD_NOTE_SIZE_MAX);
    job->cosigning = (struct accord_cosigning){.body = request->body,
                                               .witnesses = request->witnesses,
                                               .witness_count = request->witness_count,
                                               .verdicts = job->verdicts,
                                               .lines = job->lines,
                                               .together = true};
    return job;
}

static void job_free(struct job *job)
{
    accord_cosigning_free(&job->cosigning);
    for (size_t i = 0; i < job->request->witness_count; i++)
        accord_buffer_free(&job->lines[i]);
    free(job);
}

/* The keys of a witness answer together, so all have the same verdict. */
static void conclude(struct job *job)
{
    struct accord_clerk_request *request = job->request;
    request->http_status = job->verdicts[0].http_status;
    request->seen_size = job->verdicts[0].seen_size;
    request->error = job->verdicts[0].error;
    for (size_t i = 0; request->http_status == 200 && i < request->witness_count; i++)
        if (accord_buffer_append(&request->text, accord_buffer_bytes(&job->lines[i])) != ACCORD_OK) {
            accord_fail(&request->error, ACCORD_NO_MEMORY, 0);
            request->http_status = 503;
        }
}

/* A note without its last line, which is the cosignature of the key whose note it is. */
static struct accord_bytes head_of(struct accord_bytes note)
{
    size_t end = note.size - 1;
    while (end > 0 && note.data[end - 1] != '\n')
        end--;
    return (struct accord_bytes){note.data, end};
}

/* One key's checkpoint, where it is the one that is shown: all of it from the first key, from the others the line that
 * they add. */
static enum accord_status show_key(struct accord_clerk *clerk, struct accord_clerk_request *request,
                                   const struct accord_signer *witness, struct accord_bytes origin,
                                   struct accord_error *error)
{
    struct accord_buffer note;
    accord_buffer_init(&note, ACCORD_NOTE_SIZE_MAX);
    enum accord_status status = accord_cosigner_checkpoint(clerk->state, witness, origin, &note, error);
    if (status == ACCORD_OK) {
        struct accord_bytes shown = accord_buffer_bytes(&note), head = head_of(shown);
        if (request->text.size > 0)
            shown = (struct accord_bytes){shown.data + head.size, shown.size - head.size};
        status = accord_buffer_append(&request->text, shown);
        if (status != ACCORD_OK)
            accord_fail(error, status, 0);
    }
    accord_buffer_free(&note);
    return status;
}

/* The keys of a witness have one memory, but for one that was added since: it joins with the next checkpoint. */
static enum accord_status show_all(struct accord_clerk *clerk, struct accord_clerk_request *request,
                                   struct accord_bytes origin, struct accord_error *error)
{
    struct accord_witness_seen seen[ACCORD_WITNESS_KEYS_MAX], largest = {0};
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < request->witness_count; i++) {
        struct accord_bytes witness = accord_signer_vkey(request->witnesses[i])->text;
        status = accord_cosigner_seen(clerk->state, witness, origin, &seen[i], error);
        if (seen[i].cosigned && (!largest.cosigned || seen[i].size > largest.size))
            largest = seen[i];
    }
    for (size_t i = 0; status == ACCORD_OK && i < request->witness_count; i++)
        if (seen[i].cosigned && seen[i].size == largest.size)
            status = show_key(clerk, request, request->witnesses[i], origin, error);
    return status;
}

static void show(struct accord_clerk *clerk, struct accord_clerk_request *request)
{
    struct accord_known_log log;
    struct accord_error error;
    accord_fail(&request->error, ACCORD_NOT_FOUND, 0);
    request->http_status = 404;
    struct accord_bytes text;
    enum accord_status status;
    if (!accord_logs_find_hash(clerk->logs, request->origin_hash, &log))
        return;
    if (accord_clerk_shown_find(&clerk->shown, request->witnesses, request->origin_hash, &text)) {
        status = accord_buffer_append(&request->text, text);
        if (status != ACCORD_OK)
            accord_fail(&error, status, 0);
    } else {
        status = show_all(clerk, request, log.origin, &error);
        if (status == ACCORD_OK && request->text.size > 0)
            accord_clerk_shown_keep(&clerk->shown, request->witnesses, request->origin_hash,
                                    accord_buffer_bytes(&request->text));
    }
    if (status != ACCORD_OK)
        answer_failure(request, &error);
    else if (request->text.size > 0)
        request->http_status = 200;
}

/* Nothing is cosigned by a memory that lacks what the request shows, not even what needs no memory. */
static bool remembers(struct accord_clerk *clerk, struct accord_clerk_request *request,
                      const struct accord_checkpoint_claim *checkpoint)
{
    for (size_t i = 0; i < request->witness_count; i++)
        if (accord_cosigner_notice(clerk->state, accord_signer_vkey(request->witnesses[i]), checkpoint,
                                   clerk->options.crypto, &request->error) != ACCORD_OK) {
            give_up_state(clerk, &request->error);
            return false;
        }
    return true;
}

/* "The signatures SHOULD be ML-DSA-44 cosignatures, and SHOULD be from one or more of the same witness key(s) that
 * signed the checkpoint": those of all such keys of this witness. */
static void sign_subtree(struct accord_clerk *clerk, struct accord_clerk_request *request)
{
    struct accord_sign_subtree parsed;
    struct accord_known_log log;
    struct accord_witness_verdict verdict;
    const struct accord_vkey *own[ACCORD_WITNESS_KEYS_MAX];
    uint8_t text[512];
    struct accord_out out = {text, sizeof text, 0, false};
    request->http_status = 400;
    if (accord_sign_subtree_parse(&parsed, request->body, &request->error) != ACCORD_OK)
        return;
    for (size_t i = 0; i < request->witness_count; i++)
        own[i] = accord_signer_vkey(request->witnesses[i]);
    accord_witness_judge_subtree(&parsed, accord_logs_find(clerk->logs, parsed.checkpoint.origin, &log), own,
                                 request->witness_count, clerk->options.crypto, &verdict);
    request->http_status = verdict.http_status;
    request->error = verdict.error;
    if (request->http_status == 200 && !remembers(clerk, request, &parsed.checkpoint))
        request->http_status = 503;
    accord_subtree_print(&out, &parsed.subtree);
    for (size_t i = 0; request->http_status == 200 && i < request->witness_count; i++)
        if (own[i]->type == ACCORD_KEY_COSIGNATURE_MLDSA44 &&
            accord_signer_sign_subtree(request->witnesses[i], accord_out_bytes(&out), &request->text,
                                       &request->error) != ACCORD_OK)
            request->http_status = 503;
}

/* Most of the time goes into verifying the logs' signatures, which needs nobody else: that is shared out. */
struct preparing {
    struct accord_clerk *clerk;
    struct job *const *jobs;
};

static void prepare_one(void *context, size_t i)
{
    const struct preparing *preparing = context;
    struct job *job = preparing->jobs[i];
    struct accord_error error;
    const struct accord_known_logs logs = accord_logs_lookup(&job->finder);
    job->prepared =
        accord_cosigning_prepare(&job->cosigning, &logs, preparing->clerk->options.crypto, &error) == ACCORD_OK;
    if (!job->prepared)
        answer_failure(job->request, &error);
}

/* Returns how many could be prepared: they come first, the others are done with. */
static size_t prepare(struct accord_clerk *clerk, struct job **jobs, size_t count)
{
    struct preparing preparing = {clerk, jobs};
    size_t prepared = 0;
    accord_crew_share(clerk->crew, count, prepare_one, &preparing);
    for (size_t i = 0; i < count; i++) {
        if (jobs[i]->prepared)
            jobs[prepared++] = jobs[i];
        else
            job_free(jobs[i]);
    }
    return prepared;
}

/* A key whose process is gone does not come back. */
static bool has_keys(struct job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < jobs[i]->request->witness_count; j++)
            if (accord_signer_gone(jobs[i]->request->witnesses[j]))
                return false;
    return true;
}

static void commit(struct accord_clerk *clerk, struct job *const *jobs, size_t count)
{
    struct accord_cosigning *cosignings[GROUP_MAX];
    struct accord_error error;
    for (size_t i = 0; i < count; i++)
        cosignings[i] = &jobs[i]->cosigning;
    accord_clerk_shown_clear(&clerk->shown);
    const struct accord_clock *clock = clerk->options.clock;
    enum accord_status status = accord_cosigner_answer_all(clerk->state, cosignings, count, clock->now(clock->context),
                                                           clerk->options.crypto, &error);
    if (status == ACCORD_OK) {
        if (!clerk->keyless)
            say_sound(clerk);
        atomic_fetch_add_explicit(&clerk->options.metrics->cosign_commits, 1, memory_order_relaxed);
    } else {
        clerk->keyless = clerk->keyless || !has_keys(jobs, count);
        give_up_state(clerk, &error);
    }
    for (size_t i = 0; i < count; i++) {
        /* What is wrong with the request itself was found without the state. */
        if (status == ACCORD_OK || jobs[i]->cosigning.final)
            conclude(jobs[i]);
        else
            answer_failure(jobs[i]->request, &error);
    }
}

static void count_answer(struct accord_clerk *clerk, const struct accord_clerk_request *request)
{
    static const struct {
        int http_status;
        enum accord_cosign_outcome outcome;
    } outcomes[] = {{200, ACCORD_COSIGN_COSIGNED}, {400, ACCORD_COSIGN_MALFORMED}, {403, ACCORD_COSIGN_UNSIGNED},
                    {404, ACCORD_COSIGN_UNKNOWN},  {409, ACCORD_COSIGN_CONFLICT},  {422, ACCORD_COSIGN_REFUSED}};
    struct accord_metrics *metrics = clerk->options.metrics;
    enum accord_cosign_outcome outcome = ACCORD_COSIGN_FAILED;
    if (request->task != ACCORD_CLERK_COSIGN)
        return;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (outcomes[i].http_status == request->http_status)
            outcome = outcomes[i].outcome;
    atomic_fetch_add_explicit(&metrics->cosigns[outcome], 1, memory_order_relaxed);
    accord_histogram_add(&metrics->cosign, accord_monotonic_us() - request->put_at_us);
}

/* All of a list: what is to be cosigned first, in one transaction, then what is about what was. */
static void answer_group(struct accord_clerk *clerk, struct accord_clerk_request *first)
{
    struct job *jobs[GROUP_MAX];
    size_t count = 0;
    bool sound = has_state(clerk);
    for (struct accord_clerk_request *request = first; request != NULL; request = request->next) {
        if (!sound)
            answer_failure(request, &clerk->failure);
        else if (request->task == ACCORD_CLERK_COSIGN && (jobs[count] = job_new(clerk, request)) != NULL)
            count++;
    }
    count = prepare(clerk, jobs, count);
    if (count > 0)
        commit(clerk, jobs, count);
    for (size_t i = 0; i < count; i++)
        job_free(jobs[i]);
    for (struct accord_clerk_request *request = first; request != NULL; request = request->next) {
        if (request->task != ACCORD_CLERK_COSIGN && clerk->state == NULL)
            answer_failure(request, &clerk->failure);
        else if (request->task == ACCORD_CLERK_SUBTREE)
            sign_subtree(clerk, request);
        else if (request->task == ACCORD_CLERK_SHOW)
            show(clerk, request);
        count_answer(clerk, request);
    }
}

static void take_notice(struct accord_clerk *clerk, const struct notice *notice)
{
    struct accord_checkpoint_claim checkpoint;
    struct accord_error error;
    if (accord_checkpoint_parse(&checkpoint, notice->checkpoint, NULL) != ACCORD_OK || !has_state(clerk))
        return;
    for (size_t i = 0; i < notice->witness_count; i++)
        if (accord_cosigner_notice(clerk->state, accord_signer_vkey(notice->witnesses[i]), &checkpoint,
                                   clerk->options.crypto, &error) != ACCORD_OK) {
            give_up_state(clerk, &error);
            return;
        }
}

static void take_notices(struct accord_clerk *clerk, struct notice *notice)
{
    while (notice != NULL) {
        struct notice *next = notice->next;
        take_notice(clerk, notice);
        free(notice);
        notice = next;
    }
}

/* The thread */

/* A log that waits for one cosignature sends its next checkpoint at once: sooner than this thread would have fallen
 * asleep and woken up. */
static void linger(struct accord_clerk *clerk)
{
    uint64_t until_us = accord_monotonic_us() + LINGER_US;
    while (!atomic_load_explicit(&clerk->due, memory_order_relaxed) && accord_monotonic_us() < until_us)
        continue;
}

/* Cuts what one transaction takes off the queue; NULL when it is to end. */
static struct accord_clerk_request *next_group(struct accord_clerk *clerk, size_t *count, struct notice **notices)
{
    linger(clerk);
    pthread_mutex_lock(&clerk->mutex);
    while (clerk->queue == NULL && clerk->notices == NULL && !clerk->stopping) {
        clerk->asleep = true;
        pthread_cond_wait(&clerk->wake, &clerk->mutex);
    }
    clerk->asleep = false;
    struct accord_clerk_request *first = clerk->queue, *last = first;
    for (*count = first != NULL; first != NULL && *count < GROUP_MAX && last->next != NULL; (*count)++)
        last = last->next;
    if (first != NULL) {
        clerk->queue = last->next;
        if (clerk->queue == NULL)
            clerk->queue_end = &clerk->queue;
        last->next = NULL;
    }
    atomic_store_explicit(&clerk->due, clerk->queue != NULL, memory_order_relaxed);
    *notices = clerk->notices;
    clerk->notices = NULL;
    if (clerk->next_logs != NULL) {
        accord_logs_free(clerk->logs);
        clerk->logs = clerk->next_logs;
        clerk->next_logs = NULL;
    }
    pthread_mutex_unlock(&clerk->mutex);
    return first;
}

static void give_back(struct accord_clerk *clerk, struct accord_clerk_request *first, size_t count)
{
    struct accord_clerk_request *last = first;
    while (last->next != NULL)
        last = last->next;
    pthread_mutex_lock(&clerk->mutex);
    *clerk->answered_end = first;
    clerk->answered_end = &last->next;
    clerk->waiting -= count;
    if (clerk->waiting == 0)
        pthread_cond_broadcast(&clerk->idle);
    pthread_mutex_unlock(&clerk->mutex);
    clerk->options.answered(clerk->options.context);
}

static void *work(void *context)
{
    struct accord_clerk *clerk = context;
    size_t count;
    for (;;) {
        struct notice *notices;
        struct accord_clerk_request *first = next_group(clerk, &count, &notices);
        if (first == NULL && notices == NULL)
            return NULL;
        take_notices(clerk, notices);
        if (first == NULL)
            continue;
        answer_group(clerk, first);
        give_back(clerk, first, count);
    }
}

/* Starting and stopping */

static void clerk_free(struct accord_clerk *clerk)
{
    accord_clerk_shown_clear(&clerk->shown);
    accord_crew_free(clerk->crew);
    accord_cosigner_state_close(clerk->state);
    accord_logs_free(clerk->logs);
    accord_logs_free(clerk->next_logs);
    pthread_mutex_destroy(&clerk->mutex);
    pthread_cond_destroy(&clerk->wake);
    pthread_cond_destroy(&clerk->idle);
    free(clerk);
}

enum accord_status accord_clerk_start(struct accord_clerk **out, const struct accord_clerk_options *options,
                                      struct accord_logs *logs, struct accord_error *error)
{
    *out = NULL;
    struct accord_clerk *clerk = calloc(1, sizeof *clerk);
    if (clerk == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    clerk->options = *options;
    clerk->queue_end = &clerk->queue;
    clerk->answered_end = &clerk->answered;
    clerk->logs = accord_logs_keep(logs);
    pthread_mutex_init(&clerk->mutex, NULL);
    pthread_cond_init(&clerk->wake, NULL);
    pthread_cond_init(&clerk->idle, NULL);
    enum accord_status status = open_state(clerk, error);
    if (status == ACCORD_OK)
        clerk->crew = accord_crew_new();
    if (status == ACCORD_OK && pthread_create(&clerk->thread, NULL, work, clerk) != 0)
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    if (status != ACCORD_OK)
        clerk_free(clerk);
    else
        *out = clerk;
    return status;
}

void accord_clerk_drain(struct accord_clerk *clerk)
{
    pthread_mutex_lock(&clerk->mutex);
    clerk->draining = true;
    while (clerk->waiting > 0)
        pthread_cond_wait(&clerk->idle, &clerk->mutex);
    pthread_mutex_unlock(&clerk->mutex);
}

void accord_clerk_stop(struct accord_clerk *clerk)
{
    if (clerk == NULL)
        return;
    pthread_mutex_lock(&clerk->mutex);
    clerk->draining = clerk->stopping = true;
    pthread_cond_signal(&clerk->wake);
    pthread_mutex_unlock(&clerk->mutex);
    pthread_join(clerk->thread, NULL);
    clerk_free(clerk);
}
