/* What the files on age have in common (C2SP age). Inside this room only. */
#ifndef ACCORD_KEYS_AGE_INNER_H
#define ACCORD_KEYS_AGE_INNER_H

#include "accord/bytes.h"

#define ACCORD_AGE_VERSION "age-encryption.org/v1\n"
#define ACCORD_AGE_FILE_KEY_SIZE 16

/* Canonical base64 without padding, exactly size bytes. */
ACCORD_MUST_USE bool accord_age_base64_read(struct accord_bytes text, uint8_t *data, size_t size);
/* HKDF-SHA-256 (RFC 5869) with 32 bytes of output, which is one block: info is followed by its number. */
void accord_age_derive(struct accord_bytes secret, struct accord_bytes salt, struct accord_bytes info_and_one,
                       uint8_t key[32]);
/* Of a header up to and including "---". */
void accord_age_header_mac(const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], struct accord_bytes header,
                           uint8_t mac[32]);

#endif
