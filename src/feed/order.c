/* Which schemes of VERS have an order here, and what it says of two versions: Semantic Versioning 2.0.0, section 11,
 * and nothing else. */
#include "feed/range.h"

#include "core/text.h"

#include <string.h>

struct semantic {
    struct accord_bytes numbers[3], before; /* what stands behind the hyphen; or empty */
};

bool accord_feed_scheme_known(struct accord_bytes scheme)
{
    return accord_bytes_equal(scheme, ACCORD_LITERAL("semver"));
}

static bool is_number(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0 && (text.size == 1 || text.data[0] != '0');
}

static bool is_identifier(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
              byte == '-'))
            return false;
    }
    return text.size > 0;
}

static struct accord_bytes cut_until(struct accord_bytes *rest, uint8_t at)
{
    struct accord_bytes piece;
    if (accord_cut(rest, at, &piece))
        return piece;
    piece = *rest;
    *rest = (struct accord_bytes){NULL, 0};
    return piece;
}

static bool read_semantic(struct accord_bytes text, struct semantic *version)
{
    struct accord_bytes rest = text, core = cut_until(&rest, '+');
    *version = (struct semantic){.before = core};
    struct accord_bytes numbers = cut_until(&version->before, '-');
    if (memchr(core.data, '-', core.size) != NULL && version->before.size == 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        version->numbers[i] = cut_until(&numbers, '.');
        if (!is_number(version->numbers[i]))
            return false;
    }
    struct accord_bytes identifiers = version->before;
    while (identifiers.size > 0) {
        struct accord_bytes one = cut_until(&identifiers, '.');
        if (!is_identifier(one))
            return false;
    }
    return numbers.size == 0;
}

static int compare_bytes(struct accord_bytes a, struct accord_bytes b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = least == 0 ? 0 : memcmp(a.data, b.data, least);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_numbers(struct accord_bytes a, struct accord_bytes b)
{
    return a.size != b.size ? (a.size > b.size ? 1 : -1) : compare_bytes(a, b);
}

static int compare_identifiers(struct accord_bytes a, struct accord_bytes b)
{
    while (a.size > 0 && b.size > 0) {
        struct accord_bytes left = cut_until(&a, '.'), right = cut_until(&b, '.');
        bool number = is_number(left), other = is_number(right);
        int order = number && other   ? compare_numbers(left, right)
                    : number != other ? (number ? -1 : 1)
                                      : compare_bytes(left, right);
        if (order != 0)
            return order;
    }
    return (a.size > 0) - (b.size > 0);
}

bool accord_feed_order(struct accord_bytes scheme, struct accord_bytes a, struct accord_bytes b, int *order)
{
    struct semantic left, right;
    if (!accord_feed_scheme_known(scheme) || a.size == 0 || b.size == 0 || !read_semantic(a, &left) ||
        !read_semantic(b, &right))
        return false;
    *order = 0;
    for (size_t i = 0; i < 3 && *order == 0; i++)
        *order = compare_numbers(left.numbers[i], right.numbers[i]);
    if (*order == 0 && (left.before.size == 0 || right.before.size == 0))
        *order = (left.before.size == 0) - (right.before.size == 0);
    else if (*order == 0)
        *order = compare_identifiers(left.before, right.before);
    return true;
}
