/* The roles beside the log: witnesses and mirrors, with their keys, each under its prefix. */
#ifndef ACCORD_SERVE_ROLES_H
#define ACCORD_SERVE_ROLES_H

#include "serve/settings.h"

struct accord_roles;

struct accord_roles_options {
    const struct accord_serve_options *serve;
    struct accord_metrics *metrics;
    void (*answered)(void *context); /* called from other threads: accord_roles_answer has something to do */
    void *context;
};

/* Opens the keys, each of a witness in a process of its own: before any thread is there. settings are borrowed until
 * accord_roles_start has returned. */
ACCORD_MUST_USE enum accord_status accord_roles_open(struct accord_roles **roles,
                                                     const struct accord_settings *settings,
                                                     const struct accord_roles_options *options,
                                                     struct accord_error *error);
/* Opens the states, starts the threads. */
ACCORD_MUST_USE enum accord_status
accord_roles_start(struct accord_roles *roles, const struct accord_settings *settings, struct accord_error *error);
/* As in struct accord_http_handler; false where the path is none of theirs. */
ACCORD_MUST_USE bool accord_roles_body_max(const struct accord_roles *roles, const struct accord_http_request *request,
                                           size_t *maximum);
ACCORD_MUST_USE bool accord_roles_handle(struct accord_roles *roles, struct accord_http_exchange *exchange,
                                         const struct accord_http_request *request);
bool accord_roles_stream(const struct accord_roles *roles, const struct accord_http_request *request);
ACCORD_MUST_USE bool accord_roles_part(struct accord_roles *roles, struct accord_http_exchange *exchange,
                                       const struct accord_http_request *request, struct accord_bytes part, bool last);
void accord_roles_gone(struct accord_roles *roles, struct accord_http_exchange *exchange,
                       const struct accord_http_request *request);
/* Answers what is done. */
void accord_roles_answer(struct accord_roles *roles);
/* From here on these logs are known, and pulled so often. */
void accord_roles_know(struct accord_roles *roles, const struct accord_settings *settings);
/* No more requests are taken; returns when those that wait are answered. From another thread than the loop's. */
void accord_roles_drain(struct accord_roles *roles);
void accord_roles_free(struct accord_roles *roles);

#endif
