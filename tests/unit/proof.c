/* Offline proofs: the grammar of C2SP tlog-proof, its bounds, what binds an entry to a checkpoint, and every vector of
 * tests/vectors/proofs.txt with the verdict of Go's sumdb/tlog and torchwood. */
#include "trust.h"

#include "accord/proof.h"

#include <stdlib.h>

#define CHECKPOINT "log.example/0\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\xe2\x80\x94 a AAAAAQE=\n"
#define HASH "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define PROOF "c2sp.org/tlog-proof@v1\n"

static const struct accord_crypto *crypto = &accord_crypto_default;

static void grammar(void **state)
{
    (void)state;
    struct accord_proof_claim proof;
    assert_int_equal(accord_proof_parse(&proof, slice(PROOF "index 0\n\n" CHECKPOINT), NULL), ACCORD_OK);
    assert_false(proof.has_extra);
    assert_int_equal(proof.index, 0);
    assert_int_equal(proof.inclusion.count, 0);
    assert_slice(proof.checkpoint_bytes, CHECKPOINT);
    assert_slice(proof.checkpoint.origin, "log.example/0");
    assert_int_equal(
        accord_proof_parse(&proof, slice(PROOF "extra aGk=\nindex 18446744073709551615\n" HASH HASH "\n" CHECKPOINT),
                           NULL),
        ACCORD_OK);
    assert_true(proof.has_extra);
    assert_slice(proof.extra_base64, "aGk=");
    assert_true(proof.index == UINT64_MAX);
    assert_int_equal(proof.inclusion.count, 2);
    assert_int_equal(proof.inclusion.hash[1][31], 31);
}

static void refusals_name_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
        const char *what;
    } cases[] = {
        {"", ACCORD_MALFORMED, 1, "c2sp.org/tlog-proof@v1"},
        {"c2sp.org/tlog-proof@v1", ACCORD_MALFORMED, 1, "c2sp.org/tlog-proof@v1"},
        {PROOF, ACCORD_MALFORMED, 2, "index"},
        {PROOF "extra aGk=", ACCORD_MALFORMED, 2, "extra"},
        {PROOF "extra aGk\n", ACCORD_BAD_BASE64, 2, "extra"},
        {PROOF "extra aGl=\nindex 0\n\n" CHECKPOINT, ACCORD_BAD_BASE64, 2, "extra"},
        {PROOF "extra aGk= \nindex 0\n\n" CHECKPOINT, ACCORD_BAD_BASE64, 2, "extra"},
        {PROOF "Extra aGk=\nindex 0\n\n" CHECKPOINT, ACCORD_MALFORMED, 2, "index"},
        {PROOF "index 0", ACCORD_MALFORMED, 2, "index"},
        {PROOF "index \n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 2, "index"},
        {PROOF "index 00\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 2, "index"},
        {PROOF "extra aGk=\nindex 18446744073709551616\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 3, "index"},
        {PROOF "index 0\n" HASH "x\n\n" CHECKPOINT, ACCORD_BAD_BASE64, 4, "inclusion proof"},
        {PROOF "index 0\n" HASH CHECKPOINT, ACCORD_BAD_BASE64, 4, "inclusion proof"},
        {PROOF "index 0\n" HASH "extra", ACCORD_MALFORMED, 4, "inclusion proof"},
        {PROOF "index 0\n" HASH "\n\n" CHECKPOINT, ACCORD_MALFORMED, 5, "origin"},
        {PROOF "index 0\n" HASH "\nlog\n01\n" HASH "\n\xe2\x80\x94 a AAAAAQE=\n", ACCORD_BAD_DECIMAL, 6, "tree size"},
        {PROOF "index 0\n\n" CHECKPOINT "x", ACCORD_MALFORMED, 9, ""},
        {PROOF "index 0\n\n" CHECKPOINT "x\n", ACCORD_MALFORMED, 9, ""},
    };
    struct accord_proof_claim proof;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct accord_error error = {0};
        enum accord_status status = accord_proof_parse(&proof, slice(cases[i].text), &error);
        if (status != cases[i].status || error.status != status || error.line != cases[i].line ||
            strcmp(error.what, cases[i].what) != 0)
            fail_msg("%s: status %d, line %d, what %s", cases[i].text, (int)status, (int)error.line, error.what);
        assert_int_equal(accord_proof_parse(&proof, slice(cases[i].text), NULL), status);
    }
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    static const char whole[] = PROOF "extra aGk=\nindex 7\n" HASH "\n" CHECKPOINT;
    struct accord_proof_claim proof;
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        struct accord_bytes bytes = {(const uint8_t *)whole, size};
        assert_int_not_equal(accord_proof_parse(&proof, bytes, NULL), ACCORD_OK);
    }
    assert_int_equal(accord_proof_parse(&proof, slice(whole), NULL), ACCORD_OK);
}

