/* Every bit of a proof counts: flipped one at a time, in a proof with a quorum and no more, each is refused. With a
 * witness to spare, a flip may make one cosignature a stranger's, and nothing else. */
#include "accord/verify.h"
#include "base/buffer.h"
#include "core/text.h"
#include "crypto/backend.h"
#include "keys/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MEMBERS 4
#define QUORUM 3
#define LEAVES 6
#define PLACE 4

static const char *const codes[MEMBERS] = {"CH", "GB", "JP", "US"};
static const char *const artifact_text = "the bytes of a release";

struct world {
    struct accord_signer *log, *release[MEMBERS], *witness[MEMBERS], *mirror;
    struct accord_buffer roster, trust, entry, checkpoint;
    size_t bare_size; /* of the checkpoint up to the quorum's last cosignature */
    uint8_t leaves[LEAVES][ACCORD_HASH_SIZE];
    struct accord_merkle_proof inclusion;
    uint8_t policy_memory[16384];
    struct accord_verifier verifier;
    struct accord_verify_memory memory;
};
static struct world *world;

static const struct accord_crypto *const crypto = &accord_crypto_default;

static struct accord_bytes text_bytes(const char *text)
{
    return (struct accord_bytes){(const uint8_t *)text, strlen(text)};
}

static void append(struct accord_buffer *buffer, struct accord_bytes bytes)
{
    assert_int_equal(accord_buffer_append(buffer, bytes), ACCORD_OK);
}

static struct accord_signer *new_key(const char *name, enum accord_key_type type)
{
    struct accord_signer *signer;
    assert_int_equal(accord_signer_generate(&signer, text_bytes(name), type, NULL), ACCORD_OK);
    return signer;
}

static void sign(const struct accord_signer *signer, struct accord_bytes text, uint64_t time,
                 struct accord_buffer *note)
{
    assert_int_equal(accord_signer_sign(signer, text, time, note, NULL), ACCORD_OK);
}

static void make_keys(void)
{
    char name[64];
    world->log = new_key("test/log", ACCORD_KEY_ED25519);
    for (size_t i = 0; i < MEMBERS; i++) {
        snprintf(name, sizeof name, "m%zu.example/release", i);
        world->release[i] = new_key(name, ACCORD_KEY_ED25519);
        snprintf(name, sizeof name, "m%zu.example/witness", i);
        world->witness[i] = new_key(name, ACCORD_KEY_COSIGNATURE_ED25519);
    }
    world->mirror = new_key("m1.example/mirror", ACCORD_KEY_COSIGNATURE_ED25519);
}

static void put_key(struct accord_out *out, const char *role, const struct accord_signer *signer)
{
    accord_put(out, ACCORD_LITERAL("key "));
    accord_put(out, text_bytes(role));
    accord_put_byte(out, ' ');
    accord_put(out, accord_signer_vkey(signer)->text);
    accord_put_byte(out, '\n');
}

static void make_trust(void)
{
    uint8_t memory[16384];
    struct accord_out out = {memory, sizeof memory, 0, false};
    struct accord_trust_claim trust = {.roster_index = 1};
    memset(trust.charter, 7, sizeof trust.charter);
    accord_put(&out, ACCORD_LITERAL("accord/v1/roster\ncharter "));
    accord_digest_print(&out, trust.charter);
    accord_put(&out, ACCORD_LITERAL("\nnumber 1\nadmit 3\nquorum 3 1\nlog "));
    accord_put(&out, accord_signer_vkey(world->log)->text);
    accord_put_byte(&out, '\n');
    for (size_t i = 0; i < MEMBERS; i++) {
        char line[64];
        snprintf(line, sizeof line, "member m%zu.example %s Member %zu\n", i, codes[i], i);
        accord_put(&out, text_bytes(line));
        put_key(&out, "release", world->release[i]);
        put_key(&out, "witness", world->witness[i]);
        if (i == 1) {
            put_key(&out, "mirror", world->mirror);
        }
    }
    append(&world->roster, accord_out_bytes(&out));
    append(&world->roster, ACCORD_LITERAL("\n"));
    sign(world->release[0], accord_out_bytes(&out), 0, &world->roster);
    trust.roster_entry = accord_buffer_bytes(&world->roster);
    out.size = 0;
    accord_trust_print(&out, &trust);
    assert_false(out.full);
    append(&world->trust, accord_out_bytes(&out));
}

