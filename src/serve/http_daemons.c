/* libmicrohttpd's daemons: one for each socket that listens, and one without, for connections that this process makes
 * to itself. Knows sockets, certificates and how they are renewed; refuses to know what comes over a connection. */
#include "serve/http_daemons.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "serve/event.h"
#include "serve/http_peers.h"

#define CONNECTION_MEMORY 8192 /* for headers; the library wipes it after each request, so what is more costs time */
#define BACKLOG 1024
#define COMPLAINTS_MS 10000 /* of clients that speak no HTTP, or no TLS: anybody can be one, and none fills the log */
#define INNER_NAME "this process"

/* Paths stay as they came: what a percent sign means is for nobody here to say. */
static size_t on_unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *context, const char *format, va_list arguments)
{
    char text[256], quoted[512];
    struct accord_http_daemons *daemons = context;
    uint64_t now = accord_http_now_ms();
    if (daemons->said_ms != 0 && now - daemons->said_ms < COMPLAINTS_MS) {
        daemons->unsaid++;
        return;
    }
    int size = vsnprintf(text, sizeof text, format, arguments);
    if (size <= 0)
        return;
    struct accord_bytes bytes = {(const uint8_t *)text, strlen(text)};
    while (bytes.size > 0 && bytes.data[bytes.size - 1] == '\n')
        bytes.size--;
    accord_event(ACCORD_EVENT_INFO, "http", "message=%s unsaid=%llu", accord_event_quote(quoted, sizeof quoted, bytes),
                 (unsigned long long)daemons->unsaid);
    daemons->said_ms = now;
    daemons->unsaid = 0;
}

/* A PEM text as the library wants it, ended by NUL. */
static char *text_of(struct accord_bytes bytes)
{
    char *text = malloc(bytes.size + 1);
    if (text != NULL) {
        memcpy(text, bytes.data, bytes.size);
        text[bytes.size] = '\0';
    }
    return text;
}

/* socket is -1 for the daemon without one. */
static struct MHD_Daemon *start(struct accord_http_daemons *daemons, int socket, const char *certificates,
                                const char *key)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificates},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem listening[] = {{MHD_OPTION_LISTEN_SOCKET, socket, NULL},
                                         {MHD_OPTION_LISTEN_BACKLOG_SIZE, BACKLOG, NULL},
                                         {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
                     (socket < 0 ? MHD_USE_NO_LISTEN_SOCKET : MHD_USE_ERROR_LOG) |
                     (certificates == NULL ? 0 : MHD_USE_TLS);
    return MHD_start_daemon(
        flags, 0, daemons->accept, daemons->context, daemons->request, daemons->context, MHD_OPTION_EXTERNAL_LOGGER,
        on_log, daemons, MHD_OPTION_CONNECTION_LIMIT, daemons->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, daemons->connection, daemons->context,
        MHD_OPTION_NOTIFY_COMPLETED, daemons->completed, daemons->context, MHD_OPTION_URI_LOG_CALLBACK, daemons->line,
        daemons->context, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL, MHD_OPTION_ARRAY,
        socket < 0 ? none : listening, MHD_OPTION_ARRAY, certificates == NULL ? none : tls, MHD_OPTION_END);
}

/* A daemon on a copy of the socket. One that cannot start closes its socket or not, as it failed late or early, so
 * whether the copy is still there is looked up: by then the number may be somebody else's. */
static struct MHD_Daemon *start_on_copy(struct accord_http_daemons *daemons, int socket, int *copy,
                                        const char *certificates, const char *key)
{
    struct stat ours, there;
    *copy = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (*copy < 0)
        return NULL;
    struct MHD_Daemon *daemon = start(daemons, *copy, certificates, key);
    if (daemon == NULL && fstat(socket, &ours) == 0 && fstat(*copy, &there) == 0 && ours.st_dev == there.st_dev &&
        ours.st_ino == there.st_ino)
        (void)close(*copy);
    return daemon;
}

enum accord_status accord_http_daemons_add(struct accord_http_daemons *daemons, int socket, const char *name,
                                           const struct accord_http_tls *tls, struct accord_error *error)
{
    if (daemons->count == ACCORD_HTTP_DAEMONS_MAX)
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    struct accord_http_daemon *added = &daemons->daemons[daemons->count];
    char *certificates = tls == NULL ? NULL : text_of(tls->certificates);
    char *key = tls == NULL ? NULL : text_of(tls->key);
    bool memory = tls == NULL || (certificates != NULL && key != NULL);
    *added = (struct accord_http_daemon){.tls = tls != NULL};
    (void)snprintf(added->name, sizeof added->name, "%s", name);
    if (memory)
        added->daemon = start_on_copy(daemons, socket, &added->socket, certificates, key);
    free(certificates);
    if (key != NULL)
        explicit_bzero(key, tls->key.size);
    free(key);
    if (added->daemon != NULL) {
        daemons->count++;
        return ACCORD_OK;
    }
    accord_fail(error, memory ? ACCORD_IO : ACCORD_NO_MEMORY, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)name, strlen(name)});
    if (tls != NULL)
        accord_error_expected(error, ACCORD_LITERAL("certificates in PEM, and the key that is theirs"));
    return memory ? ACCORD_IO : ACCORD_NO_MEMORY;
}

