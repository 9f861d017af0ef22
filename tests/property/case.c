/* A hundred thousand random histories of a case, each told to the state machine and, after every event, judged from its
 * first entry on by a second reading of docs/protocol.md ("A case", "The clock of a case"): a table of who may say what
 * and when, and a clock that goes through what was said in its order. A history is its number, which a failure names.
 */
#include "../unit/slices.h"

#include "accord/case.h"

#include <stdio.h>
#include <stdlib.h>

#define HISTORIES 100000
#define EVENTS_MAX 24
#define DAY ((uint64_t)ACCORD_CASE_DAY)
#define NEVER UINT64_MAX

struct history {
    unsigned number;
    uint64_t random;
    struct accord_embargo_rule rule;
    unsigned report_days;
    uint64_t reported, asks;
    uint8_t id[ACCORD_HASH_SIZE];
    size_t count; /* of those that counted */
    struct accord_case_event events[EVENTS_MAX];
    uint64_t now; /* of the last event, counted or not */
};

/* Chance */

static uint64_t draw(struct history *h)
{
    h->random ^= h->random << 13;
    h->random ^= h->random >> 7;
    h->random ^= h->random << 17;
    return h->random * UINT64_C(0x2545f4914f6cdd1d) >> 11;
}

static uint64_t below(struct history *h, uint64_t bound)
{
    return draw(h) % bound;
}

static bool one_in(struct history *h, uint64_t n)
{
    return below(h, n) == 0;
}

/* The model: the page's table. */

enum who { V = 1, R = 2, C = 4, OWN = 8, ANY = 16 };
struct row {
    enum accord_answer_kind kind;
    unsigned who;
    bool once, after_receipt, before_receipt, before_published, linked, after_withdrawal;
    enum accord_status unheld; /* what it is called when it does not hold; ACCORD_OK: nothing is asked */
};
static const struct row rows[] = {
    {ACCORD_ANSWER_RECEIPT, V, .once = true, .linked = true},
    {ACCORD_ANSWER_TRIAGED, V, .once = true, .after_receipt = true, .linked = true},
    {ACCORD_ANSWER_NEED_INFO, V, .after_receipt = true, .linked = true},
    {ACCORD_ANSWER_FIX, V, .once = true, .after_receipt = true, .linked = true},
    {ACCORD_ANSWER_PUBLISHED, V, .once = true, .linked = true, .unheld = ACCORD_CASE},
    {ACCORD_ANSWER_EXPLOITED, V | R, .once = true, .linked = true},
    {ACCORD_ANSWER_EXTEND, V | R, .linked = true},
    {ACCORD_ANSWER_REGULATOR, V, .after_receipt = true, .linked = true},
    {ACCORD_ANSWER_REFUSED, V, .once = true, .before_published = true, .linked = true},
    {ACCORD_ANSWER_UNREADABLE, V, .once = true, .before_receipt = true, .linked = true},
    {ACCORD_ANSWER_WITHDRAWN, R, .once = true, .linked = true},
    {ACCORD_ANSWER_REVEALED, OWN, .linked = true, .after_withdrawal = true, .unheld = ACCORD_COMMITMENT},
    {ACCORD_ANSWER_DISCLOSE, ANY, .once = true, .after_withdrawal = true, .unheld = ACCORD_COMMITMENT},
    {ACCORD_ANSWER_SHARE, C, .unheld = ACCORD_SHARE},
    {ACCORD_ANSWER_COMPLAINT, C, .unheld = ACCORD_SHARE}};

static const struct row *row_of(enum accord_answer_kind kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == kind)
            return &rows[i];
    fail();
    return rows;
}

/* The first of a kind that counted, or NULL. */
static const struct accord_case_event *first(const struct history *h, enum accord_answer_kind kind)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->events[i].kind == kind)
            return &h->events[i];
    return NULL;
}

static const uint8_t *last_link(const struct history *h)
{
    const uint8_t *link = h->id;
    for (size_t i = 0; i < h->count; i++)
        if (row_of(h->events[i].kind)->linked)
            link = h->events[i].digest;
    return link;
}

