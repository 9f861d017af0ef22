/* Components against claims: which claims concern a component, what each means for its version, and which of those that
 * contradict each other counts. Knows no format and no file. */
#include "audit/match.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "feed/product.h"
#include "version/version.h"

/* How sure it is that a claim speaks of this component: as it was found, and one step less where the claim asks for a
 * qualifier that the component does not have. Less is surer. */
enum { SURE_LEAST = 2 * ACCORD_CLAIM_NAME + 1, NOTHING = SURE_LEAST + 1 };

/* What all claims of one vulnerability come to. */
struct verdict {
    struct accord_audit_finding said[ACCORD_CLAIM_FIXED + 1]; /* by what is said: the surest claim that holds */
    int sure[ACCORD_CLAIM_FIXED + 1];                         /* how sure it is; NOTHING: there is none */
    struct accord_audit_finding undecided;
    int undecided_sure;
    int outside_sure; /* the surest affected claim whose range this version is not in */
    struct accord_bytes id;
};

struct accord_matcher {
    struct accord_index *index;
    struct accord_arena arena;
    struct verdict *verdicts;
    size_t verdict_count, verdict_room;
    struct accord_audit_finding *findings;
    size_t finding_count, finding_room;
    /* The component at hand. */
    struct accord_bytes version, qualifiers;
};

const char *accord_audit_answer_word(enum accord_audit_answer answer)
{
    static const char *const words[ACCORD_AUDIT_COUNT] = {"",          "affected", "investigating", "possible", "older",
                                                          "withdrawn", "unknown",  "not-affected",  "fixed"};
    return words[answer];
}

const char *accord_audit_reason_word(enum accord_audit_reason reason)
{
    static const char *const words[ACCORD_AUDIT_REASON_COUNT] = {"",         "no-version", "prose",
                                                                 "no-order", "qualifier",  "no-purl"};
    return words[reason];
}

const char *accord_audit_reason_sentence(enum accord_audit_reason reason)
{
    static const char *const sentences[ACCORD_AUDIT_REASON_COUNT] = {
        "",
        "its version is not known",
        "the advisory says in prose which versions it means",
        "versions of this kind cannot be put in order",
        "the advisory is for one distribution or architecture, and it does not say its own",
        "it has neither a digest nor a package URL nor a CPE name"};
    return sentences[reason];
}

enum accord_status accord_matcher_new(struct accord_matcher **made, struct accord_index *index,
                                      struct accord_error *error)
{
    struct accord_matcher *matcher = calloc(1, sizeof *matcher);
    *made = matcher;
    if (matcher == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    matcher->index = index;
    return ACCORD_OK;
}

void accord_matcher_free(struct accord_matcher *matcher)
{
    if (matcher != NULL) {
        accord_arena_free(&matcher->arena);
        free(matcher->verdicts);
        free(matcher->findings);
        free(matcher);
    }
}

/* Memory */

static struct accord_bytes keep(struct accord_matcher *matcher, struct accord_bytes text)
{
    struct accord_out room = accord_arena_room(&matcher->arena, text.size);
    accord_put(&room, text);
    return accord_out_bytes(&room);
}

static void *grown(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return items;
    }
    size_t more = *room == 0 ? 16 : *room * 2;
    void *moved = more > ACCORD_AUDIT_FINDINGS_MAX ? NULL : realloc(items, more * size);
    *room = moved == NULL ? *room : more;
    return moved;
}

