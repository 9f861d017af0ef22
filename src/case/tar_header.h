/* The one form of tar that a parcel has (docs/protocol.md, "The parcel"). */
#ifndef ACCORD_CASE_TAR_HEADER_H
#define ACCORD_CASE_TAR_HEADER_H

#include "accord/bytes.h"

#define ACCORD_TAR_BLOCK 512
#define ACCORD_TAR_NAME_MAX 100

/* The header of a file: its name has 1 to ACCORD_TAR_NAME_MAX bytes, its size fits eleven octal digits. */
void accord_tar_header(uint8_t block[ACCORD_TAR_BLOCK], struct accord_bytes name, uint64_t size);
/* The size that a header says; false where it is not eleven octal digits and a NUL. Nothing else is looked at. */
ACCORD_MUST_USE bool accord_tar_size(const uint8_t block[ACCORD_TAR_BLOCK], uint64_t *size);
/* How much follows so many bytes until a block is full. */
static inline uint64_t accord_tar_fill(uint64_t size)
{
    return (ACCORD_TAR_BLOCK - size % ACCORD_TAR_BLOCK) % ACCORD_TAR_BLOCK;
}

#endif