/* The library cannot change the certificates of a daemon that runs: a new one takes over its socket, and the old one
 * serves those that it has until they are gone: each gets one more answer. */
enum accord_status accord_http_daemons_renew_tls(struct accord_http_daemons *daemons, const struct accord_http_tls *tls,
                                                 struct accord_error *error)
{
    size_t count = daemons->count;
    for (size_t i = 0; i < count; i++) {
        struct accord_http_daemon *old = &daemons->daemons[i];
        if (!old->tls || old->socket < 0)
            continue;
        enum accord_status status = accord_http_daemons_add(daemons, old->socket, old->name, tls, error);
        if (status != ACCORD_OK)
            return status;
        (void)close(MHD_quiesce_daemon(old->daemon));
        old->socket = -1;
    }
    return ACCORD_OK;
}

bool accord_http_daemons_retired(const struct accord_http_daemons *daemons, struct MHD_Connection *connection)
{
    for (size_t i = 0; i < daemons->count; i++) {
        const union MHD_ConnectionInfo *info =
            daemons->daemons[i].socket >= 0 ? NULL : MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON);
        if (info != NULL && info->daemon == daemons->daemons[i].daemon)
            return true;
    }
    return false;
}

/* Connections of this process: whoever makes one keeps one end of a socket pair, and puts the other's number into the
 * door, which the loop's thread looks into. So the library is called by that one thread, as everywhere else. */

enum accord_status accord_http_daemons_open_door(struct accord_http_daemons *daemons, struct accord_error *error)
{
    int ends[2];
    if (daemons->count == ACCORD_HTTP_DAEMONS_MAX)
        return accord_fail(error, ACCORD_TOO_LARGE, 0);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return accord_file_error(error, -errno, INNER_NAME);
    struct MHD_Daemon *daemon = start(daemons, -1, NULL, NULL);
    if (daemon == NULL) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return accord_fail(error, ACCORD_IO, 0);
    }
    daemons->door = ends[1];
    daemons->daemons[daemons->count++] =
        (struct accord_http_daemon){.daemon = daemon, .socket = ends[0], .inner = true, .name = INNER_NAME};
    return ACCORD_OK;
}

/* A connection counts until the server is done with it: requests that are taken back as soon as they are made would
 * otherwise be made without end. */
