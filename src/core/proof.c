/* Offline proofs (C2SP tlog-proof). Knows how one is written and what binds an entry to a checkpoint; who vouches for
 * the checkpoint is policy.c's, and what the entry says its reader's. */
#include "accord/proof.h"

#include "core/text.h"

#include <string.h>

#define HEADER ACCORD_LITERAL("c2sp.org/tlog-proof@v1\n")

/* Then the longest line of base64 that is accepted holds an entry of the largest size and no more. */
_Static_assert(ACCORD_ENTRY_SIZE_MAX % 3 == 0, "an entry of the largest size needs no padding");

struct parser {
    struct accord_proof_claim *proof;
    struct accord_error *error;
    struct accord_bytes rest;
    uint64_t line; /* the number of the line that rest starts with */
};

static enum accord_status refuse(struct parser *parser, enum accord_status status, struct accord_bytes what,
                                 struct accord_bytes found)
{
    accord_fail(parser->error, status, parser->line);
    accord_error_what(parser->error, what);
    accord_error_found(parser->error, found);
    return status;
}

static enum accord_status refuse_size(struct parser *parser, struct accord_bytes what, size_t limit, size_t found)
{
    accord_fail(parser->error, ACCORD_TOO_LARGE, parser->line);
    accord_error_what(parser->error, what);
    accord_error_expected_number(parser->error, limit);
    accord_error_found_number(parser->error, found);
    return ACCORD_TOO_LARGE;
}

/* An extra line may hold no data: torchwood writes that for an empty extra, and it is not the same as no line. */
static enum accord_status parse_extra(struct parser *parser)
{
    struct accord_bytes line;
    if (!accord_cut_prefix(&parser->rest, ACCORD_LITERAL("extra ")))
        return ACCORD_OK;
    if (!accord_cut_line(&parser->rest, &line))
        return refuse(parser, ACCORD_MALFORMED, ACCORD_LITERAL("extra"), parser->rest);
    if (line.size > ACCORD_BASE64_SIZE(ACCORD_ENTRY_SIZE_MAX))
        return refuse_size(parser, ACCORD_LITERAL("extra"), ACCORD_ENTRY_SIZE_MAX, line.size / 4 * 3);
    if (!accord_base64_valid(line))
        return refuse(parser, ACCORD_BAD_BASE64, ACCORD_LITERAL("extra"), line);
    parser->proof->has_extra = true;
    parser->proof->extra_base64 = line;
    parser->line++;
    return ACCORD_OK;
}

static enum accord_status parse_index(struct parser *parser)
{
    struct accord_bytes line;
    if (!accord_cut_prefix(&parser->rest, ACCORD_LITERAL("index ")) || !accord_cut_line(&parser->rest, &line))
        return refuse(parser, ACCORD_MALFORMED, ACCORD_LITERAL("index"), parser->rest);
    if (!accord_decimal_read(line, &parser->proof->index))
        return refuse(parser, ACCORD_BAD_DECIMAL, ACCORD_LITERAL("index"), line);
    parser->line++;
    return ACCORD_OK;
}

/* Hashes up to the empty line. */
static enum accord_status parse_hashes(struct parser *parser)
{
    const struct accord_bytes what = ACCORD_LITERAL("inclusion proof");
    struct accord_merkle_proof *inclusion = &parser->proof->inclusion;
    struct accord_bytes line;
    for (; accord_cut_line(&parser->rest, &line); parser->line++) {
        if (line.size == 0) {
            parser->line++;
            return ACCORD_OK;
        }
        if (inclusion->count == ACCORD_PROOF_HASHES_MAX)
            return refuse_size(parser, what, ACCORD_PROOF_HASHES_MAX, ACCORD_PROOF_HASHES_MAX + 1);
        if (!accord_base64_read(line, inclusion->hash[inclusion->count], ACCORD_HASH_SIZE))
            return refuse(parser, ACCORD_BAD_BASE64, what, line);
        inclusion->count++;
    }
    return refuse(parser, ACCORD_MALFORMED, what, parser->rest);
}

static enum accord_status parse_checkpoint(struct parser *parser)
{
    parser->proof->checkpoint_bytes = parser->rest;
    enum accord_status status = accord_checkpoint_parse(&parser->proof->checkpoint, parser->rest, parser->error);
    if (status != ACCORD_OK && parser->error != NULL && parser->error->line != 0)
        parser->error->line += parser->line - 1;
    return status;
}