/* The clock, in the order of the page's list. */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t asked_for(const struct history *h)
{
    uint64_t opens = earlier(h->asks, h->reported + h->rule.latest * DAY);
    return h->report_days > 0 ? earlier(opens, h->reported + h->report_days * DAY) : opens;
}

/* Was there no answer in the time for one, and none before the day at which silence opens a case? */
static bool silent(const struct history *h, uint64_t now)
{
    uint64_t receipt = h->reported + h->rule.receipt * DAY, opens = h->reported + h->rule.silent * DAY;
    bool in_time = false, at_all = false;
    for (size_t i = 0; i < h->count; i++) {
        enum accord_answer_kind kind = h->events[i].kind;
        if (kind != ACCORD_ANSWER_RECEIPT && kind != ACCORD_ANSWER_REFUSED && kind != ACCORD_ANSWER_UNREADABLE)
            continue;
        in_time |= h->events[i].time <= receipt;
        at_all |= h->events[i].time < opens;
    }
    return !in_time && now > receipt && !at_all;
}

/* The request of the other side that this one agrees with, or NULL. */
static bool agrees(const struct history *h, size_t place)
{
    const struct accord_case_event *other = NULL;
    for (size_t i = 0; i < place; i++)
        if (h->events[i].kind == ACCORD_ANSWER_EXTEND && h->events[i].by != h->events[place].by)
            other = &h->events[i];
    return other != NULL && other->until == h->events[place].until;
}

static bool withdrawn(const struct history *h)
{
    return first(h, ACCORD_ANSWER_WITHDRAWN) != NULL;
}

static uint64_t model_opens(const struct history *h, uint64_t now)
{
    uint64_t latest = h->reported + h->rule.latest * DAY, opens = asked_for(h);
    if (withdrawn(h))
        return NEVER;
    if (silent(h, now))
        opens = earlier(opens, h->reported + h->rule.silent * DAY);
    for (size_t i = 0; i < h->count; i++) {
        const struct accord_case_event *e = &h->events[i];
        if (e->kind == ACCORD_ANSWER_PUBLISHED && e->time < opens)
            opens = earlier(e->time + h->rule.spread * DAY, latest);
        if (e->kind == ACCORD_ANSWER_EXTEND && agrees(h, i))
            opens = earlier(e->until, latest);
    }
    const struct accord_case_event *exploited = first(h, ACCORD_ANSWER_EXPLOITED);
    return exploited == NULL ? opens : earlier(opens, exploited->time + h->rule.exploited * DAY);
}

static uint64_t model_due(const struct history *h)
{
    unsigned days = h->report_days > 0 && h->report_days < h->rule.days ? h->report_days : h->rule.days;
    uint64_t due = later(asked_for(h), h->reported + days * DAY);
    const struct accord_case_event *exploited = first(h, ACCORD_ANSWER_EXPLOITED);
    for (size_t i = 0; i < h->count; i++)
        if (h->events[i].kind == ACCORD_ANSWER_EXTEND && agrees(h, i))
            due = later(due, earlier(h->events[i].until, h->reported + h->rule.latest * DAY));
    if (withdrawn(h))
        return NEVER;
    return exploited == NULL ? due : earlier(due, exploited->time + h->rule.exploited * DAY);
}

static bool extended(const struct history *h)
{
    bool is = false;
    for (size_t i = 0; i < h->count; i++)
        is |= h->events[i].kind == ACCORD_ANSWER_EXTEND && agrees(h, i);
    return is;
}

/* A custodian's share, and its complaint, count once each; so do a disclosure, and the first one with the seed. */
static bool said_before(const struct history *h, const struct accord_case_event *e)
{
    const struct row *row = row_of(e->kind);
    bool said = row->once && first(h, e->kind) != NULL && !e->has_seed;
    for (size_t i = 0; i < h->count; i++)
        said |= (row->who == C && h->events[i].kind == e->kind && h->events[i].custodian == e->custodian) ||
                (e->has_seed && h->events[i].has_seed);
    return said;
}

static bool has_a_say(const struct row *row, const struct accord_case_event *e)
{
    static const unsigned parties[] = {
        [ACCORD_PARTY_VENDOR] = V, [ACCORD_PARTY_REPORTER] = R, [ACCORD_PARTY_CUSTODIAN] = C, [ACCORD_PARTY_OTHER] = 0};
    return row->who == ANY || (row->who == OWN ? e->is_own : (row->who & parties[e->by]) != 0);
}

