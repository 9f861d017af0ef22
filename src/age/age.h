/* age v1 files (C2SP age), sealed and opened as a stream: any size in constant memory. Recipients are X25519 keys or
 * one passphrase; whatever reads age opens what is sealed here. */
#ifndef ACCORD_AGE_AGE_H
#define ACCORD_AGE_AGE_H

#include "accord/bytes.h"
#include "accord/error.h"
#include "base/buffer.h"

#define ACCORD_AGE_RECIPIENTS_MAX 32
#define ACCORD_AGE_HEADER_MAX 65536
#define ACCORD_AGE_FILE_KEY_SIZE 16
#define ACCORD_AGE_SEED_SIZE 32

/* Where bytes go. write is called with what is new, and its refusal ends the work. */
struct accord_age_sink {
    void *context;
    enum accord_status (*write)(void *context, struct accord_bytes bytes, struct accord_error *error);
};

/* The X25519 keys, as `age1...` and `AGE-SECRET-KEY-1...`. */
ACCORD_MUST_USE bool accord_age_recipient_read(struct accord_bytes text, uint8_t recipient[32]);
ACCORD_MUST_USE bool accord_age_identity_read(struct accord_bytes text, uint8_t secret[32]);
void accord_age_recipient_print(const uint8_t recipient[32], char text[63]);
void accord_age_identity_print(const uint8_t secret[32], char text[75]); /* a secret: to be wiped */
/* `AGE-SECRET-KEY-PQ-1...`: a hybrid key (ML-KEM-768 and X25519), which opens and is not sealed to. */
ACCORD_MUST_USE bool accord_age_hybrid_identity_read(struct accord_bytes text, uint8_t secret[32]);
/* Does this machine have ML-KEM-768 (OpenSSL 3.5 or newer)? Loads libcrypto, which takes milliseconds. */
bool accord_age_hybrid_available(void);
/* The public half of an X25519 secret. */
void accord_age_recipient_of(const uint8_t secret[32], uint8_t recipient[32]);

/* Sealing.
 *
 * All that is random in an age file comes from a seed (docs/protocol.md, "Sealing"): with the same seed, recipients and
 * plaintext the file is the same, bit for bit. A seed MUST seal one plaintext to one list of recipients, ever. */
struct accord_age_sealing {
    const uint8_t (*recipients)[32]; /* in the order of the stanzas */
    size_t recipient_count;          /* 1 to ACCORD_AGE_RECIPIENTS_MAX; 0 with a passphrase */
    struct accord_bytes passphrase;  /* empty with recipients */
    const uint8_t *seed;             /* ACCORD_AGE_SEED_SIZE bytes; NULL: the system's randomness */
    bool armor;
    struct accord_age_sink sink;
};
struct accord_age_sealer;
/* Writes the header. */
ACCORD_MUST_USE enum accord_status accord_age_sealer_new(struct accord_age_sealer **sealer,
                                                         const struct accord_age_sealing *sealing,
                                                         struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_age_sealer_write(struct accord_age_sealer *sealer, struct accord_bytes plain,
                                                           struct accord_error *error);
/* The last chunk. Without it the file is cut off, and nobody opens its end. */
ACCORD_MUST_USE enum accord_status accord_age_sealer_end(struct accord_age_sealer *sealer, struct accord_error *error);
void accord_age_sealer_free(struct accord_age_sealer *sealer);
/* The file key that a seed gives. */
void accord_age_seed_file_key(const uint8_t seed[ACCORD_AGE_SEED_SIZE], uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE]);
/* How large a binary file of so many recipients is; no passphrase. */
uint64_t accord_age_sealed_size(size_t recipient_count, uint64_t plain_size);

/* Opening, with one of: secrets (any number of X25519 and hybrid keys), a passphrase, the file key itself. They are
 * copied. */
struct accord_age_opening {
    const uint8_t (*secrets)[32];
    size_t secret_count;
    const uint8_t (*hybrid_secrets)[32];
    size_t hybrid_count;
    struct accord_bytes passphrase;
    const uint8_t *file_key; /* ACCORD_AGE_FILE_KEY_SIZE bytes, or NULL */
    bool armor;              /* armored files are opened, too */
    struct accord_age_sink sink;
};
struct accord_age_opener;
ACCORD_MUST_USE enum accord_status accord_age_opener_new(struct accord_age_opener **opener,
                                                         const struct accord_age_opening *opening,
                                                         struct accord_error *error);
/* The next bytes of the file, as many as come. ACCORD_MALFORMED (with the line of the header), ACCORD_WRONG_KEY where
 * no stanza is for these keys, ACCORD_WRONG_PASSPHRASE, ACCORD_SIGNATURE where the header's MAC or a chunk is not what
 * whoever sealed it made, ACCORD_KEY_TYPE, ACCORD_TOO_LARGE (header, scrypt's work), ACCORD_NO_CRYPTO (a hybrid key
 * alone could open it). What went to the sink before was authentic, chunk by chunk, but may be the beginning of
 * something longer; a refusal may come some chunks late, or with accord_age_opener_end. After it, every call gives it
 * again. */
ACCORD_MUST_USE enum accord_status accord_age_opener_write(struct accord_age_opener *opener, struct accord_bytes file,
                                                           struct accord_error *error);
/* The file ended. ACCORD_MALFORMED where its last chunk did not come. */
ACCORD_MUST_USE enum accord_status accord_age_opener_end(struct accord_age_opener *opener, struct accord_error *error);
/* After the header was read: its file key. */
ACCORD_MUST_USE bool accord_age_opener_file_key(const struct accord_age_opener *opener,
                                                uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE]);
void accord_age_opener_free(struct accord_age_opener *opener);

#endif
