/* `accord verify --current LOG`: what a log holds of the products that are verified, as a bundle for the judge. */
#ifndef ACCORD_CLI_VERIFY_LOG_H
#define ACCORD_CLI_VERIFY_LOG_H

#include "accord/verify.h"
#include "base/buffer.h"
#include "cli/command.h"

/* Walks the log once, and appends to *bundle proofs of the newest `current`, of the policies, and of the withdrawals
 * since, of each product that the proofs of the call's FILEs name; nothing where they name none that can be read.
 * Nothing of it is believed: it is put before the judge like any bundle. */
ACCORD_MUST_USE enum accord_status accord_verify_log(const struct accord_call *call,
                                                     const struct accord_verifier *verifier, const char *location,
                                                     struct accord_buffer *bundle, struct accord_error *error);

#endif
