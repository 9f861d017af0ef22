/* What of a log's entries counts, and for whom: each kind of statement by its own grammar and signatures. Knows
 * nothing of reading logs; what follows from the counts is tally_end.c's. */
#include "status/tally.h"

#include <stdlib.h>
#include <string.h>

#include "accord/apply.h"
#include "core/text.h"

#define TAG_OTHER (ACCORD_STAGE_COUNT + 1) /* an attestation's is its stage + 1 */

enum kind { NO_KIND, LINK, ENACT, SEEN, RELEASE, ATTEST, POLICY, CURRENT, WITHDRAW, DEMAND, CASE };

static enum kind kind_of(struct accord_bytes entry)
{
    static const struct {
        const char *name;
        enum kind kind;
    } kinds[] = {{"charter", LINK},      {"roster", LINK},   {"enact", ENACT},   {"seen", SEEN},
                 {"release", RELEASE},   {"attest", ATTEST}, {"policy", POLICY}, {"current", CURRENT},
                 {"withdraw", WITHDRAW}, {"demand", DEMAND}, {"report", CASE},   {"receipt", CASE},
                 {"progress", CASE},     {"disclose", CASE}, {"share", CASE},    {"tick", CASE}};
    struct accord_bytes line;
    if (!accord_cut_prefix(&entry, ACCORD_LITERAL("accord/v1/")) || !accord_cut_line(&entry, &line)) {
        return NO_KIND;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (accord_bytes_equal(line, (struct accord_bytes){(const uint8_t *)kinds[i].name, strlen(kinds[i].name)})) {
            return kinds[i].kind;
        }
    }
    return NO_KIND;
}

/* One statement, of whichever kind. */
union claim {
    struct accord_release_claim release;
    struct accord_attest_claim attest;
    struct accord_product_policy_claim policy;
    struct accord_current_claim current;
    struct accord_withdraw_claim withdraw;
    struct accord_demand_claim demand;
    struct accord_seen_claim seen;
};

static enum accord_status parse(enum kind kind, union claim *claim, struct accord_bytes entry)
{
    switch (kind) {
    case RELEASE:
        return accord_release_parse(&claim->release, entry, NULL);
    case ATTEST:
        return accord_attest_parse(&claim->attest, entry, NULL);
    case POLICY:
        return accord_product_policy_parse(&claim->policy, entry, NULL);
    case CURRENT:
        return accord_current_parse(&claim->current, entry, NULL);
    case WITHDRAW:
        return accord_withdraw_parse(&claim->withdraw, entry, NULL);
    case DEMAND:
        return accord_demand_parse(&claim->demand, entry, NULL);
    case SEEN:
        return accord_seen_parse(&claim->seen, entry, NULL);
    case NO_KIND:
    case LINK:
    case ENACT:
    case CASE:
        break;
    }
    return ACCORD_UNKNOWN_KIND;
}

/* Who speaks. */
static struct accord_bytes speaker(enum kind kind, const union claim *claim)
{
    return kind == RELEASE    ? claim->release.vendor
           : kind == ATTEST   ? claim->attest.by
           : kind == POLICY   ? claim->policy.vendor
           : kind == CURRENT  ? claim->current.vendor
           : kind == WITHDRAW ? claim->withdraw.vendor
           : kind == SEEN     ? claim->seen.vendor
                              : claim->demand.member;
}

/* Do its signatures hold, at this place? A policy's threshold is its predecessor's to ask. */
static bool holds(const struct accord_tally *tally, enum kind kind, const union claim *claim,
                  const struct accord_place *place)
{
    const struct accord_roster_claim *roster = accord_standings_roster(tally->standings);
    const struct accord_crypto *crypto = tally->options->crypto;
    struct accord_release verified;
    struct accord_signers signers;
    const struct accord_note_claim *note = kind == POLICY     ? &claim->policy.statement.note
                                           : kind == WITHDRAW ? &claim->withdraw.statement.note
                                                              : &claim->demand.statement.note;
    if (kind == RELEASE) {
        return accord_release_verify(&claim->release, roster, place, crypto, &verified, NULL) == ACCORD_OK;
    }
    if (kind == ATTEST) {
        return accord_attest_verify(&claim->attest, roster, place, crypto, NULL) == ACCORD_OK;
    }
    if (kind == CURRENT) {
        return accord_current_verify(&claim->current, roster, place, crypto, NULL) == ACCORD_OK;
    }
    if (kind == SEEN) {
        return accord_seen_verify(&claim->seen, roster, crypto, NULL) == ACCORD_OK;
    }
    return accord_roster_signed(roster, note, speaker(kind, claim), place, crypto, &signers, NULL) == ACCORD_OK;
}

