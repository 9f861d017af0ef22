/* Demands: the calendar, what is read and printed, what is refused and where, and tests/vectors/demand. */
#include "slices.h"

#include "accord/demand.h"
#include "base/report.h"
#include "rosters.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>

#define HEAD "accord/v1/demand\nmember m0.example\n"
#define DATES "from 2018-04-17\nto 2018-06-30\nnext 2018-10-01\n"
#define VECTORS "tests/vectors/demand"

static uint8_t memory[1 << 18];
static struct accord_demand_claim claim;
static struct accord_error error;

static int setup(void **state)
{
    (void)state;
    accord_crypto_start();
    return 0;
}

static enum accord_status parse(const char *text)
{
    struct accord_out out = {memory, sizeof memory, 0, false};
    const char *keys[] = {"m0.example/release"};
    put_text(&out, text);
    put_signatures(&out, keys, 1);
    assert_false(out.full);
    enum accord_status status = accord_demand_parse(&claim, accord_out_bytes(&out), NULL);
    error = (struct accord_error){.status = ACCORD_OK};
    assert_int_equal(accord_demand_parse(&claim, accord_out_bytes(&out), &error), status);
    assert_int_equal(error.status, status);
    return status;
}

/* Every day of the calendar, beside what the C library makes of it. */
static void knows_the_calendar(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (int32_t day = ACCORD_DATE_DAY_MIN; day <= ACCORD_DATE_DAY_MAX; day++) {
        uint8_t printed[16];
        char expected[32];
        struct accord_out out = {printed, sizeof printed, 0, false};
        time_t seconds = (time_t)day * 86400;
        struct tm date;
        int32_t again = 0;
        accord_date_print(&out, day);
        gmtime_r(&seconds, &date);
        size_t size = (size_t)snprintf(expected, sizeof expected, "%04d-%02d-%02d", date.tm_year + 1900,
                                       date.tm_mon + 1, date.tm_mday);
        wrong += out.size != size || memcmp(printed, expected, size) != 0;
        wrong += !accord_date_read(accord_out_bytes(&out), &again) || again != day;
    }
    assert_int_equal(wrong, 0);
}

/* Of all that has the shape of a date, only days are read: as many as there are. */
static void refuses_days_that_never_were(void **state)
{
    (void)state;
    int32_t day, days = 0;
    char text[40];
    for (int year = 0; year <= 9999; year += year < 2 || year > 1898 ? 1 : 3)
        for (int month = 0; month < 20; month++)
            for (int number = 0; number < 40; number++) {
                struct tm date = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = number, .tm_hour = 12};
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, number);
                time_t seconds = timegm(&date);
                bool is = year > 0 && date.tm_year == year - 1900 && date.tm_mon == month - 1 && date.tm_mday == number;
                if (accord_date_read(slice(text), &day) != is || (is && day != (seconds - 43200) / 86400))
                    fail_msg("%s", text);
                days += is;
            }
    assert_true(days > 3000000);
    const char *const others[] = {"",           "2018-04-1",  "2018-04-177", "2018/04-17",
                                  "2018-04/17", "+018-04-17", "2018-04-1 "};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(accord_date_read(slice(others[i]), &day));
}

#define FULL                                                                                                           \
    HEAD DATES "count US content 0 249\ncount US metadata 250 499\ncount any content 3 3\n"                            \
               "count CH content 0 18446744073709551615\n"

static void reads_its_lines(void **state)
{
    (void)state;
    static const struct {
        const char *jurisdiction, *kind;
        uint64_t least, most;
    } counts[] = {{"US", "content", 0, 249},
                  {"US", "metadata", 250, 499},
                  {"any", "content", 3, 3},
                  {"CH", "content", 0, UINT64_MAX}};
    struct accord_demand_count count;
    size_t cursor = 0;
    assert_int_equal(parse(FULL), ACCORD_OK);
    assert_slice(claim.member, "m0.example");
    assert_int_equal(claim.from, 17638);
    assert_int_equal(claim.to, 17712);
    assert_int_equal(claim.next, 17805);
    assert_int_equal(claim.count_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(accord_demand_next_count(&claim, &cursor, &count));
        assert_slice(count.jurisdiction, counts[i].jurisdiction);
        assert_slice(count.kind, counts[i].kind);
        assert_true(count.least == counts[i].least && count.most == counts[i].most);
    }
    assert_false(accord_demand_next_count(&claim, &cursor, &count));
}

