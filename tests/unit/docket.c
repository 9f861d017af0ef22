/* The docket of a small log that is made here: an accord of three members with a witness each, reports and answers with
 * checkpoints in them. What counts, when it was, and that junk takes nobody's place. */
#include "slices.h"

#include "accord/release.h"
#include "age/age.h"
#include "case/docket.h"
#include "case/sharing.h"
#include "rosters.h"

#include <sodium.h>
#include <stdlib.h>

#define ENTRIES_MAX 600
#define DAY ((uint64_t)ACCORD_CASE_DAY)
#define T0 1700000000
#define ORIGIN "log.example"
#define REPORTER ACCORD_REPORTER_NAME

static struct accord_bytes entries[ENTRIES_MAX];
static uint8_t leaves[ENTRIES_MAX][ACCORD_HASH_SIZE];
static size_t entry_count;
static uint8_t charter_digest[ACCORD_HASH_SIZE], roster_digest[ACCORD_HASH_SIZE];
static uint64_t now; /* of the witnesses */
static struct accord_chain *chain;
static struct accord_docket *docket;
static struct accord_error error;
static const struct accord_crypto *const crypto = &accord_crypto_default;

/* The log */

static void hash_of(uint64_t begin, uint64_t end, uint8_t hash[ACCORD_HASH_SIZE])
{
    uint8_t left[ACCORD_HASH_SIZE], right[ACCORD_HASH_SIZE];
    uint64_t split = 1;
    if (begin == end) {
        accord_merkle_empty_root(crypto, hash);
        return;
    }
    if (end - begin == 1) {
        memcpy(hash, leaves[begin], ACCORD_HASH_SIZE);
        return;
    }
    while (split * 2 < end - begin)
        split *= 2;
    hash_of(begin, begin + split, left);
    hash_of(begin + split, end, right);
    accord_merkle_node(crypto, left, right, hash);
}

static size_t add(struct accord_bytes entry)
{
    assert_true(entry_count < ENTRIES_MAX);
    uint8_t *data = malloc(entry.size);
    assert_non_null(data);
    memcpy(data, entry.data, entry.size);
    entries[entry_count] = (struct accord_bytes){data, entry.size};
    accord_merkle_leaf(crypto, entry, leaves[entry_count]);
    return entry_count++;
}

static uint8_t memory[1 << 16];
static struct accord_out out;

static void start(void)
{
    out = (struct accord_out){memory, sizeof memory, 0, false};
}

static size_t finish(const char *const *keys, size_t count)
{
    put_signatures(&out, keys, count);
    assert_false(out.full);
    return add(accord_out_bytes(&out));
}

static void put_cosignature(struct accord_out *note, struct accord_bytes text, const char *name, uint64_t time)
{
    uint8_t seed[32], public_key[32], message[1024], signature[72];
    struct accord_out said = {message, sizeof message, 0, false}, stamp = {signature, 8, 0, false};
    signing_seed(name, seed);
    seed[0] ^= ACCORD_KEY_COSIGNATURE_ED25519;
    accord_ed25519_public(seed, public_key);
    assert_int_equal(accord_cosignature_message(&said, ACCORD_KEY_COSIGNATURE_ED25519, text, slice(name), time),
                     ACCORD_OK);
    accord_put_be64(&stamp, time);
    accord_ed25519_sign(seed, said.data, said.size, signature + 8);
    uint32_t id = accord_key_id(slice(name), ACCORD_KEY_COSIGNATURE_ED25519,
                                (struct accord_bytes){public_key, sizeof public_key}, crypto);
    accord_signature_print(note, slice(name), id, (struct accord_bytes){signature, sizeof signature});
}

/* A checkpoint of the first size entries, cosigned by so many witnesses. */
struct stamp {
    uint64_t size, time;
    unsigned witnesses;
    bool forked;
    const char *origin;
};

static uint8_t stamp_memory[4096], base64_memory[8192];

static struct accord_bytes stamped(const struct stamp *stamp)
{
    static const char *const names[] = {"m0.example/witness", "m1.example/witness", "m2.example/witness"};
    struct accord_out note = {stamp_memory, sizeof stamp_memory, 0, false};
    uint8_t root[ACCORD_HASH_SIZE];
    hash_of(0, stamp->size, root);
    root[0] ^= stamp->forked;
    accord_checkpoint_print(&note, slice(stamp->origin), stamp->size, root);
    struct accord_bytes text = accord_out_bytes(&note);
    accord_put_byte(&note, '\n');
    put_signature(&note, text, stamp->origin);
    for (unsigned i = 0; i < stamp->witnesses; i++)
        put_cosignature(&note, text, names[i], stamp->time);
    assert_false(note.full);
    return accord_out_bytes(&note);
}

static struct accord_bytes checkpoint_base64(const struct stamp *stamp)
{
    struct accord_out base64 = {base64_memory, sizeof base64_memory, 0, false};
    accord_put_base64(&base64, stamped(stamp));
    assert_false(base64.full);
    return accord_out_bytes(&base64);
}

/* The log's newest, and now. */
static struct stamp fresh(void)
{
    return (struct stamp){entry_count, now, 3, false, ORIGIN};
}

static size_t tick_of(const struct stamp *stamp)
{
    static const char *const anybody[] = {"anybody.example"};
    start();
    accord_tick_print(&out, stamped(stamp));
    return finish(anybody, 1);
}

static size_t tick(void)
{
    struct stamp stamp = fresh();
    return tick_of(&stamp);
}

/* The accord */

static void put_line(const char *before, const char *name, enum accord_key_type type)
{
    put_text(&out, before);
    put_vkey(&out, name, type);
    put_text(&out, "\n");
}

static void add_charter(void)
{
    static const char *const founders[] = {"m0.example/release", "m1.example/release", "m2.example/release"};
    start();
    put_text(&out, "accord/v1/charter\nname docket\nembargo 80 30 110 14 6 40 7\n");
    put_line("founder m0.example ", founders[0], ACCORD_KEY_ED25519);
    put_line("founder m1.example ", founders[1], ACCORD_KEY_ED25519);
    put_line("founder m2.example ", founders[2], ACCORD_KEY_ED25519);
    size_t index = finish(founders, 3);
    accord_hash(crypto, entries[index], charter_digest);
}

