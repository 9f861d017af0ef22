/* Terminals obey some of the characters that they are shown: those are shown as question marks. */
#include "cli/plain.h"

/* U+202A to U+202E, U+200E, U+200F, U+2066 to U+2069. */
static bool turns(const uint8_t *at, size_t left)
{
    if (left < 3 || at[0] != 0xe2) {
        return false;
    }
    return at[1] == 0x80 ? (at[2] >= 0xaa && at[2] <= 0xae) || at[2] == 0x8e || at[2] == 0x8f
                         : at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9;
}

/* U+0080 to U+009F. */
static bool high_control(const uint8_t *at, size_t left)
{
    return left >= 2 && at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
}

const char *accord_plain(struct accord_bytes text, char shown[ACCORD_PLAIN_SIZE])
{
    size_t size = 0;
    for (size_t i = 0; i < text.size && size + 1 < ACCORD_PLAIN_SIZE; i++) {
        const uint8_t *at = text.data + i;
        size_t skipped = turns(at, text.size - i) ? 3 : high_control(at, text.size - i) ? 2 : 0;
        bool control = skipped > 0 || *at < ' ' || *at == 0x7f;
        shown[size++] = control ? '?' : (char)*at;
        i += skipped > 0 ? skipped - 1 : 0;
    }
    shown[size] = '\0';
    return shown;
}
