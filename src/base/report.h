/* Errors as sentences. */
#ifndef ACCORD_BASE_REPORT_H
#define ACCORD_BASE_REPORT_H

#include "accord/error.h"

const char *accord_status_rule(enum accord_status status);     /* "quorum" */
const char *accord_status_sentence(enum accord_status status); /* "too few witnesses vouch for this checkpoint" */
int accord_status_exit(enum accord_status status);             /* 0, 1, 2, 3 */
/* Makes '?' of control characters. */
void accord_text_calm(char *text, size_t size);
/* A URL as it may be shown: without user:password@; cut to fit. */
void accord_url_show(const char *url, char *text, size_t size);
/* Writes `<subject>: [line N: ][what: ]sentence[: expected X][, found Y]` and a NUL into text; cut to fit. subject may
 * be NULL; a URL is shown without its credentials. */
void accord_error_sentence(const struct accord_error *error, const char *subject, char *text, size_t size);

#endif
