/* Releases: what is read and printed, what is refused and where, and whose signatures count. */
#include "slices.h"

#include "accord/release.h"
#include "rosters.h"

#define ONE "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define TWO "sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
#define HEAD "accord/v1/release\nvendor m0.example\nproduct p\nversion 1\nsequence 1\n"

static uint8_t memory[ACCORD_ENTRY_SIZE_MAX + 1], roster_memory[1 << 16];
static struct accord_roster_claim roster;
static struct accord_release_claim claim;
static struct accord_error error;

/* Three members; the last has two release keys, of which both must sign. */
static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    struct accord_out out = {roster_memory, sizeof roster_memory, 0, false};
    const char *keys[] = {"m0.example/release"};
    put_roster_head(&out, 1, 1, 1);
    for (unsigned i = 0; i < 3; i++)
        put_member(&out, i, "CH", true, true);
    put_text(&out, "key release ");
    put_vkey(&out, "m2.example/second", ACCORD_KEY_ED25519);
    put_text(&out, "\nrelease-threshold 2\n");
    put_signatures(&out, keys, 1);
    assert_int_equal(accord_roster_parse(&roster, accord_out_bytes(&out), &accord_crypto_default, &error), ACCORD_OK);
    return 0;
}

static enum accord_status parse(const char *text)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    const char *keys[] = {"m0.example/release"};
    put_text(&out, text);
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    assert_int_equal(accord_release_parse(&claim, accord_out_bytes(&out), NULL),
                     accord_release_parse(&claim, accord_out_bytes(&out), &error));
    return accord_release_parse(&claim, accord_out_bytes(&out), &error);
}

static void reads_its_lines(void **state)
{
    (void)state;
    struct accord_artifact artifact;
    size_t cursor = 0;
    assert_int_equal(parse(HEAD "x-a 1\nartifact " ONE " 3 a  b\nx-b 2\nplatform linux/amd64\nartifact " TWO
                                " 18446744073709551615 c\nstage source " ONE "\nx-c 3\n"),
                     ACCORD_OK);
    assert_slice(claim.vendor, "m0.example");
    assert_slice(claim.product, "p");
    assert_slice(claim.version, "1");
    assert_int_equal(claim.sequence, 1);
    assert_int_equal(claim.artifact_count, 2);
    assert_true(accord_release_next_artifact(&claim, &cursor, &artifact));
    assert_slice(artifact.name, "a  b");
    assert_slice(artifact.platform, "linux/amd64");
    assert_int_equal(artifact.size, 3);
    assert_int_equal(artifact.sha256[0], 0x76);
    assert_true(accord_release_next_artifact(&claim, &cursor, &artifact));
    assert_slice(artifact.name, "c");
    assert_int_equal(artifact.platform.size, 0);
    assert_true(artifact.size == UINT64_MAX);
    assert_false(accord_release_next_artifact(&claim, &cursor, &artifact));
}

static void finds_by_digest(void **state)
{
    (void)state;
    struct accord_artifact artifact;
    uint8_t digest[ACCORD_HASH_SIZE];
    assert_int_equal(parse(HEAD "artifact " ONE " 3 a\nplatform linux/amd64\nartifact " TWO " 4 b\n"), ACCORD_OK);
    assert_true(accord_digest_parse(slice(ONE), digest));
    assert_true(accord_release_find(&claim, digest, &artifact));
    assert_slice(artifact.name, "a");
    assert_slice(artifact.platform, "linux/amd64");
    assert_true(accord_digest_parse(slice(TWO), digest));
    assert_true(accord_release_find(&claim, digest, &artifact));
    assert_slice(artifact.name, "b");
    assert_memory_equal(artifact.sha256, digest, sizeof digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        digest[i] ^= 1;
        assert_false(accord_release_find(&claim, digest, &artifact));
        digest[i] ^= 1;
    }
}

