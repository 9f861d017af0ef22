/* CVE records, JSON 5.0 to 5.2: the affected products of the CNA's container and of those who added theirs. Each entry
 * of versions is a claim of its own; where a product is affected unless something else is said, what is left over is
 * one. Versions of type git, and those whose type has no order here, are left to people. */
#include "feed/product.h"
#include "feed/range.h"
#include "feed/reader.h"

#include "core/text.h"

#include <string.h>

#define VERSIONS_MAX 65536
#define NAMES_MAX 512 /* of one product */

static const struct accord_bytes nothing = {NULL, 0};

/* One name of a product. A package in a product has versions of its own, which say nothing of the product's. */
struct name {
    enum accord_claim_names names;
    struct accord_bytes product, qualifiers;
    bool of_other_versions;
    bool only_there; /* a package in a product, an edition of it: that one is not affected says nothing of others */
};

struct product {
    struct accord_json at;
    struct name *names;
    size_t name_count;
    struct accord_bytes scheme;        /* of its package URL; or empty */
    struct accord_bytes other;         /* the package, where names have other versions */
    enum accord_claim_says by_default; /* 0: not known */
    struct accord_bytes remedy;
    /* What is said of stretches of versions, for what is left over. */
    struct accord_feed_interval *stretches;
    size_t stretch_count;
    struct accord_bytes stretch_scheme;
};

static bool is(struct accord_bytes text, const char *word)
{
    return accord_bytes_equal(text, (struct accord_bytes){(const uint8_t *)word, strlen(word)});
}

/* versionType is free text; these are the ones that the record format recommends, and what they are in VERS. */
static struct accord_bytes scheme_of(struct accord_bytes type, struct accord_bytes otherwise)
{
    static const struct {
        const char *type, *scheme;
    } known[] = {{"semver", "semver"}, {"rpm", "rpm"},     {"maven", "maven"},  {"python", "pypi"},
                 {"pypi", "pypi"},     {"npm", "npm"},     {"dpkg", "deb"},     {"deb", "deb"},
                 {"gem", "gem"},       {"nuget", "nuget"}, {"cargo", "semver"}, {"apk", "alpine"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is(type, known[i].type))
            return (struct accord_bytes){(const uint8_t *)known[i].scheme, strlen(known[i].scheme)};
    return type.size == 0 ? otherwise : nothing;
}

static enum accord_status read_status(struct accord_feed_reader *reader, const struct accord_json *up, const char *name,
                                      bool needed, enum accord_claim_says *says)
{
    struct accord_json at = accord_json_member(up, name);
    struct accord_bytes text;
    enum accord_status status = needed ? accord_json_string_needed(&at, ACCORD_FEED_ID_SIZE_MAX, &text, reader->error)
                                       : accord_json_string(&at, ACCORD_FEED_ID_SIZE_MAX, &text, reader->error);
    *says = 0;
    if (status != ACCORD_OK || text.size == 0)
        return status;
    if (is(text, "affected"))
        *says = ACCORD_CLAIM_AFFECTED;
    else if (is(text, "unaffected"))
        *says = ACCORD_CLAIM_NOT_AFFECTED;
    else if (is(text, "unknown"))
        *says = needed ? ACCORD_CLAIM_INVESTIGATING : 0;
    else
        status = accord_json_refuse(&at, ACCORD_MALFORMED, "affected, unaffected or unknown", reader->error);
    return status;
}

static enum accord_status give(struct accord_feed_reader *reader, const struct product *product,
                               enum accord_claim_says says, struct accord_feed_range range, struct accord_bytes fixed)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < product->name_count; i++) {
        const struct name *name = &product->names[i];
        struct accord_claim claim = {.says = says,
                                     .names = name->names,
                                     .product = name->product,
                                     .qualifiers = name->qualifiers,
                                     .range = range.range,
                                     .prose = range.prose,
                                     .fixed = fixed};
        if (name->of_other_versions || (name->only_there && says == ACCORD_CLAIM_NOT_AFFECTED)) {
            claim.range = claim.fixed = nothing;
            claim.prose = product->other;
        }
        if (says == ACCORD_CLAIM_AFFECTED)
            claim.remedy = product->remedy;
        status = accord_feed_claim(reader, &claim);
    }
    return status;
}

static struct name *add_name(struct product *product, enum accord_claim_names names, struct accord_bytes text)
{
    struct name *name = &product->names[product->name_count++];
    *name = (struct name){.names = names, .product = text};
    return name;
}

