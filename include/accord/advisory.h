/* Advisories (docs/protocol.md, "Advisory"): what a vendor says of the flaws of its products: which versions are
 * affected, and which logged releases fix them. Pure functions of bytes. */
#ifndef ACCORD_ADVISORY_H
#define ACCORD_ADVISORY_H

#include "accord/roster.h"

#define ACCORD_ADVISORY_PRODUCTS_MAX 256
#define ACCORD_ADVISORY_VULNERABILITIES_MAX 64

enum accord_advisory_state { ACCORD_ADVISORY_INTERIM = 1, ACCORD_ADVISORY_FINAL, ACCORD_ADVISORY_WITHDRAWN };
/* "interim", "final", "withdrawn". */
ACCORD_API struct accord_bytes accord_advisory_state_name(enum accord_advisory_state state);

/* What follows the head, line by line. */
enum accord_advisory_kind {
    ACCORD_ADVISORY_CASE = 1,      /* digest: of a report's entry */
    ACCORD_ADVISORY_TEXT,          /* text: a paragraph on the whole */
    ACCORD_ADVISORY_REFERENCE,     /* url, text: what is there, or empty */
    ACCORD_ADVISORY_PRODUCT,       /* product; text: its name for people */
    ACCORD_ADVISORY_ORDER,         /* of the product before: word, how its versions are ordered */
    ACCORD_ADVISORY_PURL,          /* of the product before: text, without a version */
    ACCORD_ADVISORY_CPE,           /* of the product before: text */
    ACCORD_ADVISORY_VULNERABILITY, /* word: its id; what follows is of this one */
    ACCORD_ADVISORY_ALIAS,         /* word: another id */
    ACCORD_ADVISORY_ABOUT,         /* text: a paragraph on it */
    ACCORD_ADVISORY_WEAKNESS,      /* word: `CWE-79`; text: its name */
    ACCORD_ADVISORY_SEVERITY,      /* text: a CVSS vector */
    ACCORD_ADVISORY_CREDIT,        /* text: who found it */
    ACCORD_ADVISORY_EXPLOITED,     /* day: since when that is known */
    ACCORD_ADVISORY_AFFECTED,      /* product, range, maybe digest: of the release's entry */
    ACCORD_ADVISORY_INVESTIGATING, /* product, range, maybe digest */
    ACCORD_ADVISORY_FIXED,         /* product, range, maybe digest */
    ACCORD_ADVISORY_NOT_AFFECTED,  /* product, range; word: why, one of VEX's words */
    ACCORD_ADVISORY_REMEDY         /* word: what kind of remedy; product; text */
};

struct accord_advisory_item {
    enum accord_advisory_kind kind;
    uint64_t line;
    struct accord_bytes product, range, word, url, text; /* empty where the kind has none */
    bool has_digest;
    uint8_t digest[ACCORD_HASH_SIZE];
    int32_t day; /* as in demand.h */
};

/* accord/v1/advisory; nothing has been verified. Whether ranges and vectors can be read is not asked here. */
struct accord_advisory_claim {
    struct accord_statement_claim statement;
    struct accord_bytes vendor;
    struct accord_bytes id; /* among its vendor's */
    uint64_t revision;      /* from 1 */
    bool has_previous;
    uint8_t previous[ACCORD_HASH_SIZE]; /* digest of the entry of the revision before */
    enum accord_advisory_state state;
    struct accord_bytes title;
    struct accord_bytes change; /* what this revision changed; empty in the first */
    size_t product_count, vulnerability_count;
    struct accord_bytes products[ACCORD_ADVISORY_PRODUCTS_MAX]; /* as releases name them */
    size_t items;                                               /* where they begin, for accord_advisory_next */
};
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_advisory_parse(struct accord_advisory_claim *advisory, struct accord_bytes entry, struct accord_error *error);
/* Steps through the items of an advisory that parsed, in the order of its lines: *cursor starts at 0; false after the
 * last. */
ACCORD_API bool accord_advisory_next(const struct accord_advisory_claim *advisory, size_t *cursor,
                                     struct accord_advisory_item *item);
/* A receipt key of its vendor signed it, or a threshold of its release keys: who speaks of flaws. ACCORD_SIGNATURE,
 * ACCORD_WRONG_SIGNER, ACCORD_NOT_A_MEMBER. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_advisory_verify(const struct accord_advisory_claim *advisory,
                                                                     const struct accord_roster_claim *roster,
                                                                     const struct accord_place *place,
                                                                     const struct accord_crypto *crypto,
                                                                     struct accord_error *error);

#endif
