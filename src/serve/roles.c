/* The roles beside the log, and which of them a path is of. Knows prefixes, which keys answer together and whose state
 * is whose; refuses to know what the roles do. */
#include "serve/roles.h"

#include <stdlib.h>
#include <string.h>

#include "serve/clerk.h"
#include "serve/event.h"
#include "serve/mirror_role.h"
#include "serve/puller_mirror.h"
#include "serve/witness_role.h"

#define PLACES_MAX (2 * ACCORD_CONFIG_COSIGNERS_MAX)
#define KEYS_MAX (ACCORD_WITNESS_KEYS_MAX < ACCORD_MIRROR_KEYS_MAX ? ACCORD_WITNESS_KEYS_MAX : ACCORD_MIRROR_KEYS_MAX)

/* A role in its place: the keys with one prefix, which have one state. */
struct place {
    char prefix[ACCORD_CONFIG_PREFIX_SIZE];
    char state[ACCORD_CONFIG_PATH_SIZE];
    struct accord_signer *keys[KEYS_MAX];
    size_t key_count;
    bool is_mirror;
    /* A witness. */
    struct accord_clerk *clerk; /* of the state; the first witness that has it owns it */
    bool owns;
    struct accord_witness_role *witness;
    /* A mirror. */
    struct accord_mirror *mirror;
    struct accord_mirror_role *mirroring;
    struct accord_puller_mirror pulled;
    struct accord_puller_place pulled_place;
    struct accord_puller_options pulling;
    struct accord_puller *puller;
};

struct accord_roles {
    struct accord_roles_options options;
    size_t count;
    struct place places[PLACES_MAX];
};

/* Keys */

static struct accord_bytes bytes_of(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static struct place *place_at(struct accord_roles *roles, const struct accord_config_cosigner *config, bool is_mirror)
{
    for (size_t i = 0; i < roles->count; i++)
        if (strcmp(roles->places[i].prefix, config->prefix) == 0)
            return &roles->places[i];
    struct place *place = &roles->places[roles->count++];
    memcpy(place->prefix, config->prefix, sizeof place->prefix);
    memcpy(place->state, config->state, sizeof place->state);
    place->is_mirror = is_mirror;
    return place;
}

/* "A cosigner operator that operates multiple Ed25519 cosigners MUST use distinct public keys for each cosigner"; a
 * log's key cosigns nothing; and "this witness service MUST be a distinct cosigner from the mirror cosigner, with a
 * distinct name". */
static enum accord_status check_key(const struct accord_roles *roles, const struct place *place,
                                    const struct accord_signer *key, struct accord_error *error)
{
    const struct accord_vkey *vkey = accord_signer_vkey(key);
    const char *expected = vkey->type == ACCORD_KEY_ED25519 ? "a key that was made --for witness" : NULL;
    for (size_t i = 0; expected == NULL && i < roles->count; i++) {
        const struct place *other = &roles->places[i];
        for (size_t j = 0; expected == NULL && j < other->key_count; j++) {
            const struct accord_vkey *known = accord_signer_vkey(other->keys[j]);
            if (accord_vkey_same_public(known, vkey))
                expected = "each key once";
            else if (place->is_mirror != other->is_mirror && accord_bytes_equal(known->name, vkey->name))
                expected = "names of their own for a witness and a mirror";
        }
    }
    if (expected == NULL)
        return ACCORD_OK;
    enum accord_status status = vkey->type == ACCORD_KEY_ED25519 ? ACCORD_KEY_TYPE : ACCORD_DUPLICATE;
    accord_fail(error, status, 0);
    accord_error_what(error, vkey->name);
    accord_error_expected(error, bytes_of(expected));
    return status;
}

static enum accord_status open_key(struct accord_roles *roles, const struct accord_config_cosigner *config,
                                   const char *passphrase_file, bool is_mirror, struct accord_error *error)
{
    struct place *place = place_at(roles, config, is_mirror);
    if (place->key_count == KEYS_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, bytes_of(place->prefix));
        accord_error_expected(error, ACCORD_LITERAL("4 keys under one prefix at most"));
        return ACCORD_TOO_LARGE;
    }
    struct accord_signer *key;
    enum accord_status status = accord_signer_open_apart(&key, roles->options.serve->fs,
                                                         accord_settings_about(roles->options.serve, config->key),
                                                         passphrase_file[0] == 0 ? NULL : passphrase_file, error);
    if (status != ACCORD_OK)
        return status;
    status = check_key(roles, place, key, error);
    if (status == ACCORD_OK)
        place->keys[place->key_count++] = key;
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
        status = open_key(roles, &config->witnesses[i], config->passphrase_file, false, error);
    for (size_t i = 0; status == ACCORD_OK && i < config->mirror_count; i++)
        status = open_key(roles, &config->mirrors[i], config->passphrase_file, true, error);
    if (status != ACCORD_OK) {
        accord_roles_free(roles);
        *out = NULL;
        return status;
    }
    (void)accord_settings_about(options->serve, options->serve->config);
    return ACCORD_OK;
}

