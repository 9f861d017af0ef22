/* The monitor: what is worth telling, what contradicts, what is remembered. */
#include "monitor/monitor.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accord/evidence.h"
#include "base/file.h"
#include "monitor/state.h"
#include "monitored.h"

static struct accord_error error;
static struct accord_bytes charter, rosters[3];
static const struct accord_bytes nothing = {NULL, 0};

/* A monitor of a log in memory, with a directory for its state. */
struct world {
    char dir[64], state[96], evidence[96];
    struct m_trust *trust;
    struct m_log *log;
    struct accord_bytes vendors[2];
    struct accord_expected expected;
    struct accord_monitor_options options;
    struct accord_monitor *monitor;
    struct m_told told;
    uint64_t now;
};

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    charter = m_charter();
    rosters[0] = m_roster(1, charter, nothing, 2, 2, 2);
    rosters[1] = m_roster(2, charter, rosters[0], 3, 2, 2);
    rosters[2] = m_roster(3, charter, rosters[1], 3, 3, 2);
    return 0;
}

static int world_new(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    snprintf(world->dir, sizeof world->dir, "/tmp/accord-test-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    snprintf(world->state, sizeof world->state, "%s/state", world->dir);
    snprintf(world->evidence, sizeof world->evidence, "%s/evidence", world->dir);
    world->trust = m_trust_new(charter, rosters[0], 1);
    world->log = m_log_new();
    m_log_add(world->log, charter);
    m_log_add(world->log, rosters[0]);
    world->vendors[0] = slice("m0.example");
    world->told.fail_at = SIZE_MAX;
    world->now = M_NOW;
    world->options = (struct accord_monitor_options){.fs = &accord_fs_real,
                                                     .rules = {.crypto = m_crypto,
                                                               .verifier = &world->trust->verifier,
                                                               .vendors = world->vendors,
                                                               .vendor_count = 1,
                                                               .expected = &world->expected},
                                                     .state = world->state,
                                                     .evidence = world->evidence,
                                                     .threads = 2,
                                                     .sink = {&world->told, m_take},
                                                     .settle = m_settle};
    *state = world;
    return 0;
}

static int world_free(void **state)
{
    struct world *world = *state;
    char command[128];
    accord_monitor_close(world->monitor);
    accord_expected_free(&world->expected);
    snprintf(command, sizeof command, "rm -rf '%s'", world->dir);
    int result = system(command);
    free(world->trust);
    free(world->log);
    free(world);
    return result;
}

static enum accord_status look_with(struct world *world, const struct accord_monitor_view *views, size_t count)
{
    world->told.count = 0;
    if (world->monitor == NULL) {
        enum accord_status status = accord_monitor_open(&world->monitor, &world->options, &error);
        if (status != ACCORD_OK)
            return status;
    }
    struct accord_reader *reader = m_reader(world->log);
    enum accord_status status = accord_monitor_fetch(world->monitor, reader, &error);
    if (status == ACCORD_OK)
        status = accord_monitor_look(world->monitor, reader, views, count, world->now, &error);
    accord_reader_close(reader);
    return status;
}

static void look(struct world *world)
{
    enum accord_status status = look_with(world, NULL, 0);
    if (status != ACCORD_OK)
        fail_msg("status %d: %s, expected %s, found %s", (int)status, error.what, error.expected, error.found);
}

static void close_monitor(struct world *world)
{
    accord_monitor_close(world->monitor);
    world->monitor = NULL;
}

/* Exactly this was told. */
static void expect_one(const struct world *world, enum accord_finding_code code, const char *says)
{
    for (size_t i = 0; world->told.count != 1 && i < world->told.count; i++)
        print_error("told: %s: %s\n", accord_finding_name(world->told.finding[i].code),
                    world->told.finding[i].sentence);
    assert_int_equal(world->told.count, 1);
    assert_string_equal(accord_finding_name(world->told.finding[0].code), accord_finding_name(code));
    if (strstr(world->told.finding[0].sentence, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", world->told.finding[0].sentence, says);
}

static void expect_none(const struct world *world)
{
    if (world->told.count > 0)
        fail_msg("told: %s: %s", accord_finding_name(world->told.finding[0].code), world->told.finding[0].sentence);
}

/* Adds an entry and looks. */
static void add(struct world *world, struct accord_bytes entry)
{
    m_log_add(world->log, entry);
    look(world);
}

static void expect_entry(struct world *world, struct accord_bytes entry, enum accord_finding_code code,
                         enum accord_severity severity, const char *says)
{
    add(world, entry);
    expect_one(world, code, says);
    assert_int_equal(world->told.finding[0].severity, severity);
    assert_true(world->told.finding[0].has_index);
    assert_int_equal(world->told.finding[0].index, world->log->count - 1);
}

/* Rules */

static void test_releases(void **state)
{
    struct world *world = *state;
    look(world);
    expect_none(world);
    expect_entry(world, m_release("m0.example", "a", 1, "m0.example/release"), ACCORD_FINDING_RELEASE,
                 ACCORD_SEVERITY_ALERT, "m0.example p, version 1, sequence 1, signed with the vendor's own keys");
    assert_string_equal(world->told.finding[0].subject, "m0.example");
    expect_entry(world, m_release("m0.example", "b", 2, "m1.example/release"), ACCORD_FINDING_RELEASE,
                 ACCORD_SEVERITY_WARNING, "which does not verify");
    add(world, m_release("m1.example", "a", 1, "m1.example/release"));
    expect_none(world);
    expect_entry(world, m_release("m1.example", "a", 1, "m0.example/release"), ACCORD_FINDING_SIGNATURE,
                 ACCORD_SEVERITY_WARNING, "m1.example");
    expect_entry(world, m_release("m9.example", "a", 1, "m0.example/release"), ACCORD_FINDING_SIGNATURE,
                 ACCORD_SEVERITY_WARNING, "no such member");
}

static void test_expected_releases(void **state)
{
    struct world *world = *state;
    struct accord_bytes mine = m_release("m0.example", "a", 1, "m0.example/release");
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(m_crypto, slice("a"), digest);
    assert_int_equal(accord_expected_add(&world->expected, digest), ACCORD_OK);
    add(world, mine);
    expect_none(world);
    /* A file of mine beside a stranger's. */
    char text[1024];
    snprintf(text, sizeof text, "%.*sartifact sha256:%064d 1 z\n",
             (int)(strstr((const char *)mine.data, "\n\n") + 1 - (const char *)mine.data), (const char *)mine.data, 7);
    const char *key = "m0.example/release";
    struct accord_bytes both = m_signed(text, &key, 1);
    expect_entry(world, both, ACCORD_FINDING_RELEASE, ACCORD_SEVERITY_ALERT, "own keys");
    accord_merkle_leaf(m_crypto, both, digest);
    assert_int_equal(accord_expected_add(&world->expected, digest), ACCORD_OK);
    add(world, both);
    expect_none(world);
    /* What I expect and somebody else signs still breaks the rules. */
    expect_entry(world, m_release("m0.example", "a", 3, "m1.example/release"), ACCORD_FINDING_SIGNATURE,
                 ACCORD_SEVERITY_WARNING, "m0.example");
}

static struct accord_bytes spoil_signature(struct accord_bytes entry)
{
    uint8_t bytes[4096];
    memcpy(bytes, entry.data, entry.size);
    uint8_t *digit = bytes + entry.size - 20;
    *digit = *digit == 'A' ? 'B' : 'A';
    return m_keep((struct accord_bytes){bytes, entry.size});
}

static void test_which_signatures(void **state)
{
    struct world *world = *state;
    struct accord_bytes other = spoil_signature(m_release("m1.example", "a", 1, "m1.example/release"));
    add(world, other);
    expect_none(world); /* nobody's name that is watched: the line is there, and is not verified */
    expect_entry(world, spoil_signature(m_release("m0.example", "a", 1, "m0.example/release")), ACCORD_FINDING_RELEASE,
                 ACCORD_SEVERITY_WARNING, "a signature by a known key does not verify");
    close_monitor(world);
    world->options.rules.all_signatures = true;
    expect_entry(world, other, ACCORD_FINDING_SIGNATURE, ACCORD_SEVERITY_WARNING,
                 "a signature by a known key does not verify");
}

#define DIGEST "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define ATTEST(stage, vendor, by, rest)                                                                                \
    "accord/v1/attest\nstage " stage "\nvendor " vendor "\nproduct p\nby " by "\nsubject " DIGEST " a\n" rest

static void test_other_statements(void **state)
{
    struct world *world = *state;
    const char *stage = "m0.example/stage", *stranger = "m1.example/stage", *release = "m0.example/release";
    expect_entry(world, m_signed(ATTEST("build", "m0.example", "m0.example", ""), &stage, 1), ACCORD_FINDING_ATTEST,
                 ACCORD_SEVERITY_ALERT, "build of m0.example p, by m0.example, signed as it has to be");
    expect_entry(world, m_signed(ATTEST("test", "m0.example", "m0.example", ""), &stranger, 1), ACCORD_FINDING_ATTEST,
                 ACCORD_SEVERITY_WARNING, "which does not hold");
    expect_entry(world, m_signed(ATTEST("build", "m1.example", "m0.example", ""), &stage, 1), ACCORD_FINDING_ATTEST,
                 ACCORD_SEVERITY_NOTICE, "build of m1.example p, by m0.example");
    expect_entry(
        world,
        m_signed(ATTEST("build", "m0.example", "m1.example", "outcome match\nrepeats " DIGEST "\n"), &stranger, 1),
        ACCORD_FINDING_ATTEST, ACCORD_SEVERITY_NOTICE, "which says: match, repeating another one");
    expect_entry(
        world,
        m_signed(ATTEST("build", "m0.example", "m1.example", "outcome mismatch\nrepeats " DIGEST "\n"), &stranger, 1),
        ACCORD_FINDING_ATTEST, ACCORD_SEVERITY_ALERT, "which says: mismatch");
    expect_entry(world, m_signed("accord/v1/receipt\nvendor m0.example\n", &stranger, 1), ACCORD_FINDING_RECEIPT,
                 ACCORD_SEVERITY_WARNING, "which no key of this member signed");
    expect_entry(world, m_signed("accord/v1/receipt\nvendor m1.example\n", &stage, 1), ACCORD_FINDING_RECEIPT,
                 ACCORD_SEVERITY_ALERT, "receipt of m0.example, signed with a key of this member");
    expect_entry(world,
                 m_signed("accord/v1/policy\nvendor m0.example\nproduct p\nnumber 1\ntime 1\nnotice 1\n", &release, 1),
                 ACCORD_FINDING_POLICY, ACCORD_SEVERITY_ALERT, "of m0.example p, number 1, signed as it has to be");
    expect_entry(world,
                 m_signed("accord/v1/policy\nvendor m0.example\nproduct p\nnumber 1\ntime 1\nnotice 1\n", &stage, 1),
                 ACCORD_FINDING_POLICY, ACCORD_SEVERITY_WARNING, "does not hold");
    expect_entry(
        world,
        m_signed("accord/v1/withdraw\nvendor m0.example\nproduct p\nsequence 3\nsequence 4\nreason defective\n",
                 &release, 1),
        ACCORD_FINDING_WITHDRAW, ACCORD_SEVERITY_ALERT, "of m0.example p, sequence 3, 4, as defective, signed");
    expect_entry(world,
                 m_signed("accord/v1/demand\nmember m0.example\nfrom 2018-01-01\nto 2018-01-02\nnext 9999-12-31\n"
                          "count any a 0 0\n",
                          &release, 1),
                 ACCORD_FINDING_STATEMENT, ACCORD_SEVERITY_ALERT, "demand of m0.example, signed as it has to be");
    add(world, m_signed("accord/v1/receipt\nvendor m1.example\n", &stranger, 1));
    expect_none(world);
    add(world, m_signed(ATTEST("build", "m1.example", "m1.example", ""), &stranger, 1));
    expect_none(world);
    add(world, m_signed("accord/v1/later-kind\nvendor m0.example\n", &stage, 1));
    expect_none(world);
    uint8_t leaf[ACCORD_HASH_SIZE];
    struct accord_bytes mine = m_signed(ATTEST("source", "m0.example", "m0.example", ""), &stage, 1);
    accord_merkle_leaf(m_crypto, mine, leaf);
    assert_int_equal(accord_expected_add(&world->expected, leaf), ACCORD_OK);
    add(world, mine);
    expect_none(world);
}

/* A demand of m1, of the days from one to another, so many after now. */
static struct accord_bytes demand(const char *member, const char *key, int32_t to, int32_t next)
{
    uint8_t text[512];
    char head[64];
    struct accord_out out = {text, sizeof text - 1, 0, false};
    snprintf(head, sizeof head, "accord/v1/demand\nmember %s\nfrom 2018-01-01\nto ", member);
    put_text(&out, head);
    accord_date_print(&out, (int32_t)(M_NOW / 86400) + to);
    put_text(&out, "\nnext ");
    accord_date_print(&out, (int32_t)(M_NOW / 86400) + next);
    put_text(&out, "\ncount any a 0 0\n");
    text[out.size] = 0;
    return m_signed((const char *)text, &key, 1);
}

static void set_time(struct world *world, uint64_t time)
{
    world->now = world->log->time = time;
    look(world);
}

static void test_overdue_demands(void **state)
{
    struct world *world = *state;
    uint64_t day = M_NOW / 86400 * 86400;
    add(world, demand("m1.example", "m0.example/release", 0, 3)); /* not its own key: it says nothing */
    add(world, demand("m1.example", "m1.example/release", 0, 5));
    expect_none(world);
    set_time(world, day + 6 * 86400 - 1);
    expect_none(world);
    close_monitor(world); /* it is remembered */
    set_time(world, day + 6 * 86400);
    expect_one(world, ACCORD_FINDING_DEMAND_OVERDUE, "m1.example spoke of the days to");
    assert_string_equal(world->told.finding[0].subject, "m1.example");
    look(world);
    expect_none(world);                                             /* as long as it lasts */
    add(world, demand("m1.example", "m1.example/release", -1, 90)); /* of earlier days: logged again, or too late */
    expect_none(world);
    close_monitor(world);
    look(world);
    expect_one(world, ACCORD_FINDING_DEMAND_OVERDUE, "m1.example");
    add(world, demand("m1.example", "m1.example/release", 5, 90));
    expect_none(world);
    close_monitor(world);
    look(world);
    expect_none(world);
}

static void test_overdue_current(void **state)
{
    struct world *world = *state;
    const char *mine = "m0.example/release", *theirs = "m1.example/release";
    const char *current =
        "accord/v1/current\nvendor m0.example\nproduct p\ntime 1\nroster 1 " DIGEST "\nchannel stable 1 1\n";
    world->options.rules.vendor_count = 1;
    add(world, m_signed("accord/v1/policy\nvendor m0.example\nproduct p\nnumber 1\ntime 1\nnotice 1\nmax-age 1000\n",
                        &mine, 1));
    expect_one(world, ACCORD_FINDING_POLICY, "");
    add(world, m_signed("accord/v1/policy\nvendor m1.example\nproduct p\nnumber 1\ntime 1\nnotice 1\nmax-age 10\n",
                        &theirs, 1));
    expect_none(world);
    set_time(world, M_NOW + 1000);
    expect_none(world);
    set_time(world, M_NOW + 1001); /* none has ever come; the other vendor is not watched */
    expect_one(world, ACCORD_FINDING_CURRENT_OVERDUE, "m0.example p, none since");
    add(world, m_signed(current, &theirs, 1));
    expect_one(world, ACCORD_FINDING_STATEMENT, "does not hold");
    close_monitor(world);
    look(world);
    expect_one(world, ACCORD_FINDING_CURRENT_OVERDUE, "older than 1000 seconds");
    add(world, m_signed(current, &mine, 1));
    expect_one(world, ACCORD_FINDING_STATEMENT, "current of m0.example p");
    set_time(world, M_NOW + 2001);
    expect_none(world);
    close_monitor(world);
    set_time(world, M_NOW + 2002);
    expect_one(world, ACCORD_FINDING_CURRENT_OVERDUE, "m0.example p");
    world->log->time = M_NOW + 1500; /* the time that a quorum vouches for, not this machine's */
    world->now = M_NOW + 90000;
    look(world);
    expect_none(world);
}

static void test_malformed(void **state)
{
    struct world *world = *state;
    static const char *const bad[] = {"accord/v1/release\n",
                                      "accord/v1/release\nvendor m1.example\n\n",
                                      "accord/v1/attest\nno value\n \n\n",
                                      "accord/v1/report\n",
                                      "accord/v1/roster\n\x1b[31m\n",
                                      "accord/v1/charter\nname x\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_entry(world, m_keep(slice(bad[i])), ACCORD_FINDING_MALFORMED, ACCORD_SEVERITY_WARNING, "");
    static const char *const others[] = {"accord/v1/", "accord/v1/release",     "accord/v2/release\n", "",
                                         "\n",         "accord/v1/unheard-of\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        add(world, m_keep(slice(others[i])));
        expect_none(world);
    }
}

/* What a look passes over is no finding: else the two ways of reading a log would tell different things. */
static void test_looks_miss_nothing(void **state)
{
    struct world *world = *state;
    struct accord_rules *rules;
    struct accord_rules_glass *one = accord_rules_glass_new(), *other = accord_rules_glass_new();
    const struct accord_finding_sink sink = {&world->told, m_take};
    const char *stage = "m0.example/stage";
    const struct accord_bytes seeds[] = {charter,
                                         rosters[0],
                                         rosters[1],
                                         m_release("m0.example", "a", 1, "m0.example/release"),
                                         m_release("m1.example", "a", 1, "m1.example/release"),
                                         m_signed(ATTEST("build", "m0.example", "m0.example", ""), &stage, 1)};
    uint32_t random = 12345;
    world->options.rules.all_signatures = true;
    assert_int_equal(accord_rules_new(&rules, &world->options.rules, &error), ACCORD_OK);
    unsigned found = 0, passed = 0;
    for (unsigned i = 0; i < 4000; i++) {
        uint8_t bytes[8192], leaf[ACCORD_HASH_SIZE];
        struct accord_bytes entry = {bytes, seeds[i % 6].size};
        struct accord_checkpoint_claim none = {.size = 0};
        bool changed = false;
        memcpy(bytes, seeds[i % 6].data, entry.size);
        for (unsigned flips = i / 6 % 3; flips > 0; flips--) {
            random = random * 1664525 + 1013904223;
            bytes[(random >> 8) % entry.size] ^= (uint8_t)(1 << (random & 7));
        }
        accord_merkle_leaf(m_crypto, entry, leaf);
        bool worth = accord_rules_look(rules, one, leaf, entry);
        world->told.count = 0;
        assert_int_equal(accord_rules_judge(rules, other, &none, i, leaf, entry, &sink, &changed, &error), ACCORD_OK);
        if (!worth)
            assert_int_equal(world->told.count, 0);
        found += world->told.count > 0;
        passed += !worth;
    }
    assert_true(found > 1000 && passed > 300);
    accord_rules_glass_free(one);
    accord_rules_glass_free(other);
    accord_rules_free(rules);
}

/* Rosters */

static void test_rosters(void **state)
{
    struct world *world = *state;
    look(world);
    expect_none(world);
    expect_entry(world, m_release("m2.example", "a", 1, "m2.example/release"), ACCORD_FINDING_SIGNATURE,
                 ACCORD_SEVERITY_WARNING, "no such member");
    expect_entry(world, m_roster(2, charter, rosters[0], 3, 2, 1), ACCORD_FINDING_ROSTER_REFUSED,
                 ACCORD_SEVERITY_WARNING, "too few");
    expect_entry(world, rosters[1], ACCORD_FINDING_ROSTER, ACCORD_SEVERITY_NOTICE,
                 "number 2, 3 members, 1 added (m2.example)");
    add(world, m_release("m2.example", "a", 1, "m2.example/release"));
    expect_none(world);
    expect_entry(world, rosters[1], ACCORD_FINDING_ROSTER_REFUSED, ACCORD_SEVERITY_WARNING, "");
    close_monitor(world);
    add(world, m_release("m2.example", "b", 2, "m2.example/release"));
    expect_none(world);
    /* Roster 3 counts under a checkpoint by roster 2; from then on three witnesses must cosign. */
    expect_entry(world, rosters[2], ACCORD_FINDING_ROSTER, ACCORD_SEVERITY_NOTICE, "quorum 3 of 1");
    look(world);
    expect_one(world, ACCORD_FINDING_QUORUM, "too few witnesses");
    world->log->witnesses = 7;
    look(world);
    expect_none(world);
    close_monitor(world);
    look(world);
    expect_none(world);
    world->log->witnesses = 3;
    m_log_fill(world->log, 1, 0);
    look(world);
    expect_one(world, ACCORD_FINDING_QUORUM, "too few witnesses");
}

/* A roster after a roster needs the quorum of the one before, in one look too. */
static void test_rosters_at_once(void **state)
{
    struct world *world = *state;
    struct accord_bytes strict = m_roster(2, charter, rosters[0], 3, 3, 2);
    m_log_add(world->log, strict);
    m_log_add(world->log, m_roster(3, charter, strict, 2, 2, 2));
    m_log_add(world->log, m_release("m0.example", "a", 1, "m0.example/release"));
    look(world);
    assert_int_equal(world->told.count, 2);
    assert_int_equal(world->told.finding[0].code, ACCORD_FINDING_ROSTER);
    assert_int_equal(world->told.finding[1].code, ACCORD_FINDING_QUORUM);
    assert_int_equal(accord_monitor_next(world->monitor), 3);
    close_monitor(world);
    world->log->witnesses = 7;
    look(world);
    assert_int_equal(world->told.count, 2);
    assert_int_equal(world->told.finding[0].code, ACCORD_FINDING_ROSTER);
    assert_int_equal(world->told.finding[1].code, ACCORD_FINDING_RELEASE);
}

/* Witnesses change with a roster; when the log is looked at again, those of before are there no more. The roster's
 * enactment says that they were. */
static void test_enactments(void **state)
{
    struct world *world = *state;
    struct accord_bytes next = m_roster(2, charter, rosters[0], 3, 1, 2), last = m_roster(3, charter, next, 4, 1, 2);
    m_log_add(world->log, next);
    world->log->witnesses = 4;
    look(world);
    expect_one(world, ACCORD_FINDING_QUORUM, "too few witnesses");
    m_log_add(world->log, m_enactment(world->log, charter, 2, 2, 3, "x.example"));
    m_log_add(world->log, m_release("m2.example", "a", 1, "m2.example/release"));
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER, "number 2, 3 members, 1 added (m2.example)");
    assert_int_equal(accord_monitor_next(world->monitor), 5);
    /* Several at once, and after a start. */
    close_monitor(world);
    m_log_add(world->log, last);
    m_log_add(world->log, m_enactment(world->log, charter, 3, 5, 4, "x.example"));
    world->log->witnesses = 8;
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER, "number 3, 4 members, 1 added (m3.example)");
    look(world);
    expect_none(world);
}

/* Much was logged between the trust file's roster and the next one: a run reads all of it. */
static void test_enactment_far_away(void **state)
{
    struct world *world = *state;
    struct accord_bytes next = m_roster(2, charter, rosters[0], 3, 1, 2);
    m_log_fill(world->log, 40000, 0);
    m_log_add(world->log, next);
    m_log_add(world->log, m_enactment(world->log, charter, 2, world->log->count - 1, 3, "x.example"));
    world->log->witnesses = 4;
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER, "number 2, 3 members");
    assert_int_equal(accord_monitor_next(world->monitor), world->log->count);
}

/* The newest checkpoint has the quorum of the first roster and of the last one, not of that between. */
static void test_enactment_between(void **state)
{
    struct world *world = *state;
    struct accord_bytes strict = m_roster(2, charter, rosters[0], 3, 3, 2);
    m_log_add(world->log, strict);
    m_log_add(world->log, m_roster(3, charter, strict, 2, 2, 2));
    m_log_add(world->log, m_enactment(world->log, charter, 3, 3, 7, "x.example"));
    look(world);
    assert_int_equal(world->told.count, 2);
    assert_int_equal(world->told.finding[0].code, ACCORD_FINDING_ROSTER);
    assert_int_equal(world->told.finding[1].code, ACCORD_FINDING_ROSTER);
    assert_int_equal(accord_monitor_next(world->monitor), 5);
}

static void test_history(void **state)
{
    struct world *world = *state;
    free(world->trust);
    world->trust = m_trust_new(charter, rosters[1], 3);
    world->options.rules.verifier = &world->trust->verifier;
    m_log_add(world->log, m_release("m2.example", "a", 1, "m2.example/release"));
    m_log_add(world->log, rosters[1]);
    m_log_add(world->log, m_release("m2.example", "a", 1, "m2.example/release"));
    look(world);
    expect_one(world, ACCORD_FINDING_SIGNATURE, "no such member"); /* before it was one */
    assert_int_equal(world->told.finding[0].index, 2);
}

static void test_roster_conflict(void **state)
{
    struct world *world = *state;
    free(world->trust);
    world->trust = m_trust_new(charter, rosters[1], 3);
    world->options.rules.verifier = &world->trust->verifier;
    m_log_add(world->log, m_roster(2, charter, rosters[0], 4, 2, 2));
    m_log_add(world->log, rosters[1]);
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_CONFLICT, "number 2 was signed twice");
    assert_int_equal(world->told.finding[0].index, 2);
}

