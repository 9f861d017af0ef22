/* What is other in the next roster, in words: for whoever is asked to sign it. It knows lines that came, went and
 * changed; it leaves none of them out, and judges none. */
#include "roster/draft.h"

#include "core/text.h"

#include <string.h>

struct words {
    struct accord_out *out;
    const struct accord_roster_claim *old, *next;
};

static void put(struct words *words, const char *text)
{
    accord_put(words->out, (struct accord_bytes){(const uint8_t *)text, strlen(text)});
}

static void put_change(struct words *words, const char *what, uint64_t old, uint64_t next)
{
    if (old == next)
        return;
    put(words, what);
    accord_put_decimal(words->out, old);
    put(words, " -> ");
    accord_put_decimal(words->out, next);
    put(words, "\n");
}

static void put_key(struct words *words, const struct accord_roster_key *key)
{
    accord_put(words->out, accord_role_name(key->role));
    put(words, " ");
    accord_put(words->out, key->text);
    if (key->url.size > 0) {
        put(words, " at ");
        accord_put(words->out, key->url);
    }
}

static void begin_member(struct words *words, struct accord_bytes domain)
{
    accord_put(words->out, domain);
    put(words, ": ");
}

static const struct accord_roster_key *find_key(const struct accord_roster_claim *roster,
                                                const struct accord_roster_key *wanted)
{
    for (size_t i = 0; i < roster->key_count; i++)
        if (roster->keys[i].role == wanted->role && accord_bytes_equal(roster->keys[i].text, wanted->text))
            return &roster->keys[i];
    return NULL;
}

static const struct accord_roster_past *find_past(const struct accord_roster_claim *roster, struct accord_bytes vkey)
{
    for (size_t i = 0; i < roster->past_count; i++)
        if (accord_bytes_equal(roster->past[i].vkey.text, vkey))
            return &roster->past[i];
    return NULL;
}

static void put_where(struct words *words, uint64_t index, struct accord_bytes origin, uint64_t time)
{
    put(words, " below index ");
    accord_put_decimal(words->out, index);
    put(words, " of ");
    accord_put(words->out, origin);
    put(words, ", elsewhere before the time ");
    accord_put_decimal(words->out, time);
    put(words, "\n");
}

static void put_point(struct words *words, const struct accord_roster_past *past)
{
    put(words, " counts");
    put_where(words, past->index, past->origin, past->time);
}

/* A key that is on no `key` line of its role any more. */
static void put_lost(struct words *words, struct accord_bytes domain, const struct accord_roster_key *key)
{
    const struct accord_roster_past *past = find_past(words->next, key->text);
    begin_member(words, domain);
    put(words, "gives up key ");
    put_key(words, key);
    if (past != NULL) {
        put(words, ", which");
        put_point(words, past);
    } else {
        put(words,
            key->role == ACCORD_ROLE_WITNESS || key->role == ACCORD_ROLE_MIRROR || key->role == ACCORD_ROLE_REPORT
                ? "\n"
                : ", and nothing that it ever signed counts\n");
    }
}

static void put_keys(struct words *words, const struct accord_roster_claim *from, const struct accord_member *member,
                     bool gained)
{
    const struct accord_roster_claim *other = gained ? words->old : words->next;
    for (size_t i = 0; i < member->key_count; i++) {
        const struct accord_roster_key *key = &from->keys[member->first_key + i], *same = find_key(other, key);
        if (same == NULL && !gained) {
            put_lost(words, member->domain, key);
        } else if (same == NULL) {
            begin_member(words, member->domain);
            put(words, "has key ");
            put_key(words, key);
            put(words, "\n");
        } else if (gained && !accord_bytes_equal(same->url, key->url)) {
            begin_member(words, member->domain);
            put(words, "is now asked for ");
            put_key(words, key);
            put(words, "\n");
        }
    }
}

static void put_who(struct words *words, struct accord_bytes jurisdiction, struct accord_bytes title)
{
    accord_put(words->out, jurisdiction);
    put(words, ", ");
    accord_put(words->out, title);
    put(words, "\n");
}

static void put_report_days(struct words *words, unsigned before, const struct accord_member *member)
{
    if (before == member->report_days) {
        return;
    }
    begin_member(words, member->domain);
    put_change(words, "report-days ", before, member->report_days);
}

