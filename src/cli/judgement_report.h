/* What came of a judgement, as a picture for a person and as data for a program. */
#ifndef ACCORD_CLI_JUDGEMENT_REPORT_H
#define ACCORD_CLI_JUDGEMENT_REPORT_H

#include <jansson.h>

#include "accord/judge.h"
#include "base/buffer.h"

/* A tree of the stages: each with who attests it, when and where; then policy, rebuilders and freshness. With explain
 * also what each check proves, and what it does not. */
void accord_judgement_print(const struct accord_question *question, const struct accord_judgement *judgement,
                            bool explain, struct accord_buffer *text);
/* The caller owns the value. */
json_t *accord_judgement_json(const struct accord_question *question, const struct accord_judgement *judgement);

#endif