static enum accord_status add_cpes(struct accord_feed_reader *reader, struct product *product,
                                   const struct accord_json *list, size_t count, bool of_other_versions)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(list, i);
        struct accord_bytes text;
        struct accord_feed_cpe cpe;
        struct name *name = NULL;
        status = accord_json_string_needed(&at, ACCORD_FEED_TEXT_SIZE_MAX, &text, reader->error);
        if (status != ACCORD_OK)
            return status;
        if (!accord_feed_cpe_read(&reader->brief, text, &cpe))
            return accord_json_refuse(&at, ACCORD_MALFORMED, "a CPE name", reader->error);
        for (size_t k = 0; k < product->name_count; k++)
            if (accord_bytes_equal(product->names[k].product, cpe.product))
                name = &product->names[k];
        if (name == NULL)
            name = add_name(product, ACCORD_CLAIM_CPE, cpe.product);
        name->of_other_versions = of_other_versions;
        name->only_there = name->only_there || cpe.is_part;
    }
    return status;
}

/* `n/a` is what records say that have nothing to say. */
static enum accord_status read_name(struct accord_feed_reader *reader, const struct accord_json *up, const char *name,
                                    struct accord_bytes *text)
{
    enum accord_status status = accord_json_member_text(up, name, ACCORD_FEED_TEXT_SIZE_MAX, text, reader->error);
    if (status == ACCORD_OK && (is(*text, "n/a") || is(*text, "N/A") || is(*text, "unspecified")))
        *text = nothing;
    return status;
}

struct naming {
    struct accord_bytes vendor, product, package, collection, purl;
};

