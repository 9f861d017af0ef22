/* What collecting and judging a docket have in common. Inside this room only. */
#ifndef ACCORD_CASE_DOCKET_INNER_H
#define ACCORD_CASE_DOCKET_INNER_H

#include "base/digests.h"
#include "case/docket.h"

#define ACCORD_DOCKET_SEEN 64 /* checkpoints whose quorum was asked lately */

/* A checkpoint that an entry carried, as some roster judged it. */
struct accord_docket_seen {
    bool known, counts;
    uint8_t key[ACCORD_HASH_SIZE]; /* of the checkpoint and the roster's number */
    uint64_t size, not_before, time;
};

/* A case with what is needed to judge it. found is first: the two are one. */
struct accord_docket_kept {
    struct accord_docket_case found;
    struct accord_embargo_rule rule;
    unsigned report_days;
    size_t capacity;
    struct accord_bytes *entries; /* of the answers, owned, as many */
    struct accord_bytes shown_by; /* who a blinded vendor is, by a receipt that may count or not */
    bool left_out;                /* there was no room for its answers */
    /* How many answers are kept of each, since this roster is in force. */
    uint64_t roster;
    unsigned by_vendor, by_reporter, by_others, by_custodian[ACCORD_CUSTODIANS_MAX];
};

/* A tree, and when a quorum had seen it. */
struct accord_docket_tick {
    uint64_t size, time;
};

struct accord_docket {
    const struct accord_crypto *crypto;
    uint8_t vendor_memory[256], custodian_memory[256], digits_memory[2 * ACCORD_HASH_SIZE], id_memory[ACCORD_HASH_SIZE],
        origin_memory[ACCORD_ORIGIN_SIZE_MAX];
    struct accord_bytes vendor, custodian, digits; /* the filter's, or empty */
    struct accord_bytes origin;
    bool has_id, has_index;
    uint64_t index;    /* where has_index */
    uint64_t left_out; /* cases that found no room */
    struct accord_docket_seen seen[ACCORD_DOCKET_SEEN];
    size_t next_seen;
    uint64_t policy_number; /* of the roster that policy is of; 0: none yet */
    struct accord_policy *policy;
    struct accord_buffer policy_text, checkpoint;
    uint64_t not_before; /* the latest that a checkpoint so far vouches for */
    struct accord_docket_tick *ticks;
    size_t tick_count, tick_capacity;
    struct accord_digests releases; /* of an entry and its vendor */
    struct accord_docket_kept **cases;
    size_t case_count, case_capacity, shown; /* shown: those that count, once it is judged */
    size_t *table;                           /* places in cases, plus one, by id */
    size_t table_size;                       /* a power of two, or 0 */
    uint8_t table_key[16];
    size_t bytes, room;           /* of all entries that are kept; at most so many */
    uint64_t last_entry, covered; /* the newest entry of a case, plus one; the largest tree in an entry */
    uint64_t now;
};

/* The place of a case by its id, or SIZE_MAX. */
size_t accord_docket_place(const struct accord_docket *docket, const uint8_t id[ACCORD_HASH_SIZE]);
/* The digest under which a release is remembered. */
void accord_docket_release(const struct accord_crypto *crypto, const uint8_t entry[ACCORD_HASH_SIZE],
                           struct accord_bytes vendor, uint8_t key[ACCORD_HASH_SIZE]);
/* Is the vendor of this case blinded, and does the salt show that it is this member? */
bool accord_docket_shows(const struct accord_docket *docket, const struct accord_docket_case *found,
                         struct accord_bytes by, const uint8_t salt[32]);
/* What an answer says, as the state machine takes it; all but its times. shown_by: who a blinded case's vendor is,
 * where that is not in found; or empty. */
void accord_docket_event(const struct accord_docket *docket, const struct accord_docket_case *found,
                         struct accord_bytes shown_by, const struct accord_answer_claim *answer,
                         const uint8_t digest[ACCORD_HASH_SIZE], struct accord_case_event *event);
/* Fills what depends on the answers that count before it: is it a commitment of its own that is revealed? */
void accord_docket_reveal(const struct accord_docket *docket, const struct accord_docket_case *found, size_t count,
                          const struct accord_docket_answer *answer, struct accord_case_event *event);

#endif
