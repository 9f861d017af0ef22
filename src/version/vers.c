/* Ranges of versions (VERS): `vers:deb/>=1.0|<1.2`. Which version comes first its scheme knows. */
#include "version/version.h"

#include <string.h>

#include "core/text.h"
#include "version/parts.h"

enum bound { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

struct constraint {
    enum bound bound;
    size_t size;
    uint8_t version[ACCORD_VERSION_SIZE_MAX]; /* unquoted */
};

/* Going through the constraints of a range, one after the other. */
struct reading {
    enum accord_version_scheme scheme;
    struct accord_bytes rest;
    bool more;
    struct constraint constraint;
};

static enum accord_status refuse(enum accord_status status, const char *expected, struct accord_bytes found,
                                 struct accord_error *error)
{
    accord_fail(error, status, 0);
    accord_error_what(error, ACCORD_LITERAL("range"));
    accord_error_expected(error, (struct accord_bytes){(const uint8_t *)expected, strlen(expected)});
    accord_error_found(error, found);
    return status;
}

static struct accord_bytes version_of(const struct constraint *constraint)
{
    return (struct accord_bytes){constraint->version, constraint->size};
}

static int hex(uint8_t byte)
{
    return byte >= '0' && byte <= '9'   ? byte - '0'
           : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
           : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                        : -1;
}

/* Takes %XX apart. */
static bool unquote(struct accord_bytes text, struct constraint *constraint)
{
    constraint->size = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            if (text.size - i < 3 || hex(text.data[i + 1]) < 0 || hex(text.data[i + 2]) < 0)
                return false;
            byte = (uint8_t)(hex(text.data[i + 1]) << 4 | hex(text.data[i + 2]));
            i += 2;
        } else if (byte <= ' ' || byte > '~' || byte == '<' || byte == '>' || byte == '=' || byte == '!' ||
                   byte == '*') {
            return false;
        }
        if (constraint->size == sizeof constraint->version)
            return false;
        constraint->version[constraint->size++] = byte;
    }
    return constraint->size > 0;
}