static void make_entry(void)
{
    uint8_t memory[4096];
    struct accord_out out = {memory, sizeof memory, 0, false};
    struct accord_artifact artifact = {.size = strlen(artifact_text), .name = ACCORD_LITERAL("image.bin")};
    accord_hash(crypto, text_bytes(artifact_text), artifact.sha256);
    const struct accord_release_draft draft = {.vendor = ACCORD_LITERAL("m1.example"),
                                               .product = ACCORD_LITERAL("image"),
                                               .version = ACCORD_LITERAL("1.0"),
                                               .sequence = 3,
                                               .artifacts = &artifact,
                                               .artifact_count = 1};
    accord_release_print(&out, &draft);
    append(&world->entry, accord_out_bytes(&out));
    append(&world->entry, ACCORD_LITERAL("\n"));
    sign(world->release[1], accord_out_bytes(&out), 0, &world->entry);
}

/* Six leaves: the full subtrees are asked for by level and index. */
static enum accord_status read_hash(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    (void)context;
    if (level == 0) {
        memcpy(hash, world->leaves[index], ACCORD_HASH_SIZE);
        return ACCORD_OK;
    }
    uint8_t left[ACCORD_HASH_SIZE], right[ACCORD_HASH_SIZE];
    assert_int_equal(read_hash(NULL, level - 1, 2 * index, left), ACCORD_OK);
    assert_int_equal(read_hash(NULL, level - 1, 2 * index + 1, right), ACCORD_OK);
    accord_merkle_node(crypto, left, right, hash);
    return ACCORD_OK;
}

static void make_checkpoint(void)
{
    uint8_t root[ACCORD_HASH_SIZE], memory[256];
    struct accord_hash_source source = {NULL, read_hash};
    struct accord_out out = {memory, sizeof memory, 0, false};
    for (size_t i = 0; i < LEAVES; i++) {
        struct accord_bytes leaf = i == PLACE ? accord_buffer_bytes(&world->entry) : text_bytes(codes[i % MEMBERS]);
        accord_merkle_leaf(crypto, leaf, world->leaves[i]);
    }
    assert_int_equal(accord_inclusion_prove(crypto, &source, PLACE, LEAVES, &world->inclusion), ACCORD_OK);
    assert_int_equal(accord_root_compute(crypto, &source, LEAVES, root), ACCORD_OK);
    accord_checkpoint_print(&out, ACCORD_LITERAL("test/log"), LEAVES, root);
    append(&world->checkpoint, accord_out_bytes(&out));
    append(&world->checkpoint, ACCORD_LITERAL("\n"));
    sign(world->log, accord_out_bytes(&out), 0, &world->checkpoint);
    for (size_t i = 0; i < MEMBERS; i++) {
        sign(world->witness[i], accord_out_bytes(&out), 1000 + i, &world->checkpoint);
        world->bare_size = i + 1 == QUORUM ? world->checkpoint.size : world->bare_size;
    }
}

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    world = calloc(1, sizeof *world);
    assert_non_null(world);
    accord_buffer_init(&world->roster, 65535);
    accord_buffer_init(&world->trust, 131072);
    accord_buffer_init(&world->entry, 65535);
    accord_buffer_init(&world->checkpoint, 65535);
    make_keys();
    make_trust();
    make_entry();
    make_checkpoint();
    struct accord_out policy = {world->policy_memory, sizeof world->policy_memory, 0, false};
    assert_int_equal(accord_verifier_init(&world->verifier, accord_buffer_bytes(&world->trust), &policy, crypto, NULL),
                     ACCORD_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    accord_signer_free(world->log);
    accord_signer_free(world->mirror);
    for (size_t i = 0; i < MEMBERS; i++) {
        accord_signer_free(world->release[i]);
        accord_signer_free(world->witness[i]);
    }
    accord_buffer_free(&world->roster);
    accord_buffer_free(&world->trust);
    accord_buffer_free(&world->entry);
    accord_buffer_free(&world->checkpoint);
    free(world);
    return 0;
}

static size_t make_proof(uint8_t *memory, size_t size, size_t checkpoint_size)
{
    struct accord_out out = {memory, size, 0, false};
    accord_proof_print(&out, accord_buffer_bytes(&world->entry), PLACE, &world->inclusion,
                       (struct accord_bytes){world->checkpoint.data, checkpoint_size});
    assert_false(out.full);
    return out.size;
}

