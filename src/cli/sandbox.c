/* Three processes: one that leads the session and enters the namespaces, one that is their first process, so that all
 * others end with it, and the shell. Knows nothing of builds. */
#include "cli/sandbox.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 65536
#define POLL_MS 100
#define FILE_SIZE_MAX (UINT64_C(16) << 30)
#define COULD_NOT 125
#define REST_MAX 1024 /* reads after the end */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t wrote = fd < 0 ? -1 : write(fd, text, strlen(text));
    if (fd >= 0) {
        (void)close(fd);
    }
    return wrote == (ssize_t)strlen(text);
}

/* Enters namespaces without a network, as the same user. What is not dumpable cannot write its own maps. */
static bool enter_namespaces(void)
{
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC) != 0) {
        return false;
    }
    snprintf(map, sizeof map, "%ld %ld 1", (long)uid, (long)uid);
    if (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", map)) {
        return false;
    }
    snprintf(map, sizeof map, "%ld %ld 1", (long)gid, (long)gid);
    return write_file("/proc/self/gid_map", map);
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return COULD_NOT;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool accord_sandbox_can_cut(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        /* The first process of a new space of processes must be possible, too. */
        pid_t first = enter_namespaces() ? fork() : -1;
        if (first == 0) {
            _exit(0);
        }
        _exit(first > 0 && wait_for(first) == 0 ? 0 : 1);
    }
    return pid > 0 && wait_for(pid) == 0;
}

static void limit(void)
{
    const struct rlimit core = {0, 0}, size = {FILE_SIZE_MAX, FILE_SIZE_MAX};
    (void)setrlimit(RLIMIT_CORE, &core);
    (void)setrlimit(RLIMIT_FSIZE, &size);
    (void)umask(022);
}

static void usual_signals(void)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&none);
    for (int signal = 1; signal < NSIG; signal++) {
        (void)sigaction(signal, &usual, NULL);
    }
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The shell. */
static void become(const struct accord_sandbox *sandbox, const char *command)
{
    const char *argv[] = {"sh", "-c", command, NULL};
    limit();
    usual_signals();
    if (chdir(sandbox->directory) == 0) {
        (void)execve("/bin/sh", (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)sandbox->environment);
    }
    _exit(COULD_NOT);
}

/* The first process: it takes over what loses its parent, and when the shell ends everything ends. */
static void be_first(const struct accord_sandbox *sandbox, const char *command)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    pid_t shell = fork(), ended;
    int status = 0;
    if (shell == 0) {
        become(sandbox, command);
    }
    do {
        ended = waitpid(-1, &status, 0);
    } while ((ended < 0 && errno == EINTR) || (ended > 0 && ended != shell));
    _exit(ended != shell || shell < 0 ? COULD_NOT : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* The leader of the session; output is the pipe that all of them write to. */
static void lead(const struct accord_sandbox *sandbox, const char *command, int output)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (setsid() < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
        close_range(3, ~0U, 0) != 0 || (sandbox->cut && !enter_namespaces())) {
        _exit(COULD_NOT);
    }
    /* Only now: what changes credentials forgets it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    pid_t first = fork();
    if (first == 0) {
        be_first(sandbox, command);
    }
    _exit(first < 0 ? COULD_NOT : wait_for(first));
}

/* Reads what there is; false at the end. */
static bool hear(const struct accord_sandbox *sandbox, int output)
{
    static _Thread_local uint8_t chunk[CHUNK];
    ssize_t got = read(output, chunk, sizeof chunk);
    if (got > 0 && sandbox->said != NULL) {
        sandbox->said(sandbox->context, (struct accord_bytes){chunk, (size_t)got});
    }
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Listens until the leader has ended. What the command left behind may hold the pipe open, so its end alone is not
 * waited for. */
static void attend(const struct accord_sandbox *sandbox, pid_t leader, int output, struct accord_ran *ran)
{
    uint64_t began = accord_monotonic_us();
    bool open = true, ended = false;
    int status = 0;
    while (!ended) {
        struct pollfd ready = {output, POLLIN, 0};
        if (poll(&ready, open ? 1 : 0, POLL_MS) > 0) {
            open = hear(sandbox, output);
        }
        ran->took_ms = (accord_monotonic_us() - began) / 1000;
        ended = waitpid(leader, &status, WNOHANG) == leader;
        if (!ended && ran->took_ms > sandbox->time_limit_ms) {
            ran->timed_out = true;
            (void)kill(-leader, SIGKILL);
            (void)kill(leader, SIGKILL);
            (void)waitpid(leader, &status, 0);
            ended = true;
        }
    }
    (void)kill(-leader, SIGKILL);
    struct pollfd rest = {output, POLLIN, 0};
    for (int i = 0; i < REST_MAX && open && poll(&rest, 1, 0) > 0; i++) {
        open = hear(sandbox, output);
    }
    ran->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

enum accord_status accord_sandbox_run(const struct accord_sandbox *sandbox, const char *command, struct accord_ran *ran,
                                      struct accord_error *error)
{
    int pipe[2];
    *ran = (struct accord_ran){0};
    if (pipe2(pipe, O_CLOEXEC) != 0) {
        return accord_file_error(error, -errno, "/bin/sh");
    }
    pid_t leader = fork();
    if (leader == 0) {
        lead(sandbox, command, pipe[1]);
    }
    int failed = errno;
    (void)close(pipe[1]);
    if (leader > 0) {
        attend(sandbox, leader, pipe[0], ran);
    }
    (void)close(pipe[0]);
    return leader > 0 ? ACCORD_OK : accord_file_error(error, -failed, "/bin/sh");
}
