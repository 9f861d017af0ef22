/* Attestations: what is read and printed, what is refused and where, whose signatures count, and tests/vectors/attest.
 */
#include "slices.h"

#include "accord/attest.h"
#include "base/report.h"
#include "rosters.h"

#include <dirent.h>
#include <stdio.h>

#define ONE "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
#define TWO "sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
#define HEAD "accord/v1/attest\nstage build\nvendor m0.example\nproduct p\nby m1.example\n"
#define VECTORS "tests/vectors/attest"

static uint8_t memory[1 << 18], roster_memory[1 << 16];
static struct accord_roster_claim roster;
static struct accord_attest_claim claim;
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
    const char *keys[] = {"m1.example/stage"};
    put_text(&out, text);
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    enum accord_status status = accord_attest_parse(&claim, accord_out_bytes(&out), NULL);
    error = (struct accord_error){.status = ACCORD_OK};
    assert_int_equal(accord_attest_parse(&claim, accord_out_bytes(&out), &error), status);
    assert_int_equal(error.status, status);
    return status;
}

#define FULL                                                                                                           \
    HEAD "version 1.0\nsubject " ONE " a  b\nsubject " TWO " c\nmaterial " TWO " m\nparameter commit 6a09\n"           \
         "environment LANG C\nenvironment tool:cc cc  12\nrun make  x\nrun y\nimport " ONE                             \
         " https://slsa.dev/provenance/v1\nlocation https://m.example/\noutcome mismatch\nrepeats " TWO "\n"

static void reads_its_lines(void **state)
{
    (void)state;
    struct accord_attest_thing thing;
    struct accord_bytes name, text;
    size_t cursor = 0;
    assert_int_equal(parse(FULL), ACCORD_OK);
    assert_int_equal(claim.stage, ACCORD_STAGE_BUILD);
    assert_slice(claim.vendor, "m0.example");
    assert_slice(claim.product, "p");
    assert_slice(claim.by, "m1.example");
    assert_slice(claim.version, "1.0");
    assert_int_equal(claim.subject_count, 2);
    assert_int_equal(claim.material_count, 1);
    assert_int_equal(claim.run_count, 2);
    assert_int_equal(claim.outcome, ACCORD_ATTEST_MISMATCH);
    assert_true(claim.repeats);
    assert_int_equal(claim.repeated[0], 0x3f);
    assert_true(accord_attest_next_subject(&claim, &cursor, &thing));
    assert_slice(thing.label, "a  b");
    assert_int_equal(thing.sha256[0], 0x76);
    assert_true(accord_attest_next_subject(&claim, &cursor, &thing));
    assert_slice(thing.label, "c");
    assert_false(accord_attest_next_subject(&claim, &cursor, &thing));
    cursor = 0;
    assert_true(accord_attest_next_material(&claim, &cursor, &thing));
    assert_slice(thing.label, "m");
    assert_false(accord_attest_next_material(&claim, &cursor, &thing));
    static const struct {
        const char *key, *name, *text;
    } lines[] = {{"parameter", "commit", "6a09"},
                 {"environment", "LANG", "C"},
                 {"run", "", "make  x"},
                 {"import", ONE, "https://slsa.dev/provenance/v1"},
                 {"location", "", "https://m.example/"}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cursor = 0;
        assert_true(accord_attest_next_line(&claim, slice(lines[i].key), &cursor, &name, &text));
        assert_slice(name, lines[i].name);
        assert_slice(text, lines[i].text);
    }
    assert_false(accord_attest_next_line(&claim, slice("location"), &cursor, &name, &text));
}

static void prints_what_it_parsed(void **state)
{
    (void)state;
    static uint8_t printed[4096];
    struct accord_attest_thing subjects[2], materials[1];
    struct accord_attest_line lines[7];
    struct accord_out out = {printed, sizeof printed, 0, false};
    size_t cursor = 0, count = 0;
    assert_int_equal(parse(FULL), ACCORD_OK);
    for (size_t i = 0; i < 2; i++)
        assert_true(accord_attest_next_subject(&claim, &cursor, &subjects[i]));
    cursor = 0;
    assert_true(accord_attest_next_material(&claim, &cursor, &materials[0]));
    const char *keys[] = {"location", "import", "run", "environment", "parameter"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct accord_attest_line line = {.key = slice(keys[i])};
        cursor = 0;
        while (accord_attest_next_line(&claim, line.key, &cursor, &line.name, &line.text)) {
            assert_true(count < sizeof lines / sizeof lines[0]);
            lines[count++] = line;
        }
    }
    assert_int_equal(count, 7);
    struct accord_attest_draft draft = {
        claim.stage, claim.vendor, claim.product, claim.by,      claim.version, subjects, 2, materials,
        1,           lines,        count,         claim.outcome, claim.repeats, {0}};
    memcpy(draft.repeated, claim.repeated, sizeof draft.repeated);
    accord_attest_print(&out, &draft);
    assert_slice(accord_out_bytes(&out), FULL);
}

