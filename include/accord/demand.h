/* Demands (docs/protocol.md, "Demand"): what legal demands a member received. Pure functions of bytes. */
#ifndef ACCORD_DEMAND_H
#define ACCORD_DEMAND_H

#include "accord/roster.h"

#define ACCORD_DEMAND_COUNTS_MAX 256
#define ACCORD_DATE_DAY_MIN (-719162) /* 0001-01-01 */
#define ACCORD_DATE_DAY_MAX 2932896   /* 9999-12-31 */

/* A day, as the number of days since 1970-01-01: `2018-04-17`. */
ACCORD_MUST_USE ACCORD_API bool accord_date_read(struct accord_bytes text, int32_t *day);
/* day is one that accord_date_read gives. */
ACCORD_API void accord_date_print(struct accord_out *out, int32_t day);

/* accord/v1/demand; nothing has been verified. A threshold of the member's release keys signs it
 * (accord_roster_signed). */
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
/* Steps through the counts of a statement that parsed: *cursor starts at 0; false after the last. */
ACCORD_API bool accord_demand_next_count(const struct accord_demand_claim *demand, size_t *cursor,
                                         struct accord_demand_count *count);

/* A demand to be printed. */
struct accord_demand_draft {
    struct accord_bytes member;
    int32_t from, to, next;
    const struct accord_demand_count *counts;
    size_t count_count;
};
/* Prints a demand's text (no signatures). Whether it follows the grammar accord_demand_parse says. */
ACCORD_API void accord_demand_print(struct accord_out *out, const struct accord_demand_draft *draft);

#endif
