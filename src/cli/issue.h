/* Issuing a release: the statement, its signatures, its place in the accord's log, its proof. */
#ifndef ACCORD_CLI_ISSUE_H
#define ACCORD_CLI_ISSUE_H

#include "cli/enter.h"
#include "cli/product_view.h"

/* What is to be released, by whom, where. */
struct accord_issue {
    struct accord_enter enter;        /* for a statement alone its location is any LOG */
    struct accord_product_view *view; /* of its vendor and product; empty */
    struct accord_bytes version;
    bool sequence_given;
    uint64_t sequence; /* otherwise the highest in the log, plus 1 */
    const struct accord_artifact *artifacts;
    size_t artifact_count;
    const struct accord_release_stage *stages; /* the attestations that it names, and their proofs: */
    const struct accord_buffer *stage_proofs;
    size_t stage_count;
};

/* What came of it. Start with accord_issued_init. */
struct accord_issued {
    uint64_t sequence;
    struct accord_entered entered;
    struct accord_buffer bundle; /* what whoever verifies needs besides the proof; empty where that is nothing */
};

void accord_issued_init(struct accord_issued *issued);
void accord_issued_free(struct accord_issued *issued);

/* Signs the statement and logs nothing; nobody is asked whether the keys are the vendor's. */
ACCORD_MUST_USE enum accord_status accord_issue_statement(const struct accord_issue *issue,
                                                          struct accord_issued *issued, struct accord_error *error);
/* Logs the release: refuses keys that are not the vendor's (the refusals of accord_release_verify) before anything is
 * appended, and publishes only what the roster's quorum cosigned. */
ACCORD_MUST_USE enum accord_status accord_issue_release(const struct accord_issue *issue, struct accord_issued *issued,
                                                        struct accord_error *error);

#endif