static void bounds(void **state)
{
    (void)state;
    TRUST_OUT(text, ACCORD_PROOF_SIZE_MAX + 1);
    static uint8_t entry[ACCORD_ENTRY_SIZE_MAX + 1], decoded[ACCORD_ENTRY_SIZE_MAX];
    struct accord_proof_claim proof;
    struct accord_error error;
    struct accord_merkle_proof inclusion = {.count = ACCORD_PROOF_HASHES_MAX};
    memset(entry, 0xa5, sizeof entry);
    struct accord_bytes extra = {entry, ACCORD_ENTRY_SIZE_MAX};
    accord_proof_print(&text, extra, 0, &inclusion, slice(CHECKPOINT));
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), &error), ACCORD_OK);
    assert_int_equal(proof.inclusion.count, ACCORD_PROOF_HASHES_MAX);
    struct accord_out out = {decoded, sizeof decoded, 0, false};
    assert_int_equal(accord_proof_extra(&proof, &out, &error), ACCORD_OK);
    assert_int_equal(out.size, ACCORD_ENTRY_SIZE_MAX);
    assert_memory_equal(decoded, entry, sizeof decoded);
    struct accord_out small = {decoded, sizeof decoded - 1, 0, false};
    assert_int_equal(accord_proof_extra(&proof, &small, &error), ACCORD_TOO_LARGE);
    assert_int_equal(small.size, 0);
    assert_string_equal(error.expected, "65534");
    assert_string_equal(error.found, "65535");

    extra.size++;
    text.size = 0;
    accord_proof_print(&text, extra, 0, &inclusion, slice(CHECKPOINT));
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), &error), ACCORD_TOO_LARGE);
    assert_int_equal(error.line, 2);
    assert_string_equal(error.what, "extra");
    assert_string_equal(error.expected, "65535");

    text.size = 0;
    accord_put(&text, slice(PROOF "index 0\n"));
    for (unsigned i = 0; i <= ACCORD_PROOF_HASHES_MAX; i++)
        accord_put(&text, slice(HASH));
    accord_put(&text, slice("\n" CHECKPOINT));
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), &error), ACCORD_TOO_LARGE);
    assert_int_equal(error.line, 3 + ACCORD_PROOF_HASHES_MAX);
    assert_string_equal(error.expected, "63");

    memset(text.data, 'A', text.capacity);
    text.size = text.capacity;
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), &error), ACCORD_TOO_LARGE);
    assert_string_equal(error.what, "proof");
    text.size--;
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), &error), ACCORD_MALFORMED);
}

