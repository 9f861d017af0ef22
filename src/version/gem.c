/* RubyGems' order (Gem::Version), and numbers with dots. */
#include "version/parts.h"

/* Segments are numbers and words; a hyphen begins a pre-release. */
static bool valid(struct accord_bytes text)
{
    bool fresh = true;
    if (text.size == 0 || !accord_digit(text.data[0]))
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool part = accord_digit(text.data[i]) || accord_letter(text.data[i]);
        if (!part && (text.data[i] != '.' && text.data[i] != '-'))
            return false;
        if (!part && fresh)
            return false;
        fresh = !part;
    }
    return !fresh;
}

struct segment {
    struct accord_bytes text;
    bool number;
};

/* A hyphen counts as the segment `pre`. Past the end there are zeros. */
static struct segment next(struct accord_bytes *rest, bool *more)
{
    static const uint8_t pre[] = {'p', 'r', 'e'};
    *more = rest->size > 0;
    if (!*more)
        return (struct segment){{NULL, 0}, true};
    if (rest->data[0] == '.')
        *rest = (struct accord_bytes){rest->data + 1, rest->size - 1};
    if (rest->size > 0 && rest->data[0] == '-') {
        *rest = (struct accord_bytes){rest->data + 1, rest->size - 1};
        return (struct segment){{pre, sizeof pre}, false};
    }
    bool number = rest->size > 0 && accord_digit(rest->data[0]);
    return (struct segment){number ? accord_cut_digits(rest) : accord_cut_letters(rest), number};
}

/* Zeros before the first word, or at the end, say nothing. */
static struct segment next_said(struct accord_bytes *rest, bool *more, bool *word)
{
    struct segment segment = next(rest, more);
    *word |= !segment.number;
    if (!*more || !segment.number || accord_compare_digits(segment.text, (struct accord_bytes){NULL, 0}) != 0)
        return segment;
    struct accord_bytes ahead = *rest, before = ahead;
    struct segment other = segment;
    bool there = true;
    while (there && other.number && accord_compare_digits(other.text, (struct accord_bytes){NULL, 0}) == 0) {
        before = ahead;
        other = next(&ahead, &there);
    }
    if (there && (other.number || *word))
        return segment;
    *rest = before;
    *word = true;
    return next(rest, more);
}

bool accord_version_gem(struct accord_bytes a, struct accord_bytes b, int *order)
{
    if (!valid(a) || !valid(b))
        return false;
    bool more_a = true, more_b = true, word_a = false, word_b = false;
    *order = 0;
    while (*order == 0 && (more_a || more_b)) {
        struct segment one = next_said(&a, &more_a, &word_a), other = next_said(&b, &more_b, &word_b);
        if (one.number != other.number)
            *order = one.number ? 1 : -1;
        else
            *order =
                one.number ? accord_compare_digits(one.text, other.text) : accord_compare_bytes(one.text, other.text);
    }
    return true;
}

static bool intdot_valid(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!accord_digit(text.data[i]) && (text.data[i] != '.' || i == 0 || text.data[i - 1] == '.'))
            return false;
    return text.size > 0 && text.data[text.size - 1] != '.';
}

bool accord_version_intdot(struct accord_bytes a, struct accord_bytes b, int *order)
{
    if (!intdot_valid(a) || !intdot_valid(b))
        return false;
    *order = 0;
    while (*order == 0 && (a.size > 0 || b.size > 0))
        *order = accord_compare_digits(accord_cut_before(&a, '.'), accord_cut_before(&b, '.'));
    return true;
}
