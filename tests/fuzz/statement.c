/* Statements: what parses is printed as it came, field by field. */
#include "accord/statement.h"

#include "core/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Words joined by single spaces are the value again, whenever all of it is words. */
static void check_words(struct accord_bytes value)
{
    struct accord_bytes rest = value, word;
    size_t size = 0;
    while (accord_word_next(&rest, &word)) {
        require(word.size > 0);
        size += word.size + 1;
    }
    require(rest.size > 0 || size == value.size + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX];
    struct accord_bytes entry = {data, size};
    struct accord_statement_claim statement;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_statement_parse(&statement, entry, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    struct accord_out out = {printed, sizeof printed, 0, false};
    struct accord_field field;
    size_t cursor = 0;
    uint64_t line = 2;
    accord_put(&out, ACCORD_LITERAL("accord/v1/"));
    accord_put(&out, statement.kind);
    accord_put_byte(&out, '\n');
    for (; accord_statement_next(&statement, &cursor, &field); line++) {
        require(field.line == line);
        check_words(field.value);
        accord_field_print(&out, field.key, field.value);
    }
    require(line <= ACCORD_STATEMENT_LINES_MAX + 1);
    accord_put_byte(&out, '\n');
    accord_put(&out, statement.note.signatures);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), entry));
    return 0;
}
