/* Bech32 as age uses it. Knows BIP173's alphabet and checksum, and nothing of keys. Secrets pass through here: no table
 * is indexed and no branch is taken by the data. */
#include "age/bech32.h"

#include "core/text.h"
#include "crypto/backend.h"

#include <stdlib.h>
#include <string.h>

#define CHECKSUM_SIZE 6
#define VALUES_MAX ((ACCORD_BECH32_DATA_MAX * 8 + 4) / 5 + CHECKSUM_SIZE)

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* All ones where a equals b, else zero. */
static unsigned same(unsigned a, unsigned b)
{
    return (((a ^ b) - 1U) >> 16) & 0xffff;
}

static uint8_t character_of(unsigned value)
{
    unsigned character = 0;
    for (unsigned i = 0; i < 32; i++)
        character |= same(i, value) & (unsigned char)alphabet[i];
    return (uint8_t)character;
}

/* The value of a character in lower case, or 32 and more. */
static unsigned value_of(unsigned character)
{
    unsigned value = 0, known = 0;
    for (unsigned i = 0; i < 32; i++) {
        unsigned mask = same((unsigned char)alphabet[i], character);
        value |= mask & i;
        known |= mask;
    }
    return value | (~known & 32);
}

static uint32_t checksum_step(uint32_t sum, unsigned value)
{
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ value;
    for (unsigned i = 0; i < 5; i++)
        sum ^= (0U - (top >> i & 1)) & generator[i];
    return sum;
}

/* The name's part of the checksum: its high bits, a zero, its low bits. */
static uint32_t checksum_start(struct accord_bytes name)
{
    uint32_t sum = 1;
    for (size_t i = 0; i < name.size; i++)
        sum = checksum_step(sum, name.data[i] >> 5);
    sum = checksum_step(sum, 0);
    for (size_t i = 0; i < name.size; i++)
        sum = checksum_step(sum, name.data[i] & 31);
    return sum;
}

/* Writes one value and takes it into the checksum. */
static void put_value(struct accord_out *out, uint32_t *sum, unsigned value)
{
    *sum = checksum_step(*sum, value);
    accord_put_byte(out, character_of(value));
}

void accord_bech32_print(struct accord_out *out, struct accord_bytes name, struct accord_bytes data)
{
    if (data.size > ACCORD_BECH32_DATA_MAX)
        abort();
    uint32_t sum = checksum_start(name);
    accord_put(out, name);
    accord_put_byte(out, '1');
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < data.size; i++) {
        bits = (bits << 8 | data.data[i]) & 0xfff;
        for (count += 8; count >= 5; count -= 5)
            put_value(out, &sum, bits >> (count - 5) & 31);
    }
    if (count > 0)
        put_value(out, &sum, bits << (5 - count) & 31);
    uint32_t checked = sum;
    for (unsigned i = 0; i < CHECKSUM_SIZE; i++)
        checked = checksum_step(checked, 0);
    checked ^= 1;
    for (unsigned i = 0; i < CHECKSUM_SIZE; i++)
        put_value(out, &sum, checked >> (5 * (CHECKSUM_SIZE - 1 - i)) & 31);
}

/* Values of five bits to bytes; the bits left over must be zero. */
static bool regroup(const uint8_t *values, size_t value_count, uint8_t *data, size_t size)
{
    unsigned bits = 0, count = 0;
    size_t done = 0;
    for (size_t i = 0; i < value_count; i++) {
        bits = (bits << 5 | values[i]) & 0xfff;
        count += 5;
        if (count >= 8 && done < size) {
            count -= 8;
            data[done++] = (uint8_t)(bits >> count);
        }
    }
    return done == size && (bits & ((1U << count) - 1)) == 0;
}

bool accord_bech32_parse(struct accord_bytes text, struct accord_bytes name, uint8_t *data, size_t size)
{
    if (size > ACCORD_BECH32_DATA_MAX)
        abort();
    if (text.size != ACCORD_BECH32_SIZE(name.size, size))
        return false;
    unsigned lower = 0, upper = 0, unknown = 0;
    uint8_t values[VALUES_MAX];
    uint32_t sum = checksum_start(name);
    for (size_t i = 0; i < text.size; i++) {
        unsigned character = text.data[i];
        unsigned is_upper = character - 'A' <= 'Z' - 'A', is_lower = character - 'a' <= 'z' - 'a';
        upper |= is_upper;
        lower |= is_lower;
        character += is_upper * ('a' - 'A');
        if (i < name.size)
            unknown |= character != name.data[i];
        else if (i == name.size)
            unknown |= character != '1';
        else {
            unsigned value = value_of(character);
            unknown |= value >> 5;
            values[i - name.size - 1] = value & 31;
            sum = checksum_step(sum, value & 31);
        }
    }
    size_t value_count = text.size - name.size - 1 - CHECKSUM_SIZE;
    bool valid = (upper & lower) == 0 && unknown == 0 && sum == 1 && regroup(values, value_count, data, size);
    accord_wipe(values, sizeof values);
    if (!valid)
        accord_wipe(data, size);
    return valid;
}
