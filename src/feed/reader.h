/* What the readers of the formats share: the document, where claims go, and the texts that claims are made of. */
#ifndef ACCORD_FEED_READER_H
#define ACCORD_FEED_READER_H

#include "feed/arena.h"
#include "feed/feed.h"
#include "json/json.h"

#define ACCORD_FEED_ID_SIZE_MAX 256
#define ACCORD_FEED_TEXT_SIZE_MAX ((size_t)1 << 20) /* of names, versions, purls: of whatever a claim is made of */
#define ACCORD_FEED_CLAIMS_MAX ((size_t)1 << 22)    /* of one document: many names of many versions multiply */
#define ACCORD_FEED_LINE_SIZE_MAX 1024              /* of what is shown to people; more is cut */

/* One document being read. A reader is run twice: first with sink NULL, to see that the whole of it follows its format,
 * and then to give its claims, so that nobody has half of a document that is refused. */
struct accord_feed_reader {
    struct accord_json root;
    const struct accord_claim_sink *sink;
    struct accord_arena whole; /* lives as long as the document */
    struct accord_arena brief; /* of one product: its reader resets it */
    struct accord_claim_vulnerability vulnerability;
    size_t claims; /* so far */
    struct accord_error *error;
};

/* Each reads one format. */
ACCORD_MUST_USE enum accord_status accord_feed_read_csaf(struct accord_feed_reader *reader);
ACCORD_MUST_USE enum accord_status accord_feed_read_osv(struct accord_feed_reader *reader);
ACCORD_MUST_USE enum accord_status accord_feed_read_cve(struct accord_feed_reader *reader);
ACCORD_MUST_USE enum accord_status accord_feed_read_openvex(struct accord_feed_reader *reader);

/* Give what reader->vulnerability and the claim say. ACCORD_NO_MEMORY where an arena is exhausted; ACCORD_TOO_LARGE. */
ACCORD_MUST_USE enum accord_status accord_feed_begin(struct accord_feed_reader *reader);
ACCORD_MUST_USE enum accord_status accord_feed_claim(struct accord_feed_reader *reader,
                                                     const struct accord_claim *claim);

/* Runs of white space and control characters as one space, none at the ends; cut at ACCORD_FEED_LINE_SIZE_MAX, between
 * characters. Borrows from text where nothing changes. */
struct accord_bytes accord_feed_line(struct accord_arena *arena, struct accord_bytes text);
/* The same in lowercase (of ASCII), not cut: how names are compared. */
struct accord_bytes accord_feed_folded(struct accord_arena *arena, struct accord_bytes text);
/* Is it an id that can stand among aliases, or in a line: printable, without a space, of a size that ids have? */
bool accord_feed_id_valid(struct accord_bytes text);
/* A date of the document; 0 where there is none. */
ACCORD_MUST_USE enum accord_status accord_feed_date(struct accord_feed_reader *reader, const struct accord_json *up,
                                                    const char *name, uint64_t *seconds);
/* A member's text as a line for people. */
ACCORD_MUST_USE enum accord_status accord_feed_member_line(struct accord_feed_reader *reader,
                                                           const struct accord_json *up, const char *name,
                                                           struct accord_bytes *line);

/* Keeps a CVSS vector where it is newer than *best. Vectors of version 2 have no prefix. */
void accord_feed_severity(struct accord_bytes *best, struct accord_bytes vector);

/* Takes an array of ids into the vulnerability: the first CVE id of those is its id, unless it has one already. Give
 * its own ids first, then _ids_end. */
struct accord_feed_ids {
    struct accord_bytes *list;
    size_t count, capacity;
};
ACCORD_MUST_USE enum accord_status accord_feed_ids_start(struct accord_feed_reader *reader, struct accord_feed_ids *ids,
                                                         size_t capacity);
/* Passed over where it cannot be an id, or is there already. */
void accord_feed_ids_add(struct accord_feed_ids *ids, struct accord_bytes id);
/* Sets id and aliases; fallback is the id where there is none at all. */
void accord_feed_ids_end(struct accord_feed_reader *reader, const struct accord_feed_ids *ids,
                         struct accord_bytes fallback);

#endif
