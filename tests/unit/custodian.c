/* A custodian's side: what is due when, what a sealed share holds, and what is kept. */
#include "slices.h"

#include <stdlib.h>
#include <unistd.h>

#include "age/age.h"
#include "case/custodian.h"
#include "case/sharing.h"
#include "core/text.h"
#include "crypto/backend.h"

#define DAY ((uint64_t)ACCORD_CASE_DAY)
#define REPORTED ((uint64_t)1000000)

static struct accord_error error;
static struct accord_docket_case found;
static uint8_t secret[2][32], recipients[2][32]; /* the custodian's keys: the one before, and the one after */

static const struct accord_embargo_rule rule = {
    .days = 90, .latest = 120, .spread = 30, .extension = 14, .receipt = 7, .silent = 45, .exploited = 7};

/* A case of three custodians of whom two open it, whose report asks for day 20. */
static int begin(void **state)
{
    const uint8_t id[ACCORD_HASH_SIZE] = {7};
    (void)state;
    memset(&found, 0, sizeof found);
    found.claim.custody = 2;
    found.claim.custodian_count = 3;
    found.claim.custodians[0].domain = slice("one.example");
    found.claim.custodians[1].domain = slice("two.example");
    found.claim.custodians[2].domain = slice("three.example");
    accord_case_begin(&found.state, &rule, 0, REPORTED + 20 * DAY, REPORTED, id);
    return 0;
}

static enum accord_custodian_duty duty(const char *member, uint64_t now)
{
    size_t place = SIZE_MAX;
    enum accord_custodian_duty what = accord_custodian_duty(&found, slice(member), now, &place);
    if (what != ACCORD_DUTY_NONE) {
        assert_slice(found.claim.custodians[place].domain, member);
    }
    return what;
}

/* An answer that counts, `day` days after the report. */
static void say(enum accord_answer_kind kind, enum accord_party by, uint64_t day, uint64_t until, size_t custodian)
{
    struct accord_case_event event = {.kind = kind,
                                      .by = by,
                                      .custodian = custodian,
                                      .index = day,
                                      .not_before = REPORTED + day * DAY,
                                      .time = REPORTED + day * DAY,
                                      .claimed = REPORTED + day * DAY,
                                      .digest = {(uint8_t)(day + 1), (uint8_t)by},
                                      .has_previous = kind != ACCORD_ANSWER_SHARE && kind != ACCORD_ANSWER_COMPLAINT &&
                                                      kind != ACCORD_ANSWER_DISCLOSE,
                                      .until = until,
                                      .holds = true};
    memcpy(event.previous, found.state.last, sizeof event.previous);
    assert_int_equal(accord_case_step(&found.state, &event, &error), ACCORD_OK);
}

static void nothing_before_its_time(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 20; day++) {
        assert_int_equal(duty("two.example", REPORTED + day * DAY), ACCORD_DUTY_CHECK);
    }
    assert_int_equal(duty("two.example", REPORTED + 20 * DAY - 1), ACCORD_DUTY_CHECK);
    assert_int_equal(duty("two.example", REPORTED + 20 * DAY), ACCORD_DUTY_RELEASE);
    assert_int_equal(duty("three.example", REPORTED + 20 * DAY), ACCORD_DUTY_RELEASE);
    assert_int_equal(duty("four.example", REPORTED + 20 * DAY), ACCORD_DUTY_NONE);
    assert_int_equal(duty("two.exampl", REPORTED + 20 * DAY), ACCORD_DUTY_NONE);
    found.claim.custody = 0;
    assert_int_equal(duty("two.example", REPORTED + 20 * DAY), ACCORD_DUTY_NONE);
}

static void a_request_alone_moves_nothing(void **state)
{
    uint64_t until = REPORTED + 30 * DAY;
    (void)state;
    say(ACCORD_ANSWER_EXTEND, ACCORD_PARTY_VENDOR, 10, until, 0);
    assert_int_equal(duty("one.example", REPORTED + 20 * DAY), ACCORD_DUTY_RELEASE);
    say(ACCORD_ANSWER_EXTEND, ACCORD_PARTY_REPORTER, 11, until, 0);
    assert_int_equal(duty("one.example", REPORTED + 20 * DAY), ACCORD_DUTY_CHECK);
    assert_int_equal(duty("one.example", until - 1), ACCORD_DUTY_CHECK);
    assert_int_equal(duty("one.example", until), ACCORD_DUTY_RELEASE);
}

