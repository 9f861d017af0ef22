/* Public keys of those who sign envelopes: Ed25519, ECDSA P-256 with SHA-256, RSA with SHA-256 (PKCS #1 v1.5 or PSS).
 */
#ifndef ACCORD_INTOTO_KEY_H
#define ACCORD_INTOTO_KEY_H

#include "accord/crypto.h"
#include "accord/error.h"

#define ACCORD_INTOTO_KEY_SIZE_MAX 65536

struct accord_intoto_key;

/* Parses a key: `-----BEGIN PUBLIC KEY-----` (PEM of a SubjectPublicKeyInfo), or a vkey of type 0x01. ACCORD_BAD_KEY;
 * ACCORD_KEY_TYPE for another algorithm, another curve, or RSA of fewer than 2048 bits or more than 8192;
 * ACCORD_NO_CRYPTO where the key needs libcrypto and the machine has none. */
ACCORD_MUST_USE enum accord_status accord_intoto_key_parse(struct accord_intoto_key **key, struct accord_bytes text,
                                                           const struct accord_crypto *crypto,
                                                           struct accord_error *error);
void accord_intoto_key_free(struct accord_intoto_key *key);
bool accord_intoto_key_verify(const struct accord_intoto_key *key, struct accord_bytes message,
                              struct accord_bytes signature, const struct accord_crypto *crypto);

#endif