/* Would the page let it count? refusals: a bit for each name that the page allows for what is wrong with it. */
static bool model_takes(const struct history *h, const struct accord_case_event *e, uint64_t *refusals)
{
    const struct row *row = row_of(e->kind);
    uint64_t opens = model_opens(h, e->time);
    *refusals = 0;
#define REFUSE(when, status)                                                                                           \
    if (when)                                                                                                          \
    *refusals |= UINT64_C(1) << ((status)-ACCORD_COMMITMENT)
    REFUSE(!has_a_say(row, e), ACCORD_COMMITMENT + 60);
    REFUSE(e->claimed + DAY < e->not_before || e->claimed > e->time + DAY, ACCORD_CLOCK);
    REFUSE(withdrawn(h) && !row->after_withdrawal, ACCORD_CASE);
    REFUSE(row->linked && memcmp(e->previous, last_link(h), ACCORD_HASH_SIZE) != 0, ACCORD_CASE);
    REFUSE(said_before(h, e), ACCORD_CASE);
    REFUSE(row->after_receipt && first(h, ACCORD_ANSWER_RECEIPT) == NULL, ACCORD_CASE);
    REFUSE(row->before_receipt && first(h, ACCORD_ANSWER_RECEIPT) != NULL, ACCORD_CASE);
    REFUSE(row->before_published && first(h, ACCORD_ANSWER_PUBLISHED) != NULL, ACCORD_CASE);
    REFUSE(row->unheld != ACCORD_OK && !e->holds, row->unheld);
    if (e->kind == ACCORD_ANSWER_EXTEND)
        REFUSE(extended(h) || e->time >= opens || e->until <= opens || e->until - opens > h->rule.extension * DAY,
               ACCORD_CASE);
#undef REFUSE
    return *refusals == 0;
}

/* A disclosure, or a share, while it was closed. */
static bool model_early(const struct history *h)
{
    bool early = false;
    struct history before = *h;
    for (size_t i = 0; i < h->count; i++) {
        enum accord_answer_kind kind = h->events[i].kind;
        before.count = i;
        early |= (kind == ACCORD_ANSWER_DISCLOSE || kind == ACCORD_ANSWER_SHARE) && !withdrawn(&before) &&
                 h->events[i].time < model_opens(&before, h->events[i].time);
    }
    return early;
}