/* After it, too, also where the monitor was started again and has forgotten what came before. */
static void test_roster_conflict_after(void **state)
{
    struct world *world = *state;
    free(world->trust);
    world->trust = m_trust_new(charter, rosters[1], 2);
    world->options.rules.verifier = &world->trust->verifier;
    m_log_add(world->log, rosters[1]);
    m_log_add(world->log, m_roster(2, charter, rosters[0], 4, 2, 2));
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_CONFLICT, "number 2 was signed twice");
    assert_int_equal(world->told.finding[0].index, 3);
    assert_int_equal(world->told.finding[0].severity, ACCORD_SEVERITY_ALERT);
    close_monitor(world);
    m_log_add(world->log, m_roster(2, charter, rosters[0], 2, 1, 2));
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_CONFLICT, "number 2 was signed twice");
    m_log_add(world->log, m_roster(2, charter, rosters[0], 2, 1, 1)); /* too few members signed: it is nothing */
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_REFUSED, "");
    m_log_add(world->log, rosters[1]);
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_REFUSED, ""); /* the same one again */
    add(world, rosters[2]);
    expect_one(world, ACCORD_FINDING_ROSTER, "number 3"); /* the chain goes on from the trust file's */
}

/* In its place: the log does not have the trust file's roster at all, and must not hide behind that. */
static void test_roster_conflict_instead(void **state)
{
    struct world *world = *state;
    free(world->trust);
    world->trust = m_trust_new(charter, rosters[1], 2);
    world->options.rules.verifier = &world->trust->verifier;
    m_log_add(world->log, m_roster(2, charter, rosters[0], 4, 2, 2));
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_CONFLICT, "number 2 was signed twice");
    assert_int_equal(world->told.finding[0].index, 2);
    m_log_add(world->log, m_roster(2, charter, rosters[0], 4, 2, 1));
    look(world);
    expect_none(world);
}

