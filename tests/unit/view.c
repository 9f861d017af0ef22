/* Views: what mail and telephones do to a checkpoint is undone, and nothing is taken for one that is none. */
#include "evidence/view.h"
#include "witnessing.h"

#define ORIGIN "log.example/one"

static struct test_log one;
static uint8_t space[1 << 16];

static int set_up(void **state)
{
    (void)state;
    accord_crypto_start();
    test_log_init(&one, ORIGIN, 8);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    accord_signer_free(one.signer);
    return 0;
}

static struct accord_buffer note_of(int branch, uint64_t size)
{
    struct accord_buffer note;
    uint8_t root[ACCORD_HASH_SIZE];
    accord_buffer_init(&note, 4096);
    test_log_root(&one, branch, size, root);
    put_checkpoint(&note, one.signer, ORIGIN, size, root);
    return note;
}

static enum accord_status read_view(struct accord_view *view, struct accord_bytes text, struct accord_error *error)
{
    struct accord_out memory = {space, sizeof space, 0, false};
    assert_true(2 * text.size + 1024 <= sizeof space);
    return accord_view_read(view, text, &memory, &accord_crypto_default, error);
}

/* The note's text with each line break, space or start of a line made into something else. */
static void mangle(struct accord_buffer *out, struct accord_bytes note, const char *start, const char *space_text,
                   const char *end)
{
    put(out, slice(start));
    for (size_t i = 0; i < note.size; i++) {
        if (note.data[i] == '\n') {
            put(out, slice(end));
            put(out, slice(i + 1 < note.size ? start : ""));
        } else if (note.data[i] == ' ') {
            put(out, slice(space_text));
        } else {
            put(out, (struct accord_bytes){note.data + i, 1});
        }
    }
}

static void mails(void **state)
{
    (void)state;
    static const struct {
        const char *before, *start, *space, *end, *after;
    } cases[] = {
        {"", "", " ", "\n", ""},
        {"", "", " ", "\r\n", ""},
        {"\n\n", "", " ", "\n", "\n"},
        {"Hello,\n\n", "> ", " ", "\n", "\nyours\n"},
        {"Hello,\nI got\n", ">>> > ", " ", " \r\n", "> \n> me too\n"},
        {"He wrote:\n", "\t", " ", "\n", "-- \nme\n"},
        {"", "> ", "\n> ", "\n", ""},
        {"7\n\n12\n", "   ", "   ", "\n", ""},
        {"", "> ", "\r\n>\r\n> ", "\r\n", ""},
    };
    struct accord_buffer note = note_of(0, 12);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accord_buffer text;
        struct accord_view view;
        struct accord_error error = {0};
        accord_buffer_init(&text, 8192);
        put(&text, slice(cases[i].before));
        mangle(&text, accord_buffer_bytes(&note), cases[i].start, cases[i].space, cases[i].end);
        put(&text, slice(cases[i].after));
        assert_int_equal(read_view(&view, accord_buffer_bytes(&text), &error), ACCORD_OK);
        assert_true(accord_bytes_equal(view.note, accord_buffer_bytes(&note)));
        assert_slice(view.checkpoint.origin, ORIGIN);
        assert_int_equal(
            accord_note_signed_by(&view.checkpoint.note, accord_signer_vkey(one.signer), &accord_crypto_default, NULL),
            ACCORD_SIGNED);
        /* The same view twice, as in an answer that quotes it, is one view. */
        put(&text, slice("\n"));
        put(&text, accord_buffer_bytes(&note));
        assert_int_equal(read_view(&view, accord_buffer_bytes(&text), &error), ACCORD_OK);
        accord_buffer_free(&text);
    }
    accord_buffer_free(&note);
}

