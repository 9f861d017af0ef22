/* The shell round accord/verify.h: it reads proofs and files, each once, on as many threads as there are cores, and
 * hands out the outcomes in the order of the files. It knows no words, and no state but what one run remembers. */
#include "cli/verify_files.h"

#include "accord/bundle.h"
#include "base/file.h"
#include "cli/stream.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 64 /* outcomes that wait for their turn */
#define THREADS_MAX 64
#define PATH_SIZE 4096
#define STORY_SIZE_MAX 65536

/* What one thread needs, and keeps from file to file. */
struct worker {
    const struct accord_verify_job *job;
    struct accord_buffer proof;
    struct accord_verify_memory memory;
    struct accord_stream stream;
    struct accord_judge_bench *bench;
};

static struct worker *worker_new(const struct accord_verify_job *job)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        return NULL;
    }
    worker->job = job;
    worker->bench = accord_judge_bench_new(job->judge);
    accord_buffer_init(&worker->proof, ACCORD_BUNDLE_FILE_SIZE_MAX);
    if (worker->bench == NULL) {
        free(worker);
        return NULL;
    }
    return worker;
}

static void worker_free(struct worker *worker)
{
    if (worker != NULL) {
        accord_buffer_free(&worker->proof);
        accord_judge_bench_free(worker->bench);
        free(worker);
    }
}

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

/* A release's own proof is the first of its bundle. */
static enum accord_status unwrap(struct accord_buffer *bytes, struct accord_error *error)
{
    struct accord_bytes first;
    size_t cursor = 0;
    if (!accord_proof_bundle_is(accord_buffer_bytes(bytes))) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_proof_bundle_check(accord_buffer_bytes(bytes), NULL, error);
    if (status == ACCORD_OK && accord_proof_bundle_next(accord_buffer_bytes(bytes), &cursor, &first)) {
        memmove(bytes->data, first.data, first.size);
        bytes->size = first.size;
    }
    return status;
}

/* Reads the file's proof. Where there is none, the refusal says what is missing: the file itself, or what should stand
 * beside it. */
static enum accord_status read_proof(struct worker *worker, const char *file, struct accord_error *error)
{
    const struct accord_fs *fs = worker->job->fs;
    char beside[PATH_SIZE];
    const char *path = worker->job->proof;
    if (path == NULL) {
        int size = snprintf(beside, sizeof beside, "%s.tlog-proof", file);
        if (size < 0 || size >= PATH_SIZE) {
            return accord_fail(error, ACCORD_TOO_LARGE, 0);
        }
        path = beside;
    }
    worker->proof.size = 0;
    enum accord_status status = accord_file_read(fs, path, &worker->proof, error);
    if (status == ACCORD_NOT_FOUND && worker->job->proof == NULL) {
        int size = snprintf(beside, sizeof beside, "%s.bundle", file);
        status = size < 0 || size >= PATH_SIZE ? status : accord_file_read(fs, beside, &worker->proof, NULL);
    }
    if (status != ACCORD_NOT_FOUND) {
        return status == ACCORD_OK ? unwrap(&worker->proof, error) : status;
    }
    if (strcmp(file, "-") != 0 && fs->exists(fs->context, file) == 0) {
        accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, bytes_of(file));
    } else {
        accord_error_expected(error,
                              ACCORD_LITERAL("the proof that its vendor gives out with the file, here or by --proof"));
    }
    return ACCORD_NOT_FOUND;
}

/* The slice's place in words, once it is copied there; words was reserved, so nothing moves. */
static struct accord_bytes keep(struct accord_buffer *words, struct accord_bytes text)
{
    struct accord_bytes kept = {words->data + words->size, text.size};
    if (accord_buffer_append(words, text) != ACCORD_OK) {
        return (struct accord_bytes){NULL, 0};
    }
    return kept;
}

