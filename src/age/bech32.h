/* Bech32 (BIP173, without its limit on length), as age writes keys. */
#ifndef ACCORD_AGE_BECH32_H
#define ACCORD_AGE_BECH32_H

#include "accord/bytes.h"

#define ACCORD_BECH32_DATA_MAX 64
/* Characters of a text: the name, '1', five bits of data each, six of checksum. */
#define ACCORD_BECH32_SIZE(name_size, data_size) ((name_size) + 1 + ((data_size)*8 + 4) / 5 + 6)

/* Prints data under name, both lower case. */
void accord_bech32_print(struct accord_out *out, struct accord_bytes name, struct accord_bytes data);
/* Parses a text whose name, in lower case, is name: all lower or all upper case, a right checksum, no spare bits,
 * exactly size bytes. Takes the same time and touches the same memory whatever the data are, so it may read secrets. */
ACCORD_MUST_USE bool accord_bech32_parse(struct accord_bytes text, struct accord_bytes name, uint8_t *data,
                                         size_t size);

#endif