/* The log's was in force here before a trust file came that has another one. */
static void test_roster_conflict_of_the_trust_file(void **state)
{
    struct world *world = *state;
    m_log_add(world->log, m_roster(2, charter, rosters[0], 4, 2, 2));
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER, "number 2");
    close_monitor(world);
    free(world->trust);
    world->trust = m_trust_new(charter, rosters[1], 2);
    world->options.rules.verifier = &world->trust->verifier;
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_CONFLICT, "number 2 was signed twice; the other one");
    look(world);
    expect_none(world); /* once for as long as it lasts */
    close_monitor(world);
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER_CONFLICT, "number 2 was signed twice");
}

/* A log that shows something else in the place of the trust file's roster, for once, hides no roster that comes after.
 */
static void test_roster_hidden(void **state)
{
    struct world *world = *state;
    m_log_fill(world->log, 600, 0);
    look(world);
    expect_none(world);
    close_monitor(world);
    world->log->lies_at = 1;
    world->log->lies_well = true;
    add(world, rosters[1]);
    expect_one(world, ACCORD_FINDING_CORRUPT, "");
    world->log->lies_at = UINT64_MAX;
    look(world);
    expect_one(world, ACCORD_FINDING_ROSTER, "number 2");
}

/* In a log of a vendor's own the accord's charter and rosters are what anybody may have logged. */
static void test_other_log(void **state)
{
    struct world *world = *state;
    world->log->count = 0;
    m_log_fill(world->log, 2, 1);
    m_log_add(world->log, charter);
    m_log_add(world->log, rosters[0]);
    m_log_add(world->log, rosters[1]);
    m_log_add(world->log, m_release("m2.example", "a", 1, "m2.example/release"));
    look(world);
    expect_one(world, ACCORD_FINDING_SIGNATURE, "no such member");
}

