/* A roster as a plain tlog-policy file (C2SP tlog-policy), so that any verifier can apply its quorum. Knows groups and
 * jurisdictions; the roster that it renders has parsed, so every line that it writes is satisfiable. */
#include "roster/quorum.h"

#include "core/text.h"

const struct accord_roster_key *accord_roster_witness(const struct accord_roster_claim *roster, size_t member)
{
    const struct accord_member *of = &roster->members[member];
    for (size_t i = 0; i < of->key_count; i++)
        if (roster->keys[of->first_key + i].role == ACCORD_ROLE_WITNESS)
            return &roster->keys[of->first_key + i];
    return NULL;
}

static bool same_jurisdiction(const struct accord_roster_claim *roster, size_t a, size_t b)
{
    const uint8_t *one = roster->members[a].jurisdiction.data, *other = roster->members[b].jurisdiction.data;
    return one[0] == other[0] && one[1] == other[1];
}

bool accord_roster_jurisdiction_begins(const struct accord_roster_claim *roster, size_t member)
{
    unsigned witnesses = 0;
    for (size_t i = 0; i < member; i++)
        if (same_jurisdiction(roster, i, member))
            return false;
    for (size_t i = member; i < roster->member_count; i++)
        witnesses += same_jurisdiction(roster, i, member) && accord_roster_witness(roster, i) != NULL;
    return witnesses >= roster->quorum_witnesses;
}

static void put_item(struct accord_out *out, struct accord_bytes item)
{
    accord_put_byte(out, ' ');
    accord_put(out, item);
}

static void put_optional(struct accord_out *out, struct accord_bytes item)
{
    if (item.size > 0)
        put_item(out, item);
}

/* witness <domain> <vkey> [<url>] */
static void put_witness(struct accord_out *out, struct accord_bytes domain, const struct accord_roster_key *key)
{
    accord_put(out, ACCORD_LITERAL("witness"));
    put_item(out, domain);
    put_item(out, key->text);
    put_optional(out, key->url);
    accord_put_byte(out, '\n');
}

static void put_jurisdiction(struct accord_out *out, const struct accord_roster_claim *roster, size_t first)
{
    accord_put(out, ACCORD_LITERAL("jurisdiction-"));
    accord_put(out, roster->members[first].jurisdiction);
}

/* group jurisdiction-XX <witnesses> <domain>... */
static void put_group(struct accord_out *out, const struct accord_roster_claim *roster, size_t first)
{
    accord_put(out, ACCORD_LITERAL("group "));
    put_jurisdiction(out, roster, first);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, roster->quorum_witnesses);
    for (size_t i = first; i < roster->member_count; i++)
        if (same_jurisdiction(roster, i, first) && accord_roster_witness(roster, i) != NULL)
            put_item(out, roster->members[i].domain);
    accord_put_byte(out, '\n');
}

/* group accord-quorum <jurisdictions> jurisdiction-XX... */
static void put_quorum(struct accord_out *out, const struct accord_roster_claim *roster)
{
    accord_put(out, ACCORD_LITERAL("group accord-quorum "));
    accord_put_decimal(out, roster->quorum_jurisdictions);
    for (size_t i = 0; i < roster->member_count; i++) {
        if (accord_roster_jurisdiction_begins(roster, i)) {
            accord_put_byte(out, ' ');
            put_jurisdiction(out, roster, i);
        }
    }
    accord_put(out, ACCORD_LITERAL("\nquorum accord-quorum\n"));
}

void accord_roster_policy(struct accord_out *out, const struct accord_roster_claim *roster)
{
    accord_put(out, ACCORD_LITERAL("# roster "));
    accord_put_decimal(out, roster->number);
    accord_put(out, ACCORD_LITERAL(", charter "));
    accord_digest_print(out, roster->charter);
    accord_put_byte(out, '\n');
    for (size_t i = 0; i < roster->log_count; i++) {
        accord_put(out, ACCORD_LITERAL("log"));
        put_item(out, roster->logs[i].vkey.text);
        put_optional(out, roster->logs[i].url);
        accord_put_byte(out, '\n');
    }
    for (size_t i = 0; i < roster->member_count; i++) {
        const struct accord_roster_key *key = accord_roster_witness(roster, i);
        if (key != NULL)
            put_witness(out, roster->members[i].domain, key);
    }
    for (size_t i = 0; i < roster->member_count; i++)
        if (accord_roster_jurisdiction_begins(roster, i))
            put_group(out, roster, i);
    put_quorum(out, roster);
}
