/* Bringing something into a case: an answer, made for where the case stands, judged as everybody will judge it, logged,
 * and followed by a tick, so that its time counts. */
#ifndef ACCORD_CLI_CASE_CALL_H
#define ACCORD_CLI_CASE_CALL_H

#include "case/case_file.h"
#include "cli/case_log.h"
#include "cli/enter.h"

/* What is to be said. */
struct accord_case_saying {
    const struct accord_call *call;
    struct accord_enter *enter; /* from accord_enter_call; its keys, and its signer, sign */
    const char *name;           /* the case, as accord_case_find takes it */
    struct accord_bytes by;     /* a domain, or "reporter" */
    void *context;
    /* Fills the kind, and what is the kind's own; case, by, previous and moment are filled already. The docket is
     * judged. May refuse. */
    enum accord_status (*fill)(void *context, const struct accord_docket *docket,
                               const struct accord_docket_case *found, struct accord_answer_claim *answer,
                               struct accord_error *error);
};
/* Start with accord_entered_init. What would be passed over is refused here, and nothing is logged. A tick that could
 * not be logged is told to the person, and no refusal. */
ACCORD_MUST_USE enum accord_status accord_case_say(const struct accord_case_saying *saying,
                                                   struct accord_entered *entered, struct accord_error *error);
/* Logs a tick under the checkpoint that an entry got, signed as enter says. Nothing where the log has one that covers
 * it. */
ACCORD_MUST_USE enum accord_status accord_case_tick(const struct accord_enter *enter,
                                                    const struct accord_entered *entered, struct accord_error *error);
/* Reads the case file of a call's option --case, with --passphrase-file: the signer and the case's name (the digest of
 * its entry, as text). */
struct accord_case_reporter {
    struct accord_case_file file;
    struct accord_signer *signer;
    char name[72];
};
ACCORD_MUST_USE enum accord_status accord_case_reporter_open(struct accord_case_reporter *reporter,
                                                             const struct accord_call *call, const char *path,
                                                             struct accord_error *error);
void accord_case_reporter_free(struct accord_case_reporter *reporter);

/* A date: `2026-12-24` (its beginning, UTC), POSIX seconds, or a duration from base, like 14d. */
ACCORD_MUST_USE bool accord_case_when(const char *text, uint64_t base, uint64_t *time);

#endif
