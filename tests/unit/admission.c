/* Admission: who may log what by the newest roster, and that a start finds that roster again, whatever became of what
 * was remembered. */
#include "serve/admission.h"

#include <errno.h>

#include "logs.h"
#include "rosters.h"

#define RELEASE(vendor)                                                                                                \
    "accord/v1/release\nvendor " vendor "\nproduct p\nversion 1\nsequence 1\nartifact "                                \
    "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed 3 a\n"

static const struct accord_crypto *crypto = &accord_crypto_default;
static uint8_t charter_memory[4096], other_charter_memory[4096], roster_memory[3][16384], entry_memory[16384];
static struct accord_bytes charter, other_charter, rosters[3];
static struct accord_error error;

/* Entries */

static struct accord_bytes make_charter(struct accord_out out, const char *name, unsigned signers)
{
    const char *keys[] = {"m0.example/release", "m1.example/release"};
    put_text(&out, "accord/v1/charter\nname ");
    put_text(&out, name);
    for (unsigned i = 0; i < 2; i++) {
        char text[64];
        snprintf(text, sizeof text, "\nfounder m%u.example ", i);
        put_text(&out, text);
        put_vkey(&out, keys[i], ACCORD_KEY_ED25519);
    }
    put_text(&out, "\n");
    put_signatures(&out, keys, signers);
    assert_false(out.full);
    return accord_out_bytes(&out);
}

static void put_digest(struct accord_out *out, const char *key, struct accord_bytes entry)
{
    uint8_t digest[ACCORD_HASH_SIZE];
    accord_hash(crypto, entry, digest);
    put_text(out, key);
    accord_digest_print(out, digest);
    put_text(out, "\n");
}

/* Members m0 to m<members - 1>, signed by the first so many. */
static struct accord_bytes make_roster(struct accord_out out, unsigned number, struct accord_bytes of,
                                       struct accord_bytes previous, unsigned members, unsigned signers)
{
    const char *keys[] = {"m0.example/release", "m1.example/release"};
    char text[64];
    put_text(&out, "accord/v1/roster\n");
    put_digest(&out, "charter ", of);
    snprintf(text, sizeof text, "number %u\n", number);
    put_text(&out, text);
    if (number > 1)
        put_digest(&out, "previous ", previous);
    put_text(&out, "admit 2\nquorum 1 1\nlog ");
    put_vkey(&out, LOG_ORIGIN, ACCORD_KEY_ED25519);
    put_text(&out, "\n");
    for (unsigned i = 0; i < members; i++)
        put_member(&out, i, "CH", true, true);
    put_signatures(&out, keys, signers);
    assert_false(out.full);
    return accord_out_bytes(&out);
}

static struct accord_bytes statement(const char *text, const char *signer)
{
    struct accord_out out = {entry_memory, sizeof entry_memory, 0, false};
    put_text(&out, text);
    put_signatures(&out, &signer, 1);
    assert_false(out.full);
    return accord_out_bytes(&out);
}

#define OUT(memory) ((struct accord_out){memory, sizeof(memory), 0, false})

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    struct accord_bytes none = {NULL, 0};
    charter = make_charter(OUT(charter_memory), "test", 2);
    other_charter = make_charter(OUT(other_charter_memory), "other", 2);
    rosters[0] = make_roster(OUT(roster_memory[0]), 1, charter, none, 2, 2);
    rosters[1] = make_roster(OUT(roster_memory[1]), 2, charter, rosters[0], 3, 2);
    rosters[2] = make_roster(OUT(roster_memory[2]), 3, charter, rosters[1], 4, 2);
    return 0;
}

/* Logs */

static uint64_t append(struct accord_log *log, struct accord_bytes entry)
{
    uint8_t batch[2 + 16384] = {(uint8_t)(entry.size >> 8), (uint8_t)entry.size};
    uint64_t first, count;
    assert_true(entry.size <= 16384);
    memcpy(batch + 2, entry.data, entry.size);
    assert_int_equal(accord_log_append(log, (struct accord_bytes){batch, 2 + entry.size}, &first, &count, &error),
                     ACCORD_OK);
    return first;
}

