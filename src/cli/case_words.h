/* Cases in words and as JSON: what a person, and what a program, is told of one. */
#ifndef ACCORD_CLI_CASE_WORDS_H
#define ACCORD_CLI_CASE_WORDS_H

#include <jansson.h>

#include "base/buffer.h"
#include "case/docket.h"

/* All of a case, line by line: the report, each answer, where it stands. Appended. */
void accord_case_tell(struct accord_buffer *text, const struct accord_docket_case *found, uint64_t now);
/* The same for a program; answers too where they are asked for. */
json_t *accord_case_json(const struct accord_docket_case *found, uint64_t now, bool answers);

#endif
