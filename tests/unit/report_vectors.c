/* tests/vectors/reports: what each file is judged to be, that what is accepted prints as it came, and what the values
 * in these entries have to be by another implementation of HMAC. */
#include "slices.h"

#include "accord/report.h"
#include "base/report.h"
#include "core/text.h"
#include "crypto/backend.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define VECTORS "tests/vectors/reports"

static struct accord_roster_claim roster;
static uint8_t roster_bytes[1 << 16], reporter_bytes[1 << 16], memory[1 << 18];
static struct accord_vkey reporter;
static struct accord_report_claim report;
static struct accord_answer_claim answer;

static struct accord_bytes read_vector(const char *name, uint8_t *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, VECTORS "/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t got = fread(data, 1, size, file);
    assert_int_equal(fclose(file), 0);
    assert_true(got < size);
    return (struct accord_bytes){data, got};
}

static int set_up(void **state)
{
    static struct accord_report_claim least;
    (void)state;
    accord_crypto_start();
    assert_int_equal(accord_roster_parse(&roster, read_vector("roster", roster_bytes, sizeof roster_bytes),
                                         &accord_crypto_default, NULL),
                     ACCORD_OK);
    assert_int_equal(accord_report_parse(&least, read_vector("report.ok.least", reporter_bytes, sizeof reporter_bytes),
                                         &accord_crypto_default, NULL),
                     ACCORD_OK);
    reporter = least.key;
    return 0;
}

static bool has_extension(const struct accord_statement_claim *statement)
{
    struct accord_field field;
    size_t cursor = 0;
    bool has = false;
    while (accord_statement_next(statement, &cursor, &field))
        has |= field.key.size > 1 && memcmp(field.key.data, "x-", 2) == 0;
    return has;
}

/* The number on a report's `work` line. */
static uint64_t work_of(const struct accord_statement_claim *statement)
{
    struct accord_field field;
    uint64_t work = 0;
    size_t cursor = 0;
    while (accord_statement_next(statement, &cursor, &field))
        if (accord_bytes_equal(field.key, slice("work")))
            assert_true(accord_decimal_read(field.value, &work));
    return work;
}

static void check_printed(const struct accord_out *out, const struct accord_statement_claim *statement)
{
    assert_false(out->full);
    if (!has_extension(statement))
        assert_true(accord_bytes_equal(accord_out_bytes(out), statement->note.text));
}

static enum accord_status judge_report(struct accord_bytes entry, struct accord_error *error)
{
    static uint8_t printed[1 << 16];
    struct accord_out out = {printed, sizeof printed, 0, false};
    enum accord_status status = accord_report_parse(&report, entry, &accord_crypto_default, error);
    if (status != ACCORD_OK)
        return status;
    accord_report_print(&out, &report, work_of(&report.statement));
    check_printed(&out, &report.statement);
    return accord_report_verify(&report, &roster, NULL, &accord_crypto_default, error);
}

/* name.at-N: at index N. */
static enum accord_status judge_answer(struct accord_bytes entry, const char *at, struct accord_error *error)
{
    static uint8_t printed[1 << 16];
    struct accord_out out = {printed, sizeof printed, 0, false};
    const struct accord_place place = {slice("log.example/accord"), at == NULL ? 0 : strtoul(at + 4, NULL, 10), 0};
    enum accord_status status = accord_answer_parse(&answer, entry, error);
    if (status != ACCORD_OK)
        return status;
    assert_true(accord_answer_recognize(entry));
    accord_answer_print(&out, &answer);
    check_printed(&out, &answer.statement);
    return accord_answer_verify(&answer, &reporter, &roster, at == NULL ? NULL : &place, &accord_crypto_default, error);
}

static enum accord_status judge_tick(struct accord_bytes entry, struct accord_error *error)
{
    static uint8_t printed[1 << 16], checkpoint[ACCORD_MOMENT_CHECKPOINT_MAX];
    struct accord_tick_claim tick;
    struct accord_out out = {printed, sizeof printed, 0, false};
    size_t size;
    enum accord_status status = accord_tick_parse(&tick, entry, error);
    if (status != ACCORD_OK)
        return status;
    assert_true(accord_base64_size(tick.checkpoint_base64, &size) && size <= sizeof checkpoint);
    assert_true(accord_base64_read(tick.checkpoint_base64, checkpoint, size));
    accord_tick_print(&out, (struct accord_bytes){checkpoint, size});
    check_printed(&out, &tick.statement);
    return ACCORD_OK;
}

