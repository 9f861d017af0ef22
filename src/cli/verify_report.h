/* What `accord verify` says of one file. */
#ifndef ACCORD_CLI_VERIFY_REPORT_H
#define ACCORD_CLI_VERIFY_REPORT_H

#include "cli/verify_files.h"

#include <jansson.h>

/* Appends a few lines for a person; what does not fit the buffer's maximum is left out. */
void accord_outcome_print(const struct accord_outcome *outcome, const struct accord_verifier *verifier,
                          struct accord_buffer *text);
/* The same for a program. The caller owns the value; NULL where memory ran out. */
json_t *accord_outcome_json(const struct accord_outcome *outcome, const struct accord_verifier *verifier);

#endif
