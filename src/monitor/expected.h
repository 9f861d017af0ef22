/* What is mine: SHA-256 digests of artifacts, and hashes of leaves. */
#ifndef ACCORD_MONITOR_EXPECTED_H
#define ACCORD_MONITOR_EXPECTED_H

#include "accord/crypto.h"
#include "base/buffer.h"

#define ACCORD_EXPECTED_MAX 4194304             /* digests */
#define ACCORD_EXPECTED_LIST_SIZE_MAX 335544320 /* a file of so many lines */

/* A set. The zero value is empty. */
struct accord_expected {
    uint8_t (*digest)[ACCORD_HASH_SIZE]; /* open addressing; a slot is free where used says so */
    uint8_t *used;
    size_t count, capacity; /* capacity is 0 or a power of two, at least twice the count */
};

void accord_expected_free(struct accord_expected *expected);
/* ACCORD_TOO_LARGE past ACCORD_EXPECTED_MAX. */
ACCORD_MUST_USE enum accord_status accord_expected_add(struct accord_expected *expected,
                                                       const uint8_t digest[ACCORD_HASH_SIZE]);
bool accord_expected_has(const struct accord_expected *expected, const uint8_t digest[ACCORD_HASH_SIZE]);
/* Takes a list: on each line `sha256:<hex>` or `<hex>`, and what follows after a space or a tab is not read, so
 * that what sha256sum prints will do; empty lines and lines that begin with # are passed over. */
ACCORD_MUST_USE enum accord_status accord_expected_read(struct accord_expected *expected, struct accord_bytes text,
                                                        struct accord_error *error);
/* Takes the entry that a tlog-proof carries (ACCORD_NO_ENTRY where it carries none). Nothing in it is verified. */
ACCORD_MUST_USE enum accord_status accord_expected_read_proof(struct accord_expected *expected,
                                                              struct accord_bytes proof,
                                                              const struct accord_crypto *crypto,
                                                              struct accord_error *error);

#endif
