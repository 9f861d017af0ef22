/* Writing lines that must not be lost unnoticed: stdio drops what it could not write when a signal interrupts it. It
 * knows the descriptor of standard output, and nothing of what the lines say. */
#include "cli/lines.h"

#include "cli/say.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define WAITING_MAX 1048576 /* more than two lines of the longest entry */
#define WAITING_FULL 65536
#define STALL_MS 1000

void accord_lines_init(struct accord_lines *lines, const volatile sig_atomic_t *stop)
{
    *lines = (struct accord_lines){.stop = stop};
    accord_buffer_init(&lines->waiting, WAITING_MAX);
}

void accord_lines_free(struct accord_lines *lines)
{
    accord_buffer_free(&lines->waiting);
}

static enum accord_status fail(int number, struct accord_error *error)
{
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, ACCORD_LITERAL("standard output"));
    accord_error_found(error, accord_bytes_of(strerror(number)));
    return ACCORD_IO;
}

/* Writes some of it: what fits a pipe that has room, so that a reader who stalls does not block this. Returns how much,
 * or -errno. */
static ssize_t write_some(struct accord_bytes bytes)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    int ready = poll(&output, 1, STALL_MS);
    if (ready <= 0) {
        return ready == 0 ? -EAGAIN : -errno;
    }
    ssize_t written = write(STDOUT_FILENO, bytes.data, bytes.size < PIPE_BUF ? bytes.size : PIPE_BUF);
    return written < 0 ? -errno : written;
}

enum accord_status accord_lines_flush(struct accord_lines *lines, struct accord_error *error)
{
    struct accord_bytes rest = accord_buffer_bytes(&lines->waiting);
    while (rest.size > 0) {
        ssize_t written = write_some(rest);
        if (written == -EINTR || (written == -EAGAIN && *lines->stop == 0)) {
            continue;
        }
        if (written < 0) {
            lines->ended = written == -EPIPE || written == -EAGAIN;
            return fail((int)-written, error);
        }
        rest.data += written;
        rest.size -= (size_t)written;
    }
    lines->waiting.size = 0;
    return ACCORD_OK;
}

enum accord_status accord_lines_put(struct accord_lines *lines, struct accord_bytes line, struct accord_error *error)
{
    enum accord_status status = lines->waiting.size < WAITING_FULL ? ACCORD_OK : accord_lines_flush(lines, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_buffer_append(&lines->waiting, line);
    if (status == ACCORD_OK) {
        status = accord_buffer_append(&lines->waiting, ACCORD_LITERAL("\n"));
    }
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

void accord_lines_pause(struct accord_lines *lines, uint64_t milliseconds)
{
    struct pollfd output = {.fd = lines->unread ? -1 : STDOUT_FILENO};
    const struct timespec span = {.tv_sec = (time_t)(milliseconds / 1000),
                                  .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    sigset_t all, before;
    sigfillset(&all);
    /* A signal that comes between the look at stop and the wait ends the wait. */
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    if (*lines->stop == 0 && ppoll(&output, 1, &span, &before) > 0) {
        lines->ended = true;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}
