/* Reading others' advisories: CSAF 2.0 (security advisory and VEX profiles), OSV 1.x, CVE JSON 5.x, OpenVEX. One
 * document of JSON in, claims out; refused whole, with a reason and a place, where it does not follow its format. */
#ifndef ACCORD_FEED_FEED_H
#define ACCORD_FEED_FEED_H

#include "feed/claim.h"

enum accord_feed_format { ACCORD_FEED_CSAF = 1, ACCORD_FEED_OSV, ACCORD_FEED_CVE, ACCORD_FEED_OPENVEX };
#define ACCORD_FEED_DOCUMENT_MAX ((size_t)64 << 20) /* bytes of one document */
#define ACCORD_FEED_DEPTH_MAX 64

/* "csaf", "osv", "cve", "openvex". */
struct accord_bytes accord_feed_format_name(enum accord_feed_format format);
/* Which format this is follows from what is in it. *format may be NULL. ACCORD_MALFORMED (line, what),
 * ACCORD_TOO_LARGE, ACCORD_DUPLICATE (a key twice in one object), ACCORD_UNKNOWN_KIND: none of these formats. */
ACCORD_MUST_USE enum accord_status accord_feed_read(struct accord_bytes document, const struct accord_claim_sink *sink,
                                                    enum accord_feed_format *format, struct accord_error *error);

#endif
