/* The steps that issuing has in common, whether the log is a directory (issue.c) or behind a URL (issue_url.c). */
#ifndef ACCORD_CLI_ISSUE_PARTS_H
#define ACCORD_CLI_ISSUE_PARTS_H

#include "cli/issue.h"
#include "follow/chain.h"

/* What a walk over the log looks for. */
struct accord_survey {
    const struct accord_issue *issue;
    struct accord_chain *chain;
    bool released; /* this product was released before */
    uint64_t highest;
};

/* Walks the first size entries; *survey's chain is the caller's to free, also where this fails. */
ACCORD_MUST_USE enum accord_status accord_issue_survey_log(struct accord_survey *survey, struct accord_reader *reader,
                                                           uint64_t size, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_issue_next_sequence(const struct accord_survey *survey, uint64_t *sequence,
                                                              struct accord_error *error);
/* Prints the statement, has every key sign it, and reads it back as any verifier would. */
ACCORD_MUST_USE enum accord_status accord_issue_make_entry(const struct accord_issue *issue,
                                                           struct accord_issued *issued,
                                                           struct accord_release_claim *claim,
                                                           struct accord_error *error);
/* Proves the entry under issued->checkpoint, of a tree of this size, and verifies the proof: its hashes may be a
 * server's word. */
ACCORD_MUST_USE enum accord_status accord_issue_prove(const struct accord_issue *issue, struct accord_reader *reader,
                                                      uint64_t size, struct accord_issued *issued,
                                                      struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_issue_release_url(const struct accord_issue *issue,
                                                            struct accord_issued *issued, struct accord_error *error);

#endif
