/* Telling findings: a line for a person, a line of JSON for a program, a command for each. */
#ifndef ACCORD_CLI_MONITOR_TELL_H
#define ACCORD_CLI_MONITOR_TELL_H

#include "cli/command.h"
#include "cli/lines.h"
#include "monitor/finding.h"

#define ACCORD_MONITOR_COMMANDS_MAX 20 /* of one code and severity in one look; then one that says how many more */

/* What a look did with the findings of one code and severity. */
struct accord_monitor_tally {
    unsigned commands;
    uint64_t more; /* which a command has still to be told of */
    bool has_index;
    uint64_t first, last; /* of those, where they are about entries */
};

struct accord_monitor_telling {
    const struct accord_call *call;
    const char *log;     /* where it is read from, to be told */
    const char *command; /* of --exec, or NULL */
    struct accord_lines lines;
    struct accord_monitor_tally tallies[ACCORD_FINDING_COUNT][ACCORD_SEVERITY_ALERT + 1];
};

/* A look begins: commands are counted anew. */
void accord_monitor_begin(struct accord_monitor_telling *telling);

/* For struct accord_finding_sink: context is a struct accord_monitor_telling. A finding is told when
 * accord_monitor_settle has returned ACCORD_OK, and its command has ended well: where a look has more of them than
 * ACCORD_MONITOR_COMMANDS_MAX, that is the one that accord_monitor_settle runs for the rest. */
ACCORD_MUST_USE enum accord_status accord_monitor_take(void *context, const struct accord_finding *finding,
                                                       struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_monitor_settle(void *context, struct accord_error *error);
/* Says what could not be done, as accord_refuse does, but in one line with --json too; returns its exit status. */
ACCORD_MUST_USE int accord_monitor_refuse(struct accord_monitor_telling *telling, const char *subject,
                                          const struct accord_error *error);

#endif