bool accord_tally_look(const struct accord_tally *tally, struct accord_bytes entry)
{
    /* Before every point at which a key was given up. */
    const struct accord_place anywhere = {tally->standings->checkpoint.origin, 0, 0};
    union claim claim;
    enum kind kind = kind_of(entry);
    if (kind == NO_KIND || kind == LINK || kind == ENACT || kind == CASE) {
        return kind != NO_KIND;
    }
    return parse(kind, &claim, entry) == ACCORD_OK &&
           accord_roster_member(accord_standings_roster(tally->standings), speaker(kind, &claim)) != SIZE_MAX &&
           holds(tally, kind, &claim, &anywhere);
}

/* Kinds */

static void put_token(char text[ACCORD_STANDING_TOKEN_SIZE], struct accord_bytes token)
{
    size_t size = token.size < ACCORD_STANDING_TOKEN_SIZE ? token.size : ACCORD_STANDING_TOKEN_SIZE - 1;
    memcpy(text, token.data, size);
    text[size] = '\0';
}

/* No member takes another's room: past its own the stage is not waited for, and not attested. */
static enum accord_status open_add(struct accord_tally *tally, const struct accord_tally_open *open,
                                   struct accord_error *error)
{
    if (tally->opened[open->member] == ACCORD_TALLY_MEMBER_OPEN_MAX) {
        return ACCORD_OK;
    }
    if (tally->open_count == tally->open_capacity) {
        size_t capacity = tally->open_capacity == 0 ? 1024 : tally->open_capacity * 2;
        struct accord_tally_open *grown = realloc(tally->open, capacity * sizeof *grown);
        if (grown == NULL) {
            return accord_fail(error, ACCORD_NO_MEMORY, 0);
        }
        tally->open = grown;
        tally->open_capacity = capacity;
    }
    tally->open[tally->open_count++] = *open;
    tally->opened[open->member]++;
    return ACCORD_OK;
}

/* The stages that are attested count now; of the others, those that no attestation was met for wait until the end. */
static enum accord_status take_stages(struct accord_tally *tally, size_t member,
                                      const struct accord_release_claim *release, struct accord_error *error)
{
    struct accord_standing *standing = &tally->standings->members[member];
    struct accord_tally_open open = {.release = tally->release_count, .member = (uint32_t)member};
    struct accord_release_stage line;
    enum accord_stage stage;
    enum accord_status status = ACCORD_OK;
    size_t first = tally->open_count, cursor = 0;
    while (status == ACCORD_OK && accord_release_next_stage(release, &cursor, &line)) {
        if (!accord_stage_read(line.stage, &stage)) {
            continue;
        }
        if (accord_digests_find(&tally->met, line.attestation) == stage + 1) {
            open.done |= (uint8_t)(1U << stage);
            continue;
        }
        open.stage = (uint8_t)stage;
        memcpy(open.digest, line.attestation, ACCORD_HASH_SIZE);
        status = open_add(tally, &open, error);
    }
    for (size_t i = first; i < tally->open_count; i++) {
        tally->open[i].done = open.done;
    }
    for (unsigned i = 0; i < ACCORD_STAGE_COUNT; i++) {
        standing->staged[i] += open.done >> i & 1;
    }
    return status;
}

static enum accord_status take_release(struct accord_tally *tally, size_t member, uint64_t index,
                                       const struct accord_release_claim *release, bool *counts,
                                       struct accord_error *error)
{
    struct accord_standing_product *product;
    enum accord_status status = accord_tally_product(tally, member, release->product, &product, error);
    *counts = product != NULL;
    if (status != ACCORD_OK || product == NULL) {
        return status;
    }
    if (product->releases++ == 0 || release->sequence >= product->sequence) {
        product->sequence = release->sequence;
        product->release_index = index;
        put_token(product->version, release->version);
    }
    tally->standings->members[member].releases++;
    tally->release_count++;
    return take_stages(tally, member, release, error);
}

