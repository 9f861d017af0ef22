/* One meaning of Ed25519: edge cases on which verifiers disagree (tests/vectors/ed25519_edge.txt), RFC 8032's examples,
 * and ML-DSA-44 where the machine has it. */
#include "base/file.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "crypto/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VECTORS "tests/vectors/ed25519_edge.txt"

struct vector {
    bool answer;
    uint8_t public_key[32], signature[64], message[64];
    size_t size;
    char name[64];
};

static void parse_vector(struct accord_bytes line, struct vector *vector)
{
    struct accord_bytes answer, key, signature, message;
    assert_true(accord_cut(&line, ' ', &answer));
    assert_true(accord_cut(&line, ' ', &key));
    assert_true(accord_cut(&line, ' ', &signature));
    assert_true(accord_cut(&line, ' ', &message));
    vector->answer = accord_bytes_equal(answer, ACCORD_LITERAL("yes"));
    assert_true(vector->answer || accord_bytes_equal(answer, ACCORD_LITERAL("no")));
    vector->size = accord_bytes_equal(message, ACCORD_LITERAL("-")) ? 0 : message.size / 2;
    assert_true(vector->size <= sizeof vector->message && line.size < sizeof vector->name);
    assert_true(accord_hex_read(key, vector->public_key, 32) && accord_hex_read(signature, vector->signature, 64));
    assert_true(vector->size == 0 || accord_hex_read(message, vector->message, vector->size));
    memcpy(vector->name, line.data, line.size);
    vector->name[line.size] = 0;
}

static bool verify(const struct vector *vector)
{
    return accord_crypto_default.ed25519_verify(vector->public_key, vector->message, vector->size, vector->signature);
}

static void each_vector(void (*check)(const struct vector *vector))
{
    struct accord_buffer file;
    struct accord_error error;
    accord_buffer_init(&file, 1 << 20);
    assert_int_equal(accord_file_read(&accord_fs_real, VECTORS, &file, &error), ACCORD_OK);
    struct accord_bytes rest = accord_buffer_bytes(&file), line;
    size_t count = 0;
    while (accord_cut_line(&rest, &line)) {
        struct vector vector;
        if (line.data[0] == '#')
            continue;
        parse_vector(line, &vector);
        check(&vector);
        count++;
    }
    assert_int_equal(rest.size, 0);
    assert_true(count >= 80);
    accord_buffer_free(&file);
}

static void check_answer(const struct vector *vector)
{
    if (verify(vector) != vector->answer)
        fail_msg("%s: expected %s", vector->name, vector->answer ? "yes" : "no");
}

static void answers_the_edge_cases(void **state)
{
    (void)state;
    each_vector(check_answer);
}

/* The slow check, which versions of libsodium after 1.0.22 need, must allow all that is right, and nothing that holds
 * only times the cofactor or has R in another encoding. */
static void check_equation(const struct vector *vector)
{
    bool holds = accord_ed25519_equation_holds(vector->public_key, vector->message, vector->size, vector->signature);
    if (vector->answer && !holds)
        fail_msg("%s: the equation should hold", vector->name);
    if (holds && (strstr(vector->name, "times-8") != NULL || strncmp(vector->name, "r-y-is", 6) == 0 ||
                  strncmp(vector->name, "r-is-negative", 13) == 0))
        fail_msg("%s: the equation should not hold", vector->name);
}

static void the_slow_check_is_exact(void **state)
{
    (void)state;
    each_vector(check_equation);
}

/* RFC 8032, section 7.1, tests 1 and 2. */
static void answers_rfc_8032(void **state)
{
    (void)state;
    static const char *const examples[][4] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                                               "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                                               "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821"
                                               "590a33bacc61e39701cf9b46bd25bf5f0595bbe"
                                               "24655141438e7a100b"},
                                              {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                                               "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                                               "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e"
                                               "43e15996e458f3613d0f11d8c387b2eaeb4302a"
                                               "eeb00d291612bb0c00"}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t data[4][64], public_key[32], signature[64];
        size_t sizes[4];
        for (size_t j = 0; j < 4; j++) {
            sizes[j] = strlen(examples[i][j]) / 2;
            assert_true(accord_hex_read((struct accord_bytes){(const uint8_t *)examples[i][j], sizes[j] * 2}, data[j],
                                        sizes[j]));
        }
        accord_ed25519_public(data[0], public_key);
        assert_memory_equal(public_key, data[1], 32);
        accord_ed25519_sign(data[0], data[2], sizes[2], signature);
        assert_memory_equal(signature, data[3], 64);
        assert_true(accord_crypto_default.ed25519_verify(public_key, data[2], sizes[2], signature));
        for (size_t bit = 0; bit < 512; bit++) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(accord_crypto_default.ed25519_verify(public_key, data[2], sizes[2], signature));
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_the_edge_cases),
        cmocka_unit_test(the_slow_check_is_exact),
        cmocka_unit_test(answers_rfc_8032),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
