/* Reading Statements that others made, of the few predicates whose parts have a place in an attestation. Whether the
 * labels and texts may stand there, the attestation's own parser says. */
#include "intoto/statement.h"

#include "core/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum accord_status refuse(struct accord_error *error, enum accord_status status, const char *what,
                                 const char *expected)
{
    accord_fail(error, status, 0);
    accord_error_what(error, (struct accord_bytes){(const uint8_t *)what, strlen(what)});
    accord_error_expected(error, (struct accord_bytes){(const uint8_t *)expected, strlen(expected)});
    return status;
}

static struct accord_bytes text_of(const json_t *string)
{
    const char *text = json_string_value(string);
    return (struct accord_bytes){(const uint8_t *)text, text == NULL ? 0 : json_string_length(string)};
}

static const json_t *at(const json_t *object, const char *first, const char *second)
{
    const json_t *value = json_object_get(object, first);
    return second == NULL ? value : json_object_get(value, second);
}

/* What a ResourceDescriptor is called: where it comes from says more than a name. */
static struct accord_bytes label_of(const json_t *item)
{
    static const char *const names[] = {"uri", "name", "downloadLocation"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_string_length(json_object_get(item, names[i])) > 0)
            return text_of(json_object_get(item, names[i]));
    return ACCORD_LITERAL("unnamed");
}

/* Adds one ResourceDescriptor. */
static enum accord_status add_thing(struct accord_intoto_things *things, const json_t *item, struct accord_bytes label,
                                    const char *what, struct accord_error *error)
{
    const json_t *digest = json_object_get(item, "digest"), *sha256 = json_object_get(digest, "sha256");
    if (!json_is_object(item) || (digest != NULL && !json_is_object(digest)))
        return refuse(error, ACCORD_MALFORMED, what, "an array of objects with digests");
    if (sha256 == NULL) {
        things->without++;
        return ACCORD_OK;
    }
    struct accord_attest_thing *thing = &things->list[things->count];
    if (!accord_hex_read(text_of(sha256), thing->sha256, ACCORD_HASH_SIZE)) {
        refuse(error, ACCORD_BAD_HEX, what, "64 lowercase hex digits in digest.sha256");
        accord_error_found(error, text_of(sha256));
        return ACCORD_BAD_HEX;
    }
    thing->label = label;
    things->count++;
    return ACCORD_OK;
}

/* Room for so many more. */
static enum accord_status make_room(struct accord_intoto_things *things, size_t more, const char *what,
                                    struct accord_error *error)
{
    if (more > ACCORD_INTOTO_THINGS_MAX - things->count)
        return refuse(error, ACCORD_TOO_LARGE, what, "at most 4096");
    struct accord_attest_thing *list = reallocarray(things->list, things->count + more + 1, sizeof *list);
    if (list == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    things->list = list;
    return ACCORD_OK;
}

/* An array of ResourceDescriptors; none is an empty one. */
static enum accord_status add_things(struct accord_intoto_things *things, const json_t *array, const char *what,
                                     struct accord_error *error)
{
    if (array == NULL || json_is_null(array))
        return ACCORD_OK;
    if (!json_is_array(array))
        return refuse(error, ACCORD_MALFORMED, what, "an array of objects with digests");
    enum accord_status status = make_room(things, json_array_size(array), what, error);
    for (size_t i = 0; status == ACCORD_OK && i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        status = add_thing(things, item, label_of(item), what, error);
    }
    return status;
}

/* Subjects are called by their names, which a uri does not replace. */
static enum accord_status add_subjects(struct accord_intoto *statement, const json_t *array, struct accord_error *error)
{
    if (!json_is_array(array) || json_array_size(array) == 0)
        return refuse(error, ACCORD_MALFORMED, "subject", "an array of at least one");
    enum accord_status status = make_room(&statement->subjects, json_array_size(array), "subject", error);
    for (size_t i = 0; status == ACCORD_OK && i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i), *name = json_object_get(item, "name");
        status = add_thing(&statement->subjects, item, json_string_length(name) > 0 ? text_of(name) : label_of(item),
                           "subject", error);
    }
    if (status == ACCORD_OK && statement->subjects.count == 0)
        status = refuse(error, ACCORD_MALFORMED, "subject", "at least one with digest.sha256");
    return status;
}

static enum accord_status provenance(struct accord_intoto *statement, const json_t *predicate,
                                     struct accord_error *error)
{
    const json_t *builder = at(predicate, "runDetails", "builder");
    if (!json_is_object(at(predicate, "buildDefinition", NULL)) || !json_is_object(builder))
        return refuse(error, ACCORD_MALFORMED, "predicate", "buildDefinition and runDetails.builder");
    statement->builder = text_of(json_object_get(builder, "id"));
    statement->build_type = text_of(at(predicate, "buildDefinition", "buildType"));
    if (statement->builder.size == 0 || statement->build_type.size == 0)
        return refuse(error, ACCORD_MALFORMED, "predicate", "runDetails.builder.id and buildDefinition.buildType");
    enum accord_status status = add_things(
        &statement->materials, at(predicate, "buildDefinition", "resolvedDependencies"), "resolvedDependencies", error);
    return status == ACCORD_OK
               ? add_things(&statement->byproducts, at(predicate, "runDetails", "byproducts"), "byproducts", error)
               : status;
}

