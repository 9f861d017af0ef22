/* Rosters: what is read, what a quorum asks of them, how one follows from another, and the policy that they render. */
#include "slices.h"

#include "accord/roster.h"
#include "rosters.h"

#include <time.h>

static uint8_t memory[ACCORD_ENTRY_SIZE_MAX + 1], rendered[1 << 16];
static struct accord_roster_claim roster;
static struct accord_error error;

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    return 0;
}

static struct accord_bytes sign(struct accord_out *out)
{
    const char *keys[] = {"m0.example/release"};
    put_signatures(out, keys, 1);
    assert_false(out->full);
    return accord_out_bytes(out);
}

static enum accord_status parse(struct accord_bytes entry)
{
    enum accord_status status = accord_roster_parse(&roster, entry, &accord_crypto_default, &error);
    assert_int_equal(accord_roster_parse(&roster, entry, &accord_crypto_default, NULL), status);
    return status;
}

/* Members of these jurisdictions, one a letter pair; lowercase has no witness. */
static struct accord_bytes roster_of(const char *const *jurisdictions, unsigned count, unsigned j, unsigned k)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_roster_head(&out, 1, j, k);
    for (unsigned i = 0; i < count; i++) {
        bool witness = jurisdictions[i][0] != '-';
        put_member(&out, i, jurisdictions[i] + !witness, witness, true);
    }
    return sign(&out);
}

static void reads_its_lines(void **state)
{
    (void)state;
    const char *const jurisdictions[] = {"CH", "GB", "-GB"};
    assert_int_equal(parse(roster_of(jurisdictions, 3, 2, 1)), ACCORD_OK);
    assert_int_equal(roster.number, 1);
    assert_int_equal(roster.admit, 1);
    assert_int_equal(roster.quorum_jurisdictions, 2);
    assert_int_equal(roster.quorum_witnesses, 1);
    assert_int_equal(roster.log_count, 1);
    assert_slice(roster.logs[0].vkey.name, "log.example");
    assert_int_equal(roster.logs[0].url.size, 0);
    assert_int_equal(roster.member_count, 3);
    assert_int_equal(roster.key_count, 4 + 4 + 3);
    assert_slice(roster.members[1].domain, "m1.example");
    assert_slice(roster.members[1].jurisdiction, "GB");
    assert_slice(roster.members[1].title, "Member 1");
    assert_int_equal(roster.members[1].first_key, 4);
    assert_int_equal(roster.members[1].key_count, 4);
    assert_int_equal(roster.members[1].release_threshold, 1);
    assert_int_equal(roster.keys[7].role, ACCORD_ROLE_WITNESS);
    assert_int_equal(roster.keys[7].member, 1);
    assert_slice(roster.keys[7].vkey.name, "m1.example/witness");
    assert_slice(roster.keys[7].url, "https://witness.example/");
    assert_int_equal(roster.keys[6].role, ACCORD_ROLE_REPORT);
    assert_int_equal(roster.keys[6].text.size, 62);
    assert_int_equal(accord_roster_member(&roster, slice("m2.example")), 2);
    assert_int_equal(accord_roster_member(&roster, slice("m3.example")), SIZE_MAX);
    assert_int_equal(accord_roster_member(&roster, slice("m2.example.")), SIZE_MAX);
}

