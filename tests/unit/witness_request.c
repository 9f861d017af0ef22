/* The body of an add-checkpoint request: the specification's example, each line's rule, and printing. */
#include "witnessing.h"

#define HASH "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
#define CHECKPOINT                                                                                                     \
    "example.com/behind-the-sofa\n"                                                                                    \
    "20852163\n"                                                                                                       \
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"                                                                   \
    "\n"                                                                                                               \
    "\xe2\x80\x94 example.com/behind-the-sofa "                                                                        \
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"                   \
    "\xe2\x80\x94 example.com/behind-the-sofa "                                                                        \
    "opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
#define EXAMPLE                                                                                                        \
    "old 20852014\n"                                                                                                   \
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"                                                                   \
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"                                                                   \
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"                                                                   \
    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"                                                                   \
    "\n" CHECKPOINT

static void test_the_specifications_example(void **state)
{
    (void)state;
    struct accord_add_checkpoint request;
    assert_int_equal(accord_add_checkpoint_parse(&request, slice(EXAMPLE), NULL), ACCORD_OK);
    assert_int_equal(request.old_size, 20852014);
    assert_int_equal(request.proof.count, 4);
    assert_int_equal(request.proof.hash[0][0], 0x3e);
    assert_int_equal(request.proof.hash[3][0], 0xff);
    assert_slice(request.checkpoint_bytes, CHECKPOINT);
    assert_slice(request.checkpoint.origin, "example.com/behind-the-sofa");
    assert_int_equal(request.checkpoint.size, 20852163);
    assert_int_equal(request.checkpoint.note.signature_count, 2);

    uint8_t data[2048];
    struct accord_out out = {data, sizeof data, 0, false};
    accord_add_checkpoint_print(&out, request.old_size, &request.proof, request.checkpoint_bytes);
    assert_false(out.full);
    assert_slice(accord_out_bytes(&out), EXAMPLE);
}

static void test_no_proof(void **state)
{
    (void)state;
    struct accord_add_checkpoint request;
    assert_int_equal(accord_add_checkpoint_parse(&request, slice("old 0\n\n" CHECKPOINT), NULL), ACCORD_OK);
    assert_int_equal(request.old_size, 0);
    assert_int_equal(request.proof.count, 0);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum accord_status status;
        uint64_t line;
    } cases[] = {
        {"", ACCORD_MALFORMED, 1},
        {"old 1", ACCORD_MALFORMED, 1},
        {"\n\n" CHECKPOINT, ACCORD_MALFORMED, 1},
        {"Old 1\n\n" CHECKPOINT, ACCORD_MALFORMED, 1},
        {"old1\n\n" CHECKPOINT, ACCORD_MALFORMED, 1},
        {"old  1\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old \n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old 01\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old 00\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old -1\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old +1\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old 1 \n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old 1\r\n\r\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old 18446744073709551616\n\n" CHECKPOINT, ACCORD_BAD_DECIMAL, 1},
        {"old 1\n", ACCORD_MALFORMED, 2},
        {"old 1\n" CHECKPOINT, ACCORD_BAD_BASE64, 2},
        {"old 1\n" HASH, ACCORD_MALFORMED, 3},
        {"old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw\n\n" CHECKPOINT, ACCORD_BAD_BASE64, 2},
        {"old 1\n" HASH "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=\n\n" CHECKPOINT, ACCORD_BAD_BASE64, 3},
        {"old 1\n" HASH "AAAA\n\n" CHECKPOINT, ACCORD_BAD_BASE64, 3},
        {"old 1\n\n", ACCORD_MALFORMED, 0},
        {"old 1\n" HASH "\n\n" CHECKPOINT, ACCORD_MALFORMED, 4},
        {"old 1\n" HASH "\norigin\n01\n" HASH "\n\xe2\x80\x94 origin AAAAAAA=\n", ACCORD_BAD_DECIMAL, 5},
        {"old 1\n\n" CHECKPOINT "\n", ACCORD_MALFORMED, 0},
        {"old 1\n\n" CHECKPOINT "x", ACCORD_MALFORMED, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accord_add_checkpoint request;
        struct accord_error error = {0};
        enum accord_status status = accord_add_checkpoint_parse(&request, slice(cases[i].body), &error);
        if (status != cases[i].status || (cases[i].line != 0 && error.line != cases[i].line))
            fail_msg("case %zu: status %d in line %d", i, (int)status, (int)error.line);
        assert_int_equal(error.status, status);
        assert_int_equal(accord_add_checkpoint_parse(&request, slice(cases[i].body), NULL), status);
    }
}

/* "The client MUST NOT send more than 63 consistency proof lines." */
static void test_63_hashes_and_no_more(void **state)
{
    (void)state;
    for (int count = 63; count <= 64; count++) {
        char body[8192] = "old 1\n";
        for (int i = 0; i < count; i++)
            strcat(body, HASH);
        strcat(body, "\n" CHECKPOINT);
        struct accord_add_checkpoint request;
        struct accord_error error = {0};
        enum accord_status status = accord_add_checkpoint_parse(&request, slice(body), &error);
        assert_int_equal(status, count == 63 ? ACCORD_OK : ACCORD_TOO_LARGE);
        if (count == 63)
            assert_int_equal(request.proof.count, 63);
        else
            assert_int_equal(error.line, 65);
    }
}

static void test_every_cut_is_refused(void **state)
{
    (void)state;
    size_t size = strlen(EXAMPLE),
           whole = size - strlen(strrchr(EXAMPLE, ' ')) - strlen(" example.com/behind-the-sofa");
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut + 1);
        assert_non_null(exact);
        memcpy(exact, EXAMPLE, cut);
        struct accord_add_checkpoint request;
        enum accord_status status = accord_add_checkpoint_parse(&request, (struct accord_bytes){exact, cut}, NULL);
        /* without its last signature line it is a request again */
        if ((status == ACCORD_OK) != (cut == whole - strlen("\xe2\x80\x94")))
            fail_msg("cut at %zu: status %d", cut, (int)status);
        free(exact);
    }
}

static void test_too_large(void **state)
{
    (void)state;
    size_t size = 2 * ACCORD_NOTE_SIZE_MAX;
    char *body = malloc(size);
    assert_non_null(body);
    memset(body, 'a', size);
    memcpy(body, "old 0\n\n", 7);
    struct accord_add_checkpoint request;
    assert_int_equal(accord_add_checkpoint_parse(&request, (struct accord_bytes){(uint8_t *)body, size}, NULL),
                     ACCORD_TOO_LARGE);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_specifications_example),
        cmocka_unit_test(test_no_proof),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_63_hashes_and_no_more),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
