/* What is worth telling about one entry. Knows the kinds of statements, whose name is watched, and by which roster a
 * signature counts; refuses to know where entries come from and who is told. succession.c has the chain. */
#include "monitor/rules.h"

#include <stdlib.h>
#include <string.h>

#include "accord/report.h"
#include "case/words.h"
#include "core/text.h"
#include "monitor/rules_inner.h"

#define PREFIX ACCORD_LITERAL("accord/v1/")
#define DAY 86400

static bool is_watched(const struct accord_rules *rules, struct accord_bytes vendor)
{
    for (size_t i = 0; i < rules->options.vendor_count; i++)
        if (accord_bytes_equal(rules->options.vendors[i], vendor))
            return true;
    return false;
}

/* Releases */

/* Is it one of mine: the very entry, or one of which every artifact is mine? One that holds a file of mine beside a
 * stranger's is not. */
static bool is_expected(const struct accord_rules *rules, const uint8_t leaf[ACCORD_HASH_SIZE],
                        const struct accord_release_claim *release)
{
    struct accord_artifact artifact;
    size_t cursor = 0;
    if (accord_expected_has(rules->options.expected, leaf))
        return true;
    while (accord_release_next_artifact(release, &cursor, &artifact))
        if (!accord_expected_has(rules->options.expected, artifact.sha256))
            return false;
    return true;
}

/* Is there a signature line of this key, be it right or wrong? */
static bool has_line_of(const struct accord_note_claim *note, const struct accord_vkey *vkey)
{
    struct accord_signature signature;
    size_t cursor = 0;
    while (accord_note_next_signature(note, &cursor, &signature))
        if (signature.id == vkey->id && accord_bytes_equal(signature.name, vkey->name))
            return true;
    return false;
}

/* What can be said of a release's signatures without verifying any: do enough of its vendor's keys stand there? */
static enum accord_status check_lines(const struct accord_release_claim *release,
                                      const struct accord_roster_claim *roster, struct accord_error *error)
{
    size_t place = accord_roster_member(roster, release->vendor);
    enum accord_status status = ACCORD_NOT_A_MEMBER;
    if (place != SIZE_MAX) {
        const struct accord_member *member = &roster->members[place];
        unsigned lines = 0;
        for (size_t i = member->first_key; i < member->first_key + member->key_count; i++)
            if (roster->keys[i].role == ACCORD_ROLE_RELEASE)
                lines += has_line_of(&release->statement.note, &roster->keys[i].vkey);
        if (lines >= member->release_threshold)
            return ACCORD_OK;
        status = lines == 0 ? ACCORD_WRONG_SIGNER : ACCORD_THRESHOLD;
    }
    accord_fail(error, status, 0);
    accord_error_what(error, release->vendor);
    return status;
}

static void assess_release(const struct accord_rules *rules, struct accord_rules_glass *glass,
                           const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry)
{
    struct accord_assessment *found = &glass->found;
    struct accord_release_claim *release = &glass->release;
    struct accord_release verified;
    found->status = accord_release_parse(release, entry, &found->error);
    if (found->status != ACCORD_OK) {
        found->code = ACCORD_FINDING_MALFORMED;
        return;
    }
    const struct accord_roster_claim *roster = accord_rules_in_force(rules);
    bool unexpected = is_watched(rules, release->vendor) && !is_expected(rules, leaf, release);
    if (is_watched(rules, release->vendor) || rules->options.all_signatures)
        found->status = accord_release_verify(release, roster, NULL, rules->options.crypto, &verified, &found->error);
    else
        found->status = check_lines(release, roster, &found->error);
    if (unexpected)
        found->code = ACCORD_FINDING_RELEASE;
    else if (found->status != ACCORD_OK)
        found->code = ACCORD_FINDING_SIGNATURE;
    found->subject = release->vendor;
}

/* Statements of other kinds */