static enum accord_status judge(const uint8_t *proof, size_t size, struct accord_verdict *verdict)
{
    struct accord_error error;
    struct accord_artifact artifact;
    uint8_t digest[ACCORD_HASH_SIZE];
    enum accord_status status =
        accord_verify_proof(&world->verifier, &world->memory, (struct accord_bytes){proof, size}, verdict, &error);
    assert_int_equal(verdict->verified, status == ACCORD_OK);
    if (status != ACCORD_OK) {
        assert_int_equal(error.status, status);
        return status;
    }
    accord_hash(crypto, text_bytes(artifact_text), digest);
    return accord_verify_artifact(verdict, digest, strlen(artifact_text), text_bytes("image.bin"), &artifact, &error);
}

static void every_bit_of_a_bare_quorum(void **state)
{
    (void)state;
    uint8_t proof[8192];
    struct accord_verdict verdict;
    size_t size = make_proof(proof, sizeof proof, world->bare_size);
    assert_int_equal(judge(proof, size, &verdict), ACCORD_OK);
    assert_int_equal(verdict.cosigners->count, QUORUM);
    assert_int_equal(verdict.release->sequence, 3);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (judge(proof, size, &verdict) == ACCORD_OK) {
            fail_msg("bit %zu of byte %zu may be flipped", bit % 8, bit / 8);
        }
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(judge(proof, size, &verdict), ACCORD_OK);
}

/* Is the byte in a cosignature line's name, or in the six base64 characters that hold its key's id? */
static bool names_a_witness(const uint8_t *proof, size_t size, size_t at)
{
    size_t line = at, end;
    while (line > 0 && proof[line - 1] != '\n') {
        line--;
    }
    struct accord_bytes rest = {proof + line, size - line};
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("\xe2\x80\x94 m"))) {
        return false;
    }
    for (end = line + 4; proof[end] != ' '; end++) {
    }
    return at >= line + 4 && at != end && at <= end + 6;
}

static void a_witness_to_spare(void **state)
{
    (void)state;
    uint8_t proof[8192];
    struct accord_verdict verdict;
    unsigned strangers = 0;
    size_t size = make_proof(proof, sizeof proof, world->checkpoint.size);
    assert_int_equal(judge(proof, size, &verdict), ACCORD_OK);
    assert_int_equal(verdict.cosigners->count, MEMBERS);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bool spare = names_a_witness(proof, size, bit / 8);
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (judge(proof, size, &verdict) == ACCORD_OK) {
            if (!spare || verdict.cosigners->count != MEMBERS - 1) {
                fail_msg("bit %zu of byte %zu may be flipped", bit % 8, bit / 8);
            }
            strangers++;
        }
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(strangers > 0);
}

/* The memory between proofs must not let a wrong proof ride on a right one before it. */
static void memory_changes_no_verdict(void **state)
{
    (void)state;
    uint8_t proof[8192];
    struct accord_verdict verdict;
    size_t size = make_proof(proof, sizeof proof, world->bare_size);
    for (size_t bit = 0; bit < 8 * size; bit += 7) {
        struct accord_verify_memory *fresh = calloc(1, sizeof *fresh);
        assert_non_null(fresh);
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum accord_status with = judge(proof, size, &verdict);
        enum accord_status without =
            accord_verify_proof(&world->verifier, fresh, (struct accord_bytes){proof, size}, &verdict, NULL);
        assert_int_equal(with, without);
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(judge(proof, size, &verdict), ACCORD_OK);
        free(fresh);
    }
}

/* What one verifier accepted is nothing to another, whose roster asks for more, with the same memory. */
static void memory_is_of_one_verifier(void **state)
{
    (void)state;
    static const char lax[] = "quorum 3 1", strict[] = "quorum 4 1";
    uint8_t proof[8192], policy_memory[16384];
    struct accord_verdict verdict;
    struct accord_out policy = {policy_memory, sizeof policy_memory, 0, false};
    struct accord_verifier *other = calloc(1, sizeof *other);
    size_t size = make_proof(proof, sizeof proof, world->bare_size);
    assert_non_null(other);
    assert_int_equal(judge(proof, size, &verdict), ACCORD_OK);
    uint8_t *rule = memmem(world->trust.data, world->trust.size, lax, sizeof lax - 1);
    assert_non_null(rule);
    memcpy(rule, strict, sizeof strict - 1);
    assert_int_equal(accord_verifier_init(other, accord_buffer_bytes(&world->trust), &policy, crypto, NULL), ACCORD_OK);
    assert_int_equal(accord_verify_proof(other, &world->memory, (struct accord_bytes){proof, size}, &verdict, NULL),
                     ACCORD_QUORUM);
    memcpy(rule, lax, sizeof lax - 1);
    assert_int_equal(judge(proof, size, &verdict), ACCORD_OK);
    free(other);
}

