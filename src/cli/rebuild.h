/* Repeating a build that an attestation recorded, and comparing what comes out. */
#ifndef ACCORD_CLI_REBUILD_H
#define ACCORD_CLI_REBUILD_H

#include "cli/attest_read.h"
#include "cli/command.h"
#include "cli/sandbox.h"

#include <limits.h>

#define ACCORD_REBUILD_VARIABLES_MAX ACCORD_STATEMENT_LINES_MAX

/* What one subject came to. */
struct accord_rebuilt_subject {
    struct accord_attest_thing recorded;
    bool produced;
    uint8_t sha256[ACCORD_HASH_SIZE];
};

/* Start with accord_rebuild_init; all but the first three members is what was found. */
struct accord_rebuild {
    const struct accord_call *call;
    const struct accord_attest_claim *attest;
    uint64_t time_limit_ms;

    char room[PATH_MAX];               /* what is made anew for it, to be removed */
    char directory[PATH_MAX];          /* in it: where the source is and the commands run */
    bool keep;                         /* it is the user's to look at afterwards */
    bool cut;                          /* the commands had no network */
    struct accord_attest_thing source; /* the material that the source is */
    struct accord_rebuilt_subject *subjects;
    size_t subject_count, matches;
    uint64_t said;     /* bytes of output that were shown */
    uint64_t tools_ms; /* how long tools took to tell their versions */
};

void accord_rebuild_init(struct accord_rebuild *rebuild, const struct accord_call *call,
                         const struct accord_attest_claim *attest);
/* Removes what was made unless it is to be kept. */
void accord_rebuild_free(struct accord_rebuild *rebuild);
/* Makes the room: path, which must not exist, or one in the directory for temporary files. All else comes after it. */
ACCORD_MUST_USE enum accord_status accord_rebuild_room(struct accord_rebuild *rebuild, const char *path,
                                                       struct accord_error *error);
/* Copies the source there. ACCORD_DISCONNECTED where it is not among the attestation's materials. */
ACCORD_MUST_USE enum accord_status accord_rebuild_source(struct accord_rebuild *rebuild, const char *source,
                                                         struct accord_error *error);
/* What a tool that was recorded says of its version here: its first line, appended to an empty one. It is found and run
 * like the commands, since its name is somebody else's, too. False where it is not here, or says nothing in time. */
ACCORD_MUST_USE bool accord_rebuild_tool(struct accord_rebuild *rebuild, struct accord_bytes tool,
                                         struct accord_buffer *line);
/* Runs the commands. ACCORD_IO where one fails: then nothing was repeated. */
ACCORD_MUST_USE enum accord_status accord_rebuild_run(struct accord_rebuild *rebuild, struct accord_error *error);
/* Digests what came out. */
ACCORD_MUST_USE enum accord_status accord_rebuild_compare(struct accord_rebuild *rebuild, struct accord_error *error);

#endif