static void prints_what_it_parsed(void **state)
{
    (void)state;
    const char *text = HEAD "artifact " ONE " 3 a\nplatform linux/amd64\nartifact " TWO " 0 b c\n";
    assert_int_equal(parse(text), ACCORD_OK);
    struct accord_artifact artifacts[2];
    size_t cursor = 0;
    for (size_t i = 0; i < 2; i++)
        assert_true(accord_release_next_artifact(&claim, &cursor, &artifacts[i]));
    uint8_t printed[512];
    struct accord_out out = {printed, sizeof printed, 0, false};
    const struct accord_release_draft draft = {.vendor = claim.vendor,
                                               .product = claim.product,
                                               .version = claim.version,
                                               .sequence = claim.sequence,
                                               .artifacts = artifacts,
                                               .artifact_count = 2};
    accord_release_print(&out, &draft);
    assert_slice(accord_out_bytes(&out), text);
}

static void refusals_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
        const char *what, *found;
    } cases[] = {
        {HEAD, ACCORD_MISSING_FIELD, 6, "artifact", ""},
        {"accord/v1/release\nvendor m0.example\n", ACCORD_MISSING_FIELD, 3, "product", ""},
        {"accord/v1/release\nproduct p\n", ACCORD_MISSING_FIELD, 2, "vendor", "product"},
        {HEAD "artifact " ONE " 3 a\nchannel stable\n", ACCORD_UNKNOWN_FIELD, 7, "channel", "channel"},
        {HEAD "artifact " ONE " 3 a\nversion 1\n", ACCORD_DUPLICATE, 7, "version", ""},
        {HEAD "artifact " ONE " 3 a\nx-a 1\nartifact " TWO " 3 a\n", ACCORD_DUPLICATE, 8, "artifact", "a"},
        {HEAD "artifact " ONE " 3  a\n", ACCORD_MALFORMED, 6, "artifact", ONE " 3  a"},
        {HEAD "artifact " ONE " 3 ..\n", ACCORD_MALFORMED, 6, "artifact", ONE " 3 .."},
        {HEAD "artifact " ONE " +3 a\n", ACCORD_BAD_DECIMAL, 6, "artifact", "+3"},
        {HEAD "artifact sha512:00 3 a\n", ACCORD_BAD_HEX, 6, "artifact", "sha512:00"},
        {HEAD "artifact " ONE " 3 a\nplatform linux//x\n", ACCORD_MALFORMED, 7, "platform", "linux//x"},
        {HEAD "artifact " ONE " 3 a\nplatform /x\n", ACCORD_MALFORMED, 7, "platform", "/x"},
        {HEAD "artifact " ONE " 3 a\nplatform x/\n", ACCORD_MALFORMED, 7, "platform", "x/"},
        {HEAD "artifact " ONE " 3 a\nstage source\n", ACCORD_BAD_HEX, 7, "stage", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.what, cases[i].what);
        assert_string_equal(error.found, cases[i].found);
    }
}

/* As many artifacts, then as many stages, as an entry can hold: none is mistaken for another, and the last is compared
 * with all. */
static void holds_what_fits_an_entry(void **state)
{
    (void)state;
    for (unsigned stages = 0; stages < 2; stages++) {
        for (unsigned repeat = 0; repeat < 2; repeat++) {
            struct accord_out out = {memory, sizeof memory, 0, false};
            char line[160];
            unsigned count = 0;
            put_text(&out, HEAD);
            if (stages)
                put_text(&out, "artifact " ONE " 3 a\n");
            while (out.size < ACCORD_ENTRY_SIZE_MAX - 300) {
                unsigned number = repeat && out.size >= ACCORD_ENTRY_SIZE_MAX - 400 ? 0 : count;
                snprintf(line, sizeof line, stages ? "stage use sha256:%064x\n" : "artifact sha256:%064x 0 %u\n",
                         number, number);
                put_text(&out, line);
                count++;
            }
            const char *keys[] = {"m0.example/release"};
            put_signatures(&out, keys, 1);
            assert_true(out.size <= ACCORD_ENTRY_SIZE_MAX);
            assert_true(count > 700);
            assert_int_equal(accord_release_parse(&claim, accord_out_bytes(&out), &error),
                             repeat ? ACCORD_DUPLICATE : ACCORD_OK);
            if (!repeat && !stages)
                assert_int_equal(claim.artifact_count, count);
        }
    }
}

