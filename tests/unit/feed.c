/* Advisories of four formats, read into claims: what each says, and each refusal. Documents are written with ' for ".
 */
#include "slices.h"

#include "feed/feed.h"
#include "feed/product.h"
#include "feed/range.h"

#include <stdio.h>
#include <stdlib.h>

static char said[1 << 16];
static size_t said_size;
static struct accord_error error;
static size_t ends_after; /* claims; the sink fails then */

static void say(const char *text)
{
    said_size += (size_t)snprintf(said + said_size, sizeof said - said_size, "%s", text);
    assert_true(said_size < sizeof said);
}

static void say_bytes(const char *before, struct accord_bytes text)
{
    if (text.size == 0)
        return;
    say(before);
    said_size +=
        (size_t)snprintf(said + said_size, sizeof said - said_size, "%.*s", (int)text.size, (const char *)text.data);
    assert_true(said_size < sizeof said);
}

static enum accord_status begin(void *context, const struct accord_claim_vulnerability *one, struct accord_error *where)
{
    char dates[64];
    (void)context;
    (void)where;
    say_bytes("", one->id);
    say_bytes(" of ", one->document);
    say_bytes(" also ", one->aliases);
    say_bytes(" title ", one->title);
    say_bytes(" severity ", one->severity);
    say_bytes(" url ", one->url);
    snprintf(dates, sizeof dates, " %llu %llu%s\n", (unsigned long long)one->published,
             (unsigned long long)one->modified, one->withdrawn ? " withdrawn" : "");
    say(dates);
    return ACCORD_OK;
}

static enum accord_status claim(void *context, const struct accord_claim *one, struct accord_error *where)
{
    static const char *const says[] = {"?", "affected", "investigating", "not-affected", "fixed"};
    static const char *const names[] = {"?", " sha256 ", " purl ", " cpe ", " name "};
    (void)context;
    assert_true((one->range.size == 0) != (one->prose.size == 0));
    say("  ");
    say(says[one->says]);
    say_bytes(names[one->names], one->product);
    say_bytes("?", one->qualifiers);
    say_bytes(" ", one->range);
    say_bytes(" prose ", one->prose);
    say_bytes(" fixed ", one->fixed);
    say_bytes(" because ", one->justification);
    say_bytes(" remedy ", one->remedy);
    say("\n");
    return --ends_after == 0 ? accord_fail(where, ACCORD_IO, 7) : ACCORD_OK;
}

static enum accord_status read_document(const char *text, enum accord_feed_format *format)
{
    static const struct accord_claim_sink sink = {NULL, begin, claim};
    size_t size = strlen(text);
    char *document = malloc(size + 1); /* so that ASan sees what runs past its end */
    assert_non_null(document);
    for (size_t i = 0; i < size; i++)
        document[i] = text[i] == '\'' ? '"' : text[i];
    said_size = 0;
    said[0] = '\0';
    error = (struct accord_error){.status = ACCORD_OK};
    enum accord_status status =
        accord_feed_read((struct accord_bytes){(const uint8_t *)document, size}, &sink, format, &error);
    free(document);
    return status;
}

static void reads(const char *text, enum accord_feed_format expected, const char *claims)
{
    enum accord_feed_format format = 0;
    ends_after = 0;
    enum accord_status status = read_document(text, &format);
    if (status != ACCORD_OK)
        print_error("%s: expected %s, found %s\n", error.what, error.expected, error.found);
    assert_int_equal(status, ACCORD_OK);
    assert_int_equal(format, expected);
    assert_string_equal(said, claims);
}

/* Nothing is given of what is refused. */
static void refuses(const char *text, enum accord_status status, const char *place)
{
    enum accord_feed_format format = 99;
    ends_after = 0;
    assert_int_equal(read_document(text, &format), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.what, place);
    assert_string_equal(said, "");
    assert_int_equal(format, 99);
}

#define OSV_HEAD "{'id': 'X-1', 'modified': '2021-01-02T00:00:00Z', 'affected': ["
#define OSV_GO "{'package': {'ecosystem': 'Go', 'name': 'Example.com/x'}, 'ranges': [{'type': 'SEMVER', 'events': ["

static void osv(void **state)
{
    (void)state;
    reads("{'schema_version': '1.3.1', 'id': 'GO-1', 'modified': '2021-01-02T00:00:00Z', 'published': "
          "'2021-01-01T00:00:00Z', 'aliases': ['GHSA-1', 'CVE-2021-1'], 'summary': 'Two\\n  lines', 'severity': "
          "[{'type': "
          "'CVSS_V2', 'score': 'AV:N/AC:L/Au:N/C:N/I:N/A:C'}, {'type': 'CVSS_V3', 'score': 'CVSS:3.1/AV:N'}], "
          "'references': "
          "[{'type': 'FIX', 'url': 'https://fix'}, {'type': 'ADVISORY', 'url': 'https://read'}], 'affected': [" OSV_GO
          "{'introduced': '0'}, {'fixed': '1.2.0'}, {'introduced': '1.3.0-rc.1'}, {'fixed': '1.3.4'}]}]}]}",
          ACCORD_FEED_OSV,
          "CVE-2021-1 of GO-1 also GO-1 GHSA-1 title Two lines severity CVSS:3.1/AV:N url https://read 1609459200 "
          "1609545600\n"
          "  affected purl pkg:golang/example.com/x vers:golang/<1.2.0 fixed 1.2.0\n"
          "  affected purl pkg:golang/example.com/x vers:golang/>=1.3.0-rc.1|<1.3.4 fixed 1.3.4\n");
    reads(OSV_HEAD OSV_GO "{'introduced': '0'}]}]}], 'withdrawn': '2022-01-01T00:00:00Z'}", ACCORD_FEED_OSV,
          "X-1 of X-1 0 1609545600 withdrawn\n  affected purl pkg:golang/example.com/x vers:all/*\n");
    reads(
        "{'id': 'UBUNTU-CVE-2021-2', 'modified': '0001-01-01T00:00:00Z', 'upstream': ['CVE-2021-2'], 'affected': null}",
        ACCORD_FEED_OSV, "CVE-2021-2 of UBUNTU-CVE-2021-2 also UBUNTU-CVE-2021-2 0 0\n");
}

