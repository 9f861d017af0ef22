/* JSON that others wrote: what is refused, and the place that is told; dates. */
#include "json/json.h"

#include "slices.h"

#include "base/report.h"

#include <stdio.h>
#include <string.h>

static struct accord_error error;

static enum accord_status load(const char *text, size_t depth_max, json_t **value)
{
    error = (struct accord_error){.status = ACCORD_OK};
    return accord_json_load(value, (struct accord_bytes){(const uint8_t *)text, strlen(text)}, 1000, depth_max, &error);
}

static void refuses(const char *text, enum accord_status status, uint64_t line)
{
    json_t *value;
    assert_int_equal(load(text, 4, &value), status);
    assert_null(value);
    assert_int_equal(error.status, status);
    assert_int_equal(error.line, line);
}

static void documents(void **state)
{
    (void)state;
    json_t *value;
    assert_int_equal(load("{\"a\": [[[1]]]}", 4, &value), ACCORD_OK);
    json_decref(value);
    assert_int_equal(load("{\"a\": \"[[[[[[{{{ \\\"[[[[[\"}", 4, &value), ACCORD_OK);
    json_decref(value);
    refuses("{\"a\":\n[[[[1]]]]}", ACCORD_TOO_LARGE, 2);
    refuses("{\"a\": 1,\n\"a\": 2}", ACCORD_DUPLICATE, 2);
    refuses("{\"a\": {\"b\": 1, \"b\": 1}}", ACCORD_DUPLICATE, 1);
    refuses("[1]", ACCORD_MALFORMED, 1);
    refuses("{\"a\": 1}\n\n x", ACCORD_MALFORMED, 3);
    refuses("{\"a\": 1", ACCORD_MALFORMED, 1);
    refuses("{\"a\": \"\xff\"}", ACCORD_MALFORMED, 1);
    refuses("{\"a\": \"\\u0000\"}", ACCORD_MALFORMED, 1);
    refuses("", ACCORD_MALFORMED, 1);
}

static void size(void **state)
{
    (void)state;
    static char text[1002];
    json_t *value;
    memset(text, ' ', sizeof text - 1);
    memcpy(text, "{}", 2);
    assert_int_equal(load(text, 4, &value), ACCORD_TOO_LARGE);
    assert_string_equal(error.expected, "1000");
    assert_string_equal(error.found, "1001");
    text[1000] = '\0';
    assert_int_equal(load(text, 4, &value), ACCORD_OK);
    json_decref(value);
}

static void places(void **state)
{
    (void)state;
    json_t *value;
    struct accord_bytes text;
    size_t count;
    assert_int_equal(load("{\"a\": [0, {\"b\": 7, \"c\": \"text\", \"d\": null}]}", 8, &value), ACCORD_OK);
    struct accord_json root = accord_json_document(value), a = accord_json_member(&root, "a"),
                       item = accord_json_item(&a, 1), b = accord_json_member(&item, "b"),
                       c = accord_json_member(&item, "c"), d = accord_json_member(&item, "d"),
                       none = accord_json_member(&b, "none");
    assert_int_equal(accord_json_string(&b, 10, &text, &error), ACCORD_MALFORMED);
    assert_string_equal(error.what, "a[1].b");
    assert_string_equal(error.expected, "a string");
    assert_string_equal(error.found, "a number");
    assert_int_equal(accord_json_string(&c, 3, &text, &error), ACCORD_TOO_LARGE);
    assert_string_equal(error.found, "text");
    assert_int_equal(accord_json_string(&c, 4, &text, &error), ACCORD_OK);
    assert_true(accord_bytes_equal(text, ACCORD_LITERAL("text")));
    assert_int_equal(accord_json_string(&d, 4, &text, &error), ACCORD_OK);
    assert_int_equal(text.size, 0);
    assert_int_equal(accord_json_string_needed(&d, 4, &text, &error), ACCORD_MALFORMED);
    assert_string_equal(error.found, "nothing");
    assert_int_equal(accord_json_array(&none, &count, &error), ACCORD_OK);
    assert_int_equal(count, 0);
    assert_int_equal(accord_json_array_needed(&none, &count, &error), ACCORD_MALFORMED);
    assert_string_equal(error.what, "a[1].b.none");
    assert_int_equal(accord_json_array(&c, &count, &error), ACCORD_MALFORMED);
    assert_int_equal(accord_json_object(&a, &error), ACCORD_MALFORMED);
    assert_string_equal(error.found, "an array");
    assert_int_equal(accord_json_object(&d, &error), ACCORD_OK);
    assert_int_equal(accord_json_object_needed(&d, &error), ACCORD_MALFORMED);
    assert_int_equal(accord_json_refuse(&root, ACCORD_UNKNOWN_KIND, "more", &error), ACCORD_UNKNOWN_KIND);
    assert_string_equal(error.what, "the document");
    json_decref(value);
}

static uint64_t date(const char *text)
{
    uint64_t seconds = 0;
    bool is_date = accord_json_date((struct accord_bytes){(const uint8_t *)text, strlen(text)}, &seconds);
    return is_date ? seconds : UINT64_MAX;
}

static void dates(void **state)
{
    (void)state;
    assert_int_equal(date("1970-01-01T00:00:01Z"), 1);
    assert_int_equal(date("2017-05-12T07:44:00Z"), 1494575040);
    assert_int_equal(date("2000-02-29T23:59:59.999z"), 951868799);
    assert_int_equal(date("2024-03-01t00:00:00+01:00"), 1709247600);
    assert_int_equal(date("2024-02-29T22:00:00-01:30"), 1709249400);
    assert_int_equal(date("9999-12-31T23:59:59Z"), 253402300799);
    assert_int_equal(date("0001-01-01T00:00:00Z"), 0);
    assert_int_equal(date("0000-01-01T00:00:00Z"), 0);
    static const char *const none[] = {"",
                                       "2024-01-01",
                                       "2024-01-01T00:00:00",
                                       "2023-02-29T00:00:00Z",
                                       "2100-02-29T00:00:00Z",
                                       "2024-13-01T00:00:00Z",
                                       "2024-00-01T00:00:00Z",
                                       "2024-04-31T00:00:00Z",
                                       "2024-01-01T24:00:00Z",
                                       "2024-01-01T00:60:00Z",
                                       "2024-01-01T00:00:00.Z",
                                       "2024-01-01T00:00:00+24:00",
                                       "2024-01-01T00:00:00Z ",
                                       "2024-01-01 00:00:00Z",
                                       "+024-01-01T00:00:00Z"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(date(none[i]) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(size),
        cmocka_unit_test(places),
        cmocka_unit_test(dates),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
