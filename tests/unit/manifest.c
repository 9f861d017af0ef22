/* Manifests: their text is hashed as docs/protocol.md has it, in order, and no other path stands in it. */
#include "slices.h"

#include "crypto/backend.h"
#include "release/manifest.h"

static struct accord_manifest manifest;

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    return 0;
}

static enum accord_status add(const char *path, enum accord_manifest_mode mode, const char *contents)
{
    struct accord_manifest_file file = {slice(path), mode, {0}};
    accord_hash(&accord_crypto_default, slice(contents), file.sha256);
    return accord_manifest_add(&manifest, &file, NULL);
}

static void hashes_its_text(void **state)
{
    (void)state;
    static const char text[] =
        "100644 sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb a-b\n"
        "100755 sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d a/b c\n"
        "120000 sha256:2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6 a/\xc3\xb6\n";
    uint8_t hash[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE];
    accord_manifest_begin(&manifest, &accord_crypto_default);
    assert_int_equal(add("a-b", ACCORD_MANIFEST_FILE, "a"), ACCORD_OK);
    assert_int_equal(add("a/b c", ACCORD_MANIFEST_EXECUTABLE, "b"), ACCORD_OK);
    assert_int_equal(add("a/\xc3\xb6", ACCORD_MANIFEST_LINK, "c"), ACCORD_OK);
    accord_manifest_end(&manifest, hash);
    accord_hash(&accord_crypto_default, slice(text), expected);
    assert_memory_equal(hash, expected, sizeof hash);
}

static void an_empty_directory_has_no_lines(void **state)
{
    (void)state;
    uint8_t hash[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE];
    accord_manifest_begin(&manifest, &accord_crypto_default);
    accord_manifest_end(&manifest, hash);
    accord_hash(&accord_crypto_default, slice(""), expected);
    assert_memory_equal(hash, expected, sizeof hash);
}

static void refuses_other_paths(void **state)
{
    (void)state;
    static const char *const paths[] = {"", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a/.", "a\nb"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        accord_manifest_begin(&manifest, &accord_crypto_default);
        assert_int_equal(add(paths[i], ACCORD_MANIFEST_FILE, ""), ACCORD_MALFORMED);
    }
    static const char *const fine[] = {"...", ".a", "..a", "a..", "a/.b", "\t", "\\"};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        accord_manifest_begin(&manifest, &accord_crypto_default);
        assert_int_equal(add(fine[i], ACCORD_MANIFEST_FILE, ""), ACCORD_OK);
    }
}

static void keeps_the_order(void **state)
{
    (void)state;
    accord_manifest_begin(&manifest, &accord_crypto_default);
    assert_int_equal(add("b", ACCORD_MANIFEST_FILE, ""), ACCORD_OK);
    assert_int_equal(add("b", ACCORD_MANIFEST_FILE, ""), ACCORD_DUPLICATE);
    assert_int_equal(add("a", ACCORD_MANIFEST_FILE, ""), ACCORD_DUPLICATE);
    assert_int_equal(add("b/a", ACCORD_MANIFEST_FILE, ""), ACCORD_OK);
    assert_true(accord_manifest_order(slice("a-"), slice("a/")) < 0);
    assert_true(accord_manifest_order(slice("a"), slice("a/")) < 0);
    assert_true(accord_manifest_order(slice("\xff"), slice("a")) > 0);
    assert_int_equal(accord_manifest_order(slice("a"), slice("a")), 0);
}

static void reads_modes(void **state)
{
    (void)state;
    static const char *const texts[] = {"100644", "100755", "120000"};
    enum accord_manifest_mode mode;
    for (int i = 0; i < 3; i++) {
        assert_true(accord_manifest_mode_read(slice(texts[i]), &mode));
        assert_int_equal(mode, i);
    }
    assert_false(accord_manifest_mode_read(slice("160000"), &mode));
    assert_false(accord_manifest_mode_read(slice("0100644"), &mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_its_text),     cmocka_unit_test(an_empty_directory_has_no_lines),
        cmocka_unit_test(refuses_other_paths), cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(reads_modes),
    };
    return cmocka_run_group_tests_name("manifest", tests, setup, NULL);
}
