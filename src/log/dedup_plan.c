/* When tables are written and runs merged. Knows how much of what is where; refuses to know keys. */
#include "log/dedup_inner.h"

#include <stdlib.h>
#include <string.h>

#define MERGES_MAX 4
#define REST 256 /* commits between tries where the disk does not take it */

/* Installing */

static void close_gap(struct accord_dedup *dedup, size_t at, size_t count)
{
    dedup->run_count -= count;
    memmove(&dedup->runs[at], &dedup->runs[at + count], (dedup->run_count - at) * sizeof *dedup->runs);
}

static void drop_first_table(struct accord_dedup *dedup)
{
    accord_dedup_table_free(dedup->spare);
    dedup->spare = dedup->tables[0];
    dedup->table_count--;
    memmove(&dedup->tables[0], &dedup->tables[1], dedup->table_count * sizeof *dedup->tables);
}

static void install_written(struct accord_dedup *dedup, struct accord_dedup_job *job)
{
    for (size_t i = 0; i < job->output_count; i++) {
        dedup->runs[dedup->run_count++] = job->outputs[i];
        drop_first_table(dedup);
    }
    dedup->writing = 0;
    accord_dedup_job_free(job);
}

/* The merged run is durable: its parts may go, on the worker, since a large file takes its time. */
static void install_merged(struct accord_dedup *dedup, struct accord_dedup_job *job)
{
    size_t at = 0;
    dedup->merging--;
    for (size_t i = 0; i < job->input_count; i++)
        job->inputs[i]->busy = false;
    if (job->output_count == 0) {
        accord_dedup_job_free(job);
        return;
    }
    while (dedup->runs[at] != job->inputs[0])
        at++;
    close_gap(dedup, at + 1, job->input_count - 1);
    dedup->runs[at] = job->outputs[0];
    job->task = ACCORD_DEDUP_REMOVE;
    job->finished = false;
    accord_dedup_worker_give(dedup->worker, job);
}

static void install(struct accord_dedup *dedup, struct accord_dedup_job *job)
{
    dedup->settled = false;
    if (job->result != 0)
        dedup->rest = REST;
    switch (job->task) {
    case ACCORD_DEDUP_REMOVE:
        accord_dedup_job_free(job);
        break;
    case ACCORD_DEDUP_WRITE:
        install_written(dedup, job);
        break;
    case ACCORD_DEDUP_MERGE:
        install_merged(dedup, job);
        break;
    }
}

static void install_all(struct accord_dedup *dedup)
{
    struct accord_dedup_job *job;
    while ((job = accord_dedup_worker_take(dedup->worker)) != NULL)
        install(dedup, job);
}

/* Planning */

static bool plan_write(struct accord_dedup *dedup)
{
    size_t count = 0;
    while (count < dedup->table_count && accord_dedup_table_full(dedup->tables[count]) &&
           dedup->tables[count]->first + dedup->tables[count]->count <= dedup->committed &&
           dedup->run_count + count < ACCORD_DEDUP_RUNS_MAX)
        count++;
    struct accord_dedup_job *job =
        dedup->writing > 0 || count == 0 ? NULL : accord_dedup_job_new(ACCORD_DEDUP_WRITE, &dedup->place);
    if (job == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        job->tables[i] = dedup->tables[i];
        job->counts[i] = dedup->tables[i]->count;
    }
    job->table_count = dedup->writing = count;
    accord_dedup_worker_give(dedup->worker, job);
    return true;
}

static unsigned class_of(const struct accord_dedup *dedup, const struct accord_dedup_run *run)
{
    uint64_t range = run->header.end - run->header.first, fan = dedup->shape.fan;
    uint64_t limit = fan * fan << dedup->shape.table_bits;
    unsigned level = 1;
    if (range <= (uint64_t)2 << dedup->shape.table_bits)
        return 0;
    for (; range > limit; limit *= fan)
        level++;
    return level;
}

