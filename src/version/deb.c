/* Debian's order (Debian Policy 5.6.12; deb-version(7)). */
#include "version/parts.h"

#include <string.h>

struct deb {
    struct accord_bytes epoch, upstream, revision;
};

static bool allowed(struct accord_bytes text, const char *others)
{
    for (size_t i = 0; i < text.size; i++)
        if (!accord_digit(text.data[i]) && !accord_letter(text.data[i]) &&
            (text.data[i] == 0 || strchr(others, text.data[i]) == NULL))
            return false;
    return true;
}

static bool read(struct accord_bytes text, struct deb *deb)
{
    *deb = (struct deb){.upstream = text};
    const uint8_t *colon = text.size == 0 ? NULL : memchr(text.data, ':', text.size);
    if (colon != NULL) {
        deb->epoch = accord_cut_before(&deb->upstream, ':');
        if (!accord_all_digits(deb->epoch))
            return false;
    }
    size_t at = deb->upstream.size;
    while (at > 0 && deb->upstream.data[at - 1] != '-')
        at--;
    if (at > 0) {
        deb->revision = (struct accord_bytes){deb->upstream.data + at, deb->upstream.size - at};
        deb->upstream.size = at - 1;
        if (deb->revision.size == 0)
            return false;
    }
    return deb->upstream.size > 0 && accord_digit(deb->upstream.data[0]) &&
           allowed(deb->upstream, colon != NULL ? ".+-~:" : ".+-~") && allowed(deb->revision, ".+~");
}

/* A tilde comes before everything, even the end; letters before all else. */
static int rank(struct accord_bytes rest)
{
    if (rest.size == 0 || accord_digit(rest.data[0]))
        return 0;
    if (rest.data[0] == '~')
        return -1;
    return accord_letter(rest.data[0]) ? rest.data[0] : rest.data[0] + 256;
}

static int compare(struct accord_bytes a, struct accord_bytes b)
{
    while (a.size > 0 || b.size > 0) {
        while (rank(a) != 0 || rank(b) != 0) {
            if (rank(a) != rank(b))
                return rank(a) < rank(b) ? -1 : 1;
            a = (struct accord_bytes){a.data + 1, a.size - 1};
            b = (struct accord_bytes){b.data + 1, b.size - 1};
        }
        int order = accord_compare_digits(accord_cut_digits(&a), accord_cut_digits(&b));
        if (order != 0)
            return order;
    }
    return 0;
}

bool accord_version_deb(struct accord_bytes a, struct accord_bytes b, int *order)
{
    struct deb one, other;
    if (!read(a, &one) || !read(b, &other))
        return false;
    *order = accord_compare_digits(one.epoch, other.epoch);
    if (*order == 0)
        *order = compare(one.upstream, other.upstream);
    if (*order == 0)
        *order = compare(one.revision, other.revision);
    return true;
}
