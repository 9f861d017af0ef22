/* Changes made to a draft of the next roster. It knows which lines a change touches, and that a key which is given up
 * is not forgotten; whether what comes out can be a roster, the parser is asked. */
#include "roster/draft.h"

#include <string.h>

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes what)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    return status;
}

void accord_draft_begin(struct accord_draft *draft, const struct accord_roster_claim *from,
                        const struct accord_crypto *crypto)
{
    memcpy(draft->roster, from, sizeof *from);
    draft->roster->number = from->number + 1;
    accord_hash(crypto, from->statement.note.whole, draft->roster->previous);
}

/* A key that signed statements moves to a `past` line; the others leave nothing behind. */
static enum accord_status give_up(struct accord_draft *draft, const struct accord_roster_key *key,
                                  struct accord_bytes owner, uint64_t index, uint64_t time, struct accord_error *error)
{
    struct accord_roster_claim *roster = draft->roster;
    if (!accord_role_signs(key->role))
        return ACCORD_OK;
    if (roster->past_count == ACCORD_ROSTER_PAST_MAX)
        return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("past keys"));
    roster->past[roster->past_count++] = (struct accord_roster_past){.role = key->role,
                                                                     .vkey = key->vkey,
                                                                     .owner = owner,
                                                                     .origin = draft->now.origin,
                                                                     .index = index,
                                                                     .time = time};
    return ACCORD_OK;
}

/* What was released while fewer had to sign stays what it was; what the member had to gather by then, it had. */
static enum accord_status keep_threshold(struct accord_draft *draft, struct accord_bytes domain, unsigned threshold,
                                         struct accord_error *error)
{
    struct accord_roster_claim *roster = draft->roster;
    size_t at = 0;
    while (at < roster->threshold_count && (roster->thresholds[at].threshold != threshold ||
                                            !accord_bytes_equal(roster->thresholds[at].domain, domain)))
        at++;
    if (at == ACCORD_ROSTER_THRESHOLDS_MAX)
        return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("past thresholds"));
    roster->thresholds[at] = (struct accord_roster_threshold){.domain = domain,
                                                              .threshold = threshold,
                                                              .origin = draft->now.origin,
                                                              .index = draft->now.index,
                                                              .time = draft->now.seen_at};
    roster->threshold_count += at == roster->threshold_count;
    return ACCORD_OK;
}

static bool has_key(const struct accord_apply_claim *apply, const struct accord_roster_key *key)
{
    for (size_t i = 0; i < apply->member.key_count; i++)
        if (apply->keys[i].role == key->role && accord_bytes_equal(apply->keys[i].text, key->text))
            return true;
    return false;
}

/* Room for more keys: those of members that were replaced are no longer in anybody's reach. */
static void pack_keys(struct accord_roster_claim *roster)
{
    size_t count = 0;
    for (size_t i = 0; i < roster->member_count; i++) {
        struct accord_member *member = &roster->members[i];
        /* Members' keys lie in the members' order, so what is in front has been moved already. */
        memmove(&roster->keys[count], &roster->keys[member->first_key], member->key_count * sizeof roster->keys[0]);
        member->first_key = count;
        for (size_t end = count + member->key_count; count < end; count++)
            roster->keys[count].member = i;
    }
    roster->key_count = count;
}

/* Puts a member's keys where the draft's order asks for them, in place of old ones. */
static enum accord_status place_keys(struct accord_roster_claim *roster, size_t place,
                                     const struct accord_apply_claim *apply, struct accord_error *error)
{
    struct accord_member *member = &roster->members[place];
    size_t at = member->first_key, old = member->key_count, count = apply->member.key_count;
    if (roster->key_count - old + count > ACCORD_ROSTER_KEYS_MAX)
        return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("keys"));
    memmove(&roster->keys[at + count], &roster->keys[at + old],
            (roster->key_count - at - old) * sizeof roster->keys[0]);
    memcpy(&roster->keys[at], apply->keys, count * sizeof roster->keys[0]);
    for (size_t i = place + 1; i < roster->member_count; i++)
        roster->members[i].first_key = roster->members[i].first_key - old + count;
    for (size_t i = 0; i < count; i++)
        roster->keys[at + i].member = place;
    roster->key_count = roster->key_count - old + count;
    *member = apply->member;
    member->first_key = at;
    return ACCORD_OK;
}

static void forget_former(struct accord_roster_claim *roster, struct accord_bytes domain)
{
    size_t at = accord_roster_former(roster, domain);
    if (at == SIZE_MAX)
        return;
    roster->former_count--;
    memmove(&roster->former[at], &roster->former[at + 1], (roster->former_count - at) * sizeof roster->former[0]);
}

enum accord_status accord_draft_apply(struct accord_draft *draft, const struct accord_apply_claim *apply,
                                      struct accord_error *error)
{
    struct accord_roster_claim *roster = draft->roster;
    size_t place = accord_roster_member(roster, apply->member.domain);
    size_t former = accord_roster_former(roster, apply->member.domain);
    unsigned before = place != SIZE_MAX    ? roster->members[place].release_threshold
                      : former != SIZE_MAX ? roster->former[former].release_threshold
                                           : apply->member.release_threshold;
    enum accord_status status = ACCORD_OK;
    if (apply->member.release_threshold > before)
        status = keep_threshold(draft, apply->member.domain, before, error);
    if (status == ACCORD_OK && place == SIZE_MAX) {
        if (roster->member_count == ACCORD_MEMBERS_MAX)
            return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("members"));
        place = roster->member_count++;
        roster->members[place] = (struct accord_member){.first_key = roster->key_count};
        forget_former(roster, apply->member.domain);
    }
    const struct accord_member *member = &roster->members[place];
    for (size_t i = 0; status == ACCORD_OK && i < member->key_count; i++) {
        const struct accord_roster_key *key = &roster->keys[member->first_key + i];
        if (!has_key(apply, key))
            status = give_up(draft, key, apply->member.domain, draft->now.index, draft->now.seen_at, error);
    }
    return status == ACCORD_OK ? place_keys(roster, place, apply, error) : status;
}

