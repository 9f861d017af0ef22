/* A witness over HTTP (C2SP tlog-witness): add-checkpoint, and what monitors read. For the loop's thread alone. */
#ifndef ACCORD_SERVE_WITNESS_ROLE_H
#define ACCORD_SERVE_WITNESS_ROLE_H

#include "serve/clerk.h"
#include "serve/http.h"

struct accord_witness_role;

struct accord_witness_role_options {
    struct accord_clerk *clerk;
    struct accord_signer *const *witnesses; /* borrowed: the keys that answer here, together */
    size_t witness_count;                   /* 1 .. ACCORD_WITNESS_KEYS_MAX */
};

ACCORD_MUST_USE enum accord_status accord_witness_role_new(struct accord_witness_role **role,
                                                           const struct accord_witness_role_options *options,
                                                           struct accord_error *error);
/* After every request was answered. */
void accord_witness_role_free(struct accord_witness_role *role);

/* As in struct accord_http_handler, with the path as it is behind the role's prefix. */
size_t accord_witness_role_body_max(const struct accord_http_request *request);
void accord_witness_role_handle(struct accord_witness_role *role, struct accord_http_exchange *exchange,
                                const struct accord_http_request *request);
/* Answers those that a clerk, of whichever roles, is done with. */
void accord_witness_role_answer(struct accord_clerk *clerk);

#endif