/* Contradictions */

static void expect_convicted(const struct world *world, const char *name, enum accord_key_type type, bool convicted)
{
    static struct accord_evidence_claim claim;
    struct accord_buffer bytes;
    uint8_t text[256];
    struct accord_vkey vkey;
    struct accord_out out = {text, sizeof text, 0, false};
    accord_buffer_init(&bytes, ACCORD_EVIDENCE_SIZE_MAX);
    assert_int_equal(accord_file_read(&accord_fs_real, world->told.finding[0].evidence, &bytes, &error), ACCORD_OK);
    assert_int_equal(accord_evidence_parse(&claim, accord_buffer_bytes(&bytes), &error), ACCORD_OK);
    assert_int_equal(accord_evidence_verify(&claim, m_crypto, &error), ACCORD_OK);
    put_vkey(&out, name, type);
    assert_int_equal(accord_vkey_parse(&vkey, accord_out_bytes(&out), m_crypto, &error), ACCORD_OK);
    assert_int_equal(accord_evidence_convicts(&claim, &vkey, m_crypto), convicted);
    accord_buffer_free(&bytes);
}

static void expect_evidence(const struct world *world)
{
    expect_convicted(world, M_ORIGIN, ACCORD_KEY_ED25519, true);
}

/* Another log of the same key, which begins like this one. */
static struct m_log *fork_log(const struct world *world, size_t same, size_t size)
{
    struct m_log *fork = m_log_new();
    for (size_t i = 0; i < same; i++)
        m_log_add(fork, world->log->entries[i]);
    m_log_fill(fork, size - same, 99);
    return fork;
}