static enum bound cut_bound(struct accord_bytes *text)
{
    static const struct {
        const char *sign;
        enum bound bound;
    } signs[] = {{"<=", LESS_EQUAL}, {">=", GREATER_EQUAL}, {"!=", NOT_EQUAL},
                 {"<", LESS},        {">", GREATER},        {"=", EQUAL}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (accord_cut_prefix(text, (struct accord_bytes){(const uint8_t *)signs[i].sign, strlen(signs[i].sign)}))
            return signs[i].bound;
    return EQUAL;
}

/* Cuts `vers:<type>/`. */
static bool begin(struct reading *reading, struct accord_bytes range)
{
    struct accord_bytes rest = range, type;
    if (range.size > ACCORD_VERS_SIZE_MAX || !accord_cut_prefix(&rest, ACCORD_LITERAL("vers:")) ||
        !accord_cut(&rest, '/', &type) || type.size == 0 || rest.size == 0)
        return false;
    for (size_t i = 0; i < type.size; i++)
        if (!accord_digit(type.data[i]) && !(type.data[i] >= 'a' && type.data[i] <= 'z') && type.data[i] != '.' &&
            type.data[i] != '-' && type.data[i] != '+')
            return false;
    reading->scheme = accord_version_scheme(type);
    reading->rest = rest;
    reading->more = true;
    return true;
}

/* The next constraint; false after the last, or where it is none: then *wrong. */
static bool next(struct reading *reading, bool *wrong)
{
    struct accord_bytes piece;
    *wrong = false;
    if (!reading->more)
        return false;
    reading->more = accord_cut(&reading->rest, '|', &piece);
    if (!reading->more)
        piece = reading->rest;
    reading->constraint.bound = cut_bound(&piece);
    *wrong = !unquote(piece, &reading->constraint);
    return !*wrong;
}

/* What is known of the version after so many constraints. */
struct judging {
    bool equal, excluded, inside; /* inside: one of the intervals so far holds it */
    bool only_excluding;          /* nothing but != so far */
    bool has_bound;               /* of those below, the last one */
    enum bound bound;
    int order; /* of the version to it */
};

/* The bounds stand in order: each interval is one that begins and one that ends, but for the first and the last. */
static bool take_bound(struct judging *judging, enum bound bound, int order)
{
    bool upper = bound == LESS || bound == LESS_EQUAL;
    bool was_lower = judging->has_bound && (judging->bound == GREATER || judging->bound == GREATER_EQUAL);
    if (judging->has_bound && upper != was_lower)
        return false;
    if (upper)
        judging->inside |= order < 0 && (!was_lower || judging->order > 0);
    judging->inside |= order == 0 && (bound == LESS_EQUAL || bound == GREATER_EQUAL);
    judging->has_bound = true;
    judging->bound = bound;
    judging->order = order;
    return true;
}

static enum accord_status take(struct judging *judging, const struct reading *reading, struct accord_bytes version,
                               struct accord_error *error)
{
    struct accord_bytes other = version_of(&reading->constraint);
    enum bound bound = reading->constraint.bound;
    int order = 0;
    bool only_same = bound == EQUAL || bound == NOT_EQUAL;
    bool same = accord_bytes_equal(version, other);
    if (!same && (reading->scheme != ACCORD_VERSION_NONE || !only_same) &&
        accord_version_compare(reading->scheme, version, other, &order, error) != ACCORD_OK)
        return refuse(ACCORD_UNSUPPORTED, "versions whose order is known", other, error);
    same = same || (reading->scheme != ACCORD_VERSION_NONE && order == 0);
    judging->only_excluding &= bound == NOT_EQUAL;
    judging->equal |= bound == EQUAL && same;
    judging->excluded |= bound == NOT_EQUAL && same;
    if (!only_same && !take_bound(judging, bound, order))
        return refuse(ACCORD_MALFORMED, "bounds that make intervals", other, error);
    return ACCORD_OK;
}

/* Is each bound above the one before it? The order of other constraints says nothing. */
static enum accord_status check_order(const struct reading *reading, struct constraint *before,
                                      struct accord_error *error)
{
    struct accord_bytes version = version_of(&reading->constraint);
    int order = -1;
    if (reading->constraint.bound == EQUAL || reading->constraint.bound == NOT_EQUAL)
        return ACCORD_OK;
    if (before->size > 0 &&
        accord_version_compare(reading->scheme, version_of(before), version, &order, error) != ACCORD_OK)
        return refuse(ACCORD_UNSUPPORTED, "versions whose order is known", version, error);
    if (order >= 0)
        return refuse(ACCORD_MALFORMED, "bounds in their order", version, error);
    before->size = reading->constraint.size;
    memcpy(before->version, reading->constraint.version, reading->constraint.size);
    return ACCORD_OK;
}

enum accord_status accord_vers_contains(struct accord_bytes range, struct accord_bytes version, bool *contains,
                                        struct accord_error *error)
{
    struct reading reading;
    struct constraint before = {.size = 0};
    struct judging judging = {.only_excluding = true};
    bool wrong = false;
    *contains = false;
    if (!begin(&reading, range))
        return refuse(ACCORD_MALFORMED, "vers:<type>/<constraint>|...", range, error);
    if (accord_bytes_equal(reading.rest, ACCORD_LITERAL("*"))) {
        *contains = true;
        return ACCORD_OK;
    }
    size_t count = 0;
    while (next(&reading, &wrong)) {
        enum accord_status status = count == ACCORD_VERS_CONSTRAINTS_MAX
                                        ? refuse(ACCORD_TOO_LARGE, "at most 4096 constraints", range, error)
                                        : check_order(&reading, &before, error);
        count++;
        if (status == ACCORD_OK)
            status = take(&judging, &reading, version, error);
        if (status != ACCORD_OK)
            return status;
    }
    if (wrong)
        return refuse(ACCORD_MALFORMED, "a version, and what it bounds before it", range, error);
    bool above = judging.has_bound && (judging.bound == GREATER || judging.bound == GREATER_EQUAL) && judging.order > 0;
    *contains = judging.equal || (!judging.excluded && (judging.inside || above || judging.only_excluding));
    return ACCORD_OK;
}

/* Is each version one of the scheme? Then whether its constraints fit together any version tells. */
enum accord_status accord_vers_check(struct accord_bytes range, struct accord_error *error)
{
    struct reading reading;
    struct accord_bytes version = {NULL, 0};
    bool wrong = false, contains;
    if (!begin(&reading, range))
        return refuse(ACCORD_MALFORMED, "vers:<type>/<constraint>|...", range, error);
    if (accord_bytes_equal(reading.rest, ACCORD_LITERAL("*")))
        return ACCORD_OK;
    while (next(&reading, &wrong)) {
        bool only_same = reading.constraint.bound == EQUAL || reading.constraint.bound == NOT_EQUAL;
        int order;
        version = version_of(&reading.constraint);
        if (reading.scheme == ACCORD_VERSION_NONE
                ? !only_same
                : accord_version_compare(reading.scheme, version, version, &order, NULL) != ACCORD_OK)
            return refuse(ACCORD_UNSUPPORTED, "versions whose order is known", version, error);
    }
    return wrong ? refuse(ACCORD_MALFORMED, "a version, and what it bounds before it", range, error)
                 : accord_vers_contains(range, version, &contains, error);
}
