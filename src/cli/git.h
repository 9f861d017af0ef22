/* What git keeps, as git itself tells it: never over a network. */
#ifndef ACCORD_CLI_GIT_H
#define ACCORD_CLI_GIT_H

#include "base/buffer.h"
#include "cli/tree.h"

#define ACCORD_GIT_SAID_MAX 1048576

/* A commit of a repository. */
struct accord_git {
    const char *repository;      /* a directory */
    const char *commit;          /* what git takes for one, or NULL */
    const char *tag;             /* a tag's name, or NULL; without either it is HEAD */
    bool signature;              /* the tag's, or where there is none the commit's, must verify, */
    const char *gnupg_home;      /* by a key in this directory, */
    const char *allowed_signers; /* or in this file of ssh keys; NULL: not given */
};

/* What there was. Start with accord_git_found_init. */
struct accord_git_found {
    char commit[65]; /* hexadecimal */
    struct accord_tree files;
    uint8_t tree[ACCORD_HASH_SIZE]; /* their manifest's digest */
    struct accord_buffer
        signer; /* what git says of the signature: a fingerprint, or a principal and a key; may be empty */
};

void accord_git_found_init(struct accord_git_found *found);
void accord_git_found_free(struct accord_git_found *found);
/* ACCORD_NOT_FOUND, ACCORD_UNSIGNED where the signature that is asked for is not there or does not verify,
 * ACCORD_WRONG_SIGNER where a signed tag has another name inside, ACCORD_MALFORMED for a tree with a submodule, whose
 * files the commit does not have, ACCORD_IO. */
ACCORD_MUST_USE enum accord_status accord_git_look(const struct accord_git *git, const struct accord_crypto *crypto,
                                                   struct accord_git_found *found, struct accord_error *error);

#endif