static void quorum_must_be_satisfiable(void **state)
{
    (void)state;
    static const struct {
        const char *jurisdictions[5];
        unsigned j, k;
        enum accord_status status;
        const char *found;
    } cases[] = {
        {{"CH", "CH", "GB", "GB", "US"}, 2, 2, ACCORD_OK, ""},
        {{"CH", "CH", "GB", "GB", "US"}, 3, 1, ACCORD_OK, ""},
        {{"CH", "CH", "GB", "GB", "US"}, 3, 2, ACCORD_MALFORMED, "2"},
        {{"CH", "-CH", "GB", "GB", "US"}, 2, 2, ACCORD_MALFORMED, "1"},
        {{"-CH", "-CH", "-GB", "-GB", "-US"}, 1, 1, ACCORD_MALFORMED, "0"},
        {{"US", "CH", "US", "CH", "US"}, 1, 3, ACCORD_OK, ""},
        {{"US", "CH", "US", "CH", "US"}, 1, 4, ACCORD_MALFORMED, "0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(roster_of(cases[i].jurisdictions, 5, cases[i].j, cases[i].k)), cases[i].status);
        if (cases[i].status != ACCORD_OK)
            assert_string_equal(error.found, cases[i].found);
    }
}

/* A policy has 64 groups, one of them for the quorum. */
static void holds_at_most_63_jurisdictions(void **state)
{
    (void)state;
    char codes[64][3];
    const char *jurisdictions[64];
    for (int i = 0; i < 64; i++) {
        snprintf(codes[i], sizeof codes[i], "%c%c", 'A' + i / 26, 'A' + i % 26);
        jurisdictions[i] = codes[i];
    }
    assert_int_equal(parse(roster_of(jurisdictions, 63, 63, 1)), ACCORD_OK);
    static struct accord_policy policy;
    struct accord_out out = {rendered, sizeof rendered, 0, false};
    accord_roster_policy(&out, &roster);
    assert_false(out.full);
    assert_int_equal(accord_policy_parse(&policy, accord_out_bytes(&out), &accord_crypto_default, &error), ACCORD_OK);
    assert_int_equal(policy.group_count, 64);
    assert_int_equal(parse(roster_of(jurisdictions, 64, 63, 1)), ACCORD_TOO_LARGE);
    assert_string_equal(error.found, "64");
}

static void holds_at_most_128_members(void **state)
{
    (void)state;
    for (unsigned count = ACCORD_MEMBERS_MAX; count <= ACCORD_MEMBERS_MAX + 1; count++) {
        struct accord_out out = {memory, sizeof memory, 0, false};
        put_roster_head(&out, ACCORD_MEMBERS_MAX, 1, 1);
        for (unsigned i = 0; i < count; i++)
            put_member(&out, i, "CH", true, false);
        assert_int_equal(parse(sign(&out)), count > ACCORD_MEMBERS_MAX ? ACCORD_TOO_LARGE : ACCORD_OK);
    }
}

static void holds_at_most_16_logs(void **state)
{
    (void)state;
    for (unsigned count = ACCORD_ROSTER_LOGS_MAX; count <= ACCORD_ROSTER_LOGS_MAX + 1; count++) {
        struct accord_out out = {memory, sizeof memory, 0, false};
        put_roster_head(&out, 1, 1, 1);
        for (unsigned i = 1; i < count; i++) {
            char name[32];
            snprintf(name, sizeof name, "log%u.example", i);
            put_text(&out, "log ");
            put_vkey(&out, name, ACCORD_KEY_ED25519);
            put_text(&out, " https://log.example/\n");
        }
        put_member(&out, 0, "CH", true, false);
        assert_int_equal(parse(sign(&out)), count > ACCORD_ROSTER_LOGS_MAX ? ACCORD_TOO_LARGE : ACCORD_OK);
    }
}

static void renders_its_policy(void **state)
{
    (void)state;
    const char *const jurisdictions[] = {"US", "CH", "US", "-CH", "GB", "CH"};
    assert_int_equal(parse(roster_of(jurisdictions, 6, 2, 2)), ACCORD_OK);
    struct accord_out out = {rendered, sizeof rendered - 1, 0, false};
    accord_roster_policy(&out, &roster);
    assert_false(out.full);
    rendered[out.size] = 0;
    const char *text = (const char *)rendered;
    assert_memory_equal(text, "# roster 1, charter sha256:0000", 31);
    assert_non_null(strstr(text, "\nlog log.example+"));
    assert_non_null(strstr(text, "\nwitness m4.example m4.example/witness+"));
    assert_null(strstr(text, "\nwitness m3.example"));
    assert_null(strstr(text, "jurisdiction-GB"));
    const char *end = "\ngroup jurisdiction-US 2 m0.example m2.example"
                      "\ngroup jurisdiction-CH 2 m1.example m5.example"
                      "\ngroup accord-quorum 2 jurisdiction-US jurisdiction-CH"
                      "\nquorum accord-quorum\n";
    assert_true(out.size > strlen(end));
    assert_string_equal(text + out.size - strlen(end), end);
    for (size_t capacity = 0; capacity < out.size; capacity += 97) {
        struct accord_out small = {rendered, capacity, 0, false};
        accord_roster_policy(&small, &roster);
        assert_true(small.full && small.size <= capacity);
    }
}

static void refusals_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        enum accord_status status;
        const char *what, *found;
    } cases[] = {
        {"key log x\n", ACCORD_MALFORMED, "key", "log x"},
        {"key release\n", ACCORD_MALFORMED, "key", "release"},
        {"key report age1x\n", ACCORD_BAD_KEY, "key", "age1x"},
        {"key report  age1\n", ACCORD_BAD_KEY, "key", " age1"},
        {"release-threshold 2\n", ACCORD_MALFORMED, "release-threshold", "2"},
        {"release-threshold 1\nrelease-threshold 1\n", ACCORD_MALFORMED, "release-threshold", "release-threshold"},
        {"number 1\n", ACCORD_DUPLICATE, "number", ""},
        {"previous sha256:00\n", ACCORD_MALFORMED, "previous", "previous"},
        {"colour red\n", ACCORD_UNKNOWN_FIELD, "colour", "colour"},
        {"member a.example CHE A\n", ACCORD_MALFORMED, "member", "CHE"},
        {"member m0.example CH A\n", ACCORD_DUPLICATE, "member", "m0.example"},
        {"member a.example CH A\n", ACCORD_MISSING_FIELD, "member", "a.example"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_out out = {memory, sizeof memory, 0, false};
        put_roster_head(&out, 1, 1, 1);
        put_member(&out, 0, "CH", true, false);
        put_text(&out, cases[i].lines);
        assert_int_equal(parse(sign(&out)), cases[i].status);
        assert_true(error.line == 10 || error.line == 11);
        assert_string_equal(error.what, cases[i].what);
        assert_string_equal(error.found, cases[i].found);
    }
}

