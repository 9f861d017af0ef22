/* One job at a time, on a thread of its own, so that its caller can go on while the disk works. */
#ifndef ACCORD_LOG_WORKER_H
#define ACCORD_LOG_WORKER_H

#include <stdbool.h>

#include "log/log.h"

struct accord_worker;

/* NULL where memory ran out. The thread is started by the first job; where it cannot be, the caller does its jobs. */
struct accord_worker *accord_worker_new(enum accord_log_syncing mode);
/* Waits for a job that is under way. */
void accord_worker_free(struct accord_worker *worker);
void accord_worker_mode(struct accord_worker *worker, enum accord_log_syncing mode);
/* Called from the thread whenever a job is over; NULL: nobody is. */
void accord_worker_wake(struct accord_worker *worker, void (*wake)(void *context), void *context);
/* Begins a job; the one before it has been waited for. */
void accord_worker_begin(struct accord_worker *worker, int (*job)(void *context), void *context);
/* Is it over? Where jobs are done as late as they may be, the second time that it is asked. */
bool accord_worker_over(struct accord_worker *worker);
/* What the job returned, once it has. */
int accord_worker_wait(struct accord_worker *worker);

#endif