/* A sealed log of count entries of no kind, then these. */
static void make_log(const struct log_place *place, uint64_t count, const struct accord_bytes *entries, size_t more)
{
    struct accord_log *log = log_new(place);
    log_fill(log, count);
    for (size_t i = 0; i < more; i++)
        append(log, entries[i]);
    log_publish(log);
    accord_log_close(log);
}

static uint64_t grow_log(const struct log_place *place, uint64_t count)
{
    struct accord_log *log = log_open(place);
    log_fill(log, count);
    log_publish(log);
    uint64_t size = accord_log_size(log);
    accord_log_close(log);
    return size;
}

/* Admission on a file system that counts the bundles that are opened. */
static unsigned bundles;

static int counting_open(void *context, const char *path, int how, unsigned mode)
{
    bundles += strstr(path, "/tile/entries/") != NULL;
    return accord_fs_real.open(context, path, how, mode);
}

static struct accord_admission *admission_new(const struct log_place *place, uint64_t size)
{
    static struct accord_fs fs;
    struct accord_admission *admission;
    fs = accord_fs_real;
    fs.open = counting_open;
    bundles = 0;
    assert_int_equal(accord_admission_open(&admission, &fs, crypto, place->log, size, NULL, &error), ACCORD_OK);
    return admission;
}

static enum accord_status judge(struct accord_admission *admission, struct accord_bytes entry)
{
    bool link = true;
    enum accord_status status = accord_admission_judge(admission, entry, &link, &error);
    assert_true(!link || status == ACCORD_OK);
    if (status != ACCORD_OK)
        assert_int_equal(error.status, status);
    return status;
}

static void expect_link(struct accord_admission *admission, struct accord_bytes entry)
{
    bool link = false;
    assert_int_equal(accord_admission_judge(admission, entry, &link, &error), ACCORD_OK);
    assert_true(link);
}

static void expect_release(struct accord_admission *admission, enum accord_status m0, enum accord_status m2,
                           enum accord_status m3)
{
    assert_int_equal(judge(admission, statement(RELEASE("m0.example"), "m0.example/release")), m0);
    assert_int_equal(judge(admission, statement(RELEASE("m2.example"), "m2.example/release")), m2);
    assert_int_equal(judge(admission, statement(RELEASE("m3.example"), "m3.example/release")), m3);
}

/* Tests */

static void refuses_what_is_no_statement(void **state)
{
    const struct log_place *place = *state;
    make_log(place, 0, NULL, 0);
    struct accord_admission *admission = admission_new(place, 0);
    static const char *const texts[] = {"", "hello\n", "accord/v1/release\nvendor m0.example\n",
                                        "accord/v1/release\n\xff\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(accord_admission_is_form(judge(admission, slice(texts[i]))));
    assert_true(accord_admission_is_form(judge(admission, statement("accord/v2/release\nvendor a.b\n", "m0.example"))));
    assert_true(accord_admission_is_form(judge(admission, statement("accord/v1/release\nvendor  a\n", "m0.example"))));
    assert_int_equal(judge(admission, statement("accord/v1/release\nvendor m0.example\n", "m0.example/release")),
                     ACCORD_MISSING_FIELD);
    assert_true(accord_admission_is_form(ACCORD_MISSING_FIELD));
    assert_int_equal(judge(admission, statement("accord/v1/roster\nnumber 1\n", "m0.example/release")),
                     ACCORD_MISSING_FIELD);
    assert_int_equal(judge(admission, statement("accord/v1/charter\nfoo 1\n", "m0.example/release")),
                     ACCORD_UNKNOWN_FIELD);
    accord_admission_close(admission);
}

static void refuses_kinds_that_nobody_may_log_yet(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0]};
    make_log(place, 0, entries, 2);
    struct accord_admission *admission = admission_new(place, 2);
    static const char *const kinds[] = {"receipt", "report", "advisories", "nonsense", "releases", "trust"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "accord/v1/%s\nvendor m0.example\n", kinds[i]);
        assert_int_equal(judge(admission, statement(text, "m0.example/release")), ACCORD_UNKNOWN_KIND);
        assert_string_equal(error.found, kinds[i]);
    }
    assert_false(accord_admission_is_form(ACCORD_UNKNOWN_KIND));
    accord_admission_close(admission);
}

#define DIGEST "sha256:0000000000000000000000000000000000000000000000000000000000000000"

