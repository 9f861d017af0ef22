/* Which roster is in force. Knows how a log's chain is held against the trust file's roster, and what a checkpoint must
 * be before the next roster counts; refuses to know other kinds of statements. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "monitor/rules_inner.h"

#define POLICY_TEXT_SIZE (256 * 1024)

enum accord_status accord_rules_new(struct accord_rules **out, const struct accord_rules_options *options,
                                    struct accord_error *error)
{
    struct accord_rules *rules = calloc(1, sizeof *rules);
    *out = rules;
    if (rules == NULL)
        return accord_fail(error, ACCORD_NO_MEMORY, 0);
    rules->options = *options;
    accord_buffer_init(&rules->trust, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&rules->policy_text, POLICY_TEXT_SIZE);
    accord_buffer_init(&rules->ahead_trust, ACCORD_TRUST_SIZE_MAX);
    accord_buffer_init(&rules->ahead_policy_text, POLICY_TEXT_SIZE);
    rules->newer = calloc(1, sizeof *rules->newer);
    rules->ahead = calloc(1, sizeof *rules->ahead);
    enum accord_status status =
        rules->newer == NULL || rules->ahead == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    if (status == ACCORD_OK)
        status = accord_chain_new(&rules->chain, options->crypto, options->verifier->trust.charter, error);
    if (status != ACCORD_OK) {
        accord_rules_free(rules);
        *out = NULL;
    }
    return status;
}

void accord_rules_free(struct accord_rules *rules)
{
    if (rules == NULL)
        return;
    accord_chain_free(rules->chain);
    accord_buffer_free(&rules->trust);
    accord_buffer_free(&rules->policy_text);
    accord_buffer_free(&rules->ahead_trust);
    accord_buffer_free(&rules->ahead_policy_text);
    free(rules->newer);
    free(rules->ahead);
    accord_dues_free(&rules->dues);
    free(rules);
}

void accord_rules_carry(struct accord_rules *rules, bool carries)
{
    rules->carries = carries;
}

bool accord_rules_met(const struct accord_rules *rules, struct accord_bytes *entry, uint64_t *index)
{
    const struct accord_chain *chain = rules->chain;
    if (!chain->has_roster)
        return false;
    *entry = accord_buffer_bytes(&chain->roster_entry[chain->current]);
    *index = chain->roster_index;
    return true;
}

/* The newest that was met, or was in the trust file. */
static const struct accord_verifier *met(const struct accord_rules *rules)
{
    return rules->has_newer ? rules->newer : rules->options.verifier;
}

/* The newest that is known. */
static const struct accord_verifier *newest(const struct accord_rules *rules)
{
    return rules->has_ahead && rules->ahead->roster.number > met(rules)->roster.number ? rules->ahead : met(rules);
}

const struct accord_policy *accord_rules_policy(const struct accord_rules *rules)
{
    return &newest(rules)->policy;
}

const struct accord_trust_claim *accord_rules_trust(const struct accord_rules *rules)
{
    return &newest(rules)->trust;
}

/* Makes a trust file ready for use, less whom else the caller distrusts. */
static enum accord_status make_ready(const struct accord_rules *rules, struct accord_verifier *verifier,
                                     struct accord_bytes trust, struct accord_buffer *policy_text,
                                     struct accord_error *error)
{
    const struct accord_verifier *given = rules->options.verifier;
    policy_text->size = 0;
    enum accord_status status = accord_buffer_reserve(policy_text, POLICY_TEXT_SIZE);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    struct accord_out policy = {policy_text->data, POLICY_TEXT_SIZE, 0, false};
    status = accord_verifier_init(verifier, trust, &policy, rules->options.crypto, error);
    for (size_t i = 0; status == ACCORD_OK && i < given->distrusted_count; i++)
        status = accord_verifier_distrust(verifier, &given->distrusted[i].vkey, given->distrusted[i].evidence, error);
    return status;
}

enum accord_status accord_rules_foresee(struct accord_rules *rules, struct accord_bytes trust,
                                        struct accord_error *error)
{
    rules->has_ahead = false;
    rules->ahead_trust.size = 0;
    enum accord_status status = accord_buffer_append(&rules->ahead_trust, trust);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    status =
        make_ready(rules, rules->ahead, accord_buffer_bytes(&rules->ahead_trust), &rules->ahead_policy_text, error);
    rules->has_ahead = status == ACCORD_OK;
    return status;
}

/* Makes the trust file that the chain's roster, which is newer than the present one, would stand in: the same
 * charter, the same distrust. */
