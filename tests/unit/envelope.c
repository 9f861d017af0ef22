/* Envelopes and the Statements in them: tests/vectors/envelopes, what is read from them, and what is printed. */
#include "slices.h"

#include "intoto/envelope.h"
#include "intoto/statement.h"

#include "base/report.h"
#include "signing.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define VECTORS "tests/vectors/envelopes"
#define ONE "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"

static uint8_t memory[1 << 17], key_memory[1 << 16];
static struct accord_error error;
static struct accord_envelope *envelope;
static struct accord_intoto *statement;

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    accord_envelope_free(envelope);
    accord_intoto_free(statement);
    envelope = NULL;
    statement = NULL;
    return 0;
}

static struct accord_bytes load(const char *name, const char *ending, uint8_t *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, VECTORS "/%s%s", name, ending);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct accord_bytes bytes = {data, fread(data, 1, size, file)};
    fclose(file);
    assert_true(bytes.size < size);
    return bytes;
}

/* Everything that is asked of an envelope, in the order of accord attest. */
static enum accord_status judge(const char *name, const char *key_name)
{
    struct accord_intoto_key *key = NULL;
    teardown(NULL);
    error = (struct accord_error){.status = ACCORD_OK};
    enum accord_status status = accord_intoto_key_parse(&key, load(key_name, ".pub", key_memory, sizeof key_memory),
                                                        &accord_crypto_default, &error);
    if (status == ACCORD_OK)
        status = accord_envelope_parse(&envelope, load(name, "", memory, sizeof memory), &error);
    const struct accord_intoto_key *keys[] = {key};
    if (status == ACCORD_OK)
        status = accord_envelope_verify(envelope, keys, 1, &accord_crypto_default, &error);
    if (status == ACCORD_OK)
        status = accord_intoto_parse(&statement, accord_buffer_bytes(&envelope->payload), &error);
    accord_intoto_key_free(key);
    assert_int_equal(status, error.status);
    assert_true(status == ACCORD_OK || error.what[0] != '\0' || error.expected[0] != '\0');
    return status;
}

/* <rule>.<what>.<key> */
static void vectors(void **state)
{
    (void)state;
    DIR *directory = opendir(VECTORS);
    assert_non_null(directory);
    unsigned count = 0, failed = 0;
    for (struct dirent *file = readdir(directory); file != NULL; file = readdir(directory)) {
        char rule[32], key[32];
        if (sscanf(file->d_name, "%31[^.].%*[^.].%31s", rule, key) != 2)
            continue;
        enum accord_status status = judge(file->d_name, key);
        count++;
        if (strcmp(accord_status_rule(status), rule) != 0) {
            print_error("%s: %s: %s, expected %s\n", file->d_name, accord_status_rule(status), error.what,
                        error.expected);
            failed++;
        }
    }
    closedir(directory);
    assert_int_equal(failed, 0);
    assert_true(count > 50);
}

static void provenance_has_its_parts(void **state)
{
    (void)state;
    assert_int_equal(judge("ok.provenance.ed25519", "ed25519"), ACCORD_OK);
    assert_string_equal(envelope->type, ACCORD_INTOTO_PAYLOAD_TYPE);
    assert_slice(statement->type, "https://slsa.dev/provenance/v1");
    assert_int_equal(statement->subjects.count, 1);
    assert_slice(statement->subjects.list[0].label, "widget");
    assert_int_equal(statement->materials.count, 2);
    assert_int_equal(statement->materials.without, 1);
    assert_slice(statement->materials.list[0].label, "git+https://alpha.example/widget");
    assert_slice(statement->materials.list[1].label, "compiler");
    assert_int_equal(statement->byproducts.count, 1);
    assert_slice(statement->byproducts.list[0].label, "build.log");
    assert_slice(statement->builder, "https://build.example/");
    assert_slice(statement->build_type, "https://build.example/make/v1");
    assert_int_equal(statement->outcome, ACCORD_ATTEST_NO_OUTCOME);
}

