/* The next roster, as a draft: what members agree to change, in the lines of a roster. Pure functions of bytes. */
#ifndef ACCORD_ROSTER_DRAFT_H
#define ACCORD_ROSTER_DRAFT_H

#include "accord/apply.h"

/* A draft borrows from the roster that it began as and from whatever was put into it. What it says is checked by
 * whoever parses it when it is printed (accord_roster_print): here only what is asked for must be there. */
struct accord_draft {
    struct accord_roster_claim *roster;
    struct accord_place now; /* keys that are given up count below this index of this log, and before this time */
};

/* Begins the roster after from: its number, its previous. */
void accord_draft_begin(struct accord_draft *draft, const struct accord_roster_claim *from,
                        const struct accord_crypto *crypto);
/* Takes an application's lines: those of a new member, or in place of the member's own, whose other keys of the roles
 * that sign statements are given up now. ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status
accord_draft_apply(struct accord_draft *draft, const struct accord_apply_claim *apply, struct accord_error *error);
/* The member is a former one, and all its keys are given up. ACCORD_NOT_A_MEMBER, ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status accord_draft_remove(struct accord_draft *draft, struct accord_bytes domain,
                                                       struct accord_error *error);
/* The key, of a member or given up before, counts only below this index of the draft's log, and in others before this
 * time: never for more than it did. ACCORD_UNKNOWN_NAME, ACCORD_KEY_TYPE, ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status accord_draft_revoke(struct accord_draft *draft, struct accord_bytes vkey,
                                                       uint64_t index, uint64_t time, struct accord_error *error);
/* A log more; url may be empty. ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status accord_draft_open_log(struct accord_draft *draft, const struct accord_vkey *vkey,
                                                         struct accord_bytes url, struct accord_error *error);
/* The log is closed with this tree, of this quorum time. ACCORD_UNKNOWN_LOG, ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status accord_draft_close_log(struct accord_draft *draft,
                                                          const struct accord_checkpoint *last, uint64_t time,
                                                          struct accord_error *error);

/* Says in words what is other in next, a line for each change, so that whoever signs it knows. */
void accord_roster_changes(struct accord_out *out, const struct accord_roster_claim *roster,
                           const struct accord_roster_claim *next);

#endif
