/* The source of an advisory: the text file that its author writes, from which the statement follows
 * (docs/advisories.md). Lines are those of the statement; empty ones, and those that begin with `#`, are left out;
 * within a section they may stand in any order. `revision`, `previous` and `change` are the log's business, and are not
 * in it. */
#ifndef ACCORD_ADVISORY_SOURCE_H
#define ACCORD_ADVISORY_SOURCE_H

#include "accord/advisory.h"
#include "base/buffer.h"

#define ACCORD_ADVISORY_SOURCE_MAX 131072 /* bytes */

/* What the statement has that the source has not. */
struct accord_advisory_head {
    uint64_t revision;
    uint8_t previous[ACCORD_HASH_SIZE]; /* where revision is not 1 */
    struct accord_bytes change;         /* likewise */
    /* The digest of the newest release of this product and version that its vendor logged; false where there is none.
     * What is said of one version gets it, where the author did not write it. May be NULL. */
    bool (*release)(void *context, struct accord_bytes vendor, struct accord_bytes product, struct accord_bytes version,
                    uint8_t digest[ACCORD_HASH_SIZE]);
    void *context;
};

/* Appends the text of the statement (no signatures) to *text. ACCORD_MALFORMED with the source's line and key,
 * ACCORD_UNKNOWN_FIELD, ACCORD_DUPLICATE, ACCORD_MISSING_FIELD. Whether the values follow the grammar
 * accord_advisory_parse says. */
ACCORD_MUST_USE enum accord_status accord_advisory_source(struct accord_bytes source,
                                                          const struct accord_advisory_head *head,
                                                          struct accord_buffer *text, struct accord_error *error);
/* The same as an entry that nobody signed, to be parsed and looked at; appended. */
ACCORD_MUST_USE enum accord_status accord_advisory_draft(struct accord_bytes source,
                                                         const struct accord_advisory_head *head,
                                                         struct accord_buffer *entry, struct accord_error *error);
/* The source that a statement came from, or may have come from; appended. */
ACCORD_MUST_USE enum accord_status accord_advisory_unsource(const struct accord_advisory_claim *advisory,
                                                            struct accord_buffer *source, struct accord_error *error);
/* The one vendor and id of a source; empty where it has none. */
void accord_advisory_source_names(struct accord_bytes source, struct accord_bytes *vendor, struct accord_bytes *id);

#endif
