/* A connection to a bastion (C2SP https-bastion, "Backend to bastion connection"): TLS 1.3, ALPN bastion/0, our key in
 * a certificate that it signs itself. For one thread at a time. */
#ifndef ACCORD_SERVE_BASTION_DIAL_H
#define ACCORD_SERVE_BASTION_DIAL_H

#include "accord/error.h"

#include <sys/types.h>

struct accord_dial;

struct accord_dial_options {
    const char *url;             /* https://host or https://host:port */
    const char *ca_file;         /* PEM; NULL: the system's */
    const uint8_t *seed;         /* 32 bytes: of the Ed25519 key */
    bool (*stop)(void *context); /* asked now and then: is it to be given up? */
    void *context;
};

/* Connects. ACCORD_NETWORK, where somebody or something there is not as it should be; found has the words. */
ACCORD_MUST_USE enum accord_status accord_dial(struct accord_dial **dial, const struct accord_dial_options *options,
                                               struct accord_error *error);
void accord_dial_hang_up(struct accord_dial *dial);
/* What to wait on. */
int accord_dial_socket(const struct accord_dial *dial);
/* How many bytes; 0 where there is nothing, or no room, now; -1 at the end. What was received may be more than the
 * socket shows: wait only after 0. */
ssize_t accord_dial_receive(struct accord_dial *dial, void *data, size_t size);
ssize_t accord_dial_send(struct accord_dial *dial, const void *data, size_t size);

#endif
