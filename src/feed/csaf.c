/* CSAF 2.0: the document's head and its vulnerabilities. Remediations and flags are marked at the products that they
 * name, once for each vulnerability, so that the time taken follows from the document's size. What is recommended is no
 * statement of being fixed: it is checked, and gives no claim. */
#include "feed/csaf_tree.h"
#include "feed/range.h"

#include "core/text.h"

#include <string.h>

#define STEPS_MAX ((size_t)1 << 22) /* of groups being taken apart, in one document */

/* What one vulnerability says of a product beside its status; it holds where turn is that of the vulnerability. */
struct mark {
    size_t turn;
    int remedy_rank;
    struct accord_bytes remedy, justification;
    struct accord_bytes fixed; /* of all products of the name that this product stands for */
};

struct csaf {
    struct accord_feed_reader *reader;
    struct accord_csaf_tree tree;
    struct mark *marks;
    size_t turn, steps;
};

static const struct {
    const char *name;
    enum accord_claim_says says; /* 0: nothing */
} statuses[] = {
    {"known_affected", ACCORD_CLAIM_AFFECTED},
    {"first_affected", ACCORD_CLAIM_AFFECTED},
    {"last_affected", ACCORD_CLAIM_AFFECTED},
    {"under_investigation", ACCORD_CLAIM_INVESTIGATING},
    {"known_not_affected", ACCORD_CLAIM_NOT_AFFECTED},
    {"first_fixed", ACCORD_CLAIM_FIXED},
    {"fixed", ACCORD_CLAIM_FIXED},
    {"recommended", 0},
};
#define STATUS_COUNT (sizeof statuses / sizeof *statuses)

/* Section 3.2.3.12.1, best first from the end. */
static const char *const remedies[] = {"no_fix_planned", "none_available", "mitigation", "workaround", "vendor_fix"};
/* Section 3.2.3.5.2. */
static const char *const justifications[] = {"component_not_present", "inline_mitigations_already_exist",
                                             "vulnerable_code_cannot_be_controlled_by_adversary",
                                             "vulnerable_code_not_in_execute_path", "vulnerable_code_not_present"};

static bool is(struct accord_bytes text, const char *word)
{
    return accord_bytes_equal(text, (struct accord_bytes){(const uint8_t *)word, strlen(word)});
}

static struct mark *mark_of(struct csaf *csaf, size_t product)
{
    struct mark *mark = &csaf->marks[product];
    if (mark->turn != csaf->turn)
        *mark = (struct mark){.turn = csaf->turn, .remedy_rank = -1};
    return mark;
}

static enum accord_status find_product(struct csaf *csaf, const struct accord_json *at, size_t *product)
{
    struct accord_bytes id;
    enum accord_status status = accord_json_string_needed(at, ACCORD_FEED_TEXT_SIZE_MAX, &id, csaf->reader->error);
    if (status == ACCORD_OK && !accord_csaf_find(&csaf->tree, id, product))
        status = accord_json_refuse(at, ACCORD_UNKNOWN_NAME, "the id of a product of the tree", csaf->reader->error);
    return status;
}

/* What a remediation or a flag says, for those whom it names. A rank of -1 is a flag's. */
struct said {
    int rank;
    struct accord_bytes text;
};

static void set_mark(struct csaf *csaf, size_t product, const struct said *said)
{
    struct mark *mark = mark_of(csaf, product);
    if (said->rank < 0) {
        mark->justification = said->text;
    } else if (said->rank > mark->remedy_rank) {
        mark->remedy_rank = said->rank;
        mark->remedy = said->text;
    }
}

static enum accord_status mark_products(struct csaf *csaf, const struct accord_json *list, const struct said *said)
{
    size_t count, product = 0;
    enum accord_status status = accord_json_array(list, &count, csaf->reader->error);
    csaf->steps += count;
    if (status == ACCORD_OK && csaf->steps > STEPS_MAX)
        return accord_json_refuse(list, ACCORD_TOO_LARGE, "fewer products in groups", csaf->reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(list, i);
        status = find_product(csaf, &at, &product);
        if (status == ACCORD_OK)
            set_mark(csaf, product, said);
    }
    return status;
}

static enum accord_status mark_groups(struct csaf *csaf, const struct accord_json *list, const struct said *said)
{
    size_t count, group = 0;
    enum accord_status status = accord_json_array(list, &count, csaf->reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(list, i);
        struct accord_bytes id;
        status = accord_json_string_needed(&at, ACCORD_FEED_TEXT_SIZE_MAX, &id, csaf->reader->error);
        if (status != ACCORD_OK)
            return status;
        if (!accord_csaf_find_group(&csaf->tree, id, &group))
            return accord_json_refuse(&at, ACCORD_UNKNOWN_NAME, "the id of a group of products", csaf->reader->error);
        struct accord_json members = {csaf->tree.groups[group].products, &at, "product_ids", 0};
        status = mark_products(csaf, &members, said);
    }
    return status;
}

