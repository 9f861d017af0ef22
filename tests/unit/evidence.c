/* Evidence: two views that contradict each other, and all that is none. */
#include "accord/evidence.h"
#include "witnessing.h"

#define ORIGIN "log.example/one"
#define SIZE_MAX_OF 16384

static struct test_log fork_at_8;
static struct accord_signer *witness, *stranger;

/* A file of evidence and what was parsed of it. */
struct file {
    uint8_t data[SIZE_MAX_OF];
    struct accord_out out;
    struct accord_evidence_claim claim;
    struct accord_error error;
};

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    test_log_init(&fork_at_8, ORIGIN, 8);
    assert_int_equal(accord_signer_generate(&witness, slice("witness.example/w"), ACCORD_KEY_COSIGNATURE_ED25519, NULL),
                     ACCORD_OK);
    assert_int_equal(accord_signer_generate(&stranger, slice("stranger.example"), ACCORD_KEY_ED25519, NULL), ACCORD_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    accord_signer_free(fork_at_8.signer);
    accord_signer_free(witness);
    accord_signer_free(stranger);
    return 0;
}

/* A checkpoint of a branch, signed by the log, and by the witness and the stranger too. */
static struct accord_buffer view(const char *origin, int branch, uint64_t size)
{
    struct accord_buffer note;
    struct accord_checkpoint_claim claim;
    uint8_t root[ACCORD_HASH_SIZE];
    accord_buffer_init(&note, 4096);
    test_log_root(&fork_at_8, branch, size, root);
    put_checkpoint(&note, fork_at_8.signer, origin, size, root);
    assert_int_equal(accord_checkpoint_parse(&claim, accord_buffer_bytes(&note), NULL), ACCORD_OK);
    uint8_t text[512];
    size_t text_size = claim.note.text.size;
    memcpy(text, claim.note.text.data, text_size);
    const struct accord_bytes bytes = {text, text_size};
    assert_int_equal(accord_signer_sign(witness, bytes, NOW, &note, NULL), ACCORD_OK);
    assert_int_equal(accord_signer_sign(stranger, bytes, NOW, &note, NULL), ACCORD_OK);
    return note;
}

/* Of a tree of first leaves of the log, and one of second leaves of a branch; the proof is of that branch. */
static enum accord_status make(struct file *file, uint64_t first, int branch, uint64_t second)
{
    struct accord_buffer notes[2] = {view(ORIGIN, 0, first), view(ORIGIN, branch, second)};
    struct accord_merkle_proof proof;
    uint8_t root[ACCORD_HASH_SIZE];
    test_log_root(&fork_at_8, branch, first, root);
    test_log_prove(&fork_at_8, branch, first, second, &proof);
    file->out = (struct accord_out){file->data, sizeof file->data, 0, false};
    accord_evidence_print(&file->out, accord_buffer_bytes(&notes[0]), accord_buffer_bytes(&notes[1]),
                          first == second ? NULL : root, &proof);
    assert_false(file->out.full);
    accord_buffer_free(&notes[0]);
    accord_buffer_free(&notes[1]);
    enum accord_status status = accord_evidence_parse(&file->claim, accord_out_bytes(&file->out), &file->error);
    return status == ACCORD_OK ? accord_evidence_verify(&file->claim, &accord_crypto_default, &file->error) : status;
}

static bool convicts(const struct file *file, const struct accord_signer *signer)
{
    return accord_evidence_convicts(&file->claim, accord_signer_vkey(signer), &accord_crypto_default);
}

static void assert_round_trip(const struct file *file)
{
    static uint8_t data[SIZE_MAX_OF];
    struct accord_out out = {data, sizeof data, 0, false};
    const struct accord_evidence_claim *claim = &file->claim;
    accord_evidence_print(&out, claim->notes[0], claim->notes[1], claim->grown ? claim->root : NULL, &claim->proof);
    assert_true(accord_bytes_equal(accord_out_bytes(&out), accord_out_bytes(&file->out)));
}

static void test_every_fork(void **state)
{
    (void)state;
    static struct file file;
    for (uint64_t first = 1; first <= 24; first++) {
        for (uint64_t second = first; second <= 24; second++) {
            /* Up to 8 leaves the branches are the same, so the views agree. */
            assert_int_equal(make(&file, first, 1, second), first <= 8 ? ACCORD_EVIDENCE : ACCORD_OK);
            assert_round_trip(&file);
            assert_int_equal(make(&file, first, 0, second), ACCORD_EVIDENCE);
        }
    }
}

static void test_who_is_convicted(void **state)
{
    (void)state;
    static struct file file;
    assert_int_equal(make(&file, 12, 1, 20), ACCORD_OK);
    assert_true(convicts(&file, fork_at_8.signer));
    assert_true(convicts(&file, witness));
    assert_false(convicts(&file, stranger)); /* it signed both, and speaks for no log */
    /* Its line gone from one of the two, the witness has signed one tree, as it should. */
    uint8_t *line = memmem(file.data, file.out.size, "\xe2\x80\x94 witness", 11);
    assert_non_null(line);
    line[5]++;
    assert_int_equal(accord_evidence_parse(&file.claim, accord_out_bytes(&file.out), NULL), ACCORD_OK);
    assert_false(convicts(&file, witness));
    assert_true(convicts(&file, fork_at_8.signer));
}

