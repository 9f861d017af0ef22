/* Small files encrypted to a passphrase, which is not empty: private keys at rest. At most one chunk, 64 KiB, in
 * memory. */
#ifndef ACCORD_AGE_SMALL_H
#define ACCORD_AGE_SMALL_H

#include "accord/bytes.h"
#include "accord/error.h"
#include "base/buffer.h"

#define ACCORD_AGE_PLAIN_MAX 65536
/* A whole file in binary: a header with one scrypt stanza, nonce, one chunk and its tag. */
#define ACCORD_AGE_BINARY_MAX (256 + 16 + ACCORD_AGE_PLAIN_MAX + 16)
/* The same armored, generously. */
#define ACCORD_AGE_FILE_MAX (ACCORD_AGE_BINARY_MAX / 48 * 65 + 256)
/* Base-two logarithm of scrypt's work factor: what is written (a quarter of a second, 64 MiB), and the most that is
 * read. */
#define ACCORD_AGE_WORK_LOG2 16
#define ACCORD_AGE_WORK_LOG2_MAX 20

/* Does this begin as an age file does, binary or armored? */
bool accord_age_recognize(struct accord_bytes file);
/* Armored to binary, appended to *binary (whose maximum bounds it); a binary file is copied. */
ACCORD_MUST_USE enum accord_status accord_age_unarmor(struct accord_bytes file, struct accord_buffer *binary,
                                                      struct accord_error *error);

/* Appends the plaintext to *plain. ACCORD_WRONG_PASSPHRASE, ACCORD_KEY_TYPE where it is encrypted to something else
 * than a passphrase, ACCORD_TOO_LARGE where the work factor or the plaintext is, ACCORD_MALFORMED where the file was
 * changed after the passphrase had sealed it, ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_age_decrypt(struct accord_bytes file, struct accord_bytes passphrase,
                                                      struct accord_buffer *plain, struct accord_error *error);
/* Appends the armored encryption of plain to *file. ACCORD_TOO_LARGE, ACCORD_NO_MEMORY. */
ACCORD_MUST_USE enum accord_status accord_age_encrypt(struct accord_bytes plain, struct accord_bytes passphrase,
                                                      struct accord_buffer *file, struct accord_error *error);

#endif
