/* What is asked of an advisory before it is logged, beyond its grammar: that what it says can be acted upon. */
#ifndef ACCORD_CLI_ADVISORY_CHECK_H
#define ACCORD_CLI_ADVISORY_CHECK_H

#include "advisory/board.h"

/* Each release that it names is in the log, the newest of its product and version (ACCORD_NOT_FOUND); each product's
 * order is known, and each range can be decided by it (ACCORD_MALFORMED). With the line, the product and what was
 * found. */
ACCORD_MUST_USE enum accord_status accord_advisory_check(const struct accord_advisory_claim *advisory,
                                                         struct accord_board *board, struct accord_error *error);

#endif