/* Roster 1, or the one after it, in which m0's receipt key was given up at an index. */
static void add_roster(bool next, uint64_t lost_at)
{
    static const char *const founders[] = {"m0.example/release", "m1.example/release", "m2.example/release"};
    static const char *const jurisdictions[] = {"CH", "GB", "US"};
    char text[160], name[64];
    start();
    put_text(&out, "accord/v1/roster\ncharter ");
    accord_digest_print(&out, charter_digest);
    put_text(&out, next ? "\nnumber 2\nprevious " : "\nnumber 1");
    if (next)
        accord_digest_print(&out, roster_digest);
    put_text(&out, "\nadmit 1\nquorum 2 1\n");
    put_line("log ", ORIGIN, ACCORD_KEY_ED25519);
    put_line("log ", "second.example", ACCORD_KEY_ED25519);
    for (unsigned i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "member m%u.example %s Member\nkey release ", i, jurisdictions[i]);
        snprintf(name, sizeof name, "m%u.example/release", i);
        put_line(text, name, ACCORD_KEY_ED25519);
        snprintf(name, sizeof name, "m%u.example/receipt%s", i, next && i == 0 ? "-2" : "");
        put_line("key receipt ", name, ACCORD_KEY_ED25519);
        snprintf(name, sizeof name, "m%u.example/witness", i);
        put_line("key witness ", name, ACCORD_KEY_COSIGNATURE_ED25519);
        if (i == 1)
            put_text(&out, "report-days 50\n");
    }
    if (next && lost_at > 0) {
        put_text(&out, "past receipt ");
        put_vkey(&out, "m0.example/receipt", ACCORD_KEY_ED25519);
        snprintf(text, sizeof text, " %u %u " ORIGIN "\n", (unsigned)lost_at, (unsigned)now);
        put_text(&out, text);
    }
    size_t index = finish(founders, 3);
    accord_hash(crypto, entries[index], roster_digest);
}

static int begin(void **state)
{
    (void)state;
    accord_crypto_start();
    entry_count = 0;
    now = T0;
    chain = NULL;
    docket = NULL;
    add_charter();
    add_roster(false, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < entry_count; i++)
        free((void *)(uintptr_t)entries[i].data);
    accord_docket_free(docket);
    accord_chain_free(chain);
    return 0;
}

/* Reports and answers */

static const uint8_t salt[32] = {1, 2, 3}, file_key[16] = {4, 5, 6};
static struct accord_report_claim report;
static struct accord_answer_claim answer;
static uint8_t key_memory[128];

/* A report of now, to be changed before it is added. */
static void new_report(const char *vendor, uint64_t opens)
{
    struct accord_out key = {key_memory, sizeof key_memory, 0, false};
    struct stamp stamp = fresh();
    memset(&report, 0, sizeof report);
    put_vkey(&key, REPORTER, ACCORD_KEY_ED25519);
    report.vendor = slice(vendor);
    report.key.text = accord_out_bytes(&key);
    report.moment = (struct accord_moment){now, checkpoint_base64(&stamp)};
    report.opens = opens;
    report.sealed_size = 1000;
    accord_report_file_key(crypto, file_key, report.file_key);
}

static size_t add_report(void)
{
    static const char *const keys[] = {REPORTER};
    start();
    accord_report_print(&out, &report, 0);
    return finish(keys, 1);
}

static size_t plain_report(void)
{
    new_report("m0.example", now + 80 * DAY);
    return add_report();
}

/* An answer of now to the report at an index, after the entry at another one. */
static void new_answer(enum accord_answer_kind kind, const char *by, size_t to, size_t after)
{
    struct stamp stamp = fresh();
    memset(&answer, 0, sizeof answer);
    answer.kind = kind;
    answer.by = slice(by);
    answer.has_previous =
        kind != ACCORD_ANSWER_DISCLOSE && kind != ACCORD_ANSWER_SHARE && kind != ACCORD_ANSWER_COMPLAINT;
    accord_hash(crypto, entries[to], answer.case_id);
    accord_hash(crypto, entries[after], answer.previous);
    answer.moment = (struct accord_moment){now, checkpoint_base64(&stamp)};
    answer.word = slice("junk"); /* of a refusal */
    if (kind == ACCORD_ANSWER_DISCLOSE)
        memcpy(answer.file_key, file_key, sizeof file_key);
}

static size_t add_answer_by(const char *key)
{
    const char *const keys[] = {key};
    start();
    accord_answer_print(&out, &answer);
    return finish(keys, 1);
}

static size_t add_answer(void)
{
    char key[64];
    bool is_reporter = accord_bytes_equal(answer.by, slice(REPORTER));
    snprintf(key, sizeof key, is_reporter ? "%.*s" : "%.*s/receipt", (int)answer.by.size, (const char *)answer.by.data);
    return add_answer_by(key);
}

static size_t say(enum accord_answer_kind kind, const char *by, size_t to, size_t after)
{
    new_answer(kind, by, to, after);
    return add_answer();
}

/* Judging */

static enum accord_status root(void *context, uint64_t size, uint8_t hash[ACCORD_HASH_SIZE],
                               struct accord_error *failure)
{
    (void)context;
    (void)failure;
    assert_true(size <= entry_count);
    hash_of(0, size, hash);
    return ACCORD_OK;
}

static enum accord_status see_all(const struct accord_docket_filter *filter)
{
    const struct accord_docket_log log = {NULL, slice(ORIGIN), root};
    enum accord_link link;
    accord_docket_free(docket);
    accord_chain_free(chain);
    error = (struct accord_error){.status = ACCORD_OK};
    assert_int_equal(accord_docket_new(&docket, crypto, filter, NULL), ACCORD_OK);
    assert_int_equal(accord_chain_new(&chain, crypto, charter_digest, NULL), ACCORD_OK);
    for (size_t i = 0; i < entry_count; i++) {
        assert_int_equal(accord_chain_offer(chain, i, entries[i], &link, NULL), ACCORD_OK);
        enum accord_status status = accord_docket_see(docket, chain, &log, i, entries[i], &error);
        if (status != ACCORD_OK)
            return status;
    }
    return ACCORD_OK;
}

