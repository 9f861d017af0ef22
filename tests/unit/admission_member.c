/* Applications, departures and enactments: who may log them, and how often. */
#include "serve/admission_member.h"

#include "monitored.h"

static struct accord_error error;
static struct accord_bytes charter, rosters[2];
static struct accord_chain *chain;
static struct accord_admission_bounds *bounds;

static void offer(struct accord_bytes entry, enum accord_link expected)
{
    enum accord_link link;
    assert_int_equal(accord_chain_offer(chain, 0, entry, &link, &error), ACCORD_OK);
    assert_int_equal(link, expected);
}

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    charter = m_charter();
    rosters[0] = m_roster(1, charter, charter, 2, 2, 2);
    rosters[1] = m_roster(2, charter, rosters[0], 3, 1, 2);
    bounds = calloc(1, sizeof *bounds);
    assert_non_null(bounds);
    assert_int_equal(accord_chain_new(&chain, m_crypto, NULL, &error), ACCORD_OK);
    offer(charter, ACCORD_LINK_CHARTER);
    offer(rosters[0], ACCORD_LINK_ROSTER);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    accord_chain_free(chain);
    free(bounds);
    return 0;
}

static enum accord_status judge(struct accord_bytes entry, uint64_t now_us)
{
    struct accord_statement_claim statement;
    bool known;
    assert_int_equal(accord_statement_parse(&statement, entry, &error), ACCORD_OK);
    enum accord_status status = accord_admission_member(bounds, chain, &statement, now_us, &known, &error);
    assert_true(known);
    return status;
}

/* An application of this charter's accord: a release key for the domain, signed by the keys that are named. */
static struct accord_bytes application(const char *domain, const char *key, const char *const *signers, size_t count,
                                       struct accord_bytes of)
{
    uint8_t memory[4096];
    char text[128];
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_text(&out, "accord/v1/apply\n");
    m_put_digest(&out, "charter ", of);
    snprintf(text, sizeof text, "member %s CH Somebody\nkey release ", domain);
    put_text(&out, text);
    put_vkey(&out, key, ACCORD_KEY_ED25519);
    put_text(&out, "\n");
    put_signatures(&out, signers, count);
    assert_false(out.full);
    return m_keep(accord_out_bytes(&out));
}

static struct accord_bytes stranger(unsigned number)
{
    char domain[64], key[80];
    snprintf(domain, sizeof domain, "stranger-%u.example", number);
    snprintf(key, sizeof key, "%s/release", domain);
    const char *signer = key;
    return application(domain, key, &signer, 1, charter);
}

static void anybody_may_apply_now_and_then(void **state)
{
    (void)state;
    const uint64_t interval = ACCORD_APPLICATION_INTERVAL_US, start = 5 * interval;
    for (unsigned i = 0; i < ACCORD_APPLICATIONS_MAX; i++)
        assert_int_equal(judge(stranger(i), start + i), ACCORD_OK);
    assert_int_equal(judge(stranger(100), start + interval - 1), ACCORD_NOT_A_MEMBER);
    assert_string_equal(error.what, "stranger-100.example");
    assert_int_equal(judge(stranger(100), start + interval), ACCORD_OK);
    assert_int_equal(judge(stranger(101), start + interval), ACCORD_NOT_A_MEMBER);
    assert_int_equal(judge(stranger(101), start + 2 * interval), ACCORD_OK);
    assert_int_equal(judge(stranger(102), start + 3 * interval - 1), ACCORD_NOT_A_MEMBER);
    /* Members that sign with what they have are not among those who must wait. */
    const char *own[] = {"m0.example/new", "m0.example/release"};
    assert_int_equal(judge(application("m0.example", own[0], own, 2, charter), start + 2 * interval), ACCORD_OK);
    assert_int_equal(judge(application("m0.example", own[0], own, 1, charter), start + 2 * interval),
                     ACCORD_NOT_A_MEMBER);
    /* After a long time as many as in the beginning, and no more. */
    for (unsigned i = 0; i < ACCORD_APPLICATIONS_MAX; i++)
        assert_int_equal(judge(stranger(i), start + 5000 * interval), ACCORD_OK);
    assert_int_equal(judge(stranger(0), start + 5000 * interval), ACCORD_NOT_A_MEMBER);
}

