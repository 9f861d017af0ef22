/* The roles beside the log, and which of them a path is of. Knows prefixes, which keys answer together and whose state
 * is whose; refuses to know what the roles do. */
#include "serve/roles.h"

#include <stdlib.h>
#include <string.h>

#include "serve/clerk.h"
#include "serve/witness_role.h"

/* Witnesses with one prefix, which have one state. */
struct witness {
    char prefix[ACCORD_CONFIG_PREFIX_SIZE];
    char state[ACCORD_CONFIG_PATH_SIZE];
    struct accord_signer *keys[ACCORD_WITNESS_KEYS_MAX];
    size_t key_count;
    struct accord_clerk *clerk; /* of the state; the first witness that has it owns it */
    bool owns;
    struct accord_witness_role *role;
};

struct accord_roles {
    struct accord_roles_options options;
    size_t witness_count;
    struct witness witnesses[ACCORD_CONFIG_COSIGNERS_MAX];
};

/* Keys */

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static struct witness *witness_at(struct accord_roles *roles, const struct accord_config_cosigner *config)
{
    for (size_t i = 0; i < roles->witness_count; i++)
        if (strcmp(roles->witnesses[i].prefix, config->prefix) == 0)
            return &roles->witnesses[i];
    struct witness *witness = &roles->witnesses[roles->witness_count++];
    memcpy(witness->prefix, config->prefix, sizeof witness->prefix);
    memcpy(witness->state, config->state, sizeof witness->state);
    return witness;
}

/* "A cosigner operator that operates multiple Ed25519 cosigners MUST use distinct public keys for each cosigner"; and a
 * log's key cosigns nothing. */
static enum accord_status check_key(const struct accord_roles *roles, const struct accord_signer *key,
                                    struct accord_error *error)
{
    const struct accord_vkey *vkey = accord_signer_vkey(key);
    enum accord_status status = vkey->type == ACCORD_KEY_ED25519 ? ACCORD_KEY_TYPE : ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < roles->witness_count; i++)
        for (size_t j = 0; j < roles->witnesses[i].key_count; j++)
            if (accord_vkey_same_public(accord_signer_vkey(roles->witnesses[i].keys[j]), vkey))
                status = ACCORD_DUPLICATE;
    if (status == ACCORD_OK)
        return ACCORD_OK;
    accord_fail(error, status, 0);
    accord_error_what(error, vkey->name);
    accord_error_expected(error, status == ACCORD_KEY_TYPE ? ACCORD_LITERAL("a key that was made --for witness")
                                                           : ACCORD_LITERAL("each key once"));
    return status;
}

static enum accord_status open_key(struct accord_roles *roles, const struct accord_config_cosigner *config,
                                   const char *passphrase_file, struct accord_error *error)
{
    struct witness *witness = witness_at(roles, config);
    if (witness->key_count == ACCORD_WITNESS_KEYS_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, bytes_of(witness->prefix));
        accord_error_expected(error, ACCORD_LITERAL("4 keys under one prefix at most"));
        return ACCORD_TOO_LARGE;
    }
    struct accord_signer *key;
    enum accord_status status =
        accord_signer_open(&key, roles->options.serve->fs, accord_settings_about(roles->options.serve, config->key),
                           passphrase_file[0] == 0 ? NULL : passphrase_file, error);
    if (status != ACCORD_OK)
        return status;
    status = check_key(roles, key, error);
    if (status == ACCORD_OK)
        witness->keys[witness->key_count++] = key;
    else
        accord_signer_free(key);
    return status;
}

enum accord_status accord_roles_open(struct accord_roles **out, const struct accord_settings *settings,
                                     const struct accord_roles_options *options, struct accord_error *error)
{
    struct accord_roles *roles = calloc(1, sizeof *roles);
    const struct accord_config *config = &settings->config;
    *out = roles;
    if (roles == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    roles->options = *options;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < config->witness_count; i++)
        status = open_key(roles, &config->witnesses[i], config->passphrase_file, error);
    (void)accord_settings_about(options->serve, options->serve->config);
    if (status != ACCORD_OK) {
        accord_roles_free(roles);
        *out = NULL;
    }
    return status;
}

/* Starting */

