/* SIGHUP. Knows the order: everything is read and checked before anything changes. What a running server cannot take
 * over is said, and waits for a restart. */
#include <string.h>

#include "serve/event.h"
#include "serve/notify.h"
#include "serve/server.h"

#define BEHIND_LEAST_MS 10000
#define BEHIND_ROUNDS 3

void accord_server_show_settings(struct accord_server *server)
{
    const struct accord_config *config = &server->settings->config;
    uint64_t rounds_ms = BEHIND_ROUNDS * (config->interval_ms + config->witness_timeout_ms) + config->fallback_ms;
    server->status.policy = accord_settings_policy(server->settings);
    server->status.unpublished_max_ms = rounds_ms > BEHIND_LEAST_MS ? rounds_ms : BEHIND_LEAST_MS;
}

/* Places in the policy are other witnesses now: their counters begin again. */
static void forget_witnesses(struct accord_metrics *metrics)
{
    for (size_t i = 0; i < ACCORD_POLICY_WITNESSES_MAX; i++) {
        for (size_t j = 0; j < ACCORD_WITNESS_OUTCOMES; j++)
            atomic_store(&metrics->witnesses[i].outcomes[j], 0);
        for (size_t j = 0; j < ACCORD_HISTOGRAM_BUCKETS; j++)
            atomic_store(&metrics->witnesses[i].latency.bucket[j], 0);
        atomic_store(&metrics->witnesses[i].latency.sum_us, 0);
    }
}

/* What can fail comes first; the publisher, which can only fail for want of memory after the checks, last. */
static enum accord_status take_over(struct accord_server *server, const struct accord_settings *next,
                                    struct accord_error *error)
{
    struct accord_http_tls tls;
    struct accord_publisher_rules rules;
    enum accord_status status = accord_settings_check_key(next, server->options, server->key, error);
    if (status == ACCORD_OK && server->tls && accord_settings_tls(next, &tls))
        status = accord_http_renew_tls(server->http, &tls, error);
    if (status == ACCORD_OK)
        status = accord_server_watch(server, error);
    if (status == ACCORD_OK && server->publisher != NULL) {
        accord_settings_rules(next, &rules);
        status = accord_publisher_reload(server->publisher, &rules, error);
    }
    if (status != ACCORD_OK)
        return status;
    if (server->sequencer != NULL)
        accord_sequencer_accept_statements(server->sequencer, next->config.statements);
    if (server->reports != NULL)
        accord_server_set_terms(server, next);
    accord_roles_know(server->roles, next);
    if (server->accords != NULL)
        accord_accords_know(server->accords, &next->config);
    return ACCORD_OK;
}

static void complain(const struct accord_server *server, const struct accord_error *error)
{
    accord_event_error(ACCORD_EVENT_ERROR, "reload-failed", server->options->subject, error);
}

static void say_restart(const struct accord_settings *now, struct accord_settings *next)
{
    char keywords[128];
    accord_settings_restart(now, next, keywords, sizeof keywords);
    if (keywords[0] != 0)
        accord_event(ACCORD_EVENT_WARNING, "reload-needs-restart", "keywords=%s", keywords);
    /* What is in force stays to be compared with: it is said at each reload until the restart. */
    struct accord_config *config = &next->config;
    memcpy(config->listen, now->config.listen, sizeof now->config.listen);
    config->listen_count = now->config.listen_count;
    memcpy(config->log, now->config.log, sizeof now->config.log);
    memcpy(config->log_key, now->config.log_key, sizeof now->config.log_key);
    memcpy(next->dir, now->dir, sizeof now->dir);
    memcpy(config->witnesses, now->config.witnesses, sizeof now->config.witnesses);
    config->witness_count = now->config.witness_count;
    memcpy(config->mirrors, now->config.mirrors, sizeof now->config.mirrors);
    config->mirror_count = now->config.mirror_count;
    memcpy(config->bastion, now->config.bastion, sizeof now->config.bastion);
    memcpy(config->bastion_key, now->config.bastion_key, sizeof now->config.bastion_key);
    config->dedup = now->config.dedup;
    config->connections = now->config.connections;
    config->idle_seconds = now->config.idle_seconds;
    config->request_seconds = now->config.request_seconds;
    config->memory_bytes = now->config.memory_bytes;
    memcpy(config->mailbox, now->config.mailbox, sizeof now->config.mailbox);
    config->mailbox_keep = now->config.mailbox_keep;
}

void accord_server_reload(struct accord_server *server)
{
    struct accord_settings *next;
    struct accord_error error;
    accord_notify_reloading();
    enum accord_status status = accord_settings_load(&next, server->options, &error);
    if (status == ACCORD_OK) {
        status = take_over(server, next, &error);
        if (status != ACCORD_OK)
            accord_settings_free(next);
    }
    if (status != ACCORD_OK) {
        complain(server, &error);
    } else {
        say_restart(server->settings, next);
        if (!accord_bytes_equal(accord_buffer_bytes(&server->settings->policy_text),
                                accord_buffer_bytes(&next->policy_text)))
            forget_witnesses(server->metrics);
        accord_settings_free(server->settings);
        server->settings = next;
        accord_server_show_settings(server);
        accord_event(ACCORD_EVENT_INFO, "reloaded", NULL);
    }
    accord_notify("READY=1");
}