/* Starting */

static enum accord_status start_clerk(struct accord_roles *roles, struct place *place, struct accord_logs *logs,
                                      struct accord_error *error)
{
    for (size_t i = 0; i < roles->count && &roles->places[i] != place; i++)
        if (!roles->places[i].is_mirror && strcmp(roles->places[i].state, place->state) == 0)
            place->clerk = roles->places[i].clerk;
    if (place->clerk != NULL)
        return ACCORD_OK;
    const struct accord_clerk_options options = {.fs = roles->options.serve->fs,
                                                 .crypto = roles->options.serve->crypto,
                                                 .clock = roles->options.serve->clock,
                                                 .state = place->state,
                                                 .metrics = roles->options.metrics,
                                                 .answered = roles->options.answered,
                                                 .context = roles->options.context};
    enum accord_status status = accord_clerk_start(&place->clerk, &options, logs, error);
    place->owns = status == ACCORD_OK;
    return status;
}

/* What a log shows may carry a cosignature of ours that a state from a backup does not know. */
static void notice(void *context, const struct accord_known_log *log, const struct accord_checkpoint_claim *claim)
{
    const struct place *place = context;
    (void)log;
    accord_clerk_notice(place->clerk, place->keys, place->key_count, claim->note.whole);
}

/* The logs that have a URL are looked at, once. */
static enum accord_status start_looking(struct accord_roles *roles, struct place *place,
                                        const struct accord_settings *settings, struct accord_error *error)
{
    place->pulling = (struct accord_puller_options){.crypto = roles->options.serve->crypto,
                                                    .interval_ms = settings->config.pull_ms,
                                                    .once = true,
                                                    .context = place,
                                                    .seen = notice};
    return accord_puller_start(&place->puller, &place->pulling, settings->logs, error);
}

static enum accord_status start_witness(struct accord_roles *roles, struct place *place,
                                        const struct accord_settings *settings, struct accord_error *error)
{
    enum accord_status status = start_clerk(roles, place, settings->logs, error);
    if (status == ACCORD_OK)
        status = start_looking(roles, place, settings, error);
    if (status != ACCORD_OK)
        return status;
    const struct accord_witness_role_options options = {
        .clerk = place->clerk, .witnesses = place->keys, .witness_count = place->key_count};
    return accord_witness_role_new(&place->witness, &options, error);
}

/* The logs that have a URL are pulled. */
static enum accord_status start_puller(struct accord_roles *roles, struct place *place,
                                       const struct accord_settings *settings, struct accord_error *error)
{
    place->pulled = (struct accord_puller_mirror){
        .mirror = place->mirror, .fs = roles->options.serve->fs, .clock = roles->options.serve->clock};
    place->pulled_place = accord_puller_mirror_place(&place->pulled);
    place->pulling = (struct accord_puller_options){.crypto = roles->options.serve->crypto,
                                                    .place = &place->pulled_place,
                                                    .interval_ms = settings->config.pull_ms,
                                                    .counts = &roles->options.metrics->pulls,
                                                    .context = &place->pulled,
                                                    .forked = accord_puller_mirror_forked};
    return accord_puller_start(&place->puller, &place->pulling, settings->logs, error);
}

static enum accord_status start_mirror(struct accord_roles *roles, struct place *place,
                                       const struct accord_settings *settings, struct accord_error *error)
{
    const struct accord_mirror_options options = {.fs = roles->options.serve->fs,
                                                  .crypto = roles->options.serve->crypto,
                                                  .dir = place->state,
                                                  .signers = place->keys,
                                                  .signer_count = place->key_count};
    enum accord_status status = accord_mirror_open(&place->mirror, &options, settings->logs, error);
    if (status != ACCORD_OK)
        return status;
    const struct accord_mirror_role_options role = {.mirror = place->mirror,
                                                    .clock = roles->options.serve->clock,
                                                    .answered = roles->options.answered,
                                                    .context = roles->options.context};
    status = accord_mirror_role_new(&place->mirroring, &role, error);
    return status == ACCORD_OK ? start_puller(roles, place, settings, error) : status;
}

enum accord_status accord_roles_start(struct accord_roles *roles, const struct accord_settings *settings,
                                      struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < roles->count; i++) {
        struct place *place = &roles->places[i];
        status = place->is_mirror ? start_mirror(roles, place, settings, error)
                                  : start_witness(roles, place, settings, error);
    }
    atomic_store(&roles->options.metrics->known_logs, accord_logs_count(settings->logs));
    return status;
}