static enum accord_status judge(const char *name, struct accord_bytes entry, struct accord_error *error)
{
    if (strncmp(name, "report.", 7) == 0)
        return judge_report(entry, error);
    return strncmp(name, "tick.", 5) == 0 ? judge_tick(entry, error) : judge_answer(entry, strstr(name, ".at-"), error);
}

static void judges_every_vector(void **state)
{
    (void)state;
    DIR *directory = opendir(VECTORS);
    assert_non_null(directory);
    unsigned count = 0, wrong = 0;
    for (const struct dirent *file = readdir(directory); file != NULL; file = readdir(directory)) {
        const char *rule = strchr(file->d_name, '.');
        if (file->d_name[0] == '.' || rule == NULL)
            continue;
        struct accord_error error = {.status = ACCORD_OK};
        struct accord_bytes entry = read_vector(file->d_name, memory, sizeof memory);
        enum accord_status status = judge(file->d_name, entry, &error);
        const char *is = status == ACCORD_OK ? "ok" : accord_status_rule(status);
        assert_int_equal(error.status, status);
        assert_int_equal(judge(file->d_name, entry, NULL), status);
        if (strncmp(rule + 1, is, strlen(is)) != 0 || rule[1 + strlen(is)] != '.') {
            print_error("%s: %s\n", file->d_name, is);
            wrong++;
        }
        count++;
    }
    closedir(directory);
    assert_int_equal(wrong, 0);
    assert_true(count > 400);
}

/* Each line of a file as words; a word in base64 becomes bytes. */
struct words {
    size_t count;
    struct accord_bytes word[5];
    uint8_t bytes[5][64];
    size_t size[5];
};

static bool next_line(struct accord_bytes *rest, struct words *words)
{
    struct accord_bytes line;
    memset(words, 0, sizeof *words);
    if (!accord_cut_line(rest, &line))
        return false;
    while (words->count < 5 && accord_word_next(&line, &words->word[words->count])) {
        size_t i = words->count++;
        if (!accord_base64_size(words->word[i], &words->size[i]) || words->size[i] > sizeof words->bytes[i] ||
            !accord_base64_read(words->word[i], words->bytes[i], words->size[i]))
            words->size[i] = 0;
    }
    return true;
}

static void makes_the_values(void **state)
{
    const struct accord_crypto *crypto = &accord_crypto_default;
    struct accord_bytes rest = read_vector("values", memory, sizeof memory);
    struct words w;
    unsigned count = 0;
    uint8_t value[ACCORD_HASH_SIZE];
    (void)state;
    for (; next_line(&rest, &w); count++) {
        enum accord_answer_kind kind = ACCORD_ANSWER_SHARE;
        bool is_state = accord_answer_read(w.word[0], &kind) && kind != ACCORD_ANSWER_RECEIPT;
        if (accord_bytes_equal(w.word[0], slice("commitment")))
            accord_report_commitment(crypto, w.bytes[1], w.word[2], w.bytes[3], value);
        else if (accord_bytes_equal(w.word[0], slice("blind-key")))
            accord_report_blind_key(crypto, w.bytes[1], value);
        else if (accord_bytes_equal(w.word[0], slice("blinded")))
            accord_report_blinded(crypto, w.bytes[1], w.word[2], value);
        else if (accord_bytes_equal(w.word[0], slice("file-key")))
            accord_report_file_key(crypto, w.bytes[1], value);
        else if (kind == ACCORD_ANSWER_RECEIPT)
            accord_receipt_value(crypto, w.bytes[1], w.bytes[2], w.bytes[3], value);
        else if (is_state)
            accord_progress_commitment(crypto, w.bytes[1], w.word[0], (struct accord_bytes){w.bytes[2], w.size[2]},
                                       value);
        else
            fail();
        assert_int_equal(w.size[w.count - 1], sizeof value);
        assert_memory_equal(value, w.bytes[w.count - 1], sizeof value);
    }
    assert_int_equal(count, 16);
}

