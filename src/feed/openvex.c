/* OpenVEX 0.2.0 (github.com/openvex/spec): statements, each of one vulnerability and some products. A statement about a
 * product speaks of that product; its subcomponents are why, and are not spoken of elsewhere. */
#include "feed/product.h"
#include "feed/range.h"
#include "feed/reader.h"

#include "core/text.h"

#include <string.h>

static const struct accord_bytes nothing = {NULL, 0};

static const struct {
    const char *name;
    enum accord_claim_says says;
} statuses[] = {
    {"affected", ACCORD_CLAIM_AFFECTED},
    {"under_investigation", ACCORD_CLAIM_INVESTIGATING},
    {"not_affected", ACCORD_CLAIM_NOT_AFFECTED},
    {"fixed", ACCORD_CLAIM_FIXED},
};
static const char *const justifications[] = {
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"};

static bool is(struct accord_bytes text, const char *word)
{
    return accord_bytes_equal(text, (struct accord_bytes){(const uint8_t *)word, strlen(word)});
}

static enum accord_status give(struct accord_feed_reader *reader, const struct accord_claim *statement,
                               enum accord_claim_names names, struct accord_bytes product,
                               struct accord_feed_range range)
{
    struct accord_claim claim = *statement;
    claim.names = names;
    claim.product = product;
    claim.range = range.range;
    claim.prose = range.prose;
    return accord_feed_claim(reader, &claim);
}

/* A package URL without a version is the package in all of its versions. */
static enum accord_status give_purl(struct accord_feed_reader *reader, const struct accord_claim *statement,
                                    const struct accord_json *at, struct accord_bytes text)
{
    struct accord_feed_purl purl;
    if (!accord_feed_purl(&reader->brief, text, &purl))
        return accord_json_refuse(at, ACCORD_MALFORMED, "a package URL", reader->error);
    struct accord_claim claim = *statement;
    claim.qualifiers = purl.qualifiers;
    if (claim.says == ACCORD_CLAIM_FIXED)
        claim.fixed = purl.version;
    return give(reader, &claim, ACCORD_CLAIM_PURL, purl.product,
                purl.version.size == 0 ? accord_feed_range_all()
                                       : accord_feed_range_listed(&reader->brief, purl.scheme, &purl.version, 1));
}

static enum accord_status give_cpe(struct accord_feed_reader *reader, const struct accord_claim *statement,
                                   const struct accord_json *at, size_t *given)
{
    struct accord_bytes text;
    struct accord_feed_cpe cpe;
    enum accord_status status = accord_json_string(at, ACCORD_FEED_TEXT_SIZE_MAX, &text, reader->error);
    if (status != ACCORD_OK || text.size == 0)
        return status;
    if (!accord_feed_cpe_read(&reader->brief, text, &cpe))
        return accord_json_refuse(at, ACCORD_MALFORMED, "a CPE name", reader->error);
    (*given)++;
    return give(reader, statement, ACCORD_CLAIM_CPE, cpe.product,
                cpe.is_part             ? accord_feed_range_prose(&reader->brief, text)
                : cpe.version.size == 0 ? accord_feed_range_all()
                                        : accord_feed_range_one(&reader->brief, nothing, cpe.version));
}

static enum accord_status give_hash(struct accord_feed_reader *reader, const struct accord_claim *statement,
                                    const struct accord_json *product, size_t *given)
{
    struct accord_json hashes = accord_json_member(product, "hashes"), at = accord_json_member(&hashes, "sha-256");
    struct accord_bytes text, digest;
    enum accord_status status = accord_json_object(&hashes, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string(&at, ACCORD_FEED_TEXT_SIZE_MAX, &text, reader->error);
    if (status != ACCORD_OK || text.size == 0)
        return status;
    if (!accord_feed_sha256(&reader->brief, text, &digest))
        return accord_json_refuse(&at, ACCORD_BAD_HEX, "64 hexadecimal digits", reader->error);
    (*given)++;
    return give(reader, statement, ACCORD_CLAIM_SHA256, digest, accord_feed_range_all());
}

/* By its identifiers; its @id counts where it is a package URL, and as a mere name where it is all that there is. */
static enum accord_status read_product(struct accord_feed_reader *reader, const struct accord_claim *statement,
                                       const struct accord_json *at)
{
    struct accord_json identifiers = accord_json_member(at, "identifiers"), id_at = accord_json_member(at, "@id"),
                       purl_at = accord_json_member(&identifiers, "purl"),
                       cpe22 = accord_json_member(&identifiers, "cpe22"),
                       cpe23 = accord_json_member(&identifiers, "cpe23");
    struct accord_bytes id = nothing, purl = nothing, rest;
    size_t given = 0;
    accord_arena_reset(&reader->brief);
    enum accord_status status = accord_json_object_needed(at, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_object(&identifiers, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string(&id_at, ACCORD_FEED_TEXT_SIZE_MAX, &id, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string(&purl_at, ACCORD_FEED_TEXT_SIZE_MAX, &purl, reader->error);
    if (status == ACCORD_OK)
        status = give_hash(reader, statement, at, &given);
    if (status == ACCORD_OK && purl.size > 0) {
        given++;
        status = give_purl(reader, statement, &purl_at, purl);
    }
    rest = id;
    if (status == ACCORD_OK && purl.size == 0 && accord_cut_prefix(&rest, ACCORD_LITERAL("pkg:"))) {
        given++;
        status = give_purl(reader, statement, &id_at, id);
    }
    if (status == ACCORD_OK)
        status = give_cpe(reader, statement, cpe23.value != NULL ? &cpe23 : &cpe22, &given);
    if (status != ACCORD_OK || given > 0)
        return status;
    if (id.size == 0)
        return accord_json_refuse(at, ACCORD_MALFORMED, "@id, identifiers or hashes", reader->error);
    return give(reader, statement, ACCORD_CLAIM_NAME, accord_feed_name(&reader->brief, nothing, id),
                accord_feed_range_prose(&reader->brief, id));
}

static enum accord_status read_status(struct accord_feed_reader *reader, const struct accord_json *at,
                                      struct accord_claim *claim)
{
    struct accord_json status_at = accord_json_member(at, "status"), why_at = accord_json_member(at, "justification");
    struct accord_bytes text, why, impact, action;
    enum accord_status status = accord_json_string_needed(&status_at, ACCORD_FEED_TEXT_SIZE_MAX, &text, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string(&why_at, ACCORD_FEED_TEXT_SIZE_MAX, &why, reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_member_line(reader, at, "impact_statement", &impact);
    if (status == ACCORD_OK)
        status = accord_feed_member_line(reader, at, "action_statement", &action);
    if (status != ACCORD_OK)
        return status;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (is(text, statuses[i].name))
            claim->says = statuses[i].says;
    if (claim->says == 0)
        return accord_json_refuse(&status_at, ACCORD_MALFORMED, "a status of VEX", reader->error);
    bool is_known = why.size == 0;
    for (size_t i = 0; i < sizeof justifications / sizeof *justifications; i++)
        is_known = is_known || is(why, justifications[i]);
    if (!is_known)
        return accord_json_refuse(&why_at, ACCORD_MALFORMED, "a justification of VEX", reader->error);
    /* "A not_affected statement MUST include a justification or an impact statement" */
    if (claim->says == ACCORD_CLAIM_NOT_AFFECTED && why.size == 0 && impact.size == 0)
        return accord_json_refuse(&why_at, ACCORD_MALFORMED, "a justification or an impact_statement", reader->error);
    claim->justification = claim->says == ACCORD_CLAIM_NOT_AFFECTED ? why : nothing;
    claim->remedy = claim->says == ACCORD_CLAIM_AFFECTED ? action : nothing;
    return ACCORD_OK;
}

static enum accord_status read_vulnerability(struct accord_feed_reader *reader, const struct accord_json *at)
{
    struct accord_json name_at = accord_json_member(at, "name"), aliases = accord_json_member(at, "aliases");
    struct accord_feed_ids ids;
    struct accord_bytes name, text;
    size_t count = 0;
    enum accord_status status = accord_json_object_needed(at, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&name_at, ACCORD_FEED_ID_SIZE_MAX, &name, reader->error);
    if (status == ACCORD_OK && !accord_feed_id_valid(name))
        status = accord_json_refuse(&name_at, ACCORD_MALFORMED, "a name without spaces", reader->error);
    if (status == ACCORD_OK)
        status = accord_json_array(&aliases, &count, reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_ids_start(reader, &ids, count + 1);
    if (status != ACCORD_OK)
        return status;
    accord_feed_ids_add(&ids, name);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json item = accord_json_item(&aliases, i);
        status = accord_json_string_needed(&item, ACCORD_FEED_TEXT_SIZE_MAX, &text, reader->error);
        if (status == ACCORD_OK)
            accord_feed_ids_add(&ids, text);
    }
    accord_feed_ids_end(reader, &ids, name);
    if (status == ACCORD_OK)
        status = accord_feed_member_line(reader, at, "description", &reader->vulnerability.title);
    return status == ACCORD_OK ? accord_feed_member_line(reader, at, "@id", &reader->vulnerability.url) : status;
}

static enum accord_status read_statement(struct accord_feed_reader *reader, const struct accord_json *at)
{
    struct accord_json products = accord_json_member(at, "products"),
                       vulnerability = accord_json_member(at, "vulnerability");
    const struct accord_claim_vulnerability document = reader->vulnerability;
    struct accord_claim claim = {.says = 0};
    uint64_t said = 0;
    size_t count = 0;
    enum accord_status status = accord_json_object_needed(at, reader->error);
    if (status == ACCORD_OK)
        status = read_vulnerability(reader, &vulnerability);
    if (status == ACCORD_OK)
        status = read_status(reader, at, &claim);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, at, "timestamp", &said);
    if (status == ACCORD_OK)
        status = accord_json_array_needed(&products, &count, reader->error);
    if (said > 0)
        reader->vulnerability.published = said;
    if (said > reader->vulnerability.modified)
        reader->vulnerability.modified = said;
    if (status == ACCORD_OK)
        status = accord_feed_begin(reader);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json product = accord_json_item(&products, i);
        status = read_product(reader, &claim, &product);
    }
    reader->vulnerability = document;
    return status;
}

enum accord_status accord_feed_read_openvex(struct accord_feed_reader *reader)
{
    struct accord_json context_at = accord_json_member(&reader->root, "@context"),
                       id_at = accord_json_member(&reader->root, "@id"),
                       list = accord_json_member(&reader->root, "statements");
    struct accord_bytes context;
    size_t count = 0;
    enum accord_status status =
        accord_json_string_needed(&context_at, ACCORD_FEED_TEXT_SIZE_MAX, &context, reader->error);
    if (status == ACCORD_OK && !is(context, "https://openvex.dev/ns/v0.2.0") && !is(context, "https://openvex.dev/ns"))
        status = accord_json_refuse(&context_at, ACCORD_MALFORMED, "OpenVEX 0.2.0", reader->error);
    if (status == ACCORD_OK)
        status =
            accord_json_string_needed(&id_at, ACCORD_FEED_ID_SIZE_MAX, &reader->vulnerability.document, reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &reader->root, "timestamp", &reader->vulnerability.published);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &reader->root, "last_updated", &reader->vulnerability.modified);
    if (status == ACCORD_OK)
        status = accord_json_array_needed(&list, &count, reader->error);
    reader->vulnerability.document = accord_feed_line(&reader->whole, reader->vulnerability.document);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = read_statement(reader, &at);
    }
    return status;
}
