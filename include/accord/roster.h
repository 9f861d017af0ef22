/* Charters and rosters: who has signed the accord, with which keys, and what quorum stands behind a checkpoint
 * (docs/protocol.md, "Charter", "Roster"). Pure functions of bytes. */
#ifndef ACCORD_ROSTER_H
#define ACCORD_ROSTER_H

#include "accord/policy.h"
#include "accord/statement.h"

#define ACCORD_MEMBERS_MAX 128
#define ACCORD_ROSTER_KEYS_MAX 1024
#define ACCORD_ROSTER_LOGS_MAX 16
#define ACCORD_ROSTER_PAST_MAX 512
#define ACCORD_ROSTER_THRESHOLDS_MAX 256

/* How long what is reported stays closed, in days. */
struct accord_embargo_rule {
    unsigned days;      /* from the report to its opening */
    unsigned spread;    /* more, from a fix that came before, for it to spread */
    unsigned latest;    /* from the report, whatever comes */
    unsigned extension; /* at most, once, by both sides */
    unsigned receipt;   /* without a receipt the vendor is silent */
    unsigned silent;    /* from the report, where the vendor is silent */
    unsigned exploited; /* from when it is known to be exploited */
};
#define ACCORD_EMBARGO_DEFAULT ((struct accord_embargo_rule){90, 30, 120, 14, 7, 45, 7})

/* accord/v1/charter: the accord's founding statement, signed by every founder. Its digest (SHA-256 of the whole entry)
 * is what a verifier pins. */
struct accord_charter_claim {
    struct accord_statement_claim statement;
    struct accord_bytes name;
    struct accord_embargo_rule embargo; /* ACCORD_EMBARGO_DEFAULT where it says nothing */
    size_t founder_count;
    struct accord_bytes founders[ACCORD_MEMBERS_MAX];    /* domains */
    struct accord_vkey founder_keys[ACCORD_MEMBERS_MAX]; /* release keys: type 0x01 */
};

enum accord_key_role {
    ACCORD_ROLE_RELEASE = 1,
    ACCORD_ROLE_STAGE,
    ACCORD_ROLE_WITNESS,
    ACCORD_ROLE_REPORT,
    ACCORD_ROLE_CURRENT,
    ACCORD_ROLE_RECEIPT,
    ACCORD_ROLE_MIRROR
};

/* Do keys of this role sign statements? (The others cosign, or are encrypted to.) */
ACCORD_API bool accord_role_signs(enum accord_key_role role);
/* "release", as on a `key` line; false, and nothing, for what is none. */
ACCORD_API bool accord_role_read(struct accord_bytes text, enum accord_key_role *role);
ACCORD_API struct accord_bytes accord_role_name(enum accord_key_role role);

struct accord_roster_key {
    enum accord_key_role role;
    size_t member;            /* place in members */
    struct accord_vkey vkey;  /* not for report keys */
    struct accord_bytes text; /* the vkey, or the `age1...` recipient */
    struct accord_bytes url;  /* witness and mirror keys: may be empty */
};

/* A key that its member gave up: what it signed before a point counts ("Keys that were"). */
struct accord_roster_past {
    enum accord_key_role role; /* one that signs statements */
    struct accord_vkey vkey;
    struct accord_bytes owner;  /* the member's domain, or a former member's */
    struct accord_bytes origin; /* of the log in which index counts */
    uint64_t index, time;       /* entries below the index; in other logs, quorum times below the time */
};

/* How many release keys of a member had to sign before its threshold was raised ("Keys that were"). */
struct accord_roster_threshold {
    struct accord_bytes domain; /* a member's, or a former member's */
    unsigned threshold;
    struct accord_bytes origin; /* of the log in which index counts */
    uint64_t index, time;       /* entries below the index; in other logs, quorum times below the time */
};

struct accord_member {
    struct accord_bytes domain;       /* "cisco.com": the name that statements use */
    struct accord_bytes jurisdiction; /* ISO 3166-1 alpha-2 */
    struct accord_bytes title;        /* "Cisco" */
    size_t first_key, key_count;      /* in keys */
    unsigned release_threshold;       /* how many of its release keys must sign */
    unsigned report_days;             /* what is reported to it opens after so many days; 0: as the charter says */
};