static void show(struct world *world, struct m_log *log)
{
    struct m_log *own = world->log;
    world->log = log;
    look(world);
    world->log = own;
}

static void test_forks(void **state)
{
    struct world *world = *state;
    m_log_fill(world->log, 700, 0);
    look(world);
    static const size_t sizes[] = {702, 703, 1300};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct m_log *fork = fork_log(world, 500, sizes[i]);
        show(world, fork);
        expect_one(world, ACCORD_FINDING_INCONSISTENT, "it showed one of 702 before");
        expect_evidence(world);
        show(world, fork);
        expect_none(world); /* it was told already */
        assert_int_equal(accord_monitor_next(world->monitor), 702);
        close_monitor(world);
        show(world, fork);
        expect_one(world, ACCORD_FINDING_INCONSISTENT, "702");
        free(fork);
    }
    look(world);
    expect_none(world);
    /* A fork without the quorum is one all the same. */
    struct m_log *fork = fork_log(world, 500, 800);
    fork->witnesses = 0;
    show(world, fork);
    expect_one(world, ACCORD_FINDING_INCONSISTENT, "800");
    expect_evidence(world);
    expect_convicted(world, "m1.example/witness", ACCORD_KEY_COSIGNATURE_ED25519, false);
    /* Who cosigns it afterwards is convicted too, and not again by each look. */
    fork->witnesses = 2;
    for (unsigned i = 0; i < 2; i++) {
        show(world, fork);
        if (i > 0)
            expect_none(world);
        else
            expect_one(world, ACCORD_FINDING_INCONSISTENT, "800");
        if (i == 0)
            expect_convicted(world, "m1.example/witness", ACCORD_KEY_COSIGNATURE_ED25519, true);
        fork->time++;
    }
    free(fork);
}

