/* accord serve: one loop thread that owns every connection, and the parts that it brings together. Knows the order in
 * which they start and stop, and what each signal means; refuses to know what a request says (log_role.c, status.c),
 * how entries are committed (sequencer.h) and how checkpoints are published (publisher.h). */
#include "serve/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "serve/event.h"
#include "serve/notify.h"

#define GRACE_MS 10000               /* for the last checkpoint's quorum */
#define LAST_WORDS_MS UINT64_C(1000) /* for the last answers to reach their clients */
#define OWN_FILES ((rlim_t)128)      /* that are not connections', at most */
#define EVENTS_MAX 16
#define UNIX_PREFIX "unix:"
#define WATCH_MAX (2 * ACCORD_LISTEN_MAX + 8)

/* What is woken from other threads */

static void ring(int bell)
{
    uint64_t one = 1;
    ssize_t written = write(bell, &one, sizeof one);
    (void)written; /* a bell that cannot ring louder has been rung */
}

static void answered(void *context)
{
    struct accord_server *server = context;
    ring(server->answered);
}

static void followed(void *context)
{
    struct accord_server *server = context;
    ring(server->followed);
}

/* Requests */

static size_t body_max(void *context, const struct accord_http_request *request)
{
    const struct accord_server *server = context;
    size_t maximum;
    if (accord_roles_body_max(server->roles, request, &maximum))
        return maximum;
    if (server->mailbox != NULL && accord_mailbox_role_has(request))
        return 0;
    return server->role == NULL ? 0 : accord_log_role_body_max(request);
}

static void handle(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request)
{
    struct accord_server *server = context;
    if (accord_status_handle(&server->status, exchange, request) ||
        accord_roles_handle(server->roles, exchange, request))
        return;
    if (server->mailbox != NULL && accord_mailbox_role_has(request))
        accord_mailbox_role_handle(server->mailbox, exchange, request);
    else if (server->role != NULL)
        accord_log_role_handle(server->role, exchange, request);
    else
        accord_http_answer_text(exchange, 404, "There is nothing here.\n");
}

/* A sealed report that comes in. */
static bool to_mailbox(const struct accord_server *server, const struct accord_http_request *request)
{
    return server->mailbox != NULL && accord_mailbox_role_streams(request);
}

static bool streams(void *context, const struct accord_http_request *request)
{
    const struct accord_server *server = context;
    return accord_roles_stream(server->roles, request) || to_mailbox(server, request);
}

static bool part(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request,
                 struct accord_bytes bytes, bool last)
{
    struct accord_server *server = context;
    if (to_mailbox(server, request))
        return accord_mailbox_role_part(server->mailbox, exchange, request, bytes, last);
    return accord_roles_part(server->roles, exchange, request, bytes, last);
}

static void gone(void *context, struct accord_http_exchange *exchange, const struct accord_http_request *request)
{
    struct accord_server *server = context;
    if (to_mailbox(server, request))
        accord_mailbox_role_gone(server->mailbox, exchange);
    else
        accord_roles_gone(server->roles, exchange, request);
}

static void answer(struct accord_server *server)
{
    if (server->role != NULL)
        accord_log_role_answer(server->role);
    if (server->mailbox != NULL)
        accord_mailbox_role_answer(server->mailbox);
    accord_roles_answer(server->roles);
}

/* Starting */

static enum accord_status system_error(struct accord_error *error, const char *what)
{
    return accord_file_error(error, -errno, what);
}

/* As many files as the machine allows; how many connections that makes. */
static unsigned connections_within(unsigned wanted)
{
    struct rlimit files;
    rlim_t room = wanted;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0)
            (void)getrlimit(RLIMIT_NOFILE, &files);
        /* Each connection may have a file of the log open beside its socket. */
        room = files.rlim_cur > 2 * OWN_FILES ? (files.rlim_cur - OWN_FILES) / 2 : files.rlim_cur / 4;
        if (room < wanted)
            accord_event(ACCORD_EVENT_WARNING, "fewer-connections", "wanted=%u have=%llu open-files=%llu", wanted,
                         (unsigned long long)room, (unsigned long long)files.rlim_cur);
    }
    return room < wanted ? (unsigned)room : wanted;
}

