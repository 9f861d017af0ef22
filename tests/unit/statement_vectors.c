/* Replays tests/vectors/statements (docs/protocol.md, "Vectors"): a file's name is <kind>.<rule>.<what>[.<against>]. */
#include "slices.h"

#include "accord/apply.h"
#include "accord/bundle.h"
#include "accord/release.h"
#include "accord/succession.h"
#include "base/report.h"
#include "crypto/backend.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define DIRECTORY "tests/vectors/statements"
#define FILE_SIZE_MAX (1 << 18)

static uint8_t charter_bytes[FILE_SIZE_MAX], roster_bytes[FILE_SIZE_MAX], past_bytes[FILE_SIZE_MAX];
static uint8_t second_bytes[FILE_SIZE_MAX], policy_bytes[FILE_SIZE_MAX], bytes[FILE_SIZE_MAX];
static struct accord_charter_claim charter;
static struct accord_roster_claim roster, past;
static struct accord_policy policy;
static struct accord_bytes second;

static struct accord_bytes load(const char *name, uint8_t data[FILE_SIZE_MAX])
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", DIRECTORY, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, FILE_SIZE_MAX, file);
    fclose(file);
    assert_true(size < FILE_SIZE_MAX);
    return (struct accord_bytes){data, size};
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    const struct accord_crypto *crypto = &accord_crypto_default;
    assert_int_equal(accord_charter_parse(&charter, load("charter.ok.founders", charter_bytes), crypto, NULL),
                     ACCORD_OK);
    assert_int_equal(accord_roster_parse(&roster, load("roster.ok.first", roster_bytes), crypto, NULL), ACCORD_OK);
    assert_int_equal(accord_roster_parse(&past, load("roster.ok.past.next", past_bytes), crypto, NULL), ACCORD_OK);
    second = load("roster.ok.second-by-one-key-and-two.next", second_bytes);
    struct accord_out out = {policy_bytes, sizeof policy_bytes, 0, false};
    accord_roster_policy(&out, &roster);
    assert_int_equal(accord_policy_parse(&policy, accord_out_bytes(&out), crypto, NULL), ACCORD_OK);
    return 0;
}

static enum accord_status judge_charter(struct accord_bytes entry, const char *against, struct accord_error *error)
{
    (void)against;
    static struct accord_charter_claim claim;
    enum accord_status status = accord_charter_parse(&claim, entry, &accord_crypto_default, error);
    return status != ACCORD_OK ? status : accord_charter_verify(&claim, &accord_crypto_default, error);
}

static enum accord_status judge_roster(struct accord_bytes entry, const char *against, struct accord_error *error)
{
    static struct accord_roster_claim claim;
    enum accord_status status = accord_roster_parse(&claim, entry, &accord_crypto_default, error);
    if (status != ACCORD_OK || strcmp(against, "parse") == 0)
        return status;
    if (strcmp(against, "next") == 0)
        return accord_roster_verify_next(&roster, &claim, &accord_crypto_default, error);
    return accord_roster_verify_first(&claim, &charter, &accord_crypto_default, error);
}

/* at-<index>: in the log that is open; seen-<time>: in the one that is closed; not-logged, or nothing: nowhere yet. */
static const struct accord_place *place_of(const char *against, struct accord_place *place)
{
    if (strncmp(against, "at-", 3) == 0) {
        *place = (struct accord_place){slice("log.example/accord"), strtoull(against + 3, NULL, 10), UINT64_MAX};
        return place;
    }
    if (strncmp(against, "seen-", 5) == 0) {
        *place = (struct accord_place){slice("old.example/accord"), UINT64_MAX, strtoull(against + 5, NULL, 10)};
        return place;
    }
    return NULL;
}

static enum accord_status judge_release(struct accord_bytes entry, const char *against, struct accord_error *error)
{
    struct accord_place place;
    struct accord_release_claim claim;
    struct accord_release release;
    enum accord_status status = accord_release_parse(&claim, entry, error);
    if (status != ACCORD_OK)
        return status;
    status = accord_release_verify(&claim, against[0] == 0 ? &roster : &past, place_of(against, &place),
                                   &accord_crypto_default, &release, error);
    assert_int_equal(release.verified, status == ACCORD_OK);
    return status;
}

static enum accord_status judge_trust(struct accord_bytes file, const char *against, struct accord_error *error)
{
    (void)against;
    static struct accord_roster_claim claim;
    struct accord_trust_claim trust;
    enum accord_status status = accord_trust_parse(&trust, file, error);
    if (status == ACCORD_OK)
        status = accord_roster_parse(&claim, trust.roster_entry, &accord_crypto_default, error);
    struct accord_distrust distrust;
    struct accord_vkey vkey;
    size_t cursor = 0;
    while (status == ACCORD_OK && accord_trust_next_distrust(&trust, &cursor, &distrust))
        status = accord_vkey_parse(&vkey, distrust.vkey, &accord_crypto_default, error);
    return status;
}