static void withdrawn_never(void **state)
{
    (void)state;
    say(ACCORD_ANSWER_WITHDRAWN, ACCORD_PARTY_REPORTER, 10, 0, 0);
    assert_int_equal(duty("one.example", REPORTED + 11 * DAY), ACCORD_DUTY_NONE);
    assert_int_equal(duty("one.example", REPORTED + 20 * DAY), ACCORD_DUTY_NONE);
    assert_int_equal(duty("one.example", UINT64_MAX), ACCORD_DUTY_NONE);
}

static void not_after_it_is_disclosed(void **state)
{
    (void)state;
    say(ACCORD_ANSWER_DISCLOSE, ACCORD_PARTY_VENDOR, 21, 0, 0);
    assert_int_equal(duty("one.example", REPORTED + 22 * DAY), ACCORD_DUTY_NONE);
}

static void once_each(void **state)
{
    (void)state;
    say(ACCORD_ANSWER_COMPLAINT, ACCORD_PARTY_CUSTODIAN, 1, 0, 2);
    assert_int_equal(duty("three.example", REPORTED + 20 * DAY), ACCORD_DUTY_NONE);
    say(ACCORD_ANSWER_SHARE, ACCORD_PARTY_CUSTODIAN, 20, 0, 0);
    assert_int_equal(duty("one.example", REPORTED + 21 * DAY), ACCORD_DUTY_NONE);
    assert_int_equal(duty("two.example", REPORTED + 21 * DAY), ACCORD_DUTY_RELEASE);
}

/* Sealed shares */

static enum accord_status gather(void *context, struct accord_bytes bytes, struct accord_error *why)
{
    (void)why;
    return accord_buffer_append(context, bytes);
}

/* Seals bytes for a key of the custodian's, and puts them where custodian `place` has its share. */
static void seal(size_t place, size_t key, struct accord_bytes plain)
{
    static uint8_t text[1024];
    struct accord_buffer sealed;
    struct accord_age_sealer *sealer;
    accord_buffer_init(&sealed, sizeof text);
    const struct accord_age_sealing sealing = {
        .recipients = (const uint8_t(*)[32])recipients + key, .recipient_count = 1, .sink = {&sealed, gather}};
    assert_int_equal(accord_age_sealer_new(&sealer, &sealing, &error), ACCORD_OK);
    assert_int_equal(accord_age_sealer_write(sealer, plain, &error), ACCORD_OK);
    assert_int_equal(accord_age_sealer_end(sealer, &error), ACCORD_OK);
    accord_age_sealer_free(sealer);
    struct accord_out out = {text, sizeof text, 0, false};
    accord_put_base64(&out, accord_buffer_bytes(&sealed));
    found.claim.custodians[place].share_base64 = accord_out_bytes(&out);
    accord_buffer_free(&sealed);
}

static enum accord_custodian_verdict opened(size_t place, size_t first_key, size_t key_count,
                                            struct accord_custodian_share *share)
{
    accord_custodian_open(share, &found.claim, place, (const uint8_t(*)[32])secret + first_key, key_count);
    return share->verdict;
}

/* What a reporter seals for custodian `place`: a share, for the report with this key. */
static void seal_for(size_t place, const uint8_t share[32], const char *key)
{
    uint8_t plain[ACCORD_SHARING_PLAIN_SIZE];
    accord_sharing_plain(share, slice(key), plain);
    seal(place, 0, (struct accord_bytes){plain, sizeof plain});
}

static void sealed_shares(void **state)
{
    struct accord_custodian_share share;
    uint8_t shared[32], shares[3][32], zero[32] = {0};
    (void)state;
    found.claim.key.text = slice("reporter+one");
    accord_sharing_new(2, 3, shared, found.claim.coefficients, shares);
    seal_for(1, shares[1], "reporter+one");
    assert_int_equal(opened(1, 0, 1, &share), ACCORD_SHARE_RIGHT);
    assert_memory_equal(share.scalar, shares[1], 32);
    assert_int_equal(opened(1, 0, 2, &share), ACCORD_SHARE_RIGHT); /* the key before, and the one after it */
    assert_int_equal(opened(1, 1, 1, &share), ACCORD_SHARE_UNOPENED);
    assert_memory_equal(share.scalar, zero, 32);
    assert_int_equal(opened(1, 0, 0, &share), ACCORD_SHARE_UNOPENED);
    seal_for(1, shares[0], "reporter+one"); /* another's */
    assert_int_equal(opened(1, 0, 2, &share), ACCORD_SHARE_WRONG);
    assert_memory_equal(share.scalar, zero, 32);
    assert_memory_not_equal(share.file_key, zero, ACCORD_FILE_KEY_SIZE);
    seal_for(1, zero, "reporter+one");
    assert_int_equal(opened(1, 0, 2, &share), ACCORD_SHARE_WRONG);
    found.claim.custodians[1].share_base64 = slice("bm8gYWdlIGZpbGU=");
    assert_int_equal(opened(1, 0, 2, &share), ACCORD_SHARE_UNOPENED);
}

