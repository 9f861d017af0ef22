/* A command line for git: without fetching, replacing, or asking anyone. */
#ifndef ACCORD_CLI_GIT_LINE_H
#define ACCORD_CLI_GIT_LINE_H

#include "cli/git.h"

#define ACCORD_GIT_ARGUMENTS_MAX 48
#define ACCORD_GIT_VARIABLES_MAX 24

/* It points into itself. */
struct accord_git_line {
    const char *argv[ACCORD_GIT_ARGUMENTS_MAX];
    size_t count;
    char signers[4200], home[4200];
    const char *environment[ACCORD_GIT_VARIABLES_MAX];
};

/* `git -C REPOSITORY`; a command of git's and its arguments are to be added. */
void accord_git_begin(struct accord_git_line *line, const struct accord_git *git);
void accord_git_add(struct accord_git_line *line, const char *argument);

#endif
