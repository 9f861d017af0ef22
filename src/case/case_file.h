/* What a reporter keeps: NAME.accord-case, a text file of its own (docs/reports.md, "The case file"), encrypted to a
 * passphrase where one is given. With it alone the reporter speaks in the case, and opens it. */
#ifndef ACCORD_CASE_CASE_FILE_H
#define ACCORD_CASE_CASE_FILE_H

#include "accord/report.h"
#include "age/age.h"
#include "base/buffer.h"
#include "base/fs.h"

#define ACCORD_CASE_FILE_MAX 1048576

/* A case file that was read; wipe it with accord_case_file_free. Slices borrow from text. */
struct accord_case_file {
    struct accord_buffer text;         /* all of it, a secret */
    struct accord_bytes log;           /* the directory or URL that it was sent to */
    uint8_t charter[ACCORD_HASH_SIZE]; /* digest */
    struct accord_bytes vendor;        /* its name, also where the entry is blinded */
    struct accord_bytes private_key;   /* PRIVATE+KEY+..., of the report */
    uint8_t salt[32], seed[32];
    uint8_t parcel[ACCORD_HASH_SIZE]; /* digest */
    struct accord_bytes cover;        /* the cover sheet's text */
    struct accord_bytes entry;        /* the report's entry, as it was signed to be logged */
};
/* Never overwrites; mode 0600; durable before it returns. passphrase may be empty. */
ACCORD_MUST_USE enum accord_status accord_case_file_write(const struct accord_case_file *file,
                                                          const struct accord_fs *fs, const char *path,
                                                          struct accord_bytes passphrase, struct accord_error *error);
ACCORD_MUST_USE enum accord_status accord_case_file_read(struct accord_case_file *file, const struct accord_fs *fs,
                                                         const char *path, struct accord_bytes passphrase,
                                                         struct accord_error *error);
/* The same over one that is there, atomically: its entry had to be made again before it was logged. */
ACCORD_MUST_USE enum accord_status accord_case_file_replace(const struct accord_case_file *file,
                                                            const struct accord_fs *fs, const char *path,
                                                            struct accord_bytes passphrase, struct accord_error *error);
/* The text alone; slices borrow from it, and file->text is left alone. What parses prints as it came. */
ACCORD_MUST_USE enum accord_status accord_case_file_parse(struct accord_case_file *file, struct accord_bytes text,
                                                          struct accord_error *error);
void accord_case_file_print(struct accord_out *out, const struct accord_case_file *file); /* a secret */
void accord_case_file_free(struct accord_case_file *file);

#endif