static const char *model_state(const struct history *h)
{
    static const struct {
        enum accord_answer_kind kind;
        const char *name;
    } states[] = {{ACCORD_ANSWER_DISCLOSE, "disclosed"},  {ACCORD_ANSWER_WITHDRAWN, "withdrawn"},
                  {ACCORD_ANSWER_PUBLISHED, "published"}, {ACCORD_ANSWER_FIX, "fixed"},
                  {ACCORD_ANSWER_TRIAGED, "triaged"},     {ACCORD_ANSWER_RECEIPT, "received"}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (first(h, states[i].kind) != NULL)
            return states[i].name;
    return "reported";
}

/* Histories */

static void begin(struct history *h, unsigned number, struct accord_case *c)
{
    memset(h, 0, sizeof *h);
    h->number = number;
    h->random = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    h->rule = ACCORD_EMBARGO_DEFAULT;
    if (one_in(h, 2)) {
        unsigned *const days[] = {&h->rule.receipt, &h->rule.silent, &h->rule.days, &h->rule.latest};
        unsigned sum = 1;
        for (size_t i = 0; i < 4; i++)
            *days[i] = sum += (unsigned)below(h, 40);
        h->rule.spread = 1 + (unsigned)below(h, 60);
        h->rule.extension = 1 + (unsigned)below(h, 30);
        h->rule.exploited = 1 + (unsigned)below(h, 20);
    }
    h->report_days = one_in(h, 3) ? 1 + (unsigned)below(h, 150) : 0;
    h->reported = 1700000000 + below(h, 1000) * 4321;
    h->asks = one_in(h, 8) ? (one_in(h, 2) ? 1 : UINT64_MAX) : h->reported + below(h, 150) * DAY - below(h, 3);
    memset(h->id, 0xee, sizeof h->id);
    h->now = h->reported;
    accord_case_begin(c, &h->rule, h->report_days, h->asks, h->reported, h->id);
}

/* Time goes on: not at all, a little, or to just before, at or after some date that matters. */
static uint64_t next_time(struct history *h)
{
    const uint64_t opens = model_opens(h, h->now);
    const uint64_t dates[] = {h->reported + h->rule.receipt * DAY, h->reported + h->rule.silent * DAY,
                              h->reported + h->rule.latest * DAY, opens == NEVER ? h->now : opens, model_due(h)};
    uint64_t date = h->now + below(h, 12 * DAY);
    if (one_in(h, 4))
        return h->now;
    if (one_in(h, 3)) {
        date = dates[below(h, sizeof dates / sizeof dates[0])];
        date = date == NEVER ? h->now : date + below(h, 3) - 1;
    }
    return later(date, h->now);
}

static uint64_t some_until(struct history *h, const struct accord_case_event *e)
{
    uint64_t opens = model_opens(h, e->time), until = 0;
    for (size_t i = 0; i < h->count; i++)
        if (h->events[i].kind == ACCORD_ANSWER_EXTEND && h->events[i].by != e->by)
            until = h->events[i].until;
    if (until != 0 && !one_in(h, 4))
        return until;
    return opens == NEVER ? e->time : opens + below(h, h->rule.extension * DAY + 3);
}

static void make(struct history *h, struct accord_case_event *e)
{
    memset(e, 0, sizeof *e);
    e->kind = (enum accord_answer_kind)(ACCORD_ANSWER_RECEIPT + below(h, ACCORD_ANSWER_COMPLAINT));
    if (one_in(h, 6))
        e->kind = ACCORD_ANSWER_EXTEND;
    if (e->kind == ACCORD_ANSWER_WITHDRAWN && !one_in(h, 3))
        e->kind = ACCORD_ANSWER_RECEIPT;
    unsigned who = row_of(e->kind)->who;
    e->by = who == C ? ACCORD_PARTY_CUSTODIAN : who == R ? ACCORD_PARTY_REPORTER : ACCORD_PARTY_VENDOR;
    if (who == (V | R) && one_in(h, 2))
        e->by = ACCORD_PARTY_REPORTER;
    if (one_in(h, 12))
        e->by = (enum accord_party)(ACCORD_PARTY_VENDOR + below(h, 4));
    e->custodian = below(h, one_in(h, 2) ? 3 : ACCORD_CUSTODIANS_MAX);
    e->time = next_time(h);
    e->not_before = e->time - below(h, 2) * below(h, 3 * DAY);
    e->claimed = e->not_before + below(h, e->time - e->not_before + 1);
    if (one_in(h, 10))
        e->claimed = one_in(h, 2) ? e->time + DAY + below(h, 3) - 1 : e->not_before - DAY + below(h, 3) - 1;
    for (size_t i = 0; i < sizeof e->digest; i++)
        e->digest[i] = (uint8_t)draw(h);
    e->has_previous = row_of(e->kind)->linked;
    memcpy(e->previous, one_in(h, 12) ? h->id : last_link(h), sizeof e->previous);
    e->until = e->kind == ACCORD_ANSWER_EXTEND ? some_until(h, e) : 0;
    e->holds = !one_in(h, 8);
    e->is_own = !one_in(h, 8);
    e->has_seed = e->kind == ACCORD_ANSWER_DISCLOSE && one_in(h, 2);
}

/* Fails with the history's number: play(number) tells it again. */
#define CHECK(h, what)                                                                                                 \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            print_error("history %u, after %zu answers that count: not so: %s\n", (h)->number, (h)->count, #what);     \
            fail();                                                                                                    \
        }                                                                                                              \
    } while (0)

