/* Semantic Versioning 2.0.0, and those who follow it with a letter before: npm, Go. NuGet's has four numbers, leading
 * zeros and labels without case. */
#include "version/parts.h"

struct semver {
    struct accord_bytes numbers[4], label; /* label: what stands behind the hyphen; or empty */
};

static bool identifiers_valid(struct accord_bytes rest, bool strict)
{
    if (rest.size == 0 || rest.data[rest.size - 1] == '.')
        return false;
    while (rest.size > 0) {
        struct accord_bytes one = accord_cut_before(&rest, '.');
        for (size_t i = 0; i < one.size; i++)
            if (!accord_digit(one.data[i]) && !accord_letter(one.data[i]) && one.data[i] != '-')
                return false;
        if (one.size == 0 || (strict && one.size > 1 && one.data[0] == '0' && accord_all_digits(one)))
            return false;
    }
    return true;
}

static bool number_valid(struct accord_bytes number, bool strict)
{
    return accord_all_digits(number) && !(strict && number.size > 1 && number.data[0] == '0');
}

/* From least to most numbers. */
static bool read(struct accord_bytes text, unsigned least, unsigned most, bool strict, struct semver *version)
{
    *version = (struct semver){.label = {text.data, 0}};
    struct accord_bytes core = text, build = {text.data, 0};
    size_t plus = 0, hyphen = 0;
    while (plus < core.size && core.data[plus] != '+')
        plus++;
    if (plus < core.size) {
        build = (struct accord_bytes){core.data + plus + 1, core.size - plus - 1};
        core.size = plus;
        if (!identifiers_valid(build, false))
            return false;
    }
    while (hyphen < core.size && core.data[hyphen] != '-')
        hyphen++;
    if (hyphen < core.size) {
        version->label = (struct accord_bytes){core.data + hyphen + 1, core.size - hyphen - 1};
        core.size = hyphen;
        if (!identifiers_valid(version->label, strict))
            return false;
    }
    unsigned count = 0;
    bool more = core.size > 0;
    while (more && count < most) {
        more = false;
        for (size_t i = 0; i < core.size; i++)
            more |= core.data[i] == '.';
        version->numbers[count] = accord_cut_before(&core, '.');
        if (!number_valid(version->numbers[count++], strict))
            return false;
    }
    return !more && core.size == 0 && count >= least;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static int compare_words(struct accord_bytes a, struct accord_bytes b, bool fold)
{
    if (!fold)
        return accord_compare_bytes(a, b);
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return lower(a.data[i]) < lower(b.data[i]) ? -1 : 1;
    return a.size < b.size ? -1 : a.size > b.size;
}

/* Identifier by identifier: numbers by their value, below words; one that has more is later. None is later than any. */
static int compare_labels(struct accord_bytes a, struct accord_bytes b, bool fold)
{
    if (a.size == 0 || b.size == 0)
        return a.size == b.size ? 0 : a.size == 0 ? 1 : -1;
    while (a.size > 0 && b.size > 0) {
        struct accord_bytes one = accord_cut_before(&a, '.'), other = accord_cut_before(&b, '.');
        bool number = accord_all_digits(one), same = number == accord_all_digits(other);
        int order = !same    ? (number ? -1 : 1)
                    : number ? accord_compare_digits(one, other)
                             : compare_words(one, other, fold);
        if (order != 0)
            return order;
    }
    return a.size > 0 ? 1 : b.size > 0 ? -1 : 0;
}

static int compare(const struct semver *a, const struct semver *b, bool fold)
{
    for (unsigned i = 0; i < 4; i++) {
        int order = accord_compare_digits(a->numbers[i], b->numbers[i]);
        if (order != 0)
            return order;
    }
    return compare_labels(a->label, b->label, fold);
}

static bool compare_read(struct accord_bytes a, struct accord_bytes b, unsigned least, unsigned most, bool strict,
                         int *order)
{
    struct semver one, other;
    if (!read(a, least, most, strict, &one) || !read(b, least, most, strict, &other))
        return false;
    *order = compare(&one, &other, !strict);
    return true;
}

bool accord_version_semver(struct accord_bytes a, struct accord_bytes b, int *order)
{
    return compare_read(a, b, 3, 3, true, order);
}

static struct accord_bytes without(struct accord_bytes text, const char *marks)
{
    for (; *marks != '\0'; marks++)
        if (text.size > 0 && text.data[0] == (uint8_t)*marks)
            text = (struct accord_bytes){text.data + 1, text.size - 1};
    return text;
}

bool accord_version_npm(struct accord_bytes a, struct accord_bytes b, int *order)
{
    return accord_version_semver(without(a, "=v"), without(b, "=v"), order);
}

/* `v1` and `v1.2` are versions of Go, too. The database of Go's vulnerabilities leaves the letter out. */
bool accord_version_golang(struct accord_bytes a, struct accord_bytes b, int *order)
{
    return compare_read(without(a, "v"), without(b, "v"), 1, 3, true, order);
}

bool accord_version_nuget(struct accord_bytes a, struct accord_bytes b, int *order)
{
    return compare_read(without(a, "v"), without(b, "v"), 1, 4, false, order);
}
