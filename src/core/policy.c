/* Trust policies (C2SP tlog-policy): their grammar, and whether a checkpoint satisfies one. Knows which keys count and
 * how many must have signed; how a signature is verified is cosignature.c's, and where a policy comes from its
 * caller's. Groups refer only to earlier lines, so one pass in their order judges all of them. */
#include "accord/policy.h"

#include "core/text.h"

#include <string.h>

#define NOBODY UINT64_MAX /* the time at which something that never happened, happened */

struct parser {
    struct accord_policy *policy;
    const struct accord_crypto *crypto;
    struct accord_error *error;
    uint64_t line;
    struct accord_bytes what;    /* what the line defines, as far as it has been read: for errors */
    struct accord_bytes grammar; /* of this kind of line */
    struct accord_bytes rest;    /* of the line */
    bool has_quorum;
    bool is_member[ACCORD_POLICY_MEMBERS_MAX]; /* by member number */
};

static enum accord_status refuse(struct parser *parser, enum accord_status status, struct accord_bytes expected,
                                 struct accord_bytes found)
{
    accord_fail(parser->error, status, parser->line);
    accord_error_what(parser->error, parser->what);
    accord_error_expected(parser->error, expected);
    accord_error_found(parser->error, found);
    return status;
}

static enum accord_status refuse_grammar(struct parser *parser, struct accord_bytes found)
{
    return refuse(parser, ACCORD_MALFORMED, parser->grammar, found);
}

static enum accord_status refuse_duplicate(struct parser *parser, struct accord_bytes found)
{
    return refuse(parser, ACCORD_DUPLICATE, ACCORD_LITERAL(""), found);
}

