/* Orders of versions: each ecosystem's own examples, what is none, names; and ranges. Random ones beside others'
 * programs are tests/interop/versions.interop's. */
#include "slices.h"

#include "version/version.h"

static struct accord_error error;

static enum accord_status compare(enum accord_version_scheme scheme, const char *a, const char *b, int *order)
{
    return accord_version_compare(scheme, slice(a), slice(b), order, &error);
}

/* Each of them in its order, and the other way round; what stands with `=` is the same. */
static void in_order(enum accord_version_scheme scheme, const char *const *versions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++) {
            int order;
            assert_int_equal(compare(scheme, versions[i], versions[k], &order), ACCORD_OK);
            if ((order < 0) != (i < k) || (order > 0) != (i > k))
                fail_msg("%s and %s: %d", versions[i], versions[k], order);
        }
}

static void orders(void **state)
{
    (void)state;
    static const char *const deb[] = {"0~rc1",   "0",    "1.0~~", "1.0~~a", "1.0~", "1.0",   "1.0-1", "1.0-1+b1",
                                      "1.0-1.1", "1.0a", "1.0+b", "1.9",    "1.10", "1:0.1", "2:0"};
    static const char *const rpm[] = {"1.0~rc1", "1.0",   "1.0-1", "1.0-1.el9", "1.0^git1",
                                      "1.0a",    "1.0.1", "1.9",   "1.10",      "1:0.1"};
    static const char *const semver[] = {"0.9.9",
                                         "1.0.0-alpha",
                                         "1.0.0-alpha.1",
                                         "1.0.0-alpha.beta",
                                         "1.0.0-beta",
                                         "1.0.0-beta.2",
                                         "1.0.0-beta.11",
                                         "1.0.0-rc.1",
                                         "1.0.0",
                                         "1.0.1",
                                         "1.2.0",
                                         "1.10.0",
                                         "99999999999999999999999.0.0"};
    static const char *const golang[] = {
        "v0.0.0-20191109021931-daa7c04131f5", "v0.1.0", "v1", "v1.0.1", "v1.1", "v2.0.0-rc.1", "v2.0.0+incompatible"};
    static const char *const pypi[] = {"1.0.dev1",  "1.0a1.dev1", "1.0a1", "1.0a2", "1.0b1",
                                       "1.0rc1",    "1.0",        "1.0+a", "1.0+1", "1.0.post1.dev1",
                                       "1.0.post1", "1.1",        "1.10",  "1!0.1"};
    static const char *const gem[] = {"1.0.a", "1.0.b", "1.0", "1.0.1", "1.9", "1.10", "2.0-1", "2.0"};
    static const char *const nuget[] = {"1.0.0-Alpha", "1.0.0-beta", "1.0.0-beta.2", "1.0", "1.0.0.1", "1.1"};
    static const char *const intdot[] = {"0.9", "1", "1.0.1", "1.9", "1.10", "17.3.1"};
    in_order(ACCORD_VERSION_DEB, deb, sizeof deb / sizeof deb[0]);
    in_order(ACCORD_VERSION_RPM, rpm, sizeof rpm / sizeof rpm[0]);
    in_order(ACCORD_VERSION_SEMVER, semver, sizeof semver / sizeof semver[0]);
    in_order(ACCORD_VERSION_NPM, semver, sizeof semver / sizeof semver[0]);
    in_order(ACCORD_VERSION_GOLANG, golang, sizeof golang / sizeof golang[0]);
    in_order(ACCORD_VERSION_PYPI, pypi, sizeof pypi / sizeof pypi[0]);
    in_order(ACCORD_VERSION_GEM, gem, sizeof gem / sizeof gem[0]);
    in_order(ACCORD_VERSION_NUGET, nuget, sizeof nuget / sizeof nuget[0]);
    in_order(ACCORD_VERSION_INTDOT, intdot, sizeof intdot / sizeof intdot[0]);
}

