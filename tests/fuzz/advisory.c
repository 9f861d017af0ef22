/* Advisories: what parses can be walked through, says nothing of products that it does not name, and becomes a source
 * that gives the same statement again, but for where extensions stood. */
#include "accord/advisory.h"

#include <stdlib.h>

#include "advisory/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool named(const struct accord_advisory_claim *claim, struct accord_bytes product)
{
    for (size_t i = 0; i < claim->product_count; i++)
        if (accord_bytes_equal(claim->products[i], product))
            return true;
    return false;
}

static bool has_extension(const struct accord_advisory_claim *claim)
{
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(&claim->statement, &cursor, &field))
        if (field.key.size > 1 && field.key.data[1] == '-')
            return true;
    return false;
}

static void check_source(const struct accord_advisory_claim *claim)
{
    struct accord_buffer source, text;
    struct accord_error error;
    struct accord_advisory_head head = {.revision = claim->revision, .change = claim->change};
    for (size_t i = 0; i < sizeof head.previous; i++)
        head.previous[i] = claim->previous[i];
    accord_buffer_init(&source, 2 * ACCORD_ENTRY_SIZE_MAX);
    accord_buffer_init(&text, 2 * ACCORD_ENTRY_SIZE_MAX);
    require(accord_advisory_unsource(claim, &source, &error) == ACCORD_OK);
    require(accord_advisory_source(accord_buffer_bytes(&source), &head, &text, &error) == ACCORD_OK);
    require(has_extension(claim) || accord_bytes_equal(accord_buffer_bytes(&text), claim->statement.note.text));
    accord_buffer_free(&source);
    accord_buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct accord_advisory_claim claim;
    struct accord_error error = {.status = ACCORD_OK};
    struct accord_advisory_item item;
    struct accord_buffer text;
    const struct accord_advisory_head head = {.revision = 1};
    size_t cursor = 0, vulnerabilities = 0;
    accord_buffer_init(&text, 2 * ACCORD_ENTRY_SIZE_MAX);
    (void)!accord_advisory_source((struct accord_bytes){data, size}, &head, &text, &error);
    accord_buffer_free(&text);
    error.status = ACCORD_OK;
    enum accord_status status = accord_advisory_parse(&claim, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    while (accord_advisory_next(&claim, &cursor, &item)) {
        require(item.product.size == 0 || named(&claim, item.product));
        vulnerabilities += item.kind == ACCORD_ADVISORY_VULNERABILITY;
        require(item.kind < ACCORD_ADVISORY_ALIAS || vulnerabilities > 0);
    }
    require(vulnerabilities == claim.vulnerability_count && claim.product_count > 0 && vulnerabilities > 0);
    check_source(&claim);
    return 0;
}
