/* Sockets that listen. Knows addresses in all their forms; refuses to know what is said over them. */
#include "serve/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "core/text.h"

#define BACKLOG 1024
#define UNIX_PREFIX "unix:"
#define UNIX_MODE 0660
#define INHERITED_FIRST 3 /* SD_LISTEN_FDS_START */
#define ADDRESS_SIZE 256

static struct accord_bytes text_bytes(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *address,
                                 const char *found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, text_bytes(address));
    accord_error_found(error, text_bytes(found));
    return status;
}

/* Unix sockets */

/* Does anybody answer there? What nobody answers at was left by a process that died. */
static bool is_served(const struct sockaddr_un *address)
{
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handle < 0)
        return true;
    bool served = connect(handle, (const struct sockaddr *)address, sizeof *address) == 0 || errno != ECONNREFUSED;
    (void)close(handle);
    return served;
}

/* Makes room for the socket: a stale one goes, anything else stays. 0 or a negative errno. */
static int clear_place(const struct sockaddr_un *address)
{
    struct stat there;
    if (lstat(address->sun_path, &there) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(there.st_mode))
        return -EEXIST;
    if (is_served(address))
        return -EWOULDBLOCK;
    return unlink(address->sun_path) == 0 ? 0 : -errno;
}

static int listen_unix(const struct sockaddr_un *address)
{
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handle < 0)
        return -errno;
    /* Whom the socket is for is decided before anyone can come in: it begins with no more than its mode, which the
     * umask may narrow. The umask itself is that of all threads, some of which make files of the log. */
    int result = fchmod(handle, UNIX_MODE) == 0 ? 0 : -errno;
    if (result == 0 && bind(handle, (const struct sockaddr *)address, sizeof *address) != 0)
        result = -errno;
    if (result == 0 && chmod(address->sun_path, UNIX_MODE) != 0)
        result = -errno;
    if (result == 0 && listen(handle, BACKLOG) != 0)
        result = -errno;
    if (result < 0)
        (void)close(handle);
    return result < 0 ? result : handle;
}

static enum accord_status open_unix(const char *path, int *handle, struct accord_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path[0] == '\0' || strlen(path) >= sizeof address.sun_path)
        return refuse(error, ACCORD_TOO_LARGE, path, "a path of 1 to 107 bytes is needed");
    memcpy(address.sun_path, path, strlen(path) + 1);
    int result = clear_place(&address);
    if (result == 0)
        result = listen_unix(&address);
    if (result < 0)
        return accord_file_error(error, result, path);
    *handle = result;
    return ACCORD_OK;
}

/* Internet sockets */

/* Cuts HOST:PORT, where HOST may be empty or stand in brackets. */
static bool cut_address(char text[ADDRESS_SIZE], const char **host, const char **port)
{
    char *colon = strrchr(text, ':');
    uint64_t number;
    if (colon == NULL)
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    size_t size = strlen(text);
    if (text[0] == '[') {
        if (size < 3 || text[size - 1] != ']')
            return false;
        text[size - 1] = '\0';
        *host = text + 1;
    } else if (strchr(text, ':') != NULL) {
        return false;
    }
    return accord_decimal_read(text_bytes(*port), &number) && number <= UINT16_MAX;
}