/* Events come in any order; last_affected ends a stretch with itself; what has no order is prose. */
static void osv_events(void **state)
{
    (void)state;
    reads(OSV_HEAD OSV_GO "{'fixed': '2.0.0'}, {'introduced': '1.10.0'}, {'last_affected': '1.9.0'}, {'introduced': "
                          "'1.2.0'}, {'limit': '*'}]}]}]}",
          ACCORD_FEED_OSV,
          "X-1 of X-1 0 1609545600\n  affected purl pkg:golang/example.com/x vers:golang/>=1.2.0|<=1.9.0\n"
          "  affected purl pkg:golang/example.com/x vers:golang/>=1.10.0|<2.0.0 fixed 2.0.0\n");
    reads(OSV_HEAD OSV_GO "{'introduced': 'one'}, {'fixed': '2.0.0'}]}]}]}", ACCORD_FEED_OSV,
          "X-1 of X-1 0 1609545600\n"
          "  affected purl pkg:golang/example.com/x prose introduced one, fixed 2.0.0 fixed 2.0.0\n");
    reads(OSV_HEAD OSV_GO "{'introduced': '2.0.0'}, {'fixed': '2.0.0'}]}]}]}", ACCORD_FEED_OSV,
          "X-1 of X-1 0 1609545600\n  affected purl pkg:golang/example.com/x prose >= 2.0.0, < 2.0.0 fixed 2.0.0\n");
    reads(OSV_HEAD OSV_GO "{'introduced': '0'}, {'limit': '2.0.0'}]}]}]}", ACCORD_FEED_OSV,
          "X-1 of X-1 0 1609545600\n  affected purl pkg:golang/example.com/x prose introduced 0, limit 2.0.0\n");
    reads(OSV_HEAD
          "{'package': {'ecosystem': 'Elsewhere:1', 'name': 'A  B'}, 'ranges': [{'type': 'ECOSYSTEM', 'events': "
          "[{'introduced': '0'}, {'fixed': '2'}]}], 'versions': ['1+b', '0.9', '1+b']}]}",
          ACCORD_FEED_OSV,
          "X-1 of X-1 0 1609545600\n  affected name elsewhere:1/a b prose introduced 0, fixed 2 fixed 2\n"
          "  affected name elsewhere:1/a b vers:unknown/0.9|1%2Bb\n");
}

/* Package URLs as they are written, and as they are compared. */
static void purls(void **state)
{
    (void)state;
    static const char *const forms[][4] = {
        {"pkg:npm/%40Angular/Animation@12.3.1#src", "pkg:npm/%40angular/animation", "12.3.1", ""},
        {"pkg:npm/@scope/x@1", "pkg:npm/%40scope/x", "1", ""},
        {"pkg:RPM/Fedora/Curl@7.5-1?distro=f25&Arch=i386&empty=", "pkg:rpm/fedora/Curl", "7.5-1",
         "arch=i386&distro=f25"},
        {"pkg://PyPI//Django_Thing@1.11", "pkg:pypi/django-thing", "1.11", ""},
        {"pkg:maven/g/a@1.0%20Final?k=my%20value", "pkg:maven/g/a", "1.0 Final", "k=my%20value"},
        {"pkg:deb/debian/openssl@1%3A3.0", "pkg:deb/debian/openssl", "1:3.0", ""},
    };
    static const char *const none[] = {"",           "npm/x",          "pkg:",         "pkg:x",    "pkg:npm/",
                                       "pkg:npm/@1", "pkg:3x/y",       "pkg:x:a/y",    "pkg:x/%4", "pkg:x/%0a",
                                       "pkg:x/a b",  "pkg:x/y?=value", "pkg:x/y?nope", "pkg:x/%ff"};
    struct accord_arena arena = {.newest = NULL};
    struct accord_feed_purl purl;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_true(accord_feed_purl(&arena, slice(forms[i][0]), &purl));
        assert_slice(purl.product, forms[i][1]);
        assert_slice(purl.version, forms[i][2]);
        assert_slice(purl.qualifiers, forms[i][3]);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(accord_feed_purl(&arena, slice(none[i]), &purl));
    accord_arena_free(&arena);
}

