/* A report to one vendor, before it is sent: its key, its salt and seed, its cover, its custody, what its entry will
 * say. */
#ifndef ACCORD_CLI_REPORT_DRAFT_H
#define ACCORD_CLI_REPORT_DRAFT_H

#include "case/parcel.h"
#include "cli/report_custody.h"
#include "cli/report_send.h"

/* A secret; on the heap, and it does not move. */
struct accord_report_draft {
    const struct accord_call *call;
    const struct accord_roster_claim *roster;
    const struct accord_member *member; /* the vendor */
    struct accord_signer *signer;
    uint8_t key_text[512];                             /* the private key's line */
    uint8_t recipients[ACCORD_AGE_RECIPIENTS_MAX][32]; /* the cover's */
    struct accord_report_custody custody;
    struct accord_cover cover;
    struct accord_buffer cover_text;
    struct accord_case_file file;
    struct accord_report_claim claim;
    struct accord_report_sending sending;
    struct accord_entered entered;
};
/* With keys, salt and seed of its own; custody may be of k 0. ACCORD_NOT_A_MEMBER, ACCORD_BAD_KEY where the vendor has
 * no report key that can be sealed to. */
ACCORD_MUST_USE enum accord_status
accord_report_draft_new(struct accord_report_draft **draft, const struct accord_call *call,
                        const struct accord_roster_claim *roster, struct accord_bytes vendor,
                        const struct accord_report_custody *custody, struct accord_error *error);
void accord_report_draft_free(struct accord_report_draft *draft);
/* The cover, from the call's options and these files; group is NULL where it is reported to one vendor alone. */
ACCORD_MUST_USE enum accord_status accord_report_draft_cover(struct accord_report_draft *draft,
                                                             const struct accord_cover *files, const uint8_t *group,
                                                             struct accord_error *error);
uint64_t accord_report_draft_size(const struct accord_report_draft *draft); /* of what will be sealed */
/* Seals it to sending.part_path, and fills the claim, but for its moment, and the case
 * file, but for its log and its entry. */
ACCORD_MUST_USE enum accord_status accord_report_draft_seal(struct accord_report_draft *draft, uint64_t opens,
                                                            struct accord_bytes introduced, struct accord_error *error);

#endif