static int compare(struct accord_bytes a, struct accord_bytes b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = least == 0 ? 0 : memcmp(a.data, b.data, least);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static struct verdict *verdict_of(struct accord_matcher *matcher, struct accord_bytes id)
{
    for (size_t i = 0; i < matcher->verdict_count; i++) {
        if (accord_bytes_equal(matcher->verdicts[i].id, id)) {
            return &matcher->verdicts[i];
        }
    }
    struct verdict *verdicts =
        grown(matcher->verdicts, matcher->verdict_count, &matcher->verdict_room, sizeof *verdicts);
    if (verdicts == NULL) {
        return NULL;
    }
    matcher->verdicts = verdicts;
    struct verdict *verdict = &verdicts[matcher->verdict_count++];
    memset(verdict, 0, sizeof *verdict);
    verdict->id = keep(matcher, id);
    for (size_t i = 0; i <= ACCORD_CLAIM_FIXED; i++) {
        verdict->sure[i] = NOTHING;
    }
    verdict->undecided_sure = verdict->outside_sure = NOTHING;
    return verdict;
}

/* One claim */

/* Does the component have the qualifiers that the claim asks for? *missing: it does not say one of them. Whether a
 * package is one of sources or was built from them makes no difference to what is wrong with it. */
static bool has_qualifiers(struct accord_bytes has, struct accord_bytes asked, bool *missing)
{
    while (asked.size > 0) {
        struct accord_bytes pair, key, rest = has;
        if (!accord_cut(&asked, '&', &pair)) {
            pair = asked;
            asked.size = 0;
        }
        struct accord_bytes value = pair;
        if (accord_bytes_equal(pair, ACCORD_LITERAL("arch=source")) || !accord_cut(&value, '=', &key)) {
            continue;
        }
        bool found = false;
        while (rest.size > 0 && !found) {
            struct accord_bytes own, own_key;
            if (!accord_cut(&rest, '&', &own)) {
                own = rest;
                rest.size = 0;
            }
            struct accord_bytes own_value = own;
            if (accord_cut(&own_value, '=', &own_key) && accord_bytes_equal(own_key, key)) {
                found = true;
                if (!accord_bytes_equal(own_value, value)) {
                    return false;
                }
            }
        }
        *missing = *missing || !found;
    }
    return true;
}

static bool is_every_version(struct accord_bytes range)
{
    return accord_bytes_equal(range, ACCORD_LITERAL("vers:all/*"));
}

static enum accord_audit_reason decide(const struct accord_matcher *matcher, const struct accord_claim *claim,
                                       bool *contains)
{
    *contains = true;
    if (claim->names == ACCORD_CLAIM_SHA256 || is_every_version(claim->range)) {
        return ACCORD_AUDIT_REASON_NONE;
    }
    if (claim->range.size == 0) {
        return ACCORD_AUDIT_REASON_PROSE;
    }
    if (matcher->version.size == 0) {
        return ACCORD_AUDIT_REASON_NO_VERSION;
    }
    return accord_vers_contains(claim->range, matcher->version, contains, NULL) == ACCORD_OK
               ? ACCORD_AUDIT_REASON_NONE
               : ACCORD_AUDIT_REASON_NO_ORDER;
}

static struct accord_audit_finding finding_of(struct accord_matcher *matcher, const struct accord_index_row *row)
{
    const struct accord_claim_vulnerability *about = &row->about;
    const struct accord_claim *claim = &row->claim;
    return (struct accord_audit_finding){
        .names = claim->names,
        .id = keep(matcher, about->id),
        .document = keep(matcher, about->document),
        .aliases = keep(matcher, about->aliases),
        .title = keep(matcher, about->title),
        .severity = keep(matcher, about->severity),
        .url = keep(matcher, about->url),
        .source = keep(matcher, row->source),
        .range = keep(matcher, claim->range.size > 0 ? claim->range : claim->prose),
        .fixed = keep(matcher, claim->fixed),
        .justification = keep(matcher, claim->justification),
        .remedy = keep(matcher, claim->remedy),
    };
}

static enum accord_status weigh(void *context, const struct accord_index_row *row, struct accord_error *error)
{
    struct accord_matcher *matcher = context;
    const struct accord_claim *claim = &row->claim;
    bool missing = false, contains = true;
    if (claim->says < ACCORD_CLAIM_AFFECTED || claim->says > ACCORD_CLAIM_FIXED) {
        return accord_fail(error, ACCORD_STATE, 0);
    }
    if (claim->names == ACCORD_CLAIM_PURL && !has_qualifiers(matcher->qualifiers, claim->qualifiers, &missing)) {
        return ACCORD_OK;
    }
    int sure = 2 * (int)claim->names + (missing ? 1 : 0);
    enum accord_audit_reason reason = decide(matcher, claim, &contains);
    if (reason == ACCORD_AUDIT_REASON_NONE && !contains && claim->says > ACCORD_CLAIM_INVESTIGATING) {
        return ACCORD_OK;
    }
    struct verdict *verdict = verdict_of(matcher, row->about.id);
    if (verdict == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (reason != ACCORD_AUDIT_REASON_NONE) {
        if (claim->says <= ACCORD_CLAIM_INVESTIGATING && sure < verdict->undecided_sure) {
            verdict->undecided_sure = sure;
            verdict->undecided = finding_of(matcher, row);
            verdict->undecided.reason = reason;
        }
    } else if (!contains) {
        verdict->outside_sure = sure < verdict->outside_sure ? sure : verdict->outside_sure;
    } else if (sure < verdict->sure[claim->says]) {
        verdict->sure[claim->says] = sure;
        verdict->said[claim->says] = finding_of(matcher, row);
        verdict->said[claim->says].reason = missing ? ACCORD_AUDIT_REASON_QUALIFIER : ACCORD_AUDIT_REASON_NONE;
    }
    return matcher->arena.exhausted ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
}

/* All claims of one vulnerability */

/* An explicit no counts where it is at least as sure as the yes; whoever is overruled is named. What nobody could
 * decide is unknown, unless a surer claim decided it. */
static void conclude(const struct verdict *verdict, struct accord_audit_finding *finding)
{
    const int *sure = verdict->sure;
    enum accord_claim_says bad = sure[ACCORD_CLAIM_AFFECTED] <= sure[ACCORD_CLAIM_INVESTIGATING]
                                     ? ACCORD_CLAIM_AFFECTED
                                     : ACCORD_CLAIM_INVESTIGATING;
    enum accord_claim_says good =
        sure[ACCORD_CLAIM_FIXED] <= sure[ACCORD_CLAIM_NOT_AFFECTED] ? ACCORD_CLAIM_FIXED : ACCORD_CLAIM_NOT_AFFECTED;
    *finding = (struct accord_audit_finding){.answer = 0};
    if (sure[good] != NOTHING && sure[good] <= sure[bad] && sure[good] <= verdict->undecided_sure) {
        *finding = verdict->said[good];
        finding->answer = good == ACCORD_CLAIM_FIXED ? ACCORD_AUDIT_FIXED : ACCORD_AUDIT_NOT_AFFECTED;
        finding->conflict = sure[bad] != NOTHING;
        finding->conflicting = verdict->said[bad].document;
    } else if (sure[bad] != NOTHING) {
        *finding = verdict->said[bad];
        bool possible = finding->names == ACCORD_CLAIM_NAME || finding->reason == ACCORD_AUDIT_REASON_QUALIFIER;
        finding->answer = possible                            ? ACCORD_AUDIT_POSSIBLE
                          : bad == ACCORD_CLAIM_INVESTIGATING ? ACCORD_AUDIT_INVESTIGATING
                                                              : ACCORD_AUDIT_AFFECTED;
        finding->conflict = sure[good] != NOTHING;
        finding->conflicting = verdict->said[good].document;
    } else if (verdict->undecided_sure < verdict->outside_sure) {
        *finding = verdict->undecided;
        finding->answer = ACCORD_AUDIT_UNKNOWN;
    }
}

static enum accord_status add_finding(struct accord_matcher *matcher, const struct accord_audit_finding *finding,
                                      struct accord_error *error)
{
    struct accord_audit_finding *findings =
        grown(matcher->findings, matcher->finding_count, &matcher->finding_room, sizeof *findings);
    if (findings == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    matcher->findings = findings;
    findings[matcher->finding_count++] = *finding;
    return ACCORD_OK;
}

static int by_answer(const void *a, const void *b)
{
    const struct accord_audit_finding *x = a, *y = b;
    int order = (x->answer > y->answer) - (x->answer < y->answer);
    order = order != 0 ? order : compare(x->id, y->id);
    return order != 0 ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

/* One component */

static enum accord_status judge_release(void *context, const struct accord_logged_release *release,
                                        struct accord_error *error)
{
    struct accord_matcher *matcher = context;
    enum accord_audit_answer answer = release->withdrawn                    ? ACCORD_AUDIT_WITHDRAWN
                                      : release->newest > release->sequence ? ACCORD_AUDIT_OLDER
                                                                            : ACCORD_AUDIT_COUNT;
    if (answer == ACCORD_AUDIT_COUNT) {
        return ACCORD_OK;
    }
    const struct accord_audit_finding finding = {.answer = answer,
                                                 .names = ACCORD_CLAIM_SHA256,
                                                 .vendor = keep(matcher, release->vendor),
                                                 .product = keep(matcher, release->product),
                                                 .version = keep(matcher, release->version),
                                                 .sequence = release->sequence,
                                                 .newest = release->newest,
                                                 .entry = release->entry,
                                                 .time = release->time};
    return add_finding(matcher, &finding, error);
}

static enum accord_status find_digests(struct accord_matcher *matcher, const struct accord_component *component,
                                       struct accord_error *error)
{
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < component->hash_count; i++) {
        uint8_t digest[ACCORD_HASH_SIZE];
        status = accord_index_find(matcher->index, ACCORD_CLAIM_SHA256, component->sha256[i], weigh, matcher, error);
        if (status == ACCORD_OK && accord_hex_read(component->sha256[i], digest, sizeof digest)) {
            status = accord_index_find_artifact(matcher->index, digest, judge_release, matcher, error);
        }
    }
    return status;
}

static enum accord_status find_names(struct accord_matcher *matcher, const struct accord_component *component,
                                     struct accord_error *error)
{
    struct accord_bytes none = {NULL, 0};
    struct accord_bytes name = accord_feed_name(&matcher->arena, none, component->name);
    enum accord_status status = accord_index_find(matcher->index, ACCORD_CLAIM_NAME, name, weigh, matcher, error);
    if (status == ACCORD_OK && component->vendor.size > 0) {
        name = accord_feed_name(&matcher->arena, component->vendor, component->name);
        status = accord_index_find(matcher->index, ACCORD_CLAIM_NAME, name, weigh, matcher, error);
    }
    return status;
}

enum accord_status accord_matcher_match(struct accord_matcher *matcher, const struct accord_component *component,
                                        struct accord_match *match, struct accord_error *error)
{
    struct accord_feed_purl purl = {.product = {NULL, 0}};
    struct accord_feed_cpe cpe = {.product = {NULL, 0}};
    accord_arena_reset(&matcher->arena);
    matcher->verdict_count = matcher->finding_count = 0;
    bool has_purl = component->purl.size > 0 && accord_feed_purl(&matcher->arena, component->purl, &purl);
    bool has_cpe = component->cpe.size > 0 && accord_feed_cpe_read(&matcher->arena, component->cpe, &cpe);
    matcher->qualifiers = has_purl ? purl.qualifiers : (struct accord_bytes){NULL, 0};
    matcher->version = has_purl && purl.version.size > 0 ? purl.version : component->version;
    if (matcher->version.size == 0 && has_cpe) {
        matcher->version = cpe.version;
    }
    enum accord_status status = find_digests(matcher, component, error);
    if (status == ACCORD_OK && has_purl) {
        status = accord_index_find(matcher->index, ACCORD_CLAIM_PURL, purl.product, weigh, matcher, error);
    }
    if (status == ACCORD_OK && has_cpe) {
        status = accord_index_find(matcher->index, ACCORD_CLAIM_CPE, cpe.product, weigh, matcher, error);
    }
    if (status == ACCORD_OK) {
        status = find_names(matcher, component, error);
    }
    for (size_t i = 0; status == ACCORD_OK && i < matcher->verdict_count; i++) {
        struct accord_audit_finding finding;
        conclude(&matcher->verdicts[i], &finding);
        if (finding.answer != 0) {
            status = add_finding(matcher, &finding, error);
        }
    }
    if (matcher->finding_count > 1) {
        qsort(matcher->findings, matcher->finding_count, sizeof *matcher->findings, by_answer);
    }
    bool named = has_purl || has_cpe || component->hash_count > 0;
    *match = (struct accord_match){matcher->findings, matcher->finding_count,
                                   !named ? ACCORD_AUDIT_REASON_NO_PURL
                                   : matcher->version.size == 0 && component->hash_count == 0
                                       ? ACCORD_AUDIT_REASON_NO_VERSION
                                       : ACCORD_AUDIT_REASON_NONE,
                                   matcher->version};
    return matcher->arena.exhausted ? accord_fail(error, ACCORD_NO_MEMORY, 0) : status;
}