static void check_standing(const struct history *h, const struct accord_case *c, uint64_t now)
{
    struct accord_case_standing s;
    const char *state = model_state(h);
    bool published = first(h, ACCORD_ANSWER_PUBLISHED) != NULL, refused = first(h, ACCORD_ANSWER_REFUSED) != NULL;
    accord_case_stand(c, now, &s);
    CHECK(h, s.state.size == strlen(state) && memcmp(s.state.data, state, s.state.size) == 0);
    CHECK(h, s.opens == model_opens(h, now));
    CHECK(h, s.due == model_due(h));
    CHECK(h, s.silent == (!withdrawn(h) && silent(h, now)));
    CHECK(h, s.disclosable == (now >= model_opens(h, now)));
    CHECK(h, s.overdue == (now > model_due(h) && !published && !refused));
    CHECK(h, c->opened_early == model_early(h));
    CHECK(h, memcmp(c->last, last_link(h), ACCORD_HASH_SIZE) == 0);
    /* What the page promises, whatever the way to it. */
    const struct accord_case_event *exploited = first(h, ACCORD_ANSWER_EXPLOITED);
    uint64_t latest = h->reported + h->rule.latest * DAY;
    CHECK(h, withdrawn(h) ? s.opens == NEVER && !s.disclosable && !s.overdue : s.opens <= latest);
    CHECK(h, withdrawn(h) || s.due <= latest);
    CHECK(h, withdrawn(h) || exploited == NULL || s.opens <= exploited->time + h->rule.exploited * DAY);
}

static enum accord_status tell(struct history *h, struct accord_case *c)
{
    struct accord_case_event event;
    struct accord_case before = *c;
    struct accord_case_standing old, new;
    struct accord_error error;
    uint64_t refusals;
    make(h, &event);
    accord_case_stand(c, event.time, &old);
    bool takes = model_takes(h, &event, &refusals);
    enum accord_status status = accord_case_step(c, &event, &error);
    accord_case_stand(c, event.time, &new);
    h->now = event.time;
    CHECK(h, takes == (status == ACCORD_OK));
    if (!takes) {
        unsigned bit = status == ACCORD_WRONG_SIGNER ? 60 : (unsigned)(status - ACCORD_COMMITMENT);
        CHECK(h, bit < 64 && (refusals >> bit & 1) == 1 && error.status == status);
        CHECK(h, memcmp(&before, c, sizeof before) == 0);
        return status;
    }
    h->events[h->count++] = event;
    bool moves = event.kind == ACCORD_ANSWER_RECEIPT || event.kind == ACCORD_ANSWER_REFUSED ||
                 event.kind == ACCORD_ANSWER_UNREADABLE || event.kind == ACCORD_ANSWER_PUBLISHED ||
                 event.kind == ACCORD_ANSWER_EXPLOITED || event.kind == ACCORD_ANSWER_WITHDRAWN ||
                 (event.kind == ACCORD_ANSWER_EXTEND && agrees(h, h->count - 1));
    CHECK(h, moves || new.opens == old.opens); /* need-info, and a request alone, too */
    CHECK(h, !old.disclosable || new.disclosable || event.kind == ACCORD_ANSWER_WITHDRAWN); /* what is open stays so */
    return status;
}

static size_t play(unsigned number)
{
    struct history h;
    struct accord_case c;
    begin(&h, number, &c);
    check_standing(&h, &c, h.now);
    size_t length = 2 + below(&h, EVENTS_MAX - 2);
    for (size_t i = 0; i < length; i++) {
        (void)!tell(&h, &c);
        check_standing(&h, &c, h.now);
        check_standing(&h, &c, h.now + below(&h, 200 * DAY));
    }
    return h.count;
}

static void test_the_page_and_the_code_agree(void **state)
{
    (void)state;
    size_t counted = 0;
    for (unsigned number = 0; number < HISTORIES; number++)
        counted += play(number);
    /* the histories would prove nothing if hardly anything counted */
    assert_in_range(counted, 4 * HISTORIES, 20 * HISTORIES);
}

/* How often the histories came to what is rare. */
static void test_the_histories_reach_what_is_rare(void **state)
{
    (void)state;
    unsigned agreed = 0, early = 0, both = 0, after_withdrawal = 0;
    for (unsigned number = 0; number < HISTORIES / 10; number++) {
        struct history h;
        struct accord_case c;
        begin(&h, number, &c);
        size_t length = 2 + below(&h, EVENTS_MAX - 2);
        for (size_t i = 0; i < length; i++) {
            bool was_withdrawn = withdrawn(&h);
            after_withdrawal += tell(&h, &c) == ACCORD_OK && was_withdrawn;
        }
        agreed += extended(&h);
        both += extended(&h) && first(&h, ACCORD_ANSWER_PUBLISHED) != NULL;
        early += model_early(&h);
    }
    assert_in_range(agreed, HISTORIES / 1000, HISTORIES);
    assert_in_range(both, HISTORIES / 1000, HISTORIES);
    assert_in_range(early, HISTORIES / 1000, HISTORIES);
    assert_in_range(after_withdrawal, HISTORIES / 1000, HISTORIES);
}

