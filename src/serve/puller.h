/* The pullers of a mirror: a few threads that visit each known log that has a URL, by and by, and bring the copy up to
 * what it shows. They may also just look at the logs' checkpoints, for a witness that wants to know what is shown. */
#ifndef ACCORD_SERVE_PULLER_H
#define ACCORD_SERVE_PULLER_H

#include "base/clock.h"
#include "mirror/pull.h"
#include "witness/known_logs.h"

struct accord_puller;

/* Where what is pulled of a log goes: from begin, if that succeeds, until end. From any thread, of one log by one
 * thread at a time, but for a moment after accord_puller_know. */
struct accord_puller_place {
    void *context;
    enum accord_status (*begin)(void *context, const struct accord_known_log *log, struct accord_pull_target *target,
                                struct accord_error *error);
    void (*end)(void *context, struct accord_pull_target *target);
};

/* What they did, for the operator. Each is only ever added to. */
struct accord_puller_counts {
    _Atomic uint64_t visits;  /* all of them */
    _Atomic uint64_t changes; /* after which something new is published */
    _Atomic uint64_t failed;  /* the log could not be read, or what it holds does not agree with itself */
    _Atomic uint64_t forked;  /* it showed a tree that does not grow out of the one before */
    _Atomic uint64_t entries; /* put */
};

struct accord_puller_options {
    const struct accord_crypto *crypto;
    const struct accord_puller_place *place; /* NULL: checkpoints are looked at, and nothing is pulled */
    uint64_t interval_ms;                    /* between visits at one log */
    unsigned threads;                        /* 0: 4. One of them visits only logs that were quick the last time */
    uint64_t slice_ms; /* 0: 10,000. A log that has more to bring than that waits for others in between */
    bool once;         /* a log that could be read is not visited again */
    struct accord_puller_counts *counts; /* may be NULL */
    /* Both may be NULL, and are called from the threads. seen: a log shows this checkpoint, which it signed. forked: it
     * does not follow from what was accepted before; pulled holds both notes. */
    void *context;
    void (*seen)(void *context, const struct accord_known_log *log, const struct accord_checkpoint_claim *claim);
    void (*forked)(void *context, const struct accord_known_log *log, const struct accord_pulled *pulled,
                   const struct accord_error *error);
};

/* options and what they name are borrowed until the end. */
ACCORD_MUST_USE enum accord_status accord_puller_start(struct accord_puller **puller,
                                                       const struct accord_puller_options *options,
                                                       struct accord_logs *logs, struct accord_error *error);
/* From here on these logs are known: at a reload. All are visited soon. ACCORD_NO_MEMORY: then those that were stay. */
ACCORD_MUST_USE enum accord_status accord_puller_know(struct accord_puller *puller, struct accord_logs *logs,
                                                      uint64_t interval_ms, struct accord_error *error);
/* Ends the threads; what they are in the middle of is given up, and goes on the next time. */
void accord_puller_stop(struct accord_puller *puller);

#endif