/* Versions that are listed and inside a range need not be said twice. */
static void osv_versions(void **state)
{
    (void)state;
    reads(
        "{'id': 'X-1', 'modified': '2021-01-02T00:00:00Z', 'affected': [{'package': {'ecosystem': 'npm', 'name': 'x'}, "
        "'ranges': [{'type': 'SEMVER', 'events': [{'introduced': '1.0.0'}, {'last_affected': '1.5.0'}, {'introduced': "
        "'2.0.0'}, {'fixed': '2.1.0'}]}], 'versions': ['1.0.0', '1.5.0', '2.0.5', '2.1.0', '0.9.9', 'odd']}, "
        "{'package': "
        "{'ecosystem': 'npm', 'name': 'y'}, 'ranges': [{'type': 'SEMVER', 'events': [{'introduced': '0'}]}], "
        "'versions': "
        "['1.0.0', '2.0.0']}]}",
        ACCORD_FEED_OSV,
        "X-1 of X-1 0 1609545600\n  affected purl pkg:npm/x vers:npm/>=1.0.0|<=1.5.0\n"
        "  affected purl pkg:npm/x vers:npm/>=2.0.0|<2.1.0 fixed 2.1.0\n"
        "  affected purl pkg:npm/x vers:unknown/0.9.9|2.1.0|odd\n  affected purl pkg:npm/y vers:all/*\n");
}

static void osv_packages(void **state)
{
    (void)state;
    reads(OSV_HEAD "{'package': {'ecosystem': 'Debian:12', 'name': 'openssl', 'purl': 'pkg:deb/debian/openssl'}, "
                   "'versions': ['3.0']},"
                   "{'package': {'ecosystem': 'Ubuntu:Pro:22.04:LTS', 'name': 'openssl'}, 'versions': ['3.0']},"
                   "{'package': {'ecosystem': 'Alpine:v3.18', 'name': 'openssl'}, 'versions': ['3.0']},"
                   "{'package': {'ecosystem': 'npm', 'name': '@scope/Name'}, 'versions': ['1.0.0']},"
                   "{'package': {'ecosystem': 'PyPI', 'name': 'Some_Thing'}, 'versions': ['1.0']},"
                   "{'package': {'ecosystem': 'Maven', 'name': 'org.apache:log4j'}},"
                   "{'package': {'ecosystem': 'Go', 'name': 'x'}, 'ranges': [{'type': 'GIT', 'repo': 'r', 'events': "
                   "[{'introduced': "
                   "'0'}]}]}, {'ranges': [{'type': 'GIT', 'events': [{'introduced': '0'}]}], 'versions': ['1']}]}",
          ACCORD_FEED_OSV,
          "X-1 of X-1 0 1609545600\n"
          "  affected purl pkg:deb/debian/openssl?distro=debian-12 vers:deb/3.0\n"
          "  affected purl pkg:deb/ubuntu/openssl?distro=ubuntu-22.04 vers:deb/3.0\n"
          "  affected purl pkg:apk/alpine/openssl?distro=alpine-3.18 vers:unknown/3.0\n"
          "  affected purl pkg:npm/%40scope/name vers:npm/1.0.0\n"
          "  affected purl pkg:pypi/some-thing vers:pypi/1.0\n"
          "  affected purl pkg:maven/org.apache/log4j prose no version is said\n"
          "  affected purl pkg:golang/x prose commits of git are named, and no versions\n");
}

static void osv_refusals(void **state)
{
    (void)state;
    refuses("{'id': 7, 'modified': '2021-01-02T00:00:00Z'}", ACCORD_MALFORMED, "id");
    refuses("{'id': 'a b', 'modified': '2021-01-02T00:00:00Z'}", ACCORD_MALFORMED, "id");
    refuses("{'id': 'X', 'modified': 'yesterday'}", ACCORD_MALFORMED, "modified");
    refuses("{'id': 'X', 'modified': '2021-01-02T00:00:00Z', 'aliases': 'Y'}", ACCORD_MALFORMED, "aliases");
    refuses(OSV_HEAD "7]}", ACCORD_MALFORMED, "affected[0]");
    refuses(OSV_HEAD "{'package': {'name': 'x'}}]}", ACCORD_MALFORMED, "affected[0].package.ecosystem");
    refuses(OSV_HEAD "{'package': {'name': 'x', 'ecosystem': 'Go', 'purl': 'x'}}]}", ACCORD_MALFORMED,
            "affected[0].package.purl");
    refuses(OSV_HEAD OSV_GO "{'introduced': '0', 'fixed': '1.0.0'}]}]}]}", ACCORD_MALFORMED,
            "affected[0].ranges[0].events[0]");
    refuses(OSV_HEAD OSV_GO "{'fixed': '1.0.0'}]}]}]}", ACCORD_MALFORMED, "affected[0].ranges[0].events");
    refuses(OSV_HEAD OSV_GO "]}]}]}", ACCORD_MALFORMED, "affected[0].ranges[0].events");
    refuses(OSV_HEAD "{'ranges': [{'type': 'SEMVER', 'events': [{'introduced': '0'}]}]}]}", ACCORD_MALFORMED,
            "affected[0].ranges[0].type");
    refuses(OSV_HEAD
            "{'package': {'name': 'x', 'ecosystem': 'Go'}, 'ranges': [{'type': 'DATE', 'events': [{'introduced': "
            "'0'}]}]}]}",
            ACCORD_MALFORMED, "affected[0].ranges[0].type");
    /* What is wrong at the end refuses what stood before it. */
    refuses(OSV_HEAD OSV_GO "{'introduced': '0'}]}]}, {'package': {'name': 'x', 'ecosystem': 'Go'}, 'versions': [1]}]}",
            ACCORD_MALFORMED, "affected[1].versions[0]");
}

