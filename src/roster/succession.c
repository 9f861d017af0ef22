/* Chains of rosters in a bundle (docs/protocol.md, "Bundles"): from the roster that a verifier has to the newest. It
 * knows that each must follow from the one before and be proven by its quorum; what else is in the file it passes over.
 */
#include "accord/succession.h"

#include "core/text.h"

#include <string.h>

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes what,
                                 uint64_t expected, uint64_t found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    accord_error_expected_number(error, expected);
    accord_error_found_number(error, found);
    return status;
}

/* A refusal of what is in a part says so; lines are counted in it. */
static enum accord_status refuse_part(struct accord_error *error, enum accord_status status, size_t part)
{
    uint8_t text[32];
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put(&out, ACCORD_LITERAL("part "));
    accord_put_decimal(&out, part + 1);
    accord_error_what(error, accord_out_bytes(&out));
    return status;
}

static struct accord_roster_claim *other(struct accord_succession *succession)
{
    return &succession->roster[1 - succession->current];
}

/* Takes the roster in a part into the place that is not current. *is_roster is false where it holds something else, or
 * a roster of another charter. */
static enum accord_status read_part(struct accord_succession *succession, struct accord_bytes part,
                                    struct accord_proof_claim *proof, bool *is_roster, struct accord_error *error)
{
    struct accord_out out = {succession->entry[1 - succession->current], ACCORD_ENTRY_SIZE_MAX, 0, false};
    enum accord_status status = accord_proof_parse(proof, part, error);
    *is_roster = false;
    if (status != ACCORD_OK || !proof->has_extra)
        return status;
    status = accord_proof_extra(proof, &out, error);
    struct accord_bytes entry = accord_out_bytes(&out), rest = entry;
    if (status != ACCORD_OK || !accord_cut_prefix(&rest, ACCORD_LITERAL("accord/v1/roster\n")))
        return status;
    status = accord_roster_parse(other(succession), entry, succession->crypto, error);
    *is_roster =
        status == ACCORD_OK && memcmp(other(succession)->charter, succession->trust.charter, ACCORD_HASH_SIZE) == 0;
    return status;
}

/* Notes which rosters the bundle has, so that each step looks into those of its number alone. */
static enum accord_status survey(struct accord_succession *succession, struct accord_bytes bundle,
                                 struct accord_error *error)
{
    const struct accord_roster_claim *known = &succession->roster[succession->current];
    struct accord_bytes part;
    size_t cursor = 0;
    uint64_t newest = 0;
    bool same = false; /* is what is known there too? */
    for (size_t i = 0; accord_proof_bundle_next(bundle, &cursor, &part); i++) {
        struct accord_proof_claim proof;
        bool is_roster;
        enum accord_status status = read_part(succession, part, &proof, &is_roster, error);
        if (status != ACCORD_OK)
            return refuse_part(error, status, i);
        succession->numbers[i] = is_roster ? other(succession)->number : 0;
        newest = succession->numbers[i] > newest ? succession->numbers[i] : newest;
        same |= is_roster && accord_bytes_equal(other(succession)->statement.note.whole, known->statement.note.whole);
    }
    if (newest == 0)
        return refuse(error, ACCORD_CHAIN, ACCORD_LITERAL("rosters of this charter in the bundle"), 1, 0);
    if (newest < known->number)
        return refuse(error, ACCORD_ROLLBACK, ACCORD_LITERAL("roster"), known->number, newest);
    return newest > known->number || same
               ? ACCORD_OK
               : refuse(error, ACCORD_CHAIN, ACCORD_LITERAL("another roster of the number that is known"),
                        known->number, newest);
}

/* The policy of the current roster, less whom the trust file distrusts. */
static enum accord_status render_policy(struct accord_succession *succession, struct accord_error *error)
{
    struct accord_out out = {succession->policy_text, sizeof succession->policy_text, 0, false};
    struct accord_distrust line;
    struct accord_vkey vkey;
    size_t cursor = 0;
    accord_roster_policy(&out, &succession->roster[succession->current]);
    if (out.full)
        return accord_fail(error, ACCORD_NO_SPACE, 0);
    enum accord_status status =
        accord_policy_parse(&succession->policy, accord_out_bytes(&out), succession->crypto, error);
    while (status == ACCORD_OK && accord_trust_next_distrust(&succession->trust, &cursor, &line)) {
        status = accord_vkey_parse(&vkey, line.vkey, succession->crypto, error);
        if (status == ACCORD_OK)
            (void)accord_policy_distrust(&succession->policy, &vkey);
    }
    return status;
}

/* Is the roster in the other place proven by the quorum of the current one? */
static enum accord_status prove(struct accord_succession *succession, const struct accord_proof_claim *proof,
                                struct accord_error *error)
{
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    enum accord_status status =
        accord_roster_verify_checkpoint(&succession->roster[succession->current], &succession->policy,
                                        &proof->checkpoint, succession->crypto, &checkpoint, &cosigners, error);
    return status != ACCORD_OK ? status
                               : accord_proof_verify(proof, &checkpoint, other(succession)->statement.note.whole,
                                                     succession->crypto, error);
}

/* What was found of the next roster, in all parts that have its number. */
struct search {
    bool is_signed; /* by as many as must: digest says which it is */
    bool proven;
    size_t part; /* where it was proven */
    uint8_t digest[ACCORD_HASH_SIZE];
    enum accord_status first; /* why the first that was refused was */
    struct accord_error error;
};

