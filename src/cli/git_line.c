/* What is overruled of a repository's configuration and of this user's, and what of the environment. Knows no command
 * of git's. */
#include "cli/git_line.h"

#include <stdio.h>
#include <stdlib.h>

void accord_git_add(struct accord_git_line *line, const char *argument)
{
    if (line->count >= ACCORD_GIT_ARGUMENTS_MAX - 1) {
        abort(); /* a command without its last argument would be another command */
    }
    line->argv[line->count++] = argument;
    line->argv[line->count] = NULL;
}

static void set(struct accord_git_line *line, const char *setting)
{
    accord_git_add(line, "-c");
    accord_git_add(line, setting);
}

/* Whose signatures count is what the caller names, and nothing that a configuration does: what it names no keys for
 * verifies nothing. */
static void set_keys(struct accord_git_line *line, const struct accord_git *git)
{
    set(line, git->gnupg_home != NULL ? "gpg.program=gpg" : "gpg.program=false");
    set(line, git->gnupg_home != NULL ? "gpg.openpgp.program=gpg" : "gpg.openpgp.program=false");
    set(line, git->allowed_signers != NULL ? "gpg.ssh.program=ssh-keygen" : "gpg.ssh.program=false");
    set(line, "gpg.x509.program=false");
    if (git->allowed_signers != NULL) {
        snprintf(line->signers, sizeof line->signers, "gpg.ssh.allowedSignersFile=%s", git->allowed_signers);
        set(line, line->signers);
    }
}

void accord_git_begin(struct accord_git_line *line, const struct accord_git *git)
{
    /* GIT_ALLOW_PROTOCOL goes before every setting, protocol.ext.allow=always too, and older gits know it. What follows
     * it would have git look at another repository than the one that was named. */
    static const char *const variables[] = {"GIT_ALLOW_PROTOCOL=",
                                            "GIT_NO_REPLACE_OBJECTS=1",
                                            "GIT_NO_LAZY_FETCH=1",
                                            "GIT_TERMINAL_PROMPT=0",
                                            "LC_ALL=C",
                                            "GIT_DIR",
                                            "GIT_WORK_TREE",
                                            "GIT_COMMON_DIR",
                                            "GIT_INDEX_FILE",
                                            "GIT_OBJECT_DIRECTORY",
                                            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                            "GIT_NAMESPACE",
                                            "GIT_SHALLOW_FILE",
                                            "GIT_GRAFT_FILE"};
    size_t count = 0;
    line->count = 0;
    accord_git_add(line, "git");
    accord_git_add(line, "-C");
    accord_git_add(line, git->repository);
    set(line, "core.fsmonitor=false");
    set(line, "safe.bareRepository=all");
    set_keys(line, git);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        line->environment[count++] = variables[i];
    }
    if (git->gnupg_home != NULL) {
        snprintf(line->home, sizeof line->home, "GNUPGHOME=%s", git->gnupg_home);
        line->environment[count++] = line->home;
    }
    line->environment[count] = NULL;
}
