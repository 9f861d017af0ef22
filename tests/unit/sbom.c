/* Lists of components, of each format: what is read, in which order, and what is refused. */
#include "slices.h"

#include <stdio.h>

#include "sbom/component.h"

static char seen[4096];

static enum accord_status note(void *context, const struct accord_component *component, struct accord_error *error)
{
    (void)context;
    (void)error;
    size_t at = strlen(seen);
    (void)snprintf(seen + at, sizeof seen - at, "%.*s|%.*s|%.*s|%.*s|%zu\n", (int)component->name.size,
                   (const char *)component->name.data, (int)component->version.size,
                   (const char *)component->version.data, (int)component->vendor.size,
                   (const char *)component->vendor.data, (int)component->purl.size, (const char *)component->purl.data,
                   component->hash_count);
    return ACCORD_OK;
}

static enum accord_status read_text(const char *text, enum accord_sbom_format *format, struct accord_error *error)
{
    const struct accord_component_sink sink = {NULL, note};
    seen[0] = '\0';
    return accord_sbom_read(slice(text), &sink, format, error);
}

static void reads(const char *text, enum accord_sbom_format expected, const char *components)
{
    enum accord_sbom_format format = ACCORD_SBOM_CYCLONEDX;
    assert_int_equal(read_text(text, &format, NULL), ACCORD_OK);
    assert_int_equal(format, expected);
    assert_string_equal(seen, components);
}

#define DIGEST "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789"

static void test_cyclonedx(void **state)
{
    (void)state;
    reads("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"metadata\":{\"component\":{\"name\":\"app\"}},"
          "\"components\":[{\"group\":\"g\",\"name\":\"a\",\"version\":\"1\",\"supplier\":{\"name\":\"S\"},"
          "\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"" DIGEST "\"},{\"alg\":\"SHA-256\",\"content\":\"12\"},"
          "{\"alg\":\"MD5\",\"content\":\"" DIGEST "\"}],\"components\":[{\"name\":\"b\",\"publisher\":\"P\"}]},"
          "{\"name\":\"c\",\"purl\":\"pkg:npm/c@2\"}]}",
          ACCORD_SBOM_CYCLONEDX, "app||||0\ng/a|1|S||1\nb||P||0\nc|||pkg:npm/c@2|0\n");
}

static void test_spdx(void **state)
{
    (void)state;
    reads("{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"name\":\"p\",\"versionInfo\":\"1\",\"supplier\":"
          "\"Organization: O\",\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:rpm/r/p@1\"}]},"
          "{\"name\":\"q\",\"versionInfo\":\"NOASSERTION\",\"supplier\":\"NOASSERTION\"}],\"files\":[{\"fileName\":"
          "\"f\",\"checksums\":[{\"algorithm\":\"SHA256\",\"checksumValue\":\"" DIGEST "\"}]},{\"fileName\":\"g\"}]}",
          ACCORD_SBOM_SPDX, "p|1|O|pkg:rpm/r/p@1|0\nq||||0\nf||||1\n");
}

static void test_lists(void **state)
{
    (void)state;
    reads("Desired=Unknown/Install\n| Status=Not\n|/ Err?=(none)\n||/ Name Version\n+++-====-===\n"
          "ii  libc6:amd64  2:2.36-9+deb12u1  amd64  GNU C Library\nrc  gone  1  all  removed\n",
          ACCORD_SBOM_DPKG, "libc6|2:2.36-9+deb12u1||pkg:deb/debian/libc6@2:2.36-9+deb12u1?arch=amd64|0\n");
    reads("adduser\t3.134\nlibc6:arm64\t2.36-9\n", ACCORD_SBOM_DPKG,
          "adduser|3.134||pkg:deb/debian/adduser@3.134|0\nlibc6|2.36-9||pkg:deb/debian/libc6@2.36-9?arch=arm64|0\n");
    reads("gpg-pubkey-fd431d51-4ae0493b\nopenssl-libs-3.0.7-27.el9.x86_64\n", ACCORD_SBOM_RPM,
          "openssl-libs|3.0.7-27.el9||pkg:rpm/openssl-libs@3.0.7-27.el9?arch=x86_64|0\n");
}

static void test_refusals(void **state)
{
    (void)state;
    struct accord_error error;
    assert_int_equal(read_text("", NULL, &error), ACCORD_UNKNOWN_KIND);
    assert_int_equal(read_text("{}", NULL, &error), ACCORD_UNKNOWN_KIND);
    assert_int_equal(read_text("a sentence\n", NULL, &error), ACCORD_UNKNOWN_KIND);
    assert_int_equal(read_text("a\t1\nno tab\n", NULL, &error), ACCORD_MALFORMED);
    assert_int_equal(error.line, 2);
    assert_int_equal(read_text("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"2.0\"}", NULL, &error),
                     ACCORD_MALFORMED);
    assert_int_equal(read_text("{\"bomFormat\":\"CycloneDX\",\"bomFormat\":\"CycloneDX\"}", NULL, &error),
                     ACCORD_DUPLICATE);
    assert_int_equal(read_text("{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"name\":1}]}", NULL, &error),
                     ACCORD_MALFORMED);
    assert_string_equal(error.what, "packages[0].name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cyclonedx), cmocka_unit_test(test_spdx),
                                       cmocka_unit_test(test_lists), cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests_name("sbom", tests, NULL, NULL);
}
