/* Ranges of versions as VERS strings. Whether a range can be decided is asked here, once, when it is read; what cannot
 * is prose, and no guess is made of it. How the versions of a scheme are ordered, order.c knows. */
#include "feed/range.h"

#include "feed/reader.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define VERSION_SIZE_MAX 256

static const struct accord_bytes nothing = {NULL, 0};

static struct accord_feed_range decided(struct accord_bytes range)
{
    return (struct accord_feed_range){.range = range};
}

struct accord_feed_range accord_feed_range_all(void)
{
    return decided(ACCORD_LITERAL("vers:all/*"));
}

struct accord_feed_range accord_feed_range_prose(struct accord_arena *arena, struct accord_bytes text)
{
    struct accord_bytes line = accord_feed_line(arena, text);
    return (struct accord_feed_range){.prose = line.size > 0 ? line : ACCORD_LITERAL("no version is said")};
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '-' || byte == '_' || byte == '~' || byte == ':';
}

/* As VERS quotes a version: what is not plain in percent-encoding. */
static void put_version(struct accord_out *out, struct accord_bytes version)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < version.size; i++) {
        if (is_plain(version.data[i])) {
            accord_put_byte(out, version.data[i]);
            continue;
        }
        accord_put_byte(out, '%');
        accord_put_byte(out, (uint8_t)digits[version.data[i] >> 4]);
        accord_put_byte(out, (uint8_t)digits[version.data[i] & 15]);
    }
}

static void put_scheme(struct accord_out *out, struct accord_bytes scheme)
{
    accord_put(out, ACCORD_LITERAL("vers:"));
    accord_put(out, scheme);
    accord_put_byte(out, '/');
}

/* Does the order say that a comes before b? */
static bool is_before(struct accord_bytes scheme, struct accord_bytes a, struct accord_bytes b)
{
    int order;
    return accord_feed_order(scheme, a, b, &order) && order < 0;
}

/* A lower bound alone is in order where it is a version at all. */
static bool in_order(struct accord_bytes scheme, const struct accord_feed_interval *intervals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct accord_feed_interval *at = &intervals[i];
        int order;
        if ((at->from.size > 0 && !accord_feed_order(scheme, at->from, at->from, &order)) ||
            (at->to.size > 0 && !accord_feed_order(scheme, at->to, at->to, &order)))
            return false;
        if (at->from.size > 0 && at->to.size > 0 && !is_before(scheme, at->from, at->to) &&
            !(at->to_included && accord_bytes_equal(at->from, at->to)))
            return false;
        if ((at->from.size == 0 && i > 0) || (at->to.size == 0 && i + 1 < count) ||
            (i > 0 && !is_before(scheme, intervals[i - 1].to, at->from)))
            return false;
    }
    return true;
}

static void put_bound(struct accord_out *out, bool first, struct accord_bytes comparator, struct accord_bytes version)
{
    if (!first)
        accord_put_byte(out, '|');
    accord_put(out, comparator);
    put_version(out, version);
}

static size_t room_for(struct accord_bytes scheme, const struct accord_feed_interval *intervals, size_t count)
{
    size_t size = scheme.size + 16;
    for (size_t i = 0; i < count; i++)
        size += 3 * (intervals[i].from.size + intervals[i].to.size) + 16;
    return size;
}

/* `>= 1.0, < 2.0`, as people write it. */
static struct accord_feed_range describe(struct accord_arena *arena, const struct accord_feed_interval *intervals,
                                         size_t count)
{
    struct accord_out out = accord_arena_room(arena, room_for(nothing, intervals, count));
    for (size_t i = 0; i < count; i++) {
        const struct accord_feed_interval *at = &intervals[i];
        accord_put(&out, i > 0 ? ACCORD_LITERAL("; ") : nothing);
        accord_put(&out, at->from.size > 0 ? ACCORD_LITERAL(">= ") : nothing);
        accord_put(&out, at->from);
        accord_put(&out, at->from.size > 0 && at->to.size > 0 ? ACCORD_LITERAL(", ") : nothing);
        accord_put(&out, at->to.size == 0 ? nothing : at->to_included ? ACCORD_LITERAL("<= ") : ACCORD_LITERAL("< "));
        accord_put(&out, at->to);
    }
    return accord_feed_range_prose(arena, accord_out_bytes(&out));
}

