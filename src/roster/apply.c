/* Coming, changing and going (docs/protocol.md, "Applications", "Enactments"): what a candidate says of itself, what a
 * member says that leaves, and that an earlier roster's quorum stood behind the next one. It knows what the lines say
 * and who must have signed them; what members make of them, it does not know. */
#include "accord/apply.h"

#include "core/text.h"
#include "roster/lines.h"

#include <string.h>

#define REASON_SIZE_MAX 256

enum accord_status accord_apply_parse(struct accord_apply_claim *apply, struct accord_bytes entry,
                                      const struct accord_crypto *crypto, struct accord_error *error)
{
    struct accord_fields fields;
    memset(apply, 0, offsetof(struct accord_apply_claim, keys));
    enum accord_status status =
        accord_fields_open(&fields, &apply->statement, entry, ACCORD_LITERAL("apply"),
                           ACCORD_LITERAL("charter member key* release-threshold report-days"), error);
    if (status != ACCORD_OK)
        return status;
    struct accord_key_lines lines = {
        .fields = &fields, .crypto = crypto, .keys = apply->keys, .max = ACCORD_APPLY_KEYS_MAX};
    if (!accord_fields_digest(&fields, ACCORD_LITERAL("charter"), apply->charter))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (!accord_lines_member(&lines, &apply->member, 0) || !accord_fields_end(&fields))
        return fields.status;
    return ACCORD_OK;
}

enum accord_status accord_apply_verify(const struct accord_apply_claim *apply, const struct accord_crypto *crypto,
                                       struct accord_error *error)
{
    size_t asked = 0, count = 0;
    const struct accord_roster_key *absent = NULL;
    for (size_t i = 0; i < apply->member.key_count; i++) {
        const struct accord_roster_key *key = &apply->keys[i];
        if (key->role == ACCORD_ROLE_REPORT || key->vkey.type != ACCORD_KEY_ED25519)
            continue;
        enum accord_signed by = accord_note_signed_by(&apply->statement.note, &key->vkey, crypto, NULL);
        if (by == ACCORD_SIGNED_WRONGLY) {
            accord_fail(error, ACCORD_SIGNATURE, 0);
            accord_error_what(error, key->vkey.name);
            return ACCORD_SIGNATURE;
        }
        asked++;
        count += by == ACCORD_SIGNED;
        if (by != ACCORD_SIGNED && absent == NULL)
            absent = key;
    }
    if (absent == NULL)
        return ACCORD_OK;
    accord_fail(error, ACCORD_THRESHOLD, 0);
    accord_error_what(error, absent->vkey.name);
    accord_error_expected_number(error, asked);
    accord_error_found_number(error, count);
    return ACCORD_THRESHOLD;
}

