/* Proof of work in a report's statement (docs/protocol.md, "Report"). */
#ifndef ACCORD_CLI_REPORT_WORK_H
#define ACCORD_CLI_REPORT_WORK_H

#include "accord/report.h"

/* Prints the statement so that the SHA-256 of its text begins with so many zero bits; 0: without work. Shows progress.
 * ACCORD_WORK where more bits are asked for than can be worked. */
ACCORD_MUST_USE enum accord_status accord_report_print_worked(struct accord_out *text,
                                                              struct accord_report_claim *claim, unsigned bits,
                                                              const struct accord_crypto *crypto,
                                                              struct accord_error *error);

#endif