static void test_proof_must_lead(void **state)
{
    (void)state;
    static struct file file;
    assert_int_equal(make(&file, 12, 1, 20), ACCORD_OK);
    for (size_t i = 0; i < file.claim.proof.count; i++) {
        file.claim.proof.hash[i][7] ^= 1;
        assert_int_equal(accord_evidence_verify(&file.claim, &accord_crypto_default, &file.error), ACCORD_CONSISTENCY);
        file.claim.proof.hash[i][7] ^= 1;
    }
    file.claim.root[0] ^= 1; /* any other root would contradict the first view */
    assert_int_equal(accord_evidence_verify(&file.claim, &accord_crypto_default, &file.error), ACCORD_CONSISTENCY);
    file.claim.root[0] ^= 1;
    file.claim.proof.count--;
    assert_int_equal(accord_evidence_verify(&file.claim, &accord_crypto_default, &file.error), ACCORD_CONSISTENCY);
}

static void test_two_logs(void **state)
{
    (void)state;
    static struct file file;
    struct accord_buffer one = view(ORIGIN, 0, 12), other = view("log.example/two", 1, 12);
    file.out = (struct accord_out){file.data, sizeof file.data, 0, false};
    accord_evidence_print(&file.out, accord_buffer_bytes(&one), accord_buffer_bytes(&other), NULL, NULL);
    assert_int_equal(accord_evidence_parse(&file.claim, accord_out_bytes(&file.out), NULL), ACCORD_OK);
    assert_int_equal(accord_evidence_verify(&file.claim, &accord_crypto_default, &file.error), ACCORD_WRONG_KEY);
    assert_string_equal(file.error.found, "log.example/two");
    accord_buffer_free(&one);
    accord_buffer_free(&other);
}

/* An empty tree begins every tree, whatever root it was given. */
static void test_empty_tree(void **state)
{
    (void)state;
    static struct file file;
    assert_int_equal(make(&file, 0, 1, 20), ACCORD_EVIDENCE);
    /* Nor do two of them contradict each other: nobody who cosigns such a checkpoint has anything to compare. */
    uint8_t roots[2][ACCORD_HASH_SIZE] = {{1}, {2}};
    struct accord_buffer notes[2];
    for (size_t i = 0; i < 2; i++) {
        accord_buffer_init(&notes[i], 4096);
        put_checkpoint(&notes[i], fork_at_8.signer, ORIGIN, 0, roots[i]);
    }
    file.out = (struct accord_out){file.data, sizeof file.data, 0, false};
    accord_evidence_print(&file.out, accord_buffer_bytes(&notes[0]), accord_buffer_bytes(&notes[1]), NULL, NULL);
    assert_int_equal(accord_evidence_parse(&file.claim, accord_out_bytes(&file.out), NULL), ACCORD_OK);
    assert_int_equal(accord_evidence_verify(&file.claim, &accord_crypto_default, &file.error), ACCORD_EVIDENCE);
    accord_buffer_free(&notes[0]);
    accord_buffer_free(&notes[1]);
}

static void test_forms(void **state)
{
    (void)state;
    static struct file file;
    struct accord_buffer small = view(ORIGIN, 0, 12), large = view(ORIGIN, 1, 20);
    const struct accord_bytes a = accord_buffer_bytes(&small), b = accord_buffer_bytes(&large);
    struct accord_merkle_proof proof = {0};
    uint8_t root[ACCORD_HASH_SIZE] = {0};
    struct {
        struct accord_bytes first, second;
        bool proof;
        const char *expected;
    } const forms[] = {{b, a, true, "the smaller tree first"},
                       {a, b, false, "a proof between trees of two sizes"},
                       {a, a, true, "no proof between trees of one size"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        file.out = (struct accord_out){file.data, sizeof file.data, 0, false};
        accord_evidence_print(&file.out, forms[i].first, forms[i].second, forms[i].proof ? root : NULL, &proof);
        assert_int_equal(accord_evidence_parse(&file.claim, accord_out_bytes(&file.out), &file.error),
                         ACCORD_MALFORMED);
        assert_string_equal(file.error.expected, forms[i].expected);
    }
    accord_buffer_free(&small);
    accord_buffer_free(&large);
    assert_int_equal(make(&file, 12, 1, 20), ACCORD_OK);
    /* Cut anywhere it is refused, but for where the last note loses a whole signature, of which it has three. */
    unsigned accepted = 0;
    for (size_t cut = 0; cut < file.out.size; cut++)
        accepted += accord_evidence_parse(&file.claim, (struct accord_bytes){file.data, cut}, &file.error) == ACCORD_OK;
    assert_int_equal(accepted, 2);
    file.data[0] = 'A';
    assert_int_equal(accord_evidence_parse(&file.claim, accord_out_bytes(&file.out), &file.error), ACCORD_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fork),      cmocka_unit_test(test_who_is_convicted),
        cmocka_unit_test(test_proof_must_lead), cmocka_unit_test(test_two_logs),
        cmocka_unit_test(test_empty_tree),      cmocka_unit_test(test_forms),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