static bool may_merge(const struct accord_dedup *dedup, size_t from, size_t to)
{
    return dedup->runs[to - 1]->header.end - dedup->runs[from]->header.first <= ACCORD_DEDUP_RANGE_MAX;
}

/* Runs from .. to - 1 that are to be merged; false where there are none. */
static bool find_small(const struct accord_dedup *dedup, size_t *from, size_t *to)
{
    size_t count = 0;
    for (*to = 0; *to < dedup->run_count && count < dedup->shape.fan; ++*to) {
        const struct accord_dedup_run *run = dedup->runs[*to];
        count = run->busy || class_of(dedup, run) > 0 ? 0 : count + 1;
    }
    *from = *to - count;
    return count == dedup->shape.fan && may_merge(dedup, *from, *to);
}

static bool find_large(const struct accord_dedup *dedup, size_t *from, size_t *to)
{
    for (size_t i = dedup->run_count; i >= 2; i--) {
        const struct accord_dedup_run *older = dedup->runs[i - 2], *newer = dedup->runs[i - 1];
        unsigned level = class_of(dedup, newer);
        if (older->busy || newer->busy || level == 0 || class_of(dedup, older) > level || !may_merge(dedup, i - 2, i))
            continue;
        *from = i - 2;
        *to = i;
        return true;
    }
    return false;
}

static bool plan_merge(struct accord_dedup *dedup)
{
    size_t from, to;
    if (dedup->settled)
        return false;
    dedup->settled = dedup->merging == MERGES_MAX || (!find_small(dedup, &from, &to) && !find_large(dedup, &from, &to));
    if (dedup->settled)
        return false;
    struct accord_dedup_job *job = accord_dedup_job_new(ACCORD_DEDUP_MERGE, &dedup->place);
    if (job == NULL)
        return false;
    for (size_t i = from; i < to; i++) {
        dedup->runs[i]->busy = true;
        job->inputs[job->input_count++] = dedup->runs[i];
    }
    dedup->merging++;
    accord_dedup_worker_give(dedup->worker, job);
    return true;
}

void accord_dedup_plan(struct accord_dedup *dedup)
{
    install_all(dedup);
    while (dedup->rest == 0 && (plan_write(dedup) || plan_merge(dedup)))
        install_all(dedup);
}

/* Ending */

/* Merges can be done another time. The rest is done now. */
static void end(struct accord_dedup *dedup, struct accord_dedup_job *job)
{
    if (job->task == ACCORD_DEDUP_MERGE && (!job->finished || job->output_count == 0)) {
        accord_dedup_job_free(job);
        return;
    }
    while (!job->finished && !accord_dedup_job_step(job))
        ;
    install(dedup, job);
}

static void write_rest(struct accord_dedup *dedup)
{
    struct accord_dedup_job *job = accord_dedup_job_new(ACCORD_DEDUP_WRITE, &dedup->place);
    if (job == NULL)
        return;
    for (size_t i = 0; i < dedup->table_count && dedup->run_count + i < ACCORD_DEDUP_RUNS_MAX; i++) {
        const struct accord_dedup_table *table = dedup->tables[i];
        if (table->first >= dedup->committed)
            break;
        uint64_t count = dedup->committed - table->first;
        job->tables[i] = table;
        job->counts[i] = count < table->count ? (uint32_t)count : table->count;
        job->table_count++;
    }
    while (job->table_count > 0 && !accord_dedup_job_step(job))
        ;
    install_written(dedup, job);
}

void accord_dedup_finish(struct accord_dedup *dedup)
{
    struct accord_dedup_job *job = accord_dedup_worker_free(dedup->worker);
    dedup->worker = accord_dedup_worker_new(false);
    if (dedup->worker == NULL)
        abort();
    while (job != NULL) {
        struct accord_dedup_job *next = job->next;
        end(dedup, job);
        job = next;
    }
    install_all(dedup);
    write_rest(dedup);
    (void)accord_dedup_worker_free(dedup->worker);
    dedup->worker = NULL;
}
