/* CONFIG and the files that it names. Knows which file an error is about, and which settings a server can take over
 * while it runs; refuses to know how it does so. */
#include "serve/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/text.h"
#include "follow/chain.h"
#include "keys/checkpoint.h"
#include "log/reader.h"

#define LIST_SIZE_MAX (256 << 20) /* CONFIG, and lists of known logs */
#define PEM_SIZE_MAX (1 << 20)

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

const char *accord_settings_about(const struct accord_serve_options *options, const char *path)
{
    if (options->subject != NULL && options->subject_size > 0)
        snprintf(options->subject, options->subject_size, "%s", path);
    return path;
}

static void directory_of(const char *path, char directory[ACCORD_CONFIG_PATH_SIZE])
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(directory, ACCORD_CONFIG_PATH_SIZE, ".");
    else
        snprintf(directory, ACCORD_CONFIG_PATH_SIZE, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static enum accord_status load_config(struct accord_settings *settings, const struct accord_serve_options *options,
                                      struct accord_error *error)
{
    char directory[ACCORD_CONFIG_PATH_SIZE];
    struct accord_buffer text;
    accord_buffer_init(&text, LIST_SIZE_MAX);
    directory_of(accord_settings_about(options, options->config), directory);
    enum accord_status status = accord_file_read(options->fs, options->config, &text, error);
    if (status == ACCORD_OK)
        status = accord_config_parse(&settings->config, accord_buffer_bytes(&text), directory, settings->logs, error);
    accord_buffer_free(&text);
    return status;
}

static enum accord_status load_list(struct accord_settings *settings, const struct accord_serve_options *options,
                                    const char *path, struct accord_error *error)
{
    struct accord_buffer text;
    accord_buffer_init(&text, LIST_SIZE_MAX);
    enum accord_status status = accord_file_read(options->fs, accord_settings_about(options, path), &text, error);
    if (status == ACCORD_OK)
        status = accord_logs_add_list(settings->logs, accord_buffer_bytes(&text), error);
    accord_buffer_free(&text);
    return status;
}

/* The logs of a roster, by the policy that it is. */
static enum accord_status add_roster(struct accord_settings *settings, const struct accord_serve_options *options,
                                     struct accord_bytes entry, struct accord_error *error)
{
    struct accord_roster_claim *roster = malloc(sizeof *roster);
    struct accord_buffer policy;
    if (roster == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    accord_buffer_init(&policy, ACCORD_POLICY_SIZE_MAX);
    enum accord_status status = accord_roster_parse(roster, entry, options->crypto, error);
    if (status == ACCORD_OK)
        status = accord_chain_policy(roster, &policy, error);
    if (status == ACCORD_OK)
        status = accord_logs_add_list(settings->logs, accord_buffer_bytes(&policy), error);
    accord_buffer_free(&policy);
    free(roster);
    return status;
}

/* An accord's logs: those of the roster that its trust file holds. Its members write that roster, so it has no say in
 * the logs that the operator named, or that another accord has: a key more for one of those could move it ahead of
 * itself. */
static enum accord_status load_accord(struct accord_settings *settings, const struct accord_serve_options *options,
                                      const char *path, struct accord_error *error)
{
    struct accord_buffer text;
    struct accord_trust_claim trust;
    accord_buffer_init(&text, ACCORD_TRUST_SIZE_MAX);
    enum accord_status status = accord_file_read(options->fs, accord_settings_about(options, path), &text, error);
    if (status == ACCORD_OK)
        status = accord_trust_parse(&trust, accord_buffer_bytes(&text), error);
    accord_logs_seal(settings->logs);
    if (status == ACCORD_OK)
        status = add_roster(settings, options, trust.roster_entry, error);
    accord_buffer_free(&text);
    return status;
}

static enum accord_status load_logs(struct accord_settings *settings, const struct accord_serve_options *options,
                                    struct accord_error *error)
{
    const struct accord_config *config = &settings->config;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < config->list_count; i++)
        status = load_list(settings, options, config->lists[i], error);
    for (size_t i = 0; status == ACCORD_OK && i < config->trust_count; i++)
        status = load_accord(settings, options, config->trusts[i], error);
    return status;
}

static enum accord_status load_policy(struct accord_settings *settings, const struct accord_serve_options *options,
                                      struct accord_error *error)
{
    if (settings->config.policy[0] == 0)
        return ACCORD_OK;
    enum accord_status status = accord_file_read(options->fs, accord_settings_about(options, settings->config.policy),
                                                 &settings->policy_text, error);
    if (status != ACCORD_OK)
        return status;
    return accord_policy_parse(&settings->policy, accord_buffer_bytes(&settings->policy_text), options->crypto, error);
}

static enum accord_status load_tls(struct accord_settings *settings, const struct accord_serve_options *options,
                                   struct accord_error *error)
{
    const struct accord_config *config = &settings->config;
    if (config->tls_certificates[0] == 0)
        return ACCORD_OK;
    enum accord_status status = accord_file_read(options->fs, accord_settings_about(options, config->tls_certificates),
                                                 &settings->tls_certificates, error);
    if (status == ACCORD_OK)
        status =
            accord_file_read(options->fs, accord_settings_about(options, config->tls_key), &settings->tls_key, error);
    return status;
}

enum accord_status accord_settings_load(struct accord_settings **out, const struct accord_serve_options *options,
                                        struct accord_error *error)
{
    *out = NULL;
    struct accord_settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    accord_buffer_init(&settings->policy_text, ACCORD_POLICY_SIZE_MAX);
    accord_buffer_init(&settings->tls_certificates, PEM_SIZE_MAX);
    accord_buffer_init(&settings->tls_key, PEM_SIZE_MAX);
    enum accord_status status = accord_logs_new(&settings->logs, options->crypto, error);
    if (status == ACCORD_OK)
        status = load_config(settings, options, error);
    if (status == ACCORD_OK)
        status = load_logs(settings, options, error);
    if (status == ACCORD_OK)
        status = load_policy(settings, options, error);
    if (status == ACCORD_OK)
        status = load_tls(settings, options, error);
    if (status == ACCORD_OK && settings->config.log[0] != 0)
        status = accord_log_locate(options->fs, accord_settings_about(options, settings->config.log), settings->dir,
                                   sizeof settings->dir, error);
    if (status != ACCORD_OK)
        accord_settings_free(settings);
    else
        *out = settings;
    return status;
}

void accord_settings_free(struct accord_settings *settings)
{
    if (settings == NULL)
        return;
    accord_buffer_free(&settings->policy_text);
    accord_buffer_free(&settings->tls_certificates);
    accord_buffer_wipe(&settings->tls_key);
    accord_logs_free(settings->logs);
    free(settings);
}

/* The key */

enum accord_status accord_settings_key(const struct accord_settings *settings,
                                       const struct accord_serve_options *options, struct accord_signer **key,
                                       struct accord_error *error)
{
    const struct accord_config *config = &settings->config;
    *key = NULL;
    if (config->log[0] == 0)
        return ACCORD_OK;
    return accord_signer_open(key, options->fs, accord_settings_about(options, config->log_key),
                              config->passphrase_file[0] == 0 ? NULL : config->passphrase_file, error);
}

static enum accord_status check_published(const struct accord_settings *settings,
                                          const struct accord_serve_options *options, const struct accord_signer *key,
                                          struct accord_error *error)
{
    struct accord_reader *reader;
    struct accord_buffer checkpoint;
    enum accord_status status = accord_reader_open(&reader, options->fs, options->crypto, settings->dir, error);
    if (status != ACCORD_OK)
        return status;
    accord_buffer_init(&checkpoint, ACCORD_NOTE_SIZE_MAX);
    status = accord_reader_checkpoint(reader, &checkpoint, error);
    if (status == ACCORD_OK)
        status = accord_checkpoint_origin_check(key, accord_buffer_bytes(&checkpoint), error);
    accord_buffer_free(&checkpoint);
    accord_reader_close(reader);
    return status;
}

/* Without this no quorum would ever hold. */
static enum accord_status check_policy(const struct accord_policy *policy, const struct accord_signer *key,
                                       struct accord_error *error)
{
    struct accord_bytes vkey = accord_signer_vkey(key)->text;
    for (size_t i = 0; i < policy->log_count; i++)
        if (accord_bytes_equal(policy->logs[i].vkey.text, vkey))
            return ACCORD_OK;
    accord_fail(error, ACCORD_UNKNOWN_LOG, 0);
    accord_error_what(error, ACCORD_LITERAL("the policy's logs"));
    accord_error_expected(error, vkey);
    return ACCORD_UNKNOWN_LOG;
}

static enum accord_status check_urls(const struct accord_policy *policy, const struct accord_serve_options *options,
                                     struct accord_error *error)
{
    struct accord_gatherer *gatherer;
    enum accord_status status = accord_gatherer_new(&gatherer, policy, options->crypto, NULL, error);
    if (status == ACCORD_OK)
        accord_gatherer_free(gatherer);
    return status;
}

enum accord_status accord_settings_check_key(const struct accord_settings *settings,
                                             const struct accord_serve_options *options,
                                             const struct accord_signer *key, struct accord_error *error)
{
    if (key == NULL)
        return ACCORD_OK;
    (void)accord_settings_about(options, settings->config.log_key);
    enum accord_status status = accord_checkpoint_key_check(key, error);
    if (status == ACCORD_OK)
        status = check_published(settings, options, key, error);
    if (status == ACCORD_OK && accord_settings_policy(settings) != NULL) {
        (void)accord_settings_about(options, settings->config.policy);
        status = check_policy(&settings->policy, key, error);
        if (status == ACCORD_OK)
            status = check_urls(&settings->policy, options, error);
    }
    /* What goes wrong after this says itself what it is about. */
    if (status == ACCORD_OK)
        (void)accord_settings_about(options, options->config);
    return status;
}

enum accord_status accord_settings_bastion_key(const struct accord_settings *settings,
                                               const struct accord_serve_options *options, struct accord_signer **key,
                                               struct accord_error *error)
{
    const struct accord_config *config = &settings->config;
    enum accord_status status =
        accord_signer_open(key, options->fs, accord_settings_about(options, config->bastion_key),
                           config->passphrase_file[0] == 0 ? NULL : config->passphrase_file, error);
    if (status == ACCORD_OK)
        (void)accord_settings_about(options, options->config);
    return status;
}

/* What the server's parts take of it */

const struct accord_policy *accord_settings_policy(const struct accord_settings *settings)
{
    return settings->config.policy[0] == 0 ? NULL : &settings->policy;
}

void accord_settings_rules(const struct accord_settings *settings, struct accord_publisher_rules *rules)
{
    *rules = (struct accord_publisher_rules){.policy_text = accord_buffer_bytes(&settings->policy_text),
                                             .interval_ms = settings->config.interval_ms,
                                             .timeout_ms = settings->config.witness_timeout_ms,
                                             .fallback_ms = settings->config.fallback_ms};
}

bool accord_settings_tls(const struct accord_settings *settings, struct accord_http_tls *tls)
{
    tls->certificates = accord_buffer_bytes(&settings->tls_certificates);
    tls->key = accord_buffer_bytes(&settings->tls_key);
    return settings->config.tls_certificates[0] != 0;
}

static bool same_listen(const struct accord_config *a, const struct accord_config *b)
{
    bool same = a->listen_count == b->listen_count;
    for (size_t i = 0; same && i < a->listen_count; i++)
        same = strcmp(a->listen[i].address, b->listen[i].address) == 0 && a->listen[i].tls == b->listen[i].tls;
    return same && (a->tls_certificates[0] == 0) == (b->tls_certificates[0] == 0);
}

static bool same_cosigners(const struct accord_config_cosigner *a, size_t a_count,
                           const struct accord_config_cosigner *b, size_t b_count)
{
    return a_count == b_count && memcmp(a, b, a_count * sizeof *a) == 0;
}

void accord_settings_restart(const struct accord_settings *now, const struct accord_settings *next, char *text,
                             size_t size)
{
    const struct accord_config *a = &now->config, *b = &next->config;
    const struct {
        const char *keyword;
        bool same;
    } kept[] = {
        {"listen", same_listen(a, b)},
        {"log", strcmp(now->dir, next->dir) == 0 && strcmp(a->log_key, b->log_key) == 0},
        {"witness", same_cosigners(a->witnesses, a->witness_count, b->witnesses, b->witness_count)},
        {"mirror", same_cosigners(a->mirrors, a->mirror_count, b->mirrors, b->mirror_count)},
        {"bastion", strcmp(a->bastion, b->bastion) == 0 && strcmp(a->bastion_key, b->bastion_key) == 0},
        {"dedup", a->dedup == b->dedup},
        {"connections", a->connections == b->connections},
        {"idle-timeout", a->idle_seconds == b->idle_seconds},
        {"request-timeout", a->request_seconds == b->request_seconds},
        {"memory", a->memory_bytes == b->memory_bytes},
        {"mailbox", strcmp(a->mailbox, b->mailbox) == 0 && a->mailbox_keep == b->mailbox_keep},
    };
    struct accord_out out = {(uint8_t *)text, size - 1, 0, false};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (kept[i].same)
            continue;
        if (out.size > 0)
            accord_put_byte(&out, ',');
        accord_put(&out, bytes_of(kept[i].keyword));
    }
    text[out.size] = 0;
}