static void extras(void **state)
{
    (void)state;
    TRUST_OUT(text, 512);
    uint8_t decoded[8] = "kept";
    struct accord_proof_claim proof;
    struct accord_error error;
    struct accord_merkle_proof none = {0};
    struct accord_out out = {decoded, sizeof decoded, 4, false};
    accord_proof_print(&text, (struct accord_bytes){NULL, 0}, 7, &none, slice(CHECKPOINT));
    assert_slice(accord_out_bytes(&text), PROOF "index 7\n\n" CHECKPOINT);
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), NULL), ACCORD_OK);
    assert_int_equal(accord_proof_extra(&proof, &out, &error), ACCORD_NO_ENTRY);

    text.size = 0;
    accord_proof_print(&text, slice(""), 7, &none, slice(CHECKPOINT));
    assert_slice(accord_out_bytes(&text), PROOF "extra \nindex 7\n\n" CHECKPOINT);
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), NULL), ACCORD_OK);
    assert_int_equal(accord_proof_extra(&proof, &out, &error), ACCORD_OK);
    assert_int_equal(out.size, 4);

    text.size = 0;
    accord_proof_print(&text, slice("more"), 7, &none, slice(CHECKPOINT));
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), NULL), ACCORD_OK);
    assert_int_equal(accord_proof_extra(&proof, &out, &error), ACCORD_OK);
    assert_slice(accord_out_bytes(&out), "keptmore");
    assert_int_equal(accord_proof_extra(&proof, &out, &error), ACCORD_TOO_LARGE);
}

/* A tree of two entries, and the proof of the second. */
static void binding(void **state)
{
    (void)state;
    TRUST_OUT(text, 512);
    struct accord_proof_claim proof;
    struct accord_error error;
    struct accord_checkpoint checkpoint = {.verified = true, .origin = slice("log"), .size = 2};
    struct accord_merkle_proof inclusion = {.count = 1};
    uint8_t leaf[ACCORD_HASH_SIZE];
    accord_merkle_leaf(crypto, slice("one"), inclusion.hash[0]);
    accord_merkle_leaf(crypto, slice("two"), leaf);
    accord_merkle_node(crypto, inclusion.hash[0], leaf, checkpoint.root);
    TRUST_OUT(note, 512);
    accord_checkpoint_print(&note, slice("log"), 2, checkpoint.root);
    accord_put(&note, slice("\n\xe2\x80\x94 a AAAAAQE=\n"));
    accord_proof_print(&text, slice("two"), 1, &inclusion, accord_out_bytes(&note));
    assert_int_equal(accord_proof_parse(&proof, accord_out_bytes(&text), NULL), ACCORD_OK);
    assert_int_equal(accord_proof_verify(&proof, &checkpoint, slice("two"), crypto, &error), ACCORD_OK);
    assert_int_equal(accord_proof_verify(&proof, &checkpoint, slice("one"), crypto, &error), ACCORD_INCLUSION);
    assert_int_equal(accord_proof_verify(&proof, &checkpoint, slice("two "), crypto, NULL), ACCORD_INCLUSION);

    struct accord_checkpoint other = {0};
    assert_int_equal(accord_proof_verify(&proof, &other, slice("two"), crypto, &error), ACCORD_UNSIGNED);
    assert_string_equal(error.what, "log");
    other = checkpoint;
    other.verified = false;
    assert_int_equal(accord_proof_verify(&proof, &other, slice("two"), crypto, &error), ACCORD_UNSIGNED);
    other = checkpoint;
    other.origin = slice("log2");
    assert_int_equal(accord_proof_verify(&proof, &other, slice("two"), crypto, &error), ACCORD_UNSIGNED);
    other = checkpoint;
    other.size = 3;
    assert_int_equal(accord_proof_verify(&proof, &other, slice("two"), crypto, &error), ACCORD_UNSIGNED);
    other = checkpoint;
    other.root[31] ^= 1;
    assert_int_equal(accord_proof_verify(&proof, &other, slice("two"), crypto, &error), ACCORD_UNSIGNED);

    proof.index = 0;
    assert_int_equal(accord_proof_verify(&proof, &checkpoint, slice("two"), crypto, &error), ACCORD_INCLUSION);
    proof.index = 2;
    assert_int_equal(accord_proof_verify(&proof, &checkpoint, slice("two"), crypto, &error), ACCORD_WRONG_INDEX);
    assert_string_equal(error.expected, "2");
    assert_string_equal(error.found, "2");
}

/* The trees of the vectors: all of them are beginnings of one. */
#define VECTOR_SIZE_MAX 70000U
static uint8_t nodes[17][VECTOR_SIZE_MAX][ACCORD_HASH_SIZE];
static struct accord_frontier frontier;
static size_t roots, inclusions, consistencies, verdicts;

