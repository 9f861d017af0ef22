/* Opening what was reported: fetched from the log's mailbox, opened, and held against the report's entry. */
#ifndef ACCORD_CLI_CASE_OPENING_H
#define ACCORD_CLI_CASE_OPENING_H

#include "case/docket.h"
#include "case/parcel.h"
#include "cli/command.h"

#define ACCORD_CASE_HEAD_SIZE 8192

/* With what: one of them. */
struct accord_case_keys {
    const uint8_t (*secrets)[32]; /* X25519 keys */
    size_t secret_count;
    const uint8_t *file_key; /* ACCORD_FILE_KEY_SIZE bytes, or NULL */
    bool may_be_anothers;    /* of a blinded report that the keys do not open no more than the header is fetched */
};

/* A report that was opened; everything in it was held against the entry. A secret until it is disclosed. */
struct accord_case_opening {
    const struct accord_cover *cover; /* its slices live as long as the opening */
    uint8_t parcel[ACCORD_HASH_SIZE]; /* digest */
    uint8_t file_key[ACCORD_FILE_KEY_SIZE];
    struct accord_parcel_reader *reader;
    uint8_t head[ACCORD_CASE_HEAD_SIZE]; /* the first octets of the sealed report: more than its header */
    size_t head_size;
};
/* location is the log's (a directory or a URL); local, where it is not NULL, a file that holds the sealed report.
 * Extracts into directory, which it makes, where that is not NULL: files of mode 0600, beside `COVER`; nothing is
 * overwritten, and nothing stays there that did not hold. ACCORD_NOT_FOUND: the mailbox has it not (any more);
 * ACCORD_WRONG_KEY: it was not sealed to these keys; ACCORD_COMMITMENT: it is not what the entry says (*error says in
 * which way: its octets, its file key, its vendor, its commitment, another's report); ACCORD_MALFORMED and the other
 * refusals of age and of the parcel: nobody can read it. Freed in either case. */
ACCORD_MUST_USE enum accord_status accord_case_open(struct accord_case_opening *opening, const struct accord_call *call,
                                                    const char *location, const struct accord_docket_case *found,
                                                    const struct accord_case_keys *keys, const char *local,
                                                    const char *directory, struct accord_error *error);
/* Does this seed make the same sealed report, for the recipients that the cover names? Then these could open it, from
 * the day on which it came. The header and the nonce are made again; the rest follows from them and the parcel.
 * ACCORD_COMMITMENT. */
ACCORD_MUST_USE enum accord_status accord_case_reseal(const struct accord_case_opening *opening,
                                                      const uint8_t seed[ACCORD_AGE_SEED_SIZE],
                                                      struct accord_error *error);
void accord_case_opening_free(struct accord_case_opening *opening);
/* The secrets of the report keys that --report-key (or the option of this name) lists, with --passphrase-file: *secrets
 * is allocated, and accord_case_secrets_free wipes it. */
ACCORD_MUST_USE enum accord_status accord_case_secrets(const struct accord_call *call, const char *option,
                                                       uint8_t (**secrets)[32], size_t *count,
                                                       struct accord_error *error);
void accord_case_secrets_free(uint8_t (*secrets)[32], size_t count);

#endif