/* Judges all of the log by a newest checkpoint of now; how many cases there are. */
static size_t judge_by(const struct accord_docket_filter *filter)
{
    assert_int_equal(see_all(filter), ACCORD_OK);
    assert_int_equal(accord_docket_judge(docket, chain, entry_count, now, NULL), ACCORD_OK);
    assert_int_equal(accord_docket_now(docket), now);
    return accord_docket_count(docket);
}

static size_t judge(void)
{
    return judge_by(&(struct accord_docket_filter){.id = NULL});
}

static const struct accord_docket_case *only_case(void)
{
    assert_int_equal(judge(), 1);
    return accord_docket_case(docket, 0);
}

/* The answers of a case: each as its kind's name and why it was passed over. */
static void check_answers(const struct accord_docket_case *found, const enum accord_status *counts, size_t count)
{
    assert_int_equal(found->answer_count, count);
    for (size_t i = 0; i < count; i++) {
        if (found->answers[i].counts != counts[i])
            print_error("answer %zu\n", i);
        assert_int_equal(found->answers[i].counts, counts[i]);
        assert_int_equal(counts[i] == ACCORD_OK || found->answers[i].why.status == counts[i], true);
    }
}
#define CHECK_ANSWERS(found, ...)                                                                                      \
    check_answers(found, (const enum accord_status[]){__VA_ARGS__},                                                    \
                  sizeof((const enum accord_status[]){__VA_ARGS__}) / sizeof(enum accord_status))

static size_t add_release(const char *vendor, unsigned sequence)
{
    char text[512], key[64];
    const char *const keys[] = {key};
    snprintf(key, sizeof key, "%s/release", vendor);
    snprintf(text, sizeof text,
             "accord/v1/release\nvendor %s\nproduct p\nversion %u\nsequence %u\nartifact "
             "sha256:%064u 1 p.bin\n",
             vendor, sequence, sequence, sequence);
    start();
    put_text(&out, text);
    return finish(keys, 1);
}

static size_t publish(size_t to, size_t after, size_t release)
{
    new_answer(ACCORD_ANSWER_PUBLISHED, "m0.example", to, after);
    accord_hash(crypto, entries[release], answer.value);
    return add_answer();
}

/* Tests */

static void a_case_from_report_to_disclosure(void **state)
{
    struct accord_case_standing standing;
    (void)state;
    size_t reported = plain_report();
    tick();
    now += DAY;
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    size_t triaged = say(ACCORD_ANSWER_TRIAGED, "m0.example", reported, received);
    now += DAY;
    size_t release = add_release("m0.example", 1);
    size_t published = publish(reported, triaged, release);
    tick();
    now += 31 * DAY;
    say(ACCORD_ANSWER_DISCLOSE, REPORTER, reported, published);
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_OK, ACCORD_OK, ACCORD_OK, ACCORD_OK);
    assert_int_equal(found->index, reported);
    assert_slice(found->vendor, "m0.example");
    assert_int_equal(found->state.time, T0);
    assert_int_equal(found->state.received, T0 + DAY);
    assert_int_equal(found->state.triaged, T0 + 2 * DAY); /* under the checkpoint of what came next */
    assert_int_equal(found->state.published, T0 + 2 * DAY);
    assert_int_equal(found->answers[0].event.not_before, T0 + DAY);
    assert_false(found->state.opened_early);
    accord_case_stand(&found->state, now, &standing);
    assert_slice(standing.state, "disclosed");
    assert_int_equal(standing.opens, T0 + 32 * DAY); /* 30 days after the fix, by this charter */
    assert_int_equal(found->state.rule.days, 80);
}

static void the_clock_is_the_witnesses(void **state)
{
    (void)state;
    size_t reported = plain_report();
    tick();
    now += 10 * DAY;
    new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    answer.moment.time = T0 + 9 * DAY - 1; /* its checkpoint is of the tenth day */
    add_answer();
    new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    answer.moment.time = T0 + 9 * DAY;
    add_answer();
    new_answer(ACCORD_ANSWER_EXPLOITED, REPORTER, reported, entry_count - 1);
    answer.moment.time = T0 + 11 * DAY + 1;
    add_answer();
    new_answer(ACCORD_ANSWER_EXPLOITED, REPORTER, reported, entry_count - 2);
    answer.moment.time = T0 + 11 * DAY;
    add_answer();
    tick();
    now += 20 * DAY;
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_CLOCK, ACCORD_OK, ACCORD_CLOCK, ACCORD_OK);
    assert_int_equal(found->state.received, T0 + 10 * DAY);
    assert_int_equal(found->state.exploited, T0 + 10 * DAY);
}

static void an_entry_was_when_the_first_larger_tree_was_seen(void **state)
{
    (void)state;
    size_t reported = plain_report();
    struct stamp small = fresh(); /* of a tree with the report, and nothing more */
    now += DAY;
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    now += DAY;
    struct stamp large = fresh();
    tick_of(&large);
    tick_of(&small); /* out of order: it says more of the report, nothing of the receipt */
    now += 5 * DAY;
    tick();
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_OK);
    assert_int_equal(found->state.time, T0);
    assert_int_equal(found->state.received, T0 + 2 * DAY);
    assert_true(received > reported);
    assert_false(accord_docket_wants_tick(docket));
    now = T0 + DAY; /* a newest checkpoint whose quorum is of an earlier time than those before it */
    assert_int_equal(only_case()->state.received, T0 + DAY);
    assert_int_equal(only_case()->state.time, T0);
}