static void store(void *context, unsigned level, uint64_t index, const uint8_t hash[ACCORD_HASH_SIZE])
{
    (void)context;
    memcpy(nodes[level][index], hash, ACCORD_HASH_SIZE);
}

static enum accord_status read_node(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    (void)context;
    memcpy(hash, nodes[level][index], ACCORD_HASH_SIZE);
    return ACCORD_OK;
}

static const struct accord_hash_source source = {NULL, read_node};

static uint64_t cut_number(struct accord_bytes *line)
{
    struct accord_bytes word = *line;
    uint64_t number;
    if (!accord_cut(line, ' ', &word))
        *line = (struct accord_bytes){NULL, 0};
    assert_true(accord_decimal_read(word, &number));
    return number;
}

static void read_hashes(struct accord_bytes line, struct accord_merkle_proof *proof)
{
    for (proof->count = 0; line.size > 0; proof->count++) {
        struct accord_bytes word = line;
        if (!accord_cut(&line, ' ', &word))
            line.size = 0;
        assert_true(accord_base64_read(word, proof->hash[proof->count], ACCORD_HASH_SIZE));
    }
}

static void assert_same_proof(const struct accord_merkle_proof *ours, const struct accord_merkle_proof *go)
{
    assert_int_equal(ours->count, go->count);
    assert_memory_equal(ours->hash, go->hash, go->count * ACCORD_HASH_SIZE);
}

static void check_root(struct accord_bytes line)
{
    struct accord_merkle_proof go;
    uint64_t size = cut_number(&line);
    uint8_t root[ACCORD_HASH_SIZE];
    read_hashes(line, &go);
    assert_true(size >= frontier.size && size <= VECTOR_SIZE_MAX);
    while (frontier.size < size) {
        char entry[32];
        uint8_t leaf[ACCORD_HASH_SIZE];
        snprintf(entry, sizeof entry, "entry %u", (unsigned)frontier.size);
        accord_merkle_leaf(crypto, slice(entry), leaf);
        accord_frontier_append(crypto, &frontier, leaf, store, NULL);
    }
    accord_frontier_root(crypto, &frontier, root);
    assert_memory_equal(root, go.hash[0], sizeof root);
    roots++;
}

static void check_inclusion(struct accord_bytes line)
{
    struct accord_merkle_proof go, ours;
    uint8_t root[ACCORD_HASH_SIZE];
    uint64_t size = cut_number(&line), index = cut_number(&line);
    read_hashes(line, &go);
    assert_int_equal(accord_inclusion_prove(crypto, &source, index, size, &ours), ACCORD_OK);
    assert_same_proof(&ours, &go);
    assert_int_equal(accord_root_compute(crypto, &source, size, root), ACCORD_OK);
    assert_int_equal(accord_inclusion_verify(crypto, index, size, nodes[0][index], &go, root), ACCORD_OK);
    inclusions++;
}

static void check_consistency(struct accord_bytes line)
{
    struct accord_merkle_proof go, ours;
    uint8_t old_root[ACCORD_HASH_SIZE], new_root[ACCORD_HASH_SIZE];
    uint64_t old_size = cut_number(&line), new_size = cut_number(&line);
    read_hashes(line, &go);
    assert_int_equal(accord_consistency_prove(crypto, &source, old_size, new_size, &ours), ACCORD_OK);
    assert_same_proof(&ours, &go);
    assert_int_equal(accord_root_compute(crypto, &source, old_size, old_root), ACCORD_OK);
    assert_int_equal(accord_root_compute(crypto, &source, new_size, new_root), ACCORD_OK);
    assert_int_equal(accord_consistency_verify(crypto, old_size, new_size, old_root, new_root, &go), ACCORD_OK);
    consistencies++;
}

/* One case of the vectors, with its values unescaped. */
struct vector {
    char name[64], go[16], accord[16];
    uint8_t data[3][1 << 13]; /* entry, policy, proof */
    struct accord_bytes value[3];
};

