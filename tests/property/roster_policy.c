/* Random rosters: those that can be satisfied parse, and the policy that they render asks for exactly what they say. */
#include "../unit/slices.h"

#include "../unit/rosters.h"
#include "accord/roster.h"

#define ROSTERS 60
#define SETS 200
#define MEMBERS 40

static uint8_t memory[ACCORD_ENTRY_SIZE_MAX + 1], rendered[1 << 16];
static struct accord_roster_claim roster;
static struct accord_policy policy;
static uint64_t seed;

static unsigned random_below(unsigned bound)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % bound;
}

/* What a roster is made from, and its rule told without groups. */
struct model {
    unsigned members, j, k;
    unsigned jurisdiction[MEMBERS];
    bool witness[MEMBERS];
};

static const char *const codes[] = {"CH", "GB", "US", "DE", "JP", "EE"};

static void make(struct model *model)
{
    unsigned jurisdictions = 1 + random_below(6);
    model->members = 1 + random_below(MEMBERS);
    model->j = 1 + random_below(jurisdictions);
    model->k = 1 + random_below(4);
    for (unsigned i = 0; i < model->members; i++) {
        model->jurisdiction[i] = random_below(jurisdictions);
        model->witness[i] = random_below(8) != 0;
    }
}

/* Do these members' witnesses make a quorum? */
static bool satisfied(const struct model *model, const bool cosigned[MEMBERS])
{
    unsigned count[6] = {0}, enough = 0;
    for (unsigned i = 0; i < model->members; i++)
        count[model->jurisdiction[i]] += cosigned[i] && model->witness[i];
    for (unsigned i = 0; i < 6; i++)
        enough += count[i] >= model->k;
    return enough >= model->j;
}

static struct accord_bytes print(const struct model *model)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_roster_head(&out, 1, model->j, model->k);
    for (unsigned i = 0; i < model->members; i++)
        put_member(&out, i, codes[model->jurisdiction[i]], model->witness[i], i % 5 == 0);
    const char *keys[] = {"m0.example/release"};
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    return accord_out_bytes(&out);
}

static void render(const struct model *model)
{
    struct accord_error error;
    struct accord_out out = {rendered, sizeof rendered, 0, false};
    unsigned witnesses = 0;
    accord_roster_policy(&out, &roster);
    assert_false(out.full);
    assert_int_equal(accord_policy_parse(&policy, accord_out_bytes(&out), &accord_crypto_default, &error), ACCORD_OK);
    assert_int_equal(policy.log_count, 1);
    for (unsigned i = 0; i < model->members; i++)
        witnesses += model->witness[i];
    assert_int_equal(policy.witness_count, witnesses);
}

/* Every set of members gets the same answer from the policy as from the rule. */
static void compare(const struct model *model, unsigned density)
{
    bool members[MEMBERS] = {false}, cosigned[ACCORD_POLICY_WITNESSES_MAX] = {false};
    unsigned place = 0;
    for (unsigned i = 0; i < model->members; i++) {
        members[i] = random_below(8) < density;
        if (model->witness[i])
            cosigned[place++] = members[i];
    }
    assert_int_equal(accord_policy_satisfied(&policy, cosigned), satisfied(model, members));
}

static void policy_says_what_the_roster_says(void **state)
{
    (void)state;
    unsigned accepted = 0;
    accord_crypto_start();
    for (uint64_t i = 0; i < ROSTERS; i++) {
        struct model model;
        bool all[MEMBERS];
        seed = i;
        make(&model);
        memset(all, true, sizeof all);
        enum accord_status status = accord_roster_parse(&roster, print(&model), &accord_crypto_default, NULL);
        assert_int_equal(status, satisfied(&model, all) ? ACCORD_OK : ACCORD_MALFORMED);
        if (status != ACCORD_OK)
            continue;
        accepted++;
        render(&model);
        for (unsigned set = 0; set < SETS; set++)
            compare(&model, set % 9);
    }
    assert_true(accepted > ROSTERS / 4 && accepted < ROSTERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(policy_says_what_the_roster_says)};
    return cmocka_run_group_tests_name("roster policy", tests, NULL, NULL);
}
