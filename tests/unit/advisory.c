/* Advisories: what is read, what is refused and where, the source and its way into a statement and back, and
 * tests/vectors/advisory. */
#include "slices.h"

#include "accord/advisory.h"
#include "advisory/source.h"
#include "base/report.h"
#include "rosters.h"

#include <dirent.h>
#include <stdio.h>

#define HEAD "accord/v1/advisory\nvendor m0.example\nid sa-1\nrevision 1\nstate final\ntitle T\n"
#define PRODUCT "product os The OS\n"
#define DIGEST "sha256:abababababababababababababababababababababababababababababababab"
#define VECTORS "tests/vectors/advisory"

static uint8_t memory[1 << 18];
static struct accord_advisory_claim claim;
static struct accord_error error;

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    return 0;
}

static enum accord_status parse(const char *text)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    const char *keys[] = {"m0.example/release"};
    put_text(&out, text);
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    enum accord_status status = accord_advisory_parse(&claim, accord_out_bytes(&out), NULL);
    error = (struct accord_error){.status = ACCORD_OK};
    assert_int_equal(accord_advisory_parse(&claim, accord_out_bytes(&out), &error), status);
    assert_int_equal(error.status, status);
    return status;
}

static void reads_its_lines(void **state)
{
    (void)state;
    static const struct {
        enum accord_advisory_kind kind;
        const char *product, *range, *word, *url, *text;
        bool has_digest;
    } items[] = {{ACCORD_ADVISORY_CASE, "", "", "", "", "", true},
                 {ACCORD_ADVISORY_REFERENCE, "", "", "", "https://m0.example/1", "", false},
                 {ACCORD_ADVISORY_REFERENCE, "", "", "", "https://m0.example/2", "more of it", false},
                 {ACCORD_ADVISORY_PRODUCT, "os", "", "", "", "The OS", false},
                 {ACCORD_ADVISORY_ORDER, "", "", "deb", "", "", false},
                 {ACCORD_ADVISORY_VULNERABILITY, "", "", "CVE-1", "", "", false},
                 {ACCORD_ADVISORY_WEAKNESS, "", "", "CWE-79", "", "Cross-site Scripting", false},
                 {ACCORD_ADVISORY_EXPLOITED, "", "", "", "", "", false},
                 {ACCORD_ADVISORY_AFFECTED, "os", ">=1.0|<2.0", "", "", "", false},
                 {ACCORD_ADVISORY_FIXED, "os", "2.0", "", "", "", true},
                 {ACCORD_ADVISORY_NOT_AFFECTED, "os", "*", "component_not_present", "", "", false},
                 {ACCORD_ADVISORY_REMEDY, "os", "", "fix", "", "Update it.", false}};
    struct accord_advisory_item item;
    size_t cursor = 0;
    assert_int_equal(parse(HEAD "case " DIGEST "\nx-a b\nreference https://m0.example/1\n"
                                "reference https://m0.example/2 more of it\n" PRODUCT
                                "order deb\nvulnerability CVE-1\nweakness CWE-79 Cross-site Scripting\n"
                                "exploited 1970-01-03\naffected os >=1.0|<2.0\nfixed os 2.0 " DIGEST
                                "\nnot-affected os * component_not_present\nremedy fix os Update it.\n"),
                     ACCORD_OK);
    assert_slice(claim.vendor, "m0.example");
    assert_slice(claim.id, "sa-1");
    assert_slice(claim.title, "T");
    assert_int_equal(claim.revision, 1);
    assert_int_equal(claim.state, ACCORD_ADVISORY_FINAL);
    assert_int_equal(claim.product_count, 1);
    assert_int_equal(claim.vulnerability_count, 1);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        assert_true(accord_advisory_next(&claim, &cursor, &item));
        assert_int_equal(item.kind, items[i].kind);
        assert_slice(item.product, items[i].product);
        assert_slice(item.range, items[i].range);
        assert_slice(item.word, items[i].word);
        assert_slice(item.url, items[i].url);
        assert_slice(item.text, items[i].text);
        assert_int_equal(item.has_digest, items[i].has_digest);
        assert_true(!item.has_digest || (item.digest[0] == 0xab && item.digest[31] == 0xab));
        assert_int_equal(item.day, item.kind == ACCORD_ADVISORY_EXPLOITED ? 2 : 0);
    }
    assert_false(accord_advisory_next(&claim, &cursor, &item));
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
        {HEAD PRODUCT "vulnerability v\n", ACCORD_MISSING_FIELD, 9, "affected", ""},
        {HEAD PRODUCT, ACCORD_MISSING_FIELD, 8, "vulnerability", ""},
        {HEAD PRODUCT PRODUCT, ACCORD_DUPLICATE, 8, "product", "os"},
        {HEAD PRODUCT "vulnerability v\naffected so *\n", ACCORD_UNKNOWN_NAME, 9, "affected", "so"},
        {HEAD PRODUCT "vulnerability v\naffected os <\n", ACCORD_MALFORMED, 9, "affected", "<"},
        {HEAD PRODUCT "vulnerability v\nfixed os 1\naffected os 1\n", ACCORD_MALFORMED, 10, "affected", "os 1"},
        {HEAD PRODUCT "vulnerability v\nfixed os 1 sha256:1\n", ACCORD_BAD_HEX, 9, "fixed", "sha256:1"},
        {HEAD PRODUCT "vulnerability v\nnot-affected os 1 x\n", ACCORD_MALFORMED, 9, "not-affected", "x"},
        {HEAD PRODUCT "vulnerability v\nweakness 79 x\n", ACCORD_MALFORMED, 9, "weakness", "79"},
        {HEAD PRODUCT "colour red\n", ACCORD_UNKNOWN_FIELD, 8, "colour", "colour"},
        {HEAD "vulnerability v\n", ACCORD_MALFORMED, 7, "vulnerability", "v"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.what, cases[i].what);
        assert_string_equal(error.found, cases[i].found);
    }
}