static void put_member(struct words *words, const struct accord_member *member)
{
    size_t place = accord_roster_member(words->old, member->domain);
    if (place == SIZE_MAX) {
        begin_member(words, member->domain);
        put(words, accord_roster_former(words->old, member->domain) == SIZE_MAX ? "joins: " : "comes back: ");
        put_who(words, member->jurisdiction, member->title);
        put_keys(words, words->next, member, true);
        if (member->release_threshold > 1) {
            begin_member(words, member->domain);
            put_change(words, "release-threshold ", 1, member->release_threshold);
        }
        put_report_days(words, 0, member);
        return;
    }
    const struct accord_member *before = &words->old->members[place];
    if (!accord_bytes_equal(before->title, member->title) ||
        !accord_bytes_equal(before->jurisdiction, member->jurisdiction)) {
        begin_member(words, member->domain);
        put(words, "is now ");
        put_who(words, member->jurisdiction, member->title);
    }
    put_keys(words, words->next, member, true);
    put_keys(words, words->old, before, false);
    if (before->release_threshold != member->release_threshold) {
        begin_member(words, member->domain);
        put_change(words, "release-threshold ", before->release_threshold, member->release_threshold);
    }
    put_report_days(words, before->report_days, member);
}

static void put_gone(struct words *words, const struct accord_member *member)
{
    if (accord_roster_member(words->next, member->domain) != SIZE_MAX)
        return;
    begin_member(words, member->domain);
    put(words, accord_roster_former(words->next, member->domain) == SIZE_MAX
                   ? "leaves, and is not named among the former members\n"
                   : "leaves\n");
    put_keys(words, words->old, member, false);
}

static bool same_former(const struct accord_former_member *a, const struct accord_former_member *b)
{
    return a->release_threshold == b->release_threshold && accord_bytes_equal(a->title, b->title) &&
           accord_bytes_equal(a->jurisdiction, b->jurisdiction);
}

static void put_former(struct words *words)
{
    for (size_t i = 0; i < words->next->former_count; i++) {
        const struct accord_former_member *former = &words->next->former[i];
        size_t place = accord_roster_former(words->old, former->domain);
        size_t was = accord_roster_member(words->old, former->domain);
        if (place != SIZE_MAX && same_former(&words->old->former[place], former))
            continue;
        /* Of a member that leaves it has been said; what stays of it is what it was. */
        if (was != SIZE_MAX && words->old->members[was].release_threshold == former->release_threshold &&
            accord_bytes_equal(words->old->members[was].title, former->title) &&
            accord_bytes_equal(words->old->members[was].jurisdiction, former->jurisdiction))
            continue;
        begin_member(words, former->domain);
        put(words, "a former member with the release-threshold ");
        accord_put_decimal(words->out, former->release_threshold);
        put(words, ": ");
        put_who(words, former->jurisdiction, former->title);
    }
    for (size_t i = 0; i < words->old->former_count; i++) {
        struct accord_bytes domain = words->old->former[i].domain;
        if (accord_roster_former(words->next, domain) == SIZE_MAX &&
            accord_roster_member(words->next, domain) == SIZE_MAX) {
            begin_member(words, domain);
            put(words, "is no longer named among the former members\n");
        }
    }
}

static bool same_point(const struct accord_roster_past *a, const struct accord_roster_past *b)
{
    return a->role == b->role && a->index == b->index && a->time == b->time && accord_bytes_equal(a->origin, b->origin);
}

static void put_past(struct words *words)
{
    for (size_t i = 0; i < words->next->past_count; i++) {
        const struct accord_roster_past *past = &words->next->past[i], *before = find_past(words->old, past->vkey.text);
        const struct accord_roster_key key = {.role = past->role, .text = past->vkey.text};
        if (before == NULL ? find_key(words->old, &key) != NULL : same_point(before, past))
            continue;
        begin_member(words, past->owner);
        put(words, before == NULL ? "the key that was, " : "the key that was already given up, ");
        put_key(words, &key);
        put(words, ",");
        put_point(words, past);
    }
    for (size_t i = 0; i < words->old->past_count; i++) {
        const struct accord_roster_past *past = &words->old->past[i];
        if (find_past(words->next, past->vkey.text) != NULL)
            continue;
        begin_member(words, past->owner);
        put(words, "nothing counts any more that was signed by the key that was, ");
        accord_put(words->out, past->vkey.text);
        put(words, "\n");
    }
}

static const struct accord_roster_threshold *find_threshold(const struct accord_roster_claim *roster,
                                                            const struct accord_roster_threshold *wanted)
{
    for (size_t i = 0; i < roster->threshold_count; i++)
        if (roster->thresholds[i].threshold == wanted->threshold &&
            accord_bytes_equal(roster->thresholds[i].domain, wanted->domain))
            return &roster->thresholds[i];
    return NULL;
}

