/* An accord's directory: public/ is its log, private/ its key and state, never served. */
#ifndef ACCORD_CLI_ACCORD_DIR_H
#define ACCORD_CLI_ACCORD_DIR_H

#include "accord/roster.h"
#include "base/buffer.h"
#include "base/fs.h"
#include "keys/key.h"

#define ACCORD_PATH_SIZE 4096

struct accord_dir {
    char log[ACCORD_PATH_SIZE];       /* DIR/public */
    char log_key[ACCORD_PATH_SIZE];   /* DIR/private/log.key */
    char demo[ACCORD_PATH_SIZE];      /* what DIR/private/demo says: the directory of the demo's keys; empty without */
    char witnesses[ACCORD_PATH_SIZE]; /* DIR/private/witnesses.db: the memory of the demo's witnesses */
};

/* Joins with slashes; name may be NULL. ACCORD_TOO_LARGE where it does not fit. */
ACCORD_MUST_USE enum accord_status accord_path_join(char path[ACCORD_PATH_SIZE], const char *dir, const char *name,
                                                    const char *file, struct accord_error *error);
/* ACCORD_NOT_FOUND where location has no private half: then one can read this log, not write it. */
ACCORD_MUST_USE enum accord_status accord_dir_open(struct accord_dir *dir, const struct accord_fs *fs,
                                                   const char *location, struct accord_error *error);

/* Open keys of many. */
struct accord_keyring {
    size_t count;
    struct accord_signer *signers[ACCORD_MEMBERS_MAX];
};
/* Opens the witness keys of the roster's members as far as they lie in DIRECTORY/DOMAIN/witness.key, or, where that is
 * the key of another roster, in witness-2.key to witness-9.key; members without one are passed over: the quorum decides
 * whether that matters. */
ACCORD_MUST_USE enum accord_status accord_keyring_witnesses(struct accord_keyring *keyring, const struct accord_fs *fs,
                                                            const char *directory,
                                                            const struct accord_roster_claim *roster,
                                                            struct accord_error *error);
void accord_keyring_free(struct accord_keyring *keyring);

#endif
