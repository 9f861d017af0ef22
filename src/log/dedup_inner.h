/* The deduplication (log/dedup.h) with measures of a test's choice: small ones make all that happens to a large log
 * happen to a small one. */
#ifndef ACCORD_LOG_DEDUP_INNER_H
#define ACCORD_LOG_DEDUP_INNER_H

#include "log/dedup.h"
#include "log/dedup_work.h"

#define ACCORD_DEDUP_DIR ".accord/dedup"
#define ACCORD_DEDUP_RUNS_MAX 40

/* Runs are in classes by their range: 0 to two tables, 1 to fan^2 tables, then fan times more each. So many runs of
 * class 0 are merged to one; and two neighbours, one of which is of class 1 or more, where the older is not of a higher
 * class. At rest there are less than fan of class 0 and one of each other, the older the larger. */
struct accord_dedup_shape {
    unsigned table_bits; /* a table has 2^table_bits entries */
    size_t tables_max;   /* at most ACCORD_DEDUP_TABLES_MAX */
    unsigned fan;        /* at most ACCORD_DEDUP_INPUTS_MAX */
    bool behind;         /* on a thread */
};

ACCORD_MUST_USE enum accord_status accord_dedup_open_shaped(struct accord_dedup **dedup, const struct accord_fs *fs,
                                                            const char *dir, uint64_t size,
                                                            struct accord_leaf_source source,
                                                            const struct accord_dedup_shape *shape,
                                                            struct accord_error *error);

/* Writes into the log's directory a run which says of the first size entries, 2^32 - 1 at most, that none of them is to
 * be found: for a log that was made without its entries being read. */
ACCORD_MUST_USE enum accord_status accord_dedup_claim(const struct accord_fs *fs, const char *dir, uint64_t size,
                                                      struct accord_error *error);

/* The index. Runs, then tables, are adjacent and in order; only runs that are not busy and tables that are not being
 * written change. */
struct accord_dedup {
    struct accord_dedup_place place;
    char dir[ACCORD_DEDUP_PATH_SIZE];
    struct accord_dedup_shape shape;
    struct accord_leaf_source source;
    struct accord_dedup_worker *worker;
    struct accord_dedup_run *runs[ACCORD_DEDUP_RUNS_MAX];
    size_t run_count;
    struct accord_dedup_table *tables[ACCORD_DEDUP_TABLES_MAX], *spare;
    size_t table_count;
    size_t writing;     /* of the tables, the first ones */
    size_t merging;     /* jobs */
    bool settled;       /* nothing to merge until a job is over */
    uint64_t committed; /* entries below may be written */
    unsigned rest;      /* after a failure: commits until the next try */
};

/* dedup_open.c: finds the runs of a directory, and removes what is none. */
ACCORD_MUST_USE enum accord_status accord_dedup_runs_open(struct accord_dedup *dedup, uint64_t size,
                                                          struct accord_error *error);
/* dedup_plan.c: takes back what the worker did, and gives it what there is to do. */
void accord_dedup_plan(struct accord_dedup *dedup);
/* Ends the worker, and writes all that is committed. */
void accord_dedup_finish(struct accord_dedup *dedup);

#endif