/* Signals come to the loop alone; threads that start later inherit that. */
static enum accord_status open_loop(struct accord_server *server, struct accord_error *error)
{
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    if (pthread_sigmask(SIG_BLOCK, &taken, NULL) != 0)
        return accord_fail(error, ACCORD_IO, 0);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->signals = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    server->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->stopped = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->followed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->epoll < 0 || server->signals < 0 || server->answered < 0 || server->stopped < 0 || server->followed < 0)
        return system_error(error, "epoll");
    return ACCORD_OK;
}

static enum accord_status watch(struct accord_server *server, int descriptor, struct accord_error *error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 || errno == EEXIST)
        return ACCORD_OK;
    return system_error(error, "epoll");
}

enum accord_status accord_server_watch(struct accord_server *server, struct accord_error *error)
{
    int descriptors[WATCH_MAX];
    size_t count = accord_http_watch(server->http, descriptors, WATCH_MAX);
    enum accord_status status = watch(server, server->signals, error);
    if (status == ACCORD_OK)
        status = watch(server, server->answered, error);
    if (status == ACCORD_OK)
        status = watch(server, server->stopped, error);
    if (status == ACCORD_OK)
        status = watch(server, server->followed, error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++)
        status = watch(server, descriptors[i], error);
    return status;
}

/* A person at a terminal reads a sentence, everyone else an event. */
static void say_listening(const char *name, bool tls)
{
    char quoted[160];
    bool is_unix = strncmp(name, UNIX_PREFIX, sizeof UNIX_PREFIX - 1) == 0;
    if (isatty(STDERR_FILENO) == 1)
        fprintf(stderr, is_unix ? "accord: serving at %s%s\n" : "accord: serving at %s%s/\n",
                is_unix ? ""
                : tls   ? "https://"
                        : "http://",
                name);
    else
        accord_event(
            ACCORD_EVENT_INFO, "listening", "address=%s tls=%s",
            accord_event_quote(quoted, sizeof quoted, (struct accord_bytes){(const uint8_t *)name, strlen(name)}),
            tls ? "yes" : "no");
}

static enum accord_status serve_socket(struct accord_server *server, int socket, bool with_tls,
                                       struct accord_error *error)
{
    char name[128];
    struct accord_http_tls tls;
    bool has_tls = with_tls && accord_settings_tls(server->settings, &tls);
    accord_listen_name(socket, name);
    enum accord_status status = accord_http_listen(server->http, socket, name, has_tls ? &tls : NULL, error);
    if (status != ACCORD_OK)
        return status;
    server->tls = server->tls || has_tls;
    server->listening++;
    say_listening(name, has_tls);
    return ACCORD_OK;
}

/* A Unix socket that this process made is removed at its end. */
static void remember_path(struct accord_server *server, const char *address, int socket)
{
    int kept = strncmp(address, UNIX_PREFIX, sizeof UNIX_PREFIX - 1) == 0 ? fcntl(socket, F_DUPFD_CLOEXEC, 0) : -1;
    if (kept >= 0)
        server->unix_sockets[server->unix_count++] = kept;
}

static enum accord_status serve_address(struct accord_server *server, const struct accord_config_listen *listen,
                                        struct accord_error *error)
{
    int sockets[ACCORD_LISTEN_MAX];
    size_t count = 0, served = 0;
    enum accord_status status = accord_listen(listen->address, sockets, &count, error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++, served++) {
        remember_path(server, listen->address, sockets[i]);
        status = serve_socket(server, sockets[i], listen->tls, error);
        if (status != ACCORD_OK)
            break;
    }
    for (size_t i = served; status != ACCORD_OK && i < count; i++)
        close(sockets[i]);
    return status;
}

