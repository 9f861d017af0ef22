/* The standings in words: the same for a terminal and for a page. */
#ifndef ACCORD_STATUS_CELLS_H
#define ACCORD_STATUS_CELLS_H

#include "status/standing.h"

#define ACCORD_CELL_SIZE 192

/* X(NAME, "head", width in a terminal) */
#define ACCORD_MEMBER_COLUMNS(X)                                                                                       \
    X(MEMBER, "member", 16)                                                                                            \
    X(WHERE, "where", 5)                                                                                               \
    X(WITNESS, "witness", 24)                                                                                          \
    X(RELEASES, "releases", 8)                                                                                         \
    X(REBUILDS, "rebuilds for others", 19)                                                                             \
    X(REBUILT, "rebuilt by others", 17)                                                                                \
    X(POLICIES, "policies", 8)                                                                                         \
    X(WITHDRAWN, "withdrawals", 11)                                                                                    \
    X(CURRENT, "current", 18)                                                                                          \
    X(DEMAND, "legal demands", 24)                                                                                     \
    X(ATTESTED, "releases attested", 17)

#define ACCORD_PRODUCT_COLUMNS(X)                                                                                      \
    X(OF, "member", 16)                                                                                                \
    X(PRODUCT, "product", 20)                                                                                          \
    X(COUNT, "releases", 8)                                                                                            \
    X(NEWEST, "newest", 24)                                                                                            \
    X(POLICY, "policy", 6)                                                                                             \
    X(MAX_AGE, "max age", 12)                                                                                          \
    X(STATEMENTS, "current", 40)

#define ACCORD_COLUMN_ENUM(name, head, width) ACCORD_COLUMN_##name,
enum accord_member_column { ACCORD_MEMBER_COLUMNS(ACCORD_COLUMN_ENUM) ACCORD_MEMBER_COLUMN_COUNT };
enum accord_product_column { ACCORD_PRODUCT_COLUMNS(ACCORD_COLUMN_ENUM) ACCORD_PRODUCT_COLUMN_COUNT };
#undef ACCORD_COLUMN_ENUM

struct accord_column {
    const char *head;
    int width;
};
extern const struct accord_column accord_member_columns[], accord_product_columns[];

/* A cell, with a NUL; "-" where there is nothing. *late is set where something is overdue. */
void accord_member_cell(const struct accord_standings *standings, size_t member, enum accord_member_column column,
                        char text[ACCORD_CELL_SIZE], bool *late);
void accord_product_cell(const struct accord_standings *standings, size_t product, enum accord_product_column column,
                         char text[ACCORD_CELL_SIZE], bool *late);
/* A count of a member's newest demand, in words: "by the law of US, metadata: 0 to 249". */
void accord_demand_words(const struct accord_demand_count *count, char text[2 * ACCORD_CELL_SIZE]);
void accord_day_words(int32_t day, char text[16]);

#endif
