/* Running the operator's command. Knows processes, pipes and how long to wait; refuses to make a command line of
 * anything that was not one. */
#include "cli/monitor_exec.h"

#include "base/clock.h"
#include "cli/say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US 60000000
#define LOOK_MS 5

extern char **environ;

static enum accord_status fail(struct accord_error *error, const char *found)
{
    accord_fail(error, ACCORD_IO, 0);
    accord_error_what(error, ACCORD_LITERAL("the command of --exec"));
    accord_error_found(error, accord_bytes_of(found));
    return ACCORD_IO;
}

/* This process's environment and the variables, which take the place of those with their names; one block to free. */
static char **environment_new(const struct accord_exec_variable *variables, size_t count)
{
    size_t present = 0, size = 0, at = 0;
    while (environ[present] != NULL) {
        present++;
    }
    for (size_t i = 0; i < count; i++) {
        size += strlen(variables[i].name) + strlen(variables[i].value) + 2;
    }
    size_t table = (present + count + 1) * sizeof(char *);
    char **environment = malloc(table + size);
    if (environment == NULL) {
        return NULL;
    }
    char *text = (char *)environment + table;
    for (size_t i = 0; i < count; i++) {
        int written = snprintf(text, size, "%s=%s", variables[i].name, variables[i].value);
        environment[at++] = text;
        text += written + 1;
        size -= (size_t)written + 1;
    }
    for (size_t i = 0; i < present; i++) {
        bool replaced = false;
        for (size_t j = 0; j < count; j++) {
            size_t name = strlen(variables[j].name);
            replaced = replaced || (strncmp(environ[i], variables[j].name, name) == 0 && environ[i][name] == '=');
        }
        if (!replaced) {
            environment[at++] = environ[i];
        }
    }
    environment[at] = NULL;
    return environment;
}

/* The child: a process group of its own, signals as they were, the pipe as standard input. */
static int start(pid_t *child, const char *command, int input, char **environment)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults, none;
    char *const arguments[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(command), NULL};
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    int result = arguments[2] == NULL ? ENOMEM : posix_spawn_file_actions_init(&actions);
    if (result == 0) {
        result = posix_spawnattr_init(&attributes);
        if (result == 0) {
            (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
            (void)posix_spawnattr_setsigmask(&attributes, &none);
            (void)posix_spawnattr_setpgroup(&attributes, 0);
            (void)posix_spawnattr_setflags(&attributes,
                                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
            result = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
            if (result == 0) {
                result = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
            }
            if (result == 0) {
                result = posix_spawn(child, "/bin/sh", &actions, &attributes, arguments, environment);
            }
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    free(arguments[2]);
    return result;
}

/* Gives it its input, as far as it reads it, and waits for its end; false where that does not come. */
static bool attend(pid_t child, int output, struct accord_bytes input, int *status)
{
    uint64_t begun = accord_monotonic_us();
    bool ended = false;
    while (!ended && accord_monotonic_us() - begun < PATIENCE_US) {
        ssize_t written = output >= 0 ? write(output, input.data, input.size) : 0;
        if (written > 0) {
            input.data += written;
            input.size -= (size_t)written;
        }
        if (output >= 0 && (input.size == 0 || (written < 0 && errno != EAGAIN && errno != EINTR))) {
            (void)close(output);
            output = -1;
        }
        ended = waitpid(child, status, WNOHANG) == child;
        if (!ended) {
            (void)poll(NULL, 0, LOOK_MS);
        }
    }
    if (output >= 0) {
        (void)close(output);
    }
    return ended;
}

enum accord_status accord_monitor_exec(const char *command, struct accord_bytes input,
                                       const struct accord_exec_variable *variables, size_t count,
                                       struct accord_error *error)
{
    int ends[2], status = 0;
    pid_t child;
    char words[64];
    /* Who started this process may have ignored its children's ends, which is inherited: then none would be seen. */
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    (void)sigaction(SIGCHLD, &usual, NULL);
    char **environment = environment_new(variables, count);
    if (environment == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        free(environment);
        return fail(error, strerror(errno));
    }
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    int result = start(&child, command, ends[0], environment);
    (void)close(ends[0]);
    free(environment);
    if (result != 0) {
        (void)close(ends[1]);
        return fail(error, strerror(result));
    }
    if (!attend(child, ends[1], input, &status)) {
        (void)kill(-child, SIGKILL);
        (void)kill(child, SIGKILL); /* it may have left the group */
        (void)waitpid(child, &status, 0);
        return fail(error, "it has not ended in a minute");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return ACCORD_OK;
    }
    if (WIFEXITED(status)) {
        snprintf(words, sizeof words, "exit status %d", WEXITSTATUS(status));
    } else {
        snprintf(words, sizeof words, "signal %d", WTERMSIG(status));
    }
    return fail(error, words);
}
