/* Drafts of the next roster: what a change does to its lines, and that no change goes unsaid. */
#include "roster/draft.h"

#include "rosters.h"
#include "slices.h"

static uint8_t base_memory[ACCORD_ENTRY_SIZE_MAX], printed[ACCORD_ENTRY_SIZE_MAX], words[1 << 16];
static uint8_t apply_memory[2][1 << 14];
static struct accord_roster_claim base, drafted, next;
static struct accord_apply_claim application;
static struct accord_error error;
static const struct accord_crypto *crypto = &accord_crypto_default;

#define LAST " 5 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= 1500000000\n"

static void put_line(struct accord_out *out, const char *before, const char *key, const char *after)
{
    put_text(out, before);
    put_vkey(out, key, ACCORD_KEY_ED25519);
    put_text(out, after);
}

/* m0, m1 and m2; m1 has a second release key; a closed log, a former member, a key that was. */
static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    struct accord_out out = {base_memory, sizeof base_memory, 0, false};
    put_roster_head(&out, 2, 1, 1);
    put_line(&out, "closed ", "old.example", LAST);
    put_member(&out, 0, "CH", true, true);
    put_member(&out, 1, "FI", true, true);
    put_line(&out, "key release ", "m1.example/second", "\nrelease-threshold 2\n");
    put_member(&out, 2, "DE", true, true);
    put_text(&out, "former m9.example US 1 Member 9\n");
    put_line(&out, "past release ", "m0.example/old", " 10 1600000000 log.example\n");
    const char *keys[] = {"m0.example/release"};
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    assert_int_equal(accord_roster_parse(&base, accord_out_bytes(&out), crypto, &error), ACCORD_OK);
    return 0;
}

static struct accord_draft begin(void)
{
    const struct accord_draft draft = {&drafted, {slice("log.example"), 40, 1700000000}};
    struct accord_draft begun = draft;
    accord_draft_begin(&begun, &base, crypto);
    return begun;
}

/* Prints the draft, has it parsed, and says what changed. */
static const char *changes(enum accord_status expected)
{
    struct accord_out out = {printed, sizeof printed, 0, false}, said = {words, sizeof words - 1, 0, false};
    const char *keys[] = {"m0.example/release"};
    accord_roster_print(&out, &drafted);
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    assert_int_equal(accord_roster_parse(&next, accord_out_bytes(&out), crypto, &error), expected);
    if (expected != ACCORD_OK)
        return "";
    accord_roster_changes(&said, &base, &next);
    assert_false(said.full);
    words[said.size] = 0;
    return (const char *)words;
}

static void says(const char *text)
{
    if (strstr((const char *)words, text) == NULL)
        fail_msg("not said: %s\n%s", text, (const char *)words);
}

/* An application of a member with these release keys. */
static const struct accord_apply_claim *apply(const char *member, const char *const *keys, size_t count)
{
    static unsigned last; /* the one before must stay, since the draft borrows from it */
    last = 1 - last;
    struct accord_out out = {apply_memory[last], sizeof apply_memory[last], 0, false};
    char text[160];
    snprintf(text, sizeof text, "accord/v1/apply\ncharter sha256:%064d\nmember %s FR New name\n", 0, member);
    put_text(&out, text);
    for (size_t i = 0; i < count; i++)
        put_line(&out, "key release ", keys[i], "\n");
    put_signatures(&out, keys, count);
    assert_int_equal(accord_apply_parse(&application, accord_out_bytes(&out), crypto, &error), ACCORD_OK);
    return &application;
}

static void nothing_changes_but_the_number(void **state)
{
    (void)state;
    (void)begin();
    assert_string_equal(changes(ACCORD_OK), "");
    assert_int_equal(next.number, 2);
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(crypto, base.statement.note.whole, digest);
    assert_memory_equal(next.previous, digest, sizeof digest);
}

