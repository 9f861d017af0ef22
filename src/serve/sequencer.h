/* The commit thread: it owns the open log, takes requests from a queue, many to one sync, and answers them when they
 * are durable. Whoever holds the log's key (publisher.h) asks it to seal and to publish. */
#ifndef ACCORD_SERVE_SEQUENCER_H
#define ACCORD_SERVE_SEQUENCER_H

#include "log/log.h"
#include "serve/metrics.h"

struct accord_sequencer;

struct accord_sequencer_options {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const char *dir; /* the log's */
    bool statements; /* accept statements; otherwise anything */
    bool dedup;
    size_t queue_bytes; /* of entries that wait, at most; past it requests are OVERLOADED */
    size_t queue_requests;
    struct accord_metrics *metrics;
    struct accord_reports *reports;  /* learns what the log has of them; may be NULL */
    void (*answered)(void *context); /* called from the commit thread: accord_sequencer_take has something */
    void *context;
};

/* One request. The caller's until it is put, and again once it was taken. Entries are length-prefixed (uint16), so an
 * /add has its length before it; well-formed batches only are put. */
struct accord_add {
    struct accord_bytes entries; /* borrowed until it is taken */
    uint64_t count;              /* of entries */
    bool batch;                  /* POST /add-batch */
    void *context;               /* the caller's */
    /* Once taken. */
    enum accord_add_outcome outcome;
    uint64_t first;            /* index */
    struct accord_error error; /* for all but APPENDED and KNOWN */
    /* The sequencer's. */
    uint64_t put_at_us;
    struct accord_add *next;
};

/* Opens the log (ACCORD_LOCKED where another process writes it), recovers, starts the thread. */
ACCORD_MUST_USE enum accord_status accord_sequencer_start(struct accord_sequencer **sequencer,
                                                          const struct accord_sequencer_options *options,
                                                          struct accord_error *error);
/* Queues a request. False where it is overloaded, or stopping: then it is the caller's still, with outcome and error.
 */
ACCORD_MUST_USE bool accord_sequencer_put(struct accord_sequencer *sequencer, struct accord_add *add);
/* All that were answered since, linked by next; NULL where there is none. */
struct accord_add *accord_sequencer_take(struct accord_sequencer *sequencer);

/* For the publisher's thread; both wait. seal: the present tree, sealed. ACCORD_OK with the size of the published tree
 * where nothing was added. Where the log is being opened again, they wait for that or fail. */
ACCORD_MUST_USE enum accord_status accord_sequencer_seal(struct accord_sequencer *sequencer, uint64_t *size,
                                                         uint8_t root[ACCORD_HASH_SIZE], struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_sequencer_publish(struct accord_sequencer *sequencer,
                                                            struct accord_bytes checkpoint, struct accord_error *error);
/* Waits until there is something beyond the published tree, until timeout_ms passed, or until accord_sequencer_wake_all
 * (from any thread) was called; true where there is something. */
bool accord_sequencer_wait_growth(struct accord_sequencer *sequencer, uint64_t timeout_ms);
void accord_sequencer_wake_all(struct accord_sequencer *sequencer);

/* From another thread, at a reload. */
void accord_sequencer_accept_statements(struct accord_sequencer *sequencer, bool statements);
/* No more requests are taken; those in the queue are answered. To be followed by the last seal and publish. */
void accord_sequencer_drain(struct accord_sequencer *sequencer);
/* Ends the thread and closes the log. */
void accord_sequencer_stop(struct accord_sequencer *sequencer);

/* The checkpoint as it is published, for the publisher at its start. */
ACCORD_MUST_USE enum accord_status accord_sequencer_checkpoint(struct accord_sequencer *sequencer,
                                                               struct accord_buffer *checkpoint,
                                                               struct accord_error *error);

#endif
