/* Attestations: what parses, and has no `x-` line, is printed as it came. */
#include "accord/attest.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX ACCORD_STATEMENT_LINES_MAX

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct accord_attest_thing subjects[LINES_MAX], materials[LINES_MAX];
static struct accord_attest_line lines[LINES_MAX];

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool has_extension(const struct accord_attest_claim *attest)
{
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(&attest->statement, &cursor, &field))
        if (field.key.size > 1 && field.key.data[1] == '-')
            return true;
    return false;
}

static size_t list_lines(const struct accord_attest_claim *attest)
{
    const struct accord_bytes keys[] = {ACCORD_LITERAL("parameter"), ACCORD_LITERAL("environment"),
                                        ACCORD_LITERAL("run"), ACCORD_LITERAL("import"), ACCORD_LITERAL("location")};
    size_t count = 0, runs = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t cursor = 0;
        while (accord_attest_next_line(attest, keys[i], &cursor, &lines[count].name, &lines[count].text)) {
            lines[count++].key = keys[i];
            runs += i == 2;
        }
    }
    require(runs == attest->run_count);
    return count;
}

static void list_things(const struct accord_attest_claim *attest)
{
    struct accord_attest_thing after;
    size_t cursor = 0;
    for (size_t i = 0; i < attest->subject_count; i++)
        require(accord_attest_next_subject(attest, &cursor, &subjects[i]));
    require(attest->subject_count > 0 && !accord_attest_next_subject(attest, &cursor, &after));
    cursor = 0;
    for (size_t i = 0; i < attest->material_count; i++)
        require(accord_attest_next_material(attest, &cursor, &materials[i]));
    require(!accord_attest_next_material(attest, &cursor, &after));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX];
    struct accord_attest_claim attest;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_attest_parse(&attest, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    list_things(&attest);
    struct accord_attest_draft draft = {.stage = attest.stage,
                                        .vendor = attest.vendor,
                                        .product = attest.product,
                                        .by = attest.by,
                                        .version = attest.version,
                                        .subjects = subjects,
                                        .subject_count = attest.subject_count,
                                        .materials = materials,
                                        .material_count = attest.material_count,
                                        .lines = lines,
                                        .line_count = list_lines(&attest),
                                        .outcome = attest.outcome,
                                        .repeats = attest.repeats};
    memcpy(draft.repeated, attest.repeated, sizeof draft.repeated);
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_attest_print(&out, &draft);
    require(!out.full);
    require(has_extension(&attest) || accord_bytes_equal(accord_out_bytes(&out), attest.statement.note.text));
    return 0;
}
