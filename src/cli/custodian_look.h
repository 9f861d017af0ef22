/* A custodian's look at a log: believes it only as far as its quorum and what it showed before go, checks the shares
 * that were given to it, and says in each case what is to be said. */
#ifndef ACCORD_CLI_CUSTODIAN_LOOK_H
#define ACCORD_CLI_CUSTODIAN_LOOK_H

#include <jansson.h>
#include <signal.h>

#include "case/custodian.h"
#include "cli/case_log.h"
#include "cli/enter.h"

struct accord_custodian_looking {
    const struct accord_call *call;
    const char *trust;      /* the trust file's path */
    const char *state_path; /* or NULL: nothing is kept */
    bool dry_run;           /* says what is due, and does nothing */
    struct accord_bytes member;
    uint8_t (*secrets)[32]; /* of its report keys, those before, too */
    size_t secret_count;
    struct accord_enter enter; /* what signs, and where to */
    struct accord_custodian_state state;
    const volatile sig_atomic_t *stop; /* set: ends before the next entry */
    volatile sig_atomic_t *idle;       /* is set where a signal may end it at once */
    bool told_stranger;                /* that it is no member */
    /* of the last look */
    json_t *did; /* what was done, or is due; owned */
    size_t waiting, failed;
    int worst; /* exit status of what failed; 0: nothing did */
};

/* The look. What fails in one case is told, counted, and does not keep it from the others; what this returns concerns
 * the log: ACCORD_ROLLBACK and ACCORD_CONSISTENCY where it shows an older or another tree than before, ACCORD_QUORUM,
 * ACCORD_EVIDENCE, ... Then nothing was said. */
ACCORD_MUST_USE enum accord_status accord_custodian_look(struct accord_custodian_looking *looking,
                                                         struct accord_error *error);

#endif