static void counts_the_work(void **state)
{
    static uint8_t names[4096];
    struct accord_bytes rest = read_vector("work", names, sizeof names);
    struct words w;
    unsigned count = 0;
    (void)state;
    for (; next_line(&rest, &w); count++) {
        char name[128];
        uint64_t bits;
        snprintf(name, sizeof name, "%.*s", (int)w.word[0].size, (const char *)w.word[0].data);
        assert_true(accord_decimal_read(w.word[1], &bits));
        assert_int_equal(
            accord_report_parse(&report, read_vector(name, memory, sizeof memory), &accord_crypto_default, NULL),
            ACCORD_OK);
        assert_true(report.has_work);
        assert_int_equal(accord_report_work(&report, &accord_crypto_default), bits);
    }
    assert_int_equal(count, 10);
}

static void reads_every_line_of_a_report(void **state)
{
    (void)state;
    struct accord_bytes entry = read_vector("report.ok.everything", memory, sizeof memory);
    assert_int_equal(accord_report_parse(&report, entry, &accord_crypto_default, NULL), ACCORD_OK);
    assert_slice(report.vendor, "alpha.example");
    assert_slice(report.key.name, "reporter");
    assert_int_equal(report.moment.time, 1700000000);
    assert_int_equal(report.opens, 1707776000);
    assert_int_equal(report.sealed_size, 16472);
    assert_int_equal(report.custody, 2);
    assert_int_equal(report.custodian_count, 3);
    assert_slice(report.custodians[1].domain, "beta.example");
    assert_true(memcmp(report.coefficients[0], report.coefficients[1], 32) != 0);
    assert_slice(report.introduced, "gamma.example");
    assert_true(report.has_work);
    entry = read_vector("report.ok.blinded", memory, sizeof memory);
    assert_int_equal(accord_report_parse(&report, entry, &accord_crypto_default, NULL), ACCORD_OK);
    assert_int_equal(report.vendor.size, 0);
    assert_int_equal(report.custody, 0);
}

static void reads_every_line_of_an_answer(void **state)
{
    (void)state;
    assert_int_equal(accord_answer_parse(&answer, read_vector("progress.ok.refused", memory, sizeof memory), NULL),
                     ACCORD_OK);
    assert_int_equal(answer.kind, ACCORD_ANSWER_REFUSED);
    assert_true(answer.has_previous);
    assert_slice(answer.by, "alpha.example");
    assert_slice(answer.word, "duplicate");
    assert_slice(answer.text, "of an older one");
    assert_int_equal(accord_answer_parse(&answer, read_vector("progress.ok.extend", memory, sizeof memory), NULL),
                     ACCORD_OK);
    assert_int_equal(answer.until, 1709000000);
    assert_int_equal(accord_answer_parse(&answer, read_vector("progress.ok.revealed", memory, sizeof memory), NULL),
                     ACCORD_OK);
    assert_true(answer.has_salt);
    assert_slice(answer.text, "it  is serious");
    assert_int_equal(accord_answer_parse(&answer, read_vector("share.ok.complaint", memory, sizeof memory), NULL),
                     ACCORD_OK);
    assert_int_equal(answer.kind, ACCORD_ANSWER_COMPLAINT);
    assert_false(answer.has_previous);
}

static void names_every_kind(void **state)
{
    enum accord_answer_kind kind;
    (void)state;
    for (int i = ACCORD_ANSWER_RECEIPT; i <= ACCORD_ANSWER_COMPLAINT; i++) {
        assert_true(accord_answer_read(accord_answer_name((enum accord_answer_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    assert_false(accord_answer_read(slice(""), &kind));
    assert_false(accord_answer_read(slice("progress"), &kind));
    assert_int_equal(accord_answer_name((enum accord_answer_kind)0).size, 0);
    assert_int_equal(accord_answer_name((enum accord_answer_kind)(ACCORD_ANSWER_COMPLAINT + 1)).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_every_vector),
        cmocka_unit_test(makes_the_values),
        cmocka_unit_test(counts_the_work),
        cmocka_unit_test(reads_every_line_of_a_report),
        cmocka_unit_test(reads_every_line_of_an_answer),
        cmocka_unit_test(names_every_kind),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