#define CSAF_HEAD                                                                                                      \
    "{'document': {'category': 'csaf_vex', 'csaf_version': '2.0', 'title': 'Title', 'tracking': {'id': 'A-1', "        \
    "'initial_release_date': '1970-01-01T00:00:01Z', 'current_release_date': '1970-01-01T00:00:02Z'}}, "
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"

static void csaf(void **state)
{
    (void)state;
    reads(
        CSAF_HEAD
        "'product_tree': {'branches': [{'category': 'vendor', 'name': 'Big  Corp', 'branches': [{'category': "
        "'product_name', 'name': 'Router', 'branches': ["
        "{'category': 'product_version', 'name': '1.1', 'product': {'product_id': 'P1', 'name': 'Router 1.1', "
        "'product_identification_helper': {'cpe': 'cpe:2.3:o:big:router\\\\-x:1.1:*:*:*:*:*:*:*', 'purl': "
        "'pkg:generic/router@1.1?b=2&a=1', 'hashes': [{'filename': 'f', 'file_hashes': [{'algorithm': 'md5', 'value': "
        "'00'}, {'algorithm': 'sha256', 'value': 'AB" HEX "'}]}]}}},"
        "{'category': 'product_version', 'name': '1.2', 'product': {'product_id': 'P2', 'name': 'Router 1.2'}},"
        "{'category': 'product_version_range', 'name': 'vers:semver/>=1.0.0|<1.1.0', 'product': {'product_id': 'P3', "
        "'name': 'Router old'}}, {'category': 'product_version_range', 'name': '< 1.0', 'product': {'product_id': "
        "'P4', "
        "'name': 'Router very old'}}]}]}], 'product_groups': [{'group_id': 'G', 'product_ids': ['P3', 'P4']}]},"
        "'vulnerabilities': [{'cve': 'CVE-1', 'ids': [{'system_name': 's', 'text': 'BUG-7'}, {'system_name': 's', "
        "'text': "
        "'bug 8'}], 'scores': [{'products': ['P1'], 'cvss_v3': {'vectorString': 'CVSS:3.0/X'}}, {'products': ['P1'], "
        "'cvss_v3': {'vectorString': 'CVSS:3.1/Y'}}], 'product_status': {'known_affected': ['P1', 'P4'], "
        "'known_not_affected': ['P3'], 'fixed': ['P2'], 'recommended': ['P2']}, 'flags': [{'label': "
        "'vulnerable_code_not_present', 'group_ids': ['G']}], 'remediations': [{'category': 'mitigation', 'details': "
        "'Wait', 'product_ids': ['P1'], 'group_ids': ['G']}, {'category': 'vendor_fix', 'details': 'Update', "
        "'product_ids': ['P1']}]}]}",
        ACCORD_FEED_CSAF,
        "CVE-1 of A-1 also BUG-7 title Title severity CVSS:3.1/Y 1 2\n"
        "  affected sha256 ab" HEX " vers:all/* fixed 1.2 remedy Update\n"
        "  affected purl pkg:generic/router?a=1&b=2 vers:unknown/1.1 fixed 1.2 remedy Update\n"
        "  affected cpe o:big:router-x vers:unknown/1.1 fixed 1.2 remedy Update\n"
        "  affected name big corp/router vers:unknown/1.1 fixed 1.2 remedy Update\n"
        "  affected name big corp/router prose < 1.0 fixed 1.2 remedy Wait\n"
        "  not-affected name big corp/router vers:semver/>=1.0.0|<1.1.0 because vulnerable_code_not_present\n"
        "  fixed name big corp/router vers:unknown/1.2 fixed 1.2\n");
}

/* A part of a version, and a part in a product, are not the whole: what would clear more than was said is prose. */
static void csaf_parts(void **state)
{
    (void)state;
    reads(
        CSAF_HEAD
        "'product_tree': {'full_product_names': [{'product_id': 'F', 'name': 'Some Thing 7', "
        "'product_identification_helper': {'purl': 'pkg:cargo/thing@7.0.0'}}], 'branches': [{'category': "
        "'product_name', "
        "'name': 'Thing', 'branches': [{'category': 'product_version', 'name': '1', 'branches': [{'category': "
        "'service_pack', 'name': 'SP2', 'product': {'product_id': 'S', 'name': 'Thing 1 SP2'}}]}, {'category': "
        "'product_version', 'name': '2', 'product': {'product_id': 'T', 'name': 'Thing 2'}}]}], 'relationships': "
        "[{'category': 'installed_on', 'product_reference': 'T', 'relates_to_product_reference': 'S', "
        "'full_product_name': {'product_id': 'T on S', 'name': 'x'}}, {'category': 'installed_on', "
        "'product_reference': "
        "'F', 'relates_to_product_reference': 'S', 'full_product_name': {'product_id': 'F on S', 'name': 'x'}}]}, "
        "'vulnerabilities': [{'product_status': {'known_affected': ['S', 'T on S']}}, {'product_status': "
        "{'known_not_affected': ['T on S'], 'fixed': ['F on S'], 'under_investigation': ['T']}}]}",
        ACCORD_FEED_CSAF,
        "A-1#1 of A-1 title Title 1 2\n  affected name thing prose Thing 1 SP2\n  affected name thing vers:unknown/2\n"
        "A-1#2 of A-1 title Title 1 2\n  investigating name thing vers:unknown/2\n"
        "  not-affected name thing prose T on S\n"
        "  fixed purl pkg:cargo/thing vers:semver/7.0.0 fixed 7.0.0\n"
        "  fixed name some thing 7 prose F on S fixed 7.0.0\n");
}