static enum accord_status mark_named(struct csaf *csaf, const struct accord_json *at, const struct said *said)
{
    struct accord_json products = accord_json_member(at, "product_ids"), groups = accord_json_member(at, "group_ids");
    enum accord_status status = mark_products(csaf, &products, said);
    return status == ACCORD_OK ? mark_groups(csaf, &groups, said) : status;
}

/* The place of a word in a list of them; refused where it is none. */
static enum accord_status read_word(struct csaf *csaf, const struct accord_json *up, const char *name,
                                    const char *const *words, size_t word_count, size_t *found)
{
    struct accord_json at = accord_json_member(up, name);
    struct accord_bytes text;
    enum accord_status status = accord_json_string_needed(&at, ACCORD_FEED_TEXT_SIZE_MAX, &text, csaf->reader->error);
    if (status != ACCORD_OK)
        return status;
    for (*found = 0; *found < word_count; (*found)++)
        if (is(text, words[*found]))
            return ACCORD_OK;
    return accord_json_refuse(&at, ACCORD_MALFORMED, "a word that CSAF has for this", csaf->reader->error);
}

static enum accord_status read_remediation(struct csaf *csaf, const struct accord_json *at)
{
    size_t rank;
    struct said said = {.rank = 0};
    struct accord_json details = accord_json_member(at, "details");
    enum accord_status status = read_word(csaf, at, "category", remedies, sizeof remedies / sizeof *remedies, &rank);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&details, ACCORD_FEED_DOCUMENT_MAX, &said.text, csaf->reader->error);
    if (status != ACCORD_OK)
        return status;
    said.rank = (int)rank;
    said.text = accord_feed_line(&csaf->reader->whole, said.text);
    return mark_named(csaf, at, &said);
}

static enum accord_status read_flag(struct csaf *csaf, const struct accord_json *at)
{
    size_t word;
    enum accord_status status =
        read_word(csaf, at, "label", justifications, sizeof justifications / sizeof *justifications, &word);
    if (status != ACCORD_OK)
        return status;
    struct said said = {-1, {(const uint8_t *)justifications[word], strlen(justifications[word])}};
    return mark_named(csaf, at, &said);
}

static enum accord_status read_scores(struct csaf *csaf, const struct accord_json *up)
{
    static const char *const versions[] = {"cvss_v4", "cvss_v3", "cvss_v2"};
    struct accord_json list = accord_json_member(up, "scores");
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, csaf->reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = accord_json_object_needed(&at, csaf->reader->error);
        for (size_t k = 0; status == ACCORD_OK && k < sizeof versions / sizeof *versions; k++) {
            struct accord_json score = accord_json_member(&at, versions[k]);
            struct accord_bytes vector;
            status = accord_json_object(&score, csaf->reader->error);
            if (status == ACCORD_OK)
                status = accord_json_member_text(&score, "vectorString", ACCORD_FEED_TEXT_SIZE_MAX, &vector,
                                                 csaf->reader->error);
            if (status == ACCORD_OK)
                accord_feed_severity(&csaf->reader->vulnerability.severity, vector);
        }
    }
    return status;
}

typedef enum accord_status each(struct csaf *csaf, const struct accord_json *at);

static enum accord_status for_each(struct csaf *csaf, const struct accord_json *up, const char *name, each *each_of)
{
    struct accord_json list = accord_json_member(up, name);
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, csaf->reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = accord_json_object_needed(&at, csaf->reader->error);
        if (status == ACCORD_OK)
            status = each_of(csaf, &at);
    }
    return status;
}

/* Section 3.2.3.2 and 3.2.3.6: its CVE id, and the ids that others gave it. */
static enum accord_status read_ids(struct csaf *csaf, const struct accord_json *at, size_t index, bool alone)
{
    struct accord_feed_reader *reader = csaf->reader;
    struct accord_json list = accord_json_member(at, "ids");
    struct accord_feed_ids ids;
    struct accord_bytes text;
    size_t count;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_ids_start(reader, &ids, count + 1);
    if (status == ACCORD_OK)
        status = accord_json_member_text(at, "cve", ACCORD_FEED_ID_SIZE_MAX, &text, reader->error);
    if (status != ACCORD_OK)
        return status;
    accord_feed_ids_add(&ids, text);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json id = accord_json_item(&list, i);
        status = accord_json_member_text(&id, "text", ACCORD_FEED_TEXT_SIZE_MAX, &text, reader->error);
        if (status == ACCORD_OK)
            accord_feed_ids_add(&ids, text);
    }
    struct accord_bytes document = reader->vulnerability.document;
    struct accord_out name = accord_arena_room(&reader->whole, document.size + 1 + ACCORD_DECIMAL_SIZE_MAX);
    accord_put(&name, document);
    if (!alone) {
        accord_put_byte(&name, '#');
        accord_put_decimal(&name, index + 1);
    }
    accord_feed_ids_end(reader, &ids, accord_out_bytes(&name));
    return status;
}

