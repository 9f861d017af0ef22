/* Coming, changing and going (docs/protocol.md, "Applications", "Enactments"). Pure functions of bytes. */
#ifndef ACCORD_APPLY_H
#define ACCORD_APPLY_H

#include "accord/roster.h"

#define ACCORD_APPLY_KEYS_MAX 64

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

#endif