enum accord_status accord_leave_parse(struct accord_leave_claim *leave, struct accord_bytes entry,
                                      struct accord_error *error)
{
    struct accord_fields fields;
    memset(leave, 0, sizeof *leave);
    enum accord_status status = accord_fields_open(&fields, &leave->statement, entry, ACCORD_LITERAL("leave"),
                                                   ACCORD_LITERAL("charter member reason"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_digest(&fields, ACCORD_LITERAL("charter"), leave->charter) ||
        !accord_fields_domain(&fields, ACCORD_LITERAL("member"), &leave->member))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (accord_fields_at(&fields, ACCORD_LITERAL("reason"))) {
        if (!accord_fields_take(&fields, ACCORD_LITERAL("reason")))
            return fields.status;
        leave->reason = fields.taken.value;
        if (leave->reason.size > REASON_SIZE_MAX) {
            accord_fields_refuse(&fields, ACCORD_MALFORMED, ACCORD_LITERAL("at most 256 octets"), leave->reason);
            return fields.status;
        }
    }
    return accord_fields_end(&fields) ? ACCORD_OK : fields.status;
}

enum accord_status accord_enact_parse(struct accord_enact_claim *enact, struct accord_bytes entry,
                                      struct accord_error *error)
{
    struct accord_fields fields;
    memset(enact, 0, sizeof *enact);
    enum accord_status status = accord_fields_open(&fields, &enact->statement, entry, ACCORD_LITERAL("enact"),
                                                   ACCORD_LITERAL("charter number roster proof"), error);
    if (status != ACCORD_OK)
        return status;
    if (!accord_fields_digest(&fields, ACCORD_LITERAL("charter"), enact->charter) ||
        !accord_fields_number(&fields, ACCORD_LITERAL("number"), 2, UINT64_MAX, &enact->number) ||
        !accord_fields_digest(&fields, ACCORD_LITERAL("roster"), enact->roster))
        return fields.status;
    accord_fields_allow_extensions(&fields);
    if (!accord_fields_take(&fields, ACCORD_LITERAL("proof")))
        return fields.status;
    enact->proof_base64 = fields.taken.value;
    if (!accord_base64_valid(enact->proof_base64)) {
        accord_fields_refuse(&fields, ACCORD_BAD_BASE64, ACCORD_LITERAL("a tlog-proof in base64"), enact->proof_base64);
        return fields.status;
    }
    return accord_fields_end(&fields) ? ACCORD_OK : fields.status;
}

enum accord_status accord_enact_proof(const struct accord_enact_claim *enact, struct accord_out *out,
                                      struct accord_proof_claim *proof, struct accord_error *error)
{
    size_t size;
    if (!accord_base64_size(enact->proof_base64, &size))
        return accord_fail(error, ACCORD_BAD_BASE64, 0);
    if (size > out->capacity - out->size)
        return accord_fail(error, ACCORD_NO_SPACE, 0);
    struct accord_bytes bytes = {out->data + out->size, size};
    if (!accord_base64_read(enact->proof_base64, out->data + out->size, size))
        return accord_fail(error, ACCORD_BAD_BASE64, 0);
    out->size += size;
    enum accord_status status = accord_proof_parse(proof, bytes, error);
    if (status == ACCORD_OK && proof->has_extra) {
        accord_fail(error, ACCORD_MALFORMED, 0);
        accord_error_what(error, ACCORD_LITERAL("the proof of an enactment"));
        accord_error_expected(error, ACCORD_LITERAL("no extra line: the roster is an entry of its own"));
        return ACCORD_MALFORMED;
    }
    return status;
}

static enum accord_status refuse_roster(const struct accord_enact_claim *enact,
                                        const struct accord_roster_claim *earlier, struct accord_error *error)
{
    accord_fail(error, ACCORD_CHAIN, 0);
    accord_error_what(error, ACCORD_LITERAL("the roster of an enactment"));
    accord_error_expected_number(error, earlier->number + 1);
    accord_error_found_number(error, enact->number);
    return ACCORD_CHAIN;
}

enum accord_status accord_enact_verify(const struct accord_enact_claim *enact,
                                       const struct accord_roster_claim *earlier, const struct accord_policy *policy,
                                       struct accord_bytes next, const struct accord_crypto *crypto,
                                       struct accord_place *place, struct accord_error *error)
{
    uint8_t bytes[ACCORD_ENACT_PROOF_SIZE_MAX], digest[ACCORD_HASH_SIZE];
    struct accord_out out = {bytes, sizeof bytes, 0, false};
    struct accord_proof_claim proof;
    struct accord_checkpoint checkpoint;
    struct accord_cosigners cosigners;
    accord_hash(crypto, next, digest);
    if (memcmp(enact->charter, earlier->charter, ACCORD_HASH_SIZE) != 0 || enact->number != earlier->number + 1 ||
        memcmp(enact->roster, digest, ACCORD_HASH_SIZE) != 0)
        return refuse_roster(enact, earlier, error);
    enum accord_status status = accord_enact_proof(enact, &out, &proof, error);
    if (status == ACCORD_OK)
        status =
            accord_roster_verify_checkpoint(earlier, policy, &proof.checkpoint, crypto, &checkpoint, &cosigners, error);
    if (status == ACCORD_OK)
        status = accord_proof_verify(&proof, &checkpoint, next, crypto, error);
    if (status != ACCORD_OK || place == NULL)
        return status;
    size_t log = cosigners.log;
    const struct accord_closed_log *closed = accord_roster_closed(earlier, checkpoint.origin);
    place->origin = closed != NULL ? closed->vkey.name : policy->logs[log].vkey.name;
    place->index = proof.index;
    place->seen_at = cosigners.seen_at;
    return ACCORD_OK;
}

void accord_enact_print(struct accord_out *out, const uint8_t charter[ACCORD_HASH_SIZE], uint64_t number,
                        const uint8_t roster[ACCORD_HASH_SIZE], struct accord_bytes proof)
{
    accord_put(out, ACCORD_LITERAL("accord/v1/enact\ncharter "));
    accord_digest_print(out, charter);
    accord_put(out, ACCORD_LITERAL("\nnumber "));
    accord_put_decimal(out, number);
    accord_put(out, ACCORD_LITERAL("\nroster "));
    accord_digest_print(out, roster);
    accord_put(out, ACCORD_LITERAL("\nproof "));
    accord_put_base64(out, proof);
    accord_put_byte(out, '\n');
}