/* Sockets of the service manager speak TLS where there are certificates, those of CONFIG where it says so. */
static enum accord_status serve_all(struct accord_server *server, struct accord_error *error)
{
    int sockets[ACCORD_LISTEN_MAX];
    const struct accord_config *config = &server->settings->config;
    size_t inherited = accord_listen_inherited(sockets);
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < inherited; i++)
        status = serve_socket(server, sockets[i], true, error);
    for (size_t i = 0; status == ACCORD_OK && i < config->listen_count; i++)
        status = serve_address(server, &config->listen[i], error);
    if (status != ACCORD_OK || server->listening > 0 || server->bastion_key != NULL)
        return status;
    accord_fail(error, ACCORD_MISSING_FIELD, 0);
    accord_error_what(error, ACCORD_LITERAL("listen"));
    accord_error_expected(error, ACCORD_LITERAL("listen ADDRESS, or a socket from the service manager"));
    return ACCORD_MISSING_FIELD;
}

static enum accord_status start_sequencer(struct accord_server *server, struct accord_error *error)
{
    const struct accord_config *config = &server->settings->config;
    const struct accord_sequencer_options options = {.fs = server->options->fs,
                                                     .crypto = server->options->crypto,
                                                     .dir = server->settings->dir,
                                                     .statements = config->statements,
                                                     .dedup = config->dedup,
                                                     .queue_bytes = config->memory_bytes / 2,
                                                     .queue_requests = config->connections,
                                                     .metrics = server->metrics,
                                                     .reports = server->reports,
                                                     .answered = answered,
                                                     .context = server};
    return accord_sequencer_start(&server->sequencer, &options, error);
}

void accord_server_set_terms(struct accord_server *server, const struct accord_settings *settings)
{
    const struct accord_config *config = &settings->config;
    const struct accord_reports_terms terms = {.limit = config->mailbox_limit,
                                               .work = config->mailbox_work,
                                               .rate = config->mailbox_rate,
                                               .seconds = config->mailbox_seconds,
                                               .introduced = config->mailbox_introduced};
    accord_reports_set(server->reports, &terms);
}

static enum accord_status start_reports(struct accord_server *server, struct accord_error *error)
{
    const struct accord_config *config = &server->settings->config;
    enum accord_status status = accord_reports_new(&server->reports, server->options->crypto, error);
    if (status != ACCORD_OK || config->mailbox[0] == 0)
        return status;
    const struct accord_mailbox_role_options options = {.fs = server->options->fs,
                                                        .crypto = server->options->crypto,
                                                        .dir = config->mailbox,
                                                        .keep = config->mailbox_keep,
                                                        .reports = server->reports,
                                                        .answered = answered,
                                                        .context = server};
    accord_server_set_terms(server, server->settings);
    return accord_mailbox_role_new(&server->mailbox, &options, error);
}

static enum accord_status start_http(struct accord_server *server, struct accord_error *error)
{
    const struct accord_config *config = &server->settings->config;
    const struct accord_http_handler handler = {
        .context = server, .body_max = body_max, .handle = handle, .streams = streams, .part = part, .gone = gone};
    const struct accord_http_limits limits = {.connections = connections_within(config->connections),
                                              .body_bytes = config->memory_bytes / 2,
                                              .idle_seconds = config->idle_seconds,
                                              .request_seconds = config->request_seconds};
    const struct accord_log_role_options role = {.dir = server->settings->dir,
                                                 .sequencer = server->sequencer,
                                                 .metrics = server->metrics,
                                                 .origin = {(const uint8_t *)server->origin, strlen(server->origin)}};
    enum accord_status status = ACCORD_OK;
    if (server->sequencer != NULL)
        status = accord_log_role_new(&server->role, &role, error);
    if (status == ACCORD_OK)
        status = accord_http_new(&server->http, &handler, &limits, error);
    server->status.http = server->http;
    if (status == ACCORD_OK && server->bastion_key != NULL)
        status = accord_http_open_door(server->http, error);
    return status == ACCORD_OK ? serve_all(server, error) : status;
}