static void what_no_entry_covers_wants_a_tick(void **state)
{
    (void)state;
    assert_int_equal(judge(), 0);
    assert_false(accord_docket_wants_tick(docket));
    plain_report();
    assert_int_equal(judge(), 1);
    assert_true(accord_docket_wants_tick(docket));
    tick();
    assert_int_equal(judge(), 1);
    assert_false(accord_docket_wants_tick(docket));
}

static void a_report_of_another_time_is_none(void **state)
{
    (void)state;
    new_report("m0.example", T0 + 80 * DAY);
    report.moment.time = now - DAY - 1;
    add_report();
    new_report("m0.example", T0 + 80 * DAY);
    report.moment.time = now + DAY + 1;
    add_report();
    tick();
    assert_int_equal(judge(), 0);
    new_report("m0.example", T0 + 80 * DAY);
    report.moment.time = now + DAY;
    add_report();
    assert_int_equal(judge(), 1);
}

static void a_checkpoint_needs_its_log_and_its_quorum(void **state)
{
    struct stamp stamps[] = {fresh(), fresh(), fresh(), fresh()};
    (void)state;
    stamps[0].witnesses = 1;
    stamps[1].origin = "other.example";
    stamps[2].origin = "second.example"; /* a log of the accord, and not this one */
    stamps[3].size += 50;                /* of what is not there yet: nobody can say whether it is so */
    stamps[3].forked = true;
    for (size_t i = 0; i < 4; i++) {
        new_report("m0.example", T0 + 80 * DAY);
        report.moment.checkpoint_base64 = checkpoint_base64(&stamps[i]);
        add_report();
    }
    stamps[0].forked = true; /* nobody but its log vouches for it: no evidence against anybody else */
    tick_of(&stamps[0]);
    assert_int_equal(judge(), 0);
}

static void an_entry_is_no_older_than_what_stood_before_it(void **state)
{
    struct stamp old = fresh();
    (void)state;
    size_t reported = plain_report();
    now += 10 * DAY;
    tick();
    for (unsigned i = 0; i < 2; i++) { /* both carry an old checkpoint; one has a time to match */
        new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
        answer.moment = (struct accord_moment){i == 0 ? T0 : now, checkpoint_base64(&old)};
        add_answer();
    }
    CHECK_ANSWERS(only_case(), ACCORD_CLOCK, ACCORD_OK);
}

static void what_the_newest_tree_does_not_hold_is_not_public(void **state)
{
    (void)state;
    size_t reported = plain_report();
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    assert_int_equal(see_all(&(struct accord_docket_filter){.id = NULL}), ACCORD_OK);
    assert_int_equal(accord_docket_judge(docket, chain, received, now, NULL), ACCORD_OK);
    assert_int_equal(accord_docket_count(docket), 1);
    CHECK_ANSWERS(accord_docket_case(docket, 0), ACCORD_NOT_PUBLIC);
    assert_int_equal(see_all(&(struct accord_docket_filter){.id = NULL}), ACCORD_OK);
    assert_int_equal(accord_docket_judge(docket, chain, reported, now, NULL), ACCORD_OK);
    assert_int_equal(accord_docket_count(docket), 0);
}

static void a_forked_log_is_told(void **state)
{
    struct stamp stamp = fresh();
    (void)state;
    plain_report();
    stamp.forked = true;
    tick_of(&stamp);
    plain_report();
    assert_int_equal(see_all(&(struct accord_docket_filter){.id = NULL}), ACCORD_EVIDENCE);
    assert_int_equal(error.status, ACCORD_EVIDENCE);
    assert_string_equal(error.what, ORIGIN);
}

static void of_two_receipts_the_first_counts(void **state)
{
    (void)state;
    size_t reported = plain_report();
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    now += 3600;
    say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported); /* made when the first was not there yet */
    say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, received);
    say(ACCORD_ANSWER_RECEIPT, "m1.example", reported, received); /* not its vendor: not even kept */
    say(ACCORD_ANSWER_TRIAGED, "m0.example", reported, received);
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_OK, ACCORD_CASE, ACCORD_CASE, ACCORD_OK);
    assert_int_equal(found->state.received, T0 + 3600);
}

static size_t extend(const char *by, size_t to, size_t after, uint64_t until)
{
    new_answer(ACCORD_ANSWER_EXTEND, by, to, after);
    answer.until = until;
    return add_answer();
}

static void an_extension_races_with_a_disclosure(void **state)
{
    (void)state;
    size_t reported = plain_report();
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    tick();
    now += 79 * DAY;
    size_t asked = extend("m0.example", reported, received, T0 + 90 * DAY);
    say(ACCORD_ANSWER_DISCLOSE, REPORTER, reported, asked); /* takes no place in the order of the others */
    extend(REPORTER, reported, asked, T0 + 90 * DAY);
    extend(REPORTER, reported, asked, T0 + 91 * DAY); /* at the same time as the one before it */
    tick();
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_OK, ACCORD_OK, ACCORD_OK, ACCORD_OK, ACCORD_CASE);
    assert_int_equal(found->state.extended, T0 + 90 * DAY);
    assert_true(found->state.opened_early);
    assert_int_equal(found->state.disclosed, T0 + 79 * DAY);
}

static size_t disclose(const char *by, size_t to, const uint8_t key[16], const uint8_t *seed)
{
    new_answer(ACCORD_ANSWER_DISCLOSE, by, to, to);
    memcpy(answer.file_key, key, sizeof answer.file_key);
    answer.has_salt = seed != NULL;
    memcpy(answer.salt, seed == NULL ? answer.salt : seed, sizeof answer.salt);
    return add_answer();
}

/* Whoever has the file key, its vendor for one, can disclose it, and cannot take the seed's place. */
static void only_the_seed_of_the_report_is_its_seed(void **state)
{
    const uint8_t seed[32] = {7}, other[32] = {8};
    uint8_t key[16];
    (void)state;
    accord_age_seed_file_key(seed, key);
    new_report("m0.example", now + 80 * DAY);
    accord_report_file_key(crypto, key, report.file_key);
    size_t reported = add_report();
    tick();
    disclose("m0.example", reported, key, other);
    disclose("m0.example", reported, key, NULL);
    disclose("m1.example", reported, key, NULL);
    disclose(REPORTER, reported, key, other);
    disclose(REPORTER, reported, key, seed);
    disclose(REPORTER, reported, key, seed);
    now += DAY;
    disclose("m1.example", reported, key, seed);
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_COMMITMENT, ACCORD_OK, ACCORD_CASE, ACCORD_COMMITMENT, ACCORD_OK, ACCORD_CASE,
                  ACCORD_CASE);
    assert_true(found->state.disclosed == T0 && found->state.seeded == T0);
}