#define CSAF_TREE "'product_tree': {'full_product_names': [{'product_id': 'P', 'name': 'N'}]}, "

static void csaf_refusals(void **state)
{
    (void)state;
    refuses("{'document': {'csaf_version': '2.1'}}", ACCORD_MALFORMED, "document.csaf_version");
    refuses("{'document': {'csaf_version': '2.0', 'category': 'c', 'title': 't'}}", ACCORD_MALFORMED,
            "document.tracking");
    refuses(CSAF_HEAD
            "'product_tree': {'full_product_names': [{'product_id': 'P', 'name': 'N'}, {'product_id': 'P', 'name': "
            "'M'}]}}",
            ACCORD_DUPLICATE, "product_tree");
    refuses(CSAF_HEAD "'product_tree': {'branches': [{'category': 'vendor', 'name': 'V'}]}}", ACCORD_MALFORMED,
            "product_tree.branches[0]");
    refuses(CSAF_HEAD "'product_tree': {'branches': [{'category': 'thing', 'name': 'V', 'branches': []}]}}",
            ACCORD_MALFORMED, "product_tree.branches[0].category");
    refuses(CSAF_HEAD CSAF_TREE "'vulnerabilities': [{'product_status': {'fixed': ['Q']}}]}", ACCORD_UNKNOWN_NAME,
            "vulnerabilities[0].product_status.fixed[0]");
    refuses(CSAF_HEAD CSAF_TREE "'vulnerabilities': [{'product_status': {'recommended': ['Q']}}]}", ACCORD_UNKNOWN_NAME,
            "vulnerabilities[0].product_status.recommended[0]");
    refuses(CSAF_HEAD CSAF_TREE "'vulnerabilities': [{'flags': [{'label': 'because', 'product_ids': ['P']}]}]}",
            ACCORD_MALFORMED, "vulnerabilities[0].flags[0].label");
    refuses(CSAF_HEAD CSAF_TREE "'vulnerabilities': [{'remediations': [{'category': 'vendor_fix', 'details': 'd', "
                                "'group_ids': ['G']}]}]}",
            ACCORD_UNKNOWN_NAME, "vulnerabilities[0].remediations[0].group_ids[0]");
    refuses(CSAF_HEAD
            "'product_tree': {'relationships': [{'product_reference': 'B', 'full_product_name': {'product_id': "
            "'A', 'name': 'N'}}, {'product_reference': 'A', 'full_product_name': {'product_id': 'B', 'name': "
            "'N'}}]}}",
            ACCORD_MALFORMED, "product_tree");
    refuses(CSAF_HEAD
            "'product_tree': {'relationships': [{'product_reference': 'B', 'full_product_name': {'product_id': "
            "'A', 'name': 'N'}}]}}",
            ACCORD_UNKNOWN_NAME, "product_tree");
    refuses(CSAF_HEAD "'product_tree': {'full_product_names': [{'product_id': 'P', 'name': 'N', "
                      "'product_identification_helper': {'hashes': [{'file_hashes': [{'algorithm': 'sha256', 'value': "
                      "'00'}]}]}}]}}",
            ACCORD_BAD_HEX,
            "product_tree.full_product_names[0].product_identification_helper.hashes[0].file_hashes[0].value");
}

#define CVE_HEAD                                                                                                       \
    "{'dataType': 'CVE_RECORD', 'dataVersion': '5.1', 'cveMetadata': {'cveId': 'CVE-1', 'state': 'PUBLISHED', "        \
    "'datePublished': '1970-01-01T00:00:03'}, 'containers': {'cna': {'title': 'T', 'affected': ["
#define CVE_DATED                                                                                                      \
    "{'dataType': 'CVE_RECORD', 'dataVersion': '5.1', 'cveMetadata': {'cveId': 'CVE-1', 'state': 'PUBLISHED', "        \
    "'datePublished': '1970-01-01T00:00:03Z'}, 'containers': {'cna': {'title': 'T', 'affected': ["

