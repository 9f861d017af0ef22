/* Statements of each kind for who watches them. Knows the kinds' grammars and whose signatures they need; refuses to
 * know who is watched, and what is expected. */
#include "monitor/statements.h"

#include <string.h>

#include "core/text.h"

static const struct {
    const char *name;
    enum accord_said_kind kind;
} kinds[] = {{"apply", ACCORD_SAID_APPLY},   {"leave", ACCORD_SAID_LEAVE},     {"attest", ACCORD_SAID_ATTEST},
             {"policy", ACCORD_SAID_POLICY}, {"current", ACCORD_SAID_CURRENT}, {"withdraw", ACCORD_SAID_WITHDRAW},
             {"demand", ACCORD_SAID_DEMAND}, {"seen", ACCORD_SAID_SEEN},       {"report", ACCORD_SAID_OTHER},
             {"receipt", ACCORD_SAID_OTHER}, {"progress", ACCORD_SAID_OTHER},  {"disclose", ACCORD_SAID_OTHER},
             {"advisory", ACCORD_SAID_OTHER}};

static size_t place_of(struct accord_bytes word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (accord_bytes_equal(word, (struct accord_bytes){(const uint8_t *)kinds[i].name, strlen(kinds[i].name)}))
            return i;
    return SIZE_MAX;
}

bool accord_said_knows(struct accord_bytes word)
{
    return place_of(word) != SIZE_MAX;
}

static enum accord_status parse_claim(struct accord_said *said, struct accord_bytes entry,
                                      const struct accord_crypto *crypto, struct accord_error *error)
{
    switch (said->kind) {
    case ACCORD_SAID_OTHER:
        return accord_statement_parse(&said->claim.other, entry, error);
    case ACCORD_SAID_APPLY:
        return accord_apply_parse(&said->claim.apply, entry, crypto, error);
    case ACCORD_SAID_LEAVE:
        return accord_leave_parse(&said->claim.leave, entry, error);
    case ACCORD_SAID_ATTEST:
        return accord_attest_parse(&said->claim.attest, entry, error);
    case ACCORD_SAID_POLICY:
        return accord_product_policy_parse(&said->claim.policy, entry, error);
    case ACCORD_SAID_CURRENT:
        return accord_current_parse(&said->claim.current, entry, error);
    case ACCORD_SAID_WITHDRAW:
        return accord_withdraw_parse(&said->claim.withdraw, entry, error);
    case ACCORD_SAID_DEMAND:
        return accord_demand_parse(&said->claim.demand, entry, error);
    case ACCORD_SAID_SEEN:
        return accord_seen_parse(&said->claim.seen, entry, error);
    }
    return accord_fail(error, ACCORD_UNKNOWN_KIND, 1);
}

static void about(struct accord_said *said, const struct accord_statement_claim *statement, struct accord_bytes speaker,
                  struct accord_bytes vendor, struct accord_bytes product)
{
    said->statement = statement;
    said->speaker = speaker;
    said->vendor = vendor;
    said->product = product;
}

enum accord_status accord_said_parse(struct accord_said *said, struct accord_bytes word, struct accord_bytes entry,
                                     const struct accord_crypto *crypto, struct accord_error *error)
{
    const struct accord_bytes nobody = {NULL, 0};
    size_t place = place_of(word);
    if (place == SIZE_MAX)
        return accord_fail(error, ACCORD_UNKNOWN_KIND, 1);
    said->kind = kinds[place].kind;
    enum accord_status status = parse_claim(said, entry, crypto, error);
    if (status != ACCORD_OK)
        return status;
    if (said->kind == ACCORD_SAID_APPLY)
        about(said, &said->claim.apply.statement, said->claim.apply.member.domain, nobody, nobody);
    else if (said->kind == ACCORD_SAID_LEAVE)
        about(said, &said->claim.leave.statement, said->claim.leave.member, nobody, nobody);
    else if (said->kind == ACCORD_SAID_ATTEST)
        about(said, &said->claim.attest.statement, said->claim.attest.by, said->claim.attest.vendor,
              said->claim.attest.product);
    else if (said->kind == ACCORD_SAID_POLICY)
        about(said, &said->claim.policy.statement, said->claim.policy.vendor, said->claim.policy.vendor,
              said->claim.policy.product);
    else if (said->kind == ACCORD_SAID_CURRENT)
        about(said, &said->claim.current.statement, said->claim.current.vendor, said->claim.current.vendor,
              said->claim.current.product);
    else if (said->kind == ACCORD_SAID_WITHDRAW)
        about(said, &said->claim.withdraw.statement, said->claim.withdraw.vendor, said->claim.withdraw.vendor,
              said->claim.withdraw.product);
    else if (said->kind == ACCORD_SAID_DEMAND)
        about(said, &said->claim.demand.statement, said->claim.demand.member, nobody, nobody);
    else if (said->kind == ACCORD_SAID_SEEN)
        about(said, &said->claim.seen.statement, said->claim.seen.vendor, said->claim.seen.vendor,
              said->claim.seen.product);
    else
        about(said, &said->claim.other, nobody, nobody, nobody);
    return ACCORD_OK;
}