static void a_consent_that_came_too_late_moves_nothing(void **state)
{
    struct accord_case_standing standing;
    (void)state;
    size_t reported = plain_report();
    tick();
    now += 39 * DAY; /* silent: it opens on the fortieth day */
    size_t asked = extend(REPORTER, reported, reported, T0 + 50 * DAY);
    tick();
    now += DAY;
    extend("m0.example", reported, asked, T0 + 50 * DAY);
    say(ACCORD_ANSWER_DISCLOSE, "m1.example", reported, asked);
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_OK, ACCORD_CASE, ACCORD_OK);
    accord_case_stand(&found->state, now, &standing);
    assert_int_equal(standing.opens, T0 + 40 * DAY);
    assert_true(standing.silent);
    assert_false(found->state.opened_early);
}

static void what_a_revoked_key_said_counts_below_its_index(void **state)
{
    (void)state;
    size_t reported = plain_report();
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    size_t refused = say(ACCORD_ANSWER_REFUSED, "m0.example", reported, received);
    size_t kept_count = entry_count;
    const struct {
        uint64_t lost_at;
        enum accord_status receipt, refusal;
    } cases[] = {{refused + 1, ACCORD_OK, ACCORD_OK},
                 {refused, ACCORD_OK, ACCORD_WRONG_SIGNER},
                 {received, ACCORD_WRONG_SIGNER, ACCORD_WRONG_SIGNER},
                 {0, ACCORD_WRONG_SIGNER, ACCORD_WRONG_SIGNER}}; /* dropped, and not named any more */
    uint8_t first[ACCORD_HASH_SIZE];
    memcpy(first, roster_digest, sizeof first);
    for (size_t i = 0; i < 4; i++) {
        memcpy(roster_digest, first, sizeof first);
        add_roster(true, cases[i].lost_at);
        say(ACCORD_ANSWER_TRIAGED, "m0.example", reported, received); /* with the key that is lost: as if a stranger */
        const struct accord_docket_case *found = only_case();
        CHECK_ANSWERS(found, cases[i].receipt, cases[i].refusal);
        assert_int_equal(found->state.received != 0, cases[i].receipt == ACCORD_OK);
        new_answer(ACCORD_ANSWER_TRIAGED, "m0.example", reported, refused);
        add_answer_by("m0.example/receipt-2");
        found = only_case();
        assert_int_equal(found->answer_count, 3);
        assert_int_equal(found->answers[2].counts, i == 0 ? ACCORD_OK : ACCORD_CASE);
        while (entry_count > kept_count)
            free((void *)(uintptr_t)entries[--entry_count].data);
    }
}

/* Who stole a vendor's key can fill the vendor's room; the roster that takes it away makes room again. */
static void a_thief_takes_room_until_the_key_is_lost(void **state)
{
    (void)state;
    size_t reported = plain_report(), stolen_at = entry_count;
    for (unsigned i = 0; i < 130; i++) {
        new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
        answer.value[0] = (uint8_t)i;
        add_answer();
    }
    new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    add_answer_by("m0.example/release");
    assert_int_equal(only_case()->answer_count, 128);
    add_roster(true, stolen_at);
    new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    add_answer_by("m0.example/receipt-2");
    const struct accord_docket_case *found = only_case();
    assert_int_equal(found->answer_count, 129);
    assert_int_equal(found->answers[127].counts, ACCORD_WRONG_SIGNER);
    assert_int_equal(found->answers[128].counts, ACCORD_OK);
}

static void junk_takes_nobodys_place(void **state)
{
    static const char *const junk[] = {"",
                                       "accord/v1/",
                                       "accord/v1/report\n",
                                       "accord/v1/tick\ncheckpoint AAAA\n\n\xE2\x80\x94 a AAAAAAAA\n",
                                       "accord/v1/receipt\nnonsense",
                                       "\xff\xff",
                                       "accord/v1/disclose\ncase x\n"};
    (void)state;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++)
        add(slice(junk[i]));
    size_t reported = plain_report();
    add(entries[reported]); /* logged twice: one report */
    new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    add_answer_by("m0.example/stage"); /* no key that may */
    new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", 0, reported);
    add_answer(); /* to what is no report */
    new_answer(ACCORD_ANSWER_EXPLOITED, REPORTER, reported, reported);
    add_answer_by("m0.example/receipt"); /* not the reporter */
    for (unsigned i = 0; i < 300; i++) {
        new_answer(ACCORD_ANSWER_DISCLOSE, "m2.example", reported, reported);
        memcpy(answer.file_key, &i, sizeof i); /* not the report's */
        add_answer();
    }
    for (unsigned i = 0; i < 200; i++) {
        new_answer(ACCORD_ANSWER_NEED_INFO, "m0.example", reported, reported);
        answer.moment.time -= i;
        add_answer();
    }
    size_t said = say(ACCORD_ANSWER_EXPLOITED, REPORTER, reported, reported);
    add(entries[said]); /* twice, too */
    say(ACCORD_ANSWER_DISCLOSE, "m1.example", reported, said);
    const struct accord_docket_case *found = only_case();
    assert_int_equal(found->answer_count, 130); /* 128 of the vendor's */
    assert_int_equal(found->answers[128].counts, ACCORD_OK);
    assert_int_equal(found->answers[129].counts, ACCORD_OK);
    assert_true(found->state.exploited != 0 && found->state.disclosed != 0);
}

static size_t blinded_report(const char *vendor)
{
    new_report("", now + 80 * DAY);
    accord_report_blinded(crypto, salt, slice(vendor), report.blinded);
    return add_report();
}

