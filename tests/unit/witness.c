/* What a witness answers: every status code, the order of the checks, and what is remembered. */
#include "witnessing.h"

#define ORIGIN "log.example/one"

static struct test_log log_one;
static struct accord_signer *stranger, *other_key, *witness_like;

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    test_log_init(&log_one, ORIGIN, 8);
    assert_int_equal(accord_signer_generate(&stranger, slice("stranger"), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_generate(&other_key, slice(ORIGIN), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_generate(&witness_like, slice(ORIGIN), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    accord_signer_free(log_one.signer);
    accord_signer_free(stranger);
    accord_signer_free(other_key);
    accord_signer_free(witness_like);
    return 0;
}

static struct accord_witness_seen seen_at(int branch, uint64_t size)
{
    struct accord_witness_seen seen = {.size = size, .cosigned = true};
    test_log_root(&log_one, branch, size, seen.root);
    return seen;
}

/* A request with all that a test may want to spoil. */
struct draft {
    uint64_t old_size, size;
    uint8_t root[ACCORD_HASH_SIZE];
    struct accord_merkle_proof proof;
    const struct accord_signer *signers[3]; /* up to the first NULL */
    bool spoil_signature;                   /* of the last signer */
};

static struct draft draft_step(int branch, uint64_t old_size, uint64_t size)
{
    struct draft draft = {.old_size = old_size, .size = size, .signers = {log_one.signer}};
    test_log_root(&log_one, branch, size, draft.root);
    test_log_prove(&log_one, branch, old_size, size, &draft.proof);
    return draft;
}

static void put_draft(struct accord_buffer *body, const struct draft *draft)
{
    uint8_t data[512];
    struct accord_out text = {data, sizeof data, 0, false};
    struct accord_buffer checkpoint;
    accord_buffer_init(&checkpoint, 8192);
    accord_checkpoint_print(&text, slice(ORIGIN), draft->size, draft->root);
    put(&checkpoint, accord_out_bytes(&text));
    put(&checkpoint, ACCORD_LITERAL("\n"));
    for (size_t i = 0; i < 3 && draft->signers[i] != NULL; i++)
        assert_int_equal(accord_signer_sign(draft->signers[i], accord_out_bytes(&text), NOW, &checkpoint, NULL),
                         ACCORD_OK);
    if (draft->spoil_signature) {
        uint8_t *digit = &checkpoint.data[checkpoint.size - 20];
        *digit = *digit == 'A' ? 'B' : 'A';
    }
    put_request(body, draft->old_size, &draft->proof, accord_buffer_bytes(&checkpoint));
    accord_buffer_free(&checkpoint);
}

static struct accord_witness_verdict judge_with(const struct draft *draft, const struct accord_vkey *keys,
                                                size_t key_count, struct accord_witness_seen seen)
{
    struct accord_buffer body;
    struct accord_add_checkpoint request;
    struct accord_witness_verdict verdict;
    accord_buffer_init(&body, 16384);
    put_draft(&body, draft);
    assert_int_equal(accord_add_checkpoint_parse(&request, accord_buffer_bytes(&body), NULL), ACCORD_OK);
    memset(&verdict, 0xff, sizeof verdict);
    accord_witness_judge(&request, keys, key_count, &seen, &accord_crypto_default, &verdict);
    accord_buffer_free(&body);
    return verdict;
}

static struct accord_witness_verdict judge(const struct draft *draft, struct accord_witness_seen seen)
{
    return judge_with(draft, accord_signer_vkey(log_one.signer), 1, seen);
}

static const struct accord_witness_seen never = {0};

static void assert_refused(struct accord_witness_verdict verdict, int http_status, enum accord_status status)
{
    assert_int_equal(verdict.http_status, http_status);
    assert_int_equal(verdict.error.status, status);
    assert_false(verdict.next.cosigned);
}

static void assert_cosigned(struct accord_witness_verdict verdict, int branch, uint64_t size)
{
    uint8_t root[ACCORD_HASH_SIZE];
    test_log_root(&log_one, branch, size, root);
    assert_int_equal(verdict.http_status, 200);
    assert_true(verdict.next.cosigned);
    assert_int_equal(verdict.next.size, size);
    assert_memory_equal(verdict.next.root, root, sizeof root);
}

static void test_every_step_of_a_log_is_followed(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= 17; size++) {
        struct draft first = draft_step(0, 0, size);
        assert_cosigned(judge(&first, never), 0, size);
        for (uint64_t old_size = 0; old_size <= size; old_size++) {
            struct draft draft = draft_step(0, old_size, size);
            assert_cosigned(judge(&draft, seen_at(0, old_size)), 0, size);
        }
    }
}

/* A witness that cosigned the empty tree remembers so, though nothing but `cosigned` tells. */
static void test_size_zero(void **state)
{
    (void)state;
    struct draft draft = draft_step(0, 0, 0);
    struct accord_witness_verdict verdict = judge(&draft, never);
    assert_cosigned(verdict, 0, 0);
    assert_cosigned(judge(&draft, verdict.next), 0, 0);
    struct draft next = draft_step(0, 0, 5);
    assert_cosigned(judge(&next, verdict.next), 0, 5);
    draft.root[0] ^= 1;
    assert_refused(judge(&draft, never), 422, ACCORD_WITNESS_PROOF);
    assert_refused(judge(&draft, verdict.next), 422, ACCORD_WITNESS_PROOF);
    memset(draft.root, 0, sizeof draft.root);
    assert_refused(judge(&draft, never), 422, ACCORD_WITNESS_PROOF);
}

static void test_404_unknown_origin(void **state)
{
    (void)state;
    struct draft draft = draft_step(0, 0, 5);
    assert_refused(judge_with(&draft, NULL, 0, never), 404, ACCORD_UNKNOWN_LOG);
    /* a cosigner's key speaks for no log */
    draft.signers[0] = witness_like;
    assert_refused(judge_with(&draft, accord_signer_vkey(witness_like), 1, never), 404, ACCORD_UNKNOWN_LOG);
}

static void test_403_signatures(void **state)
{
    (void)state;
    struct draft draft = draft_step(0, 0, 5);
    draft.signers[0] = stranger;
    assert_refused(judge(&draft, never), 403, ACCORD_UNSIGNED);
    draft.signers[0] = other_key; /* the right name and another id */
    assert_refused(judge(&draft, never), 403, ACCORD_UNSIGNED);
    draft.signers[0] = log_one.signer;
    draft.spoil_signature = true;
    assert_refused(judge(&draft, never), 403, ACCORD_SIGNATURE);
}

/* "it MUST ignore signatures from unknown keys" */
static void test_strangers_are_ignored(void **state)
{
    (void)state;
    struct draft draft = draft_step(0, 0, 5);
    draft.signers[0] = stranger;
    draft.signers[1] = log_one.signer;
    draft.signers[2] = other_key;
    draft.spoil_signature = true;
    assert_cosigned(judge(&draft, never), 0, 5);
}

/* "or a signature line's key name and ID match a trusted key but the signature itself fails to verify" */
static void test_one_good_signature_does_not_excuse_a_wrong_one(void **state)
{
    (void)state;
    struct accord_vkey keys[2] = {*accord_signer_vkey(log_one.signer), *accord_signer_vkey(other_key)};
    struct draft draft = draft_step(0, 0, 5);
    draft.signers[1] = other_key;
    assert_cosigned(judge_with(&draft, keys, 2, never), 0, 5);
    draft.spoil_signature = true;
    assert_refused(judge_with(&draft, keys, 2, never), 403, ACCORD_SIGNATURE);
    draft.signers[0] = other_key;
    draft.signers[1] = log_one.signer;
    assert_refused(judge_with(&draft, keys, 2, never), 403, ACCORD_SIGNATURE);
    draft.signers[0] = log_one.signer; /* a second line of the same key */
    assert_refused(judge(&draft, never), 403, ACCORD_SIGNATURE);
    draft.spoil_signature = false;
    assert_cosigned(judge(&draft, never), 0, 5);
}

static void test_either_of_two_keys_suffices(void **state)
{
    (void)state;
    struct accord_vkey keys[3] = {*accord_signer_vkey(witness_like), *accord_signer_vkey(other_key),
                                  *accord_signer_vkey(log_one.signer)};
    struct draft draft = draft_step(0, 0, 5);
    assert_cosigned(judge_with(&draft, keys, 3, never), 0, 5);
    draft.signers[0] = other_key;
    assert_cosigned(judge_with(&draft, keys, 3, never), 0, 5);
    draft.signers[0] = witness_like;
    assert_refused(judge_with(&draft, keys, 3, never), 403, ACCORD_UNSIGNED);
}

static int mldsa44_says;

static int mldsa44_fake(const uint8_t *public_key, const uint8_t *message, size_t size, const uint8_t *signature)
{
    (void)public_key;
    (void)message;
    (void)size;
    (void)signature;
    return mldsa44_says;
}

/* A log may sign with ML-DSA-44 only, and this machine may have none: then nothing is verified, and nothing cosigned.
 */
static void test_keys_of_type_6(void **state)
{
    (void)state;
    static const uint8_t public_key[ACCORD_MLDSA44_PUBLIC_SIZE],
        signature[8 + ACCORD_MLDSA44_SIGNATURE_SIZE] = {[7] = 1};
    static const struct {
        int says, http_status;
        enum accord_status status;
    } cases[] = {{-1, 403, ACCORD_UNSUPPORTED}, {0, 403, ACCORD_SIGNATURE}, {1, 200, ACCORD_OK}};
    uint8_t vkey_data[2048], data[8192], body_data[8192], root[ACCORD_HASH_SIZE];
    struct accord_out vkey = {vkey_data, sizeof vkey_data, 0, false}, out = {data, sizeof data, 0, false};
    struct accord_out body = {body_data, sizeof body_data, 0, false};
    struct accord_vkey key;
    struct accord_add_checkpoint request;
    struct accord_merkle_proof none = {0};
    struct accord_crypto crypto = accord_crypto_default;
    crypto.mldsa44_verify = mldsa44_fake;
    accord_vkey_print(&vkey, slice(ORIGIN), ACCORD_KEY_COSIGNATURE_MLDSA44,
                      (struct accord_bytes){public_key, sizeof public_key}, &crypto);
    assert_int_equal(accord_vkey_parse(&key, accord_out_bytes(&vkey), &crypto, NULL), ACCORD_OK);
    test_log_root(&log_one, 0, 5, root);
    accord_checkpoint_print(&out, slice(ORIGIN), 5, root);
    accord_put_byte(&out, '\n');
    accord_signature_print(&out, slice(ORIGIN), key.id, (struct accord_bytes){signature, sizeof signature});
    accord_add_checkpoint_print(&body, 0, &none, accord_out_bytes(&out));
    assert_false(vkey.full || out.full || body.full);
    assert_int_equal(accord_add_checkpoint_parse(&request, accord_out_bytes(&body), NULL), ACCORD_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accord_witness_verdict verdict;
        mldsa44_says = cases[i].says;
        accord_witness_judge(&request, &key, 1, &never, &crypto, &verdict);
        assert_int_equal(verdict.http_status, cases[i].http_status);
        assert_int_equal(verdict.error.status, cases[i].status);
    }
}

static void test_400_old_size_above_size(void **state)
{
    (void)state;
    struct draft draft = draft_step(0, 0, 5);
    draft.old_size = 6;
    assert_refused(judge(&draft, seen_at(0, 6)), 400, ACCORD_MALFORMED);
    assert_refused(judge(&draft, never), 400, ACCORD_MALFORMED);
    draft.old_size = UINT64_MAX;
    assert_refused(judge(&draft, never), 400, ACCORD_MALFORMED);
}

static void test_409_another_old_size(void **state)
{
    (void)state;
    struct draft draft = draft_step(0, 3, 5);
    struct accord_witness_verdict verdict = judge(&draft, seen_at(0, 4));
    assert_refused(verdict, 409, ACCORD_WITNESS_CONFLICT);
    assert_int_equal(verdict.seen_size, 4);
    verdict = judge(&draft, seen_at(0, 5));
    assert_refused(verdict, 409, ACCORD_WITNESS_CONFLICT);
    assert_int_equal(verdict.seen_size, 5);
    verdict = judge(&draft, seen_at(0, 9)); /* a replay of an older checkpoint */
    assert_refused(verdict, 409, ACCORD_WITNESS_CONFLICT);
    assert_int_equal(verdict.seen_size, 9);
    verdict = judge(&draft, never);
    assert_refused(verdict, 409, ACCORD_WITNESS_CONFLICT);
    assert_int_equal(verdict.seen_size, 0);
    draft = draft_step(0, 0, 5);
    verdict = judge(&draft, seen_at(0, 5));
    assert_refused(verdict, 409, ACCORD_WITNESS_CONFLICT);
    assert_int_equal(verdict.seen_size, 5);
}

static void test_422_proof_from_zero(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= 5; size += 5) {
        struct draft draft = draft_step(0, 0, size);
        draft.proof.count = 1;
        assert_refused(judge(&draft, never), 422, ACCORD_WITNESS_PROOF);
        assert_refused(judge(&draft, seen_at(0, 0)), 422, ACCORD_WITNESS_PROOF);
    }
}

static void test_422_the_proof_does_not_verify(void **state)
{
    (void)state;
    struct draft good = draft_step(0, 5, 13);
    for (size_t i = 0; i < good.proof.count; i++) {
        struct draft draft = good;
        draft.proof.hash[i][31] ^= 1;
        assert_refused(judge(&draft, seen_at(0, 5)), 422, ACCORD_WITNESS_PROOF);
    }
    struct draft draft = good;
    draft.proof.count--;
    assert_refused(judge(&draft, seen_at(0, 5)), 422, ACCORD_WITNESS_PROOF);
    draft.proof.count = 0;
    assert_refused(judge(&draft, seen_at(0, 5)), 422, ACCORD_WITNESS_PROOF);
    draft = good;
    draft.proof.count++;
    assert_refused(judge(&draft, seen_at(0, 5)), 422, ACCORD_WITNESS_PROOF);
    draft = good;
    draft.root[0] ^= 0x80;
    assert_refused(judge(&draft, seen_at(0, 5)), 422, ACCORD_WITNESS_PROOF);
}

/* The trees part after the eighth leaf. */
static void test_422_a_fork(void **state)
{
    (void)state;
    for (uint64_t old_size = 1; old_size <= 20; old_size++) {
        for (uint64_t size = old_size; size <= 20; size++) {
            struct draft draft = draft_step(1, old_size, size);
            struct accord_witness_verdict verdict = judge(&draft, seen_at(0, old_size));
            if (old_size <= 8)
                assert_cosigned(verdict, 1, size);
            else
                assert_refused(verdict, 422, ACCORD_WITNESS_PROOF);
        }
    }
}

static void test_the_same_size_again(void **state)
{
    (void)state;
    struct draft draft = draft_step(0, 13, 13);
    assert_cosigned(judge(&draft, seen_at(0, 13)), 0, 13);
    draft.proof.count = 1; /* nothing is left to prove */
    assert_refused(judge(&draft, seen_at(0, 13)), 422, ACCORD_WITNESS_PROOF);
    draft = draft_step(1, 13, 13);
    assert_refused(judge(&draft, seen_at(0, 13)), 422, ACCORD_WITNESS_PROOF);
}

/* All faults at once, then one after the other repaired. */
static void test_the_first_fault_is_named(void **state)
{
    (void)state;
    const struct accord_vkey *key = accord_signer_vkey(log_one.signer);
    struct draft draft = draft_step(1, 0, 0);
    draft.old_size = 3;
    draft.root[0] ^= 1;
    draft.proof.count = 1;
    draft.spoil_signature = true;
    assert_refused(judge_with(&draft, NULL, 0, never), 404, ACCORD_UNKNOWN_LOG);
    assert_refused(judge_with(&draft, key, 1, never), 403, ACCORD_SIGNATURE);
    draft.spoil_signature = false;
    assert_refused(judge_with(&draft, key, 1, seen_at(0, 9)), 400, ACCORD_MALFORMED);
    draft.old_size = 0;
    assert_refused(judge_with(&draft, key, 1, seen_at(0, 9)), 409, ACCORD_WITNESS_CONFLICT);
    struct accord_witness_verdict verdict = judge_with(&draft, key, 1, never);
    assert_refused(verdict, 422, ACCORD_WITNESS_PROOF);
    assert_string_equal(verdict.error.what, "a proof from old size 0");
    draft.proof.count = 0;
    verdict = judge_with(&draft, key, 1, never);
    assert_refused(verdict, 422, ACCORD_WITNESS_PROOF);
    assert_string_equal(verdict.error.what, "the root of an empty tree");
    draft.root[0] ^= 1;
    assert_cosigned(judge_with(&draft, key, 1, never), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step_of_a_log_is_followed),
        cmocka_unit_test(test_size_zero),
        cmocka_unit_test(test_404_unknown_origin),
        cmocka_unit_test(test_403_signatures),
        cmocka_unit_test(test_strangers_are_ignored),
        cmocka_unit_test(test_one_good_signature_does_not_excuse_a_wrong_one),
        cmocka_unit_test(test_either_of_two_keys_suffices),
        cmocka_unit_test(test_keys_of_type_6),
        cmocka_unit_test(test_400_old_size_above_size),
        cmocka_unit_test(test_409_another_old_size),
        cmocka_unit_test(test_422_proof_from_zero),
        cmocka_unit_test(test_422_the_proof_does_not_verify),
        cmocka_unit_test(test_422_a_fork),
        cmocka_unit_test(test_the_same_size_again),
        cmocka_unit_test(test_the_first_fault_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