/* The bastion's clients come in by a door of their own. */
static int connect_inside(void *context)
{
    const struct accord_server *server = context;
    return accord_http_connect(server->http);
}

static enum accord_status start_bastion(struct accord_server *server, struct accord_error *error)
{
    const struct accord_config *config = &server->settings->config;
    const struct accord_bastion_options options = {.url = config->bastion,
                                                   .ca_file = config->bastion_ca[0] == 0 ? NULL : config->bastion_ca,
                                                   .key = server->bastion_key,
                                                   .connect = connect_inside,
                                                   .context = server,
                                                   .counts = &server->metrics->bastion};
    char quoted[512];
    enum accord_status status = accord_bastion_start(&server->bastion, &options, error);
    if (status != ACCORD_OK)
        return status;
    const char *url = accord_bastion_public_url(server->bastion);
    accord_event(ACCORD_EVENT_INFO, "bastion", "url=%s",
                 accord_event_quote(quoted, sizeof quoted, (struct accord_bytes){(const uint8_t *)url, strlen(url)}));
    return ACCORD_OK;
}

static enum accord_status start_publisher(struct accord_server *server, struct accord_error *error)
{
    const struct accord_publisher_options options = {.fs = server->options->fs,
                                                     .crypto = server->options->crypto,
                                                     .clock = server->options->clock,
                                                     .dir = server->settings->dir,
                                                     .key = server->key,
                                                     .sequencer = server->sequencer,
                                                     .metrics = server->metrics};
    struct accord_publisher_rules rules;
    accord_settings_rules(server->settings, &rules);
    return accord_publisher_start(&server->publisher, &options, &rules, error);
}

/* The age of a checkpoint that was published before this process began. */
static void remember_published(const struct accord_server *server)
{
    char path[ACCORD_CONFIG_PATH_SIZE + 16];
    struct stat found;
    if (server->key == NULL)
        return;
    snprintf(path, sizeof path, "%s/checkpoint", server->settings->dir);
    if (stat(path, &found) == 0 && found.st_mtime > 0)
        atomic_store(&server->metrics->published_at, (uint64_t)found.st_mtime);
}

static enum accord_status open_roles(struct accord_server *server, struct accord_error *error)
{
    const struct accord_roles_options options = {
        .serve = server->options, .metrics = server->metrics, .answered = answered, .context = server};
    return accord_roles_open(&server->roles, server->settings, &options, error);
}

static enum accord_status load(struct accord_server *server, struct accord_error *error)
{
    const struct accord_serve_options *options = server->options;
    enum accord_status status = accord_settings_load(&server->settings, options, error);
    if (status == ACCORD_OK)
        status = accord_settings_key(server->settings, options, &server->key, error);
    if (status == ACCORD_OK)
        status = accord_settings_check_key(server->settings, options, server->key, error);
    if (status == ACCORD_OK)
        status = open_roles(server, error);
    if (status == ACCORD_OK && server->settings->config.bastion[0] != 0)
        status = accord_settings_bastion_key(server->settings, options, &server->bastion_key, error);
    if (status == ACCORD_OK && server->key != NULL) {
        struct accord_bytes name = accord_signer_vkey(server->key)->name;
        snprintf(server->origin, sizeof server->origin, "%.*s", (int)name.size, (const char *)name.data);
    }
    return status;
}

/* Witnesses and mirrors know the logs of their accords, and follow them. */
static enum accord_status start_accords(struct accord_server *server, struct accord_error *error)
{
    const struct accord_config *config = &server->settings->config;
    const struct accord_accords_options options = {
        .fs = server->options->fs, .crypto = server->options->crypto, .changed = followed, .context = server};
    if (config->witness_count + config->mirror_count == 0)
        return ACCORD_OK;
    return accord_accords_start(&server->accords, &options, config, error);
}