#define ADVISORY                                                                                                       \
    "accord/v1/advisory\nvendor m0.example\nid a\nrevision 1\nstate final\ntitle t\nproduct p P\n"                     \
    "vulnerability v\naffected p *\n"

/* Statements about products: each by its vendor's keys, or by those of who attests. */
static void takes_what_vendors_say(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0]};
    make_log(place, 0, entries, 2);
    struct accord_admission *admission = admission_new(place, 2);
    static const char *const texts[] = {
        "accord/v1/policy\nvendor m0.example\nproduct p\nnumber 1\ntime 1\nnotice 0\n",
        "accord/v1/seen\nvendor m0.example\nproduct p\nentry " DIGEST "\nproof AAAA\n",
        "accord/v1/current\nvendor m0.example\nproduct p\ntime 1\nroster 1 " DIGEST "\nchannel stable 1 0\n",
        "accord/v1/withdraw\nvendor m0.example\nproduct p\nsequence 1\nreason vulnerable\n",
        "accord/v1/attest\nstage test\nvendor m1.example\nproduct p\nby m0.example\nsubject " DIGEST " x\n",
        ADVISORY,
        "accord/v1/demand\nmember m0.example\nfrom 2026-01-01\nto 2026-06-30\nnext 2027-01-31\ncount US data 0 249\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char cut[1024];
        assert_int_equal(judge(admission, statement(texts[i], "m0.example/release")), ACCORD_OK);
        assert_int_equal(judge(admission, statement(texts[i], "m1.example/release")), ACCORD_WRONG_SIGNER);
        assert_false(accord_admission_is_form(ACCORD_WRONG_SIGNER));
        /* without its last line it is none */
        size_t size = strlen(texts[i]) - 1;
        while (texts[i][size - 1] != '\n')
            size--;
        snprintf(cut, sizeof cut, "%.*s", (int)size, texts[i]);
        assert_true(accord_admission_is_form(judge(admission, statement(cut, "m0.example/release"))));
    }
    accord_admission_close(admission);
}

/* Right is no question of form, nor is a machine that fails. */
static void form_is_not_right(void **state)
{
    (void)state;
    static const enum accord_status right[] = {
        ACCORD_OK,        ACCORD_WRONG_SIGNER, ACCORD_NOT_A_MEMBER, ACCORD_THRESHOLD,
        ACCORD_SIGNATURE, ACCORD_CHAIN,        ACCORD_NO_MEMORY,    ACCORD_IO};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        assert_false(accord_admission_is_form(right[i]));
}

static void charter_then_rosters_then_releases(void **state)
{
    const struct log_place *place = *state;
    make_log(place, 0, NULL, 0);
    struct accord_admission *admission = admission_new(place, 0);
    uint8_t half_memory[16384];
    expect_release(admission, ACCORD_CHAIN, ACCORD_CHAIN, ACCORD_CHAIN);
    assert_int_equal(judge(admission, rosters[0]), ACCORD_CHAIN);
    assert_int_equal(judge(admission, make_charter(OUT(half_memory), "test", 1)), ACCORD_THRESHOLD);
    expect_link(admission, charter);
    expect_link(admission, other_charter);
    assert_int_equal(accord_admission_took(admission, 0, charter, &error), ACCORD_OK);
    assert_int_equal(judge(admission, charter), ACCORD_CHAIN);
    assert_int_equal(judge(admission, other_charter), ACCORD_CHAIN);
    assert_string_equal(error.found, "other");

    expect_release(admission, ACCORD_CHAIN, ACCORD_CHAIN, ACCORD_CHAIN);
    assert_int_equal(judge(admission, rosters[1]), ACCORD_CHAIN);
    assert_int_equal(judge(admission, make_roster(OUT(half_memory), 1, charter, charter, 2, 1)), ACCORD_THRESHOLD);
    assert_int_equal(judge(admission, make_roster(OUT(half_memory), 1, other_charter, charter, 2, 2)), ACCORD_CHAIN);
    expect_link(admission, rosters[0]);
    expect_release(admission, ACCORD_CHAIN, ACCORD_CHAIN, ACCORD_CHAIN);
    assert_int_equal(accord_admission_took(admission, 1, rosters[0], &error), ACCORD_OK);
    expect_release(admission, ACCORD_OK, ACCORD_NOT_A_MEMBER, ACCORD_NOT_A_MEMBER);

    assert_int_equal(judge(admission, rosters[0]), ACCORD_CHAIN);
    assert_int_equal(judge(admission, rosters[2]), ACCORD_CHAIN);
    assert_int_equal(judge(admission, make_roster(OUT(half_memory), 2, charter, rosters[0], 3, 1)), ACCORD_THRESHOLD);
    expect_link(admission, rosters[1]);
    assert_int_equal(accord_admission_took(admission, 2, rosters[1], &error), ACCORD_OK);
    expect_release(admission, ACCORD_OK, ACCORD_OK, ACCORD_NOT_A_MEMBER);
    assert_int_equal(accord_admission_took(admission, 3, rosters[0], &error), ACCORD_CHAIN);
    accord_admission_close(admission);
}

