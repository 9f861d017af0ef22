/* What an audit found, told: a table for a person, an object for a program. */
#ifndef ACCORD_CLI_AUDIT_REPORT_H
#define ACCORD_CLI_AUDIT_REPORT_H

#include "audit/match.h"
#include "cli/say.h"

struct accord_audit_report {
    const struct accord_call *call;
    json_t *components, *refused; /* with --json */
    struct accord_buffer table;
    const char *document; /* whose components these are */
    uint64_t component_count, clear, blind[ACCORD_AUDIT_REASON_COUNT];
    uint64_t answers[ACCORD_AUDIT_COUNT], unknown[ACCORD_AUDIT_REASON_COUNT];
    uint64_t binary_lists; /* documents that name binary packages only */
    uint64_t vulnerabilities;
    struct accord_feed_tally tally;
};

void accord_audit_report_init(struct accord_audit_report *report, const struct accord_call *call);
void accord_audit_report_free(struct accord_audit_report *report);
/* One component and what was found. ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_audit_report_add(struct accord_audit_report *report,
                                                           const struct accord_component *component,
                                                           const struct accord_match *match,
                                                           struct accord_error *error);
/* An advisory that could not be read. */
void accord_audit_report_refused(struct accord_audit_report *report, const char *place, const struct accord_error *why);
/* Tells all of it; returns exit_status, or 3 where memory ran out. */
ACCORD_MUST_USE int accord_audit_report_tell(struct accord_audit_report *report, int exit_status);

#endif