/* The log is opened before any socket is: whoever is the second on a directory disturbs nobody. */
static enum accord_status start(struct accord_server *server, struct accord_error *error)
{
    server->status.metrics = server->metrics;
    server->status.has_log = server->key != NULL;
    server->status.has_witness = server->settings->config.witness_count > 0;
    server->status.has_bastion = server->bastion_key != NULL;
    server->status.has_mirror = server->settings->config.mirror_count > 0;
    server->status.clock = server->options->clock;
    server->status.version = server->options->version;
    accord_server_show_settings(server);
    remember_published(server);
    bool log = server->key != NULL;
    enum accord_status status = open_loop(server, error);
    if (status == ACCORD_OK && log)
        status = start_reports(server, error);
    if (status == ACCORD_OK && log)
        status = start_sequencer(server, error);
    if (status == ACCORD_OK)
        status = accord_roles_start(server->roles, server->settings, error);
    if (status == ACCORD_OK)
        status = start_http(server, error);
    if (status == ACCORD_OK)
        status = accord_server_watch(server, error);
    if (status == ACCORD_OK && log)
        status = start_publisher(server, error);
    if (status == ACCORD_OK && server->bastion_key != NULL)
        status = start_bastion(server, error);
    if (status == ACCORD_OK)
        status = start_accords(server, error);
    return status;
}

/* Stopping */

/* What takes long about it, while the loop goes on answering. */
static void *stop_parts(void *context)
{
    struct accord_server *server = context;
    server->all_published = true;
    accord_bastion_stop(server->bastion);
    server->bastion = NULL;
    if (server->sequencer != NULL)
        accord_sequencer_drain(server->sequencer);
    accord_roles_drain(server->roles);
    if (server->mailbox != NULL)
        accord_mailbox_role_drain(server->mailbox);
    accord_accords_stop(server->accords);
    server->accords = NULL;
    if (server->publisher != NULL)
        accord_publisher_stop(server->publisher, GRACE_MS, &server->all_published);
    server->publisher = NULL;
    ring(server->stopped);
    return NULL;
}

static void unlink_sockets(struct accord_server *server)
{
    for (size_t i = 0; i < server->unix_count; i++) {
        accord_listen_unlink(server->unix_sockets[i]);
        close(server->unix_sockets[i]);
    }
    server->unix_count = 0;
}

/* The second time nothing is waited for: what was acknowledged is durable, whatever becomes of this process. */
static void stop(struct accord_server *server)
{
    if (server->stopping) {
        accord_event(ACCORD_EVENT_WARNING, "stopped", "published=%s", "unknown");
        _exit(0);
    }
    server->stopping = true;
    server->status.stopping = true;
    accord_event(ACCORD_EVENT_INFO, "stopping", NULL);
    accord_notify("STOPPING=1");
    unlink_sockets(server);
    accord_http_quiesce(server->http);
    server->stopper_runs = pthread_create(&server->stopper, NULL, stop_parts, server) == 0;
    if (!server->stopper_runs)
        (void)stop_parts(server);
}

/* The answers that are under way, as far as their clients take them. */
static void last_words(struct accord_server *server)
{
    struct accord_http_counts counts;
    uint64_t until_us = accord_monotonic_us() + LAST_WORDS_MS * 1000;
    struct epoll_event events[EVENTS_MAX];
    do {
        answer(server);
        accord_http_run(server->http);
        accord_http_count(server->http, &counts);
        if (counts.connections > 0)
            (void)epoll_wait(server->epoll, events, EVENTS_MAX, 5);
    } while (counts.connections > 0 && accord_monotonic_us() < until_us);
}

static void finish(struct accord_server *server)
{
    if (server->stopper_runs)
        pthread_join(server->stopper, NULL);
    last_words(server);
    if (server->key == NULL) {
        accord_event(ACCORD_EVENT_INFO, "stopped", NULL);
        return;
    }
    accord_event(server->all_published ? ACCORD_EVENT_INFO : ACCORD_EVENT_WARNING, "stopped", "size=%llu published=%s",
                 (unsigned long long)atomic_load(&server->metrics->size), server->all_published ? "all" : "not-all");
}

