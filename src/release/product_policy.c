/* Product policies (docs/protocol.md, "Product policy"): what a vendor demands of its own releases. Knows their
 * grammar, who must have signed them, and what follows from what; which of several hold at a time is
 * judge_policies.c's. */
#include "accord/product.h"

#include <string.h>

#include "core/fields.h"
#include "core/text.h"

#define THRESHOLD_MAX 64

static bool who_valid(struct accord_bytes who)
{
    return accord_bytes_equal(who, ACCORD_LITERAL("vendor")) || accord_bytes_equal(who, ACCORD_LITERAL("any")) ||
           accord_domain_valid(who);
}

/* require <stage> <who>... */
static bool require_line(struct accord_fields *fields, struct accord_demands *demands, enum accord_stage *least)
{
    enum accord_stage stage;
    struct accord_bytes word, who;
    size_t count = 0;
    if (!accord_fields_take(fields, ACCORD_LITERAL("require")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (!accord_word_next(&rest, &word) || !accord_stage_read(word, &stage) || stage == ACCORD_STAGE_USE)
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("design, source, build, test or distribution, and who attests it"),
                                    fields->taken.value);
    if (demands->require[stage].required)
        return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each stage once"), word);
    if (stage < *least)
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("the order design, source, build, test, distribution"), word);
    demands->require[stage] = (struct accord_requirement){true, rest};
    *least = stage;
    do {
        if (!accord_word_next(&rest, &who) || !who_valid(who) || ++count > ACCORD_POLICY_WHO_MAX)
            return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("vendor, any or domains: at most 16"),
                                        rest);
    } while (rest.size > 0);
    return true;
}

/* <key> <how many> <in how many jurisdictions> */
static bool two_numbers(struct accord_fields *fields, struct accord_bytes key, uint64_t most, unsigned *count,
                        unsigned *jurisdictions)
{
    struct accord_bytes word;
    uint64_t first, second;
    if (!accord_fields_take(fields, key))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (!accord_word_next(&rest, &word))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("how many, and in how many jurisdictions"),
                                    fields->taken.value);
    if (!accord_fields_part_number(fields, word, 1, most, &first) ||
        !accord_fields_part_number(fields, rest, 1, first, &second))
        return false;
    *count = (unsigned)first;
    *jurisdictions = (unsigned)second;
    return true;
}

/* A line that need not be there. */
static bool number_line(struct accord_fields *fields, struct accord_bytes key, uint64_t least, uint64_t most,
                        uint64_t *number)
{
    return !accord_fields_at(fields, key) || accord_fields_number(fields, key, least, most, number);
}

static bool demands_lines(struct accord_fields *fields, struct accord_demands *demands)
{
    enum accord_stage least = ACCORD_STAGE_DESIGN;
    uint64_t threshold = 0, emergency = 0;
    if (!accord_fields_number(fields, ACCORD_LITERAL("notice"), 0, UINT64_MAX, &demands->notice) ||
        !number_line(fields, ACCORD_LITERAL("threshold"), 1, THRESHOLD_MAX, &threshold))
        return false;
    while (accord_fields_at(fields, ACCORD_LITERAL("require")))
        if (!require_line(fields, demands, &least))
            return false;
    if (accord_fields_at(fields, ACCORD_LITERAL("rebuilders")) &&
        !two_numbers(fields, ACCORD_LITERAL("rebuilders"), ACCORD_MEMBERS_MAX - 1, &demands->rebuilders,
                     &demands->rebuilder_jurisdictions))
        return false;
    if (!number_line(fields, ACCORD_LITERAL("public-for"), 1, UINT64_MAX, &demands->public_for))
        return false;
    if (accord_fields_at(fields, ACCORD_LITERAL("mirrors")) &&
        !two_numbers(fields, ACCORD_LITERAL("mirrors"), ACCORD_MEMBERS_MAX, &demands->mirrors,
                     &demands->mirror_jurisdictions))
        return false;
    if (!number_line(fields, ACCORD_LITERAL("emergency"), 2, THRESHOLD_MAX, &emergency) ||
        !number_line(fields, ACCORD_LITERAL("max-age"), 1, UINT64_MAX, &demands->max_age))
        return false;
    demands->threshold = (unsigned)threshold;
    demands->emergency = (unsigned)emergency;
    return accord_fields_end(fields);
}

static bool head(struct accord_fields *fields, struct accord_product_policy_claim *policy)
{
    if (!accord_fields_domain(fields, ACCORD_LITERAL("vendor"), &policy->vendor) ||
        !accord_fields_token(fields, ACCORD_LITERAL("product"), &policy->product) ||
        !accord_fields_number(fields, ACCORD_LITERAL("number"), 1, UINT64_MAX, &policy->number))
        return false;
    if (policy->number > 1)
        return accord_fields_digest(fields, ACCORD_LITERAL("previous"), policy->previous);
    if (!accord_fields_at(fields, ACCORD_LITERAL("previous")))
        return true;
    return accord_fields_take(fields, ACCORD_LITERAL("previous")) &&
           accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("nothing before number 1"),
                                fields->taken.value);
}

