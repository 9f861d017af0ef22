/* The log's role: POST /add and /add-batch, and reads of tlog-tiles. For the loop's thread alone. */
#ifndef ACCORD_SERVE_LOG_ROLE_H
#define ACCORD_SERVE_LOG_ROLE_H

#include "serve/http.h"
#include "serve/sequencer.h"

struct accord_log_role;

struct accord_log_role_options {
    const char *dir; /* the log's */
    struct accord_sequencer *sequencer;
    struct accord_metrics *metrics;
    struct accord_bytes origin; /* borrowed */
};

ACCORD_MUST_USE enum accord_status accord_log_role_new(struct accord_log_role **role,
                                                       const struct accord_log_role_options *options,
                                                       struct accord_error *error);
/* After every request was answered. */
void accord_log_role_free(struct accord_log_role *role);

/* As in struct accord_http_handler; whatever is not the log's is 404. */
size_t accord_log_role_body_max(const struct accord_http_request *request);
void accord_log_role_handle(struct accord_log_role *role, struct accord_http_exchange *exchange,
                            const struct accord_http_request *request);
/* Answers those whose entries the sequencer is done with. */
void accord_log_role_answer(struct accord_log_role *role);

#endif
