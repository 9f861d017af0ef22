/* Opening a log to write, with the key that is its own. */
#ifndef ACCORD_CLI_LOG_OPEN_H
#define ACCORD_CLI_LOG_OPEN_H

#include "cli/accord_dir.h"
#include "cli/command.h"
#include "log/log.h"

struct accord_log_opened {
    char dir[ACCORD_PATH_SIZE];
    struct accord_signer *key; /* NULL where none was given */
    struct accord_log *log;
};

/* Opens the log that the first operand names (waiting for its lock) and key, which may be NULL; the passphrase is that
 * of the command's --passphrase-file. ACCORD_WRONG_KEY where the log's origin is not the key's name. To be freed in
 * either case. */
ACCORD_MUST_USE enum accord_status accord_log_opened_init(struct accord_log_opened *opened,
                                                          const struct accord_call *call, const char *key,
                                                          struct accord_error *error);
void accord_log_opened_free(struct accord_log_opened *opened);

#endif
