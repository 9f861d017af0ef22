/* Evidence of a broken word. Knows when two checkpoints cannot both be true; refuses to know whose key is whose, and
 * what follows for those who trusted it. */
#include "accord/evidence.h"

#include "core/text.h"

#include <string.h>

#define HEADER ACCORD_LITERAL("accord/v1/evidence\n")

struct parser {
    struct accord_evidence_claim *evidence;
    struct accord_error *error;
    struct accord_bytes rest;
    uint64_t line; /* the number of the line that rest starts with */
};

static enum accord_status refuse(const struct parser *parser, enum accord_status status, struct accord_bytes what,
                                 struct accord_bytes found)
{
    accord_fail(parser->error, status, parser->line);
    accord_error_what(parser->error, what);
    accord_error_found(parser->error, found);
    return status;
}

/* The root and the proof, up to the empty line: none of them where the sizes are the same. */
static enum accord_status parse_proof(struct parser *parser)
{
    struct accord_evidence_claim *evidence = parser->evidence;
    struct accord_bytes line;
    for (; accord_cut_line(&parser->rest, &line); parser->line++) {
        if (line.size == 0) {
            parser->line++;
            return ACCORD_OK;
        }
        if (evidence->proof.count == ACCORD_PROOF_HASHES_MAX)
            return refuse(parser, ACCORD_TOO_LARGE, ACCORD_LITERAL("consistency proof"), line);
        uint8_t *hash = evidence->grown ? evidence->proof.hash[evidence->proof.count] : evidence->root;
        if (!accord_base64_read(line, hash, ACCORD_HASH_SIZE))
            return refuse(parser, ACCORD_BAD_BASE64, ACCORD_LITERAL("consistency proof"), line);
        evidence->proof.count += evidence->grown;
        evidence->grown = true;
    }
    return refuse(parser, ACCORD_MALFORMED, ACCORD_LITERAL("consistency proof"), parser->rest);
}

/* Cuts one note, which ends with the empty line after its signatures; the last one ends with the file. */
static bool cut_note(struct accord_bytes *rest, bool last, struct accord_bytes *note)
{
    struct accord_bytes line;
    unsigned empty = 0;
    note->data = rest->data;
    note->size = rest->size;
    while (!last && empty < 2) {
        if (!accord_cut_line(rest, &line))
            return false;
        empty += line.size == 0;
        note->size = (size_t)(line.data - note->data);
    }
    return true;
}

static enum accord_status parse_note(struct parser *parser, size_t i)
{
    struct accord_bytes *note = &parser->evidence->notes[i];
    if (!cut_note(&parser->rest, i == 1, note))
        return refuse(parser, ACCORD_MALFORMED, ACCORD_LITERAL("checkpoint"), ACCORD_LITERAL("no second one"));
    enum accord_status status = accord_checkpoint_parse(&parser->evidence->checkpoint[i], *note, parser->error);
    if (status != ACCORD_OK && parser->error != NULL && parser->error->line != 0)
        parser->error->line += parser->line - 1;
    for (size_t at = 0; at < note->size; at++)
        parser->line += note->data[at] == '\n';
    parser->line++;
    return status;
}

/* One contradiction has one form: the smaller tree comes first, and a proof comes where one is needed. */
static enum accord_status check_form(const struct parser *parser)
{
    const struct accord_evidence_claim *evidence = parser->evidence;
    uint64_t first = evidence->checkpoint[0].size, second = evidence->checkpoint[1].size;
    if (first <= second && evidence->grown == (first < second))
        return ACCORD_OK;
    accord_fail(parser->error, ACCORD_MALFORMED, 0);
    accord_error_what(parser->error, ACCORD_LITERAL("evidence"));
    accord_error_expected(parser->error, first > second    ? ACCORD_LITERAL("the smaller tree first")
                                         : evidence->grown ? ACCORD_LITERAL("no proof between trees of one size")
                                                           : ACCORD_LITERAL("a proof between trees of two sizes"));
    return ACCORD_MALFORMED;
}