/* A verifier of the same trust, and evidence against one of its witnesses, or its log. */
struct trial {
    struct accord_verifier verifier;
    uint8_t policy_memory[16384], evidence[4096], proof[8192];
    size_t evidence_size, proof_size;
};

/* Two trees of one size of a log: signed by its key, and by the witness where it is not NULL. */
static void make_evidence(struct trial *trial, const struct accord_signer *log, const struct accord_signer *witness)
{
    struct accord_buffer notes[2];
    for (uint8_t i = 0; i < 2; i++) {
        uint8_t memory[512], root[ACCORD_HASH_SIZE] = {i};
        struct accord_out text = {memory, sizeof memory, 0, false};
        accord_checkpoint_print(&text, accord_signer_vkey(log)->name, 5, root);
        accord_buffer_init(&notes[i], 4096);
        append(&notes[i], accord_out_bytes(&text));
        append(&notes[i], ACCORD_LITERAL("\n"));
        sign(log, accord_out_bytes(&text), 0, &notes[i]);
        if (witness != NULL) {
            sign(witness, accord_out_bytes(&text), 1000, &notes[i]);
        }
    }
    struct accord_out out = {trial->evidence, sizeof trial->evidence, 0, false};
    accord_evidence_print(&out, accord_buffer_bytes(&notes[0]), accord_buffer_bytes(&notes[1]), NULL, NULL);
    assert_false(out.full);
    trial->evidence_size = out.size;
    accord_buffer_free(&notes[0]);
    accord_buffer_free(&notes[1]);
}

static struct trial *trial_new(const struct accord_signer *log, const struct accord_signer *witness)
{
    struct trial *trial = calloc(1, sizeof *trial);
    assert_non_null(trial);
    struct accord_out policy = {trial->policy_memory, sizeof trial->policy_memory, 0, false};
    assert_int_equal(accord_verifier_init(&trial->verifier, accord_buffer_bytes(&world->trust), &policy, crypto, NULL),
                     ACCORD_OK);
    make_evidence(trial, log, witness);
    trial->proof_size = make_proof(trial->proof, sizeof trial->proof, world->bare_size);
    return trial;
}

static size_t feed(struct trial *trial)
{
    size_t convicted = 99;
    struct accord_bytes evidence = {trial->evidence, trial->evidence_size};
    assert_int_equal(
        accord_verifier_take_evidence(&trial->verifier, evidence, text_bytes("a.evidence"), &convicted, NULL),
        ACCORD_OK);
    return convicted;
}

static enum accord_status try(struct trial *trial, struct accord_error *error)
{
    struct accord_verdict verdict;
    struct accord_bytes proof = {trial->proof, trial->proof_size};
    return accord_verify_proof(&trial->verifier, &world->memory, proof, &verdict, error);
}

/* What was remembered before the conviction must not outlive it. */
static void a_convicted_witness_counts_no_more(void **state)
{
    (void)state;
    struct accord_error error = {0};
    struct accord_signer *stranger = new_key("other/log", ACCORD_KEY_ED25519);
    struct trial *trial = trial_new(stranger, world->witness[0]);
    assert_int_equal(try(trial, &error), ACCORD_OK);
    assert_int_equal(feed(trial), 1);
    assert_int_equal(try(trial, &error), ACCORD_QUORUM);
    assert_string_equal(error.what, "not counting m0.example");
    assert_string_equal(error.found, "2 of 3 jurisdictions: GB 1, JP 1");
    assert_true(world->memory.checkpoint.cosigners.discounted[0]);
    const struct accord_distrusted *why =
        accord_verifier_distrusted(&trial->verifier, accord_signer_vkey(world->witness[0]));
    assert_non_null(why);
    assert_true(accord_bytes_equal(why->evidence, text_bytes("a.evidence")));
    assert_null(accord_verifier_distrusted(&trial->verifier, accord_signer_vkey(world->witness[1])));
    assert_int_equal(feed(trial), 1); /* again: nothing changes */
    assert_int_equal(trial->verifier.distrusted_count, 1);
    trial->proof_size = make_proof(trial->proof, sizeof trial->proof, world->checkpoint.size); /* all four */
    assert_int_equal(try(trial, &error), ACCORD_OK);
    struct accord_verdict verdict;
    trial->proof_size = make_proof(trial->proof, sizeof trial->proof, world->bare_size);
    assert_int_equal(judge(trial->proof, trial->proof_size, &verdict), ACCORD_OK); /* by who does not know of it */
    accord_signer_free(stranger);
    free(trial);
}