static int listen_at(const struct addrinfo *at)
{
    const int on = 1;
    int handle = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handle < 0)
        return -errno;
    (void)setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int result = 0;
    if (at->ai_family == AF_INET6 && setsockopt(handle, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        result = -errno;
    if (result == 0 && (bind(handle, at->ai_addr, at->ai_addrlen) != 0 || listen(handle, BACKLOG) != 0))
        result = -errno;
    if (result < 0)
        (void)close(handle);
    return result < 0 ? result : handle;
}

/* A machine without IPv6 still has the addresses that a name or an empty host means in the other family. */
static bool is_absent_family(int result)
{
    return result == -EAFNOSUPPORT || result == -EADDRNOTAVAIL;
}

static enum accord_status open_all(const struct addrinfo *found, const char *address, int sockets[ACCORD_LISTEN_MAX],
                                   size_t *count, struct accord_error *error)
{
    int result = -EADDRNOTAVAIL;
    *count = 0;
    for (const struct addrinfo *at = found; at != NULL && *count < ACCORD_LISTEN_MAX; at = at->ai_next) {
        int handle = listen_at(at);
        if (handle >= 0)
            sockets[(*count)++] = handle;
        else if (is_absent_family(result))
            result = handle;
    }
    if (*count > 0 && is_absent_family(result))
        return ACCORD_OK;
    while (*count > 0)
        (void)close(sockets[--*count]);
    return accord_file_error(error, result, address);
}

static enum accord_status open_internet(const char *address, int sockets[ACCORD_LISTEN_MAX], size_t *count,
                                        struct accord_error *error)
{
    char text[ADDRESS_SIZE];
    const char *host, *port;
    if (strlen(address) >= sizeof text)
        return refuse(error, ACCORD_TOO_LARGE, "address", address);
    memcpy(text, address, strlen(address) + 1);
    if (!cut_address(text, &host, &port))
        return refuse(error, ACCORD_MALFORMED, address, "HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH is needed");
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    /* It means this machine whether or not a file says so (RFC 6761, section 6.3): no host without AI_PASSIVE. */
    bool is_localhost = strcmp(host, "localhost") == 0;
    if (is_localhost)
        hints.ai_flags = 0;
    int result = getaddrinfo(host[0] == '\0' || is_localhost ? NULL : host, port, &hints, &found);
    if (result != 0)
        return refuse(error, ACCORD_NETWORK, address, gai_strerror(result));
    enum accord_status status = open_all(found, address, sockets, count, error);
    freeaddrinfo(found);
    return status;
}

enum accord_status accord_listen(const char *address, int sockets[ACCORD_LISTEN_MAX], size_t *count,
                                 struct accord_error *error)
{
    size_t prefix = sizeof UNIX_PREFIX - 1;
    *count = 0;
    if (strncmp(address, UNIX_PREFIX, prefix) != 0)
        return open_internet(address, sockets, count, error);
    enum accord_status status = open_unix(address + prefix, &sockets[0], error);
    *count = status == ACCORD_OK;
    return status;
}

/* A number in the environment; 0 where there is none. */
static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    uint64_t number = 0;
    if (text == NULL || !accord_decimal_read(text_bytes(text), &number))
        return 0;
    return number;
}

size_t accord_listen_inherited(int sockets[ACCORD_LISTEN_MAX])
{
    uint64_t count = number_of("LISTEN_FDS"), process = number_of("LISTEN_PID");
    size_t taken = 0;
    if (count == 0 || process != (uint64_t)getpid())
        return 0;
    for (uint64_t i = 0; i < count && i < ACCORD_LISTEN_MAX; i++) {
        int handle = INHERITED_FIRST + (int)i, listens = 0;
        socklen_t size = sizeof listens;
        if (getsockopt(handle, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
            continue;
        int flags = fcntl(handle, F_GETFL);
        if (flags < 0 || fcntl(handle, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(handle, F_SETFD, FD_CLOEXEC) != 0)
            continue;
        sockets[taken++] = handle;
    }
    return taken;
}

static bool socket_address(int socket, struct sockaddr_storage *address)
{
    socklen_t size = sizeof *address;
    memset(address, 0, sizeof *address);
    return getsockname(socket, (struct sockaddr *)address, &size) == 0;
}

void accord_listen_name(int socket, char name[128])
{
    struct sockaddr_storage address;
    char text[INET6_ADDRSTRLEN] = "?";
    (void)snprintf(name, 128, "?");
    if (!socket_address(socket, &address))
        return;
    if (address.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
        (void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        (void)snprintf(name, 128, "%s:%u", text, ntohs(in->sin_port));
    } else if (address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&address;
        (void)inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
        (void)snprintf(name, 128, "[%s]:%u", text, ntohs(in->sin6_port));
    } else if (address.ss_family == AF_UNIX) {
        (void)snprintf(name, 128, UNIX_PREFIX "%.107s", ((const struct sockaddr_un *)&address)->sun_path);
    }
}

void accord_listen_unlink(int socket)
{
    struct sockaddr_storage address;
    if (!socket_address(socket, &address) || address.ss_family != AF_UNIX)
        return;
    const char *path = ((const struct sockaddr_un *)&address)->sun_path;
    if (path[0] != '\0')
        (void)unlink(path);
}
