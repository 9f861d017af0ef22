/* Who signed: which keys of a domain count for an entry where it is, and which checkpoints of a closed log. */
#include "slices.h"

#include "accord/roster.h"
#include "rosters.h"

static uint8_t roster_memory[ACCORD_ENTRY_SIZE_MAX], note_memory[1 << 14];
static struct accord_roster_claim roster;
static struct accord_error error;

#define ORIGIN "log.example"
#define CLOSED "old.example"

static void put_past(struct accord_out *out, const char *role, const char *key, const char *rest)
{
    put_text(out, "past ");
    put_text(out, role);
    put_text(out, " ");
    put_vkey(out, key, ACCORD_KEY_ED25519);
    put_text(out, rest);
}

/* m0 with keys that were, of every role; a member that left; a log that was closed. */
static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    struct accord_out out = {roster_memory, sizeof roster_memory, 0, false};
    put_roster_head(&out, 1, 1, 1);
    put_text(&out, "closed ");
    put_vkey(&out, CLOSED, ACCORD_KEY_ED25519);
    put_text(&out, " 5 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 1500000000 https://old.example/\n");
    put_member(&out, 0, "CH", true, true);
    put_member(&out, 1, "CH", true, true);
    put_text(&out, "former m9.example US 2 Member 9\n");
    put_past(&out, "release", "m0.example/old", " 10 1600000000 " ORIGIN "\n");
    put_past(&out, "stage", "m0.example/old-stage", " 20 1600000000 " CLOSED "\n");
    put_past(&out, "current", "m0.example/old-current", " 0 1600000000 " ORIGIN "\n");
    put_past(&out, "release", "m9.example/a", " 10 1600000000 " ORIGIN "\n");
    put_past(&out, "release", "m9.example/b", " 8 1600000000 " ORIGIN "\n");
    put_text(&out, "past-threshold m9.example 1 3 1550000000 " ORIGIN "\n");
    const char *keys[] = {"m0.example/release"};
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    assert_int_equal(accord_roster_parse(&roster, accord_out_bytes(&out), &accord_crypto_default, &error), ACCORD_OK);
    return 0;
}

static void note_of(struct accord_note_claim *note, const char *const *keys, size_t count)
{
    struct accord_out out = {note_memory, sizeof note_memory, 0, false};
    put_text(&out, "accord/v1/anything\n");
    put_signatures(&out, keys, count);
    assert_int_equal(accord_note_parse(note, accord_out_bytes(&out), &error), ACCORD_OK);
}

static struct accord_signers count(const char *domain, const char *key, const struct accord_place *place)
{
    struct accord_note_claim note;
    struct accord_signers signers;
    note_of(&note, &key, 1);
    assert_int_equal(
        accord_roster_signers(&roster, &note, slice(domain), place, &accord_crypto_default, &signers, &error),
        ACCORD_OK);
    return signers;
}

static void past_keys_count_below_their_point(void **state)
{
    (void)state;
    const struct accord_place here = {slice(ORIGIN), 9, UINT64_MAX}, at = {slice(ORIGIN), 10, 0};
    const struct accord_place before = {slice("third.example"), UINT64_MAX, 1599999999};
    const struct accord_place after = {slice("third.example"), 0, 1600000000};
    const char *key = "m0.example/old";
    assert_int_equal(count("m0.example", key, &here).release, 1);
    assert_int_equal(count("m0.example", key, &at).release, 0);
    assert_int_equal(count("m0.example", key, &before).release, 1);
    assert_int_equal(count("m0.example", key, &after).release, 0);
    assert_int_equal(count("m0.example", key, NULL).release, 0);
    assert_int_equal(count("m1.example", key, &here).release, 0);
    const struct accord_place closed = {slice(CLOSED), 19, UINT64_MAX};
    assert_int_equal(count("m0.example", "m0.example/old-stage", &closed).stage, 1);
    assert_int_equal(count("m0.example", "m0.example/old-stage", &here).stage, 0);
    /* At index 0 of its log it never counted there. */
    const struct accord_place first = {slice(ORIGIN), 0, 0};
    assert_int_equal(count("m0.example", "m0.example/old-current", &first).current, 0);
    assert_int_equal(count("m0.example", "m0.example/old-current", &before).current, 1);
}

