/* Reports: what a log holds of a flaw that is told to its vendor (docs/protocol.md, "Report", "Answers", "Shares").
 * This is the grammar; case.h says what a case's entries mean together. Pure functions of bytes. */
#ifndef ACCORD_REPORT_H
#define ACCORD_REPORT_H

#include "accord/roster.h"

#define ACCORD_CUSTODIANS_MAX 16
#define ACCORD_FILE_KEY_SIZE 16
#define ACCORD_MOMENT_CHECKPOINT_MAX 16384 /* bytes of the checkpoint in an entry */
#define ACCORD_SHARE_SEALED_MAX 512        /* bytes of an age file that holds a share */
#define ACCORD_REPORTER_NAME "reporter"    /* the name of the key that is made for one report */

/* When an entry says that it was made, and what shows that it is no older. */
struct accord_moment {
    uint64_t time;                         /* its maker's clock: POSIX seconds, from 1 */
    struct accord_bytes checkpoint_base64; /* canonical, checked; of a signed checkpoint of this log, not verified */
};

struct accord_custodian {
    struct accord_bytes domain;
    struct accord_bytes share_base64; /* canonical, checked; of an age file with the share's 32 bytes */
};

/* accord/v1/report; nothing has been verified. */
struct accord_report_claim {
    struct accord_statement_claim statement;
    struct accord_bytes vendor;        /* empty: it is blinded */
    uint8_t blinded[ACCORD_HASH_SIZE]; /* HMAC of the vendor's domain under the salt */
    struct accord_vkey key;            /* of this report alone; type 0x01 */
    struct accord_moment moment;
    uint64_t opens;                                  /* POSIX seconds */
    uint8_t commitment[ACCORD_HASH_SIZE];            /* HMAC under the salt, to the vendor and the parcel */
    uint8_t file_key[ACCORD_HASH_SIZE];              /* digest of the age file's key */
    uint8_t sealed[ACCORD_HASH_SIZE];                /* SHA-256 of the age file */
    uint64_t sealed_size;                            /* bytes */
    unsigned custody;                                /* K: so many of the custodians open it; 0: there are none */
    struct accord_bytes recipient;                   /* `age1...`: the key that they share */
    size_t custodian_count;                          /* N, at least K */
    uint8_t coefficients[ACCORD_CUSTODIANS_MAX][32]; /* K of them: points of ristretto255, not checked */
    struct accord_custodian custodians[ACCORD_CUSTODIANS_MAX];
    struct accord_bytes introduced; /* a member's domain, or empty */
    bool has_work;
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_report_parse(struct accord_report_claim *report,
                                                                  struct accord_bytes entry,
                                                                  const struct accord_crypto *crypto,
                                                                  struct accord_error *error);
/* Its own key signed it, and where a member introduces it, a receipt key or a threshold of release keys of that member;
 * its vendor and its custodians are members. ACCORD_SIGNATURE, ACCORD_WRONG_SIGNER, ACCORD_NOT_A_MEMBER. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_report_verify(const struct accord_report_claim *report, const struct accord_roster_claim *roster,
                     const struct accord_place *place, const struct accord_crypto *crypto, struct accord_error *error);
/* How many zero bits the SHA-256 of the statement's text begins with ("Work"). */
ACCORD_API unsigned accord_report_work(const struct accord_report_claim *report, const struct accord_crypto *crypto);

/* What the values in these entries are made of. hmac is HMAC-SHA-256 with a key of 32 bytes. */
ACCORD_API void accord_report_commitment(const struct accord_crypto *crypto, const uint8_t salt[32],
                                         struct accord_bytes vendor, const uint8_t parcel[ACCORD_HASH_SIZE],
                                         uint8_t commitment[ACCORD_HASH_SIZE]);
/* The key of `blinded`, which follows from the salt, and from which the salt does not follow: a vendor can show it. */
ACCORD_API void accord_report_blind_key(const struct accord_crypto *crypto, const uint8_t salt[32], uint8_t key[32]);
ACCORD_API void accord_report_blinded(const struct accord_crypto *crypto, const uint8_t key[32],
                                      struct accord_bytes vendor, uint8_t blinded[ACCORD_HASH_SIZE]);
ACCORD_API void accord_report_file_key(const struct accord_crypto *crypto, const uint8_t file_key[ACCORD_FILE_KEY_SIZE],
                                       uint8_t digest[ACCORD_HASH_SIZE]);
ACCORD_API void accord_receipt_value(const struct accord_crypto *crypto, const uint8_t salt[32],
                                     const uint8_t case_id[ACCORD_HASH_SIZE], const uint8_t parcel[ACCORD_HASH_SIZE],
                                     uint8_t value[ACCORD_HASH_SIZE]);
/* Of a verdict, a fix, a notice to an authority: kind is the state's word. */
ACCORD_API void accord_progress_commitment(const struct accord_crypto *crypto, const uint8_t salt[32],
                                           struct accord_bytes state, struct accord_bytes text,
                                           uint8_t commitment[ACCORD_HASH_SIZE]);

/* What an answer is. */
enum accord_answer_kind {
    ACCORD_ANSWER_RECEIPT = 1, /* accord/v1/receipt */
    ACCORD_ANSWER_TRIAGED,     /* accord/v1/progress, from here on: its `state` */
    ACCORD_ANSWER_NEED_INFO,
    ACCORD_ANSWER_FIX,
    ACCORD_ANSWER_PUBLISHED,
    ACCORD_ANSWER_EXPLOITED,
    ACCORD_ANSWER_EXTEND,
    ACCORD_ANSWER_REGULATOR,
    ACCORD_ANSWER_REFUSED,
    ACCORD_ANSWER_UNREADABLE,
    ACCORD_ANSWER_WITHDRAWN,
    ACCORD_ANSWER_REVEALED,
    ACCORD_ANSWER_DISCLOSE, /* accord/v1/disclose */
    ACCORD_ANSWER_SHARE,    /* accord/v1/share */
    ACCORD_ANSWER_COMPLAINT
};
/* "receipt", "triaged", ..., "disclose", "share", "complaint". */
ACCORD_API struct accord_bytes accord_answer_name(enum accord_answer_kind kind);
ACCORD_MUST_USE ACCORD_API bool accord_answer_read(struct accord_bytes name, enum accord_answer_kind *kind);

/* accord/v1/receipt, progress, disclose, share; nothing has been verified. */
struct accord_answer_claim {
    struct accord_statement_claim statement;
    enum accord_answer_kind kind;
    uint8_t case_id[ACCORD_HASH_SIZE]; /* digest of the report's entry */
    struct accord_bytes by;            /* a domain, or "reporter" */
    bool has_previous;                 /* all but disclosures, shares, complaints */
    uint8_t previous[ACCORD_HASH_SIZE];
    struct accord_moment moment;
    uint8_t value[ACCORD_HASH_SIZE]; /* receipt: its value; triaged, fix, regulator: a commitment; published: digest of
                                        the release's entry; revealed: digest of the entry; share: the scalar */
    bool has_salt;
    uint8_t
        salt[32]; /* receipt: the blind key, which shows the vendor; revealed: of the commitment; disclose: the seed */
    uint64_t until;                         /* extend: POSIX seconds */
    struct accord_bytes word;               /* refused: a token that says why */
    struct accord_bytes text;               /* refused: may be empty; revealed: what was committed to */
    uint8_t file_key[ACCORD_FILE_KEY_SIZE]; /* disclose: the report's; complaint: that of the share's age file */
};
/* Is this entry one of these kinds? */
ACCORD_API bool accord_answer_recognize(struct accord_bytes entry);
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_answer_parse(struct accord_answer_claim *answer, struct accord_bytes entry, struct accord_error *error);
/* Who it says it is by signed it: the report's own key for "reporter", else a receipt key of that member or a threshold
 * of its release keys. ACCORD_SIGNATURE, ACCORD_WRONG_SIGNER, ACCORD_NOT_A_MEMBER. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_answer_verify(const struct accord_answer_claim *answer, const struct accord_vkey *reporter,
                     const struct accord_roster_claim *roster, const struct accord_place *place,
                     const struct accord_crypto *crypto, struct accord_error *error);

/* accord/v1/tick: a checkpoint, in the log. */
struct accord_tick_claim {
    struct accord_statement_claim statement;
    struct accord_bytes checkpoint_base64; /* canonical, checked */
};
ACCORD_MUST_USE ACCORD_API enum accord_status accord_tick_parse(struct accord_tick_claim *tick,
                                                                struct accord_bytes entry, struct accord_error *error);

/* Print the text of a statement (no signatures) from a claim; its statement is not used. Slices of the claim may be
 * anything: whether it follows the grammar the parser says. */
ACCORD_API void accord_report_print(struct accord_out *out, const struct accord_report_claim *report, uint64_t work);
ACCORD_API void accord_answer_print(struct accord_out *out, const struct accord_answer_claim *answer);
ACCORD_API void accord_tick_print(struct accord_out *out, struct accord_bytes checkpoint);

#endif
