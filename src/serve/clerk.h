/* The clerk of a witness: a thread that owns its state file. It takes requests from a queue and answers as many as wait
 * in one durable transaction, whichever logs they are of. */
#ifndef ACCORD_SERVE_CLERK_H
#define ACCORD_SERVE_CLERK_H

#include "base/clock.h"
#include "serve/metrics.h"
#include "witness/cosigner.h"
#include "witness/known_logs.h"

struct accord_clerk;

struct accord_clerk_options {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const char *state; /* path; borrowed, as all of this is */
    struct accord_metrics *metrics;
    void (*answered)(void *context); /* called from the clerk's thread: accord_clerk_take has something */
    void *context;
};

enum accord_clerk_task {
    ACCORD_CLERK_COSIGN,  /* tlog-witness, "add-checkpoint" */
    ACCORD_CLERK_SUBTREE, /* "sign-subtree" */
    ACCORD_CLERK_SHOW     /* "Monitor Retrieval Mechanism" */
};

/* One request. The caller's until it is put, and again once it was taken. */
struct accord_clerk_request {
    enum accord_clerk_task task;
    struct accord_signer *const *witnesses; /* borrowed: the keys of one witness, which answer together */
    size_t witness_count;                   /* 1 .. ACCORD_WITNESS_KEYS_MAX */
    struct accord_bytes body;               /* COSIGN, SUBTREE: borrowed until it is taken */
    uint8_t origin_hash[ACCORD_HASH_SIZE];  /* SHOW */
    void *context;                          /* the caller's */
    /* Once taken: 503 where the state could not be read or written. */
    int http_status;
    struct accord_buffer text; /* of a 200: signature lines, or a checkpoint; freed by accord_clerk_request_free */
    uint64_t seen_size;        /* of a 409 */
    struct accord_error error; /* of all others */
    /* The clerk's. */
    uint64_t put_at_us;
    struct accord_clerk_request *next;
};

#define ACCORD_WITNESS_KEYS_MAX 4

/* Opens the state (making it where there is none) and starts the thread. */
ACCORD_MUST_USE enum accord_status accord_clerk_start(struct accord_clerk **clerk,
                                                      const struct accord_clerk_options *options,
                                                      struct accord_logs *logs, struct accord_error *error);
/* From here on these logs are known: at a reload. The clerk keeps what it is given for as long as it needs it
 * (accord_logs_keep). */
void accord_clerk_know(struct accord_clerk *clerk, struct accord_logs *logs);
/* Queues a request. False where too many wait, or it is stopping: then it is the caller's still, with an error. */
ACCORD_MUST_USE bool accord_clerk_put(struct accord_clerk *clerk, struct accord_clerk_request *request);
/* A checkpoint that a log shows: where it carries a cosignature of one of these witnesses that their state does not
 * know, nothing is cosigned any more (accord_cosigner_notice). It is copied; from any thread. */
void accord_clerk_notice(struct accord_clerk *clerk, struct accord_signer *const *witnesses, size_t witness_count,
                         struct accord_bytes checkpoint);
/* All that were answered since, linked by next; NULL where there is none. */
struct accord_clerk_request *accord_clerk_take(struct accord_clerk *clerk);
void accord_clerk_request_free(struct accord_clerk_request *request);
/* No more requests are taken; returns when those in the queue are answered. */
void accord_clerk_drain(struct accord_clerk *clerk);
/* Ends the thread and closes the state. */
void accord_clerk_stop(struct accord_clerk *clerk);

#endif