static enum accord_status renew(struct accord_rules *rules, struct accord_error *error)
{
    const struct accord_chain *chain = rules->chain;
    struct accord_trust_claim claim = rules->options.verifier->trust;
    claim.roster_index = chain->roster_index;
    claim.roster_entry = accord_buffer_bytes(&chain->roster_entry[chain->current]);
    rules->trust.size = 0;
    size_t room = claim.roster_entry.size + claim.distrust.size + 256;
    enum accord_status status = accord_buffer_reserve(&rules->trust, room);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    struct accord_out trust = {rules->trust.data, room, 0, false};
    accord_trust_print(&trust, &claim);
    rules->trust.size = trust.size;
    status = make_ready(rules, rules->newer, accord_out_bytes(&trust), &rules->policy_text, error);
    rules->has_newer = status == ACCORD_OK;
    return status;
}

enum accord_status accord_rules_restore(struct accord_rules *rules, uint64_t index, struct accord_bytes entry,
                                        struct accord_error *error)
{
    struct accord_chain *chain = rules->chain;
    const struct accord_verifier *verifier = rules->options.verifier;
    struct accord_roster_claim *roster = &chain->roster[chain->current];
    struct accord_buffer *kept = &chain->roster_entry[chain->current];
    kept->size = 0;
    enum accord_status status = accord_buffer_append(kept, entry);
    if (status != ACCORD_OK)
        return accord_fail(error, status, 0);
    if (accord_roster_parse(roster, accord_buffer_bytes(kept), chain->crypto, NULL) != ACCORD_OK ||
        memcmp(roster->charter, verifier->trust.charter, ACCORD_HASH_SIZE) != 0) {
        accord_fail(error, ACCORD_STATE, 0);
        accord_error_expected(error, ACCORD_LITERAL("a roster of the trust file's charter"));
        return ACCORD_STATE;
    }
    chain->has_charter = chain->has_roster = true;
    chain->roster_index = index;
    return roster->number > verifier->roster.number ? renew(rules, error) : ACCORD_OK;
}

/* Words */

static bool same_keys(const struct accord_roster_claim *a, const struct accord_member *member,
                      const struct accord_roster_claim *b, const struct accord_member *other)
{
    if (member->key_count != other->key_count || member->release_threshold != other->release_threshold ||
        !accord_bytes_equal(member->jurisdiction, other->jurisdiction))
        return false;
    for (size_t i = 0; i < member->key_count; i++)
        if (!accord_bytes_equal(a->keys[member->first_key + i].text, b->keys[other->first_key + i].text))
            return false;
    return true;
}

/* How many members of roster are not, or not the same, in other; the first of them is *name. */
static unsigned differing(const struct accord_roster_claim *roster, const struct accord_roster_claim *other, bool keys,
                          struct accord_bytes *name)
{
    unsigned count = 0;
    for (size_t i = 0; i < roster->member_count; i++) {
        const struct accord_member *member = &roster->members[i];
        size_t place = accord_roster_member(other, member->domain);
        bool differs =
            keys ? place != SIZE_MAX && !same_keys(roster, member, other, &other->members[place]) : place == SIZE_MAX;
        if (differs && count++ == 0)
            *name = member->domain;
    }
    return count;
}

static void say_count(struct accord_finding *finding, unsigned count, struct accord_bytes name, const char *what)
{
    if (count == 0)
        return;
    accord_finding_say(finding, ", %u %s (%.*s%s)", count, what, (int)name.size, (const char *)name.data,
                       count > 1 ? " and more" : "");
}

static bool same_logs(const struct accord_roster_claim *a, const struct accord_roster_claim *b)
{
    if (a->log_count != b->log_count)
        return false;
    for (size_t i = 0; i < a->log_count; i++)
        if (!accord_bytes_equal(a->logs[i].vkey.text, b->logs[i].vkey.text))
            return false;
    return true;
}

static void say_roster(struct accord_finding *finding, const struct accord_roster_claim *old,
                       const struct accord_roster_claim *new)
{
    struct accord_bytes name = {NULL, 0};
    accord_finding_say(finding, ": number %llu, %zu members", (unsigned long long)new->number, new->member_count);
    unsigned count = differing(new, old, false, &name);
    say_count(finding, count, name, "added");
    count = differing(old, new, false, &name);
    say_count(finding, count, name, "removed");
    count = differing(new, old, true, &name);
    say_count(finding, count, name, "with other keys");
    if (!same_logs(old, new))
        accord_finding_say(finding, ", other logs");
    if (old->quorum_jurisdictions != new->quorum_jurisdictions || old->quorum_witnesses != new->quorum_witnesses ||
        old->admit != new->admit)
        accord_finding_say(finding, ", quorum %u of %u each (was %u of %u), %u admit (was %u)",
                           new->quorum_jurisdictions, new->quorum_witnesses, old->quorum_jurisdictions,
                           old->quorum_witnesses, new->admit, old->admit);
}

/* Another roster of the trust file's number */

