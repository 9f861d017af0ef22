/* The cases of a log: every report in it, with what was answered, judged by the log and its witnesses' clock alone
 * (docs/protocol.md, "The clock of a log", "A case"). Whoever has the same log and the same newest checkpoint gets the
 * same docket. */
#ifndef ACCORD_CASE_DOCKET_H
#define ACCORD_CASE_DOCKET_H

#include "accord/case.h"
#include "follow/chain.h"

/* What a docket takes of whatever is in a log: so many cases that pass the filter, and so many bytes. Of what is more,
 * which anybody can bring about, the first cases in the log are kept; a case whose answers find no room any more is
 * left out with all of them, since what they say could be what counts. accord_docket_left_out counts these, and whoever
 * shows a docket has to say so; a narrower filter helps. Of the answers to one case so many are kept, with room for
 * each party that another cannot take: 64 of the reporter, and while one roster is in force 128 of the vendor, 3 shares
 * or complaints of each custodian, 16 disclosures of others that hold; what is more is passed over unseen. Nothing is
 * kept of entries that do not parse, that nobody signed who could, or whose checkpoint does not count. An entry that
 * carries a checkpoint costs one verification for each key of the roster, unless it is one of the last 64 that were
 * met; a release that passes the filter, a report or an answer to a case that is kept costs one for each key that
 * signed it. Of each checkpoint that counts 16 bytes are kept. */
#define ACCORD_DOCKET_CASES_MAX 262144
#define ACCORD_DOCKET_BYTES_MAX ((size_t)1 << 30)
#define ACCORD_DOCKET_ANSWERS_MAX 2048

/* Which cases are kept; all may be empty. */
struct accord_docket_filter {
    struct accord_bytes vendor;    /* its cases, and blinded ones that are not shown to be another's */
    struct accord_bytes custodian; /* those that give this member a share */
    struct accord_bytes digits;    /* those whose id begins with these hexadecimal digits */
    const uint64_t *index;         /* the one whose report has this index, or NULL */
    const uint8_t *id;             /* one case: of ACCORD_HASH_SIZE bytes, or NULL */
    size_t room;                   /* bytes; 0: ACCORD_DOCKET_BYTES_MAX */
};

/* An answer, as it stands in the log. */
struct accord_docket_answer {
    struct accord_case_event event;
    struct accord_bytes by;          /* a domain, or "reporter" */
    uint64_t roster;                 /* the number of the one in force there, by which it is signed */
    uint8_t value[ACCORD_HASH_SIZE]; /* as in accord_answer_claim */
    bool has_salt;
    uint8_t salt[32];
    uint8_t file_key[ACCORD_FILE_KEY_SIZE];
    struct accord_bytes word, text;
    enum accord_status counts; /* ACCORD_OK, or why it was passed over */
    struct accord_error why;
};

struct accord_docket_case {
    uint8_t id[ACCORD_HASH_SIZE];
    uint64_t index, not_before, claimed; /* of the report; its time is in state */
    struct accord_bytes entry;           /* of the report */
    struct accord_report_claim claim;    /* parsed from entry */
    struct accord_bytes vendor;          /* empty: blinded, and not shown */
    struct accord_case state;
    size_t answer_count;
    struct accord_docket_answer *answers; /* in the order of the log, those that were passed over too */
};

struct accord_docket;
ACCORD_MUST_USE enum accord_status accord_docket_new(struct accord_docket **docket, const struct accord_crypto *crypto,
                                                     const struct accord_docket_filter *filter,
                                                     struct accord_error *error);
void accord_docket_free(struct accord_docket *docket);
/* The next entry, which the chain has taken before; any kind. root gives the root of the log's tree of a size that is
 * at most index. ACCORD_EVIDENCE where a checkpoint with its quorum has another root: the log was forked. */
struct accord_docket_log {
    void *context;
    struct accord_bytes origin;
    enum accord_status (*root)(void *context, uint64_t size, uint8_t root[ACCORD_HASH_SIZE],
                               struct accord_error *error);
};
ACCORD_MUST_USE enum accord_status accord_docket_see(struct accord_docket *docket, const struct accord_chain *chain,
                                                     const struct accord_docket_log *log, uint64_t index,
                                                     struct accord_bytes entry, struct accord_error *error);
/* A log whose roots come from a reader's tiles. *roots, and what it names, have to live as long as that is used. */
struct accord_docket_roots {
    const struct accord_crypto *crypto;
    struct accord_reader *reader;
};
struct accord_docket_log accord_docket_log_of(struct accord_docket_roots *roots, struct accord_bytes origin);
/* The same as seeing a release, for whoever verified it already: the digest of its entry, and its vendor. */
ACCORD_MUST_USE enum accord_status accord_docket_note_release(struct accord_docket *docket,
                                                              const uint8_t digest[ACCORD_HASH_SIZE],
                                                              struct accord_bytes vendor, struct accord_error *error);
/* All was seen, below the size of the newest checkpoint, whose quorum time this is: judges. Once. */
ACCORD_MUST_USE enum accord_status accord_docket_judge(struct accord_docket *docket, const struct accord_chain *chain,
                                                       uint64_t size, uint64_t time, struct accord_error *error);
size_t accord_docket_count(const struct accord_docket *docket);
/* How many cases found no room. */
uint64_t accord_docket_left_out(const struct accord_docket *docket);
/* In the order of the log. */
const struct accord_docket_case *accord_docket_case(const struct accord_docket *docket, size_t place);
/* Its time, of any entry: when it was public, by the clock of the log. Of a docket that is judged. */
uint64_t accord_docket_time(const struct accord_docket *docket, uint64_t index);
/* Quorum time of the newest checkpoint: the log's now. */
uint64_t accord_docket_now(const struct accord_docket *docket);
/* How much it keeps: another number after an entry was seen of which something was kept. */
uint64_t accord_docket_weight(const struct accord_docket *docket);
/* Would this answer count, were it logged now? Its signature is not asked. The refusals of accord_case_step. Now is
 * what the answer claims, where that is later than the newest checkpoint: a clock that is ahead cannot be told from a
 * log that stood still. */
ACCORD_MUST_USE enum accord_status accord_docket_try(const struct accord_docket *docket,
                                                     const struct accord_docket_case *found,
                                                     const struct accord_answer_claim *answer,
                                                     const uint8_t digest[ACCORD_HASH_SIZE],
                                                     struct accord_error *error);
/* Would a tick under the newest checkpoint tell anything, that is: is there an entry of a case that no checkpoint in
 * an entry covers? */
bool accord_docket_wants_tick(const struct accord_docket *docket);

#endif
