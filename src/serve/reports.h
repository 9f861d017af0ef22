/* The reports that a log has, as whoever serves it needs to know them: who may answer in a case, which sealed reports
 * its mailbox waits for, and how many more are taken. Derived from the log. From any thread. */
#ifndef ACCORD_SERVE_REPORTS_H
#define ACCORD_SERVE_REPORTS_H

#include "accord/report.h"

/* What CONFIG's mailbox line asks. The zero value asks nothing. */
struct accord_reports_terms {
    uint64_t limit;         /* octets of a sealed report; 0: any */
    unsigned work;          /* zero bits */
    uint64_t rate, seconds; /* so many reports in so many seconds; 0: any */
    bool introduced;        /* only what a member introduces */
};

struct accord_reports;
ACCORD_MUST_USE enum accord_status accord_reports_new(struct accord_reports **reports,
                                                      const struct accord_crypto *crypto, struct accord_error *error);
void accord_reports_free(struct accord_reports *reports);
void accord_reports_set(struct accord_reports *reports, const struct accord_reports_terms *terms);
void accord_reports_terms(struct accord_reports *reports, struct accord_reports_terms *terms);

/* Forgets all: the log is read anew. */
void accord_reports_clear(struct accord_reports *reports);
/* This entry of a case is in the log at this index; what is none of a case is passed over. *is_report: so it is.
 * ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_reports_learn(struct accord_reports *reports, uint64_t index,
                                                        struct accord_bytes entry, bool *is_report,
                                                        struct accord_error *error);
/* Is it an entry of a case: report, answer or tick? */
bool accord_reports_recognize(struct accord_bytes entry);

/* May it be logged by this roster, under the checkpoint of the log with this origin, now (POSIX seconds)? It is a form
 * that parses, signed as it must be; its checkpoint is of this log, with the roster's quorum; its time is within a day.
 * A report meets the terms, or is introduced; an answer is to a case of this log; a tick covers an entry that none
 * covers. The refusals of the parsers, accord_report_verify and accord_answer_verify, and ACCORD_UNKNOWN_LOG,
 * ACCORD_QUORUM, ACCORD_CLOCK, ACCORD_TOO_LARGE, ACCORD_WORK, ACCORD_BUSY, ACCORD_CASE, ACCORD_EXISTS. */
struct accord_reports_log {
    const struct accord_roster_claim *roster;
    struct accord_bytes origin; /* empty: any log of the roster */
    uint64_t now, now_us;       /* now_us: of accord_monotonic_us */
};
ACCORD_MUST_USE enum accord_status accord_reports_judge(struct accord_reports *reports,
                                                        const struct accord_reports_log *log, struct accord_bytes entry,
                                                        struct accord_error *error);

/* Does a report of this log announce these octets? *size: so many at most. */
bool accord_reports_await(struct accord_reports *reports, const uint8_t digest[ACCORD_HASH_SIZE], uint64_t *size);

#endif
