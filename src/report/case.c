/* The state machine of a case (docs/protocol.md, "A case", "The clock of a case"): what may come after what, and when a
 * case opens. Knows times only as it is given them; knows no log, no key and no clock of its own. */
#include "accord/case.h"

#include "core/text.h"

#include <string.h>

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Never past the end of time. */
static uint64_t days_after(uint64_t time, unsigned days)
{
    uint64_t seconds = (uint64_t)days * ACCORD_CASE_DAY;
    return time > UINT64_MAX - 1 - seconds ? UINT64_MAX - 1 : time + seconds;
}

void accord_case_begin(struct accord_case *c, const struct accord_embargo_rule *rule, unsigned report_days,
                       uint64_t opens, uint64_t time, const uint8_t id[ACCORD_HASH_SIZE])
{
    memset(c, 0, sizeof *c);
    c->rule = *rule;
    c->report_days = report_days;
    c->opens = opens;
    c->time = time;
    memcpy(c->last, id, sizeof c->last);
}

/* The clock */

/* The date that the report asks for, within the bounds of the charter and of the vendor. */
static uint64_t asked(const struct accord_case *c)
{
    uint64_t opens = least(c->opens, days_after(c->time, c->rule.latest));
    return c->report_days == 0 ? opens : least(opens, days_after(c->time, c->report_days));
}

/* The first answer of the vendor that ends its silence; UINT64_MAX: none. */
static uint64_t answered(const struct accord_case *c)
{
    uint64_t first = c->received == 0 ? UINT64_MAX : c->received;
    first = c->refused == 0 ? first : least(first, c->refused);
    return c->unreadable == 0 ? first : least(first, c->unreadable);
}

static bool is_silent(const struct accord_case *c, uint64_t now)
{
    return now > days_after(c->time, c->rule.receipt) && answered(c) > days_after(c->time, c->rule.receipt) &&
           answered(c) >= least(now + 1, days_after(c->time, c->rule.silent));
}

static uint64_t after_fix(const struct accord_case *c, uint64_t opens)
{
    if (c->published == 0 || c->published >= opens)
        return opens;
    return least(days_after(c->published, c->rule.spread), days_after(c->time, c->rule.latest));
}

static uint64_t after_extension(const struct accord_case *c, uint64_t opens)
{
    return c->extended == 0 ? opens : least(c->extended, days_after(c->time, c->rule.latest));
}

static uint64_t opening(const struct accord_case *c, uint64_t now)
{
    uint64_t opens = asked(c);
    if (c->withdrawn != 0)
        return UINT64_MAX;
    if (is_silent(c, now))
        opens = least(opens, days_after(c->time, c->rule.silent));
    opens = c->fixed_later ? after_fix(c, after_extension(c, opens)) : after_extension(c, after_fix(c, opens));
    return c->exploited == 0 ? opens : least(opens, days_after(c->exploited, c->rule.exploited));
}

static uint64_t due(const struct accord_case *c)
{
    unsigned days = c->report_days == 0 || c->report_days > c->rule.days ? c->rule.days : c->report_days;
    uint64_t time = most(asked(c), days_after(c->time, days));
    if (c->extended != 0)
        time = most(time, least(c->extended, days_after(c->time, c->rule.latest)));
    if (c->withdrawn != 0)
        return UINT64_MAX;
    return c->exploited == 0 ? time : least(time, days_after(c->exploited, c->rule.exploited));
}

