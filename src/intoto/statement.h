/* in-toto Statements v1 (in-toto/attestation): what they are about, what went in, and what of their predicates an
 * attestation has lines for. */
#ifndef ACCORD_INTOTO_STATEMENT_H
#define ACCORD_INTOTO_STATEMENT_H

#include "accord/attest.h"
#include "base/buffer.h"

#define ACCORD_INTOTO_THINGS_MAX 4096

/* A list of things; labels are owned by the Statement. */
struct accord_intoto_things {
    struct accord_attest_thing *list;
    size_t count;
    size_t without; /* how many have no SHA-256: nothing can be bound to them, so they are not in the list */
};

/* A Statement that parsed. Texts borrow from it. */
struct accord_intoto {
    void *document;
    struct accord_bytes type;                                    /* predicateType: a URL */
    struct accord_intoto_things subjects, materials, byproducts; /* subjects: at least one */
    struct accord_bytes builder, build_type, verifier;           /* may be empty */
    enum accord_outcome_kind outcome;
};

/* Parses a payload. Statements v1 and v0.1, which has the same subjects. Of predicates it knows SLSA provenance v1
 * (resolvedDependencies are materials), in-toto link v0.3, test-result v0.1 (its configuration is a material, its
 * result the outcome) and SLSA's verification summary v1 (what it was verified by are materials, its result the
 * outcome); of any other only the subjects count. ACCORD_MALFORMED names the place, ACCORD_UNKNOWN_KIND is for what is
 * no Statement. */
ACCORD_MUST_USE enum accord_status accord_intoto_parse(struct accord_intoto **statement, struct accord_bytes payload,
                                                       struct accord_error *error);
void accord_intoto_free(struct accord_intoto *statement);

/* Appends an attestation as a Statement in JSON. slsa: as SLSA provenance v1, for the stage build only (ACCORD_USAGE
 * otherwise); else with a predicate of accord's own, which has the signed entry in it. */
ACCORD_MUST_USE enum accord_status accord_intoto_print(struct accord_buffer *json,
                                                       const struct accord_attest_claim *attest, bool slsa,
                                                       const struct accord_crypto *crypto, struct accord_error *error);

#endif
