/* A custodian's side of the cases of a log: what it has to do in each, what its sealed share holds, and what it keeps
 * between two looks (docs/custodians.md). Judges by the docket alone: no clock of its own. */
#ifndef ACCORD_CASE_CUSTODIAN_H
#define ACCORD_CASE_CUSTODIAN_H

#include "base/fs.h"
#include "case/docket.h"
#include "follow/follower.h"

/* What a case asks of a custodian at the log's now. */
enum accord_custodian_duty {
    ACCORD_DUTY_NONE = 0, /* it is none of its custodians, or has said what it has to say, or the case is over */
    ACCORD_DUTY_CHECK,    /* its share may be looked at, and complained of; it is not due */
    ACCORD_DUTY_RELEASE   /* its share is due */
};
/* *place is the custodian's in the report, where the duty is not NONE. */
enum accord_custodian_duty accord_custodian_duty(const struct accord_docket_case *found, struct accord_bytes member,
                                                 uint64_t now, size_t *place);

/* What is in a sealed share. */
enum accord_custodian_verdict {
    ACCORD_SHARE_UNOPENED = 0, /* none of the keys opens it */
    ACCORD_SHARE_RIGHT,
    ACCORD_SHARE_WRONG,  /* it opens, was made for this report, and is not the share of this custodian */
    ACCORD_SHARE_FOREIGN /* it opens, and was not made for this report: whoever copied it must learn nothing of it */
};
/* A secret; to be wiped. */
struct accord_custodian_share {
    enum accord_custodian_verdict verdict;
    uint8_t scalar[32];                     /* RIGHT */
    uint8_t file_key[ACCORD_FILE_KEY_SIZE]; /* WRONG: what proves it */
};
void accord_custodian_open(struct accord_custodian_share *share, const struct accord_report_claim *claim, size_t place,
                           const uint8_t (*secrets)[32], size_t secret_count);

/* What is kept: how far the log was seen, and which shares were looked at. */
struct accord_custodian_seen {
    uint8_t id[ACCORD_HASH_SIZE]; /* of the case */
    enum accord_custodian_verdict verdict;
};
struct accord_custodian_state {
    struct accord_position position; /* size 0: nothing was seen */
    struct accord_buffer origin;     /* of the log; empty: any will do */
    struct accord_custodian_seen *seen;
    size_t seen_count, seen_room;
    size_t sorted; /* so many of them are in the order of their digests; those after them are new */
};
void accord_custodian_state_init(struct accord_custodian_state *state);
void accord_custodian_state_free(struct accord_custodian_state *state);
/* Reads the text of a state file into an empty state: ACCORD_STATE (with the line), ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_custodian_state_parse(struct accord_custodian_state *state,
                                                                struct accord_bytes text, struct accord_error *error);
/* How many bytes the text has at most; and the text. Cases stand in the order of their digests. */
size_t accord_custodian_state_size(const struct accord_custodian_state *state);
void accord_custodian_state_print(struct accord_out *out, struct accord_custodian_state *state);
/* The file at path, where there is one; and it, atomically. */
ACCORD_MUST_USE enum accord_status accord_custodian_state_load(struct accord_custodian_state *state,
                                                               const struct accord_fs *fs, const char *path,
                                                               struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_custodian_state_save(struct accord_custodian_state *state,
                                                               const struct accord_fs *fs, const char *path,
                                                               struct accord_error *error);
/* The verdict on the share in this case; false where it was not looked at. */
bool accord_custodian_knows(struct accord_custodian_state *state, const uint8_t id[ACCORD_HASH_SIZE],
                            enum accord_custodian_verdict *verdict);
/* Remembers it, in the place of what was known before. ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_custodian_remember(struct accord_custodian_state *state,
                                                             const uint8_t id[ACCORD_HASH_SIZE],
                                                             enum accord_custodian_verdict verdict);

#endif
