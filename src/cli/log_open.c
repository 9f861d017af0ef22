/* Opening a log to write. It knows that a log's origin is its key's name, and leaves the rest to log/. */
#include "cli/log_open.h"

#include "keys/checkpoint.h"
#include "log/reader.h"

enum accord_status accord_log_opened_init(struct accord_log_opened *opened, const struct accord_call *call,
                                          const char *key, struct accord_error *error)
{
    *opened = (struct accord_log_opened){0};
    enum accord_status status = accord_log_locate(call->fs, call->operands[0], opened->dir, sizeof opened->dir, error);
    if (status == ACCORD_OK && key != NULL) {
        status = accord_signer_open(&opened->key, call->fs, key, accord_call_value(call, "passphrase-file"), error);
    }
    if (status == ACCORD_OK) {
        status = accord_log_open(&opened->log, call->fs, call->crypto, opened->dir, true, error);
    }
    if (status == ACCORD_OK && key != NULL) {
        status = accord_checkpoint_origin_check(opened->key, accord_log_checkpoint(opened->log), error);
    }
    return status;
}

void accord_log_opened_free(struct accord_log_opened *opened)
{
    if (opened->log != NULL) {
        accord_log_close(opened->log);
    }
    if (opened->key != NULL) {
        accord_signer_free(opened->key);
    }
}