static enum accord_status keep_verdict(const struct worker *worker, const struct accord_verdict *verdict,
                                       const struct accord_artifact *artifact, struct accord_outcome *outcome)
{
    const struct accord_release_claim *release = verdict->release;
    outcome->words.size = 0;
    size_t room = release->vendor.size + release->product.size + release->version.size + artifact->name.size +
                  artifact->platform.size + verdict->log.size + outcome->next.current.origin.size;
    enum accord_status status = accord_buffer_reserve(&outcome->words, room);
    if (status != ACCORD_OK) {
        return accord_fail(&outcome->error, status, 0);
    }
    outcome->vendor = keep(&outcome->words, release->vendor);
    outcome->product = keep(&outcome->words, release->product);
    outcome->version = keep(&outcome->words, release->version);
    outcome->artifact = keep(&outcome->words, artifact->name);
    outcome->platform = keep(&outcome->words, artifact->platform);
    outcome->log = keep(&outcome->words, verdict->log);
    outcome->next.current.origin = keep(&outcome->words, outcome->next.current.origin);
    outcome->title = verdict->vendor_title;
    outcome->sequence = release->sequence;
    outcome->index = verdict->index;
    outcome->tree_size = verdict->tree_size;
    outcome->seen_at = verdict->seen_at;
    outcome->not_before = verdict->not_before;
    outcome->closed_log = accord_roster_closed(&worker->job->verifier->roster, verdict->log) != NULL;
    outcome->witness_count = verdict->cosigners->count;
    outcome->vouching_count = accord_verify_vouching(worker->job->verifier, verdict->cosigners, outcome->vouching);
    return ACCORD_OK;
}

/* A refusal of what the proof holds says so: its line numbers are the proof's, not the file's. */
static void about_proof(struct accord_error *error)
{
    if (error->what[0] == '\0') {
        accord_error_what(error, error->line == 0 ? ACCORD_LITERAL("its proof") : ACCORD_LITERAL("of its proof"));
    }
}

static enum accord_status verify(struct worker *worker, const char *file, struct accord_outcome *outcome)
{
    const struct accord_verify_job *job = worker->job;
    struct accord_error *error = &outcome->error;
    enum accord_status status = read_proof(worker, file, error);
    if (status != ACCORD_OK) {
        return status;
    }
    struct accord_verdict verdict;
    status = accord_verify_proof(job->verifier, &worker->memory, accord_buffer_bytes(&worker->proof), &verdict, error);
    if (status == ACCORD_OK || status == ACCORD_QUORUM) {
        memcpy(outcome->discounted, worker->memory.checkpoint.cosigners.discounted, sizeof outcome->discounted);
    }
    if (status != ACCORD_OK) {
        about_proof(error);
        return status;
    }
    status = accord_stream_hash(&worker->stream, job->fs, job->crypto, file, outcome->sha256, &outcome->size, error);
    if (status != ACCORD_OK) {
        return status;
    }
    const char *slash = strrchr(file, '/');
    struct accord_artifact artifact;
    status = accord_verify_artifact(&verdict, outcome->sha256, outcome->size,
                                    bytes_of(slash == NULL ? file : slash + 1), &artifact, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_judge_file(worker->bench, &verdict, accord_buffer_bytes(&worker->proof), file, &outcome->next,
                               &outcome->story, &outcome->answer, error);
    if (status != ACCORD_OK) {
        return status;
    }
    return keep_verdict(worker, &verdict, &artifact, outcome);
}

static void verify_into(struct worker *worker, const char *file, struct accord_outcome *outcome)
{
    outcome->file = file;
    outcome->error = (struct accord_error){0};
    outcome->story.size = 0;
    outcome->answer = NULL;
    memset(outcome->discounted, 0, sizeof outcome->discounted);
    outcome->status = verify(worker, file, outcome);
    outcome->error.status = outcome->status;
}

/* The files after the first, shared out among threads. Invariants: told <= taken <= told + SLOTS; done[i % SLOTS] is
 * set between the end of file i's verification and its telling. */
struct pool {
    const struct accord_verify_job *job;
    struct worker *workers[THREADS_MAX];
    struct accord_outcome *outcomes; /* SLOTS of them */
    pthread_mutex_t mutex;
    pthread_cond_t ready; /* the outcome that is to be told next is done */
    pthread_cond_t room;  /* a slot became free */
    size_t taken, told;
    bool done[SLOTS];
};

struct start {
    struct pool *pool;
    struct worker *worker;
};

static void *work(void *context)
{
    struct start *start = context;
    struct pool *pool = start->pool;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->taken < pool->job->count && pool->taken >= pool->told + SLOTS) {
            pthread_cond_wait(&pool->room, &pool->mutex);
        }
        if (pool->taken >= pool->job->count) {
            break;
        }
        size_t place = pool->taken++;
        pthread_mutex_unlock(&pool->mutex);
        verify_into(start->worker, pool->job->files[place], &pool->outcomes[place % SLOTS]);
        pthread_mutex_lock(&pool->mutex);
        pool->done[place % SLOTS] = true;
        if (place == pool->told) {
            pthread_cond_signal(&pool->ready);
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Tells the outcomes in order, as they come. */
static void tell(struct pool *pool, void (*each)(void *context, struct accord_outcome *outcome), void *context)
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->told < pool->job->count) {
        size_t slot = pool->told % SLOTS;
        while (!pool->done[slot]) {
            pthread_cond_wait(&pool->ready, &pool->mutex);
        }
        pthread_mutex_unlock(&pool->mutex);
        each(context, &pool->outcomes[slot]);
        pthread_mutex_lock(&pool->mutex);
        pool->done[slot] = false;
        pool->told++;
        if (pool->told % (SLOTS / 4) == 0) {
            pthread_cond_broadcast(&pool->room);
        }
    }
    pthread_mutex_unlock(&pool->mutex);
}

