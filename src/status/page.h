/* The standings as one HTML page: nothing is loaded, nothing runs, all that comes from the log is escaped. */
#ifndef ACCORD_STATUS_PAGE_H
#define ACCORD_STATUS_PAGE_H

#include "status/standing.h"

/* Appends the page to *page, whose maximum bounds it. The same bytes for the same standings. */
ACCORD_MUST_USE enum accord_status accord_standings_page(const struct accord_standings *standings,
                                                         struct accord_buffer *page, struct accord_error *error);

#endif