struct accord_feed_range accord_feed_range_of(struct accord_arena *arena, struct accord_bytes scheme,
                                              const struct accord_feed_interval *intervals, size_t count)
{
    if (count == 1 && intervals[0].from.size == 0 && intervals[0].to.size == 0)
        return accord_feed_range_all();
    if (count == 0 || !accord_feed_scheme_known(scheme) || !in_order(scheme, intervals, count))
        return describe(arena, intervals, count);
    struct accord_out out = accord_arena_room(arena, room_for(scheme, intervals, count));
    put_scheme(&out, scheme);
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        const struct accord_feed_interval *at = &intervals[i];
        if (at->to_included && accord_bytes_equal(at->from, at->to)) {
            put_bound(&out, first, nothing, at->from);
        } else {
            if (at->from.size > 0)
                put_bound(&out, first, ACCORD_LITERAL(">="), at->from);
            if (at->to.size > 0)
                put_bound(&out, first && at->from.size == 0,
                          at->to_included ? ACCORD_LITERAL("<=") : ACCORD_LITERAL("<"), at->to);
        }
        first = false;
    }
    struct accord_bytes range = accord_out_bytes(&out);
    return accord_feed_vers_read(range) ? decided(range) : describe(arena, intervals, count);
}

struct sorting {
    struct accord_bytes scheme;
    bool known;
};

static int compare_texts(struct accord_bytes a, struct accord_bytes b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare(const void *a, const void *b, void *context)
{
    const struct accord_bytes *left = a, *right = b;
    struct sorting *sorting = context;
    int order = 0;
    if (sorting->known && !accord_feed_order(sorting->scheme, *left, *right, &order))
        sorting->known = false;
    return sorting->known && order != 0 ? order : compare_texts(*left, *right);
}

/* `1.0` and `1.0.0` may be one version. */
static bool is_same(const struct sorting *sorting, struct accord_bytes a, struct accord_bytes b)
{
    int order = 1;
    return accord_bytes_equal(a, b) ||
           (sorting->known && accord_feed_order(sorting->scheme, a, b, &order) && order == 0);
}

static bool are_versions(struct accord_bytes scheme, const struct accord_bytes *versions, size_t count)
{
    int order;
    for (size_t i = 0; i < count; i++)
        if (!accord_feed_order(scheme, versions[i], versions[i], &order))
            return false;
    return true;
}

struct accord_feed_range accord_feed_range_listed(struct accord_arena *arena, struct accord_bytes scheme,
                                                  const struct accord_bytes *versions, size_t count)
{
    struct sorting sorting = {scheme, are_versions(scheme, versions, count)};
    size_t size = scheme.size + 16;
    for (size_t i = 0; i < count; i++)
        size += 3 * versions[i].size + 1;
    struct accord_bytes *sorted = accord_arena_take(arena, count * sizeof *sorted);
    struct accord_out out = accord_arena_room(arena, size);
    if (sorted == NULL || out.data == NULL || count == 0)
        return accord_feed_range_prose(arena, nothing);
    memcpy(sorted, versions, count * sizeof *sorted);
    if (count > 1)
        qsort_r(sorted, count, sizeof *sorted, compare, &sorting);
    put_scheme(&out, sorting.known ? scheme : ACCORD_LITERAL("unknown"));
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !is_same(&sorting, sorted[i - 1], sorted[i]))
            put_bound(&out, i == 0, nothing, sorted[i]);
    struct accord_bytes range = accord_out_bytes(&out);
    /* It is too long, then, or one of them is: the first tells people which those are. */
    return accord_feed_vers_read(range) ? decided(range) : accord_feed_range_prose(arena, sorted[0]);
}

/* Exactly these words, in letters of either case. */
static bool is_word(struct accord_bytes text, const char *word)
{
    if (text.size != strlen(word))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != word[i])
            return false;
    }
    return true;
}

static bool is_all(struct accord_bytes text)
{
    return is_word(text, "*") || is_word(text, "all") || is_word(text, "all versions") || is_word(text, "vers:all/*");
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* A word of letters inside a text that means more than one version: `1.x`, `2.0_and_earlier`, `1.0-to-2.0`. */
static bool has_range_word(struct accord_bytes text)
{
    static const char *const words[] = {"x",     "and",   "or",    "to",    "earlier", "prior",   "before", "below",
                                        "older", "later", "after", "above", "newer",   "through", "thru",   "until",
                                        "up",    "all",   "any",   "only",  "except",  "than",    "less"};
    for (size_t from = 0; from < text.size;) {
        size_t end = from;
        while (end < text.size && is_letter(text.data[end]))
            end++;
        bool alone = from == 0 || !is_digit(text.data[from - 1]) || end - from > 1; /* `15.2x` is one version */
        for (size_t i = 0; alone && i < sizeof words / sizeof *words; i++)
            if (is_word((struct accord_bytes){text.data + from, end - from}, words[i]))
                return true;
        from = end + 1;
    }
    return false;
}

/* `1.0-1.3`: digits and dots on both sides of a hyphen, and a dot behind it. It may be one version, and may be a range.
 */
static bool may_be_span(struct accord_bytes text)
{
    struct accord_bytes rest = text, left;
    bool dotted = false;
    if (!accord_cut(&rest, '-', &left) || left.size == 0 || rest.size == 0)
        return false;
    for (size_t i = 0; i < left.size; i++)
        if (!is_digit(left.data[i]) && left.data[i] != '.' && left.data[i] != 'v' && left.data[i] != 'V')
            return false;
    for (size_t i = 0; i < rest.size; i++) {
        if (!is_digit(rest.data[i]) && rest.data[i] != '.' && rest.data[i] != 'v' && rest.data[i] != 'V')
            return false;
        dotted = dotted || rest.data[i] == '.';
    }
    return dotted;
}

bool accord_feed_is_version(struct accord_bytes text)
{
    size_t start = text.size > 1 && (text.data[0] == 'v' || text.data[0] == 'V') ? 1 : 0;
    if (text.size == 0 || text.size > VERSION_SIZE_MAX || !is_digit(text.data[start]))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!is_plain(text.data[i]) && text.data[i] != '+' && text.data[i] != '(' && text.data[i] != ')')
            return false;
    return !has_range_word(text) && !may_be_span(text);
}

