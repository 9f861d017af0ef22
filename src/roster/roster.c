/* Rosters (docs/protocol.md, "Roster"): the members, the logs, those that were, and the quorum. Knows what the lines
 * say and that they can be satisfied; a member's own lines are roster_keys.c's, and whether the roster follows from
 * another chain.c's. */
#include "accord/roster.h"

#include "core/text.h"
#include "roster/lines.h"
#include "roster/quorum.h"

#include <string.h>

#define JURISDICTIONS_MAX (ACCORD_POLICY_GROUPS_MAX - 1) /* one group is for the quorum itself */

/* A roster that is being read. */
struct reading {
    struct accord_fields fields;
    struct accord_key_lines lines;
    struct accord_roster_claim *roster;
};

size_t accord_roster_member(const struct accord_roster_claim *roster, struct accord_bytes domain)
{
    for (size_t i = 0; i < roster->member_count; i++)
        if (accord_bytes_equal(roster->members[i].domain, domain))
            return i;
    return SIZE_MAX;
}

size_t accord_roster_former(const struct accord_roster_claim *roster, struct accord_bytes domain)
{
    for (size_t i = 0; i < roster->former_count; i++)
        if (accord_bytes_equal(roster->former[i].domain, domain))
            return i;
    return SIZE_MAX;
}

const struct accord_closed_log *accord_roster_closed(const struct accord_roster_claim *roster,
                                                     struct accord_bytes origin)
{
    for (size_t i = 0; i < roster->closed_count; i++)
        if (accord_bytes_equal(roster->closed[i].vkey.name, origin))
            return &roster->closed[i];
    return NULL;
}

/* The key of a log, or one that signed statements once. */
static bool ed25519_key(struct reading *reading, const struct accord_vkey *vkey)
{
    if (vkey->type != ACCORD_KEY_ED25519)
        return accord_fields_refuse(&reading->fields, ACCORD_KEY_TYPE, ACCORD_LITERAL("type 0x01 (Ed25519)"),
                                    vkey->name);
    return accord_lines_key_new(&reading->lines, vkey);
}

/* log <vkey> [<url>] */
static bool log_line(struct reading *reading)
{
    struct accord_roster_claim *roster = reading->roster;
    if (!accord_fields_take(&reading->fields, ACCORD_LITERAL("log")))
        return false;
    struct accord_bytes value = reading->fields.taken.value;
    if (roster->log_count == ACCORD_ROSTER_LOGS_MAX)
        return accord_fields_refuse(&reading->fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 16 logs"), value);
    struct accord_roster_log *log = &roster->logs[roster->log_count];
    if (!accord_lines_vkey_url(&reading->fields, value, reading->lines.crypto, &log->vkey, &log->url) ||
        !ed25519_key(reading, &log->vkey))
        return false;
    roster->log_count++;
    return true;
}

/* An origin names one log, so that it is clear which tree an index is in: no closed log shares its name. */
static bool origin_new(struct reading *reading, struct accord_bytes origin)
{
    bool twice = accord_roster_closed(reading->roster, origin) != NULL;
    for (size_t i = 0; i < reading->roster->log_count; i++)
        twice |= accord_bytes_equal(reading->roster->logs[i].vkey.name, origin);
    return !twice ||
           accord_fields_refuse(&reading->fields, ACCORD_DUPLICATE, ACCORD_LITERAL("an origin of its own"), origin);
}

/* <size> <root> <time> [<url>] */
static bool last_tree(struct reading *reading, struct accord_bytes rest, struct accord_closed_log *log)
{
    struct accord_fields *fields = &reading->fields;
    struct accord_bytes size, root, time;
    if (!accord_word_next(&rest, &size) || !accord_word_next(&rest, &root) || !accord_word_next(&rest, &time))
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("closed <vkey> <size> <root> <time> [<url>]"), fields->taken.value);
    log->url = rest;
    if (!accord_fields_part_number(fields, size, 0, UINT64_MAX, &log->size))
        return false;
    if (!accord_base64_read(root, log->root, ACCORD_HASH_SIZE))
        return accord_fields_refuse(fields, ACCORD_BAD_BASE64, ACCORD_LITERAL("32 bytes in base64"), root);
    return accord_fields_part_number(fields, time, 0, UINT64_MAX, &log->time) &&
           (rest.size == 0 || accord_fields_part_url(fields, rest));
}

