/* Attestations as in-toto Statements, for those who read only these. What accord cannot say in their words it says in a
 * predicate of its own, with the signed entry beside it: a Statement is signed by nobody until it lies in an envelope.
 */
#include "intoto/statement.h"

#include "core/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define PREDICATE_TYPE "accord://v1/attest"
#define BUILD_TYPE "accord://v1/build"
#define SLSA_TYPE "https://slsa.dev/provenance/v1"
#define DIGEST_TEXT_SIZE (7 + 2 * ACCORD_HASH_SIZE)

static json_t *string_of(struct accord_bytes text)
{
    return json_stringn((const char *)text.data, text.size);
}

static json_t *digest_set(const uint8_t sha256[ACCORD_HASH_SIZE])
{
    uint8_t text[2 * ACCORD_HASH_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put_hex(&out, (struct accord_bytes){sha256, ACCORD_HASH_SIZE});
    return json_pack("{s:o}", "sha256", string_of(accord_out_bytes(&out)));
}

static json_t *digest_text(const uint8_t sha256[ACCORD_HASH_SIZE])
{
    uint8_t text[DIGEST_TEXT_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_digest_print(&out, sha256);
    return string_of(accord_out_bytes(&out));
}

static bool is_uri(struct accord_bytes label)
{
    struct accord_bytes rest = label, scheme;
    return accord_cut(&rest, ':', &scheme) && scheme.size > 1 && accord_cut_prefix(&rest, ACCORD_LITERAL("//"));
}

/* A ResourceDescriptor. */
static json_t *resource(const struct accord_attest_thing *thing, bool subject)
{
    return json_pack("{s:o, s:o}", !subject && is_uri(thing->label) ? "uri" : "name", string_of(thing->label), "digest",
                     digest_set(thing->sha256));
}

static json_t *subjects(const struct accord_attest_claim *attest)
{
    struct accord_attest_thing thing;
    json_t *list = json_array();
    size_t cursor = 0;
    while (accord_attest_next_subject(attest, &cursor, &thing))
        (void)json_array_append_new(list, resource(&thing, true));
    return list;
}

static json_t *materials(const struct accord_attest_claim *attest)
{
    struct accord_attest_thing thing;
    json_t *list = json_array();
    size_t cursor = 0;
    while (accord_attest_next_material(attest, &cursor, &thing))
        (void)json_array_append_new(list, resource(&thing, false));
    return list;
}

/* The lines of a key that have names, as an object. */
static json_t *named(const struct accord_attest_claim *attest, struct accord_bytes key)
{
    struct accord_bytes name, text;
    json_t *object = json_object();
    size_t cursor = 0;
    while (accord_attest_next_line(attest, key, &cursor, &name, &text)) {
        char member[256];
        size_t size = name.size < sizeof member - 1 ? name.size : sizeof member - 1;
        memcpy(member, name.data, size);
        member[size] = '\0';
        (void)json_object_set_new(object, member, string_of(text));
    }
    return object;
}

static json_t *listed(const struct accord_attest_claim *attest, struct accord_bytes key)
{
    struct accord_bytes name, text;
    json_t *list = json_array();
    size_t cursor = 0;
    while (accord_attest_next_line(attest, key, &cursor, &name, &text))
        (void)json_array_append_new(list, string_of(text));
    return list;
}

static json_t *imports(const struct accord_attest_claim *attest)
{
    struct accord_bytes name, text;
    json_t *list = json_array();
    size_t cursor = 0;
    while (accord_attest_next_line(attest, ACCORD_LITERAL("import"), &cursor, &name, &text))
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o}", "envelope", string_of(name), "predicateType", string_of(text)));
    return list;
}

static json_t *own_predicate(const struct accord_attest_claim *attest, const uint8_t digest[ACCORD_HASH_SIZE])
{
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "stage",
                  string_of(accord_stage_name(attest->stage)), "vendor", string_of(attest->vendor), "product",
                  string_of(attest->product), "by", string_of(attest->by), "materials", materials(attest), "parameters",
                  named(attest, ACCORD_LITERAL("parameter")), "environment",
                  named(attest, ACCORD_LITERAL("environment")), "run", listed(attest, ACCORD_LITERAL("run")), "imports",
                  imports(attest), "locations", listed(attest, ACCORD_LITERAL("location")), "digest",
                  digest_text(digest), "entry", string_of(attest->statement.note.whole));
    if (attest->version.size > 0)
        (void)json_object_set_new(object, "version", string_of(attest->version));
    if (attest->outcome != ACCORD_ATTEST_NO_OUTCOME)
        (void)json_object_set_new(object, "outcome", string_of(accord_outcome_name(attest->outcome)));
    if (attest->repeats)
        (void)json_object_set_new(object, "repeats", digest_text(attest->repeated));
    return object;
}

static json_t *slsa_predicate(const struct accord_attest_claim *attest, const uint8_t digest[ACCORD_HASH_SIZE])
{
    uint8_t text[sizeof "accord://" + 256];
    struct accord_out builder = {text, sizeof text, 0, false};
    accord_put(&builder, ACCORD_LITERAL("accord://"));
    accord_put(&builder, attest->by);
    json_t *external = json_pack("{s:o, s:o, s:o, s:o}", "vendor", string_of(attest->vendor), "product",
                                 string_of(attest->product), "parameters", named(attest, ACCORD_LITERAL("parameter")),
                                 "run", listed(attest, ACCORD_LITERAL("run")));
    if (attest->version.size > 0)
        (void)json_object_set_new(external, "version", string_of(attest->version));
    return json_pack("{s:{s:s, s:o, s:{s:o}, s:o}, s:{s:{s:o}, s:{s:o}}}", "buildDefinition", "buildType", BUILD_TYPE,
                     "externalParameters", external, "internalParameters", "environment",
                     named(attest, ACCORD_LITERAL("environment")), "resolvedDependencies", materials(attest),
                     "runDetails", "builder", "id", string_of(accord_out_bytes(&builder)), "metadata", "invocationId",
                     digest_text(digest));
}

static enum accord_status print(struct accord_buffer *json, const json_t *statement, struct accord_error *error)
{
    char *text = statement == NULL ? NULL : json_dumps(statement, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    enum accord_status status = accord_buffer_append(json, (struct accord_bytes){(const uint8_t *)text, strlen(text)});
    free(text);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

enum accord_status accord_intoto_print(struct accord_buffer *json, const struct accord_attest_claim *attest, bool slsa,
                                       const struct accord_crypto *crypto, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    if (slsa && attest->stage != ACCORD_STAGE_BUILD) {
        accord_fail(error, ACCORD_USAGE, 0);
        accord_error_expected(error,
                              ACCORD_LITERAL("an attestation of the stage build: SLSA provenance speaks of builds"));
        return ACCORD_USAGE;
    }
    accord_hash(crypto, attest->statement.note.whole, digest);
    json_t *predicate = slsa ? slsa_predicate(attest, digest) : own_predicate(attest, digest);
    json_t *statement =
        json_pack("{s:s, s:o, s:s, s:o}", "_type", "https://in-toto.io/Statement/v1", "subject", subjects(attest),
                  "predicateType", slsa ? SLSA_TYPE : PREDICATE_TYPE, "predicate", predicate);
    enum accord_status status = print(json, statement, error);
    json_decref(statement);
    return status;
}
