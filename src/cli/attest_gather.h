/* What the options and operands of accord attest bring together. */
#ifndef ACCORD_CLI_ATTEST_GATHER_H
#define ACCORD_CLI_ATTEST_GATHER_H

#include "cli/attesting.h"
#include "cli/command.h"

#define ACCORD_TOOL_PREFIX "tool:"

/* Fills the draft; its texts borrow from the call. 0, or the exit status after a sentence. */
ACCORD_MUST_USE int accord_attest_gather(const struct accord_call *call, struct accord_attesting *attesting);
/* The digest of a file, or of a directory's manifest. */
ACCORD_MUST_USE enum accord_status accord_attest_digest(const struct accord_call *call, const char *path,
                                                        uint8_t sha256[ACCORD_HASH_SIZE], struct accord_error *error);
/* Appends the first line that `program --version` says. ACCORD_NOT_FOUND. */
ACCORD_MUST_USE enum accord_status accord_attest_tool(const char *program, struct accord_buffer *line,
                                                      struct accord_error *error);
/* Has a variable of a shell's environment such a name? What else stands in `environment` says what was there. */
bool accord_attest_is_variable(struct accord_bytes name);

#endif
