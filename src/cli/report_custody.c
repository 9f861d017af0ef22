/* Custodians: chosen by what the roster says of jurisdictions, never by chance, so that a reader can see why these. The
 * secret that they share lives here for as long as it takes to seal its shares. */
#include "cli/report_custody.h"

#include <string.h>

#include "age/age.h"
#include "case/sharing.h"
#include "cli/say.h"
#include "core/text.h"
#include "crypto/backend.h"

/* A report key of a member that can be sealed to; SIZE_MAX where it has none. */
static size_t report_key(const struct accord_roster_claim *roster, size_t member, uint8_t recipient[32])
{
    const struct accord_member *who = &roster->members[member];
    for (size_t i = who->first_key; i < who->first_key + who->key_count; i++) {
        if (roster->keys[i].role == ACCORD_ROLE_REPORT && accord_age_recipient_read(roster->keys[i].text, recipient)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool given(const struct accord_call *call, const char *option, struct accord_bytes domain)
{
    const char *value;
    size_t cursor = 0;
    while (accord_call_next(call, option, &cursor, &value)) {
        if (accord_bytes_equal(accord_bytes_of(value), domain)) {
            return true;
        }
    }
    return false;
}

static bool chosen(const struct accord_report_custody *custody, size_t member)
{
    for (size_t i = 0; i < custody->count; i++) {
        if (custody->members[i] == member) {
            return true;
        }
    }
    return false;
}

/* How many of the chosen have the jurisdiction of this member? */
static size_t neighbours(const struct accord_roster_claim *roster, const struct accord_report_custody *custody,
                         size_t member)
{
    size_t count = 0;
    for (size_t i = 0; i < custody->count; i++) {
        count +=
            accord_bytes_equal(roster->members[custody->members[i]].jurisdiction, roster->members[member].jurisdiction);
    }
    return count;
}

/* The next one: of a jurisdiction of which the fewest are chosen. */
static size_t best(const struct accord_call *call, const struct accord_roster_claim *roster,
                   const struct accord_report_custody *custody)
{
    uint8_t recipient[32];
    size_t found = SIZE_MAX, fewest = SIZE_MAX;
    for (size_t i = 0; i < roster->member_count; i++) {
        size_t count = neighbours(roster, custody, i);
        if (count < fewest && !chosen(custody, i) && !given(call, "to", roster->members[i].domain) &&
            report_key(roster, i, recipient) != SIZE_MAX) {
            found = i;
            fewest = count;
        }
    }
    return found;
}

static int choose(const struct accord_call *call, const struct accord_roster_claim *roster, size_t n,
                  struct accord_report_custody *custody)
{
    while (custody->count < n) {
        size_t member = best(call, roster, custody);
        if (member == SIZE_MAX) {
            return accord_refuse_words(call, ACCORD_NOT_A_MEMBER,
                                       "only %zu members that are not the vendor have report keys: they cannot be %zu "
                                       "custodians",
                                       custody->count, n);
        }
        custody->members[custody->count++] = member;
    }
    return 0;
}

static int take_named(const struct accord_call *call, const struct accord_roster_claim *roster, size_t n,
                      struct accord_report_custody *custody)
{
    const char *domain;
    size_t cursor = 0;
    uint8_t recipient[32];
    if (accord_call_count(call, "custodian") != n) {
        return accord_usage(call, "--custodian is given as many times as --custodians K/N says: %zu", n);
    }
    while (accord_call_next(call, "custodian", &cursor, &domain)) {
        size_t member = accord_roster_member(roster, accord_bytes_of(domain));
        if (member == SIZE_MAX || report_key(roster, member, recipient) == SIZE_MAX) {
            return accord_refuse_status(call, domain, ACCORD_NOT_A_MEMBER, "a custodian with a report key");
        }
        if (chosen(custody, member) || given(call, "to", accord_bytes_of(domain))) {
            return accord_usage(call, "--custodian %s: each once, and not the vendor", domain);
        }
        custody->members[custody->count++] = member;
    }
    return 0;
}

int accord_report_custodians(const struct accord_call *call, const struct accord_roster_claim *roster,
                             struct accord_report_custody *custody)
{
    const char *text = accord_call_value(call, "custodians");
    *custody = (struct accord_report_custody){0};
    if (text == NULL) {
        return accord_call_count(call, "custodian") == 0
                   ? 0
                   : accord_usage(call, "--custodian needs --custodians K/N: how many of them open it");
    }
    struct accord_bytes rest = accord_bytes_of(text), first;
    uint64_t k = 0, n = 0;
    if (!accord_cut(&rest, '/', &first) || !accord_decimal_read(first, &k) || !accord_decimal_read(rest, &n) ||
        k == 0 || k > n || n > ACCORD_CUSTODIANS_MAX) {
        return accord_usage(call, "--custodians %s: expected K/N, like 3/5, with at most %d custodians", text,
                            ACCORD_CUSTODIANS_MAX);
    }
    custody->k = (unsigned)k;
    return accord_call_count(call, "custodian") > 0 ? take_named(call, roster, (size_t)n, custody)
                                                    : choose(call, roster, (size_t)n, custody);
}

/* Sealing a share */

static enum accord_status keep(void *context, struct accord_bytes bytes, struct accord_error *error)
{
    enum accord_status status = accord_buffer_append(context, bytes);
    return status == ACCORD_OK ? status : accord_fail(error, status, 0);
}

static enum accord_status seal(const uint8_t recipient[32], struct accord_bytes share, struct accord_buffer *sealed,
                               struct accord_error *error)
{
    uint8_t recipients[1][32];
    struct accord_age_sealer *sealer;
    memcpy(recipients[0], recipient, sizeof recipients[0]);
    const struct accord_age_sealing sealing = {
        .recipients = (const uint8_t(*)[32])recipients, .recipient_count = 1, .sink = {sealed, keep}};
    enum accord_status status = accord_age_sealer_new(&sealer, &sealing, error);
    if (status != ACCORD_OK) {
        return status;
    }
    status = accord_age_sealer_write(sealer, share, error);
    if (status == ACCORD_OK) {
        status = accord_age_sealer_end(sealer, error);
    }
    accord_age_sealer_free(sealer);
    return status;
}

static enum accord_status seal_share(const struct accord_roster_claim *roster, struct accord_report_custody *custody,
                                     size_t i, const uint8_t share[32], struct accord_bytes key,
                                     struct accord_error *error)
{
    uint8_t recipient[32], plain[ACCORD_SHARING_PLAIN_SIZE];
    struct accord_buffer sealed;
    accord_buffer_init(&sealed, ACCORD_SHARE_SEALED_MAX);
    if (report_key(roster, custody->members[i], recipient) == SIZE_MAX) {
        return accord_fail(error, ACCORD_BAD_KEY, 0);
    }
    accord_sharing_plain(share, key, plain);
    enum accord_status status = seal(recipient, (struct accord_bytes){plain, sizeof plain}, &sealed, error);
    accord_wipe(plain, sizeof plain);
    struct accord_out out = {custody->share[i], sizeof custody->share[i], 0, false};
    accord_put_base64(&out, accord_buffer_bytes(&sealed));
    custody->share_size[i] = out.size;
    accord_buffer_free(&sealed);
    return status;
}

enum accord_status accord_report_share(const struct accord_roster_claim *roster, struct accord_report_custody *custody,
                                       struct accord_bytes key, struct accord_error *error)
{
    uint8_t secret[32], identity[32], shares[ACCORD_CUSTODIANS_MAX][32];
    enum accord_status status = ACCORD_OK;
    accord_sharing_new(custody->k, (unsigned)custody->count, secret, custody->coefficients, shares);
    accord_sharing_identity(secret, identity);
    accord_age_recipient_of(identity, custody->recipient);
    accord_age_recipient_print(custody->recipient, custody->recipient_text);
    for (size_t i = 0; status == ACCORD_OK && i < custody->count; i++) {
        status = seal_share(roster, custody, i, shares[i], key, error);
    }
    accord_wipe(secret, sizeof secret);
    accord_wipe(identity, sizeof identity);
    accord_wipe(shares, sizeof shares);
    return status;
}

void accord_report_custody_fill(const struct accord_roster_claim *roster, const struct accord_report_custody *custody,
                                struct accord_report_claim *claim)
{
    claim->custody = custody->k;
    claim->custodian_count = custody->count;
    if (custody->k == 0) {
        return;
    }
    claim->recipient = accord_bytes_of(custody->recipient_text);
    memcpy(claim->coefficients, custody->coefficients, sizeof claim->coefficients);
    for (size_t i = 0; i < custody->count; i++) {
        claim->custodians[i].domain = roster->members[custody->members[i]].domain;
        claim->custodians[i].share_base64 = (struct accord_bytes){custody->share[i], custody->share_size[i]};
    }
}
