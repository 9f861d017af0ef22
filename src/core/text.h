/* The bottom layer of every parser and printer: cut a slice, read one value by one rule, write one value. Pure; knows
 * no format. */
#ifndef ACCORD_CORE_TEXT_H
#define ACCORD_CORE_TEXT_H

#include "accord/bytes.h"
#include "accord/error.h"
#include "accord/limits.h"

#define ACCORD_DECIMAL_SIZE_MAX 20 /* digits of 2^64 - 1 */
#define ACCORD_BASE64_SIZE(n) (((n) + 2) / 3 * 4)

/* Cuts *rest at the first byte equal to at: *piece is what stands before it, *rest what follows it. false, with
 * nothing changed, where there is none. */
ACCORD_MUST_USE bool accord_cut(struct accord_bytes *rest, uint8_t at, struct accord_bytes *piece);
/* Cuts one line, which must end in a newline; *line is without it. */
ACCORD_MUST_USE bool accord_cut_line(struct accord_bytes *rest, struct accord_bytes *line);
/* Drops prefix from the front of *rest; false, with nothing changed, where it does not start so. */
ACCORD_MUST_USE bool accord_cut_prefix(struct accord_bytes *rest, struct accord_bytes prefix);

/* Canonical decimal: no sign, no leading zero but in "0", at most 2^64 - 1. */
ACCORD_MUST_USE bool accord_decimal_read(struct accord_bytes text, uint64_t *number);
/* Lowercase hexadecimal, exactly size bytes. */
ACCORD_MUST_USE bool accord_hex_read(struct accord_bytes text, uint8_t *data, size_t size);
/* Canonical standard base64 with padding (RFC 4648, section 4), exactly size bytes. Not for secrets. */
ACCORD_MUST_USE bool accord_base64_read(struct accord_bytes text, uint8_t *data, size_t size);
/* The number of bytes that canonical base64 of this text decodes to; false where it cannot be base64. Only length and
 * padding are looked at. */
ACCORD_MUST_USE bool accord_base64_size(struct accord_bytes text, size_t *size);
/* Is all of the text canonical base64, of whatever size? */
bool accord_base64_valid(struct accord_bytes text);
/* Is all of the text valid UTF-8? */
bool accord_utf8_valid(struct accord_bytes text);

void accord_put(struct accord_out *out, struct accord_bytes bytes);
void accord_put_byte(struct accord_out *out, uint8_t byte);
void accord_put_decimal(struct accord_out *out, uint64_t number);
void accord_put_hex(struct accord_out *out, struct accord_bytes bytes);
void accord_put_base64(struct accord_out *out, struct accord_bytes bytes);
void accord_put_be64(struct accord_out *out, uint64_t number);

#endif
