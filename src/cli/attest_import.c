/* Envelopes on their way into an attestation: each is checked by the keys that the user gave, must be about what is
 * attested, and leaves its digest, its materials and its result. What JSON is, src/intoto knows. */
#include "cli/attest_import.h"

#include "base/file.h"
#include "cli/say.h"
#include "core/text.h"
#include "intoto/envelope.h"
#include "intoto/statement.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 32

/* The keys that were given. */
struct keys {
    struct accord_intoto_key *key[KEYS_MAX];
    size_t count;
};

/* One envelope. */
struct imported {
    struct accord_buffer bytes;
    struct accord_envelope *envelope;
    struct accord_intoto *statement;
};

static void free_keys(struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        accord_intoto_key_free(keys->key[i]);
    }
}

static int open_keys(const struct accord_call *call, struct keys *keys)
{
    const char *path;
    size_t cursor = 0;
    while (accord_call_next(call, "dsse-key", &cursor, &path)) {
        struct accord_error error = {0};
        struct accord_buffer text;
        if (keys->count == KEYS_MAX) {
            return accord_usage(call, "--dsse-key is given more than %d times", KEYS_MAX);
        }
        accord_buffer_init(&text, ACCORD_INTOTO_KEY_SIZE_MAX);
        error.status = accord_file_read(call->fs, path, &text, &error);
        if (error.status == ACCORD_OK) {
            error.status =
                accord_intoto_key_parse(&keys->key[keys->count], accord_buffer_bytes(&text), call->crypto, &error);
        }
        accord_buffer_free(&text);
        if (error.status != ACCORD_OK) {
            return accord_refuse(call, path, &error);
        }
        keys->count++;
    }
    return 0;
}

static enum accord_status open_envelope(const struct accord_call *call, const struct keys *keys, const char *path,
                                        struct imported *imported, struct accord_error *error)
{
    accord_buffer_init(&imported->bytes, ACCORD_ENVELOPE_SIZE_MAX);
    enum accord_status status = accord_file_read(call->fs, path, &imported->bytes, error);
    if (status == ACCORD_OK) {
        status = accord_envelope_parse(&imported->envelope, accord_buffer_bytes(&imported->bytes), error);
    }
    if (status == ACCORD_OK) {
        status = accord_envelope_verify(imported->envelope, (const struct accord_intoto_key *const *)keys->key,
                                        keys->count, call->crypto, error);
    }
    if (status == ACCORD_OK && strcmp(imported->envelope->type, ACCORD_INTOTO_PAYLOAD_TYPE) != 0) {
        status = accord_fail(error, ACCORD_UNKNOWN_KIND, 0);
        accord_error_what(error, ACCORD_LITERAL("payloadType"));
        accord_error_expected(error, ACCORD_LITERAL(ACCORD_INTOTO_PAYLOAD_TYPE));
        accord_error_found(error, accord_bytes_of(imported->envelope->type));
    }
    if (status == ACCORD_OK) {
        status = accord_intoto_parse(&imported->statement, accord_buffer_bytes(&imported->envelope->payload), error);
    }
    return status;
}

static void close_envelope(struct imported *imported)
{
    accord_intoto_free(imported->statement);
    accord_envelope_free(imported->envelope);
    accord_buffer_free(&imported->bytes);
}

static bool about(const struct accord_attesting *attesting, const struct accord_intoto_things *subjects)
{
    for (size_t i = 0; i < subjects->count; i++) {
        if (accord_attesting_has_subject(attesting, subjects->list[i].sha256)) {
            return true;
        }
    }
    return false;
}

static void add_subjects(struct accord_attesting *attesting, const struct accord_intoto_things *things)
{
    for (size_t i = 0; i < things->count; i++) {
        if (!accord_attesting_has_subject(attesting, things->list[i].sha256)) {
            accord_attesting_subject(attesting, things->list[i].sha256, things->list[i].label);
        }
    }
}

static void add_materials(struct accord_attesting *attesting, const struct accord_intoto_things *things)
{
    for (size_t i = 0; i < things->count; i++) {
        if (!accord_attesting_has_material(attesting, things->list[i].sha256)) {
            accord_attesting_material(attesting, things->list[i].sha256, things->list[i].label);
        }
    }
}

static void add_parameter(struct accord_attesting *attesting, struct accord_bytes name, struct accord_bytes text)
{
    if (text.size > 0 && !accord_attesting_has_line(attesting, ACCORD_LITERAL("parameter"), name)) {
        accord_attesting_line(attesting, ACCORD_LITERAL("parameter"), name, text);
    }
}

/* The result of a Statement and that of the attestation must not say opposite things. */
static bool take_outcome(struct accord_attest_draft *draft, enum accord_outcome_kind outcome)
{
    if (outcome == ACCORD_ATTEST_NO_OUTCOME || draft->outcome == outcome) {
        return true;
    }
    bool free_to_say = draft->outcome == ACCORD_ATTEST_NO_OUTCOME;
    draft->outcome = free_to_say ? outcome : draft->outcome;
    return free_to_say;
}

static int take_in(const struct accord_call *call, struct accord_attesting *attesting, const char *path,
                   const struct imported *imported, bool own_subjects)
{
    uint8_t digest[ACCORD_HASH_SIZE], text[80];
    struct accord_out name = {text, sizeof text, 0, false};
    const struct accord_intoto *statement = imported->statement;
    if (own_subjects && !about(attesting, &statement->subjects)) {
        return accord_refuse_words(call, ACCORD_DISCONNECTED,
                                   "%s is about other files: none of its %zu subjects has the digest of one here", path,
                                   statement->subjects.count);
    }
    if (!take_outcome(&attesting->draft, statement->outcome)) {
        return accord_refuse_words(call, ACCORD_MALFORMED, "%s says another outcome than --outcome or another envelope",
                                   path);
    }
    if (!own_subjects) {
        add_subjects(attesting, &statement->subjects);
        add_subjects(attesting, &statement->byproducts);
    }
    add_materials(attesting, &statement->materials);
    add_parameter(attesting, ACCORD_LITERAL("slsa:builder"), statement->builder);
    add_parameter(attesting, ACCORD_LITERAL("slsa:build-type"), statement->build_type);
    add_parameter(attesting, ACCORD_LITERAL("slsa:verifier"), statement->verifier);
    accord_hash(call->crypto, accord_buffer_bytes(&imported->bytes), digest);
    accord_digest_print(&name, digest);
    accord_attesting_line(attesting, ACCORD_LITERAL("import"), accord_out_bytes(&name), statement->type);
    if (statement->materials.without > 0) {
        accord_note(call, "%s: %zu of its materials have no SHA-256, and are not bound", path,
                    statement->materials.without);
    }
    return 0;
}

int accord_attest_import(const struct accord_call *call, struct accord_attesting *attesting)
{
    const char *path;
    size_t cursor = 0;
    struct keys keys = {.count = 0};
    bool own_subjects = attesting->draft.subject_count > 0;
    int result = open_keys(call, &keys);
    if (result == 0 && keys.count == 0 && accord_call_count(call, "dsse") > 0) {
        result = accord_usage(call, "--dsse needs --dsse-key: whose signature?");
    }
    while (result == 0 && accord_call_next(call, "dsse", &cursor, &path)) {
        struct accord_error error = {0};
        struct imported imported = {.envelope = NULL};
        error.status = open_envelope(call, &keys, path, &imported, &error);
        result = error.status == ACCORD_OK ? take_in(call, attesting, path, &imported, own_subjects)
                                           : accord_refuse(call, path, &error);
        close_envelope(&imported);
    }
    free_keys(&keys);
    return result;
}