/* The examples of docs/reports.md ("The clock"), by the days that a charter has which says nothing. */
static void test_the_examples_of_the_docs(void **state)
{
    static const struct {
        unsigned opens; /* the day */
        struct {
            enum accord_answer_kind kind; /* 0: no more */
            enum accord_party by;
            unsigned day, until;
        } said[4];
    } examples[] = {
        {90, {{ACCORD_ANSWER_RECEIPT, ACCORD_PARTY_VENDOR, 1, 0}}},
        {45, {{0}}},
        {90,
         {{ACCORD_ANSWER_RECEIPT, ACCORD_PARTY_VENDOR, 30, 0}, {ACCORD_ANSWER_PUBLISHED, ACCORD_PARTY_VENDOR, 60, 0}}},
        {50,
         {{ACCORD_ANSWER_RECEIPT, ACCORD_PARTY_VENDOR, 1, 0}, {ACCORD_ANSWER_PUBLISHED, ACCORD_PARTY_VENDOR, 20, 0}}},
        {118,
         {{ACCORD_ANSWER_RECEIPT, ACCORD_PARTY_VENDOR, 1, 0}, {ACCORD_ANSWER_PUBLISHED, ACCORD_PARTY_VENDOR, 88, 0}}},
        {120,
         {{ACCORD_ANSWER_RECEIPT, ACCORD_PARTY_VENDOR, 1, 0},
          {ACCORD_ANSWER_EXTEND, ACCORD_PARTY_VENDOR, 80, 104},
          {ACCORD_ANSWER_EXTEND, ACCORD_PARTY_REPORTER, 81, 104},
          {ACCORD_ANSWER_PUBLISHED, ACCORD_PARTY_VENDOR, 100, 0}}},
        {17,
         {{ACCORD_ANSWER_RECEIPT, ACCORD_PARTY_VENDOR, 1, 0},
          {ACCORD_ANSWER_EXTEND, ACCORD_PARTY_VENDOR, 2, 104},
          {ACCORD_ANSWER_EXTEND, ACCORD_PARTY_REPORTER, 3, 104},
          {ACCORD_ANSWER_EXPLOITED, ACCORD_PARTY_REPORTER, 10, 0}}}};
    const uint64_t reported = 1700000000;
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct accord_case_standing standing;
        struct accord_case c;
        const uint8_t id[ACCORD_HASH_SIZE] = {1};
        accord_case_begin(&c, &ACCORD_EMBARGO_DEFAULT, 0, reported + 90 * DAY, reported, id);
        for (size_t j = 0; j < 4 && examples[i].said[j].kind != 0; j++) {
            uint64_t time = reported + examples[i].said[j].day * DAY;
            struct accord_case_event event = {.kind = examples[i].said[j].kind,
                                              .by = examples[i].said[j].by,
                                              .not_before = time,
                                              .time = time,
                                              .claimed = time,
                                              .until = reported + examples[i].said[j].until * DAY,
                                              .holds = true};
            memcpy(event.previous, c.last, sizeof event.previous);
            event.digest[0] = (uint8_t)(j + 2);
            assert_int_equal(accord_case_step(&c, &event, NULL), ACCORD_OK);
        }
        accord_case_stand(&c, reported + 130 * DAY, &standing);
        assert_int_equal(standing.opens, reported + examples[i].opens * DAY);
    }
}

int main(int count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_page_and_the_code_agree),
        cmocka_unit_test(test_the_histories_reach_what_is_rare),
        cmocka_unit_test(test_the_examples_of_the_docs),
    };
    if (count == 2) { /* one history, by the number that a failure named */
        (void)play((unsigned)strtoul(arguments[1], NULL, 10));
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
