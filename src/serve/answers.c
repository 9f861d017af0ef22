/* What roles answer alike. Knows how an error becomes a body; refuses to know which status code fits it. */
#include "serve/answers.h"

#include <string.h>

#include "base/report.h"

void accord_answer_text(struct accord_http_exchange *exchange, struct accord_bytes text)
{
    const struct accord_http_answer answer = {.status = 200, .caching = ACCORD_HTTP_NO_STORE, .body = text, .file = -1};
    accord_http_answer(exchange, &answer);
}

void accord_answer_error(struct accord_http_exchange *exchange, unsigned status, const struct accord_error *error,
                         unsigned retry_after)
{
    char text[640];
    accord_error_sentence(error, NULL, text, sizeof text - 1);
    size_t size = strlen(text);
    text[size++] = '\n';
    const struct accord_http_answer answer = {.status = status,
                                              .caching = ACCORD_HTTP_NO_STORE,
                                              .body = {(const uint8_t *)text, size},
                                              .file = -1,
                                              .retry_after = retry_after};
    accord_http_answer(exchange, &answer);
}

void accord_answer_later(struct accord_http_exchange *exchange, struct accord_bytes why, unsigned seconds)
{
    const struct accord_http_answer answer = {
        .status = 503, .caching = ACCORD_HTTP_NO_STORE, .body = why, .file = -1, .retry_after = seconds};
    accord_http_answer(exchange, &answer);
}

void accord_answer_not_allowed(struct accord_http_exchange *exchange, struct accord_bytes why, const char *allow)
{
    const struct accord_http_answer answer = {
        .status = 405, .caching = ACCORD_HTTP_NO_STORE, .body = why, .file = -1, .allow = allow};
    accord_http_answer(exchange, &answer);
}
