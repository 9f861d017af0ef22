/* RPM's order (rpm-version(7), rpmvercmp, rpmverCmp): a version without a release comes before all with one. */
#include "version/parts.h"

#include <string.h>

struct rpm {
    struct accord_bytes epoch, version, release;
    bool has_release;
};

static bool allowed(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!accord_digit(text.data[i]) && !accord_letter(text.data[i]) &&
            (text.data[i] == 0 || strchr("._+~^", text.data[i]) == NULL))
            return false;
    return text.size > 0;
}

static bool read(struct accord_bytes text, struct rpm *rpm)
{
    *rpm = (struct rpm){.version = text};
    if (text.size > 0 && memchr(text.data, ':', text.size) != NULL) {
        rpm->epoch = accord_cut_before(&rpm->version, ':');
        if (!accord_all_digits(rpm->epoch))
            return false;
    }
    struct accord_bytes rest = rpm->version;
    rpm->has_release = rest.size > 0 && memchr(rest.data, '-', rest.size) != NULL;
    rpm->version = accord_cut_before(&rest, '-');
    rpm->release = rest;
    return allowed(rpm->version) && (!rpm->has_release || allowed(rpm->release));
}

static void skip_others(struct accord_bytes *rest)
{
    while (rest->size > 0 && !accord_digit(rest->data[0]) && !accord_letter(rest->data[0]) && rest->data[0] != '~' &&
           rest->data[0] != '^')
        *rest = (struct accord_bytes){rest->data + 1, rest->size - 1};
}

static bool begins(struct accord_bytes rest, uint8_t byte)
{
    return rest.size > 0 && rest.data[0] == byte;
}

/* A tilde comes before everything, even the end; a caret after the end, and before everything else. *both says that
 * both begin so, which were cut off. */
static int compare_marks(struct accord_bytes *a, struct accord_bytes *b, bool *both)
{
    *both = false;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t mark = i == 0 ? '~' : '^';
        bool one = begins(*a, mark), other = begins(*b, mark);
        if (one && other) {
            *both = true;
            *a = (struct accord_bytes){a->data + 1, a->size - 1};
            *b = (struct accord_bytes){b->data + 1, b->size - 1};
            return 0;
        }
        if (one)
            return i == 0 ? -1 : b->size == 0 ? 1 : -1;
        if (other)
            return i == 0 ? 1 : a->size == 0 ? -1 : 1;
    }
    return 0;
}

static int compare(struct accord_bytes a, struct accord_bytes b)
{
    while (a.size > 0 || b.size > 0) {
        bool both;
        skip_others(&a);
        skip_others(&b);
        int order = compare_marks(&a, &b, &both);
        if (order != 0)
            return order;
        if (both)
            continue;
        if (a.size == 0 || b.size == 0)
            break;
        bool digits = accord_digit(a.data[0]);
        struct accord_bytes one = digits ? accord_cut_digits(&a) : accord_cut_letters(&a);
        struct accord_bytes other = digits ? accord_cut_digits(&b) : accord_cut_letters(&b);
        if (other.size == 0) /* a number is newer than a word */
            return digits ? 1 : -1;
        order = digits ? accord_compare_digits(one, other) : accord_compare_bytes(one, other);
        if (order != 0)
            return order;
    }
    return a.size > 0 ? 1 : b.size > 0 ? -1 : 0;
}

bool accord_version_rpm(struct accord_bytes a, struct accord_bytes b, int *order)
{
    struct rpm one, other;
    if (!read(a, &one) || !read(b, &other))
        return false;
    *order = accord_compare_digits(one.epoch, other.epoch);
    if (*order == 0)
        *order = compare(one.version, other.version);
    if (*order == 0)
        *order = one.has_release && other.has_release ? compare(one.release, other.release)
                                                      : one.has_release - other.has_release;
    return true;
}