static enum accord_status link_predicate(struct accord_intoto *statement, const json_t *predicate,
                                         struct accord_error *error)
{
    return add_things(&statement->materials, json_object_get(predicate, "materials"), "materials", error);
}

static enum accord_status read_result(struct accord_intoto *statement, const json_t *result, const char *what,
                                      struct accord_error *error)
{
    struct accord_bytes text = text_of(result);
    bool warned = accord_bytes_equal(text, ACCORD_LITERAL("WARNED"));
    if (warned || accord_bytes_equal(text, ACCORD_LITERAL("PASSED")))
        statement->outcome = ACCORD_ATTEST_PASS;
    else if (accord_bytes_equal(text, ACCORD_LITERAL("FAILED")))
        statement->outcome = ACCORD_ATTEST_FAIL;
    else
        return refuse(error, ACCORD_MALFORMED, what, "PASSED, WARNED or FAILED");
    return ACCORD_OK;
}

static enum accord_status test_result(struct accord_intoto *statement, const json_t *predicate,
                                      struct accord_error *error)
{
    enum accord_status status = read_result(statement, json_object_get(predicate, "result"), "result", error);
    return status == ACCORD_OK
               ? add_things(&statement->materials, json_object_get(predicate, "configuration"), "configuration", error)
               : status;
}

static enum accord_status summary(struct accord_intoto *statement, const json_t *predicate, struct accord_error *error)
{
    const json_t *policy = json_object_get(predicate, "policy");
    enum accord_status status =
        read_result(statement, json_object_get(predicate, "verificationResult"), "verificationResult", error);
    statement->verifier = text_of(at(predicate, "verifier", "id"));
    if (status == ACCORD_OK)
        status = add_things(&statement->materials, json_object_get(predicate, "inputAttestations"), "inputAttestations",
                            error);
    if (status == ACCORD_OK && policy != NULL)
        status = make_room(&statement->materials, 1, "policy", error);
    if (status == ACCORD_OK && policy != NULL)
        status = add_thing(&statement->materials, policy, label_of(policy), "policy", error);
    return status;
}

static enum accord_status read_predicate(struct accord_intoto *statement, const json_t *predicate,
                                         struct accord_error *error)
{
    static const struct {
        const char *type;
        enum accord_status (*read)(struct accord_intoto *statement, const json_t *predicate,
                                   struct accord_error *error);
    } kinds[] = {{"https://slsa.dev/provenance/v1", provenance},
                 {"https://in-toto.io/attestation/link/v0.3", link_predicate},
                 {"https://in-toto.io/attestation/test-result/v0.1", test_result},
                 {"https://slsa.dev/verification_summary/v1", summary}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i].type) != statement->type.size ||
            memcmp(kinds[i].type, statement->type.data, statement->type.size) != 0)
            continue;
        return json_is_object(predicate) ? kinds[i].read(statement, predicate, error)
                                         : refuse(error, ACCORD_MALFORMED, "predicate", "an object");
    }
    return ACCORD_OK;
}

static enum accord_status read_document(struct accord_intoto *statement, const json_t *document,
                                        struct accord_error *error)
{
    struct accord_bytes type = text_of(json_object_get(document, "_type"));
    if (!accord_bytes_equal(type, ACCORD_LITERAL("https://in-toto.io/Statement/v1")) &&
        !accord_bytes_equal(type, ACCORD_LITERAL("https://in-toto.io/Statement/v0.1"))) {
        refuse(error, ACCORD_UNKNOWN_KIND, "_type", "https://in-toto.io/Statement/v1");
        accord_error_found(error, type);
        return ACCORD_UNKNOWN_KIND;
    }
    statement->type = text_of(json_object_get(document, "predicateType"));
    if (statement->type.size == 0)
        return refuse(error, ACCORD_MALFORMED, "predicateType", "a URI");
    enum accord_status status = add_subjects(statement, json_object_get(document, "subject"), error);
    return status == ACCORD_OK ? read_predicate(statement, json_object_get(document, "predicate"), error) : status;
}

enum accord_status accord_intoto_parse(struct accord_intoto **statement, struct accord_bytes payload,
                                       struct accord_error *error)
{
    json_error_t wrong;
    *statement = NULL;
    json_t *document = json_loadb((const char *)payload.data, payload.size, JSON_REJECT_DUPLICATES, &wrong);
    if (!json_is_object(document)) {
        json_decref(document);
        return refuse(error, ACCORD_MALFORMED, "the payload", "an object in JSON: an in-toto Statement");
    }
    *statement = calloc(1, sizeof **statement);
    if (*statement == NULL) {
        json_decref(document);
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    (*statement)->document = document;
    enum accord_status status = read_document(*statement, document, error);
    if (status != ACCORD_OK) {
        accord_intoto_free(*statement);
        *statement = NULL;
    }
    return status;
}

void accord_intoto_free(struct accord_intoto *statement)
{
    if (statement == NULL)
        return;
    json_decref(statement->document);
    free(statement->subjects.list);
    free(statement->materials.list);
    free(statement->byproducts.list);
    free(statement);
}
