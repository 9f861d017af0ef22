/* Checkpoints: C2SP's example, the edges of each line, and the printer. */
#include "slices.h"

#include "accord/checkpoint.h"

#include <stdio.h>

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define TEXT "example.com/behind-the-sofa\n20852163\n" ROOT "\n"
#define LINES                                                                                                          \
    "\xe2\x80\x94 example.com/behind-the-sofa "                                                                        \
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"                   \
    "\xe2\x80\x94 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ" \
    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"

static void example_of_the_specification(void **state)
{
    (void)state;
    struct accord_checkpoint_claim checkpoint;
    uint8_t data[128];
    struct accord_out out = {data, sizeof data, 0, false};
    assert_int_equal(accord_checkpoint_parse(&checkpoint, slice(TEXT "\n" LINES), NULL), ACCORD_OK);
    assert_slice(checkpoint.origin, "example.com/behind-the-sofa");
    assert_true(checkpoint.size == 20852163);
    assert_int_equal(checkpoint.root[0], 0x0a);
    assert_int_equal(checkpoint.root[31], 0x62);
    assert_int_equal(checkpoint.extensions.size, 0);
    assert_int_equal(checkpoint.note.signature_count, 2);
    accord_checkpoint_print(&out, checkpoint.origin, checkpoint.size, checkpoint.root);
    assert_slice(accord_out_bytes(&out), TEXT);
}

static void text_alone(void **state)
{
    (void)state;
    struct accord_checkpoint_claim checkpoint;
    assert_int_equal(accord_checkpoint_text_parse(&checkpoint, slice(TEXT "one\ntwo\n"), NULL), ACCORD_OK);
    assert_slice(checkpoint.extensions, "one\ntwo\n");
    assert_slice(checkpoint.note.text, TEXT "one\ntwo\n");
    assert_int_equal(checkpoint.note.signature_count, 0);
    assert_int_equal(checkpoint.note.signatures.size, 0);
    assert_int_equal(accord_checkpoint_text_parse(&checkpoint, slice(TEXT "\n" LINES), NULL), ACCORD_MALFORMED);
}

static void refusals_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
    } cases[] = {
        {"", ACCORD_MALFORMED, 1},
        {"o", ACCORD_MALFORMED, 1},
        {"\n1\n" ROOT "\n", ACCORD_MALFORMED, 1},
        {"o\n", ACCORD_BAD_DECIMAL, 2},
        {"o\n1", ACCORD_BAD_DECIMAL, 2},
        {"o\n01\n" ROOT "\n", ACCORD_BAD_DECIMAL, 2},
        {"o\n-1\n" ROOT "\n", ACCORD_BAD_DECIMAL, 2},
        {"o\n\n" ROOT "\n", ACCORD_BAD_DECIMAL, 2},
        {"o\n9223372036854775808\n" ROOT "\n", ACCORD_BAD_DECIMAL, 2},
        {"o\n1\n", ACCORD_BAD_BASE64, 3},
        {"o\n1\n" ROOT, ACCORD_BAD_BASE64, 3},
        {"o\n1\n" ROOT " \n", ACCORD_BAD_BASE64, 3},
        {"o\n1\nAAAA\n", ACCORD_BAD_BASE64, 3},
        {"o\n1\n" ROOT "\n\n", ACCORD_MALFORMED, 4},
        {"o\n1\n" ROOT "\nx", ACCORD_MALFORMED, 4},
        {"o\n1\n" ROOT "\nx\n\n", ACCORD_MALFORMED, 5},
        {"o\r\n1\r\n" ROOT "\r\n", ACCORD_NOT_UTF8, 1},
        {"o\n1\n" ROOT "\n\xff\n", ACCORD_NOT_UTF8, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct accord_checkpoint_claim checkpoint;
        struct accord_error error;
        assert_int_equal(accord_checkpoint_text_parse(&checkpoint, slice(cases[i].text), &error), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        char whole[512];
        snprintf(whole, sizeof whole, "%s\n%s", cases[i].text, LINES);
        assert_int_not_equal(accord_checkpoint_parse(&checkpoint, slice(whole), &error), ACCORD_OK);
    }
}

static void bounds(void **state)
{
    (void)state;
    struct accord_checkpoint_claim checkpoint;
    char text[ACCORD_CHECKPOINT_TEXT_SIZE_MAX + 2], origin[ACCORD_ORIGIN_SIZE_MAX + 2];
    memset(origin, 'o', sizeof origin);
    origin[ACCORD_ORIGIN_SIZE_MAX + 1] = 0;
    snprintf(text, sizeof text, "%s\n9223372036854775807\n" ROOT "\n", origin);
    assert_int_equal(accord_checkpoint_text_parse(&checkpoint, slice(text), NULL), ACCORD_TOO_LARGE);
    assert_int_equal(accord_checkpoint_text_parse(&checkpoint, slice(text + 1), NULL), ACCORD_OK);
    assert_true(checkpoint.size == INT64_MAX);

    memset(text, 'x', sizeof text);
    memcpy(text, "o\n1\n" ROOT "\n", 4 + strlen(ROOT) + 1);
    text[sizeof text - 2] = '\n';
    struct accord_bytes longer = {(uint8_t *)text, sizeof text - 1};
    assert_int_equal(accord_checkpoint_text_parse(&checkpoint, longer, NULL), ACCORD_TOO_LARGE);
    text[sizeof text - 3] = '\n';
    struct accord_bytes longest = {(uint8_t *)text, sizeof text - 2};
    assert_int_equal(accord_checkpoint_text_parse(&checkpoint, longest, NULL), ACCORD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_the_specification),
        cmocka_unit_test(text_alone),
        cmocka_unit_test(refusals_name_their_line),
        cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