/* What of two may be met: who built what, who rebuilt what to which outcome. No entry has such a digest. */
static void pair(const struct accord_tally *tally, struct accord_bytes what, struct accord_bytes who,
                 const uint8_t digest[ACCORD_HASH_SIZE], uint8_t sum[ACCORD_HASH_SIZE])
{
    const struct accord_crypto *crypto = tally->options->crypto;
    struct accord_sha256 sha;
    crypto->sha256_init(&sha);
    crypto->sha256_update(&sha, what.data, what.size);
    crypto->sha256_update(&sha, who.data, who.size);
    crypto->sha256_update(&sha, (const uint8_t *)"\n", 1);
    crypto->sha256_update(&sha, digest, ACCORD_HASH_SIZE);
    crypto->sha256_final(&sha, sum);
}

static bool met_pair(const struct accord_tally *tally, struct accord_bytes what, struct accord_bytes who,
                     const uint8_t digest[ACCORD_HASH_SIZE])
{
    uint8_t sum[ACCORD_HASH_SIZE];
    pair(tally, what, who, digest, sum);
    return accord_digests_find(&tally->met, sum) != 0;
}

static enum accord_status meet_pair(struct accord_tally *tally, struct accord_bytes what, struct accord_bytes who,
                                    const uint8_t digest[ACCORD_HASH_SIZE], struct accord_error *error)
{
    uint8_t sum[ACCORD_HASH_SIZE];
    pair(tally, what, who, digest, sum);
    return accord_digests_find(&tally->met, sum) != 0 ? ACCORD_OK
                                                      : accord_digests_add(&tally->met, sum, TAG_OTHER, error);
}

/* A build by somebody else, of the vendor whom it names, each once for each outcome: otherwise one member could say as
 * often as it likes that another's builds come out otherwise. */
static bool is_rebuild(const struct accord_tally *tally, const struct accord_attest_claim *attest)
{
    return attest->repeats && attest->stage == ACCORD_STAGE_BUILD && !accord_bytes_equal(attest->vendor, attest->by) &&
           met_pair(tally, ACCORD_LITERAL("built for "), attest->vendor, attest->repeated) &&
           !met_pair(tally, ACCORD_LITERAL("built by "), attest->by, attest->repeated) &&
           !met_pair(tally, accord_outcome_name(attest->outcome), attest->by, attest->repeated);
}

static enum accord_status take_attest(struct accord_tally *tally, size_t member,
                                      const struct accord_attest_claim *attest, struct accord_error *error)
{
    struct accord_standings *standings = tally->standings;
    struct accord_standing *by = &standings->members[member];
    size_t vendor = accord_roster_member(accord_standings_roster(standings), attest->vendor);
    uint8_t digest[ACCORD_HASH_SIZE];
    bool own = accord_bytes_equal(attest->vendor, attest->by);
    by->attested += own;
    by->attested_for_others += !own;
    if (attest->stage == ACCORD_STAGE_BUILD && !attest->repeats) {
        accord_hash(tally->options->crypto, attest->statement.note.whole, digest);
        enum accord_status status = meet_pair(tally, ACCORD_LITERAL("built for "), attest->vendor, digest, error);
        return status == ACCORD_OK ? meet_pair(tally, ACCORD_LITERAL("built by "), attest->by, digest, error) : status;
    }
    if (!is_rebuild(tally, attest)) {
        return ACCORD_OK;
    }
    bool match = attest->outcome == ACCORD_ATTEST_MATCH;
    by->rebuilt += match;
    by->rebuilt_otherwise += !match;
    if (vendor != SIZE_MAX) {
        standings->members[vendor].was_rebuilt += match;
        standings->members[vendor].was_rebuilt_otherwise += !match;
    }
    return meet_pair(tally, accord_outcome_name(attest->outcome), attest->by, attest->repeated, error);
}

static enum accord_status keep(struct accord_buffer *buffer, struct accord_bytes entry, struct accord_error *error)
{
    buffer->size = 0;
    enum accord_status status = accord_buffer_append(buffer, entry);
    return status == ACCORD_OK ? ACCORD_OK : accord_fail(error, status, 0);
}