/* Neither the share, right or wrong, nor the key of what it is sealed in is told of what another report's key is in. */
static void what_was_copied_is_not_told(void **state)
{
    struct accord_custodian_share share;
    uint8_t shared[32], shares[3][32], zero[32] = {0}, plain[ACCORD_SHARING_PLAIN_SIZE + 1] = {0};
    (void)state;
    found.claim.key.text = slice("reporter+thief");
    accord_sharing_new(2, 3, shared, found.claim.coefficients, shares);
    accord_sharing_plain(shares[1], slice("reporter+thief"), plain);
    for (unsigned what = 0; what < 6; what++) {
        if (what < 2) { /* the coefficients were copied, too, or not */
            seal_for(1, shares[what], "reporter+victim");
        } else {
            const size_t sizes[] = {0, 32, sizeof plain - 2, sizeof plain};
            seal(1, 0, (struct accord_bytes){plain, sizes[what - 2]});
        }
        assert_int_equal(opened(1, 0, 2, &share), ACCORD_SHARE_FOREIGN);
        assert_memory_equal(share.scalar, zero, 32);
        assert_memory_equal(share.file_key, zero, ACCORD_FILE_KEY_SIZE);
    }
}

/* What is kept */

static const uint8_t ids[3][ACCORD_HASH_SIZE] = {{9}, {3}, {5}};

static void remember_three(struct accord_custodian_state *kept)
{
    accord_custodian_state_init(kept);
    kept->position = (struct accord_position){.next = 5, .size = 5, .root = {1, 2, 3}};
    assert_int_equal(accord_buffer_append(&kept->origin, slice("log.example")), ACCORD_OK);
    assert_int_equal(accord_custodian_remember(kept, ids[0], ACCORD_SHARE_RIGHT), ACCORD_OK);
    assert_int_equal(accord_custodian_remember(kept, ids[1], ACCORD_SHARE_UNOPENED), ACCORD_OK);
    assert_int_equal(accord_custodian_remember(kept, ids[2], ACCORD_SHARE_WRONG), ACCORD_OK);
    assert_int_equal(accord_custodian_remember(kept, ids[1], ACCORD_SHARE_RIGHT), ACCORD_OK);
}

static void kept_and_read(void **state)
{
    char path[] = "/tmp/accord-custodian-XXXXXX";
    struct accord_custodian_state kept, again;
    enum accord_custodian_verdict verdict = ACCORD_SHARE_UNOPENED;
    const uint8_t unknown[ACCORD_HASH_SIZE] = {4};
    (void)state;
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    (void)close(handle);
    remember_three(&kept);
    assert_int_equal(accord_custodian_state_save(&kept, &accord_fs_real, path, &error), ACCORD_OK);
    accord_custodian_state_init(&again);
    assert_int_equal(accord_custodian_state_load(&again, &accord_fs_real, path, &error), ACCORD_OK);
    assert_int_equal(again.position.size, 5);
    assert_memory_equal(again.position.root, kept.position.root, ACCORD_HASH_SIZE);
    assert_slice(accord_buffer_bytes(&again.origin), "log.example");
    assert_int_equal(again.seen_count, 3);
    assert_true(accord_custodian_knows(&again, ids[1], &verdict));
    assert_int_equal(verdict, ACCORD_SHARE_RIGHT);
    assert_true(accord_custodian_knows(&again, ids[2], &verdict));
    assert_int_equal(verdict, ACCORD_SHARE_WRONG);
    assert_false(accord_custodian_knows(&again, unknown, &verdict));
    accord_custodian_state_free(&again);
    accord_custodian_state_free(&kept);
    (void)unlink(path);
    accord_custodian_state_init(&again); /* none yet */
    assert_int_equal(accord_custodian_state_load(&again, &accord_fs_real, path, &error), ACCORD_OK);
    assert_int_equal(again.position.size, 0);
    accord_custodian_state_free(&again);
}

