/* An answer as the library wants it. */
#ifndef ACCORD_SERVE_HTTP_ANSWER_H
#define ACCORD_SERVE_HTTP_ANSWER_H

#include "serve/http.h"

#include <microhttpd.h>

/* Makes the response, and closes the answer's file or gives it away. Where that cannot be done *status becomes that of
 * the response that says so. Aborts only where not even that finds memory. */
struct MHD_Response *accord_http_response(const struct accord_http_answer *answer,
                                          const struct accord_http_request *request, unsigned *status);
/* Does this Accept-Encoding (NULL: none) allow gzip? (RFC 9110, section 12.5.3) */
bool accord_http_accepts_gzip(const char *header);

#endif