static void test_fork_that_cannot_be_kept(void **state)
{
    struct world *world = *state;
    char nowhere[128];
    m_log_fill(world->log, 700, 0);
    look(world);
    snprintf(nowhere, sizeof nowhere, "%s/below", world->state);
    world->options.evidence = nowhere;
    close_monitor(world);
    struct m_log *fork = fork_log(world, 500, 600);
    show(world, fork);
    expect_one(world, ACCORD_FINDING_ROLLBACK, "below"); /* whose tiles lead nowhere */
    free(fork);
    fork = fork_log(world, 500, 800);
    show(world, fork);
    expect_one(world, ACCORD_FINDING_INCONSISTENT, "below");
    assert_null(strstr(world->told.finding[0].sentence, "its tiles do not lead"));
    free(fork);
}

static void test_rollback(void **state)
{
    struct world *world = *state;
    m_log_fill(world->log, 700, 0);
    look(world);
    world->log->published = 600; /* its tiles show that nothing was changed */
    look(world);
    expect_one(world, ACCORD_FINDING_ROLLBACK, "600");
    assert_string_equal(world->told.finding[0].evidence, "");
    struct m_log *shorter = fork_log(world, 600, 600); /* its tiles are gone */
    show(world, shorter);
    expect_one(world, ACCORD_FINDING_ROLLBACK, "600");
    assert_non_null(strstr(world->told.finding[0].evidence, ".checkpoints"));
    free(shorter);
    world->log->published = world->log->count;
    look(world);
    expect_none(world);
    assert_int_equal(accord_monitor_next(world->monitor), 702);
}

static void test_checkpoints(void **state)
{
    struct world *world = *state;
    look(world);
    world->log->signer = "other.example";
    look(world);
    expect_one(world, ACCORD_FINDING_CHECKPOINT, "no key that is known here signed");
    world->log->origin = "other.example";
    look(world);
    expect_none(world); /* it was told already */
    close_monitor(world);
    look(world);
    expect_one(world, ACCORD_FINDING_CHECKPOINT, "found other.example");
    world->log->origin = world->log->signer = M_ORIGIN;
    world->log->witnesses = 1;
    m_log_fill(world->log, 5, 0);
    look(world);
    expect_one(world, ACCORD_FINDING_QUORUM, "too few witnesses");
    assert_int_equal(accord_monitor_next(world->monitor), 2);
    world->log->witnesses = 3;
    look(world);
    expect_none(world);
    assert_int_equal(accord_monitor_next(world->monitor), 7);
}

static void test_corrupt(void **state)
{
    struct world *world = *state;
    m_log_add(world->log, m_release("m0.example", "a", 1, "m0.example/release"));
    m_log_fill(world->log, 20000, 0);
    world->log->lies_at = 300;
    look(world);
    assert_int_equal(world->told.count, 2);
    assert_int_equal(world->told.finding[0].code, ACCORD_FINDING_RELEASE);
    assert_int_equal(world->told.finding[1].code, ACCORD_FINDING_CORRUPT);
    assert_int_equal(accord_monitor_next(world->monitor), 256);
    close_monitor(world);
    world->log->lies_at = UINT64_MAX;
    world->log->absent = "tile/entries/005";
    assert_int_equal(look_with(world, NULL, 0), ACCORD_NOT_FOUND);
    expect_none(world);
    assert_int_equal(accord_monitor_next(world->monitor), 5 * 256);
    world->log->absent = NULL;
    look(world);
    expect_none(world);
    assert_int_equal(accord_monitor_next(world->monitor), 20003);
}

/* Bundles that are too large to keep are read again, and what they hold is told all the same. */
static void test_large_entries(void **state)
{
    struct world *world = *state;
    uint8_t *bytes = malloc(60000);
    memset(bytes, 'x', 60000);
    for (unsigned i = 0; i < 300; i++) {
        if (i % 50 == 7)
            m_log_add(world->log, m_release("m0.example", "a", i, "m0.example/release"));
        m_log_add(world->log, (struct accord_bytes){bytes, 60000 - i});
    }
    look(world);
    assert_int_equal(world->told.count, 6);
    free(bytes);
}

static size_t heap_most;

static enum accord_status take_and_weigh(void *context, const struct accord_finding *finding,
                                         struct accord_error *failed)
{
    struct mallinfo2 heap = mallinfo2();
    size_t size = heap.uordblks + heap.hblkhd;
    heap_most = size > heap_most ? size : heap_most;
    return m_take(context, finding, failed);
}

/* Nor are they kept then: a row of them is much. */
static void test_large_bundles(void **state)
{
    struct world *world = *state;
    uint8_t *bytes = calloc(1, 20000);
    for (unsigned i = 0; i < 64; i++) {
        m_log_add(world->log, m_release("m0.example", "a", i, "m0.example/release"));
        for (unsigned j = 0; j < 255; j++)
            m_log_add(world->log, (struct accord_bytes){bytes, 20000});
    }
    world->options.sink.take = take_and_weigh;
    struct mallinfo2 before = mallinfo2();
    look(world);
    assert_int_equal(world->told.count, 64);
    assert_true(heap_most < before.uordblks + before.hblkhd + 64 * 1048576);
    free(bytes);
}

