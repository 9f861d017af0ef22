/* What a verifier accepted before: the highest sequence of each vendor's products. A text file with a line
 * `vendor product sequence` for each, sorted, so that a person can read it and a backup can be compared. */
#ifndef ACCORD_CLI_ACCEPTED_H
#define ACCORD_CLI_ACCEPTED_H

#include "accord/error.h"
#include "base/buffer.h"
#include "base/fs.h"

struct accord_accepted;

/* Opens the file (absent: nothing was accepted yet) and holds PATH.lock until it is closed. ACCORD_STATE where it
 * does not follow its grammar. */
ACCORD_MUST_USE enum accord_status accord_accepted_open(struct accord_accepted **accepted, const struct accord_fs *fs,
                                                        const char *path, struct accord_error *error);
/* Takes a sequence. ACCORD_ROLLBACK where it is lower than one that was accepted before; nothing changes then. */
ACCORD_MUST_USE enum accord_status accord_accepted_take(struct accord_accepted *accepted, struct accord_bytes vendor,
                                                        struct accord_bytes product, uint64_t sequence,
                                                        struct accord_error *error);
/* Writes what was taken, atomically; nothing where nothing changed. */
ACCORD_MUST_USE enum accord_status accord_accepted_save(struct accord_accepted *accepted, struct accord_error *error);
void accord_accepted_close(struct accord_accepted *accepted);

#endif
