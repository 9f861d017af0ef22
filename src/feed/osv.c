/* OSV (ossf.github.io/osv-schema, 1.x): affected packages, each with ranges of events and lists of versions. Each
 * stretch from one event to the next is a claim of its own, so that each has the fix that ends it. It refuses to know
 * commits: a range of type GIT says nothing of versions. */
#include "feed/product.h"
#include "feed/range.h"
#include "feed/reader.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 65536
#define VERSIONS_MAX 1000000
#define COMPARISONS_MAX ((size_t)1 << 20) /* of listed versions with ranges; without them more is listed */

enum event_kind { INTRODUCED, FIXED, LAST_AFFECTED, LIMIT };
static const char *const event_names[] = {"introduced", "fixed", "last_affected", "limit"};

struct event {
    enum event_kind kind;
    struct accord_bytes version;
    size_t place; /* as written: events of one version keep their order */
};

/* A stretch of versions that a claim was made of. */
struct covered {
    struct accord_feed_interval stretch;
    struct accord_bytes scheme;
    struct covered *next;
};

/* One package that is affected. */
struct package {
    struct accord_json at;
    bool named;
    size_t given; /* claims, so far */
    struct covered *covered;
    size_t covered_count;
    struct accord_feed_purl purl; /* scheme counts without the rest, too */
    struct accord_claim claim;    /* what its claims have in common */
};

static enum accord_status read_event(struct accord_feed_reader *reader, const struct accord_json *at,
                                     struct event *event)
{
    size_t found = 0;
    enum accord_status status = accord_json_object_needed(at, reader->error);
    for (size_t kind = INTRODUCED; status == ACCORD_OK && kind <= LIMIT; kind++) {
        struct accord_json member = accord_json_member(at, event_names[kind]);
        if (member.value == NULL)
            continue;
        found++;
        event->kind = (enum event_kind)kind;
        status = accord_json_string_needed(&member, ACCORD_FEED_TEXT_SIZE_MAX, &event->version, reader->error);
    }
    if (status == ACCORD_OK && found != 1)
        status =
            accord_json_refuse(at, ACCORD_MALFORMED, "one of introduced, fixed, last_affected, limit", reader->error);
    return status;
}

static bool is_beginning(const struct event *event)
{
    return event->kind == INTRODUCED && accord_bytes_equal(event->version, ACCORD_LITERAL("0"));
}

/* Which comes first? The beginning of all versions before any; by the scheme's order otherwise. *known is cleared where
 * that does not tell. */
static int order_of(const struct event *a, const struct event *b, struct accord_bytes scheme, bool *known)
{
    int order = 0;
    if (is_beginning(a) != is_beginning(b))
        return is_beginning(a) ? -1 : 1;
    if (!is_beginning(a) && !accord_feed_order(scheme, a->version, b->version, &order))
        *known = false;
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

struct sorting {
    struct accord_bytes scheme;
    bool known;
};

static int compare_events(const void *a, const void *b, void *context)
{
    struct sorting *sorting = context;
    return order_of(a, b, sorting->scheme, &sorting->known);
}

static enum accord_status give(struct accord_feed_reader *reader, struct package *package,
                               struct accord_feed_range range, struct accord_bytes fixed)
{
    struct accord_claim claim = package->claim;
    package->given++;
    claim.range = range.range;
    claim.prose = range.prose;
    claim.fixed = fixed;
    return accord_feed_claim(reader, &claim);
}

/* A range that no machine decides here: its events, in their order. */
static enum accord_status give_prose(struct accord_feed_reader *reader, struct package *package,
                                     const struct event *events, size_t count)
{
    struct accord_out out = accord_arena_room(&reader->brief, ACCORD_FEED_LINE_SIZE_MAX);
    struct accord_bytes fixed = {NULL, 0};
    size_t fixes = 0;
    for (size_t i = 0; i < count && !out.full; i++) {
        accord_put(&out, i > 0 ? ACCORD_LITERAL(", ") : ACCORD_LITERAL(""));
        accord_put(&out, (struct accord_bytes){(const uint8_t *)event_names[events[i].kind],
                                               strlen(event_names[events[i].kind])});
        accord_put_byte(&out, ' ');
        accord_put(&out, events[i].version);
    }
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == FIXED && fixes++ == 0)
            fixed = events[i].version;
    struct accord_feed_range range = accord_feed_range_prose(&reader->brief, accord_out_bytes(&out));
    return give(reader, package, range, fixes == 1 ? fixed : (struct accord_bytes){NULL, 0});
}

