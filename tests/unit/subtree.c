/* sign-subtree: what is parsed, every status code and their order, and what is signed. */
#include "witnessing.h"

#include "accord/note.h"
#include "keys/key.h"

#define ORIGIN "log.example/one"
#define SIZE 14

static struct test_log log_one;
static struct accord_signer *witness, *other;

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    test_log_init(&log_one, ORIGIN, 8);
    assert_int_equal(accord_signer_generate(&witness, slice("w.example"), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    assert_int_equal(accord_signer_generate(&other, slice("w.example"), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    accord_signer_free(log_one.signer);
    accord_signer_free(witness);
    accord_signer_free(other);
    return 0;
}

/* Full subtrees of the tree, as the recursion of RFC 6962 makes them. */
static enum accord_status read_hash(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    (void)context;
    if (level == 0) {
        memcpy(hash, log_one.leaf[0][index], ACCORD_HASH_SIZE);
        return ACCORD_OK;
    }
    uint8_t left[ACCORD_HASH_SIZE], right[ACCORD_HASH_SIZE];
    enum accord_status status = read_hash(context, level - 1, 2 * index, left);
    if (status == ACCORD_OK)
        status = read_hash(context, level - 1, 2 * index + 1, right);
    accord_merkle_node(&accord_crypto_default, left, right, hash);
    return status;
}

/* The hash of leaves start .. end - 1, as a tree of their own. */
static void hash_of(uint64_t start, uint64_t end, uint8_t hash[ACCORD_HASH_SIZE])
{
    struct accord_frontier frontier = {0};
    for (uint64_t i = start; i < end; i++)
        accord_frontier_append(&accord_crypto_default, &frontier, log_one.leaf[0][i], NULL, NULL);
    accord_frontier_root(&accord_crypto_default, &frontier, hash);
}

static struct accord_bytes checkpoint(const struct accord_signer *signer, struct accord_buffer *note)
{
    uint8_t text[512], root[ACCORD_HASH_SIZE];
    struct accord_out out = {text, sizeof text, 0, false};
    test_log_root(&log_one, 0, SIZE, root);
    accord_checkpoint_print(&out, slice(ORIGIN), SIZE, root);
    accord_buffer_init(note, 8192);
    assert_int_equal(accord_buffer_append(note, accord_out_bytes(&out)), ACCORD_OK);
    assert_int_equal(accord_buffer_append(note, slice("\n")), ACCORD_OK);
    assert_int_equal(accord_signer_sign(signer, accord_out_bytes(&out), NOW, note, NULL), ACCORD_OK);
    return accord_buffer_bytes(note);
}

/* A request; hash and proof as they should be, or with a bit changed. */
static void put_subtree(struct accord_buffer *body, uint64_t start, uint64_t end, const struct accord_signer *signer,
                        bool bad_hash)
{
    static const struct accord_hash_source source = {NULL, read_hash};
    uint8_t data[8192], hash[ACCORD_HASH_SIZE];
    struct accord_out out = {data, sizeof data, 0, false};
    struct accord_merkle_proof proof = {0};
    struct accord_buffer note;
    hash_of(start, end < SIZE ? end : SIZE, hash);
    if (accord_subtree_valid(start, end, SIZE))
        assert_int_equal(accord_subtree_prove(&accord_crypto_default, &source, start, end, SIZE, &proof), ACCORD_OK);
    hash[7] ^= bad_hash;
    accord_put(&out, ACCORD_LITERAL("subtree "));
    accord_put_decimal(&out, start);
    accord_put_byte(&out, ' ');
    accord_put_decimal(&out, end);
    accord_put_byte(&out, '\n');
    accord_put_base64(&out, (struct accord_bytes){hash, sizeof hash});
    accord_put_byte(&out, '\n');
    for (size_t i = 0; i < proof.count; i++) {
        accord_put_base64(&out, (struct accord_bytes){proof.hash[i], ACCORD_HASH_SIZE});
        accord_put_byte(&out, '\n');
    }
    accord_put_byte(&out, '\n');
    accord_put(&out, checkpoint(signer, &note));
    accord_buffer_init(body, sizeof data);
    assert_int_equal(accord_buffer_append(body, accord_out_bytes(&out)), ACCORD_OK);
    accord_buffer_free(&note);
}

static int judged(uint64_t start, uint64_t end, const struct accord_signer *signer, bool bad_hash, bool known)
{
    struct accord_buffer body;
    struct accord_sign_subtree request;
    struct accord_witness_verdict verdict;
    const struct accord_vkey *own = accord_signer_vkey(witness);
    put_subtree(&body, start, end, signer, bad_hash);
    assert_int_equal(accord_sign_subtree_parse(&request, accord_buffer_bytes(&body), NULL), ACCORD_OK);
    assert_int_equal(request.subtree.start, start);
    assert_int_equal(request.subtree.end, end);
    assert_slice(request.subtree.origin, ORIGIN);
    accord_witness_judge_subtree(&request, known, &own, 1, &accord_crypto_default, &verdict);
    assert_int_equal(verdict.error.status != ACCORD_OK, verdict.http_status != 200);
    accord_buffer_free(&body);
    return verdict.http_status;
}

/* Every subtree that there can be, and every range that is none. */
static void every_range(void **state)
{
    (void)state;
    unsigned valid = 0;
    for (uint64_t start = 0; start <= SIZE; start++)
        for (uint64_t end = start; end <= SIZE + 2; end++) {
            bool is_one = accord_subtree_valid(start, end, SIZE);
            assert_int_equal(judged(start, end, witness, false, true), is_one ? 200 : 400);
            valid += is_one;
            if (is_one)
                assert_int_equal(judged(start, end, witness, true, true), 422);
        }
    assert_true(valid > 30);
}

/* "the most specific answer" */
static void the_order(void **state)
{
    (void)state;
    assert_int_equal(judged(8, 13, witness, false, true), 200);
    assert_int_equal(judged(8, 13, witness, true, true), 422);
    assert_int_equal(judged(8, 13, other, true, true), 403);
    assert_int_equal(judged(8, 13, other, true, false), 404);
    assert_int_equal(judged(8, 13, witness, false, false), 404);
    assert_int_equal(judged(9, 13, other, true, false), 400);
    assert_int_equal(judged(8, 15, other, true, false), 400);
    assert_int_equal(judged(8, 13, log_one.signer, false, true), 403);
}

static void malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
    } cases[] = {
        {"", ACCORD_MALFORMED, 1},
        {"subtree 8 13", ACCORD_MALFORMED, 1},
        {"subtree 8\n", ACCORD_MALFORMED, 1},
        {"subtree 08 13\n", ACCORD_BAD_DECIMAL, 1},
        {"subtree 8 -13\n", ACCORD_BAD_DECIMAL, 1},
        {"subtree 8 13 14\n", ACCORD_BAD_DECIMAL, 1},
        {"old 8\n", ACCORD_MALFORMED, 1},
        {"subtree 8 13\n", ACCORD_MALFORMED, 2},
        {"subtree 8 13\n\n", ACCORD_BAD_BASE64, 2},
        {"subtree 8 13\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nx\n", ACCORD_BAD_BASE64, 3},
        {"subtree 8 13\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", ACCORD_MALFORMED, 3},
        {"subtree 8 13\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\nx", ACCORD_MALFORMED, 4},
    };
    struct accord_sign_subtree request;
    struct accord_error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_not_equal(accord_sign_subtree_parse(&request, slice(cases[i].text), &error), ACCORD_OK);
        if (i + 1 < sizeof cases / sizeof *cases) {
            assert_int_equal(error.status, cases[i].status);
            assert_int_equal(error.line, cases[i].line);
        }
    }
}

