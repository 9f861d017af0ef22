/* Statements about products and their makers. Knows by whose keys each kind is signed; whether a policy follows from
 * the one before it, or an attestation from another, is for whoever verifies. */
#include "serve/admission_product.h"

#include <string.h>

#include "accord/advisory.h"
#include "accord/demand.h"
#include "accord/product.h"

struct judging {
    const struct accord_roster_claim *roster;
    const struct accord_crypto *crypto;
    const struct accord_statement_claim *statement;
    struct accord_error *error;
};

static enum accord_status signed_by(const struct judging *judging, struct accord_bytes domain)
{
    struct accord_signers signers;
    return accord_roster_signed(judging->roster, &judging->statement->note, domain, NULL, judging->crypto, &signers,
                                judging->error);
}

static enum accord_status judge_policy(const struct judging *judging)
{
    struct accord_product_policy_claim claim;
    enum accord_status status = accord_product_policy_parse(&claim, judging->statement->note.whole, judging->error);
    return status == ACCORD_OK ? signed_by(judging, claim.vendor) : status;
}

static enum accord_status judge_seen(const struct judging *judging)
{
    struct accord_seen_claim claim;
    enum accord_status status = accord_seen_parse(&claim, judging->statement->note.whole, judging->error);
    return status == ACCORD_OK ? accord_seen_verify(&claim, judging->roster, judging->crypto, judging->error) : status;
}

static enum accord_status judge_current(const struct judging *judging)
{
    struct accord_current_claim claim;
    enum accord_status status = accord_current_parse(&claim, judging->statement->note.whole, judging->error);
    return status == ACCORD_OK ? accord_current_verify(&claim, judging->roster, NULL, judging->crypto, judging->error)
                               : status;
}

static enum accord_status judge_withdraw(const struct judging *judging)
{
    struct accord_withdraw_claim claim;
    enum accord_status status = accord_withdraw_parse(&claim, judging->statement->note.whole, judging->error);
    return status == ACCORD_OK ? signed_by(judging, claim.vendor) : status;
}

static enum accord_status judge_attest(const struct judging *judging)
{
    struct accord_attest_claim claim;
    enum accord_status status = accord_attest_parse(&claim, judging->statement->note.whole, judging->error);
    return status == ACCORD_OK ? accord_attest_verify(&claim, judging->roster, NULL, judging->crypto, judging->error)
                               : status;
}

static enum accord_status judge_demand(const struct judging *judging)
{
    struct accord_demand_claim claim;
    enum accord_status status = accord_demand_parse(&claim, judging->statement->note.whole, judging->error);
    return status == ACCORD_OK ? signed_by(judging, claim.member) : status;
}

static enum accord_status judge_advisory(const struct judging *judging)
{
    struct accord_advisory_claim claim;
    enum accord_status status = accord_advisory_parse(&claim, judging->statement->note.whole, judging->error);
    return status == ACCORD_OK ? accord_advisory_verify(&claim, judging->roster, NULL, judging->crypto, judging->error)
                               : status;
}

enum accord_status accord_admission_product(const struct accord_roster_claim *roster,
                                            const struct accord_crypto *crypto,
                                            const struct accord_statement_claim *statement, bool *known,
                                            struct accord_error *error)
{
    static const struct {
        const char *kind;
        enum accord_status (*judge)(const struct judging *judging);
    } kinds[] = {{"policy", judge_policy},     {"seen", judge_seen},     {"current", judge_current},
                 {"withdraw", judge_withdraw}, {"attest", judge_attest}, {"demand", judge_demand},
                 {"advisory", judge_advisory}};
    const struct judging judging = {roster, crypto, statement, error};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct accord_bytes kind = {(const uint8_t *)kinds[i].kind, strlen(kinds[i].kind)};
        *known = accord_bytes_equal(statement->kind, kind);
        if (*known)
            return kinds[i].judge(&judging);
    }
    return ACCORD_OK;
}