static void releases_by_the_vendors_keys_alone(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0]};
    make_log(place, 3, entries, 2);
    struct accord_admission *admission = admission_new(place, 5);
    struct accord_bytes release = statement(RELEASE("m0.example"), "m0.example/release");
    assert_int_equal(judge(admission, release), ACCORD_OK);
    assert_int_equal(judge(admission, statement(RELEASE("m0.example"), "m1.example/release")), ACCORD_WRONG_SIGNER);
    assert_int_equal(judge(admission, statement(RELEASE("m0.example"), "m0.example/stage")), ACCORD_WRONG_SIGNER);
    release = statement(RELEASE("m0.example"), "m0.example/release");
    /* another digit of the artifact's size */
    uint8_t *size = memmem(entry_memory, release.size, " 3 a", 4);
    assert_non_null(size);
    size[1] = '4';
    assert_int_equal(judge(admission, release), ACCORD_SIGNATURE);
    accord_admission_close(admission);
}

static void finds_the_chain_in_the_log(void **state)
{
    const struct log_place *place = *state;
    /* What does not follow lies in the log too: this one took anything before. */
    struct accord_bytes entries[] = {rosters[0], charter,    other_charter, rosters[1],
                                     rosters[0], rosters[2], rosters[1]};
    make_log(place, 300, entries, 7);
    struct accord_admission *admission = admission_new(place, 307);
    expect_release(admission, ACCORD_OK, ACCORD_OK, ACCORD_NOT_A_MEMBER);
    expect_link(admission, rosters[2]);
    accord_admission_close(admission);
}

static void a_start_reads_only_what_is_new(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0]};
    make_log(place, 5000, entries, 2);
    struct accord_admission *admission = admission_new(place, 5002);
    assert_true(bundles >= 20);
    accord_admission_close(admission);
    admission = admission_new(place, 5002);
    assert_true(bundles <= 2);
    expect_release(admission, ACCORD_OK, ACCORD_NOT_A_MEMBER, ACCORD_NOT_A_MEMBER);
    accord_admission_close(admission);

    /* The roster that was taken is remembered once it is sealed, without a close. */
    struct accord_log *log = log_open(place);
    admission = admission_new(place, 5002);
    uint64_t index = append(log, rosters[1]);
    assert_int_equal(accord_admission_took(admission, index, rosters[1], &error), ACCORD_OK);
    log_publish(log);
    accord_admission_remember(admission, index + 1);
    log_fill(log, 4000);
    log_publish(log);
    accord_admission_remember(admission, accord_log_size(log));
    struct accord_admission *after_kill = admission_new(place, accord_log_size(log));
    assert_true(bundles <= 2 + 4000 / 256 + 2);
    expect_release(after_kill, ACCORD_OK, ACCORD_OK, ACCORD_NOT_A_MEMBER);
    accord_admission_close(after_kill);
    accord_log_close(log);
    accord_admission_close(admission);
}

static void remembers_now_and_then(void **state)
{
    const struct log_place *place = *state;
    make_log(place, 0, NULL, 0);
    struct accord_admission *admission = admission_new(place, 0);
    uint64_t size = grow_log(place, 9999);
    accord_admission_remember(admission, size);
    assert_int_equal(log_file_size(place, ".accord/admission"), -1);
    size = grow_log(place, 1);
    accord_admission_remember(admission, size);
    assert_true(log_file_size(place, ".accord/admission") > 0);
    accord_admission_close(admission);
    admission = admission_new(place, size);
    assert_int_equal(bundles, 0);
    accord_admission_close(admission);
}

