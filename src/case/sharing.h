/* One secret among custodians (docs/protocol.md, "Report", "Answers"): Feldman's verifiable secret sharing over
 * ristretto255. Each checks its share against public coefficients; fewer than K learn nothing of the secret but its
 * public half. Constant time in the secrets. */
#ifndef ACCORD_CASE_SHARING_H
#define ACCORD_CASE_SHARING_H

#include "accord/report.h"

/* A new secret, with K coefficients and N shares: 1 <= K <= N <= ACCORD_CUSTODIANS_MAX. Share i (from 0) is for
 * custodian i + 1. */
void accord_sharing_new(unsigned k, unsigned n, uint8_t secret[32], uint8_t coefficients[][32], uint8_t shares[][32]);
/* Are the coefficients points (and none the identity)? */
ACCORD_MUST_USE bool accord_sharing_sound(const uint8_t coefficients[][32], unsigned k);
/* Is this the share of custodian number (from 1)? */
ACCORD_MUST_USE bool accord_sharing_check(const uint8_t coefficients[][32], unsigned k, unsigned number,
                                          const uint8_t share[32]);
/* The secret, from K shares that were checked, of K different custodians; false where it is not the one of the
 * coefficients. */
ACCORD_MUST_USE bool accord_sharing_combine(const uint8_t coefficients[][32], unsigned k, const unsigned *numbers,
                                            const uint8_t shares[][32], uint8_t secret[32]);
/* The X25519 secret whose recipient stands in the report: HKDF-SHA-256 of the secret, without salt, with the info
 * "accord/v1/custody", 32 octets. */
void accord_sharing_identity(const uint8_t secret[32], uint8_t x25519[32]);

/* What is sealed to a custodian: its share, and the digest of the report's own key (its vkey, the line `case`), which
 * the report is signed with. Without it whoever copied a sealed share into a report of his own would be told it. */
#define ACCORD_SHARING_PLAIN_SIZE 64
void accord_sharing_plain(const uint8_t share[32], struct accord_bytes key, uint8_t plain[ACCORD_SHARING_PLAIN_SIZE]);
/* Was this made for the report with this key? Then its first 32 bytes should be the share. */
ACCORD_MUST_USE bool accord_sharing_is_for(struct accord_bytes plain, struct accord_bytes key);

#endif
