/* What somebody committed to in a case, and keeps to reveal it: a small text file. */
#ifndef ACCORD_CLI_COMMITMENT_H
#define ACCORD_CLI_COMMITMENT_H

#include "case/docket.h"
#include "cli/command.h"

#define ACCORD_COMMITMENT_TEXT_MAX 1024

struct accord_commitment {
    struct accord_buffer text; /* what is committed to */
    uint8_t salt[32];
    char path[512];            /* where it is kept; empty: nowhere yet */
    struct accord_bytes state; /* read: "triaged", in what was read */
    struct accord_buffer file; /* read */
};
void accord_commitment_init(struct accord_commitment *commitment);
void accord_commitment_free(struct accord_commitment *commitment); /* wipes */
/* Takes the words; a salt is made. keep may be NULL: then the file is named for its case and state. 0, or the exit
 * status after a sentence. */
ACCORD_MUST_USE int accord_commitment_begin(struct accord_commitment *commitment, const struct accord_call *call,
                                            struct accord_bytes text, const char *keep);
/* Writes the file, which must not be there yet, and fills the answer, whose kind is set. */
ACCORD_MUST_USE enum accord_status accord_commitment_make(struct accord_commitment *commitment,
                                                          const struct accord_call *call,
                                                          const uint8_t case_id[ACCORD_HASH_SIZE],
                                                          struct accord_answer_claim *answer,
                                                          struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_commitment_read(struct accord_commitment *commitment,
                                                          const struct accord_call *call, const char *path,
                                                          struct accord_error *error);
/* Finds the answer that it reveals, and fills the answer that does. ACCORD_NOT_FOUND. */
ACCORD_MUST_USE enum accord_status accord_commitment_reveal(const struct accord_commitment *commitment,
                                                            const struct accord_call *call,
                                                            const struct accord_docket_case *found,
                                                            struct accord_answer_claim *answer,
                                                            struct accord_error *error);

#endif
