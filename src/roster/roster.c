/* Rosters (docs/protocol.md, "Roster"): the members, their keys, the logs and the quorum. Knows what the lines say and
 * that they can be satisfied; whether the roster follows from another is for chain.c. */
#include "accord/roster.h"

#include "core/fields.h"
#include "roster/quorum.h"

#include <string.h>

#define TITLE_SIZE_MAX 128
#define RECIPIENT_SIZE 62                                /* an age X25519 recipient: "age1" and 58 bech32 characters */
#define JURISDICTIONS_MAX (ACCORD_POLICY_GROUPS_MAX - 1) /* one group is for the quorum itself */

size_t accord_roster_member(const struct accord_roster_claim *roster, struct accord_bytes domain)
{
    for (size_t i = 0; i < roster->member_count; i++)
        if (accord_bytes_equal(roster->members[i].domain, domain))
            return i;
    return SIZE_MAX;
}

/* Keys of which a signature line could mean either, or which are one key under two names. One byte tells most keys
 * apart without a call; those of ML-DSA-44 have zeros there. */
static bool same_key(const struct accord_vkey *a, const struct accord_vkey *b)
{
    return (a->id == b->id && accord_bytes_equal(a->name, b->name)) ||
           (a->ed25519[0] == b->ed25519[0] && accord_vkey_same_public(a, b));
}

/* No public key may stand twice in a roster, whatever it is for, and no name and id. */
static bool vkey_new(struct accord_fields *fields, const struct accord_roster_claim *roster,
                     const struct accord_vkey *vkey)
{
    bool twice = false;
    for (size_t i = 0; i < roster->log_count; i++)
        twice |= same_key(&roster->logs[i].vkey, vkey);
    for (size_t i = 0; i < roster->key_count; i++)
        twice |= roster->keys[i].role != ACCORD_ROLE_REPORT && same_key(&roster->keys[i].vkey, vkey);
    return !twice || accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each public key once"), vkey->text);
}

static bool recipient_new(struct accord_fields *fields, const struct accord_roster_claim *roster,
                          struct accord_bytes text)
{
    for (size_t i = 0; i < roster->key_count; i++)
        if (roster->keys[i].role == ACCORD_ROLE_REPORT && accord_bytes_equal(roster->keys[i].text, text))
            return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each public key once"), text);
    return true;
}

/* <vkey> [<url>] */
static bool vkey_and_url(struct accord_fields *fields, struct accord_bytes rest, const struct accord_crypto *crypto,
                         struct accord_vkey *vkey, struct accord_bytes *url)
{
    struct accord_bytes word;
    if (!accord_word_next(&rest, &word))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("<vkey> [<url>]"), fields->taken.value);
    *url = rest;
    return accord_fields_part_vkey(fields, word, crypto, vkey) &&
           (rest.size == 0 || accord_fields_part_url(fields, rest));
}

/* log <vkey> [<url>] */
static bool log_line(struct accord_fields *fields, struct accord_roster_claim *roster,
                     const struct accord_crypto *crypto)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("log")))
        return false;
    if (roster->log_count == ACCORD_ROSTER_LOGS_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 16 logs"), fields->taken.value);
    struct accord_roster_log *log = &roster->logs[roster->log_count];
    if (!vkey_and_url(fields, fields->taken.value, crypto, &log->vkey, &log->url))
        return false;
    if (log->vkey.type != ACCORD_KEY_ED25519)
        return accord_fields_refuse(fields, ACCORD_KEY_TYPE, ACCORD_LITERAL("type 0x01 (Ed25519)"), log->vkey.name);
    if (!vkey_new(fields, roster, &log->vkey))
        return false;
    roster->log_count++;
    return true;
}

/* quorum <jurisdictions> <witnesses in each> */
static bool quorum_line(struct accord_fields *fields, struct accord_roster_claim *roster)
{
    struct accord_bytes word;
    uint64_t jurisdictions, witnesses;
    if (!accord_fields_take(fields, ACCORD_LITERAL("quorum")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (!accord_word_next(&rest, &word))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("quorum <jurisdictions> <witnesses>"),
                                    fields->taken.value);
    if (!accord_fields_part_number(fields, word, 1, JURISDICTIONS_MAX, &jurisdictions) ||
        !accord_fields_part_number(fields, rest, 1, ACCORD_MEMBERS_MAX, &witnesses))
        return false;
    roster->quorum_jurisdictions = (unsigned)jurisdictions;
    roster->quorum_witnesses = (unsigned)witnesses;
    return true;
}

static bool jurisdiction_valid(struct accord_bytes text)
{
    return text.size == 2 && text.data[0] >= 'A' && text.data[0] <= 'Z' && text.data[1] >= 'A' && text.data[1] <= 'Z';
}

/* member <domain> <jurisdiction> <title> */
static bool member_line(struct accord_fields *fields, struct accord_roster_claim *roster)
{
    struct accord_member member = {.first_key = roster->key_count, .release_threshold = 1};
    if (!accord_fields_take(fields, ACCORD_LITERAL("member")))
        return false;
    struct accord_bytes value = fields->taken.value;
    if (roster->member_count == ACCORD_MEMBERS_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 128 members"), value);
    member.title = value;
    if (!accord_word_next(&member.title, &member.domain) || !accord_word_next(&member.title, &member.jurisdiction) ||
        member.title.size == 0 || member.title.data[0] == ' ' || member.title.size > TITLE_SIZE_MAX)
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("member <domain> <jurisdiction> <title>"),
                                    value);
    if (!accord_fields_part_domain(fields, member.domain))
        return false;
    if (!jurisdiction_valid(member.jurisdiction))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("two uppercase letters"),
                                    member.jurisdiction);
    if (accord_roster_member(roster, member.domain) != SIZE_MAX)
        return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each member once"), member.domain);
    roster->members[roster->member_count++] = member;
    return true;
}