enum accord_status accord_proof_parse(struct accord_proof_claim *proof, struct accord_bytes bytes,
                                      struct accord_error *error)
{
    struct parser parser = {proof, error, bytes, 1};
    memset(proof, 0, sizeof *proof);
    if (bytes.size > ACCORD_PROOF_SIZE_MAX)
        return refuse_size(&parser, ACCORD_LITERAL("proof"), ACCORD_PROOF_SIZE_MAX, bytes.size);
    if (!accord_cut_prefix(&parser.rest, HEADER))
        return refuse(&parser, ACCORD_MALFORMED, ACCORD_LITERAL("c2sp.org/tlog-proof@v1"), bytes);
    parser.line++;
    enum accord_status status = parse_extra(&parser);
    if (status == ACCORD_OK)
        status = parse_index(&parser);
    if (status == ACCORD_OK)
        status = parse_hashes(&parser);
    return status == ACCORD_OK ? parse_checkpoint(&parser) : status;
}

enum accord_status accord_proof_extra(const struct accord_proof_claim *proof, struct accord_out *out,
                                      struct accord_error *error)
{
    size_t size = 0;
    if (!proof->has_extra)
        return accord_fail(error, ACCORD_NO_ENTRY, 0);
    if (!accord_base64_size(proof->extra_base64, &size) || size > out->capacity - out->size) {
        accord_fail(error, ACCORD_TOO_LARGE, 2);
        accord_error_expected_number(error, out->capacity - out->size);
        accord_error_found_number(error, size);
        return ACCORD_TOO_LARGE;
    }
    if (!accord_base64_read(proof->extra_base64, out->data + out->size, size))
        return accord_fail(error, ACCORD_BAD_BASE64, 2);
    out->size += size;
    return ACCORD_OK;
}

void accord_proof_print(struct accord_out *out, struct accord_bytes extra, uint64_t index,
                        const struct accord_merkle_proof *inclusion, struct accord_bytes checkpoint)
{
    accord_put(out, HEADER);
    if (extra.data != NULL) {
        accord_put(out, ACCORD_LITERAL("extra "));
        accord_put_base64(out, extra);
        accord_put_byte(out, '\n');
    }
    accord_put(out, ACCORD_LITERAL("index "));
    accord_put_decimal(out, index);
    accord_put_byte(out, '\n');
    for (size_t i = 0; i < inclusion->count; i++) {
        accord_put_base64(out, (struct accord_bytes){inclusion->hash[i], ACCORD_HASH_SIZE});
        accord_put_byte(out, '\n');
    }
    accord_put_byte(out, '\n');
    accord_put(out, checkpoint);
}

/* Is the checkpoint that was verified the one that the proof carries? */
static bool carries(const struct accord_proof_claim *proof, const struct accord_checkpoint *checkpoint)
{
    const struct accord_checkpoint_claim *claim = &proof->checkpoint;
    return checkpoint->verified && accord_bytes_equal(claim->origin, checkpoint->origin) &&
           claim->size == checkpoint->size && memcmp(claim->root, checkpoint->root, ACCORD_HASH_SIZE) == 0;
}

enum accord_status accord_proof_verify(const struct accord_proof_claim *proof,
                                       const struct accord_checkpoint *checkpoint, struct accord_bytes entry,
                                       const struct accord_crypto *crypto, struct accord_error *error)
{
    uint8_t leaf[ACCORD_HASH_SIZE];
    if (!carries(proof, checkpoint)) {
        accord_fail(error, ACCORD_UNSIGNED, 0);
        accord_error_what(error, proof->checkpoint.origin);
        return ACCORD_UNSIGNED;
    }
    accord_merkle_leaf(crypto, entry, leaf);
    enum accord_status status =
        accord_inclusion_verify(crypto, proof->index, checkpoint->size, leaf, &proof->inclusion, checkpoint->root);
    if (status == ACCORD_OK)
        return ACCORD_OK;
    accord_fail(error, status, 0);
    if (status == ACCORD_WRONG_INDEX) {
        accord_error_expected_number(error, checkpoint->size);
        accord_error_found_number(error, proof->index);
    }
    return status;
}
