/* Other programs, run without a shell: their arguments are a list, and no byte of them is anything else. */
#ifndef ACCORD_CLI_CHILD_H
#define ACCORD_CLI_CHILD_H

#include "base/buffer.h"

#include <sys/types.h>

/* A program and its pipes. What it says on standard error is ours, or goes nowhere. */
struct accord_child {
    pid_t pid;
    int in, out; /* our ends; -1: none */
};

/* What a program's environment gets beside ours, NAME=VALUE, or loses, NAME; NULL at the end. May be NULL. */
typedef const char *const *accord_child_environment;

/* Starts argv[0], found on the PATH, with pipes at its standard input and output. ACCORD_NOT_FOUND where there is no
 * such program, ACCORD_IO. */
ACCORD_MUST_USE enum accord_status accord_child_start(struct accord_child *child, const char *const *argv,
                                                      accord_child_environment environment, struct accord_error *error);
/* Closes the pipes and waits; returns the exit status, or -1 where a signal ended it. */
int accord_child_end(struct accord_child *child);
/* Runs it to its end with nothing to read: *said gets its output, with what it says on standard error where both is
 * set, up to the buffer's maximum (ACCORD_TOO_LARGE). A program that fails is no error: *exit_status says so. */
ACCORD_MUST_USE enum accord_status accord_child_run(const char *const *argv, accord_child_environment environment,
                                                    bool both, struct accord_buffer *said, int *exit_status,
                                                    struct accord_error *error);

#endif
