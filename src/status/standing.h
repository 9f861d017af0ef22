/* How each signatory stands, computed from a log and its accord's rules alone (docs/status.md): the same on every
 * machine. Statements count that hold by the newest roster, each once; the time is a quorum's, never the clock's. */
#ifndef ACCORD_STATUS_STANDING_H
#define ACCORD_STATUS_STANDING_H

#include "accord/attest.h"
#include "accord/demand.h"
#include "base/buffer.h"
#include "case/docket.h"
#include "follow/chain.h"
#include "log/reader.h"

#define ACCORD_STANDING_TOKEN_SIZE 129
#define ACCORD_STANDING_PRODUCTS_MAX 4096 /* of each member: statements about more are passed over */

/* One product of a member. */
struct accord_standing_product {
    size_t member;
    char name[ACCORD_STANDING_TOKEN_SIZE];
    uint64_t releases, withdrawals;   /* statements */
    uint64_t sequence, release_index; /* of the highest release */
    char version[ACCORD_STANDING_TOKEN_SIZE];
    uint64_t policy_number, policy_index;                /* the newest policy; number 0: none */
    struct accord_buffer policy;                         /* its entry */
    uint64_t max_age;                                    /* what it asks of `current`, in seconds; 0: nothing */
    uint64_t currents, distinct_currents, current_index; /* all of them, those that differ, the newest */
    uint64_t current_not_after;                          /* it was in the log by then: a quorum's time */
    bool current_overdue; /* it is certainly older than max_age; or there is none, and was to be one */
};

struct accord_standing {
    bool has_witness, cosigned; /* cosigned: the newest checkpoint */
    uint64_t last_seen;         /* the latest time its witness put its name to; 0: never, in this log */
    uint64_t enactments;        /* cosigned, of those in the log */
    bool has_mirror, mirrored;  /* its mirror cosigned the newest checkpoint */
    uint64_t releases, staged[ACCORD_STAGE_COUNT]; /* those of which an attestation that they name is in the log */
    uint64_t attested, attested_for_others;
    uint64_t rebuilt, rebuilt_otherwise;         /* others' builds: the same bytes, or not */
    uint64_t was_rebuilt, was_rebuilt_otherwise; /* its builds, by others */
    uint64_t policies, withdrawals, currents;
    /* Cases in which it gave a receipt: anybody can log the others. */
    uint64_t reports_received, reports_fixed, reports_overdue;
    uint64_t demands;            /* statements that differ */
    struct accord_buffer demand; /* the entry of the one that speaks of the latest days; or empty */
    struct accord_demand_claim demand_claim;
    uint64_t demand_index;
    bool demand_overdue;
    size_t first_product, product_count; /* in products, sorted by name */
};

struct accord_standings_options {
    const struct accord_crypto *crypto;
    const struct accord_trust_claim *trust; /* NULL, or whose charter it has to be, and whom it distrusts */
    bool has_at;
    uint64_t at;      /* judge what is due by this time instead of the quorum's */
    unsigned threads; /* more than one only for a log that several may read at once */
    void (*progress)(void *context, uint64_t done, uint64_t size); /* may be NULL */
    void *context;
};

/* Everything here borrows from itself. Start with accord_standings_new. */
struct accord_standings {
    struct accord_chain *chain; /* the newest roster */
    struct accord_buffer note;
    struct accord_checkpoint_claim checkpoint; /* the newest; its quorum is verified */
    struct accord_buffer policy_text;
    struct accord_policy *policy; /* the roster's, less whom the trust file distrusts */
    uint64_t quorum_time, now;    /* now: the quorum's time, or what was asked for */
    uint64_t enactments;          /* in the log, that hold */
    uint64_t counted;             /* statements */
    uint64_t passed_over; /* those that came again, or whose keys count no more where they are, or that follow from
                             none, that speak of days to come, or of more products than a member has counted */
    struct accord_standing members[ACCORD_MEMBERS_MAX]; /* as in the roster */
    struct accord_standing_product *products;
    size_t product_count;
    struct accord_docket *cases; /* every report; NULL where there are more than a docket holds */
};

/* Reads the log twice: for its rosters, and for what they let count. The refusals of accord_pin, accord_pin_succeeds
 * and accord_sweep; Freed in either case. */
ACCORD_MUST_USE enum accord_status accord_standings_new(struct accord_standings **standings,
                                                        struct accord_reader *reader,
                                                        const struct accord_standings_options *options,
                                                        struct accord_error *error);
void accord_standings_free(struct accord_standings *standings);
static inline const struct accord_roster_claim *accord_standings_roster(const struct accord_standings *standings)
{
    return accord_chain_roster(standings->chain);
}

#endif
