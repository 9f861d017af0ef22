/* The text of private keys: a note key's line, an age identity's file. */
#ifndef ACCORD_KEYS_PRIVATE_H
#define ACCORD_KEYS_PRIVATE_H

#include "accord/note.h"

#define ACCORD_SEED_SIZE 32
#define ACCORD_PRIVATE_KEY_SIZE_MAX (12 + ACCORD_KEY_NAME_SIZE_MAX + 1 + 8 + 1 + 44 + 1)
#define ACCORD_IDENTITY_FILE_SIZE 256 /* room for a report key's file as accord_identity_print makes it */

/* A note key, as a line says it; whether the id is right is not known yet. name borrows. */
struct accord_private_key {
    struct accord_bytes name;
    uint32_t id;
    enum accord_key_type type;
    uint8_t seed[ACCORD_SEED_SIZE];
};

/* Parses `PRIVATE+KEY+<name>+<hex id>+<base64>`, with or without a final newline (Go's note.GenerateKey makes none).
 * ACCORD_BAD_KEY, ACCORD_KEY_TYPE; wipes the seed then. */
ACCORD_MUST_USE enum accord_status accord_private_key_parse(struct accord_private_key *key, struct accord_bytes text,
                                                            struct accord_error *error);
/* Prints it with a final newline. */
void accord_private_key_print(struct accord_out *out, const struct accord_private_key *key);

/* An age X25519 identity and its recipient. The file holds one key; ACCORD_BAD_KEY, ACCORD_DUPLICATE, and secret is
 * wiped then. */
ACCORD_MUST_USE enum accord_status accord_identity_parse(uint8_t secret[32], struct accord_bytes file,
                                                         struct accord_error *error);
void accord_identity_print(struct accord_out *out, const uint8_t secret[32]);
/* Prints `age1...`. */
void accord_recipient_print(struct accord_out *out, const uint8_t secret[32]);

#endif
