/* Small files encrypted to a passphrase, as age does (C2SP age, "The scrypt recipient type"): private keys at rest. The
 * payload is at most one chunk, 64 KiB. */
#ifndef ACCORD_KEYS_AGE_H
#define ACCORD_KEYS_AGE_H

#include "accord/bytes.h"
#include "accord/error.h"
#include "base/buffer.h"

#define ACCORD_AGE_PLAIN_MAX 65536
#define ACCORD_AGE_HEADER_MAX 256
/* A whole file in binary: header, nonce, one chunk and its tag. */
#define ACCORD_AGE_BINARY_MAX (ACCORD_AGE_HEADER_MAX + 16 + ACCORD_AGE_PLAIN_MAX + 16)
/* The same armored, generously. */
#define ACCORD_AGE_FILE_MAX (ACCORD_AGE_BINARY_MAX / 48 * 65 + 256)
/* Base-two logarithm of scrypt's work factor: what is written (a quarter of a second, 64 MiB), and the most that is
 * read. */
#define ACCORD_AGE_WORK_LOG2 16
#define ACCORD_AGE_WORK_LOG2_MAX 20

/* The header of a file with one scrypt stanza; nothing has been verified. Slices borrow from the file. */
struct accord_age_claim {
    struct accord_bytes header;  /* what the MAC is over: up to and including "---" */
    struct accord_bytes payload; /* nonce and chunk */
    unsigned work_log2;
    uint8_t salt[16];
    uint8_t wrapped_key[32];
    uint8_t mac[32];
};

/* Does this begin as an age file does, binary or armored? */
bool accord_age_recognize(struct accord_bytes file);
/* Armored to binary, appended to *binary (whose maximum bounds it); a binary file is copied. */
ACCORD_MUST_USE enum accord_status accord_age_unarmor(struct accord_bytes file, struct accord_buffer *binary,
                                                      struct accord_error *error);
/* Appends the armored form. */
ACCORD_MUST_USE enum accord_status accord_age_armor(struct accord_bytes binary, struct accord_buffer *file);
/* Parses a binary file. ACCORD_KEY_TYPE where it is encrypted to something else than a passphrase, ACCORD_TOO_LARGE
 * where the work factor or the payload is. */
ACCORD_MUST_USE enum accord_status accord_age_parse(struct accord_age_claim *claim, struct accord_bytes binary,
                                                    struct accord_error *error);
/* Prints the header of a claim, with its MAC line; claim->header is not used. */
void accord_age_print(struct accord_out *out, const struct accord_age_claim *claim);

/* Appends the plaintext to *plain. ACCORD_WRONG_PASSPHRASE, ACCORD_MALFORMED where the file was changed after the
 * passphrase had sealed it, ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_age_decrypt(struct accord_bytes file, struct accord_bytes passphrase,
                                                      struct accord_buffer *plain, struct accord_error *error);
/* Appends the armored encryption of plain to *file. ACCORD_TOO_LARGE, ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_age_encrypt(struct accord_bytes plain, struct accord_bytes passphrase,
                                                      struct accord_buffer *file, struct accord_error *error);

#endif
