/* What a monitor has to tell (docs/monitoring.md, "Findings"). */
#ifndef ACCORD_MONITOR_FINDING_H
#define ACCORD_MONITOR_FINDING_H

#include "accord/statement.h"

/* X(NAME, "code", severity, "sentence"): codes are stable; a finding may be less severe than its code, where it says
 * so. */
#define ACCORD_FINDING_LIST(X)                                                                                         \
    /* in a watched name */                                                                                            \
    X(RELEASE, "release", ALERT, "a release that was not expected")                                                    \
    X(ATTEST, "attest", ALERT, "an attestation that was not expected")                                                 \
    X(RECEIPT, "receipt", ALERT, "a receipt that was not expected")                                                    \
    X(REPORT, "report", WARNING, "a flaw is reported to a member")                                                     \
    X(POLICY, "policy", ALERT, "a change of a product's policy")                                                       \
    X(WITHDRAW, "withdraw", ALERT, "a withdrawal that was not expected")                                               \
    X(STATEMENT, "statement", ALERT, "a statement that was not expected")                                              \
    /* of the accord */                                                                                                \
    X(ROSTER, "roster", NOTICE, "a new roster is in force")                                                            \
    X(ROSTER_REFUSED, "roster-refused", WARNING, "a charter or roster that does not follow from what is in force")     \
    X(ROSTER_CONFLICT, "roster-conflict", ALERT, "the log's roster is not the one of the trust file")                  \
    /* statements that break the rules */                                                                              \
    X(MALFORMED, "malformed", WARNING, "a statement that does not follow its grammar")                                 \
    X(SIGNATURE, "signature", WARNING, "a statement that is not signed as the roster asks")                            \
    /* what did not come */                                                                                            \
    X(CURRENT_OVERDUE, "current-overdue", WARNING, "the `current` statement of a product has not come")                \
    X(DEMAND_OVERDUE, "demand-overdue", WARNING, "a member has not said again what legal demands it received")         \
    X(REPORT_SILENT, "report-silent", WARNING, "a report has had no receipt in time")                                  \
    X(REPORT_OVERDUE, "report-overdue", WARNING, "a flaw that was reported should have been fixed by now")             \
    X(REPORT_EXPLOITED, "report-exploited", ALERT, "a flaw that was reported, and not fixed, is exploited")            \
    X(REPORT_OPEN, "report-open", ALERT, "a flaw that was reported, and not fixed, may be known to everybody")         \
    X(REPORTS_MANY, "reports-many", WARNING, "there are more reports than a monitor follows")                          \
    /* of the log */                                                                                                   \
    X(CHECKPOINT, "checkpoint", ALERT, "a checkpoint that cannot be accepted")                                         \
    X(QUORUM, "quorum", ALERT, "a checkpoint without the quorum of its witnesses")                                     \
    X(INCONSISTENT, "inconsistent", ALERT, "a checkpoint that contradicts the one seen before")                        \
    X(ROLLBACK, "rollback", ALERT, "the log has gone back")                                                            \
    X(CORRUPT, "corrupt", ALERT, "entries or tiles that are not those of the signed tree")                             \
    X(STALE, "stale", WARNING, "no quorum has vouched for the log for too long")                                       \
    /* of witnesses */                                                                                                 \
    X(WITNESS_SILENT, "witness-silent", WARNING, "a witness has not cosigned for too long")                            \
    X(SPLIT_VIEW, "split-view", ALERT, "a witness was shown another tree")                                             \
    X(WITNESS_AHEAD, "witness-ahead", WARNING, "a witness saw a tree that the log does not show")                      \
    X(WITNESS_VIEW, "witness-view", WARNING, "what a witness shows cannot be used")

enum accord_severity { ACCORD_SEVERITY_NOTICE, ACCORD_SEVERITY_WARNING, ACCORD_SEVERITY_ALERT };

#define ACCORD_FINDING_ENUM(name, code, severity, sentence) ACCORD_FINDING_##name,
enum accord_finding_code { ACCORD_FINDING_LIST(ACCORD_FINDING_ENUM) ACCORD_FINDING_COUNT };
#undef ACCORD_FINDING_ENUM

#define ACCORD_FINDING_SENTENCE_SIZE 768

struct accord_finding {
    enum accord_finding_code code;
    enum accord_severity severity;
    bool has_index; /* it is about one entry: index and leaf */
    uint64_t index;
    uint8_t leaf[ACCORD_HASH_SIZE];
    char subject[256];                           /* the vendor, the witness; empty where it is the log itself */
    char sentence[ACCORD_FINDING_SENTENCE_SIZE]; /* printable ASCII, whatever the log holds */
    const char *evidence;                        /* a path, or NULL */
};

/* Whoever is told; a status ends the run, and what was told last will be told again. */
struct accord_finding_sink {
    void *context;
    enum accord_status (*take)(void *context, const struct accord_finding *finding, struct accord_error *error);
};

const char *accord_finding_name(enum accord_finding_code code);     /* "split-view" */
const char *accord_finding_sentence(enum accord_finding_code code); /* "a witness was shown another tree" */
const char *accord_severity_name(enum accord_severity severity);    /* "alert" */

/* Begins a finding with its code's severity and sentence. */
void accord_finding_begin(struct accord_finding *finding, enum accord_finding_code code, struct accord_bytes subject);
/* Appends to the sentence; what is not printable ASCII becomes '?', what does not fit is left out. */
__attribute__((format(printf, 2, 3))) void accord_finding_say(struct accord_finding *finding, const char *format, ...);
/* Appends what an error says, without the words of its rule where found and expected say more. */
void accord_finding_blame(struct accord_finding *finding, const struct accord_error *error);

#endif