static void present_keys_count_everywhere(void **state)
{
    (void)state;
    const struct accord_place place = {slice("third.example"), UINT64_MAX, UINT64_MAX};
    assert_int_equal(count("m0.example", "m0.example/release", NULL).release, 1);
    assert_int_equal(count("m0.example", "m0.example/release", &place).release, 1);
    assert_int_equal(count("m0.example", "m0.example/stage", &place).stage, 1);
    assert_int_equal(count("m0.example", "m1.example/release", &place).release, 0);
    assert_true(count("m0.example", "m1.example/release", &place).known);
    assert_true(count("m9.example", "m1.example/release", &place).known);
    assert_false(count("m8.example", "m1.example/release", &place).known);
}

static enum accord_status is_signed(const char *domain, const char *const *keys, size_t key_count,
                                    const struct accord_place *place)
{
    struct accord_note_claim note;
    struct accord_signers signers;
    note_of(&note, keys, key_count);
    return accord_roster_signed(&roster, &note, slice(domain), place, &accord_crypto_default, &signers, &error);
}

static void former_members_keep_their_threshold(void **state)
{
    (void)state;
    const char *keys[] = {"m9.example/a", "m9.example/b", "m9.example/a"};
    const struct accord_place both = {slice(ORIGIN), 7, 0}, one = {slice(ORIGIN), 8, 0}, none = {slice(ORIGIN), 10, 0};
    assert_int_equal(is_signed("m9.example", keys, 2, &both), ACCORD_OK);
    assert_int_equal(is_signed("m9.example", keys, 2, &one), ACCORD_THRESHOLD);
    assert_string_equal(error.expected, "2");
    assert_string_equal(error.found, "1");
    keys[1] = keys[0];
    assert_int_equal(is_signed("m9.example", keys, 3, &both), ACCORD_THRESHOLD);
    assert_int_equal(is_signed("m9.example", keys, 1, &none), ACCORD_WRONG_SIGNER);
    assert_string_equal(error.found, "m9.example/a (given up)");
    assert_int_equal(is_signed("m8.example", keys, 1, &both), ACCORD_NOT_A_MEMBER);
}

static void what_was_there_before_a_threshold_was_raised_needs_what_it_needed_then(void **state)
{
    (void)state;
    const char *keys[] = {"m9.example/a"};
    const struct accord_place below = {slice(ORIGIN), 2, UINT64_MAX}, at = {slice(ORIGIN), 3, 0};
    const struct accord_place before = {slice("third.example"), UINT64_MAX, 1549999999};
    const struct accord_place after = {slice("third.example"), 0, 1550000000};
    assert_int_equal(is_signed("m9.example", keys, 1, &below), ACCORD_OK);
    assert_int_equal(is_signed("m9.example", keys, 1, &at), ACCORD_THRESHOLD);
    assert_int_equal(is_signed("m9.example", keys, 1, &before), ACCORD_OK);
    assert_int_equal(is_signed("m9.example", keys, 1, &after), ACCORD_THRESHOLD);
    assert_int_equal(count("m9.example", keys[0], &below).release_threshold, 1);
    assert_int_equal(count("m9.example", keys[0], NULL).release_threshold, 2);
    assert_int_equal(count("m0.example", keys[0], &below).release_threshold, 1);
}

static void refusals_name_who_signed_instead(void **state)
{
    (void)state;
    const char *keys[] = {"m1.example/release", "m0.example/stage", "m0.example/old", "x.example"};
    assert_int_equal(is_signed("m0.example", keys, 4, NULL), ACCORD_WRONG_SIGNER);
    assert_string_equal(error.what, "m0.example");
    assert_string_equal(error.expected, "a release key of m0.example");
    assert_string_equal(error.found, "m1.example, m0.example/stage, m0.example/old (given up)");
    assert_int_equal(is_signed("m0.example", keys + 3, 1, NULL), ACCORD_WRONG_SIGNER);
    assert_string_equal(error.found, "no key that the roster knows");
}

/* A signature by key over another text: wrong, whosever it is. */
static enum accord_status wrongly(const char *key, const struct accord_place *place)
{
    struct accord_note_claim note;
    struct accord_signers signers;
    struct accord_out out = {note_memory, sizeof note_memory, 0, false};
    put_text(&out, "accord/v1/anything\n");
    const char *keys[] = {"m0.example/release"};
    put_signatures(&out, keys, 1);
    put_signature(&out, slice("another text\n"), key);
    assert_int_equal(accord_note_parse(&note, accord_out_bytes(&out), &error), ACCORD_OK);
    return accord_roster_signed(&roster, &note, slice("m0.example"), place, &accord_crypto_default, &signers, &error);
}