static void cve(void **state)
{
    (void)state;
    reads(
        CVE_DATED
        "{'vendor': 'V', 'product': 'P', 'cpes': ['cpe:2.3:a:v:p:*:*:*:*:*:*:*:*', 'cpe:/a:v:p:1'], 'defaultStatus': "
        "'unaffected', 'versions': [{'version': '1.0.0', 'status': 'affected', 'lessThan': '3.0.0', 'versionType': "
        "'semver', 'changes': [{'at': '1.4.1', 'status': 'unaffected'}, {'at': '2.0.0', 'status': 'affected'}]}, "
        "{'version': '4.0', 'status': 'affected'}, {'version': '5.x', 'status': 'unknown'}, {'version': '6', 'status': "
        "'affected', 'lessThanOrEqual': '6.2', 'versionType': 'custom'}]}], 'metrics': [{'cvssV3_1': {'vectorString': "
        "'CVSS:3.1/A'}}]}, 'adp': [{'metrics': [{'cvssV4_0': {'vectorString': 'CVSS:4.0/B'}}], 'affected': [{'vendor': "
        "'n/a', 'product': 'Q', 'defaultStatus': 'affected'}]}]}}",
        ACCORD_FEED_CVE,
        "CVE-1 of CVE-1 title T severity CVSS:4.0/B 3 0\n"
        "  affected cpe a:v:p vers:semver/>=1.0.0|<1.4.1 fixed 1.4.1\n"
        "  affected name v/p vers:semver/>=1.0.0|<1.4.1 fixed 1.4.1\n"
        "  not-affected cpe a:v:p vers:semver/>=1.4.1|<2.0.0\n"
        "  not-affected name v/p vers:semver/>=1.4.1|<2.0.0\n"
        "  affected cpe a:v:p vers:semver/>=2.0.0|<3.0.0 fixed 3.0.0\n"
        "  affected name v/p vers:semver/>=2.0.0|<3.0.0 fixed 3.0.0\n"
        "  affected cpe a:v:p vers:unknown/4.0\n  affected name v/p vers:unknown/4.0\n"
        "  investigating cpe a:v:p prose 5.x\n  investigating name v/p prose 5.x\n"
        "  affected cpe a:v:p prose >= 6, <= 6.2\n  affected name v/p prose >= 6, <= 6.2\n"
        "  affected name q vers:all/*\n");
}

/* A package in a product has versions of its own; what is left over when one stretch is cleared is affected. */
static void cve_packages(void **state)
{
    (void)state;
    reads(CVE_DATED
          "{'vendor': 'V', 'product': 'OS', 'packageName': 'pkg', 'cpes': ['cpe:/o:v:os:9'], 'defaultStatus': "
          "'affected', "
          "'versions': [{'version': '1.2.0', 'lessThan': '*', 'status': 'unaffected', 'versionType': 'semver'}]},"
          "{'packageName': '@a/b', 'collectionURL': 'https://registry.npmjs"
          ".org', 'versions': [{'version': '0', 'lessThan': "
          "'*', 'status': 'affected'}]}, {'packageURL': 'pkg:cargo/c', 'versions': [{'version': '0', 'lessThan': "
          "'1.0.0', "
          "'status': 'affected'}]}]}}}",
          ACCORD_FEED_CVE,
          "CVE-1 of CVE-1 title T 3 0\n"
          "  not-affected cpe o:v:os prose pkg in OS\n  not-affected name v/os prose pkg in OS\n"
          "  not-affected name v/pkg prose pkg in OS\n"
          "  affected cpe o:v:os prose pkg in OS\n  affected name v/os prose pkg in OS\n"
          "  affected name v/pkg vers:semver/<1.2.0 fixed 1.2.0\n"
          "  affected purl pkg:npm/%40a/b vers:all/*\n  affected name @a/b vers:all/*\n"
          "  affected purl pkg:cargo/c vers:semver/<1.0.0\n");
    reads("{'dataType': 'CVE_RECORD', 'dataVersion': '5.2.0', 'cveMetadata': {'cveId': 'CVE-2', 'state': 'REJECTED'}, "
          "'containers': {'cna': {'rejectedReasons': []}}}",
          ACCORD_FEED_CVE, "CVE-2 of CVE-2 0 0 withdrawn\n");
}

/* What is said of an edition clears that edition, and not the product; versions of RPM have their order. */
static void cve_editions(void **state)
{
    (void)state;
    reads(CVE_DATED "{'vendor': 'V', 'product': 'P', 'cpes': ['cpe:/a:v:p:9::server'], 'defaultStatus': 'affected', "
                    "'versions': [{'version': '0:8.7p1-38.el9', 'lessThan': '*', 'versionType': 'rpm', 'status': "
                    "'unaffected'}]}]}}}",
          ACCORD_FEED_CVE,
          "CVE-1 of CVE-1 title T 3 0\n  not-affected cpe a:v:p prose P\n"
          "  not-affected name v/p vers:rpm/>=0:8.7p1-38.el9\n"
          "  affected cpe a:v:p vers:rpm/<0:8.7p1-38.el9 fixed 0:8.7p1-38.el9\n"
          "  affected name v/p vers:rpm/<0:8.7p1-38.el9 fixed 0:8.7p1-38.el9\n");
}