static enum accord_status read_naming(struct accord_feed_reader *reader, const struct accord_json *at,
                                      struct naming *naming)
{
    enum accord_status status = read_name(reader, at, "vendor", &naming->vendor);
    if (status == ACCORD_OK)
        status = read_name(reader, at, "product", &naming->product);
    if (status == ACCORD_OK)
        status = read_name(reader, at, "packageName", &naming->package);
    if (status == ACCORD_OK)
        status =
            accord_json_member_text(at, "collectionURL", ACCORD_FEED_TEXT_SIZE_MAX, &naming->collection, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_member_text(at, "packageURL", ACCORD_FEED_TEXT_SIZE_MAX, &naming->purl, reader->error);
    return status;
}

/* `openssh in Red Hat Enterprise Linux 9` */
static struct accord_bytes describe_inside(struct accord_arena *arena, struct accord_bytes package,
                                           struct accord_bytes product)
{
    struct accord_out out = accord_arena_room(arena, package.size + product.size + 4);
    accord_put(&out, package);
    accord_put(&out, package.size > 0 && product.size > 0 ? ACCORD_LITERAL(" in ") : nothing);
    accord_put(&out, product);
    return accord_feed_line(arena, accord_out_bytes(&out));
}

static enum accord_status read_names(struct accord_feed_reader *reader, struct product *product)
{
    struct accord_json cpes = accord_json_member(&product->at, "cpes"),
                       purl_at = accord_json_member(&product->at, "packageURL");
    struct accord_arena *arena = &reader->brief;
    struct naming naming;
    struct accord_feed_purl purl = {.version = nothing};
    size_t count = 0;
    enum accord_status status = read_naming(reader, &product->at, &naming);
    if (status == ACCORD_OK)
        status = accord_json_array(&cpes, &count, reader->error);
    if (status == ACCORD_OK && count > NAMES_MAX)
        status = accord_json_refuse(&cpes, ACCORD_TOO_LARGE, "at most 512 CPE names", reader->error);
    if (status != ACCORD_OK)
        return status;
    product->names = accord_arena_take(arena, (count + 4) * sizeof *product->names);
    if (product->names == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    bool has_purl = naming.purl.size > 0 ? accord_feed_purl(arena, naming.purl, &purl)
                                         : accord_feed_collection(arena, naming.collection, naming.package, &purl);
    if (naming.purl.size > 0 && !has_purl)
        return accord_json_refuse(&purl_at, ACCORD_MALFORMED, "a package URL", reader->error);
    if (has_purl)
        add_name(product, ACCORD_CLAIM_PURL, purl.product)->qualifiers = purl.qualifiers;
    product->scheme = purl.scheme;
    struct accord_bytes package = accord_feed_folded(arena, naming.package);
    bool is_inside = !has_purl && package.size > 0 && naming.product.size > 0 &&
                     !accord_bytes_equal(package, accord_feed_folded(arena, naming.product));
    product->other = accord_feed_range_prose(arena, describe_inside(arena, naming.package, naming.product)).prose;
    status = add_cpes(reader, product, &cpes, count, is_inside);
    if (naming.product.size > 0)
        add_name(product, ACCORD_CLAIM_NAME, accord_feed_name(arena, naming.vendor, naming.product))
            ->of_other_versions = is_inside;
    if (is_inside || (naming.product.size == 0 && package.size > 0))
        add_name(product, ACCORD_CLAIM_NAME, accord_feed_name(arena, naming.vendor, naming.package))->only_there =
            is_inside;
    if (status == ACCORD_OK && product->name_count == 0 && naming.vendor.size > 0)
        add_name(product, ACCORD_CLAIM_NAME, accord_feed_name(arena, naming.vendor, nothing))->of_other_versions = true;
    return status;
}

/* One entry of versions. */
struct entry {
    struct accord_json at;
    enum accord_claim_says says;
    struct accord_bytes version, type, to;
    bool to_included, is_range;
    struct accord_bytes scheme;
};

static enum accord_status read_entry(struct accord_feed_reader *reader, const struct product *product,
                                     struct entry *entry)
{
    struct accord_json version_at = accord_json_member(&entry->at, "version"),
                       less_at = accord_json_member(&entry->at, "lessThan"),
                       equal_at = accord_json_member(&entry->at, "lessThanOrEqual");
    enum accord_status status = accord_json_object_needed(&entry->at, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&version_at, ACCORD_FEED_TEXT_SIZE_MAX, &entry->version, reader->error);
    if (status == ACCORD_OK)
        status = read_status(reader, &entry->at, "status", true, &entry->says);
    if (status == ACCORD_OK)
        status =
            accord_json_member_text(&entry->at, "versionType", ACCORD_FEED_ID_SIZE_MAX, &entry->type, reader->error);
    if (status == ACCORD_OK && less_at.value != NULL && equal_at.value != NULL)
        status = accord_json_refuse(&entry->at, ACCORD_MALFORMED, "lessThan or lessThanOrEqual, and not both",
                                    reader->error);
    entry->to_included = equal_at.value != NULL;
    entry->is_range = entry->to_included || less_at.value != NULL;
    if (status == ACCORD_OK && entry->is_range)
        status = accord_json_string_needed(entry->to_included ? &equal_at : &less_at, ACCORD_FEED_TEXT_SIZE_MAX,
                                           &entry->to, reader->error);
    entry->scheme = scheme_of(entry->type, product->scheme);
    return status;
}

/* By convention 0 is before all versions, and `*` behind them. */
static struct accord_feed_interval interval_of(struct accord_bytes from, struct accord_bytes to, bool to_included)
{
    struct accord_feed_interval interval = {is(from, "0") || is(from, "*") ? nothing : from, is(to, "*") ? nothing : to,
                                            to_included};
    return interval;
}

static void remember(struct product *product, const struct entry *entry, struct accord_feed_interval interval)
{
    product->stretch_scheme = entry->scheme;
    product->stretches[product->stretch_count++] = interval;
}

/* A stretch of an entry, from one change to the next. What ends it is a fix where it begins what is not affected. */
static enum accord_status give_stretch(struct accord_feed_reader *reader, struct product *product,
                                       const struct entry *entry, enum accord_claim_says says,
                                       struct accord_feed_interval interval, bool ends_in_fix)
{
    struct accord_feed_range range = accord_feed_range_of(&reader->brief, entry->scheme, &interval, 1);
    bool fixes = says == ACCORD_CLAIM_AFFECTED && ends_in_fix && !interval.to_included;
    return give(reader, product, says, range, fixes ? interval.to : nothing);
}

static enum accord_status give_changes(struct accord_feed_reader *reader, struct product *product,
                                       const struct entry *entry, const struct accord_json *changes, size_t count)
{
    enum accord_claim_says says = entry->says, next = 0;
    struct accord_bytes from = entry->version, at;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json change = accord_json_item(changes, i), at_at = accord_json_member(&change, "at");
        status = accord_json_string_needed(&at_at, ACCORD_FEED_TEXT_SIZE_MAX, &at, reader->error);
        if (status == ACCORD_OK)
            status = read_status(reader, &change, "status", true, &next);
        if (status != ACCORD_OK)
            return status;
        status =
            give_stretch(reader, product, entry, says, interval_of(from, at, false), next == ACCORD_CLAIM_NOT_AFFECTED);
        from = at;
        says = next;
    }
    if (status == ACCORD_OK)
        status = give_stretch(reader, product, entry, says, interval_of(from, entry->to, entry->to_included),
                              product->by_default == ACCORD_CLAIM_NOT_AFFECTED && !is(entry->to, "*"));
    return status;
}

static enum accord_status give_entry(struct accord_feed_reader *reader, struct product *product, struct entry *entry)
{
    struct accord_json changes = accord_json_member(&entry->at, "changes");
    size_t count;
    enum accord_status status = read_entry(reader, product, entry);
    if (status == ACCORD_OK)
        status = accord_json_array(&changes, &count, reader->error);
    if (status != ACCORD_OK)
        return status;
    if (entry->is_range || count > 0) {
        if (!entry->is_range)
            entry->to = ACCORD_LITERAL("*");
        remember(product, entry, interval_of(entry->version, entry->to, entry->to_included));
        return give_changes(reader, product, entry, &changes, count);
    }
    struct accord_feed_range range = accord_feed_range_one(&reader->brief, entry->scheme, entry->version);
    remember(product, entry, (struct accord_feed_interval){entry->version, entry->version, true});
    return give(reader, product, entry->says, range, nothing);
}

/* All but the one stretch that is spoken of: before it, and behind it. More than one, or one that ends with its last
 * version (what follows a version VERS can say, and an interval here cannot), is left to people. */
static struct accord_feed_range left_over(struct accord_feed_reader *reader, const struct product *product,
                                          struct accord_bytes *fixed)
{
    struct accord_feed_interval rest[2];
    size_t count = 0;
    *fixed = nothing;
    if (product->stretch_count == 0)
        return accord_feed_range_all();
    const struct accord_feed_interval *said = &product->stretches[0];
    if (product->stretch_count > 1 || said->to_included)
        return accord_feed_range_prose(&reader->brief, ACCORD_LITERAL("all versions of which nothing else is said"));
    if (said->from.size > 0)
        rest[count++] = (struct accord_feed_interval){nothing, said->from, false};
    if (said->to.size > 0)
        rest[count++] = (struct accord_feed_interval){said->to, nothing, false};
    if (said->to.size == 0)
        *fixed = said->from;
    return accord_feed_range_of(&reader->brief, product->stretch_scheme, rest, count);
}

static enum accord_status give_default(struct accord_feed_reader *reader, const struct product *product)
{
    struct accord_bytes fixed;
    bool all_said =
        product->stretch_count == 1 && product->stretches[0].from.size == 0 && product->stretches[0].to.size == 0;
    if (product->by_default == 0 || all_said ||
        (product->by_default == ACCORD_CLAIM_NOT_AFFECTED && product->stretch_count > 0))
        return ACCORD_OK;
    struct accord_feed_range range = left_over(reader, product, &fixed);
    return give(reader, product, product->by_default, range, fixed);
}

static enum accord_status read_product(struct accord_feed_reader *reader, const struct accord_json *at,
                                       struct accord_bytes remedy)
{
    struct product product = {.at = *at, .remedy = remedy};
    struct accord_json list = accord_json_member(at, "versions");
    size_t count = 0;
    accord_arena_reset(&reader->brief);
    enum accord_status status = accord_json_object_needed(at, reader->error);
    if (status == ACCORD_OK)
        status = read_names(reader, &product);
    if (status == ACCORD_OK)
        status = read_status(reader, at, "defaultStatus", false, &product.by_default);
    if (status == ACCORD_OK)
        status = accord_json_array(&list, &count, reader->error);
    if (status == ACCORD_OK && count > VERSIONS_MAX)
        status = accord_json_refuse(&list, ACCORD_TOO_LARGE, "at most 65536 entries", reader->error);
    if (status != ACCORD_OK)
        return status;
    product.stretches = accord_arena_take(&reader->brief, (count + 1) * sizeof *product.stretches);
    if (product.stretches == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct entry entry = {.at = accord_json_item(&list, i)};
        status = give_entry(reader, &product, &entry);
    }
    return status == ACCORD_OK ? give_default(reader, &product) : status;
}

static enum accord_status read_metrics(struct accord_feed_reader *reader, const struct accord_json *container)
{
    static const char *const versions[] = {"cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"};
    struct accord_json list = accord_json_member(container, "metrics");
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        for (size_t k = 0; status == ACCORD_OK && k < sizeof versions / sizeof *versions; k++) {
            struct accord_json metric = accord_json_member(&at, versions[k]);
            struct accord_bytes vector;
            status = accord_json_object(&metric, reader->error);
            if (status == ACCORD_OK)
                status =
                    accord_json_member_text(&metric, "vectorString", ACCORD_FEED_TEXT_SIZE_MAX, &vector, reader->error);
            if (status == ACCORD_OK)
                accord_feed_severity(&reader->vulnerability.severity, vector);
        }
    }
    return status;
}

