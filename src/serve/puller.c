/* The pullers. Know which log is due and for how long it may hold up the others; how a round goes is mirror/pull.c's
 * matter, and what is kept the mirror's.
 *
 * The logs that are due stand in two queues: those that were quick the last time, and those that were not. One thread
 * takes from the first alone, and leaves those to the others that turn out to be slow, so slow logs, however many,
 * never hold up the quick ones. */
#include "serve/puller.h"

#include "net/log_http.h"
#include "serve/event.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 4
#define THREADS_MAX 32
#define SLICE_MS 10000
#define SLOW_MS 2000           /* a visit that took longer makes a log a slow one */
#define BACKOFF_MAX_MS 3600000 /* between visits at a log that fails */
#define BACKOFF_DOUBLINGS 6
#define SOON_MS 2000             /* where the log's own cache, or an upload, was in the way */
#define SOON_TRIES 3             /* before that is worth a word */
#define COMPLAIN_AGAIN_MS 600000 /* of what goes on being wrong */
#define URL_SIZE 4096
#define NAME_SIZE (ACCORD_ORIGIN_SIZE_MAX + 3)

struct job {
    size_t at; /* in the logs */
    uint64_t due_ms;
    unsigned failures; /* one after another */
    bool slow;
    enum accord_status complaint;
    uint64_t complained_ms;
};

/* The jobs that nobody is at, by when they are due: a heap. */
struct queue {
    struct job **jobs;
    size_t count;
};

struct accord_puller {
    struct accord_puller_options options;
    struct accord_puller_counts own_counts;
    unsigned thread_count;
    pthread_t threads[THREADS_MAX];
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stopping;
    struct accord_logs *logs;
    uint64_t generation; /* of the logs */
    uint64_t interval_ms;
    struct job *jobs;
    struct queue quick, slow;
    uint64_t random;
};

/* One visit, by one thread. */
struct visit {
    struct accord_puller *puller;
    struct accord_logs *logs;
    uint64_t generation;
    struct job *job; /* looked at under the lock only, while the generation is still the same */
    bool quick_only;
    struct accord_known_log log;
    struct accord_pulled pulled;
    uint64_t begun_ms;
    enum accord_status status;
    struct accord_error error;
};

static uint64_t now_ms(void)
{
    return accord_monotonic_us() / 1000;
}

/* Queues */

static void swap(struct queue *queue, size_t a, size_t b)
{
    struct job *job = queue->jobs[a];
    queue->jobs[a] = queue->jobs[b];
    queue->jobs[b] = job;
}

