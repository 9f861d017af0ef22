/* Custodians of a report: who they are, and their shares of the key that opens it. */
#ifndef ACCORD_CLI_REPORT_CUSTODY_H
#define ACCORD_CLI_REPORT_CUSTODY_H

#include "accord/report.h"
#include "cli/command.h"

/* The lines of a report's custody. The claim's slices borrow from here and from the roster. */
struct accord_report_custody {
    unsigned k;
    size_t count;                          /* N */
    size_t members[ACCORD_CUSTODIANS_MAX]; /* places in the roster */
    uint8_t recipient[32];                 /* that the shares open */
    char recipient_text[63];
    uint8_t share[ACCORD_CUSTODIANS_MAX][700]; /* base64 of the sealed shares */
    size_t share_size[ACCORD_CUSTODIANS_MAX];
    uint8_t coefficients[ACCORD_CUSTODIANS_MAX][32];
};
/* Reads --custodians K/N and --custodian DOMAIN..., and picks the members: those that were named, or N from as many
 * jurisdictions as there are, in the order of the roster; none to whom the report goes. k stays 0 without the option.
 * 0, or the exit status after a sentence. */
ACCORD_MUST_USE int accord_report_custodians(const struct accord_call *call, const struct accord_roster_claim *roster,
                                             struct accord_report_custody *custody);
/* Makes a new secret, and seals its shares, for the report with this key (a vkey). */
ACCORD_MUST_USE enum accord_status accord_report_share(const struct accord_roster_claim *roster,
                                                       struct accord_report_custody *custody, struct accord_bytes key,
                                                       struct accord_error *error);
/* Fills the claim's custody. */
void accord_report_custody_fill(const struct accord_roster_claim *roster, const struct accord_report_custody *custody,
                                struct accord_report_claim *claim);

#endif