/* Which version is fixed, for each name: the first one that is listed. */
static enum accord_status mark_fixed(struct csaf *csaf, const struct accord_json *status_at)
{
    enum accord_status status = ACCORD_OK;
    for (size_t k = 0; status == ACCORD_OK && k < STATUS_COUNT; k++) {
        struct accord_json list = accord_json_member(status_at, statuses[k].name);
        size_t count, product = 0;
        status = accord_json_array(&list, &count, csaf->reader->error);
        for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
            struct accord_json at = accord_json_item(&list, i);
            status = find_product(csaf, &at, &product);
            if (status != ACCORD_OK || statuses[k].says != ACCORD_CLAIM_FIXED)
                continue;
            const struct accord_csaf_product *found = &csaf->tree.products[product];
            struct mark *mark = mark_of(csaf, found->named_by);
            if (mark->fixed.size == 0)
                mark->fixed = found->version;
        }
    }
    return status;
}

/* That a part is fixed or not affected in one place says nothing of the same part in another. Exactly one version that
 * is fixed is fixed wherever it is. */
static bool holds_elsewhere(const struct accord_claim *claim)
{
    if (claim->says == ACCORD_CLAIM_FIXED)
        return claim->names == ACCORD_CLAIM_SHA256 || claim->names == ACCORD_CLAIM_PURL;
    return claim->says != ACCORD_CLAIM_NOT_AFFECTED;
}

static enum accord_status give_product(struct csaf *csaf, size_t index, enum accord_claim_says says)
{
    const struct accord_csaf_product *product = &csaf->tree.products[index];
    const struct mark *mark = mark_of(csaf, index), *named = mark_of(csaf, product->named_by);
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < product->claim_count; i++) {
        struct accord_claim claim = product->claims[i];
        claim.says = says;
        if (says == ACCORD_CLAIM_NOT_AFFECTED)
            claim.justification = mark->justification;
        if (says == ACCORD_CLAIM_AFFECTED || says == ACCORD_CLAIM_INVESTIGATING)
            claim.remedy = mark->remedy;
        if (says == ACCORD_CLAIM_AFFECTED)
            claim.fixed = named->fixed;
        if (says == ACCORD_CLAIM_FIXED)
            claim.fixed = product->version;
        if (product->only_there && !holds_elsewhere(&claim)) {
            claim.range = (struct accord_bytes){NULL, 0};
            claim.prose = accord_feed_range_prose(&csaf->reader->whole, product->id).prose;
        }
        status = accord_feed_claim(csaf->reader, &claim);
    }
    return status;
}

static enum accord_status give_products(struct csaf *csaf, const struct accord_json *status_at)
{
    enum accord_status status = ACCORD_OK;
    for (size_t k = 0; status == ACCORD_OK && k < STATUS_COUNT; k++) {
        struct accord_json list = accord_json_member(status_at, statuses[k].name);
        size_t count = statuses[k].says == 0 ? 0 : json_array_size(list.value), product = 0;
        for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
            struct accord_json at = accord_json_item(&list, i);
            status = find_product(csaf, &at, &product);
            if (status == ACCORD_OK)
                status = give_product(csaf, product, statuses[k].says);
        }
    }
    return status;
}

static enum accord_status read_vulnerability(struct csaf *csaf, const struct accord_json *at, size_t index, bool alone)
{
    struct accord_feed_reader *reader = csaf->reader;
    const struct accord_claim_vulnerability document = reader->vulnerability;
    struct accord_json status_at = accord_json_member(at, "product_status");
    struct accord_bytes title = {NULL, 0};
    uint64_t released = 0;
    csaf->turn++;
    reader->vulnerability.severity = (struct accord_bytes){NULL, 0};
    enum accord_status status = accord_json_object_needed(at, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_object(&status_at, reader->error);
    if (status == ACCORD_OK)
        status = read_ids(csaf, at, index, alone);
    if (status == ACCORD_OK)
        status = accord_feed_member_line(reader, at, "title", &title);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, at, "release_date", &released);
    if (status == ACCORD_OK)
        status = read_scores(csaf, at);
    if (status == ACCORD_OK)
        status = for_each(csaf, at, "remediations", read_remediation);
    if (status == ACCORD_OK)
        status = for_each(csaf, at, "flags", read_flag);
    if (status == ACCORD_OK)
        status = mark_fixed(csaf, &status_at);
    if (title.size > 0)
        reader->vulnerability.title = title;
    if (released > 0)
        reader->vulnerability.published = released;
    if (status == ACCORD_OK)
        status = accord_feed_begin(reader);
    if (status == ACCORD_OK)
        status = give_products(csaf, &status_at);
    reader->vulnerability = document;
    return status;
}

