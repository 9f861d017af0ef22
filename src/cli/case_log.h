/* The cases of a log, as the commands get at them: all of it is read, its tree and its quorum are verified, and the
 * docket is judged at the newest checkpoint. */
#ifndef ACCORD_CLI_CASE_LOG_H
#define ACCORD_CLI_CASE_LOG_H

#include "case/docket.h"
#include "case/words.h"
#include "cli/command.h"

/* The newest checkpoint of a walk whose chain is whole: what is now, and what an entry may carry. */
struct accord_case_now {
    struct accord_buffer checkpoint; /* as the log has it; trimmed so that an entry holds it */
    struct accord_checkpoint_claim claim;
    uint64_t time; /* of its quorum */
};
void accord_case_now_init(struct accord_case_now *now);
void accord_case_now_free(struct accord_case_now *now);
/* Takes the reader's newest checkpoint; nothing is verified. */
ACCORD_MUST_USE enum accord_status accord_case_now_read(struct accord_case_now *now, struct accord_reader *reader,
                                                        struct accord_error *error);
/* Asks the quorum of the chain's roster for it, less whom kept (which may be NULL) distrusts, sets the time, and trims
 * it. */
ACCORD_MUST_USE enum accord_status accord_case_now_verify(struct accord_case_now *now, const struct accord_chain *chain,
                                                          const struct accord_trust_claim *kept,
                                                          struct accord_error *error);
struct accord_case_log {
    struct accord_reader *reader;
    struct accord_chain *chain;
    struct accord_docket *docket;
    struct accord_case_now now;
    struct accord_buffer trust_bytes;
    struct accord_trust_claim trust; /* where has_trust */
    bool has_trust;
};
/* Reads the log at location (a directory or a URL); trust (a trust file's path, or NULL) says whose charter it has to
 * be. Shows progress. To be freed in either case. ACCORD_LOG_CORRUPT where the entries are not those of the tree,
 * ACCORD_EVIDENCE, ACCORD_CHAIN, ACCORD_QUORUM, ... */
ACCORD_MUST_USE enum accord_status accord_case_log_open(struct accord_case_log *log, const struct accord_call *call,
                                                        const char *location, const char *trust,
                                                        const struct accord_docket_filter *filter,
                                                        struct accord_error *error);
/* The same; each entry is shown to see as well, which may be NULL, with the chain as it is there. */
struct accord_case_log_seen {
    void *context;
    enum accord_status (*see)(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error);
};
ACCORD_MUST_USE enum accord_status accord_case_log_walk(struct accord_case_log *log, const struct accord_call *call,
                                                        const char *location, const char *trust,
                                                        const struct accord_docket_filter *filter,
                                                        const struct accord_case_log_seen *seen,
                                                        struct accord_error *error);
void accord_case_log_free(struct accord_case_log *log);

/* Says how many cases found no room in a docket, where any did. */
void accord_case_tell_left_out(const struct accord_call *call, const struct accord_docket *docket);
/* What a person gives to name a case, as a filter: so that a log full of others is no hindrance. index has to live as
 * long as the filter is used. */
struct accord_docket_filter accord_case_named(const char *text, uint64_t *index);
bool accord_case_is_named(const uint8_t id[ACCORD_HASH_SIZE], uint64_t index, const struct accord_docket_filter *named);
/* Finds a case by what a person gives: at least eight digits of its digest, with or without `sha256:`, or the index of
 * its report. ACCORD_NOT_FOUND, ACCORD_DUPLICATE where several begin so. */
ACCORD_MUST_USE enum accord_status accord_case_find(const struct accord_docket *docket, const char *text,
                                                    const struct accord_docket_case **found,
                                                    struct accord_error *error);
/* The directory of a log's mailbox, where location is a directory. */
ACCORD_MUST_USE enum accord_status accord_case_mailbox(const struct accord_fs *fs, const char *location, char *path,
                                                       size_t size, struct accord_error *error);

#endif