/* Parses a release by vendor and verifies it, signed by the keys. */
static enum accord_status judge(const char *vendor, const char *const *keys, size_t count,
                                struct accord_release *release)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_text(&out, "accord/v1/release\nvendor ");
    put_text(&out, vendor);
    put_text(&out, "\nproduct p\nversion 1\nsequence 1\nartifact " ONE " 3 a\n");
    put_signatures(&out, keys, count);
    assert_int_equal(accord_release_parse(&claim, accord_out_bytes(&out), &error), ACCORD_OK);
    enum accord_status status = accord_release_verify(&claim, &roster, NULL, &accord_crypto_default, release, &error);
    assert_int_equal(release->verified, status == ACCORD_OK);
    return status;
}

static void counts_the_vendors_release_keys(void **state)
{
    (void)state;
    static const struct {
        const char *vendor, *keys[4];
        size_t count;
        enum accord_status status;
        unsigned signed_count;
        const char *expected, *found;
    } cases[] = {
        {"m0.example", {"m0.example/release"}, 1, ACCORD_OK, 1, "", ""},
        {"m0.example", {"x.example", "m1.example/release", "m0.example/release"}, 3, ACCORD_OK, 1, "", ""},
        {"m2.example", {"m2.example/release", "m2.example/second"}, 2, ACCORD_OK, 2, "", ""},
        {"m2.example", {"m2.example/second", "m2.example/second"}, 2, ACCORD_THRESHOLD, 1, "2", "1"},
        {"m2.example", {"m2.example/release", "m2.example/stage"}, 2, ACCORD_THRESHOLD, 1, "2", "1"},
        {"m0.example", {"m1.example/release"}, 1, ACCORD_WRONG_SIGNER, 0, "a release key of m0.example", "m1.example"},
        {"m0.example",
         {"m1.example/release", "x.example", "m2.example/release"},
         3,
         ACCORD_WRONG_SIGNER,
         0,
         "a release key of m0.example",
         "m1.example, m2.example"},
        {"m0.example",
         {"m0.example/stage"},
         1,
         ACCORD_WRONG_SIGNER,
         0,
         "a release key of m0.example",
         "m0.example/stage"},
        {"m0.example",
         {"x.example"},
         1,
         ACCORD_WRONG_SIGNER,
         0,
         "a release key of m0.example",
         "no key that the roster knows"},
        {"x.example", {"x.example"}, 1, ACCORD_NOT_A_MEMBER, 0, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_release release;
        assert_int_equal(judge(cases[i].vendor, cases[i].keys, cases[i].count, &release), cases[i].status);
        assert_int_equal(release.signed_count, cases[i].signed_count);
        if (cases[i].status != ACCORD_OK) {
            assert_string_equal(error.what, cases[i].vendor);
            assert_string_equal(error.expected, cases[i].expected);
            assert_string_equal(error.found, cases[i].found);
        }
    }
}

/* Any bit flipped in the signed text that still parses refuses the signature. */
static void no_bit_of_the_text_can_change(void **state)
{
    (void)state;
    struct accord_release release;
    const char *keys[] = {"m0.example/release"};
    assert_int_equal(judge("m0.example", keys, 1, &release), ACCORD_OK);
    struct accord_bytes entry = claim.statement.note.whole;
    size_t text_size = claim.statement.note.text.size, parsed = 0;
    for (size_t bit = 0; bit < text_size * 8; bit++) {
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (accord_release_parse(&claim, entry, NULL) == ACCORD_OK) {
            parsed++;
            assert_int_not_equal(accord_release_verify(&claim, &roster, NULL, &accord_crypto_default, &release, NULL),
                                 ACCORD_OK);
        }
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(parsed > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_its_lines),
        cmocka_unit_test(finds_by_digest),
        cmocka_unit_test(prints_what_it_parsed),
        cmocka_unit_test(refusals_say_where),
        cmocka_unit_test(holds_what_fits_an_entry),
        cmocka_unit_test(counts_the_vendors_release_keys),
        cmocka_unit_test(no_bit_of_the_text_can_change),
    };
    return cmocka_run_group_tests_name("release", tests, setup, NULL);
}