static size_t unblind(const char *by, size_t to, size_t after, uint8_t spoilt)
{
    new_answer(ACCORD_ANSWER_RECEIPT, by, to, after);
    answer.has_salt = true;
    memcpy(answer.salt, salt, sizeof salt);
    answer.salt[31] ^= spoilt;
    return add_answer();
}

static void a_blinded_vendor_shows_itself(void **state)
{
    const struct accord_docket_filter of_m0 = {.vendor = slice("m0.example")}, of_m1 = {.vendor = slice("m1.example")};
    (void)state;
    size_t reported = blinded_report("m1.example");
    say(ACCORD_ANSWER_REFUSED, "m1.example", reported, reported); /* nobody knows that it is the vendor */
    unblind("m0.example", reported, reported, 0);
    unblind("m1.example", reported, reported, 1);
    assert_int_equal(only_case()->answer_count, 0);
    assert_int_equal(only_case()->vendor.size, 0);
    assert_int_equal(judge_by(&of_m0), 1);
    assert_int_equal(judge_by(&of_m1), 1);
    size_t shown = unblind("m1.example", reported, reported, 0);
    say(ACCORD_ANSWER_RECEIPT, "m1.example", reported, shown); /* without the salt */
    unblind("m1.example", reported, shown, 1);
    say(ACCORD_ANSWER_TRIAGED, "m1.example", reported, shown);
    const struct accord_docket_case *found = only_case();
    assert_slice(found->vendor, "m1.example");
    CHECK_ANSWERS(found, ACCORD_OK, ACCORD_COMMITMENT, ACCORD_COMMITMENT, ACCORD_OK);
    assert_int_equal(found->state.report_days, 50);
    assert_int_equal(judge_by(&of_m0), 0);
    assert_int_equal(judge_by(&of_m1), 1);
}

static void a_receipt_that_does_not_count_shows_nobody(void **state)
{
    (void)state;
    size_t reported = blinded_report("m1.example");
    size_t shown = unblind("m1.example", reported, reported - 1, 0); /* its previous is not the report */
    say(ACCORD_ANSWER_REFUSED, "m1.example", reported, reported);
    const struct accord_docket_case *found = only_case();
    assert_int_equal(found->vendor.size, 0);
    CHECK_ANSWERS(found, ACCORD_CASE, ACCORD_WRONG_SIGNER);
    assert_true(shown > reported);
    reported = plain_report();
    unblind("m0.example", reported, reported, 0); /* a salt where nothing is blinded */
    assert_int_equal(judge(), 2);
    CHECK_ANSWERS(accord_docket_case(docket, 1), ACCORD_COMMITMENT);
}

static void a_fix_is_a_release_of_its_vendor_before_it(void **state)
{
    (void)state;
    size_t reported = plain_report();
    size_t other = add_release("m1.example", 1);
    size_t wrong = publish(reported, reported, other);
    size_t none = publish(reported, reported, wrong);
    new_answer(ACCORD_ANSWER_PUBLISHED, "m0.example", reported, reported);
    accord_hash(crypto, slice("accord/v1/release\n"), answer.value);
    add_answer();
    size_t release = add_release("m0.example", 1);
    publish(reported, reported, release);
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_CASE, ACCORD_CASE, ACCORD_CASE, ACCORD_OK);
    assert_true(none > wrong && found->state.published != 0);
}

static void what_was_committed_to_is_revealed(void **state)
{
    static const uint8_t own_salt[32] = {7};
    (void)state;
    size_t reported = plain_report();
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    new_answer(ACCORD_ANSWER_TRIAGED, "m0.example", reported, received);
    accord_progress_commitment(crypto, own_salt, slice("triaged"), slice("grave"), answer.value);
    size_t triaged = add_answer(), last = triaged;
    new_answer(ACCORD_ANSWER_TRIAGED, "m0.example", reported, triaged); /* a second one, which does not count */
    accord_progress_commitment(crypto, own_salt, slice("triaged"), slice("harmless"), answer.value);
    size_t second = add_answer();
    const struct {
        const char *by, *text;
        size_t entry;
        enum accord_status counts;
    } cases[] = {{"m0.example", "harmless", triaged, ACCORD_COMMITMENT},
                 {"m0.example", "grave", received, ACCORD_WRONG_SIGNER},
                 {"m0.example", "harmless", second, ACCORD_WRONG_SIGNER},
                 {REPORTER, "grave", triaged, ACCORD_WRONG_SIGNER},
                 {"m0.example", "grave", triaged, ACCORD_OK}};
    for (size_t i = 0; i < 5; i++) {
        new_answer(ACCORD_ANSWER_REVEALED, cases[i].by, reported, last);
        accord_hash(crypto, entries[cases[i].entry], answer.value);
        answer.has_salt = true;
        memcpy(answer.salt, own_salt, sizeof own_salt);
        answer.text = slice(cases[i].text);
        add_answer();
        const struct accord_docket_case *found = only_case();
        assert_int_equal(found->answers[3 + i].counts, cases[i].counts);
    }
}

static enum accord_status take(void *context, struct accord_bytes bytes, struct accord_error *failure)
{
    (void)failure;
    accord_put(context, bytes);
    return ACCORD_OK;
}

/* An age file with these bytes, as text; *key is its file key. */
static struct accord_bytes seal(uint8_t *text, size_t size, struct accord_bytes plain, uint8_t seed_byte,
                                uint8_t key[16])
{
    uint8_t secret[32] = {9}, recipient[1][32], sealed[512];
    const uint8_t seed[32] = {seed_byte};
    struct accord_out file = {sealed, sizeof sealed, 0, false}, base64 = {text, size, 0, false};
    struct accord_age_sealer *sealer = NULL;
    accord_age_recipient_of(secret, recipient[0]);
    const struct accord_age_sealing sealing = {
        .recipients = (const uint8_t(*)[32])recipient, .recipient_count = 1, .seed = seed, .sink = {&file, take}};
    assert_int_equal(accord_age_sealer_new(&sealer, &sealing, NULL), ACCORD_OK);
    assert_int_equal(accord_age_sealer_write(sealer, plain, NULL), ACCORD_OK);
    assert_int_equal(accord_age_sealer_end(sealer, NULL), ACCORD_OK);
    accord_age_sealer_free(sealer);
    accord_age_seed_file_key(seed, key);
    accord_put_base64(&base64, accord_out_bytes(&file));
    assert_false(file.full || base64.full);
    return accord_out_bytes(&base64);
}

