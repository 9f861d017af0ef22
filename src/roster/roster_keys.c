/* Members' lines (docs/protocol.md, "Roster", "Applications"): who a member is, which keys it has in which role, how
 * many of them release. Knows one member at a time, and that no key stands twice; what members make together is
 * roster.c's. */
#include "roster/lines.h"

#include "core/text.h"

#include <string.h>

#define TITLE_SIZE_MAX 128
#define REPORT_DAYS_MAX 3650

static const struct {
    enum accord_key_role role;
    struct accord_bytes name;
} roles[] = {
    {ACCORD_ROLE_RELEASE, {(const uint8_t *)"release", 7}}, {ACCORD_ROLE_STAGE, {(const uint8_t *)"stage", 5}},
    {ACCORD_ROLE_WITNESS, {(const uint8_t *)"witness", 7}}, {ACCORD_ROLE_REPORT, {(const uint8_t *)"report", 6}},
    {ACCORD_ROLE_CURRENT, {(const uint8_t *)"current", 7}}, {ACCORD_ROLE_RECEIPT, {(const uint8_t *)"receipt", 7}},
    {ACCORD_ROLE_MIRROR, {(const uint8_t *)"mirror", 6}}};

#define ROLE_COUNT (sizeof roles / sizeof roles[0])

bool accord_role_read(struct accord_bytes text, enum accord_key_role *role)
{
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (accord_bytes_equal(roles[i].name, text)) {
            *role = roles[i].role;
            return true;
        }
    }
    return false;
}

bool accord_role_signs(enum accord_key_role role)
{
    return role == ACCORD_ROLE_RELEASE || role == ACCORD_ROLE_STAGE || role == ACCORD_ROLE_CURRENT ||
           role == ACCORD_ROLE_RECEIPT;
}

struct accord_bytes accord_role_name(enum accord_key_role role)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return (struct accord_bytes){NULL, 0};
}

/* Keys of which a signature line could mean either, or which are one key under two names. One byte tells most keys
 * apart without a call; those of ML-DSA-44 have zeros there. */
static bool same_key(const struct accord_vkey *a, const struct accord_vkey *b)
{
    return (a->id == b->id && accord_bytes_equal(a->name, b->name)) ||
           (a->ed25519[0] == b->ed25519[0] && accord_vkey_same_public(a, b));
}

bool accord_lines_key_new(const struct accord_key_lines *lines, const struct accord_vkey *vkey)
{
    const struct accord_roster_claim *roster = lines->roster;
    bool twice = false;
    for (size_t i = 0; roster != NULL && i < roster->log_count; i++)
        twice |= same_key(&roster->logs[i].vkey, vkey);
    for (size_t i = 0; roster != NULL && i < roster->closed_count; i++)
        twice |= same_key(&roster->closed[i].vkey, vkey);
    for (size_t i = 0; i < lines->count; i++)
        twice |= lines->keys[i].role != ACCORD_ROLE_REPORT && same_key(&lines->keys[i].vkey, vkey);
    for (size_t i = 0; roster != NULL && i < roster->past_count; i++)
        twice |= same_key(&roster->past[i].vkey, vkey);
    return !twice ||
           accord_fields_refuse(lines->fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each public key once"), vkey->text);
}

static bool recipient_new(const struct accord_key_lines *lines, struct accord_bytes text)
{
    for (size_t i = 0; i < lines->count; i++)
        if (lines->keys[i].role == ACCORD_ROLE_REPORT && accord_bytes_equal(lines->keys[i].text, text))
            return accord_fields_refuse(lines->fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each public key once"), text);
    return true;
}

bool accord_lines_vkey_url(struct accord_fields *fields, struct accord_bytes rest, const struct accord_crypto *crypto,
                           struct accord_vkey *vkey, struct accord_bytes *url)
{
    struct accord_bytes word;
    if (!accord_word_next(&rest, &word))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("<vkey> [<url>]"), fields->taken.value);
    *url = rest;
    return accord_fields_part_vkey(fields, word, crypto, vkey) &&
           (rest.size == 0 || accord_fields_part_url(fields, rest));
}

static bool jurisdiction_valid(struct accord_bytes text)
{
    return text.size == 2 && text.data[0] >= 'A' && text.data[0] <= 'Z' && text.data[1] >= 'A' && text.data[1] <= 'Z';
}

bool accord_lines_who(struct accord_fields *fields, struct accord_bytes form, struct accord_bytes *domain,
                      struct accord_bytes *jurisdiction, struct accord_bytes *rest)
{
    *rest = fields->taken.value;
    if (!accord_word_next(rest, domain) || !accord_word_next(rest, jurisdiction))
        return accord_fields_refuse(fields, ACCORD_MALFORMED, form, fields->taken.value);
    return accord_fields_part_domain(fields, *domain) &&
           (jurisdiction_valid(*jurisdiction) ||
            accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("two uppercase letters"), *jurisdiction));
}

bool accord_lines_title(struct accord_fields *fields, struct accord_bytes form, struct accord_bytes title)
{
    if (title.size > 0 && title.data[0] != ' ' && title.size <= TITLE_SIZE_MAX)
        return true;
    return accord_fields_refuse(fields, ACCORD_MALFORMED, form, fields->taken.value);
}

/* key report <recipient> */
static bool report_key(const struct accord_key_lines *lines, struct accord_roster_key *key, struct accord_bytes text)
{
    key->text = text;
    if (!accord_recipient_valid(text))
        return accord_fields_refuse(lines->fields, ACCORD_BAD_KEY, ACCORD_LITERAL("an age1... recipient"), text);
    return recipient_new(lines, text);
}

