/* Releases (docs/protocol.md, "Release"): what a vendor says that it published. Pure functions of bytes. */
#ifndef ACCORD_RELEASE_H
#define ACCORD_RELEASE_H

#include "accord/roster.h"

/* accord/v1/release; nothing has been verified. */
struct accord_release_claim {
    struct accord_statement_claim statement;
    struct accord_bytes vendor, product, version;
    uint64_t sequence;
    bool has_policy; /* it names the product's policy that it was made under: */
    uint64_t policy_number;
    uint8_t policy[ACCORD_HASH_SIZE];
    size_t artifact_count, stage_count; /* artifacts: at least 1 */
};

/* A `stage` line: the digest of an attestation's entry. */
struct accord_release_stage {
    struct accord_bytes stage;
    uint8_t attestation[ACCORD_HASH_SIZE];
};

struct accord_artifact {
    uint8_t sha256[ACCORD_HASH_SIZE];
    uint64_t size;                /* bytes */
    struct accord_bytes name;     /* a file's name without directories; may hold spaces inside */
    struct accord_bytes platform; /* of a `platform` line after it, like "linux/amd64"; may be empty */
};

ACCORD_MUST_USE ACCORD_API enum accord_status
accord_release_parse(struct accord_release_claim *release, struct accord_bytes entry, struct accord_error *error);
/* Steps through the artifacts of a release that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_release_next_artifact(const struct accord_release_claim *release, size_t *cursor,
                                             struct accord_artifact *artifact);
/* The artifact with this digest; false where there is none. */
ACCORD_API bool accord_release_find(const struct accord_release_claim *release, const uint8_t sha256[ACCORD_HASH_SIZE],
                                    struct accord_artifact *artifact);

/* Steps through the stage lines of a release that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_release_next_stage(const struct accord_release_claim *release, size_t *cursor,
                                          struct accord_release_stage *stage);

/* A release that its vendor signed, as the roster knows it: only accord_release_verify makes one. */
struct accord_release {
    bool verified;
    size_t member;         /* the vendor's place in the roster; SIZE_MAX where it is a former member */
    unsigned signed_count; /* of its release keys */
    const struct accord_release_claim *claim;
};
/* place is where the release is, NULL where it is in no log yet. ACCORD_NOT_A_MEMBER, ACCORD_WRONG_SIGNER (none of the
 * vendor's release keys signed; *error's found names who did, where the roster knows), ACCORD_SIGNATURE,
 * ACCORD_THRESHOLD. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_release_verify(const struct accord_release_claim *claim, const struct accord_roster_claim *roster,
                      const struct accord_place *place, const struct accord_crypto *crypto,
                      struct accord_release *release, struct accord_error *error);

/* A release to be printed. */
struct accord_release_draft {
    struct accord_bytes vendor, product, version;
    uint64_t sequence;
    uint64_t policy_number; /* 0: no policy line */
    uint8_t policy[ACCORD_HASH_SIZE];
    const struct accord_artifact *artifacts;
    size_t artifact_count;
    const struct accord_release_stage *stages;
    size_t stage_count;
};
/* Prints a release's text (no signatures). */
ACCORD_API void accord_release_print(struct accord_out *out, const struct accord_release_draft *draft);

#endif