static bool recipient_valid(struct accord_bytes text)
{
    if (text.size != RECIPIENT_SIZE || memcmp(text.data, "age1", 4) != 0)
        return false;
    for (size_t i = 4; i < text.size; i++)
        if (memchr("qpzry9x8gf2tvdw0s3jn54khce6mua7l", text.data[i], 32) == NULL)
            return false;
    return true;
}

/* key report <recipient> */
static bool report_key(struct accord_fields *fields, const struct accord_roster_claim *roster,
                       struct accord_roster_key *key, struct accord_bytes text)
{
    key->text = text;
    if (!recipient_valid(text))
        return accord_fields_refuse(fields, ACCORD_BAD_KEY, ACCORD_LITERAL("an age1... recipient"), text);
    return recipient_new(fields, roster, text);
}

/* A member counts once in its jurisdiction, so it may have one witness key. */
static bool witness_key(struct accord_fields *fields, const struct accord_roster_claim *roster,
                        const struct accord_roster_key *key)
{
    if (key->vkey.type == ACCORD_KEY_ED25519)
        return accord_fields_refuse(fields, ACCORD_KEY_TYPE, ACCORD_LITERAL("type 0x04 or 0x06 (a cosignature's)"),
                                    key->vkey.name);
    if (accord_roster_witness(roster, key->member) != NULL)
        return accord_fields_refuse(fields, ACCORD_DUPLICATE, ACCORD_LITERAL("one witness key for each member"),
                                    key->vkey.name);
    return true;
}

static bool signing_key(struct accord_fields *fields, const struct accord_roster_key *key)
{
    if (key->url.size > 0)
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("no URL but for a witness"), key->url);
    if (key->vkey.type != ACCORD_KEY_ED25519)
        return accord_fields_refuse(fields, ACCORD_KEY_TYPE, ACCORD_LITERAL("type 0x01 (Ed25519)"), key->vkey.name);
    return true;
}

/* <vkey> [<url>], of the member that stands last. */
static bool note_key(struct accord_fields *fields, const struct accord_roster_claim *roster,
                     const struct accord_crypto *crypto, struct accord_roster_key *key, struct accord_bytes rest)
{
    if (!vkey_and_url(fields, rest, crypto, &key->vkey, &key->url))
        return false;
    key->text = key->vkey.text;
    if (!accord_fields_key_of(fields, &key->vkey, roster->members[key->member].domain))
        return false;
    if (!(key->role == ACCORD_ROLE_WITNESS ? witness_key(fields, roster, key) : signing_key(fields, key)))
        return false;
    return vkey_new(fields, roster, &key->vkey);
}

static bool role_read(struct accord_bytes word, enum accord_key_role *role)
{
    const struct accord_bytes names[] = {ACCORD_LITERAL("release"), ACCORD_LITERAL("stage"), ACCORD_LITERAL("witness"),
                                         ACCORD_LITERAL("report")};
    for (size_t i = 0; i < 4; i++) {
        if (accord_bytes_equal(names[i], word)) {
            *role = (enum accord_key_role)(ACCORD_ROLE_RELEASE + i);
            return true;
        }
    }
    return false;
}