static struct accord_bytes state_of(const struct accord_case *c)
{
    const struct {
        uint64_t time;
        struct accord_bytes name;
    } states[] = {{c->disclosed, ACCORD_LITERAL("disclosed")}, {c->withdrawn, ACCORD_LITERAL("withdrawn")},
                  {c->published, ACCORD_LITERAL("published")}, {c->fixed, ACCORD_LITERAL("fixed")},
                  {c->triaged, ACCORD_LITERAL("triaged")},     {c->received, ACCORD_LITERAL("received")}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (states[i].time != 0)
            return states[i].name;
    return ACCORD_LITERAL("reported");
}

void accord_case_stand(const struct accord_case *c, uint64_t now, struct accord_case_standing *standing)
{
    standing->state = state_of(c);
    standing->opens = opening(c, now);
    standing->due = due(c);
    standing->silent = c->withdrawn == 0 && is_silent(c, now);
    standing->disclosable = now >= standing->opens;
    standing->overdue = now > standing->due && c->published == 0 && c->refused == 0;
}

/* Events */

static enum accord_status refuse(struct accord_error *error, enum accord_status status,
                                 const struct accord_case_event *event, struct accord_bytes expected)
{
    accord_fail(error, status, 0);
    accord_error_what(error, accord_answer_name(event->kind));
    accord_error_expected(error, expected);
    return status;
}

static enum accord_status out_of_place(struct accord_error *error, const struct accord_case_event *event,
                                       struct accord_bytes expected)
{
    return refuse(error, ACCORD_CASE, event, expected);
}

/* Is it this party's to say? */
static bool may(const struct accord_case_event *event)
{
    enum accord_answer_kind kind = event->kind;
    if (kind == ACCORD_ANSWER_DISCLOSE)
        return true;
    if (kind == ACCORD_ANSWER_REVEALED)
        return event->is_own;
    if (kind == ACCORD_ANSWER_SHARE || kind == ACCORD_ANSWER_COMPLAINT)
        return event->by == ACCORD_PARTY_CUSTODIAN;
    if (event->by == ACCORD_PARTY_REPORTER)
        return kind == ACCORD_ANSWER_WITHDRAWN || kind == ACCORD_ANSWER_EXPLOITED || kind == ACCORD_ANSWER_EXTEND;
    return event->by == ACCORD_PARTY_VENDOR && kind != ACCORD_ANSWER_WITHDRAWN;
}

/* Does it hold a place in the order of answers? */
static bool is_linked(enum accord_answer_kind kind)
{
    return kind != ACCORD_ANSWER_DISCLOSE && kind != ACCORD_ANSWER_SHARE && kind != ACCORD_ANSWER_COMPLAINT;
}

/* What is asked of every answer. */
static enum accord_status admit(const struct accord_case *c, const struct accord_case_event *event,
                                struct accord_error *error)
{
    if (!may(event))
        return refuse(error, ACCORD_WRONG_SIGNER, event, ACCORD_LITERAL("another party: this is not its to say"));
    if (event->claimed > days_after(event->time, 1) || days_after(event->claimed, 1) < event->not_before)
        return refuse(error, ACCORD_CLOCK, event, ACCORD_LITERAL("a time within a day of the witnesses'"));
    if (c->withdrawn != 0 && event->kind != ACCORD_ANSWER_REVEALED && event->kind != ACCORD_ANSWER_DISCLOSE)
        return out_of_place(error, event, ACCORD_LITERAL("nothing: its reporter withdrew the case"));
    if (is_linked(event->kind) && memcmp(event->previous, c->last, sizeof c->last) != 0)
        return out_of_place(error, event,
                            ACCORD_LITERAL("the digest of the case's last answer: another one came first"));
    return ACCORD_OK;
}

/* Takes the time of what counts once, and after it is allowed. */
static enum accord_status once(uint64_t *at, bool allowed, struct accord_bytes otherwise,
                               const struct accord_case_event *event, struct accord_error *error)
{
    if (*at != 0)
        return out_of_place(error, event, ACCORD_LITERAL("nothing: it was said before, and counts once"));
    if (!allowed)
        return out_of_place(error, event, otherwise);
    *at = event->time;
    return ACCORD_OK;
}

static enum accord_status extend(struct accord_case *c, const struct accord_case_event *event,
                                 struct accord_error *error)
{
    uint64_t opens = opening(c, event->time);
    if (c->extended != 0)
        return out_of_place(error, event, ACCORD_LITERAL("nothing: it was extended, and is once"));
    if (event->time >= opens)
        return out_of_place(error, event, ACCORD_LITERAL("nothing: the embargo is over"));
    if (event->until <= opens || event->until > days_after(opens, c->rule.extension))
        return out_of_place(error, event,
                            ACCORD_LITERAL("a date after it opens, and no more than the charter's extension later"));
    *(event->by == ACCORD_PARTY_VENDOR ? &c->asked_by_vendor : &c->asked_by_reporter) = event->until;
    if (c->asked_by_vendor == c->asked_by_reporter) {
        c->extended = event->until;
        c->agreed = event->time;
    }
    return ACCORD_OK;
}

static enum accord_status disclose(struct accord_case *c, const struct accord_case_event *event,
                                   struct accord_error *error)
{
    bool early = event->time < opening(c, event->time);
    if (!event->holds)
        return refuse(error, ACCORD_COMMITMENT, event, ACCORD_LITERAL("the file key that the report names"));
    if (event->has_seed && c->disclosed != 0)
        return once(&c->seeded, true, ACCORD_LITERAL(""), event, error); /* it says more than the key did */
    enum accord_status status = once(&c->disclosed, true, ACCORD_LITERAL(""), event, error);
    c->seeded = status == ACCORD_OK && event->has_seed ? event->time : c->seeded;
    c->opened_early |= status == ACCORD_OK && early && c->withdrawn == 0;
    return status;
}

/* A custodian's share, or that it was given a wrong one: each once. */
static enum accord_status share(struct accord_case *c, const struct accord_case_event *event,
                                struct accord_error *error)
{
    bool is_share = event->kind == ACCORD_ANSWER_SHARE;
    uint32_t *taken = is_share ? &c->shared : &c->complained, bit = (uint32_t)1 << event->custodian % 32;
    if (!event->holds || event->custodian >= ACCORD_CUSTODIANS_MAX)
        return refuse(error, ACCORD_SHARE, event,
                      is_share ? ACCORD_LITERAL("the share that its coefficients give")
                               : ACCORD_LITERAL("the key of a sealed share that is wrong"));
    if ((*taken & bit) != 0)
        return out_of_place(error, event, ACCORD_LITERAL("nothing: it was said before, and counts once"));
    *taken |= bit;
    *(is_share ? &c->share_count : &c->complaint_count) += 1;
    c->opened_early |= is_share && event->time < opening(c, event->time);
    return ACCORD_OK;
}

static enum accord_status publish(struct accord_case *c, const struct accord_case_event *event,
                                  struct accord_error *error)
{
    enum accord_status status = once(&c->published, event->holds,
                                     ACCORD_LITERAL("a release of the vendor in this log before it"), event, error);
    c->fixed_later |= status == ACCORD_OK && c->extended != 0;
    return status;
}

static enum accord_status take(struct accord_case *c, const struct accord_case_event *event, struct accord_error *error)
{
    const struct accord_bytes unreceived = ACCORD_LITERAL("a receipt before it");
    switch (event->kind) {
    case ACCORD_ANSWER_RECEIPT:
        return once(&c->received, true, unreceived, event, error);
    case ACCORD_ANSWER_TRIAGED:
        return once(&c->triaged, c->received != 0, unreceived, event, error);
    case ACCORD_ANSWER_NEED_INFO:
    case ACCORD_ANSWER_REGULATOR: {
        uint64_t *at = event->kind == ACCORD_ANSWER_NEED_INFO ? &c->need_info : &c->regulator;
        if (c->received == 0)
            return out_of_place(error, event, unreceived);
        *at = *at == 0 ? event->time : *at;
        return ACCORD_OK;
    }
    case ACCORD_ANSWER_FIX:
        return once(&c->fixed, c->received != 0, unreceived, event, error);
    case ACCORD_ANSWER_PUBLISHED:
        return publish(c, event, error);
    case ACCORD_ANSWER_EXPLOITED:
        return once(&c->exploited, true, unreceived, event, error);
    case ACCORD_ANSWER_EXTEND:
        return extend(c, event, error);
    case ACCORD_ANSWER_REFUSED:
        return once(&c->refused, c->published == 0, ACCORD_LITERAL("no published fix before it"), event, error);
    case ACCORD_ANSWER_UNREADABLE:
        return once(&c->unreadable, c->received == 0, ACCORD_LITERAL("no receipt before it"), event, error);
    case ACCORD_ANSWER_WITHDRAWN:
        return once(&c->withdrawn, true, unreceived, event, error);
    case ACCORD_ANSWER_REVEALED:
        return event->holds ? ACCORD_OK
                            : refuse(error, ACCORD_COMMITMENT, event, ACCORD_LITERAL("what was committed to"));
    case ACCORD_ANSWER_DISCLOSE:
        return disclose(c, event, error);
    case ACCORD_ANSWER_SHARE:
    case ACCORD_ANSWER_COMPLAINT:
        return share(c, event, error);
    }
    return out_of_place(error, event, ACCORD_LITERAL("an answer"));
}

enum accord_status accord_case_step(struct accord_case *c, const struct accord_case_event *event,
                                    struct accord_error *error)
{
    enum accord_status status = admit(c, event, error);
    if (status == ACCORD_OK)
        status = take(c, event, error);
    if (status == ACCORD_OK && is_linked(event->kind))
        memcpy(c->last, event->digest, sizeof c->last);
    return status;
}
