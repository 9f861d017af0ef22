/* Known logs: found by origin and by its hash, with all their keys; lists in both forms; what cannot be one. */
#include "witness/known_logs.h"

#include <stdio.h>

#include "crypto/backend.h"
#include "keys/key.h"
#include "slices.h"

static void assert_same(struct accord_bytes a, struct accord_bytes b)
{
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, b.size);
}

static struct accord_logs *new_logs(void)
{
    struct accord_logs *logs;
    assert_int_equal(accord_logs_new(&logs, &accord_crypto_default, NULL), ACCORD_OK);
    return logs;
}

/* A vkey of a new key, kept until the signer is freed. */
static struct accord_bytes vkey_of(struct accord_signer **signer, const char *name, enum accord_key_type type)
{
    assert_int_equal(accord_signer_generate(signer, slice(name), type, NULL), ACCORD_OK);
    return accord_signer_vkey(*signer)->text;
}

static void test_found(void **state)
{
    (void)state;
    struct accord_logs *logs = new_logs();
    struct accord_signer *one, *two, *again;
    struct accord_known_log log;
    struct accord_bytes first = vkey_of(&one, "log.example/one", ACCORD_KEY_ED25519);
    struct accord_bytes second = vkey_of(&two, "log.example/two", ACCORD_KEY_ED25519);
    struct accord_bytes rotated = vkey_of(&again, "log.example/one", ACCORD_KEY_ED25519);
    assert_false(accord_logs_find(logs, slice("log.example/one"), &log));
    assert_int_equal(accord_logs_add(logs, first, slice(""), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_add(logs, second, slice("https://two.example/"), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_add(logs, rotated, slice(""), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_add(logs, first, slice("https://one.example/"), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_add(logs, first, slice("https://other.example/"), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_count(logs), 2);

    assert_true(accord_logs_find(logs, slice("log.example/one"), &log));
    assert_same(log.origin, slice("log.example/one"));
    assert_same(log.url, slice("https://one.example/"));
    assert_int_equal(log.key_count, 2);
    assert_same(log.keys[0].text, first);
    assert_same(log.keys[1].text, rotated);
    assert_memory_equal(log.keys[1].ed25519, accord_signer_vkey(again)->ed25519, ACCORD_ED25519_PUBLIC_SIZE);

    struct accord_known_log other;
    assert_true(accord_logs_find_hash(logs, log.origin_hash, &other));
    assert_same(other.origin, log.origin);
    other.origin_hash[31] ^= 1;
    assert_false(accord_logs_find_hash(logs, other.origin_hash, &other));
    assert_false(accord_logs_find(logs, slice("log.example/on"), &log));
    accord_logs_at(logs, 1, &log);
    assert_same(log.origin, slice("log.example/two"));

    struct accord_logs_finder finder = {.logs = logs};
    struct accord_known_logs lookup = accord_logs_lookup(&finder);
    size_t count;
    assert_same(lookup.find(lookup.context, slice("log.example/two"), &count)->text, second);
    assert_int_equal(count, 1);
    (void)lookup.find(lookup.context, slice("nobody"), &count);
    assert_int_equal(count, 0);
    accord_signer_free(one);
    accord_signer_free(two);
    accord_signer_free(again);
    accord_logs_free(logs);
}

/* What somebody else's list may not: speak for an origin that was there. */
static void test_sealed(void **state)
{
    (void)state;
    struct accord_logs *logs = new_logs();
    struct accord_signer *mine, *theirs, *new_one, *another;
    struct accord_known_log log;
    struct accord_bytes first = vkey_of(&mine, "log.example/mine", ACCORD_KEY_ED25519);
    struct accord_bytes forged = vkey_of(&theirs, "log.example/mine", ACCORD_KEY_ED25519);
    struct accord_bytes added = vkey_of(&new_one, "log.example/new", ACCORD_KEY_ED25519);
    struct accord_bytes rotated = vkey_of(&another, "log.example/new", ACCORD_KEY_ED25519);
    assert_int_equal(accord_logs_add(logs, first, slice(""), NULL), ACCORD_OK);
    accord_logs_seal(logs);
    assert_int_equal(accord_logs_add(logs, forged, slice("https://evil.example/"), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_add(logs, first, slice("https://mine.example/"), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_add(logs, added, slice(""), NULL), ACCORD_OK);
    assert_int_equal(accord_logs_add(logs, rotated, slice(""), NULL), ACCORD_OK);
    assert_true(accord_logs_find(logs, slice("log.example/mine"), &log));
    assert_int_equal(log.key_count, 1);
    assert_same(log.keys[0].text, first);
    assert_same(log.url, slice("https://mine.example/"));
    assert_true(accord_logs_find(logs, slice("log.example/new"), &log));
    assert_int_equal(log.key_count, 2);
    accord_logs_seal(logs);
    assert_int_equal(accord_logs_add(logs, forged, slice(""), NULL), ACCORD_OK);
    assert_true(accord_logs_find(logs, slice("log.example/mine"), &log));
    assert_int_equal(log.key_count, 1);
    accord_signer_free(mine);
    accord_signer_free(theirs);
    accord_signer_free(new_one);
    accord_signer_free(another);
    accord_logs_free(logs);
}

static void test_refused(void **state)
{
    (void)state;
    struct accord_logs *logs = new_logs();
    struct accord_signer *signer;
    struct accord_error error;
    struct accord_bytes witness = vkey_of(&signer, "w.example", ACCORD_KEY_COSIGNATURE_ED25519);
    assert_int_equal(accord_logs_add(logs, witness, slice(""), &error), ACCORD_KEY_TYPE);
    accord_signer_free(signer);
    assert_int_equal(accord_logs_add(logs, slice("not a vkey"), slice(""), &error), ACCORD_BAD_KEY);
    struct accord_signer *many[ACCORD_LOG_KEYS_MAX + 1];
    for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
        struct accord_bytes vkey = vkey_of(&many[i], "many.example", ACCORD_KEY_ED25519);
        assert_int_equal(accord_logs_add(logs, vkey, slice(""), &error),
                         i < ACCORD_LOG_KEYS_MAX ? ACCORD_OK : ACCORD_TOO_LARGE);
        accord_signer_free(many[i]);
    }
    assert_int_equal(accord_logs_count(logs), 1);
    accord_logs_free(logs);
}

static enum accord_status add_text(struct accord_logs *logs, const char *text, struct accord_error *error)
{
    return accord_logs_add_list(logs, slice(text), error);
}

static void test_lists(void **state)
{
    (void)state;
    struct accord_logs *logs = new_logs();
    struct accord_signer *signers[3];
    struct accord_error error;
    struct accord_known_log log;
    char text[2048];
    struct accord_bytes vkeys[3];
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "log.example/%zu", i);
        vkeys[i] = vkey_of(&signers[i], text, ACCORD_KEY_ED25519);
    }
    snprintf(text, sizeof text,
             "# a policy\n\nlog %.*s https://zero.example/\nwitness w x\ngroup g any w\nquorum g\n log\t%.*s",
             (int)vkeys[0].size, (const char *)vkeys[0].data, (int)vkeys[1].size, (const char *)vkeys[1].data);
    assert_int_equal(add_text(logs, text, &error), ACCORD_OK);
    assert_int_equal(accord_logs_count(logs), 2);
    assert_true(accord_logs_find(logs, slice("log.example/0"), &log));
    assert_same(log.url, slice("https://zero.example/"));

    snprintf(text, sizeof text,
             "# the network's\nlogs/v0\n\nvkey %.*s\nqpd 86400\norigin other.example\ncontact x\nvkey %.*s\n",
             (int)vkeys[2].size, (const char *)vkeys[2].data, (int)vkeys[0].size, (const char *)vkeys[0].data);
    assert_int_equal(add_text(logs, text, &error), ACCORD_OK);
    assert_int_equal(accord_logs_count(logs), 3);
    assert_true(accord_logs_find(logs, slice("other.example"), &log));
    assert_same(log.keys[0].name, slice("log.example/2"));
    assert_false(accord_logs_find(logs, slice("log.example/2"), &log));

    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
    } wrong[] = {
        {"log\n", ACCORD_MALFORMED, 1},
        {"# x\nlogs v\n", ACCORD_UNKNOWN_FIELD, 2},
        {"quorum none\nlog nonsense\n", ACCORD_BAD_KEY, 2},
        {"log a b c\n", ACCORD_MALFORMED, 1},
        {"logs/v0\norigin x\n", ACCORD_MALFORMED, 2},
        {"logs/v0\nvkey\n", ACCORD_MALFORMED, 2},
        {"logs/v0\nvkey nonsense\n\nvkey nonsense\n", ACCORD_BAD_KEY, 2},
        {"quorum none\nlogs/v0\n", ACCORD_UNKNOWN_FIELD, 2},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(add_text(logs, wrong[i].text, &error), wrong[i].status);
        assert_int_equal(error.line, wrong[i].line);
    }
    for (size_t i = 0; i < 3; i++)
        accord_signer_free(signers[i]);
    accord_logs_free(logs);
}

/* The same public key under many names: what is slow about keys is not what this is about. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct accord_logs *logs = new_logs();
    struct accord_signer *signer;
    struct accord_known_log log;
    (void)vkey_of(&signer, "any", ACCORD_KEY_ED25519);
    const uint8_t *public_key = accord_signer_vkey(signer)->ed25519;
    for (unsigned i = 0; i < MANY; i++) {
        char name[32];
        uint8_t text[128];
        struct accord_out vkey = {text, sizeof text, 0, false};
        snprintf(name, sizeof name, "log.example/%u", i);
        accord_vkey_print(&vkey, slice(name), ACCORD_KEY_ED25519,
                          (struct accord_bytes){public_key, ACCORD_ED25519_PUBLIC_SIZE}, &accord_crypto_default);
        assert_int_equal(accord_logs_add(logs, accord_out_bytes(&vkey), slice(""), NULL), ACCORD_OK);
    }
    assert_int_equal(accord_logs_count(logs), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof name, "log.example/%u", i);
        assert_true(accord_logs_find(logs, slice(name), &log));
        assert_same(log.keys[0].name, slice(name));
    }
    assert_false(accord_logs_find(logs, slice("log.example/20000"), &log));
    accord_signer_free(signer);
    accord_logs_free(logs);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found), cmocka_unit_test(test_sealed),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_lists),
                                       cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