static void other_predicates_have_theirs(void **state)
{
    (void)state;
    assert_int_equal(judge("ok.link.ed25519", "ed25519"), ACCORD_OK);
    assert_slice(statement->materials.list[0].label, "widget.c");
    assert_int_equal(judge("ok.test-result.ed25519", "ed25519"), ACCORD_OK);
    assert_int_equal(statement->outcome, ACCORD_ATTEST_PASS);
    assert_slice(statement->materials.list[0].label, "tests.yml");
    assert_int_equal(judge("ok.summary.ed25519", "ed25519"), ACCORD_OK);
    assert_int_equal(statement->outcome, ACCORD_ATTEST_FAIL);
    assert_slice(statement->verifier, "https://verify.example/");
    assert_int_equal(statement->materials.count, 2);
    assert_slice(statement->materials.list[0].label, "https://alpha.example/provenance");
    assert_slice(statement->materials.list[1].label, "https://verify.example/policy");
    assert_int_equal(judge("ok.other-predicate.ed25519", "ed25519"), ACCORD_OK);
    assert_int_equal(statement->materials.count, 0);
    assert_int_equal(judge("ok.one-subject-without-sha256.ed25519", "ed25519"), ACCORD_OK);
    assert_int_equal(statement->subjects.count, 1);
    assert_int_equal(statement->subjects.without, 1);
    assert_slice(statement->subjects.list[0].label, "pkg:deb/widget");
}

/* DSSE v1.0, its own example. */
static void encodes_what_is_signed(void **state)
{
    (void)state;
    struct accord_buffer message;
    accord_buffer_init(&message, 1024);
    assert_int_equal(accord_envelope_message(&message, slice("http://example.com/HelloWorld"), slice("hello world")),
                     ACCORD_OK);
    assert_slice(accord_buffer_bytes(&message), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    accord_buffer_free(&message);
}

/* No bit of payload or type can change. */
static void no_bit_can_change(void **state)
{
    (void)state;
    struct accord_intoto_key *key = NULL;
    assert_int_equal(judge("ok.provenance.ed25519", "ed25519"), ACCORD_OK);
    assert_int_equal(accord_intoto_key_parse(&key, load("ed25519", ".pub", key_memory, sizeof key_memory),
                                             &accord_crypto_default, &error),
                     ACCORD_OK);
    const struct accord_intoto_key *keys[] = {key};
    for (size_t bit = 0; bit < envelope->message.size * 8; bit += 5) {
        envelope->message.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(accord_envelope_verify(envelope, keys, 1, &accord_crypto_default, NULL), ACCORD_UNSIGNED);
        envelope->message.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(accord_envelope_verify(envelope, keys, 1, &accord_crypto_default, NULL), ACCORD_OK);
    assert_int_equal(accord_envelope_verify(envelope, keys, 0, &accord_crypto_default, NULL), ACCORD_UNSIGNED);
    accord_intoto_key_free(key);
}

static void keys_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
    } cases[] = {
        {"", ACCORD_BAD_KEY},
        {"-----BEGIN PUBLIC KEY-----\n", ACCORD_BAD_KEY},
        {"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", ACCORD_BAD_KEY},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", ACCORD_BAD_KEY},
        {"-----BEGIN PUBLIC KEY-----\nA%AA\n-----END PUBLIC KEY-----\n", ACCORD_BAD_KEY},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ACCORD_BAD_KEY},
        {"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
         "-----END PUBLIC KEY-----\nmore\n",
         ACCORD_BAD_KEY},
        {"-----BEGIN PUBLIC KEY-----\r\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\r\n"
         "-----END PUBLIC KEY-----\r\n",
         ACCORD_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_intoto_key *key = NULL;
        assert_int_equal(accord_intoto_key_parse(&key, slice(cases[i].text), &accord_crypto_default, &error),
                         cases[i].status);
        assert_int_equal(key != NULL, cases[i].status == ACCORD_OK);
        accord_intoto_key_free(key);
    }
}

