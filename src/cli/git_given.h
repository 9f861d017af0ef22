/* The options of commands that ask git: --git, --commit, --tag, --require-signed, --gnupg-home, --allowed-signers. */
#ifndef ACCORD_CLI_GIT_GIVEN_H
#define ACCORD_CLI_GIT_GIVEN_H

#include "cli/command.h"
#include "cli/git.h"

#include <limits.h>

/* clang-format off */
#define ACCORD_GIT_OPTIONS                                                                                             \
    {.name = "commit", .value = "C", .help = "the commit; otherwise HEAD"},                                            \
    {.name = "tag", .value = "T", .help = "the commit that a tag names"},                                              \
    {.name = "require-signed",                                                                                         \
     .help = "the tag, or without one the commit, must have a signature that git verifies"},                           \
    {.name = "gnupg-home", .value = "DIR", .help = "GnuPG's directory with the keys that may have signed it"},         \
    {.name = "allowed-signers", .value = "FILE", .help = "the ssh keys that may have (gpg.ssh.allowedSignersFile)"}
/* clang-format on */

/* What was asked of git. Must not move. */
struct accord_git_given {
    struct accord_git git; /* its repository is NULL where nothing was */
    char home[PATH_MAX], signers[PATH_MAX];
};

/* 0, or the exit status after a sentence. */
ACCORD_MUST_USE int accord_git_given(const struct accord_call *call, struct accord_git_given *given);
/* Looks; 0, or the exit status after a sentence. */
ACCORD_MUST_USE int accord_git_find(const struct accord_call *call, const struct accord_git *git,
                                    struct accord_git_found *found);

#endif
