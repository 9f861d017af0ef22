/* A witness with its memory: SQLite through the fs port. The memory never goes back, whatever is killed when: it is
 * durable before a cosignature leaves. One file may serve several witnesses. */
#ifndef ACCORD_WITNESS_COSIGNER_H
#define ACCORD_WITNESS_COSIGNER_H

#include "base/buffer.h"
#include "base/fs.h"
#include "keys/key.h"
#include "witness/witness.h"

struct accord_cosigner_state; /* an open state file, for one thread at a time */

/* Makes the file where there is none, and holds it against other processes until it is closed: ACCORD_LOCKED where
 * another one does not let go of it in five seconds. ACCORD_STATE where it is damaged, or is something else. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_open(struct accord_cosigner_state **state,
                                                              const struct accord_fs *fs, const char *path,
                                                              struct accord_error *error);
void accord_cosigner_state_close(struct accord_cosigner_state *state);

/* A witness that forgets may cosign a fork. So a state that was put in the place of a newer one, from a backup, is not
 * used: accord_cosigner_state_open refuses it (ACCORD_STATE), and so does every answer once a request has shown that
 * this witness cosigned more than it remembers, until somebody who knows has confirmed it. */
#define ACCORD_DOUBT_SIZE 96
/* Opens it in any case, to be looked at and confirmed. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_open_any(struct accord_cosigner_state **state,
                                                                  const struct accord_fs *fs, const char *path,
                                                                  struct accord_error *error);
/* Why it is not used, or NULL. */
const char *accord_cosigner_state_doubt(const struct accord_cosigner_state *state);
/* The vkeys of the witnesses that remember something, a line each, appended to *vkeys. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_witnesses(struct accord_cosigner_state *state,
                                                                   struct accord_buffer *vkeys,
                                                                   struct accord_error *error);
/* Raises a witness's memory to a checkpoint that it cosigned: *signed_by it, and *raised where it remembered less.
 * ACCORD_CONSISTENCY where it remembers another tree of the same size: it has cosigned a fork. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_raise(struct accord_cosigner_state *state,
                                                               const struct accord_vkey *witness,
                                                               const struct accord_checkpoint_claim *checkpoint,
                                                               const struct accord_crypto *crypto, bool *signed_by,
                                                               bool *raised, struct accord_error *error);
/* It is used from here on, as the file that it is now. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_confirm(struct accord_cosigner_state *state,
                                                                 struct accord_error *error);
/* Looks at a checkpoint, of wherever: where it shows that a witness cosigned more than it remembers, the state is not
 * used any more, durably, and ACCORD_STATE is returned. */
ACCORD_MUST_USE enum accord_status accord_cosigner_notice(struct accord_cosigner_state *state,
                                                          const struct accord_vkey *witness,
                                                          const struct accord_checkpoint_claim *checkpoint,
                                                          const struct accord_crypto *crypto,
                                                          struct accord_error *error);

/* The keys that speak for a log, by its origin: *count of them, borrowed until the next call; none where it is unknown.
 */
struct accord_known_logs {
    void *context;
    const struct accord_vkey *(*find)(void *context, struct accord_bytes origin, size_t *count);
};

/* One add-checkpoint request, to some witnesses. Zeroed by the caller but for the first part; freed by
 * accord_cosigning_free. */
struct accord_cosigning {
    struct accord_bytes body;                /* borrowed */
    struct accord_signer *const *witnesses;  /* borrowed */
    size_t witness_count;                    /* at least 1 */
    struct accord_witness_verdict *verdicts; /* filled, one for each witness */
    struct accord_buffer *lines;             /* of each witness: for a 200, its signature line is appended */
    bool silent;                             /* judge and remember, but sign nothing: a mirror's pending checkpoint */
    bool together; /* the witnesses are keys of one, with one memory: what any of them has seen all have seen */
    /* The cosigner's own. */
    bool final; /* the verdicts are, without the witnesses' memory */
    struct accord_add_checkpoint request;
    struct accord_buffer head; /* what monitors are shown, but for the cosignature */
    struct accord_buffer *pending;
};

/* The part that needs no memory: parses the request and verifies the log's signatures. On any thread. Fails only where
 * memory ran out, or with ACCORD_KEY_TYPE where a witness's key makes no cosignatures. */
ACCORD_MUST_USE enum accord_status accord_cosigning_prepare(struct accord_cosigning *cosigning,
                                                            const struct accord_known_logs *logs,
                                                            const struct accord_crypto *crypto,
                                                            struct accord_error *error);
void accord_cosigning_free(struct accord_cosigning *cosigning);

/* Answers requests that were prepared, in their order, in one durable transaction. Returns ACCORD_OK where every
 * witness of every request has a verdict, whatever it is; a failure (ACCORD_IO ...) means that no line was appended,
 * and that nothing was remembered, unless it was the commit or a signature that failed: then the memory may be ahead of
 * what was cosigned, which harms nobody. now may not be 0. */
ACCORD_MUST_USE enum accord_status accord_cosigner_answer_all(struct accord_cosigner_state *state,
                                                              struct accord_cosigning *const *cosignings, size_t count,
                                                              uint64_t now, const struct accord_crypto *crypto,
                                                              struct accord_error *error);
/* Both, for one request: log_keys are those of any logs. */
ACCORD_MUST_USE enum accord_status accord_cosigner_answer(struct accord_cosigner_state *state,
                                                          struct accord_signer *const *witnesses, size_t witness_count,
                                                          const struct accord_vkey *log_keys, size_t log_key_count,
                                                          struct accord_bytes body, uint64_t now,
                                                          const struct accord_crypto *crypto,
                                                          struct accord_witness_verdict *verdicts,
                                                          struct accord_buffer *lines, struct accord_error *error);
/* What a witness (by vkey text) remembers of a log (by origin). */
ACCORD_MUST_USE enum accord_status accord_cosigner_seen(struct accord_cosigner_state *state,
                                                        struct accord_bytes witness, struct accord_bytes origin,
                                                        struct accord_witness_seen *seen, struct accord_error *error);
/* The newest checkpoint that a witness cosigned of a log, appended to *note: its text, the lines of the log's keys that
 * were verified, and the cosignature (tlog-witness, "Monitor Retrieval Mechanism"). ACCORD_NOT_FOUND where there is
 * none. */
ACCORD_MUST_USE enum accord_status accord_cosigner_checkpoint(struct accord_cosigner_state *state,
                                                              const struct accord_signer *witness,
                                                              struct accord_bytes origin, struct accord_buffer *note,
                                                              struct accord_error *error);

#endif