/* Each thread starts with the checkpoint that the first file's proof had, so that its signatures are verified once. */
static enum accord_status start_workers(struct pool *pool, unsigned threads, pthread_t *handles, struct start *starts,
                                        unsigned *started, struct accord_error *error)
{
    for (*started = 0; *started < threads; (*started)++) {
        if (*started > 0) {
            pool->workers[*started] = worker_new(pool->job);
            if (pool->workers[*started] == NULL) {
                break;
            }
            pool->workers[*started]->memory.checkpoint = pool->workers[0]->memory.checkpoint;
        }
        starts[*started] = (struct start){pool, pool->workers[*started]};
    }
    unsigned made = *started;
    for (*started = 0; *started < made; (*started)++) {
        if (pthread_create(&handles[*started], NULL, work, &starts[*started]) != 0) {
            break;
        }
    }
    return *started == 0 ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

static enum accord_status run_pool(struct pool *pool, unsigned threads,
                                   void (*each)(void *context, struct accord_outcome *outcome), void *context,
                                   struct accord_error *error)
{
    pthread_t handles[THREADS_MAX];
    struct start starts[THREADS_MAX];
    unsigned started;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->ready, NULL);
    pthread_cond_init(&pool->room, NULL);
    enum accord_status status = start_workers(pool, threads, handles, starts, &started, error);
    if (status == ACCORD_OK) {
        tell(pool, each, context);
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(handles[i], NULL);
    }
    for (unsigned i = 1; i < threads; i++) {
        worker_free(pool->workers[i]);
    }
    pthread_cond_destroy(&pool->room);
    pthread_cond_destroy(&pool->ready);
    pthread_mutex_destroy(&pool->mutex);
    return status;
}

enum accord_status accord_verify_files(const struct accord_verify_job *job, unsigned threads,
                                       void (*each)(void *context, struct accord_outcome *outcome), void *context,
                                       struct accord_error *error)
{
    size_t slots = job->count < SLOTS ? job->count : SLOTS;
    struct worker *first = worker_new(job);
    struct accord_outcome *outcomes = calloc(slots, sizeof *outcomes);
    enum accord_status status = ACCORD_OK;
    if (first == NULL || outcomes == NULL) {
        status = accord_fail(error, ACCORD_NO_MEMORY, 0);
    } else {
        for (size_t i = 0; i < slots; i++) {
            accord_buffer_init(&outcomes[i].words, 2 * ACCORD_ENTRY_SIZE_MAX);
            accord_buffer_init(&outcomes[i].story, STORY_SIZE_MAX);
        }
        verify_into(first, job->files[0], &outcomes[0]);
        each(context, &outcomes[0]);
    }
    if (status == ACCORD_OK && job->count > 1) {
        struct pool pool = {.job = job, .workers = {first}, .outcomes = outcomes, .taken = 1, .told = 1};
        threads = threads > THREADS_MAX ? THREADS_MAX : threads;
        threads = threads < 1 ? 1 : threads;
        status = run_pool(&pool, threads < job->count ? threads : (unsigned)job->count - 1, each, context, error);
    }
    for (size_t i = 0; outcomes != NULL && i < slots; i++) {
        accord_buffer_free(&outcomes[i].words);
        accord_buffer_free(&outcomes[i].story);
    }
    free(outcomes);
    worker_free(first);
    return status;
}