static void prints_what_it_parsed(void **state)
{
    (void)state;
    static uint8_t printed[4096];
    struct accord_demand_count counts[4];
    struct accord_out out = {printed, sizeof printed, 0, false};
    size_t cursor = 0;
    assert_int_equal(parse(FULL), ACCORD_OK);
    for (size_t i = 0; i < 4; i++)
        assert_true(accord_demand_next_count(&claim, &cursor, &counts[i]));
    struct accord_demand_draft draft = {claim.member, claim.from, claim.to, claim.next, counts, 4};
    accord_demand_print(&out, &draft);
    assert_slice(accord_out_bytes(&out), FULL);
}

static void refusals_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum accord_status status;
        uint64_t line;
        const char *what, *found;
    } cases[] = {
        {HEAD DATES, ACCORD_MISSING_FIELD, 6, "count", ""},
        {HEAD "from 2018-02-29\n", ACCORD_MALFORMED, 3, "from", "2018-02-29"},
        {HEAD "from 2018-04-17\nto 2018-04-16\n", ACCORD_MALFORMED, 4, "to", "2018-04-16"},
        {HEAD "from 2018-04-17\nto 2018-04-17\nx-a b\nnext 2018-04-17\n", ACCORD_MALFORMED, 6, "next", "2018-04-17"},
        {HEAD DATES "count US content 5 4\n", ACCORD_MALFORMED, 6, "count", "4"},
        {HEAD DATES "count USA content 0 0\n", ACCORD_MALFORMED, 6, "count", "USA"},
        {HEAD DATES "count US content 0 many\n", ACCORD_BAD_DECIMAL, 6, "count", "many"},
        {HEAD DATES "count US a 0 0\ncount CH a 0 0\ncount US a 1 1\n", ACCORD_DUPLICATE, 8, "count", "US a 1 1"},
        {HEAD DATES "count US a 0 0\nkind b\n", ACCORD_UNKNOWN_FIELD, 7, "kind", "kind"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(cases[i].text), cases[i].status);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.what, cases[i].what);
        assert_string_equal(error.found, cases[i].found);
    }
}

/* Vectors */

static struct accord_bytes load(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(memory, 1, sizeof memory, file);
    fclose(file);
    assert_true(size < sizeof memory);
    return (struct accord_bytes){memory, size};
}

static enum accord_status judge_vector(const char *name, const struct accord_roster_claim *by)
{
    char path[512];
    struct accord_signers signers;
    snprintf(path, sizeof path, "%s/%s", VECTORS, name);
    error = (struct accord_error){.status = ACCORD_OK};
    enum accord_status status = accord_demand_parse(&claim, load(path), &error);
    return status != ACCORD_OK ? status
                               : accord_roster_signed(by, &claim.statement.note, claim.member, NULL,
                                                      &accord_crypto_default, &signers, &error);
}

static void vectors(void **state)
{
    (void)state;
    static struct accord_roster_claim by;
    static uint8_t roster_bytes[1 << 18];
    struct accord_bytes entry = load("tests/vectors/statements/roster.ok.first");
    memcpy(roster_bytes, entry.data, entry.size);
    entry.data = roster_bytes;
    assert_int_equal(accord_roster_parse(&by, entry, &accord_crypto_default, &error), ACCORD_OK);
    DIR *directory = opendir(VECTORS);
    assert_non_null(directory);
    unsigned count = 0, failed = 0;
    for (struct dirent *file = readdir(directory); file != NULL; file = readdir(directory)) {
        char rule[32];
        if (file->d_name[0] == '.')
            continue;
        assert_int_equal(sscanf(file->d_name, "demand.%31[^.].", rule), 1);
        enum accord_status status = judge_vector(file->d_name, &by);
        assert_int_equal(status, error.status);
        count++;
        if (strcmp(accord_status_rule(status), rule) != 0) {
            print_error("%s: %s at line %d, %s\n", file->d_name, accord_status_rule(status), (int)error.line,
                        error.what);
            failed++;
        }
    }
    closedir(directory);
    assert_int_equal(failed, 0);
    assert_true(count > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_calendar), cmocka_unit_test(refuses_days_that_never_were),
        cmocka_unit_test(reads_its_lines),    cmocka_unit_test(prints_what_it_parsed),
        cmocka_unit_test(refusals_say_where), cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests_name("demand", tests, setup, NULL);
}
