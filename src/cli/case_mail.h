/* The mailbox of a log, be it a directory or behind a URL. */
#ifndef ACCORD_CLI_CASE_MAIL_H
#define ACCORD_CLI_CASE_MAIL_H

#include "age/age.h"
#include "cli/command.h"

/* What a mailbox takes; work 0: none. limit UINT64_MAX where it does not say. */
ACCORD_MUST_USE enum accord_status accord_case_mail_terms(const struct accord_call *call, const char *location,
                                                          uint64_t *limit, unsigned *work, struct accord_error *error);
/* Uploads the file at path, of this digest and size. ACCORD_NOT_AWAITED, ACCORD_TOO_LARGE, ACCORD_COMMITMENT, ... */
ACCORD_MUST_USE enum accord_status accord_case_mail_put(const struct accord_call *call, const char *location,
                                                        const uint8_t digest[ACCORD_HASH_SIZE], uint64_t size,
                                                        const char *path, uint64_t timeout_ms,
                                                        struct accord_error *error);
/* Gives all of it to the sink, whose refusal ends it. Whether it is what was announced the sink has to ask. */
ACCORD_MUST_USE enum accord_status accord_case_mail_get(const struct accord_call *call, const char *location,
                                                        const uint8_t digest[ACCORD_HASH_SIZE], uint64_t size,
                                                        const struct accord_age_sink *sink, struct accord_error *error);
/* The same from any file. */
ACCORD_MUST_USE enum accord_status accord_case_mail_file(const struct accord_call *call, const char *path,
                                                         const struct accord_age_sink *sink,
                                                         struct accord_error *error);

#endif