static void applications_are_signed_and_of_this_accord(void **state)
{
    (void)state;
    const uint64_t late = 10000 * ACCORD_APPLICATION_INTERVAL_US;
    const char *key = "a.example/release", *other = "b.example/release";
    assert_int_equal(judge(application("a.example", key, &key, 1, charter), late), ACCORD_OK);
    assert_int_equal(judge(application("a.example", key, &other, 1, charter), late), ACCORD_THRESHOLD);
    assert_int_equal(judge(application("a.example", key, &key, 1, rosters[0]), late), ACCORD_CHAIN);
}

static struct accord_bytes departure(const char *domain, const char *signer, struct accord_bytes of)
{
    uint8_t memory[4096];
    char text[128];
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_text(&out, "accord/v1/leave\n");
    m_put_digest(&out, "charter ", of);
    snprintf(text, sizeof text, "member %s\n", domain);
    put_text(&out, text);
    put_signatures(&out, &signer, 1);
    return m_keep(accord_out_bytes(&out));
}

static void only_members_leave(void **state)
{
    (void)state;
    assert_int_equal(judge(departure("m0.example", "m0.example/release", charter), 0), ACCORD_OK);
    assert_int_equal(judge(departure("m0.example", "m1.example/release", charter), 0), ACCORD_WRONG_SIGNER);
    assert_int_equal(judge(departure("m0.example", "m0.example/release", rosters[0]), 0), ACCORD_CHAIN);
    assert_int_equal(judge(departure("m7.example", "m7.example/release", charter), 0), ACCORD_NOT_A_MEMBER);
}

static void the_newest_roster_is_enacted_a_few_times(void **state)
{
    (void)state;
    struct m_log *log = m_log_new();
    m_log_add(log, charter);
    m_log_add(log, rosters[0]);
    m_log_add(log, rosters[1]);
    assert_int_equal(judge(m_enactment(log, charter, 2, 2, 3, "x.example"), 0), ACCORD_CHAIN);
    offer(rosters[1], ACCORD_LINK_ROSTER);
    assert_int_equal(judge(m_enactment(log, charter, 2, 2, 1, "x.example"), 0), ACCORD_QUORUM);
    assert_int_equal(judge(m_enactment(log, charter, 3, 2, 3, "x.example"), 0), ACCORD_CHAIN);
    assert_int_equal(judge(m_enactment(log, charter, 2, 1, 3, "x.example"), 0), ACCORD_CHAIN);
    for (unsigned i = 0; i < ACCORD_ENACTMENTS_MAX; i++) {
        char signer[32];
        snprintf(signer, sizeof signer, "x%u.example", i);
        assert_int_equal(judge(m_enactment(log, charter, 2, 2, 3, signer), 0), ACCORD_OK);
    }
    assert_int_equal(judge(m_enactment(log, charter, 2, 2, 3, "y.example"), 0), ACCORD_EXISTS);
    free(log);
}

static void other_kinds_are_for_others(void **state)
{
    (void)state;
    const char *key = "m0.example/release";
    struct accord_statement_claim statement;
    bool known = true;
    assert_int_equal(accord_statement_parse(&statement, m_signed("accord/v1/applies\na b\n", &key, 1), &error),
                     ACCORD_OK);
    assert_int_equal(accord_admission_member(bounds, chain, &statement, 0, &known, &error), ACCORD_OK);
    assert_false(known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anybody_may_apply_now_and_then),
        cmocka_unit_test(applications_are_signed_and_of_this_accord),
        cmocka_unit_test(only_members_leave),
        cmocka_unit_test(the_newest_roster_is_enacted_a_few_times),
        cmocka_unit_test(other_kinds_are_for_others),
    };
    return cmocka_run_group_tests_name("admission of members", tests, set_up, tear_down);
}