/* Where the document lies itself, or the first that it refers to. */
static enum accord_status read_url(struct accord_feed_reader *reader, const struct accord_json *document)
{
    struct accord_json list = accord_json_member(document, "references");
    struct accord_bytes url, category, best = {NULL, 0};
    size_t count;
    bool decided = false;
    enum accord_status status = accord_json_array(&list, &count, reader->error);
    for (size_t i = 0; status == ACCORD_OK && i < count && !decided; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = accord_json_member_text(&at, "url", ACCORD_FEED_TEXT_SIZE_MAX, &url, reader->error);
        if (status == ACCORD_OK)
            status = accord_json_member_text(&at, "category", ACCORD_FEED_TEXT_SIZE_MAX, &category, reader->error);
        if (status != ACCORD_OK)
            break;
        /* Publishers list the document's own JSON as well, which is not what people read. */
        bool json = url.size > 5 && memcmp(url.data + url.size - 5, ".json", 5) == 0;
        decided = is(category, "self") && !json;
        best = decided || best.size == 0 ? url : best;
    }
    reader->vulnerability.url = accord_feed_line(&reader->whole, best);
    return status;
}

static enum accord_status read_document(struct accord_feed_reader *reader)
{
    struct accord_claim_vulnerability *head = &reader->vulnerability;
    struct accord_json document = accord_json_member(&reader->root, "document"),
                       version_at = accord_json_member(&document, "csaf_version"),
                       category_at = accord_json_member(&document, "category"),
                       title_at = accord_json_member(&document, "title"),
                       tracking = accord_json_member(&document, "tracking"),
                       id_at = accord_json_member(&tracking, "id");
    struct accord_bytes version, category, title = {NULL, 0};
    enum accord_status status = accord_json_object_needed(&document, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&version_at, ACCORD_FEED_ID_SIZE_MAX, &version, reader->error);
    if (status == ACCORD_OK && !is(version, "2.0"))
        status = accord_json_refuse(&version_at, ACCORD_MALFORMED, "2.0", reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&category_at, ACCORD_FEED_TEXT_SIZE_MAX, &category, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&title_at, ACCORD_FEED_DOCUMENT_MAX, &title, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_object_needed(&tracking, reader->error);
    if (status == ACCORD_OK)
        status = accord_json_string_needed(&id_at, ACCORD_FEED_ID_SIZE_MAX, &head->document, reader->error);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &tracking, "initial_release_date", &head->published);
    if (status == ACCORD_OK)
        status = accord_feed_date(reader, &tracking, "current_release_date", &head->modified);
    head->document = accord_feed_line(&reader->whole, head->document);
    head->title = accord_feed_line(&reader->whole, title);
    return status == ACCORD_OK ? read_url(reader, &document) : status;
}

enum accord_status accord_feed_read_csaf(struct accord_feed_reader *reader)
{
    struct csaf csaf = {.reader = reader};
    struct accord_json list = accord_json_member(&reader->root, "vulnerabilities");
    size_t count;
    enum accord_status status = read_document(reader);
    if (status == ACCORD_OK)
        status = accord_csaf_tree_read(reader, &csaf.tree);
    if (status == ACCORD_OK)
        status = accord_json_array(&list, &count, reader->error);
    if (status != ACCORD_OK)
        return status;
    csaf.marks = accord_arena_take(&reader->whole, csaf.tree.product_count * sizeof *csaf.marks);
    if (csaf.marks == NULL)
        return accord_fail(reader->error, ACCORD_NO_MEMORY, 0);
    if (csaf.tree.product_count > 0)
        memset(csaf.marks, 0, csaf.tree.product_count * sizeof *csaf.marks);
    for (size_t i = 0; status == ACCORD_OK && i < count; i++) {
        struct accord_json at = accord_json_item(&list, i);
        status = read_vulnerability(&csaf, &at, i, count == 1);
    }
    return status;
}