struct accord_former_member {
    struct accord_bytes domain, jurisdiction, title;
    unsigned release_threshold;
};

struct accord_roster_log {
    struct accord_vkey vkey;
    struct accord_bytes url;
};

/* A log that was given up, and its last tree. */
struct accord_closed_log {
    struct accord_vkey vkey;
    struct accord_bytes url;
    uint64_t size, time; /* time: of its quorum, POSIX seconds */
    uint8_t root[ACCORD_HASH_SIZE];
};

/* accord/v1/roster. About 300 KiB: not for a stack. */
struct accord_roster_claim {
    struct accord_statement_claim statement;
    uint8_t charter[ACCORD_HASH_SIZE];  /* digest of the charter's entry */
    uint8_t previous[ACCORD_HASH_SIZE]; /* digest of the previous roster's entry; zeros for number 1 */
    uint64_t number;                    /* from 1 */
    unsigned admit;                     /* how many members must sign the next roster */
    unsigned quorum_jurisdictions;      /* J */
    unsigned quorum_witnesses;          /* K in each */
    size_t log_count, closed_count, member_count, former_count, key_count, past_count, threshold_count;
    struct accord_roster_log logs[ACCORD_ROSTER_LOGS_MAX];
    struct accord_closed_log closed[ACCORD_ROSTER_LOGS_MAX];
    struct accord_member members[ACCORD_MEMBERS_MAX];
    struct accord_former_member former[ACCORD_MEMBERS_MAX];
    struct accord_roster_key keys[ACCORD_ROSTER_KEYS_MAX];
    struct accord_roster_past past[ACCORD_ROSTER_PAST_MAX];
    struct accord_roster_threshold thresholds[ACCORD_ROSTER_THRESHOLDS_MAX];
};

/* Where an entry is, as a proof established it. */
struct accord_place {
    struct accord_bytes origin;
    uint64_t index;
    uint64_t seen_at; /* quorum time of the checkpoint that proves it, POSIX seconds */
};

/* Who of a domain signed a note, each key once. */
struct accord_signers {
    bool known;                                /* the domain is a member, or was */
    unsigned release_threshold;                /* of its release keys, for an entry at that place */
    unsigned release, stage, current, receipt; /* how many keys of these roles signed */
};
/* Counts the keys of a domain that count for an entry at this place; place NULL: it is in no log yet, so past keys do
 * not count. ACCORD_SIGNATURE where a line of a key that counts is wrong (*error names the key). A domain that is
 * unknown is no refusal. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_roster_signers(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                      struct accord_bytes domain, const struct accord_place *place, const struct accord_crypto *crypto,
                      struct accord_signers *signers, struct accord_error *error);
/* The same as a rule: a threshold of the domain's release keys signed. ACCORD_NOT_A_MEMBER, ACCORD_WRONG_SIGNER where
 * none did, ACCORD_THRESHOLD. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_roster_signed(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                     struct accord_bytes domain, const struct accord_place *place, const struct accord_crypto *crypto,
                     struct accord_signers *signers, struct accord_error *error);
/* Who speaks of flaws: one of the domain's receipt keys signed it, or a threshold of its release keys. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_receipt_signed(const struct accord_roster_claim *roster, const struct accord_note_claim *note,
                      struct accord_bytes domain, const struct accord_place *place, const struct accord_crypto *crypto,
                      struct accord_error *error);
/* The closed log with this origin, or NULL. */
ACCORD_API const struct accord_closed_log *accord_roster_closed(const struct accord_roster_claim *roster,
                                                                struct accord_bytes origin);