static void remember(struct accord_feed_reader *reader, struct package *package, struct accord_bytes scheme,
                     const struct accord_feed_interval *stretch)
{
    struct covered *covered = accord_arena_take(&reader->brief, sizeof *covered);
    if (covered == NULL)
        return;
    *covered = (struct covered){*stretch, scheme, package->covered};
    package->covered = covered;
    package->covered_count++;
}

/* Is this version inside a stretch that was given? Then it need not be listed. */
static bool is_covered(const struct package *package, struct accord_bytes version)
{
    for (const struct covered *at = package->covered; at != NULL; at = at->next) {
        int from = 0, to = -1;
        if (!accord_feed_order(at->scheme, version, version, &from) ||
            (at->stretch.from.size > 0 && !accord_feed_order(at->scheme, version, at->stretch.from, &from)) ||
            (at->stretch.to.size > 0 && !accord_feed_order(at->scheme, version, at->stretch.to, &to)))
            continue;
        if (from >= 0 && (to < 0 || (to == 0 && at->stretch.to_included)))
            return true;
    }
    return false;
}

/* OSV's own algorithm ("Evaluation"): what introduces opens, what fixes closes; a stretch that nothing closes goes on.
 */
static enum accord_status give_stretches(struct accord_feed_reader *reader, struct package *package,
                                         struct accord_bytes scheme, const struct event *events, size_t count)
{
    enum accord_status status = ACCORD_OK;
    const struct event *open = NULL;
    for (size_t i = 0; status == ACCORD_OK && i <= count; i++) {
        const struct event *event = i < count ? &events[i] : NULL;
        if (event != NULL && event->kind == INTRODUCED) {
            open = open == NULL ? event : open;
            continue;
        }
        if (open == NULL)
            continue;
        struct accord_bytes nothing = {NULL, 0};
        struct accord_feed_interval stretch = {is_beginning(open) ? nothing : open->version,
                                               event != NULL ? event->version : nothing,
                                               event != NULL && event->kind == LAST_AFFECTED};
        struct accord_feed_range range = accord_feed_range_of(&reader->brief, scheme, &stretch, 1);
        if (range.range.size > 0)
            remember(reader, package, scheme, &stretch);
        status = give(reader, package, range, event != NULL && event->kind == FIXED ? event->version : nothing);
        open = NULL;
    }
    return status;
}

static bool limits_nothing(const struct event *event)
{
    return event->kind == LIMIT && accord_bytes_equal(event->version, ACCORD_LITERAL("*"));
}

static enum accord_status read_events(struct accord_feed_reader *reader, const struct accord_json *range,
                                      struct event **events, size_t *count)
{
    struct accord_json list = accord_json_member(range, "events");
    size_t items = 0;
    *count = 0;
    enum accord_status status = accord_json_array_needed(&list, &items, reader->error);
    if (status == ACCORD_OK && (items == 0 || items > EVENTS_MAX))
        status = accord_json_refuse(&list, items == 0 ? ACCORD_MALFORMED : ACCORD_TOO_LARGE, "1 to 65536 events",
                                    reader->error);
    if (status != ACCORD_OK)
        return status;
    *events = accord_arena_take(&reader->brief, items * sizeof **events);
    if (*events == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    bool introduced = false;
    for (size_t i = 0; status == ACCORD_OK && i < items; i++) {
        struct accord_json at = accord_json_item(&list, i);
        struct event *event = &(*events)[*count];
        event->place = i;
        status = read_event(reader, &at, event);
        introduced = introduced || (status == ACCORD_OK && event->kind == INTRODUCED);
        *count += status == ACCORD_OK && !limits_nothing(event);
    }
    if (status == ACCORD_OK && !introduced)
        status = accord_json_refuse(&list, ACCORD_MALFORMED, "an event that introduces", reader->error);
    return status;
}

/* Limits of ranges of versions are seen nowhere; what they would do to more than one stretch is left to people. */
static bool decides(struct event *events, size_t count, struct accord_bytes scheme)
{
    struct sorting sorting = {scheme, true};
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == LIMIT)
            return false;
    if (count > 1)
        qsort_r(events, count, sizeof *events, compare_events, &sorting);
    return sorting.known && (accord_feed_scheme_known(scheme) || count == 1);
}

