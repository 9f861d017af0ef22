/* Sockets that listen: `127.0.0.1:7380`, `[::1]:7380`, `localhost:7380`, `:7380` (all addresses, both families),
 * `unix:PATH`, and those that systemd hands over. */
#ifndef ACCORD_SERVE_LISTEN_H
#define ACCORD_SERVE_LISTEN_H

#include "accord/error.h"

#define ACCORD_LISTEN_MAX 16

/* The sockets of one address: *count of them. A Unix socket that nobody listens on any more is replaced; one that is
 * served is refused (ACCORD_LOCKED). Port 0 takes a free one; accord_listen_name says which. */
ACCORD_MUST_USE enum accord_status accord_listen(const char *address, int sockets[ACCORD_LISTEN_MAX], size_t *count,
                                                 struct accord_error *error);
/* The sockets of systemd's socket activation (LISTEN_PID, LISTEN_FDS); none where this process was started otherwise.
 */
size_t accord_listen_inherited(int sockets[ACCORD_LISTEN_MAX]);
/* "127.0.0.1:7380", as the socket is bound. */
void accord_listen_name(int socket, char name[128]);
/* Removes the path of a Unix socket, closes nothing. */
void accord_listen_unlink(int socket);

#endif
