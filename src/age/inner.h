/* What the files of this room share: how keys come from keys, and the pieces that sealing and opening are made of.
 * Nobody outside this room but its tests includes this. */
#ifndef ACCORD_AGE_INNER_H
#define ACCORD_AGE_INNER_H

#include "age/age.h"
#include "age/header.h"

#define ACCORD_AGE_NONCE_SIZE 16
#define ACCORD_AGE_TAG_SIZE 16
#define ACCORD_AGE_CHUNK_SIZE 65536
#define ACCORD_AGE_WRAPPED_SIZE (ACCORD_AGE_FILE_KEY_SIZE + ACCORD_AGE_TAG_SIZE)

/* Fills *error, and returns status. what is a literal. */
enum accord_status accord_age_fail(struct accord_error *error, enum accord_status status, const char *what);

/* HKDF-SHA-256 (RFC 5869), one block of output. An empty salt is none. */
void accord_age_extract(struct accord_bytes secret, struct accord_bytes salt, uint8_t extracted[32]);
void accord_age_expand(const uint8_t extracted[32], struct accord_bytes info, uint8_t key[32]);
/* Both, one after the other. */
void accord_age_derive(struct accord_bytes secret, struct accord_bytes salt, struct accord_bytes info, uint8_t key[32]);
/* Of a header up to and including "---". */
void accord_age_header_mac(const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], struct accord_bytes header,
                           uint8_t mac[32]);
void accord_age_payload_key(const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE],
                            const uint8_t nonce[ACCORD_AGE_NONCE_SIZE], uint8_t key[32]);
/* What a seed gives (docs/protocol.md, "Sealing"), besides the file key. */
void accord_age_seed_nonce(const uint8_t seed[ACCORD_AGE_SEED_SIZE], uint8_t nonce[ACCORD_AGE_NONCE_SIZE]);
void accord_age_seed_ephemeral(const uint8_t seed[ACCORD_AGE_SEED_SIZE], size_t stanza, uint8_t secret[32]);
/* A file key under a key that is used once: ChaCha20-Poly1305 with a nonce of zeros. */
void accord_age_wrap(const uint8_t key[32], const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE],
                     uint8_t wrapped[ACCORD_AGE_WRAPPED_SIZE]);
ACCORD_MUST_USE bool accord_age_unwrap(const uint8_t key[32], const uint8_t wrapped[ACCORD_AGE_WRAPPED_SIZE],
                                       uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE]);

/* One recipient type each. Wrapping prints a stanza; ACCORD_BAD_KEY where the recipient is a point of small order,
 * ACCORD_NO_MEMORY (scrypt). Unwrapping takes a stanza of an accord_age_header; ACCORD_WRONG_KEY where it is for
 * another key, ACCORD_MALFORMED where its share is a point of small order. */
enum accord_status accord_age_x25519_wrap(struct accord_out *out, const uint8_t ephemeral[32],
                                          const uint8_t recipient[32],
                                          const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE]);
enum accord_status accord_age_x25519_unwrap(const struct accord_age_stanza *stanza, const uint8_t secret[32],
                                            const uint8_t recipient[32], uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE]);
enum accord_status accord_age_scrypt_wrap(struct accord_out *out, struct accord_bytes passphrase, unsigned work_log2,
                                          const uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE]);
/* ACCORD_WRONG_PASSPHRASE, ACCORD_TOO_LARGE (more work than ACCORD_AGE_WORK_LOG2_MAX), ACCORD_NO_MEMORY. */
enum accord_status accord_age_scrypt_unwrap(const struct accord_age_stanza *stanza, struct accord_bytes passphrase,
                                            uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE], struct accord_error *error);

/* ACCORD_NO_CRYPTO too. */
enum accord_status accord_age_hybrid_unwrap(const struct accord_age_stanza *stanza, const uint8_t secret[32],
                                            uint8_t file_key[ACCORD_AGE_FILE_KEY_SIZE]);
/* Decapsulates with the key of a seed (d and z of FIPS 203). false where this machine cannot. */
#define ACCORD_AGE_MLKEM768_SIZE 1088
ACCORD_MUST_USE bool accord_age_mlkem768_open(const uint8_t seed[64], const uint8_t wrapped[ACCORD_AGE_MLKEM768_SIZE],
                                              uint8_t shared[32]);

#endif
