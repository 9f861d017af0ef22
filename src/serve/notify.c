/* systemd's notification protocol: one datagram to the socket that $NOTIFY_SOCKET names. Knows the address's two forms;
 * refuses to wait for anyone, or to fail. */
#include "serve/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

void accord_notify(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = name == NULL ? 0 : strlen(name);
    if (size < 2 || size >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@'))
        return;
    int handle = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handle < 0)
        return;
    memcpy(address.sun_path, name, size);
    if (name[0] == '@') /* a name outside the file system */
        address.sun_path[0] = 0;
    ssize_t sent = sendto(handle, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
    (void)sent;
    close(handle);
}

void accord_notify_reloading(void)
{
    char state[64];
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)accord_monotonic_us());
    accord_notify(state);
}
