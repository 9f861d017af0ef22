/* The index and what follows from it: sources that are replaced or given up, and which of several claims counts. */
#include "slices.h"

#include "audit/match.h"
#include "crypto/backend.h"

static struct accord_index *index_of(const struct accord_claim *claims, const char *const *ids, size_t count)
{
    struct accord_index *index;
    struct accord_claim_sink sink;
    assert_int_equal(accord_index_open(&index, NULL, &accord_crypto_default, NULL), ACCORD_OK);
    assert_int_equal(accord_index_begin(index, "a source", &sink, NULL), ACCORD_OK);
    for (size_t i = 0; i < count; i++) {
        const struct accord_claim_vulnerability about = {.id = slice(ids[i]), .document = slice("D")};
        assert_int_equal(sink.begin(sink.context, &about, NULL), ACCORD_OK);
        assert_int_equal(sink.claim(sink.context, &claims[i], NULL), ACCORD_OK);
    }
    assert_int_equal(accord_index_end(index, true, NULL), ACCORD_OK);
    return index;
}

static struct accord_claim claim(enum accord_claim_says says, enum accord_claim_names names, const char *product,
                                 const char *range)
{
    return (struct accord_claim){.says = says, .names = names, .product = slice(product), .range = slice(range)};
}

/* What two claims of one vulnerability come to for version 1.5 of pkg:npm/x; 0: nothing is said. */
static enum accord_audit_answer answer_of(struct accord_claim first, struct accord_claim second,
                                          enum accord_audit_reason *reason)
{
    static const char *const ids[] = {"CVE-1", "CVE-1"};
    const struct accord_claim claims[] = {first, second};
    struct accord_index *index = index_of(claims, ids, 2);
    struct accord_matcher *matcher;
    struct accord_match match;
    const struct accord_component component = {.name = slice("x"), .purl = slice("pkg:npm/x@1.5.0?arch=amd64")};
    assert_int_equal(accord_matcher_new(&matcher, index, NULL), ACCORD_OK);
    assert_int_equal(accord_matcher_match(matcher, &component, &match, NULL), ACCORD_OK);
    assert_true(match.count <= 1);
    enum accord_audit_answer answer = match.count == 0 ? 0 : match.findings[0].answer;
    *reason = match.count == 0 ? ACCORD_AUDIT_REASON_NONE : match.findings[0].reason;
    accord_matcher_free(matcher);
    accord_index_close(index);
    return answer;
}

static void test_answers(void **state)
{
    (void)state;
    enum accord_audit_reason reason;
    const struct accord_claim bad = claim(ACCORD_CLAIM_AFFECTED, ACCORD_CLAIM_PURL, "pkg:npm/x", "vers:npm/<2.0.0");
    const struct accord_claim out = claim(ACCORD_CLAIM_AFFECTED, ACCORD_CLAIM_PURL, "pkg:npm/x", "vers:npm/<1.0.0");
    const struct accord_claim name = claim(ACCORD_CLAIM_AFFECTED, ACCORD_CLAIM_NAME, "x", "vers:all/*");
    const struct accord_claim prose = claim(ACCORD_CLAIM_AFFECTED, ACCORD_CLAIM_NAME, "x", "");
    const struct accord_claim vex = claim(ACCORD_CLAIM_NOT_AFFECTED, ACCORD_CLAIM_PURL, "pkg:npm/x", "vers:all/*");
    const struct accord_claim weak = claim(ACCORD_CLAIM_FIXED, ACCORD_CLAIM_NAME, "x", "vers:all/*");
    struct accord_claim other = bad, missing = bad;
    other.qualifiers = slice("arch=arm64");
    missing.qualifiers = slice("distro=debian-12");
    assert_int_equal(answer_of(bad, out, &reason), ACCORD_AUDIT_AFFECTED);
    assert_int_equal(answer_of(out, out, &reason), 0);
    assert_int_equal(answer_of(name, name, &reason), ACCORD_AUDIT_POSSIBLE);
    assert_int_equal(answer_of(bad, vex, &reason), ACCORD_AUDIT_NOT_AFFECTED);
    assert_int_equal(answer_of(bad, weak, &reason), ACCORD_AUDIT_AFFECTED);
    assert_int_equal(answer_of(name, weak, &reason), ACCORD_AUDIT_FIXED);
    assert_int_equal(answer_of(prose, prose, &reason), ACCORD_AUDIT_UNKNOWN);
    assert_int_equal(reason, ACCORD_AUDIT_REASON_PROSE);
    assert_int_equal(answer_of(prose, out, &reason), 0);
    assert_int_equal(answer_of(other, other, &reason), 0);
    assert_int_equal(answer_of(missing, missing, &reason), ACCORD_AUDIT_POSSIBLE);
    assert_int_equal(reason, ACCORD_AUDIT_REASON_QUALIFIER);
}

static void test_sources(void **state)
{
    (void)state;
    static const char *const ids[] = {"CVE-1"};
    const struct accord_claim one = claim(ACCORD_CLAIM_AFFECTED, ACCORD_CLAIM_NAME, "x", "vers:all/*");
    struct accord_index *index = index_of(&one, ids, 1);
    struct accord_claim_sink sink;
    uint64_t vulnerabilities;
    assert_int_equal(accord_index_begin(index, "a source", &sink, NULL), ACCORD_OK);
    assert_int_equal(accord_index_end(index, false, NULL), ACCORD_OK);
    assert_int_equal(accord_index_count(index, &vulnerabilities, NULL), ACCORD_OK);
    assert_int_equal(vulnerabilities, 1);
    assert_int_equal(accord_index_begin(index, "a source", &sink, NULL), ACCORD_OK);
    assert_int_equal(accord_index_end(index, true, NULL), ACCORD_OK);
    assert_int_equal(accord_index_count(index, &vulnerabilities, NULL), ACCORD_OK);
    assert_int_equal(vulnerabilities, 0);
    accord_index_close(index);
}

static void test_releases(void **state)
{
    (void)state;
    struct accord_index *index = index_of(NULL, NULL, 0);
    struct accord_claim_sink sink;
    struct accord_matcher *matcher;
    struct accord_match match;
    const struct accord_component component = {
        .name = slice("f"),
        .hash_count = 1,
        .sha256 = {slice("0000000000000000000000000000000000000000000000000000000000000000")}};
    struct accord_logged_release release = {
        .vendor = slice("v.com"), .product = slice("p"), .sequence = 3, .newest = 5};
    assert_int_equal(accord_index_begin(index, "a log", &sink, NULL), ACCORD_OK);
    assert_int_equal(accord_index_release(index, &release, NULL), ACCORD_OK);
    release.entry = 1;
    release.withdrawn = true;
    assert_int_equal(accord_index_release(index, &release, NULL), ACCORD_OK);
    assert_int_equal(accord_index_end(index, true, NULL), ACCORD_OK);
    assert_int_equal(accord_matcher_new(&matcher, index, NULL), ACCORD_OK);
    assert_int_equal(accord_matcher_match(matcher, &component, &match, NULL), ACCORD_OK);
    assert_int_equal(match.count, 2);
    assert_int_equal(match.findings[0].answer, ACCORD_AUDIT_OLDER);
    assert_int_equal(match.findings[0].newest, 5);
    assert_int_equal(match.findings[1].answer, ACCORD_AUDIT_WITHDRAWN);
    accord_matcher_free(matcher);
    accord_index_close(index);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_sources),
                                       cmocka_unit_test(test_releases)};
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
