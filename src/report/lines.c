/* Lines that several kinds of a case's entries have, and who has to have signed them. Knows no kind. */
#include "report/lines.h"

#include "core/text.h"

#include <string.h>

bool accord_lines_bytes(struct accord_fields *fields, struct accord_bytes key, uint8_t *data, size_t size)
{
    if (!accord_fields_take(fields, key))
        return false;
    return accord_base64_read(fields->taken.value, data, size) ||
           accord_fields_refuse(fields, ACCORD_BAD_BASE64,
                                size == ACCORD_HASH_SIZE ? ACCORD_LITERAL("32 bytes in base64")
                                                         : ACCORD_LITERAL("16 bytes in base64"),
                                fields->taken.value);
}

bool accord_lines_base64(struct accord_fields *fields, struct accord_bytes text, size_t most,
                         struct accord_bytes expected)
{
    size_t size;
    if (!accord_base64_valid(text) || !accord_base64_size(text, &size))
        return accord_fields_refuse(fields, ACCORD_BAD_BASE64, expected, text);
    return (size > 0 && size <= most) || accord_fields_refuse(fields, ACCORD_TOO_LARGE, expected, text);
}

bool accord_lines_checkpoint(struct accord_fields *fields, struct accord_bytes *base64)
{
    if (!accord_fields_take(fields, ACCORD_LITERAL("checkpoint")))
        return false;
    *base64 = fields->taken.value;
    return accord_lines_base64(fields, *base64, ACCORD_MOMENT_CHECKPOINT_MAX,
                               ACCORD_LITERAL("a checkpoint of at most 16,384 bytes in base64"));
}

bool accord_lines_moment(struct accord_fields *fields, struct accord_moment *moment)
{
    return accord_fields_number(fields, ACCORD_LITERAL("time"), 1, UINT64_MAX, &moment->time) &&
           accord_lines_checkpoint(fields, &moment->checkpoint_base64);
}

enum accord_status accord_key_signed(const struct accord_vkey *vkey, const struct accord_note_claim *note,
                                     const struct accord_crypto *crypto, struct accord_error *error)
{
    enum accord_signed by = accord_note_signed_by(note, vkey, crypto, NULL);
    if (by == ACCORD_SIGNED)
        return ACCORD_OK;
    enum accord_status status =
        accord_fail(error, by == ACCORD_SIGNED_WRONGLY ? ACCORD_SIGNATURE : ACCORD_WRONG_SIGNER, 0);
    accord_error_what(error, vkey->name);
    accord_error_expected(error, ACCORD_LITERAL("the key of the report"));
    return status;
}

void accord_lines_put_digest(struct accord_out *out, struct accord_bytes key, const uint8_t hash[ACCORD_HASH_SIZE])
{
    accord_put(out, key);
    accord_put_byte(out, ' ');
    accord_digest_print(out, hash);
    accord_put_byte(out, '\n');
}

void accord_lines_put_bytes(struct accord_out *out, struct accord_bytes key, struct accord_bytes bytes)
{
    accord_put(out, key);
    accord_put_byte(out, ' ');
    accord_put_base64(out, bytes);
    accord_put_byte(out, '\n');
}

void accord_lines_put_number(struct accord_out *out, struct accord_bytes key, uint64_t number)
{
    accord_put(out, key);
    accord_put_byte(out, ' ');
    accord_put_decimal(out, number);
    accord_put_byte(out, '\n');
}

void accord_lines_put_moment(struct accord_out *out, const struct accord_moment *moment)
{
    accord_lines_put_number(out, ACCORD_LITERAL("time"), moment->time);
    accord_field_print(out, ACCORD_LITERAL("checkpoint"), moment->checkpoint_base64);
}
