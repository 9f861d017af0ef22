/* An attestation as it grows, from files, from git, from envelopes; and its way into the log. */
#ifndef ACCORD_CLI_ATTESTING_H
#define ACCORD_CLI_ATTESTING_H

#include "accord/attest.h"
#include "cli/enter.h"

/* Start with accord_attesting_init. Everything that is added is copied. What is not well formed is refused when the
 * statement is made. */
struct accord_attesting {
    struct accord_attest_draft draft;
    struct accord_attest_thing *subjects, *materials; /* the draft's */
    struct accord_attest_line *lines;
    size_t subject_capacity, material_capacity, line_capacity;
    struct accord_attesting_text *texts;
    bool failed; /* memory ran out */
    /* May be NULL: judges more than the attestation's own signature, by the roster. */
    enum accord_status (*judge)(void *context, const struct accord_roster_claim *roster, struct accord_error *error);
    /* May be NULL: as in a plan of entering. */
    enum accord_status (*see)(void *context, const struct accord_chain *chain, uint64_t index,
                              struct accord_bytes entry, struct accord_error *error);
    void *context;
};

void accord_attesting_init(struct accord_attesting *attesting);
void accord_attesting_free(struct accord_attesting *attesting);
/* A copy that lives as long as the attestation. */
struct accord_bytes accord_attesting_text(struct accord_attesting *attesting, struct accord_bytes text);
void accord_attesting_subject(struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE],
                              struct accord_bytes label);
void accord_attesting_material(struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE],
                               struct accord_bytes label);
/* name is left out where lines of this key have none. */
void accord_attesting_line(struct accord_attesting *attesting, struct accord_bytes key, struct accord_bytes name,
                           struct accord_bytes text);
bool accord_attesting_has_subject(const struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE]);
bool accord_attesting_has_material(const struct accord_attesting *attesting, const uint8_t sha256[ACCORD_HASH_SIZE]);
/* Is there a line of this key and name? */
bool accord_attesting_has_line(const struct accord_attesting *attesting, struct accord_bytes key,
                               struct accord_bytes name);

/* Signs it, and logs it unless statement_only. */
ACCORD_MUST_USE enum accord_status accord_attesting_enter(struct accord_attesting *attesting,
                                                          const struct accord_enter *enter, bool statement_only,
                                                          struct accord_entered *entered, struct accord_error *error);

#endif