enum accord_status accord_said_holds(const struct accord_said *said, const struct accord_roster_claim *roster,
                                     const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_signers signers;
    if (said->kind == ACCORD_SAID_APPLY)
        return accord_apply_verify(&said->claim.apply, crypto, error);
    if (said->kind == ACCORD_SAID_ATTEST)
        return accord_attest_verify(&said->claim.attest, roster, NULL, crypto, error);
    if (said->kind == ACCORD_SAID_CURRENT)
        return accord_current_verify(&said->claim.current, roster, NULL, crypto, error);
    if (said->kind == ACCORD_SAID_SEEN)
        return accord_seen_verify(&said->claim.seen, roster, crypto, error);
    return accord_roster_signed(roster, &said->statement->note, said->speaker, NULL, crypto, &signers, error);
}

/* Words */

#define TEXT(bytes) (int)(bytes).size, (const char *)(bytes).data

static void tell_attest(const struct accord_attest_claim *attest, struct accord_finding *finding)
{
    struct accord_bytes stage = accord_stage_name(attest->stage), outcome = accord_outcome_name(attest->outcome);
    accord_finding_say(finding, ": %.*s of %.*s %.*s%s%.*s, by %.*s", TEXT(stage), TEXT(attest->vendor),
                       TEXT(attest->product), attest->version.size > 0 ? " " : "", TEXT(attest->version),
                       TEXT(attest->by));
    if (outcome.size > 0)
        accord_finding_say(finding, ", which says: %.*s%s", TEXT(outcome),
                           attest->repeats ? ", repeating another one" : "");
    /* Others may confirm what is mine; what they do not find the same, I want to know at once. */
    if (!accord_bytes_equal(attest->by, attest->vendor) && attest->outcome != ACCORD_ATTEST_FAIL &&
        attest->outcome != ACCORD_ATTEST_MISMATCH)
        finding->severity = ACCORD_SEVERITY_NOTICE;
}

static void tell_withdraw(const struct accord_withdraw_claim *withdraw, struct accord_finding *finding)
{
    uint64_t sequence;
    size_t cursor = 0, told = 0;
    accord_finding_say(finding, ": of %.*s %.*s, sequence", TEXT(withdraw->vendor), TEXT(withdraw->product));
    while (told < 8 && accord_withdraw_next_sequence(withdraw, &cursor, &sequence))
        accord_finding_say(finding, "%s %llu", told++ == 0 ? "" : ",", (unsigned long long)sequence);
    if (withdraw->sequence_count > told)
        accord_finding_say(finding, " and %zu more", withdraw->sequence_count - told);
    accord_finding_say(finding, ", as %.*s", TEXT(withdraw->reason));
}

void accord_said_tell(const struct accord_said *said, struct accord_finding *finding)
{
    switch (said->kind) {
    case ACCORD_SAID_ATTEST:
        tell_attest(&said->claim.attest, finding);
        break;
    case ACCORD_SAID_WITHDRAW:
        tell_withdraw(&said->claim.withdraw, finding);
        break;
    case ACCORD_SAID_POLICY:
        accord_finding_say(finding, ": of %.*s %.*s, number %llu", TEXT(said->vendor), TEXT(said->product),
                           (unsigned long long)said->claim.policy.number);
        break;
    case ACCORD_SAID_CURRENT:
    case ACCORD_SAID_SEEN:
        accord_finding_say(finding, ": %.*s of %.*s %.*s", TEXT(said->statement->kind), TEXT(said->vendor),
                           TEXT(said->product));
        break;
    case ACCORD_SAID_OTHER:
    case ACCORD_SAID_APPLY:
    case ACCORD_SAID_LEAVE:
    case ACCORD_SAID_DEMAND: {
        const struct accord_bytes kind = said->statement->kind;
        accord_finding_say(finding, ": %.*s of %s", TEXT(kind), finding->subject);
        break;
    }
    }
}
