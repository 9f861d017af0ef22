/* Coming, changing and going (docs/protocol.md, "Applications", "Enactments"). Pure functions of bytes. */
#ifndef ACCORD_APPLY_H
#define ACCORD_APPLY_H

#include "accord/proof.h"
#include "accord/roster.h"

#define ACCORD_APPLY_KEYS_MAX 64
#define ACCORD_ENACT_PROOF_SIZE_MAX (ACCORD_ENTRY_SIZE_MAX / 4 * 3)

/* accord/v1/apply: what a candidate's roster lines would be; nothing has been verified. */
struct accord_apply_claim {
    struct accord_statement_claim statement;
    uint8_t charter[ACCORD_HASH_SIZE];
    struct accord_member member; /* its keys are keys[0 .. key_count) */
    struct accord_roster_key keys[ACCORD_APPLY_KEYS_MAX];
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_apply_parse(struct accord_apply_claim *apply,
                                                                 struct accord_bytes entry,
                                                                 const struct accord_crypto *crypto,
                                                                 struct accord_error *error);
/* Did every key of type 0x01 in it sign it? ACCORD_THRESHOLD names the first that did not; ACCORD_SIGNATURE. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_apply_verify(const struct accord_apply_claim *apply,
                                                                  const struct accord_crypto *crypto,
                                                                  struct accord_error *error);

/* accord/v1/leave */
struct accord_leave_claim {
    struct accord_statement_claim statement;
    uint8_t charter[ACCORD_HASH_SIZE];
    struct accord_bytes member, reason; /* reason may be empty */
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_leave_parse(struct accord_leave_claim *leave,
                                                                 struct accord_bytes entry, struct accord_error *error);

/* accord/v1/enact: an earlier roster's quorum stood behind the next one. */
struct accord_enact_claim {
    struct accord_statement_claim statement;
    uint8_t charter[ACCORD_HASH_SIZE];
    uint64_t number; /* of the roster that was logged, from 2 */
    uint8_t roster[ACCORD_HASH_SIZE];
    struct accord_bytes proof_base64; /* canonical, checked; of a tlog-proof without an extra line */
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_enact_parse(struct accord_enact_claim *enact,
                                                                 struct accord_bytes entry, struct accord_error *error);
/* Decodes and parses the proof of an enactment into out, from which *proof borrows; 49,152 bytes suffice. The refusals
 * of accord_proof_parse; ACCORD_MALFORMED where it has an extra line, and ACCORD_NO_SPACE. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_enact_proof(const struct accord_enact_claim *enact,
                                                                 struct accord_out *out,
                                                                 struct accord_proof_claim *proof,
                                                                 struct accord_error *error);
/* Does it say that this roster, whose entry is next, was logged with earlier's quorum: is it of that roster, and is its
 * proof one of next's entry, under a checkpoint that earlier and its policy accept? *place (which may be NULL) gets
 * where that is, its origin borrowed from earlier. ACCORD_CHAIN where it is of another roster; the refusals of
 * accord_enact_proof, accord_roster_verify_checkpoint and accord_proof_verify. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_enact_verify(const struct accord_enact_claim *enact, const struct accord_roster_claim *earlier,
                    const struct accord_policy *policy, struct accord_bytes next, const struct accord_crypto *crypto,
                    struct accord_place *place, struct accord_error *error);
/* Prints an enactment's text. proof is a tlog-proof without an extra line. */
ACCORD_API void accord_enact_print(struct accord_out *out, const uint8_t charter[ACCORD_HASH_SIZE], uint64_t number,
                                   const uint8_t roster[ACCORD_HASH_SIZE], struct accord_bytes proof);

#endif