static void cve_refusals(void **state)
{
    (void)state;
    refuses("{'dataType': 'CVE_RECORD', 'dataVersion': '4.0'}", ACCORD_MALFORMED, "dataVersion");
    refuses("{'dataType': 'CVE_RECORD', 'dataVersion': '5.0'}", ACCORD_MALFORMED, "containers.cna");
    refuses("{'dataType': 'CVE_RECORD', 'dataVersion': '5.0', 'cveMetadata': {'cveId': 'CVE-1', 'state': 'NEW'}, "
            "'containers': {'cna': {}}}",
            ACCORD_MALFORMED, "cveMetadata.state");
    refuses(CVE_HEAD "]}}}", ACCORD_MALFORMED, "cveMetadata.datePublished");
    refuses(CVE_DATED "{'product': 'p', 'cpes': ['a:b:c']}]}}}", ACCORD_MALFORMED,
            "containers.cna.affected[0].cpes[0]");
    refuses(CVE_DATED "{'product': 'p', 'defaultStatus': 'fine'}]}}}", ACCORD_MALFORMED,
            "containers.cna.affected[0].defaultStatus");
    refuses(CVE_DATED "{'product': 'p', 'versions': [{'version': '1'}]}]}}}", ACCORD_MALFORMED,
            "containers.cna.affected[0].versions[0].status");
    refuses(CVE_DATED "{'product': 'p', 'versions': [{'version': '1', 'status': 'affected', 'lessThan': '2', "
                      "'lessThanOrEqual': '3'}]}]}}}",
            ACCORD_MALFORMED, "containers.cna.affected[0].versions[0]");
    refuses(CVE_DATED "{'product': 'p', 'packageURL': 'p'}]}}}", ACCORD_MALFORMED,
            "containers.cna.affected[0].packageURL");
}

#define VEX_HEAD                                                                                                       \
    "{'@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://x/vex-1', 'author': 'a', 'timestamp': "             \
    "'1970-01-01T00:00:04Z', 'version': 1, 'statements': ["

static void openvex(void **state)
{
    (void)state;
    reads(VEX_HEAD
          "{'vulnerability': {'@id': 'https://y', 'name': 'GHSA-1', 'aliases': ['CVE-1']}, 'products': [{'@id': "
          "'pkg:cargo/c@1.0.0', 'subcomponents': [{'@id': 'pkg:cargo/d'}]}, {'@id': 'thing', 'identifiers': {'purl': "
          "'pkg:deb/debian/e?arch=amd64', 'cpe23': 'cpe:2.3:a:e:e:1:sp1:*:*:*:*:*:*'}, 'hashes': {'sha-256': "
          "'ab" HEX "', 'md5': '00'}}, {'@id': 'https://Z'}], 'status': 'not_affected', 'justification': "
          "'component_not_present'}, {'vulnerability': {'name': 'CVE-2'}, 'timestamp': '1970-01-01T00:00:05Z', "
          "'products': "
          "[{'@id': 'pkg:cargo/c'}], 'status': 'affected', 'action_statement': 'Run'}, {'vulnerability': {'name': "
          "'CVE-3'}, "
          "'products': [{'@id': 'pkg:cargo/c@2.0.0'}], 'status': 'fixed'}]}",
          ACCORD_FEED_OPENVEX,
          "CVE-1 of https://x/vex-1 also GHSA-1 url https://y 4 0\n"
          "  not-affected purl pkg:cargo/c vers:semver/1.0.0 because component_not_present\n"
          "  not-affected sha256 ab" HEX " vers:all/* because component_not_present\n"
          "  not-affected purl pkg:deb/debian/e?arch=amd64 vers:all/* because component_not_present\n"
          "  not-affected cpe a:e:e prose 1 sp1 because component_not_present\n"
          "  not-affected name https://z prose https://Z because component_not_present\n"
          "CVE-2 of https://x/vex-1 5 5\n  affected purl pkg:cargo/c vers:all/* remedy Run\n"
          "CVE-3 of https://x/vex-1 4 0\n  fixed purl pkg:cargo/c vers:semver/2.0.0 fixed 2.0.0\n");
}

static void openvex_refusals(void **state)
{
    (void)state;
    refuses("{'@context': 'https://openvex.dev/ns/v0.1.0', '@id': 'x'}", ACCORD_MALFORMED, "@context");
    refuses("{'@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'x'}", ACCORD_MALFORMED, "statements");
    refuses(VEX_HEAD "{'vulnerability': 'CVE-1'}]}", ACCORD_MALFORMED, "statements[0].vulnerability");
    refuses(VEX_HEAD "{'vulnerability': {'name': 'CVE-1'}, 'status': 'fine'}]}", ACCORD_MALFORMED,
            "statements[0].status");
    refuses(VEX_HEAD "{'vulnerability': {'name': 'CVE-1'}, 'status': 'not_affected', 'products': []}]}",
            ACCORD_MALFORMED, "statements[0].justification");
    refuses(VEX_HEAD "{'vulnerability': {'name': 'CVE-1'}, 'status': 'not_affected', 'justification': 'no'}]}",
            ACCORD_MALFORMED, "statements[0].justification");
    refuses(VEX_HEAD "{'vulnerability': {'name': 'CVE-1'}, 'status': 'fixed', 'products': [{}]}]}", ACCORD_MALFORMED,
            "statements[0].products[0]");
    refuses(VEX_HEAD "{'vulnerability': {'name': 'CVE-1'}, 'status': 'fixed', 'products': [{'@id': 'pkg:'}]}]}",
            ACCORD_MALFORMED, "statements[0].products[0].@id");
    refuses(VEX_HEAD
            "{'vulnerability': {'name': 'CVE-1'}, 'status': 'fixed', 'products': [{'hashes': {'sha-256': 'x'}}]}]}",
            ACCORD_BAD_HEX, "statements[0].products[0].hashes.sha-256");
}