/* Only ML-DSA-44 signs subtrees; what it signs is verified with the message of the specification. */
static void signed_by_mldsa(void **state)
{
    (void)state;
    struct accord_subtree subtree = {.origin = slice(ORIGIN), .start = 8, .end = 13};
    uint8_t text[512], message[1024], typed[1 + ACCORD_MLDSA44_PUBLIC_SIZE];
    uint8_t payload[4 + 8 + ACCORD_MLDSA44_SIGNATURE_SIZE];
    struct accord_out out = {text, sizeof text, 0, false}, to_verify = {message, sizeof message, 0, false};
    struct accord_buffer line;
    struct accord_signer *key;
    struct accord_note_claim lines;
    struct accord_signature signature;
    size_t cursor = 0;
    hash_of(8, 13, subtree.hash);
    accord_subtree_print(&out, &subtree);
    accord_buffer_init(&line, 8192);
    assert_int_equal(accord_signer_sign_subtree(witness, accord_out_bytes(&out), &line, NULL), ACCORD_KEY_TYPE);
    assert_int_equal(accord_subtree_message(&to_verify, &subtree, slice("m.example"), 1), ACCORD_MALFORMED);
    assert_int_equal(accord_subtree_message(&to_verify, &subtree, slice("m.example"), 0), ACCORD_OK);
    assert_int_equal(to_verify.size, 12 + 1 + 9 + 8 + 1 + strlen(ORIGIN) + 8 + 8 + 32);
    if (!accord_mldsa44_available()) {
        accord_buffer_free(&line);
        return;
    }
    assert_int_equal(accord_signer_generate(&key, slice("m.example"), ACCORD_KEY_COSIGNATURE_MLDSA44, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_sign_subtree(key, slice("subtree 8 13\nx\n"), &line, NULL), ACCORD_MALFORMED);
    assert_int_equal(accord_signer_sign_subtree(key, accord_out_bytes(&out), &line, NULL), ACCORD_OK);
    assert_int_equal(accord_signatures_parse(&lines, accord_buffer_bytes(&line), NULL), ACCORD_OK);
    assert_true(accord_note_next_signature(&lines, &cursor, &signature));
    assert_slice(signature.name, "m.example");
    assert_true(accord_base64_read(signature.base64, payload, sizeof payload));
    for (size_t i = 4; i < 12; i++) /* "the timestamp MUST be zero" */
        assert_int_equal(payload[i], 0);
    assert_true(accord_base64_read(accord_signer_vkey(key)->base64, typed, sizeof typed));
    assert_int_equal(accord_crypto_default.mldsa44_verify(typed + 1, message, to_verify.size, payload + 12), 1);
    message[30] ^= 1;
    assert_int_equal(accord_crypto_default.mldsa44_verify(typed + 1, message, to_verify.size, payload + 12), 0);
    accord_buffer_free(&line);
    accord_signer_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range),
        cmocka_unit_test(the_order),
        cmocka_unit_test(malformed),
        cmocka_unit_test(signed_by_mldsa),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
