/* Structured log lines on standard error, in logfmt: `time=2026-11-23T05:40:00Z level=info event=published size=42`.
 * One write a line, from any thread. Nothing secret is ever given to it. */
#ifndef ACCORD_SERVE_EVENT_H
#define ACCORD_SERVE_EVENT_H

#include "accord/error.h"

enum accord_event_level { ACCORD_EVENT_INFO, ACCORD_EVENT_WARNING, ACCORD_EVENT_ERROR };

/* fields: `size=%llu root=%s ...`, values without spaces; NULL where there are none. Text from elsewhere goes through
 * accord_event_quote. */
__attribute__((format(printf, 3, 4))) void accord_event(enum accord_event_level level, const char *event,
                                                        const char *fields, ...);
/* The same with an error's rule and sentence. subject may be NULL. */
void accord_event_error(enum accord_event_level level, const char *event, const char *subject,
                        const struct accord_error *error);
/* Quotes a value as logfmt does; cut to fit. Returns text. */
char *accord_event_quote(char *text, size_t size, struct accord_bytes value);

#endif