static void others(void **state)
{
    (void)state;
    refuses("{}", ACCORD_UNKNOWN_KIND, "the document");
    refuses("{'bomFormat': 'CycloneDX'}", ACCORD_UNKNOWN_KIND, "the document");
    refuses("{'id': 'x', 'id': 'x'}", ACCORD_DUPLICATE, "the document");
    refuses("not JSON", ACCORD_MALFORMED, "the document");
    assert_slice(accord_feed_format_name(ACCORD_FEED_OPENVEX), "openvex");
    assert_slice(accord_feed_format_name(ACCORD_FEED_CSAF), "csaf");
}

/* White space is no name; what has nothing but a vendor is said of no version. */
static void nameless(void **state)
{
    (void)state;
    refuses(OSV_HEAD "{'package': {'ecosystem': ' ', 'name': ' '}, 'versions': ['1']}]}", ACCORD_MALFORMED,
            "the document");
    refuses("{'document': {'csaf_version': '2.0', 'category': 'c', 'title': 't', 'tracking': {'id': ' '}}, "
            "'vulnerabilities': [{}]}",
            ACCORD_MALFORMED, "the document");
    reads(CVE_DATED "{'vendor': 'V', 'product': 'n/a', 'defaultStatus': 'affected'}]}}}", ACCORD_FEED_CVE,
          "CVE-1 of CVE-1 title T 3 0\n  affected name v prose no version is said\n");
}

static void sink_that_fails(void **state)
{
    (void)state;
    ends_after = 1;
    assert_int_equal(
        read_document(OSV_HEAD OSV_GO "{'introduced': '0'}]}]}, " OSV_GO "{'introduced': '0'}]}]}]}", NULL), ACCORD_IO);
    assert_int_equal(error.line, 7);
    assert_non_null(strstr(said, "vers:all"));
    assert_null(strstr(strstr(said, "vers:all") + 1, "vers:all"));
}

/* What people write of versions: decided only where nothing else could be meant. */
static void ranges(void **state)
{
    (void)state;
    static const char *const one[][2] = {
        {"1.2", "vers:unknown/1.2"},
        {"V2.3", "vers:unknown/V2.3"},
        {"*", "vers:all/*"},
        {"All  Versions", "vers:all/*"},
        {"15.2(4)E", "vers:unknown/15.2%284%29E"},
        {"2.x", ""},
        {"2.X", ""},
        {"1.0 SP1", ""},
        {"< 1.3", ""},
        {"2.0_and_earlier", ""},
        {"1.0-1.3", ""},
        {"prior to 2", ""},
        {"all versions before 2", ""},
        {"1.0.0-rc1", "vers:unknown/1.0.0-rc1"},
        {"1,2", ""},
        {"1|2", ""},
        {"1.*", ""},
        {"v", ""},
        {"1.0-up-to-2.0", ""},
        {"-", ""},
        {"2.0only", ""},
        {"15.2x", "vers:unknown/15.2x"},
    };
    static const char *const range[][2] = {
        {"vers:all/*", "vers:all/*"},
        {"vers:semver/>=1.0.0|<2.0.0", "vers:semver/>=1.0.0|<2.0.0"},
        {"vers:semver/*", "vers:all/*"},
        {"vers:other/1|=2", "vers:unknown/1|2"},
        {"vers:other/>1", ""},
        {"vers:all/<V2.3", ""},
        {"vers:all/1", ""},
        {"vers:none/*", ""},
        {"vers:semver/", ""},
        {"vers:semver/>=1.0.0||<2.0.0", ""},
        {"vers:semver/>=1.0.0 | <2.0.0", ""},
        {"vers:semver", ""},
        {"vers:Semver/1.0.0", ""},
        {"vers:/1", ""},
        {"<=2.0", ""},
        {"1.0", ""},
        {"2.0 and earlier", ""},
    };
    struct accord_arena arena = {.newest = NULL};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        struct accord_feed_range found = accord_feed_range_one(&arena, slice(""), slice(one[i][0]));
        assert_slice(found.range, one[i][1]);
        assert_true((found.prose.size > 0) == (one[i][1][0] == '\0'));
    }
    for (size_t i = 0; i < sizeof range / sizeof *range; i++) {
        struct accord_feed_range found = accord_feed_range_read(&arena, slice(range[i][0]));
        assert_slice(found.range, range[i][1]);
        assert_true((found.prose.size > 0) == (range[i][1][0] == '\0'));
    }
    accord_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(osv),          cmocka_unit_test(osv_events),   cmocka_unit_test(osv_packages),
        cmocka_unit_test(purls),        cmocka_unit_test(osv_versions), cmocka_unit_test(osv_refusals),
        cmocka_unit_test(csaf),         cmocka_unit_test(csaf_parts),   cmocka_unit_test(csaf_refusals),
        cmocka_unit_test(cve),          cmocka_unit_test(cve_packages), cmocka_unit_test(cve_editions),
        cmocka_unit_test(cve_refusals), cmocka_unit_test(openvex),      cmocka_unit_test(openvex_refusals),
        cmocka_unit_test(others),       cmocka_unit_test(nameless),     cmocka_unit_test(sink_that_fails),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