static enum accord_finding_code code_of(struct accord_bytes kind)
{
    if (accord_bytes_equal(kind, ACCORD_LITERAL("attest")))
        return ACCORD_FINDING_ATTEST;
    if (accord_bytes_equal(kind, ACCORD_LITERAL("receipt")))
        return ACCORD_FINDING_RECEIPT;
    if (accord_bytes_equal(kind, ACCORD_LITERAL("report")))
        return ACCORD_FINDING_REPORT;
    if (accord_bytes_equal(kind, ACCORD_LITERAL("policy")))
        return ACCORD_FINDING_POLICY;
    if (accord_bytes_equal(kind, ACCORD_LITERAL("withdraw")))
        return ACCORD_FINDING_WITHDRAW;
    return ACCORD_FINDING_STATEMENT;
}

/* The watched vendor that a line names, in a kind that has no grammar of its own yet. */
static bool find_named(const struct accord_rules *rules, const struct accord_said *said, struct accord_bytes *vendor)
{
    struct accord_field field;
    size_t cursor = 0;
    while (said->kind == ACCORD_SAID_OTHER && accord_statement_next(said->statement, &cursor, &field))
        if (accord_bytes_equal(field.key, ACCORD_LITERAL("vendor")) && is_watched(rules, field.value)) {
            *vendor = field.value;
            return true;
        }
    return false;
}

/* The watched vendor that one of the roster's keys signed for. */
static bool find_signer(const struct accord_rules *rules, const struct accord_statement_claim *statement,
                        struct accord_bytes *vendor)
{
    const struct accord_roster_claim *roster = accord_rules_in_force(rules);
    for (size_t v = 0; v < rules->options.vendor_count; v++) {
        size_t place = accord_roster_member(roster, rules->options.vendors[v]);
        if (place == SIZE_MAX)
            continue;
        const struct accord_member *member = &roster->members[place];
        for (size_t i = member->first_key; i < member->first_key + member->key_count; i++) {
            const struct accord_roster_key *key = &roster->keys[i];
            if (accord_role_signs(key->role) && has_line_of(&statement->note, &key->vkey) &&
                accord_note_signed_by(&statement->note, &key->vkey, rules->options.crypto, NULL) == ACCORD_SIGNED) {
                *vendor = member->domain;
                return true;
            }
        }
    }
    return false;
}

/* Does what is due follow from it, if it holds? */
static bool may_learn(const struct accord_rules *rules, const struct accord_said *said)
{
    bool is_product = said->kind == ACCORD_SAID_CURRENT || said->kind == ACCORD_SAID_POLICY;
    return said->kind == ACCORD_SAID_DEMAND || (is_product && is_watched(rules, said->speaker));
}

/* Whose name is it in? In mine, where I am who speaks, or it is about what is mine, or a key of mine signed it. */
static bool find_subject(const struct accord_rules *rules, struct accord_rules_glass *glass, bool holds)
{
    struct accord_assessment *found = &glass->found;
    const struct accord_said *said = &glass->said;
    if (said->kind != ACCORD_SAID_OTHER && (is_watched(rules, said->speaker) || is_watched(rules, said->vendor))) {
        found->subject = is_watched(rules, said->speaker) ? said->speaker : said->vendor;
        found->status = holds ? ACCORD_OK : found->error.status;
        return true;
    }
    bool is_signed = find_signer(rules, said->statement, &found->subject);
    found->by_key = true;
    if (!is_signed && !find_named(rules, said, &found->subject))
        return false;
    found->status = is_signed ? ACCORD_OK : accord_fail(&found->error, ACCORD_UNSIGNED, 0);
    return true;
}

