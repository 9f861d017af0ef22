/* What a monitor remembers of one log, as a file (docs/monitoring.md, "The state"). */
#ifndef ACCORD_MONITOR_STATE_H
#define ACCORD_MONITOR_STATE_H

#include "accord/checkpoint.h"

#define ACCORD_MONITOR_STATE_SIZE_MAX 4194304

struct accord_monitor_witness {
    struct accord_bytes vkey; /* its text */
    uint64_t seen;            /* POSIX seconds: its newest cosignature, or when it was first asked for one */
};

/* Slices borrow from the text that was parsed. About 4 KiB. */
struct accord_monitor_state {
    uint64_t next;                             /* the first entry that was not judged */
    struct accord_bytes note;                  /* the last signed checkpoint that was accepted, verbatim */
    struct accord_checkpoint_claim checkpoint; /* what it says */
    bool has_roster;                           /* the newest roster that was met in the log, which follows from the */
    uint64_t roster_index;                     /* trust file's charter */
    struct accord_bytes roster;                /* its entry */
    size_t witness_count;
    struct accord_monitor_witness witnesses[ACCORD_POLICY_WITNESSES_MAX];
    struct accord_bytes dues;  /* lines of what is due (dues.h), verbatim */
    struct accord_bytes cases; /* lines of what cases stand on (cases.h), verbatim */
};

/* Prints it. checkpoint is not looked at: it is what note says. */
void accord_monitor_state_print(struct accord_out *out, const struct accord_monitor_state *state);
/* ACCORD_STATE where it is none, was cut short, or says what no monitor would have written. */
ACCORD_MUST_USE enum accord_status accord_monitor_state_parse(struct accord_monitor_state *state,
                                                              struct accord_bytes text, struct accord_error *error);

#endif
