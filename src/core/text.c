/* One cut, one decimal, one hexadecimal, one base64. Each reader accepts exactly what its printer writes. */
#include "core/text.h"

#include <string.h>

bool accord_cut(struct accord_bytes *rest, uint8_t at, struct accord_bytes *piece)
{
    const uint8_t *found = rest->size == 0 ? NULL : memchr(rest->data, at, rest->size);
    if (found == NULL)
        return false;
    size_t size = (size_t)(found - rest->data);
    *piece = (struct accord_bytes){rest->data, size};
    *rest = (struct accord_bytes){found + 1, rest->size - size - 1};
    return true;
}

bool accord_cut_line(struct accord_bytes *rest, struct accord_bytes *line)
{
    return accord_cut(rest, '\n', line);
}

bool accord_cut_prefix(struct accord_bytes *rest, struct accord_bytes prefix)
{
    if (prefix.size == 0)
        return true;
    if (rest->size < prefix.size || memcmp(rest->data, prefix.data, prefix.size) != 0)
        return false;
    *rest = (struct accord_bytes){rest->data + prefix.size, rest->size - prefix.size};
    return true;
}

bool accord_decimal_read(struct accord_bytes text, uint64_t *number)
{
    if (text.size == 0 || text.size > ACCORD_DECIMAL_SIZE_MAX || (text.size > 1 && text.data[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool accord_hex_read(struct accord_bytes text, uint8_t *data, size_t size)
{
    if (text.size != size * 2)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text.data[2 * i]);
        int low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        data[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What each byte is worth, with bit 6 set where it is a digit at all. */
#define DIGIT(value) (64 | (value))
static const uint8_t base64_value[256] = {
    ['A'] = DIGIT(0),  ['B'] = DIGIT(1),  ['C'] = DIGIT(2),  ['D'] = DIGIT(3),  ['E'] = DIGIT(4),  ['F'] = DIGIT(5),
    ['G'] = DIGIT(6),  ['H'] = DIGIT(7),  ['I'] = DIGIT(8),  ['J'] = DIGIT(9),  ['K'] = DIGIT(10), ['L'] = DIGIT(11),
    ['M'] = DIGIT(12), ['N'] = DIGIT(13), ['O'] = DIGIT(14), ['P'] = DIGIT(15), ['Q'] = DIGIT(16), ['R'] = DIGIT(17),
    ['S'] = DIGIT(18), ['T'] = DIGIT(19), ['U'] = DIGIT(20), ['V'] = DIGIT(21), ['W'] = DIGIT(22), ['X'] = DIGIT(23),
    ['Y'] = DIGIT(24), ['Z'] = DIGIT(25), ['a'] = DIGIT(26), ['b'] = DIGIT(27), ['c'] = DIGIT(28), ['d'] = DIGIT(29),
    ['e'] = DIGIT(30), ['f'] = DIGIT(31), ['g'] = DIGIT(32), ['h'] = DIGIT(33), ['i'] = DIGIT(34), ['j'] = DIGIT(35),
    ['k'] = DIGIT(36), ['l'] = DIGIT(37), ['m'] = DIGIT(38), ['n'] = DIGIT(39), ['o'] = DIGIT(40), ['p'] = DIGIT(41),
    ['q'] = DIGIT(42), ['r'] = DIGIT(43), ['s'] = DIGIT(44), ['t'] = DIGIT(45), ['u'] = DIGIT(46), ['v'] = DIGIT(47),
    ['w'] = DIGIT(48), ['x'] = DIGIT(49), ['y'] = DIGIT(50), ['z'] = DIGIT(51), ['0'] = DIGIT(52), ['1'] = DIGIT(53),
    ['2'] = DIGIT(54), ['3'] = DIGIT(55), ['4'] = DIGIT(56), ['5'] = DIGIT(57), ['6'] = DIGIT(58), ['7'] = DIGIT(59),
    ['8'] = DIGIT(60), ['9'] = DIGIT(61), ['+'] = DIGIT(62), ['/'] = DIGIT(63),
};
#undef DIGIT

bool accord_base64_size(struct accord_bytes text, size_t *size)
{
    if (text.size % 4 != 0)
        return false;
    size_t padding = 0;
    if (text.size > 0 && text.data[text.size - 1] == '=')
        padding = text.data[text.size - 2] == '=' ? 2 : 1;
    *size = text.size / 4 * 3 - padding;
    return true;
}

bool accord_base64_read(struct accord_bytes text, uint8_t *data, size_t size)
{
    size_t holds;
    if (!accord_base64_size(text, &holds) || holds != size)
        return false;
    size_t whole = size / 3;
    for (size_t i = 0; i < whole; i++) {
        const uint8_t *in = text.data + 4 * i;
        uint32_t a = base64_value[in[0]], b = base64_value[in[1]], c = base64_value[in[2]], d = base64_value[in[3]];
        if (!(a & b & c & d & 64))
            return false;
        uint32_t bits = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
        data[3 * i] = (uint8_t)(bits >> 16);
        data[3 * i + 1] = (uint8_t)(bits >> 8);
        data[3 * i + 2] = (uint8_t)bits;
    }
    size_t left = size - whole * 3;
    if (left == 0)
        return true;
    const uint8_t *in = text.data + 4 * whole;
    uint32_t a = base64_value[in[0]], b = base64_value[in[1]];
    uint32_t c = left == 2 ? base64_value[in[2]] : 64;
    if (!(a & b & c & 64))
        return false;
    uint32_t bits = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6;
    if (left == 1 ? (bits & 0xffff) != 0 : (bits & 0xff) != 0) /* the unused bits of the last digit: one encoding */
        return false;
    data[3 * whole] = (uint8_t)(bits >> 16);
    if (left == 2)
        data[3 * whole + 1] = (uint8_t)(bits >> 8);
    return true;
}

bool accord_base64_valid(struct accord_bytes text)
{
    uint8_t data[48];
    size_t size;
    while (text.size > 64) { /* padding inside the text makes a piece shorter than 48 bytes */
        if (!accord_base64_read((struct accord_bytes){text.data, 64}, data, sizeof data))
            return false;
        text = (struct accord_bytes){text.data + 64, text.size - 64};
    }
    return accord_base64_size(text, &size) && accord_base64_read(text, data, size);
}

/* The length of the UTF-8 sequence at the start of the text, or 0 (RFC 3629: no surrogates, no overlong forms). */
static size_t utf8_sequence(struct accord_bytes text)
{
    const uint8_t *b = text.data;
    uint8_t first = b[0], low = 0x80, high = 0xbf;
    size_t size;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf) {
        size = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        size = 3;
        low = first == 0xe0 ? 0xa0 : 0x80;
        high = first == 0xed ? 0x9f : 0xbf;
    } else if (first >= 0xf0 && first <= 0xf4) {
        size = 4;
        low = first == 0xf0 ? 0x90 : 0x80;
        high = first == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (text.size < size || b[1] < low || b[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool accord_utf8_valid(struct accord_bytes text)
{
    while (text.size > 0) {
        size_t size = utf8_sequence(text);
        if (size == 0)
            return false;
        text = (struct accord_bytes){text.data + size, text.size - size};
    }
    return true;
}

/* Room for size more bytes, or NULL: then the writer is full from here on. */
static uint8_t *take(struct accord_out *out, size_t size)
{
    if (out->full || out->capacity - out->size < size) {
        out->full = true;
        return NULL;
    }
    uint8_t *place = out->data + out->size;
    out->size += size;
    return place;
}

void accord_put(struct accord_out *out, struct accord_bytes bytes)
{
    uint8_t *place = bytes.size == 0 ? NULL : take(out, bytes.size);
    if (place != NULL)
        memcpy(place, bytes.data, bytes.size);
}

void accord_put_byte(struct accord_out *out, uint8_t byte)
{
    accord_put(out, (struct accord_bytes){&byte, 1});
}

void accord_put_decimal(struct accord_out *out, uint64_t number)
{
    uint8_t digits[ACCORD_DECIMAL_SIZE_MAX];
    size_t first = sizeof digits;
    do {
        digits[--first] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    accord_put(out, (struct accord_bytes){digits + first, sizeof digits - first});
}

void accord_put_hex(struct accord_out *out, struct accord_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *place = bytes.size == 0 ? NULL : take(out, bytes.size * 2);
    for (size_t i = 0; place != NULL && i < bytes.size; i++) {
        place[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
        place[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 15];
    }
}

void accord_put_base64(struct accord_out *out, struct accord_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t bits = (uint32_t)bytes.data[i] << 16;
        if (left > 1)
            bits |= (uint32_t)bytes.data[i + 1] << 8;
        if (left > 2)
            bits |= bytes.data[i + 2];
        uint8_t digits[4];
        digits[0] = (uint8_t)base64_alphabet[bits >> 18];
        digits[1] = (uint8_t)base64_alphabet[bits >> 12 & 63];
        digits[2] = left > 1 ? (uint8_t)base64_alphabet[bits >> 6 & 63] : '=';
        digits[3] = left > 2 ? (uint8_t)base64_alphabet[bits & 63] : '=';
        accord_put(out, (struct accord_bytes){digits, 4});
    }
}

void accord_put_be64(struct accord_out *out, uint64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    accord_put(out, (struct accord_bytes){bytes, 8});
}
