/* Verifying many files on all cores, answered in order. */
#ifndef ACCORD_CLI_VERIFY_FILES_H
#define ACCORD_CLI_VERIFY_FILES_H

#include "base/buffer.h"
#include "base/fs.h"
#include "cli/verify_judge.h"

struct accord_verify_job {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const struct accord_verifier *verifier;
    const struct accord_judge_job *judge;
    const char *proof; /* NULL: each file's own, FILE.tlog-proof */
    const char *const *files;
    size_t count;
};

/* What was found out about one file. The slices borrow from words, the verifier and the job. */
struct accord_outcome {
    const char *file;
    enum accord_status status;
    struct accord_error error;
    struct accord_buffer words; /* owned copies of what follows, since the proof's bytes are gone by now */
    struct accord_bytes vendor, product, version, artifact, platform, log;
    struct accord_bytes title; /* of the vendor */
    uint8_t sha256[ACCORD_HASH_SIZE];
    uint64_t size, sequence, index, tree_size, seen_at, not_before;
    bool closed_log; /* the roster names its last tree: no witness is asked */
    size_t witness_count, vouching_count;
    struct accord_vouching vouching[ACCORD_MEMBERS_MAX];
    struct accord_remembered next; /* for the state; its origin is in words */
    struct accord_buffer story;    /* what the judge found, for a person; may be empty */
    json_t *answer;                /* the same for a program; NULL where it was not asked for, or there is nothing */
    bool discounted[ACCORD_POLICY_WITNESSES_MAX]; /* cosigned, and do not count; also where the quorum is not reached */
};

/* Calls each once for each file, in their order, from the calling thread. ACCORD_NO_MEMORY; what is wrong with a
 * file is in its outcome. */
ACCORD_MUST_USE enum accord_status accord_verify_files(const struct accord_verify_job *job, unsigned threads,
                                                       void (*each)(void *context, struct accord_outcome *outcome),
                                                       void *context, struct accord_error *error);

#endif