/* A text that any byte is taken from, or added to, is none. */
static void damaged(void **state)
{
    static uint8_t text[2048], changed[2048];
    struct accord_custodian_state kept;
    struct accord_out out = {text, sizeof text, 0, false};
    (void)state;
    remember_three(&kept);
    accord_custodian_state_print(&out, &kept);
    accord_custodian_state_free(&kept);
    size_t sound = 0;
    for (size_t cut = 0; cut < out.size; cut++) {
        accord_custodian_state_init(&kept);
        sound += accord_custodian_state_parse(&kept, (struct accord_bytes){text, cut}, &error) == ACCORD_OK;
        accord_custodian_state_free(&kept);
    }
    assert_int_equal(sound, 3); /* whole lines are what was kept at another time */
    memcpy(changed, text, out.size);
    for (size_t i = 0; i < out.size; i++) {
        changed[i] = text[i] == '\n' ? ' ' : '\n';
        accord_custodian_state_init(&kept);
        assert_int_not_equal(accord_custodian_state_parse(&kept, (struct accord_bytes){changed, out.size}, &error),
                             ACCORD_OK);
        accord_custodian_state_free(&kept);
        changed[i] = text[i];
    }
}

static void id_of(uint32_t number, uint8_t id[ACCORD_HASH_SIZE])
{
    memset(id, 0, ACCORD_HASH_SIZE);
    for (unsigned i = 0; i < 4; i++) {
        id[i] = (uint8_t)(number >> (24 - 8 * i));
    }
}

/* Anybody can name a custodian in as many reports as a log takes: what is kept of them can be read again. */
static void a_flood_fits(void **state)
{
    struct accord_custodian_state kept, again;
    enum accord_custodian_verdict verdict = ACCORD_SHARE_UNOPENED;
    uint8_t id[ACCORD_HASH_SIZE];
    (void)state;
    remember_three(&kept);
    for (uint32_t i = 0; i < 20000; i++) {
        id_of(i * UINT32_C(2654435761) | 1, id);
        assert_false(accord_custodian_knows(&kept, id, &verdict));
        assert_int_equal(accord_custodian_remember(&kept, id, ACCORD_SHARE_FOREIGN), ACCORD_OK);
    }
    for (uint32_t i = 0; i < 20000; i += 99) {
        id_of(i * UINT32_C(2654435761) | 1, id);
        assert_true(accord_custodian_knows(&kept, id, &verdict) && verdict == ACCORD_SHARE_FOREIGN);
    }
    free(kept.seen);
    kept.seen = calloc(ACCORD_DOCKET_CASES_MAX, sizeof *kept.seen);
    assert_non_null(kept.seen);
    kept.seen_count = kept.seen_room = ACCORD_DOCKET_CASES_MAX;
    for (uint32_t i = 0; i < ACCORD_DOCKET_CASES_MAX; i++) {
        id_of(i, kept.seen[i].id);
    }
    id_of(ACCORD_DOCKET_CASES_MAX, id);
    assert_int_equal(accord_custodian_remember(&kept, id, ACCORD_SHARE_RIGHT), ACCORD_OK);
    size_t size = accord_custodian_state_size(&kept);
    struct accord_out out = {malloc(size), size, 0, false};
    assert_non_null(out.data);
    accord_custodian_state_print(&out, &kept);
    assert_false(out.full);
    accord_custodian_state_init(&again);
    assert_int_equal(accord_custodian_state_parse(&again, accord_out_bytes(&out), &error), ACCORD_OK);
    assert_int_equal(again.seen_count, ACCORD_DOCKET_CASES_MAX);
    free(out.data);
    accord_custodian_state_free(&again);
    accord_custodian_state_free(&kept);
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    for (unsigned i = 0; i < 2; i++) {
        memset(secret[i], (int)i + 1, 32);
        accord_age_recipient_of(secret[i], recipients[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_before_its_time, begin),
        cmocka_unit_test_setup(a_request_alone_moves_nothing, begin),
        cmocka_unit_test_setup(withdrawn_never, begin),
        cmocka_unit_test_setup(not_after_it_is_disclosed, begin),
        cmocka_unit_test_setup(once_each, begin),
        cmocka_unit_test_setup(sealed_shares, begin),
        cmocka_unit_test_setup(what_was_copied_is_not_told, begin),
        cmocka_unit_test(kept_and_read),
        cmocka_unit_test(damaged),
        cmocka_unit_test(a_flood_fits),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
