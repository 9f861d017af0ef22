/* Reports: what parses, and has no `x-` line, is printed as it came. */
#include "accord/report.h"

#include "core/text.h"
#include "crypto/backend.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* The number on its `work` line, which a claim does not keep; false where a line is an extension. */
static bool look(const struct accord_report_claim *report, uint64_t *work)
{
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(&report->statement, &cursor, &field)) {
        if (field.key.size > 1 && field.key.data[1] == '-')
            return false;
        if (accord_bytes_equal(field.key, ACCORD_LITERAL("work")))
            require(report->has_work && accord_decimal_read(field.value, work));
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX];
    struct accord_report_claim report;
    struct accord_error error = {.status = ACCORD_OK};
    uint64_t work = 0;
    enum accord_status status =
        accord_report_parse(&report, (struct accord_bytes){data, size}, &accord_crypto_default, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    require(report.custodian_count <= ACCORD_CUSTODIANS_MAX && report.custody <= report.custodian_count);
    require(report.opens > 0 && report.moment.time > 0 && report.sealed_size > 0);
    if (!look(&report, &work))
        return 0;
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_report_print(&out, &report, work);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), report.statement.note.text));
    return 0;
}