static struct accord_bytes unescape(struct accord_bytes text, uint8_t *data, size_t capacity)
{
    struct accord_out out = {data, capacity, 0, false};
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '\\') {
            byte = text.data[++i];
            if (byte == 'n')
                byte = '\n';
            else if (byte == 'x') {
                assert_true(accord_hex_read((struct accord_bytes){text.data + i + 1, 2}, &byte, 1));
                i += 2;
            }
        }
        accord_put_byte(&out, byte);
    }
    assert_false(out.full);
    return accord_out_bytes(&out);
}

static const char *judge(const struct vector *vector)
{
    static struct accord_policy policy;
    struct accord_proof_claim proof;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    if (accord_policy_parse(&policy, vector->value[1], crypto, NULL) != ACCORD_OK)
        return "policy";
    if (accord_proof_parse(&proof, vector->value[2], NULL) != ACCORD_OK ||
        accord_policy_verify(&policy, &proof.checkpoint, crypto, &checkpoint, &cosigners, NULL) != ACCORD_OK ||
        accord_proof_verify(&proof, &checkpoint, vector->value[0], crypto, NULL) != ACCORD_OK)
        return "refused";
    return "accepted";
}

static void check_case(struct vector *vector)
{
    if (vector->name[0] == 0)
        return;
    const char *expected = vector->accord[0] != 0 ? vector->accord : vector->go;
    const char *verdict = judge(vector);
    if (strcmp(verdict, expected) != 0)
        fail_msg("%s: %s, expected %s", vector->name, verdict, expected);
    verdicts++;
    memset(vector, 0, sizeof *vector);
}

static void copy_word(struct accord_bytes line, char *word, size_t capacity)
{
    struct accord_bytes first = line;
    (void)!accord_cut(&line, ' ', &first);
    assert_true(first.size < capacity);
    memcpy(word, first.data, first.size);
    word[first.size] = 0;
}

static void read_line(struct vector *vector, struct accord_bytes line)
{
    static const char *const values[] = {"entry ", "policy ", "proof "};
    if (accord_cut_prefix(&line, slice("root ")))
        check_root(line);
    else if (accord_cut_prefix(&line, slice("inclusion ")))
        check_inclusion(line);
    else if (accord_cut_prefix(&line, slice("consistency ")))
        check_consistency(line);
    else if (accord_cut_prefix(&line, slice("case ")))
        copy_word(line, vector->name, sizeof vector->name);
    else if (accord_cut_prefix(&line, slice("go ")))
        copy_word(line, vector->go, sizeof vector->go);
    else if (accord_cut_prefix(&line, slice("accord ")))
        copy_word(line, vector->accord, sizeof vector->accord);
    else if (line.size == 0)
        check_case(vector);
    else if (line.data[0] != '#')
        for (size_t i = 0;; i++) {
            assert_true(i < 3);
            if (accord_cut_prefix(&line, slice(values[i]))) {
                vector->value[i] = unescape(line, vector->data[i], sizeof vector->data[i]);
                return;
            }
        }
}

static void vectors_of_go(void **state)
{
    (void)state;
    static struct vector vector;
    FILE *file = fopen("tests/vectors/proofs.txt", "r");
    assert_non_null(file);
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t size = getline(&line, &capacity, file); size > 0; size = getline(&line, &capacity, file)) {
        assert_int_equal(line[size - 1], '\n');
        read_line(&vector, (struct accord_bytes){(const uint8_t *)line, (size_t)size - 1});
    }
    check_case(&vector);
    free(line);
    fclose(file);
    assert_int_equal(roots, 27);
    assert_true(inclusions > 100 && consistencies > 100 && verdicts > 80);
}

int main(void)
{
    accord_crypto_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar),
        cmocka_unit_test(refusals_name_their_place),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(bounds),
        cmocka_unit_test(extras),
        cmocka_unit_test(binding),
        cmocka_unit_test(vectors_of_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
