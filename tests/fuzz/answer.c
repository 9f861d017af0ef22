/* Answers and ticks: what parses, and has no `x-` line, is printed as it came. */
#include "accord/report.h"

#include "core/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_printed(const struct accord_out *out, const struct accord_statement_claim *statement)
{
    struct accord_field field;
    size_t cursor = 0;
    bool has_extension = false;
    while (accord_statement_next(statement, &cursor, &field))
        has_extension |= field.key.size > 1 && field.key.data[0] == 'x' && field.key.data[1] == '-';
    require(!out->full);
    require(has_extension || accord_bytes_equal(accord_out_bytes(out), statement->note.text));
}

static void try_tick(struct accord_bytes entry)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX], checkpoint[ACCORD_MOMENT_CHECKPOINT_MAX];
    struct accord_tick_claim tick;
    struct accord_error error = {.status = ACCORD_OK};
    struct accord_out out = {printed, sizeof printed, 0, false};
    size_t size;
    enum accord_status status = accord_tick_parse(&tick, entry, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return;
    require(accord_base64_size(tick.checkpoint_base64, &size) && size <= sizeof checkpoint);
    require(accord_base64_read(tick.checkpoint_base64, checkpoint, size));
    accord_tick_print(&out, (struct accord_bytes){checkpoint, size});
    check_printed(&out, &tick.statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX];
    struct accord_bytes entry = {data, size};
    struct accord_answer_claim answer;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_answer_kind kind;
    try_tick(entry);
    enum accord_status status = accord_answer_parse(&answer, entry, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    require(accord_answer_recognize(entry));
    require(accord_answer_read(accord_answer_name(answer.kind), &kind) && kind == answer.kind);
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_answer_print(&out, &answer);
    check_printed(&out, &answer.statement);
    return 0;
}