/* Some ecosystems write semantic versions in their own way, with a `v` before them: then components do so, too. */
static struct accord_bytes semantic_scheme(const struct package *package)
{
    struct accord_bytes own = package->purl.scheme;
    bool is_near = accord_bytes_equal(own, ACCORD_LITERAL("golang")) || accord_bytes_equal(own, ACCORD_LITERAL("npm"));
    return is_near ? own : ACCORD_LITERAL("semver");
}

static enum accord_status read_range(struct accord_feed_reader *reader, struct package *package,
                                     const struct accord_json *at)
{
    struct accord_json type_at = accord_json_member(at, "type");
    struct accord_bytes type;
    struct event *events = NULL;
    size_t count = 0;
    enum accord_status status = accord_json_string_needed(&type_at, ACCORD_FEED_ID_SIZE_MAX, &type, reader->error);
    if (status == ACCORD_OK)
        status = read_events(reader, at, &events, &count);
    if (status != ACCORD_OK || accord_bytes_equal(type, ACCORD_LITERAL("GIT")))
        return status;
    bool semantic = accord_bytes_equal(type, ACCORD_LITERAL("SEMVER"));
    if (!semantic && !accord_bytes_equal(type, ACCORD_LITERAL("ECOSYSTEM")))
        return accord_json_refuse(&type_at, ACCORD_MALFORMED, "SEMVER, ECOSYSTEM or GIT", reader->error);
    if (!package->named)
        return accord_json_refuse(&type_at, ACCORD_MALFORMED, "GIT, where no package is named", reader->error);
    struct accord_bytes scheme = semantic ? semantic_scheme(package) : package->purl.scheme;
    struct event *as_written = accord_arena_take(&reader->brief, count * sizeof *as_written);
    if (as_written == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    if (count > 0)
        memcpy(as_written, events, count * sizeof *events);
    if (decides(events, count, scheme))
        return give_stretches(reader, package, scheme, events, count);
    return give_prose(reader, package, as_written, count);
}

/* What is listed and inside no range. */
static enum accord_status read_versions(struct accord_feed_reader *reader, struct package *package)
{
    struct accord_json list = accord_json_member(&package->at, "versions");
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    if (status != ACCORD_OK || count == 0 || !package->named)
        return status;
    if (count > VERSIONS_MAX)
        return accord_json_refuse(&list, ACCORD_TOO_LARGE, "at most 1000000 versions", reader->error);
    struct accord_bytes *versions = accord_arena_take(&reader->brief, count * sizeof *versions);
    if (versions == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    bool looks = package->covered_count > 0 && count <= COMPARISONS_MAX / package->covered_count;
    size_t listed = 0;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = accord_json_string_needed(&at, ACCORD_FEED_TEXT_SIZE_MAX, &versions[listed], reader->error);
        if (status == ACCORD_OK && !(looks && is_covered(package, versions[listed])))
            listed++;
    }
    if (status != ACCORD_OK || listed == 0)
        return status;
    for (size_t i = 0; status == ACCORD_OK && i < listed; i += ACCORD_FEED_LISTED_MAX) {
        size_t some = listed - i < ACCORD_FEED_LISTED_MAX ? listed - i : ACCORD_FEED_LISTED_MAX;
        struct accord_feed_range range =
            accord_feed_range_listed(&reader->brief, package->purl.scheme, versions + i, some);
        status = give(reader, package, range, (struct accord_bytes){NULL, 0});
    }
    return status;
}

/* The package is not named where only commits count. Its package URL; failing that, one that follows from its
 * ecosystem; failing that, its name. */
static enum accord_status read_package(struct accord_feed_reader *reader, struct package *package)
{
    struct accord_json at = accord_json_member(&package->at, "package"), name_at = accord_json_member(&at, "name"),
                       ecosystem_at = accord_json_member(&at, "ecosystem"), purl_at = accord_json_member(&at, "purl");
    struct accord_bytes name, ecosystem, purl;
    enum accord_status status = accord_json_object(&at, reader->error);
    package->named = at.value != NULL;
    if (status != ACCORD_OK || !package->named)
        return status;
    status = accord_json_string_needed(&name_at, ACCORD_FEED_TEXT_SIZE_MAX, &name, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&ecosystem_at, ACCORD_FEED_ID_SIZE_MAX, &ecosystem, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string(&purl_at, ACCORD_FEED_TEXT_SIZE_MAX, &purl, reader->error);
    if (status != ACCORD_OK)
        return status;
    bool follows = accord_feed_ecosystem(&reader->brief, ecosystem, name, &package->purl);
    struct accord_feed_purl said;
    if (purl.size > 0) {
        if (!accord_feed_purl(&reader->brief, purl, &said))
            return accord_json_refuse(&purl_at, ACCORD_MALFORMED, "a package URL", reader->error);
        /* The ecosystem knows the distribution's release, which the package URL leaves out. */
        if (said.qualifiers.size == 0 || !follows)
            said.qualifiers = follows ? package->purl.qualifiers : said.qualifiers;
        package->purl = said;
        follows = true;
    }
    package->claim = (struct accord_claim){.says = ACCORD_CLAIM_AFFECTED,
                                           .names = follows ? ACCORD_CLAIM_PURL : ACCORD_CLAIM_NAME,
                                           .product = package->purl.product,
                                           .qualifiers = package->purl.qualifiers};
    if (!follows)
        package->claim.product = accord_feed_name(&reader->brief, ecosystem, name);
    return ACCORD_OK;
}

static enum accord_status read_severity(struct accord_feed_reader *reader, const struct accord_json *up)
{
    struct accord_json list = accord_json_member(up, "severity");
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        struct accord_bytes score;
        status = accord_json_object_needed(&at, reader->error);
        if (status == ACCORD_OK)
            status = accord_json_member_text(&at, "score", ACCORD_FEED_TEXT_SIZE_MAX, &score, reader->error);
        if (status == ACCORD_OK)
            accord_feed_severity(&reader->vulnerability.severity, score);
    }
    return status;
}

static enum accord_status read_affected(struct accord_feed_reader *reader, const struct accord_json *at)
{
    struct package package = {.at = *at};
    struct accord_json ranges = accord_json_member(at, "ranges");
    size_t count = 0;
    accord_arena_reset(&reader->brief);
    enum accord_status status = accord_json_object_needed(at, reader->error);
    if (status == ACCORD_OK)
        status = read_package(reader, &package);
    if (status == ACCORD_OK)
        status = accord_json_array(&ranges, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json range = accord_json_item(&ranges, i);
        status = accord_json_object_needed(&range, reader->error);
        if (status == ACCORD_OK)
            status = read_range(reader, &package, &range);
    }
    if (status == ACCORD_OK)
        status = read_versions(reader, &package);
    if (status != ACCORD_OK || package.given > 0 || !package.named)
        return status;
    struct accord_bytes why =
        count > 0 ? ACCORD_LITERAL("commits of git are named, and no versions") : ACCORD_LITERAL("");
    return give(reader, &package, accord_feed_range_prose(&reader->brief, why), (struct accord_bytes){NULL, 0});
}

/* The first that people are meant to read, or the first. */
static enum accord_status read_url(struct accord_feed_reader *reader)
{
    struct accord_json list = accord_json_member(&reader->root, "references");
    struct accord_bytes url, type, best = {NULL, 0};
    size_t count;
    bool decided = false;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count && !decided; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = accord_json_member_text(&at, "url", ACCORD_FEED_TEXT_SIZE_MAX, &url, reader->error);
        if (status == ACCORD_OK)
            status = accord_json_member_text(&at, "type", ACCORD_FEED_TEXT_SIZE_MAX, &type, reader->error);
        if (status != ACCORD_OK)
            break;
        decided = accord_bytes_equal(type, ACCORD_LITERAL("ADVISORY")) && url.size > 0;
        best = decided || best.size == 0 ? url : best;
    }
    reader->vulnerability.url = accord_feed_line(&reader->whole, best);
    return status;
}

