/* The jobs themselves: a table to a run, runs to one run, files away. Knows in which order what replaces what is
 * durable; refuses to know when a job is worth it. */
#include "log/dedup_work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 16384 /* records that are merged in one step */
#define CURSOR_SIZE_FEW ((size_t)64 << 10)
#define CURSOR_SIZE_MANY ((size_t)8 << 10)

struct accord_dedup_job *accord_dedup_job_new(enum accord_dedup_task task, const struct accord_dedup_place *place)
{
    struct accord_dedup_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    job->task = task;
    job->place = place;
    return job;
}

static void merge_end(struct accord_dedup_job *job)
{
    for (size_t i = 0; i < job->input_count; i++)
        accord_dedup_cursor_free(&job->cursors[i]);
}

void accord_dedup_job_free(struct accord_dedup_job *job)
{
    if (job == NULL)
        return;
    merge_end(job);
    accord_dedup_writer_abandon(&job->writer);
    free(job);
}

/* Its records are not lost with it: they are derived from the log. So no sync, which would keep others waiting. */
static int write_table(struct accord_dedup_job *job, size_t which)
{
    const struct accord_dedup_table *table = job->tables[which];
    uint32_t count = job->counts[which];
    uint64_t *sorted = malloc(count * sizeof *sorted);
    struct accord_dedup_writer writer = {0};
    if (sorted == NULL)
        return -ENOMEM;
    uint32_t left = accord_dedup_table_sort(table, count, sorted);
    int result = accord_dedup_writer_begin(&writer, job->place, table->first, table->first + count);
    for (uint32_t i = 0; i < left && result == 0; i++)
        result = accord_dedup_writer_put(&writer, sorted[i], table->first + (sorted[i] & 0xffffff));
    if (result == 0)
        result = accord_dedup_writer_finish(&writer, false, &job->outputs[which]);
    else
        accord_dedup_writer_abandon(&writer);
    free(sorted);
    return result;
}

static bool step_write(struct accord_dedup_job *job)
{
    job->result = write_table(job, job->output_count);
    if (job->result == 0)
        job->output_count++;
    return job->result != 0 || job->output_count == job->table_count;
}

static bool step_remove(struct accord_dedup_job *job)
{
    char path[ACCORD_DEDUP_PATH_SIZE];
    struct accord_dedup_run *run = job->inputs[job->input_count - 1];
    accord_dedup_run_path(path, job->place, run->header.first, run->header.end, false);
    /* A file that stays is removed by the next one who opens the directory. */
    (void)job->place->fs->unlink(job->place->fs->context, path);
    accord_dedup_run_close(run);
    job->input_count--;
    return job->input_count == 0;
}

/* Reads on from one input, which leaves the others' order as it is where it is at its end. */
static int advance(struct accord_dedup_job *job, size_t i)
{
    int result = accord_dedup_cursor_next(&job->cursors[i], &job->keys[i], &job->indexes[i]);
    if (result != 0)
        return result < 0 ? result : 0;
    accord_dedup_cursor_free(&job->cursors[i]);
    job->live--;
    for (; i < job->live; i++) {
        job->cursors[i] = job->cursors[i + 1];
        job->keys[i] = job->keys[i + 1];
        job->indexes[i] = job->indexes[i + 1];
    }
    memset(&job->cursors[job->live], 0, sizeof job->cursors[job->live]);
    return 0;
}

static int merge_start(struct accord_dedup_job *job)
{
    size_t size = job->input_count <= 2 ? CURSOR_SIZE_FEW : CURSOR_SIZE_MANY;
    int result = accord_dedup_writer_begin(&job->writer, job->place, job->inputs[0]->header.first,
                                           job->inputs[job->input_count - 1]->header.end);
    for (size_t i = 0; i < job->input_count && result == 0; i++)
        result = accord_dedup_cursor_init(&job->cursors[i], job->inputs[i], size);
    job->live = job->input_count;
    for (size_t i = job->live; i-- > 0 && result == 0;)
        result = advance(job, i);
    job->started = true;
    return result;
}

/* Of equal keys the oldest input's is first. What the merged run will not keep of a key must not decide: a larger input
 * knows less of it. */
static size_t smallest(const struct accord_dedup_job *job, unsigned unknown)
{
    size_t best = 0;
    for (size_t i = 1; i < job->live; i++)
        if (job->keys[i] >> unknown < job->keys[best] >> unknown)
            best = i;
    return best;
}

static int merge_slice(struct accord_dedup_job *job)
{
    int result = 0;
    unsigned unknown = 16 + job->writer.run->index_bits - job->writer.run->bucket_bits;
    for (int i = 0; i < SLICE && job->live > 0 && result == 0; i++) {
        size_t which = smallest(job, unknown);
        result = accord_dedup_writer_put(&job->writer, job->keys[which], job->indexes[which]);
        if (result == 0)
            result = advance(job, which);
    }
    return result;
}

static bool step_merge(struct accord_dedup_job *job)
{
    job->result = job->started ? merge_slice(job) : merge_start(job);
    if (job->result == 0 && job->live > 0)
        return false;
    if (job->result == 0)
        job->result = accord_dedup_writer_finish(&job->writer, true, &job->outputs[0]);
    else
        accord_dedup_writer_abandon(&job->writer);
    job->output_count = job->result == 0 ? 1 : 0;
    merge_end(job);
    return true;
}

bool accord_dedup_job_step(struct accord_dedup_job *job)
{
    switch (job->task) {
    case ACCORD_DEDUP_REMOVE:
        job->finished = step_remove(job);
        break;
    case ACCORD_DEDUP_WRITE:
        job->finished = step_write(job);
        break;
    case ACCORD_DEDUP_MERGE:
        job->finished = step_merge(job);
        break;
    }
    return job->finished;
}
