/* The network as a seam. The program `accord` is linked without it, since the libraries it takes (HTTP, TLS) would cost
 * each `accord verify` more time than verifying does; `accord-net`, which lies beside it or in libexec, is the same
 * commands with it. What needs the network runs there: accord replaces itself by it, with the same arguments. */
#ifndef ACCORD_CLI_NETWORK_H
#define ACCORD_CLI_NETWORK_H

#include "log/reader.h"
#include "net/gather.h"
#include "net/mailbox.h"
#include "serve/serve.h"

struct accord_network {
    enum accord_status (*reader_open)(struct accord_reader **reader, const struct accord_crypto *crypto,
                                      const char *url, struct accord_error *error);
    enum accord_status (*add)(const char *url, struct accord_bytes entry, uint64_t timeout_ms, uint64_t *index,
                              struct accord_error *error);
    /* GET: the answer's body, appended. ACCORD_NOT_FOUND where the answer is 404 or 410, ACCORD_NETWORK for every other
     * one but 200. */
    enum accord_status (*get)(const char *url, struct accord_buffer *answer, struct accord_error *error);
    /* One round of asking the policy's witnesses; observer may be NULL. */
    enum accord_status (*gather)(const struct accord_policy *policy, const struct accord_crypto *crypto,
                                 const struct accord_gather_round *round, const struct accord_gather_observer *observer,
                                 struct accord_buffer *checkpoint, struct accord_error *error);
    /* The mailbox of a log (net/mailbox.h). */
    enum accord_status (*mailbox_terms)(const char *url, struct accord_mailbox_terms *terms,
                                        struct accord_error *error);
    enum accord_status (*mailbox_put)(const char *url, const uint8_t digest[32], uint64_t size, const char *path,
                                      uint64_t timeout_ms, const struct accord_mailbox_progress *progress,
                                      struct accord_error *error);
    enum accord_status (*mailbox_get)(const char *url, const uint8_t digest[32], uint64_t size, uint64_t timeout_ms,
                                      void *context,
                                      enum accord_status (*write)(void *context, struct accord_bytes bytes,
                                                                  struct accord_error *error),
                                      struct accord_error *error);
    enum accord_status (*serve)(const struct accord_serve_options *options, struct accord_error *error);
};

extern const struct accord_network accord_network_curl; /* in accord-net only */

#endif
