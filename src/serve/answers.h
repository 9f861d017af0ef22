/* Answers that several roles give. */
#ifndef ACCORD_SERVE_ANSWERS_H
#define ACCORD_SERVE_ANSWERS_H

#include "accord/error.h"
#include "serve/http.h"

/* 200 with a text that nobody keeps. */
void accord_answer_text(struct accord_http_exchange *exchange, struct accord_bytes text);
/* The error's sentence; retry_after in seconds, 0 where trying again is no use. */
void accord_answer_error(struct accord_http_exchange *exchange, unsigned status, const struct accord_error *error,
                         unsigned retry_after);
/* 503 with Retry-After. */
void accord_answer_later(struct accord_http_exchange *exchange, struct accord_bytes why, unsigned seconds);
/* 405; allow is the methods. */
void accord_answer_not_allowed(struct accord_http_exchange *exchange, struct accord_bytes why, const char *allow);

#endif