static enum accord_status start_clerk(struct accord_roles *roles, struct witness *witness, struct accord_logs *logs,
                                      struct accord_error *error)
{
    for (size_t i = 0; i < roles->witness_count && &roles->witnesses[i] != witness; i++)
        if (strcmp(roles->witnesses[i].state, witness->state) == 0)
            witness->clerk = roles->witnesses[i].clerk;
    if (witness->clerk != NULL)
        return ACCORD_OK;
    const struct accord_clerk_options options = {.fs = roles->options.serve->fs,
                                                 .crypto = roles->options.serve->crypto,
                                                 .clock = roles->options.serve->clock,
                                                 .state = witness->state,
                                                 .metrics = roles->options.metrics,
                                                 .answered = roles->options.answered,
                                                 .context = roles->options.context};
    enum accord_status status = accord_clerk_start(&witness->clerk, &options, logs, error);
    witness->owns = status == ACCORD_OK;
    return status;
}

enum accord_status accord_roles_start(struct accord_roles *roles, const struct accord_settings *settings,
                                      struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < roles->witness_count; i++) {
        struct witness *witness = &roles->witnesses[i];
        status = start_clerk(roles, witness, settings->logs, error);
        if (status != ACCORD_OK)
            break;
        const struct accord_witness_role_options options = {
            .clerk = witness->clerk, .witnesses = witness->keys, .witness_count = witness->key_count};
        status = accord_witness_role_new(&witness->role, &options, error);
    }
    atomic_store(&roles->options.metrics->known_logs, accord_logs_count(settings->logs));
    return status;
}

/* Requests */

/* The witness with the longest prefix of the path; *below is what is behind it. */
static struct witness *find(const struct accord_roles *roles, const char *path, const char **below)
{
    const struct witness *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < roles->witness_count; i++) {
        const struct witness *witness = &roles->witnesses[i];
        size_t size = strlen(witness->prefix);
        bool matches = strncmp(path, witness->prefix, size) == 0 && (path[size] == '/' || path[size] == 0);
        if (matches && (found == NULL || size > longest)) {
            found = witness;
            longest = size;
        }
    }
    *below = path + longest;
    return (struct witness *)(uintptr_t)found;
}

bool accord_roles_body_max(const struct accord_roles *roles, const struct accord_http_request *request, size_t *maximum)
{
    struct accord_http_request below = *request;
    if (find(roles, request->path, &below.path) == NULL)
        return false;
    *maximum = accord_witness_role_body_max(&below);
    return true;
}

bool accord_roles_handle(struct accord_roles *roles, struct accord_http_exchange *exchange,
                         const struct accord_http_request *request)
{
    struct accord_http_request below = *request;
    const struct witness *witness = find(roles, request->path, &below.path);
    if (witness == NULL)
        return false;
    accord_witness_role_handle(witness->role, exchange, &below);
    return true;
}

void accord_roles_answer(struct accord_roles *roles)
{
    for (size_t i = 0; i < roles->witness_count; i++)
        if (roles->witnesses[i].owns)
            accord_witness_role_answer(roles->witnesses[i].clerk);
}

/* The rest of their lives */

void accord_roles_know(struct accord_roles *roles, struct accord_logs *logs)
{
    for (size_t i = 0; i < roles->witness_count; i++)
        if (roles->witnesses[i].owns)
            accord_clerk_know(roles->witnesses[i].clerk, logs);
    atomic_store(&roles->options.metrics->known_logs, accord_logs_count(logs));
}

void accord_roles_drain(struct accord_roles *roles)
{
    for (size_t i = 0; i < roles->witness_count; i++)
        if (roles->witnesses[i].owns)
            accord_clerk_drain(roles->witnesses[i].clerk);
}

void accord_roles_free(struct accord_roles *roles)
{
    if (roles == NULL)
        return;
    for (size_t i = 0; i < roles->witness_count; i++) {
        struct witness *witness = &roles->witnesses[i];
        if (witness->owns)
            accord_clerk_stop(witness->clerk);
        accord_witness_role_free(witness->role);
        for (size_t j = 0; j < witness->key_count; j++)
            accord_signer_free(witness->keys[j]);
    }
    free(roles);
}