/* The roster with the trust file's number must be the trust file's. */
static bool is_pinned(const struct accord_rules *rules, struct accord_bytes entry)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(rules->options.crypto, entry, digest);
    return memcmp(digest, rules->options.verifier->roster_digest, sizeof digest) == 0;
}

static bool member_signed(const struct accord_rules *rules, const struct accord_member *member,
                          const struct accord_note_claim *note)
{
    const struct accord_roster_key *keys = &rules->options.verifier->roster.keys[member->first_key];
    unsigned count = 0;
    for (size_t i = 0; i < member->key_count; i++)
        count += keys[i].role == ACCORD_ROLE_RELEASE &&
                 accord_note_signed_by(note, &keys[i].vkey, rules->options.crypto, NULL) == ACCORD_SIGNED;
    return count >= member->release_threshold;
}

/* By as many of the trust file's members as admit a roster. Those of the roster before it would say more; but a log
 * that shows another roster need not show that one, and a monitor that was started again has forgotten it. */
static bool members_signed(const struct accord_rules *rules, const struct accord_note_claim *note)
{
    const struct accord_roster_claim *pinned = &rules->options.verifier->roster;
    unsigned count = 0;
    for (size_t i = 0; i < pinned->member_count; i++)
        count += member_signed(rules, &pinned->members[i], note);
    return count >= pinned->admit;
}

/* Wherever it lies: whoever is shown that log's chain, or this entry, is shown another accord. */
static bool is_other(const struct accord_rules *rules, const struct accord_roster_claim *roster,
                     struct accord_bytes entry)
{
    const struct accord_chain *chain = rules->chain;
    const struct accord_roster_claim *pinned = &rules->options.verifier->roster;
    if (roster->number != pinned->number || memcmp(roster->charter, pinned->charter, ACCORD_HASH_SIZE) != 0 ||
        is_pinned(rules, entry))
        return false;
    if (chain->has_roster &&
        accord_roster_verify_next(accord_chain_earlier(chain), roster, chain->crypto, NULL) == ACCORD_OK)
        return true;
    if (chain->has_charter && accord_roster_verify_first(roster, &chain->charter, chain->crypto, NULL) == ACCORD_OK)
        return true;
    return members_signed(rules, &roster->statement.note);
}

static void say_conflict(const struct accord_rules *rules, struct accord_finding *finding)
{
    accord_finding_begin(finding, ACCORD_FINDING_ROSTER_CONFLICT, (struct accord_bytes){NULL, 0});
    accord_finding_say(finding, ": number %llu was signed twice",
                       (unsigned long long)rules->options.verifier->roster.number);
}

bool accord_rules_conflict(const struct accord_rules *rules, struct accord_finding *finding)
{
    const struct accord_chain *chain = rules->chain;
    const struct accord_verifier *pinned = rules->options.verifier;
    if (!chain->has_roster)
        return false;
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    bool other = roster->number == pinned->roster.number &&
                 !is_pinned(rules, accord_buffer_bytes(&chain->roster_entry[chain->current]));
    bool follows_other = roster->number == pinned->roster.number + 1 &&
                         memcmp(roster->previous, pinned->roster_digest, ACCORD_HASH_SIZE) != 0;
    if (!other && !follows_other)
        return false;
    say_conflict(rules, finding);
    accord_finding_say(finding, "; the other one, or one that follows it, was met at index %llu",
                       (unsigned long long)chain->roster_index);
    return true;
}

/* Links */

static enum accord_status check_checkpoint(const struct accord_rules *rules,
                                           const struct accord_checkpoint_claim *claim, struct accord_error *error)
{
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    return accord_policy_verify(&met(rules)->policy, claim, rules->options.crypto, &checkpoint, &cosigners, error);
}

/* Back to what was in force before the chain took its newest roster. */
static void step_back(struct accord_chain *chain, bool had_roster, uint64_t index)
{
    unsigned refused = chain->current;
    chain->current = chain->earlier;
    chain->earlier = refused;
    chain->has_roster = had_roster;
    chain->roster_index = index;
}

