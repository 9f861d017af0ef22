/* What a vendor says about a product beside its releases: the policy that it demands of them, what is current, what is
 * taken back (docs/protocol.md, "Product policy", "Current"). Pure functions of bytes. */
#ifndef ACCORD_PRODUCT_H
#define ACCORD_PRODUCT_H

#include "accord/attest.h"

#define ACCORD_POLICY_WHO_MAX 16
#define ACCORD_CHANNELS_MAX 32
#define ACCORD_SEQUENCES_MAX 1024 /* of a withdrawal, or withdrawn ones of a `current` */

/* Who may attest a stage: one of these. */
struct accord_requirement {
    bool required;
    struct accord_bytes who; /* words with a space between: `vendor`, `any`, domains */
};

/* What is demanded of a release; 0 where nothing is. */
struct accord_demands {
    uint64_t notice; /* seconds */
    unsigned threshold;
    struct accord_requirement require[ACCORD_STAGE_COUNT]; /* none for ACCORD_STAGE_USE */
    unsigned rebuilders, rebuilder_jurisdictions;
    uint64_t public_for; /* seconds */
    unsigned mirrors, mirror_jurisdictions;
    unsigned emergency; /* 0: there is no such way */
    uint64_t max_age;   /* seconds */
};

/* accord/v1/policy; nothing has been verified. */
struct accord_product_policy_claim {
    struct accord_statement_claim statement;
    struct accord_bytes vendor, product;
    uint64_t number;                    /* from 1 */
    uint8_t previous[ACCORD_HASH_SIZE]; /* digest of the policy before; zeros for number 1 */
    uint64_t time;                      /* when it was made, by its vendor's clock: POSIX seconds */
    struct accord_demands demands;
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_product_policy_parse(struct accord_product_policy_claim *policy,
                                                                          struct accord_bytes entry,
                                                                          struct accord_error *error);
/* Does it hold: does it follow from previous (NULL: it is number 1), and did as many of the vendor's release keys sign
 * as must? ACCORD_POLICY where it does not follow; the refusals of accord_roster_signed. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_product_policy_verify(const struct accord_product_policy_claim *policy,
                             const struct accord_product_policy_claim *previous,
                             const struct accord_roster_claim *roster, const struct accord_place *place,
                             const struct accord_crypto *crypto, struct accord_error *error);

/* accord/v1/seen: the proof that an entry had when it was new; nothing has been verified. */
struct accord_seen_claim {
    struct accord_statement_claim statement;
    struct accord_bytes vendor, product;
    uint8_t entry[ACCORD_HASH_SIZE];  /* digest */
    struct accord_bytes proof_base64; /* canonical, checked; of a tlog-proof without an extra line */
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_seen_parse(struct accord_seen_claim *seen,
                                                                struct accord_bytes entry, struct accord_error *error);
/* Did one of the vendor's release keys sign it? ACCORD_NOT_A_MEMBER, ACCORD_WRONG_SIGNER, ACCORD_SIGNATURE. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_seen_verify(const struct accord_seen_claim *seen,
                                                                 const struct accord_roster_claim *roster,
                                                                 const struct accord_crypto *crypto,
                                                                 struct accord_error *error);

/* accord/v1/current; nothing has been verified. */
struct accord_current_claim {
    struct accord_statement_claim statement;
    struct accord_bytes vendor, product;
    uint64_t time; /* when its vendor said so, by its own clock: POSIX seconds */
    uint64_t roster_number;
    uint8_t roster[ACCORD_HASH_SIZE];
    uint64_t policy_number; /* 0: the product has no policy */
    uint8_t policy[ACCORD_HASH_SIZE];
    size_t channel_count, withdrawn_count; /* channels: at least 1 */
};
struct accord_channel {
    struct accord_bytes name;
    uint64_t newest, lowest; /* sequences */
};
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_current_parse(struct accord_current_claim *current, struct accord_bytes entry, struct accord_error *error);
/* Step through the lines of a statement that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_current_next_channel(const struct accord_current_claim *current, size_t *cursor,
                                            struct accord_channel *channel);
ACCORD_API bool accord_current_next_withdrawn(const struct accord_current_claim *current, size_t *cursor,
                                              uint64_t *sequence);
/* One of the vendor's current keys signed it, or a threshold of its release keys. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_current_verify(const struct accord_current_claim *current, const struct accord_roster_claim *roster,
                      const struct accord_place *place, const struct accord_crypto *crypto, struct accord_error *error);

/* accord/v1/withdraw; nothing has been verified. A threshold of the vendor's release keys signs it
 * (accord_roster_signed). */
struct accord_withdraw_claim {
    struct accord_statement_claim statement;
    struct accord_bytes vendor, product;
    size_t sequence_count;            /* at least 1 */
    struct accord_bytes reason, text; /* a token; text may be empty */
    bool has_replacement;
    uint64_t replaced_by; /* a sequence */
};
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_withdraw_parse(struct accord_withdraw_claim *withdraw, struct accord_bytes entry, struct accord_error *error);
ACCORD_API bool accord_withdraw_next_sequence(const struct accord_withdraw_claim *withdraw, size_t *cursor,
                                              uint64_t *sequence);

#endif
