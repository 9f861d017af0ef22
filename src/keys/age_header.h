/* To whom an age file is encrypted, and whether a key opens it: its header alone (C2SP age, "Header"). What it holds
 * is not read. */
#ifndef ACCORD_KEYS_AGE_HEADER_H
#define ACCORD_KEYS_AGE_HEADER_H

#include "accord/bytes.h"
#include "accord/error.h"

/* A header of any recipients; nothing has been verified. Slices borrow from the file. */
struct accord_age_header {
    struct accord_bytes mac_over; /* up to and including "---" */
    size_t size;                  /* of the whole header */
    uint8_t mac[32];
    size_t x25519, scrypt, other; /* how many stanzas of each type, without those that say nothing ("grease") */
};

/* Parses the header at the beginning of a binary file; what follows it may be cut off. ACCORD_MALFORMED, with the line.
 */
ACCORD_MUST_USE enum accord_status accord_age_header_parse(struct accord_age_header *header, struct accord_bytes file,
                                                           struct accord_error *error);
/* Does this X25519 identity open one of its stanzas, and is the header then as whoever sealed it made it? */
bool accord_age_header_opens(const struct accord_age_header *header, const uint8_t secret[32]);

#endif
