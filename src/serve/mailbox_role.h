/* The mailbox over HTTP (docs/protocol.md, "Mailbox"): sealed reports come in as a stream, and only those that a report
 * of this log announces. Each upload has a thread of its own, so a slow disk delays nobody else. For the loop's thread.
 */
#ifndef ACCORD_SERVE_MAILBOX_ROLE_H
#define ACCORD_SERVE_MAILBOX_ROLE_H

#include "base/fs.h"
#include "serve/http.h"
#include "serve/reports.h"

struct accord_mailbox_role;

struct accord_mailbox_role_options {
    const struct accord_fs *fs;
    const struct accord_crypto *crypto;
    const char *dir;
    uint64_t keep;        /* octets of all that it holds, at most; 0: as many as the disk has room for */
    unsigned uploads_max; /* at once; 0: 16 */
    struct accord_reports *reports;
    void (*answered)(void *context); /* called from other threads: accord_mailbox_role_answer has something to do */
    void *context;
};

/* Makes the directory where it is not there, and clears it of what interrupted uploads left. */
ACCORD_MUST_USE enum accord_status accord_mailbox_role_new(struct accord_mailbox_role **role,
                                                           const struct accord_mailbox_role_options *options,
                                                           struct accord_error *error);
/* After every request was answered. */
void accord_mailbox_role_free(struct accord_mailbox_role *role);
/* Is the path one of the mailbox's? */
bool accord_mailbox_role_has(const struct accord_http_request *request);
/* As in struct accord_http_handler. */
bool accord_mailbox_role_streams(const struct accord_http_request *request);
void accord_mailbox_role_handle(struct accord_mailbox_role *role, struct accord_http_exchange *exchange,
                                const struct accord_http_request *request);
ACCORD_MUST_USE bool accord_mailbox_role_part(struct accord_mailbox_role *role, struct accord_http_exchange *exchange,
                                              const struct accord_http_request *request, struct accord_bytes part,
                                              bool last);
void accord_mailbox_role_gone(struct accord_mailbox_role *role, struct accord_http_exchange *exchange);
void accord_mailbox_role_answer(struct accord_mailbox_role *role);
/* No more uploads are taken, and those under way end where they are; returns when their answers wait to be given. From
 * another thread than the loop's. */
void accord_mailbox_role_drain(struct accord_mailbox_role *role);

#endif
