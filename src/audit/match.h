/* What the index says of a component. Claims are found by SHA-256, then by package URL, then by CPE, then by name
 * alone; a claim's range decides by the order of its versions, and what cannot be decided is unknown, with the reason.
 */
#ifndef ACCORD_AUDIT_MATCH_H
#define ACCORD_AUDIT_MATCH_H

#include "audit/index.h"
#include "sbom/component.h"

#define ACCORD_AUDIT_FINDINGS_MAX ((size_t)4 << 20)

/* Worst first. */
enum accord_audit_answer {
    ACCORD_AUDIT_AFFECTED = 1,
    ACCORD_AUDIT_INVESTIGATING,
    ACCORD_AUDIT_POSSIBLE,  /* affected, if it is the product that has this name */
    ACCORD_AUDIT_OLDER,     /* an older release than the newest one on the log */
    ACCORD_AUDIT_WITHDRAWN, /* its vendor took the release back */
    ACCORD_AUDIT_UNKNOWN,   /* an advisory names it, and whether this version is meant cannot be decided */
    ACCORD_AUDIT_NOT_AFFECTED,
    ACCORD_AUDIT_FIXED,
    ACCORD_AUDIT_COUNT
};
/* "affected", "investigating", "possible", "older", "withdrawn", "unknown", "not-affected", "fixed". */
const char *accord_audit_answer_word(enum accord_audit_answer answer);

/* Why it is unknown; also why nothing was asked about a component. */
enum accord_audit_reason {
    ACCORD_AUDIT_REASON_NONE,
    ACCORD_AUDIT_REASON_NO_VERSION, /* the component's version is not known */
    ACCORD_AUDIT_REASON_PROSE,      /* the advisory says which versions in prose */
    ACCORD_AUDIT_REASON_NO_ORDER,   /* versions of this scheme cannot be put in order */
    ACCORD_AUDIT_REASON_QUALIFIER,  /* the advisory is for one distribution or architecture: the component does not say
                                       its */
    ACCORD_AUDIT_REASON_NO_PURL, /* the component has neither a digest nor a package URL nor a CPE name: by name only */
    ACCORD_AUDIT_REASON_COUNT
};
const char *accord_audit_reason_word(enum accord_audit_reason reason);     /* "no-version" */
const char *accord_audit_reason_sentence(enum accord_audit_reason reason); /* "its version is not known" */

struct accord_audit_finding {
    enum accord_audit_answer answer;
    enum accord_audit_reason reason;
    enum accord_claim_names names; /* by what it was found */
    bool conflict;                 /* a source that counts less says the opposite */
    bool ignored;
    struct accord_bytes id, document, aliases, title, severity, url, source;
    struct accord_bytes range, fixed, justification, remedy;
    struct accord_bytes conflicting; /* the document that says the opposite; or empty */
    /* Of OLDER and WITHDRAWN. */
    struct accord_bytes vendor, product, version;
    uint64_t sequence, newest, entry, time;
};

/* One component's findings, worst first and then by id. The slices live until the next call. */
struct accord_matcher;
ACCORD_MUST_USE enum accord_status accord_matcher_new(struct accord_matcher **matcher, struct accord_index *index,
                                                      struct accord_error *error);
void accord_matcher_free(struct accord_matcher *matcher); /* may be NULL */
struct accord_match {
    const struct accord_audit_finding *findings;
    size_t count;
    enum accord_audit_reason blind; /* NO_PURL, NO_VERSION: why little can be said of it; NONE otherwise */
    struct accord_bytes version;    /* the one that was judged */
};
ACCORD_MUST_USE enum accord_status accord_matcher_match(struct accord_matcher *matcher,
                                                        const struct accord_component *component,
                                                        struct accord_match *match, struct accord_error *error);

#endif