static enum accord_status check_count(struct parser *parser, size_t count, size_t limit)
{
    if (count <= limit)
        return ACCORD_OK;
    refuse(parser, ACCORD_TOO_LARGE, ACCORD_LITERAL(""), ACCORD_LITERAL(""));
    accord_error_expected_number(parser->error, limit);
    return ACCORD_TOO_LARGE;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* "the items on each line are separated by whitespace ... sequences of ASCII space and tab characters only" */
static bool cut_item(struct parser *parser, struct accord_bytes *item)
{
    struct accord_bytes line = parser->rest;
    size_t start = 0, end;
    while (start < line.size && is_blank(line.data[start]))
        start++;
    for (end = start; end < line.size && !is_blank(line.data[end]); end++)
        ;
    *item = (struct accord_bytes){line.data + start, end - start};
    parser->rest = (struct accord_bytes){line.data + end, line.size - end};
    return end > start;
}

static enum accord_status end_line(struct parser *parser)
{
    struct accord_bytes item;
    return cut_item(parser, &item) ? refuse_grammar(parser, item) : ACCORD_OK;
}

/* The member number of a name, or ACCORD_POLICY_MEMBERS_MAX where no line before defines it. */
static size_t find_name(const struct accord_policy *policy, struct accord_bytes name)
{
    for (size_t i = 0; i < policy->witness_count; i++)
        if (accord_bytes_equal(policy->witnesses[i].name, name))
            return i;
    for (size_t i = 0; i < policy->group_count; i++)
        if (accord_bytes_equal(policy->groups[i].name, name))
            return ACCORD_POLICY_GROUP_BASE + i;
    return ACCORD_POLICY_MEMBERS_MAX;
}

static bool is_none(struct accord_bytes name)
{
    return accord_bytes_equal(name, ACCORD_LITERAL("none"));
}

/* Reads the name that the line defines. "Witnesses and groups share a single namespace. The special name none is
 * predefined" */
static enum accord_status read_new_name(struct parser *parser, struct accord_bytes *name)
{
    if (!cut_item(parser, name))
        return refuse_grammar(parser, *name);
    parser->what = *name;
    return is_none(*name) || find_name(parser->policy, *name) != ACCORD_POLICY_MEMBERS_MAX
               ? refuse_duplicate(parser, *name)
               : ACCORD_OK;
}

/* Reads a vkey whose type is one of a log's or a witness's: native, or ML-DSA-44, which both may use. */
static enum accord_status read_vkey(struct parser *parser, enum accord_key_type native, struct accord_vkey *vkey)
{
    struct accord_bytes text;
    if (!cut_item(parser, &text))
        return refuse_grammar(parser, text);
    enum accord_status status = accord_vkey_parse(vkey, text, parser->crypto, parser->error);
    if (status != ACCORD_OK) {
        if (parser->error != NULL)
            parser->error->line = parser->line;
        return status;
    }
    if (vkey->type == native || vkey->type == ACCORD_KEY_COSIGNATURE_MLDSA44)
        return ACCORD_OK;
    parser->what = vkey->name;
    refuse(parser, ACCORD_KEY_TYPE, native == ACCORD_KEY_ED25519 ? ACCORD_LITERAL("1 or 6") : ACCORD_LITERAL("4 or 6"),
           text);
    accord_error_found_number(parser->error, vkey->type);
    return ACCORD_KEY_TYPE;
}

static enum accord_status parse_log(struct parser *parser)
{
    struct accord_policy *policy = parser->policy;
    enum accord_status status = check_count(parser, policy->log_count + 1, ACCORD_POLICY_LOGS_MAX);
    if (status != ACCORD_OK)
        return status;
    struct accord_policy_log *log = &policy->logs[policy->log_count];
    status = read_vkey(parser, ACCORD_KEY_ED25519, &log->vkey);
    if (status != ACCORD_OK)
        return status;
    parser->what = log->vkey.name;
    for (size_t i = 0; i < policy->log_count; i++)
        if (accord_vkey_same_public(&policy->logs[i].vkey, &log->vkey))
            return refuse_duplicate(parser, log->vkey.text);
    policy->log_count++;
    (void)cut_item(parser, &log->url);
    return end_line(parser);
}

static enum accord_status parse_witness(struct parser *parser)
{
    struct accord_policy *policy = parser->policy;
    enum accord_status status = check_count(parser, policy->witness_count + 1, ACCORD_POLICY_WITNESSES_MAX);
    if (status != ACCORD_OK)
        return status;
    struct accord_policy_witness *witness = &policy->witnesses[policy->witness_count];
    status = read_new_name(parser, &witness->name);
    if (status == ACCORD_OK)
        status = read_vkey(parser, ACCORD_KEY_COSIGNATURE_ED25519, &witness->vkey);
    if (status != ACCORD_OK)
        return status;
    for (size_t i = 0; i < policy->witness_count; i++)
        if (accord_vkey_same_public(&policy->witnesses[i].vkey, &witness->vkey))
            return refuse_duplicate(parser, witness->vkey.text);
    policy->witness_count++;
    (void)cut_item(parser, &witness->url);
    return end_line(parser);
}

/* "Each defined name can be listed as a group member at most once": so all members together fit policy.members. */
static enum accord_status add_member(struct parser *parser, struct accord_bytes name)
{
    struct accord_policy *policy = parser->policy;
    size_t number = find_name(policy, name);
    if (is_none(name))
        return refuse_grammar(parser, name);
    if (number == ACCORD_POLICY_MEMBERS_MAX)
        return refuse(parser, ACCORD_UNKNOWN_NAME, ACCORD_LITERAL(""), name);
    if (parser->is_member[number])
        return refuse_duplicate(parser, name);
    parser->is_member[number] = true;
    policy->members[policy->member_count++] = (uint16_t)number;
    return ACCORD_OK;
}

static enum accord_status read_threshold(struct parser *parser, struct accord_policy_group *group,
                                         struct accord_bytes text)
{
    uint64_t threshold = 1;
    if (accord_bytes_equal(text, ACCORD_LITERAL("all")))
        threshold = group->count;
    else if (!accord_bytes_equal(text, ACCORD_LITERAL("any")) && !accord_decimal_read(text, &threshold))
        return refuse(parser, ACCORD_BAD_DECIMAL, parser->grammar, text);
    if (threshold < 1 || threshold > group->count) {
        refuse_grammar(parser, text);
        accord_error_expected_number(parser->error, group->count);
        return ACCORD_MALFORMED;
    }
    group->threshold = (unsigned)threshold;
    return ACCORD_OK;
}

static enum accord_status parse_group(struct parser *parser)
{
    struct accord_policy *policy = parser->policy;
    struct accord_bytes threshold, member;
    enum accord_status status = check_count(parser, policy->group_count + 1, ACCORD_POLICY_GROUPS_MAX);
    if (status != ACCORD_OK)
        return status;
    struct accord_policy_group *group = &policy->groups[policy->group_count];
    status = read_new_name(parser, &group->name);
    if (status != ACCORD_OK)
        return status;
    if (!cut_item(parser, &threshold))
        return refuse_grammar(parser, threshold);
    group->first = (unsigned)policy->member_count;
    while (status == ACCORD_OK && cut_item(parser, &member))
        status = add_member(parser, member);
    if (status != ACCORD_OK)
        return status;
    group->count = (unsigned)policy->member_count - group->first;
    if (group->count == 0)
        return refuse_grammar(parser, threshold);
    policy->group_count++;
    return read_threshold(parser, group, threshold);
}

static enum accord_status parse_quorum(struct parser *parser)
{
    struct accord_bytes name;
    if (parser->has_quorum)
        return refuse_duplicate(parser, parser->rest);
    if (!cut_item(parser, &name))
        return refuse_grammar(parser, name);
    size_t number = find_name(parser->policy, name);
    if (is_none(name))
        parser->policy->quorum = ACCORD_POLICY_QUORUM_NONE;
    else if (number == ACCORD_POLICY_MEMBERS_MAX)
        return refuse(parser, ACCORD_UNKNOWN_NAME, ACCORD_LITERAL(""), name);
    else
        parser->policy->quorum = (uint32_t)number;
    parser->has_quorum = true;
    return end_line(parser);
}

/* "the allowed octet values are 0x09 (tab), 0x0A (newline), 0x20-0x7E, and 0x80-0xFF" */
static bool has_allowed_octets(struct accord_bytes line)
{
    for (size_t i = 0; i < line.size; i++)
        if ((line.data[i] < 0x20 && line.data[i] != '\t') || line.data[i] == 0x7f)
            return false;
    return true;
}

/* A kind of line: its grammar begins with its keyword. */
struct kind {
    const char *grammar;
    uint8_t keyword_size, size;
    enum accord_status (*parse)(struct parser *parser);
};
#define KIND(keyword, items, parse)                                                                                    \
    {                                                                                                                  \
        keyword items, sizeof keyword - 1, sizeof keyword items - 1, parse                                             \
    }

static enum accord_status parse_line(struct parser *parser)
{
    static const struct kind kinds[] = {
        KIND("log", " VKEY [URL]", parse_log),
        KIND("witness", " NAME VKEY [URL]", parse_witness),
        KIND("group", " NAME all|any|K MEMBER...", parse_group),
        KIND("quorum", " NAME", parse_quorum),
    };
    struct accord_bytes line = parser->rest, keyword;
    parser->what = ACCORD_LITERAL("line");
    if (!has_allowed_octets(line))
        return refuse(parser, ACCORD_MALFORMED, ACCORD_LITERAL("no control characters"), line);
    if (!cut_item(parser, &keyword) || keyword.data[0] == '#')
        return ACCORD_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const uint8_t *grammar = (const uint8_t *)kinds[i].grammar;
        if (!accord_bytes_equal(keyword, (struct accord_bytes){grammar, kinds[i].keyword_size}))
            continue;
        parser->what = keyword;
        parser->grammar = (struct accord_bytes){grammar, kinds[i].size};
        return kinds[i].parse(parser);
    }
    return refuse(parser, ACCORD_MALFORMED, ACCORD_LITERAL("log, witness, group or quorum"), line);
}

