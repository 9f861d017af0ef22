/* Is this release fit for use: made as its vendor's own policy demands, public, and not taken back? What `accord
 * verify` asks beyond the release itself (docs/protocol.md, "Judgement"), as pure functions of bytes. */
#ifndef ACCORD_JUDGE_H
#define ACCORD_JUDGE_H

#include "accord/product.h"
#include "accord/verify.h"

#define ACCORD_EXHIBITS_MAX 256
#define ACCORD_PRODUCT_POLICIES_MAX 64
#define ACCORD_ATTESTATIONS_MAX 64 /* that a release may name */
#define ACCORD_REBUILDERS_MAX 127  /* as many as a policy can ask for; more are not counted */

enum accord_exhibit_kind {
    ACCORD_EXHIBIT_RELEASE,
    ACCORD_EXHIBIT_ATTEST,
    ACCORD_EXHIBIT_POLICY,
    ACCORD_EXHIBIT_CURRENT,
    ACCORD_EXHIBIT_WITHDRAW,
    ACCORD_EXHIBIT_OTHER
};

/* A statement that a proof showed to be in a log. */
struct accord_exhibit {
    enum accord_exhibit_kind kind;
    struct accord_bytes entry;
    uint8_t digest[ACCORD_HASH_SIZE];
    struct accord_place place;      /* seen_at is the earliest of all proofs of it */
    uint64_t tree_size, not_before; /* the largest and latest of all proofs of it */
    /* A bit for each member whose mirror cosigned a tree that holds it; and for each that cosigned the largest one. */
    uint64_t mirrors[ACCORD_MEMBERS_MAX / 64], newest_mirrors[ACCORD_MEMBERS_MAX / 64];
};

/* What is put before the judge. About 30 KiB, and memory for the entries. */
struct accord_dossier {
    const struct accord_verifier *verifier;
    struct accord_out memory; /* the caller's: entries and origins are copied here */
    uint64_t time;            /* the latest quorum time of all proofs, POSIX seconds: it is not earlier than that */
    size_t count;
    struct accord_exhibit exhibits[ACCORD_EXHIBITS_MAX];
};
ACCORD_API void accord_dossier_init(struct accord_dossier *dossier, const struct accord_verifier *verifier,
                                    struct accord_out memory);
/* Takes a tlog-proof with its entry. A second proof of an entry adds to what is known of it. The refusals of
 * accord_verify_entry; ACCORD_TOO_LARGE, ACCORD_NO_SPACE where it does not fit. */
ACCORD_MUST_USE ACCORD_API enum accord_status accord_dossier_add(struct accord_dossier *dossier,
                                                                 struct accord_seen_checkpoint *memory,
                                                                 struct accord_bytes proof, struct accord_error *error);

/* What was learned of a product before, or is to be remembered of it now. The zero value remembers nothing. */
struct accord_remembered {
    bool released; /* a release was accepted, of this sequence: */
    uint64_t sequence;
    uint64_t policy_number; /* 0: none was seen */
    uint8_t policy[ACCORD_HASH_SIZE];
    struct accord_place current; /* the newest `current_at`; origin.size is 0 where none was seen */
    uint64_t time;               /* a quorum stood behind it */
    uint64_t roster_number;      /* of the newest roster that was judged by; 0: none is known */
    /* Of what is to be remembered: sequence goes back behind this one, which its vendor took back. */
    bool goes_back;
    uint64_t goes_back_from;
};

struct accord_question {
    const struct accord_verdict *verdict; /* of the release's own proof, which is in the dossier too */
    const struct accord_dossier *dossier;
    struct accord_bytes channel;                /* empty: any */
    bool needs_current;                         /* somebody brought a `current`: that of another product is none */
    uint64_t clock;                             /* POSIX seconds; 0: there is none */
    const struct accord_remembered *remembered; /* NULL: nothing */
};

/* An attestation that the release names, or that repeats one. */
struct accord_attestation {
    const struct accord_exhibit *exhibit;
    struct accord_attest_claim claim;
    struct accord_bytes jurisdiction; /* of who attests */
};

/* What came of it. About 120 KiB; borrows from the dossier. */
struct accord_judgement {
    bool fit;      /* the zero value is "not fit" */
    uint64_t time; /* what the judge took for the least that it can be now */
    size_t policy_count;
    struct accord_product_policy_claim policies[ACCORD_PRODUCT_POLICIES_MAX]; /* number i + 1 at place i */
    const struct accord_exhibit *policy_exhibits[ACCORD_PRODUCT_POLICIES_MAX];
    uint64_t making;               /* bits: the policies that say how the release had to be made */
    uint64_t showing;              /* bits: those that say how it has to be shown */
    struct accord_demands demands; /* the strictest numbers of these; `require` is asked of each policy in making */
    size_t attestation_count, absent_count; /* named by the release, and there; named, and not there */
    struct accord_attestation attestations[ACCORD_ATTESTATIONS_MAX];
    size_t rebuild_count, rebuilder_jurisdictions; /* rebuilds that match: one of each member but the vendor */
    struct accord_attestation rebuilds[ACCORD_REBUILDERS_MAX];
    bool emergency; /* enough signers did without public-for and mirrors */
    uint64_t public_since;
    unsigned mirrors, mirror_jurisdictions;
    const struct accord_exhibit *current_exhibit; /* NULL: none was given */
    struct accord_current_claim current;
    struct accord_place current_at; /* where it is; seen_at is as of when it speaks: no later than its vendor says */
    struct accord_channel
        channel; /* the one that was asked for, or of those that there are the lowest of each number */
    struct accord_remembered next; /* to be remembered where fit */
};

/* Asks everything. The refusals of docs/protocol.md, "Judgement". */
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_judge(const struct accord_question *question, struct accord_judgement *judgement, struct accord_error *error);

#endif
