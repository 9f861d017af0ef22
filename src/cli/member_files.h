/* What the commands of `accord member` share: the accord as its log has it, and statements in files that travel. */
#ifndef ACCORD_CLI_MEMBER_FILES_H
#define ACCORD_CLI_MEMBER_FILES_H

#include "cli/command.h"
#include "follow/chain.h"
#include "keys/key.h"

/* The accord of the log that --accord names, every roster judged. */
struct accord_member_log {
    struct accord_chain *chain;
    struct accord_checkpoint last; /* its newest, accepted by the newest roster: where dated */
    uint64_t time;                 /* of its quorum */
    uint8_t origin[ACCORD_ORIGIN_SIZE_MAX];
};
/* Start with zeros; to be freed in either case. dated: *log's last and time are asked for. */
ACCORD_MUST_USE enum accord_status accord_member_log_open(struct accord_member_log *log, const struct accord_call *call,
                                                          const char *location, bool dated, struct accord_error *error);
/* The same with the rosters judged by their signatures alone, as whoever writes to a log reads it: the newest one may
 * not have its enactment yet. */
ACCORD_MUST_USE enum accord_status accord_member_log_walk(struct accord_member_log *log, const struct accord_call *call,
                                                          const char *location, struct accord_error *error);
void accord_member_log_free(struct accord_member_log *log);
/* The last checkpoint of another log, as this roster accepts it: *origin (of ACCORD_ORIGIN_SIZE_MAX) keeps its name. */
ACCORD_MUST_USE enum accord_status accord_member_last(const struct accord_call *call,
                                                      const struct accord_roster_claim *roster, const char *location,
                                                      struct accord_checkpoint *last, uint64_t *time, uint8_t *origin,
                                                      struct accord_error *error);

/* A statement in a file, signed or not yet: whole parses as a note in either case. */
struct accord_member_file {
    const char *path;
    struct accord_buffer bytes; /* as in the file; may have no signature line */
    struct accord_buffer whole; /* with a line of nobody's, where there is none */
    struct accord_bytes text;
    struct accord_bytes kind;
};
ACCORD_MUST_USE enum accord_status accord_member_file_read(struct accord_member_file *file,
                                                           const struct accord_call *call, const char *path,
                                                           struct accord_error *error);
/* Begins one from a text, without signatures. */
ACCORD_MUST_USE enum accord_status accord_member_file_begin(struct accord_member_file *file, struct accord_bytes text,
                                                            struct accord_error *error);
void accord_member_file_free(struct accord_member_file *file);
/* Adds the signature of one key, if it has not signed yet; parses the file anew. */
ACCORD_MUST_USE enum accord_status
accord_member_file_add(struct accord_member_file *file, const struct accord_signer *signer, struct accord_error *error);
/* Adds a signature by each key of the option --key that has not signed yet; parses the file anew. */
ACCORD_MUST_USE enum accord_status accord_member_file_sign(struct accord_member_file *file,
                                                           const struct accord_call *call, size_t *added,
                                                           struct accord_error *error);
/* Adds the signature lines of from, whose text must be the same, that are not there yet; those of the roster's keys
 * only where they are right. */
ACCORD_MUST_USE enum accord_status accord_member_file_merge(struct accord_member_file *file,
                                                            const struct accord_member_file *from,
                                                            const struct accord_roster_claim *roster,
                                                            const struct accord_call *call, struct accord_error *error);

#endif
