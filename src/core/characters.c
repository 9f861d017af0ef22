/* The characters of notes and of key names. Knows which are allowed, and nothing of the lines that they form. */
#include "core/characters.h"

#include "core/text.h"

enum accord_status accord_characters_check(struct accord_bytes bytes, struct accord_error *error)
{
    for (uint64_t line = 1; bytes.size > 0; line++) {
        struct accord_bytes piece;
        if (!accord_cut_line(&bytes, &piece)) {
            piece = bytes;
            bytes.size = 0;
        }
        bool control = false;
        uint8_t seen = 0;
        for (size_t i = 0; i < piece.size; i++) {
            control |= piece.data[i] < 0x20;
            seen |= piece.data[i];
        }
        /* A newline is never part of a longer sequence, so the bytes are UTF-8 if each line is. */
        if (control || (seen >= 0x80 && !accord_utf8_valid(piece))) {
            accord_fail(error, ACCORD_NOT_UTF8, line);
            accord_error_found(error, piece);
            return ACCORD_NOT_UTF8;
        }
    }
    return ACCORD_OK;
}

/* Does the sequence that starts here encode one of the spaces outside ASCII? The list is Unicode's White_Space, as in
 * Go's unicode.IsSpace: U+0085 U+00A0 U+1680 U+2000-200A U+2028 U+2029 U+202F U+205F U+3000. */
static bool wide_space(const uint8_t *at, size_t left)
{
    if (at[0] == 0xc2)
        return left >= 2 && (at[1] == 0x85 || at[1] == 0xa0);
    if (left < 3)
        return false;
    uint32_t three = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
    return three == 0xe19a80 || (three >= 0xe28080 && three <= 0xe2808a) || three == 0xe280a8 || three == 0xe280a9 ||
           three == 0xe280af || three == 0xe2819f || three == 0xe38080;
}

bool accord_characters_name(struct accord_bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= 0x20 || name.data[i] == '+' || wide_space(name.data + i, name.size - i))
            return false;
    return name.size > 0 && accord_utf8_valid(name);
}
