/* The body of an add-checkpoint request (C2SP tlog-witness). Knows its lines; refuses to know who asks, which logs are
 * trusted and what was seen before (witness.c). */
#include "witness/witness.h"

#include "core/text.h"

#include <string.h>

#define REQUEST_SIZE_MAX                                                                                               \
    (sizeof "old \n\n" + ACCORD_DECIMAL_SIZE_MAX +                                                                     \
     ACCORD_PROOF_HASHES_MAX * (ACCORD_BASE64_SIZE(ACCORD_HASH_SIZE) + 1) + ACCORD_NOTE_SIZE_MAX)

static enum accord_status refuse(struct accord_error *error, enum accord_status status, uint64_t line,
                                 struct accord_bytes what, struct accord_bytes found)
{
    accord_fail(error, status, line);
    accord_error_what(error, what);
    accord_error_found(error, found);
    return status;
}

/* "zero or more consistency proof lines, and an empty line" */
static enum accord_status parse_proof(struct accord_merkle_proof *proof, struct accord_bytes *rest,
                                      struct accord_error *error)
{
    struct accord_bytes line;
    for (uint64_t number = 2;; number++) {
        if (!accord_cut_line(rest, &line))
            return refuse(error, ACCORD_MALFORMED, number, ACCORD_LITERAL("consistency proof"), *rest);
        if (line.size == 0)
            return ACCORD_OK;
        if (proof->count == ACCORD_PROOF_HASHES_MAX) {
            refuse(error, ACCORD_TOO_LARGE, number, ACCORD_LITERAL("consistency proof"), line);
            accord_error_expected_number(error, ACCORD_PROOF_HASHES_MAX);
            return ACCORD_TOO_LARGE;
        }
        if (!accord_base64_read(line, proof->hash[proof->count], ACCORD_HASH_SIZE))
            return refuse(error, ACCORD_BAD_BASE64, number, ACCORD_LITERAL("consistency proof"), line);
        proof->count++;
    }
}

enum accord_status accord_add_checkpoint_parse(struct accord_add_checkpoint *request, struct accord_bytes body,
                                               struct accord_error *error)
{
    memset(request, 0, sizeof *request);
    if (body.size > REQUEST_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_expected_number(error, REQUEST_SIZE_MAX);
        accord_error_found_number(error, body.size);
        return ACCORD_TOO_LARGE;
    }
    struct accord_bytes rest = body, line;
    if (!accord_cut_line(&rest, &line))
        return refuse(error, ACCORD_MALFORMED, 1, ACCORD_LITERAL("old size"), rest);
    struct accord_bytes number = line;
    if (!accord_cut_prefix(&number, ACCORD_LITERAL("old ")))
        return refuse(error, ACCORD_MALFORMED, 1, ACCORD_LITERAL("old size"), line);
    if (!accord_decimal_read(number, &request->old_size))
        return refuse(error, ACCORD_BAD_DECIMAL, 1, ACCORD_LITERAL("old size"), number);
    enum accord_status status = parse_proof(&request->proof, &rest, error);
    if (status != ACCORD_OK)
        return status;
    request->checkpoint_bytes = rest;
    status = accord_checkpoint_parse(&request->checkpoint, rest, error);
    /* The checkpoint counts its lines from its own first. */
    if (status != ACCORD_OK && error != NULL && error->line > 0)
        error->line += request->proof.count + 2;
    return status;
}

void accord_add_checkpoint_print(struct accord_out *out, uint64_t old_size, const struct accord_merkle_proof *proof,
                                 struct accord_bytes checkpoint)
{
    accord_put(out, ACCORD_LITERAL("old "));
    accord_put_decimal(out, old_size);
    accord_put_byte(out, '\n');
    for (size_t i = 0; i < proof->count; i++) {
        accord_put_base64(out, (struct accord_bytes){proof->hash[i], ACCORD_HASH_SIZE});
        accord_put_byte(out, '\n');
    }
    accord_put_byte(out, '\n');
    accord_put(out, checkpoint);
}
