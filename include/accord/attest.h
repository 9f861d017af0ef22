/* Attestations (docs/protocol.md, "Attestation"): what somebody says about one stage of a product's life. Pure
 * functions of bytes. */
#ifndef ACCORD_ATTEST_H
#define ACCORD_ATTEST_H

#include "accord/roster.h"

/* In the order in which a product passes them. */
enum accord_stage {
    ACCORD_STAGE_DESIGN,
    ACCORD_STAGE_SOURCE,
    ACCORD_STAGE_BUILD,
    ACCORD_STAGE_TEST,
    ACCORD_STAGE_DISTRIBUTION,
    ACCORD_STAGE_USE,
    ACCORD_STAGE_COUNT
};
ACCORD_API bool accord_stage_read(struct accord_bytes text, enum accord_stage *stage);
ACCORD_API struct accord_bytes accord_stage_name(enum accord_stage stage);

enum accord_outcome_kind {
    ACCORD_ATTEST_NO_OUTCOME,
    ACCORD_ATTEST_PASS,
    ACCORD_ATTEST_FAIL,
    ACCORD_ATTEST_MATCH,
    ACCORD_ATTEST_MISMATCH
};

/* accord/v1/attest; nothing has been verified. */
struct accord_attest_claim {
    struct accord_statement_claim statement;
    enum accord_stage stage;
    struct accord_bytes vendor, product, by;
    struct accord_bytes version;                     /* may be empty */
    size_t subject_count, material_count, run_count; /* subjects: at least 1 */
    enum accord_outcome_kind outcome;
    bool repeats;
    uint8_t repeated[ACCORD_HASH_SIZE]; /* digest of the attestation whose work was done again */
};

ACCORD_MUST_USE ACCORD_API enum accord_status
accord_attest_parse(struct accord_attest_claim *attest, struct accord_bytes entry, struct accord_error *error);

/* A `subject` or `material` line. */
struct accord_attest_thing {
    uint8_t sha256[ACCORD_HASH_SIZE];
    struct accord_bytes label;
};
/* Step through the lines of an attestation that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_attest_next_subject(const struct accord_attest_claim *attest, size_t *cursor,
                                           struct accord_attest_thing *subject);
ACCORD_API bool accord_attest_next_material(const struct accord_attest_claim *attest, size_t *cursor,
                                            struct accord_attest_thing *material);
/* `parameter`, `environment`: a token and a text; `run`, `location`: name is empty; `import`: name is the digest as
 * text. key says which. */
ACCORD_API bool accord_attest_next_line(const struct accord_attest_claim *attest, struct accord_bytes key,
                                        size_t *cursor, struct accord_bytes *name, struct accord_bytes *text);

/* A `parameter`, `environment`, `run`, `import` or `location` line, as accord_attest_next_line gives it. */
struct accord_attest_line {
    struct accord_bytes key, name, text;
};

/* An attestation to be printed. */
struct accord_attest_draft {
    enum accord_stage stage;
    struct accord_bytes vendor, product, by;
    struct accord_bytes version; /* may be empty */
    const struct accord_attest_thing *subjects;
    size_t subject_count;
    const struct accord_attest_thing *materials;
    size_t material_count;
    const struct accord_attest_line *lines; /* in any order of their keys; within one key in theirs */
    size_t line_count;
    enum accord_outcome_kind outcome;
    bool repeats;
    uint8_t repeated[ACCORD_HASH_SIZE];
};
/* Prints an attestation's text (no signatures). Whether it follows the grammar accord_attest_parse says. */
ACCORD_API void accord_attest_print(struct accord_out *out, const struct accord_attest_draft *draft);
/* "pass", "fail", "match", "mismatch"; empty for no outcome. */
ACCORD_API struct accord_bytes accord_outcome_name(enum accord_outcome_kind outcome);
ACCORD_API bool accord_outcome_read(struct accord_bytes text, enum accord_outcome_kind *outcome);

/* Is it signed by whom it is by: one of its stage keys, or a threshold of its release keys? place NULL: it is in no log
 * yet. ACCORD_NOT_A_MEMBER, ACCORD_WRONG_SIGNER, ACCORD_SIGNATURE. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_attest_verify(const struct accord_attest_claim *attest, const struct accord_roster_claim *roster,
                     const struct accord_place *place, const struct accord_crypto *crypto, struct accord_error *error);

#endif