/* The value of the first of a list of texts, as a line. */
static enum accord_status read_first(struct accord_feed_reader *reader, const struct accord_json *container,
                                     const char *list_name, const char *member, struct accord_bytes *line)
{
    struct accord_json list = accord_json_member(container, list_name), at = accord_json_item(&list, 0);
    size_t count;
    *line = nothing;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    if (status == ACCORD_OK && count > 0)
        status = accord_json_object_needed(&at, reader->error);
    return status == ACCORD_OK ? accord_feed_member_line(reader, &at, member, line) : status;
}

static enum accord_status read_container(struct accord_feed_reader *reader, const struct accord_json *container)
{
    struct accord_json list = accord_json_member(container, "affected");
    struct accord_bytes remedy;
    size_t count = 0;
    enum accord_status status = read_first(reader, container, "solutions", "value", &remedy);
    if (status == ACCORD_OK && remedy.size == 0)
        status = read_first(reader, container, "workarounds", "value", &remedy);
    if (status == ACCORD_OK)
        status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = read_product(reader, &at, remedy);
    }
    return status;
}

static enum accord_status read_metadata(struct accord_feed_reader *reader, const struct accord_json *cna)
{
    struct accord_claim_vulnerability *vulnerability = &reader->vulnerability;
    struct accord_json metadata = accord_json_member(&reader->root, "cveMetadata"),
                       id_at = accord_json_member(&metadata, "cveId"),
                       state_at = accord_json_member(&metadata, "state");
    struct accord_bytes state = nothing;
    enum accord_status status = accord_json_object_needed(&metadata, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&id_at, ACCORD_FEED_ID_SIZE_MAX, &vulnerability->id, reader->error);
    if (status == ACCORD_OK && !accord_feed_id_valid(vulnerability->id))
        status = accord_json_refuse(&id_at, ACCORD_MALFORMED, "an id without spaces", reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&state_at, ACCORD_FEED_ID_SIZE_MAX, &state, reader->error);
    if (status == ACCORD_OK && !is(state, "PUBLISHED") && !is(state, "REJECTED"))
        status = accord_json_refuse(&state_at, ACCORD_MALFORMED, "PUBLISHED or REJECTED", reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &metadata, "datePublished", &vulnerability->published);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &metadata, "dateUpdated", &vulnerability->modified);
    if (status == ACCORD_OK && vulnerability->published == 0)
        status = accord_feed_date(reader, cna, "datePublic", &vulnerability->published);
    vulnerability->document = vulnerability->id;
    vulnerability->withdrawn = is(state, "REJECTED");
    return status;
}

