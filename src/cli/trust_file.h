/* The trust file of whoever verifies. */
#ifndef ACCORD_CLI_TRUST_FILE_H
#define ACCORD_CLI_TRUST_FILE_H

#include "accord/verify.h"
#include "base/buffer.h"
#include "base/fs.h"

struct accord_trust_file {
    char path[4096];
    struct accord_buffer bytes;
    uint8_t *policy_text;
    struct accord_verifier *verifier; /* borrows from both */
};

/* Where it is: given, which may be NULL; else $ACCORD_TRUST; else accord/trust in $XDG_CONFIG_HOME or ~/.config. Never
 * in the current directory: whoever packed the file may have packed that too. False where none of these is set. */
ACCORD_MUST_USE bool accord_trust_file_find(struct accord_trust_file *file, const char *given);
/* Reads the one at path and makes the verifier. To be freed in either case. */
ACCORD_MUST_USE enum accord_status accord_trust_file_open(struct accord_trust_file *file, const struct accord_fs *fs,
                                                          const struct accord_crypto *crypto,
                                                          struct accord_error *error);
void accord_trust_file_free(struct accord_trust_file *file);

#endif
