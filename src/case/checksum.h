/* A checksum that notices accidents, at the speed of memory: did a file change between two readings of it? It is no
 * defence against whoever wants it not to be noticed. */
#ifndef ACCORD_CASE_CHECKSUM_H
#define ACCORD_CASE_CHECKSUM_H

#include "accord/bytes.h"

struct accord_checksum {
    uint64_t lane[4];
    uint64_t size;
    uint8_t rest[32]; /* what is not a whole step yet */
};
void accord_checksum_init(struct accord_checksum *sum);
/* However the bytes are cut into pieces, the checksum is the same. */
void accord_checksum_update(struct accord_checksum *sum, struct accord_bytes bytes);
uint64_t accord_checksum_final(const struct accord_checksum *sum);

#endif
