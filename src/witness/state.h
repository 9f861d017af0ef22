/* The memory of a cosigner as a table of (witness, origin), for cosigner.c alone: transactions, rows. */
#ifndef ACCORD_WITNESS_STATE_H
#define ACCORD_WITNESS_STATE_H

#include "witness/cosigner.h"

/* Between begin and commit or rollback the rows belong to this transaction. When commit has returned ACCORD_OK what was
 * written is durable; when it fails, it may be or may not be. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_begin(struct accord_cosigner_state *state,
                                                               struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_cosigner_state_commit(struct accord_cosigner_state *state,
                                                                struct accord_error *error);
/* Does nothing outside a transaction. */
void accord_cosigner_state_rollback(struct accord_cosigner_state *state);

/* What is remembered of a log; *seen is the zero value where there is nothing. The checkpoint that was cosigned, as a
 * note, is appended to *note, and *time is when that was, in seconds, where the note lacks the cosignature, 0 where it
 * has it; either may be NULL. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_read(struct accord_cosigner_state *state,
                                                              struct accord_bytes witness, struct accord_bytes origin,
                                                              struct accord_witness_seen *seen,
                                                              struct accord_buffer *note, uint64_t *time,
                                                              struct accord_error *error);
/* Remembers. A size below the one that is there, or another root of the same size, is refused (ACCORD_STATE): a second
 * line of defence, since the judge has refused it before. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_write(struct accord_cosigner_state *state,
                                                               struct accord_bytes witness, struct accord_bytes origin,
                                                               const struct accord_witness_seen *next,
                                                               struct accord_bytes note, uint64_t time,
                                                               struct accord_error *error);

/* Not used from here on, durably; outside a transaction. Returns ACCORD_STATE, or what failed. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_suspect(struct accord_cosigner_state *state, const char *why,
                                                                 struct accord_error *error);
/* In a transaction, or a transaction of its own: what the state is in doubt for, if it is, is written into it, and
 * stays until it is confirmed, whatever else is written. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_keep_doubt(struct accord_cosigner_state *state,
                                                                    struct accord_error *error);
/* As accord_cosigner_state_begin, which refuses a state that is in doubt. */
ACCORD_MUST_USE enum accord_status accord_cosigner_state_begin_any(struct accord_cosigner_state *state,
                                                                   struct accord_error *error);

#define ACCORD_FORGOT "a checkpoint carries a cosignature of ours that it does not know"
/* Does the checkpoint carry a cosignature of this witness over a tree that it has not seen? */
bool accord_cosigner_forgot(const struct accord_vkey *witness, const struct accord_checkpoint_claim *checkpoint,
                            const struct accord_witness_seen *seen, const struct accord_crypto *crypto);

#endif