static void assess_other(const struct accord_rules *rules, struct accord_rules_glass *glass,
                         const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry)
{
    struct accord_assessment *found = &glass->found;
    const struct accord_said *said = &glass->said;
    found->status = accord_said_parse(&glass->said, found->kind, entry, rules->options.crypto, &found->error);
    if (found->status != ACCORD_OK) {
        found->code = ACCORD_FINDING_MALFORMED;
        return;
    }
    bool learns = may_learn(rules, said),
         is_about = is_watched(rules, said->speaker) || is_watched(rules, said->vendor);
    bool holds =
        (learns || is_about) && said->kind != ACCORD_SAID_OTHER &&
        accord_said_holds(said, accord_rules_in_force(rules), rules->options.crypto, &found->error) == ACCORD_OK;
    found->learns = learns && holds;
    if (rules->options.vendor_count > 0 && !accord_expected_has(rules->options.expected, leaf) &&
        find_subject(rules, glass, holds))
        found->code = code_of(said->statement->kind);
}

/* What is due, as far as it holds. An older statement that is logged again moves nothing back. */
static void learn(struct accord_rules *rules, const struct accord_said *said)
{
    struct accord_due *due = accord_dues_of(&rules->dues, said->speaker, said->product);
    if (due == NULL)
        return;
    if (said->kind == ACCORD_SAID_DEMAND) {
        /* Of days to come nobody can say what was received. */
        if (said->claim.demand.to > (int64_t)(rules->time / DAY))
            return;
        if (due->next == 0 || said->claim.demand.to >= due->to) {
            due->to = said->claim.demand.to;
            due->next = said->claim.demand.next;
        }
    } else if (said->kind == ACCORD_SAID_CURRENT) {
        due->seen = rules->time > due->seen ? rules->time : due->seen;
    } else if (said->claim.policy.number > due->policy) {
        due->policy = said->claim.policy.number;
        due->max_age = said->claim.policy.demands.max_age;
        due->seen = due->seen == 0 ? rules->time : due->seen;
    }
}

void accord_rules_time(struct accord_rules *rules, uint64_t time)
{
    rules->time = time;
}

struct accord_dues *accord_rules_dues(struct accord_rules *rules)
{
    return &rules->dues;
}

/* Assesses an entry that is no link of the chain: glass->found says what was found. */
static void assess(const struct accord_rules *rules, struct accord_rules_glass *glass,
                   const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry)
{
    struct accord_bytes rest = entry, kind;
    glass->found.code = ACCORD_FINDING_COUNT;
    glass->found.kind = (struct accord_bytes){NULL, 0};
    glass->found.subject = (struct accord_bytes){NULL, 0};
    glass->found.by_key = glass->found.learns = false;
    if (!accord_cut_prefix(&rest, PREFIX) || !accord_cut_line(&rest, &kind))
        return;
    glass->found.kind = kind;
    if (accord_bytes_equal(kind, ACCORD_LITERAL("release")))
        assess_release(rules, glass, leaf, entry);
    else if (accord_said_knows(kind))
        assess_other(rules, glass, leaf, entry);
}

/* Is it a charter or a roster, by its first line? */
static bool is_link(struct accord_bytes entry)
{
    return accord_cut_prefix(&entry, ACCORD_LITERAL("accord/v1/charter\n")) ||
           accord_cut_prefix(&entry, ACCORD_LITERAL("accord/v1/roster\n"));
}

bool accord_rules_look(const struct accord_rules *rules, struct accord_rules_glass *glass,
                       const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry)
{
    if (is_link(entry))
        return true;
    assess(rules, glass, leaf, entry);
    return glass->found.code != ACCORD_FINDING_COUNT || glass->found.learns;
}

/* Telling */

static void say_release(struct accord_finding *finding, const struct accord_rules_glass *glass)
{
    const struct accord_release_claim *release = &glass->release;
    accord_finding_say(finding, ": %.*s %.*s, version %.*s, sequence %llu, ", (int)release->vendor.size,
                       (const char *)release->vendor.data, (int)release->product.size,
                       (const char *)release->product.data, (int)release->version.size,
                       (const char *)release->version.data, (unsigned long long)release->sequence);
    if (glass->found.status == ACCORD_OK) {
        accord_finding_say(finding, "signed with the vendor's own keys");
        return;
    }
    /* Nobody who verifies will believe it. */
    finding->severity = ACCORD_SEVERITY_WARNING;
    accord_finding_say(finding, "which does not verify");
    accord_finding_blame(finding, &glass->found.error);
}

