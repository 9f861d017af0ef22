/* The advisory's grammar (docs/protocol.md, "Advisory"). One function reads each line, for the parser and for who walks
 * through an advisory that parsed. Knows no order of versions, and no score. */
#include "accord/advisory.h"

#include "accord/demand.h"
#include "core/fields.h"
#include "core/text.h"

#include <string.h>

#define KEYS                                                                                                           \
    "vendor id revision previous state title change case* text* reference* product* order* purl* cpe* vulnerability* " \
    "alias* about* weakness* severity* credit* exploited* affected* investigating* fixed* not-affected* remedy*"
#define RANGE_SIZE_MAX 2048
#define TEXT_SIZE_MAX 8192
#define LINE_TITLE_MAX 256
#define PURL_SIZE_MAX 512

/* What stands on an item's line, in this order. */
enum part { END, DIGEST, URL, OPTIONAL_TEXT, PRODUCT, WORD, TEXT, RANGE, OPTIONAL_DIGEST, DAY, WEAKNESS, WHY, REMEDY };

static const struct {
    struct accord_bytes key;
    enum part parts[4];
    bool once; /* in its section */
} kinds[] = {[ACCORD_ADVISORY_CASE] = {{(const uint8_t *)"case", 4}, {DIGEST}, false},
             [ACCORD_ADVISORY_TEXT] = {{(const uint8_t *)"text", 4}, {TEXT}, false},
             [ACCORD_ADVISORY_REFERENCE] = {{(const uint8_t *)"reference", 9}, {URL, OPTIONAL_TEXT}, false},
             [ACCORD_ADVISORY_PRODUCT] = {{(const uint8_t *)"product", 7}, {PRODUCT, TEXT}, false},
             [ACCORD_ADVISORY_ORDER] = {{(const uint8_t *)"order", 5}, {WORD}, true},
             [ACCORD_ADVISORY_PURL] = {{(const uint8_t *)"purl", 4}, {TEXT}, false},
             [ACCORD_ADVISORY_CPE] = {{(const uint8_t *)"cpe", 3}, {TEXT}, false},
             [ACCORD_ADVISORY_VULNERABILITY] = {{(const uint8_t *)"vulnerability", 13}, {WORD}, false},
             [ACCORD_ADVISORY_ALIAS] = {{(const uint8_t *)"alias", 5}, {WORD}, false},
             [ACCORD_ADVISORY_ABOUT] = {{(const uint8_t *)"about", 5}, {TEXT}, false},
             [ACCORD_ADVISORY_WEAKNESS] = {{(const uint8_t *)"weakness", 8}, {WEAKNESS, TEXT}, false},
             [ACCORD_ADVISORY_SEVERITY] = {{(const uint8_t *)"severity", 8}, {TEXT}, false},
             [ACCORD_ADVISORY_CREDIT] = {{(const uint8_t *)"credit", 6}, {TEXT}, false},
             [ACCORD_ADVISORY_EXPLOITED] = {{(const uint8_t *)"exploited", 9}, {DAY}, true},
             [ACCORD_ADVISORY_AFFECTED] = {{(const uint8_t *)"affected", 8}, {PRODUCT, RANGE, OPTIONAL_DIGEST}, false},
             [ACCORD_ADVISORY_INVESTIGATING] = {{(const uint8_t *)"investigating", 13},
                                                {PRODUCT, RANGE, OPTIONAL_DIGEST},
                                                false},
             [ACCORD_ADVISORY_FIXED] = {{(const uint8_t *)"fixed", 5}, {PRODUCT, RANGE, OPTIONAL_DIGEST}, false},
             [ACCORD_ADVISORY_NOT_AFFECTED] = {{(const uint8_t *)"not-affected", 12}, {PRODUCT, RANGE, WHY}, false},
             [ACCORD_ADVISORY_REMEDY] = {{(const uint8_t *)"remedy", 6}, {REMEDY, PRODUCT, TEXT}, false}};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static const char *const reasons[] = {
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"};
static const char *const remedies[] = {"fix", "workaround", "mitigation", "none-planned", "none-available"};
static const char *const states[] = {"", "interim", "final", "withdrawn"};

static struct accord_bytes literal(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

struct accord_bytes accord_advisory_state_name(enum accord_advisory_state state)
{
    return literal((size_t)state < sizeof states / sizeof states[0] ? states[state] : "");
}

static bool among(struct accord_bytes word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (accord_bytes_equal(word, literal(list[i])))
            return true;
    return false;
}

/* `CWE-` and a number. */
static bool weakness_valid(struct accord_bytes word)
{
    uint64_t number;
    return accord_cut_prefix(&word, ACCORD_LITERAL("CWE-")) && accord_decimal_read(word, &number) && number > 0;
}

static bool after_operator(struct accord_bytes *text, const char *sign)
{
    return accord_cut_prefix(text, literal(sign));
}

/* `*`, or constraints with "|" between them: a version, with what it bounds before it. */
static bool range_valid(struct accord_bytes range)
{
    if (accord_bytes_equal(range, ACCORD_LITERAL("*")))
        return true;
    if (range.size > RANGE_SIZE_MAX)
        return false;
    struct accord_bytes rest = range, version;
    for (bool more = true; more;) {
        more = accord_cut(&rest, '|', &version);
        if (!more)
            version = rest;
        if (!after_operator(&version, "<=") && !after_operator(&version, ">=") && !after_operator(&version, "!=") &&
            !after_operator(&version, "<"))
            (void)after_operator(&version, ">");
        if (!accord_token_valid(version))
            return false;
    }
    return true;
}

static bool refuse(struct accord_fields *fields, const char *expected, struct accord_bytes found)
{
    return accord_fields_refuse(fields, ACCORD_MALFORMED, literal(expected), found);
}

static bool text_valid(struct accord_fields *fields, struct accord_bytes text)
{
    return (text.size > 0 && text.size <= TEXT_SIZE_MAX && text.data[0] != ' ') ||
           refuse(fields, "a text of at most 8192 bytes", text);
}

/* The words of a line, as its parts say; one function for each would say less. */
static bool word_part(struct accord_fields *fields, enum part part, struct accord_bytes word,
                      struct accord_advisory_item *item)
{
    if (part == DIGEST || part == OPTIONAL_DIGEST) {
        item->has_digest = true;
        return accord_fields_part_digest(fields, word, item->digest);
    }
    if (part == URL) {
        item->url = word;
        return accord_fields_part_url(fields, word);
    }
    if (part == DAY)
        return accord_date_read(word, &item->day) || refuse(fields, "a day like 2018-04-17", word);
    if (part == RANGE) {
        item->range = word;
        return range_valid(word) || refuse(fields, "*, or versions like >=1.0|<1.4.2", word);
    }
    *(part == PRODUCT ? &item->product : &item->word) = word;
    if (part == WEAKNESS)
        return weakness_valid(word) || refuse(fields, "a weakness like CWE-79", word);
    if (part == WHY)
        return among(word, reasons, sizeof reasons / sizeof reasons[0]) ||
               refuse(fields, "why, in one of VEX's words, like vulnerable_code_not_present", word);
    if (part == REMEDY)
        return among(word, remedies, sizeof remedies / sizeof remedies[0]) ||
               refuse(fields, "fix, workaround, mitigation, none-planned or none-available", word);
    return accord_token_valid(word) || refuse(fields, "a letter or digit, then letters, digits or . _ + ~ : -", word);
}

/* The line that was taken, as one of this kind. */
static bool read_item(struct accord_fields *fields, enum accord_advisory_kind kind, struct accord_advisory_item *item)
{
    struct accord_bytes rest = fields->taken.value, word;
    memset(item, 0, sizeof *item);
    item->kind = kind;
    item->line = fields->taken.line;
    for (size_t i = 0; i < 4 && kinds[kind].parts[i] != END; i++) {
        enum part part = kinds[kind].parts[i];
        if (part == TEXT || (part == OPTIONAL_TEXT && rest.size > 0)) {
            item->text = rest;
            rest.size = 0;
            if (!text_valid(fields, item->text))
                return false;
        } else if (part != OPTIONAL_TEXT && (part != OPTIONAL_DIGEST || rest.size > 0)) {
            if (!accord_word_next(&rest, &word))
                return refuse(fields, "one more word", fields->taken.value);
            if (!word_part(fields, part, word, item))
                return false;
        }
    }
    return rest.size == 0 || refuse(fields, "nothing more on this line", rest);
}

/* Which kind the line at hand is of; 0 where it is none. */
static enum accord_advisory_kind kind_at(struct accord_bytes key)
{
    for (size_t i = 1; i < KIND_COUNT; i++)
        if (accord_bytes_equal(kinds[i].key, key))
            return (enum accord_advisory_kind)i;
    return (enum accord_advisory_kind)0;
}

/* A section's lines follow in the order of their kinds; a product's and a vulnerability's begin again. */
static bool in_place(enum accord_advisory_kind before, enum accord_advisory_kind kind)
{
    if (kind == ACCORD_ADVISORY_PRODUCT)
        return before <= ACCORD_ADVISORY_CPE;
    if (kind == ACCORD_ADVISORY_VULNERABILITY)
        return before >= ACCORD_ADVISORY_PRODUCT &&
               (before <= ACCORD_ADVISORY_CPE || before >= ACCORD_ADVISORY_AFFECTED);
    if (kind > ACCORD_ADVISORY_PRODUCT && kind <= ACCORD_ADVISORY_CPE && before < ACCORD_ADVISORY_PRODUCT)
        return false;
    if (kind > ACCORD_ADVISORY_VULNERABILITY && before < ACCORD_ADVISORY_VULNERABILITY)
        return false;
    return kind > before || (kind == before && !kinds[kind].once);
}

static bool product_known(const struct accord_advisory_claim *advisory, struct accord_bytes product)
{
    for (size_t i = 0; i < advisory->product_count; i++)
        if (accord_bytes_equal(advisory->products[i], product))
            return true;
    return false;
}

/* Did an item of this kind with these words stand before? */
static bool stood_before(const struct accord_advisory_claim *advisory, const struct accord_advisory_item *item)
{
    struct accord_advisory_item other;
    size_t cursor = 0;
    while (accord_advisory_next(advisory, &cursor, &other) && other.line < item->line)
        if (other.kind == item->kind && accord_bytes_equal(other.word, item->word))
            return true;
    return false;
}

static bool refuse_again(struct accord_fields *fields, struct accord_bytes word)
{
    return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each once"), word);
}

/* What an item says of the ones before it. */
static bool check(struct accord_fields *fields, struct accord_advisory_claim *advisory,
                  const struct accord_advisory_item *item)
{
    if (item->kind == ACCORD_ADVISORY_PRODUCT) {
        if (product_known(advisory, item->product))
            return refuse_again(fields, item->product);
        if (advisory->product_count == ACCORD_ADVISORY_PRODUCTS_MAX)
            return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 256 products"),
                                        item->product);
        advisory->products[advisory->product_count++] = item->product;
        return true;
    }
    if (item->kind == ACCORD_ADVISORY_VULNERABILITY) {
        if (stood_before(advisory, item))
            return refuse_again(fields, item->word);
        return ++advisory->vulnerability_count <= ACCORD_ADVISORY_VULNERABILITIES_MAX ||
               accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 64 vulnerabilities"), item->word);
    }
    if (item->kind == ACCORD_ADVISORY_PURL && item->text.size > PURL_SIZE_MAX)
        return refuse(fields, "a package URL of at most 512 bytes", item->text);
    return item->product.size == 0 || product_known(advisory, item->product) ||
           accord_fields_refuse(fields, ACCORD_UNKNOWN_NAME, ACCORD_LITERAL("a product on a line before"),
                                item->product);
}

static bool one_item(struct accord_fields *fields, struct accord_advisory_claim *advisory,
                     enum accord_advisory_kind *before)
{
    struct accord_advisory_item item;
    enum accord_advisory_kind kind = kind_at(fields->next.key);
    if (kind == 0)
        return accord_fields_end(fields); /* which refuses it: the key is unknown, or stood before */
    if (!accord_fields_take(fields, kinds[kind].key))
        return false;
    if (!in_place(*before, kind)) {
        bool unsaid = kind == ACCORD_ADVISORY_VULNERABILITY && *before >= ACCORD_ADVISORY_VULNERABILITY;
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    unsaid ? ACCORD_LITERAL("which products are affected, or not, before the next one")
                                           : ACCORD_LITERAL("the lines in the order of the grammar"),
                                    fields->taken.value);
    }
    *before = kind;
    return read_item(fields, kind, &item) && check(fields, advisory, &item);
}

