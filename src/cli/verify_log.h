/* `accord verify --current LOG`: what a log holds of the products that are verified, as a bundle for the judge. */
#ifndef ACCORD_CLI_VERIFY_LOG_H
#define ACCORD_CLI_VERIFY_LOG_H

#include "cli/command.h"
#include "cli/verify_judge.h"

#define ACCORD_VERIFY_LOG_PRODUCTS_MAX 32

/* Walks the log once, and gives for each product that the proofs of the call's FILEs name a bundle: the newest
 * `current`, the policies, and the withdrawals that it does not have. *given has room for
 * ACCORD_VERIFY_LOG_PRODUCTS_MAX; *count says how many there are, also where it fails; the caller frees their bytes.
 * All of the log was read, under a checkpoint that the verifier accepts; what the entries mean is not believed: they
 * are put before the judge like any bundle. */
ACCORD_MUST_USE enum accord_status accord_verify_log(const struct accord_call *call,
                                                     const struct accord_verifier *verifier, const char *location,
                                                     struct accord_given *given, size_t *count,
                                                     struct accord_error *error);

#endif
