/* The publisher's thread: each interval, where the log has grown, it has the tree sealed, signs its checkpoint, gathers
 * the witnesses' cosignatures and has it published once the quorum holds. It holds the log's key. */
#ifndef ACCORD_SERVE_PUBLISHER_H
#define ACCORD_SERVE_PUBLISHER_H

#include "accord/policy.h"
#include "base/clock.h"
#include "keys/key.h"
#include "serve/sequencer.h"

struct accord_publisher_thread;

/* What a reload may change. policy may be NULL: nobody is asked, and the log's signature is enough. It is copied from
 * its text. */
struct accord_publisher_rules {
    struct accord_bytes policy_text; /* empty: no policy */
    uint64_t interval_ms;
    uint64_t timeout_ms; /* of one round */
    /* Where the quorum is not had for so long (0: however long, which is the default), the checkpoint is published with
     * what cosignatures there are. */
    uint64_t fallback_ms;
};

struct accord_publisher_options {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const char *dir;                 /* the log's, to read tiles from for consistency proofs */
    const struct accord_signer *key; /* borrowed */
    struct accord_sequencer *sequencer;
    struct accord_metrics *metrics;
};

/* ACCORD_WRONG_KEY where the log's origin is not the key's name. */
ACCORD_MUST_USE enum accord_status accord_publisher_start(struct accord_publisher_thread **publisher,
                                                          const struct accord_publisher_options *options,
                                                          const struct accord_publisher_rules *rules,
                                                          struct accord_error *error);
/* SIGHUP. The rules that are there stay where this fails. */
ACCORD_MUST_USE enum accord_status accord_publisher_reload(struct accord_publisher_thread *publisher,
                                                           const struct accord_publisher_rules *rules,
                                                           struct accord_error *error);
/* After accord_sequencer_drain: one last round, so that what was acknowledged is published, where the quorum can be had
 * within grace_ms; then ends the thread. *published says whether all is. */
void accord_publisher_stop(struct accord_publisher_thread *publisher, uint64_t grace_ms, bool *published);

#endif