static void push(struct queue *queue, struct job *job)
{
    size_t place = queue->count++;
    queue->jobs[place] = job;
    while (place > 0 && queue->jobs[(place - 1) / 2]->due_ms > queue->jobs[place]->due_ms) {
        swap(queue, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
}

static struct job *pop(struct queue *queue)
{
    struct job *first = queue->jobs[0];
    queue->jobs[0] = queue->jobs[--queue->count];
    for (size_t place = 0, child; (child = 2 * place + 1) < queue->count; place = child) {
        if (child + 1 < queue->count && queue->jobs[child + 1]->due_ms < queue->jobs[child]->due_ms)
            child++;
        if (queue->jobs[place]->due_ms <= queue->jobs[child]->due_ms)
            break;
        swap(queue, place, child);
    }
    return first;
}

static uint64_t due(const struct queue *queue)
{
    return queue->count == 0 ? UINT64_MAX : queue->jobs[0]->due_ms;
}

static void queue_job(struct accord_puller *puller, struct job *job)
{
    push(job->slow ? &puller->slow : &puller->quick, job);
}

/* Logs */

/* Those that have a URL, each due at once: in the order of the logs, as fast as the threads can. */
static enum accord_status make_jobs(struct accord_puller *puller, struct accord_logs *logs, struct accord_error *error)
{
    size_t count = accord_logs_count(logs), jobs = 0;
    struct job *all = calloc(count + 1, sizeof *all);
    struct job **quick = calloc(count + 1, sizeof *quick), **slow = calloc(count + 1, sizeof *slow);
    if (all == NULL || quick == NULL || slow == NULL) {
        free(all);
        free(quick);
        free(slow);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    free(puller->jobs);
    free(puller->quick.jobs);
    free(puller->slow.jobs);
    puller->jobs = all;
    puller->quick = (struct queue){quick, 0};
    puller->slow = (struct queue){slow, 0};
    uint64_t now = now_ms();
    for (size_t i = 0; i < count; i++) {
        struct accord_known_log log;
        accord_logs_at(logs, i, &log);
        if (log.url.size == 0)
            continue;
        all[jobs] = (struct job){.at = i, .due_ms = now};
        push(&puller->quick, &all[jobs++]);
    }
    accord_logs_free(puller->logs);
    puller->logs = accord_logs_keep(logs);
    puller->generation++;
    return ACCORD_OK;
}

enum accord_status accord_puller_know(struct accord_puller *puller, struct accord_logs *logs, uint64_t interval_ms,
                                      struct accord_error *error)
{
    pthread_mutex_lock(&puller->lock);
    enum accord_status status = make_jobs(puller, logs, error);
    if (status == ACCORD_OK)
        puller->interval_ms = interval_ms;
    pthread_cond_broadcast(&puller->changed);
    pthread_mutex_unlock(&puller->lock);
    return status;
}

/* A visit */

static bool is_stopping(struct accord_puller *puller)
{
    pthread_mutex_lock(&puller->lock);
    bool stopping = puller->stopping;
    pthread_mutex_unlock(&puller->lock);
    return stopping;
}

static bool is_too_slow(const struct visit *visit)
{
    return visit->quick_only && now_ms() - visit->begun_ms >= SLOW_MS;
}

/* Is an answer not to be waited for? */
static bool is_given_up(void *context)
{
    const struct visit *visit = context;
    return is_too_slow(visit) || is_stopping(visit->puller);
}

/* Has it had its time, while others wait? Asked between bundles. One at least is brought, or a log whose checkpoint
 * alone takes as long would never be copied. */
static bool is_over(void *context)
{
    const struct visit *visit = context;
    struct accord_puller *puller = visit->puller;
    uint64_t now = now_ms();
    if (is_given_up(context))
        return true;
    if (now - visit->begun_ms < puller->options.slice_ms || visit->pulled.put == 0)
        return false;
    pthread_mutex_lock(&puller->lock);
    bool over = puller->generation != visit->generation || due(&puller->quick) <= now || due(&puller->slow) <= now;
    pthread_mutex_unlock(&puller->lock);
    return over;
}

static enum accord_status open_log(struct visit *visit, struct accord_reader **reader)
{
    char url[URL_SIZE];
    const struct accord_patience patience = {.stop = is_given_up, .context = visit, .once = true};
    *reader = NULL;
    if (visit->log.url.size >= sizeof url)
        return accord_fail(&visit->error, ACCORD_TOO_LARGE, 0);
    memcpy(url, visit->log.url.data, visit->log.url.size);
    url[visit->log.url.size] = '\0';
    return accord_reader_open_url_with(reader, visit->puller->options.crypto, url, &patience, &visit->error);
}

static enum accord_status pull(struct visit *visit, struct accord_pull *round)
{
    const struct accord_puller_place *place = visit->puller->options.place;
    struct accord_pull_target target;
    struct accord_checkpoint_claim claim;
    if (place == NULL)
        return accord_pull_checkpoint(round, &visit->pulled, &claim, &visit->error);
    enum accord_status status = place->begin(place->context, &visit->log, &target, &visit->error);
    if (status != ACCORD_OK)
        return status;
    round->target = &target;
    status = accord_pull_round(round, &visit->pulled, &visit->error);
    place->end(place->context, &target);
    return status;
}

static void run(struct visit *visit)
{
    struct accord_pull_keys keys = {visit->puller->options.crypto, visit->log.keys, visit->log.key_count};
    struct accord_pull round = {.crypto = visit->puller->options.crypto,
                                .judge = accord_pull_signed_by(&keys),
                                .context = visit,
                                .stop = is_over};
    visit->begun_ms = now_ms();
    visit->status = open_log(visit, &round.reader);
    if (visit->status == ACCORD_OK)
        visit->status = pull(visit, &round);
    accord_reader_close(round.reader);
}

/* What came of it */

enum outcome { DONE, AGAIN, SOON, FAILED, FORKED };

static enum outcome judge(const struct visit *visit)
{
    switch ((unsigned)visit->status) {
    case ACCORD_OK:
        return visit->pulled.stopped ? AGAIN : DONE;
    case ACCORD_ROLLBACK:
    case ACCORD_WITNESS_CONFLICT:
        return SOON;
    case ACCORD_CONSISTENCY:
    case ACCORD_WITNESS_PROOF:
        return FORKED;
    case ACCORD_NETWORK:
        return is_too_slow(visit) ? AGAIN : FAILED;
    default:
        return FAILED;
    }
}

static void count(const struct visit *visit, enum outcome outcome)
{
    struct accord_puller_counts *counts = visit->puller->options.counts;
    atomic_fetch_add(&counts->visits, 1);
    atomic_fetch_add(&counts->entries, visit->pulled.put);
    if (visit->pulled.changed)
        atomic_fetch_add(&counts->changes, 1);
    if (outcome == FAILED || outcome == SOON)
        atomic_fetch_add(&counts->failed, 1);
    if (outcome == FORKED)
        atomic_fetch_add(&counts->forked, 1);
}

static void tell(const struct visit *visit, enum outcome outcome, bool complain)
{
    const struct accord_puller_options *options = &visit->puller->options;
    struct accord_checkpoint_claim claim;
    char name[NAME_SIZE];
    accord_event_quote(name, sizeof name, visit->log.origin);
    if (visit->pulled.changed)
        accord_event(ACCORD_EVENT_INFO, "mirrored", "log=%s size=%llu new=%llu", name,
                     (unsigned long long)visit->pulled.size, (unsigned long long)visit->pulled.put);
    if (outcome == FORKED && complain)
        accord_event_error(ACCORD_EVENT_ERROR, "log-forked", name, &visit->error);
    else if ((outcome == FAILED || outcome == SOON) && complain)
        accord_event_error(ACCORD_EVENT_WARNING, "pull-failed", name, &visit->error);
    if (options->seen != NULL && visit->pulled.note.size > 0 &&
        accord_checkpoint_parse(&claim, accord_buffer_bytes(&visit->pulled.note), NULL) == ACCORD_OK)
        options->seen(options->context, &visit->log, &claim);
    if (outcome == FORKED && options->forked != NULL)
        options->forked(options->context, &visit->log, &visit->pulled, &visit->error);
}

/* Nine tenths to eleven tenths of it, so that logs, and mirrors, do not go in step. For nothing that matters. */
static uint64_t around(struct accord_puller *puller, uint64_t ms)
{
    puller->random = puller->random * 6364136223846793005U + 1442695040888963407U;
    return ms - ms / 10 + (puller->random >> 33) % (ms / 5 + 1);
}

static uint64_t wait_of(struct accord_puller *puller, const struct job *job, enum outcome outcome)
{
    uint64_t interval = puller->interval_ms;
    unsigned doublings = job->failures > BACKOFF_DOUBLINGS ? BACKOFF_DOUBLINGS : job->failures;
    if (outcome == AGAIN)
        return 0;
    if (outcome == DONE)
        return around(puller, interval);
    uint64_t wait = (outcome == SOON && interval > SOON_MS ? SOON_MS / 2 : interval) << doublings;
    uint64_t most = interval > BACKOFF_MAX_MS ? interval : BACKOFF_MAX_MS;
    if (outcome == SOON && wait > interval)
        wait = interval;
    return around(puller, wait < most ? wait : most);
}

/* Under the lock. Is it to be spoken of: is it new, or was it long ago? */
static bool is_news(struct job *job, const struct visit *visit, enum outcome outcome)
{
    uint64_t now = now_ms();
    if (outcome == AGAIN || (outcome == SOON && job->failures < SOON_TRIES))
        return false;
    bool news = visit->status != job->complaint || now - job->complained_ms >= COMPLAIN_AGAIN_MS;
    job->complaint = visit->status;
    job->complained_ms = news ? now : job->complained_ms;
    return news;
}

static void finish(struct visit *visit)
{
    struct accord_puller *puller = visit->puller;
    enum outcome outcome = judge(visit);
    bool news = false;
    pthread_mutex_lock(&puller->lock);
    bool given_up = puller->stopping;
    if (visit->generation == puller->generation) {
        struct job *job = visit->job;
        if (outcome != AGAIN)
            job->failures = outcome == DONE ? 0 : job->failures + 1;
        job->slow = now_ms() - visit->begun_ms >= SLOW_MS;
        job->due_ms = now_ms() + wait_of(puller, job, outcome);
        news = is_news(job, visit, outcome);
        if (outcome != DONE || !puller->options.once)
            queue_job(puller, job);
        pthread_cond_broadcast(&puller->changed);
    }
    pthread_mutex_unlock(&puller->lock);
    if (given_up && outcome == FAILED)
        return;
    count(visit, outcome);
    tell(visit, outcome, news);
}

/* Threads */

/* Under the lock: the next job that is due, or NULL, and until when there will be none. */
static struct job *take(struct accord_puller *puller, bool quick_only, uint64_t *wait_until)
{
    uint64_t quick = due(&puller->quick), slow = quick_only ? UINT64_MAX : due(&puller->slow);
    *wait_until = quick < slow ? quick : slow;
    if (*wait_until > now_ms())
        return NULL;
    return pop(quick <= slow ? &puller->quick : &puller->slow);
}

static void wait_until_ms(struct accord_puller *puller, uint64_t until)
{
    if (until == UINT64_MAX) {
        pthread_cond_wait(&puller->changed, &puller->lock);
        return;
    }
    const struct timespec time = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};
    pthread_cond_timedwait(&puller->changed, &puller->lock, &time);
}

/* Under the lock, which is let go for the visit. */
static void visit_log(struct accord_puller *puller, struct job *job, bool quick_only)
{
    struct visit *visit = calloc(1, sizeof *visit);
    if (visit == NULL) {
        job->due_ms = now_ms() + puller->interval_ms;
        queue_job(puller, job);
        return;
    }
    visit->puller = puller;
    visit->job = job;
    visit->quick_only = quick_only;
    visit->generation = puller->generation;
    visit->logs = accord_logs_keep(puller->logs);
    accord_logs_at(visit->logs, job->at, &visit->log);
    pthread_mutex_unlock(&puller->lock);
    accord_pulled_init(&visit->pulled);
    run(visit);
    finish(visit);
    accord_pulled_free(&visit->pulled);
    accord_logs_free(visit->logs);
    free(visit);
    pthread_mutex_lock(&puller->lock);
}

struct thread {
    struct accord_puller *puller;
    bool quick_only;
};

static void *run_thread(void *context)
{
    const struct thread thread = *(struct thread *)context;
    struct accord_puller *puller = thread.puller;
    free(context);
    pthread_mutex_lock(&puller->lock);
    while (!puller->stopping) {
        uint64_t until;
        struct job *job = take(puller, thread.quick_only, &until);
        if (job != NULL)
            visit_log(puller, job, thread.quick_only);
        else
            wait_until_ms(puller, until);
    }
    pthread_mutex_unlock(&puller->lock);
    return NULL;
}

static enum accord_status start_threads(struct accord_puller *puller, struct accord_error *error)
{
    unsigned wanted = puller->options.threads < THREADS_MAX ? puller->options.threads : THREADS_MAX;
    while (puller->thread_count < wanted) {
        struct thread *thread = malloc(sizeof *thread);
        if (thread == NULL)
            return accord_fail(error, ACCORD_NO_MEMORY, 0);
        *thread = (struct thread){puller, wanted > 1 && puller->thread_count == 0};
        if (pthread_create(&puller->threads[puller->thread_count], NULL, run_thread, thread) != 0) {
            free(thread);
            return accord_fail(error, ACCORD_NO_MEMORY, 0);
        }
        puller->thread_count++;
    }
    return ACCORD_OK;
}

/* Waits are by the clock that never goes back, whose microseconds accord_monotonic_us gives. */
static bool init_lock(struct accord_puller *puller)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ready = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                 pthread_cond_init(&puller->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ready && pthread_mutex_init(&puller->lock, NULL) == 0;
}

enum accord_status accord_puller_start(struct accord_puller **out, const struct accord_puller_options *options,
                                       struct accord_logs *logs, struct accord_error *error)
{
    *out = NULL;
    struct accord_puller *puller = calloc(1, sizeof *puller);
    if (puller == NULL || !init_lock(puller)) {
        free(puller);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    puller->options = *options;
    if (options->threads == 0)
        puller->options.threads = THREADS;
    if (options->slice_ms == 0)
        puller->options.slice_ms = SLICE_MS;
    if (options->counts == NULL)
        puller->options.counts = &puller->own_counts;
    puller->interval_ms = options->interval_ms;
    puller->random = accord_monotonic_us();
    enum accord_status status = make_jobs(puller, logs, error);
    if (status == ACCORD_OK)
        status = start_threads(puller, error);
    if (status != ACCORD_OK)
        accord_puller_stop(puller);
    else
        *out = puller;
    return status;
}

void accord_puller_stop(struct accord_puller *puller)
{
    if (puller == NULL)
        return;
    pthread_mutex_lock(&puller->lock);
    puller->stopping = true;
    pthread_cond_broadcast(&puller->changed);
    pthread_mutex_unlock(&puller->lock);
    for (unsigned i = 0; i < puller->thread_count; i++)
        pthread_join(puller->threads[i], NULL);
    accord_logs_free(puller->logs);
    pthread_cond_destroy(&puller->changed);
    pthread_mutex_destroy(&puller->lock);
    free(puller->jobs);
    free(puller->quick.jobs);
    free(puller->slow.jobs);
    free(puller);
}