/* closed <vkey> <size> <root> <time> [<url>] */
static bool closed_line(struct reading *reading)
{
    struct accord_roster_claim *roster = reading->roster;
    struct accord_bytes word;
    if (!accord_fields_take(&reading->fields, ACCORD_LITERAL("closed")))
        return false;
    struct accord_bytes rest = reading->fields.taken.value;
    if (roster->closed_count == ACCORD_ROSTER_LOGS_MAX)
        return accord_fields_refuse(&reading->fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 16 closed logs"), rest);
    struct accord_closed_log *log = &roster->closed[roster->closed_count];
    if (!accord_word_next(&rest, &word) ||
        !accord_fields_part_vkey(&reading->fields, word, reading->lines.crypto, &log->vkey))
        return false;
    if (!last_tree(reading, rest, log) || !ed25519_key(reading, &log->vkey) || !origin_new(reading, log->vkey.name))
        return false;
    roster->closed_count++;
    return true;
}

/* quorum <jurisdictions> <witnesses in each> */
static bool quorum_line(struct reading *reading)
{
    struct accord_fields *fields = &reading->fields;
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
    reading->roster->quorum_jurisdictions = (unsigned)jurisdictions;
    reading->roster->quorum_witnesses = (unsigned)witnesses;
    return true;
}

static bool member(struct reading *reading)
{
    struct accord_roster_claim *roster = reading->roster;
    if (roster->member_count == ACCORD_MEMBERS_MAX)
        return accord_fields_take(&reading->fields, ACCORD_LITERAL("member")) &&
               accord_fields_refuse(&reading->fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 128 members"),
                                    reading->fields.taken.value);
    if (!accord_lines_member(&reading->lines, &roster->members[roster->member_count], roster->member_count))
        return false;
    roster->key_count = reading->lines.count;
    roster->member_count++;
    return true;
}

/* former <domain> <jurisdiction> <threshold> <title> */
static bool former_line(struct reading *reading)
{
    const struct accord_bytes form = ACCORD_LITERAL("former <domain> <jurisdiction> <threshold> <title>");
    struct accord_roster_claim *roster = reading->roster;
    struct accord_former_member former;
    struct accord_bytes word;
    uint64_t threshold;
    if (!accord_fields_take(&reading->fields, ACCORD_LITERAL("former")))
        return false;
    if (roster->former_count == ACCORD_MEMBERS_MAX)
        return accord_fields_refuse(&reading->fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 128 former members"),
                                    reading->fields.taken.value);
    if (!accord_lines_who(&reading->fields, form, &former.domain, &former.jurisdiction, &former.title))
        return false;
    if (!accord_word_next(&former.title, &word))
        return accord_fields_refuse(&reading->fields, ACCORD_MALFORMED, form, reading->fields.taken.value);
    if (!accord_fields_part_number(&reading->fields, word, 1, ACCORD_RELEASE_THRESHOLD_MAX, &threshold) ||
        !accord_lines_title(&reading->fields, form, former.title))
        return false;
    if (accord_roster_member(roster, former.domain) != SIZE_MAX ||
        accord_roster_former(roster, former.domain) != SIZE_MAX)
        return accord_fields_refuse(&reading->fields, ACCORD_DUPLICATE, ACCORD_LITERAL("each member once"),
                                    former.domain);
    former.release_threshold = (unsigned)threshold;
    roster->former[roster->former_count++] = former;
    return true;
}

/* Whose key was it? The part of its name before the first '/'. */
static bool past_owner(struct reading *reading, struct accord_roster_past *past)
{
    past->owner = past->vkey.name;
    const uint8_t *slash = memchr(past->owner.data, '/', past->owner.size);
    if (slash != NULL)
        past->owner.size = (size_t)(slash - past->owner.data);
    if (accord_roster_member(reading->roster, past->owner) != SIZE_MAX ||
        accord_roster_former(reading->roster, past->owner) != SIZE_MAX)
        return true;
    return accord_fields_refuse(&reading->fields, ACCORD_UNKNOWN_NAME,
                                ACCORD_LITERAL("a key of a member or of a former one"), past->vkey.name);
}

static bool known_origin(struct reading *reading, struct accord_bytes origin)
{
    bool known = accord_roster_closed(reading->roster, origin) != NULL;
    for (size_t i = 0; i < reading->roster->log_count; i++)
        known |= accord_bytes_equal(reading->roster->logs[i].vkey.name, origin);
    return known || accord_fields_refuse(&reading->fields, ACCORD_UNKNOWN_NAME,
                                         ACCORD_LITERAL("a log, or a closed one, of this roster"), origin);
}

static bool past_role(struct accord_bytes word, enum accord_key_role *role)
{
    return accord_role_read(word, role) && accord_role_signs(*role);
}

/* past <role> <vkey> <index> <time> <origin> */
static bool past_line(struct reading *reading)
{
    struct accord_roster_claim *roster = reading->roster;
    struct accord_fields *fields = &reading->fields;
    struct accord_bytes role, vkey, index, time;
    if (!accord_fields_take(fields, ACCORD_LITERAL("past")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (roster->past_count == ACCORD_ROSTER_PAST_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 512 past keys"), rest);
    struct accord_roster_past *past = &roster->past[roster->past_count];
    if (!accord_word_next(&rest, &role) || !past_role(role, &past->role) || !accord_word_next(&rest, &vkey) ||
        !accord_word_next(&rest, &index) || !accord_word_next(&rest, &time) || rest.size == 0)
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("past release|stage|current|receipt <vkey> <index> <time> <origin>"),
                                    fields->taken.value);
    past->origin = rest;
    if (!accord_fields_part_vkey(fields, vkey, reading->lines.crypto, &past->vkey) ||
        !accord_fields_part_number(fields, index, 0, UINT64_MAX, &past->index) ||
        !accord_fields_part_number(fields, time, 0, UINT64_MAX, &past->time) || !ed25519_key(reading, &past->vkey) ||
        !past_owner(reading, past) || !known_origin(reading, past->origin))
        return false;
    roster->past_count++;
    return true;
}

static bool threshold_new(struct reading *reading, const struct accord_roster_threshold *threshold)
{
    const struct accord_roster_claim *roster = reading->roster;
    if (accord_roster_member(roster, threshold->domain) == SIZE_MAX &&
        accord_roster_former(roster, threshold->domain) == SIZE_MAX)
        return accord_fields_refuse(&reading->fields, ACCORD_UNKNOWN_NAME, ACCORD_LITERAL("a member or a former one"),
                                    threshold->domain);
    for (size_t i = 0; i < roster->threshold_count; i++)
        if (roster->thresholds[i].threshold == threshold->threshold &&
            accord_bytes_equal(roster->thresholds[i].domain, threshold->domain))
            return accord_fields_refuse(&reading->fields, ACCORD_DUPLICATE,
                                        ACCORD_LITERAL("each threshold of a member once"), threshold->domain);
    return true;
}

/* past-threshold <domain> <threshold> <index> <time> <origin> */
static bool threshold_line(struct reading *reading)
{
    struct accord_roster_claim *roster = reading->roster;
    struct accord_fields *fields = &reading->fields;
    struct accord_bytes number, index, time;
    uint64_t threshold;
    if (!accord_fields_take(fields, ACCORD_LITERAL("past-threshold")))
        return false;
    struct accord_bytes rest = fields->taken.value;
    if (roster->threshold_count == ACCORD_ROSTER_THRESHOLDS_MAX)
        return accord_fields_refuse(fields, ACCORD_TOO_LARGE, ACCORD_LITERAL("at most 256 past thresholds"), rest);
    struct accord_roster_threshold *past = &roster->thresholds[roster->threshold_count];
    if (!accord_word_next(&rest, &past->domain) || !accord_word_next(&rest, &number) ||
        !accord_word_next(&rest, &index) || !accord_word_next(&rest, &time) || rest.size == 0)
        return accord_fields_refuse(fields, ACCORD_MALFORMED,
                                    ACCORD_LITERAL("past-threshold <domain> <threshold> <index> <time> <origin>"),
                                    fields->taken.value);
    past->origin = rest;
    if (!accord_fields_part_number(fields, number, 1, ACCORD_ROSTER_KEYS_MAX, &threshold) ||
        !accord_fields_part_number(fields, index, 0, UINT64_MAX, &past->index) ||
        !accord_fields_part_number(fields, time, 0, UINT64_MAX, &past->time) || !known_origin(reading, past->origin))
        return false;
    past->threshold = (unsigned)threshold;
    if (!threshold_new(reading, past))
        return false;
    roster->threshold_count++;
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

/* Points at the statement, since no one line is at fault. */
static enum accord_status refuse_numbers(struct accord_error *error, enum accord_status status,
                                         struct accord_bytes what, uint64_t expected, uint64_t found)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    accord_error_expected_number(error, expected);
    accord_error_found_number(error, found);
    return status;
}

/* Can as many members sign as must, and as many jurisdictions vouch as must? */
static enum accord_status check_satisfiable(const struct accord_roster_claim *roster, struct accord_error *error)
{
    size_t jurisdictions = 0;
    if (roster->admit > roster->member_count)
        return refuse_numbers(error, ACCORD_MALFORMED, ACCORD_LITERAL("admit"), roster->member_count, roster->admit);
    for (size_t i = 0; i < roster->member_count; i++)
        jurisdictions += accord_roster_jurisdiction_begins(roster, i);
    if (jurisdictions < roster->quorum_jurisdictions)
        return refuse_numbers(error, ACCORD_MALFORMED, ACCORD_LITERAL("quorum: jurisdictions with enough witnesses"),
                              roster->quorum_jurisdictions, jurisdictions);
    if (jurisdictions > JURISDICTIONS_MAX)
        return refuse_numbers(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("jurisdictions"), JURISDICTIONS_MAX,
                              jurisdictions);
    return ACCORD_OK;
}

/* Takes lines while this key stands at hand. */
static bool lines_of(struct reading *reading, struct accord_bytes key, bool (*line)(struct reading *reading))
{
    while (accord_fields_at(&reading->fields, key))
        if (!line(reading))
            return false;
    return true;
}

static bool body(struct reading *reading)
{
    return log_line(reading) && lines_of(reading, ACCORD_LITERAL("log"), log_line) &&
           lines_of(reading, ACCORD_LITERAL("closed"), closed_line) && member(reading) &&
           lines_of(reading, ACCORD_LITERAL("member"), member) &&
           lines_of(reading, ACCORD_LITERAL("former"), former_line) &&
           lines_of(reading, ACCORD_LITERAL("past"), past_line) &&
           lines_of(reading, ACCORD_LITERAL("past-threshold"), threshold_line) && accord_fields_end(&reading->fields);
}

enum accord_status accord_roster_parse(struct accord_roster_claim *roster, struct accord_bytes entry,
                                       const struct accord_crypto *crypto, struct accord_error *error)
{
    struct reading reading = {.roster = roster};
    uint64_t admit;
    /* The arrays are large, and each place is filled before its count says that it is there. */
    memset(roster, 0, offsetof(struct accord_roster_claim, logs));
    enum accord_status status =
        accord_fields_open(&reading.fields, &roster->statement, entry, ACCORD_LITERAL("roster"),
                           ACCORD_LITERAL("charter number previous admit quorum log* closed* member* key* "
                                          "release-threshold* report-days* former* past* past-threshold*"),
                           error);
    if (status != ACCORD_OK)
        return status;
    reading.lines = (struct accord_key_lines){.fields = &reading.fields,
                                              .crypto = crypto,
                                              .roster = roster,
                                              .keys = roster->keys,
                                              .max = ACCORD_ROSTER_KEYS_MAX};
    if (!head(&reading.fields, roster))
        return reading.fields.status;
    accord_fields_allow_extensions(&reading.fields);
    if (!accord_fields_number(&reading.fields, ACCORD_LITERAL("admit"), 1, ACCORD_MEMBERS_MAX, &admit) ||
        !quorum_line(&reading) || !body(&reading))
        return reading.fields.status;
    roster->admit = (unsigned)admit;
    return check_satisfiable(roster, error);
}
