/* accord member list: who is in, with which keys, and who and what was. */
#include <inttypes.h>

#include "cli/commands.h"
#include "cli/member_files.h"
#include "cli/say.h"

const struct accord_option accord_options_member_list[] = {{.name = NULL}};

static json_t *number(uint64_t value)
{
    return accord_json_number(value);
}

static json_t *key_json(const struct accord_roster_key *key)
{
    json_t *object = json_pack("{s:o, s:o}", "role", accord_json_text(accord_role_name(key->role)), "key",
                               accord_json_text(key->text));
    if (object != NULL && key->url.size > 0) {
        (void)json_object_set_new(object, "url", accord_json_text(key->url));
    }
    return object;
}

static json_t *members_json(const struct accord_roster_claim *roster)
{
    json_t *list = json_array();
    for (size_t i = 0; i < roster->member_count; i++) {
        const struct accord_member *member = &roster->members[i];
        json_t *keys = json_array();
        for (size_t k = 0; k < member->key_count; k++) {
            (void)json_array_append_new(keys, key_json(&roster->keys[member->first_key + k]));
        }
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:I, s:o}", "domain", accord_json_text(member->domain), "jurisdiction",
                            accord_json_text(member->jurisdiction), "title", accord_json_text(member->title),
                            "release_threshold", (json_int_t)member->release_threshold, "keys", keys));
    }
    return list;
}

static json_t *former_json(const struct accord_roster_claim *roster)
{
    json_t *list = json_array();
    for (size_t i = 0; i < roster->former_count; i++) {
        const struct accord_former_member *former = &roster->former[i];
        (void)json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:I}", "domain", accord_json_text(former->domain),
                                                    "jurisdiction", accord_json_text(former->jurisdiction), "title",
                                                    accord_json_text(former->title), "release_threshold",
                                                    (json_int_t)former->release_threshold));
    }
    return list;
}

static json_t *past_json(const struct accord_roster_claim *roster)
{
    json_t *list = json_array();
    for (size_t i = 0; i < roster->past_count; i++) {
        const struct accord_roster_past *past = &roster->past[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "domain", accord_json_text(past->owner),
                                              "role", accord_json_text(accord_role_name(past->role)), "key",
                                              accord_json_text(past->vkey.text), "log", accord_json_text(past->origin),
                                              "index", number(past->index), "time", number(past->time)));
    }
    return list;
}

static json_t *thresholds_json(const struct accord_roster_claim *roster)
{
    json_t *list = json_array();
    for (size_t i = 0; i < roster->threshold_count; i++) {
        const struct accord_roster_threshold *past = &roster->thresholds[i];
        (void)json_array_append_new(list, json_pack("{s:o, s:I, s:o, s:o, s:o}", "domain",
                                                    accord_json_text(past->domain), "release_threshold",
                                                    (json_int_t)past->threshold, "log", accord_json_text(past->origin),
                                                    "index", number(past->index), "time", number(past->time)));
    }
    return list;
}

static json_t *logs_json(const struct accord_roster_claim *roster)
{
    json_t *list = json_array();
    for (size_t i = 0; i < roster->log_count; i++) {
        (void)json_array_append_new(list,
                                    json_pack("{s:o, s:o, s:b}", "key", accord_json_text(roster->logs[i].vkey.text),
                                              "url", accord_json_text(roster->logs[i].url), "closed", 0));
    }
    for (size_t i = 0; i < roster->closed_count; i++) {
        const struct accord_closed_log *log = &roster->closed[i];
        (void)json_array_append_new(list,
                                    json_pack("{s:o, s:o, s:b, s:o, s:o, s:o}", "key", accord_json_text(log->vkey.text),
                                              "url", accord_json_text(log->url), "closed", 1, "size", number(log->size),
                                              "root", accord_json_digest(log->root), "time", number(log->time)));
    }
    return list;
}

static unsigned keys_of(const struct accord_roster_claim *roster, const struct accord_member *member,
                        enum accord_key_role role)
{
    unsigned count = 0;
    for (size_t i = 0; i < member->key_count; i++) {
        count += roster->keys[member->first_key + i].role == role;
    }
    return count;
}