/* key release|stage|witness|report <key> */
static bool key_line(struct accord_fields *fields, struct accord_roster_claim *roster,
                     const struct accord_crypto *crypto)
{
    struct accord_bytes word;
    if (!accord_fields_take(fields, ACCORD_LITERAL("key")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (roster->key_count == ACCORD_ROSTER_KEYS_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 1024 keys"), rest);
    struct accord_roster_key *key = &roster->keys[roster->key_count];
    memset(key, 0, sizeof *key);
    key->member = roster->member_count - 1;
    if (!accord_word_next(&rest, &word) || !role_read(word, &key->role))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("release, stage, witness or report"),
                                    fields->taken.value);
    if (!(key->role == ACCORD_ROLE_REPORT ? report_key(fields, roster, key, rest)
                                          : note_key(fields, roster, crypto, key, rest)))
        return false;
    roster->key_count++;
    roster->members[key->member].key_count++;
    return true;
}

static unsigned release_keys(const struct accord_roster_claim *roster, const struct accord_member *member)
{
    unsigned count = 0;
    for (size_t i = 0; i < member->key_count; i++)
        count += roster->keys[member->first_key + i].role == ACCORD_ROLE_RELEASE;
    return count;
}

/* A member, its keys, its threshold. */
static bool member(struct accord_fields *fields, struct accord_roster_claim *roster, const struct accord_crypto *crypto)
{
    uint64_t threshold;
    if (!member_line(fields, roster))
        return false;
    while (accord_fields_at(fields, ACCORD_LITERAL("key")))
        if (!key_line(fields, roster, crypto))
            return false;
    struct accord_member *last = &roster->members[roster->member_count - 1];
    unsigned keys = release_keys(roster, last);
    if (keys == 0)
        return accord_fields_refuse(fields, ACCORD_MISSING_FIELD, ACCORD_LITERAL("key release <vkey>"), last->domain);
    if (!accord_fields_at(fields, ACCORD_LITERAL("release-threshold")))
        return true;
    if (!accord_fields_number(fields, ACCORD_LITERAL("release-threshold"), 1, keys, &threshold))
        return false;
    last->release_threshold = (unsigned)threshold;
    return true;
}

/* charter, number, previous: where the roster stands in the chain. */
static bool head(struct accord_fields *fields, struct accord_roster_claim *roster)
{
    if (!accord_fields_digest(fields, ACCORD_LITERAL("charter"), roster->charter) ||
        !accord_fields_number(fields, ACCORD_LITERAL("number"), 1, UINT64_MAX, &roster->number))
        return false;
    if (roster->number > 1)
        return accord_fields_digest(fields, ACCORD_LITERAL("previous"), roster->previous);
    if (!accord_fields_at(fields, ACCORD_LITERAL("previous")))
        return true;
    return accord_fields_take(fields, ACCORD_LITERAL("previous")) &&
           accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("nothing before number 1"),
                                fields->taken.value);
}

/* Can as many members sign as must, and as many jurisdictions vouch as must? The refusals point at the statement, since
 * no one line is at fault. */
static enum accord_status check_satisfiable(const struct accord_roster_claim *roster, struct accord_error *error)
{
    size_t jurisdictions = 0;
    if (roster->admit > roster->member_count) {
        accord_fail(error, ACCORD_MALFORMED, 0);
        accord_error_what(error, ACCORD_LITERAL("admit"));
        accord_error_expected_number(error, roster->member_count);
        accord_error_found_number(error, roster->admit);
        return ACCORD_MALFORMED;
    }
    for (size_t i = 0; i < roster->member_count; i++)
        jurisdictions += accord_roster_jurisdiction_begins(roster, i);
    if (jurisdictions < roster->quorum_jurisdictions) {
        accord_fail(error, ACCORD_MALFORMED, 0);
        accord_error_what(error, ACCORD_LITERAL("quorum: jurisdictions with enough witnesses"));
        accord_error_expected_number(error, roster->quorum_jurisdictions);
        accord_error_found_number(error, jurisdictions);
        return ACCORD_MALFORMED;
    }
    if (jurisdictions > JURISDICTIONS_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("jurisdictions"));
        accord_error_expected_number(error, JURISDICTIONS_MAX);
        accord_error_found_number(error, jurisdictions);
        return ACCORD_TOO_LARGE;
    }
    return ACCORD_OK;
}

static bool logs_and_members(struct accord_fields *fields, struct accord_roster_claim *roster,
                             const struct accord_crypto *crypto)
{
    do {
        if (!log_line(fields, roster, crypto))
            return false;
    } while (accord_fields_at(fields, ACCORD_LITERAL("log")));
    do {
        if (!member(fields, roster, crypto))
            return false;
    } while (accord_fields_at(fields, ACCORD_LITERAL("member")));
    return accord_fields_end(fields);
}

enum accord_status accord_roster_parse(struct accord_roster_claim *roster, struct accord_bytes entry,
                                       const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_fields fields;
    uint64_t admit;
    /* The arrays are large, and each place is filled before its count says that it is there. */
    memset(roster, 0, offsetof(struct accord_roster_claim, logs));
    enum accord_status status = accord_fields_open(
        &fields, &roster->statement, entry, ACCORD_LITERAL("roster"),
        ACCORD_LITERAL("charter number previous admit quorum log* member* key* release-threshold*"), error);
    if (status != ACCORD_OK)
        return status;
    if (!head(&fields, roster))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (!accord_fields_number(&fields, ACCORD_LITERAL("admit"), 1, ACCORD_MEMBERS_MAX, &admit) ||
        !quorum_line(&fields, roster) || !logs_and_members(&fields, roster, crypto))
        return fields.status;
    roster->admit = (unsigned)admit;
    return check_satisfiable(roster, error);
}