/* However many threads and entries: the same is told, in the same order. */
static void test_threads(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < 150; i++) {
        m_log_fill(world->log, 1 + i * 37 % 500, i);
        m_log_add(world->log, i == 70 ? rosters[1] : m_release("m2.example", "a", i, "m2.example/release"));
    }
    assert_true(world->log->count > 2 * 16384);
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        world->options.threads = threads;
        close_monitor(world);
        unlink(world->state);
        look(world);
        assert_int_equal(world->told.count, 71); /* 70 before m2 is a member, and the roster */
        for (size_t i = 1; i < world->told.count; i++)
            assert_true(world->told.finding[i - 1].index < world->told.finding[i].index);
        assert_int_equal(world->told.finding[70].code, ACCORD_FINDING_ROSTER);
        assert_int_equal(accord_monitor_next(world->monitor), world->log->count);
    }
}

/* Witnesses */

static void view(struct world *world, struct accord_bytes note)
{
    const struct accord_monitor_view seen = {.name = slice("https://w.example"), .note = note};
    enum accord_status status = look_with(world, &seen, 1);
    assert_int_equal(status, ACCORD_OK);
}

static void test_views(void **state)
{
    struct world *world = *state;
    m_log_fill(world->log, 700, 0);
    static const size_t same[] = {0, 1, 256, 700, 702};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        view(world, m_checkpoint(world->log, same[i], 1));
        expect_none(world);
    }
    world->log->published = 600; /* the witness is ahead, and the log's tiles say how */
    close_monitor(world);
    unlink(world->state);
    view(world, m_checkpoint(world->log, 700, 1));
    expect_none(world);
    world->log->published = 702;
    static const size_t sizes[] = {600, 702, 800};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct m_log *fork = fork_log(world, 500, sizes[i]);
        view(world, m_checkpoint(fork, sizes[i], 1));
        expect_one(world, sizes[i] <= 702 ? ACCORD_FINDING_SPLIT_VIEW : ACCORD_FINDING_WITNESS_AHEAD,
                   "https://w.example");
        if (sizes[i] <= 702)
            expect_evidence(world);
        else
            assert_non_null(strstr(world->told.finding[0].evidence, ".checkpoints"));
        fork->signer = "other.example";
        view(world, m_checkpoint(fork, sizes[i], 1));
        expect_one(world, ACCORD_FINDING_WITNESS_VIEW, "the log has not signed");
        free(fork);
    }
    struct m_log *unkept = fork_log(world, 500, 702);
    char nowhere[128];
    snprintf(nowhere, sizeof nowhere, "%s/below", world->state);
    world->options.evidence = nowhere; /* where none can be kept it is told all the same, and entries are judged */
    close_monitor(world);
    m_log_add(world->log, m_release("m0.example", "a", 1, "m0.example/release"));
    view(world, m_checkpoint(unkept, 702, 1));
    assert_int_equal(world->told.count, 2);
    assert_int_equal(world->told.finding[0].code, ACCORD_FINDING_SPLIT_VIEW);
    assert_non_null(strstr(world->told.finding[0].sentence, "below"));
    assert_string_equal(world->told.finding[0].evidence, "");
    assert_int_equal(world->told.finding[1].code, ACCORD_FINDING_RELEASE);
    world->options.evidence = world->evidence;
    close_monitor(world);
    free(unkept);
    look(world); /* what a witness shows is told again once it was well in between */
    view(world, slice("no checkpoint"));
    expect_one(world, ACCORD_FINDING_WITNESS_VIEW, "no checkpoint");
    look(world);
    struct accord_monitor_view absent = {.name = slice("w"), .error = {.status = ACCORD_NOT_FOUND}};
    assert_int_equal(look_with(world, &absent, 1), ACCORD_OK);
    expect_one(world, ACCORD_FINDING_WITNESS_VIEW, "no checkpoint of this log");
    absent.error.status = ACCORD_NETWORK;
    assert_int_equal(look_with(world, &absent, 1), ACCORD_OK);
    expect_none(world);
}

static void test_view_by_a_key(void **state)
{
    struct world *world = *state;
    uint8_t text[256];
    struct accord_vkey vkey;
    struct accord_out out = {text, sizeof text, 0, false};
    put_vkey(&out, "m0.example/witness", ACCORD_KEY_COSIGNATURE_ED25519);
    assert_int_equal(accord_vkey_parse(&vkey, accord_out_bytes(&out), m_crypto, &error), ACCORD_OK);
    struct accord_monitor_view seen = {.name = slice("w"), .vkey = &vkey, .note = m_checkpoint(world->log, 2, 1)};
    assert_int_equal(look_with(world, &seen, 1), ACCORD_OK);
    expect_none(world);
    seen.note = m_checkpoint(world->log, 2, 2);
    assert_int_equal(look_with(world, &seen, 1), ACCORD_OK);
    expect_one(world, ACCORD_FINDING_WITNESS_VIEW, "not cosigned");
}

static void test_silence(void **state)
{
    struct world *world = *state;
    struct accord_bytes roster = m_roster(1, charter, nothing, 3, 2, 2);
    free(world->trust);
    world->trust = m_trust_new(charter, roster, 1);
    world->options.rules.verifier = &world->trust->verifier;
    world->options.silent_s = 3600;
    world->log->count = 1;
    m_log_add(world->log, roster);
    world->log->witnesses = 7;
    look(world);
    expect_none(world);
    world->log->witnesses = 3;
    world->now = world->log->time = M_NOW + 3600;
    look(world);
    expect_none(world);
    world->now = world->log->time = M_NOW + 3601;
    look(world);
    expect_one(world, ACCORD_FINDING_WITNESS_SILENT, "m2.example/witness, not since 2023-11-14 22:13:20 UTC");
    assert_string_equal(world->told.finding[0].subject, "m2.example/witness");
    look(world);
    expect_none(world);
    close_monitor(world);
    look(world);
    expect_one(world, ACCORD_FINDING_WITNESS_SILENT, "m2.example");
    /* What it shows itself is heard too. */
    struct accord_monitor_view seen = {.name = slice("w"), .note = m_checkpoint(world->log, 2, 4)};
    assert_int_equal(look_with(world, &seen, 1), ACCORD_OK);
    expect_none(world);
    close_monitor(world);
    look(world);
    expect_none(world);
    /* The others' time is what counts, not this machine's. */
    world->now += 1000000;
    look(world);
    expect_none(world);
    world->options.stale_s = 999999;
    close_monitor(world);
    look(world);
    expect_one(world, ACCORD_FINDING_STALE, "2023-11-14 23:13:21 UTC");
}

