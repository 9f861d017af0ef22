/* What reports and answers have in common: hashes in base64, the moment of an entry. Inside this room only. */
#ifndef ACCORD_REPORT_LINES_H
#define ACCORD_REPORT_LINES_H

#include "accord/report.h"
#include "core/fields.h"

/* `key <base64>`: exactly size bytes. */
ACCORD_MUST_USE bool accord_lines_bytes(struct accord_fields *fields, struct accord_bytes key, uint8_t *data,
                                        size_t size);
/* Is this canonical base64 of 1 to most bytes? Refuses the value of the line that was taken. */
ACCORD_MUST_USE bool accord_lines_base64(struct accord_fields *fields, struct accord_bytes text, size_t most,
                                         struct accord_bytes expected);
/* `time` and `checkpoint`. */
ACCORD_MUST_USE bool accord_lines_moment(struct accord_fields *fields, struct accord_moment *moment);
/* `checkpoint` alone. */
ACCORD_MUST_USE bool accord_lines_checkpoint(struct accord_fields *fields, struct accord_bytes *base64);

/* Is it a commitment: triaged, fix, regulator? */
bool accord_answer_commits(enum accord_answer_kind kind);

/* The key signed it: ACCORD_SIGNATURE, ACCORD_WRONG_SIGNER. */
ACCORD_MUST_USE enum accord_status accord_key_signed(const struct accord_vkey *vkey,
                                                     const struct accord_note_claim *note,
                                                     const struct accord_crypto *crypto, struct accord_error *error);

/* Printing: `key <digest>`, `key <base64>`, `key <decimal>`. */
void accord_lines_put_digest(struct accord_out *out, struct accord_bytes key, const uint8_t hash[ACCORD_HASH_SIZE]);
void accord_lines_put_bytes(struct accord_out *out, struct accord_bytes key, struct accord_bytes bytes);
void accord_lines_put_number(struct accord_out *out, struct accord_bytes key, uint64_t number);
void accord_lines_put_moment(struct accord_out *out, const struct accord_moment *moment);

#endif
