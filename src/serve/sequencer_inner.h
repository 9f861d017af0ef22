/* What the sequencer's files share: its state, and the turns that it does its work in. A turn is all that the commit
 * thread does between two sleeps; a test that takes the turns itself replays a whole history from one seed. */
#ifndef ACCORD_SERVE_SEQUENCER_INNER_H
#define ACCORD_SERVE_SEQUENCER_INNER_H

#include <pthread.h>

#include "log/dedup.h"
#include "serve/admission.h"
#include "serve/sequencer.h"

/* With so many bytes waiting the next commit is staged while the one before it is being made durable; with less, what
 * waits is worth less than the wait of those that would come just too late for it. */
#define ACCORD_CHAIN_BYTES ((size_t)256 << 10)
/* Where the last commit carried so many requests, the next one waits until as many are there, for so long at most:
 * under load that saves most of a commit's cost for each of them, and those few that come alone never wait. */
#define ACCORD_PAUSE_REQUESTS 32
#define ACCORD_PAUSE_US 1000
/* A group's requests are copied together, so many bytes of them; a batch of so many is put from where it lies, in a
 * group of its own. */
#define ACCORD_GROUP_BYTES ((size_t)1 << 20)
#define ACCORD_BORROW_BYTES ((size_t)256 << 10)
/* Judging a statement takes as long as storing a hundred: so many at most delay a commit, or stand in one batch. */
#define ACCORD_JUDGED_MAX 64
#define ACCORD_JUDGED_BATCH_MAX 1024

/* Requests that one commit answers. Invariant: count is 0, or entries are what was or is to be put at base. */
struct accord_group {
    struct accord_add *first, **end; /* the requests that wait for it */
    size_t requests;
    uint64_t base, count;        /* the new entries: their first index, how many */
    struct accord_bytes entries; /* they: in bytes, or borrowed from a request */
    uint8_t *bytes;
    uint8_t (*hashes)[ACCORD_HASH_SIZE];
    bool hashed, full;        /* hashes are filled in; nothing more is to be gathered */
    size_t judged;            /* statements */
    struct accord_bytes link; /* its last entry, where that is a charter or a roster: it ends the group */
    uint64_t begun_us;
};

/* What the publisher's thread asks for, on its stack. */
struct accord_job {
    bool publish; /* else seal */
    struct accord_bytes checkpoint;
    bool over; /* under mutex, as long as it is not: the commit thread's */
    enum accord_status status;
    struct accord_error error;
    uint64_t size;
    uint8_t root[ACCORD_HASH_SIZE];
};

/* What is said in the log lines now and then, as long as it goes on. */
enum accord_complaint {
    ACCORD_COMMIT_FAILED,
    ACCORD_DEDUP_FAILED,
    ACCORD_ADMISSION_FAILED,
    ACCORD_OPEN_FAILED,
    ACCORD_COMPLAINTS
};

/* Seams for tests. */
struct accord_sequencer_seams {
    uint64_t (*now_us)(void); /* never goes back */
    bool choose_syncing;
    enum accord_log_syncing syncing;
};
extern const struct accord_sequencer_seams accord_sequencer_real;

struct accord_sequencer {
    /* Set once. */
    struct accord_sequencer_options options; /* dir is the sequencer's own */
    struct accord_sequencer_seams seams;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t work;    /* the commit thread sleeps here */
    pthread_cond_t grown;   /* those who wait for growth do */
    pthread_cond_t changed; /* and everyone else does here */

    /* Under mutex. */
    struct accord_add *queue, **queue_end, *answers, **answers_end;
    size_t queued_requests, queued_bytes;   /* of the queue */
    size_t waiting_requests, waiting_bytes; /* put and not answered yet */
    size_t wake_requests;                   /* so many in the queue wake the commit thread */
    bool asleep, poked;                     /* the commit thread sleeps; has something else to look at */
    bool draining, stopping, statements;    /* no more requests; the thread is to end; what is to be accepted */
    struct accord_job *job;                 /* asked for and not over */
    unsigned visitors;                      /* other threads that wait in here */
    unsigned wakes, wakes_seen;             /* of accord_sequencer_wake_all */
    uint64_t size, published;
    struct accord_buffer checkpoint;

