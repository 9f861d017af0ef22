/* One commit of a repository, in a repository of our own. */
#ifndef ACCORD_CLI_GIT_COPY_H
#define ACCORD_CLI_GIT_COPY_H

#include "cli/git.h"

#include <limits.h>

struct accord_git_copy {
    char directory[PATH_MAX]; /* empty: none */
    struct accord_git git;    /* as it was asked for, there */
};

/* Copies a tag or a commit and all that its files need, not its history, to a directory for temporary files: there
 * every object has the id that its own bytes come to, once, and no configuration is a stranger's. ACCORD_MALFORMED
 * where the repository has not all of it, or other bytes under an id; ACCORD_IO. Removed in either case. */
ACCORD_MUST_USE enum accord_status accord_git_copy_make(struct accord_git_copy *copy, const struct accord_git *git,
                                                        const char *id, struct accord_error *error);
void accord_git_copy_remove(struct accord_git_copy *copy);

#endif