enum accord_status accord_product_policy_parse(struct accord_product_policy_claim *policy, struct accord_bytes entry,
                                               struct accord_error *error)
{
    struct accord_fields fields;
    memset(policy, 0, sizeof *policy);
    enum accord_status status =
        accord_fields_open(&fields, &policy->statement, entry, ACCORD_LITERAL("policy"),
                           ACCORD_LITERAL("vendor product number previous time notice threshold require* rebuilders "
                                          "public-for mirrors emergency max-age"),
                           error);
    if (status != ACCORD_OK)
        return status;
    if (!head(&fields, policy))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    return accord_fields_number(&fields, ACCORD_LITERAL("time"), 1, UINT64_MAX, &policy->time) &&
                   demands_lines(&fields, &policy->demands)
               ? ACCORD_OK
               : fields.status;
}

enum accord_status accord_seen_parse(struct accord_seen_claim *seen, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_fields fields;
    memset(seen, 0, sizeof *seen);
    enum accord_status status = accord_fields_open(&fields, &seen->statement, entry, ACCORD_LITERAL("seen"),
                                                   ACCORD_LITERAL("vendor product entry proof"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_domain(&fields, ACCORD_LITERAL("vendor"), &seen->vendor) ||
        !accord_fields_token(&fields, ACCORD_LITERAL("product"), &seen->product))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (!accord_fields_digest(&fields, ACCORD_LITERAL("entry"), seen->entry) ||
        !accord_fields_take(&fields, ACCORD_LITERAL("proof")))
        return fields.status;
    seen->proof_base64 = fields.taken.value;
    if (!accord_base64_valid(seen->proof_base64))
        accord_fields_refuse(&fields, ACCORD_BAD_BASE64, ACCORD_LITERAL("a tlog-proof in base64"), seen->proof_base64);
    else if (accord_fields_end(&fields))
        return ACCORD_OK;
    return fields.status;
}

enum accord_status accord_seen_verify(const struct accord_seen_claim *seen, const struct accord_roster_claim *roster,
                                      const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_signers signers;
    enum accord_status status =
        accord_roster_signers(roster, &seen->statement.note, seen->vendor, NULL, crypto, &signers, error);
    if (status != ACCORD_OK || signers.release > 0)
        return status;
    return accord_roster_signed(roster, &seen->statement.note, seen->vendor, NULL, crypto, &signers, error);
}

static enum accord_status refuse(struct accord_error *error, struct accord_bytes what, uint64_t expected,
                                 uint64_t found)
{
    accord_fail(error, ACCORD_POLICY, 0);
    accord_error_what(error, what);
    accord_error_expected_number(error, expected);
    accord_error_found_number(error, found);
    return ACCORD_POLICY;
}

/* Is it what comes next, of the same product? */
static enum accord_status follows(const struct accord_product_policy_claim *policy,
                                  const struct accord_product_policy_claim *previous,
                                  const struct accord_crypto *crypto, struct accord_error *error)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    if (previous == NULL)
        return policy->number == 1 ? ACCORD_OK : refuse(error, ACCORD_LITERAL("number"), 1, policy->number);
    if (!accord_bytes_equal(policy->vendor, previous->vendor) ||
        !accord_bytes_equal(policy->product, previous->product) || policy->number != previous->number + 1)
        return refuse(error, ACCORD_LITERAL("number"), previous->number + 1, policy->number);
    accord_hash(crypto, previous->statement.note.whole, digest);
    if (memcmp(digest, policy->previous, sizeof digest) == 0)
        return ACCORD_OK;
    accord_fail(error, ACCORD_POLICY, 0);
    accord_error_what(error, ACCORD_LITERAL("previous"));
    return ACCORD_POLICY;
}

enum accord_status accord_product_policy_verify(const struct accord_product_policy_claim *policy,
                                                const struct accord_product_policy_claim *previous,
                                                const struct accord_roster_claim *roster,
                                                const struct accord_place *place, const struct accord_crypto *crypto,
                                                struct accord_error *error)
{
    struct accord_signers signers;
    enum accord_status status = follows(policy, previous, crypto, error);
    if (status == ACCORD_OK)
        status = accord_roster_signed(roster, &policy->statement.note, policy->vendor, place, crypto, &signers, error);
    if (status != ACCORD_OK || previous == NULL || signers.release >= previous->demands.threshold)
        return status;
    accord_fail(error, ACCORD_THRESHOLD, 0);
    accord_error_what(error, policy->vendor);
    accord_error_expected_number(error, previous->demands.threshold);
    accord_error_found_number(error, signers.release);
    return ACCORD_THRESHOLD;
}
