/* ASCII armor (C2SP age, "ASCII armor"), as a stream both ways. What is armored reaches the sink in binary and the
 * other way round. */
#ifndef ACCORD_AGE_ARMOR_H
#define ACCORD_AGE_ARMOR_H

#include "age/age.h"

#define ACCORD_AGE_ARMOR_LINE_BYTES 48 /* 64 characters */
#define ACCORD_AGE_ARMOR_BATCH 64      /* lines that go to the sink together */

/* Zero it, and set sink. */
struct accord_age_armor_writer {
    struct accord_age_sink sink;
    bool begun;
    uint8_t pending[ACCORD_AGE_ARMOR_LINE_BYTES]; /* of a line that is not full */
    size_t pending_size;
};
ACCORD_MUST_USE enum accord_status accord_age_armor_write(struct accord_age_armor_writer *writer,
                                                          struct accord_bytes binary, struct accord_error *error);
/* The last line, and the end's. */
ACCORD_MUST_USE enum accord_status accord_age_armor_end(struct accord_age_armor_writer *writer,
                                                        struct accord_error *error);

/* Zero it, and set sink. Lines end in LF or CRLF; white space before and after the armor, up to
 * ACCORD_AGE_ARMOR_SPACE_MAX bytes together, is passed over; all else has one form. */
#define ACCORD_AGE_ARMOR_SPACE_MAX 1024
struct accord_age_armor_reader {
    struct accord_age_sink sink;
    enum { ACCORD_AGE_ARMOR_BEFORE, ACCORD_AGE_ARMOR_BODY, ACCORD_AGE_ARMOR_SHORT, ACCORD_AGE_ARMOR_AFTER } place;
    uint8_t line[66]; /* 64 characters, CR, LF */
    size_t line_size;
    uint64_t number; /* of lines that came */
    size_t space;    /* bytes of white space, before or after */
    uint8_t binary[ACCORD_AGE_ARMOR_BATCH * ACCORD_AGE_ARMOR_LINE_BYTES];
    size_t binary_size;
};
/* ACCORD_MALFORMED, ACCORD_BAD_BASE64, with the line; the sink has had all that came before it. */
ACCORD_MUST_USE enum accord_status accord_age_unarmor_write(struct accord_age_armor_reader *reader,
                                                            struct accord_bytes text, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_age_unarmor_end(struct accord_age_armor_reader *reader,
                                                          struct accord_error *error);

#endif
