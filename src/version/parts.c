/* Digits, letters, pieces. */
#include "version/parts.h"

#include <string.h>

static struct accord_bytes cut(struct accord_bytes *rest, bool (*is)(uint8_t byte))
{
    size_t size = 0;
    while (size < rest->size && is(rest->data[size]))
        size++;
    struct accord_bytes piece = {rest->data, size};
    rest->data += size;
    rest->size -= size;
    return piece;
}

struct accord_bytes accord_cut_digits(struct accord_bytes *rest)
{
    return cut(rest, accord_digit);
}

struct accord_bytes accord_cut_letters(struct accord_bytes *rest)
{
    return cut(rest, accord_letter);
}

int accord_compare_bytes(struct accord_bytes a, struct accord_bytes b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
    if (order != 0)
        return order < 0 ? -1 : 1;
    return a.size < b.size ? -1 : a.size > b.size;
}

int accord_compare_digits(struct accord_bytes a, struct accord_bytes b)
{
    while (a.size > 0 && a.data[0] == '0')
        a = (struct accord_bytes){a.data + 1, a.size - 1};
    while (b.size > 0 && b.data[0] == '0')
        b = (struct accord_bytes){b.data + 1, b.size - 1};
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return accord_compare_bytes(a, b);
}

struct accord_bytes accord_cut_before(struct accord_bytes *rest, uint8_t at)
{
    const uint8_t *found = rest->size == 0 ? NULL : memchr(rest->data, at, rest->size);
    struct accord_bytes piece = *rest;
    if (found == NULL) {
        rest->data += rest->size;
        rest->size = 0;
        return piece;
    }
    piece.size = (size_t)(found - rest->data);
    rest->data += piece.size + 1;
    rest->size -= piece.size + 1;
    return piece;
}

bool accord_all_digits(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!accord_digit(text.data[i]))
            return false;
    return text.size > 0;
}