enum accord_status accord_draft_remove(struct accord_draft *draft, struct accord_bytes domain,
                                       struct accord_error *error)
{
    struct accord_roster_claim *roster = draft->roster;
    size_t place = accord_roster_member(roster, domain);
    if (place == SIZE_MAX)
        return refuse(error, ACCORD_NOT_A_MEMBER, domain);
    if (roster->former_count == ACCORD_MEMBERS_MAX)
        return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("former members"));
    const struct accord_member member = roster->members[place];
    for (size_t i = 0; i < member.key_count; i++) {
        enum accord_status status = give_up(draft, &roster->keys[member.first_key + i], member.domain, draft->now.index,
                                            draft->now.seen_at, error);
        if (status != ACCORD_OK)
            return status;
    }
    roster->former[roster->former_count++] =
        (struct accord_former_member){member.domain, member.jurisdiction, member.title, member.release_threshold};
    roster->member_count--;
    memmove(&roster->members[place], &roster->members[place + 1],
            (roster->member_count - place) * sizeof roster->members[0]);
    pack_keys(roster);
    return ACCORD_OK;
}

static size_t find_past(const struct accord_roster_claim *roster, struct accord_bytes vkey)
{
    for (size_t i = 0; i < roster->past_count; i++)
        if (accord_bytes_equal(roster->past[i].vkey.text, vkey))
            return i;
    return SIZE_MAX;
}

/* Takes the key off its member's lines. */
static enum accord_status take_off(struct accord_draft *draft, struct accord_bytes vkey, struct accord_error *error)
{
    struct accord_roster_claim *roster = draft->roster;
    for (size_t i = 0; i < roster->key_count; i++) {
        const struct accord_roster_key key = roster->keys[i];
        struct accord_member *member = &roster->members[key.member];
        if (!accord_bytes_equal(key.text, vkey))
            continue;
        if (!accord_role_signs(key.role))
            return refuse(error, ACCORD_KEY_TYPE, vkey);
        enum accord_status status = give_up(draft, &key, member->domain, draft->now.index, draft->now.seen_at, error);
        if (status != ACCORD_OK)
            return status;
        size_t after = member->first_key + member->key_count - i - 1;
        memmove(&roster->keys[i], &roster->keys[i + 1], after * sizeof roster->keys[0]);
        member->key_count--;
        pack_keys(roster);
        return ACCORD_OK;
    }
    accord_fail(error, ACCORD_UNKNOWN_NAME, 0);
    accord_error_found(error, vkey);
    accord_error_expected(error, ACCORD_LITERAL("a key of the roster that signs statements"));
    return ACCORD_UNKNOWN_NAME;
}

enum accord_status accord_draft_revoke(struct accord_draft *draft, struct accord_bytes vkey, uint64_t index,
                                       uint64_t time, struct accord_error *error)
{
    if (find_past(draft->roster, vkey) == SIZE_MAX) {
        enum accord_status status = take_off(draft, vkey, error);
        if (status != ACCORD_OK)
            return status;
    }
    struct accord_roster_past *past = &draft->roster->past[find_past(draft->roster, vkey)];
    if (!accord_bytes_equal(past->origin, draft->now.origin)) {
        accord_fail(error, ACCORD_UNKNOWN_LOG, 0);
        accord_error_what(error, past->vkey.name);
        accord_error_expected(error, past->origin);
        accord_error_found(error, draft->now.origin);
        return ACCORD_UNKNOWN_LOG;
    }
    past->index = index < past->index ? index : past->index;
    past->time = time < past->time ? time : past->time;
    return ACCORD_OK;
}

enum accord_status accord_draft_open_log(struct accord_draft *draft, const struct accord_vkey *vkey,
                                         struct accord_bytes url, struct accord_error *error)
{
    struct accord_roster_claim *roster = draft->roster;
    if (roster->log_count == ACCORD_ROSTER_LOGS_MAX)
        return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("logs"));
    roster->logs[roster->log_count++] = (struct accord_roster_log){*vkey, url};
    return ACCORD_OK;
}

enum accord_status accord_draft_close_log(struct accord_draft *draft, const struct accord_checkpoint *last,
                                          uint64_t time, struct accord_error *error)
{
    struct accord_roster_claim *roster = draft->roster;
    size_t at = 0;
    while (at < roster->log_count && !accord_bytes_equal(roster->logs[at].vkey.name, last->origin))
        at++;
    if (at == roster->log_count)
        return refuse(error, ACCORD_UNKNOWN_LOG, last->origin);
    if (roster->closed_count == ACCORD_ROSTER_LOGS_MAX)
        return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("closed logs"));
    struct accord_closed_log *closed = &roster->closed[roster->closed_count++];
    *closed = (struct accord_closed_log){
        .vkey = roster->logs[at].vkey, .url = roster->logs[at].url, .size = last->size, .time = time};
    memcpy(closed->root, last->root, ACCORD_HASH_SIZE);
    roster->log_count--;
    memmove(&roster->logs[at], &roster->logs[at + 1], (roster->log_count - at) * sizeof roster->logs[0]);
    return ACCORD_OK;
}
