/* What is reported: files with a cover sheet, as one tar file of one form (docs/protocol.md, "The parcel"). Streamed:
 * any size in constant memory. */
#ifndef ACCORD_CASE_PARCEL_H
#define ACCORD_CASE_PARCEL_H

#include "accord/report.h"
#include "age/age.h"
#include "base/buffer.h"
#include "base/fs.h"

#define ACCORD_COVER_SIZE_MAX 524288
#define ACCORD_COVER_FILES_MAX 1024
#define ACCORD_COVER_RECIPIENTS_MAX 32
#define ACCORD_COVER_AFFECTED_MAX 64
#define ACCORD_COVER_GROUP_MAX 128
#define ACCORD_PARCEL_FILE_MAX 8589934591
#define ACCORD_PARCEL_SIZE_MAX ((uint64_t)1 << 36)

struct accord_cover_file {
    struct accord_bytes name;
    uint64_t size;
};
/* A cover sheet. Slices borrow. */
struct accord_cover {
    uint8_t salt[32];
    struct accord_bytes vendor;
    struct accord_bytes key; /* vkey of the report, as text */
    bool has_group;
    uint8_t group[ACCORD_HASH_SIZE];
    size_t recipient_count;
    struct accord_bytes recipients[ACCORD_COVER_RECIPIENTS_MAX]; /* `age1...` */
    struct accord_bytes title, product, severity, contact;       /* empty where there is none (not the title) */
    size_t affected_count;
    struct accord_bytes affected[ACCORD_COVER_AFFECTED_MAX];
    size_t file_count;
    struct accord_cover_file files[ACCORD_COVER_FILES_MAX];
};
ACCORD_MUST_USE enum accord_status accord_cover_parse(struct accord_cover *cover, struct accord_bytes text,
                                                      const struct accord_crypto *crypto, struct accord_error *error);
void accord_cover_print(struct accord_out *out, const struct accord_cover *cover);
/* Can a file have this name in a parcel? */
ACCORD_MUST_USE bool accord_cover_name_valid(struct accord_bytes name);
/* The group of reports with these keys (their vkeys' texts, any order; at most ACCORD_COVER_GROUP_MAX). */
void accord_cover_group(const struct accord_crypto *crypto, const struct accord_bytes *keys, size_t count,
                        uint8_t group[ACCORD_HASH_SIZE]);

/* How large the parcel of a cover is, whose text has this size. */
uint64_t accord_parcel_size(const struct accord_cover *cover, size_t cover_size);
/* Writes the parcel: the cover, then the files from paths (one for each of the cover's, in its order), each of which
 * has to be as large as the cover says (ACCORD_WRONG_FILE where it changed), then padding. digest is the parcel's.
 * step, which may be NULL, is told how far it is. */
struct accord_parcel_progress {
    void *context;
    void (*step)(void *context, uint64_t done, uint64_t all);
};
ACCORD_MUST_USE enum accord_status accord_parcel_write(const struct accord_cover *cover, struct accord_bytes cover_text,
                                                       const char *const *paths, const struct accord_age_sink *sink,
                                                       const struct accord_parcel_progress *progress,
                                                       uint8_t digest[ACCORD_HASH_SIZE], struct accord_error *error);

/* Reads a parcel as it comes. Files go where opened says: called with each of the cover's files in order before its
 * bytes; it sets *sink, whose write may be NULL to pass over the file. Every octet that does not follow from the cover
 * is refused (ACCORD_MALFORMED); what is in the files the parcel's digest says. */
struct accord_parcel_reader;
struct accord_parcel_reading {
    void *context;
    enum accord_status (*opened)(void *context, const struct accord_cover *cover, size_t file,
                                 struct accord_age_sink *sink, struct accord_error *error);
};
ACCORD_MUST_USE enum accord_status accord_parcel_reader_new(struct accord_parcel_reader **reader,
                                                            const struct accord_parcel_reading *reading,
                                                            const struct accord_crypto *crypto,
                                                            struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_parcel_reader_write(struct accord_parcel_reader *reader,
                                                              struct accord_bytes bytes, struct accord_error *error);
/* The parcel ended: it was whole. *cover lives as long as the reader. */
ACCORD_MUST_USE enum accord_status accord_parcel_reader_end(struct accord_parcel_reader *reader,
                                                            const struct accord_cover **cover,
                                                            uint8_t digest[ACCORD_HASH_SIZE],
                                                            struct accord_error *error);
/* The cover's text, as far as it came. */
struct accord_bytes accord_parcel_reader_cover(const struct accord_parcel_reader *reader);
void accord_parcel_reader_free(struct accord_parcel_reader *reader);

#endif
