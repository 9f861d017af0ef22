/* fork, exec and two pipes. Knows nothing of which programs it runs. */
#include "cli/child.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 65536
#define NOT_STARTED 127

/* The child's half: never returns. told is a pipe that tells errno where the program cannot be started. */
static void become(const char *const *argv, accord_child_environment environment, const int in[2], const int out[2],
                   bool both, int told)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)sigaction(SIGPIPE, &usual, NULL);
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        bool set = strchr(environment[i], '=') != NULL;
        (void)(set ? putenv((char *)(uintptr_t)environment[i]) : unsetenv(environment[i]));
    }
    if (dup2(in[0], 0) >= 0 && dup2(out[1], 1) >= 0 && dup2(both ? out[1] : quiet, 2) >= 0) {
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
    }
    int failed = errno;
    ssize_t wrote = write(told, &failed, sizeof failed);
    _exit(wrote == sizeof failed ? NOT_STARTED : NOT_STARTED + 1);
}

static void shut(int *fd)
{
    if (*fd != -1) {
        (void)close(*fd);
        *fd = -1;
    }
}

static enum accord_status start(struct accord_child *child, const char *const *argv,
                                accord_child_environment environment, bool both, struct accord_error *error)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, told[2] = {-1, -1}, failed = 0;
    child->pid = -1;
    if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(told, O_CLOEXEC) == 0) {
        child->pid = fork();
    }
    if (child->pid == 0) {
        become(argv, environment, in, out, both, told[1]);
    }
    failed = child->pid < 0 ? errno : 0;
    shut(&in[0]);
    shut(&out[1]);
    shut(&told[1]);
    if (child->pid > 0 && read(told[0], &failed, sizeof failed) != (ssize_t)sizeof failed) {
        failed = 0;
    }
    shut(&told[0]);
    child->in = in[1];
    child->out = out[0];
    if (failed == 0) {
        return ACCORD_OK;
    }
    (void)accord_child_end(child);
    return accord_file_error(error, -failed, argv[0]);
}

enum accord_status accord_child_start(struct accord_child *child, const char *const *argv,
                                      accord_child_environment environment, struct accord_error *error)
{
    return start(child, argv, environment, false, error);
}

int accord_child_end(struct accord_child *child)
{
    int status = 0;
    pid_t pid = child->pid;
    shut(&child->in);
    shut(&child->out);
    while (pid > 0 && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    child->pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum accord_status accord_child_run(const char *const *argv, accord_child_environment environment, bool both,
                                    struct accord_buffer *said, int *exit_status, struct accord_error *error)
{
    struct accord_child child;
    enum accord_status status = start(&child, argv, environment, both, error);
    if (status != ACCORD_OK) {
        return status;
    }
    shut(&child.in);
    for (;;) {
        status = accord_buffer_reserve(said, said->size + CHUNK <= said->maximum ? CHUNK : 1);
        if (status != ACCORD_OK) {
            break;
        }
        ssize_t got = read(child.out, said->data + said->size, said->capacity - said->size);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        said->size += got < 0 ? 0 : (size_t)got;
    }
    *exit_status = accord_child_end(&child);
    if (status != ACCORD_OK) {
        accord_fail(error, status, 0);
        accord_error_what(error, (struct accord_bytes){(const uint8_t *)argv[0], strlen(argv[0])});
    }
    return status;
}
