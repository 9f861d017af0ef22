/* The bodies of add-checkpoint and sign-subtree requests (C2SP tlog-witness). Knows their lines; refuses to know who
 * asks, which logs are trusted and what was seen before (witness.c). */
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
static enum accord_status parse_proof(struct accord_merkle_proof *proof, struct accord_bytes *rest, uint64_t number,
                                      struct accord_error *error)
{
    struct accord_bytes line;
    for (;; number++) {
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

/* What is left of a body; it counts its lines from its own first, which is the body's line first. */
static enum accord_status parse_checkpoint(struct accord_checkpoint_claim *checkpoint, struct accord_bytes rest,
                                           uint64_t first, struct accord_error *error)
{
    enum accord_status status = accord_checkpoint_parse(checkpoint, rest, error);
    if (status != ACCORD_OK && error != NULL && error->line > 0)
        error->line += first - 1;
    return status;
}

static enum accord_status check_size(struct accord_bytes body, struct accord_error *error)
{
    if (body.size <= REQUEST_SIZE_MAX)
        return ACCORD_OK;
    accord_fail(error, ACCORD_TOO_LARGE, 0);
    accord_error_expected_number(error, REQUEST_SIZE_MAX);
    accord_error_found_number(error, body.size);
    return ACCORD_TOO_LARGE;
}

enum accord_status accord_add_checkpoint_parse(struct accord_add_checkpoint *request, struct accord_bytes body,
                                               struct accord_error *error)
{
    memset(request, 0, sizeof *request);
    enum accord_status status = check_size(body, error);
    if (status != ACCORD_OK)
        return status;
    struct accord_bytes rest = body, line;
    if (!accord_cut_line(&rest, &line))
        return refuse(error, ACCORD_MALFORMED, 1, ACCORD_LITERAL("old size"), rest);
    struct accord_bytes number = line;
    if (!accord_cut_prefix(&number, ACCORD_LITERAL("old ")))
        return refuse(error, ACCORD_MALFORMED, 1, ACCORD_LITERAL("old size"), line);
    if (!accord_decimal_read(number, &request->old_size))
        return refuse(error, ACCORD_BAD_DECIMAL, 1, ACCORD_LITERAL("old size"), number);
    status = parse_proof(&request->proof, &rest, 2, error);
    if (status != ACCORD_OK)
        return status;
    request->checkpoint_bytes = rest;
    return parse_checkpoint(&request->checkpoint, rest, request->proof.count + 3, error);
}

/* "the string subtree, a single space, the subtree start [...], a single space, and the subtree end" */
static enum accord_status parse_range(struct accord_bytes line, struct accord_subtree *subtree,
                                      struct accord_error *error)
{
    struct accord_bytes rest = line, start;
    if (!accord_cut_prefix(&rest, ACCORD_LITERAL("subtree ")) || !accord_cut(&rest, ' ', &start))
        return refuse(error, ACCORD_MALFORMED, 1, ACCORD_LITERAL("subtree range"), line);
    if (!accord_decimal_read(start, &subtree->start) || !accord_decimal_read(rest, &subtree->end))
        return refuse(error, ACCORD_BAD_DECIMAL, 1, ACCORD_LITERAL("subtree range"), line);
    return ACCORD_OK;
}

enum accord_status accord_sign_subtree_parse(struct accord_sign_subtree *request, struct accord_bytes body,
                                             struct accord_error *error)
{
    struct accord_bytes rest = body, line;
    memset(request, 0, sizeof *request);
    enum accord_status status = check_size(body, error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_cut_line(&rest, &line))
        return refuse(error, ACCORD_MALFORMED, 1, ACCORD_LITERAL("subtree range"), rest);
    status = parse_range(line, &request->subtree, error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_cut_line(&rest, &line))
        return refuse(error, ACCORD_MALFORMED, 2, ACCORD_LITERAL("subtree hash"), rest);
    if (!accord_base64_read(line, request->subtree.hash, sizeof request->subtree.hash))
        return refuse(error, ACCORD_BAD_BASE64, 2, ACCORD_LITERAL("subtree hash"), line);
    status = parse_proof(&request->proof, &rest, 3, error);
    if (status == ACCORD_OK)
        status = parse_checkpoint(&request->checkpoint, rest, request->proof.count + 4, error);
    request->subtree.origin = request->checkpoint.origin;
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
