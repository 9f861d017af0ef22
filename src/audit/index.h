/* The index: what advisories claim, by product, in one SQLite file, so that an audit reads only what concerns it. A
 * source (a file, a directory, an archive) is read in one transaction: who reads meanwhile, and who comes after it was
 * killed, sees what was there before. Also the releases of a log, by their artifacts' digests. */
#ifndef ACCORD_AUDIT_INDEX_H
#define ACCORD_AUDIT_INDEX_H

#include "accord/crypto.h"
#include "accord/limits.h"
#include "feed/archive.h"

struct accord_index;

/* An index answers from the sources that were named (read, or found unchanged) since it was opened, and from no other
 * that it holds. */
/* Opens the file at path, made where absent; NULL: one that is gone when it is closed. ACCORD_STATE where it is no
 * index, or one of another version; ACCORD_IO, ACCORD_LOCKED, ACCORD_NO_MEMORY. *index is NULL where this fails. */
ACCORD_MUST_USE enum accord_status accord_index_open(struct accord_index **index, const char *path,
                                                     const struct accord_crypto *crypto, struct accord_error *error);
void accord_index_close(struct accord_index *index); /* may be NULL */

/* What a caller is told of documents as they are read; both may be NULL. */
struct accord_index_told {
    void *context;
    void (*read)(void *context, uint64_t documents);
    void (*refused)(void *context, const char *place, const struct accord_error *why);
};

/* Reads a source into the index, in place of what it said before; nothing, where neither names, sizes nor times have
 * changed since then. *tally is of what it holds: as it was read, now or then. */
ACCORD_MUST_USE enum accord_status accord_index_source(struct accord_index *index, const char *path,
                                                       const struct accord_index_told *told,
                                                       struct accord_feed_tally *tally, struct accord_error *error);

/* For a source that is no file: between begin and end, give claims to *sink. name stands for it; what it said before is
 * replaced. keep false: all is as it was. */
ACCORD_MUST_USE enum accord_status accord_index_begin(struct accord_index *index, const char *name,
                                                      struct accord_claim_sink *sink, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_index_end(struct accord_index *index, bool keep, struct accord_error *error);

/* A release on a log, for one of its artifacts. */
struct accord_logged_release {
    uint8_t sha256[ACCORD_HASH_SIZE];
    struct accord_bytes vendor, product, version;
    struct accord_bytes branch; /* the channel that newest is of; or empty */
    uint64_t sequence, entry;
    uint64_t time;   /* quorum's, POSIX seconds: available since then; 0: not known */
    uint64_t newest; /* the newest sequence of its branch; 0: not known */
    bool withdrawn;
};
/* Adds one, or replaces what was said of this artifact of this entry. Between begin and end only. */
ACCORD_MUST_USE enum accord_status accord_index_release(struct accord_index *index,
                                                        const struct accord_logged_release *release,
                                                        struct accord_error *error);

/* One claim with its vulnerability; the slices live until each returns. */
struct accord_index_row {
    uint64_t vulnerability; /* a number that this index has for it */
    struct accord_claim_vulnerability about;
    struct accord_claim claim;
    struct accord_bytes source;
};
typedef enum accord_status accord_index_each(void *context, const struct accord_index_row *row,
                                             struct accord_error *error);
/* All claims of a product, in the order in which they were given, source by source. */
ACCORD_MUST_USE enum accord_status accord_index_find(struct accord_index *index, enum accord_claim_names names,
                                                     struct accord_bytes product, accord_index_each *each,
                                                     void *context, struct accord_error *error);
typedef enum accord_status accord_index_each_release(void *context, const struct accord_logged_release *release,
                                                     struct accord_error *error);
/* All releases with this artifact, by entry. */
ACCORD_MUST_USE enum accord_status accord_index_find_artifact(struct accord_index *index,
                                                              const uint8_t sha256[ACCORD_HASH_SIZE],
                                                              accord_index_each_release *each, void *context,
                                                              struct accord_error *error);
/* How many vulnerabilities there are in the sources that answer. */
ACCORD_MUST_USE enum accord_status accord_index_count(struct accord_index *index, uint64_t *vulnerabilities,
                                                      struct accord_error *error);

#endif
