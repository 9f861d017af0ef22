/* The mailbox of a log behind a URL, from the client's side (docs/protocol.md, "Mailbox"). Streamed: any size in
 * constant memory. url is the log's. */
#ifndef ACCORD_NET_MAILBOX_H
#define ACCORD_NET_MAILBOX_H

#include "accord/limits.h"
#include "net/client.h"

/* What a mailbox takes. */
struct accord_mailbox_terms {
    uint64_t limit;           /* octets of a sealed report */
    unsigned work;            /* zero bits; 0: none */
    uint64_t reports, within; /* so many reports within so many seconds; 0: it does not say */
    bool introduced;          /* only what a member introduces */
};
/* ACCORD_NOT_FOUND where the log has no mailbox. */
ACCORD_MUST_USE enum accord_status accord_mailbox_url_terms(const char *url, struct accord_mailbox_terms *terms,
                                                            struct accord_error *error);
/* Uploads the file at path, whose SHA-256 and size these are. Retries as Retry-After says, for up to timeout_ms without
 * an octet moving. ACCORD_NOT_AWAITED, ACCORD_TOO_LARGE, ACCORD_COMMITMENT, ACCORD_NETWORK. step may be NULL. */
struct accord_mailbox_progress {
    void *context;
    void (*step)(void *context, uint64_t done, uint64_t all);
};
ACCORD_MUST_USE enum accord_status accord_mailbox_url_put(const char *url, const uint8_t digest[32], uint64_t size,
                                                          const char *path, uint64_t timeout_ms,
                                                          const struct accord_mailbox_progress *progress,
                                                          struct accord_error *error);
/* Downloads to write, whose refusal ends it. At most size octets, or as many as its entry says. Whether they are those
 * of the digest is for the caller to ask. ACCORD_NOT_FOUND, ACCORD_NETWORK. */
ACCORD_MUST_USE enum accord_status accord_mailbox_url_get(
    const char *url, const uint8_t digest[32], uint64_t size, uint64_t timeout_ms, void *context,
    enum accord_status (*write)(void *context, struct accord_bytes bytes, struct accord_error *error),
    struct accord_error *error);

#endif