static bool items(struct accord_fields *fields, struct accord_advisory_claim *advisory)
{
    enum accord_advisory_kind before = (enum accord_advisory_kind)0;
    while (fields->more)
        if (!one_item(fields, advisory, &before))
            return false;
    if (advisory->product_count == 0)
        return accord_fields_take(fields, ACCORD_LITERAL("product"));
    if (advisory->vulnerability_count == 0)
        return accord_fields_take(fields, ACCORD_LITERAL("vulnerability"));
    return before >= ACCORD_ADVISORY_AFFECTED || accord_fields_take(fields, ACCORD_LITERAL("affected"));
}

static bool state_line(struct accord_fields *fields, struct accord_advisory_claim *advisory)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("state")))
        return false;
    for (size_t i = 1; i < sizeof states / sizeof states[0]; i++) {
        if (accord_bytes_equal(fields->taken.value, literal(states[i]))) {
            advisory->state = (enum accord_advisory_state)i;
            return true;
        }
    }
    return refuse(fields, "interim, final or withdrawn", fields->taken.value);
}

static bool line_of(struct accord_fields *fields, struct accord_bytes key, struct accord_bytes *text)
{
    if (!accord_fields_take(fields, key))
        return false;
    *text = fields->taken.value;
    return text->size <= LINE_TITLE_MAX || refuse(fields, "at most 256 bytes", *text);
}

