/* The advisories of a log, as the commands get at them: all of it is read, its tree and its quorum are verified. */
#ifndef ACCORD_CLI_ADVISORY_LOG_H
#define ACCORD_CLI_ADVISORY_LOG_H

#include "advisory/board.h"
#include "advisory/view.h"
#include "cli/case_log.h"

struct accord_advisory_log {
    struct accord_case_log log; /* with its docket, whose clock gives the times */
    struct accord_board *board;
};
/* As accord_case_log_open. To be freed in either case. */
ACCORD_MUST_USE enum accord_status accord_advisory_log_open(struct accord_advisory_log *advisories,
                                                            const struct accord_call *call, const char *location,
                                                            const char *trust, const struct accord_board_filter *filter,
                                                            struct accord_error *error);
void accord_advisory_log_free(struct accord_advisory_log *advisories);

/* A view and what it names. */
struct accord_advisory_sight {
    struct accord_advisory_view view;
    struct accord_advisory_claim *claim;
    struct accord_view_revision *revisions;
    struct accord_view_release *releases;
    struct accord_buffer *entries; /* of the releases */
};
/* To be freed in either case. */
ACCORD_MUST_USE enum accord_status accord_advisory_see(struct accord_advisory_sight *sight,
                                                       struct accord_advisory_log *advisories,
                                                       const struct accord_board_advisory *advisory,
                                                       struct accord_error *error);
/* The same of a draft, an entry that lives as long: it is not logged, and time is when it would be. */
ACCORD_MUST_USE enum accord_status accord_advisory_see_draft(struct accord_advisory_sight *sight,
                                                             struct accord_advisory_log *advisories,
                                                             struct accord_bytes entry, uint64_t time,
                                                             struct accord_error *error);
void accord_advisory_sight_free(struct accord_advisory_sight *sight);

/* Finds an advisory by `ID` or `VENDOR/ID`. ACCORD_NOT_FOUND, ACCORD_DUPLICATE where several vendors have one. */
ACCORD_MUST_USE enum accord_status accord_advisory_find(const struct accord_board *board, const char *text,
                                                        const struct accord_board_advisory **found,
                                                        struct accord_error *error);

#endif