/* Each follows from the one before it; another one with its number is too late. *counts says whether it does. */
static enum accord_status take_policy(struct accord_tally *tally, size_t member, const struct accord_place *place,
                                      const struct accord_product_policy_claim *policy, bool *counts,
                                      struct accord_error *error)
{
    struct accord_standing_product *product;
    struct accord_product_policy_claim previous;
    enum accord_status status = accord_tally_product(tally, member, policy->product, &product, error);
    *counts = product != NULL;
    if (status != ACCORD_OK || product == NULL) {
        return status;
    }
    bool has_previous = product->policy_number > 0;
    *counts =
        policy->number == product->policy_number + 1 &&
        (!has_previous ||
         accord_product_policy_parse(&previous, accord_buffer_bytes(&product->policy), NULL) == ACCORD_OK) &&
        accord_product_policy_verify(policy, has_previous ? &previous : NULL, accord_standings_roster(tally->standings),
                                     place, tally->options->crypto, NULL) == ACCORD_OK;
    if (!*counts) {
        return ACCORD_OK;
    }
    product->policy_number = policy->number;
    product->policy_index = place->index;
    product->max_age = policy->demands.max_age;
    tally->standings->members[member].policies++;
    return keep(&product->policy, policy->statement.note.whole, error);
}

/* Somebody may log again what a vendor once said, and the vendor may have nothing new to say: the two look alike, so
 * all count, and those that differ are counted beside. */
static enum accord_status take_current(struct accord_tally *tally, size_t member, uint64_t index, bool again,
                                       const struct accord_current_claim *current, bool *counts,
                                       struct accord_error *error)
{
    struct accord_standing_product *product;
    enum accord_status status = accord_tally_product(tally, member, current->product, &product, error);
    *counts = product != NULL;
    if (status == ACCORD_OK && product != NULL) {
        product->currents++;
        product->distinct_currents += !again;
        product->current_index = index;
        tally->standings->members[member].currents++;
    }
    return status;
}

static enum accord_status take_withdraw(struct accord_tally *tally, size_t member,
                                        const struct accord_withdraw_claim *withdraw, bool *counts,
                                        struct accord_error *error)
{
    struct accord_standing_product *product;
    enum accord_status status = accord_tally_product(tally, member, withdraw->product, &product, error);
    *counts = product != NULL;
    if (status == ACCORD_OK && product != NULL) {
        product->withdrawals++;
        tally->standings->members[member].withdrawals++;
    }
    return status;
}

/* The one that speaks of the latest days, wherever it is: an old one that is logged again is old. Of days to come
 * nobody can say what was received: one that does would stand for ever. */
static enum accord_status take_demand(struct accord_tally *tally, size_t member, uint64_t index,
                                      const struct accord_demand_claim *demand, bool *counts,
                                      struct accord_error *error)
{
    struct accord_standing *standing = &tally->standings->members[member];
    *counts = demand->to <= (int64_t)(tally->standings->quorum_time / ACCORD_CASE_DAY);
    if (!*counts) {
        return ACCORD_OK;
    }
    if (standing->demands++ > 0 && demand->to < standing->demand_claim.to) {
        return ACCORD_OK;
    }
    standing->demand_index = index;
    enum accord_status status = keep(&standing->demand, demand->statement.note.whole, error);
    return status == ACCORD_OK
               ? accord_demand_parse(&standing->demand_claim, accord_buffer_bytes(&standing->demand), error)
               : status;
}

/* Enactments */

static void take_cosigners(struct accord_tally *tally, const struct accord_note_claim *note)
{
    const struct accord_roster_claim *roster = accord_standings_roster(tally->standings);
    for (size_t i = 0; i < roster->key_count; i++) {
        const struct accord_roster_key *key = &roster->keys[i];
        struct accord_standing *standing = &tally->standings->members[key->member];
        uint64_t time = 0;
        if (key->role == ACCORD_ROLE_WITNESS &&
            accord_note_signed_by(note, &key->vkey, tally->options->crypto, &time) == ACCORD_SIGNED) {
            standing->enactments++;
            standing->last_seen = time > standing->last_seen ? time : standing->last_seen;
        }
    }
}

