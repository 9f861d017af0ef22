/* What the server's files share: all that one `accord serve` has. */
#ifndef ACCORD_SERVE_SERVER_H
#define ACCORD_SERVE_SERVER_H

#include <pthread.h>

#include "serve/accords.h"
#include "serve/bastion.h"
#include "serve/log_role.h"
#include "serve/mailbox_role.h"
#include "serve/roles.h"
#include "serve/settings.h"
#include "serve/status.h"

struct accord_server {
    const struct accord_serve_options *options;
    struct accord_settings *settings; /* those in force, but for what waits for a restart */
    struct accord_metrics *metrics;
    struct accord_http *http;
    struct accord_roles *roles;     /* witnesses, mirrors */
    struct accord_accords *accords; /* that these follow; NULL where there are none of them */
    /* NULL where CONFIG names no bastion. */
    struct accord_signer *bastion_key;
    struct accord_bastion *bastion;
    /* The log's; NULL where there is none. */
    struct accord_signer *key;
    struct accord_sequencer *sequencer;
    struct accord_log_role *role;
    struct accord_reports *reports;
    struct accord_mailbox_role *mailbox; /* NULL where CONFIG names none */
    struct accord_publisher_thread *publisher;
    struct accord_status_page status;
    char origin[ACCORD_KEY_NAME_SIZE_MAX + 1];
    bool tls;                            /* some socket speaks it */
    int unix_sockets[ACCORD_LISTEN_MAX]; /* that it made; the same as http's, to remove their paths by */
    size_t unix_count, listening;
    /* The loop's descriptors. */
    int epoll, signals;
    int answered; /* eventfd: the sequencer, or a role, has answers */
    int stopped;  /* eventfd: the thread that stops is done */
    int followed; /* eventfd: a trust file has another roster */
    /* Stopping. */
    bool stopping, stopper_runs;
    pthread_t stopper;
    bool all_published;
};

/* Watches what http wants to have watched: once more after its sockets have changed hands. */
ACCORD_MUST_USE enum accord_status accord_server_watch(struct accord_server *server, struct accord_error *error);
/* SIGHUP: goes over to what CONFIG says now, or stays as it is. */
void accord_server_reload(struct accord_server *server);
/* What CONFIG asks of reports is asked from here on. */
void accord_server_set_terms(struct accord_server *server, const struct accord_settings *settings);
/* What the settings in force mean for the status page. */
void accord_server_show_settings(struct accord_server *server);

#endif