/* Memory */

static void test_told_again(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < 3; i++)
        m_log_add(world->log, m_release("m0.example", "a", i, "m0.example/release"));
    m_log_add(world->log, rosters[1]);
    m_log_add(world->log, m_release("m0.example", "b", 9, "m0.example/release"));
    for (size_t fail = 0; fail < 5; fail++) {
        unlink(world->state);
        world->told.calls = 0;
        world->told.fail_at = fail;
        assert_int_equal(look_with(world, NULL, 0), ACCORD_IO);
        size_t first = world->told.count;
        assert_int_equal(first, fail);
        close_monitor(world);
        world->told.fail_at = SIZE_MAX;
        look(world);
        assert_int_equal(world->told.count, 5);
        close_monitor(world);
        look(world);
        expect_none(world);
        close_monitor(world);
    }
}

static void test_two_at_once(void **state)
{
    struct world *world = *state;
    struct accord_monitor *second;
    look(world);
    assert_int_equal(accord_monitor_open(&second, &world->options, &error), ACCORD_LOCKED);
    assert_null(second);
}

static void test_state(void **state)
{
    struct world *world = *state;
    static struct accord_monitor_state read, again;
    static uint8_t printed[ACCORD_MONITOR_STATE_SIZE_MAX];
    struct accord_buffer text;
    m_log_fill(world->log, 5, 0);
    look(world);
    accord_buffer_init(&text, ACCORD_MONITOR_STATE_SIZE_MAX);
    assert_int_equal(accord_file_read(&accord_fs_real, world->state, &text, &error), ACCORD_OK);
    struct accord_bytes bytes = accord_buffer_bytes(&text);
    assert_int_equal(accord_monitor_state_parse(&read, bytes, &error), ACCORD_OK);
    assert_int_equal(read.next, 7);
    assert_int_equal(read.witness_count, 2);
    assert_true(read.has_roster);
    assert_int_equal(read.roster_index, 1);
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_monitor_state_print(&out, &read);
    assert_true(accord_bytes_equal(accord_out_bytes(&out), bytes));
    for (size_t size = 0; size < bytes.size; size++)
        assert_int_equal(accord_monitor_state_parse(&again, (struct accord_bytes){bytes.data, size}, &error),
                         ACCORD_STATE);
    close_monitor(world);
    assert_int_equal(accord_file_replace(&accord_fs_real, world->state,
                                         (struct accord_bytes){bytes.data, bytes.size - 1}, 0600, &error),
                     ACCORD_OK);
    assert_int_equal(accord_monitor_open(&world->monitor, &world->options, &error), ACCORD_STATE);
    /* A state with another charter's roster. */
    free(world->trust);
    world->trust = m_trust_new(rosters[0], m_roster(1, rosters[0], nothing, 2, 2, 2), 1);
    world->options.rules.verifier = &world->trust->verifier;
    assert_int_equal(accord_file_replace(&accord_fs_real, world->state, bytes, 0600, &error), ACCORD_OK);
    assert_int_equal(accord_monitor_open(&world->monitor, &world->options, &error), ACCORD_STATE);
    accord_buffer_free(&text);
}

static void test_expected_lists(void **state)
{
    (void)state;
    struct accord_expected expected = {0};
    uint8_t digest[ACCORD_HASH_SIZE] = {0};
    assert_false(accord_expected_has(&expected, digest));
    assert_int_equal(
        accord_expected_read(&expected,
                             slice("# mine\n\n"
                                   "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a\n"
                                   "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"),
                             &error),
        ACCORD_OK);
    assert_int_equal(expected.count, 2);
    accord_hash(m_crypto, slice("a"), digest);
    assert_true(accord_expected_has(&expected, digest));
    accord_hash(m_crypto, slice("b"), digest);
    assert_true(accord_expected_has(&expected, digest));
    accord_hash(m_crypto, slice("c"), digest);
    assert_false(accord_expected_has(&expected, digest));
    static const char *const bad[] = {"sha256:12\n",
                                      "CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB\n", " x\n",
                                      "sha512:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(accord_expected_read(&expected, slice(bad[i]), &error), ACCORD_BAD_HEX);
        assert_int_equal(error.line, 1);
    }
    for (unsigned i = 0; i < 10000; i++) {
        memcpy(digest, &i, sizeof i);
        memset(digest + sizeof i, 0, sizeof digest - sizeof i);
        assert_int_equal(accord_expected_add(&expected, digest), ACCORD_OK);
        assert_int_equal(accord_expected_add(&expected, digest), ACCORD_OK);
    }
    assert_int_equal(expected.count, 10002);
    for (unsigned i = 0; i < 20000; i++) {
        memcpy(digest, &i, sizeof i);
        assert_true(accord_expected_has(&expected, digest) == (i < 10000));
    }
    accord_expected_free(&expected);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_new, world_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_releases),
        IN_WORLD(test_expected_releases),
        IN_WORLD(test_which_signatures),
        IN_WORLD(test_other_statements),
        IN_WORLD(test_overdue_demands),
        IN_WORLD(test_overdue_current),
        IN_WORLD(test_malformed),
        IN_WORLD(test_looks_miss_nothing),
        IN_WORLD(test_rosters),
        IN_WORLD(test_rosters_at_once),
        IN_WORLD(test_enactments),
        IN_WORLD(test_enactment_far_away),
        IN_WORLD(test_enactment_between),
        IN_WORLD(test_history),
        IN_WORLD(test_roster_conflict),
        IN_WORLD(test_roster_conflict_after),
        IN_WORLD(test_roster_conflict_instead),
        IN_WORLD(test_roster_conflict_of_the_trust_file),
        IN_WORLD(test_roster_hidden),
        IN_WORLD(test_other_log),
        IN_WORLD(test_forks),
        IN_WORLD(test_fork_that_cannot_be_kept),
        IN_WORLD(test_rollback),
        IN_WORLD(test_checkpoints),
        IN_WORLD(test_corrupt),
        IN_WORLD(test_large_entries),
        IN_WORLD(test_large_bundles),
        IN_WORLD(test_threads),
        IN_WORLD(test_views),
        IN_WORLD(test_view_by_a_key),
        IN_WORLD(test_silence),
        IN_WORLD(test_told_again),
        IN_WORLD(test_two_at_once),
        IN_WORLD(test_state),
        cmocka_unit_test(test_expected_lists),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
