/* Demands (docs/protocol.md, "Demand"): what legal demands a member received. Pure functions of bytes. */
#ifndef ACCORD_DEMAND_H
#define ACCORD_DEMAND_H

#include "accord/roster.h"

/* A day, as the number of days since 1970-01-01. */
ACCORD_MUST_USE ACCORD_API bool accord_date_read(struct accord_bytes text, int32_t *day);
ACCORD_API void accord_date_print(struct accord_out *out, int32_t day);

/* accord/v1/demand; nothing has been verified. */
struct accord_demand_claim {
    struct accord_statement_claim statement;
    struct accord_bytes member;
    int32_t from, to, next; /* days; next: by when the next statement comes */
    size_t count_count;     /* at least 1 */
};
struct accord_demand_count {
    struct accord_bytes jurisdiction, kind; /* jurisdiction: two letters, or "any" */
    uint64_t least, most;
};
ACCORD_MUST_USE ACCORD_API enum accord_status
accord_demand_parse(struct accord_demand_claim *demand, struct accord_bytes entry, struct accord_error *error);
ACCORD_API bool accord_demand_next_count(const struct accord_demand_claim *demand, size_t *cursor,
                                         struct accord_demand_count *count);

#endif