static void a_wrong_signature_by_a_key_that_counts_refuses(void **state)
{
    (void)state;
    const struct accord_place before = {slice(ORIGIN), 9, 0}, after = {slice(ORIGIN), 10, 0};
    assert_int_equal(wrongly("m1.example/stage", &after), ACCORD_SIGNATURE);
    assert_string_equal(error.what, "m1.example/stage");
    assert_int_equal(error.line, 4);
    assert_int_equal(wrongly("m0.example/old", &before), ACCORD_SIGNATURE);
    assert_int_equal(wrongly("m0.example/old", &after), ACCORD_OK);
    assert_int_equal(wrongly("x.example", &before), ACCORD_OK);
}

/* A checkpoint of the closed log, of a root of zeros but for its last byte. */
static enum accord_status closed_checkpoint(const char *origin, unsigned size, uint8_t last, const char *by,
                                            struct accord_checkpoint *checkpoint, struct accord_cosigners *cosigners)
{
    static struct accord_policy policy;
    static uint8_t text[1 << 16];
    struct accord_checkpoint_claim claim;
    uint8_t root[ACCORD_HASH_SIZE] = {0};
    struct accord_out rendered = {text, sizeof text, 0, false}, out = {note_memory, sizeof note_memory, 0, false};
    accord_roster_policy(&rendered, &roster);
    assert_int_equal(accord_policy_parse(&policy, accord_out_bytes(&rendered), &accord_crypto_default, NULL),
                     ACCORD_OK);
    root[31] = last;
    accord_checkpoint_print(&out, slice(origin), size, root);
    put_signatures(&out, &by, 1);
    assert_int_equal(accord_checkpoint_parse(&claim, accord_out_bytes(&out), &error), ACCORD_OK);
    return accord_roster_verify_checkpoint(&roster, &policy, &claim, &accord_crypto_default, checkpoint, cosigners,
                                           &error);
}

static void a_closed_log_has_one_checkpoint(void **state)
{
    (void)state;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    assert_int_equal(closed_checkpoint(CLOSED, 5, 0, CLOSED, &checkpoint, &cosigners), ACCORD_OK);
    assert_true(checkpoint.verified);
    assert_slice(checkpoint.origin, CLOSED);
    assert_int_equal(checkpoint.size, 5);
    assert_int_equal(cosigners.seen_at, 1500000000);
    assert_int_equal(cosigners.not_before, 1500000000);
    assert_int_equal(cosigners.count, 0);
    assert_true(cosigners.log == SIZE_MAX);
    assert_int_equal(closed_checkpoint(CLOSED, 4, 0, CLOSED, &checkpoint, &cosigners), ACCORD_CLOSED_LOG);
    assert_false(checkpoint.verified);
    assert_string_equal(error.expected, "5 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_string_equal(error.found, "4 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_int_equal(closed_checkpoint(CLOSED, 5, 1, CLOSED, &checkpoint, &cosigners), ACCORD_CLOSED_LOG);
    assert_int_equal(closed_checkpoint(CLOSED, 5, 0, ORIGIN, &checkpoint, &cosigners), ACCORD_UNSIGNED);
    assert_false(checkpoint.verified);
    /* Another log needs its quorum as before. */
    assert_int_equal(closed_checkpoint(ORIGIN, 5, 0, ORIGIN, &checkpoint, &cosigners), ACCORD_QUORUM);
    assert_int_equal(closed_checkpoint("x.example", 5, 0, ORIGIN, &checkpoint, &cosigners), ACCORD_UNKNOWN_LOG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(past_keys_count_below_their_point),
        cmocka_unit_test(present_keys_count_everywhere),
        cmocka_unit_test(former_members_keep_their_threshold),
        cmocka_unit_test(what_was_there_before_a_threshold_was_raised_needs_what_it_needed_then),
        cmocka_unit_test(refusals_name_who_signed_instead),
        cmocka_unit_test(a_wrong_signature_by_a_key_that_counts_refuses),
        cmocka_unit_test(a_closed_log_has_one_checkpoint),
    };
    return cmocka_run_group_tests_name("signers", tests, setup, NULL);
}
