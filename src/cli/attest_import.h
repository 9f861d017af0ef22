/* in-toto Statements that accord attest takes in (--dsse). */
#ifndef ACCORD_CLI_ATTEST_IMPORT_H
#define ACCORD_CLI_ATTEST_IMPORT_H

#include "cli/attesting.h"
#include "cli/command.h"

/* Checks each envelope by the keys that were given and adds what its Statement says. Where the draft has subjects, an
 * envelope that is about none of them is refused; where it has none, they are the envelopes'. 0, or the exit status
 * after a sentence. */
ACCORD_MUST_USE int accord_attest_import(const struct accord_call *call, struct accord_attesting *attesting);

#endif