enum accord_status accord_policy_parse(struct accord_policy *policy, struct accord_bytes text,
                                       const struct accord_crypto *crypto, struct accord_error *error)
{
    struct parser parser = {.policy = policy, .crypto = crypto, .error = error};
    memset(policy, 0, sizeof *policy);
    parser.what = ACCORD_LITERAL("policy");
    enum accord_status status = check_count(&parser, text.size, ACCORD_POLICY_SIZE_MAX);
    for (parser.line = 1; status == ACCORD_OK && accord_cut_line(&text, &parser.rest); parser.line++)
        status = parse_line(&parser);
    if (status != ACCORD_OK)
        return status;
    if (text.size > 0) {
        parser.what = ACCORD_LITERAL("line");
        return refuse(&parser, ACCORD_MALFORMED, ACCORD_LITERAL("a newline at its end"), text);
    }
    if (!parser.has_quorum)
        return accord_fail(error, ACCORD_NO_QUORUM_LINE, 0);
    return ACCORD_OK;
}

static struct accord_bytes member_name(const struct accord_policy *policy, uint32_t member)
{
    return member < ACCORD_POLICY_GROUP_BASE ? policy->witnesses[member].name
                                             : policy->groups[member - ACCORD_POLICY_GROUP_BASE].name;
}

static void put_url(struct accord_out *out, struct accord_bytes url)
{
    if (url.size > 0)
        accord_put_byte(out, ' ');
    accord_put(out, url);
    accord_put_byte(out, '\n');
}