int accord_http_daemons_connect(struct accord_http_daemons *daemons)
{
    int ends[2];
    if (daemons->door < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return -1;
    unsigned waiting = atomic_fetch_add(&daemons->waiting, 1);
    if (waiting + atomic_load(&daemons->inside) < ACCORD_HTTP_INSIDE_MAX &&
        send(daemons->door, &ends[1], sizeof ends[1], MSG_NOSIGNAL) == (ssize_t)sizeof ends[1])
        return ends[0];
    atomic_fetch_sub(&daemons->waiting, 1);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return -1;
}

/* How many came in. */
static unsigned let_in(const struct accord_http_daemons *daemons, const struct accord_http_daemon *inner)
{
    const struct sockaddr nobody = {.sa_family = AF_UNIX};
    unsigned count = 0;
    int socket;
    for (; recv(inner->socket, &socket, sizeof socket, 0) == (ssize_t)sizeof socket; count++) {
        if (daemons->closing)
            (void)close(socket);
        else /* which closes it where it has no room */
            (void)MHD_add_connection(inner->daemon, socket, &nobody, sizeof nobody);
    }
    return count;
}

/* Each is counted at the door until it is counted inside, so never too few are. */
static void run_inner(struct accord_http_daemons *daemons, const struct accord_http_daemon *inner)
{
    unsigned count = let_in(daemons, inner);
    (void)MHD_run(inner->daemon);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(inner->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    atomic_store(&daemons->inside, info == NULL ? 0 : info->num_connections);
    atomic_fetch_sub(&daemons->waiting, count);
}

/* Ending */

/* Ends the daemons that take no new connections and have no old ones. */
static void reap(struct accord_http_daemons *daemons)
{
    for (size_t i = daemons->count; i-- > 0;) {
        struct accord_http_daemon *daemon = &daemons->daemons[i];
        const union MHD_DaemonInfo *info =
            daemon->socket >= 0 ? NULL : MHD_get_daemon_info(daemon->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (info == NULL || info->num_connections > 0)
            continue;
        MHD_stop_daemon(daemon->daemon);
        *daemon = daemons->daemons[--daemons->count];
    }
}

void accord_http_daemons_quiesce(struct accord_http_daemons *daemons)
{
    daemons->closing = true;
    for (size_t i = 0; i < daemons->count; i++) {
        struct accord_http_daemon *daemon = &daemons->daemons[i];
        if (daemon->inner) /* its door stays, so that whoever comes is turned away */
            continue;
        if (daemon->socket >= 0)
            (void)close(MHD_quiesce_daemon(daemon->daemon));
        daemon->socket = -1;
    }
}

void accord_http_daemons_free(struct accord_http_daemons *daemons)
{
    daemons->closing = true;
    for (size_t i = 0; i < daemons->count; i++) {
        struct accord_http_daemon *daemon = &daemons->daemons[i];
        if (daemon->inner) {
            (void)let_in(daemons, daemon);
            (void)close(daemon->socket);
            (void)close(daemons->door);
        }
        MHD_stop_daemon(daemon->daemon);
    }
    daemons->count = 0;
}

/* Driving */

size_t accord_http_daemons_watch(const struct accord_http_daemons *daemons, int *descriptors, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < daemons->count; i++) {
        const struct accord_http_daemon *daemon = &daemons->daemons[i];
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (info != NULL && count < room)
            descriptors[count++] = info->epoll_fd;
        if (daemon->inner && count < room)
            descriptors[count++] = daemon->socket;
    }
    return count;
}

/* A daemon that had no descriptor for a new connection takes none until one has ended, which it does after it has
 * looked whether to listen again. Nothing else may ever wake it. */
int accord_http_daemons_timeout_ms(const struct accord_http_daemons *daemons, int timeout_ms)
{
    if (daemons->ended)
        return 0;
    for (size_t i = 0; i < daemons->count; i++) {
        MHD_UNSIGNED_LONG_LONG left_ms;
        if (MHD_get_timeout(daemons->daemons[i].daemon, &left_ms) == MHD_YES &&
            (timeout_ms < 0 || left_ms < (unsigned)timeout_ms))
            timeout_ms = (int)left_ms;
    }
    return timeout_ms;
}

void accord_http_daemons_run(struct accord_http_daemons *daemons)
{
    daemons->ended = false;
    for (size_t i = 0; i < daemons->count; i++) {
        if (daemons->daemons[i].inner)
            run_inner(daemons, &daemons->daemons[i]);
        else
            (void)MHD_run(daemons->daemons[i].daemon);
    }
    reap(daemons);
}
