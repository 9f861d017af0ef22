/* A witness with its memory: SQLite through the fs port. The memory never goes back, whatever is killed when: it is
 * durable before a cosignature leaves. One file may serve several witnesses. */
#ifndef ACCORD_WITNESS_COSIGNER_H
#define ACCORD_WITNESS_COSIGNER_H

#include "base/buffer.h"
#include "base/fs.h"
#include "keys/key.h"
#include "witness/witness.h"

struct accord_cosigner_state; /* an open state file */

ACCORD_MUST_USE enum accord_status accord_cosigner_state_open(struct accord_cosigner_state **state,
                                                              const struct accord_fs *fs, const char *path,
                                                              struct accord_error *error);
void accord_cosigner_state_close(struct accord_cosigner_state *state);

/* Answers one add-checkpoint request by each of the witnesses in one durable transaction (one sync for all). For each
 * witness w: verdicts[w]; for a 200 its signature line is appended to lines[w]. Returns ACCORD_OK where every witness has a verdict,
 * whatever it is; a failure (ACCORD_IO ...) means that none has cosigned and nothing was remembered. */
ACCORD_MUST_USE enum accord_status accord_cosigner_answer(struct accord_cosigner_state *state,
                                                          struct accord_signer *const *witnesses, size_t witness_count,
                                                          const struct accord_vkey *log_keys, size_t log_key_count,
                                                          struct accord_bytes body, uint64_t now,
                                                          const struct accord_crypto *crypto,
                                                          struct accord_witness_verdict *verdicts,
                                                          struct accord_buffer *lines, struct accord_error *error);
/* What a witness (by vkey text) remembers of a log (by origin). */
ACCORD_MUST_USE enum accord_status accord_cosigner_seen(struct accord_cosigner_state *state, struct accord_bytes witness,
                                                        struct accord_bytes origin, struct accord_witness_seen *seen,
                                                        struct accord_error *error);

#endif
