/* What the operator sees at /metrics: counters that each thread adds to, and their printing as Prometheus text. */
#ifndef ACCORD_SERVE_METRICS_H
#define ACCORD_SERVE_METRICS_H

#include <stdatomic.h>

#include "accord/policy.h"
#include "base/buffer.h"
#include "net/gather.h"
#include "serve/bastion.h"
#include "serve/puller.h"

/* Buckets at 0.25 ms * 2^i, for i from 0 to 15 (8.2 s), and one beyond. */
#define ACCORD_HISTOGRAM_BUCKETS 17
struct accord_histogram {
    _Atomic uint64_t bucket[ACCORD_HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum_us;
};

enum accord_add_outcome { /* of requests */
                          ACCORD_ADD_APPENDED,
                          ACCORD_ADD_KNOWN,      /* it was there: its first index was given back */
                          ACCORD_ADD_MALFORMED,  /* 400 */
                          ACCORD_ADD_REFUSED,    /* 403 */
                          ACCORD_ADD_TOO_LARGE,  /* 413 */
                          ACCORD_ADD_OVERLOADED, /* 503: the queue is full */
                          ACCORD_ADD_FAILED,     /* 503: the log takes nothing at the moment */
                          ACCORD_ADD_OUTCOMES
};

/* What witnesses of this server answered to add-checkpoint. */
enum accord_cosign_outcome {
    ACCORD_COSIGN_COSIGNED,   /* 200 */
    ACCORD_COSIGN_MALFORMED,  /* 400 */
    ACCORD_COSIGN_UNSIGNED,   /* 403 */
    ACCORD_COSIGN_UNKNOWN,    /* 404 */
    ACCORD_COSIGN_CONFLICT,   /* 409 */
    ACCORD_COSIGN_REFUSED,    /* 422: what it shows does not follow from what was seen */
    ACCORD_COSIGN_OVERLOADED, /* 503: the queue is full */
    ACCORD_COSIGN_FAILED,     /* 503: the state could not be written, or is not to be trusted */
    ACCORD_COSIGN_OUTCOMES
};

struct accord_metrics {
    _Atomic uint64_t adds[ACCORD_ADD_OUTCOMES];
    _Atomic uint64_t entries, entry_bytes; /* appended */
    _Atomic uint64_t commits;
    struct accord_histogram acknowledge; /* from the whole request to its answer */
    struct accord_histogram commit;      /* a commit's fdatasync and what goes with it */
    _Atomic uint64_t queue_requests, queue_bytes;
    _Atomic uint64_t size, sealed, published;     /* entries: acknowledged, sealed, in the published checkpoint */
    _Atomic uint64_t published_at;                /* POSIX seconds */
    _Atomic uint64_t publications, quorum_misses; /* rounds in which the quorum held, and did not */
    _Atomic uint64_t dedup_covered, dedup_bytes;
    _Atomic int health; /* enum accord_log_health */
    _Atomic uint64_t known_logs;
    _Atomic uint64_t cosigns[ACCORD_COSIGN_OUTCOMES], cosign_commits;
    struct accord_histogram cosign;    /* from the whole request to its answer */
    struct accord_puller_counts pulls; /* of mirrors */
    struct accord_bastion_counts bastion;
    _Atomic int cosign_failing; /* how many states could not be written when that was last tried */
    struct {
        _Atomic uint64_t outcomes[ACCORD_WITNESS_OUTCOMES];
        struct accord_histogram latency;
    } witnesses[ACCORD_POLICY_WITNESSES_MAX]; /* by place in the policy */
};

void accord_histogram_add(struct accord_histogram *histogram, uint64_t us);

#endif
