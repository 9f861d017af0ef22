/* The standings in words: the same for a terminal and for a page. */
#ifndef ACCORD_STATUS_CELLS_H
#define ACCORD_STATUS_CELLS_H

#include "status/standing.h"

#define ACCORD_CELL_SIZE 192

/* X(NAME, "head") */
#define ACCORD_MEMBER_COLUMNS(X)                                                                                       \
    X(MEMBER, "member")                                                                                                \
    X(WHERE, "where")                                                                                                  \
    X(WITNESS, "witness")                                                                                              \
    X(RELEASES, "releases")                                                                                            \
    X(REBUILDS, "rebuilds")                                                                                            \
    X(REBUILT, "rebuilt by")                                                                                           \
    X(POLICIES, "policies")                                                                                            \
    X(WITHDRAWN, "withdrawn")                                                                                          \
    X(CURRENT, "current")                                                                                              \
    X(REPORTS, "reports")                                                                                              \
    X(DEMAND, "legal demands")                                                                                         \
    X(ATTESTED, "releases attested")

#define ACCORD_PRODUCT_COLUMNS(X)                                                                                      \
    X(OF, "member")                                                                                                    \
    X(PRODUCT, "product")                                                                                              \
    X(COUNT, "releases")                                                                                               \
    X(NEWEST, "newest")                                                                                                \
    X(POLICY, "policy")                                                                                                \
    X(MAX_AGE, "max age")                                                                                              \
    X(STATEMENTS, "current")

#define ACCORD_CASE_COLUMNS(X)                                                                                         \
    X(CASE, "case")                                                                                                    \
    X(VENDOR, "vendor")                                                                                                \
    X(STATE, "state")                                                                                                  \
    X(REPORTED, "reported")                                                                                            \
    X(OPENS, "opens")                                                                                                  \
    X(FLAGS, "to be noticed")

#define ACCORD_COLUMN_ENUM(name, head) ACCORD_COLUMN_##name,
enum accord_member_column { ACCORD_MEMBER_COLUMNS(ACCORD_COLUMN_ENUM) ACCORD_MEMBER_COLUMN_COUNT };
enum accord_product_column { ACCORD_PRODUCT_COLUMNS(ACCORD_COLUMN_ENUM) ACCORD_PRODUCT_COLUMN_COUNT };
enum accord_case_column { ACCORD_CASE_COLUMNS(ACCORD_COLUMN_ENUM) ACCORD_CASE_COLUMN_COUNT };
#undef ACCORD_COLUMN_ENUM

extern const char *const accord_member_columns[], *const accord_product_columns[], *const accord_case_columns[];

/* A cell, with a NUL; "-" where there is nothing. *late is set where something is overdue. */
void accord_member_cell(const struct accord_standings *standings, size_t member, enum accord_member_column column,
                        char text[ACCORD_CELL_SIZE], bool *late);
void accord_product_cell(const struct accord_standings *standings, size_t product, enum accord_product_column column,
                         char text[ACCORD_CELL_SIZE], bool *late);
void accord_case_cell(const struct accord_standings *standings, size_t place, enum accord_case_column column,
                      char text[ACCORD_CELL_SIZE], bool *late);
/* How many cases there are to be shown. */
size_t accord_case_rows(const struct accord_standings *standings);
/* A count of a member's newest demand, in words: "by the law of US, metadata: 0 to 249". */
void accord_demand_words(const struct accord_demand_count *count, char text[2 * ACCORD_CELL_SIZE]);
void accord_day_words(int32_t day, char text[16]);

#endif