/* Its key stands in the roster and in no policy: it cosigns what it holds, and may not hold two histories. */
static void a_convicted_mirror_is_none(void **state)
{
    (void)state;
    struct accord_error error = {0};
    struct accord_signer *stranger = new_key("other/log", ACCORD_KEY_ED25519);
    struct trial *trial = trial_new(stranger, world->mirror);
    assert_null(accord_verifier_distrusted(&trial->verifier, accord_signer_vkey(world->mirror)));
    assert_int_equal(feed(trial), 1);
    assert_non_null(accord_verifier_distrusted(&trial->verifier, accord_signer_vkey(world->mirror)));
    assert_null(accord_verifier_distrusted(&trial->verifier, accord_signer_vkey(world->witness[1])));
    assert_int_equal(try(trial, &error), ACCORD_OK); /* its member's witness is another key */
    accord_signer_free(stranger);
    free(trial);
}

static void a_convicted_log_is_refused(void **state)
{
    (void)state;
    struct accord_error error = {0};
    struct trial *trial = trial_new(world->log, NULL);
    assert_int_equal(try(trial, &error), ACCORD_OK);
    size_t convicted;
    struct accord_bytes cut = {trial->evidence, trial->evidence_size - 1};
    assert_int_equal(accord_verifier_take_evidence(&trial->verifier, cut, text_bytes("cut"), &convicted, &error),
                     ACCORD_MALFORMED);
    assert_int_equal(convicted, 0);
    assert_int_equal(try(trial, &error), ACCORD_OK);
    assert_int_equal(feed(trial), 1);
    assert_int_equal(try(trial, &error), ACCORD_DISTRUSTED);
    assert_string_equal(error.what, "test/log");
    free(trial);
}

static void a_trust_file_that_was_fed(void **state)
{
    (void)state;
    static const uint8_t evidence[ACCORD_HASH_SIZE];
    struct accord_error error = {0};
    uint8_t lines[1024], file[20000], policy_memory[16384];
    struct trial *trial = trial_new(world->log, NULL);
    struct accord_trust_claim claim = trial->verifier.trust;
    struct accord_out out = {lines, sizeof lines, 0, false}, policy = {policy_memory, sizeof policy_memory, 0, false};
    struct accord_bytes vkey = accord_signer_vkey(world->witness[1])->text;
    assert_int_equal(accord_trust_add_distrust(&out, &claim, vkey, evidence), ACCORD_OK);
    claim.distrust = accord_out_bytes(&out);
    out = (struct accord_out){file, sizeof file, 0, false};
    accord_trust_print(&out, &claim);
    assert_int_equal(accord_verifier_init(&trial->verifier, accord_out_bytes(&out), &policy, crypto, &error),
                     ACCORD_OK);
    assert_int_equal(try(trial, &error), ACCORD_QUORUM);
    assert_string_equal(error.what, "not counting m1.example");
    /* A line with a damaged key is refused, or somebody would be trusted again by accident. */
    uint8_t *id = memmem(file, out.size, "witness+", 8);
    assert_non_null(id);
    id[8] = id[8] == '0' ? '1' : '0';
    policy.size = 0;
    assert_int_equal(accord_verifier_init(&trial->verifier, accord_out_bytes(&out), &policy, crypto, &error),
                     ACCORD_BAD_KEY_ID);
    assert_int_equal(error.line, 4);
    free(trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_of_a_bare_quorum),         cmocka_unit_test(a_witness_to_spare),
        cmocka_unit_test(memory_changes_no_verdict),          cmocka_unit_test(memory_is_of_one_verifier),
        cmocka_unit_test(a_convicted_witness_counts_no_more), cmocka_unit_test(a_convicted_log_is_refused),
        cmocka_unit_test(a_convicted_mirror_is_none),         cmocka_unit_test(a_trust_file_that_was_fed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
