/* Running a command that somebody else wrote down: in a directory, with an environment of its own and nothing
 * inherited, for a limited time; without a network where this machine lets one take it away. It is no wall against a
 * command that wants to do harm: it runs as this user and can read what this user can. */
#ifndef ACCORD_CLI_SANDBOX_H
#define ACCORD_CLI_SANDBOX_H

#include "accord/bytes.h"
#include "accord/error.h"

struct accord_sandbox {
    const char *directory;
    const char *const *environment; /* NAME=VALUE each, NULL at the end: all that the command gets */
    bool cut;                       /* take the network away: accord_sandbox_can_cut */
    uint64_t time_limit_ms;
    void (*said)(void *context, struct accord_bytes output); /* what the command writes, as it comes; may be NULL */
    void *context;
};

struct accord_ran {
    bool timed_out;
    int exit_status; /* 128 and more: a signal ended it */
    uint64_t took_ms;
};

/* Does this machine let a user have a network namespace of their own? */
bool accord_sandbox_can_cut(void);
/* Runs `/bin/sh -c command` to its end, or kills it and all that it started. ACCORD_IO where it cannot be started. */
ACCORD_MUST_USE enum accord_status accord_sandbox_run(const struct accord_sandbox *sandbox, const char *command,
                                                      struct accord_ran *ran, struct accord_error *error);

#endif
