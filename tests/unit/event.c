/* Log lines: one line each, whatever is in it. */
#include "slices.h"

#include "serve/event.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char line[8192];

static int caught[2], kept;

static void begin_to_catch(void)
{
    fflush(stderr);
    assert_int_equal(pipe(caught), 0);
    kept = dup(STDERR_FILENO);
    assert_true(kept >= 0 && dup2(caught[1], STDERR_FILENO) >= 0);
}

/* What was written since, after its time, which is checked for its form. */
static const char *caught_line(void)
{
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    close(caught[1]);
    ssize_t got = read(caught[0], line, sizeof line - 1);
    close(caught[0]);
    assert_true(got > 0);
    line[got] = 0;
    static const char form[] = "time=dddd-dd-ddTdd:dd:ddZ ";
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] == 'd')
            assert_in_range(line[i], '0', '9');
        else
            assert_int_equal(line[i], form[i]);
    }
    return line + sizeof form - 1;
}

static void plain_lines(void **state)
{
    (void)state;
    begin_to_catch();
    accord_event(ACCORD_EVENT_INFO, "published", "size=%d root=%s", 42, "ab");
    assert_string_equal(caught_line(), "level=info event=published size=42 root=ab\n");
    begin_to_catch();
    accord_event(ACCORD_EVENT_WARNING, "stopping", NULL);
    assert_string_equal(caught_line(), "level=warning event=stopping\n");
}

static void errors(void **state)
{
    (void)state;
    struct accord_error error;
    accord_fail(&error, ACCORD_NOT_FOUND, 3);
    accord_error_what(&error, slice("the\nfile"));
    begin_to_catch();
    accord_event_error(ACCORD_EVENT_ERROR, "reload-failed", "a b", &error);
    assert_string_equal(caught_line(), "level=error event=reload-failed subject=\"a b\" rule=not-found "
                                       "message=\"line 3: the?file: it does not exist\"\n");
    begin_to_catch();
    accord_event_error(ACCORD_EVENT_ERROR, "x", NULL, &error);
    assert_null(strstr(caught_line(), "subject"));
}

static void long_lines(void **state)
{
    (void)state;
    static char value[5000];
    memset(value, 'x', sizeof value - 1);
    begin_to_catch();
    accord_event(ACCORD_EVENT_INFO, "long", "value=%s more=%d", value, 1);
    const char *said = caught_line();
    assert_true(strlen(line) <= 2048 && strlen(line) > 2000);
    assert_ptr_equal(strchr(said, '\n'), line + strlen(line) - 1);
}

/* Where nobody reads, lines are lost, and none is waited for. */
static void full_pipe(void **state)
{
    static char value[1000], all[1 << 20];
    (void)state;
    memset(value, 'x', sizeof value - 1);
    begin_to_catch();
    for (unsigned i = 0; i < 2000; i++)
        accord_event(ACCORD_EVENT_INFO, "full", "value=%s", value);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    close(caught[1]);
    size_t size = 0;
    for (ssize_t got; (got = read(caught[0], all + size, sizeof all - size)) > 0;)
        size += (size_t)got;
    close(caught[0]);
    assert_in_range(size, 4096, 2000 * 1000);
    assert_int_equal(all[size - 1], '\n');
}

static void quoting(void **state)
{
    (void)state;
    static const struct {
        const char *value, *quoted;
    } cases[] = {
        {"plain/1:2", "plain/1:2"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"new\nline\x7f", "\"new\\x0aline\\x7f\""},
        {"\xe2\x80\x94", "\"\\xe2\\x80\\x94\""},
    };
    char text[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ptr_equal(accord_event_quote(text, sizeof text, slice(cases[i].value)), text);
        assert_string_equal(text, cases[i].quoted);
    }
}

/* Whatever the room, the text ends, and a quote that was opened is closed. */
static void quoting_to_fit(void **state)
{
    (void)state;
    char text[64];
    for (size_t size = 1; size < 40; size++) {
        memset(text, '#', sizeof text);
        accord_event_quote(text, size, slice("a \"quoted\" \n thing, long enough"));
        size_t length = strlen(text);
        assert_true(length < size);
        assert_int_equal(text[size], '#');
        if (size >= 3) {
            assert_int_equal(text[0], '"');
            assert_int_equal(text[length - 1], '"');
            assert_true(length < 3 || text[length - 2] != '\\' || text[length - 3] == '\\');
        }
    }
    assert_string_equal(accord_event_quote(text, 6, slice("abcde")), "abcde");
    assert_string_equal(accord_event_quote(text, 5, slice("abcde")), "\"ab\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines), cmocka_unit_test(errors),         cmocka_unit_test(long_lines),
        cmocka_unit_test(quoting),     cmocka_unit_test(quoting_to_fit), cmocka_unit_test(full_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
