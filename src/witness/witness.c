/* What a witness answers (C2SP tlog-witness, "add-checkpoint"): one function of a request and of what was seen before.
 * Knows the checks and their order; refuses to know where the memory lies and who signs (cosigner.c). */
#include "witness/witness.h"

#include <stdlib.h>
#include <string.h>

enum { OK = 200, BAD_REQUEST = 400, FORBIDDEN = 403, NOT_FOUND = 404, CONFLICT = 409, UNPROCESSABLE = 422 };

/* A cosignature is a witness's word, not a log's: a key of type 0x04 speaks for no log. */
static bool may_speak_for_log(const struct accord_vkey *key)
{
    return key->type != ACCORD_KEY_COSIGNATURE_ED25519;
}

static bool knows_origin(const struct accord_vkey *keys, size_t key_count)
{
    for (size_t i = 0; i < key_count; i++)
        if (may_speak_for_log(&keys[i]))
            return true;
    return false;
}

/* What the lines of one key amount to. All of them count, since "a signature line's key name and ID match a trusted key
 * but the signature itself fails to verify" speaks of any. */
static enum accord_signed signed_by(const struct accord_note_claim *note, const struct accord_vkey *key,
                                    const struct accord_crypto *crypto, struct accord_signature *verified)
{
    enum accord_signed result = ACCORD_NOT_SIGNED;
    struct accord_signature signature;
    for (size_t cursor = 0; accord_note_next_signature(note, &cursor, &signature);) {
        if (signature.id != key->id || !accord_bytes_equal(signature.name, key->name))
            continue;
        result = accord_signature_verify(&signature, note->text, key, crypto, NULL);
        if (result != ACCORD_SIGNED)
            return result;
        if (verified != NULL && verified->name.data == NULL)
            *verified = signature;
    }
    return result;
}

/* "either no signature from a trusted key for the origin is present, or a signature line's key name and ID match a
 * trusted key but the signature itself fails to verify" */
static enum accord_status check_signatures(const struct accord_checkpoint_claim *checkpoint,
                                           const struct accord_vkey *keys, size_t key_count,
                                           const struct accord_crypto *crypto, struct accord_signature *verified,
                                           struct accord_error *error)
{
    enum accord_status status = ACCORD_UNSIGNED;
    for (size_t i = 0; i < key_count; i++) {
        struct accord_signature *line = verified == NULL ? NULL : &verified[i];
        enum accord_signed result =
            may_speak_for_log(&keys[i]) ? signed_by(&checkpoint->note, &keys[i], crypto, line) : ACCORD_NOT_SIGNED;
        if (result == ACCORD_SIGNED_WRONGLY) {
            accord_fail(error, ACCORD_SIGNATURE, 0);
            accord_error_what(error, keys[i].name);
            return ACCORD_SIGNATURE;
        }
        if (result == ACCORD_SIGNED)
            status = ACCORD_OK;
        else if (result == ACCORD_SIGNED_UNKNOWN && status == ACCORD_UNSIGNED)
            status = ACCORD_UNSUPPORTED;
    }
    if (status != ACCORD_OK) {
        accord_fail(error, status, 0);
        accord_error_what(error, checkpoint->origin);
    }
    return status;
}

static void refuse(struct accord_witness_verdict *verdict, int http_status, enum accord_status status,
                   struct accord_bytes what)
{
    verdict->http_status = http_status;
    accord_fail(&verdict->error, status, 0);
    accord_error_what(&verdict->error, what);
}