static enum accord_status judge_apply(struct accord_bytes entry, const char *against, struct accord_error *error)
{
    (void)against;
    static struct accord_apply_claim claim;
    enum accord_status status = accord_apply_parse(&claim, entry, &accord_crypto_default, error);
    return status != ACCORD_OK ? status : accord_apply_verify(&claim, &accord_crypto_default, error);
}

static enum accord_status judge_leave(struct accord_bytes entry, const char *against, struct accord_error *error)
{
    (void)against;
    struct accord_leave_claim claim;
    struct accord_signers signers;
    enum accord_status status = accord_leave_parse(&claim, entry, error);
    return status != ACCORD_OK ? status
                               : accord_roster_signed(&roster, &claim.statement.note, claim.member, NULL,
                                                      &accord_crypto_default, &signers, error);
}

static enum accord_status judge_enact(struct accord_bytes entry, const char *against, struct accord_error *error)
{
    (void)against;
    struct accord_enact_claim claim;
    struct accord_place place;
    enum accord_status status = accord_enact_parse(&claim, entry, error);
    if (status == ACCORD_OK)
        status = accord_enact_verify(&claim, &roster, &policy, second, &accord_crypto_default, &place, error);
    if (status == ACCORD_OK) {
        assert_slice(place.origin, "log.example/accord");
        assert_int_equal(place.index, 2);
        assert_int_equal(place.seen_at, 1600000000);
    }
    return status;
}

/* A bundle that somebody follows who has the first roster. */
static enum accord_status judge_rosters(struct accord_bytes file, const char *against, struct accord_error *error)
{
    (void)against;
    static struct accord_succession succession;
    static uint8_t trust[FILE_SIZE_MAX];
    enum accord_status status =
        accord_succession_follow(&succession, load("trust.ok.first", trust), file, &accord_crypto_default, error);
    if (status == ACCORD_OK)
        assert_true(succession.from == 1 && succession.to >= 1 && succession.to <= 3);
    return status;
}

static enum accord_status judge_bundle(struct accord_bytes file, const char *against, struct accord_error *error)
{
    (void)against;
    struct accord_bytes proof;
    size_t count = 0, stepped = 0, cursor = 0;
    enum accord_status status = accord_proof_bundle_check(file, &count, error);
    assert_int_equal(accord_proof_bundle_check(file, NULL, NULL), status);
    while (status == ACCORD_OK && accord_proof_bundle_next(file, &cursor, &proof))
        stepped++;
    assert_int_equal(stepped, count);
    return status;
}

/* Judges one file; counts in *failed where the rule is not the one in its name. */
static void replay(const char *name, unsigned *failed)
{
    static const struct {
        const char *kind;
        enum accord_status (*judge)(struct accord_bytes entry, const char *against, struct accord_error *error);
    } kinds[] = {{"charter", judge_charter}, {"roster", judge_roster}, {"release", judge_release},
                 {"trust", judge_trust},     {"apply", judge_apply},   {"leave", judge_leave},
                 {"enact", judge_enact},     {"bundle", judge_bundle}, {"rosters", judge_rosters}};
    char kind[16], rule[32], what[128], against[16] = "";
    assert_true(sscanf(name, "%15[^.].%31[^.].%127[^.].%15s", kind, rule, what, against) >= 3);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].kind, kind) != 0)
            continue;
        struct accord_error error = {.status = ACCORD_OK};
        enum accord_status status = kinds[i].judge(load(name, bytes), against, &error);
        assert_int_equal(status, error.status);
        if (strcmp(accord_status_rule(status), rule) != 0) {
            print_error("%s: %s at line %d, %s: expected %s, found %s\n", name, accord_status_rule(status),
                        (int)error.line, error.what, error.expected, error.found);
            *failed += 1;
        }
        return;
    }
    fail_msg("%s: no such kind", name);
}

static void vectors(void **state)
{
    (void)state;
    unsigned count = 0, failed = 0;
    DIR *directory = opendir(DIRECTORY);
    assert_non_null(directory);
    for (struct dirent *file = readdir(directory); file != NULL; file = readdir(directory)) {
        if (file->d_name[0] == '.')
            continue;
        replay(file->d_name, &failed);
        count++;
    }
    closedir(directory);
    assert_int_equal(failed, 0);
    assert_true(count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};
    return cmocka_run_group_tests_name("statement vectors", tests, setup, NULL);
}
