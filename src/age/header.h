/* The header of age files (C2SP age, "Header"): the one parser and the one printer. Nothing is verified here but by
 * accord_age_header_opens. */
#ifndef ACCORD_AGE_HEADER_H
#define ACCORD_AGE_HEADER_H

#include "accord/bytes.h"
#include "accord/error.h"

/* For whom the file's key is wrapped. Slices borrow from the file. */
struct accord_age_stanza {
    struct accord_bytes type, arguments; /* arguments: words with a space between; may be empty */
    struct accord_bytes body;            /* base64 without padding: full lines and one that is not, each with its end */
};

struct accord_age_header {
    struct accord_bytes stanzas;  /* to be cut one by one */
    struct accord_bytes mac_over; /* up to and including "---" */
    size_t size;                  /* of the whole header */
    uint8_t mac[32];
    /* How many stanzas of each type, without those that say nothing ("grease"); other: neither of the first two, hybrid
     * (mlkem768x25519): so many of the others. scrypt is 1 only where it is the only stanza. */
    size_t x25519, scrypt, other, hybrid;
    unsigned work_log2; /* scrypt's; UINT_MAX where it is beyond all bounds */
};

/* Parses the header at the beginning of a binary file; what follows it may be cut off. Stanzas of the types that are
 * known are of the form that they must have. ACCORD_MALFORMED, with the line. */
ACCORD_MUST_USE enum accord_status accord_age_header_parse(struct accord_age_header *header, struct accord_bytes file,
                                                           struct accord_error *error);
/* Cuts a stanza from those of a header; false where there are no more. */
ACCORD_MUST_USE bool accord_age_header_cut(struct accord_bytes *stanzas, struct accord_age_stanza *stanza);
/* Does this X25519 identity open one of its stanzas, and is the header then as whoever sealed it made it? */
bool accord_age_header_opens(const struct accord_age_header *header, const uint8_t secret[32]);

/* The printer: the first line, stanzas, and the end, whose MAC is over all that was printed before it and "---". */
void accord_age_header_put_version(struct accord_out *out);
void accord_age_header_put_stanza(struct accord_out *out, const struct accord_age_stanza *stanza);
void accord_age_header_put_end(struct accord_out *out, const uint8_t mac[32]);

/* Canonical base64 without padding, of exactly size bytes, at most ACCORD_AGE_BASE64_MAX. */
#define ACCORD_AGE_BASE64_MAX 1120
ACCORD_MUST_USE bool accord_age_base64_read(struct accord_bytes text, uint8_t *data, size_t size);
void accord_age_base64_put(struct accord_out *out, const uint8_t *data, size_t size);
/* A body of one line. */
ACCORD_MUST_USE bool accord_age_body_read(const struct accord_age_stanza *stanza, uint8_t *data, size_t size);

#endif
