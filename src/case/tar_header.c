/* Headers of tar (POSIX ustar), in the one form that a parcel has: nothing in them but a name and a size, so nobody's
 * clock, name or machine. */
#include "case/tar_header.h"

#include <string.h>

#define MODE_AT 100
#define UID_AT 108
#define GID_AT 116
#define SIZE_AT 124
#define SIZE_DIGITS 11
#define MTIME_AT 136
#define CHECKSUM_AT 148
#define CHECKSUM_DIGITS 6
#define TYPE_AT 156
#define MAGIC_AT 257
#define MAJOR_AT 329
#define MINOR_AT 337

static void put_octal(uint8_t *at, size_t digits, uint64_t number)
{
    for (size_t i = digits; i > 0; i--, number >>= 3) {
        at[i - 1] = (uint8_t)('0' + (number & 7));
    }
}

void accord_tar_header(uint8_t block[ACCORD_TAR_BLOCK], struct accord_bytes name, uint64_t size)
{
    unsigned sum = 0;
    memset(block, 0, ACCORD_TAR_BLOCK);
    memcpy(block, name.data, name.size < ACCORD_TAR_NAME_MAX ? name.size : ACCORD_TAR_NAME_MAX);
    memcpy(block + MODE_AT, "0000644", 7);
    memcpy(block + UID_AT, "0000000", 7);
    memcpy(block + GID_AT, "0000000", 7);
    put_octal(block + SIZE_AT, SIZE_DIGITS, size);
    memcpy(block + MTIME_AT, "00000000000", 11);
    memset(block + CHECKSUM_AT, ' ', 8);
    block[TYPE_AT] = '0';
    memcpy(block + MAGIC_AT, "ustar\00000", 8);
    memcpy(block + MAJOR_AT, "0000000", 7);
    memcpy(block + MINOR_AT, "0000000", 7);
    for (size_t i = 0; i < ACCORD_TAR_BLOCK; i++) {
        sum += block[i];
    }
    put_octal(block + CHECKSUM_AT, CHECKSUM_DIGITS, sum);
    block[CHECKSUM_AT + CHECKSUM_DIGITS] = '\0';
}

bool accord_tar_size(const uint8_t block[ACCORD_TAR_BLOCK], uint64_t *size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < SIZE_DIGITS; i++) {
        uint8_t digit = block[SIZE_AT + i];
        if (digit < '0' || digit > '7') {
            return false;
        }
        number = number << 3 | (uint64_t)(digit - '0');
    }
    *size = number;
    return block[SIZE_AT + SIZE_DIGITS] == '\0';
}