/* A vkey will do for a key of type 0x01, and for no other. */
static void takes_vkeys(void **state)
{
    (void)state;
    static const enum accord_key_type types[] = {ACCORD_KEY_ED25519, ACCORD_KEY_COSIGNATURE_ED25519};
    for (size_t i = 0; i < 2; i++) {
        struct accord_out out = {memory, sizeof memory, 0, false};
        struct accord_intoto_key *key = NULL;
        put_vkey(&out, "a.example/stage", types[i]);
        put_text(&out, "\n");
        assert_int_equal(accord_intoto_key_parse(&key, accord_out_bytes(&out), &accord_crypto_default, &error),
                         i == 0 ? ACCORD_OK : ACCORD_KEY_TYPE);
        accord_intoto_key_free(key);
    }
}

static json_t *print(const char *text, bool slsa, enum accord_status expected)
{
    struct accord_attest_claim claim;
    struct accord_buffer json;
    struct accord_out out = {memory, sizeof memory, 0, false};
    const char *keys[] = {"m0.example/stage"};
    put_text(&out, text);
    put_signatures(&out, keys, 1);
    assert_int_equal(accord_attest_parse(&claim, accord_out_bytes(&out), &error), ACCORD_OK);
    accord_buffer_init(&json, 1 << 20);
    assert_int_equal(accord_intoto_print(&json, &claim, slsa, &accord_crypto_default, &error), expected);
    json_t *document = json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, NULL);
    if (expected == ACCORD_OK) {
        teardown(NULL);
        assert_int_equal(accord_intoto_parse(&statement, accord_buffer_bytes(&json), &error), ACCORD_OK);
    }
    accord_buffer_free(&json);
    return document;
}

#define BUILD                                                                                                          \
    "accord/v1/attest\nstage build\nvendor m0.example\nproduct p\nby m0.example\nsubject " ONE                         \
    " out/p\nmaterial sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3 git://m0.example/p\n"    \
    "parameter target arm\nenvironment LC_ALL C\nrun make\nrun make \"check\"\n"

/* What is printed is read again, by the same words. */
static void prints_statements(void **state)
{
    (void)state;
    const char *run = NULL, *environment = NULL, *target = NULL, *entry = NULL;
    json_t *document = print(BUILD, true, ACCORD_OK);
    assert_slice(statement->type, "https://slsa.dev/provenance/v1");
    assert_slice(statement->subjects.list[0].label, "out/p");
    assert_slice(statement->materials.list[0].label, "git://m0.example/p");
    assert_int_equal(statement->subjects.list[0].sha256[0], 0x76);
    assert_slice(statement->builder, "accord://m0.example");
    assert_int_equal(json_unpack(document, "{s:{s:{s:{s:[s,s]}}}}", "predicate", "buildDefinition",
                                 "externalParameters", "run", &run, &target),
                     0);
    assert_string_equal(target, "make \"check\"");
    json_decref(document);
    document = print(BUILD "outcome pass\n", false, ACCORD_OK);
    assert_slice(statement->type, "accord://v1/attest");
    assert_int_equal(json_unpack(document, "{s:{s:{s:s}, s:{s:s}, s:s}}", "predicate", "environment", "LC_ALL",
                                 &environment, "parameters", "target", &target, "entry", &entry),
                     0);
    assert_string_equal(environment, "C");
    assert_string_equal(target, "arm");
    assert_memory_equal(entry, BUILD "outcome pass\n\n", strlen(BUILD "outcome pass\n\n"));
    json_decref(document);
    assert_null(print("accord/v1/attest\nstage test\nvendor m0.example\nproduct p\nby m0.example\nsubject " ONE " a\n",
                      true, ACCORD_USAGE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(vectors, teardown),
        cmocka_unit_test_teardown(provenance_has_its_parts, teardown),
        cmocka_unit_test_teardown(other_predicates_have_theirs, teardown),
        cmocka_unit_test(encodes_what_is_signed),
        cmocka_unit_test_teardown(no_bit_can_change, teardown),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(takes_vkeys),
        cmocka_unit_test_teardown(prints_statements, teardown),
    };
    return cmocka_run_group_tests_name("envelope", tests, setup, NULL);
}
