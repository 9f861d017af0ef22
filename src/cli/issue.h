/* Issuing a release: the statement, its signatures, its place in the accord's log, its proof. */
#ifndef ACCORD_CLI_ISSUE_H
#define ACCORD_CLI_ISSUE_H

#include "accord/release.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/fs.h"

struct accord_network; /* network.h */

/* What is to be released, by whom, where. */
struct accord_issue {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_clock *clock;
    const struct accord_network *network; /* NULL where location is a directory */
    const char *location;                 /* the accord's directory, or its log's URL; for a statement alone any LOG */
    uint64_t timeout_ms;                  /* how long to wait for a log behind a URL to publish */
    void (*waiting)(void *context);       /* called once where that takes a while; may be NULL */
    void *waiting_context;
    struct accord_bytes vendor, product, version;
    const char *const *keys; /* what accord_signer_open takes */
    size_t key_count;
    const char *passphrase_file; /* may be NULL */
    bool sequence_given;
    uint64_t sequence; /* otherwise the highest in the log, plus 1 */
    const struct accord_artifact *artifacts;
    size_t artifact_count;
};

/* What came of it. Start with accord_issued_init. */
struct accord_issued {
    uint64_t sequence, index;
    bool appended; /* the entry is in the log at index, whatever came after */
    size_t witness_count;
    struct accord_buffer entry, checkpoint, proof;
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
