/* The two ways into accord report: a new one (cmd_report.c), and one that was cut off (report_resume.c). */
#ifndef ACCORD_CLI_CMD_REPORT_H
#define ACCORD_CLI_CMD_REPORT_H

#include <jansson.h>

#include "cli/report_send.h"

/* What both of them have from the options; the location is set by the caller. 0, or the exit status after a sentence.
 */
ACCORD_MUST_USE int accord_report_enter_call(const struct accord_call *call, struct accord_enter *enter);
/* Says what was done, and where the case stands. */
void accord_report_tell(const struct accord_report_sending *sending);
json_t *accord_report_json(const struct accord_report_sending *sending);
ACCORD_MUST_USE int accord_report_resume(const struct accord_call *call, const char *path);

#endif
