/* What the deduplication does behind its caller's back: writing tables as runs, merging runs, removing files. A job
 * borrows tables and runs, which nobody changes meanwhile, and gives new runs back. */
#ifndef ACCORD_LOG_DEDUP_WORK_H
#define ACCORD_LOG_DEDUP_WORK_H

#include "log/dedup_run.h"
#include "log/dedup_table.h"

#define ACCORD_DEDUP_TABLES_MAX 12
#define ACCORD_DEDUP_INPUTS_MAX 32

/* In the order of their urgency. */
enum accord_dedup_task { ACCORD_DEDUP_REMOVE, ACCORD_DEDUP_WRITE, ACCORD_DEDUP_MERGE };

struct accord_dedup_job {
    struct accord_dedup_job *next;
    enum accord_dedup_task task;
    const struct accord_dedup_place *place;
    /* WRITE: each table as a run of its first count entries, until one cannot be written. */
    const struct accord_dedup_table *tables[ACCORD_DEDUP_TABLES_MAX];
    uint32_t counts[ACCORD_DEDUP_TABLES_MAX];
    size_t table_count;
    /* MERGE: adjacent runs, oldest first, to one. REMOVE: runs to close, and their files. */
    struct accord_dedup_run *inputs[ACCORD_DEDUP_INPUTS_MAX];
    size_t input_count;
    struct accord_dedup_run *outputs[ACCORD_DEDUP_TABLES_MAX];
    size_t output_count;
    int result; /* 0 or -errno */
    bool finished;
    /* A merge under way. */
    struct accord_dedup_writer writer;
    struct accord_dedup_cursor cursors[ACCORD_DEDUP_INPUTS_MAX];
    uint64_t keys[ACCORD_DEDUP_INPUTS_MAX], indexes[ACCORD_DEDUP_INPUTS_MAX];
    size_t live; /* cursors that are not at their end */
    bool started;
};

/* NULL where memory ran out. */
struct accord_dedup_job *accord_dedup_job_new(enum accord_dedup_task task, const struct accord_dedup_place *place);
/* Abandons what is under way. Tables, inputs and outputs are not freed. */
void accord_dedup_job_free(struct accord_dedup_job *job);
/* Does a part, of less than a few milliseconds but for its last one, which may have a sync; true when it is over. */
bool accord_dedup_job_step(struct accord_dedup_job *job);

/* Does jobs on a thread, the most urgent and smallest first; or at once, where behind is false or no thread is to be
 * had. */
struct accord_dedup_worker;
struct accord_dedup_worker *accord_dedup_worker_new(bool behind);
void accord_dedup_worker_give(struct accord_dedup_worker *worker, struct accord_dedup_job *job);
/* A job that is over, or NULL. Cheap where there is none. */
struct accord_dedup_job *accord_dedup_worker_take(struct accord_dedup_worker *worker);
/* Ends the thread after the step that it is at. Returns all jobs, those that are over (finished) and those that are
 * not, in a list. */
struct accord_dedup_job *accord_dedup_worker_free(struct accord_dedup_worker *worker);

#endif
