/* What a verifier accepted before: of each vendor's products the highest sequence, the newest policy and `current`, and
 * the latest quorum time, and the roster. A text file with a line for each, sorted, so that a person can read it and a
 * backup can be compared: `vendor product sequence [policy N DIGEST] [current INDEX TIME ORIGIN] [time TIME] [roster
 * N]`. */
#ifndef ACCORD_CLI_ACCEPTED_H
#define ACCORD_CLI_ACCEPTED_H

#include "accord/judge.h"
#include "base/buffer.h"
#include "base/fs.h"

struct accord_accepted;

/* Opens the file (absent: nothing was accepted yet) and holds PATH.lock until it is closed. ACCORD_STATE where it
 * does not follow its grammar. */
ACCORD_MUST_USE enum accord_status accord_accepted_open(struct accord_accepted **accepted, const struct accord_fs *fs,
                                                        const char *path, struct accord_error *error);
/* The lines as they are now, borrowed until the next accord_accepted_take; and what such lines say of a product: false,
 * and nothing, where there is no line. */
struct accord_bytes accord_accepted_lines(const struct accord_accepted *accepted);
bool accord_accepted_find(struct accord_bytes lines, struct accord_bytes vendor, struct accord_bytes product,
                          struct accord_remembered *remembered);
/* Takes what is to be remembered; of what was known, nothing goes back but what says so itself. ACCORD_ROLLBACK where
 * its sequence is lower than one that was accepted before; nothing changes then. */
ACCORD_MUST_USE enum accord_status accord_accepted_take(struct accord_accepted *accepted, struct accord_bytes vendor,
                                                        struct accord_bytes product,
                                                        const struct accord_remembered *next,
                                                        struct accord_error *error);
/* Writes what was taken, atomically; nothing where nothing changed. */
ACCORD_MUST_USE enum accord_status accord_accepted_save(struct accord_accepted *accepted, struct accord_error *error);
void accord_accepted_close(struct accord_accepted *accepted);

#endif
