/* Rosters written (docs/protocol.md, "Roster"): the printer of what roster.c reads. Knows the lines' form; whether what
 * it writes can be a roster, the parser is asked. */
#include "accord/roster.h"

#include "core/text.h"

static void put_word(struct accord_out *out, struct accord_bytes word)
{
    accord_put(out, word);
    accord_put_byte(out, ' ');
}

static void put_number(struct accord_out *out, struct accord_bytes key, uint64_t number)
{
    put_word(out, key);
    accord_put_decimal(out, number);
    accord_put_byte(out, '\n');
}

static void put_digest(struct accord_out *out, struct accord_bytes key, const uint8_t hash[ACCORD_HASH_SIZE])
{
    put_word(out, key);
    accord_digest_print(out, hash);
    accord_put_byte(out, '\n');
}

/* A URL where there is one, and the line's end. */
static void put_url(struct accord_out *out, struct accord_bytes url)
{
    if (url.size > 0)
        accord_put_byte(out, ' ');
    accord_put(out, url);
    accord_put_byte(out, '\n');
}

static void put_closed(struct accord_out *out, const struct accord_closed_log *log)
{
    put_word(out, ACCORD_LITERAL("closed"));
    put_word(out, log->vkey.text);
    accord_put_decimal(out, log->size);
    accord_put_byte(out, ' ');
    accord_put_base64(out, (struct accord_bytes){log->root, ACCORD_HASH_SIZE});
    accord_put_byte(out, ' ');
    accord_put_decimal(out, log->time);
    put_url(out, log->url);
}

void accord_member_print(struct accord_out *out, const struct accord_member *member,
                         const struct accord_roster_key *keys)
{
    put_word(out, ACCORD_LITERAL("member"));
    put_word(out, member->domain);
    put_word(out, member->jurisdiction);
    accord_put(out, member->title);
    accord_put_byte(out, '\n');
    for (size_t i = 0; i < member->key_count; i++) {
        put_word(out, ACCORD_LITERAL("key"));
        put_word(out, accord_role_name(keys[i].role));
        accord_put(out, keys[i].text);
        put_url(out, keys[i].url);
    }
    if (member->release_threshold > 1)
        put_number(out, ACCORD_LITERAL("release-threshold"), member->release_threshold);
    if (member->report_days > 0)
        put_number(out, ACCORD_LITERAL("report-days"), member->report_days);
}

static void put_former(struct accord_out *out, const struct accord_former_member *former)
{
    put_word(out, ACCORD_LITERAL("former"));
    put_word(out, former->domain);
    put_word(out, former->jurisdiction);
    accord_put_decimal(out, former->release_threshold);
    accord_put_byte(out, ' ');
    accord_put(out, former->title);
    accord_put_byte(out, '\n');
}

static void put_past(struct accord_out *out, const struct accord_roster_past *past)
{
    put_word(out, ACCORD_LITERAL("past"));
    put_word(out, accord_role_name(past->role));
    put_word(out, past->vkey.text);
    accord_put_decimal(out, past->index);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, past->time);
    accord_put_byte(out, ' ');
    accord_put(out, past->origin);
    accord_put_byte(out, '\n');
}

static void put_threshold(struct accord_out *out, const struct accord_roster_threshold *past)
{
    put_word(out, ACCORD_LITERAL("past-threshold"));
    put_word(out, past->domain);
    accord_put_decimal(out, past->threshold);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, past->index);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, past->time);
    accord_put_byte(out, ' ');
    accord_put(out, past->origin);
    accord_put_byte(out, '\n');
}

void accord_roster_print(struct accord_out *out, const struct accord_roster_claim *roster)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/roster\n"));
    put_digest(out, ACCORD_LITERAL("charter"), roster->charter);
    put_number(out, ACCORD_LITERAL("number"), roster->number);
    if (roster->number > 1)
        put_digest(out, ACCORD_LITERAL("previous"), roster->previous);
    put_number(out, ACCORD_LITERAL("admit"), roster->admit);
    put_word(out, ACCORD_LITERAL("quorum"));
    accord_put_decimal(out, roster->quorum_jurisdictions);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, roster->quorum_witnesses);
    accord_put_byte(out, '\n');
    for (size_t i = 0; i < roster->log_count; i++) {
        put_word(out, ACCORD_LITERAL("log"));
        accord_put(out, roster->logs[i].vkey.text);
        put_url(out, roster->logs[i].url);
    }
    for (size_t i = 0; i < roster->closed_count; i++)
        put_closed(out, &roster->closed[i]);
    for (size_t i = 0; i < roster->member_count; i++)
        accord_member_print(out, &roster->members[i], &roster->keys[roster->members[i].first_key]);
    for (size_t i = 0; i < roster->former_count; i++)
        put_former(out, &roster->former[i]);
    for (size_t i = 0; i < roster->past_count; i++)
        put_past(out, &roster->past[i]);
    for (size_t i = 0; i < roster->threshold_count; i++)
        put_threshold(out, &roster->thresholds[i]);
}
