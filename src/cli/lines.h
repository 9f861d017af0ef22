/* Lines for a program on standard output, from a command that runs on: whoever reads them may stall, or leave. */
#ifndef ACCORD_CLI_LINES_H
#define ACCORD_CLI_LINES_H

#include "base/buffer.h"

#include <signal.h>

struct accord_lines {
    bool unread;                  /* nothing is written to standard output: whether anybody reads it does not matter */
    struct accord_buffer waiting; /* not written yet */
    const volatile sig_atomic_t *stop; /* once it is not 0, a reader that stalls is not waited for */
    bool ended;                        /* nobody reads any more, or will in time */
};

void accord_lines_init(struct accord_lines *lines, const volatile sig_atomic_t *stop);
void accord_lines_free(struct accord_lines *lines);
/* Adds a line, and its newline. It has arrived when a later flush has returned ACCORD_OK, not before. ACCORD_IO. */
ACCORD_MUST_USE enum accord_status accord_lines_put(struct accord_lines *lines, struct accord_bytes line,
                                                    struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_lines_flush(struct accord_lines *lines, struct accord_error *error);
/* Waits so long; less where *stop becomes other than 0, or where nobody reads any more. */
void accord_lines_pause(struct accord_lines *lines, uint64_t milliseconds);

#endif
