/* What statements of other kinds than releases say, each by its own grammar, and whether their signatures hold. Inside
 * this room only. */
#ifndef ACCORD_MONITOR_STATEMENTS_H
#define ACCORD_MONITOR_STATEMENTS_H

#include "accord/apply.h"
#include "accord/demand.h"
#include "accord/product.h"
#include "monitor/finding.h"

enum accord_said_kind {
    ACCORD_SAID_OTHER, /* kinds whose grammar is only that of all of them, so far */
    ACCORD_SAID_APPLY,
    ACCORD_SAID_LEAVE,
    ACCORD_SAID_ATTEST,
    ACCORD_SAID_POLICY,
    ACCORD_SAID_CURRENT,
    ACCORD_SAID_WITHDRAW,
    ACCORD_SAID_SEEN,
    ACCORD_SAID_DEMAND
};

/* A statement that parsed. About 20 KiB. */
struct accord_said {
    enum accord_said_kind kind;
    struct accord_bytes speaker; /* the member whose keys must have signed; empty for OTHER */
    struct accord_bytes vendor;  /* whose product it is about; may be empty */
    struct accord_bytes product;
    const struct accord_statement_claim *statement;
    union {
        struct accord_statement_claim other;
        struct accord_apply_claim apply;
        struct accord_leave_claim leave;
        struct accord_attest_claim attest;
        struct accord_product_policy_claim policy;
        struct accord_current_claim current;
        struct accord_withdraw_claim withdraw;
        struct accord_demand_claim demand;
        struct accord_seen_claim seen;
    } claim;
};

/* Is this a kind that is read here? `word` is what the first line says. */
bool accord_said_knows(struct accord_bytes word);
ACCORD_MUST_USE enum accord_status accord_said_parse(struct accord_said *said, struct accord_bytes word,
                                                     struct accord_bytes entry, const struct accord_crypto *crypto,
                                                     struct accord_error *error);
/* Did who must sign it sign it, by the roster's keys of now? Not for OTHER. */
ACCORD_MUST_USE enum accord_status accord_said_holds(const struct accord_said *said,
                                                     const struct accord_roster_claim *roster,
                                                     const struct accord_crypto *crypto, struct accord_error *error);
/* Appends what it says, in a few words; and how severe that is, where it says so itself. */
void accord_said_tell(const struct accord_said *said, struct accord_finding *finding);

#endif
