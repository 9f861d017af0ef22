/* Publishing what was appended: integrate, sign, cosign in this process, ask witnesses elsewhere where the quorum needs
 * them, and only then publish. */
#ifndef ACCORD_CLI_PUBLISH_H
#define ACCORD_CLI_PUBLISH_H

#include "accord/policy.h"
#include "base/clock.h"
#include "keys/key.h"
#include "log/log.h"

struct accord_network;         /* network.h */
struct accord_gather_observer; /* net/gather.h */

/* Who signs, who cosigns, and what is asked of them. */
struct accord_publisher {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const struct accord_signer *log_key;
    struct accord_signer *const *witnesses; /* in this process; may be none */
    size_t witness_count;                   /* at most ACCORD_POLICY_WITNESSES_MAX */
    const char *witness_state;              /* the file of their memory; not used without witnesses */
    struct accord_bytes cosignatures;       /* more signature lines over the same checkpoint, from elsewhere */
    const struct accord_policy *policy;     /* whose quorum must hold before anything is published; NULL: none */
    const struct accord_network *network;   /* to ask the policy's witnesses by their URLs; NULL: nobody is asked */
    const struct accord_gather_observer *observer; /* of what those witnesses answer; may be NULL */
};

/* Publishes the present tree of log, whose directory is dir; the checkpoint with all its cosignatures goes to
 * *checkpoint, which must be empty. ACCORD_QUORUM and the other refusals of accord_policy_verify leave the log as it
 * was published before.
 */
ACCORD_MUST_USE enum accord_status accord_publish(struct accord_log *log, const char *dir,
                                                  const struct accord_publisher *publisher,
                                                  struct accord_buffer *checkpoint, struct accord_error *error);

#endif