/* The source */

#define SOURCE                                                                                                         \
    "# a comment\r\n\nvulnerability b\nfixed os 2\naffected os <2\nabout B.\n\nproduct os The OS\npurl pkg:a/b\n"      \
    "order deb\ntitle T\nx-note n\nvulnerability a\naffected lib *\nproduct lib A library\nid sa-1\n"                  \
    "vendor m0.example\nstate final\ntext one\ncase " DIGEST "\ntext two"
#define STATED                                                                                                         \
    "accord/v1/advisory\nvendor m0.example\nid sa-1\nrevision 2\nprevious " DIGEST                                     \
    "\nstate final\ntitle T\nchange C\nx-note n\ncase " DIGEST "\ntext one\ntext two\n"                                \
    "product os The OS\norder deb\npurl pkg:a/b\nproduct lib A library\n"                                              \
    "vulnerability b\nabout B.\naffected os <2\nfixed os 2%s\nvulnerability a\naffected lib *\n"

static bool two(void *context, struct accord_bytes vendor, struct accord_bytes product, struct accord_bytes version,
                uint8_t digest[ACCORD_HASH_SIZE])
{
    unsigned *asked = context;
    (*asked)++;
    assert_slice(vendor, "m0.example");
    assert_slice(product, "os");
    assert_slice(version, "2");
    memset(digest, 0xab, ACCORD_HASH_SIZE);
    return true;
}

static void a_source_becomes_a_statement(void **state)
{
    (void)state;
    char expected[2048];
    unsigned asked = 0;
    struct accord_buffer text, again;
    struct accord_advisory_head head = {.revision = 2, .change = slice("C")};
    memset(head.previous, 0xab, sizeof head.previous);
    accord_buffer_init(&text, 1 << 16);
    assert_int_equal(accord_advisory_source(slice(SOURCE), &head, &text, &error), ACCORD_OK);
    snprintf(expected, sizeof expected, STATED, "");
    assert_slice(accord_buffer_bytes(&text), expected);
    text.size = 0;
    head.release = two;
    head.context = &asked;
    assert_int_equal(accord_advisory_source(slice(SOURCE), &head, &text, &error), ACCORD_OK);
    snprintf(expected, sizeof expected, STATED, " " DIGEST);
    assert_slice(accord_buffer_bytes(&text), expected);
    assert_int_equal(asked, 1);
    /* The statement gives a source, and that the same statement. */
    text.size = 0;
    assert_int_equal(accord_advisory_draft(slice(SOURCE), &head, &text, &error), ACCORD_OK);
    assert_int_equal(accord_advisory_parse(&claim, accord_buffer_bytes(&text), &error), ACCORD_OK);
    accord_buffer_init(&again, 1 << 16);
    assert_int_equal(accord_advisory_unsource(&claim, &again, &error), ACCORD_OK);
    text.size = 0;
    assert_int_equal(accord_advisory_source(accord_buffer_bytes(&again), &head, &text, &error), ACCORD_OK);
    assert_slice(accord_buffer_bytes(&text), expected);
    assert_int_equal(asked, 2); /* the digest stands in the source now */
    accord_buffer_free(&text);
    accord_buffer_free(&again);
}

static void a_source_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        enum accord_status status;
        uint64_t line;
        const char *what;
    } cases[] = {
        {"vendor a.b\n\n# c\ncolour red\n", ACCORD_UNKNOWN_FIELD, 4, "colour"},
        {"vendor a.b\nrevision 1\n", ACCORD_UNKNOWN_FIELD, 2, "revision"},
        {"vendor a.b\nvendor a.b\n", ACCORD_DUPLICATE, 2, "vendor"},
        {"vendor a.b\nid\n", ACCORD_MALFORMED, 2, "id"},
        {"order deb\n", ACCORD_MALFORMED, 1, "order"},
        {"product p P\naffected p *\n", ACCORD_MALFORMED, 2, "affected"},
        {"vulnerability v\npurl x\n", ACCORD_MALFORMED, 2, "purl"},
        {"vendor a.b\nid i\nstate final\n", ACCORD_MISSING_FIELD, 3, "title"},
        {"", ACCORD_MISSING_FIELD, 0, "vendor"},
    };
    const struct accord_advisory_head head = {.revision = 1};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_buffer text;
        accord_buffer_init(&text, 1 << 16);
        assert_int_equal(accord_advisory_source(slice(cases[i].source), &head, &text, &error), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.what, cases[i].what);
        accord_buffer_free(&text);
    }
}

/* Vectors */

static struct accord_bytes load(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(memory, 1, sizeof memory, file);
    fclose(file);
    assert_true(size < sizeof memory);
    return (struct accord_bytes){memory, size};
}

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
        char rule[32], path[512];
        if (file->d_name[0] == '.')
            continue;
        assert_int_equal(sscanf(file->d_name, "advisory.%31[^.].", rule), 1);
        snprintf(path, sizeof path, "%s/%s", VECTORS, file->d_name);
        error = (struct accord_error){.status = ACCORD_OK};
        enum accord_status status = accord_advisory_parse(&claim, load(path), &error);
        if (status == ACCORD_OK)
            status = accord_advisory_verify(&claim, &by, NULL, &accord_crypto_default, &error);
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
    assert_true(count > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_its_lines),
        cmocka_unit_test(refusals_say_where),
        cmocka_unit_test(a_source_becomes_a_statement),
        cmocka_unit_test(a_source_is_refused_with_its_line),
        cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests_name("advisory", tests, setup, NULL);
}
