/* Founding an accord: the members file, their keys, the charter and the first roster. */
#ifndef ACCORD_CLI_FOUNDING_H
#define ACCORD_CLI_FOUNDING_H

#include "accord/roster.h"
#include "base/buffer.h"
#include "base/fs.h"
#include "keys/key.h"

#define ACCORD_FOUNDING_ROLES 6 /* release, stage, witness, report, current, receipt */

/* One founder: a line of the members file. Texts borrow from the file's bytes, or from the founding's key texts. */
struct accord_founder {
    struct accord_bytes title, domain, jurisdiction;
    struct accord_bytes keys[ACCORD_FOUNDING_ROLES]; /* by accord_key_role - 1; may be empty */
};

/* Zeroed, then filled by accord_founding_read; freed by accord_founding_free. */
struct accord_founding {
    struct accord_bytes name;
    unsigned quorum_jurisdictions, quorum_witnesses, admit;
    size_t count;
    size_t jurisdiction_count; /* those with at least quorum_witnesses members */
    struct accord_founder founders[ACCORD_MEMBERS_MAX];
    struct accord_signer *signers[ACCORD_MEMBERS_MAX]; /* of the founders' release keys */
    struct accord_buffer key_texts[ACCORD_MEMBERS_MAX][ACCORD_FOUNDING_ROLES];
};

/* Parses a members file: `name <tab> domain <tab> jurisdiction` a line, and for a real accord four to six more
 * columns: release, stage and witness vkeys, report recipient, current and receipt vkeys. Lines that begin with '#' and
 * empty lines are passed over. */
ACCORD_MUST_USE enum accord_status accord_founding_read(struct accord_founding *founding, struct accord_bytes file,
                                                        struct accord_error *error);
/* Fills the rule where the caller left zeros: 1 witness in each of three quarters of the jurisdictions; two thirds of
 * the members admit, and more than any one jurisdiction has. ACCORD_USAGE where the founders cannot meet the rule. */
ACCORD_MUST_USE enum accord_status accord_founding_rule(struct accord_founding *founding, struct accord_error *error);
/* Makes every founder's six keys in DIRECTORY/DOMAIN/, none of which may exist yet, and takes their public halves. */
ACCORD_MUST_USE enum accord_status accord_founding_make_keys(struct accord_founding *founding,
                                                             const struct accord_fs *fs, const char *directory,
                                                             struct accord_error *error);
/* Opens DIRECTORY/DOMAIN/release.key of every founder, to sign with. */
ACCORD_MUST_USE enum accord_status accord_founding_open_keys(struct accord_founding *founding,
                                                             const struct accord_fs *fs, const char *directory,
                                                             struct accord_error *error);
/* Print the entries, signed by every founder, and check them as any verifier would. Appended to *entry. */
ACCORD_MUST_USE enum accord_status accord_founding_charter(const struct accord_founding *founding,
                                                           const struct accord_crypto *crypto,
                                                           struct accord_buffer *entry, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_founding_roster(const struct accord_founding *founding,
                                                          struct accord_bytes charter, struct accord_bytes log_vkey,
                                                          const struct accord_crypto *crypto,
                                                          struct accord_buffer *entry, struct accord_error *error);
void accord_founding_free(struct accord_founding *founding);

#endif