/* A member counts once in its jurisdiction, so it may have one witness key and one mirror key. */
static bool cosigning_key(const struct accord_key_lines *lines, const struct accord_roster_key *key)
{
    if (key->vkey.type == ACCORD_KEY_ED25519)
        return accord_fields_refuse(lines->fields, ACCORD_KEY_TYPE,
                                    ACCORD_LITERAL("type 0x04 or 0x06 (a cosignature's)"), key->vkey.name);
    for (size_t i = lines->count; i > 0 && lines->keys[i - 1].member == key->member; i--)
        if (lines->keys[i - 1].role == key->role)
            return accord_fields_refuse(lines->fields, ACCORD_DUPLICATE,
                                        key->role == ACCORD_ROLE_WITNESS
                                            ? ACCORD_LITERAL("one witness key for each member")
                                            : ACCORD_LITERAL("one mirror key for each member"),
                                        key->vkey.name);
    return true;
}

static bool signing_key(struct accord_fields *fields, const struct accord_roster_key *key)
{
    if (key->url.size > 0)
        return accord_fields_refuse(fields, ACCORD_MALFORMED, ACCORD_LITERAL("no URL but for a witness or a mirror"),
                                    key->url);
    if (key->vkey.type != ACCORD_KEY_ED25519)
        return accord_fields_refuse(fields, ACCORD_KEY_TYPE, ACCORD_LITERAL("type 0x01 (Ed25519)"), key->vkey.name);
    return true;
}

/* <vkey> [<url>], of the member with this domain. */
static bool note_key(const struct accord_key_lines *lines, struct accord_bytes domain, struct accord_roster_key *key,
                     struct accord_bytes rest)
{
    bool cosigns = key->role == ACCORD_ROLE_WITNESS || key->role == ACCORD_ROLE_MIRROR;
    if (!accord_lines_vkey_url(lines->fields, rest, lines->crypto, &key->vkey, &key->url))
        return false;
    key->text = key->vkey.text;
    return accord_fields_key_of(lines->fields, &key->vkey, domain) &&
           (cosigns ? cosigning_key(lines, key) : signing_key(lines->fields, key)) &&
           accord_lines_key_new(lines, &key->vkey);
}

static bool refuse_count(const struct accord_key_lines *lines)
{
    accord_fields_refuse(lines->fields, ACCORD_TOO_LARGE, ACCORD_LITERAL(""), lines->fields->taken.value);
    accord_error_expected_number(lines->fields->error, lines->max);
    return false;
}

/* key <role> <key> */
static bool key_line(struct accord_key_lines *lines, struct accord_member *member, size_t place)
{
    struct accord_bytes word;
    if (!accord_fields_take(lines->fields, ACCORD_LITERAL("key")))
        return false;
    struct accord_bytes rest = lines->fields->taken.value;
    if (lines->count == lines->max)
        return refuse_count(lines);
    struct accord_roster_key *key = &lines->keys[lines->count];
    memset(key, 0, sizeof *key);
    key->member = place;
    if (!accord_word_next(&rest, &word) || !accord_role_read(word, &key->role))
        return accord_fields_refuse(lines->fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("release, stage, witness, report, current, receipt or mirror"),
                                    lines->fields->taken.value);
    if (!(key->role == ACCORD_ROLE_REPORT ? report_key(lines, key, rest) : note_key(lines, member->domain, key, rest)))
        return false;
    lines->count++;
    member->key_count++;
    return true;
}

static unsigned release_keys(const struct accord_key_lines *lines, const struct accord_member *member)
{
    unsigned count = 0;
    for (size_t i = 0; i < member->key_count; i++)
        count += lines->keys[member->first_key + i].role == ACCORD_ROLE_RELEASE;
    return count;
}

/* report-days, where it is there. */
static bool report_days(struct accord_key_lines *lines, struct accord_member *member)
{
    uint64_t number;
    if (!accord_fields_at(lines->fields, ACCORD_LITERAL("report-days")))
        return true;
    if (!accord_fields_number(lines->fields, ACCORD_LITERAL("report-days"), 1, REPORT_DAYS_MAX, &number))
        return false;
    member->report_days = (unsigned)number;
    return true;
}

/* release-threshold, where it is there. */
static bool threshold(struct accord_key_lines *lines, struct accord_member *member)
{
    uint64_t number;
    unsigned keys = release_keys(lines, member);
    if (keys == 0)
        return accord_fields_refuse(lines->fields, ACCORD_MISSING_FIELD, ACCORD_LITERAL("key release <vkey>"),
                                    member->domain);
    if (!accord_fields_at(lines->fields, ACCORD_LITERAL("release-threshold")))
        return true;
    if (!accord_fields_number(lines->fields, ACCORD_LITERAL("release-threshold"), 1, keys, &number))
        return false;
    member->release_threshold = (unsigned)number;
    return true;
}

bool accord_lines_member(struct accord_key_lines *lines, struct accord_member *member, size_t place)
{
    const struct accord_bytes form = ACCORD_LITERAL("member <domain> <jurisdiction> <title>");
    *member = (struct accord_member){.first_key = lines->count, .release_threshold = 1};
    if (!accord_fields_take(lines->fields, ACCORD_LITERAL("member")) ||
        !accord_lines_who(lines->fields, form, &member->domain, &member->jurisdiction, &member->title) ||
        !accord_lines_title(lines->fields, form, member->title))
        return false;
    if (lines->roster != NULL && accord_roster_member(lines->roster, member->domain) != SIZE_MAX)
        return accord_fields_refuse(lines->fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each member once"),
                                    member->domain);
    while (accord_fields_at(lines->fields, ACCORD_LITERAL("key")))
        if (!key_line(lines, member, place))
            return false;
    return threshold(lines, member) && report_days(lines, member);
}