/* Does the checkpoint follow from what was seen? Its old size is the one that was seen. */
static bool check_tree(const struct accord_add_checkpoint *request, const struct accord_witness_seen *seen,
                       const struct accord_crypto *crypto, struct accord_witness_verdict *verdict)
{
    const struct accord_checkpoint_claim *checkpoint = &request->checkpoint;
    uint8_t empty[ACCORD_HASH_SIZE];
    accord_merkle_empty_root(crypto, empty);
    if (request->old_size == 0 && request->proof.count > 0) {
        refuse(verdict, UNPROCESSABLE, ACCORD_WITNESS_PROOF, ACCORD_LITERAL("a proof from old size 0"));
        accord_error_expected_number(&verdict->error, 0);
        accord_error_found_number(&verdict->error, request->proof.count);
        return false;
    }
    if (checkpoint->size == 0 && memcmp(checkpoint->root, empty, sizeof empty) != 0) {
        refuse(verdict, UNPROCESSABLE, ACCORD_WITNESS_PROOF, ACCORD_LITERAL("the root of an empty tree"));
        return false;
    }
    const uint8_t *old_root = request->old_size == 0 ? empty : seen->root;
    if (accord_consistency_verify(crypto, request->old_size, checkpoint->size, old_root, checkpoint->root,
                                  &request->proof) != ACCORD_OK) {
        refuse(verdict, UNPROCESSABLE, ACCORD_WITNESS_PROOF,
               request->old_size == checkpoint->size && request->proof.count == 0
                   ? ACCORD_LITERAL("another tree of the same size")
                   : ACCORD_LITERAL("the consistency proof"));
        return false;
    }
    return true;
}

bool accord_witness_judge_request(const struct accord_add_checkpoint *request, const struct accord_vkey *keys,
                                  size_t key_count, const struct accord_crypto *crypto,
                                  struct accord_signature *verified, struct accord_witness_verdict *verdict)
{
    const struct accord_checkpoint_claim *checkpoint = &request->checkpoint;
    memset(verdict, 0, sizeof *verdict);
    if (verified != NULL)
        memset(verified, 0, key_count * sizeof *verified);
    if (!knows_origin(keys, key_count)) {
        refuse(verdict, NOT_FOUND, ACCORD_UNKNOWN_LOG, checkpoint->origin);
        return false;
    }
    if (check_signatures(checkpoint, keys, key_count, crypto, verified, &verdict->error) != ACCORD_OK) {
        verdict->http_status = FORBIDDEN;
        return false;
    }
    if (request->old_size > checkpoint->size) {
        refuse(verdict, BAD_REQUEST, ACCORD_MALFORMED, ACCORD_LITERAL("an old size above the checkpoint's"));
        accord_error_expected_number(&verdict->error, checkpoint->size);
        accord_error_found_number(&verdict->error, request->old_size);
        return false;
    }
    return true;
}

void accord_witness_judge_tree(const struct accord_add_checkpoint *request, const struct accord_witness_seen *seen,
                               const struct accord_crypto *crypto, struct accord_witness_verdict *verdict)
{
    if (!seen->cosigned && seen->size != 0)
        abort();
    const struct accord_checkpoint_claim *checkpoint = &request->checkpoint;
    memset(verdict, 0, sizeof *verdict);
    if (request->old_size != seen->size) {
        refuse(verdict, CONFLICT, ACCORD_WITNESS_CONFLICT, checkpoint->origin);
        accord_error_expected_number(&verdict->error, seen->size);
        accord_error_found_number(&verdict->error, request->old_size);
        verdict->seen_size = seen->size;
        return;
    }
    if (!check_tree(request, seen, crypto, verdict))
        return;
    verdict->http_status = OK;
    verdict->next = (struct accord_witness_seen){.size = checkpoint->size, .cosigned = true};
    memcpy(verdict->next.root, checkpoint->root, ACCORD_HASH_SIZE);
}

void accord_witness_judge(const struct accord_add_checkpoint *request, const struct accord_vkey *keys, size_t key_count,
                          const struct accord_witness_seen *seen, const struct accord_crypto *crypto,
                          struct accord_witness_verdict *verdict)
{
    if (accord_witness_judge_request(request, keys, key_count, crypto, NULL, verdict))
        accord_witness_judge_tree(request, seen, crypto, verdict);
}