enum accord_status accord_evidence_parse(struct accord_evidence_claim *evidence, struct accord_bytes bytes,
                                         struct accord_error *error)
{
    struct parser parser = {evidence, error, bytes, 1};
    memset(evidence, 0, sizeof *evidence);
    if (bytes.size > ACCORD_EVIDENCE_SIZE_MAX) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_expected_number(error, ACCORD_EVIDENCE_SIZE_MAX);
        return ACCORD_TOO_LARGE;
    }
    if (!accord_cut_prefix(&parser.rest, HEADER))
        return refuse(&parser, ACCORD_MALFORMED, ACCORD_LITERAL("accord/v1/evidence"), bytes);
    parser.line++;
    enum accord_status status = parse_proof(&parser);
    for (size_t i = 0; i < 2 && status == ACCORD_OK; i++)
        status = parse_note(&parser, i);
    return status == ACCORD_OK ? check_form(&parser) : status;
}

void accord_evidence_print(struct accord_out *out, struct accord_bytes first, struct accord_bytes second,
                           const uint8_t root[ACCORD_HASH_SIZE], const struct accord_merkle_proof *proof)
{
    accord_put(out, HEADER);
    if (root != NULL) {
        accord_put_base64(out, (struct accord_bytes){root, ACCORD_HASH_SIZE});
        accord_put_byte(out, '\n');
    }
    for (size_t i = 0; root != NULL && i < proof->count; i++) {
        accord_put_base64(out, (struct accord_bytes){proof->hash[i], ACCORD_HASH_SIZE});
        accord_put_byte(out, '\n');
    }
    accord_put_byte(out, '\n');
    accord_put(out, first);
    accord_put_byte(out, '\n');
    accord_put(out, second);
}

static enum accord_status fail(struct accord_error *error, enum accord_status status, struct accord_bytes what)
{
    accord_fail(error, status, 0);
    accord_error_what(error, what);
    return status;
}

enum accord_status accord_evidence_verify(const struct accord_evidence_claim *evidence,
                                          const struct accord_crypto *crypto, struct accord_error *error)
{
    const struct accord_checkpoint_claim *first = &evidence->checkpoint[0], *second = &evidence->checkpoint[1];
    if (!accord_bytes_equal(first->origin, second->origin)) {
        fail(error, ACCORD_WRONG_KEY, ACCORD_LITERAL("the second checkpoint's origin"));
        accord_error_expected(error, first->origin);
        accord_error_found(error, second->origin);
        return ACCORD_WRONG_KEY;
    }
    const uint8_t *root = evidence->grown ? evidence->root : second->root;
    /* An empty tree begins every tree, another empty one too: there is nothing in it to contradict. */
    if (first->size == 0)
        return fail(error, ACCORD_EVIDENCE, ACCORD_LITERAL("an empty tree"));
    if (evidence->grown &&
        accord_consistency_verify(crypto, first->size, second->size, root, second->root, &evidence->proof) != ACCORD_OK)
        return fail(error, ACCORD_CONSISTENCY, ACCORD_LITERAL("the proof"));
    if (memcmp(first->root, root, ACCORD_HASH_SIZE) == 0)
        return fail(error, ACCORD_EVIDENCE, first->origin);
    return ACCORD_OK;
}

bool accord_evidence_convicts(const struct accord_evidence_claim *evidence, const struct accord_vkey *vkey,
                              const struct accord_crypto *crypto)
{
    for (size_t i = 0; i < 2; i++)
        if (accord_note_signed_by(&evidence->checkpoint[i].note, vkey, crypto, NULL) != ACCORD_SIGNED)
            return false;
    /* A log's key speaks for its own origin; a witness's for every log. */
    return vkey->type != ACCORD_KEY_ED25519 || accord_bytes_equal(vkey->name, evidence->checkpoint[0].origin);
}
