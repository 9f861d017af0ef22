/* A mirror over HTTP (C2SP tlog-mirror): add-checkpoint, add-entries, and its copies as tlog-tiles. For the loop's
 * thread alone, but for accord_mirror_role_drain. */
#ifndef ACCORD_SERVE_MIRROR_ROLE_H
#define ACCORD_SERVE_MIRROR_ROLE_H

#include "base/clock.h"
#include "mirror/mirror.h"
#include "serve/http.h"

struct accord_mirror_role;

struct accord_mirror_role_options {
    struct accord_mirror *mirror; /* of accord_fs_real; new logs: accord_mirror_know */
    const struct accord_clock *clock;
    unsigned threads;                /* 0: 4 */
    unsigned uploads_max;            /* add-entries requests at once, more get 503; 0: 256 */
    size_t held_max;                 /* bytes of memory that they may have together; 0: 256 MiB */
    void (*answered)(void *context); /* called from the role's threads: accord_mirror_role_answer has something to do */
    void *context;
};

/* Starts the threads. The mirror, the signers of which are asked to sign here, is the caller's to close. */
ACCORD_MUST_USE enum accord_status accord_mirror_role_new(struct accord_mirror_role **role,
                                                          const struct accord_mirror_role_options *options,
                                                          struct accord_error *error);
/* After every request was answered. */
void accord_mirror_role_free(struct accord_mirror_role *role);

/* As in struct accord_http_handler, with the path as it is behind the role's prefix. */
size_t accord_mirror_role_body_max(const struct accord_http_request *request);
bool accord_mirror_role_streams(const struct accord_http_request *request);
void accord_mirror_role_handle(struct accord_mirror_role *role, struct accord_http_exchange *exchange,
                               const struct accord_http_request *request);
ACCORD_MUST_USE bool accord_mirror_role_part(struct accord_mirror_role *role, struct accord_http_exchange *exchange,
                                             const struct accord_http_request *request, struct accord_bytes part,
                                             bool last);
void accord_mirror_role_gone(struct accord_mirror_role *role, struct accord_http_exchange *exchange);
/* Answers what is done, and takes more of those that had to wait. */
void accord_mirror_role_answer(struct accord_mirror_role *role);
/* No more requests are taken, uploads end where they are (202); returns when those that wait are worked at, and
 * accord_mirror_role_answer has only to answer. From another thread than the loop's. */
void accord_mirror_role_drain(struct accord_mirror_role *role);

#endif