static void the_same(void **state)
{
    (void)state;
    static const struct {
        enum accord_version_scheme scheme;
        const char *a, *b;
    } cases[] = {{ACCORD_VERSION_DEB, "0:1.0-0", "1.0"},        {ACCORD_VERSION_DEB, "1.02", "1.2"},
                 {ACCORD_VERSION_RPM, "0:1.0-1", "1.0-1"},      {ACCORD_VERSION_RPM, "1.0", "1_0"},
                 {ACCORD_VERSION_SEMVER, "1.0.0+a", "1.0.0+b"}, {ACCORD_VERSION_NPM, "v1.0.0", "=1.0.0"},
                 {ACCORD_VERSION_GOLANG, "v1", "1.0.0"},        {ACCORD_VERSION_PYPI, "1.0-1", "1.0.post1"},
                 {ACCORD_VERSION_PYPI, "v1.0.0ALPHA_3", "1a3"}, {ACCORD_VERSION_GEM, "1.0.0", "1"},
                 {ACCORD_VERSION_GEM, "1.0.0.a", "1.a"},        {ACCORD_VERSION_NUGET, "1.0.0.0-RC", "1-rc"},
                 {ACCORD_VERSION_INTDOT, "1.0.00", "1"},        {ACCORD_VERSION_NONE, "KB4012598", "KB4012598"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int order = 7;
        assert_int_equal(compare(cases[i].scheme, cases[i].a, cases[i].b, &order), ACCORD_OK);
        assert_int_equal(order, 0);
    }
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum accord_version_scheme scheme;
        const char *good, *bad;
    } cases[] = {{ACCORD_VERSION_DEB, "1", ""},
                 {ACCORD_VERSION_DEB, "1", "a"},
                 {ACCORD_VERSION_DEB, "1", "1-"},
                 {ACCORD_VERSION_DEB, "1", "x:1"},
                 {ACCORD_VERSION_DEB, "1", "1 0"},
                 {ACCORD_VERSION_RPM, "1", "1-2-3"},
                 {ACCORD_VERSION_RPM, "1", ":1"},
                 {ACCORD_VERSION_SEMVER, "1.0.0", "1.0"},
                 {ACCORD_VERSION_SEMVER, "1.0.0", "01.0.0"},
                 {ACCORD_VERSION_SEMVER, "1.0.0", "v1.0.0"},
                 {ACCORD_VERSION_SEMVER, "1.0.0", "1.0.0-"},
                 {ACCORD_VERSION_SEMVER, "1.0.0", "1.0.0-a..b"},
                 {ACCORD_VERSION_SEMVER, "1.0.0", "1.0.0.0"},
                 {ACCORD_VERSION_PYPI, "1", "1.0x"},
                 {ACCORD_VERSION_PYPI, "1", "1.0+"},
                 {ACCORD_VERSION_PYPI, "1", "a1"},
                 {ACCORD_VERSION_GEM, "1", "1..2"},
                 {ACCORD_VERSION_GEM, "1", "a"},
                 {ACCORD_VERSION_NUGET, "1", "1.2.3.4.5"},
                 {ACCORD_VERSION_INTDOT, "1", "1."},
                 {ACCORD_VERSION_INTDOT, "1", "1.a"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int order;
        assert_int_equal(compare(cases[i].scheme, cases[i].good, cases[i].bad, &order), ACCORD_MALFORMED);
        assert_string_equal(error.found, cases[i].bad);
        assert_int_equal(compare(cases[i].scheme, cases[i].bad, cases[i].good, &order), ACCORD_MALFORMED);
        assert_string_equal(error.found, cases[i].bad);
    }
    int order;
    assert_int_equal(compare(ACCORD_VERSION_NONE, "1.9", "1.10", &order), ACCORD_UNSUPPORTED);
}

static void schemes_have_names(void **state)
{
    (void)state;
    assert_int_equal(accord_version_scheme(slice("deb")), ACCORD_VERSION_DEB);
    assert_int_equal(accord_version_scheme(slice("cargo")), ACCORD_VERSION_SEMVER);
    assert_int_equal(accord_version_scheme(slice("generic")), ACCORD_VERSION_NONE);
    assert_int_equal(accord_version_scheme(slice("")), ACCORD_VERSION_NONE);
    assert_int_equal(accord_version_scheme_of_osv(slice("Debian:12")), ACCORD_VERSION_DEB);
    assert_int_equal(accord_version_scheme_of_osv(slice("PyPI")), ACCORD_VERSION_PYPI);
    assert_int_equal(accord_version_scheme_of_osv(slice("Debianish")), ACCORD_VERSION_NONE);
    assert_int_equal(accord_version_scheme_of_purl(slice("gem")), ACCORD_VERSION_GEM);
    assert_int_equal(accord_version_scheme_of_purl(slice("intdot")), ACCORD_VERSION_NONE);
    for (unsigned i = ACCORD_VERSION_DEB; i <= ACCORD_VERSION_INTDOT; i++)
        assert_int_equal(accord_version_scheme(accord_version_scheme_name((enum accord_version_scheme)i)), i);
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *range, *version;
        bool contains;
    } cases[] = {{"vers:all/*", "anything at all", true},
                 {"vers:deb/*", "1", true},
                 {"vers:intdot/<17.3.2", "17.3.1", true},
                 {"vers:intdot/<17.3.2", "17.3.2", false},
                 {"vers:intdot/<=17.3.2", "17.3.2.0", true},
                 {"vers:semver/>=1.0.0|<1.2.3", "1.2.3-rc.1", true},
                 {"vers:semver/>=1.0.0|<1.2.3", "0.9.0", false},
                 {"vers:semver/>=1.0.0|<1.2.3", "1.2.3", false},
                 {"vers:semver/>=1.0.0", "2.0.0", true},
                 {"vers:semver/>1.0.0", "1.0.0", false},
                 {"vers:semver/<1.0.0|>=2.0.0|<3.0.0|>4.0.0", "1.5.0", false},
                 {"vers:semver/<1.0.0|>=2.0.0|<3.0.0|>4.0.0", "2.5.0", true},
                 {"vers:semver/<1.0.0|>=2.0.0|<3.0.0|>4.0.0", "3.5.0", false},
                 {"vers:semver/<1.0.0|>=2.0.0|<3.0.0|>4.0.0", "4.5.0", true},
                 {"vers:semver/>=1.0.0|!=1.1.0|<2.0.0", "1.1.0", false},
                 {"vers:semver/>=1.0.0|!=1.1.0|<2.0.0", "1.1.1", true},
                 {"vers:semver/!=1.1.0", "1.1.1", true},
                 {"vers:semver/!=1.1.0", "1.1.0", false},
                 {"vers:npm/1.0.0|1.0.2", "1.0.2", true},
                 {"vers:npm/1.0.0|1.0.2", "1.0.1", false},
                 {"vers:pypi/>=3.0.0|2.0.3", "2.0.3", true},
                 {"vers:deb/<1%3A2.0", "1:1.9", true},
                 {"vers:deb/<1%3a2.0", "1:2.1", false},
                 {"vers:unknown/KB4012598|KB4012212", "KB4012212", true},
                 {"vers:unknown/KB4012598", "KB4012212", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool contains;
        assert_int_equal(accord_vers_contains(slice(cases[i].range), slice(cases[i].version), &contains, &error),
                         ACCORD_OK);
        if (contains != cases[i].contains)
            fail_msg("%s in %s", cases[i].version, cases[i].range);
        assert_int_equal(accord_vers_check(slice(cases[i].range), &error), ACCORD_OK);
    }
}

static void ranges_that_say_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *range, *version;
        enum accord_status status;
    } cases[] = {{"1.0", "1.0", ACCORD_MALFORMED},
                 {"vers:semver", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/", "1.0.0", ACCORD_MALFORMED},
                 {"vers:Semver/1.0.0", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/1.0.0|", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/1.0.0||2.0.0", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/<", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/*|1.0.0", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/1.0.0%2", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/<2.0.0|>=1.0.0", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/>1.0.0|>2.0.0", "1.0.0", ACCORD_MALFORMED},
                 {"vers:semver/<1.0.0|<2.0.0", "1.5.0", ACCORD_MALFORMED},
                 {"vers:semver/<1.0", "1.0.0", ACCORD_UNSUPPORTED},
                 {"vers:semver/<1.0.0", "1.0", ACCORD_UNSUPPORTED},
                 {"vers:generic/<1.10", "1.9", ACCORD_UNSUPPORTED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool contains = true;
        enum accord_status status =
            accord_vers_contains(slice(cases[i].range), slice(cases[i].version), &contains, &error);
        if (status != cases[i].status || status != error.status || contains)
            fail_msg("%s in %s: %d", cases[i].version, cases[i].range, status);
    }
    assert_int_equal(accord_vers_check(slice("vers:generic/<1.10"), &error), ACCORD_UNSUPPORTED);
    assert_int_equal(accord_vers_check(slice("vers:semver/<1.0"), &error), ACCORD_UNSUPPORTED);
    assert_int_equal(accord_vers_check(slice("vers:semver/1.0.0|"), &error), ACCORD_MALFORMED);
    assert_int_equal(accord_vers_check(slice("vers:generic/>1.9|<1.10"), &error), ACCORD_UNSUPPORTED);
    assert_int_equal(accord_vers_check(slice("vers:semver/1.0.0|<1"), &error), ACCORD_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders),
        cmocka_unit_test(the_same),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(schemes_have_names),
        cmocka_unit_test(ranges),
        cmocka_unit_test(ranges_that_say_nothing),
    };
    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