static size_t say_share(const char *by, size_t to, const uint8_t share[32])
{
    new_answer(ACCORD_ANSWER_SHARE, by, to, to);
    memcpy(answer.value, share, 32);
    return add_answer();
}

static size_t complain(const char *by, size_t to, const uint8_t key[16])
{
    new_answer(ACCORD_ANSWER_COMPLAINT, by, to, to);
    memcpy(answer.file_key, key, 16);
    return add_answer();
}

static void custodians_give_their_shares_or_complain(void **state)
{
    static uint8_t texts[3][1024];
    uint8_t secret[32], shares[3][32], keys[3][16], other[16] = {0};
    char recipient[63];
    (void)state;
    assert_true(sodium_init() >= 0);
    new_report("m0.example", now + 80 * DAY);
    accord_sharing_new(2, 3, secret, report.coefficients, shares);
    memset(secret, 9, sizeof secret);
    accord_age_recipient_of(secret, secret);
    accord_age_recipient_print(secret, recipient);
    report.custody = 2;
    report.recipient = slice(recipient);
    report.custodian_count = 3;
    static const char *const names[] = {"m0.example", "m1.example", "m2.example"};
    for (uint8_t i = 0; i < 3; i++) {
        /* m1's is not its share; m2's is not either, and was made for another report */
        uint8_t plain[ACCORD_SHARING_PLAIN_SIZE];
        accord_sharing_plain(shares[i == 0 ? 0 : 3 - i], i == 2 ? slice("reporter+another") : report.key.text, plain);
        report.custodians[i].domain = slice(names[i]);
        report.custodians[i].share_base64 =
            seal(texts[i], sizeof texts[i], (struct accord_bytes){plain, sizeof plain}, i, keys[i]);
    }
    size_t reported = add_report();
    tick();
    now += DAY;
    say_share("m0.example", reported, shares[0]); /* the vendor is a custodian, too; and it is early */
    say_share("m0.example", reported, shares[0]);
    say_share("m1.example", reported, shares[0]);
    complain("m0.example", reported, keys[0]); /* it is its share */
    complain("m1.example", reported, keys[1]);
    complain("m2.example", reported, other);   /* not the key of its file */
    complain("m2.example", reported, keys[2]); /* nobody gave it that in this report */
    say_share("m1.example", reported, shares[1]);
    say_share("m1.example", reported, shares[1]); /* a fourth of this custodian: nobody looks */
    const struct accord_docket_case *found = only_case();
    CHECK_ANSWERS(found, ACCORD_OK, ACCORD_CASE, ACCORD_SHARE, ACCORD_SHARE, ACCORD_OK, ACCORD_SHARE, ACCORD_SHARE,
                  ACCORD_OK);
    assert_int_equal(found->state.share_count, 2);
    assert_int_equal(found->state.complaint_count, 1);
    assert_int_equal(found->state.shared, 3);
    assert_int_equal(found->state.complained, 2);
    assert_true(found->state.opened_early);
}

static void a_filter_keeps_its_cases(void **state)
{
    uint8_t id[ACCORD_HASH_SIZE];
    (void)state;
    size_t reported = plain_report();
    size_t received = say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    new_report("m1.example", now + 80 * DAY);
    size_t second = add_report();
    now += DAY;
    tick();
    const struct accord_docket_filter of_m1 = {.vendor = slice("m1.example")}, of_id = {.id = id};
    assert_int_equal(judge_by(&of_m1), 1);
    assert_int_equal(accord_docket_case(docket, 0)->index, second);
    assert_int_equal(accord_docket_case(docket, 0)->state.report_days, 50);
    accord_hash(crypto, entries[reported], id);
    assert_int_equal(judge_by(&of_id), 1);
    assert_int_equal(accord_docket_case(docket, 0)->index, reported);
    assert_int_equal(accord_docket_case(docket, 0)->answer_count, 1);
    assert_true(received < second);
    assert_int_equal(judge(), 2);
    /* the clock is the same, whatever is kept */
    assert_int_equal(accord_docket_case(docket, 0)->state.time, T0);
    assert_int_equal(accord_docket_case(docket, 1)->state.time, T0 + DAY);
}

static void a_filter_names_a_case(void **state)
{
    uint8_t id[ACCORD_HASH_SIZE];
    char digits[2 * ACCORD_HASH_SIZE + 1] = "";
    (void)state;
    size_t first = plain_report();
    new_report("m1.example", now + 80 * DAY);
    size_t second = add_report();
    tick();
    uint64_t index = second;
    assert_int_equal(judge_by(&(struct accord_docket_filter){.index = &index}), 1);
    assert_int_equal(accord_docket_case(docket, 0)->index, second);
    accord_hash(crypto, entries[first], id);
    struct accord_out hex = {(uint8_t *)digits, sizeof digits, 0, false};
    accord_put_hex(&hex, (struct accord_bytes){id, sizeof id});
    for (size_t size = 8; size <= sizeof digits - 1; size += 7) {
        assert_int_equal(judge_by(&(struct accord_docket_filter){.digits = {hex.data, size}}), 1);
        assert_int_equal(accord_docket_case(docket, 0)->index, first);
    }
    digits[40] = digits[40] == '0' ? '1' : '0';
    assert_int_equal(judge_by(&(struct accord_docket_filter){.digits = {hex.data, 64}}), 0);
    assert_int_equal(judge_by(&(struct accord_docket_filter){.custodian = slice("m1.example")}), 0);
}

/* Anybody can log more than there is room for: what was there before stays, and a case that cannot be kept whole is not
 * shown as if it were. */