static enum accord_status add_ids(struct accord_feed_reader *reader, struct accord_feed_ids *ids,
                                  const struct accord_json *list, size_t count)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(list, i);
        struct accord_bytes id;
        status = accord_json_string_needed(&at, ACCORD_FEED_TEXT_SIZE_MAX, &id, reader->error);
        if (status == ACCORD_OK)
            accord_feed_ids_add(ids, id);
    }
    return status;
}

/* A distribution's own record of one vulnerability names it as upstream; one of many speaks for all of them itself. */
static enum accord_status read_ids(struct accord_feed_reader *reader)
{
    struct accord_json id_at = accord_json_member(&reader->root, "id"),
                       aliases = accord_json_member(&reader->root, "aliases"),
                       upstream = accord_json_member(&reader->root, "upstream");
    struct accord_feed_ids ids;
    struct accord_bytes id;
    size_t alias_count = 0, upstream_count = 0;
    enum accord_status status = accord_json_string_needed(&id_at, ACCORD_FEED_ID_SIZE_MAX, &id, reader->error);
    if (status == ACCORD_OK && !accord_feed_id_valid(id))
        status = accord_json_refuse(&id_at, ACCORD_MALFORMED, "an id without spaces", reader->error);
    if (status == ACCORD_OK)
        status = accord_json_array(&aliases, &alias_count, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_array(&upstream, &upstream_count, reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_ids_start(reader, &ids, alias_count + 2);
    if (status != ACCORD_OK)
        return status;
    reader->vulnerability.document = id;
    accord_feed_ids_add(&ids, id);
    status = add_ids(reader, &ids, &aliases, alias_count);
    if (status == ACCORD_OK && upstream_count == 1)
        status = add_ids(reader, &ids, &upstream, 1);
    accord_feed_ids_end(reader, &ids, id);
    return status;
}

static enum accord_status read_head(struct accord_feed_reader *reader)
{
    struct accord_claim_vulnerability *vulnerability = &reader->vulnerability;
    struct accord_json modified = accord_json_member(&reader->root, "modified");
    struct accord_bytes text;
    uint64_t withdrawn;
    enum accord_status status = read_ids(reader);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&modified, ACCORD_FEED_ID_SIZE_MAX, &text, reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &reader->root, "modified", &vulnerability->modified);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &reader->root, "published", &vulnerability->published);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &reader->root, "withdrawn", &withdrawn);
    vulnerability->withdrawn = accord_json_member(&reader->root, "withdrawn").value != NULL;
    if (status == ACCORD_OK)
        status = accord_feed_member_line(reader, &reader->root, "summary", &vulnerability->title);
    if (status == ACCORD_OK && vulnerability->title.size == 0)
        status = accord_feed_member_line(reader, &reader->root, "details", &vulnerability->title);
    if (status == ACCORD_OK)
        status = read_url(reader);
    return status == ACCORD_OK ? read_severity(reader, &reader->root) : status;
}

enum accord_status accord_feed_read_osv(struct accord_feed_reader *reader)
{
    struct accord_json affected = accord_json_member(&reader->root, "affected");
    size_t count = 0;
    enum accord_status status = read_head(reader);
    if (status == ACCORD_OK)
        status = accord_json_array(&affected, &count, reader->error);
    /* Some databases give each package its own severity. */
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&affected, i);
        status = accord_json_object_needed(&at, reader->error);
        if (status == ACCORD_OK)
            status = read_severity(reader, &at);
    }
    if (status == ACCORD_OK)
        status = accord_feed_begin(reader);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&affected, i);
        status = read_affected(reader, &at);
    }
    return status;
}
