/* A report on its way into a log and its mailbox, so that it can go on wherever it was cut off: first the case file,
 * then the entry, then what was sealed, then the tick that begins its clock. */
#ifndef ACCORD_CLI_REPORT_SEND_H
#define ACCORD_CLI_REPORT_SEND_H

#include "case/case_file.h"
#include "cli/accord_dir.h"
#include "cli/command.h"
#include "cli/enter.h"

enum accord_report_entry {
    ACCORD_REPORT_FRESH, /* claim becomes an entry, and the case file is made */
    ACCORD_REPORT_SAME,  /* the case file's entry as it is */
    ACCORD_REPORT_AGAIN  /* that one is too old to count: claim, parsed from it, becomes another, in its place */
};

struct accord_report_sending {
    const struct accord_call *call;
    const struct accord_enter *enter; /* without keys and signer */
    const char *const *introduce;     /* the member's key, or NULL */
    char case_path[ACCORD_PATH_SIZE], sealed_path[ACCORD_PATH_SIZE], part_path[ACCORD_PATH_SIZE];
    struct accord_bytes passphrase; /* of the case file; may be empty */
    struct accord_case_file *file;  /* what it holds; its entry is filled here */
    const struct accord_signer *signer;
    struct accord_report_claim *claim; /* FRESH, AGAIN */
    unsigned work;                     /* zero bits */
    uint64_t number, made_ns;          /* FRESH: which file lies at part_path */
    /* What came of it: */
    bool in_log; /* it is there, at index, although it was refused as a duplicate: perhaps nobody published it */
    uint64_t index, time, opens, silent;
    uint8_t id[ACCORD_HASH_SIZE];
};
/* NAME.accord-case, NAME.age, NAME.age.part. ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status accord_report_paths(struct accord_report_sending *sending, const char *name,
                                                       struct accord_error *error);
/* Logs it, and waits for its quorum. */
ACCORD_MUST_USE enum accord_status accord_report_enter(struct accord_report_sending *sending,
                                                       enum accord_report_entry how, struct accord_entered *entered,
                                                       struct accord_error *error);
/* Uploads what was sealed; where that is gone, the mailbox has to have it. */
ACCORD_MUST_USE enum accord_status accord_report_upload(const struct accord_report_sending *sending,
                                                        struct accord_error *error);
/* Logs the tick under the checkpoint in entered. */
ACCORD_MUST_USE enum accord_status accord_report_tick(const struct accord_report_sending *sending,
                                                      const struct accord_entered *entered, struct accord_error *error);

#endif