static void put_group(struct accord_out *out, const struct accord_policy *policy,
                      const struct accord_policy_group *group)
{
    accord_put(out, ACCORD_LITERAL("group "));
    accord_put(out, group->name);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, group->threshold);
    for (unsigned i = 0; i < group->count; i++) {
        accord_put_byte(out, ' ');
        accord_put(out, member_name(policy, policy->members[group->first + i]));
    }
    accord_put_byte(out, '\n');
}

void accord_policy_print(struct accord_out *out, const struct accord_policy *policy)
{
    for (size_t i = 0; i < policy->log_count; i++) {
        accord_put(out, ACCORD_LITERAL("log "));
        accord_put(out, policy->logs[i].vkey.text);
        put_url(out, policy->logs[i].url);
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        accord_put(out, ACCORD_LITERAL("witness "));
        accord_put(out, policy->witnesses[i].name);
        accord_put_byte(out, ' ');
        accord_put(out, policy->witnesses[i].vkey.text);
        put_url(out, policy->witnesses[i].url);
    }
    for (size_t i = 0; i < policy->group_count; i++)
        put_group(out, policy, &policy->groups[i]);
    accord_put(out, ACCORD_LITERAL("quorum "));
    accord_put(out, policy->quorum == ACCORD_POLICY_QUORUM_NONE ? ACCORD_LITERAL("none")
                                                                : member_name(policy, policy->quorum));
    accord_put_byte(out, '\n');
}