/* Verifies a checkpoint of a log of the roster: of a closed one by its line, of another by policy, which is the
 * roster's own (accord_roster_policy). The refusals of accord_policy_verify, and ACCORD_CLOSED_LOG. A closed log has no
 * witnesses, and cosigners->log is SIZE_MAX. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_roster_verify_checkpoint(const struct accord_roster_claim *roster, const struct accord_policy *policy,
                                const struct accord_checkpoint_claim *claim, const struct accord_crypto *crypto,
                                struct accord_checkpoint *checkpoint, struct accord_cosigners *cosigners,
                                struct accord_error *error);

ACCORD_MUST_USE ACCORD_API enum accord_status accord_charter_parse(struct accord_charter_claim *charter,
                                                                   struct accord_bytes entry,
                                                                   const struct accord_crypto *crypto,
                                                                   struct accord_error *error);
/* Is it signed by every founder? */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_charter_verify(const struct accord_charter_claim *charter,
                                                                    const struct accord_crypto *crypto,
                                                                    struct accord_error *error);
ACCORD_MUST_USE ACCORD_API enum accord_status accord_roster_parse(struct accord_roster_claim *roster,
                                                                  struct accord_bytes entry,
                                                                  const struct accord_crypto *crypto,
                                                                  struct accord_error *error);
/* Does roster 1 follow from the charter: same digest, signed by every founder's key? */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_roster_verify_first(const struct accord_roster_claim *roster,
                                                                         const struct accord_charter_claim *charter,
                                                                         const struct accord_crypto *crypto,
                                                                         struct accord_error *error);
/* Does next follow from roster: number + 1, same charter, previous = digest of roster's entry, signed by at least
 * roster->admit of roster's members (each by its release_threshold of release keys)? */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_roster_verify_next(const struct accord_roster_claim *roster,
                                                                        const struct accord_roster_claim *next,
                                                                        const struct accord_crypto *crypto,
                                                                        struct accord_error *error);

/* The place of the member, or SIZE_MAX. */
ACCORD_API size_t accord_roster_member(const struct accord_roster_claim *roster, struct accord_bytes domain);
/* The place of the former member, or SIZE_MAX. */
ACCORD_API size_t accord_roster_former(const struct accord_roster_claim *roster, struct accord_bytes domain);
/* Prints a member's lines; keys are its own. */
ACCORD_API void accord_member_print(struct accord_out *out, const struct accord_member *member,
                                    const struct accord_roster_key *keys);
/* Prints a roster's text (no signatures, no extensions) from the claim's lines: its statement is not looked at, so that
 * a claim with other lines in it is the draft of another roster. */
ACCORD_API void accord_roster_print(struct accord_out *out, const struct accord_roster_claim *roster);
/* Renders the roster as a tlog-policy file: its logs, each member's witness (named by its domain), a group
 * `jurisdiction-XX` for each jurisdiction with at least K witnesses, the quorum group. */
ACCORD_API void accord_roster_policy(struct accord_out *out, const struct accord_roster_claim *roster);

/* What a verifier keeps: `accord/v1/trust`, the charter's digest, the keys that evidence convicted, a blank line, the
 * newest roster's entry verbatim (docs/protocol.md, "Trust file"). */
struct accord_trust_claim {
    uint8_t charter[ACCORD_HASH_SIZE];
    uint64_t roster_index;        /* where in its log the roster is */
    struct accord_bytes distrust; /* its lines, verbatim; may be empty */
    struct accord_bytes roster_entry;
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_trust_parse(struct accord_trust_claim *trust,
                                                                 struct accord_bytes bytes, struct accord_error *error);
ACCORD_API void accord_trust_print(struct accord_out *out, const struct accord_trust_claim *trust);

/* A `distrust` line. The vkey is text: who uses it parses it. */
struct accord_distrust {
    struct accord_bytes vkey;
    struct accord_bytes evidence; /* `sha256:...`, of the file that convicted it */
};
/* Steps through the lines of a trust file that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_trust_next_distrust(const struct accord_trust_claim *trust, size_t *cursor,
                                           struct accord_distrust *distrust);
/* Prints the lines of trust with one more in its place; the same lines where the key has one. ACCORD_TOO_LARGE where
 * there are ACCORD_DISTRUST_MAX of them already. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_trust_add_distrust(struct accord_out *out,
                                                                        const struct accord_trust_claim *trust,
                                                                        struct accord_bytes vkey,
                                                                        const uint8_t evidence[ACCORD_HASH_SIZE]);

#endif