static bool revision(struct accord_fields *fields, struct accord_advisory_claim *advisory)
{
    if (!accord_fields_number(fields, ACCORD_LITERAL("revision"), 1, UINT64_MAX, &advisory->revision))
        return false;
    advisory->has_previous = advisory->revision > 1;
    return !advisory->has_previous || accord_fields_digest(fields, ACCORD_LITERAL("previous"), advisory->previous);
}

static bool body(struct accord_fields *fields, struct accord_advisory_claim *advisory)
{
    if (!revision(fields, advisory) || !state_line(fields, advisory) ||
        !line_of(fields, ACCORD_LITERAL("title"), &advisory->title))
        return false;
    if (advisory->has_previous && !line_of(fields, ACCORD_LITERAL("change"), &advisory->change))
        return false;
    size_t number = fields->more ? fields->next.line : 0;
    struct accord_field field;
    while (number > 0 && accord_statement_next(&advisory->statement, &advisory->items, &field) &&
           field.line + 1 < number)
        ;
    return items(fields, advisory);
}

enum accord_status accord_advisory_parse(struct accord_advisory_claim *advisory, struct accord_bytes entry,
                                         struct accord_error *error)
{
    struct accord_fields fields;
    memset(advisory, 0, sizeof *advisory);
    enum accord_status status = accord_fields_open(&fields, &advisory->statement, entry, ACCORD_LITERAL("advisory"),
                                                   ACCORD_LITERAL(KEYS), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_domain(&fields, ACCORD_LITERAL("vendor"), &advisory->vendor) ||
        !accord_fields_token(&fields, ACCORD_LITERAL("id"), &advisory->id))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    return body(&fields, advisory) ? ACCORD_OK : fields.status;
}

bool accord_advisory_next(const struct accord_advisory_claim *advisory, size_t *cursor,
                          struct accord_advisory_item *item)
{
    struct accord_fields fields = {.statement = &advisory->statement};
    if (*cursor == 0)
        *cursor = advisory->items;
    while (accord_statement_next(&advisory->statement, cursor, &fields.taken)) {
        enum accord_advisory_kind kind = kind_at(fields.taken.key);
        if (kind != 0)
            return read_item(&fields, kind, item);
    }
    return false;
}

enum accord_status accord_advisory_verify(const struct accord_advisory_claim *advisory,
                                          const struct accord_roster_claim *roster, const struct accord_place *place,
                                          const struct accord_crypto *crypto, struct accord_error *error)
{
    return accord_receipt_signed(roster, &advisory->statement.note, advisory->vendor, place, crypto, error);
}
