/* A log behind a URL: reading it (C2SP tlog-tiles), and adding to it (POST /add). */
#ifndef ACCORD_NET_LOG_HTTP_H
#define ACCORD_NET_LOG_HTTP_H

#include "log/reader.h"
#include "net/client.h"

/* A reader of the log at url. Works like one of a directory; what it needs twice it keeps for as long as it is open,
 * and what is read in order it fetches ahead (prefetch.h). */
ACCORD_MUST_USE enum accord_status accord_reader_open_url(struct accord_reader **reader,
                                                          const struct accord_crypto *crypto, const char *url,
                                                          struct accord_error *error);
/* How a reader waits. */
struct accord_patience {
    /* May be NULL. Asked a few times a second: once it says so, what is waited for ends with ACCORD_NETWORK. */
    bool (*stop)(void *context);
    void *context;
    bool once; /* what is put off (429, 503) is not asked for again: the caller comes back */
};
ACCORD_MUST_USE enum accord_status accord_reader_open_url_with(struct accord_reader **reader,
                                                               const struct accord_crypto *crypto, const char *url,
                                                               const struct accord_patience *patience,
                                                               struct accord_error *error);
/* POST /add: the index. Retries on 429 and 503 as Retry-After says, for up to timeout_ms. ACCORD_NETWORK, and what the
 * log refused: ACCORD_MALFORMED (400), ACCORD_REFUSED (403), ACCORD_TOO_LARGE (413), with its words in found. */
ACCORD_MUST_USE enum accord_status accord_log_url_add(struct accord_client *client, const char *url,
                                                      struct accord_bytes entry, uint64_t timeout_ms, uint64_t *index,
                                                      struct accord_error *error);

#endif