/* A line for each member: how many of its release keys must sign, how many keys it has in each role. */
static void say_members(const struct accord_call *call, const struct accord_roster_claim *roster)
{
    int width = 6;
    for (size_t i = 0; i < roster->member_count; i++) {
        width = (int)roster->members[i].domain.size > width ? (int)roster->members[i].domain.size : width;
    }
    accord_note(call, "%-*s  in  release  stage  current  witness  mirror  report  receipt  name", width, "member");
    for (size_t i = 0; i < roster->member_count; i++) {
        const struct accord_member *member = &roster->members[i];
        accord_note(call, "%-*.*s  %.*s  %u of %-2u  %5u  %7u  %7u  %6u  %6u  %7u  %.*s", width,
                    ACCORD_TEXT(member->domain), ACCORD_TEXT(member->jurisdiction), member->release_threshold,
                    keys_of(roster, member, ACCORD_ROLE_RELEASE), keys_of(roster, member, ACCORD_ROLE_STAGE),
                    keys_of(roster, member, ACCORD_ROLE_CURRENT), keys_of(roster, member, ACCORD_ROLE_WITNESS),
                    keys_of(roster, member, ACCORD_ROLE_MIRROR), keys_of(roster, member, ACCORD_ROLE_REPORT),
                    keys_of(roster, member, ACCORD_ROLE_RECEIPT), ACCORD_TEXT(member->title));
    }
}

static void say_others(const struct accord_call *call, const struct accord_roster_claim *roster)
{
    for (size_t i = 0; i < roster->former_count; i++) {
        accord_note(call, "left: %.*s  %.*s  %.*s", ACCORD_TEXT(roster->former[i].domain),
                    ACCORD_TEXT(roster->former[i].jurisdiction), ACCORD_TEXT(roster->former[i].title));
    }
    for (size_t i = 0; i < roster->past_count; i++) {
        const struct accord_roster_past *past = &roster->past[i];
        accord_note(call, "was: key %.*s %.*s, below index %" PRIu64 " of %.*s, elsewhere before the time %" PRIu64,
                    ACCORD_TEXT(accord_role_name(past->role)), ACCORD_TEXT(past->vkey.name), past->index,
                    ACCORD_TEXT(past->origin), past->time);
    }
    for (size_t i = 0; i < roster->threshold_count; i++) {
        const struct accord_roster_threshold *past = &roster->thresholds[i];
        accord_note(call,
                    "was: %.*s needed %u release keys, below index %" PRIu64
                    " of %.*s, elsewhere before the time %" PRIu64,
                    ACCORD_TEXT(past->domain), past->threshold, past->index, ACCORD_TEXT(past->origin), past->time);
    }
    for (size_t i = 0; i < roster->log_count; i++) {
        accord_note(call, "log: %.*s %.*s", ACCORD_TEXT(roster->logs[i].vkey.name), ACCORD_TEXT(roster->logs[i].url));
    }
    for (size_t i = 0; i < roster->closed_count; i++) {
        const struct accord_closed_log *log = &roster->closed[i];
        accord_note(call, "closed log: %.*s, %" PRIu64 " entries, at the time %" PRIu64, ACCORD_TEXT(log->vkey.name),
                    log->size, log->time);
    }
}

static int list(const struct accord_call *call, const struct accord_chain *chain)
{
    const struct accord_roster_claim *roster = accord_chain_roster(chain);
    say_members(call, roster);
    say_others(call, roster);
    accord_note(call,
                "roster %" PRIu64 ": %zu members, %u of whom sign the next one; a quorum is %u witness%s in each of "
                "%u jurisdictions",
                roster->number, roster->member_count, roster->admit, roster->quorum_witnesses,
                roster->quorum_witnesses == 1 ? "" : "es", roster->quorum_jurisdictions);
    return accord_answer(call, json_pack("{s:o, s:o, s:o, s:I, s:{s:I, s:I}, s:o, s:o, s:o, s:o, s:o}", "charter",
                                         accord_json_digest(chain->digest), "roster", number(roster->number), "index",
                                         number(chain->roster_index), "admit", (json_int_t)roster->admit, "quorum",
                                         "jurisdictions", (json_int_t)roster->quorum_jurisdictions, "witnesses",
                                         (json_int_t)roster->quorum_witnesses, "members", members_json(roster),
                                         "former", former_json(roster), "past", past_json(roster), "past_thresholds",
                                         thresholds_json(roster), "logs", logs_json(roster)));
}

int accord_run_member_list(struct accord_call *call)
{
    struct accord_error error = {0};
    struct accord_member_log log = {0};
    error.status = accord_member_log_open(&log, call, call->operands[0], false, &error);
    int result = error.status == ACCORD_OK ? list(call, log.chain) : accord_refuse(call, call->operands[0], &error);
    accord_member_log_free(&log);
    return result;
}