static void names_stages_and_outcomes(void **state)
{
    (void)state;
    const char *stages[] = {"design", "source", "build", "test", "distribution", "use"};
    const char *outcomes[] = {"", "pass", "fail", "match", "mismatch"};
    for (int i = 0; i < ACCORD_STAGE_COUNT; i++) {
        enum accord_stage stage = ACCORD_STAGE_COUNT;
        assert_slice(accord_stage_name((enum accord_stage)i), stages[i]);
        assert_true(accord_stage_read(slice(stages[i]), &stage));
        assert_int_equal(stage, i);
    }
    for (int i = 0; i <= ACCORD_ATTEST_MISMATCH; i++) {
        enum accord_outcome_kind outcome = ACCORD_ATTEST_NO_OUTCOME;
        assert_slice(accord_outcome_name((enum accord_outcome_kind)i), outcomes[i]);
        assert_int_equal(accord_outcome_read(slice(outcomes[i]), &outcome), i > 0);
        assert_int_equal(outcome, i);
    }
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
        {HEAD, ACCORD_MISSING_FIELD, 6, "subject", ""},
        {HEAD "x-a b\nmaterial " ONE " a\n", ACCORD_MISSING_FIELD, 7, "subject", "material"},
        {"accord/v1/attest\nstage built\n", ACCORD_MALFORMED, 2, "stage", "built"},
        {HEAD "subject " ONE " a\nsubject " ONE " b\n", ACCORD_DUPLICATE, 7, "subject", ONE},
        {HEAD "subject " ONE " a\nparameter a b\nx-a b\nparameter a c\n", ACCORD_DUPLICATE, 9, "parameter", "a"},
        {HEAD "subject " ONE " a\nimport " ONE " slsa\n", ACCORD_MALFORMED, 7, "import", "slsa"},
        {HEAD "subject " ONE " a\noutcome ok\n", ACCORD_MALFORMED, 7, "outcome", "ok"},
        {HEAD "subject " ONE " a\nrepeats " TWO "\n", ACCORD_MISSING_FIELD, 7, "outcome", ""},
        {HEAD "subject " ONE " a\noutcome pass\nrepeats " TWO "\n", ACCORD_MISSING_FIELD, 8, "outcome", "pass"},
        {HEAD "subject " ONE " a\nplatform x/y\n", ACCORD_UNKNOWN_FIELD, 7, "platform", "platform"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.what, cases[i].what);
        assert_string_equal(error.found, cases[i].found);
    }
}

/* As many lines as an entry can hold, and a few more of the same: none is mistaken for another, and one that stood
 * before is found. */
static void holds_what_fits_an_entry(void **state)
{
    (void)state;
    for (unsigned tokens = 0; tokens < 2; tokens++) {
        for (unsigned repeat = 0; repeat < 2; repeat++) {
            struct accord_out out = {memory, sizeof memory, 0, false};
            char line[160];
            const char *keys[] = {"m1.example/stage"};
            unsigned count = 0;
            put_text(&out, tokens ? HEAD "subject " ONE " a\n" : HEAD);
            while (out.size < ACCORD_ENTRY_SIZE_MAX - 300 && count < ACCORD_STATEMENT_LINES_MAX - 8) {
                snprintf(line, sizeof line, tokens ? "parameter %u x\n" : "subject sha256:%064x x\n", count++);
                put_text(&out, line);
            }
            if (repeat)
                put_text(&out, tokens ? "parameter 7 x\n"
                                      : "subject sha256:00000000000000000000000000000000000000000000"
                                        "00000000000000000007 y\n");
            put_signatures(&out, keys, 1);
            assert_true(out.size <= ACCORD_ENTRY_SIZE_MAX);
            assert_true(count > 700);
            assert_int_equal(accord_attest_parse(&claim, accord_out_bytes(&out), &error),
                             repeat ? ACCORD_DUPLICATE : ACCORD_OK);
        }
    }
}

static enum accord_status judge(const char *by, const char *const *keys, size_t count)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    put_text(&out, "accord/v1/attest\nstage test\nvendor m0.example\nproduct p\nby ");
    put_text(&out, by);
    put_text(&out, "\nsubject " ONE " a\n");
    put_signatures(&out, keys, count);
    assert_int_equal(accord_attest_parse(&claim, accord_out_bytes(&out), &error), ACCORD_OK);
    error = (struct accord_error){.status = ACCORD_OK};
    enum accord_status status = accord_attest_verify(&claim, &roster, NULL, &accord_crypto_default, &error);
    assert_int_equal(error.status, status);
    assert_int_equal(accord_attest_verify(&claim, &roster, NULL, &accord_crypto_default, NULL), status);
    return status;
}