/* When the group came to its threshold: the k-th smallest of its members' times. */
static uint64_t group_time(const struct accord_policy *policy, const struct accord_policy_group *group,
                           const uint64_t times[ACCORD_POLICY_MEMBERS_MAX])
{
    uint64_t sorted[ACCORD_POLICY_MEMBERS_MAX];
    for (unsigned i = 0; i < group->count; i++) {
        uint64_t time = times[policy->members[group->first + i]];
        unsigned place = i;
        for (; place > 0 && sorted[place - 1] > time; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = time;
    }
    return sorted[group->threshold - 1];
}

/* Fills in the groups' times from the witnesses' and gives the quorum's: the least time by which enough of them had
 * come, whatever the others claim. NOBODY where they never did. */
static uint64_t quorum_time(const struct accord_policy *policy, uint64_t times[ACCORD_POLICY_MEMBERS_MAX])
{
    for (size_t i = 0; i < policy->group_count; i++)
        times[ACCORD_POLICY_GROUP_BASE + i] = group_time(policy, &policy->groups[i], times);
    return policy->quorum == ACCORD_POLICY_QUORUM_NONE ? 0 : times[policy->quorum];
}

size_t accord_policy_distrust(struct accord_policy *policy, const struct accord_vkey *vkey)
{
    size_t places = 0;
    for (size_t i = 0; i < policy->log_count; i++) {
        bool is_it = accord_vkey_same_public(&policy->logs[i].vkey, vkey);
        policy->logs[i].distrusted |= is_it;
        places += is_it;
    }
    for (size_t i = 0; i < policy->witness_count; i++) {
        bool is_it = accord_vkey_same_public(&policy->witnesses[i].vkey, vkey);
        policy->witnesses[i].distrusted |= is_it;
        places += is_it;
    }
    return places;
}

bool accord_policy_satisfied(const struct accord_policy *policy, const bool cosigned[ACCORD_POLICY_WITNESSES_MAX])
{
    uint64_t times[ACCORD_POLICY_MEMBERS_MAX];
    for (size_t i = 0; i < policy->witness_count; i++)
        times[i] = cosigned[i] && !policy->witnesses[i].distrusted ? 0 : NOBODY;
    return quorum_time(policy, times) != NOBODY;
}

#define KEYS_MAX (ACCORD_POLICY_LOGS_MAX + ACCORD_POLICY_WITNESSES_MAX)

/* A signature line and the key that it is by. */
struct match {
    struct accord_signature signature;
    const struct accord_vkey *vkey;
    enum accord_signed *verdict;
    uint64_t *timestamp;
    bool distrusted;
};

/* What the signature lines of one checkpoint say of the keys of one policy. */
struct tally {
    const struct accord_policy *policy;
    const struct accord_checkpoint_claim *claim;
    const struct accord_crypto *crypto;
    struct accord_error *error;
    enum accord_signed logs[ACCORD_POLICY_LOGS_MAX];
    enum accord_signed witnesses[ACCORD_POLICY_WITNESSES_MAX];
    struct accord_cosigners *cosigners;
    size_t match_count;
    struct match matches[KEYS_MAX];
};

/* Only the first line of each key counts, so a key costs one verification however long the note is. Until it is
 * verified a line that counts is held for wrong. */
static void match_line(struct tally *tally, const struct accord_signature *signature, const struct accord_vkey *vkey,
                       enum accord_signed *verdict, uint64_t *timestamp, bool distrusted)
{
    if (vkey->id != signature->id || *verdict != ACCORD_NOT_SIGNED || !accord_bytes_equal(vkey->name, signature->name))
        return;
    *verdict = ACCORD_SIGNED_WRONGLY;
    tally->matches[tally->match_count++] = (struct match){*signature, vkey, verdict, timestamp, distrusted};
}

static void match_lines(struct tally *tally)
{
    const struct accord_policy *policy = tally->policy;
    struct accord_signature signature;
    size_t cursor = 0;
    while (accord_note_next_signature(&tally->claim->note, &cursor, &signature)) {
        for (size_t i = 0; i < policy->log_count; i++)
            match_line(tally, &signature, &policy->logs[i].vkey, &tally->logs[i], NULL, policy->logs[i].distrusted);
        for (size_t i = 0; i < policy->witness_count; i++)
            match_line(tally, &signature, &policy->witnesses[i].vkey, &tally->witnesses[i],
                       &tally->cosigners->timestamp[i], policy->witnesses[i].distrusted);
    }
}

/* Each match has a verdict and a time of its own, so that several may be verified at once. */
static void verify_match(void *context, size_t i)
{
    struct tally *tally = context;
    const struct match *match = &tally->matches[i];
    *match->verdict = accord_signature_verify(&match->signature, tally->claim->note.text, match->vkey, tally->crypto,
                                              match->timestamp);
}

static enum accord_status count_lines(struct tally *tally)
{
    struct accord_cosigners *cosigners = tally->cosigners;
    match_lines(tally);
    if (tally->crypto->spread != NULL)
        tally->crypto->spread(tally->match_count, verify_match, tally);
    for (size_t i = 0; tally->crypto->spread == NULL && i < tally->match_count; i++)
        verify_match(tally, i);
    for (size_t i = 0; i < tally->policy->witness_count; i++) {
        bool distrusted = tally->policy->witnesses[i].distrusted;
        cosigners->cosigned[i] = tally->witnesses[i] == ACCORD_SIGNED && !distrusted;
        cosigners->discounted[i] = tally->witnesses[i] == ACCORD_SIGNED && distrusted;
        cosigners->count += cosigners->cosigned[i] ? 1 : 0;
        if (!cosigners->cosigned[i])
            cosigners->timestamp[i] = 0;
    }
    for (size_t i = 0; i < tally->match_count; i++) {
        if (*tally->matches[i].verdict != ACCORD_SIGNED_WRONGLY || tally->matches[i].distrusted)
            continue;
        accord_fail(tally->error, ACCORD_SIGNATURE, tally->matches[i].signature.line);
        accord_error_what(tally->error, tally->matches[i].vkey->name);
        return ACCORD_SIGNATURE;
    }
    return ACCORD_OK;
}

/* Signed by one of the logs that go by the checkpoint's origin? */
static enum accord_status check_log(struct tally *tally)
{
    bool unsupported = false;
    for (size_t i = 0; i < tally->policy->log_count; i++) {
        if (!accord_bytes_equal(tally->policy->logs[i].vkey.name, tally->claim->origin))
            continue;
        tally->cosigners->log = i;
        if (tally->logs[i] == ACCORD_SIGNED)
            return ACCORD_OK;
        unsupported = unsupported || tally->logs[i] == ACCORD_SIGNED_UNKNOWN;
    }
    enum accord_status status = unsupported ? ACCORD_UNSUPPORTED : ACCORD_UNSIGNED;
    accord_fail(tally->error, status, 0);
    accord_error_what(tally->error, tally->claim->origin);
    return status;
}

static enum accord_status check_origin(const struct accord_policy *policy, struct accord_bytes origin,
                                       struct accord_error *error)
{
    enum accord_status status = ACCORD_UNKNOWN_LOG;
    for (size_t i = 0; i < policy->log_count && status != ACCORD_DISTRUSTED; i++)
        if (accord_bytes_equal(policy->logs[i].vkey.name, origin))
            status = policy->logs[i].distrusted ? ACCORD_DISTRUSTED : ACCORD_OK;
    if (status == ACCORD_OK)
        return ACCORD_OK;
    accord_fail(error, status, 0);
    if (status == ACCORD_DISTRUSTED)
        accord_error_what(error, origin);
    else
        accord_error_found(error, origin);
    return status;
}

/* Says what the quorum asks for and how much of it there is. */
static void describe_quorum(const struct tally *tally, const uint64_t times[ACCORD_POLICY_MEMBERS_MAX])
{
    const struct accord_policy *policy = tally->policy;
    uint8_t expected[96], found[96];
    struct accord_out out = {expected, sizeof expected, 0, false}, count = {found, sizeof found, 0, false};
    unsigned threshold = 1, members = 1, vouching = 0;
    size_t unsupported = 0;
    struct accord_bytes name = member_name(policy, policy->quorum);
    if (policy->quorum >= ACCORD_POLICY_GROUP_BASE) {
        const struct accord_policy_group *group = &policy->groups[policy->quorum - ACCORD_POLICY_GROUP_BASE];
        threshold = group->threshold;
        members = group->count;
        for (unsigned i = 0; i < members; i++)
            vouching += times[policy->members[group->first + i]] != NOBODY ? 1 : 0;
    }
    accord_put_decimal(&out, threshold);
    accord_put(&out, ACCORD_LITERAL(" of "));
    accord_put_decimal(&out, members);
    for (size_t i = 0; i < policy->witness_count; i++)
        unsupported += tally->witnesses[i] == ACCORD_SIGNED_UNKNOWN ? 1 : 0;
    accord_put_decimal(&count, vouching);
    if (unsupported > 0) {
        accord_put(&count, ACCORD_LITERAL(", unsupported "));
        accord_put_decimal(&count, unsupported);
    }
    accord_error_what(tally->error, name);
    accord_error_expected(tally->error, accord_out_bytes(&out));
    accord_error_found(tally->error, accord_out_bytes(&count));
}

/* The quorum's two times. Turned round, the k-th largest is a k-th smallest; a verified time is never 0. */
static enum accord_status check_quorum(struct tally *tally)
{
    const struct accord_policy *policy = tally->policy;
    struct accord_cosigners *cosigners = tally->cosigners;
    uint64_t times[ACCORD_POLICY_MEMBERS_MAX];
    if (policy->quorum == ACCORD_POLICY_QUORUM_NONE)
        return ACCORD_OK;
    for (size_t i = 0; i < policy->witness_count; i++)
        times[i] = cosigners->cosigned[i] ? ~cosigners->timestamp[i] : NOBODY;
    uint64_t latest = quorum_time(policy, times);
    if (latest == NOBODY) {
        accord_fail(tally->error, ACCORD_QUORUM, 0);
        describe_quorum(tally, times);
        return ACCORD_QUORUM;
    }
    for (size_t i = 0; i < policy->witness_count; i++)
        times[i] = cosigners->cosigned[i] ? cosigners->timestamp[i] : NOBODY;
    cosigners->seen_at = quorum_time(policy, times);
    cosigners->not_before = ~latest;
    return ACCORD_OK;
}

enum accord_status accord_policy_verify(const struct accord_policy *policy, const struct accord_checkpoint_claim *claim,
                                        const struct accord_crypto *crypto, struct accord_checkpoint *checkpoint,
                                        struct accord_cosigners *cosigners, struct accord_error *error)
{
    struct tally tally; /* its matches are many, and written before they are read */
    memset(&tally, 0, offsetof(struct tally, matches));
    tally.policy = policy;
    tally.claim = claim;
    tally.crypto = crypto;
    tally.error = error;
    tally.cosigners = cosigners;
    memset(checkpoint, 0, sizeof *checkpoint);
    memset(cosigners, 0, sizeof *cosigners);
    enum accord_status status = check_origin(policy, claim->origin, error);
    if (status == ACCORD_OK)
        status = count_lines(&tally);
    if (status == ACCORD_OK)
        status = check_log(&tally);
    if (status == ACCORD_OK)
        status = check_quorum(&tally);
    if (status != ACCORD_OK)
        return status;
    checkpoint->verified = true;
    checkpoint->origin = claim->origin;
    checkpoint->size = claim->size;
    memcpy(checkpoint->root, claim->root, sizeof checkpoint->root);
    return ACCORD_OK;
}
