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

/* Answers one add-checkpoint request by each of the witnesses in one durable transaction. For each witness w:
 * verdicts[w]; for a 200 its signature line is appended to lines[w]. Returns ACCORD_OK where every witness has a
 * verdict, whatever it is; a failure (ACCORD_IO ...) means that no line was appended, and that nothing was remembered,
 * unless it was the commit that failed: then the memory may be ahead of what was cosigned, which harms nobody.
 * ACCORD_KEY_TYPE where a witness's key makes no cosignatures; now may not be 0. */
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
                                                              struct accord_bytes witness, struct accord_bytes origin,
                                                              struct accord_buffer *note, struct accord_error *error);

#endif