struct enacting {
    struct accord_enact_claim claim;
    struct accord_proof_claim proof;
    struct accord_policy policy;
    uint8_t bytes[ACCORD_ENACT_PROOF_SIZE_MAX];
};

static bool enacts(struct accord_tally *tally, struct enacting *enacting, struct accord_bytes entry, uint64_t *time)
{
    const struct accord_chain *chain = tally->chain;
    const struct accord_roster_claim *earlier = accord_chain_earlier(chain);
    struct accord_out out = {enacting->bytes, sizeof enacting->bytes, 0, false};
    struct accord_place place;
    struct accord_buffer text;
    accord_buffer_init(&text, ACCORD_POLICY_SIZE_MAX);
    bool holds =
        accord_enact_parse(&enacting->claim, entry, NULL) == ACCORD_OK &&
        accord_chain_policy(earlier, &text, NULL) == ACCORD_OK &&
        accord_policy_parse(&enacting->policy, accord_buffer_bytes(&text), tally->options->crypto, NULL) == ACCORD_OK &&
        accord_enact_verify(&enacting->claim, earlier, &enacting->policy,
                            accord_chain_roster(chain)->statement.note.whole, tally->options->crypto, &place,
                            NULL) == ACCORD_OK &&
        accord_enact_proof(&enacting->claim, &out, &enacting->proof, NULL) == ACCORD_OK;
    *time = holds ? place.seen_at : 0;
    accord_buffer_free(&text);
    return holds;
}