static void put_thresholds(struct words *words)
{
    for (size_t i = 0; i < words->next->threshold_count; i++) {
        const struct accord_roster_threshold *past = &words->next->thresholds[i],
                                             *before = find_threshold(words->old, past);
        if (before != NULL && before->index == past->index && before->time == past->time &&
            accord_bytes_equal(before->origin, past->origin))
            continue;
        begin_member(words, past->domain);
        put(words, "release keys that have to have signed, at least ");
        accord_put_decimal(words->out, past->threshold);
        put(words, ",");
        put_where(words, past->index, past->origin, past->time);
    }
    for (size_t i = 0; i < words->old->threshold_count; i++) {
        const struct accord_roster_threshold *past = &words->old->thresholds[i];
        if (find_threshold(words->next, past) != NULL)
            continue;
        begin_member(words, past->domain);
        put(words, "what had only ");
        accord_put_decimal(words->out, past->threshold);
        put(words, " of the signatures that it needs now does not count any more\n");
    }
}

static const struct accord_roster_log *find_log(const struct accord_roster_claim *roster, struct accord_bytes vkey)
{
    for (size_t i = 0; i < roster->log_count; i++)
        if (accord_bytes_equal(roster->logs[i].vkey.text, vkey))
            return &roster->logs[i];
    return NULL;
}

static const struct accord_closed_log *find_closed(const struct accord_roster_claim *roster, struct accord_bytes vkey)
{
    for (size_t i = 0; i < roster->closed_count; i++)
        if (accord_bytes_equal(roster->closed[i].vkey.text, vkey))
            return &roster->closed[i];
    return NULL;
}

static void put_log(struct words *words, const char *verb, struct accord_bytes vkey, struct accord_bytes url)
{
    put(words, verb);
    accord_put(words->out, vkey);
    if (url.size > 0) {
        put(words, " at ");
        accord_put(words->out, url);
    }
}

static void put_closed(struct words *words, const struct accord_closed_log *log)
{
    const struct accord_closed_log *before = find_closed(words->old, log->vkey.text);
    if (before != NULL && before->size == log->size && before->time == log->time &&
        memcmp(before->root, log->root, ACCORD_HASH_SIZE) == 0 && accord_bytes_equal(before->url, log->url))
        return;
    put_log(words, before == NULL ? "closes log " : "closes log otherwise: ", log->vkey.text, log->url);
    put(words, " with its tree of size ");
    accord_put_decimal(words->out, log->size);
    put(words, ", root ");
    accord_put_base64(words->out, (struct accord_bytes){log->root, ACCORD_HASH_SIZE});
    put(words, ", of the time ");
    accord_put_decimal(words->out, log->time);
    put(words, "\n");
}

static void put_logs(struct words *words)
{
    for (size_t i = 0; i < words->next->log_count; i++) {
        const struct accord_roster_log *log = &words->next->logs[i], *before = find_log(words->old, log->vkey.text);
        if (before != NULL && accord_bytes_equal(before->url, log->url))
            continue;
        put_log(words, before == NULL ? "opens log " : "log ", log->vkey.text, log->url);
        put(words, "\n");
    }
    for (size_t i = 0; i < words->next->closed_count; i++)
        put_closed(words, &words->next->closed[i]);
    for (size_t i = 0; i < words->old->log_count + words->old->closed_count; i++) {
        struct accord_bytes vkey = i < words->old->log_count ? words->old->logs[i].vkey.text
                                                             : words->old->closed[i - words->old->log_count].vkey.text;
        if (find_log(words->next, vkey) == NULL && find_closed(words->next, vkey) == NULL) {
            put_log(words, "accepts nothing more from log ", vkey, (struct accord_bytes){NULL, 0});
            put(words, "\n");
        }
    }
}

void accord_roster_changes(struct accord_out *out, const struct accord_roster_claim *roster,
                           const struct accord_roster_claim *next)
{
    struct words words = {out, roster, next};
    put_change(&words, "members who must sign the next roster: ", roster->admit, next->admit);
    put_change(&words, "jurisdictions of a quorum: ", roster->quorum_jurisdictions, next->quorum_jurisdictions);
    put_change(&words, "witnesses of a quorum in each: ", roster->quorum_witnesses, next->quorum_witnesses);
    put_logs(&words);
    for (size_t i = 0; i < next->member_count; i++)
        put_member(&words, &next->members[i]);
    for (size_t i = 0; i < roster->member_count; i++)
        put_gone(&words, &roster->members[i]);
    put_former(&words);
    put_past(&words);
    put_thresholds(&words);
}