    /* The commit thread's. */
    struct accord_log *log; /* NULL while it has to be opened again */
    struct accord_dedup *dedup;
    struct accord_admission *admission;
    bool judging;                                      /* statements are accepted, nothing else */
    bool ending;                                       /* seen: the thread is to end */
    bool dead;                                         /* a sync failed: for good */
    struct accord_error why;                           /* while log is NULL or dead is true */
    struct accord_error unjudged;                      /* while judging without admission */
    uint64_t open_at_us, admission_at_us, dedup_at_us; /* when to try again */
    uint64_t open_delay_us;                            /* the next pause before that; 0: the first */
    uint64_t quiet_until_us[ACCORD_COMPLAINTS];
    struct accord_add *pending, **pending_end; /* taken from the queue */
    size_t pending_bytes;
    struct accord_group groups[2], *under_way, *gathering; /* put and not acknowledged; not put yet; or NULL */
    size_t last_requests;                                  /* that the last commit carried */
    struct accord_job *asked, *running;                    /* seen; begun */
    struct accord_add *done, **done_end;                   /* answered and not delivered */
    size_t done_requests, done_bytes;
    uint64_t outcomes[ACCORD_ADD_OUTCOMES]; /* of those */
};

/* Without a thread: opens everything. accord_sequencer_unmake closes and frees it; nobody waits in it any more. */
ACCORD_MUST_USE enum accord_status accord_sequencer_make(struct accord_sequencer **sequencer,
                                                         const struct accord_sequencer_options *options,
                                                         const struct accord_sequencer_seams *seams,
                                                         struct accord_error *error);
void accord_sequencer_unmake(struct accord_sequencer *sequencer);

/* How long to sleep after a turn: not past until_us (0: not at all), nor past so many requests in the queue. */
struct accord_rest {
    uint64_t until_us;
    size_t requests;
};
struct accord_rest accord_sequencer_turn(struct accord_sequencer *sequencer);
/* Asks for a job without waiting for it: false where there is one. job->over says when it is done. */
bool accord_sequencer_ask(struct accord_sequencer *sequencer, struct accord_job *job);
/* Wakes the commit thread for something other than a request; context is the sequencer. */
void accord_sequencer_poke(void *context);

/* What is open (sequencer_open.c). open opens the log and what belongs to it, close closes what is open. able: the log
 * takes entries. */
ACCORD_MUST_USE enum accord_status accord_sequencer_open(struct accord_sequencer *sequencer,
                                                         struct accord_error *error);
void accord_sequencer_close(struct accord_sequencer *sequencer);
bool accord_sequencer_able(const struct accord_sequencer *sequencer);
/* Opens again what is to be open and is not, where its time has come. */
void accord_sequencer_mend(struct accord_sequencer *sequencer);
/* Lets the deduplication read on, where it is behind; behind says whether it is to be called again at once. */
void accord_sequencer_keep_up(struct accord_sequencer *sequencer);
bool accord_sequencer_behind(const struct accord_sequencer *sequencer);
/* After every call that wrote: closes a log that has to be opened again, gives up one whose sync failed. */
void accord_sequencer_examine(struct accord_sequencer *sequencer);
/* Says it in the log lines, but not more often than every ten seconds. */
void accord_sequencer_complain(struct accord_sequencer *sequencer, enum accord_complaint complaint,
                               const struct accord_error *error);

/* Groups (sequencer_group.c). gather fills one from what is pending; put and flush as the log's; settle answers what
 * the last call on the log has acknowledged or failed (error: why it failed, or NULL where it did not). */
void accord_group_gather(struct accord_sequencer *sequencer);
void accord_group_put(struct accord_sequencer *sequencer);
void accord_group_flush(struct accord_sequencer *sequencer);
void accord_group_settle(struct accord_sequencer *sequencer, const struct accord_error *error);
void accord_add_answer(struct accord_sequencer *sequencer, struct accord_add *add, enum accord_add_outcome outcome);
/* Every request that waits gets the same failure. */
void accord_answer_failed(struct accord_sequencer *sequencer, const struct accord_error *error);
/* The leaf hash of an entry that is in the log, or on its way there: context is the sequencer. */
enum accord_status accord_sequencer_leaf(void *context, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE],
                                         struct accord_error *error);

/* Jobs (sequencer_job.c). end ends the one that runs where it is over, or in any case where wait is true; begin begins
 * the one that was asked for; fail fails either. */
void accord_job_end(struct accord_sequencer *sequencer, bool wait);
void accord_job_begin(struct accord_sequencer *sequencer);
void accord_job_fail(struct accord_sequencer *sequencer, const struct accord_error *error);
/* Lets other threads see the open log: its size, what is published. */
void accord_sequencer_show(struct accord_sequencer *sequencer);
/* Why requests and jobs are turned away when the server ends. */
enum accord_status accord_sequencer_stopping(struct accord_error *error);

#endif