static enum accord_status read_texts(struct accord_feed_reader *reader, const struct accord_json *cna)
{
    struct accord_claim_vulnerability *vulnerability = &reader->vulnerability;
    enum accord_status status = accord_feed_member_line(reader, cna, "title", &vulnerability->title);
    if (status == ACCORD_OK && vulnerability->title.size == 0)
        status = read_first(reader, cna, "descriptions", "value", &vulnerability->title);
    return status == ACCORD_OK ? read_first(reader, cna, "references", "url", &vulnerability->url) : status;
}

static enum accord_status check_version(struct accord_feed_reader *reader)
{
    struct accord_json at = accord_json_member(&reader->root, "dataVersion");
    struct accord_bytes version;
    enum accord_status status = accord_json_string_needed(&at, ACCORD_FEED_ID_SIZE_MAX, &version, reader->error);
    if (status == ACCORD_OK && !accord_cut_prefix(&version, ACCORD_LITERAL("5.")))
        status = accord_json_refuse(&at, ACCORD_MALFORMED, "version 5 of the record format", reader->error);
    return status;
}

enum accord_status accord_feed_read_cve(struct accord_feed_reader *reader)
{
    struct accord_json containers = accord_json_member(&reader->root, "containers"),
                       cna = accord_json_member(&containers, "cna"), others = accord_json_member(&containers, "adp");
    size_t count = 0;
    enum accord_status status = check_version(reader);
    if (status == ACCORD_OK)
        status = accord_json_object_needed(&cna, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_array(&others, &count, reader->error);
    if (status == ACCORD_OK)
        status = read_metadata(reader, &cna);
    if (status == ACCORD_OK)
        status = read_texts(reader, &cna);
    if (status == ACCORD_OK)
        status = read_metrics(reader, &cna);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&others, i);
        status = accord_json_object_needed(&at, reader->error);
        if (status == ACCORD_OK)
            status = read_metrics(reader, &at);
    }
    if (status == ACCORD_OK)
        status = accord_feed_begin(reader);
    if (status == ACCORD_OK)
        status = read_container(reader, &cna);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&others, i);
        status = read_container(reader, &at);
    }
    return status;
}
