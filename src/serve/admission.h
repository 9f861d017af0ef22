/* What a log of statements takes (`accept statements`): well-formed statements, signed by those that the newest roster
 * of this log allows. It reads the chain of charter and rosters from the log itself, and remembers how far it has read
 * in DIR/.accord/admission (derived: rebuilt where it is missing), so that a start does not read the whole log. */
#ifndef ACCORD_SERVE_ADMISSION_H
#define ACCORD_SERVE_ADMISSION_H

#include "base/clock.h"
#include "log/log.h"
#include "serve/reports.h"

struct accord_admission; /* for one thread at a time */

/* dir is the log's directory; entries below size are read as far as they are not remembered. size must be sealed.
 * reports, which learns what the log has of them, may be NULL: then no entries of cases are taken. */
ACCORD_MUST_USE enum accord_status accord_admission_open(struct accord_admission **admission,
                                                         const struct accord_fs *fs, const struct accord_crypto *crypto,
                                                         const char *dir, uint64_t size, struct accord_reports *reports,
                                                         struct accord_error *error);
void accord_admission_close(struct accord_admission *admission);
/* May this entry be logged? ACCORD_OK; the refusals of statements (malformed ones: the HTTP status is 400) and
 * ACCORD_WRONG_SIGNER, ACCORD_NOT_A_MEMBER, ACCORD_THRESHOLD, ACCORD_SIGNATURE, ACCORD_CHAIN, ACCORD_UNKNOWN_KIND
 * (403). *link says that the entry is a charter, a roster or of a case: whoever logs it must tell
 * (accord_admission_took) before the next one is judged. */
ACCORD_MUST_USE enum accord_status accord_admission_judge(struct accord_admission *admission, struct accord_bytes entry,
                                                          bool *link, struct accord_error *error);
/* Is this refusal one of form (400), or of right (403)? */
bool accord_admission_is_form(enum accord_status status);
/* The entry, which was judged to be a link, is committed at this index. */
ACCORD_MUST_USE enum accord_status accord_admission_took(struct accord_admission *admission, uint64_t index,
                                                         struct accord_bytes entry, struct accord_error *error);
/* Everything below size is committed: it may be remembered as read. */
void accord_admission_remember(struct accord_admission *admission, uint64_t size);

#endif