/* Roster 2 of three members, signed by the release keys of those whose bit is set. */
static enum accord_status follows(unsigned admit, unsigned signers)
{
    static uint8_t first_memory[1 << 16], second_memory[1 << 16];
    static struct accord_roster_claim first, second;
    static const char *const keys[] = {"m0.example/release", "m1.example/release", "m2.example/release"};
    const char *chosen[4] = {"stranger.example/release"};
    size_t count = 1;
    struct accord_out out = {first_memory, sizeof first_memory, 0, false};
    put_roster_head(&out, admit, 1, 1);
    for (unsigned i = 0; i < 3; i++)
        put_member(&out, i, "CH", true, false);
    assert_int_equal(accord_roster_parse(&first, sign(&out), &accord_crypto_default, NULL), ACCORD_OK);

    uint8_t digest[ACCORD_HASH_SIZE];
    char text[128];
    accord_hash(&accord_crypto_default, first.statement.note.whole, digest);
    out = (struct accord_out){second_memory, sizeof second_memory, 0, false};
    snprintf(text, sizeof text, "accord/v1/roster\ncharter sha256:%064d\nnumber 2\nprevious ", 0);
    put_text(&out, text);
    accord_digest_print(&out, digest);
    put_text(&out, "\nadmit 1\nquorum 1 1\nlog ");
    put_vkey(&out, "log.example", ACCORD_KEY_ED25519);
    put_text(&out, "\n");
    put_member(&out, 7, "CH", true, false);
    for (unsigned i = 0; i < 3; i++)
        if (signers >> i & 1)
            chosen[count++] = keys[i];
    put_signatures(&out, chosen, count);
    assert_int_equal(accord_roster_parse(&second, accord_out_bytes(&out), &accord_crypto_default, NULL), ACCORD_OK);
    return accord_roster_verify_next(&first, &second, &accord_crypto_default, &error);
}

/* Every set of signers against every threshold: the members of the roster before count, not those of the next. */
static void next_needs_as_many_members_as_admit_says(void **state)
{
    (void)state;
    for (unsigned admit = 1; admit <= 3; admit++) {
        for (unsigned signers = 0; signers < 8; signers++) {
            unsigned count = (signers & 1) + (signers >> 1 & 1) + (signers >> 2);
            assert_int_equal(follows(admit, signers), count >= admit ? ACCORD_OK : ACCORD_THRESHOLD);
        }
    }
}

/* Parsing stands at the start of each `accord verify`; the bound is wide, for slow machines and sanitizers. */
static void parses_136_keys_quickly(void **state)
{
    (void)state;
    struct accord_out out = {memory, sizeof memory, 0, false};
    struct timespec start, end;
    put_roster_head(&out, 23, 3, 1);
    for (unsigned i = 0; i < 34; i++)
        put_member(&out, i, i % 3 == 0 ? "US" : i % 3 == 1 ? "GB" : "CH", true, true);
    struct accord_bytes entry = sign(&out);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < 100; i++)
        assert_int_equal(accord_roster_parse(&roster, entry, &accord_crypto_default, NULL), ACCORD_OK);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double us = ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / 1e3 / 100;
    print_message("# %zu keys, %zu bytes: %.1f us\n", roster.key_count, entry.size, us);
    assert_int_equal(roster.key_count, 136);
    assert_true(us < 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_its_lines),
        cmocka_unit_test(quorum_must_be_satisfiable),
        cmocka_unit_test(holds_at_most_63_jurisdictions),
        cmocka_unit_test(holds_at_most_128_members),
        cmocka_unit_test(holds_at_most_16_logs),
        cmocka_unit_test(renders_its_policy),
        cmocka_unit_test(refusals_say_where),
        cmocka_unit_test(next_needs_as_many_members_as_admit_says),
        cmocka_unit_test(parses_136_keys_quickly),
    };
    return cmocka_run_group_tests_name("roster", tests, setup, NULL);
}
