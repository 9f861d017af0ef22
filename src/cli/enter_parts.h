/* The steps that entering has in common, whether the log is a directory (enter.c) or behind a URL (enter_url.c). */
#ifndef ACCORD_CLI_ENTER_PARTS_H
#define ACCORD_CLI_ENTER_PARTS_H

#include "cli/enter.h"

/* Walks the first size entries: the chain, and what the plan wants to see. The chain is the caller's to free, also
 * where this fails. */
ACCORD_MUST_USE enum accord_status accord_enter_survey(const struct accord_enter *enter,
                                                       const struct accord_enter_plan *plan,
                                                       struct accord_reader *reader, uint64_t size,
                                                       struct accord_chain **chain, struct accord_error *error);
/* Makes the text, has every key sign it, and has the plan judge it; roster is NULL where nothing is to be logged. */
ACCORD_MUST_USE enum accord_status accord_enter_make(const struct accord_enter *enter,
                                                     const struct accord_enter_plan *plan,
                                                     const struct accord_roster_claim *roster,
                                                     struct accord_entered *entered, struct accord_error *error);
/* What comes when the entry is public, in a tree of this size: its proof, and what the plan does then. */
ACCORD_MUST_USE enum accord_status accord_enter_finish(const struct accord_enter *enter,
                                                       const struct accord_enter_plan *plan,
                                                       struct accord_reader *reader, uint64_t size,
                                                       struct accord_entered *entered, struct accord_error *error);
struct accord_dir; /* accord_dir.h */
struct accord_log; /* log/log.h */
/* Signs the log as it is, has the demo's witnesses cosign, asks the roster's quorum, publishes: entered->checkpoint. */
ACCORD_MUST_USE enum accord_status accord_enter_publish(const struct accord_enter *enter, const struct accord_dir *dir,
                                                        struct accord_log *log,
                                                        const struct accord_roster_claim *roster,
                                                        struct accord_entered *entered, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_enter_log_url(const struct accord_enter *enter,
                                                        const struct accord_enter_plan *plan,
                                                        struct accord_entered *entered, struct accord_error *error);

#endif
