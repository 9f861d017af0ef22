/* A command of the operator's, told of one thing. */
#ifndef ACCORD_CLI_MONITOR_EXEC_H
#define ACCORD_CLI_MONITOR_EXEC_H

#include "accord/error.h"

/* A variable of its environment, besides those that this process has. */
struct accord_exec_variable {
    const char *name, *value;
};

#define ACCORD_EXEC_VARIABLES_MAX 16

/* Runs `sh -c command` with input on its standard input, and waits for its end. The command is the operator's, word for
 * word; nothing else is ever made part of it. Its standard output goes where standard error goes. ACCORD_IO where it
 * cannot be run, ends with another status than 0, or has not ended in a minute: it is killed then. */
ACCORD_MUST_USE enum accord_status accord_monitor_exec(const char *command, struct accord_bytes input,
                                                       const struct accord_exec_variable *variables, size_t count,
                                                       struct accord_error *error);

#endif