/* One word that a scheme takes as a version: the scheme decides, not its looks. */
static bool scheme_takes(struct accord_bytes scheme, struct accord_bytes text)
{
    int order;
    return accord_feed_id_valid(text) && memchr(text.data, '*', text.size) == NULL &&
           accord_feed_order(scheme, text, text, &order);
}

struct accord_feed_range accord_feed_range_one(struct accord_arena *arena, struct accord_bytes scheme,
                                               struct accord_bytes text)
{
    struct accord_bytes line = accord_feed_line(arena, text);
    if (is_all(line))
        return accord_feed_range_all();
    if (scheme_takes(scheme, line) || accord_feed_is_version(line))
        return accord_feed_range_listed(arena, scheme, &line, 1);
    return accord_feed_range_prose(arena, text);
}

/* The characters of a scheme: `semver`, `deb`. */
static bool is_scheme(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!(text.data[i] >= 'a' && text.data[i] <= 'z') && !is_digit(text.data[i]))
            return false;
    return text.size > 0;
}

/* One constraint without its comparator; *equal where it is equality. false where nothing stands behind it. */
static bool cut_comparator(struct accord_bytes *constraint, bool *equal)
{
    *equal = true;
    if (accord_cut_prefix(constraint, ACCORD_LITERAL("!=")) || accord_cut_prefix(constraint, ACCORD_LITERAL("<=")) ||
        accord_cut_prefix(constraint, ACCORD_LITERAL(">=")) || accord_cut_prefix(constraint, ACCORD_LITERAL("<")) ||
        accord_cut_prefix(constraint, ACCORD_LITERAL(">")))
        *equal = false;
    else if (accord_cut_prefix(constraint, ACCORD_LITERAL("=")))
        *equal = true;
    for (size_t i = 0; i < constraint->size; i++)
        if (!is_plain(constraint->data[i]) && constraint->data[i] != '%' && constraint->data[i] != '+')
            return false;
    return constraint->size > 0;
}

/* Of a scheme that is not known here, versions that are listed can be told, and nothing else. */
static struct accord_feed_range read_constraints(struct accord_arena *arena, struct accord_bytes scheme,
                                                 struct accord_bytes constraints, struct accord_bytes text)
{
    bool known = accord_feed_scheme_known(scheme), more = true;
    struct accord_out out = accord_arena_room(arena, text.size + 16);
    put_scheme(&out, known ? scheme : ACCORD_LITERAL("unknown"));
    for (bool first = true; more; first = false) {
        struct accord_bytes constraint, whole;
        more = accord_cut(&constraints, '|', &constraint);
        if (!more)
            constraint = constraints;
        whole = constraint;
        bool equal;
        if (!cut_comparator(&constraint, &equal) || (!equal && !known))
            return accord_feed_range_prose(arena, text);
        accord_put(&out, first ? nothing : ACCORD_LITERAL("|"));
        accord_put(&out, equal ? constraint : whole);
    }
    if (!accord_feed_vers_read(accord_out_bytes(&out)))
        return accord_feed_range_prose(arena, text);
    return decided(accord_out_bytes(&out));
}

struct accord_feed_range accord_feed_range_read(struct accord_arena *arena, struct accord_bytes text)
{
    struct accord_bytes rest = accord_feed_line(arena, text), scheme;
    if (is_all(rest))
        return accord_feed_range_all();
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("vers:")) || !accord_cut(&rest, '/', &scheme) || !is_scheme(scheme) ||
        accord_bytes_equal(scheme, ACCORD_LITERAL("all")) || accord_bytes_equal(scheme, ACCORD_LITERAL("none")))
        return accord_feed_range_prose(arena, text);
    if (is_word(rest, "*"))
        return accord_feed_range_all();
    return read_constraints(arena, scheme, rest, text);
}