/* Why it is no link; no error where it is none of the trust file's accord, or says again what is in force. */
static enum accord_status why_not(const struct accord_rules *rules, struct accord_bytes entry,
                                  enum accord_finding_code *code, struct accord_error *error)
{
    const struct accord_chain *chain = rules->chain;
    struct accord_charter_claim *charter = malloc(sizeof *charter);
    struct accord_roster_claim *roster = malloc(sizeof *roster);
    enum accord_status status = charter == NULL || roster == NULL ? accord_fail(error, ACCORD_NO_MEMORY, 0) : ACCORD_OK;
    *code = ACCORD_FINDING_MALFORMED;
    if (status == ACCORD_OK &&
        accord_cut_prefix(&(struct accord_bytes){entry.data, entry.size}, ACCORD_LITERAL("accord/v1/charter\n"))) {
        status = accord_charter_parse(charter, entry, chain->crypto, error);
        if (status == ACCORD_OK) {
            *code = ACCORD_FINDING_ROSTER_REFUSED;
            status = accord_fail(error, ACCORD_CHAIN, 0);
            accord_error_expected(error, ACCORD_LITERAL("no charter but the trust file's"));
        }
    } else if (status == ACCORD_OK) {
        status = accord_roster_parse(roster, entry, chain->crypto, error);
        if (status == ACCORD_OK) {
            *code = is_other(rules, roster, entry) ? ACCORD_FINDING_ROSTER_CONFLICT : ACCORD_FINDING_ROSTER_REFUSED;
            status = chain->has_roster
                         ? accord_roster_verify_next(accord_chain_roster(chain), roster, chain->crypto, error)
                     : chain->has_charter ? accord_roster_verify_first(roster, &chain->charter, chain->crypto, error)
                                          : accord_fail(error, ACCORD_CHAIN, 0);
        }
    }
    free(charter);
    free(roster);
    return status;
}

static enum accord_status refuse_link(const struct accord_rules *rules, struct accord_bytes entry,
                                      struct accord_finding *finding, bool *told, struct accord_error *error)
{
    enum accord_finding_code code;
    struct accord_error why = {0};
    enum accord_status status = why_not(rules, entry, &code, &why);
    if (status == ACCORD_NO_MEMORY) {
        return accord_fail(error, status, 0);
    }
    if (code == ACCORD_FINDING_ROSTER_CONFLICT) {
        say_conflict(rules, finding);
        *told = true;
        return ACCORD_OK;
    }
    /* In a log that is not the accord's, charters and rosters are what others logged: only their form is asked for. */
    *told = status != ACCORD_OK && (rules->carries || code == ACCORD_FINDING_MALFORMED);
    if (*told) {
        accord_finding_begin(finding, code, (struct accord_bytes){NULL, 0});
        accord_finding_blame(finding, &why);
    }
    return ACCORD_OK;
}

/* Is it one that was foreseen, or leads there? The digests in the rosters bind what lies between. */
static bool is_foreseen(const struct accord_rules *rules, const struct accord_roster_claim *roster)
{
    return rules->has_ahead && (roster->number < rules->ahead->roster.number ||
                                (roster->number == rules->ahead->roster.number &&
                                 accord_bytes_equal(roster->statement.note.whole, rules->ahead->trust.roster_entry)));
}

/* A roster beyond the trust file's came into force, if the checkpoint is one by the roster before it. */
static enum accord_status take_newer(struct accord_rules *rules, const struct accord_roster_claim *old,
                                     const struct accord_checkpoint_claim *checkpoint, struct accord_finding *finding,
                                     bool *told, struct accord_error *error)
{
    enum accord_status status =
        is_foreseen(rules, accord_chain_roster(rules->chain)) ? ACCORD_OK : check_checkpoint(rules, checkpoint, error);
    if (status != ACCORD_OK)
        return status;
    accord_finding_begin(finding, ACCORD_FINDING_ROSTER, (struct accord_bytes){NULL, 0});
    say_roster(finding, old, accord_chain_roster(rules->chain));
    *told = true;
    return renew(rules, error);
}

enum accord_status accord_rules_link(struct accord_rules *rules, const struct accord_checkpoint_claim *checkpoint,
                                     uint64_t index, struct accord_bytes entry, struct accord_finding *finding,
                                     bool *told, bool *changed, struct accord_error *error)
{
    struct accord_chain *chain = rules->chain;
    const struct accord_verifier *verifier = rules->options.verifier;
    bool had_roster = chain->has_roster;
    uint64_t before = chain->roster_index;
    enum accord_link link = ACCORD_LINK_NONE;
    enum accord_status status = ACCORD_OK;
    if (rules->carries)
        status = accord_chain_offer(chain, index, entry, &link, error);
    if (status != ACCORD_OK || link == ACCORD_LINK_CHARTER)
        return status;
    if (link == ACCORD_LINK_NONE)
        return refuse_link(rules, entry, finding, told, error);
    uint64_t number = accord_chain_roster(chain)->number;
    if (number == verifier->roster.number && !is_pinned(rules, entry)) {
        step_back(chain, had_roster, before);
        say_conflict(rules, finding);
        *told = true;
        return ACCORD_OK;
    }
    if (number > verifier->roster.number)
        status = take_newer(rules, accord_chain_earlier(chain), checkpoint, finding, told, error);
    if (status != ACCORD_OK)
        step_back(chain, had_roster, before);
    else
        *changed = true;
    return status;
}
