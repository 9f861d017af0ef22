/* Bundles (docs/protocol.md, "Bundles"): several tlog-proofs in one file. Knows where one ends and the next begins;
 * what they prove, and what a reader looks for among them, it does not know. */
#include "accord/bundle.h"

#include "core/text.h"

#define HEADER ACCORD_LITERAL("accord/v1/bundle\n")

bool accord_proof_bundle_is(struct accord_bytes bytes)
{
    return accord_cut_prefix(&bytes, HEADER);
}

/* Cuts one part: `proof <size>` and as many octets. */
static enum accord_status cut_part(struct accord_bytes *rest, struct accord_bytes *proof)
{
    struct accord_bytes after = *rest, line;
    uint64_t size;
    if (!accord_cut_prefix(&after, ACCORD_LITERAL("proof ")) || !accord_cut_line(&after, &line))
        return ACCORD_MALFORMED;
    if (!accord_decimal_read(line, &size))
        return ACCORD_BAD_DECIMAL;
    if (size == 0 || size > after.size)
        return ACCORD_MALFORMED;
    *proof = (struct accord_bytes){after.data, (size_t)size};
    *rest = (struct accord_bytes){after.data + size, after.size - (size_t)size};
    return ACCORD_OK;
}

static enum accord_status refuse(struct accord_error *error, enum accord_status status, struct accord_bytes what,
                                 struct accord_bytes expected)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    accord_error_expected(error, expected);
    return status;
}

/* Names the part, counted from 1. */
static enum accord_status refuse_part(struct accord_error *error, enum accord_status status, size_t number,
                                      struct accord_bytes rest)
{
    bool begins = accord_cut_prefix(&rest, ACCORD_LITERAL("proof "));
    if (number > 1 && !begins)
        status = ACCORD_TRAILING;
    refuse(error, status, ACCORD_LITERAL("proof"), ACCORD_LITERAL("proof <size>, and as many octets"));
    accord_error_found_number(error, number);
    return status;
}

enum accord_status accord_proof_bundle_check(struct accord_bytes bytes, size_t *count, struct accord_error *error)
{
    struct accord_bytes rest = bytes, proof;
    size_t number = 0;
    if (bytes.size > ACCORD_BUNDLE_FILE_SIZE_MAX)
        return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("bundle"), ACCORD_LITERAL("at most 16777216 octets"));
    if (!accord_cut_prefix(&rest, HEADER))
        return refuse(error, ACCORD_MALFORMED, ACCORD_LITERAL("bundle"), ACCORD_LITERAL("accord/v1/bundle"));
    do {
        if (number == ACCORD_BUNDLE_PARTS_MAX)
            return refuse(error, ACCORD_TOO_LARGE, ACCORD_LITERAL("bundle"), ACCORD_LITERAL("at most 256 proofs"));
        enum accord_status status = cut_part(&rest, &proof);
        number++;
        if (status != ACCORD_OK)
            return refuse_part(error, status, number, rest);
    } while (rest.size > 0);
    if (count != NULL)
        *count = number;
    return ACCORD_OK;
}

bool accord_proof_bundle_next(struct accord_bytes bytes, size_t *cursor, struct accord_bytes *proof)
{
    size_t at = *cursor == 0 ? HEADER.size : *cursor;
    if (at >= bytes.size)
        return false;
    struct accord_bytes rest = {bytes.data + at, bytes.size - at};
    if (cut_part(&rest, proof) != ACCORD_OK)
        return false;
    *cursor = bytes.size - rest.size;
    return true;
}

void accord_proof_bundle_begin(struct accord_out *out)
{
    accord_put(out, HEADER);
}

void accord_proof_bundle_put(struct accord_out *out, struct accord_bytes proof)
{
    accord_put(out, ACCORD_LITERAL("proof "));
    accord_put_decimal(out, proof.size);
    accord_put_byte(out, '\n');
    accord_put(out, proof);
}