static void say_other(struct accord_finding *finding, const struct accord_rules_glass *glass)
{
    const struct accord_assessment *found = &glass->found;
    accord_said_tell(&glass->said, finding);
    if (found->status == ACCORD_OK) {
        accord_finding_say(finding, found->by_key ? ", signed with a key of this member" : ", signed as it has to be");
        return;
    }
    finding->severity = ACCORD_SEVERITY_WARNING;
    if (found->status == ACCORD_UNSIGNED) {
        accord_finding_say(finding, ", which no key of this member signed");
        return;
    }
    accord_finding_say(finding, ", which does not hold");
    accord_finding_blame(finding, &found->error);
}

/* Anybody reports: whose key signed it says nothing. What it is about only who can open it knows. */
static void say_report(const struct accord_crypto *crypto, struct accord_finding *finding,
                       const struct accord_rules_glass *glass)
{
    struct accord_bytes entry = glass->said.statement->note.whole;
    struct accord_report_claim *report = malloc(sizeof *report);
    uint8_t id[ACCORD_HASH_SIZE];
    char name[17], opens[32];
    accord_hash(crypto, entry, id);
    accord_case_short(id, name);
    if (report == NULL || accord_report_parse(report, entry, crypto, NULL) != ACCORD_OK) {
        accord_finding_say(finding, ": case %s of %s, in a form that no vendor can open", name, finding->subject);
    } else {
        accord_case_hour(report->opens, opens);
        accord_finding_say(finding, ": case %s of %s, to open on %s", name, finding->subject, opens);
    }
    free(report);
}

static void say(const struct accord_crypto *crypto, struct accord_finding *finding,
                const struct accord_rules_glass *glass)
{
    const struct accord_assessment *found = &glass->found;
    if (found->code == ACCORD_FINDING_RELEASE) {
        say_release(finding, glass);
    } else if (found->code == ACCORD_FINDING_MALFORMED) {
        accord_finding_say(finding, ": %.*s", (int)found->kind.size, (const char *)found->kind.data);
        accord_finding_blame(finding, &found->error);
    } else if (found->code == ACCORD_FINDING_SIGNATURE) {
        accord_finding_say(finding, ": a release");
        accord_finding_blame(finding, &found->error);
    } else if (found->code == ACCORD_FINDING_REPORT) {
        say_report(crypto, finding, glass);
    } else {
        say_other(finding, glass);
    }
}

enum accord_status accord_rules_judge(struct accord_rules *rules, struct accord_rules_glass *glass,
                                      const struct accord_checkpoint_claim *checkpoint, uint64_t index,
                                      const uint8_t leaf[ACCORD_HASH_SIZE], struct accord_bytes entry,
                                      const struct accord_finding_sink *sink, bool *changed, struct accord_error *error)
{
    struct accord_finding finding;
    bool told = false;
    if (is_link(entry)) {
        enum accord_status status = accord_rules_link(rules, checkpoint, index, entry, &finding, &told, changed, error);
        if (status != ACCORD_OK || !told)
            return status;
    } else {
        assess(rules, glass, leaf, entry);
        if (glass->found.learns)
            learn(rules, &glass->said);
        if (glass->found.code == ACCORD_FINDING_COUNT)
            return ACCORD_OK;
        accord_finding_begin(&finding, glass->found.code, glass->found.subject);
        say(rules->options.crypto, &finding, glass);
    }
    finding.has_index = true;
    finding.index = index;
    memcpy(finding.leaf, leaf, ACCORD_HASH_SIZE);
    return sink->take(sink->context, &finding, error);
}

struct accord_rules_glass *accord_rules_glass_new(void)
{
    return calloc(1, sizeof(struct accord_rules_glass));
}

void accord_rules_glass_free(struct accord_rules_glass *glass)
{
    free(glass);
}