/* Requests */

/* The place with the longest prefix of the request's path, and the request as it is there; NULL where there is none. */
static const struct place *find(const struct accord_roles *roles, const struct accord_http_request *request,
                                struct accord_http_request *below)
{
    const struct place *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < roles->count; i++) {
        const struct place *place = &roles->places[i];
        size_t size = strlen(place->prefix);
        char after = strncmp(request->path, place->prefix, size) == 0 ? request->path[size] : 'x';
        if ((after == '/' || after == 0) && (found == NULL || size > longest)) {
            found = place;
            longest = size;
        }
    }
    *below = *request;
    below->path += longest;
    return found;
}

bool accord_roles_body_max(const struct accord_roles *roles, const struct accord_http_request *request, size_t *maximum)
{
    struct accord_http_request below;
    const struct place *place = find(roles, request, &below);
    if (place == NULL)
        return false;
    *maximum = place->is_mirror ? accord_mirror_role_body_max(&below) : accord_witness_role_body_max(&below);
    return true;
}

bool accord_roles_handle(struct accord_roles *roles, struct accord_http_exchange *exchange,
                         const struct accord_http_request *request)
{
    struct accord_http_request below;
    const struct place *place = find(roles, request, &below);
    if (place == NULL)
        return false;
    if (place->is_mirror)
        accord_mirror_role_handle(place->mirroring, exchange, &below);
    else
        accord_witness_role_handle(place->witness, exchange, &below);
    return true;
}

bool accord_roles_stream(const struct accord_roles *roles, const struct accord_http_request *request)
{
    struct accord_http_request below;
    const struct place *place = find(roles, request, &below);
    return place != NULL && place->is_mirror && accord_mirror_role_streams(&below);
}

bool accord_roles_part(struct accord_roles *roles, struct accord_http_exchange *exchange,
                       const struct accord_http_request *request, struct accord_bytes part, bool last)
{
    struct accord_http_request below;
    const struct place *place = find(roles, request, &below);
    if (place == NULL)
        abort();
    return accord_mirror_role_part(place->mirroring, exchange, &below, part, last);
}

void accord_roles_gone(struct accord_roles *roles, struct accord_http_exchange *exchange,
                       const struct accord_http_request *request)
{
    struct accord_http_request below;
    const struct place *place = find(roles, request, &below);
    if (place == NULL)
        abort();
    accord_mirror_role_gone(place->mirroring, exchange);
}

void accord_roles_answer(struct accord_roles *roles)
{
    for (size_t i = 0; i < roles->count; i++) {
        const struct place *place = &roles->places[i];
        if (place->is_mirror)
            accord_mirror_role_answer(place->mirroring);
        else if (place->owns)
            accord_witness_role_answer(place->clerk);
    }
}

/* The rest of their lives */

static void puller_know(const struct place *place, const struct accord_settings *settings)
{
    struct accord_error error;
    if (accord_puller_know(place->puller, settings->logs, settings->config.pull_ms, &error) != ACCORD_OK)
        accord_event_error(ACCORD_EVENT_ERROR, "known-logs", NULL, &error);
}

void accord_roles_know(struct accord_roles *roles, const struct accord_settings *settings)
{
    for (size_t i = 0; i < roles->count; i++) {
        const struct place *place = &roles->places[i];
        if (place->is_mirror)
            accord_mirror_know(place->mirror, settings->logs);
        else if (place->owns)
            accord_clerk_know(place->clerk, settings->logs);
        puller_know(place, settings);
    }
    atomic_store(&roles->options.metrics->known_logs, accord_logs_count(settings->logs));
}

void accord_roles_drain(struct accord_roles *roles)
{
    for (size_t i = 0; i < roles->count; i++) {
        struct place *place = &roles->places[i];
        if (place->puller != NULL)
            accord_puller_stop(place->puller);
        place->puller = NULL;
        if (place->is_mirror)
            accord_mirror_role_drain(place->mirroring);
        else if (place->owns)
            accord_clerk_drain(place->clerk);
    }
}

static void place_free(struct place *place)
{
    if (place->puller != NULL)
        accord_puller_stop(place->puller);
    if (place->owns)
        accord_clerk_stop(place->clerk);
    accord_witness_role_free(place->witness);
    if (place->mirroring != NULL)
        accord_mirror_role_free(place->mirroring);
    if (place->mirror != NULL)
        accord_mirror_close(place->mirror);
    for (size_t i = 0; i < place->key_count; i++)
        accord_signer_free(place->keys[i]);
}

void accord_roles_free(struct accord_roles *roles)
{
    if (roles == NULL)
        return;
    for (size_t i = 0; i < roles->count; i++)
        place_free(&roles->places[i]);
    free(roles);
}
