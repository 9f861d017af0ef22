/* Python's order (PEP 440), with the spellings that it normalises. */
#include "version/parts.h"

#include <string.h>

struct pypi {
    struct accord_bytes epoch, release, pre, post, dev, local; /* pre, post, dev: their numbers; local: its parts */
    char phase;                                                /* 'a', 'b', 'r'; 0 without */
    bool has_post, has_dev;
};

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static bool cut_word(struct accord_bytes *rest, const char *word)
{
    size_t size = strlen(word);
    if (rest->size < size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (lower(rest->data[i]) != (uint8_t)word[i])
            return false;
    *rest = (struct accord_bytes){rest->data + size, rest->size - size};
    return true;
}

static bool cut_separator(struct accord_bytes *rest)
{
    bool is = rest->size > 0 && (rest->data[0] == '.' || rest->data[0] == '-' || rest->data[0] == '_');
    if (is)
        *rest = (struct accord_bytes){rest->data + 1, rest->size - 1};
    return is;
}

/* The number behind a word, which may be left out, and may have a separator before it. */
static struct accord_bytes cut_number(struct accord_bytes *rest)
{
    (void)cut_separator(rest);
    return accord_cut_digits(rest);
}

static bool cut_release(struct accord_bytes *rest, struct accord_bytes *release)
{
    const uint8_t *from = rest->data;
    if (accord_cut_digits(rest).size == 0)
        return false;
    while (rest->size > 1 && rest->data[0] == '.' && accord_digit(rest->data[1])) {
        *rest = (struct accord_bytes){rest->data + 1, rest->size - 1};
        (void)accord_cut_digits(rest);
    }
    *release = (struct accord_bytes){from, (size_t)(rest->data - from)};
    return true;
}

static void cut_pre(struct accord_bytes *rest, struct pypi *version)
{
    static const struct {
        const char *word;
        char phase;
    } words[] = {{"alpha", 'a'}, {"beta", 'b'}, {"preview", 'r'}, {"pre", 'r'},
                 {"rc", 'r'},    {"a", 'a'},    {"b", 'b'},       {"c", 'r'}};
    struct accord_bytes ahead = *rest;
    (void)cut_separator(&ahead);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (cut_word(&ahead, words[i].word)) {
            version->phase = words[i].phase;
            version->pre = cut_number(&ahead);
            *rest = ahead;
            return;
        }
    }
}

static void cut_post(struct accord_bytes *rest, struct pypi *version)
{
    struct accord_bytes ahead = *rest;
    bool separated = cut_separator(&ahead);
    if (cut_word(&ahead, "post") || cut_word(&ahead, "rev") || cut_word(&ahead, "r")) {
        version->has_post = true;
        version->post = cut_number(&ahead);
        *rest = ahead;
    } else if (separated && rest->data[0] == '-' && ahead.size > 0 && accord_digit(ahead.data[0])) {
        version->has_post = true;
        version->post = accord_cut_digits(&ahead);
        *rest = ahead;
    }
}

static void cut_dev(struct accord_bytes *rest, struct pypi *version)
{
    struct accord_bytes ahead = *rest;
    (void)cut_separator(&ahead);
    if (cut_word(&ahead, "dev")) {
        version->has_dev = true;
        version->dev = cut_number(&ahead);
        *rest = ahead;
    }
}

/* `+` and parts of letters and digits with a separator between them. */
static bool cut_local(struct accord_bytes *rest, struct pypi *version)
{
    if (rest->size == 0)
        return true;
    if (rest->data[0] != '+')
        return false;
    version->local = (struct accord_bytes){rest->data + 1, rest->size - 1};
    bool fresh = true;
    for (size_t i = 0; i < version->local.size; i++) {
        uint8_t byte = version->local.data[i];
        bool part = accord_digit(byte) || accord_letter(byte);
        if (!part && (fresh || (byte != '.' && byte != '-' && byte != '_')))
            return false;
        fresh = !part;
    }
    return !fresh;
}

static bool read(struct accord_bytes text, struct pypi *version)
{
    *version = (struct pypi){.epoch = {text.data, 0}};
    struct accord_bytes rest = text;
    if (rest.size > 0 && lower(rest.data[0]) == 'v')
        rest = (struct accord_bytes){rest.data + 1, rest.size - 1};
    if (rest.size > 0 && memchr(rest.data, '!', rest.size) != NULL) {
        version->epoch = accord_cut_before(&rest, '!');
        if (!accord_all_digits(version->epoch))
            return false;
    }
    if (!cut_release(&rest, &version->release))
        return false;
    cut_pre(&rest, version);
    cut_post(&rest, version);
    cut_dev(&rest, version);
    return cut_local(&rest, version);
}

/* Numbers with dots; zeros at the end say nothing. */
static int compare_releases(struct accord_bytes a, struct accord_bytes b)
{
    int order = 0;
    while (order == 0 && (a.size > 0 || b.size > 0))
        order = accord_compare_digits(accord_cut_before(&a, '.'), accord_cut_before(&b, '.'));
    return order;
}

static int sign(int a, int b)
{
    return a < b ? -1 : a > b;
}

/* A development release of nothing else comes before all pre-releases; what is no pre-release after them. */
static int phase_rank(const struct pypi *version)
{
    if (version->phase != 0)
        return version->phase == 'a' ? 1 : version->phase == 'b' ? 2 : 3;
    return !version->has_post && version->has_dev ? 0 : 4;
}

static struct accord_bytes cut_part(struct accord_bytes *rest)
{
    size_t size = 0;
    while (size < rest->size && (accord_digit(rest->data[size]) || accord_letter(rest->data[size])))
        size++;
    struct accord_bytes part = {rest->data, size};
    size += size < rest->size;
    *rest = (struct accord_bytes){rest->data + size, rest->size - size};
    return part;
}

static int compare_folded(struct accord_bytes a, struct accord_bytes b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return lower(a.data[i]) < lower(b.data[i]) ? -1 : 1;
    return a.size < b.size ? -1 : a.size > b.size;
}

static int compare_locals(struct accord_bytes a, struct accord_bytes b)
{
    while (a.size > 0 && b.size > 0) {
        struct accord_bytes one = cut_part(&a), other = cut_part(&b);
        bool number = accord_all_digits(one), same = number == accord_all_digits(other);
        int order = !same ? (number ? 1 : -1) : number ? accord_compare_digits(one, other) : compare_folded(one, other);
        if (order != 0)
            return order;
    }
    return a.size > 0 ? 1 : b.size > 0 ? -1 : 0;
}

static int compare(const struct pypi *a, const struct pypi *b)
{
    int order = accord_compare_digits(a->epoch, b->epoch);
    order = order != 0 ? order : compare_releases(a->release, b->release);
    order = order != 0 ? order : sign(phase_rank(a), phase_rank(b));
    order = order != 0 ? order : accord_compare_digits(a->pre, b->pre);
    order = order != 0 ? order : sign(a->has_post, b->has_post);
    order = order != 0 ? order : accord_compare_digits(a->post, b->post);
    order = order != 0 ? order : sign(!a->has_dev, !b->has_dev);
    order = order != 0 ? order : accord_compare_digits(a->dev, b->dev);
    return order != 0 ? order : compare_locals(a->local, b->local);
}

bool accord_version_pypi(struct accord_bytes a, struct accord_bytes b, int *order)
{
    struct pypi one, other;
    if (!read(a, &one) || !read(b, &other))
        return false;
    *order = compare(&one, &other);
    return true;
}