/* Keeps the first refusal: it is told where nothing better comes. */
static void miss(struct search *search, enum accord_status status, const struct accord_error *error)
{
    if (search->first == ACCORD_OK) {
        search->first = status;
        search->error = *error;
    }
}

/* Looks at one candidate. Two different ones that are signed by as many as must are a fork, whoever saw which. */
static enum accord_status consider(struct accord_succession *succession, struct search *search, size_t at,
                                   struct accord_bytes part, struct accord_error *error)
{
    const struct accord_roster_claim *known = &succession->roster[succession->current];
    struct accord_proof_claim proof;
    struct accord_error why = {ACCORD_OK, 0, "", "", ""};
    uint8_t digest[ACCORD_HASH_SIZE];
    bool is_roster;
    enum accord_status status = read_part(succession, part, &proof, &is_roster, error);
    if (status != ACCORD_OK)
        return refuse_part(error, status, at);
    status = accord_roster_verify_next(known, other(succession), succession->crypto, &why);
    if (status != ACCORD_OK) {
        miss(search, status, &why);
        return ACCORD_OK;
    }
    accord_hash(succession->crypto, other(succession)->statement.note.whole, digest);
    if (search->is_signed && memcmp(search->digest, digest, ACCORD_HASH_SIZE) != 0)
        return refuse(error, ACCORD_CHAIN, ACCORD_LITERAL("different rosters that follow, of number"), 1,
                      known->number + 1);
    search->is_signed = true;
    memcpy(search->digest, digest, ACCORD_HASH_SIZE);
    status = search->proven ? ACCORD_OK : prove(succession, &proof, &why);
    if (status != ACCORD_OK) {
        miss(search, status, &why);
    } else if (!search->proven) {
        search->proven = true;
        search->part = at;
    }
    return ACCORD_OK;
}

/* Reads the part again that the search chose, and goes on from there. */
static enum accord_status advance(struct accord_succession *succession, struct accord_bytes bundle, size_t at,
                                  struct accord_error *error)
{
    struct accord_proof_claim proof;
    struct accord_bytes part;
    size_t cursor = 0;
    bool is_roster = false;
    for (size_t i = 0; accord_proof_bundle_next(bundle, &cursor, &part) && i < at; i++)
        ;
    enum accord_status status = read_part(succession, part, &proof, &is_roster, error);
    if (status != ACCORD_OK)
        return refuse_part(error, status, at);
    succession->current = 1 - succession->current;
    succession->to = succession->roster[succession->current].number;
    succession->trust.roster_index = proof.index;
    succession->trust.roster_entry = succession->roster[succession->current].statement.note.whole;
    return ACCORD_OK;
}

/* The number of the oldest roster beyond the current one that the bundle has, or 0. */
static uint64_t beyond(const struct accord_succession *succession, size_t count)
{
    uint64_t oldest = 0;
    for (size_t i = 0; i < count; i++)
        if (succession->numbers[i] > succession->to && (oldest == 0 || succession->numbers[i] < oldest))
            oldest = succession->numbers[i];
    return oldest;
}

/* One roster further; *more is false where the bundle has none that is newer. */
static enum accord_status step(struct accord_succession *succession, struct accord_bytes bundle, size_t count,
                               bool *more, struct accord_error *error)
{
    struct search search = {.first = ACCORD_OK};
    struct accord_bytes part;
    size_t cursor = 0;
    uint64_t next = beyond(succession, count);
    *more = next != 0;
    if (next == 0)
        return ACCORD_OK;
    if (next != succession->to + 1)
        return refuse(error, ACCORD_CHAIN, ACCORD_LITERAL("the next roster in the bundle"), succession->to + 1, next);
    enum accord_status status = render_policy(succession, error);
    for (size_t i = 0; status == ACCORD_OK && accord_proof_bundle_next(bundle, &cursor, &part); i++)
        if (succession->numbers[i] == next)
            status = consider(succession, &search, i, part, error);
    if (status != ACCORD_OK)
        return status;
    if (search.proven)
        return advance(succession, bundle, search.part, error);
    if (error != NULL)
        *error = search.error;
    return search.first;
}

enum accord_status accord_succession_follow(struct accord_succession *succession, struct accord_bytes trust,
                                            struct accord_bytes bundle, const struct accord_crypto *crypto,
                                            struct accord_error *error)
{
    size_t count = 0;
    bool more = true;
    succession->crypto = crypto;
    succession->current = 0;
    enum accord_status status = accord_trust_parse(&succession->trust, trust, error);
    if (status == ACCORD_OK)
        status = accord_roster_parse(&succession->roster[0], succession->trust.roster_entry, crypto, error);
    if (status == ACCORD_OK && memcmp(succession->roster[0].charter, succession->trust.charter, ACCORD_HASH_SIZE) != 0)
        status = accord_fail(error, ACCORD_CHAIN, 0);
    if (status != ACCORD_OK)
        return status;
    succession->from = succession->to = succession->roster[0].number;
    status = accord_proof_bundle_check(bundle, &count, error);
    if (status == ACCORD_OK)
        status = survey(succession, bundle, error);
    while (status == ACCORD_OK && more)
        status = step(succession, bundle, count, &more, error);
    return status;
}