/* The loop */

static void take_signals(struct accord_server *server)
{
    struct signalfd_siginfo signal;
    while (read(server->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo != SIGHUP)
            stop(server);
        else if (!server->stopping)
            accord_server_reload(server);
    }
}

static bool take_bell(int bell)
{
    uint64_t rung;
    return read(bell, &rung, sizeof rung) == (ssize_t)sizeof rung;
}

static void loop(struct accord_server *server)
{
    struct epoll_event events[EVENTS_MAX];
    bool over = false;
    while (!over) {
        int count = epoll_wait(server->epoll, events, EVENTS_MAX, accord_http_timeout_ms(server->http));
        for (int i = 0; i < count; i++) {
            int from = events[i].data.fd;
            if (from == server->answered && take_bell(from))
                answer(server);
            else if (from == server->signals)
                take_signals(server);
            else if (from == server->followed && take_bell(from) && !server->stopping)
                accord_server_reload(server);
            else if (from == server->stopped && take_bell(from))
                over = true;
        }
        accord_http_run(server->http);
        accord_status_look(&server->status);
    }
}

static void close_if(int descriptor)
{
    if (descriptor >= 0)
        close(descriptor);
}

static void server_free(struct accord_server *server)
{
    bool published;
    accord_bastion_stop(server->bastion);
    accord_accords_stop(server->accords);
    if (server->publisher != NULL)
        accord_publisher_stop(server->publisher, 0, &published);
    if (server->http != NULL)
        accord_http_free(server->http);
    if (server->sequencer != NULL)
        accord_sequencer_stop(server->sequencer);
    accord_log_role_free(server->role);
    accord_mailbox_role_free(server->mailbox);
    accord_reports_free(server->reports);
    accord_roles_free(server->roles);
    accord_signer_free(server->bastion_key);
    if (server->key != NULL)
        accord_signer_free(server->key);
    accord_settings_free(server->settings);
    free(server->metrics);
    close_if(server->epoll);
    close_if(server->signals);
    close_if(server->answered);
    close_if(server->stopped);
    close_if(server->followed);
    free(server);
}

static void say_ready(const struct accord_server *server)
{
    const struct accord_config *config = &server->settings->config;
    if (server->key != NULL)
        accord_event(ACCORD_EVENT_INFO, "ready", "version=%s origin=%s size=%llu", server->options->version,
                     server->origin, (unsigned long long)atomic_load(&server->metrics->size));
    if (config->witness_count + config->mirror_count > 0)
        accord_event(ACCORD_EVENT_INFO, "ready", "version=%s witness-keys=%zu mirror-keys=%zu known-logs=%llu",
                     server->options->version, config->witness_count, config->mirror_count,
                     (unsigned long long)atomic_load(&server->metrics->known_logs));
}

static enum accord_status serve(struct accord_server *server, struct accord_error *error)
{
    enum accord_status status = start(server, error);
    if (status != ACCORD_OK) {
        unlink_sockets(server);
        return status;
    }
    say_ready(server);
    accord_notify("READY=1");
    loop(server);
    finish(server);
    return ACCORD_OK;
}

enum accord_status accord_serve(const struct accord_serve_options *options, struct accord_error *error)
{
    struct accord_server *server = calloc(1, sizeof *server);
    struct accord_metrics *metrics = calloc(1, sizeof *metrics);
    if (server == NULL || metrics == NULL) {
        free(server);
        free(metrics);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    server->options = options;
    server->metrics = metrics;
    server->epoll = server->signals = server->answered = server->stopped = server->followed = -1;
    enum accord_status status = load(server, error);
    if (status == ACCORD_OK && !options->check)
        status = serve(server, error);
    server_free(server);
    return status;
}