static void several_are_refused(void **state)
{
    (void)state;
    struct accord_view view;
    struct accord_error error = {0};
    struct accord_buffer a = note_of(0, 12), b = note_of(1, 12);
    put(&a, slice("\n"));
    put(&a, accord_buffer_bytes(&b));
    assert_int_equal(read_view(&view, accord_buffer_bytes(&a), &error), ACCORD_DUPLICATE);
    assert_int_equal(read_view(&view,
                               slice("accord/v1/view a 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                                     "accord/v1/view a 2 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
                               &error),
                     ACCORD_DUPLICATE);
    accord_buffer_free(&a);
    accord_buffer_free(&b);
}

/* Cut anywhere a checkpoint is none, or one that nobody signed. */
static void what_is_cut(void **state)
{
    (void)state;
    struct accord_buffer note = note_of(0, 12);
    struct accord_view view;
    for (size_t cut = 0; cut + 1 < note.size; cut++)
        if (read_view(&view, (struct accord_bytes){note.data, cut}, NULL) == ACCORD_OK)
            assert_int_equal(accord_note_signed_by(&view.checkpoint.note, accord_signer_vkey(one.signer),
                                                   &accord_crypto_default, NULL),
                             ACCORD_SIGNED_WRONGLY);
    accord_buffer_free(&note);
}

static size_t print_line(struct accord_bytes note, uint8_t *line, size_t size)
{
    struct accord_checkpoint_claim claim;
    struct accord_out out = {line, size, 0, false};
    assert_int_equal(accord_checkpoint_parse(&claim, note, NULL), ACCORD_OK);
    accord_view_print(&out, &claim, &accord_crypto_default);
    assert_false(out.full);
    return out.size;
}

static void lines(void **state)
{
    (void)state;
    uint8_t line[256];
    struct accord_view view, again;
    struct accord_buffer note = note_of(0, 12);
    size_t size = print_line(accord_buffer_bytes(&note), line, sizeof line);
    assert_true(size <= ACCORD_VIEW_LINE_SIZE);
    assert_int_equal(read_view(&view, (struct accord_bytes){line, size}, NULL), ACCORD_OK);
    assert_true(accord_bytes_equal(view.note, accord_buffer_bytes(&note))); /* the whole note comes back */
    assert_int_equal(read_view(&again, accord_buffer_bytes(&note), NULL), ACCORD_OK);
    assert_true(accord_view_same_log(&view, &again));
    /* With a word less it says the same, signed by nobody. */
    while (line[size - 1] != ' ')
        size--;
    assert_int_equal(read_view(&view, (struct accord_bytes){line, size}, NULL), ACCORD_OK);
    assert_int_equal(view.note.size, 0);
    assert_int_equal(view.checkpoint.size, 12);
    assert_memory_equal(view.checkpoint.root, again.checkpoint.root, ACCORD_HASH_SIZE);
    accord_buffer_free(&note);
}

/* Origins of any length and form: the line is short, and another origin's line is another log's. */
static void origins(void **state)
{
    (void)state;
    static const char *const origins[] = {
        "a b", "sha256:00", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", " ", "x"};
    char origin[256], other[256];
    for (size_t i = 0; i < 255 + 5; i++) {
        uint8_t line[256], root[ACCORD_HASH_SIZE] = {1};
        struct accord_buffer note;
        struct accord_view view, whole;
        accord_buffer_init(&note, 4096);
        memset(origin, 'o', sizeof origin);
        snprintf(origin + (i < 255 ? i + 1 : 0), i < 255 ? 1 : sizeof origin, "%s", i < 255 ? "" : origins[i - 255]);
        put_checkpoint(&note, one.signer, origin, INT64_MAX, root);
        size_t size = print_line(accord_buffer_bytes(&note), line, sizeof line);
        assert_true(size <= ACCORD_VIEW_LINE_SIZE);
        assert_int_equal(read_view(&view, (struct accord_bytes){line, size}, NULL), ACCORD_OK);
        assert_int_equal(read_view(&whole, accord_buffer_bytes(&note), NULL), ACCORD_OK);
        assert_true(accord_view_same_log(&view, &whole));
        assert_int_equal(view.checkpoint.size, INT64_MAX);
        assert_memory_equal(view.checkpoint.root, root, sizeof root);
        snprintf(other, sizeof other, "%s", origin);
        other[0] = other[0] == 'o' ? 'p' : 'o';
        note.size = 0;
        put_checkpoint(&note, one.signer, other, INT64_MAX, root);
        assert_int_equal(read_view(&whole, accord_buffer_bytes(&note), NULL), ACCORD_OK);
        assert_false(accord_view_same_log(&view, &whole));
        accord_buffer_free(&note);
    }
}

/* A signature over extension lines, which a line has no room for, is left out. */
static void extensions(void **state)
{
    (void)state;
    uint8_t line[256];
    struct accord_buffer note;
    struct accord_bytes text = slice(ORIGIN "\n12\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension 1\n");
    struct accord_view view;
    accord_buffer_init(&note, 4096);
    put(&note, text);
    put(&note, slice("\n"));
    assert_int_equal(accord_signer_sign(one.signer, text, NOW, &note, NULL), ACCORD_OK);
    size_t size = print_line(accord_buffer_bytes(&note), line, sizeof line);
    assert_int_equal(read_view(&view, (struct accord_bytes){line, size}, NULL), ACCORD_OK);
    assert_int_equal(view.note.size, 0);
    struct accord_buffer mail;
    accord_buffer_init(&mail, 4096);
    mangle(&mail, accord_buffer_bytes(&note), "> ", " ", "\n"); /* but a mail keeps them */
    assert_int_equal(read_view(&view, accord_buffer_bytes(&mail), NULL), ACCORD_OK);
    assert_true(accord_bytes_equal(view.note, accord_buffer_bytes(&note)));
    accord_buffer_free(&mail);
    accord_buffer_free(&note);
}

static enum accord_status read_hash(void *context, unsigned level, uint64_t index, uint8_t hash[ACCORD_HASH_SIZE])
{
    uint64_t width = (uint64_t)1 << level;
    tree_hash(((struct test_log *)context)->leaf[1], index * width, (index + 1) * width, hash);
    return ACCORD_OK;
}

static void beginnings(void **state)
{
    (void)state;
    struct accord_hash_source source = {&one, read_hash};
    for (uint64_t first = 1; first < 24; first++) {
        struct accord_checkpoint_claim claim = {.size = 24};
        struct accord_merkle_proof proof, read;
        uint8_t root[ACCORD_HASH_SIZE], expected[ACCORD_HASH_SIZE], read_root[ACCORD_HASH_SIZE], text[4096];
        test_log_root(&one, 1, 24, claim.root);
        test_log_root(&one, 1, first, expected);
        assert_int_equal(accord_view_prove(&accord_crypto_default, &source, first, &claim, root, &proof), ACCORD_OK);
        assert_memory_equal(root, expected, sizeof root);
        struct accord_out out = {text, sizeof text, 0, false};
        accord_put_base64(&out, (struct accord_bytes){root, sizeof root});
        for (size_t i = 0; i < proof.count; i++) {
            accord_put_byte(&out, '\n');
            accord_put_base64(&out, (struct accord_bytes){proof.hash[i], ACCORD_HASH_SIZE});
        }
        assert_int_equal(accord_view_proof_parse(accord_out_bytes(&out), read_root, &read, NULL), ACCORD_MALFORMED);
        accord_put_byte(&out, '\n');
        assert_int_equal(accord_view_proof_parse(accord_out_bytes(&out), read_root, &read, NULL), ACCORD_OK);
        assert_int_equal(read.count, proof.count);
        assert_memory_equal(read.hash, proof.hash, proof.count * ACCORD_HASH_SIZE);
        accord_put_byte(&out, '\n');
        assert_int_equal(accord_view_proof_parse(accord_out_bytes(&out), read_root, &read, NULL), ACCORD_BAD_BASE64);
        claim.root[0] ^= 1;
        assert_int_equal(accord_view_prove(&accord_crypto_default, &source, first, &claim, root, &proof),
                         ACCORD_CONSISTENCY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails),       cmocka_unit_test(several_are_refused),
        cmocka_unit_test(what_is_cut), cmocka_unit_test(lines),
        cmocka_unit_test(origins),     cmocka_unit_test(extensions),
        cmocka_unit_test(beginnings),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
