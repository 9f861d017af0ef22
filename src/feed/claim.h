/* Claims: what an advisory says of one product, whoever wrote it and in whichever format. Every format is read into
 * these, and the audit knows nothing else. The slices live as long as the call that gives them. */
#ifndef ACCORD_FEED_CLAIM_H
#define ACCORD_FEED_CLAIM_H

#include "accord/error.h"

/* What is said. The order is that of an audit's answers, worst first. */
enum accord_claim_says {
    ACCORD_CLAIM_AFFECTED = 1,
    ACCORD_CLAIM_INVESTIGATING,
    ACCORD_CLAIM_NOT_AFFECTED,
    ACCORD_CLAIM_FIXED
};

/* How the product is named; the order is that of matching, surest first. */
enum accord_claim_names {
    ACCORD_CLAIM_SHA256 = 1, /* 64 lowercase hex digits: these bytes */
    ACCORD_CLAIM_PURL,       /* normalised, without version, qualifiers and subpath: `pkg:golang/example.com/x` */
    ACCORD_CLAIM_CPE, /* `part:vendor:product`, lowercase and unescaped as in the formatted string: `a:openssl:openssl`
                       */
    ACCORD_CLAIM_NAME /* `vendor/product` or `product`, lowercase, runs of spaces as one space */
};

/* One product of one vulnerability of one document. */
struct accord_claim {
    enum accord_claim_says says;
    enum accord_claim_names names;
    struct accord_bytes product; /* as names says */
    /* Of which versions: a VERS string (`vers:deb/>=1.0|<1.2`, `vers:semver/1.0|1.1`). Every version: the scheme `all`
     * and a star. Where the scheme is not known: `vers:unknown/`, with equality only. Empty: prose, which no machine
     * decides. For SHA256: every version. */
    struct accord_bytes range;
    struct accord_bytes prose;         /* what stood there, where range is empty */
    struct accord_bytes qualifiers;    /* of the purl, sorted, as `distro=debian-12&arch=amd64`; or empty */
    struct accord_bytes fixed;         /* a version that is fixed, or empty */
    struct accord_bytes justification; /* of NOT_AFFECTED: VEX's word, or empty */
    struct accord_bytes remedy;        /* one line for people, or empty */
};

/* One vulnerability of one document: what its claims have in common. */
struct accord_claim_vulnerability {
    struct accord_bytes id;       /* the CVE id where it has one, otherwise the document's name for it */
    struct accord_bytes document; /* the document's id: `GO-2021-0113`, `icsa-20-301-01`, `CVE-2021-44228` */
    struct accord_bytes aliases;  /* all other ids, one space between; id is not among them */
    struct accord_bytes title;    /* one line */
    struct accord_bytes severity; /* a CVSS vector, the newest version that is there; or empty */
    struct accord_bytes url;      /* where people read on; or empty */
    uint64_t published, modified; /* POSIX seconds; 0: not said */
    bool withdrawn;               /* it counts no more */
};

/* Where claims go: begin, then the claims of that vulnerability, then the next begin. A status other than ACCORD_OK
 * ends the reading and is returned. */
struct accord_claim_sink {
    void *context;
    enum accord_status (*begin)(void *context, const struct accord_claim_vulnerability *vulnerability,
                                struct accord_error *error);
    enum accord_status (*claim)(void *context, const struct accord_claim *claim, struct accord_error *error);
};

#endif