/* Any byte of it changed, cut anywhere: the log is read instead, and what is remembered then is whole again. */
static void damaged_memory_is_rebuilt(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0], rosters[1]};
    make_log(place, 600, entries, 3);
    accord_admission_close(admission_new(place, 603));
    long whole = log_file_size(place, ".accord/admission");
    assert_true(whole > 0);
    for (long i = 0; i < 2 * whole; i++) {
        if (i < whole)
            log_damage(place, ".accord/admission", i);
        else
            assert_int_equal(truncate(log_path(place, ".accord/admission"), i - whole), 0);
        struct accord_admission *admission = admission_new(place, 603);
        assert_true(bundles >= 3);
        assert_int_equal(judge(admission, rosters[0]), ACCORD_CHAIN);
        expect_link(admission, rosters[2]);
        accord_admission_close(admission);
        assert_int_equal(log_file_size(place, ".accord/admission"), whole);
    }
}

static void copy_memory(const struct log_place *from, const struct log_place *to)
{
    char command[512];
    snprintf(command, sizeof command, "cp '%s/.accord/admission' '%s/.accord/admission'", from->log, to->log);
    assert_int_equal(system(command), 0);
}

/* A log that was restored from a copy that is older than its memory, and one that has another past. */
static void memory_of_another_log_is_not_used(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0], rosters[1]};
    make_log(place, 600, entries, 3);
    accord_admission_close(admission_new(place, 603));
    void *others[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(place_new(&others[i]), 0);
        make_log(others[i], i == 0 ? 500 : 601, entries, 2);
        copy_memory(place, others[i]);
        uint64_t size = i == 0 ? 502 : 603;
        struct accord_admission *admission = admission_new(others[i], size);
        assert_true(bundles >= 2);
        expect_release(admission, ACCORD_OK, ACCORD_NOT_A_MEMBER, ACCORD_NOT_A_MEMBER);
        expect_link(admission, rosters[1]);
        accord_admission_close(admission);
        place_free(&others[i]);
    }
}

/* Nothing can be remembered, and nothing else is amiss. */
static int no_rename(void *context, const char *from, const char *to)
{
    (void)context, (void)from, (void)to;
    return -EROFS;
}

static void goes_on_without_memory(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0]};
    struct accord_admission *admission;
    struct accord_fs fs = accord_fs_real;
    fs.rename = no_rename;
    make_log(place, 10, entries, 2);
    assert_int_equal(accord_admission_open(&admission, &fs, crypto, place->log, 12, NULL, &error), ACCORD_OK);
    expect_release(admission, ACCORD_OK, ACCORD_NOT_A_MEMBER, ACCORD_NOT_A_MEMBER);
    accord_admission_close(admission);
    assert_int_equal(log_file_size(place, ".accord/admission"), -1);
}

static void a_log_that_cannot_be_read_is_a_failure(void **state)
{
    const struct log_place *place = *state;
    struct accord_bytes entries[] = {charter, rosters[0]};
    struct accord_admission *admission;
    make_log(place, 600, entries, 2);
    log_damage(place, "tile/entries/001", 40);
    assert_int_equal(accord_admission_open(&admission, &accord_fs_real, crypto, place->log, 602, NULL, &error),
                     ACCORD_LOG_CORRUPT);
    assert_null(admission);
    assert_int_equal(log_file_size(place, ".accord/admission"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_new, place_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refuses_what_is_no_statement),
        TEST(refuses_kinds_that_nobody_may_log_yet),
        TEST(takes_what_vendors_say),
        cmocka_unit_test(form_is_not_right),
        TEST(charter_then_rosters_then_releases),
        TEST(releases_by_the_vendors_keys_alone),
        TEST(finds_the_chain_in_the_log),
        TEST(a_start_reads_only_what_is_new),
        TEST(remembers_now_and_then),
        TEST(damaged_memory_is_rebuilt),
        TEST(memory_of_another_log_is_not_used),
        TEST(goes_on_without_memory),
        TEST(a_log_that_cannot_be_read_is_a_failure),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