static void somebody_joins(void **state)
{
    (void)state;
    struct accord_draft draft = begin();
    const char *keys[] = {"m5.example/release"};
    assert_int_equal(accord_draft_apply(&draft, apply("m5.example", keys, 1), &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    says("m5.example: joins: FR, New name\n");
    says("m5.example: has key release m5.example/release+");
    assert_int_equal(next.member_count, 4);
    assert_int_equal(next.past_count, 1);
}

static void somebody_comes_back(void **state)
{
    (void)state;
    struct accord_draft draft = begin();
    const char *keys[] = {"m9.example/again"};
    assert_int_equal(accord_draft_apply(&draft, apply("m9.example", keys, 1), &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    says("m9.example: comes back: FR, New name\n");
    assert_int_equal(next.former_count, 0);
}

/* m1 in the middle: the keys of those around it stay theirs. */
static void keys_are_replaced(void **state)
{
    (void)state;
    struct accord_draft draft = begin();
    const char *keys[] = {"m1.example/new", "m1.example/release", "m1.example/newer"};
    assert_int_equal(accord_draft_apply(&draft, apply("m1.example", keys, 3), &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    says("m1.example: is now FR, New name\n");
    says("m1.example: has key release m1.example/new+");
    says("m1.example: gives up key release m1.example/second+");
    says(", which counts below index 40 of log.example, elsewhere before the time 1700000000\n");
    says("m1.example: gives up key stage m1.example/stage+");
    says("m1.example: gives up key witness m1.example/witness+");
    says("m1.example: release-threshold 2 -> 1\n");
    assert_int_equal(next.past_count, 3);
    assert_int_equal(next.members[2].key_count, base.members[2].key_count);
    assert_int_equal(next.keys[next.members[2].first_key].member, 2);
    /* and once more in the same draft */
    assert_int_equal(accord_draft_apply(&draft, apply("m1.example", keys, 1), &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    assert_int_equal(next.past_count, 5);
}

static void somebody_leaves(void **state)
{
    (void)state;
    struct accord_draft draft = begin();
    assert_int_equal(accord_draft_remove(&draft, slice("m1.example"), &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    says("m1.example: leaves\n");
    says("m1.example: gives up key release m1.example/second+");
    assert_int_equal(next.member_count, 2);
    assert_int_equal(next.former[1].release_threshold, 2);
    assert_int_equal(next.past_count, 4);
    assert_int_equal(accord_draft_remove(&draft, slice("m1.example"), &error), ACCORD_NOT_A_MEMBER);
    /* The draft is in order still: a key of who comes after can be taken. */
    assert_int_equal(accord_draft_revoke(&draft, base.keys[base.members[2].first_key + 1].text, 7, 8, &error),
                     ACCORD_OK);
    (void)changes(ACCORD_OK);
    says("m2.example: gives up key stage m2.example/stage+");
    says(", which counts below index 7 of log.example, elsewhere before the time 8\n");
    /* Those who are left must still be enough. */
    assert_int_equal(accord_draft_remove(&draft, slice("m2.example"), &error), ACCORD_OK);
    (void)changes(ACCORD_MALFORMED);
}

static void a_key_counts_for_less(void **state)
{
    (void)state;
    struct accord_draft draft = begin();
    struct accord_bytes old = base.past[0].vkey.text, stage = base.keys[1].text;
    assert_int_equal(accord_draft_revoke(&draft, old, 4, 1650000000, &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    says("m0.example: the key that was already given up, release m0.example/old+");
    says(", counts below index 4 of log.example, elsewhere before the time 1600000000\n");
    assert_int_equal(accord_draft_revoke(&draft, old, 400, 0, &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    says(", counts below index 4 of log.example, elsewhere before the time 0\n");
    assert_int_equal(accord_draft_revoke(&draft, stage, 30, 5, &error), ACCORD_OK);
    assert_int_equal(accord_draft_revoke(&draft, slice("x.example+00000000+AA"), 1, 1, &error), ACCORD_UNKNOWN_NAME);
    assert_int_equal(accord_draft_revoke(&draft, base.keys[3].text, 1, 1, &error), ACCORD_KEY_TYPE);
    /* A member's only release key cannot go without another coming. */
    assert_int_equal(accord_draft_revoke(&draft, base.keys[0].text, 1, 1, &error), ACCORD_OK);
    (void)changes(ACCORD_MISSING_FIELD);
}

static void logs_come_and_go(void **state)
{
    (void)state;
    struct accord_draft draft = begin();
    uint8_t text[256];
    struct accord_out out = {text, sizeof text, 0, false};
    struct accord_vkey vkey;
    put_vkey(&out, "third.example", ACCORD_KEY_ED25519);
    assert_int_equal(accord_vkey_parse(&vkey, accord_out_bytes(&out), crypto, &error), ACCORD_OK);
    assert_int_equal(accord_draft_open_log(&draft, &vkey, slice("https://third.example/"), &error), ACCORD_OK);
    struct accord_checkpoint last = {.verified = true, .origin = slice("log.example"), .size = 40};
    assert_int_equal(accord_draft_close_log(&draft, &last, 1700000000, &error), ACCORD_OK);
    (void)changes(ACCORD_OK);
    says("opens log third.example+");
    says(" at https://third.example/\n");
    says("closes log log.example+");
    says(" with its tree of size 40, root AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, of the time 1700000000\n");
    assert_int_equal(accord_draft_close_log(&draft, &last, 1700000000, &error), ACCORD_UNKNOWN_LOG);
    assert_int_equal(next.closed_count, 2);
}

/* What a draft cannot do, a file that travels can: each such change is said, too. */
static void no_change_goes_unsaid(void **state)
{
    (void)state;
    for (unsigned change = 0; change < 14; change++) {
        (void)begin();
        switch (change) {
        case 0:
            drafted.admit = 3;
            break;
        case 1:
            drafted.quorum_jurisdictions = 2;
            break;
        case 2:
            drafted.members[0].title = slice("Other");
            break;
        case 3:
            drafted.members[0].jurisdiction = slice("FR");
            break;
        case 4:
            drafted.members[1].release_threshold = 1;
            break;
        case 5:
            drafted.keys[base.members[1].first_key + 3].url = slice("https://elsewhere.example/");
            break;
        case 6:
            drafted.logs[0].url = slice("https://elsewhere.example/");
            break;
        case 7:
            drafted.closed[0].size++;
            break;
        case 8:
            drafted.closed[0].root[0]++;
            break;
        case 9:
            drafted.closed_count = 0;
            break;
        case 10:
            drafted.former_count = 0;
            break;
        case 11:
            drafted.former[0].release_threshold = 2;
            break;
        case 12:
            drafted.past_count = 0;
            break;
        case 13:
            drafted.past[0].role = ACCORD_ROLE_STAGE;
            break;
        default:
            fail();
        }
        if (strlen(changes(ACCORD_OK)) == 0)
            fail_msg("change %u is not said", change);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changes_but_the_number),
        cmocka_unit_test(somebody_joins),
        cmocka_unit_test(somebody_comes_back),
        cmocka_unit_test(keys_are_replaced),
        cmocka_unit_test(somebody_leaves),
        cmocka_unit_test(a_key_counts_for_less),
        cmocka_unit_test(logs_come_and_go),
        cmocka_unit_test(no_change_goes_unsaid),
    };
    return cmocka_run_group_tests_name("draft", tests, set_up, NULL);
}
