/* Filling errors. Holds no prose: the sentences are in base/report.c. */
#include "accord/error.h"

#include "core/text.h"

#include <string.h>

enum accord_status accord_fail(struct accord_error *error, enum accord_status status, uint64_t line)
{
    if (error != NULL) {
        memset(error, 0, sizeof *error);
        error->status = status;
        error->line = line;
    }
    return status;
}

static void set(char text[96], struct accord_bytes bytes)
{
    size_t size = bytes.size < 95 ? bytes.size : 95;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = bytes.data[i];
        text[i] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
    }
    text[size] = 0;
}

static void set_number(char text[96], uint64_t number)
{
    uint8_t digits[ACCORD_DECIMAL_SIZE_MAX];
    struct accord_out out = {digits, sizeof digits, 0, false};
    accord_put_decimal(&out, number);
    set(text, accord_out_bytes(&out));
}

void accord_error_what(struct accord_error *error, struct accord_bytes text)
{
    if (error != NULL)
        set(error->what, text);
}

void accord_error_expected(struct accord_error *error, struct accord_bytes text)
{
    if (error != NULL)
        set(error->expected, text);
}

void accord_error_found(struct accord_error *error, struct accord_bytes text)
{
    if (error != NULL)
        set(error->found, text);
}

void accord_error_expected_number(struct accord_error *error, uint64_t number)
{
    if (error != NULL)
        set_number(error->expected, number);
}

void accord_error_found_number(struct accord_error *error, uint64_t number)
{
    if (error != NULL)
        set_number(error->found, number);
}
