/* Demands: what parses, and has no `x-` line, is printed as it came. */
#include "accord/demand.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool has_extension(const struct accord_demand_claim *demand)
{
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(&demand->statement, &cursor, &field))
        if (field.key.size > 1 && field.key.data[1] == '-')
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX];
    static struct accord_demand_count counts[ACCORD_DEMAND_COUNTS_MAX];
    struct accord_demand_count after;
    struct accord_demand_claim demand;
    struct accord_error error = {.status = ACCORD_OK};
    size_t cursor = 0;
    enum accord_status status = accord_demand_parse(&demand, (struct accord_bytes){data, size}, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    require(demand.count_count >= 1 && demand.count_count <= ACCORD_DEMAND_COUNTS_MAX);
    require(demand.from <= demand.to && demand.to < demand.next);
    for (size_t i = 0; i < demand.count_count; i++)
        require(accord_demand_next_count(&demand, &cursor, &counts[i]) && counts[i].least <= counts[i].most);
    require(!accord_demand_next_count(&demand, &cursor, &after));
    struct accord_demand_draft draft = {demand.member, demand.from, demand.to, demand.next, counts, demand.count_count};
    struct accord_out out = {printed, sizeof printed, 0, false};
    accord_demand_print(&out, &draft);
    require(!out.full);
    require(has_extension(&demand) || accord_bytes_equal(accord_out_bytes(&out), demand.statement.note.text));
    return 0;
}
