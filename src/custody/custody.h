/* What a host has in its possession, custody or control, and which of it it could read (docs/compelled.md): found by
 * looking at every file, asserted of none. */
#ifndef ACCORD_CUSTODY_CUSTODY_H
#define ACCORD_CUSTODY_CUSTODY_H

#include "custody/kind.h"

/* Could the host read it? X(NAME, "code", "phrase") */
#define ACCORD_CUSTODY_SIGHT_LIST(X)                                                                                   \
    X(PUBLIC, "public", "published as it is")                                                                          \
    X(CLEAR, "clear", "in clear: whoever has this host can read it")                                                   \
    X(OPENS, "opens", "encrypted, and something in here opens it")                                                     \
    X(SEALED, "sealed", "encrypted, and nothing in here opens it")                                                     \
    X(UNTRIED, "untried", "encrypted, and not everything in here was tried on it")                                     \
    X(NONE, "none", "holds nothing")                                                                                   \
    X(UNKNOWN, "unknown", "not known")

#define ACCORD_CUSTODY_SIGHT_ENUM(name, code, phrase) ACCORD_CUSTODY_SIGHT_##name,
enum accord_custody_sight { ACCORD_CUSTODY_SIGHT_LIST(ACCORD_CUSTODY_SIGHT_ENUM) ACCORD_CUSTODY_SIGHT_COUNT };
#undef ACCORD_CUSTODY_SIGHT_ENUM

const char *accord_custody_sight_code(enum accord_custody_sight sight);
const char *accord_custody_sight_phrase(enum accord_custody_sight sight);

struct accord_custody_item {
    const char *path;
    uint64_t size;
    enum accord_custody_kind kind;
    enum accord_custody_sight sight;
    const char *why;              /* of UNKNOWN, and of what is not public though it could be; or NULL */
    size_t x25519, scrypt, other; /* recipients of a ciphertext */
};

struct accord_custody_sum {
    uint64_t files, bytes;
};

struct accord_custody {
    struct accord_custody_sum rows[ACCORD_CUSTODY_KIND_COUNT][ACCORD_CUSTODY_SIGHT_COUNT];
    uint64_t files, bytes;
};

/* Calls each for every file; sums up. ACCORD_NOT_FOUND where dir is no directory, and the refusals of accord_roam. */
ACCORD_MUST_USE enum accord_status accord_custody_take(
    const struct accord_crypto *crypto, const char *dir, struct accord_custody *custody,
    enum accord_status (*each)(void *context, const struct accord_custody_item *item, struct accord_error *error),
    void *context, struct accord_error *error);

#endif