/* Of several enactments of one roster the first counts. */
static enum accord_status take_enact(struct accord_tally *tally, struct accord_bytes entry, struct accord_error *error)
{
    uint64_t time;
    if (!tally->chain->has_roster || accord_chain_roster(tally->chain)->number < 2) {
        return ACCORD_OK;
    }
    struct enacting *enacting = malloc(sizeof *enacting);
    if (enacting == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (tally->enacted < accord_chain_roster(tally->chain)->number && enacts(tally, enacting, entry, &time)) {
        tally->enacted = accord_chain_roster(tally->chain)->number;
        tally->standings->enactments++;
        take_cosigners(tally, &enacting->proof.checkpoint.note);
        if (tally->anchor_count < ACCORD_TALLY_ANCHORS_MAX &&
            accord_bytes_equal(enacting->proof.checkpoint.origin, tally->standings->checkpoint.origin)) {
            tally->anchors[tally->anchor_count++] = (struct accord_tally_anchor){enacting->proof.checkpoint.size, time};
        }
    }
    free(enacting);
    return ACCORD_OK;
}

/* What was shown when it was new: the checkpoint that it was shown under dates all that the tree held then. */

struct seeing {
    struct accord_proof_claim proof;
    uint8_t bytes[ACCORD_ENACT_PROOF_SIZE_MAX];
};

static bool dates(const struct accord_tally *tally, struct seeing *seeing, const struct accord_seen_claim *seen,
                  struct accord_tally_anchor *anchor)
{
    const struct accord_standings *standings = tally->standings;
    struct accord_bytes bytes = {seeing->bytes, 0};
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    if (!accord_base64_size(seen->proof_base64, &bytes.size) || bytes.size > sizeof seeing->bytes ||
        !accord_base64_read(seen->proof_base64, seeing->bytes, bytes.size) ||
        accord_proof_parse(&seeing->proof, bytes, NULL) != ACCORD_OK ||
        accord_roster_verify_checkpoint(accord_standings_roster(standings), standings->policy,
                                        &seeing->proof.checkpoint, tally->options->crypto, &checkpoint, &cosigners,
                                        NULL) != ACCORD_OK ||
        !accord_bytes_equal(checkpoint.origin, standings->checkpoint.origin)) {
        return false;
    }
    *anchor = (struct accord_tally_anchor){checkpoint.size, cosigners.seen_at};
    return true;
}

static enum accord_status take_seen(struct accord_tally *tally, const struct accord_seen_claim *seen,
                                    struct accord_error *error)
{
    struct accord_tally_anchor anchor;
    if (tally->anchor_count == ACCORD_TALLY_ANCHORS_MAX) {
        return ACCORD_OK;
    }
    struct seeing *seeing = malloc(sizeof *seeing);
    if (seeing == NULL) {
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    }
    if (dates(tally, seeing, seen, &anchor)) {
        tally->anchors[tally->anchor_count++] = anchor;
    }
    free(seeing);
    return ACCORD_OK;
}

/* All of them */

static enum accord_status take_kind(struct accord_tally *tally, enum kind kind, union claim *claim, bool again,
                                    const struct accord_place *place, bool *counts, struct accord_error *error)
{
    const struct accord_roster_claim *roster = accord_standings_roster(tally->standings);
    size_t member = accord_roster_member(roster, speaker(kind, claim));
    *counts = !again || kind == CURRENT;
    if (!*counts) {
        return ACCORD_OK;
    }
    switch (kind) {
    case RELEASE:
        return take_release(tally, member, place->index, &claim->release, counts, error);
    case ATTEST:
        return take_attest(tally, member, &claim->attest, error);
    case POLICY:
        return take_policy(tally, member, place, &claim->policy, counts, error);
    case CURRENT:
        return take_current(tally, member, place->index, again, &claim->current, counts, error);
    case WITHDRAW:
        return take_withdraw(tally, member, &claim->withdraw, counts, error);
    case DEMAND:
        return take_demand(tally, member, place->index, &claim->demand, counts, error);
    case SEEN:
        return take_seen(tally, &claim->seen, error);
    case NO_KIND:
    case LINK:
    case ENACT:
    case CASE:
        break;
    }
    return ACCORD_OK;
}

/* Too many cases for a docket take nothing away from the rest. */
static enum accord_status cap_cases(struct accord_standings *standings, enum accord_status status)
{
    if (status != ACCORD_TOO_LARGE) {
        return status;
    }
    accord_docket_free(standings->cases);
    standings->cases = NULL;
    return ACCORD_OK;
}

static enum accord_status take_case(struct accord_tally *tally, uint64_t index, struct accord_bytes entry,
                                    struct accord_error *error)
{
    struct accord_standings *standings = tally->standings;
    return standings->cases == NULL ? ACCORD_OK
                                    : cap_cases(standings, accord_docket_see(standings->cases, tally->chain,
                                                                             &tally->docket_log, index, entry, error));
}

enum accord_status accord_tally_take(struct accord_tally *tally, uint64_t index, struct accord_bytes entry,
                                     struct accord_error *error)
{
    struct accord_standings *standings = tally->standings;
    const struct accord_place place = {standings->checkpoint.origin, index, standings->quorum_time};
    enum kind kind = kind_of(entry);
    enum accord_link link;
    union claim claim;
    uint8_t digest[ACCORD_HASH_SIZE];
    bool counts;
    if (kind == LINK) {
        return accord_chain_offer(tally->chain, index, entry, &link, error);
    }
    if (kind == ENACT) {
        return take_enact(tally, entry, error);
    }
    if (kind == CASE) {
        return take_case(tally, index, entry, error);
    }
    /* What a look at any place could not tell: whether a key was given up, or a threshold raised, before this one. */
    const struct accord_roster_claim *roster = accord_standings_roster(standings);
    if (parse(kind, &claim, entry) != ACCORD_OK ||
        (roster->past_count + roster->threshold_count > 0 && !holds(tally, kind, &claim, &place))) {
        standings->passed_over++;
        return ACCORD_OK;
    }
    accord_hash(tally->options->crypto, entry, digest);
    if (kind == RELEASE && standings->cases != NULL) {
        enum accord_status noted =
            cap_cases(standings, accord_docket_note_release(standings->cases, digest, claim.release.vendor, error));
        if (noted != ACCORD_OK) {
            return noted;
        }
    }
    bool again = accord_digests_find(&tally->met, digest) != 0;
    enum accord_status status = take_kind(tally, kind, &claim, again, &place, &counts, error);
    if (status == ACCORD_OK && !again) {
        status = accord_digests_add(&tally->met, digest, (uint8_t)(kind == ATTEST ? claim.attest.stage + 1 : TAG_OTHER),
                                    error);
    }
    standings->counted += counts;
    standings->passed_over += !counts;
    return status;
}