static void counts_the_keys_of_whom_it_is_by(void **state)
{
    (void)state;
    static const struct {
        const char *by, *keys[2];
        size_t count;
        enum accord_status status;
        const char *what, *found;
    } cases[] = {
        {"m0.example", {"m0.example/stage"}, 1, ACCORD_OK, "", ""},
        {"m0.example", {"m0.example/release"}, 1, ACCORD_OK, "", ""},
        {"m0.example", {"x.example", "m0.example/stage"}, 2, ACCORD_OK, "", ""},
        {"m2.example", {"m2.example/stage"}, 1, ACCORD_OK, "", ""},
        {"m2.example", {"m2.example/release", "m2.example/second"}, 2, ACCORD_OK, "", ""},
        {"m2.example", {"m2.example/release"}, 1, ACCORD_WRONG_SIGNER, "m2.example", "too few of its release keys"},
        {"m0.example", {"m1.example/stage"}, 1, ACCORD_WRONG_SIGNER, "m0.example", "no key of it"},
        {"m0.example", {"x.example"}, 1, ACCORD_WRONG_SIGNER, "m0.example", "no key of it"},
        {"x.example", {"x.example"}, 1, ACCORD_NOT_A_MEMBER, "x.example", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(judge(cases[i].by, cases[i].keys, cases[i].count), cases[i].status);
        assert_string_equal(error.what, cases[i].what);
        assert_string_equal(error.found, cases[i].found);
    }
}

/* Any bit flipped in the signed text that still parses, is refused. */
static void no_bit_of_the_text_can_change(void **state)
{
    (void)state;
    const char *keys[] = {"m0.example/stage"};
    assert_int_equal(judge("m0.example", keys, 1), ACCORD_OK);
    struct accord_bytes entry = claim.statement.note.whole;
    size_t text_size = claim.statement.note.text.size, parsed = 0;
    for (size_t bit = 0; bit < text_size * 8; bit++) {
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (accord_attest_parse(&claim, entry, NULL) == ACCORD_OK) {
            parsed++;
            assert_int_not_equal(accord_attest_verify(&claim, &roster, NULL, &accord_crypto_default, NULL), ACCORD_OK);
        }
        memory[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(parsed > 50);
}

static struct accord_bytes load(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(memory, 1, sizeof memory, file);
    fclose(file);
    assert_true(size < sizeof memory);
    return (struct accord_bytes){memory, size};
}

static enum accord_status judge_vector(const char *name, const struct accord_roster_claim *by)
{
    char path[512];
    snprintf(path, sizeof path, VECTORS "/%s", name);
    enum accord_status status = accord_attest_parse(&claim, load(path), &error);
    return status == ACCORD_OK ? accord_attest_verify(&claim, by, NULL, &accord_crypto_default, &error) : status;
}

/* attest.<rule>.<what> */
static void vectors(void **state)
{
    (void)state;
    static struct accord_roster_claim by;
    static uint8_t roster_bytes[1 << 18];
    struct accord_bytes entry = load("tests/vectors/statements/roster.ok.first");
    memcpy(roster_bytes, entry.data, entry.size);
    entry.data = roster_bytes;
    assert_int_equal(accord_roster_parse(&by, entry, &accord_crypto_default, &error), ACCORD_OK);
    DIR *directory = opendir(VECTORS);
    assert_non_null(directory);
    unsigned count = 0, failed = 0;
    for (struct dirent *file = readdir(directory); file != NULL; file = readdir(directory)) {
        char rule[32];
        if (file->d_name[0] == '.')
            continue;
        assert_int_equal(sscanf(file->d_name, "attest.%31[^.].", rule), 1);
        enum accord_status status = judge_vector(file->d_name, &by);
        count++;
        if (strcmp(accord_status_rule(status), rule) != 0) {
            print_error("%s: %s at line %d, %s\n", file->d_name, accord_status_rule(status), (int)error.line,
                        error.what);
            failed++;
        }
    }
    closedir(directory);
    assert_int_equal(failed, 0);
    assert_true(count > 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_its_lines),
        cmocka_unit_test(prints_what_it_parsed),
        cmocka_unit_test(names_stages_and_outcomes),
        cmocka_unit_test(refusals_say_where),
        cmocka_unit_test(holds_what_fits_an_entry),
        cmocka_unit_test(counts_the_keys_of_whom_it_is_by),
        cmocka_unit_test(no_bit_of_the_text_can_change),
        cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests_name("attest", tests, setup, NULL);
}
