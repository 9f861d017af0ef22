/* The mailbox of a log that is mirrored: every sealed report that an entry announces, as far as the log has it. */
#ifndef ACCORD_CLI_MIRROR_MAILBOX_H
#define ACCORD_CLI_MIRROR_MAILBOX_H

#include "accord/error.h"
#include "cli/command.h"

struct accord_mirrored_mailbox {
    uint64_t announced, copied, held, missing; /* held: that were there; missing: that the log does not have */
};
/* Copies what DIR/mailbox lacks of what the entries of the copy in directory announce. What the log does not have (any
 * more) is counted, and no refusal. */
ACCORD_MUST_USE enum accord_status accord_mirror_mailbox(const struct accord_call *call, const char *location,
                                                         const char *directory, struct accord_mirrored_mailbox *done,
                                                         struct accord_error *error);

#endif
