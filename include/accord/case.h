/* A case: a report, what was answered to it, and a clock (docs/protocol.md, "A case", "The clock of a case"). The state
 * machine alone: events in the log's order go in, with the times that a quorum gives them. Pure functions. */
#ifndef ACCORD_CASE_H
#define ACCORD_CASE_H

#include "accord/report.h"

#define ACCORD_CASE_DAY 86400

enum accord_party { ACCORD_PARTY_VENDOR = 1, ACCORD_PARTY_REPORTER, ACCORD_PARTY_CUSTODIAN, ACCORD_PARTY_OTHER };

/* Something that happened: an answer whose signature holds, and whose reporter, vendor, custodian the caller knows. */
struct accord_case_event {
    enum accord_answer_kind kind;
    enum accord_party by;
    size_t custodian;                 /* share, complaint: its place in the report */
    uint64_t index;                   /* in the log */
    uint64_t not_before;              /* quorum times: it is no older than this, POSIX seconds, */
    uint64_t time;                    /* and was public then */
    uint64_t claimed;                 /* its own */
    uint8_t digest[ACCORD_HASH_SIZE]; /* of the entry */
    bool has_previous;
    uint8_t previous[ACCORD_HASH_SIZE];
    uint64_t until; /* extend */
    bool holds;     /* published: the release is in the log; disclose: the file key is the report's, and the seed gives
                       it; share: it is that custodian's; complaint: the sealed share is wrong; revealed: the commitment
                       opens */
    bool is_own;    /* revealed: the entry that is revealed is this party's */
    bool has_seed;  /* disclose: it brings the seed */
};

/* What was reported, and what has come of it. Times are POSIX seconds; 0: it did not happen. */
struct accord_case {
    struct accord_embargo_rule rule;
    unsigned report_days;           /* the vendor's own, or 0 */
    uint64_t time;                  /* of the report */
    uint64_t opens;                 /* as the report asks */
    uint8_t last[ACCORD_HASH_SIZE]; /* the digest that the next answer names */
    uint64_t received, triaged, need_info, fixed, published, exploited, refused, unreadable, withdrawn, disclosed,
        regulator, seeded;                       /* seeded: a disclosure brought the seed */
    uint64_t asked_by_vendor, asked_by_reporter; /* `until` of the last request of each side */
    uint64_t extended, agreed;                   /* the date that both agreed to, and when they did */
    unsigned share_count, complaint_count;       /* shares that hold, each custodian once */
    uint32_t shared, complained;                 /* a bit for each custodian */
    bool fixed_later;                            /* published after the extension was agreed to */
    bool opened_early;                           /* a disclosure, or a share, came before its time */
};

ACCORD_API void accord_case_begin(struct accord_case *c, const struct accord_embargo_rule *rule, unsigned report_days,
                                  uint64_t opens, uint64_t time, const uint8_t id[ACCORD_HASH_SIZE]);
/* Takes an event, or refuses it: then the case is as it was. ACCORD_CASE (*error says what would have been allowed),
 * ACCORD_CLOCK, ACCORD_WRONG_SIGNER, ACCORD_SHARE, ACCORD_COMMITMENT. Events come in the order of their indexes. */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_case_step(struct accord_case *c, const struct accord_case_event *event, struct accord_error *error);

/* Where a case stands at a time. */
struct accord_case_standing {
    struct accord_bytes state; /* reported, received, triaged, fixed, published, disclosed, withdrawn */
    bool silent;               /* no answer within the time for a receipt */
    bool overdue;              /* its vendor did not publish a fix in time */
    bool disclosable;          /* the embargo is over */
    uint64_t opens;            /* when it is, or was, over; UINT64_MAX: never, it was withdrawn */
    uint64_t due;              /* by when its vendor should have published a fix */
};
ACCORD_API void accord_case_stand(const struct accord_case *c, uint64_t now, struct accord_case_standing *standing);

#endif