static void what_finds_no_room_is_counted(void **state)
{
    (void)state;
    size_t reported = plain_report();
    tick();
    size_t others[20];
    for (size_t i = 0; i < 20; i++) {
        new_report("m1.example", now + 80 * DAY);
        report.sealed_size += i;
        others[i] = add_report();
    }
    say(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    for (size_t i = 0; i < 20; i++) {
        say(ACCORD_ANSWER_RECEIPT, "m1.example", others[i], others[i]);
    }
    tick();
    assert_int_equal(judge(), 21);
    assert_int_equal(accord_docket_left_out(docket), 0);
    for (size_t room = 150000; room > 7000; room -= 7000) {
        size_t shown = judge_by(&(struct accord_docket_filter){.room = room});
        assert_int_equal(shown + accord_docket_left_out(docket), 21);
        assert_true(room > 50000 ? shown > 4 && accord_docket_case(docket, 0)->index == reported : shown < 10);
        for (size_t i = 0; i < shown; i++) {
            assert_true(accord_docket_case(docket, i)->state.received != 0);
        }
    }
    assert_true(accord_docket_left_out(docket) > 10);
    const struct accord_docket_filter narrow = {.vendor = slice("m0.example"), .room = 30000};
    assert_int_equal(judge_by(&narrow), 1);
    assert_int_equal(accord_docket_left_out(docket), 0);
}

static enum accord_status try_now(void)
{
    static const uint8_t digest[ACCORD_HASH_SIZE] = {1};
    const struct accord_docket_case *found = accord_docket_case(docket, accord_docket_count(docket) - 1);
    struct accord_case before = found->state;
    enum accord_status status = accord_docket_try(docket, found, &answer, digest, &error);
    assert_memory_equal(&before, &found->state, sizeof before);
    return status;
}

static void what_would_count_is_told_before(void **state)
{
    (void)state;
    size_t reported = plain_report();
    tick();
    now += DAY;
    assert_int_equal(judge(), 1);
    new_answer(ACCORD_ANSWER_TRIAGED, "m0.example", reported, reported);
    assert_int_equal(try_now(), ACCORD_CASE);
    new_answer(ACCORD_ANSWER_RECEIPT, "m1.example", reported, reported);
    assert_int_equal(try_now(), ACCORD_WRONG_SIGNER);
    new_answer(ACCORD_ANSWER_RECEIPT, "m0.example", reported, reported);
    assert_int_equal(try_now(), ACCORD_OK);
    answer.moment.time = T0 - DAY - 1; /* a clock that is behind what the log knows */
    assert_int_equal(try_now(), ACCORD_CLOCK);
    answer.moment.time = now + 30 * DAY; /* the log stood still */
    assert_int_equal(try_now(), ACCORD_OK);
    new_answer(ACCORD_ANSWER_DISCLOSE, "m2.example", reported, reported);
    answer.file_key[0] ^= 1;
    assert_int_equal(try_now(), ACCORD_COMMITMENT);
    answer.file_key[0] ^= 1;
    assert_int_equal(try_now(), ACCORD_OK);
    size_t blinded = blinded_report("m1.example");
    assert_int_equal(judge(), 2);
    new_answer(ACCORD_ANSWER_RECEIPT, "m1.example", blinded, blinded);
    assert_int_equal(try_now(), ACCORD_COMMITMENT);
    answer.has_salt = true;
    memcpy(answer.salt, salt, sizeof salt);
    assert_int_equal(try_now(), ACCORD_OK);
    answer.salt[0] ^= 1;
    assert_int_equal(try_now(), ACCORD_COMMITMENT);
}

/* A chain that begins at a roster does not know the charter, and with it the days. */
static void without_its_charter_a_log_has_no_clock(void **state)
{
    const struct accord_docket_log log = {NULL, slice(ORIGIN), root};
    struct accord_trust_claim kept = {.roster_index = 1, .roster_entry = entries[1]};
    (void)state;
    memcpy(kept.charter, charter_digest, sizeof kept.charter);
    size_t reported = plain_report();
    assert_int_equal(accord_docket_new(&docket, crypto, &(struct accord_docket_filter){.id = NULL}, NULL), ACCORD_OK);
    assert_int_equal(accord_chain_new(&chain, crypto, NULL, NULL), ACCORD_OK);
    assert_int_equal(accord_chain_resume(chain, &kept, NULL), ACCORD_OK);
    assert_int_equal(accord_docket_see(docket, chain, &log, reported, entries[reported], &error), ACCORD_CHAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_case_from_report_to_disclosure),
        TEST(the_clock_is_the_witnesses),
        TEST(an_entry_was_when_the_first_larger_tree_was_seen),
        TEST(what_no_entry_covers_wants_a_tick),
        TEST(a_report_of_another_time_is_none),
        TEST(a_checkpoint_needs_its_log_and_its_quorum),
        TEST(an_entry_is_no_older_than_what_stood_before_it),
        TEST(what_the_newest_tree_does_not_hold_is_not_public),
        TEST(a_forked_log_is_told),
        TEST(of_two_receipts_the_first_counts),
        TEST(an_extension_races_with_a_disclosure),
        TEST(a_consent_that_came_too_late_moves_nothing),
        TEST(what_a_revoked_key_said_counts_below_its_index),
        TEST(a_thief_takes_room_until_the_key_is_lost),
        TEST(junk_takes_nobodys_place),
        TEST(a_blinded_vendor_shows_itself),
        TEST(a_receipt_that_does_not_count_shows_nobody),
        TEST(a_fix_is_a_release_of_its_vendor_before_it),
        TEST(what_was_committed_to_is_revealed),
        TEST(custodians_give_their_shares_or_complain),
        TEST(only_the_seed_of_the_report_is_its_seed),
        TEST(a_filter_keeps_its_cases),
        TEST(a_filter_names_a_case),
        TEST(what_finds_no_room_is_counted),
        TEST(what_would_count_is_told_before),
        TEST(without_its_charter_a_log_has_no_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
