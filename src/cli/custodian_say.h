/* Saying what a custodian has to say in a case: its share, or that it was given a wrong one. */
#ifndef ACCORD_CLI_CUSTODIAN_SAY_H
#define ACCORD_CLI_CUSTODIAN_SAY_H

#include "case/custodian.h"
#include "cli/case_call.h"

/* Logs it, and a tick. The log is read again for it: what is not due by that docket, too, is refused (ACCORD_NOT_DUE).
 * Start with accord_entered_init. */
ACCORD_MUST_USE enum accord_status accord_custodian_say(const struct accord_call *call, struct accord_enter *enter,
                                                        struct accord_bytes member,
                                                        const struct accord_docket_case *found,
                                                        const struct accord_custodian_share *share,
                                                        struct accord_entered *entered, struct accord_error *error);

#endif
