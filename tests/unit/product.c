/* Policies, `seen`, `current`, withdrawals: what is read, and tests/vectors/product. */
#include "slices.h"

#include "accord/product.h"
#include "base/report.h"
#include "rosters.h"

#include <dirent.h>
#include <stdio.h>

#define VECTORS "tests/vectors/product"

static uint8_t memory[1 << 18], roster_bytes[1 << 18], first_bytes[1 << 12];
static struct accord_error error;
static struct accord_roster_claim by;

static struct accord_bytes load(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(memory, 1, sizeof memory, file);
    fclose(file);
    assert_true(size < sizeof memory);
    return (struct accord_bytes){memory, size};
}

static struct accord_bytes keep(const char *path, uint8_t *place, size_t room)
{
    struct accord_bytes bytes = load(path);
    assert_true(bytes.size <= room);
    memcpy(place, bytes.data, bytes.size);
    return (struct accord_bytes){place, bytes.size};
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    struct accord_bytes roster = keep("tests/vectors/statements/roster.ok.first", roster_bytes, sizeof roster_bytes);
    assert_int_equal(accord_roster_parse(&by, roster, &accord_crypto_default, &error), ACCORD_OK);
    return 0;
}

static enum accord_status judge_policy(struct accord_bytes entry)
{
    struct accord_product_policy_claim claim, first;
    enum accord_status status = accord_product_policy_parse(&claim, entry, &error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes before = keep(VECTORS "/policy.ok.least", first_bytes, sizeof first_bytes);
    assert_int_equal(accord_product_policy_parse(&first, before, NULL), ACCORD_OK);
    return accord_product_policy_verify(&claim, claim.number == 1 ? NULL : &first, &by, NULL, &accord_crypto_default,
                                        &error);
}

static enum accord_status judge_seen(struct accord_bytes entry)
{
    struct accord_seen_claim claim;
    enum accord_status status = accord_seen_parse(&claim, entry, &error);
    return status != ACCORD_OK ? status : accord_seen_verify(&claim, &by, &accord_crypto_default, &error);
}

static enum accord_status judge_current(struct accord_bytes entry)
{
    struct accord_current_claim claim;
    enum accord_status status = accord_current_parse(&claim, entry, &error);
    return status != ACCORD_OK ? status : accord_current_verify(&claim, &by, NULL, &accord_crypto_default, &error);
}

static enum accord_status judge_withdraw(struct accord_bytes entry)
{
    struct accord_withdraw_claim claim;
    struct accord_signers signers;
    enum accord_status status = accord_withdraw_parse(&claim, entry, &error);
    return status != ACCORD_OK ? status
                               : accord_roster_signed(&by, &claim.statement.note, claim.vendor, NULL,
                                                      &accord_crypto_default, &signers, &error);
}

/* policy.ok.least is loaded in the middle of a judgement, so entries lie elsewhere than what load reads. */
static enum accord_status judge_vector(const char *name)
{
    static uint8_t entry_bytes[1 << 18];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", VECTORS, name);
    struct accord_bytes entry = keep(path, entry_bytes, sizeof entry_bytes);
    error = (struct accord_error){.status = ACCORD_OK};
    switch (name[0]) {
    case 'p':
        return judge_policy(entry);
    case 's':
        return judge_seen(entry);
    case 'c':
        return judge_current(entry);
    default:
        return judge_withdraw(entry);
    }
}

static void vectors(void **state)
{
    (void)state;
    DIR *directory = opendir(VECTORS);
    assert_non_null(directory);
    unsigned count = 0, failed = 0;
    for (struct dirent *file = readdir(directory); file != NULL; file = readdir(directory)) {
        char rule[32];
        if (file->d_name[0] == '.')
            continue;
        assert_int_equal(sscanf(file->d_name, "%*[^.].%31[^.].", rule), 1);
        enum accord_status status = judge_vector(file->d_name);
        assert_int_equal(status, error.status);
        count++;
        if (strcmp(accord_status_rule(status), rule) != 0) {
            print_error("%s: %s at line %d, %s\n", file->d_name, accord_status_rule(status), (int)error.line,
                        error.what);
            failed++;
        }
    }
    closedir(directory);
    assert_int_equal(failed, 0);
    assert_true(count > 140);
}

static void reads_policies(void **state)
{
    (void)state;
    struct accord_product_policy_claim claim;
    assert_int_equal(accord_product_policy_parse(&claim, load(VECTORS "/policy.ok.everything"), &error), ACCORD_OK);
    const struct accord_demands *demands = &claim.demands;
    assert_slice(claim.vendor, "alpha.example");
    assert_int_equal(demands->notice, 2592000);
    assert_int_equal(demands->threshold, 64);
    assert_true(demands->require[ACCORD_STAGE_SOURCE].required && !demands->require[ACCORD_STAGE_USE].required);
    assert_slice(demands->require[ACCORD_STAGE_SOURCE].who, "vendor beta.example");
    assert_int_equal(demands->rebuilders, 127);
    assert_int_equal(demands->rebuilder_jurisdictions, 127);
    assert_int_equal(demands->public_for, 172800);
    assert_int_equal(demands->mirrors, 128);
    assert_int_equal(demands->mirror_jurisdictions, 1);
    assert_int_equal(demands->emergency, 64);
    assert_int_equal(demands->max_age, UINT64_MAX);
}

static void reads_currents(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t newest, lowest;
    } expected[] = {{"stable", 42, 40}, {"beta", 43, 43}, {"lts", 7, 0}};
    static const uint64_t withdrawn[] = {0, 41, UINT64_MAX};
    struct accord_current_claim claim;
    struct accord_channel channel;
    uint64_t sequence;
    size_t cursor = 0;
    assert_int_equal(accord_current_parse(&claim, load(VECTORS "/current.ok.everything"), &error), ACCORD_OK);
    assert_int_equal(claim.roster_number, UINT64_MAX);
    assert_int_equal(claim.policy_number, 3);
    assert_int_equal(claim.channel_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(accord_current_next_channel(&claim, &cursor, &channel));
        assert_slice(channel.name, expected[i].name);
        assert_int_equal(channel.newest, expected[i].newest);
        assert_int_equal(channel.lowest, expected[i].lowest);
    }
    assert_false(accord_current_next_channel(&claim, &cursor, &channel));
    cursor = 0;
    assert_int_equal(claim.withdrawn_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(accord_current_next_withdrawn(&claim, &cursor, &sequence));
        assert_int_equal(sequence, withdrawn[i]);
    }
    assert_false(accord_current_next_withdrawn(&claim, &cursor, &sequence));
}

static void reads_withdrawals(void **state)
{
    (void)state;
    struct accord_withdraw_claim claim;
    uint64_t sequence;
    size_t cursor = 0;
    assert_int_equal(accord_withdraw_parse(&claim, load(VECTORS "/withdraw.ok.everything"), &error), ACCORD_OK);
    assert_int_equal(claim.sequence_count, 3);
    assert_true(accord_withdraw_next_sequence(&claim, &cursor, &sequence) && sequence == 0);
    assert_true(accord_withdraw_next_sequence(&claim, &cursor, &sequence) && sequence == 7);
    assert_true(accord_withdraw_next_sequence(&claim, &cursor, &sequence) && sequence == UINT64_MAX);
    assert_false(accord_withdraw_next_sequence(&claim, &cursor, &sequence));
    assert_slice(claim.reason, "compromised");
    assert_slice(claim.text, "its key  was stolen");
    assert_true(claim.has_replacement && claim.replaced_by == 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(reads_policies),
        cmocka_unit_test(reads_currents),
        cmocka_unit_test(reads_withdrawals),
    };
    return cmocka_run_group_tests_name("product", tests, setup, NULL);
}
